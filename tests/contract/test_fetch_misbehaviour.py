"""The HTTP fetcher against real servers that misbehave on purpose, and its own manners."""

import asyncio
import gzip
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic

import brotli
import httpx
import pytest
import zstandard
from support import fetching
from support.http_server import HttpServer, Reply, Request, gzip_bomb, redirect

from monitor.adapters.fetch import HttpFetcher
from monitor.adapters.fetch.failures import failure_of_exception
from monitor.adapters.fetch.unpack import unpack
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
BODY = "<rss version='2.0'><channel><title>Вести</title></channel></rss>".encode()
LIMIT = 100_000


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
async def fetcher() -> AsyncIterator[HttpFetcher]:
    made = fetching.fetcher(
        timeout=timedelta(seconds=10), total=timedelta(seconds=30), max_bytes=LIMIT, max_redirects=5
    )
    yield made
    await made.aclose()


@pytest.fixture
async def hasty() -> AsyncIterator[HttpFetcher]:
    made = fetching.fetcher(timeout=timedelta(seconds=0.4), total=timedelta(seconds=1))
    yield made
    await made.aclose()


async def ask(fetcher: HttpFetcher, url: str, state: FeedState | None = None, **headers: str) -> Fetched:
    return await fetcher.fetch(FeedSpec("wire", url, headers=headers), state or FeedState("wire"), AT)


async def failure(fetcher: HttpFetcher, url: str) -> Failure:
    fetched = await ask(fetcher, url)
    assert fetched.failure is not None, fetched
    assert not fetched.body
    return fetched.failure


# --- slow, endless, too large -----------------------------------------------------------------------------------


async def test_a_server_that_says_nothing_is_left_after_the_longest_silence(
    server: HttpServer, hasty: HttpFetcher
) -> None:
    began = monotonic()

    found = await failure(hasty, server.script("/", Reply(latency=30)))

    assert found.kind is FailureKind.TIMEOUT
    assert found.message == "127.0.0.1 was silent for 0.4 s"
    assert monotonic() - began < 5


async def test_a_slow_drip_never_silent_for_long_ends_with_the_total_time(
    server: HttpServer, hasty: HttpFetcher
) -> None:
    began = monotonic()

    found = await failure(hasty, server.script("/", Reply(body=BODY * 100, drip=0.05)))

    assert (found.kind, found.message) == (FailureKind.TIMEOUT, "127.0.0.1 did not finish its answer within 1 s")
    assert 0.9 < monotonic() - began < 5


async def test_large_documents_that_hold_the_few_places_take_no_time_from_others(server: HttpServer) -> None:
    large = BODY + b" " * 1_500_000
    slow = server.script("/slow", Reply(body=large * 2, piece=len(large), drip=60))
    quick = server.script("/quick", Reply(body=large, latency=1))
    fetcher = fetching.fetcher(total=timedelta(seconds=3), per_host=20)
    try:
        *held, fetched = await asyncio.gather(*(ask(fetcher, slow) for _ in range(6)), ask(fetcher, quick))
    finally:
        await fetcher.aclose()
    assert {found.failure.kind for found in held if found.failure} == {FailureKind.TIMEOUT}
    assert fetched.elapsed > timedelta(seconds=2), "it had to wait for a place"
    assert fetched.body == large


async def test_redirects_share_one_total_time(server: HttpServer, hasty: HttpFetcher) -> None:
    for number in range(5):
        server.script(f"/{number}", Reply(302, headers={"Location": f"/{number + 1}"}, latency=0.3))

    found = await failure(hasty, server.url("/0"))

    assert found.kind is FailureKind.TIMEOUT


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(body=b" " * (LIMIT + 1)), id="announced"),
        pytest.param(Reply(body=b" " * 10_000, endless=True), id="endless"),
        pytest.param(Reply(body=b" " * 10_000, endless=True, chunked=True), id="endless in chunks"),
        pytest.param(gzip_bomb(20_000_000), id="gzip bomb"),
        pytest.param(
            Reply(body=brotli.compress(b" " * 50_000_000, quality=5), headers={"Content-Encoding": "br"}), id="br bomb"
        ),
        pytest.param(
            Reply(body=zstandard.compress(b" " * 50_000_000), headers={"Content-Encoding": "zstd"}), id="zstd bomb"
        ),
        pytest.param(
            Reply(body=zlib.compress(b" " * 50_000_000), headers={"Content-Encoding": "deflate"}), id="deflate bomb"
        ),
        pytest.param(
            Reply(body=gzip.compress(gzip.compress(b" " * 50_000_000)), headers={"Content-Encoding": "gzip, gzip"}),
            id="bomb in a bomb",
        ),
    ],
)
async def test_more_than_the_limit_is_refused_packed_or_not(
    server: HttpServer, fetcher: HttpFetcher, reply: Reply
) -> None:
    found = await failure(fetcher, server.script("/", reply))

    assert found.kind is FailureKind.TOO_LARGE
    assert found.message == "the document is larger than 0.0954 MiB, the limit set here"


