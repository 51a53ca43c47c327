"""The fetcher and its transports against servers that try to get somewhere: at secrets, at memory, at our time."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import thread_time
from typing import TypeVar

import pytest
from support.authority import Authority
from support.hostile import TITLES, XML, repeated, rss
from support.http_server import HttpServer, Reply, redirect

from monitor.adapters.fetch import HttpFetcher
from monitor.adapters.net.transport import GuardedTransport
from monitor.core.addresses import LOOPBACK
from monitor.core.model import Access, FailureKind, FeedSpec, FeedState, Fetched

T = TypeVar("T")
AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
BODY = rss(*TITLES)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
async def fetcher() -> AsyncIterator[HttpFetcher]:
    made = HttpFetcher(GuardedTransport(LOOPBACK), timeout=timedelta(seconds=10), spacing=timedelta(0))
    yield made
    await made.aclose()


async def ask(fetcher: HttpFetcher, feed: FeedSpec | str, state: FeedState | None = None) -> Fetched:
    spec = FeedSpec("wire", feed) if isinstance(feed, str) else feed
    return await fetcher.fetch(spec, state or FeedState("wire"), AT)


def remembered(fetched: Fetched) -> FeedState:
    return FeedState("wire", etag=fetched.etag, last_modified=fetched.last_modified, body_hash=fetched.body_hash)


# --- what a server makes us remember ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ETag", "Last-Modified"])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param('"v1-ж"'.encode().decode("latin-1"), id="beyond ASCII"),
        pytest.param('"v1-\xe9"', id="Latin-1"),
        pytest.param('"' + "v" * 10_000 + '"', id="10 KB"),
        pytest.param('"v\x01\x7f"', id="control characters"),
        pytest.param('"v"\tx', id="a tab"),
        pytest.param("   ", id="blank"),
    ],
)
async def test_no_validator_keeps_the_next_poll_from_being_made(
    server: HttpServer, fetcher: HttpFetcher, name: str, value: str
) -> None:
    """A server that answers 431 to long heads would never be read again: what fails keeps its validators."""
    url = server.script("/", Reply(body=BODY, headers={**XML, name: value}))

    first = await ask(fetcher, url)
    second = await ask(fetcher, url, remembered(first))

    if first.failure is None:  # a head that is no proper HTTP may be refused as well
        assert second.failure is None
        assert len(server.requests[-1].headers.get(name.lower(), "")) < 1_000
        assert len(first.etag or "") + len(first.last_modified or "") < 1_000


# --- addresses that are none ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["http://xn--/", "http://xn--0x7f.1/", "http://[::1", "http://a:b:c/", "http:///x", "http://%00/", "http://\\/"],
)
async def test_an_address_that_is_none_is_a_failure_of_its_feed_only(fetcher: HttpFetcher, url: str) -> None:
    fetched = await ask(fetcher, url)

    assert fetched.failure is not None
    assert fetched.failure.kind in {FailureKind.REFUSED, FailureKind.DNS}
    assert "unexpected" not in fetched.failure.message


@pytest.mark.parametrize(
    "location", ["http://xn--/", "http:////\\@[%40\\@[::1]", "http://[::1", "//", "http://a:99999/", "gopher://a/"]
)
async def test_a_redirect_to_no_address_is_named_as_one(
    server: HttpServer, fetcher: HttpFetcher, location: str
) -> None:
    fetched = await ask(fetcher, server.script("/", redirect(location)))

    assert fetched.failure is not None
    assert fetched.failure.kind is FailureKind.REDIRECT, fetched.failure
    assert "nowhere" in fetched.failure.message or "circle" in fetched.failure.message


# --- at secrets -------------------------------------------------------------------------------------------------


async def test_secrets_do_not_follow_to_another_port_of_their_host(server: HttpServer, fetcher: HttpFetcher) -> None:
    """Another port is another server: on a shared machine, perhaps another's."""
    with HttpServer() as other:
        other.script("/", Reply(body=BODY))
        url = server.script("/", redirect(other.url("/")))
        access = Access(cookies={"session": "s3cret"}, bearer="s3cret")

        fetched = await ask(fetcher, FeedSpec("wire", url, headers={"X-Key": "s3cret"}, access=access))

        assert fetched.failure is None
        assert "s3cret" in str(server.requests[0].headers)
        assert "s3cret" not in str(other.requests[0].headers)


