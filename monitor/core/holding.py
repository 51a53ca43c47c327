"""When a whole host is left alone, because it answered that it is asked too much (429, or 503 with Retry-After).

Pure; times are aware, `jitter` is 0 … 1.
"""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from monitor.core.model import Failure, FailureKind, Hold
from monitor.core.polling import CEILING, FLOOR, REFUSAL_CEILING, SPREAD, doubled

FORGOTTEN_AFTER = timedelta(hours=24)  # a host that was held longer ago starts with a short hold again


def host_of(url: str) -> str:
    """The host in an address, in small letters; "" where there is none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def holds(hold: Hold, at: datetime) -> bool:
    """Whether the hold is in force. One that ends later than any may was made before the clock was set back."""
    return at < hold.until <= at + CEILING


def throttled(before: Hold | None, failure: Failure, host: str, at: datetime, *, jitter: float) -> Hold | None:
    """The hold that follows from this failure; None: it says nothing of the host as a whole.

    Retry-After is kept, up to 24 h. Where a host says none, or soon says the same again, the hold is of our own
    making: FLOOR, doubled each time, up to 6 h. An answer that was under way when the hold began makes it no longer
    than it asks itself.
    """
    if failure.kind is not FailureKind.THROTTLED or not host:
        return None
    asked = min((failure.retry_after or timedelta(0)) * (1 + SPREAD * jitter), CEILING)
    if before is not None and holds(before, at):
        return Hold(host, max(before.until, at + asked), before.times)
    soon = before is not None and timedelta(0) <= at - before.until < FORGOTTEN_AFTER
    times = before.times + 1 if before is not None and soon else 1
    return Hold(host, at + max(asked, doubled(FLOOR, times - 1, REFUSAL_CEILING)), times)


def is_over(hold: Hold, at: datetime) -> bool:
    """Whether an answer `at` shows that the host takes questions again: one that was under way before does not."""
    return not holds(hold, at)


def not_before(hold: Hold | None, planned: datetime, *, spread: timedelta, jitter: float) -> datetime:
    """A planned poll, moved behind its host's hold where it lies within; by chance up to `spread` behind it."""
    if hold is None or not holds(hold, planned):
        return planned
    return hold.until + spread * jitter
