"""Every channel with its other side, in one shape, so that one suite of promises can hold them all to account.

A rig knows how to make the other side fail. `faults` maps a situation to what the channel must call it.
"""

import contextlib
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import samples
from support.http_server import Reply
from support.slack_server import SlackServer, answer
from support.smtp import Certificate, SmtpServer

from monitor.adapters.deliver import ConsoleChannel, EmailChannel, FileChannel, SlackChannel
from monitor.adapters.deliver.render import DigestRenderer
from monitor.app.ports import Channel
from monitor.core.model import Delivery, Target
from monitor.errors import DeliveryError, DeliveryFault
from monitor.testing import MemoryChannel

TEMPORARY, PERMANENT, CONFIGURATION = DeliveryFault
PASSWORD = "pass-word-7f3a"
TOKEN = "xoxb-1234-secret"
SENDER = "News desk <desk@monitor.example>"
READER = "reader@newsroom.example"
PATIENCE = 0.3  # seconds a channel waits for an answer in tests of silence


@dataclass
class Rig:
    """A channel and what arrived at its other side. `fail(situation)` arranges the next failure."""

    channel: Channel
    target: Target
    arrived: Callable[[], list[str]]  # the texts that a reader can see
    keys: Callable[[], list[str]]  # the keys as the other side can see them
    fail: Callable[[str], None]
    secrets: tuple[str, ...] = ()
    cleanup: list[Callable[[], Any]] = field(default_factory=list)

    def delivery(self, **changes: Any) -> Delivery:
        """A delivery of the sample digest."""
        message = DigestRenderer().render(samples.digest(), self.target)[0]
        return samples.delivery(self.target, changes.pop("message", message), **changes)


# --- email ------------------------------------------------------------------------------------------------

EMAIL_FAULTS = {
    "450 for the recipient": TEMPORARY,
    "550 for the recipient": PERMANENT,
    "452 after the data": TEMPORARY,
    "554 after the data": PERMANENT,
    "451 for the sender": TEMPORARY,
    "553 for the sender": CONFIGURATION,
    "silence after the data": TEMPORARY,
    "connection lost after the data": TEMPORARY,
}
LOGIN_FAULTS = {"535 for the password": CONFIGURATION, "454 for the password": TEMPORARY}


@contextlib.asynccontextmanager
async def email(security: str, certificate: Certificate) -> AsyncIterator[Rig]:
    """The email channel over a real SMTP server; with a login unless the line is unprotected."""
    user = "" if security == "none" else "desk"
    given = None if security == "none" else certificate
    with SmtpServer(security=security, user=user, password=PASSWORD, certificate=given) as server:
        channel = EmailChannel(
            "localhost",
            server.port,
            sender=SENDER,
            security=security,
            username=user,
            password=PASSWORD if user else None,
            timeout=5.0,
            tls=certificate.trusting(),
        )

        def fail(situation: str) -> None:
            code = situation[:3]
            if "recipient" in situation:
                server.refuse[READER] = f"{code} because the test says so {PASSWORD}"
            elif "password" in situation:
                server.auth_answer = f"{code} 5.7.8 no: {PASSWORD}"
            elif "sender" in situation:
                server.refuse_sender = f"{code} because the test says so"
            elif "silence" in situation:
                server.hang_after_data = True
                channel._patience = PATIENCE
            elif "lost" in situation:
                server.drop_after_data = True
            else:
                server.data_answers = [f"{code} because the test says so"]

        yield Rig(
            channel,
            Target("email", READER),
            arrived=lambda: [m.message.get_body(("plain",)).get_content() for m in server.messages],  # type: ignore[union-attr]
            keys=lambda: [str(m.message["X-Monitor-Key"]) for m in server.messages],
            fail=fail,
            secrets=(PASSWORD,) if user else (),
        )


# --- Slack ------------------------------------------------------------------------------------------------

SLACK_FAULTS = {
    "429": TEMPORARY,
    "500": TEMPORARY,
    "503": TEMPORARY,
    "302": CONFIGURATION,
    "web page": CONFIGURATION,
    "silence": TEMPORARY,
}
WEBHOOK_FAULTS = {
    "400 invalid_payload": PERMANENT,
    "400 invalid_blocks": PERMANENT,
    "403 action_prohibited": CONFIGURATION,
    "404 no_service": CONFIGURATION,
    "404 channel_not_found": CONFIGURATION,
    "410 channel_is_archived": CONFIGURATION,
}
TOKEN_FAULTS = {
    "200 ratelimited": TEMPORARY,
    "200 internal_error": TEMPORARY,
    "200 invalid_blocks": PERMANENT,
    "200 msg_too_long": PERMANENT,
    "200 invalid_auth": CONFIGURATION,
    "200 token_revoked": CONFIGURATION,
    "200 not_in_channel": CONFIGURATION,
    "200 an_error_of_next_year": CONFIGURATION,
}


