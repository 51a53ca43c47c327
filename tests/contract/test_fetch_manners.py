"""The fetcher's manners: spacing, hosts that want to be left alone, lasting moves, and how a feed is approached."""

import asyncio
import gzip
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from support import fetching
from support.http_server import HttpServer, Reply, Request, redirect
from support.proxies import SocksProxy

from monitor.adapters.fetch import HttpFetcher
from monitor.adapters.fetch.hosts import HeldError, Hosts
from monitor.core.model import Access, FailureKind, FeedSpec, FeedState, Fetched

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
BODY = "<rss version='2.0'><channel><title>Вести</title></channel></rss>".encode()
BUSY = Reply(429, headers={"Retry-After": "120"})


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
async def fetcher() -> AsyncIterator[HttpFetcher]:
    made = fetching.fetcher(timeout=timedelta(seconds=10), per_host=1)
    yield made
    await made.aclose()


async def ask(
    fetcher: HttpFetcher, url: str, at: datetime = AT, *, state: FeedState | None = None, access: Access | None = None
) -> Fetched:
    spec = FeedSpec("wire", url, access=access or Access())
    return await fetcher.fetch(spec, state or FeedState("wire"), at)


def kind(fetched: Fetched) -> FailureKind | None:
    return fetched.failure.kind if fetched.failure else None


# --- spacing ----------------------------------------------------------------------------------------------------


async def test_requests_to_one_host_start_some_time_apart(server: HttpServer) -> None:
    fetcher = fetching.fetcher(spacing=timedelta(seconds=0.1), per_host=4)
    urls = [server.script(f"/{number}", Reply(body=BODY)) for number in range(5)]
    began = monotonic()

    answers = await asyncio.gather(*(ask(fetcher, url) for url in urls))
    await fetcher.aclose()

    assert all(answer.body == BODY for answer in answers)
    assert monotonic() - began >= 0.4


async def test_other_hosts_do_not_wait_with_a_host_that_is_spaced(server: HttpServer) -> None:
    fetcher = fetching.fetcher(spacing=timedelta(hours=1), concurrency=1)
    url = server.script("/", Reply(body=BODY))
    assert (await ask(fetcher, url)).body == BODY
    waiting = asyncio.create_task(ask(fetcher, url))

    elsewhere = await ask(fetcher, server.url("/", host="localhost"))

    assert elsewhere.body == BODY
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await fetcher.aclose()


async def test_who_waits_for_a_turn_can_be_dropped_at_once(server: HttpServer) -> None:
    fetcher = fetching.fetcher(spacing=timedelta(hours=1))
    url = server.script("/", Reply(body=BODY))
    assert (await ask(fetcher, url)).body == BODY

    waiting = asyncio.create_task(ask(fetcher, url))
    await asyncio.sleep(0)
    waiting.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(waiting, return_exceptions=True)

    assert waiting.cancelled()
    assert len(server.requests) == 1
    await fetcher.aclose()


async def test_a_dropped_wait_leaves_its_places_to_others() -> None:
    hosts = Hosts(per_host=1, concurrency=1, spacing=0)
    async with hosts.turn("one.example", AT):
        waiting = [asyncio.create_task(anext(aiter_of(hosts, name))) for name in ("one.example", "two.example")]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async with asyncio.timeout(5), hosts.turn("two.example", AT):
        pass
    async with asyncio.timeout(5), hosts.turn("one.example", AT):
        pass


async def aiter_of(hosts: Hosts, name: str) -> AsyncIterator[None]:
    async with hosts.turn(name, AT):
        yield


# --- hosts that want to be left alone ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
async def test_after_retry_after_no_feed_of_the_host_is_asked_until_the_time_is_over(
    server: HttpServer, fetcher: HttpFetcher, status: int
) -> None:
    first = server.script("/one", replace(BUSY, status=status))
    second = server.script("/two", Reply(body=BODY))

    refused = await ask(fetcher, first)
    held = await ask(fetcher, second, AT + timedelta(seconds=30))
    elsewhere = await ask(fetcher, server.url("/two", host="localhost"))
    over = await ask(fetcher, second, AT + timedelta(seconds=120))

    assert kind(refused) is kind(held) is FailureKind.THROTTLED
    assert held.failure is not None
    assert held.failure.retry_after == timedelta(seconds=90)
    assert held.failure.message == "127.0.0.1 wants to be left alone for another 1.5 min, and was not asked"
    assert elsewhere.body == over.body == BODY
    assert [request.path for request in server.requests] == ["/one", "/two", "/two"]


