"""Whatever bytes come, the site answers or closes, breaks nothing, changes nothing and goes on serving."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from select import select

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from support.site import Rig, open_site
from support.stored import DESK, saved_hits, tables

from monitor.core.tickets import Action


@dataclass
class Open:
    """A site in a loop of its own, for tests that are not asynchronous."""

    rig: Rig
    loop: asyncio.AbstractEventLoop
    before: dict[str, int]

    def send(self, data: bytes, patience: float = 0.05) -> bytes:
        """What comes back until the end; where nothing comes for so many seconds, we say that no more will follow."""
        with socket.create_connection(("127.0.0.1", self.rig.port), timeout=30) as client, suppress(ConnectionError):
            client.sendall(data)
            if not select([client], [], [], patience)[0]:
                client.shutdown(socket.SHUT_WR)
            answer = b""
            with suppress(ConnectionError):
                while piece := client.recv(65536):
                    answer += piece
            return answer
        return b""

    def unchanged(self) -> bool:
        async def look() -> dict[str, int]:
            return await self.rig.desk.at_store(tables, self.rig.store)

        return asyncio.run_coroutine_threadsafe(look(), self.loop).result(30) == self.before


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    home: Path = tmp_path_factory.mktemp("site")
    ready, over = threading.Event(), asyncio.Event()
    found: list[Open] = []

    async def serve() -> None:
        async with open_site(home) as rig:
            saved_hits(rig.store, "a", rules=("espionage-arrests", "court"))
            found.append(Open(rig, asyncio.get_running_loop(), tables(rig.store)))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    yield found[0]
    found[0].loop.call_soon_threadsafe(over.set)
    thread.join(30)


def held(site: Open, data: bytes) -> None:
    """What holds after any bytes at all."""
    with capture_logs() as logged:
        answer = site.send(data)
        alive = site.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", patience=30)
    assert logged == []
    if answer:
        assert answer.startswith(b"HTTP/")
        assert answer[9:10] in b"234" or b"/health" in data  # where no daemon gives a sign of life
    assert alive.startswith(b"HTTP/1.1 200")
    assert site.unchanged()


METHODS = st.sampled_from([b"GET", b"HEAD", b"POST", b"PUT", b"OPTIONS", b"CONNECT", b"get", b"", b"\xff"])
NOISE = st.binary(max_size=60)
PATHS = st.one_of(
    NOISE,
    st.sampled_from([b"/", b"/do/", b"/hits.atom?digest=%FF&key=%00", b"/health", b"*", b"//x/do/", b"http://x:y/"]),
    st.builds(lambda text: b"/do/" + text.encode("utf-8", "surrogatepass"), st.text(max_size=60)),
    st.builds(lambda query: b"/hits.atom?" + query, NOISE),
)
FIELDS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                b"Host",
                b"Content-Length",
                b"Content-Type",
                b"Transfer-Encoding",
                b"Content-Encoding",
                b"If-None-Match",
                b"If-Modified-Since",
                b"Expect",
                b"Upgrade",
                b"Connection",
                b"Cookie",
                b"X\x00",
            ]
        ),
        st.one_of(
            NOISE,
            st.sampled_from(
                [
                    b"x",
                    b"0",
                    b"9999999",
                    b"chunked",
                    b"gzip",
                    b"close",
                    b"upgrade",
                    b"websocket",
                    b"h2c",
                    b"100-continue",
                ]
            ),
        ),
    ),
    max_size=5,
)
REQUESTS = int(os.environ.get("MONITOR_SITE_REQUESTS", "150"))  # of each kind
MANY = settings(max_examples=REQUESTS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MANY
@given(data=st.binary(max_size=400))
def test_any_bytes(site: Open, data: bytes) -> None:
    held(site, data)


@MANY
@given(method=METHODS, path=PATHS, fields=FIELDS, body=NOISE)
def test_anything_like_a_request(
    site: Open, method: bytes, path: bytes, fields: list[tuple[bytes, bytes]], body: bytes
) -> None:
    head = b"".join(name + b": " + value + b"\r\n" for name, value in fields)
    held(site, method + b" " + path + b" HTTP/1.1\r\n" + head + b"\r\n" + body)


@MANY
@given(
    action=st.sampled_from([Action.ACK, Action.SILENCE, Action.NOISE, Action.UNSUBSCRIBE]),
    kind=st.one_of(
        NOISE.map(lambda noise: noise.replace(b"\r", b"").replace(b"\n", b"").replace(b"\x00", b"")),
        st.sampled_from([b"multipart/form-data; boundary=b", b"application/x-www-form-urlencoded", b"text/plain"]),
    ),
    body=st.one_of(
        NOISE,
        st.builds(
            lambda head, text: b"--b\r\n" + head + b"\r\n\r\n" + text + b"\r\n--b--",
            st.one_of(NOISE, st.just(b'Content-Disposition: form-data; name="do"')),
            NOISE,
        ),
    ),
)
def test_any_form_that_does_not_say_yes_to_a_link_of_ours(site: Open, action: Action, kind: bytes, body: bytes) -> None:
    links = site.rig.links
    address = {
        Action.UNSUBSCRIBE: links.unsubscribe("morning", DESK),
        Action.NOISE: links.hit(Action.NOISE, 1),
    }.get(action) or links.story(action, 1)
    path = address.removeprefix(links.base).encode()
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    held(site, head % (path, kind, len(body)) + body)
