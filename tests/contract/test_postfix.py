"""Mail through a real server, Postfix: it arrives as it was written, and every refusal means what it should."""

import asyncio
import contextlib
import email
import email.policy
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import cache
from pathlib import Path

import pytest
from support import samples
from support.command import monitor, said
from support.postfix import SENDER, Postfix, unavailable

from monitor.adapters.deliver import EmailChannel
from monitor.adapters.deliver.bounces import Bounce, read_bounces
from monitor.adapters.deliver.letter import build, sender_address
from monitor.adapters.deliver.render import DigestRenderer
from monitor.adapters.store import SqliteStore, open_store
from monitor.app.dispatch import Dispatcher
from monitor.core.model import Coverage, Delivery, Digest, Message, Target
from monitor.errors import DeliveryError, DeliveryFault

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable() or "-")

TEMPORARY, PERMANENT, CONFIGURATION = DeliveryFault
READER, TWO, THREE, LATE = (f"{name}@newsroom.example" for name in ("reader", "two", "three", "late"))


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    with Postfix() as server:
        yield server


@pytest.fixture
async def channel(postfix: Postfix) -> AsyncIterator[EmailChannel]:
    made = EmailChannel("127.0.0.1", postfix.port, sender=SENDER, security="none")
    async with contextlib.aclosing(made):
        yield made


@cache
def rendered() -> Message:
    return DigestRenderer().render(samples.digest(), Target("email", READER))[0]


def delivery(address: str = READER, key: str = samples.KEY, **body: object) -> Delivery:
    return samples.delivery(Target("email", address), Message("email", {**rendered().body, **body}), key=key)


def parsed(data: bytes) -> EmailMessage:
    """Strictly: a defect raises."""
    message = email.message_from_bytes(data, policy=email.policy.strict)
    assert isinstance(message, EmailMessage)
    return message


# --- what arrives -----------------------------------------------------------------------------------------


async def test_a_digest_arrives_byte_for_byte(postfix: Postfix, channel: EmailChannel) -> None:
    sent = delivery()
    receipt = await channel.send(sent, samples.AT)
    (data,) = postfix.mail(READER)
    written = build(sent, samples.AT, sender_address(SENDER))
    body = data.split(b"\n\n", 1)[1]
    as_written = written.as_bytes().replace(b"\r\n", b"\n").split(b"\n\n", 1)[1]
    boundary, again = (str(message.get_boundary()).encode() for message in (written, parsed(data)))
    assert body.rstrip() == as_written.replace(boundary, again).rstrip()
    for header in ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted", "X-Monitor-Key"):
        assert parsed(data)[header] == written[header], header
    assert "queued as" in receipt.reference


async def test_long_lines_threads_links_and_attachments_survive(postfix: Postfix, channel: EmailChannel) -> None:
    text, html = "Длинная строка без конца. " * 200, "<p>" + "很长的一行" * 500 + "</p>"
    link = "https://news.example.org/u/" + "c2lnbmVk" * 30
    sent = delivery(
        subject="Суд · 法院 · court — " * 12,
        text=text,
        html=html,
        unsubscribe=link,
        attachment={"name": "утро.html", "html": html * 9},
    )
    await channel.send(replace(sent, thread="flash/1"), samples.AT)
    (data,) = postfix.mail(READER)
    message = parsed(data)
    alternative, attached = message.iter_parts()
    first, second = alternative.iter_parts()
    assert first.get_content().strip() == text.strip()
    assert second.get_content().strip() == html
    assert (attached.get_filename(), attached.get_content().strip()) == ("утро.html", html * 9)
    assert message["Subject"] == ("Суд · 法院 · court — " * 12).strip()
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert message["In-Reply-To"] == message["References"] is not None


async def test_letters_of_every_script_left_of_the_at(postfix: Postfix, channel: EmailChannel) -> None:
    await channel.send(delivery("редакция@newsroom.example"), samples.AT)
    (data,) = postfix.mail("редакция@newsroom.example")
    read = email.message_from_bytes(data, policy=email.policy.SMTPUTF8)
    assert str(read["To"]) == "редакция@newsroom.example"


