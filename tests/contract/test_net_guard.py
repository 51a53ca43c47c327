"""The guard at real connections: nothing inside is reached, in whatever form or by whatever way it is named."""

import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from support import samples
from support.http_server import HttpServer, Reply, redirect

from monitor.adapters.deliver import SlackChannel
from monitor.adapters.deliver.render import DigestRenderer
from monitor.adapters.fetch import HttpFetcher
from monitor.adapters.heartbeat import Heartbeat
from monitor.adapters.net import AddrInfo, GuardedTransport
from monitor.adapters.net.guard import Guard
from monitor.core.addresses import LOOPBACK, parse_networks
from monitor.core.model import FailureKind, FeedSpec, FeedState, Fetched, Target
from monitor.errors import AddressRefusedError, DeliveryError, DeliveryFault, MonitorError

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        running.script("/", Reply(body=b"<rss/>"))
        yield running


@pytest.fixture
async def closed() -> AsyncIterator[GuardedTransport]:
    """A way out for which nothing inside is allowed."""
    transport = GuardedTransport()
    yield transport
    await transport.aclose()


def answering(*answers: Sequence[str]) -> Callable[..., object]:
    """A resolver that gives these addresses, one answer a question, the last one for ever."""
    left = list(answers)

    async def lookup(host: str, port: int) -> Sequence[AddrInfo]:
        now = left.pop(0) if len(left) > 1 else left[0]
        family = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            (
                family[6 if ":" in one else 4],
                socket.SOCK_STREAM,
                6,
                "",
                (one, port, 0, 0) if ":" in one else (one, port),
            )
            for one in now
        ]

    return lookup


async def get(transport: httpx.AsyncBaseTransport, url: str, **extensions: object) -> int:
    response = await transport.handle_async_request(httpx.Request("GET", url, extensions=extensions))
    async for _ in response.stream:  # type: ignore[union-attr]
        pass
    await response.aclose()
    return response.status_code


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "0.0.0.0", "[::]", "localhost", "169.254.169.254", "10.0.0.1",
        "127.0.0.1.",
    ],
)  # fmt: skip
async def test_what_lies_inside_is_refused_in_every_form(
    server: HttpServer, closed: GuardedTransport, scheme: str, host: str
) -> None:
    with pytest.raises(AddressRefusedError):
        await get(closed, f"{scheme}://{host}:{server.port}/")

    assert not server.requests


async def test_the_same_server_is_reached_where_its_network_is_allowed(server: HttpServer) -> None:
    transport = GuardedTransport(parse_networks("127.0.0.1"))

    assert await get(transport, server.url("/")) == 200
    with pytest.raises(AddressRefusedError):
        await get(transport, server.url("/", host="127.0.0.2"))
    await transport.aclose()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([["127.0.0.1"]], id="private at once"),
        pytest.param([["8.8.8.8", "127.0.0.1"]], id="public and private in one answer"),
        pytest.param([["::ffff:127.0.0.1"]], id="private within an IPv6 address"),
    ],
)
async def test_a_name_that_leads_inside_is_refused(server: HttpServer, scheme: str, answers: list[list[str]]) -> None:
    transport = GuardedTransport(lookup=answering(*answers))  # type: ignore[arg-type]

    with pytest.raises(AddressRefusedError, match=r"rebind\.example leads to .*(127\.0\.0\.1|7f00:1)"):
        await get(transport, f"{scheme}://rebind.example:{server.port}/")

    await transport.aclose()
    assert not server.requests


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_name_that_turns_private_after_it_was_looked_at_is_refused_where_it_is_connected_to(
    server: HttpServer, scheme: str
) -> None:
    # 127.0.0.9, where nothing listens, stands for the public address: it is allowed, the server's is not.
    lookup = answering(["127.0.0.9"], ["127.0.0.1"])
    transport = GuardedTransport(parse_networks("127.0.0.9"), lookup=lookup)  # type: ignore[arg-type]
    url = f"{scheme}://rebind.example:{server.port}/"

    with pytest.raises(httpx.ConnectError):
        await get(transport, url)
    with pytest.raises(AddressRefusedError):
        await get(transport, url)

    await transport.aclose()
    assert not server.requests


