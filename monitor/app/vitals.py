"""Whether the daemon lives, and the figures beside that: what `monitor health` and the site's /health say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.app.ports import Store

STALE = timedelta(seconds=90)  # a daemon that has not beaten for so long is not well; it beats every 15 s

# Of the figures, what anybody may know who reaches the site: counts and times, never a name or a sentence.
_PUBLIC = (
    "feeds",
    "feeds_failing",
    "feeds_gone",
    "feeds_in_trouble",
    "feeds_overdue",
    "last_poll_at",
    "last_success_at",
    "next_poll_at",
    "hits_waiting",
    "deliveries",
    "oldest_unsent_at",
    "recipients_refusing",
    "database_bytes",
)


@dataclass(frozen=True, slots=True)
class Vitals:
    """The daemon's condition. `status` is what it said of itself with its last sign of life; times are UTC."""

    alive: bool
    stopped: bool
    last_beat_at: datetime | None
    figures: Mapping[str, object]
    status: Mapping[str, object]

    def public(self) -> dict[str, object]:
        """What strangers may read, JSON-ready: of the daemon's notes only how many, for they quote the files."""
        notes = self.status.get("notes")
        return {
            "alive": self.alive,
            "last_beat_at": self.last_beat_at and self.last_beat_at.isoformat(),
            **{name: self.figures[name] for name in _PUBLIC if name in self.figures},
            "notes": len(notes) if isinstance(notes, list) else 0,
        }


def vitals(store: Store, now: datetime, max_age: timedelta = STALE) -> Vitals:
    """How the daemon does by its own word; `max_age` is how old its last sign of life may be. Blocks on the store."""
    beat = store.upkeep.last_beat()
    at, status = beat or (None, {})
    stopped = bool(status.get("stopped"))
    alive = at is not None and not stopped and now - at <= max_age
    return Vitals(alive, stopped, at, store.health(now), status)