async def test_an_encrypted_line(postfix: Postfix) -> None:
    made = EmailChannel(
        "localhost", postfix.port, sender=SENDER, security="starttls", tls=postfix.certificate.trusting()
    )
    async with contextlib.aclosing(made):
        await made.send(delivery(), samples.AT)
    (data,) = postfix.mail(READER)
    assert b"with ESMTPS" in data


async def test_a_server_that_takes_four_connections_takes_forty_messages_at_once(
    postfix: Postfix, channel: EmailChannel
) -> None:
    await asyncio.gather(*(channel.send(delivery(key=f"key-{n}"), samples.AT) for n in range(40)))
    arrived = {str(parsed(data)["X-Monitor-Key"]) for data in postfix.mail(READER, 40)}
    assert arrived == {f"key-{n}" for n in range(40)}


# --- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "fault", "told"),
    [
        ("450 4.2.0 mailbox busy", TEMPORARY, "450 4.2.0"),
        ("421 4.3.2 going down", TEMPORARY, "421 4.3.2"),
        ("550 5.1.1 no such user", PERMANENT, "check the address"),
        ("550 5.2.1 mailbox disabled", PERMANENT, "5.2.1"),
        ("552 5.2.2 over quota", TEMPORARY, "the mailbox is full"),
        ("554 5.7.1 not from you", CONFIGURATION, "ask whoever runs it"),
    ],
)
async def test_a_refusal_says_what_to_do(
    postfix: Postfix, channel: EmailChannel, verdict: str, fault: DeliveryFault, told: str
) -> None:
    postfix.verdicts[TWO] = [verdict]
    with pytest.raises(DeliveryError) as caught:
        await channel.send(delivery(TWO), samples.AT)
    assert caught.value.fault is fault
    assert told in str(caught.value)
    await channel.send(delivery(TWO), samples.AT)
    assert len(postfix.mail(TWO)) == 1, "the next attempt is a session like any other"


@pytest.mark.parametrize(
    ("address", "fault"), [("nobody@newsroom.example", PERMANENT), ("reader@elsewhere.example", CONFIGURATION)]
)
async def test_who_is_unknown_and_where_it_may_not_send(
    channel: EmailChannel, address: str, fault: DeliveryFault
) -> None:
    with pytest.raises(DeliveryError) as caught:
        await channel.send(delivery(address), samples.AT)
    assert caught.value.fault is fault


# --- the whole way: outbox, dispatcher, server ------------------------------------------------------------


@dataclass
class Present:
    at: datetime = field(default=samples.AT)

    def now(self) -> datetime:
        return self.at


@dataclass
class Office:
    store: SqliteStore
    dispatcher: Dispatcher
    clock: Present

    def queue(self, *addresses: str) -> None:
        digest = Digest("morning", "Morning", self.clock.at, None, "UTC", "News", (), (), Coverage())
        made = [
            replace(delivery(address, key=f"morning@{self.clock.at:%d%H%M}:{address}"), created_at=self.clock.at)
            for address in addresses
        ]
        self.store.digests.close(digest, (), made, self.clock.at)

    async def later(self, span: timedelta) -> None:
        self.clock.at += span
        await self.dispatcher.send_due()

    def states(self) -> dict[str, str]:
        return {str(row["address"]): str(row["state"]) for row in self.store.query_outbox(limit=-1)}


def office_at(path: Path, channel: EmailChannel, desk: ThreadPoolExecutor) -> Office:
    store, clock = open_store(path), Present()
    dispatcher = Dispatcher(
        store=store,
        channels={"email": channel},
        desk=desk,
        clock=clock,
        chance=lambda: 0.0,
        settings_hint=lambda name: name,
    )
    return Office(store, dispatcher, clock)


@pytest.fixture
def office(tmp_path: Path, channel: EmailChannel) -> Iterator[Office]:
    with ThreadPoolExecutor(1) as desk:
        made = office_at(tmp_path / "monitor.db", channel, desk)
        yield made
        made.store.close()