# --- packed bodies ----------------------------------------------------------------------------------------------


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        pytest.param("gzip", gzip.compress, id="gzip"),
        pytest.param("x-gzip", gzip.compress, id="gzip by its old name"),
        pytest.param("gzip", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:]), id="two gzip members"),
        pytest.param("deflate", zlib.compress, id="deflate"),
        pytest.param("deflate", raw_deflate, id="deflate without its frame"),
        pytest.param("br", brotli.compress, id="br"),
        pytest.param("zstd", zstandard.compress, id="zstd"),
        pytest.param("gzip, br", lambda body: brotli.compress(gzip.compress(body)), id="gzip within br"),
        pytest.param("gzip", bytes, id="gzip promised, plain sent"),
        pytest.param(None, gzip.compress, id="gzip sent, nothing said"),
        pytest.param("identity", bytes, id="identity"),
    ],
)
async def test_a_packed_body_is_unpacked(
    server: HttpServer, fetcher: HttpFetcher, coding: str | None, pack: Callable[[bytes], bytes]
) -> None:
    headers = {"Content-Encoding": coding} if coding else {}

    fetched = await ask(fetcher, server.script("/", Reply(body=pack(BODY), headers=headers)))

    assert fetched.failure is None
    assert fetched.body == BODY


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(body=gzip.compress(BODY)[:-20], headers={"Content-Encoding": "gzip"}), "the packed body ends too early"),
        (Reply(body=b"\x1f\x8bnonsense", headers={"Content-Encoding": "gzip"}), "claims to be packed with gzip"),
        (Reply(body=BODY, headers={"Content-Encoding": "br"}), "claims to be packed with br"),
        (Reply(body=BODY, headers={"Content-Encoding": "lzma"}), "packed with “lzma”"),
        (Reply(body=BODY, headers={"Content-Encoding": "gzip, br, gzip, br"}), "packed 4 times over"),
    ],
)
async def test_a_damaged_packing_is_a_protocol_failure(
    server: HttpServer, fetcher: HttpFetcher, reply: Reply, words: str
) -> None:
    found = await failure(fetcher, server.script("/", reply))

    assert found.kind is FailureKind.PROTOCOL
    assert words in found.message


def test_a_million_gzip_files_laid_end_to_end_cost_no_more_than_their_bytes() -> None:
    began = monotonic()

    assert unpack(gzip.compress(b"") * 500_000, ["gzip"], 15 * 2**20) == b""

    assert monotonic() - began < 30  # minutes, when what follows a file is copied for each


# --- broken connections -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(body=BODY, length=len(BODY) + 100), id="less than Content-Length"),
        pytest.param(Reply(body=BODY + b"more", cut_after=len(BODY)), id="closed in mid-body"),
        pytest.param(Reply(body=BODY, chunked=True, cut_after=len(BODY)), id="no last chunk"),
        pytest.param(
            Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\nzz\r\n" % (len(BODY), BODY)),
            id="a bad chunk",
        ),
    ],
)
async def test_of_a_body_that_breaks_off_the_beginning_is_given_but_nothing_remembered(
    server: HttpServer, fetcher: HttpFetcher, reply: Reply
) -> None:
    headers = {**reply.headers, "ETag": '"v1"'}
    url = server.script("/", Reply(**{**vars(reply), "headers": headers}))

    fetched = await ask(fetcher, url)

    assert fetched.failure is None
    assert (fetched.body, fetched.cut_short) == (BODY, True)
    assert (fetched.etag, fetched.last_modified, fetched.body_hash) == (None, None, None)