async def test_those_already_waiting_for_the_host_do_not_ask_either(server: HttpServer, fetcher: HttpFetcher) -> None:
    urls = [server.script(f"/{number}", replace(BUSY, latency=0.05)) for number in range(5)]

    answers = await asyncio.gather(*(ask(fetcher, url) for url in urls))

    assert [kind(answer) for answer in answers] == [FailureKind.THROTTLED] * 5
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(503), "a fault that may pass, and no time"),
        (Reply(429, headers={"Retry-After": "0"}), "the time is over at once"),
        (Reply(500, headers={"Retry-After": "120"}), "a fault is no wish"),
        (Reply(301, headers={"Retry-After": "120", "Location": "/end"}), "it answers"),
    ],
)
async def test_other_answers_hold_no_host(server: HttpServer, fetcher: HttpFetcher, reply: Reply, why: str) -> None:
    end = server.script("/end", Reply(body=BODY))

    await ask(fetcher, server.script("/feed", reply))

    assert (await ask(fetcher, end)).body == BODY, why


async def test_too_many_requests_without_a_time_holds_the_host_for_a_while(
    server: HttpServer, fetcher: HttpFetcher
) -> None:
    end = server.script("/end", Reply(body=BODY))

    await ask(fetcher, server.script("/feed", Reply(429)))

    assert kind(await ask(fetcher, end)) is FailureKind.THROTTLED
    assert (await ask(fetcher, end, AT + timedelta(hours=1))).body == BODY


async def test_a_clock_that_was_set_back_holds_no_host_for_ever(server: HttpServer, fetcher: HttpFetcher) -> None:
    await ask(fetcher, server.script("/one", BUSY))

    earlier = await ask(fetcher, server.script("/two", Reply(body=BODY)), AT - timedelta(hours=3))

    assert earlier.body == BODY


async def test_a_hold_counts_from_when_the_host_was_asked_not_from_when_the_poll_began_to_wait(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetcher = fetching.fetcher(concurrency=1, per_host=1)
    loop, passed = asyncio.get_running_loop(), 0.0
    real = loop.time
    monkeypatch.setattr(loop, "time", lambda: real() + passed)
    async with fetcher._hosts.turn("slow.example", AT):  # it keeps the only place for four minutes
        waiting = asyncio.create_task(ask(fetcher, server.script("/one", BUSY)))
        for _ in range(5):
            await asyncio.sleep(0)  # it has begun to wait
        passed = 240.0
    refused = await waiting

    assert refused.at == AT + timedelta(minutes=4)
    assert kind(await ask(fetcher, server.url("/one"), AT + timedelta(minutes=5))) is FailureKind.THROTTLED
    assert len(server.requests) == 1, "it asked for two minutes"
    await fetcher.aclose()


async def test_holds_that_are_over_are_forgotten() -> None:
    hosts = Hosts(per_host=1, concurrency=1, spacing=0)
    for number in range(10_000):
        hosts.hold(f"host-{number}.example", AT + timedelta(seconds=number), timedelta(seconds=5))

    assert len(hosts._held) < 5_000
    with pytest.raises(HeldError):
        async with hosts.turn("host-9999.example", AT + timedelta(seconds=9_999)):
            pass


# --- lasting moves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "lasting"),
    [
        ([301], True),
        ([308], True),
        ([301, 308], True),
        ([302], False),
        ([303], False),
        ([307], False),
        ([301, 302], False),
        ([307, 301], False),
        ([], False),
    ],
)
async def test_a_feed_moved_for_good_only_if_every_redirect_on_the_way_says_so(
    server: HttpServer, fetcher: HttpFetcher, statuses: list[int], lasting: bool
) -> None:
    for number, status in enumerate(statuses):
        server.script(f"/{number}", redirect(f"/{number + 1}", status))
    end = server.script(f"/{len(statuses)}", Reply(body=BODY))

    fetched = await ask(fetcher, server.url("/0"))

    assert fetched.body == BODY
    assert fetched.moved_to == (end if lasting else "")


async def test_where_nothing_is_no_feed_has_moved_to(server: HttpServer, fetcher: HttpFetcher) -> None:
    fetched = await ask(fetcher, server.script("/old", redirect("/lost", 301)))

    assert (kind(fetched), fetched.moved_to) == (FailureKind.HTTP, "")


async def test_no_address_with_a_password_is_ever_moved_to(server: HttpServer, fetcher: HttpFetcher) -> None:
    server.script("/new", Reply(body=BODY))
    to = server.url("/new").replace("http://", "http://anna:s3cret@")

    fetched = await ask(fetcher, server.script("/old", redirect(to, 301)))

    assert fetched.body == BODY
    assert fetched.moved_to == ""
    assert "s3cret" not in repr(fetched)


async def test_an_adopted_address_is_asked_but_gets_no_secrets_of_another_host(
    server: HttpServer, fetcher: HttpFetcher
) -> None:
    server.script("/new", Reply(body=BODY))
    configured, adopted = server.url("/old"), server.url("/new", host="localhost")

    fetched = await ask(fetcher, configured, state=FeedState("wire", url=adopted), access=Access(bearer="s3cret"))

    assert fetched.url == adopted
    assert [request.path for request in server.requests] == ["/new"]
    assert "authorization" not in server.requests[0].headers


