"""At any hour, in any zone, by any chance: polls stay within bounds, digests come exactly once."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.core.model import DigestSpec, Failure, FailureKind
from monitor.core.polling import CEILING
from monitor.core.retrying import next_attempt
from monitor.core.schedule import check_cron, digest_due, next_digest
from monitor.errors import DeliveryFault

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SPAN = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400))
CHANCE = st.floats(0, 1)
FAILURE = st.builds(Failure, st.sampled_from(FailureKind), st.just("?"), retry_after=st.none() | SPAN)
# Zones with every kind of clock change: none, both hemispheres, half an hour, half-hour offset, at midnight.
ZONES = [
    "UTC", "Asia/Tokyo", "Asia/Vladivostok", "Asia/Shanghai", "Europe/Berlin", "Europe/London", "America/New_York",
    "America/Los_Angeles", "Australia/Lord_Howe", "Australia/Adelaide", "America/Havana", "Africa/Cairo",
    "Asia/Kathmandu",
]  # fmt: skip


@given(st.sampled_from(DeliveryFault), st.integers(1, 10**6), st.none() | SPAN, SPAN, CHANCE)
def test_a_failed_delivery_is_tried_again_in_time_or_parked(
    fault: DeliveryFault, attempts: int, retry_after: timedelta | None, age: timedelta, jitter: float
) -> None:
    at = next_attempt(fault, attempts=attempts, retry_after=retry_after, created_at=NOW - age, now=NOW, jitter=jitter)
    if at is not None:
        assert timedelta(seconds=24) <= at - NOW <= CEILING
    if fault is DeliveryFault.PERMANENT:
        assert at is None


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=8, deadline=None)
@given(hour=st.integers(0, 23), minute=st.integers(0, 59), pause=st.integers(1, 300))
@example(hour=2, minute=30, pause=7)
@example(hour=0, minute=30, pause=60)
@example(hour=1, minute=45, pause=1)
def test_over_a_year_a_daily_digest_comes_once_a_day_at_its_local_time(
    zone: str, hour: int, minute: int, pause: int
) -> None:
    """Every day by the reader's calendar, whatever the clocks do; the daemon looks every `pause` minutes."""
    spec = DigestSpec("d", ("*",), (), at=f"{minute} {hour} * * *", timezone=zone)
    last = now = datetime(2027, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(seconds=1)
    days: list[date] = []
    while now < datetime(2028, 1, 1, tzinfo=UTC):
        expected = next_digest(spec, last)
        assert expected is not None
        now += max(pause * MINUTE, (expected - now) // MINUTE * MINUTE)  # skips looks that find nothing
        due = digest_due(spec, last=last, now=now)
        if due is None:
            assert expected > now
            continue
        assert due == expected <= now
        last = now
        local = due.astimezone(ZoneInfo(zone))
        days.append(local.date())
        skipped = datetime(local.year, local.month, local.day, hour, minute, tzinfo=ZoneInfo(zone))
        exists = skipped.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == skipped.replace(tzinfo=None)
        assert not exists or (local.hour, local.minute) == (hour, minute)
    assert len(days) >= 364
    assert all(later - earlier == DAY for earlier, later in pairwise(days))


@settings(deadline=None)
@given(
    at=st.sampled_from(["0 8 * * 1-5", "*/20 * * * *", "30 2 * * *", "*/15 1-3 * * *", "0 */2 * * *", "0 9 1 * *"]),
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    gap=st.timedeltas(timedelta(0), timedelta(days=90)),
)
def test_after_a_pause_of_any_length_one_digest_makes_up_for_all_times_missed(
    at: str, zone: str, start: datetime, gap: timedelta
) -> None:
    spec = DigestSpec("d", ("*",), (), at=at, timezone=zone)
    now = start + gap
    due = digest_due(spec, last=start, now=now)
    upcoming = next_digest(spec, start)
    assert upcoming is not None
    assert (due is None) == (upcoming > now)
    if due is not None:
        assert start < due <= now
        after = next_digest(spec, due)
        assert after is not None
        assert after > now, "the latest one"
        assert digest_due(spec, last=now, now=now) is None


@given(st.text(alphabet="0123456789*/,-L#W ?MONJA", max_size=24) | st.text(max_size=12))
@example("* * * * L/2")
@example("0 0 L-1 * *")
@example("0 0 1-L * *")
@example("0 0 LW,L * *")
@example("L L L L L")
@example("* * * * 1#1/2")
@example("* * * * 0#1-3")
@example("* * 31 2 1#5")
@example("* * 29 2 MON#5")
@settings(deadline=None)
def test_a_line_is_refused_or_it_works(line: str) -> None:
    if check_cron(line) is None:
        upcoming = next_digest(DigestSpec("d", ("*",), (), at=line, timezone="Europe/Berlin"), NOW)
        assert upcoming is not None
        assert upcoming > NOW
