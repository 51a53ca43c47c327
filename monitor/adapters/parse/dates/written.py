"""Dates as feeds write them → aware UTC: RFC 822 and ISO 8601, well-formed or not, in the languages of the sources.

What can only be understood by knowing when it was read (“yesterday”) is the matter of `spoken`.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = {
    # the first letters that tell the month: English, Russian and Ukrainian in all cases and short forms, and others
    **dict.fromkeys(["jan", "янв", "січ"], 1),
    **dict.fromkeys(["feb", "фев", "лют"], 2),
    **dict.fromkeys(["mar", "мар", "mär", "бер"], 3),
    **dict.fromkeys(["apr", "апр", "avr", "кві"], 4),
    **dict.fromkeys(["may", "май", "мая", "mai", "тра"], 5),
    **dict.fromkeys(["jun", "июн", "чер"], 6),
    **dict.fromkeys(["jul", "июл", "лип"], 7),
    **dict.fromkeys(["aug", "авг", "сер"], 8),
    **dict.fromkeys(["sep", "сен", "вер"], 9),
    **dict.fromkeys(["oct", "окт", "okt", "жов"], 10),
    **dict.fromkeys(["nov", "ноя", "лис"], 11),
    **dict.fromkeys(["dec", "дек", "dez", "гру"], 12),
}
_ZONES = {  # hours east of Greenwich
    "z": 0, "gmt": 0, "ut": 0, "utc": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2,
    "eet": 2, "eest": 3, "msk": 3, "мск": 3, "московскому": 3, "московское": 3, "msd": 4, "trt": 3, "samt": 4,
    "yekt": 5, "omst": 6, "krat": 7, "irkt": 8, "yakt": 9, "vlat": 10, "magt": 11, "pett": 12, "ist": 5.5, "bjt": 8,
    "北京时间": 8, "北京時間": 8, "hkt": 8, "sgt": 8, "pht": 8, "jst": 9, "kst": 9, "est": -5, "edt": -4, "cdt": -5,
    "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "aest": 10, "aedt": 11,
}  # fmt: skip
_MONTH = "(?P<month>" + "|".join(_MONTHS) + r")[^\W\d_]*"
_DAY_SHAPES = [
    re.compile(pattern)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})\s*[-/.年년]\s*(?P<month>\d{1,2})\s*[-/.月월]\s*(?P<day>\d{1,2})(?!\d)\s*[日일]?",
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s.,\-]*(?:of\s+)?(?<![^\W\d_]){_MONTH}[\s.,\-]*(?P<year>\d{{4}}|\d{{2}})(?![\d:])",
        rf"(?<![^\W\d_]){_MONTH}[\s.]*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?!\d)",
        # the form of asctime: Nov 22 10:00:00 2026
        rf"(?<![^\W\d_]){_MONTH}\s+(?P<day>\d{{1,2}})\s+(?=\d{{1,2}}:\d\d(?::\d\d)?\s+(?:\w{{1,5}}\s+)?(?P<year>\d{{4}}))",
        r"(?<!\d)(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?!\d)",
        r"(?<!\d)(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{2})(?![\d.])",
        r"(?<!\d)(?P<month>\d{1,2})[/-](?P<day>\d{1,2})[/-](?P<year>\d{4})(?!\d)",
        r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?=t?\d{4,6}(?!\d)|(?!\d))",
        r"令和\s*(?P<reiwa>\d{1,2}|元)年\s*(?P<month>\d{1,2})月\s*(?P<day>\d{1,2})日",
        r"^\s*(?P<year>\d{4})(?:-(?P<month>\d{1,2}))?\s*$",
    )
]
_TIME = re.compile(
    r"(?P<half>上午|下午|午前|午後|오전|오후|凌晨|清晨|早上|早晨|傍晚|晚上|夜间|深夜|夜晚)?\s*(?<!\d)(?P<hour>\d{1,2})\s*"
    r"(?:(?:[:時时点시]|ч\b\.?)\s*(?P<minute>\d{1,2})\s*[分분]?|[時时点시])(?:\s*:?\s*(?P<second>\d{1,2})(?:[.,]\d+)?\s*[秒초]?(?!\d))?"
    r"\s*(?P<half2>[ap]\.?m\b)?"
)
_DOTTED_TIME = re.compile(r"(?<![\d.])(?P<hour>\d{1,2})\.(?P<minute>\d\d)(?:\.(?P<second>\d\d))?(?![\d.])")
_COMPACT_TIME = re.compile(r"t?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?!\d)")
_OFFSET = re.compile(r"(?P<sign>[+\-−])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?!\d)")
_RUSSIAN_OFFSET = re.compile(r"(?:msk|мск)\s?(?P<sign>[+\-−])\s?(?P<hours>\d{1,2})(?!\d)")  # counted from Moscow
_WORD = re.compile(r"[^\W\d_]+")
_STAMP = re.compile(r"(?:/date\()?@?(?P<seconds>\d{10})(?:\d{3}|\d{6})?(?:\.\d*)?(?:[+-]\d{4})?(?:\)/)?")
_HYPHENS = re.compile(r"\d{1,2}-\d{1,2}-\d{4}")
_LATE = {"下午", "午後", "오후", "傍晚", "晚上", "夜间", "深夜", "夜晚"}
_FARTHEST = 15 * 60  # minutes that a zone may be from Greenwich
_EARLIEST_YEAR = 1971  # 1970 and year 1 are how programs write “no date”
_LATEST_YEAR = 2200


def parse_date(text: str, zone: tzinfo = UTC) -> datetime | None:
    """The moment a feed means, in UTC; `zone` holds where the text names none. None: no date can be made out."""
    # Cut before normalising, too, because that takes the square of the marks on a letter.
    text = unicodedata.normalize("NFKC", text.strip()[:200]).strip().lower()[:80]
    if stamp := _STAMP.fullmatch(text):
        return _bounded(datetime.fromtimestamp(int(stamp["seconds"]), UTC))
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
        reiwa = found.get("reiwa")  # the era of Japan that began in 2019, whose first year is written 元
        year = int(found["year"]) if reiwa is None else 2018 + int(reiwa.replace("元", "1"))
        day = int(found.get("day") or 1)
        if len(found.get("year") or "") == 2:
            year += 2000 if year < 70 else 1900
        number = _MONTHS[month] if month in _MONTHS else int(month)
        if _day_first(match[0], number, day):
            number, day = day, number
        try:
            yield datetime(year, number, day), text[: match.start()] + " " + text[match.end() :]  # noqa: DTZ001
        except ValueError:
            continue


def _day_first(text: str, month: int, day: int) -> bool:
    """22/11/2026 and 22-11-2026: with slashes the month comes first wherever that can be, with hyphens the day."""
    if "/" in text:
        return month > 12 >= day
    return day <= 12 and _HYPHENS.fullmatch(text) is not None


def _moment(day: datetime, rest: str, zone: tzinfo) -> datetime | None:
    match = _TIME.search(rest) or _DOTTED_TIME.search(rest) or _COMPACT_TIME.search(rest.strip())
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
    if offset := _RUSSIAN_OFFSET.search(rest):
        hours = 3 + (int(offset["hours"]) if offset["sign"] == "+" else -int(offset["hours"]))
        return timezone(timedelta(hours=hours)) if abs(hours) <= 15 else None
    if offset := _OFFSET.search(rest):
        minutes = int(offset["hours"]) * 60 + int(offset["minutes"] or 0)
        if minutes > _FARTHEST:  # no zone on this earth: the feed's own holds
            return None
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
