"""What is remembered of a host, for all of its feeds."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """A host that asked to be left alone: none of its feeds is asked before `until`; `times` holds came in a row."""

    host: str  # in small letters
    until: datetime
    times: int = 1
