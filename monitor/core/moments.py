"""Moments to come as people write them: `3d`, `tomorrow 8:00`, `fri 17:30`, `2026-11-27`. Pure.

All times are by the clock on the wall, without a zone: what zone that clock has is for the caller to say.
"""

import re
from datetime import date, datetime, time, timedelta

_SPAN = re.compile(r"(\d{1,4})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d))?")
_MORNING = time(8)  # of a day that is named without an hour


def span_of(text: str) -> timedelta | None:
    """A length of time, `45m`, `12h`, `3d`, `2w`; None if it is none, or no time at all."""
    match = _SPAN.fullmatch(text.strip().lower())
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) or None if match else None


def moment_after(text: str, now: datetime) -> datetime | None:
    """The moment meant, after `now`; None if the text names none, or one that is over.

    A day (`today`, `tomorrow`, `fri`, `2026-11-27`) with or without an hour, an hour alone for its next time, or an
    ISO date and time. A day without an hour means its morning, 8:00. `fri` is the next Friday, never today.
    """
    words = text.strip().lower().split()
    if not words or len(words) > 2:
        return None
    if len(words) == 1 and (clock := _clock(words[0])) and ":" in words[0]:
        at = datetime.combine(now.date(), clock)
        return at if at > now else at + timedelta(days=1)
    day, at_time = _day(words[0], now), _clock(words[1]) if len(words) == 2 else _MORNING
    if day is not None and at_time is not None:
        found = datetime.combine(day, at_time)
        return found if found > now else None
    return _iso(words[0], now) if len(words) == 1 else None


def _day(word: str, now: datetime) -> date | None:
    if word in {"today", "tomorrow"}:
        return now.date() + timedelta(days=word == "tomorrow")
    named = [number for number, name in enumerate(_DAYS) if len(word) >= 2 and name.startswith(word)]
    if len(named) == 1:
        return now.date() + timedelta(days=(named[0] - now.weekday() - 1) % 7 + 1)
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


def _clock(word: str) -> time | None:
    match = _CLOCK.fullmatch(word)
    try:
        return time(int(match[1]), int(match[2] or 0)) if match else None
    except ValueError:
        return None


def _iso(word: str, now: datetime) -> datetime | None:
    try:
        found = datetime.fromisoformat(word.upper())
    except ValueError:
        return None
    return found if found.tzinfo is None and found > now else None
