"""When digests are due, when failed deliveries are tried again."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.core.model import DigestSpec
from monitor.core.polling import CEILING
from monitor.core.retrying import next_attempt, rewrite_due
from monitor.core.schedule import check_cron, digest_due, next_digest
from monitor.errors import DeliveryFault

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
S, M, H, D = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))


# --- digests ----------------------------------------------------------------------------------------------


def cron(at: str | None, timezone: str = "UTC", wait: timedelta = 30 * S) -> DigestSpec:
    return DigestSpec("morning", ("*",), (), at=at, timezone=timezone, wait=wait)


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[arg-type,misc]


def fired(at: str, zone: str, start: datetime, end: datetime, step: timedelta = 10 * M) -> list[str]:
    """The moments at which a daemon that looks every `step` writes the digest, on the reader's clock."""
    spec, last, now, times = cron(at, zone), start, start, []
    while now <= end:
        if due := digest_due(spec, last=last, now=now):
            assert last < due <= now
            times.append(f"{due.astimezone(ZoneInfo(zone)):%a %H:%M%z}")
            last = now
        now += step
    return times


def test_a_clock_set_back_silences_no_digest() -> None:
    spec = DigestSpec("morning", (), (), at="0 8 * * *")
    assert digest_due(spec, last=NOW + 365 * D, now=NOW + M) == NOW + M
    assert digest_due(spec, last=NOW + M / 2, now=NOW) is None, "a small step back tells no twice"


def test_a_digest_is_due_once_at_its_local_time() -> None:
    start = local("Asia/Tokyo", 2026, 11, 20, 9, 0)  # a Friday
    times = fired("0 8 * * 1-5", "Asia/Tokyo", start, start + 5 * D)
    assert times == ["Mon 08:00+0900", "Tue 08:00+0900", "Wed 08:00+0900"]


@pytest.mark.parametrize(
    ("at", "expected", "why"),
    [
        ("30 2 * * *", "Sat 02:30+0100, Sun 03:00+0200, Mon 02:30+0200", "skipped by the clocks: right after"),
        ("0 8 * * *", "Sat 08:00+0100, Sun 08:00+0200, Mon 08:00+0200", "23 hours apart, not 24"),
        (
            "0 */12 * * *",
            "Sat 00:00+0100, Sat 12:00+0100, Sun 00:00+0100, Sun 12:00+0200, Mon 00:00+0200, Mon 12:00+0200",
            "by the wall clock",
        ),
        (
            "*/30 2 * * *",
            "Sat 02:00+0100, Sat 02:30+0100, Sun 03:00+0200, Mon 02:00+0200, Mon 02:30+0200",
            "two times that are skipped fall together",
        ),
    ],
)
def test_in_spring_no_digest_is_missed(at: str, expected: str, why: str) -> None:
    start = local("Europe/Berlin", 2027, 3, 26, 23, 50)
    assert ", ".join(fired(at, "Europe/Berlin", start, start + 3 * D - 1 * H)) == expected, why


@pytest.mark.parametrize(
    ("at", "expected", "why"),
    [
        ("30 2 * * *", "Sat 02:30+0200, Sun 02:30+0200, Mon 02:30+0100", "repeated by the clocks: the first time only"),
        ("0 8 * * *", "Sat 08:00+0200, Sun 08:00+0100, Mon 08:00+0100", "25 hours apart"),
        (
            "*/30 2 * * *",
            "Sat 02:00+0200, Sat 02:30+0200, Sun 02:00+0200, Sun 02:30+0200, Mon 02:00+0100, Mon 02:30+0100",
            "not four on Sunday",
        ),
    ],
)
def test_in_autumn_no_digest_comes_twice(at: str, expected: str, why: str) -> None:
    start = local("Europe/Berlin", 2026, 10, 23, 23, 50)
    assert ", ".join(fired(at, "Europe/Berlin", start, start + 3 * D + 1 * H)) == expected, why


def test_an_hourly_digest_follows_the_hours_as_they_pass() -> None:
    start = local("Europe/Berlin", 2026, 10, 25, 0, 50)
    times = fired("0 * * * *", "Europe/Berlin", start, start + 4 * H)
    assert times == ["Sun 01:00+0200", "Sun 02:00+0200", "Sun 02:00+0100", "Sun 03:00+0100"]


@pytest.mark.parametrize(
    ("last", "now", "due", "why"),
    [
        ((2026, 11, 24, 8, 0), (2026, 11, 25, 7, 59), None, "not yet"),
        ((2026, 11, 24, 8, 0), (2026, 11, 25, 8, 0), (2026, 11, 25, 8, 0), "on the minute"),
        ((2026, 11, 25, 8, 0), (2026, 11, 25, 8, 0), None, "done already"),
        ((2026, 11, 20, 8, 0), (2026, 11, 25, 9, 30), (2026, 11, 25, 8, 0), "missed times make one digest"),
        ((2024, 1, 1, 0, 0), (2026, 11, 25, 9, 30), (2026, 11, 25, 8, 0), "even over years"),
        ((2026, 11, 25, 9, 0), (2026, 11, 25, 8, 30), None, "the clock was set back: not again"),
    ],
)
def test_the_latest_missed_time_counts(
    last: tuple[int, ...], now: tuple[int, ...], due: tuple[int, ...] | None, why: str
) -> None:
    expected = None if due is None else datetime(*due, tzinfo=UTC)  # type: ignore[misc,arg-type]
    got = digest_due(
        cron("0 8 * * *"),
        last=datetime(*last, tzinfo=UTC),  # type: ignore[misc,arg-type]
        now=datetime(*now, tzinfo=UTC),  # type: ignore[misc,arg-type]
    )
    assert got == expected, why


