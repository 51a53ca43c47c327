"""The channel `email:ADDRESS`: one message to one recipient by SMTP. Retrying and counting are the outbox's."""

import ssl
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

import aiosmtplib

from monitor.core.model import Delivery, Receipt
from monitor.errors import DeliveryError

from .letter import build, recipient, sender_address
from .secrets import scrub
from .smtp_answers import judge
from .smtp_sessions import Sessions

# A server may look long at a message before it takes it: RFC 5321 4.5.3.2 asks for minutes. One that is given up too
# early takes it all the same, and then gets it twice.
PATIENCE = 300.0


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"  # begins in clear, and is refused unless the server then encrypts; usually port 587
    TLS = "tls"  # encrypted from the first byte; usually port 465
    NONE = "none"  # for a server on the same machine


class EmailChannel:
    """Sends through one SMTP server. `sender` is `desk@example.org` or `News desk <desk@example.org>`.

    `tls` replaces the system's trust, e.g. for an own certificate authority. `timeout` and `patience` are in seconds,
    for each answer of the server while connecting, and to a message. Raises ConfigError for a sender that is no
    address.
    """

    def __init__(
        self,
        host: str,
        port: int = 587,
        *,
        sender: str,
        security: Security | str = Security.STARTTLS,
        username: str | None = None,
        password: str | None = None,
        timeout: float = 30.0,
        patience: float = PATIENCE,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port, self._timeout, self._patience = host, port, timeout, patience
        self._security = Security(security)
        self._username, self._password = username or "", password or ""
        self._tls = tls
        self._sender = sender_address(sender)
        self._sessions = Sessions(self._connect)

    def __repr__(self) -> str:
        return f"<EmailChannel {self._host}:{self._port} {self._security} from {self._sender.addr_spec}>"

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        """The receipt holds the Message-ID and the server's answer. Raises DeliveryError.

        Refused with 4xx, unreachable or too slow: temporary. Refused with 5xx: permanent, unless the code says that
        it passes (a full mailbox) or is of another kind. Credentials, certificate, encryption, the sender's own address
        or the server's policy: configuration.
        """
        message = build(delivery, at, self._sender)
        to = recipient(delivery.target.address).addr_spec
        try:
            async with self._sessions.session() as smtp:
                _, answer = await smtp.send_message(
                    message, sender=self._sender.addr_spec, recipients=[to], timeout=self._patience
                )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise self._failure(error, f"email:{delivery.target.address} through ") from None
        return Receipt(delivery.key, at, f"{message['Message-ID']} {scrub(answer, self._secrets())}")

    async def reach(self) -> str:
        """Connect and log in as for a message, send none; what to tell about it. Raises DeliveryError."""
        try:
            async with self._sessions.session():
                pass
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise self._failure(error) from None
        login = f", logged in as {self._username}" if self._username else ""
        return f"{self._host}:{self._port} answers ({self._security}){login}"

    async def aclose(self) -> None:
        """Say goodbye on the connections that are kept for a few seconds after each message."""
        await self._sessions.aclose()

    async def _connect(self) -> aiosmtplib.SMTP:
        smtp = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=self._timeout,
            use_tls=self._security is Security.TLS,
            start_tls=self._security is Security.STARTTLS,
            tls_context=self._tls,
        )
        await smtp.connect()
        try:
            if self._username:
                await smtp.login(self._username, self._password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _secrets(self) -> Iterator[str]:
        yield self._password
        yield f"\0{self._username}\0{self._password}" if self._password else ""  # as AUTH PLAIN sends it

    def _failure(self, error: Exception, where: str = "") -> DeliveryError:
        """To be raised `from None`: the original may quote the login line."""
        fault, what, wait = judge(error)
        return DeliveryError(f"{where}{self._host}:{self._port}: {scrub(what, self._secrets())}", fault, wait)