async def test_a_packed_body_that_breaks_off_is_unpacked_as_far_as_it_goes(
    server: HttpServer, fetcher: HttpFetcher
) -> None:
    packed = gzip.compress(b"<rss>" + bytes(range(256)) * 200)
    reply = Reply(body=packed, headers={"Content-Encoding": "gzip"}, cut_after=len(packed) - 30)

    fetched = await ask(fetcher, server.script("/", reply))

    assert fetched.cut_short
    assert fetched.body.startswith(b"<rss>")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        pytest.param(b"", FailureKind.PROTOCOL, id="closed without a word"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", FailureKind.PROTOCOL, id="not HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", FailureKind.PROTOCOL, id="only a head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000, FailureKind.PROTOCOL, id="a head without end"),
    ],
)
async def test_what_is_not_proper_http_is_a_failure(
    server: HttpServer, fetcher: HttpFetcher, raw: bytes, kind: FailureKind
) -> None:
    assert (await failure(fetcher, server.script("/", Reply(raw=raw)))).kind is kind


async def test_a_port_where_nothing_listens_is_told_so(fetcher: HttpFetcher) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    found = await failure(fetcher, f"http://127.0.0.1:{port}/")

    assert (found.kind, found.message) == (FailureKind.CONNECT, "no connection to 127.0.0.1: nothing listens there")


async def test_a_server_without_tls_under_https_is_a_tls_failure(server: HttpServer, fetcher: HttpFetcher) -> None:
    found = await failure(fetcher, server.url("/").replace("http:", "https:"))

    assert found.kind is FailureKind.TLS
    assert found.message.startswith("no secure connection to 127.0.0.1: ")


def raised(cause: BaseException) -> httpx.ConnectError:
    try:
        try:
            raise cause
        except BaseException as inner:
            raise httpx.ConnectError("Name or service not known") from inner
    except httpx.ConnectError as error:
        return error


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (raised(socket.gaierror(-2, "Name or service not known")), FailureKind.DNS, "the name h can't be resolved"),
        (raised(ssl.SSLError(1, "alert")), FailureKind.TLS, "no secure connection to h"),
        (raised(OSError(113, "No route to host")), FailureKind.CONNECT, "no connection to h: no route to host"),
        (httpx.ConnectTimeout(""), FailureKind.TIMEOUT, "no connection to h within 20 s"),
        (httpx.ReadError(""), FailureKind.CONNECT, "broke before an answer came"),
        (httpx.ProxyError(""), FailureKind.CONNECT, "the proxy"),
        (RuntimeError("secret"), FailureKind.INTERNAL, "unexpected RuntimeError while asking h"),
    ],
    ids=lambda value: getattr(value, "value", None),
)
def test_each_way_not_to_connect_has_its_kind_and_words(error: Exception, kind: FailureKind, words: str) -> None:
    found = failure_of_exception(error, "h", 20)

    assert found.kind is kind
    assert words in found.message
    assert "secret" not in found.message


# --- statuses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait"),
    [
        (429, {"Retry-After": "120"}, FailureKind.THROTTLED, timedelta(seconds=120)),
        (429, {"Retry-After": "Sun, 22 Nov 2026 08:05:00 GMT"}, FailureKind.THROTTLED, timedelta(minutes=5)),
        (429, {"Retry-After": "Sun, 22 Nov 2026 07:00:00 GMT"}, FailureKind.THROTTLED, timedelta(0)),
        (429, {"Retry-After": "999999999999999"}, FailureKind.THROTTLED, timedelta(hours=24)),
        (429, {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, FailureKind.THROTTLED, timedelta(hours=24)),
        (429, {"Retry-After": "soon"}, FailureKind.THROTTLED, None),
        (429, {}, FailureKind.THROTTLED, None),
        (503, {"Retry-After": "60"}, FailureKind.THROTTLED, timedelta(seconds=60)),
        (503, {}, FailureKind.HTTP, None),
        (410, {}, FailureKind.GONE, None),
        (404, {}, FailureKind.HTTP, None),
        (403, {}, FailureKind.HTTP, None),
        (599, {}, FailureKind.HTTP, None),
    ],
)
async def test_statuses_have_their_kind_and_their_wait(
    server: HttpServer,
    fetcher: HttpFetcher,
    status: int,
    headers: dict[str, str],
    kind: FailureKind,
    wait: timedelta | None,
) -> None:
    found = await failure(fetcher, server.script("/", Reply(status, b"<html>", headers)))

    assert (found.kind, found.status, found.retry_after) == (kind, status, wait)
    assert str(status) in found.message


