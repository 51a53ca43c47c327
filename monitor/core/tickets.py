"""Signed links: what a reader may do with one click, and nobody can do without the link. Pure.

A ticket is `action.subject.signature`: HMAC-SHA256 over action and subject, cut to 128 bits (RFC 2104, section 5),
both in URL-safe base64. It says what is meant and for whom; it does not expire, because mail is read late.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from enum import StrEnum

from monitor.core.model import Target

_SIGNATURE = 16  # bytes


class Action(StrEnum):
    """What a link does."""

    ACK = "ack"  # subject: story
    SILENCE = "silence"  # subject: story
    RELEVANT = "relevant"  # subject: hit
    NOISE = "noise"  # subject: hit
    UNSUBSCRIBE = "unsubscribe"  # subject: digest, channel, address


@dataclass(frozen=True, slots=True)
class Ticket:
    """An action on a subject, whose parts are given in order as text."""

    action: Action
    subject: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Links:
    """Addresses of the monitor's own small site at `base` (no slash at its end), signed with `secret`."""

    base: str
    secret: bytes

    def story(self, action: Action, story_id: int) -> str:
        """The address that acknowledges or silences a story."""
        return self._link(Ticket(action, (str(story_id),)))

    def hit(self, action: Action, hit_id: int) -> str:
        """The address that marks a hit."""
        return self._link(Ticket(action, (str(hit_id),)))

    def unsubscribe(self, digest: str, target: Target) -> str:
        """The address at which this recipient leaves this digest: a page for people, one click for mail programs."""
        return self._link(Ticket(Action.UNSUBSCRIBE, (digest, target.channel, target.address)))

    def hits(self, digest: str = "") -> str:
        """The Atom feed of all hits, or of what one digest told."""
        return f"{self.base}/hits.atom" + (f"?digest={digest}" if digest else "")

    def read(self, text: str) -> Ticket | None:
        """The ticket, if it is one of ours and whole; None otherwise."""
        head, _, signature = text.rpartition(".")
        action, _, subject = head.partition(".")
        try:
            if not hmac.compare_digest(_decode(signature), self._sign(head)):
                return None
            parts = json.loads(_decode(subject))
            return Ticket(Action(action), tuple(map(str, parts)))
        except (ValueError, TypeError):
            return None

    def _link(self, ticket: Ticket) -> str:
        subject = _encode(json.dumps(ticket.subject, ensure_ascii=False, separators=(",", ":")).encode())
        head = f"{ticket.action}.{subject}"
        return f"{self.base}/do/{head}.{_encode(self._sign(head))}"

    def _sign(self, head: str) -> bytes:
        return hmac.new(self.secret, head.encode(), hashlib.sha256).digest()[:_SIGNATURE]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
