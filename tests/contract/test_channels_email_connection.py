"""How connections to a mail server are used, and which failures of them mean what."""

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from support import samples
from support.letters import SENDER, delivery
from support.smtp import Certificate, SmtpServer, certificate

from monitor.adapters.deliver import EmailChannel, smtp_sessions
from monitor.core.model import Delivery, Target
from monitor.errors import DeliveryError, DeliveryFault


@pytest.fixture(scope="session")
def localhost(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("certificate"))


def to(n: int) -> Delivery:
    return delivery(target=Target("email", f"reader-{n}@newsroom.example"), key=f"key-{n}")


async def until(true: Callable[[], bool]) -> None:
    """The server is a thread of its own."""
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_many_messages_share_few_connections(localhost: Certificate) -> None:
    with SmtpServer(security="starttls", user="desk", password="x", certificate=localhost) as server:
        channel = EmailChannel(
            "localhost", server.port, sender=SENDER, username="desk", password="x", tls=localhost.trusting()
        )
        async with contextlib.aclosing(channel):
            receipts = await asyncio.gather(*(channel.send(to(n), samples.AT) for n in range(30)))
            assert server.connections <= 4
            assert server.most_open <= 4
        assert [receipt.key for receipt in receipts] == [f"key-{n}" for n in range(30)]
        assert {m.recipients for m in server.messages} == {(f"reader-{n}@newsroom.example",) for n in range(30)}
        assert {m.user for m in server.messages} == {"desk"}


async def test_of_many_messages_at_once_each_gets_its_own_answer() -> None:
    with SmtpServer() as server:
        server.refuse = {
            "reader-3@newsroom.example": "550 5.1.1 unknown",
            "reader-5@newsroom.example": "450 4.2.0 later",
        }
        server.cut = {"reader-9@newsroom.example"}
        channel = EmailChannel("localhost", server.port, sender=SENDER, security="none")
        async with contextlib.aclosing(channel):
            answers = await asyncio.gather(
                *(channel.send(to(n), samples.AT) for n in range(20)), return_exceptions=True
            )
        failed = {n: answer.fault.value for n, answer in enumerate(answers) if isinstance(answer, DeliveryError)}
        assert failed == {3: "permanent", 5: "temporary", 9: "temporary"}
        arrived = sorted(int(re.sub(r"\D", "", m.recipients[0])) for m in server.messages)
        assert arrived == [n for n in range(20) if n not in {3, 5}], "9 was taken, its answer lost"


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced_unseen() -> None:
    with SmtpServer() as server:
        port = server.port
        channel = EmailChannel("localhost", port, sender=SENDER, security="none")
        async with contextlib.aclosing(channel):
            await channel.send(to(1), samples.AT)
            server.hang_up()
            await channel.send(to(2), samples.AT)
            assert server.connections == 2
            assert len(server.messages) == 2


async def test_goodbye_is_said_when_nothing_more_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_sessions, "IDLE", 0.05)
    with SmtpServer() as server:
        channel = EmailChannel("localhost", server.port, sender=SENDER, security="none")
        await channel.send(to(1), samples.AT)
        await until(lambda: not server.open)
        await channel.send(to(2), samples.AT)
        await channel.aclose()
        assert (server.connections, len(server.messages)) == (2, 2)


async def test_a_send_that_is_given_up_frees_its_place_and_is_not_reused() -> None:
    with SmtpServer() as server:
        server.hang_after_data = True
        channel = EmailChannel("localhost", server.port, sender=SENDER, security="none")
        async with contextlib.aclosing(channel):
            hanging = [asyncio.create_task(channel.send(to(n), samples.AT)) for n in range(4)]
            await until(lambda: len(server.messages) == 4)
            for task in hanging:
                task.cancel()
            await asyncio.wait(hanging)
            server.hang_after_data = False
            await channel.send(to(9), samples.AT)
        assert server.connections == 5


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_protected_server_gets_the_login_and_the_message(security: str, localhost: Certificate) -> None:
    with SmtpServer(security=security, user="desk", password="pässwörd", certificate=localhost) as server:
        channel = EmailChannel(
            "localhost",
            server.port,
            sender=SENDER,
            security=security,
            username="desk",
            password="pässwörd",
            tls=localhost.trusting(),
        )
        await channel.send(delivery(), samples.AT)
        assert [message.user for message in server.messages] == ["desk"]


