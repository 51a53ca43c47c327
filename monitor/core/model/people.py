"""What people said of what they are told: silences and acknowledgements."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SilenceKind(StrEnum):
    """What a silence is about."""

    STORY = "story"  # by its number
    RULE = "rule"
    SOURCE = "source"  # a feed, by id
    ENTITY = "entity"  # a term, by id or by its English label


@dataclass(frozen=True, slots=True)
class Silence:
    """A person's wish not to be told of something for a while. It is counted in digests all the same."""

    id: int  # 0 until it is stored
    kind: SilenceKind
    what: str
    until: datetime
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody has seen to a story: it is not repeated."""

    story_id: int
    at: datetime
    reason: str = ""
