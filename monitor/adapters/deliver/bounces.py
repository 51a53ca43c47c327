"""Reads what a mail server sends when a message that it had taken could not be delivered after all. Pure.

A report of the form of RFC 3464: which recipient, why, and the returned message, whose header `X-Monitor-Key` names
the delivery.
"""

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message

from .secrets import scrub

_POLICY = email.policy.default


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery that came back. `key` is empty where the report does not hold the message's headers."""

    key: str
    recipient: str
    reason: str  # "5.1.1 smtp; 550 no such user"


def read_bounces(data: bytes) -> list[Bounce]:
    """The failures that a message reports; none if it is of another kind, as a warning that it takes longer."""
    report = email.message_from_bytes(data, policy=_POLICY)
    assert isinstance(report, EmailMessage)
    if report.get_content_type() != "multipart/report":
        return []
    parts = list(report.walk())
    key = next(filter(None, map(_key, parts)), "")
    return [
        Bounce(key, _address(block), scrub(f"{block.get('Status', '')} {block.get('Diagnostic-Code', '')}", ()))
        for part in parts
        for block in _blocks(part)
        if str(block.get("Action", "")).strip().lower() == "failed"
    ]


def _blocks(part: Message) -> Iterator[Message]:
    """What a report says of each recipient: the blocks of headers after the first, which is about the server."""
    if part.get_content_type() == "message/delivery-status":
        payload = part.get_payload()
        yield from (block for block in (payload if isinstance(payload, list) else ())[1:] if isinstance(block, Message))


def _key(part: Message) -> str:
    """The key in a returned message, which is there whole or only by its headers."""
    if part.get_content_type() != "text/rfc822-headers":
        return _one_line(part.get("X-Monitor-Key"))
    text = part.get_payload(decode=True)
    return _key(email.message_from_bytes(text, policy=_POLICY)) if isinstance(text, bytes) else ""


def _address(block: Message) -> str:
    """`rfc822; reader@example.org`, as it was asked for where the report says so."""
    given = block.get("Original-Recipient") or block.get("Final-Recipient") or ""
    return _one_line(str(given).partition(";")[2] or given)


def _one_line(value: object) -> str:
    return " ".join(str(value or "").split())