async def test_one_refused_recipient_does_not_touch_the_others() -> None:
    with SmtpServer() as server:
        server.refuse["gone@newsroom.example"] = "550 5.1.1 no such user"
        channel = EmailChannel("localhost", server.port, sender=SENDER, security="none")
        outcomes = []
        for name in ("one", "gone", "two"):
            try:
                await channel.send(delivery(target=Target("email", f"{name}@newsroom.example")), samples.AT)
                outcomes.append("sent")
            except DeliveryError as error:
                outcomes.append(error.fault.value)
        assert outcomes == ["sent", "permanent", "sent"]
        assert [message.recipients[0] for message in server.messages] == [
            "one@newsroom.example",
            "two@newsroom.example",
        ]


async def failure(channel: EmailChannel) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await channel.send(delivery(), samples.AT)
    return caught.value


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_nobody_vouches_for_needs_a_person(security: str, localhost: Certificate) -> None:
    with SmtpServer(security=security, certificate=localhost) as server:
        error = await failure(EmailChannel("localhost", server.port, sender=SENDER, security=security))
        assert error.fault is DeliveryFault.CONFIGURATION
        assert "certificate" in str(error)
        assert server.messages == []


async def test_a_certificate_of_another_name_needs_a_person(tmp_path: Path) -> None:
    other = certificate(tmp_path, "DNS:other.example")
    with SmtpServer(security="starttls", certificate=other) as server:
        error = await failure(EmailChannel("localhost", server.port, sender=SENDER, tls=other.trusting()))
        assert error.fault is DeliveryFault.CONFIGURATION


async def test_nothing_is_sent_in_clear_to_a_server_without_starttls() -> None:
    with SmtpServer() as server:
        error = await failure(EmailChannel("localhost", server.port, sender=SENDER, security="starttls"))
        assert error.fault is DeliveryFault.CONFIGURATION
        assert "security" in str(error)
        assert server.messages == []


async def test_tls_spoken_to_a_server_in_clear_needs_a_person() -> None:
    with SmtpServer() as server:
        error = await failure(EmailChannel("localhost", server.port, sender=SENDER, security="tls"))
        assert error.fault is DeliveryFault.CONFIGURATION


async def test_a_login_where_the_server_offers_none_needs_a_person() -> None:
    with SmtpServer() as server:
        channel = EmailChannel(
            "localhost", server.port, sender=SENDER, security="none", username="desk", password="secret-1"
        )
        error = await failure(channel)
        assert error.fault is DeliveryFault.CONFIGURATION


async def test_a_missing_login_needs_a_person(localhost: Certificate) -> None:
    with SmtpServer(security="starttls", user="desk", password="x", certificate=localhost) as server:
        channel = EmailChannel("localhost", server.port, sender=SENDER, tls=localhost.trusting())
        assert (await failure(channel)).fault is DeliveryFault.CONFIGURATION


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    with socket.socket() as taken:  # bound, not listening: refuses
        taken.bind(("127.0.0.1", 0))
        error = await failure(EmailChannel("127.0.0.1", taken.getsockname()[1], sender=SENDER))
        assert error.fault is DeliveryFault.TEMPORARY
        assert "127.0.0.1" in str(error)


async def test_a_server_that_never_speaks_is_tried_again() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        error = await failure(EmailChannel("127.0.0.1", port, sender=SENDER, timeout=0.2))
        assert error.fault is DeliveryFault.TEMPORARY
        assert "in time" in str(error)
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    ("disturb", "reason"),
    [
        (lambda server: setattr(server, "drop_after_data", True), "connection lost before the answer"),
        (lambda server: setattr(server, "hang_after_data", True), "no answer in time"),
    ],
)
async def test_a_message_accepted_without_an_answer_is_sent_again_under_its_id(
    disturb: Callable[[SmtpServer], None], reason: str
) -> None:
    with SmtpServer() as server:
        disturb(server)
        channel = EmailChannel("localhost", server.port, sender=SENDER, security="none", patience=0.3)
        for _ in range(2):
            assert (await failure(channel)).fault is DeliveryFault.TEMPORARY, reason
        assert len({message.message["Message-ID"] for message in server.messages}) == 1
        assert len(server.messages) == 2


async def test_reaching_the_server_sends_nothing(localhost: Certificate) -> None:
    with SmtpServer(security="starttls", user="desk", password="right", certificate=localhost) as server:
        for password, outcome in (("right", "logged in as desk"), ("wrong", "(configuration)")):
            channel = EmailChannel(
                "localhost", server.port, sender=SENDER, username="desk", password=password, tls=localhost.trusting()
            )
            try:
                told = await channel.reach()
            except DeliveryError as error:
                told = f"{error} ({error.fault})"
            assert outcome in told
        assert server.messages == []


async def test_an_own_authority_is_trusted_through_the_environment(
    localhost: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(localhost.certificate))
    with SmtpServer(security="starttls", certificate=localhost) as server:
        await EmailChannel("localhost", server.port, sender=SENDER).send(delivery(), samples.AT)
        assert len(server.messages) == 1
