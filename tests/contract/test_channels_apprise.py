"""Apprise: real services of it against servers on loopback that speak their languages."""

import base64
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import samples
from support.http_server import HttpServer, Reply, Request, redirect

from monitor.adapters.deliver import AppriseChannel
from monitor.adapters.deliver.apprise import _instantiate, divided
from monitor.adapters.deliver.pieces import cut
from monitor.adapters.deliver.render import DigestRenderer
from monitor.core.addresses import LOOPBACK
from monitor.core.model import Delivery, Digest, Target
from monitor.errors import DeliveryError, DeliveryFault

TEMPORARY, PERMANENT, CONFIGURATION = DeliveryFault
WEBHOOK_TOKEN = "d" * 40 + "-discord-secret-" + "e" * 12
BOT = "123456789:" + "T" * 35
HOOK = "mattermosthook0123456789ab"


def bodies_of(request: Request) -> dict[str, Any]:
    found = json.loads(request.body)
    assert isinstance(found, dict)
    return found


@dataclass
class Service:
    """One of Apprise's services: its address, the path it asks, and what a reader of its messages sees."""

    url: Callable[[int], str]
    path: str
    text: Callable[[dict[str, Any]], str]
    limit: int  # of a message, as the service documents it
    accepted: bytes = b"{}"
    home: str = ""  # the attribute that holds the service's own address, to be led to our server


SERVICES = {
    "ntfy": Service(lambda p: f"ntfy://user:ntfy-password@127.0.0.1:{p}/topic", "/", lambda d: d["message"], 4_096),
    "json": Service(lambda p: f"json://user:json-password@127.0.0.1:{p}/in", "/in", lambda d: d["message"], 32_768),
    "mattermost": Service(lambda p: f"mmost://127.0.0.1:{p}/{HOOK}", f"/hooks/{HOOK}", lambda d: d["text"], 4_000),
    "discord": Service(
        lambda p: f"discord://{'1' * 18}/{WEBHOOK_TOKEN}",
        f"/{'1' * 18}/{WEBHOOK_TOKEN}",
        lambda d: d["content"],
        2_000,
        home="NotifyDiscord",
    ),
    "telegram": Service(
        lambda p: f"tgram://{BOT}/12345", f"/{BOT}/sendMessage", lambda d: d["text"], 4_096, b'{"ok": true}',
        home="NotifyTelegram",
    ),
}  # fmt: skip


@dataclass
class Desk:
    """A channel with one service, and the server that stands for it."""

    service: Service
    server: HttpServer
    channel: AppriseChannel
    target: Target = field(default_factory=lambda: Target("apprise", "desk"))

    def delivery(self, digest: Digest | None = None, **changes: Any) -> Delivery:
        (message,) = DigestRenderer().render(digest or samples.digest(), self.target)
        return samples.delivery(self.target, message, **changes)

    def answer(self, *replies: Reply) -> None:
        self.server.script(self.service.path, *replies)

    def texts(self) -> list[str]:
        return [self.service.text(bodies_of(request)) for request in self.server.asked(self.service.path)]

    async def fault(self, delivery: Delivery | None = None) -> DeliveryError:
        with pytest.raises(DeliveryError) as caught:
            await self.channel.send(delivery or self.delivery(), samples.AT)
        return caught.value


@pytest.fixture
async def desk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    service = SERVICES[request.param]
    with HttpServer() as server:
        if service.home:
            _instantiate("json://127.0.0.1")  # which loads the services
            module = sys.modules[f"apprise.plugins.{service.home.removeprefix('Notify').lower()}"]
            home = server.url("/" if service.home == "NotifyTelegram" else "")
            monkeypatch.setattr(getattr(module, service.home), "notify_url", home)
        address = service.url(server.port)
        channel = AppriseChannel({"desk": address}.get, allowed=LOOPBACK, pace=0, timeout=30)
        desk = Desk(service, server, channel)
        desk.answer(Reply(200, service.accepted))
        yield desk
        await channel.aclose()


