"""Dates as pages print them: “сегодня, 10:30”, “昨天 08:15”, “21 ноября, 10:30”, or only a time. Pure."""

import re
from datetime import datetime, timedelta, tzinfo

from monitor.adapters.parse.dates.written import parse_date

_DAYS = {
    "сегодня": 0,
    "вчера": 1,
    "позавчера": 2,
    "today": 0,
    "yesterday": 1,
    "今天": 0,
    "今日": 0,
    "昨天": 1,
    "昨日": 1,
    "前天": 2,
    "오늘": 0,
    "어제": 1,
}
_DAY = re.compile("|".join(sorted(_DAYS, key=len, reverse=True)), re.IGNORECASE)
_AGO = re.compile(
    r"(?P<count>\d{1,3})\s*(?:(?P<minutes>мин\w*|min\w*|分钟|分鐘|分|분)|(?P<hours>час\w*|ч\b|hours?|h\b|小时|小時|時間|시간)"
    r"|(?P<days>дн\w*|день|days?|天|日|일))\.?\s*(?:назад|ago|前|전)",
    re.IGNORECASE,
)
_TIME_ONLY = re.compile(r"\D{0,20}?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::\d\d)?\D{0,20}")
_NO_YEAR_WORDS = re.compile(r"(?P<day>\d{1,2}\s+[^\W\d_]{3,12}\.?)(?=[\s,]|$)")
_NO_YEAR_HAN = re.compile(r"(?P<day>\d{1,2}\s*月\s*\d{1,2}\s*日)")
_NO_YEAR_DOTS = re.compile(r"(?<![\d.:])(?P<day>\d{1,2})\.(?P<month>\d{1,2})(?![\d.])")
_FORWARD = timedelta(hours=26)  # so far a page may be ahead of us, with its zone unknown


def spoken_date(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    """The moment that a page's words mean when they are read at `now`, in UTC; None: no date can be made out.

    A date without year is the latest such day that is not in the future; a time without day is the latest such time.
    """
    text = " ".join(text.split())[:120]
    if moment := parse_date(text, zone):
        return moment
    local = now.astimezone(zone)
    if ago := _AGO.search(text):
        unit = next(name for name in ("minutes", "hours", "days") if ago[name])
        return now - timedelta(**{unit: int(ago["count"])})
    if day := _DAY.search(text):
        date = local - timedelta(days=_DAYS[day[0].casefold()])
        return parse_date(text.replace(day[0], f"{date:%Y-%m-%d}"), zone)
    for shape, form in ((_NO_YEAR_WORDS, "{day} {year}"), (_NO_YEAR_HAN, "{year}年{day}"), (_NO_YEAR_DOTS, "")):
        if found := shape.search(text):
            wanted = form or f"{found['day']}.{found.groupdict().get('month')}.{{year}}"
            for year in (local.year, local.year - 1):
                put = wanted.format(day=found["day"].rstrip("."), year=year)
                moment = parse_date(text[: found.start()] + put + " " + text[found.end() :], zone)
                if moment and moment <= now + _FORWARD:
                    return moment
    if only := _TIME_ONLY.fullmatch(text):
        moment = parse_date(f"{local:%Y-%m-%d} {only['hour']}:{only['minute']}", zone)
        return moment - timedelta(days=1) if moment and moment > now + timedelta(minutes=10) else moment
    return None