async def test_304_to_a_question_without_conditions_is_a_failure(server: HttpServer, fetcher: HttpFetcher) -> None:
    assert (await failure(fetcher, server.script("/", Reply(304)))).kind is FailureKind.PROTOCOL


async def test_both_conditions_are_sent_verbatim(server: HttpServer, fetcher: HttpFetcher) -> None:
    url = server.script("/", Reply(304))

    fetched = await ask(fetcher, url, FeedState("wire", etag='W/"a b,ж"'.replace("ж", "z"), last_modified="Not a date"))

    asked = server.requests[-1].headers
    assert (asked["if-none-match"], asked["if-modified-since"]) == ('W/"a b,z"', "Not a date")
    assert fetched.not_modified


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ({"Cache-Control": "public, max-age=600"}, timedelta(minutes=10)),
        ({"Cache-Control": "max-age=600", "Age": "200"}, timedelta(seconds=400)),
        ({"Cache-Control": "max-age=600", "Age": "900"}, timedelta(0)),
        ({"Cache-Control": "no-cache", "Expires": "Sun, 22 Nov 2026 09:00:00 GMT"}, None),
        ({"Date": "Sun, 22 Nov 2026 08:30:00 GMT", "Expires": "Sun, 22 Nov 2026 09:00:00 GMT"}, timedelta(minutes=30)),
        ({"Expires": "Sun, 22 Nov 2026 09:00:00 GMT"}, timedelta(hours=1)),
        ({"Expires": "0"}, None),
        ({"Expires": "Thu, 19 Nov 1981 08:52:00 GMT"}, timedelta(0)),
        ({}, None),
    ],
)
async def test_how_long_an_answer_stays_fresh_is_passed_on(
    server: HttpServer, fetcher: HttpFetcher, headers: dict[str, str], age: timedelta | None
) -> None:
    fetched = await ask(fetcher, server.script("/", Reply(body=BODY, headers=headers)))

    assert fetched.max_age == age


# --- redirects --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(server: HttpServer, fetcher: HttpFetcher, status: int) -> None:
    server.script("/b", Reply(body=BODY))

    fetched = await ask(fetcher, server.script("/a", redirect("b", status)))

    assert (fetched.body, fetched.url) == (BODY, server.url("/b"))


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("/", "redirects in a circle"),
        ("file:///etc/passwd", "redirects to nowhere"),
        ("ftp://example.org/feed", "redirects to nowhere"),
        ("http://[broken/", "redirects to nowhere"),
        ("http://127.0.0.1:99999/", "redirects to nowhere"),
        ("", "redirects to nowhere"),
    ],
)
async def test_redirects_that_lead_nowhere_are_a_failure(
    server: HttpServer, fetcher: HttpFetcher, location: str, words: str
) -> None:
    found = await failure(fetcher, server.script("/", redirect(location)))

    assert found.kind is FailureKind.REDIRECT
    assert words in found.message
    assert len(server.requests) <= 6


async def test_a_redirect_from_https_to_http_is_not_followed() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"Location": "http://plain.example/feed"})

    fetcher = fetching.fetcher(transport=httpx.MockTransport(answer))

    found = await failure(fetcher, "https://secure.example/feed")

    assert found.kind is FailureKind.REDIRECT
    assert "plain.example" in found.message
    await fetcher.aclose()


async def test_a_circle_that_ends_once_its_cookie_comes_back_is_followed_and_forgotten(
    server: HttpServer, fetcher: HttpFetcher
) -> None:
    def answer(request: Request) -> Reply:
        if request.headers.get("cookie") == "seen=yes":
            return Reply(body=BODY)
        return Reply(302, headers={"Location": "/", "Set-Cookie": "seen=yes; Path=/"})

    url = server.script("/", answer)

    assert (await ask(fetcher, url)).body == BODY
    assert (await ask(fetcher, url)).body == BODY
    assert [request.headers.get("cookie") for request in server.requests] == [None, "seen=yes"] * 2


# --- secrets ----------------------------------------------------------------------------------------------------


async def test_a_feeds_own_headers_go_to_its_host_and_to_no_other(server: HttpServer, fetcher: HttpFetcher) -> None:
    server.script("/end", Reply(body=BODY))
    server.script("/there", redirect(server.url("/end", host="localhost")))
    url = server.script("/here", redirect("/there"))

    await ask(fetcher, url, **{"Authorization": "Bearer s3cret", "User-Agent": "Reader/1"})

    assert [request.headers.get("authorization") for request in server.requests] == ["Bearer s3cret"] * 2 + [None]
    assert [request.headers["user-agent"] for request in server.requests][:2] == ["Reader/1"] * 2


