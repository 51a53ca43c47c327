"""Moments to come, as people write them."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.moments import moment_after, span_of


def local(*parts: int) -> datetime:
    """A moment by the clock on the wall."""
    year, month, day, *clock = parts
    return datetime(year, month, day, *clock, tzinfo=UTC).replace(tzinfo=None)


NOW = local(2026, 11, 24, 15, 30)  # a Tuesday

MOMENTS: list[tuple[str, datetime | None]] = [
    ("tomorrow 8:00", local(2026, 11, 25, 8)),
    ("Tomorrow", local(2026, 11, 25, 8)),
    ("today 18", local(2026, 11, 24, 18)),
    ("today", None),  # its morning is over
    ("today 9:00", None),
    ("18:00", local(2026, 11, 24, 18)),
    ("8:00", local(2026, 11, 25, 8)),
    ("fri", local(2026, 11, 27, 8)),
    ("Friday 17:30", local(2026, 11, 27, 17, 30)),
    ("tue 9:00", local(2026, 12, 1, 9)),
    ("mon", local(2026, 11, 30, 8)),
    ("t 8:00", None),  # Tuesday or Thursday
    ("2026-11-27", local(2026, 11, 27, 8)),
    ("2026-11-27 20:15", local(2026, 11, 27, 20, 15)),
    ("2026-11-27T20:15", local(2026, 11, 27, 20, 15)),
    ("2026-11-23", None),
    ("2026-02-30", None),
    ("tomorrow 25:00", None),
    ("next spring", None),
    ("3", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "expected"), MOMENTS, ids=[text or "nothing" for text, _ in MOMENTS])
def test_a_moment_is_understood_or_refused(text: str, expected: datetime | None) -> None:
    assert moment_after(text, NOW) == expected


SPANS = [
    ("45m", timedelta(minutes=45)), ("12H", timedelta(hours=12)), ("3d", timedelta(days=3)),
    ("2 w", timedelta(weeks=2)), ("0d", None), ("3", None), ("-3d", None), ("1.5h", None), ("", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SPANS, ids=[text or "nothing" for text, _ in SPANS])
def test_a_span_is_understood_or_refused(text: str, expected: timedelta | None) -> None:
    assert span_of(text) == expected