@contextlib.asynccontextmanager
async def slack(mode: str) -> AsyncIterator[Rig]:
    """The Slack channel over a local Slack; `mode` is webhook or token."""
    with SlackServer(token=TOKEN) as server:
        channel = SlackChannel(
            token=TOKEN,
            webhook=lambda address: server.webhook if mode == "webhook" else None,
            api_url=server.api,
            timeout=PATIENCE,
            pace=0,
        )

        def fail(situation: str) -> None:
            code, _, error = situation.partition(" ")
            if situation == "silence":
                server.next(Reply(200, b"ok", latency=PATIENCE * 3))
            elif situation == "web page":
                server.next(Reply(200, b"<!doctype html><title>Log in</title>", {"Content-Type": "text/html"}))
            elif situation == "302":
                server.next(Reply(302, headers={"Location": server.webhook}))
            elif code == "200":
                server.next(answer({"ok": False, "error": error}))
            else:
                server.next(
                    Reply(
                        int(code), f"{error} {server.webhook} {TOKEN}".strip().encode() if not error else error.encode()
                    )
                )

        yield Rig(
            channel,
            Target("slack", "#russia-china"),
            arrived=lambda: [json.dumps(m.blocks, ensure_ascii=False) for m in server.messages],
            keys=lambda: [m.blocks[0]["block_id"] for m in server.messages],
            fail=fail,
            secrets=(TOKEN, server.webhook, "webhook-secret"),
        )
        await channel.aclose()


# --- here -------------------------------------------------------------------------------------------------

FILE_FAULTS = {"a file in the way": CONFIGURATION}
CONSOLE_FAULTS = {"closed": TEMPORARY}
MEMORY_FAULTS = {"temporary": TEMPORARY, "permanent": PERMANENT, "configuration": CONFIGURATION}


@contextlib.asynccontextmanager
async def file(directory: Path) -> AsyncIterator[Rig]:
    """The file channel in an empty directory."""

    def fail(situation: str) -> None:
        (directory / "out").write_text("in the way")

    def texts() -> list[Path]:
        return sorted((directory / "out").glob("*.txt"))

    yield Rig(
        FileChannel(directory),
        Target("file", "out"),
        arrived=lambda: [path.read_text("utf-8") for path in texts()],
        keys=lambda: [samples.KEY for path in texts() if path.name == "morning-20261123-230000Z.txt"],
        fail=fail,
    )


@contextlib.asynccontextmanager
async def console() -> AsyncIterator[Rig]:
    """The console channel on a stream in memory. It has no other side that could see a key."""
    stream = io.StringIO()
    yield Rig(
        ConsoleChannel(stream),
        Target("console", ""),
        arrived=lambda: [stream.getvalue()] if stream.getvalue() else [],
        keys=lambda: [samples.KEY] if stream.getvalue() else [],
        fail=lambda situation: stream.close(),
    )


@contextlib.asynccontextmanager
async def memory() -> AsyncIterator[Rig]:
    """The channel for tests, held to the same promises."""
    channel = MemoryChannel()
    yield Rig(
        channel,
        Target("memory", "desk"),
        arrived=lambda: [str(delivery.message.body["text"]) for delivery in channel.sent],
        keys=lambda: channel.keys,
        fail=lambda situation: channel.script.append(DeliveryError("as told", DeliveryFault(situation))),
    )


FAULTS: dict[str, dict[str, DeliveryFault]] = {
    "email-none": EMAIL_FAULTS,
    "email-starttls": EMAIL_FAULTS | LOGIN_FAULTS,
    "email-tls": EMAIL_FAULTS | LOGIN_FAULTS,
    "slack-webhook": SLACK_FAULTS | WEBHOOK_FAULTS,
    "slack-token": SLACK_FAULTS | TOKEN_FAULTS,
    "file": FILE_FAULTS,
    "console": CONSOLE_FAULTS,
    "memory": MEMORY_FAULTS,
}


def rig(name: str, directory: Path, certificate: Certificate) -> contextlib.AbstractAsyncContextManager[Rig]:
    """One of FAULTS's channels with its other side."""
    kind, _, mode = name.partition("-")
    makers: dict[str, Callable[[], contextlib.AbstractAsyncContextManager[Rig]]] = {
        "email": lambda: email(mode, certificate),
        "slack": lambda: slack(mode),
        "file": lambda: file(directory),
        "console": console,
        "memory": memory,
    }
    return makers[kind]()
