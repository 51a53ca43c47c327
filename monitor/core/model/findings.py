"""What was found: hits with their evidence, the marks people give them, and stories."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.core.model.items import Item


class Severity(StrEnum):
    """How loudly a rule speaks; ordered by `rank`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low … 3 for critical."""
        return list(Severity).index(self)


class RuleStatus(StrEnum):
    LIVE = "live"
    SHADOW = "shadow"  # counted and shown, never told
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place in the item that made a rule fire: `getattr(item, field)[start:end] == text`."""

    term: str  # term id, or the phrase itself
    label: str  # English
    entity: str | None  # person, place, …; None for ideas and plain phrases
    text: str
    field: str  # title | summary | content
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule fired on an item. `evidence` is sorted by field order (title, summary, content) and start."""

    rule: str
    severity: Severity
    score: float
    evidence: tuple[Evidence, ...]
    status: RuleStatus = RuleStatus.LIVE
    gloss: tuple[str, ...] = ()  # labels of what the item mentions, for a reader of English: named things, then ideas


@dataclass(frozen=True, slots=True)
class StoredHit:
    """A hit with the archive's ids and everything a digest shows of it."""

    id: int
    item_id: int
    story_id: int
    hit: Hit
    item: Item
    at: datetime  # when it was found
    edited: bool = False  # found in, or changed by, a later edition of the item
    previous_title: str | None = None  # the title before the last edit, where that differs


class Relevance(StrEnum):
    """A person's verdict on a hit."""

    RELEVANT = "relevant"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class MarkedHit:
    """A hit with a person's verdict on it: what rules are tuned by."""

    stored: StoredHit
    relevance: Relevance
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """Reports that tell the same: for now, the same link or the same headline."""

    id: int
    keys: frozenset[str]
    title: str
    first_at: datetime
    last_at: datetime