every_service = pytest.mark.parametrize("desk", SERVICES, indirect=True)
one_service = pytest.mark.parametrize("desk", ["ntfy"], indirect=True)


def letters(text: str) -> str:
    """What a reader reads, without blanks and the marks that a service needs."""
    plain = text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ")
    return "".join(
        plain.replace("<br/>", "").replace("&quot;", '"').replace("&apos;", "'").replace("&#39;", "'").split()
    )


@every_service
async def test_a_digest_arrives_whole_in_every_script(desk: Desk) -> None:
    receipt = await desk.channel.send(desk.delivery(), samples.AT)
    whole = letters("".join(desk.texts()))
    for story in samples.digest().stories:
        assert letters(story.headline) in whole
    assert receipt.reference.endswith("of " + str(len(desk.texts())))


@every_service
async def test_a_long_digest_comes_in_counted_pieces_that_lose_nothing(desk: Desk) -> None:
    delivery = desk.delivery(samples.flood(40, 6))
    await desk.channel.send(delivery, samples.AT)
    whole = letters("".join(desk.texts()))
    for number in range(1, 41):
        assert letters(f"Новость номер {number} о шпионаже") in whole
    assert all(len(text) <= desk.service.limit for text in desk.texts())
    raw = "".join(request.body.decode() for request in desk.server.asked(desk.service.path))
    total = len(desk.texts())
    assert total == 1 or f"({total}/{total})" in raw


@every_service
async def test_the_key_travels_with_every_request_and_counts_the_pieces(desk: Desk) -> None:
    await desk.channel.send(desk.delivery(samples.flood(40, 6)), samples.AT)
    keys = [request.headers["idempotency-key"] for request in desk.server.asked(desk.service.path)]
    assert keys == [f"{samples.KEY}:{number}" for number in range(1, len(keys) + 1)]


@every_service
@pytest.mark.parametrize(
    ("reply", "fault", "wait"),
    [
        (Reply(500), TEMPORARY, None),
        (Reply(429, b"", {"Retry-After": "40"}), TEMPORARY, 40),
        (Reply(429, b'{"ok": false, "parameters": {"retry_after": 7}}'), TEMPORARY, 7),
        (Reply(401, b'{"error": "who are you"}'), CONFIGURATION, None),
        (Reply(404), CONFIGURATION, None),
        (Reply(413), PERMANENT, None),
        (redirect("/elsewhere"), CONFIGURATION, None),
        (Reply(raw=b"nonsense"), TEMPORARY, None),
        (Reply(200, b"x" * 300_000), TEMPORARY, None),
    ],
    ids=["500", "429", "429 in the body", "401", "404", "413", "302", "nonsense", "endless"],
)
async def test_every_answer_says_whether_to_try_again(
    desk: Desk, reply: Reply, fault: DeliveryFault, wait: int | None
) -> None:
    desk.answer(reply)
    error = await desk.fault()
    assert error.fault is fault, error
    if wait:
        assert error.retry_after == timedelta(seconds=wait)
    assert desk.server.asked("/elsewhere") == []


