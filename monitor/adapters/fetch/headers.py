"""Reads the response headers that say how long to wait, and how the body is packed. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_WAIT = timedelta(hours=24)


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the server asks to be left alone: from seconds or a date, between 0 and 24 h; None: it did not say."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        wait = timedelta(seconds=min(int(value[:9]), LONGEST_WAIT.total_seconds()))
    elif (until := http_date(value)) is not None:
        wait = until - now
    else:
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


def max_age(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """For how long the answer stays fresh, from Cache-Control (less its Age) or Expires; None: it does not say."""
    directives = dict(_directive(part) for part in headers.get("cache-control", "").split(","))
    seconds = directives.get("max-age", "")
    if seconds.isdecimal():
        age = headers.get("age", "").strip()
        fresh = int(seconds[:9]) - (int(age[:9]) if age.isdecimal() else 0)
        return timedelta(seconds=max(fresh, 0))
    if directives.keys() & {"no-cache", "no-store"}:
        return None
    expires = http_date(headers.get("expires", ""))
    if expires is None:
        return None
    return max(expires - (http_date(headers.get("date", "")) or now), timedelta(0))


def encodings(headers: Mapping[str, str]) -> list[str]:
    """The codings laid over the body, outermost first, in small letters; `identity` is left out."""
    names = [name.strip().lower() for name in headers.get("content-encoding", "").split(",")]
    return [name for name in reversed(names) if name not in {"", "identity", "none", "utf-8"}]


def http_date(value: str) -> datetime | None:
    """An HTTP date in UTC; None when it is not one."""
    try:
        when = parsedate_to_datetime(value.strip())
    except (ValueError, OverflowError, IndexError):
        return None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _directive(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip().strip('"')
