"""How quiet hours, maintenance and rates are written, and the complaint when they mean nothing."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.adapters.config.values import ComplaintError, duration, shown, text
from monitor.core.model import QuietHours, Rate
from monitor.core.quiet import instants
from monitor.core.suggest import suggestion

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MIDNIGHT = time(0, 0)
_WORDS = {"weekdays": "mon-fri", "weekend": "sat-sun", "weekends": "sat-sun", "daily": "mon-sun"}
_TO = re.compile(r"\s*(?:[–—-]|\bto\b|\buntil\b)\s*")
_AND = re.compile(r"\s*,\s*(?:and\b\s*)?|\s+(?:and\s+|on\s+)?")
_HOURS = re.compile(r"(?P<start>\d{1,2}(?:[:.]\d\d)?)-(?P<end>\d{1,2}(?:[:.]\d\d)?)(?:,(?P<days>.+))?")
_RATE = re.compile(r"(?P<count>\d{1,6})\s*(?:in|per|/)\s*(?P<span>\S.*)")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?\s*(Z|[+-]\d\d:?\d\d)?)?")
_QUIET_HINT = "write '22:00-07:00', '22:00-07:00 mon-fri', or for whole days 'sat-sun'"
_SPANS = {"minute": "1m", "hour": "1h", "day": "1d"}
_LONGEST_RATE = timedelta(days=1)


def rate(value: object) -> Rate:
    """`10 in 10m`: so many in so much time, up to a day."""
    if re.fullmatch(r"\d{1,6}", bare := str(value).strip()):
        raise ComplaintError(f"{bare} in what time?", f"write it like `{bare} in 10m`")
    found = text(value).lower()
    match = _RATE.fullmatch(found)
    if not match:
        raise ComplaintError(f"{shown(found)} does not say how many in what time", "write it like `10 in 10m`")
    written = _SPANS.get(match["span"], match["span"])
    if not written[0].isdigit():
        written = f"1{written}"
    try:
        span = duration(written)
    except ComplaintError:
        raise ComplaintError(
            f"{shown(found)} does not say how many in what time", "write it like `10 in 10m`"
        ) from None
    if int(match["count"]) < 1:
        raise ComplaintError("at least 1 must be allowed", "write it like `10 in 10m`")
    if span > _LONGEST_RATE:
        raise ComplaintError(f"{shown(match['span'])} is too long", "up to 1d")
    return Rate(int(match["count"]), span)


def quiet_hours(value: object) -> QuietHours:
    """`22:00-07:00`, `22:00-07:00 mon-fri`, `13-14`; for whole days `sat-sun` or `mon, thu`."""
    if not isinstance(value, str) or value.strip().lower() in {"off", "no", "none", "never"}:
        hint = "for none, remove the line" if isinstance(value, str) else _QUIET_HINT
        raise ComplaintError(f"{shown(value)} names no quiet hours", hint)
    found = text(value).lower()
    plain = _AND.sub(",", _TO.sub("-", found))
    match = _HOURS.fullmatch(plain)
    if not match:
        if re.match(r"\d", found):
            raise ComplaintError(f"{shown(found)} is no stretch of the day", _QUIET_HINT)
        return QuietHours(_MIDNIGHT, _MIDNIGHT, _days(plain))
    start, end = _clock(match["start"]), _clock(match["end"])
    if start == end and not match["end"].startswith("24"):
        raise ComplaintError(f"{shown(found)} begins and ends at the same time", _QUIET_HINT)
    return QuietHours(start, end, _days(match["days"] or "daily"))


def _clock(written: str) -> time:
    hours, _, minutes = written.replace(".", ":").partition(":")
    hour, minute = int(hours), int(minutes or 0)
    if (hour, minute) == (24, 0):
        return _MIDNIGHT
    if hour > 23 or minute > 59:
        raise ComplaintError(f"{shown(written)} is no time of day", "00:00 to 24:00")
    return time(hour, minute)


def _days(written: str) -> frozenset[int]:
    """`mon-fri`, `sat`, `mon,wed`, `fri-mon`, `weekdays`: 0 is Monday."""
    days: set[int] = set()
    for part in filter(None, written.split(",")):
        first, dash, last = _WORDS.get(part, part).partition("-")
        begin = _weekday(first)
        days.update((begin + step) % 7 for step in range(((_weekday(last) if dash else begin) - begin) % 7 + 1))
    if not days:
        raise ComplaintError("no hours and no days are named", _QUIET_HINT)
    return frozenset(days)


def _weekday(name: str) -> int:
    for number, whole in enumerate(_NAMES):
        if len(name) >= 3 and whole.startswith(name):
            return number
    meant = suggestion(name, [*DAYS, *_NAMES, *_WORDS])
    raise ComplaintError(f"{shown(name)} is no day of the week{meant}", f"one of {', '.join(DAYS)}")


def moment(value: object, zone: str, *, last: bool = False) -> datetime:
    """`2026-12-01 02:00` in that zone, or with an offset of its own (`+03:00`, `Z`); a date alone is its midnight.

    Where the clocks repeat that time, the first one is meant, with `last` the last one.
    """
    found = value.isoformat(" ") if isinstance(value, datetime) else str(value) if isinstance(value, date) else value
    written = text(found)
    match = _MOMENT.fullmatch(written)
    try:
        parsed = datetime.fromisoformat(written.replace(" ", "T", 1).replace(" ", "")) if match else None
    except ValueError:
        parsed = None
    if parsed is None:
        raise ComplaintError(f"{shown(written)} is no moment", "write date and time, like 2026-12-01 02:00")
    if parsed.tzinfo:
        return parsed
    return instants(parsed.date(), parsed.time(), ZoneInfo(zone))[-1 if last else 0]