@every_service
async def test_no_failure_shows_the_address(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    address = desk.service.url(desk.server.port)
    secrets = [one for one in ("ntfy-password", "json-password", HOOK, WEBHOOK_TOKEN, BOT) if one in address]
    assert secrets
    for said in (json.dumps({"message": f"no {address} {secrets[0]}"}), f"<p>{address}"):
        desk.answer(Reply(403, said.encode()))
        error = await desk.fault()
        encoded = [base64.b64encode(f"user:{secret}".encode()).decode() for secret in secrets]
        shown = f"{error} {error!r} {error.__cause__!r} {desk.channel!r} {caplog.text}"
        assert not [secret for secret in (*secrets, *encoded) if secret in shown], error


@one_service
async def test_another_attempt_begins_where_the_last_one_broke_off(desk: Desk) -> None:
    delivery = desk.delivery(samples.flood(40, 6))
    desk.answer(Reply(200, b"{}"), Reply(200, b"{}"), Reply(503))
    await desk.fault(delivery)
    desk.answer(Reply(200, b"{}"))
    await desk.channel.send(delivery, samples.AT)
    keys = [request.headers["idempotency-key"] for request in desk.server.asked("/")]
    assert keys[:4] == [f"{samples.KEY}:{number}" for number in (1, 2, 3, 3)]
    assert len(set(keys)) == len(keys) - 1


@one_service
async def test_an_answer_that_comes_too_late_is_asked_for_again(desk: Desk) -> None:
    desk.answer(Reply(200, b"{}", latency=0.5))
    desk.channel._timeout = 0.2
    error = await desk.fault()
    assert error.fault is TEMPORARY


@one_service
async def test_a_name_rings_no_bell(desk: Desk) -> None:
    story = samples.replace(samples.tumen(), headline="Ask @everyone <!channel> now", headline_marks=())
    await desk.channel.send(desk.delivery(samples.replace(samples.digest(), stories=(story,))), samples.AT)
    whole = "".join(desk.texts())
    assert "@everyone" not in whole
    assert "<!channel>" not in whole
    assert "everyone" in whole


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]", "169.254.169.254"])
async def test_an_address_inside_is_refused_unless_it_is_allowed(host: str) -> None:
    with HttpServer() as server:
        server.script("/", Reply(200, b"{}"))
        channel = AppriseChannel({"desk": f"ntfy://{host}:{server.port}/topic"}.get, pace=0)
        target = Target("apprise", "desk")
        (message,) = DigestRenderer().render(samples.digest(), target)
        with pytest.raises(DeliveryError) as caught:
            await channel.send(samples.delivery(target, message), samples.AT)
        await channel.aclose()
        assert server.requests == []
    assert caught.value.fault is CONFIGURATION, caught.value


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        (None, "set MONITOR_APPRISE_MY_DESK"),
        ("nosuch://host/a", "can't use this address"),
        ("discord://only-one-part", "can't use this address"),
        ("ntfy://127.0.0.1/one/two", "names 2 recipients"),
        ("mailto://user:password@example.org", "another way than HTTP"),
        ("rsyslog://127.0.0.1", "another way than HTTP"),
        ("discord://1/2?template=/etc/passwd", "names a template"),
    ],
)
async def test_an_address_that_cant_be_used_says_why(url: str | None, complaint: str) -> None:
    channel = AppriseChannel(lambda name: url)
    with pytest.raises(DeliveryError, match=complaint) as caught:
        await channel.reach("my-desk")
    await channel.aclose()
    assert caught.value.fault is CONFIGURATION
    assert "password" not in str(caught.value)


async def test_what_can_be_looked_at_without_a_message_is() -> None:
    channel = AppriseChannel(lambda name: f"discord://{'1' * 18}/{WEBHOOK_TOKEN}")
    assert "Discord" in await channel.reach("desk")
    await channel.aclose()


@dataclass
class Limits:
    """A service as far as dividing looks at it."""

    body_maxlen: int
    title_maxlen: int
    overflow_amalgamate_title: bool = False
    body_max_line_count: int = 0

    def resolve_format(self, form: str) -> str:
        return form


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.text(min_size=1, max_size=3_000), st.integers(60, 900), st.sampled_from([0, 30, 250]))
def test_any_text_is_divided_within_the_limits_and_loses_nothing(
    subject: str, text: str, limit: int, titles: int
) -> None:
    pieces = divided(Limits(limit, titles), subject, text)
    assert all(len(body) <= limit and len(title) <= max(titles, 0) for title, body in pieces)
    counted = len(pieces) > 1
    titled = titles >= len(subject) + 16
    bodies = [body if titled or not counted else body.partition(" ")[2] for _, body in pieces]
    wanted = text if titled else subject + text
    assert "".join("".join(bodies).split()) == "".join(wanted.split())


def test_stories_stay_whole_where_they_fit() -> None:
    text = "\n\n".join(f"story {n}\nits second line" for n in range(6))
    assert cut(text, lambda piece: len(piece) <= 55) == ["\n\n".join(text.split("\n\n")[n : n + 2]) for n in (0, 2, 4)]