async def test_what_is_connected_to_is_what_was_looked_at_and_never_a_second_answer(server: HttpServer) -> None:
    asked: list[str] = []

    async def lookup(host: str, port: int) -> Sequence[AddrInfo]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    transport = GuardedTransport(LOOPBACK, lookup=lookup)

    assert await get(transport, f"http://feed.example:{server.port}/") == 200
    await transport.aclose()
    assert asked == ["feed.example"]
    assert server.requests[0].headers["host"] == f"feed.example:{server.port}"


async def fetched(transport: GuardedTransport, url: str) -> Fetched:
    fetcher = HttpFetcher(transport, spacing=timedelta(0))
    found = await fetcher.fetch(FeedSpec("wire", url), FeedState("wire"), AT)
    await fetcher.aclose()
    return found


async def test_a_refused_feed_says_what_it_led_to_and_which_setting_allows_it(server: HttpServer) -> None:
    found = await fetched(GuardedTransport(), server.url("/"))

    assert found.failure is not None
    assert found.failure.kind is FailureKind.REFUSED
    assert "127.0.0.1, which is this machine itself" in found.failure.message
    assert "MONITOR_ALLOW_NETWORKS" in found.failure.message


async def test_an_octal_address_is_refused_as_no_address(server: HttpServer) -> None:
    found = await fetched(GuardedTransport(), f"http://0177.0.0.1:{server.port}/")

    assert found.failure is not None
    assert found.failure.kind is FailureKind.REFUSED
    assert not server.requests


@pytest.mark.parametrize("host", ["127.0.0.2", "0x7f.0.0.2", "[::ffff:127.0.0.2]", "inside.example"])
async def test_a_redirect_inside_is_refused(server: HttpServer, host: str) -> None:
    url = server.script("/moved", redirect(f"http://{host}:{server.port}/"))
    transport = GuardedTransport(parse_networks("127.0.0.1"), lookup=answering(["127.0.0.2"]))  # type: ignore[arg-type]

    found = await fetched(transport, url)

    assert found.failure is not None
    assert found.failure.kind is FailureKind.REFUSED
    assert [request.path for request in server.requests] == ["/moved"]


async def test_a_webhook_inside_is_a_fault_of_the_configuration_and_stays_secret(server: HttpServer) -> None:
    hook = server.script("/services/T000/B000/hook-secret", Reply(body=b"ok"))
    channel = SlackChannel(webhook=lambda address: hook, pace=0, transport=GuardedTransport())
    target = Target("slack", "#desk")
    delivery = samples.delivery(target, DigestRenderer().render(samples.digest(), target)[0])

    with pytest.raises(DeliveryError) as caught:
        await channel.send(delivery, AT)
    await channel.aclose()

    assert caught.value.fault is DeliveryFault.CONFIGURATION
    assert "MONITOR_ALLOW_NETWORKS" in str(caught.value)
    assert "hook-secret" not in str(caught.value)
    assert not server.requests


async def test_a_heartbeat_inside_is_refused_and_stays_secret(server: HttpServer) -> None:
    heart = Heartbeat(server.url("/beat-secret"), user_agent="monitor", transport=GuardedTransport())

    with pytest.raises(MonitorError, match="MONITOR_ALLOW_NETWORKS") as caught:
        await heart.ping()
    await heart.aclose()

    assert "beat-secret" not in str(caught.value)
    assert not server.requests


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_feeds_proxy_is_looked_at_as_well(server: HttpServer, closed: GuardedTransport, scheme: str) -> None:
    with pytest.raises(AddressRefusedError, match=r"^its proxy 127\.0\.0\.1, which is this machine itself"):
        await get(closed, "http://paper.example/", proxy=f"{scheme}://127.0.0.1:{server.port}")

    assert not server.requests


def test_nobody_is_told_how_to_allow_a_metadata_service() -> None:
    with pytest.raises(AddressRefusedError, match=r"metadata service$"):
        Guard().check("169.254.169.254")
    with pytest.raises(AddressRefusedError, match="MONITOR_ALLOW_NETWORKS"):
        Guard().check("10.0.0.1")


async def test_no_proxy_is_asked_for_what_is_written_as_an_address_inside(server: HttpServer) -> None:
    transport = GuardedTransport(parse_networks("127.0.0.1"))

    with pytest.raises(AddressRefusedError):
        await get(transport, "http://10.0.0.1/", proxy=server.url(""))

    await transport.aclose()
    assert not server.requests
