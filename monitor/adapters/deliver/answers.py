"""What servers say of when to ask again. Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def retry_after(value: str, at: datetime) -> timedelta | None:
    """The header Retry-After: seconds, or an HTTP date seen from `at`; None where it says nothing."""
    if value.strip().isdecimal():
        return timedelta(seconds=int(value.strip()[:9]))
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(timedelta(0), when - at)
