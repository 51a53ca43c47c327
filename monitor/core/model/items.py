"""What was published: items, and what the archive makes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Item:
    """One article of one feed. Text fields are plain text (HTML already taken out).

    `key` is the identity within the feed: from the guid, else the normalised link, else title and date.
    `published` is what the source claims (None: undated); `seen_at` is when we first read it.
    """

    feed: str
    key: str
    title: str
    summary: str = ""
    content: str = ""
    link: str = ""
    guid: str = ""
    author: str = ""
    language: str | None = None
    published: datetime | None = None
    seen_at: datetime | None = None
    categories: tuple[str, ...] = ()

    @property
    def dated(self) -> datetime | None:
        """The time to sort and age by: a claimed date in the future of its first sight does not count."""
        if self.published is None or (self.seen_at is not None and self.published > self.seen_at):
            return self.seen_at
        return self.published


Marks = tuple[int | None, int | None]  # of headline and link, see core/likeness.py
Print = tuple[str, Marks]  # content hash, see core/novelty.py, and marks


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document read as a feed. `notes` are oddities worth telling (wrong encoding, recovered XML, …)."""

    items: tuple[Item, ...] = ()
    title: str = ""
    language: str | None = None
    ttl: timedelta | None = None
    notes: tuple[str, ...] = ()
    skip_hours: frozenset[int] = frozenset()  # 0 … 23, UTC: when the feed asks not to be read
    skip_days: frozenset[int] = frozenset()  # 0 Monday … 6 Sunday
    articles: Mapping[str, str] = field(default_factory=dict)  # item key → text of the article itself, fetched
    prints: Mapping[str, Print] = field(default_factory=dict)  # item key → what novelty compares, if computed already
    silent: frozenset[str] = frozenset()  # content hashes of items on which no rule fires …
    silent_for: str = ""  # … of the matcher with this token


class Novelty(StrEnum):
    NEW = "new"
    EDITED = "edited"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Known:
    """What the archive remembers of an item, enough to decide about novelty."""

    id: int
    key: str
    content_hash: str
    title: str = ""
    link: str = ""
    published: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """What an archived item says, and the content hashes of what it said before, the oldest first."""

    summary: str = ""
    content: str = ""
    editions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edition:
    """What an archived item said until it was edited."""

    replaced_at: datetime
    title: str
    summary: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """An item with the verdict on its novelty and the reason in words. `id` is the archive's, once known."""

    item: Item
    novelty: Novelty
    reason: str
    content_hash: str
    id: int | None = None
    retitled: bool = False  # the headline says something else, and nothing that it said before
    marks: Marks = (None, None)
