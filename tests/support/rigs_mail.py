"""The email channel over a real SMTP server; see support.channel_rigs."""

import contextlib
from collections.abc import AsyncIterator

from support.rig import CONFIGURATION, PATIENCE, PERMANENT, TEMPORARY, Rig
from support.smtp import Certificate, SmtpServer

from monitor.adapters.deliver import EmailChannel
from monitor.core.model import Target

PASSWORD = "pass-word-7f3a"
SENDER = "News desk <desk@monitor.example>"
READER = "reader@newsroom.example"

EMAIL_FAULTS = {
    "450 for the recipient": TEMPORARY,
    "550 for the recipient": PERMANENT,
    "452 after the data": TEMPORARY,
    "554 after the data": PERMANENT,
    "451 for the sender": TEMPORARY,
    "553 for the sender": CONFIGURATION,
    "451 come back in 00:00:40": TEMPORARY,
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
            if "come back" in situation:
                server.data_answers = [situation]
            elif "recipient" in situation:
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

        def mend() -> None:
            server.hang_after_data = server.drop_after_data = False
            channel._patience = 5.0

        yield Rig(
            channel,
            Target("email", READER),
            arrived=lambda: [m.message.get_body(("plain",)).get_content() for m in server.messages],  # type: ignore[union-attr]
            keys=lambda: [str(m.message["X-Monitor-Key"]).strip() for m in server.messages],
            fail=fail,
            mend=mend,
            secrets=(PASSWORD,) if user else (),
        )
