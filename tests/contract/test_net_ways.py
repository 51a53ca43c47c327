"""The ways out over real servers: HTTP/2 and TLS, proxies of both kinds, connections that are kept and given up."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from support.authority import Authority
from support.h2_server import H2Server
from support.http_server import HttpServer, Reply
from support.proxies import HttpProxy, SocksProxy

from monitor.adapters.net import GuardedTransport
from monitor.adapters.net import general as general_way
from monitor.core.addresses import LOOPBACK

BODY = b"<rss>" + b"<item/>" * 20_000


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        running.script("/", Reply(body=BODY))
        yield running


@pytest.fixture
def secure(authority: Authority) -> Iterator[HttpServer]:
    with HttpServer(tls=authority.context("fine")) as running:
        running.script("/", Reply(body=BODY))
        yield running


@pytest.fixture
async def transport() -> AsyncIterator[GuardedTransport]:
    made = GuardedTransport(LOOPBACK)
    yield made
    await made.aclose()


async def get(
    transport: GuardedTransport, url: str, headers: dict[str, str] | None = None, **extensions: object
) -> tuple[httpx.Response, bytes]:
    timeout = dict.fromkeys(("connect", "read", "write"), 10.0)
    request = httpx.Request("GET", url, headers=headers, extensions={"timeout": timeout, **extensions})
    response = await transport.handle_async_request(request)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    body = b"".join([piece async for piece in response.stream])
    await response.stream.aclose()
    return response, body


# --- addresses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        "/feed?to=http%3A%2F%2Fprimer.example%2F&sig=a%2fb%3d",
        "/%7Ename/a%2Fb/%C3%28?x=a+b&y=%20",
        "/feed;b?c[]=1&d='x'|y&z=%zz",
        "/a//b/",
    ],
)
async def test_an_address_is_asked_for_as_it_is_written(
    transport: GuardedTransport, server: HttpServer, secure: HttpServer, authority: Authority, place: str
) -> None:
    await get(transport, server.url("/").rstrip("/") + place)
    await get(transport, secure.url("/").rstrip("/") + place, ca_file=str(authority.certificate))

    assert [server.requests[-1].path, secure.requests[-1].path] == [place, place]


# --- TLS and HTTP/2 ---------------------------------------------------------------------------------------------


async def test_http_2_is_spoken_where_it_is_offered(transport: GuardedTransport, authority: Authority) -> None:
    context = authority.context("fine")
    assert context
    with H2Server(context, BODY) as server:
        url, ca_file = server.url("/feed"), str(authority.certificate)
        first, body = await get(transport, url, ca_file=ca_file)
        again, nothing = await get(transport, url, {"If-None-Match": first.headers["etag"]}, ca_file=ca_file)

    assert (first.status_code, first.extensions["http_version"], body) == (200, b"HTTP/2", BODY)
    assert (again.status_code, nothing) == (304, b"")
    assert [request[":path"] for request in server.requests] == ["/feed"] * 2


async def test_a_server_that_offers_no_http_2_is_asked_by_http_1(
    transport: GuardedTransport, secure: HttpServer, authority: Authority
) -> None:
    response, body = await get(transport, secure.url("/"), ca_file=str(authority.certificate))

    assert (response.extensions["http_version"], body) == (b"HTTP/1.1", BODY)


async def test_a_certificate_is_verified_unless_told_otherwise(
    transport: GuardedTransport, secure: HttpServer, authority: Authority
) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        await get(transport, secure.url("/"))

    assert (await get(transport, secure.url("/"), ca_file=str(authority.certificate)))[1] == BODY
    assert (await get(transport, secure.url("/"), verify=False))[1] == BODY
    with pytest.raises(httpx.ConnectError):  # what one feed waives, no other does
        await get(transport, secure.url("/"))


# --- proxies ----------------------------------------------------------------------------------------------------

PROXIES = [pytest.param(HttpProxy, id="HTTP"), pytest.param(SocksProxy, id="SOCKS5")]


@pytest.mark.parametrize("kind", PROXIES)
@pytest.mark.parametrize("login", ["", "desk:s3cret"])
async def test_a_plain_feed_comes_through_its_proxy_which_resolves_the_name(
    transport: GuardedTransport, server: HttpServer, kind: type[HttpProxy | SocksProxy], login: str
) -> None:
    with kind(login=login, names={"paper.example": "127.0.0.1"}) as proxy:
        _, body = await get(transport, server.url("/", host="paper.example"), proxy=proxy.url)

    assert body == BODY
    assert proxy.asked == [f"paper.example:{server.port}"]
    assert server.requests[0].headers["host"] == f"paper.example:{server.port}"
    assert "proxy-authorization" not in server.requests[0].headers


@pytest.mark.parametrize("kind", PROXIES)
async def test_a_secure_feed_comes_through_a_tunnel_that_its_proxy_opens(
    transport: GuardedTransport, secure: HttpServer, authority: Authority, kind: type[HttpProxy | SocksProxy]
) -> None:
    with kind(login="desk:s3cret", names={"localhost": "127.0.0.1"}) as proxy:
        url = secure.url("/", host="localhost")
        _, body = await get(transport, url, proxy=proxy.url, ca_file=str(authority.certificate))

    assert body == BODY
    assert proxy.asked == [f"localhost:{secure.port}"]


@pytest.mark.parametrize("kind", PROXIES)
async def test_a_proxy_that_refuses_the_login_is_a_fault_of_the_proxy(
    transport: GuardedTransport, secure: HttpServer, kind: type[HttpProxy | SocksProxy]
) -> None:
    with kind(login="desk:s3cret") as proxy, pytest.raises(httpx.ProxyError) as caught:
        await get(transport, secure.url("/"), proxy=proxy.url.replace("s3cret", "wr0ng"), verify=False)

    assert proxy.refused == 1
    assert "wr0ng" not in str(caught.value)
    assert not secure.requests


@pytest.mark.parametrize("kind", PROXIES)
async def test_a_proxy_of_the_environment_may_stand_anywhere_and_is_not_for_this_machine(
    server: HttpServer, kind: type[HttpProxy | SocksProxy]
) -> None:
    names = {"paper.example": "127.0.0.1", "other.example": "127.0.0.1"}
    with kind(names=names) as proxy:
        behind = GuardedTransport(proxies={"http": proxy.url, "no": "other.example"})
        _, body = await get(behind, server.url("/", host="paper.example"))
        await behind.aclose()
        direct = GuardedTransport(LOOPBACK, proxies={"all": proxy.url})
        _, here = await get(direct, server.url("/"))
        await direct.aclose()

    assert body == here == BODY
    assert proxy.asked == [f"paper.example:{server.port}"]


async def test_an_exception_to_the_proxy_of_the_environment_is_heeded() -> None:
    with HttpProxy() as proxy:
        transport = GuardedTransport(proxies={"http": proxy.url, "no": ".example"})
        with pytest.raises(httpx.ConnectError):  # there is no such name
            await get(transport, "http://paper.example/")
        await transport.aclose()

    assert not proxy.asked


# --- connections ------------------------------------------------------------------------------------------------


async def test_connections_are_kept_for_the_next_request_and_given_up_when_idle(
    transport: GuardedTransport, secure: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(general_way, "KEEP_ALIVE", 0.2)
    for _ in range(3):
        await get(transport, secure.url("/"), verify=False)
    pools = transport._general._pools

    assert len(pools) == 1
    assert len(next(iter(pools.values())).http.connections) == 1
    async with asyncio.timeout(10):
        while pools:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_head_beyond_all_measure_is_refused(
    transport: GuardedTransport, server: HttpServer, secure: HttpServer, scheme: str
) -> None:
    asked = server if scheme == "http" else secure
    many = {f"X-{number}": "x" * 1000 for number in range(80)}
    url = asked.script("/large", Reply(body=BODY, headers=many))

    with pytest.raises(httpx.RemoteProtocolError):
        await get(transport, url, verify=False)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_large_but_honest_heads_are_taken(
    transport: GuardedTransport, server: HttpServer, secure: HttpServer, scheme: str
) -> None:
    asked = server if scheme == "http" else secure
    url = asked.script("/large", Reply(body=BODY, headers={"Content-Security-Policy": "x" * 12_000}))

    assert (await get(transport, url, verify=False))[1] == BODY


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_who_leaves_a_body_half_read_keeps_no_connection_open(
    transport: GuardedTransport, server: HttpServer, secure: HttpServer, scheme: str
) -> None:
    asked = server if scheme == "http" else secure
    url = asked.script("/large", Reply(body=b" " * 20_000_000))
    request = httpx.Request("GET", url, extensions={"verify": False})

    response = await transport.handle_async_request(request)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for _ in response.stream:
        break
    await response.stream.aclose()

    async with asyncio.timeout(10):
        while asked.at_once:  # noqa: ASYNC110 - the server is in another thread
            await asyncio.sleep(0.02)


async def test_files_of_authorities_that_can_not_be_used_raise_what_the_system_says(
    transport: GuardedTransport, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        await get(transport, "https://127.0.0.1:9/", ca_file=str(tmp_path / "none.pem"))
