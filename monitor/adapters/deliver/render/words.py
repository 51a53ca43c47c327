"""How times, spans, counts, places and foreign text are put into words. Pure; knows no output format."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from monitor.core.model import Carrier, Ownership

LANGUAGES = {
    "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian", "bo": "Tibetan", "cs": "Czech",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "hy": "Armenian",
    "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ka": "Georgian", "kk": "Kazakh", "ko": "Korean",
    "ky": "Kyrgyz", "lt": "Lithuanian", "lv": "Latvian", "mn": "Mongolian", "my": "Burmese", "nl": "Dutch",
    "pl": "Polish", "ps": "Pashto", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak",
    "sr": "Serbian", "sv": "Swedish", "tg": "Tajik", "th": "Thai", "tk": "Turkmen", "tr": "Turkish", "ug": "Uyghur",
    "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
# The zone database's names are meant for tables, not for sentences.
COUNTRIES = {"KR": "South Korea", "KP": "North Korea", "GB": "United Kingdom", "MM": "Myanmar"}
OWNERSHIP = {
    Ownership.STATE: "state",
    Ownership.PUBLIC: "public",
    Ownership.PRIVATE: "private",
    Ownership.INDEPENDENT: "independent",
}
RECENT = timedelta(hours=12)  # for so long people reckon in hours, then in days
LINK_MAX = 2_000  # characters; longer ones break mail clients and Slack

# Control characters, lone surrogates, and direction overrides, with which a headline could rearrange its surroundings.
_HARMFUL = re.compile("[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")
_SPACE = re.compile(r"[\s\x85\u2028\u2029]+")
_UNSAFE_IN_LINK = str.maketrans({c: f"%{ord(c):02X}" for c in ' "<>|`\\^{}'})


def clean(text: str) -> str:
    """Text of the outside on one line: white space joined, characters that could do harm taken out."""
    return _SPACE.sub(" ", _HARMFUL.sub("", text))


def clip(text: str, limit: int) -> str:
    """Cleaned text of at most `limit` characters; what is cut shows as an ellipsis, at a word's end where possible."""
    text = clean(text).strip()
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ", limit * 2 // 3)
    return (cut[:space] if space > 0 else cut).rstrip(" ,;:–—-") + "…"


def direction(text: str) -> str:
    """`rtl` where most letters are written from right to left, else `ltr`: mail programs can't be left to find out.

    The first letter says less: a Hebrew headline may begin with the name of an English newspaper.
    """
    kinds = Counter(map(unicodedata.bidirectional, text))
    return "rtl" if kinds["R"] + kinds["AL"] > kinds["L"] else "ltr"


def safe_link(url: str) -> str:
    """The address if it is http or https with a host and not absurdly long, else an empty string."""
    url = _HARMFUL.sub("", url.strip()).translate(_UNSAFE_IN_LINK)
    url = _SPACE.sub("%20", url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme.lower() in {"http", "https"} and parts.hostname and len(url) <= LINK_MAX else ""


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 story`, `1,204 polls`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def language(code: str | None) -> str:
    """The English name of a BCP 47 language; its code when not known here; `other` for none and for several."""
    if not code or code == "und":
        return "other"
    return LANGUAGES.get(code.split("-")[0].lower(), code)


@cache
def _countries() -> dict[str, str]:
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return dict(rows) | COUNTRIES


def country(code: str | None) -> str:
    """The English name of an ISO 3166 country; its code when not known; empty when there is none."""
    return _countries().get(code.upper(), code) if code else ""


def standing(carrier: Carrier) -> str:
    """`Russia, independent`, as far as known."""
    return ", ".join(filter(None, [country(carrier.country), OWNERSHIP.get(carrier.ownership, "")]))


def span(duration: timedelta) -> str:
    """`45 min`, `1 h 40 min`, `9 h`, `3 days`, with no-break spaces: as exact as a reader cares for."""
    minutes = max(0, round(duration.total_seconds() / 60))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes}\xa0min"
    if hours >= 48:
        return f"{round(minutes / 1440)}\xa0days"
    return f"{hours}\xa0h\xa0{rest}\xa0min" if rest and hours < 6 else f"{round(minutes / 60)}\xa0h"


def place(zone: str) -> str:
    """The zone's name as a reader says it: `Tokyo` for `Asia/Tokyo`, `UTC`."""
    return zone if zone.startswith("Etc/") else zone.rsplit("/", 1)[-1].replace("_", " ")


def offset(moment: datetime) -> str:
    """`UTC+9`, `UTC−3:30`, of an aware datetime."""
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'−' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


class Times:
    """Tells moments (aware) in the reader's zone, as seen from the digest's own moment."""

    def __init__(self, at: datetime, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._now = at.astimezone(self._zone)
        self._place = place(zone)

    def full(self, moment: datetime) -> str:
        """`Tuesday 24 November 2026, 08:00 Tokyo (UTC+9)`."""
        local = moment.astimezone(self._zone)
        zone = self._place if self._place in {"UTC", "GMT"} else f"{self._place} ({offset(local)})"
        return f"{local:%A} {local.day} {local:%B %Y, %H:%M} {zone}"

    def long(self, moment: datetime) -> str:
        """`Tuesday 24 November, 08:00 Tokyo`."""
        local = moment.astimezone(self._zone)
        return f"{local:%A} {local.day} {local:%B, %H:%M} {self._place}"

    def short(self, moment: datetime) -> str:
        """`21:12` today, `Sun 21:12` within six days, `3 Nov 21:12` before, `3 Nov 2025` in another year."""
        local = moment.astimezone(self._zone)
        days = (self._now.date() - local.date()).days
        if days == 0:
            return f"{local:%H:%M}"
        if 0 < days <= 6:
            return f"{local:%a}\xa0{local:%H:%M}"
        day = f"{local.day}\xa0{local:%b}"
        return f"{day}\xa0{local:%H:%M}" if local.year == self._now.year else f"{day}\xa0{local:%Y}"

    def day(self, moment: datetime) -> str:
        """`today`, `yesterday`, `Thursday` within six days, `3 November` before, `3 November 2025` in another year."""
        local = moment.astimezone(self._zone)
        days = (self._now.date() - local.date()).days
        if days <= 0:
            return "today"
        if days <= 6:
            return "yesterday" if days == 1 else f"{local:%A}"
        return f"{local.day} {local:%B}" + ("" if local.year == self._now.year else f" {local:%Y}")

    def recent(self, moment: datetime) -> str:
        """The day as above, with the hour: `Thursday 08:00`, `3 November 08:00`."""
        return f"{self.day(moment)}\xa0{moment.astimezone(self._zone):%H:%M}"

    def ago(self, moment: datetime) -> str:
        """`2 h ago` within twelve hours, else the day: as exact as it matters when something was last told."""
        age = self._now - moment
        return f"{span(age)} ago" if age < RECENT else self.day(moment)

    def iso(self, moment: datetime) -> str:
        """Machine-readable, in the reader's zone."""
        return moment.astimezone(self._zone).isoformat(timespec="minutes")


BARS = "▁▂▃▄▅▆▇█"


def sparkline(daily: tuple[int, ...]) -> str:
    """Small bars, one a day; a day without anything is the lowest, any day with something stands above it."""
    top = max(daily, default=0)
    return "".join(BARS[0] if n <= 0 else BARS[max(1, round(n / top * (len(BARS) - 1)))] for n in daily)


def capped(lines: Sequence[str], limit: int, noun: str) -> tuple[str, ...]:
    """The first lines, and how many more there are."""
    more = len(lines) - limit
    return (*lines[:limit], f"and {more} more {noun}") if more > 0 else tuple(lines)
