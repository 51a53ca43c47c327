"""Digests as email, ready to be sent to a server of ours."""

from dataclasses import replace
from datetime import datetime
from functools import cache

from support import samples
from support.smtp import Received, SmtpServer

from monitor.adapters.deliver import EmailChannel
from monitor.adapters.deliver.render import DigestRenderer
from monitor.core.model import Delivery, Message, Target

SENDER = "News desk <desk@monitor.example>"
READER = Target("email", "reader@newsroom.example")


@cache
def digest_message() -> Message:
    return DigestRenderer().render(samples.digest(), READER)[0]


def delivery(target: Target = READER, **changes: object) -> Delivery:
    return replace(samples.delivery(target, digest_message()), **changes)  # type: ignore[arg-type]


def with_body(**body: str) -> Delivery:
    return delivery(message=Message("email", {"subject": "News", "text": "text", "html": "<p>html</p>"} | body))


async def received(sent: Delivery, at: datetime = samples.AT) -> Received:
    with SmtpServer() as server:
        await EmailChannel("localhost", server.port, sender=SENDER, security="none").send(sent, at)
        return server.messages[0]
