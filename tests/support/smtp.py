"""A real SMTP server on loopback (aiosmtpd): STARTTLS, TLS from the start, AUTH, and scripted refusals.

    with SmtpServer(security="starttls", user="desk", password="…", certificate=certificate(tmp_path)) as server:
        server.refuse["gone@example.org"] = "550 5.1.1 no such user"
        … server.port … server.messages

It runs in a thread of its own, so processes may use it as well.
"""

import asyncio
import email
import email.policy
import ssl
import subprocess
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for localhost and its key; files in PEM."""

    certificate: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        """For the server's side."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def trusting(self) -> ssl.SSLContext:
        """For a client that trusts this certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificate))


def certificate(directory: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> Certificate:
    """Make one, valid for two days."""
    made = Certificate(directory / "certificate.pem", directory / "key.pem")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    arguments = ["-addext", f"subjectAltName={names}", "-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run([*command.split(), *arguments], check=True, capture_output=True)
    return made


@dataclass(frozen=True)
class Received:
    """A message that was accepted."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    user: str  # who logged in; empty without AUTH
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        """Parsed strictly: a defect raises."""
        return email.message_from_bytes(self.data, policy=email.policy.strict)  # type: ignore[return-value]


class SmtpServer:
    """The server; a context manager. `security` is none, starttls or tls."""

    def __init__(
        self,
        *,
        security: str = "none",
        user: str = "",
        password: str = "",
        certificate: Certificate | None = None,
    ) -> None:
        self.messages: list[Received] = []
        self.refuse: dict[str, str] = {}  # recipient → answer to RCPT
        self.refuse_sender = ""  # answer to MAIL
        self.data_answers: list[str] = []  # answers to DATA, one a message; a message answered 2xx is kept
        self.drop_after_data = False  # keep the message, then close without an answer
        self.hang_after_data = False  # keep the message, then never answer
        self.cut: set[str] = set()  # recipients on whose message the connection is cut in place of an answer
        self.live: set[SMTP] = set()
        self.connections = self.most_open = 0  # ever, and at most at a time
        self.smtputf8 = True  # offered to clients that come from now on
        self.auth_answer = ""  # answer to AUTH, e.g. "454 4.7.0 try later"
        self.user, self._password = user, password
        self._security = security
        context = certificate.server() if certificate else None
        self._controller = _Controller(self, hostname="127.0.0.1", port=0, ssl_context=context, security=security)

    def __enter__(self) -> Self:
        self._controller.start()
        self.connections = self.most_open = 0  # the controller tried the port itself
        return self

    def __exit__(self, *error: object) -> None:
        self._controller.stop()

    @property
    def open(self) -> int:
        """How many connections there are now."""
        return len(self.live)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._controller.server.sockets[0].getsockname()[1]  # type: ignore[no-any-return, union-attr]

    def hang_up(self) -> None:
        """Close every connection, as a server does with clients that say nothing for long; returns when it is done."""

        async def close() -> None:
            for each in list(self.live):
                each.transport.close()
            while self.live:  # noqa: ASYNC110 (the end of a connection sets no event)
                await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(close(), self._controller.loop).result(5)

    # --- what aiosmtpd calls ------------------------------------------------------------------------------

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Check what a client logs in with."""
        if self.auth_answer:
            return AuthResult(success=False, handled=False, message=self.auth_answer)
        assert isinstance(data, LoginPassword)
        right = (data.login.decode(), data.password.decode()) == (self.user, self._password)
        return AuthResult(success=right, handled=False, auth_data=data.login.decode())

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_sender:
            return self.refuse_sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.data_answers.pop(0) if self.data_answers else "250 OK queued as 4F2A"
        if answer.startswith("2"):
            self.messages.append(
                Received(
                    sender=envelope.mail_from or "",
                    recipients=tuple(envelope.rcpt_tos),
                    data=envelope.original_content or b"",
                    user=str(session.auth_data or ""),
                    encrypted=self._security != "none",
                )
            )
        if self.drop_after_data or self.cut & set(envelope.rcpt_tos):
            server.transport.abort()
        if self.hang_after_data:
            await asyncio.sleep(3600)
        return answer


class _Controller(Controller):
    def __init__(
        self, handler: SmtpServer, *, hostname: str, port: int, ssl_context: ssl.SSLContext | None, security: str
    ) -> None:
        self._handler, self._security, self._starttls = handler, security, ssl_context
        outer = ssl_context if security == "tls" else None
        super().__init__(handler, hostname=hostname, port=port, ssl_context=outer)

    def _trigger_server(self) -> None:
        """aiosmtpd probes the port it was given; the real one is known only now."""
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()

    def factory(self) -> SMTP:
        starttls = self._security == "starttls"
        server = _Counted(
            self._handler,
            hostname="localhost",
            tls_context=self._starttls if starttls else None,
            require_starttls=starttls,
            auth_require_tls=starttls,
            authenticator=self._handler.authenticate if self._handler.user else None,
            enable_SMTPUTF8=self._handler.smtputf8,
        )
        # Set here because the constructor warns of AUTH without STARTTLS, not knowing of TLS around it.
        server._auth_required = bool(self._handler.user)
        return server


class _Counted(SMTP):
    """Keeps count of connections. With STARTTLS one is made twice: in clear, then encrypted."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        handler = self.event_handler
        if self not in handler.live:
            handler.live.add(self)
            handler.connections += 1
            handler.most_open = max(handler.most_open, handler.open)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.live.discard(self)
        super().connection_lost(error)
