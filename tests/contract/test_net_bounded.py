"""Webhooks that answer with too much, too slowly, or packed: a delivery fails in words, without harm."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from time import monotonic

import httpx
import pytest
from support import samples
from support.hostile import bombs, cut, head, repeated
from support.http_server import HttpServer, Reply

from monitor.adapters.deliver import SlackChannel
from monitor.adapters.heartbeat import Heartbeat
from monitor.adapters.net import BoundedTransport, GuardedTransport
from monitor.core.addresses import LOOPBACK
from monitor.core.model import Message, Target
from monitor.errors import DeliveryError, DeliveryFault, MonitorError

DESK = Target("slack", "#desk")
AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HARM = {
    "endless": Reply(body=b"ok" * 10_000, endless=True),
    "a drip": Reply(body=b"ok" * 10_000, drip=0.1),
    "a drip of its head": Reply(by_hand=repeated(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", pause=0.1)),
    "silent": Reply(latency=60),
    "a bomb": bombs()["gzip"],
    "packed unasked": Reply(body=gzip.compress(b"ok"), headers={"Content-Encoding": "gzip"}),
    "reset": Reply(by_hand=cut(head(100) + b"o")),
}


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def transport() -> BoundedTransport:
    return BoundedTransport(GuardedTransport(LOOPBACK), longest=50_000, total=1.0)


@pytest.mark.parametrize("reply", HARM.values(), ids=HARM)
async def test_a_webhook_that_means_harm_only_fails(server: HttpServer, reply: Reply) -> None:
    url = server.script("/hook", reply)
    began = monotonic()

    channel = SlackChannel(webhook=lambda _: url, transport=transport())
    with pytest.raises(DeliveryError) as caught:
        await channel.send(samples.delivery(DESK, Message("slack", {"text": "News", "blocks": []})), AT)
    await channel.aclose()

    assert caught.value.fault is DeliveryFault.TEMPORARY
    assert monotonic() - began < 10


@pytest.mark.parametrize("reply", HARM.values(), ids=HARM)
async def test_a_watchman_outside_that_means_harm_is_only_not_heard(server: HttpServer, reply: Reply) -> None:
    heart = Heartbeat(server.script("/ping", reply), user_agent="monitor", transport=transport())
    with pytest.raises(MonitorError):
        await heart.ping()
    await heart.aclose()


async def test_an_honest_answer_comes_whole(server: HttpServer) -> None:
    url = server.script("/hook", Reply(body=b"ok", headers={"X-Id": "7"}))
    async with httpx.AsyncClient(transport=transport()) as client:
        response = await client.post(url, content=b"{}")

    assert (response.status_code, response.text, response.headers["X-Id"]) == (200, "ok", "7")
    assert server.requests[-1].headers["accept-encoding"] == "identity"
    assert server.requests[-1].body == b"{}"