def test_a_rare_digest_missed_long_ago_is_found() -> None:
    due = digest_due(
        cron("0 8 29 2 *"), last=datetime(2026, 1, 1, tzinfo=UTC),
        now=datetime(2029, 12, 1, tzinfo=UTC),
    )  # fmt: skip
    assert due == datetime(2028, 2, 29, 8, 0, tzinfo=UTC)


def test_the_next_time_is_told() -> None:
    assert next_digest(cron("0 8 * * 1-5", "Asia/Tokyo"), NOW) == local("Asia/Tokyo", 2026, 11, 25, 8, 0)
    assert next_digest(cron("0 8 * * *"), NOW) == NOW + D, "after now, not at it"
    assert next_digest(cron(None), NOW) is None


@pytest.mark.parametrize("line", ["0 8 * * 1-5", "*/15 6-22 * * *", "0 8 * * MON,wed", "0 0 L * *", "0 9 29 2 *"])
def test_good_cron_lines_have_no_complaint(line: str) -> None:
    assert check_cron(line) is None


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("", "needs the five fields 'minute hour day month weekday', this has 0"),
        ("8:00", "this has 1: for weekdays at 08:00 write '0 8 * * 1-5'"),
        ("0 0 8 * * *", "this has 6"),
        ("60 8 * * *", "the minute is not valid, it takes 0–59"),
        ("0 25 * * *", "the hour is not valid, it takes 0–23"),
        ("0 8 32 * *", "the day-of-month is not valid"),
        ("0 8 * 13 *", "the month is not valid, it takes 1–12 or JAN–DEC"),
        ("0 8 * * monday", "the day-of-week is not valid"),
        ("0 8 * * 5-1", "the day-of-week is not valid"),
        ("0 8 30 2 *", "'0 8 30 2 *' names a day that never comes in that month"),
        ("0 8 31 4,6 *", "names a day that never comes"),
        ("0 8 32 2 *", "the day-of-month is not valid"),
        ("0 8 * * x", "for weekdays at 08:00 write '0 8 * * 1-5'"),
    ],
)
def test_bad_cron_lines_get_a_complaint_that_helps(line: str, complaint: str) -> None:
    assert complaint in (check_cron(line) or "no complaint")


# --- deliveries -------------------------------------------------------------------------------------------


def retry(
    fault: DeliveryFault = DeliveryFault.TEMPORARY,
    *,
    attempts: int = 1,
    age: timedelta = 1 * H,
    retry_after: timedelta | None = None,
    jitter: float = 0,
) -> timedelta | None:
    at = next_attempt(fault, attempts=attempts, retry_after=retry_after, created_at=NOW - age, now=NOW, jitter=jitter)
    return None if at is None else at - NOW


@pytest.mark.parametrize(
    ("attempts", "expected"), [(1, 30 * S), (2, 1 * M), (5, 8 * M), (8, 1 * H), (50, 1 * H), (5000, 1 * H)]
)
def test_a_temporary_fault_is_tried_again_ever_more_slowly(attempts: int, expected: timedelta) -> None:
    assert retry(attempts=attempts) == expected
    assert expected * 0.8 == retry(attempts=attempts, jitter=1), "chance only shortens, the cap holds"


@pytest.mark.parametrize(("times", "wait"), [(1, 2 * S), (2, 4 * S), (5, 32 * S), (6, M), (50, M), (10**6, M)])
def test_what_could_not_be_written_is_tried_again_ever_more_slowly(times: int, wait: timedelta) -> None:
    def due(after: timedelta) -> bool:
        return rewrite_due(failed_at=NOW, times=times, now=NOW + after)

    assert (due(0 * S), due(wait - S), due(wait), due(2 * wait)) == (False, False, True, True)
    assert due(-S), "the clock was set back"


@pytest.mark.parametrize(
    ("fault", "attempts", "age", "parked"),
    [
        (DeliveryFault.PERMANENT, 1, timedelta(0), True),
        (DeliveryFault.TEMPORARY, 60, 3 * D - 1 * S, False),
        (DeliveryFault.TEMPORARY, 60, 3 * D, True),
        (DeliveryFault.CONFIGURATION, 280, 3 * D - 1 * S, False),
        (DeliveryFault.CONFIGURATION, 280, 3 * D, True),
        # written three days ago, but the daemon was down: not parked after the first try
        (DeliveryFault.TEMPORARY, 1, 4 * D, False),
        (DeliveryFault.CONFIGURATION, 1, 4 * D, False),
    ],
)
def test_what_will_not_go_is_parked(fault: DeliveryFault, attempts: int, age: timedelta, parked: bool) -> None:
    assert (retry(fault, attempts=attempts, age=age) is None) == parked


@pytest.mark.parametrize(("attempts", "expected"), [(1, 15 * M), (2, 30 * M), (4, 2 * H), (5, 4 * H), (99, 4 * H)])
def test_a_fault_of_configuration_waits_for_a_person_ever_longer(attempts: int, expected: timedelta) -> None:
    assert retry(DeliveryFault.CONFIGURATION, attempts=attempts) == expected


@pytest.mark.parametrize(("asked", "expected"), [(10 * S, 30 * S), (7 * M, 7 * M), (30 * D, CEILING)])
def test_the_wait_a_server_asks_for_is_kept_up_to_a_day(asked: timedelta, expected: timedelta) -> None:
    assert retry(retry_after=asked) == expected
