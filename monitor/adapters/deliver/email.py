"""The channel `email:ADDRESS`: one message to one recipient by SMTP. Retrying and counting are the outbox's."""

import hashlib
import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from enum import StrEnum

import aiosmtplib

from monitor.core.model import Delivery, Receipt
from monitor.errors import ConfigError, DeliveryError, DeliveryFault, Problem

from .mime import transfer
from .secrets import scrub

AUTH_CODES = {530, 534, 535, 538}  # "authentication required", "too weak", "credentials invalid", "encryption required"
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,120}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"  # begins in clear, and is refused unless the server then encrypts; usually port 587
    TLS = "tls"  # encrypted from the first byte; usually port 465
    NONE = "none"  # for a server on the same machine


class EmailChannel:
    """Sends through one SMTP server. `sender` is `desk@example.org` or `News desk <desk@example.org>`.

    `tls` replaces the system's trust, e.g. for an own certificate authority. `timeout` is in seconds, for each answer
    of the server. Raises ConfigError for a sender that is no address.
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
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port, self._timeout = host, port, timeout
        self._security = Security(security)
        self._username, self._password = username or "", password or ""
        self._tls = tls
        self._sender = sender_address(sender)

    def __repr__(self) -> str:
        return f"<EmailChannel {self._host}:{self._port} {self._security} from {self._sender.addr_spec}>"

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        """The receipt holds the Message-ID and the server's answer. Raises DeliveryError.

        Refused with 4xx, unreachable or too slow: temporary. Refused with 5xx: permanent. Credentials, certificate,
        encryption or the sender's own address not accepted: configuration.
        """
        message = build(delivery, at, self._sender)
        try:
            async with self._connection() as smtp:
                if self._username:
                    await smtp.login(self._username, self._password)
                _, answer = await smtp.send_message(
                    message, sender=self._sender.addr_spec, recipients=[delivery.target.address]
                )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise self._failure(error, f"email:{delivery.target.address} through ") from None
        return Receipt(delivery.key, at, f"{message['Message-ID']} {scrub(answer, self._secrets())}")

    async def reach(self) -> str:
        """Connect and log in as for a message, send none; what to tell about it. Raises DeliveryError."""
        try:
            async with self._connection() as smtp:
                if self._username:
                    await smtp.login(self._username, self._password)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise self._failure(error) from None
        login = f", logged in as {self._username}" if self._username else ""
        return f"{self._host}:{self._port} answers ({self._security}){login}"

    async def aclose(self) -> None:
        """Nothing is kept open: each message has its own connection."""

    def _connection(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=self._timeout,
            use_tls=self._security is Security.TLS,
            start_tls=self._security is Security.STARTTLS,
            tls_context=self._tls,
        )

    def _secrets(self) -> Iterator[str]:
        yield self._password
        yield f"\0{self._username}\0{self._password}" if self._password else ""  # as AUTH PLAIN sends it

    def _failure(self, error: Exception, where: str = "") -> DeliveryError:
        """To be raised `from None`: the original may quote the login line."""
        fault, what = _classify(error)
        return DeliveryError(f"{where}{self._host}:{self._port}: {scrub(what, self._secrets())}", fault)


def _classify(error: Exception) -> tuple[DeliveryFault, str]:
    """The fault and what to tell, from what the SMTP library raised."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return _classify(error.recipients[0])
    if isinstance(error, aiosmtplib.SMTPResponseException) and 400 <= error.code < 600:
        answer = f"the server answered {error.code} {error.message}"
        if error.code < 500:
            return DeliveryFault.TEMPORARY, answer
        if isinstance(error, aiosmtplib.SMTPAuthenticationError) or error.code in AUTH_CODES:
            return DeliveryFault.CONFIGURATION, f"{answer}; check the SMTP user name and password"
        if isinstance(error, aiosmtplib.SMTPSenderRefused):
            return DeliveryFault.CONFIGURATION, f"{answer}; check the sender's address"
        return DeliveryFault.PERMANENT, answer
    tls = _tls_trouble(error)
    if tls:
        return (
            DeliveryFault.CONFIGURATION,
            f"no trusted encrypted connection: {tls}; check port, security and certificate",
        )
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return (
            DeliveryFault.CONFIGURATION,
            f"{error.message}; check the SMTP security setting and what the server offers",
        )
    if isinstance(error, TimeoutError):
        return DeliveryFault.TEMPORARY, "the server did not answer in time"
    if isinstance(error, (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected, OSError)):
        return DeliveryFault.TEMPORARY, f"no connection: {error}"
    if isinstance(error, ValueError):
        return DeliveryFault.PERMANENT, f"the message can't be sent to this address: {error}"
    return DeliveryFault.TEMPORARY, str(error)


