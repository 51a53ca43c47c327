"""Signed links: what a reader may do with one click, and nobody can do without the link. Pure.

A ticket is `action.subject.signature`: HMAC-SHA256 over action and subject, cut to 128 bits (RFC 2104, section 5),
both in URL-safe base64. It says what is meant and for whom; it does not expire, because mail is read late. Another
secret makes all of them void.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from monitor.core.model import Target

_SIGNATURE = 16  # bytes
_LONGEST = 4000  # characters of a ticket: a channel's whole address has room in it; more is nothing we wrote
SECRET_LEAST = 16  # characters of a secret: fewer can be guessed


class Action(StrEnum):
    """What a link does; all but `HITS` change something."""

    ACK = "ack"  # subject: story
    SILENCE = "silence"  # subject: story
    RELEVANT = "relevant"  # subject: hit
    NOISE = "noise"  # subject: hit
    UNSUBSCRIBE = "unsubscribe"  # subject: digest, channel, address
    HITS = "hits"  # subject: digest, or "" for all; read only


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
        query = {"digest": digest, "key": self._key(digest)} if digest else {"key": self._key("")}
        return f"{self.base}/hits.atom?{urlencode(query)}"

    def may_read(self, digest: str, key: str) -> bool:
        """Whether this key was signed for the feed of this digest ("": of all hits)."""
        return _same(key, self._key(digest))

    def read(self, text: str) -> Ticket | None:
        """The ticket, if it is one of ours and whole; None otherwise, whatever it is. Compares in constant time."""
        head, _, signature = text.rpartition(".")
        if len(text) > _LONGEST or not head or not _same(signature, self._sign(head)):
            return None
        action, _, subject = head.partition(".")
        try:
            parts = json.loads(_decode(subject))
            return Ticket(Action(action), tuple(map(str, parts)))
        except (ValueError, TypeError):  # signed, but by another version of us
            return None

    def _key(self, digest: str) -> str:
        return self._sign(_head(Ticket(Action.HITS, (digest,))))

    def _link(self, ticket: Ticket) -> str:
        head = _head(ticket)
        return f"{self.base}/do/{head}.{self._sign(head)}"

    def _sign(self, head: str) -> str:
        # A lone surrogate, as a hostile address may hold, is signed like anything else.
        code = hmac.new(self.secret, head.encode(errors="surrogatepass"), hashlib.sha256)
        return _encode(code.digest()[:_SIGNATURE])


def _head(ticket: Ticket) -> str:
    subject = json.dumps(ticket.subject, ensure_ascii=False, separators=(",", ":"))
    return f"{ticket.action}.{_encode(subject.encode(errors='surrogatepass'))}"


def _same(given: str, wanted: str) -> bool:
    """Compared in a time that says nothing of how much of it was right."""
    return hmac.compare_digest(given.encode(errors="surrogatepass"), wanted.encode())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
