"""Dates as feeds write them → aware UTC: RFC 822 and ISO 8601, well-formed or not, in English, Russian and Chinese."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = {
    # the first letters that tell the month, in English and Russian (nominative, genitive, abbreviated), and others
    **dict.fromkeys(["jan", "янв"], 1),
    **dict.fromkeys(["feb", "фев", "лют"], 2),
    **dict.fromkeys(["mar", "мар", "mär"], 3),
    **dict.fromkeys(["apr", "апр", "avr"], 4),
    **dict.fromkeys(["may", "май", "мая", "mai"], 5),
    **dict.fromkeys(["jun", "июн"], 6),
    **dict.fromkeys(["jul", "июл"], 7),
    **dict.fromkeys(["aug", "авг"], 8),
    **dict.fromkeys(["sep", "сен"], 9),
    **dict.fromkeys(["oct", "окт", "okt"], 10),
    **dict.fromkeys(["nov", "ноя"], 11),
    **dict.fromkeys(["dec", "дек", "dez"], 12),
}
_ZONES = {  # hours east of Greenwich
    "z": 0, "gmt": 0, "ut": 0, "utc": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2,
    "eet": 2, "eest": 3, "msk": 3, "мск": 3, "msd": 4, "trt": 3, "samt": 4, "yekt": 5, "omst": 6, "krat": 7, "irkt": 8,
    "yakt": 9, "vlat": 10, "magt": 11, "pett": 12, "ist": 5.5, "hkt": 8, "sgt": 8, "pht": 8, "jst": 9, "kst": 9,
    "est": -5, "edt": -4, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "aest": 10, "aedt": 11,
}  # fmt: skip
_MONTH = "(?P<month>" + "|".join(_MONTHS) + r")[^\W\d_]*"
_DAY_SHAPES = [
    re.compile(pattern)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})\s*[-/.年년]\s*(?P<month>\d{1,2})\s*[-/.月월]\s*(?P<day>\d{1,2})(?!\d)\s*[日일]?",
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s.,\-]*(?<![^\W\d_]){_MONTH}[\s.,\-]*(?P<year>\d{{4}}|\d{{2}})(?![\d:])",
        rf"(?<![^\W\d_]){_MONTH}[\s.]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?!\d)",
        # the form of asctime: Nov 22 10:00:00 2026
        rf"(?<![^\W\d_]){_MONTH}\s+(?P<day>\d{{1,2}})\s+(?=\d{{1,2}}:\d\d(?::\d\d)?\s+(?:\w{{1,5}}\s+)?(?P<year>\d{{4}}))",
        r"(?<!\d)(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?!\d)",
        r"(?<!\d)(?P<month>\d{1,2})[/-](?P<day>\d{1,2})[/-](?P<year>\d{4})(?!\d)",
        r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?=t?\d{4,6}(?!\d)|(?!\d))",
        r"^\s*(?P<year>\d{4})(?:-(?P<month>\d{1,2}))?\s*$",
    )
]
_TIME = re.compile(
    r"(?P<half>上午|下午|午前|午後|오전|오후)?\s*(?<!\d)(?P<hour>\d{1,2})\s*"
    r"(?:[:時时点시]\s*(?P<minute>\d{1,2})\s*[分분]?|[時时点시])(?:\s*:?\s*(?P<second>\d{1,2})(?:[.,]\d+)?\s*[秒초]?(?!\d))?"
    r"\s*(?P<half2>[ap]\.?m\b)?"
)
_COMPACT_TIME = re.compile(r"t?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?!\d)")
_OFFSET = re.compile(r"(?P<sign>[+\-−])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_LATE = {"下午", "午後", "오후"}
_EARLIEST_YEAR = 1971  # 1970 and year 1 are how programs write “no date”
_LATEST_YEAR = 2200


def parse_date(text: str, zone: tzinfo = UTC) -> datetime | None:
    """The moment a feed means, in UTC; `zone` holds where the text names none. None: no date can be made out."""
    text = unicodedata.normalize("NFKC", text).strip().lower()[:80]
    if text.isdecimal() and len(text) in {10, 13}:
        return _bounded(datetime.fromtimestamp(int(text[:10]), UTC))
    for day, rest in _days(text):
        try:
            return _moment(day, rest, zone)
        except (ValueError, OverflowError):
            continue
    return None


def zone_of(name: str | None) -> tzinfo:
    """The zone of an IANA name; UTC where there is none or it is unknown."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _days(text: str) -> Iterator[tuple[datetime, str]]:
    """Readings of the day, likeliest first, each with the text that is left for time and zone."""
    for shape in _DAY_SHAPES:
        if not (match := shape.search(text)):
            continue
        found = match.groupdict()
        month = found.get("month") or "1"
        year, day = int(found["year"]), int(found.get("day") or 1)
        if len(found["year"]) == 2:
            year += 2000 if year < 70 else 1900
        number = _MONTHS[month] if month in _MONTHS else int(month)
        if number > 12 >= day and "/" in match[0]:
            number, day = day, number
        try:
            yield datetime(year, number, day), text[: match.start()] + " " + text[match.end() :]  # noqa: DTZ001
        except ValueError:
            continue


def _moment(day: datetime, rest: str, zone: tzinfo) -> datetime | None:
    match = _TIME.search(rest) or _COMPACT_TIME.search(rest.strip())
    if match is None:
        return _bounded(day.replace(tzinfo=_zone_in(rest, zone) or zone))
    found = match.groupdict()
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    half = found.get("half") or found.get("half2") or ""
    if half and hour <= 12:
        late = half in _LATE or half.startswith("p")
        hour = hour % 12 + (12 if late else 0)
    if minute > 59 or hour > 24:
        raise ValueError(rest)
    offset = _zone_in(match.string[match.end() :], zone) or zone
    return _bounded(day.replace(tzinfo=offset) + timedelta(hours=hour, minutes=minute, seconds=min(second, 59)))


def _zone_in(rest: str, zone: tzinfo) -> tzinfo | None:
    """The zone that follows a time: an offset, or a name whose meaning is known."""
    if offset := _OFFSET.search(rest):
        minutes = int(offset["hours"]) * 60 + int(offset["minutes"] or 0)
        return timezone(timedelta(minutes=minutes if offset["sign"] == "+" else -minutes))
    for word in _WORD.findall(rest):
        if word in _ZONES:
            return timezone(timedelta(hours=_ZONES[word]))
        if word == "cst":  # Chicago or China: the feed's own zone decides
            return zone if str(zone).startswith("Asia/") else timezone(timedelta(hours=-6))
    return None


def _bounded(moment: datetime) -> datetime | None:
    moment = moment.astimezone(UTC)
    return moment if _EARLIEST_YEAR <= moment.year <= _LATEST_YEAR else None