def _tls_trouble(error: BaseException | None) -> str:
    """What the TLS layer complained about, wherever in the chain of causes it stands; else empty."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, ssl.SSLError):
            return getattr(error, "verify_message", "") or error.reason or str(error)
        if isinstance(error, aiosmtplib.SMTPException) and "STARTTLS" in str(error):
            return str(error)
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return ""


# --- the message ------------------------------------------------------------------------------------------


def build(delivery: Delivery, at: datetime, sender: Address) -> EmailMessage:
    """The MIME message: text and HTML, headers for machines, a Message-ID that stays the same at every attempt.

    Raises DeliveryError when the recipient is not an address.
    """
    body = delivery.message.body
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = sender
    message["To"] = _recipient(delivery.target.address)
    message["Subject"] = _one_line(str(body["subject"]))
    message["Date"] = format_datetime(at.astimezone(UTC))
    message["Message-ID"] = f"<{_local(delivery.key)}@{_domain(sender)}>"
    if delivery.parts > 1:  # an anchor that is never sent lets mail programs show the parts as one thread
        whole = f"{delivery.digest}-{delivery.created_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        message["References"] = f"<{_local(whole)}.parts@{_domain(sender)}>"
    message["List-Id"] = f"<{_local(delivery.digest).lower()}.news-monitor.{_domain(sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"  # what Exchange reads instead
    message["X-Monitor-Key"] = _one_line(delivery.key)
    text, html = str(body["text"]), str(body["html"])
    message.set_content(text, cte=transfer(text)[0])
    message.add_alternative(html, subtype="html", cte=transfer(html)[0])
    return message


def sender_address(text: str) -> Address:
    """`desk@example.org` or `News desk <desk@example.org>`. Raises ConfigError for anything else."""
    name, spec = parseaddr(text)
    try:
        address = Address(_one_line(name), addr_spec=spec)
        if not address.domain:
            raise ValueError("no domain")
        return address
    except (HeaderParseError, ValueError, IndexError) as error:
        problem = Problem(
            (), f"the email sender {text!r} is not an address", "write desk@example.org or Desk <desk@example.org>"
        )
        raise ConfigError([problem]) from error


def _recipient(text: str) -> Address:
    local, _, domain = text.rpartition("@")
    try:
        # The parser knows no letters but ASCII left of the @, the mail servers of today do.
        address = Address(addr_spec=text) if local.isascii() else Address(username=local, domain=domain)
        valid = bool(local and domain) and not _CONTROL.search(text) and not re.search(r"[\s,;<>]", domain)
    except (HeaderParseError, ValueError, IndexError):
        valid = False
    if not valid:
        raise DeliveryError(f"email:{_one_line(text)} is not an address", DeliveryFault.PERMANENT)
    return address


def _one_line(text: str) -> str:
    """Fit for a header: no line ends or other controls, which could begin a new one."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _local(key: str) -> str:
    """A key as the left side of a Message-ID: itself where it is plain, else its hash."""
    if _PLAIN.fullmatch(key) and ".." not in key and not key.endswith("."):
        return key
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _domain(sender: Address) -> str:
    return sender.domain.encode("idna").decode() if not sender.domain.isascii() else sender.domain
