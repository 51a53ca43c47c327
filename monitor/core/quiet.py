"""When nothing is sent: quiet hours of digests at once, and planned maintenance.

Quiet hours go by the clock on the wall. Where the clocks skip their beginning or end, it is the moment of the change;
where they repeat it, they begin the first time and end the last time. So nobody is disturbed at a time of day that
they named as quiet.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from monitor.core.model import DigestSpec, QuietHours

QUIET = "quiet hours"
MAINTENANCE = "maintenance"
# Quiet hours repeat each week: what joins over more days than these never ends.
_DAYS = 9


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch of time in which a digest does not speak, `since` ≤ t < `until`, in UTC; `by` says why, in words."""

    since: datetime
    until: datetime
    by: str


def pause_at(spec: DigestSpec, moment: datetime, *, urgent: bool = False) -> Pause | None:
    """The pause in which that moment (aware) falls; None: the digest may speak.

    Quiet hours hold for digests at once only, and not for what is `urgent` (see routes.urgent); maintenance holds for
    all. Pauses that overlap or touch count as one: `since` is when the first of them begins, `until` when the last
    ends, `by` the reason of the one in force at that moment, of maintenance where both are.
    """
    moment = moment.astimezone(UTC)
    pauses = [
        Pause(window.start.astimezone(UTC), window.end.astimezone(UTC), _named(window.reason))
        for window in spec.maintenance
    ]
    if spec.immediate and not urgent:
        today = moment.astimezone(zone(spec.timezone)).date()
        pauses += [pause for hours in spec.quiet_hours for pause in _around(hours, zone(spec.timezone), today)]
    now = next((pause for pause in pauses if pause.since <= moment < pause.until), None)
    return now and _joined(now, pauses)


def _named(reason: str) -> str:
    return f"{MAINTENANCE} ({reason})" if reason else MAINTENANCE


@cache  # the library's own memory holds eight zones
def zone(name: str) -> ZoneInfo:
    """The zone of that name, which must be one of the IANA database."""
    return ZoneInfo(name)


def _joined(pause: Pause, others: list[Pause]) -> Pause:
    """The pause with all that overlap or touch it."""
    since, until = pause.since, pause.until
    for other in sorted(others, key=lambda one: one.since):
        if other.since <= until:
            until = max(until, other.until)
    for other in sorted(others, key=lambda one: one.until, reverse=True):
        if other.until >= since:
            since = min(since, other.since)
    return Pause(since, until, pause.by)


@lru_cache(maxsize=64)  # asked again and again on the same day
def _around(hours: QuietHours, place: ZoneInfo, today: date) -> tuple[Pause, ...]:
    """Those that begin within some days of that day."""
    return tuple(_each(hours, place, today))


def _each(hours: QuietHours, place: ZoneInfo, today: date) -> Iterator[Pause]:
    ends_next_day = hours.end <= hours.start
    for offset in range(-_DAYS, _DAYS + 1):
        day = today + timedelta(days=offset)
        if day.weekday() not in hours.days:
            continue
        last = day + timedelta(days=1) if ends_next_day else day
        since, until = instants(day, hours.start, place)[0], instants(last, hours.end, place)[-1]
        if since < until:
            yield Pause(since, until, QUIET)


def instants(day: date, at: time, place: ZoneInfo) -> tuple[datetime, ...]:
    """When the clocks of a zone show this: once, twice where they repeat it; where they skip it, when they do so."""
    first = datetime.combine(day, at.replace(fold=0), place)
    second = first.replace(fold=1)
    early, late = first.astimezone(UTC), second.astimezone(UTC)
    if early == late:
        return (early,)
    if early < late:  # the offset becomes smaller: the clocks are set back, this comes twice
        return early, late
    return (_change(late, early, place),)


def _change(before: datetime, after: datetime, place: ZoneInfo) -> datetime:
    """The moment at which the zone's offset changes, between these two, to the second."""
    offset = before.astimezone(place).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(place).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