@pytest.mark.parametrize(
    "location",
    [
        "http://{home}\\@{away}/",
        "http://{home}@{away}/",
        "http://{home}:80@{away}/",
        "http://{home}%40{away}/",
        "//{away}/",
        "\\\\{away}/",
        "http://{away}#@{home}/",
        "http://{away}?@{home}/",
    ],
)
async def test_secrets_do_not_follow_by_any_trick_of_writing(
    server: HttpServer, fetcher: HttpFetcher, location: str
) -> None:
    with HttpServer(host="127.0.0.2") as other:
        other.script("/", Reply(body=BODY))
        home, away = f"127.0.0.1:{server.port}", f"127.0.0.2:{other.port}"
        url = server.script("/feed", redirect(location.format(home=home, away=away)))

        await ask(fetcher, FeedSpec("wire", url, access=Access(bearer="s3cret")))

        assert "s3cret" not in str([request.headers for request in other.requests])


async def test_a_servers_cookie_for_another_host_goes_nowhere(server: HttpServer, fetcher: HttpFetcher) -> None:
    with HttpServer(host="127.0.0.2") as other:
        other.script("/", Reply(body=BODY))
        for domain in ("127.0.0.2", ".0.0.2", "0.0.1"):
            header = {"Location": other.url("/"), "Set-Cookie": f"mark=x; Domain={domain}; Path=/"}
            url = server.script("/", Reply(302, headers=header))

            await ask(fetcher, url)

        assert [request.headers.get("cookie") for request in other.requests] == [None] * 3


# --- at our time and memory -------------------------------------------------------------------------------------


async def longest_pause(work: Awaitable[T]) -> tuple[T, float]:
    """What the work gives, and the longest time in seconds that it held up everything else.

    In processor time of this thread: other programs on the machine don't count, nor does what earlier tests left to the
    garbage collector.
    """
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            began = thread_time()
            await asyncio.sleep(0.01)
            longest = max(longest, thread_time() - began)

    gc.collect()
    gc.freeze()
    watching = asyncio.create_task(watch())
    try:
        given = await work
    finally:
        watching.cancel()
        gc.unfreeze()
    return given, longest


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"\0\0\x08\6\0\0\0\0\0" + bytes(8), id="PING"),
        pytest.param(b"\0\0\0\4\0\0\0\0\0", id="SETTINGS"),
        pytest.param(b"\0\0\0\x42\0\0\0\0\1", id="frames of no known kind"),
    ],
)
async def test_a_flood_of_frames_neither_ends_nor_holds_up_the_event_loop(tmp_path: Path, frame: bytes) -> None:
    authority = Authority(tmp_path)
    fetcher = HttpFetcher(GuardedTransport(LOOPBACK), total=timedelta(seconds=2), spacing=timedelta(0))
    with HttpServer(tls=authority.context("false h2")) as server:
        server.script("*", Reply(by_hand=repeated(b"\0\0\0\4\0\0\0\0\0", frame * 1_000)))
        access = Access(ca_file=str(authority.certificate))
        fetched, longest = await longest_pause(ask(fetcher, FeedSpec("wire", server.url("/"), access=access)))
    await fetcher.aclose()

    assert fetched.failure is not None
    assert fetched.failure.kind is FailureKind.TIMEOUT
    assert longest < 0.5


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
async def test_a_body_in_chunks_of_one_byte_does_not_hold_up_the_event_loop(tmp_path: Path, secure: bool) -> None:
    authority = Authority(tmp_path)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY * 100) + b"0\r\n\r\n"
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    fetcher = HttpFetcher(GuardedTransport(LOOPBACK), spacing=timedelta(0))
    with HttpServer(tls=authority.context("fine") if secure else None) as server:
        url = server.script("/", Reply(raw=raw))
        access = Access(ca_file=str(authority.certificate))
        fetched, longest = await longest_pause(ask(fetcher, FeedSpec("wire", url, access=access)))
    await fetcher.aclose()

    assert fetched.failure is None
    assert fetched.body == BODY * 100
    assert longest < 0.5
