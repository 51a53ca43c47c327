"""Quiet hours and maintenance: what they hold back and until when, also where the clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.core.model import DigestSpec, QuietHours, Window
from monitor.core.quiet import pause_at
from monitor.core.schedule import digest_due, held_until, next_digest

WEEKDAYS = frozenset(range(5))
NIGHT = QuietHours(time(22), time(7))
NOON = QuietHours(time(13), time(15))
WEEKEND = QuietHours(time(0), time(0), frozenset({5, 6}))


def local(zone: str, written: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def alerts(*quiet: QuietHours, zone: str = "Europe/Berlin", maintenance: tuple[Window, ...] = ()) -> DigestSpec:
    return DigestSpec(id="flash", rules=("*",), to=(), timezone=zone, quiet_hours=quiet, maintenance=maintenance)


def held(spec: DigestSpec, written: str, fold: int = 0) -> str:
    until = held_until(spec, local(spec.timezone, written, fold))
    return f"{until.astimezone(ZoneInfo(spec.timezone)):%a %H:%M%z}" if until else ""


@pytest.mark.parametrize(
    ("quiet", "at", "until", "why"),
    [
        ((NIGHT,), "2026-11-24 21:59", "", "not yet"),
        ((NIGHT,), "2026-11-24 22:00", "Wed 07:00+0100", "from its first minute"),
        ((NIGHT,), "2026-11-25 06:59", "Wed 07:00+0100", "after midnight"),
        ((NIGHT,), "2026-11-25 07:00", "", "its end is over"),
        ((QuietHours(time(13), time(14)),), "2026-11-25 13:30", "Wed 14:00+0100", "within a day"),
        ((QuietHours(time(22), time(7), WEEKDAYS),), "2026-11-28 06:00", "Sat 07:00+0100", "it began on Friday"),
        ((QuietHours(time(22), time(7), WEEKDAYS),), "2026-11-28 23:00", "", "on Saturday it does not begin"),
        ((WEEKEND,), "2026-11-28 00:00", "Mon 00:00+0100", "whole days join"),
        ((QuietHours(time(22), time(7), WEEKDAYS), WEEKEND), "2026-11-27 23:00", "Mon 00:00+0100", "they overlap"),
        ((NIGHT, WEEKEND), "2026-11-27 23:00", "Mon 07:00+0100", "so does Sunday's night"),
        (
            (QuietHours(time(12), time(13)), QuietHours(time(13), time(15))),
            "2026-11-25 12:30",
            "Wed 15:00+0100",
            "touch",
        ),
    ],
)
def test_quiet_hours_hold_until_their_end(quiet: tuple[QuietHours, ...], at: str, until: str, why: str) -> None:
    assert held(alerts(*quiet), at) == until, why


@pytest.mark.parametrize(
    ("zone", "hours", "at", "fold", "until", "why"),
    [
        ("Europe/Berlin", (22, 0, 7, 0), "2027-03-27 23:00", 0, "Sun 07:00+0200", "an hour less of quiet"),
        ("Europe/Berlin", (22, 0, 7, 0), "2026-10-24 23:00", 0, "Sun 07:00+0100", "an hour more"),
        ("Europe/Berlin", (22, 0, 2, 30), "2027-03-27 23:00", 0, "Sun 03:00+0200", "the end is skipped: at the change"),
        ("Europe/Berlin", (22, 0, 2, 30), "2026-10-24 23:00", 0, "Sun 02:30+0100", "the end comes twice: the last"),
        ("Europe/Berlin", (2, 30, 8, 0), "2026-10-25 02:40", 0, "Sun 08:00+0100", "so does the beginning: the first"),
        ("Europe/Berlin", (2, 0, 3, 0), "2027-03-28 03:00", 0, "", "all of it is skipped"),
        ("Australia/Lord_Howe", (22, 0, 2, 15), "2026-10-03 23:00", 0, "Sun 02:30+1100", "half an hour is skipped"),
        ("America/Santiago", (0, 0, 6, 0), "2026-09-06 01:00", 0, "Sun 06:00-0300", "midnight is skipped"),
        ("Africa/Cairo", (22, 0, 0, 0), "2026-04-23 23:59", 0, "Fri 01:00+0300", "to a midnight that is skipped"),
        ("Asia/Beirut", (22, 0, 0, 0), "2026-10-24 23:30", 0, "Sun 00:00+0200", "midnight itself comes once"),
        ("Asia/Beirut", (22, 0, 23, 30), "2026-10-24 23:10", 1, "Sat 23:30+0200", "the hour before it twice"),
    ],
)
def test_where_the_clocks_change_quiet_hours_go_by_the_wall(
    zone: str, hours: tuple[int, int, int, int], at: str, fold: int, until: str, why: str
) -> None:
    spec = alerts(QuietHours(time(*hours[:2]), time(*hours[2:])), zone=zone)
    assert held(spec, at, fold) == until, why


def window(begin: str, until: str, reason: str = "new mail server") -> Window:
    return Window(local("Europe/Berlin", begin), local("Europe/Berlin", until), reason)


def test_maintenance_holds_everything_quiet_hours_only_what_can_wait() -> None:
    spec = alerts(NIGHT, maintenance=(window("2026-11-25 12:00", "2026-11-25 14:00"),))
    noon, night = local("Europe/Berlin", "2026-11-25 12:30"), local("Europe/Berlin", "2026-11-25 23:00")
    assert held_until(spec, noon, urgent=True) == local("Europe/Berlin", "2026-11-25 14:00")
    assert held_until(spec, night, urgent=True) is None
    assert held_until(spec, night) == local("Europe/Berlin", "2026-11-26 07:00")


def test_a_pause_says_since_when_and_why() -> None:
    spec = alerts(NIGHT, maintenance=(window("2026-11-25 05:00", "2026-11-25 09:00"),))
    pause = pause_at(spec, local("Europe/Berlin", "2026-11-25 03:00"))
    assert pause
    assert (pause.since, pause.until) == (
        local("Europe/Berlin", "2026-11-24 22:00"),
        local("Europe/Berlin", "2026-11-25 09:00"),
    )
    assert pause.by == "quiet hours"
    later = pause_at(spec, local("Europe/Berlin", "2026-11-25 06:00"))
    assert later
    assert (later.since, later.by) == (pause.since, "maintenance (new mail server)")
    unnamed = alerts(maintenance=(window("2026-11-25 05:00", "2026-11-25 09:00", ""),))
    assert getattr(pause_at(unnamed, local("Europe/Berlin", "2026-11-25 06:00")), "by", "") == "maintenance"


def test_a_scheduled_digest_keeps_its_hour_in_the_night_and_waits_for_maintenance() -> None:
    spec = DigestSpec(
        id="morning", rules=("*",), to=(), at="0 8 * * *", timezone="Europe/Berlin", quiet_hours=(WEEKEND,),
        maintenance=(window("2026-11-28 07:00", "2026-11-28 09:30"),),
    )  # fmt: skip
    start, end = local("Europe/Berlin", "2026-11-28 08:00"), local("Europe/Berlin", "2026-11-28 09:30")
    last = start - timedelta(days=1)
    minute = timedelta(minutes=1)
    assert digest_due(spec, last=last, now=start) is None
    assert digest_due(spec, last=last, now=end - minute) is None
    assert digest_due(spec, last=last, now=end) == start, "made up for, whatever day it is"
    assert digest_due(spec, last=end, now=end + minute) is None
    assert next_digest(spec, start - minute) == end, "what is shown as its next time"
    assert next_digest(spec, end) == start + timedelta(days=1)
