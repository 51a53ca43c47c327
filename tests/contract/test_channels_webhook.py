"""Webhooks: what is posted, what signs it, and how answers are understood."""

import base64
import hashlib
import hmac
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft7Validator
from support import samples
from support.http_server import HttpServer, Reply, Request, redirect

from monitor.adapters.deliver import Receiver, WebhookChannel
from monitor.adapters.deliver.render import DigestRenderer
from monitor.adapters.deliver.webhook import signed
from monitor.adapters.net import BoundedTransport, GuardedTransport
from monitor.core.addresses import LOOPBACK
from monitor.core.digestschema import digest_schema
from monitor.core.model import Delivery, Target
from monitor.errors import DeliveryError, DeliveryFault

DOCS = Path(__file__).parents[2] / "docs"
SECRET = "whsec_" + base64.b64encode(b"a secret of more than 24 bytes").decode()
OLDER = "whsec_" + base64.b64encode(b"an older one that is on its way out").decode()
TEMPORARY, PERMANENT, CONFIGURATION = DeliveryFault


def delivery(name: str = "desk", **changes: Any) -> Delivery:
    target = Target("webhook", name)
    return samples.delivery(target, DigestRenderer().render(samples.digest(), target)[0], **changes)


def channel(server: HttpServer, *secrets: str, path: str = "/in", allowed: Any = LOOPBACK) -> WebhookChannel:
    receiver = Receiver(server.url(path), secrets or (SECRET,))
    transport = BoundedTransport(GuardedTransport(allowed))
    return WebhookChannel({"desk": receiver}.get, timeout=1, transport=transport)


async def sent(server: HttpServer, *secrets: str) -> Request:
    server.script("/in", Reply(204))
    way = channel(server, *secrets)
    receipt = await way.send(delivery(), samples.AT)
    await way.aclose()
    assert receipt.reference == "204"
    return server.requests[-1]


async def test_the_digest_arrives_as_the_schema_says_with_its_key() -> None:
    with HttpServer() as server:
        request = await sent(server)
    body = json.loads(request.body)
    assert not list(Draft7Validator(digest_schema()).iter_errors(body))
    assert [story["headline"] for story in body["stories"]] == [story.headline for story in samples.digest().stories]
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["idempotency-key"] == request.headers["webhook-id"] == samples.KEY
    assert request.headers["webhook-timestamp"] == str(int(samples.AT.timestamp()))


async def test_each_secret_signs_so_that_one_can_give_way_to_another() -> None:
    with HttpServer() as server:
        request = await sent(server, SECRET, OLDER)
    content = f"{samples.KEY}.{request.headers['webhook-timestamp']}.".encode() + request.body
    expected = [
        "v1," + base64.b64encode(hmac.digest(base64.b64decode(secret[6:]), content, hashlib.sha256)).decode()
        for secret in (SECRET, OLDER)
    ]
    assert request.headers["webhook-signature"].split(" ") == expected


def test_the_signature_is_that_of_the_specifications_own_libraries() -> None:
    """The example that the reference libraries of Standard Webhooks are tested with."""
    headers = signed(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        samples.datetime.fromtimestamp(1614265330, samples.UTC),
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_the_example_in_the_manual_takes_what_is_ours_and_nothing_else() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (DOCS / "webhooks.md").read_text("utf-8"), re.DOTALL)
    room: dict[str, Any] = {}
    exec(example, room)
    verified = room["verified"]
    with HttpServer() as server:
        request = await sent(server)
    now = samples.AT.timestamp()
    assert verified(request.headers, request.body, SECRET, now + 200)
    assert not verified(request.headers, request.body, OLDER, now), "another secret"
    assert not verified(request.headers, request.body + b" ", SECRET, now), "another body"
    assert not verified(request.headers, request.body, SECRET, now + 301), "an old message sent once more"
    for name in ("webhook-id", "webhook-timestamp"):
        forged = {**request.headers, name: request.headers[name] + "1"}
        assert not verified(forged, request.body, SECRET, now), name


@pytest.mark.parametrize(
    ("reply", "fault", "wait"),
    [
        (Reply(429, b"", {"Retry-After": "90"}), TEMPORARY, 90),
        (Reply(503, b"", {"Retry-After": "Tue, 24 Nov 2026 00:00:00 GMT"}), TEMPORARY, 3600),
        (Reply(500), TEMPORARY, None),
        (Reply(408), TEMPORARY, None),
        (Reply(409), TEMPORARY, None),
        (Reply(425), TEMPORARY, None),
        (Reply(400, b"no such field"), PERMANENT, None),
        (Reply(413), PERMANENT, None),
        (Reply(422), PERMANENT, None),
        (Reply(401), CONFIGURATION, None),
        (Reply(403), CONFIGURATION, None),
        (Reply(404), CONFIGURATION, None),
        (Reply(410), CONFIGURATION, None),
        (Reply(418), CONFIGURATION, None),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), TEMPORARY, None),
        (Reply(200, b"x" * 300_000), TEMPORARY, None),
    ],
    ids=lambda one: str(getattr(one, "status", one)),
)
async def test_every_answer_says_whether_to_try_again(reply: Reply, fault: DeliveryFault, wait: int | None) -> None:
    with HttpServer() as server:
        server.script("/in", reply)
        way = channel(server)
        with pytest.raises(DeliveryError) as caught:
            await way.send(delivery(), samples.AT)
        await way.aclose()
    assert caught.value.fault is fault, caught.value
    assert caught.value.retry_after == (timedelta(seconds=wait) if wait else None)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_no_redirect_is_followed_with_the_news(status: int) -> None:
    with HttpServer() as server:
        server.script("/in", redirect(server.script("/elsewhere", Reply(200)), status))
        way = channel(server)
        with pytest.raises(DeliveryError, match="redirects are not followed") as caught:
            await way.send(delivery(), samples.AT)
        await way.aclose()
        assert server.asked("/elsewhere") == []
    assert caught.value.fault is CONFIGURATION


async def test_an_address_inside_is_refused_unless_it_is_allowed() -> None:
    with HttpServer() as server:
        server.script("/in", Reply(200))
        way = channel(server, allowed=())
        with pytest.raises(DeliveryError, match="MONITOR_ALLOW_NETWORKS") as caught:
            await way.send(delivery(), samples.AT)
        await way.aclose()
        assert server.requests == []
    assert caught.value.fault is CONFIGURATION


async def test_a_name_without_an_address_says_what_to_set() -> None:
    way = WebhookChannel({}.get, transport=httpx.MockTransport(lambda request: httpx.Response(200)))
    with pytest.raises(DeliveryError, match="set MONITOR_WEBHOOK_MY_DESK and MONITOR_WEBHOOK_MY_DESK_SECRET"):
        await way.send(delivery("my-desk"), samples.AT)
    await way.aclose()


async def test_whether_somebody_answers_is_asked_without_a_message() -> None:
    with HttpServer() as server:
        server.script("/in", Reply(405))
        way = channel(server)
        assert "405" in await way.reach("desk")
        await way.aclose()
        assert [(request.method, request.body) for request in server.requests] == [("HEAD", b"")]
