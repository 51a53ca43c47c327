"""What a feed says about when to read it: `ttl`, the syndication module, `skipHours` and `skipDays`. Pure."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

_PERIODS = {"hourly": 1, "daily": 24, "weekly": 24 * 7, "monthly": 24 * 30, "yearly": 24 * 365}
_DAYS = {day: number for number, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_SKIP = re.compile(r"<skip(hours|days)\b[^<>]*>(.{0,2000}?)</skip\1\s*>", re.IGNORECASE | re.DOTALL)
_VALUE = re.compile(r"<(?:hour|day)\b[^<>]*>\s*(\w+)\s*</", re.IGNORECASE)
_HEAD = 64_000


def ttl_of(minutes: str, period: str, frequency: str) -> timedelta | None:
    """How often the feed says that it changes: RSS `ttl` in minutes, or the syndication module's period."""
    with suppress(ValueError, OverflowError):
        if number := int(minutes or 0):
            return timedelta(minutes=number) if 0 < number < 60 * 24 * 365 else None
    hours = _PERIODS.get(period.lower())
    if hours is None:
        return None
    times = 1
    with suppress(ValueError):
        times = max(1, int(frequency or 1))
    return timedelta(hours=hours) / (times if times <= hours * 60 else 1)  # more than once a minute is no number


def hours_of(values: Iterable[str]) -> frozenset[int]:
    """Hours of the day, UTC; 24 is how RSS 0.91 writes midnight. What is no hour is left out; none where it is all."""
    found = frozenset(int(value) % 24 for value in values if value.isdecimal() and len(value) < 3 and int(value) <= 24)
    return found if len(found) < 24 else frozenset()


def days_of(values: Iterable[str]) -> frozenset[int]:
    """Days of the week from their English names, Monday 0; none where it is all of them."""
    found = frozenset(_DAYS[day] for value in values if (day := value[:3].lower()) in _DAYS)
    return found if len(found) < 7 else frozenset()


def skips_in(text: str) -> tuple[frozenset[int], frozenset[int]]:
    """(hours, days) from the text of a feed, for what is not read element by element."""
    found: dict[str, list[str]] = {"hours": [], "days": []}
    for match in _SKIP.finditer(text[:_HEAD]):
        found[match[1].lower()] += _VALUE.findall(match[2])
    return hours_of(found["hours"]), days_of(found["days"])