async def test_two_addresses_that_send_to_each_other_are_a_circle(server: HttpServer, fetcher: HttpFetcher) -> None:
    server.script("/b", redirect("/a", 301))

    fetched = await ask(fetcher, server.script("/a", redirect("/b", 301)))

    assert fetched.failure is not None
    assert (fetched.failure.kind, fetched.failure.message) == (
        FailureKind.REDIRECT,
        "127.0.0.1 redirects in a circle",
    )
    assert len(server.requests) == 2


# --- how a feed is approached -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("access", "header", "value"),
    [
        (Access(user_agent="Desk/2"), "user-agent", "Desk/2"),
        (Access(cookies={"a": "1", "b": "2"}), "cookie", "a=1; b=2"),
        (Access(bearer="t0ken"), "authorization", "Bearer t0ken"),
        (
            Access(username="анна", password="s3:cret"),
            "authorization",
            "Basic " + b64encode("анна:s3:cret".encode()).decode(),
        ),
        (Access(username="key"), "authorization", "Basic " + b64encode(b"key:").decode()),
    ],
)
async def test_access_is_sent_as_the_header_it_stands_for(
    server: HttpServer, fetcher: HttpFetcher, access: Access, header: str, value: str
) -> None:
    await ask(fetcher, server.script("/", Reply(body=BODY)), access=access)

    assert server.requests[0].headers[header] == value


async def test_cookies_and_logins_go_to_the_feeds_own_host_and_to_no_other(
    server: HttpServer, fetcher: HttpFetcher
) -> None:
    access = Access(user_agent="Desk/2", cookies={"session": "s3cret"}, username="anna", password="s3cret")
    server.script("/end", Reply(body=BODY))
    server.script("/there", redirect(server.url("/end", host="localhost")))

    await ask(fetcher, server.script("/here", redirect("/there")), access=access)

    sent = [("authorization" in r.headers, "cookie" in r.headers, r.headers["user-agent"]) for r in server.requests]
    assert sent == [(True, True, "Desk/2")] * 2 + [(False, False, "Desk/2")]


async def test_a_cookie_of_the_server_joins_those_of_the_feed_and_replaces_its_namesake(
    server: HttpServer, fetcher: HttpFetcher
) -> None:
    def answer(request: Request) -> Reply:
        if "session=new" in request.headers.get("cookie", ""):
            return Reply(body=BODY)
        return Reply(302, headers={"Location": "/", "Set-Cookie": "session=new; Path=/"})

    fetched = await ask(fetcher, server.script("/", answer), access=Access(cookies={"lang": "ru", "session": "old"}))

    assert fetched.body == BODY
    assert server.requests[-1].headers["cookie"] == "lang=ru; session=new"


async def test_a_feed_comes_through_its_own_proxy_and_others_do_not(server: HttpServer, fetcher: HttpFetcher) -> None:
    url = server.script("/", Reply(body=BODY))
    with SocksProxy(login="desk:s3cret") as proxy:
        assert (await ask(fetcher, url, access=Access(proxy=proxy.url))).body == BODY
        assert (await ask(fetcher, url)).body == BODY
        failed = await ask(fetcher, url, access=Access(proxy=proxy.url.replace("s3cret", "wr0ng")))

    assert proxy.asked == [f"127.0.0.1:{server.port}"]
    assert failed.failure is not None
    assert failed.failure.message == "the proxy did not let the request to 127.0.0.1 through"


async def test_no_secret_of_a_feed_shows_in_what_is_printed_of_it() -> None:
    access = Access(cookies={"a": "s3cret"}, username="s3cret", password="s3cret", bearer="s3cret", proxy="s3cret")

    assert "s3cret" not in repr(FeedSpec("wire", "http://feed.example/", access=access))


# --- packing ----------------------------------------------------------------------------------------------------


async def test_a_document_that_unpacks_to_many_times_its_size_is_a_trap(
    server: HttpServer, fetcher: HttpFetcher
) -> None:
    packed = Reply(body=gzip.compress(b" " * 5_000_000), headers={"Content-Encoding": "gzip"})

    fetched = await ask(fetcher, server.script("/", packed))

    assert fetched.failure is not None
    assert fetched.failure.kind is FailureKind.TOO_LARGE
    assert fetched.failure.message == "the document unpacks to more than 200 times its size: a trap, no feed"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b" " * 900_000 + BODY, "small documents do no harm, however well they pack"),
        (b"".join(b"<item><guid>%d</guid></item>" % n for n in range(200_000)), "long, and packed as feeds are"),
    ],
)
async def test_honest_documents_may_pack_well(server: HttpServer, fetcher: HttpFetcher, body: bytes, why: str) -> None:
    reply = Reply(body=gzip.compress(body), headers={"Content-Encoding": "gzip"})

    assert (await ask(fetcher, server.script("/", reply))).body == body, why
