"""A delivery as a MIME message: what mail programs, filters and other machines get to read. Pure.

Left out on purpose: `Precedence` (never a standard; `Auto-Submitted` is, RFC 3834), `Reply-To` (`From` serves),
`List-Post: NO` (says nothing that a reader needs), a `mailto:` to unsubscribe (nobody may be reading it), signatures
(DKIM is the mail server's).
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr

from monitor.core.model import Delivery
from monitor.errors import ConfigError, DeliveryError, DeliveryFault, Problem

from .mime import transfer

LINE_MAX = 998  # characters, RFC 5322 2.1.1
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,120}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_WEB = re.compile(r"https?://[!-;=?-~]+")  # ASCII without space, < and >
CRLF = "\r\n"


class _Verbatim(UnstructuredHeader, BaseHeader):
    """A header for machines, never broken: the library would encode a long address like a word of another script."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{CRLF}"


class _Subject(UnstructuredHeader, BaseHeader):
    """Where not all is ASCII, encoded words from end to end (RFC 2047): the library mixes both, and loses blanks."""

    def fold(self, *, policy: Policy) -> str:
        text = str(self)
        if text.isascii():
            return str(super().fold(policy=policy))
        return f"{self.name}: {Header(text, 'utf-8', header_name=self.name).encode(linesep=CRLF)}{CRLF}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("subject", _Subject)
for _name in ("list-id", "list-unsubscribe", "list-unsubscribe-post", "references", "in-reply-to"):
    _HEADERS.map_to_type(_name, _Verbatim)
_POLICY = SMTP.clone(header_factory=_HEADERS)


def build(delivery: Delivery, at: datetime, sender: Address) -> EmailMessage:
    """Text and HTML, headers for machines, a Message-ID that stays the same at every attempt.

    `at` becomes the date. Raises DeliveryError when the recipient is not an address.
    """
    body = delivery.message.body
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = recipient(delivery.target.address)
    message["Subject"] = _one_line(str(body["subject"]))
    message["Date"] = format_datetime(at.astimezone(UTC))
    message["Message-ID"] = f"<{_local(delivery.key)}@{sender.domain}>"
    if anchor := _anchor(delivery):
        message["In-Reply-To"] = message["References"] = f"<{anchor}@{sender.domain}>"
    message["List-Id"] = f"<{_local(delivery.digest).lower()}.news-monitor.{sender.domain}>"
    _unsubscribe(message, str(body.get("unsubscribe") or ""))
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"  # what Exchange reads instead
    message["X-Monitor-Key"] = _one_line(delivery.key)
    text, html = str(body["text"]), str(body["html"])
    message.set_content(text, cte=transfer(text)[0])
    message.add_alternative(html, subtype="html", cte=transfer(html)[0])
    attachment = body.get("attachment")
    if isinstance(attachment, Mapping):
        whole, name = str(attachment["html"]), _one_line(str(attachment["name"]))
        message.add_attachment(whole, subtype="html", filename=name, cte=transfer(whole)[0])
    return message


def _anchor(delivery: Delivery) -> str:
    """What a thread, or the parts of one digest, answer to: an id that is never sent, so that any of them may be first.

    Mail programs show what answers to one message as one thread.
    """
    if delivery.thread:
        return f"{_local(delivery.thread)}.thread"
    if delivery.parts > 1:
        return f"{_local(f'{delivery.digest}-{delivery.created_at.astimezone(UTC):%Y%m%dT%H%M%SZ}')}.parts"
    return ""


def _unsubscribe(message: EmailMessage, link: str) -> None:
    """RFC 2369; with one click where it is protected, as RFC 8058 demands."""
    if not _WEB.fullmatch(link) or len(link) > LINE_MAX - len("List-Unsubscribe: <>"):
        return
    message["List-Unsubscribe"] = f"<{link}>"
    if link.startswith("https:"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def sender_address(text: str) -> Address:
    """`desk@example.org` or `News desk <desk@example.org>`. Raises ConfigError for anything else."""
    name, spec = parseaddr(text)
    try:
        address = Address(_one_line(name), addr_spec=spec)
        if not address.domain:
            raise ValueError("no domain")
        return Address(address.display_name, address.username, _ascii(address.domain))
    except (HeaderParseError, ValueError, IndexError) as error:
        problem = Problem(
            (), f"the email sender {text!r} is not an address", "write desk@example.org or Desk <desk@example.org>"
        )
        raise ConfigError([problem]) from error


def recipient(text: str) -> Address:
    """An address; its domain in ASCII, unless letters left of the @ ask for SMTPUTF8 anyway. Raises DeliveryError."""
    local, _, domain = text.rpartition("@")
    try:
        # The parser knows no letters but ASCII left of the @, the mail servers of today do.
        address = Address(addr_spec=text) if local.isascii() else Address(username=local, domain=domain)
        if local.isascii():
            address = Address(username=address.username, domain=_ascii(address.domain))
        valid = bool(local and domain) and not _CONTROL.search(text) and not re.search(r"[\s,;<>]", domain)
    except (HeaderParseError, ValueError, IndexError):
        valid = False
    if not valid:
        raise DeliveryError(f"email:{_one_line(text)} is not an address", DeliveryFault.PERMANENT)
    return address


def _ascii(domain: str) -> str:
    return domain if domain.isascii() else domain.encode("idna").decode()


def _one_line(text: str) -> str:
    """Fit for a header: no line ends or other controls, which could begin a new one."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _local(key: str) -> str:
    """A key as the left side of a Message-ID: itself where it is plain, else its hash."""
    if _PLAIN.fullmatch(key) and ".." not in key and not key.endswith("."):
        return key
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