async def test_greylisting_delays_one_reader_and_nobody_else(postfix: Postfix, office: Office) -> None:
    postfix.verdicts[TWO] = ["450 4.7.1 Greylisted, please come back in 00:05:00"] * 2
    office.queue(READER, TWO, THREE)
    await office.dispatcher.send_due()
    assert office.states() == {READER: "sent", TWO: "queued", THREE: "sent"}
    await office.later(timedelta(minutes=4, seconds=59))
    assert len(postfix.verdicts[TWO]) == 1, "not before the time it named"
    await office.later(timedelta(seconds=2))
    assert postfix.verdicts[TWO] == []
    await office.later(timedelta(minutes=6))
    assert set(office.states().values()) == {"sent"}
    assert [len(postfix.mail(address)) for address in (READER, TWO, THREE)] == [1, 1, 1]


async def test_an_unknown_reader_is_parked_and_listed_and_the_others_get_theirs_once(
    postfix: Postfix, office: Office
) -> None:
    office.queue(READER, "nobody@newsroom.example", THREE)
    await office.dispatcher.send_due()
    await office.later(timedelta(days=2))
    assert office.states() == {READER: "sent", "nobody@newsroom.example": "parked", THREE: "sent"}
    (refusal,) = office.store.outbox.refusals()
    assert (refusal.target.address, refusal.times) == ("nobody@newsroom.example", 1)
    assert "User unknown" in refusal.reason
    assert [len(postfix.mail(address)) for address in (READER, THREE)] == [1, 1]


async def test_a_line_cut_after_the_data_repeats_only_that_message_under_its_id(
    postfix: Postfix, tmp_path: Path
) -> None:
    async with Cutter(postfix.port) as cutter:
        channel = EmailChannel("127.0.0.1", cutter.port, sender=SENDER, security="none")
        with ThreadPoolExecutor(1) as desk:
            office = office_at(tmp_path / "monitor.db", channel, desk)
            office.queue(READER, TWO, THREE)
            cutter.cut = TWO.encode()
            await office.dispatcher.send_due()
            assert office.states() == {READER: "sent", TWO: "queued", THREE: "sent"}
            cutter.cut = b""
            await office.later(timedelta(minutes=1))
            assert set(office.states().values()) == {"sent"}
            await channel.aclose()
            office.store.close()
    assert len(postfix.mail(READER)) == len(postfix.mail(THREE)) == 1
    twice = [str(parsed(data)["Message-ID"]) for data in postfix.mail(TWO, 2)]
    assert len(set(twice)) == 1


async def test_what_comes_back_later_is_recorded_by_its_key(postfix: Postfix, office: Office, tmp_path: Path) -> None:
    office.queue(LATE)
    await office.dispatcher.send_due()
    assert office.states() == {LATE: "sent"}
    (report,) = postfix.mail(SENDER)
    (row,) = office.store.query_outbox()
    assert read_bounces(report) == [Bounce(str(row["key"]), LATE, "5.1.1 X-Postfix; the user has moved")]
    done = await asyncio.to_thread(monitor, "bounces", "--db", tmp_path / "monitor.db", cwd=tmp_path, stdin=report)
    assert said(done) == f"{LATE}: 5.1.1 X-Postfix; the user has moved\n"
    (refusal,) = office.store.outbox.refusals()
    assert (refusal.target.address, refusal.reason) == (LATE, "came back: 5.1.1 X-Postfix; the user has moved")
    shown = await asyncio.to_thread(monitor, "outbox", "--refused", "--db", tmp_path / "monitor.db", cwd=tmp_path)
    assert LATE in said(shown)


class Cutter:
    """Stands between client and server, and cuts the line when the server answers to a message for `cut`."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self.cut = b""
        self.port = 0

    async def __aenter__(self) -> "Cutter":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", self._server_port)
        said: list[bytes] = []

        async def outwards() -> None:
            while data := await reader.read(65536):
                said.append(data)
                ours.write(data)
            ours.close()

        async def inwards() -> None:
            while data := await theirs.read(65536):
                whole = b"".join(said)
                if whole.endswith(b"\r\n.\r\n") and self.cut and b"RCPT TO:<" + self.cut in whole:
                    break
                if whole.endswith(b"\r\n.\r\n"):
                    said.clear()
                writer.write(data)
            writer.close()
            ours.close()

        with contextlib.suppress(OSError):
            await asyncio.gather(outwards(), inwards())
