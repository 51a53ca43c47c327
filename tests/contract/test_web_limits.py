"""Slow, greedy and hostile clients of the site: each is cut off; neither the others nor the monitor waits for it."""

import asyncio
import errno
import socket
import threading
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs
from support.site import open_site
from support.stored import DESK, saved_hits

from monitor.adapters.config import Settings
from monitor.adapters.config.site import Listen
from monitor.core.tickets import Action
from monitor.errors import MonitorError
from monitor.web import handler, serving
from monitor.web.connections import BODY_MAX, HEADERS_MAX, LINE_MAX
from monitor.web.handler import QUEUE
from monitor.wiring.place import bound

PATIENCE = 30.0  # seconds that anything may take on a busy machine


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What came until the other side closed."""
    try:
        return await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "sent",
    [
        b"",  # says nothing at all
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /do/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ndo=",
    ],
)
async def test_who_does_not_come_to_an_end_is_cut_off(tmp_path: Path, sent: bytes) -> None:
    async with open_site(tmp_path, lifetime=0.3) as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(sent)
        await ended(reader)
        writer.close()


async def test_who_drips_forever_is_cut_off_too(tmp_path: Path) -> None:
    async with open_site(tmp_path, lifetime=0.5) as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(b"GET / HTTP/1.1\r\n")
        end = asyncio.create_task(ended(reader))
        for number in range(3000):
            if end.done():
                break
            writer.write(b"X-%d: y\r\n" % number if number < HEADERS_MAX // 2 else b"")
            await asyncio.sleep(0.01)
        assert end.done()
        writer.close()


async def test_who_reads_nothing_is_cut_off() -> None:
    size = 32 * 2**20  # more than the buffers between the two

    async def plenty(_: web.BaseRequest) -> web.Response:
        return web.Response(body=bytes(size))

    place = socket.create_server(("127.0.0.1", 0))
    async with serving(plenty, place, lifetime=0.3):
        reader, writer = await asyncio.open_connection(*place.getsockname(), limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.6)
        assert len(await ended(reader)) < size
        writer.close()


async def test_when_all_places_are_taken_the_oldest_makes_room_for_the_newest(tmp_path: Path) -> None:
    async with open_site(tmp_path, most=8) as site:
        idle = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(8)]
        assert (await site.get("/")).status_code == 200
        assert await ended(idle[0][0]) == b""
        assert not idle[-1][0].at_eof()
        for _, writer in idle:
            writer.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * LINE_MAX * 2), b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n" % (b"a" * 10_000), b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n%s\r\n" % (b"A: b\r\n" * HEADERS_MAX * 2), b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),  # TLS
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400"),
        (b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
    ],
)
async def test_what_is_no_request_or_too_large_is_refused_without_quoting_it(
    tmp_path: Path, sent: bytes, status: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    async with open_site(tmp_path) as site:
        answer = await site.raw(sent)
        assert answer.split(b" ")[1] == status
        assert answer.endswith(b"\r\n\r\nThis is no request.\n")
        assert (await site.get("/")).status_code == 200
    assert "Traceback" not in capfd.readouterr().err


async def test_a_body_beyond_the_limit_is_refused_and_nothing_done(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        link = site.links.unsubscribe("morning", DESK)
        done = await site.post(link, data={"do": "yes", "more": "x" * BODY_MAX})
        assert done.status_code == 413
        assert site.store.people.left("morning") == {}


async def test_a_second_request_on_one_connection_is_not_answered(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        answer = await site.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        assert answer.count(b"HTTP/1.1 200") == 1
        assert b"Connection: close" in answer


async def test_a_store_that_does_not_answer_is_said_to_be_busy_and_no_crowd_gathers_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "PATIENCE", 0.3)
    async with open_site(tmp_path) as site:
        saved_hits(site.store, "a")
        free = threading.Event()
        blocked = asyncio.create_task(site.desk.at_store(free.wait, PATIENCE))
        link = site.links.hit(Action.NOISE, 1)
        many = [site.post(link, data={"do": "yes"}) for _ in range(QUEUE * 2)]
        answers = await asyncio.gather(*many, site.get("/health"), site.get("/"))
        *deeds, health, home = [answer.status_code for answer in answers]
        assert set(deeds) == {503}
        assert (health, home) == (503, 200)
        assert answers[0].headers["Retry-After"] == "60"
        assert "try again in a minute" in answers[0].text
        free.set()
        await blocked
        assert await site.desk.at_store(site.store.bench.marked) == []  # none came later, unseen
        assert (await site.post(link, data={"do": "yes"})).status_code == 200


async def test_the_monitors_own_work_waits_for_one_request_at_most(tmp_path: Path) -> None:
    """Requests stand in a line of their own: what the daemon asks of the store comes after at most one of them."""
    async with open_site(tmp_path) as site:
        order: list[str] = []
        look = site.store.health
        site.store.health = lambda now: order.append("site") or look(now)  # type: ignore[method-assign, func-returns-value]
        free = threading.Event()
        blocked = asyncio.create_task(site.desk.at_store(free.wait, PATIENCE))
        crowd = [asyncio.create_task(site.get("/health")) for _ in range(8)]
        await asyncio.sleep(0.3)  # all of them are in line by now, or come even later
        alert = asyncio.create_task(site.desk.at_store(order.append, "alert"))
        await asyncio.sleep(0)
        free.set()
        await asyncio.gather(blocked, alert, *crowd)
        assert order.index("alert") <= 1
        assert order.count("site") == 8


async def test_a_fault_of_ours_is_logged_and_told_without_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_site(tmp_path) as site:
        saved_hits(site.store, "a")

        def broken(*_: object) -> None:
            raise RuntimeError("the inner words")

        monkeypatch.setattr(site.store.bench, "mark", broken)
        with capture_logs() as logged:
            answer = await site.post(site.links.hit(Action.NOISE, 1), data={"do": "yes"})
        assert answer.status_code == 500
        assert "inner words" not in answer.text
        assert [(line["event"], line["error"]) for line in logged] == [("the site could not answer", "RuntimeError")]


async def test_it_ends_at_once_although_clients_hang_on(tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE):
        async with open_site(tmp_path, lifetime=3600.0) as site:
            hanging = [await asyncio.open_connection("127.0.0.1", site.port) for _ in range(5)]
            hanging[0][1].write(b"POST /do/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        for reader, writer in hanging:
            await ended(reader)
            writer.close()
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.1", site.port)


# --- where it listens ---------------------------------------------------------------------------------------


def settings(host: str, port: int) -> Settings:
    return Settings(listen=Listen(host, port))


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(MonitorError, match=rf"127\.0\.0\.1:{port} \(MONITOR_LISTEN\): another program listens"):
            bound(settings("127.0.0.1", port))


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(MonitorError, match="this machine has no such address"):
        bound(settings("192.0.2.1", 0))


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EACCES, "ports below 1024"),
        (errno.EAFNOSUPPORT, "0.0.0.0 stands for all addresses"),
        (errno.ENOBUFS, "No buffer space"),
    ],
)
def test_other_refusals_of_the_system_are_put_into_words(
    monkeypatch: pytest.MonkeyPatch, number: int, says: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "No buffer space available")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(MonitorError, match=says):
        bound(settings("127.0.0.1", 80))


def test_all_addresses_in_the_new_way_take_the_old_way_too() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    place = bound(settings("::", 0))
    assert place is not None
    with place, socket.create_connection(("127.0.0.1", place.getsockname()[1]), timeout=PATIENCE):
        pass


def test_without_a_setting_nothing_listens() -> None:
    assert bound(Settings()) is None
