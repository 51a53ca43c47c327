"""When a digest is due, when a failed delivery is tried again. Of feeds: see polling.py.

Pure arithmetic: the clock's time and chance (`jitter`, 0 ≤ jitter ≤ 1) come in as arguments. All datetimes
that come in are aware; all that go out are in UTC.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import takewhile
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from monitor.core.model import DigestSpec
from monitor.core.polling import CEILING, SPREAD, doubled, later
from monitor.core.suggest import complaint
from monitor.errors import DeliveryFault

# --- digests ----------------------------------------------------------------------------------------------

_FIELDS = {
    "minute": "0–59",
    "hour": "0–23",
    "day-of-month": "1–31",
    "month": "1–12 or JAN–DEC",
    "day-of-week": "0–7 or SUN–SAT, both 0 and 7 are Sunday",
}
_EXAMPLE = "for weekdays at 08:00 write '0 8 * * 1-5'"
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?", re.IGNORECASE)
# A leap-year start, so that every day of a year comes up soon after it.
_ANY_TIME = datetime(2028, 1, 1, tzinfo=UTC)
# A digest made so far in the future means that the clock was set back: its next time could be years away.
_SET_BACK = timedelta(hours=1)
# How far back the last of several missed times is looked for, step by step: keeps a long pause cheap.
_LOOK_BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=32), timedelta(days=366))


def check_cron(text: str) -> str | None:
    """What is wrong with a cron line (five fields), in words that say how to mend it; None if nothing is."""
    count = len(text.split())
    if count != 5:
        return f"a time needs the five fields 'minute hour day month weekday', this has {count}: {_EXAMPLE}"
    try:
        CronSim(text, _ANY_TIME)
    except CronSimError as error:
        field = str(error).removeprefix("Bad ")
        if field == "day-of-month" and _has_days(text.split()[2]):
            return f"{text!r} names a day that never comes in that month: {_EXAMPLE}"
        return f"{text!r}: the {field} is not valid, it takes {_FIELDS.get(field, 'numbers')}: {_EXAMPLE}"
    if next(_times(text, "UTC", _ANY_TIME), None) is None:
        return f"{text!r} names a time that never comes: {_EXAMPLE}"
    return None


def _has_days(field: str) -> bool:
    """Whether a cron line's field of days is good by itself: then it is the month that has no such day."""
    try:
        CronSim(f"0 0 {field} 1 *", _ANY_TIME)
    except CronSimError:
        return False
    return True


def check_timezone(name: str) -> str | None:
    """What is wrong with the name of a time zone; None if nothing is."""
    names = _zones()
    if name in names:
        return None
    if offset := _OFFSET.fullmatch(name.strip()):
        hours = int(offset["hours"])
        exact = f"'Etc/GMT{'-' if offset['sign'] == '+' else '+'}{hours}' (its sign is the other way round)"
        whole = hours and not int(offset["minutes"] or 0) and f"Etc/GMT-{hours}" in names
        return f"{name!r} is no time zone: name a city, like 'Europe/Moscow'" + (f", or write {exact}" if whole else "")
    by_city = {zone.rsplit("/", 1)[-1].casefold(): zone for zone in sorted(names)}
    city = name.strip().replace(" ", "_").rsplit("/", 1)[-1].casefold()
    return complaint(
        f"{name!r} is no time zone",
        by_city.get(city, name),
        [by_city[city]] if city in by_city else names,
        "use a name like 'Asia/Tokyo' or 'UTC'",
    )


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def digest_due(spec: DigestSpec, *, last: datetime, waiting_since: datetime | None, now: datetime) -> datetime | None:
    """The moment for which the digest is due, at most `now`; None if it isn't.

    With a cron line: the latest of its times after `last`, so several that were missed come to one digest.
    At once: `wait` after the oldest hit was put into the tray (`waiting_since`; None: the tray is empty).
    """
    if spec.at is None:
        if waiting_since is None:
            return None
        # A tray filled in the future means that the clock was set back: waiting for it could take for ever.
        due = later(waiting_since, spec.wait)
        return now.astimezone(UTC) if waiting_since > now else due if due <= now else None
    if last > now + _SET_BACK:
        return now.astimezone(UTC)
    for span in _LOOK_BACK:
        if last >= now - span:
            break
        if missed := _between(spec, now - span, now):
            return missed[-1]
    missed = _between(spec, last, now)
    return missed[-1] if missed else None


def next_digest(spec: DigestSpec, now: datetime) -> datetime | None:
    """The next time of the digest's cron line after `now`; None for `at: once`."""
    return None if spec.at is None else next(_times(spec.at, spec.timezone, now), None)


def _between(spec: DigestSpec, after: datetime, until: datetime) -> list[datetime]:
    return list(takewhile(lambda at: at <= until, _times(spec.at or "", spec.timezone, after)))


def _times(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """The line's times after that moment, each once, in UTC.

    A time that the clocks skip in spring comes when they have moved; one that they repeat in autumn comes the
    first time only. A line for every hour (`*`) follows the hours as they pass.
    """
    start = after.astimezone(UTC)
    for local in CronSim(_settled(cron), start.astimezone(ZoneInfo(timezone))):
        at = local.astimezone(UTC)
        if at > start:  # in the repeated hour the line starts over from the hour's first passing
            start = at
            yield at


def _settled(cron: str) -> str:
    """The same line, with `*` written out where cronsim would otherwise follow elapsed time, not the wall clock.

    It treats lines whose minute or hour begins with `*` as intervals, which skip or repeat on the day the
    clocks change. Only a plain `*` for the hour is meant so.
    """
    minute, hour, *rest = cron.split()
    if hour == "*":
        return cron
    if hour.startswith("*"):
        hour = "0-23" + hour[1:]
    if minute.startswith("*"):
        minute = "0-59" + minute[1:]
    return " ".join((minute, hour, *rest))


# --- deliveries -------------------------------------------------------------------------------------------

FIRST_RETRY = timedelta(seconds=30)
RETRY_CEILING = timedelta(hours=1)
CONFIGURATION_RETRY = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=3)
MIN_ATTEMPTS = 5  # a message that outlived GIVE_UP_AFTER while the daemon was down still gets this many


def next_attempt(
    fault: DeliveryFault,
    *,
    attempts: int,
    retry_after: timedelta | None,
    created_at: datetime,
    now: datetime,
    jitter: float,
) -> datetime | None:
    """When to try a failed delivery again; None: park it for a person to see.

    `attempts` counts the one that just failed. Temporary faults wait 30 s, doubled each time up to 1 h, or as
    long as the server asked (up to 24 h); faults of configuration are tried every 15 min, so that a mended
    setting is noticed. After three days (and at least MIN_ATTEMPTS) both are parked; permanent ones at once.
    """
    if fault is DeliveryFault.PERMANENT:
        return None
    if now - created_at >= GIVE_UP_AFTER and attempts >= MIN_ATTEMPTS:
        return None
    if fault is DeliveryFault.CONFIGURATION:
        wait = CONFIGURATION_RETRY
    else:
        wait = doubled(FIRST_RETRY, attempts - 1, RETRY_CEILING)
    wait = wait * (1 - 2 * SPREAD * jitter)
    if retry_after is not None:
        wait = max(wait, min(retry_after, CEILING))
    return later(now, wait)