async def test_a_name_and_password_in_the_address_are_used_but_never_shown(
    server: HttpServer, fetcher: HttpFetcher
) -> None:
    url = server.script("/feed", Reply(body=BODY), Reply(403), redirect("ftp://user:s3cret@elsewhere.example/"))
    url = url.replace("http://", "http://anna:s3cret@") + "?token=s3cret"

    answers = [await ask(fetcher, url) for _ in range(3)]

    assert [request.headers["authorization"][:6] for request in server.requests] == ["Basic "] * 3
    assert answers[0].url == server.url("/feed?token=s3cret")
    assert not [answer for answer in answers if "anna" in str(answer) or "s3cret" in str(answer.failure)]


@pytest.mark.parametrize("url", ["ftp://example.org/s3cret", "feed", "http://", "http://[s3cret/", "http://a\nb/"])
async def test_what_is_no_web_address_is_refused_without_being_repeated(fetcher: HttpFetcher, url: str) -> None:
    found = await failure(fetcher, url)

    assert found.kind is FailureKind.REFUSED
    assert "s3cret" not in found.message


# --- manners ----------------------------------------------------------------------------------------------------


async def test_it_says_who_it_is_and_what_it_reads(server: HttpServer) -> None:
    fetcher = fetching.fetcher(user_agent="desk-monitor/1 (+https://desk.example)")

    await ask(fetcher, server.script("/", Reply(body=BODY)))
    await fetcher.aclose()

    asked = server.requests[0].headers
    assert asked["user-agent"] == "desk-monitor/1 (+https://desk.example)"
    assert "application/rss+xml" in asked["accept"]
    assert asked["accept-encoding"] == "gzip, deflate, br, zstd"


async def test_one_host_gets_few_requests_at_a_time_and_another_is_not_kept_waiting(server: HttpServer) -> None:
    fetcher = fetching.fetcher(per_host=2, concurrency=50)
    slow = [server.script(f"/slow/{number}", Reply(body=BODY, latency=0.2)) for number in range(8)]
    server.script("/quick", Reply(body=BODY))
    at_once = server.most_at_once

    crowd = [asyncio.create_task(ask(fetcher, url)) for url in slow]
    await asyncio.sleep(0)
    quick = await ask(fetcher, server.url("/quick", host="localhost"))
    crowd_was_waiting = [task for task in crowd if not task.done()]
    answers = await asyncio.gather(*crowd)
    await fetcher.aclose()

    assert quick.body == BODY
    assert len(crowd_was_waiting) >= 6
    assert all(answer.body == BODY for answer in answers)
    assert at_once < server.most_at_once <= 3


async def test_all_hosts_together_get_no_more_than_the_limit(server: HttpServer) -> None:
    fetcher = fetching.fetcher(per_host=10, concurrency=3)
    urls = [server.script(f"/{number}", Reply(body=BODY, latency=0.05)) for number in range(12)]

    answers = await asyncio.gather(*(ask(fetcher, url) for url in urls))
    await fetcher.aclose()

    assert all(answer.body == BODY for answer in answers)
    assert server.most_at_once == 3


async def test_waiting_for_a_free_place_does_not_count_as_slowness(server: HttpServer) -> None:
    fetcher = fetching.fetcher(timeout=timedelta(seconds=1), total=timedelta(seconds=1), per_host=1)
    urls = [server.script(f"/{number}", Reply(body=BODY, latency=0.2)) for number in range(8)]

    answers = await asyncio.gather(*(ask(fetcher, url) for url in urls))
    await fetcher.aclose()

    assert [answer.failure for answer in answers] == [None] * 8


async def test_a_bad_host_does_not_keep_a_good_one_from_being_read(server: HttpServer, hasty: HttpFetcher) -> None:
    bad = [server.script(f"/bad/{number}", Reply(latency=30)) for number in range(4)]
    good = server.script("/good", Reply(body=BODY)).replace("127.0.0.1", "localhost")

    asked = [asyncio.create_task(ask(hasty, url)) for url in [*bad, good]]
    first, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    *failed, fine = await asyncio.gather(*asked)

    assert first == {asked[-1]}
    assert fine.body == BODY
    assert [fetched.failure.kind for fetched in failed if fetched.failure] == [FailureKind.TIMEOUT] * 4
