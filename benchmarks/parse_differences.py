"""Where our reading of a feed differs from feedparser's, and why: each difference has a name, or is unexplained.

Two comparisons: the fast reader against feedparser as its referee (same text in, same way to items), and all of it
against plain `feedparser.parse(bytes)`. Whom we follow stands beside each reason.
"""

import calendar
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser

from monitor.adapters.parse import FeedParser
from monitor.adapters.parse.document import Kind, kind_of, without_http_head
from monitor.adapters.parse.entries import items_of
from monitor.adapters.parse.feeds.xmlfeed import read_by_referee, read_xml
from monitor.adapters.parse.text.encoding import codec_of, decode
from monitor.adapters.parse.text.mojibake import unmangle
from monitor.adapters.parse.text.plain import html_to_text, one_line, plain_title
from monitor.core.model import FeedSpec, Fetched, Item, Parsed
from monitor.core.unwrap import unwrapped
from monitor.errors import ParseError

SPEC = FeedSpec("bench", "https://bench.example/feed")
AT = datetime(2026, 11, 22, tzinfo=UTC)
FIELDS = ("title", "link", "published", "summary", "content", "guid", "author", "categories", "language", "key")
UNEXPLAINED = "unexplained"
_TOLD = re.compile(r"(\d+) (?:repeated|empty) items left out")
_WORD = re.compile(r"\w+")
_WEB = ("http://", "https://")


@dataclass(frozen=True)
class Difference:
    """One field of one item of one feed; `field` is “count” where the numbers of items differ."""

    feed: str
    field: str
    ours: Any
    theirs: Any
    reason: str = UNEXPLAINED
    followed: str = "ours"


@dataclass(frozen=True)
class Context:
    """What reasons look at besides the two values."""

    text: str
    same_encoding: bool
    parsed: Parsed | None
    item: Item | None
    raw_date: str = ""
    raw_texts: tuple[str, ...] = ()


Reason = tuple[str, Callable[[Any, Any, Context], bool]]

REFEREE: dict[str, list[Reason]] = {
    "link": [
        ("an empty link is no link, not the address of `xml:base`", lambda o, t, c: f'xml:base="{t}"' in c.text),
    ],
}
REFEREE["key"] = REFEREE["link"]

PLAIN: dict[str, list[Reason]] = {
    "count": [
        ("JSON Feed is read too", lambda o, t, c: t == 0 and kind_of(c.text) is Kind.JSON),
        ("an encoding that feedparser does not find out", lambda o, t, c: t == 0 < o and not c.same_encoding),
        ("repeated and empty items are left out, and that is told", lambda o, t, c: o + told(c.parsed) == t),
        ("of a document that is cut off only whole items are read", lambda o, t, c: "cut off" in noted(c.parsed)),
        ("refused: cut off within its first item", lambda o, t, c: c.parsed is None and t <= 1),
    ],
    "title": [("an encoding that feedparser takes for another", lambda o, t, c: not c.same_encoding)],
    "link": [
        ("a relative address is made whole", lambda o, t, c: o.startswith(_WEB) and t and not t.startswith(_WEB)),
        ("a guid that is no address is no link", lambda o, t, c: o == "" and not t.startswith(_WEB)),
        ("an empty link gives way to the guid", lambda o, t, c: t == "" and c.item is not None and o == c.item.guid),
        ("a link through a counter leads to its target", lambda o, t, c: unwrapped(t) == o),
        REFEREE["link"][0],
    ],
    "published": [
        ("a date in a form that feedparser does not know", lambda o, t, c: t is None),
        ("the hour of a clock of twelve hours", lambda o, t, c: o is not None and abs(o - t) == timedelta(hours=12)),
        ("a date that is no date", lambda o, t, c: o is None and not 1971 <= t.year <= 2200),
("year, month and day between slashes", lambda o, t, c: bool(re.match(r"\d{4}/\d\d?/\d\d? ", c.raw_date))),
    ],
    "guid": [
        ("spaces within", lambda o, t, c: o == one_line(t)),
        ("an ampersand that feedparser takes for an entity", lambda o, t, c: o == t.replace(";", "")),
        ("an encoding that feedparser takes for another", lambda o, t, c: not c.same_encoding),
    ],
    "author": [
        ("spaces within", lambda o, t, c: o == one_line(html_to_text(t))),
        ("an encoding that feedparser takes for another", lambda o, t, c: not c.same_encoding),
    ],
    "text": [
        ("an encoding that feedparser takes for another", lambda o, t, c: not c.same_encoding),
        ("text that was encoded twice is made whole", lambda o, t, c: not missing(map(unmangle, c.raw_texts), c.item)),
    ],
}  # fmt: skip


def told(parsed: Parsed | None) -> int:
    """How many items the notes say were left out."""
    return sum(int(number) for note in (parsed.notes if parsed else ()) for number in _TOLD.findall(note))


def noted(parsed: Parsed | None) -> str:
    """All notes in one."""
    return "; ".join(parsed.notes if parsed else ())


def against_referee(name: str, body: bytes, content_type: str | None) -> Iterator[Difference] | None:
    """What the fast reader reads otherwise than feedparser; None: feedparser reads this feed anyway."""
    text = without_http_head(decode(body, content_type or "").text)
    if kind_of(text) is not Kind.XML:
        return None
    try:
        quick = read_xml(text)
    except ParseError:
        return None
    return None if quick.reader != "fast" else _referee_differences(name, text, quick, read_by_referee(text))


def _referee_differences(name: str, text: str, quick: Any, slow: Any) -> Iterator[Difference]:
    ours, _ = items_of(quick, SPEC, SPEC.url, AT)
    theirs, _ = items_of(slow, SPEC, SPEC.url, AT)
    for field in ("notes", "language", "ttl", "skip_hours", "skip_days"):
        if getattr(quick, field) != getattr(slow, field):
            yield Difference(name, field, getattr(quick, field), getattr(slow, field))
    if len(ours) != len(theirs):
        yield Difference(name, "count", len(ours), len(theirs))
        return
    for our, their in zip(ours, theirs, strict=True):
        context = Context(text, same_encoding=True, parsed=None, item=our)
        for field in FIELDS:
            o, t = getattr(our, field), getattr(their, field)
            if o != t:
                yield _judged(REFEREE, name, field, o, their.link if field == "key" else t, context)


def against_feedparser(name: str, body: bytes, content_type: str | None) -> Iterator[Difference]:
    """What becomes of a feed here, beside plain feedparser, which is given the same header."""
    result = feedparser.parse(body, response_headers={"content-type": content_type or "application/xml"})
    try:
        parsed = FeedParser().parse(Fetched("bench", AT, SPEC.url, 200, body, content_type=content_type or ""), SPEC)
    except ParseError:
        parsed = None
    decoded = decode(body, content_type or "")
    same = decoded.encoding == "ascii" or codec_of(result.get("encoding") or "") == decoded.encoding
    text = without_http_head(decoded.text)
    found = len(parsed.items) if parsed else 0
    if found != len(result.entries):
        yield _judged(PLAIN, name, "count", found, len(result.entries), Context(text, same, parsed, None))
        return
    for item, entry in zip(parsed.items if parsed else (), result.entries, strict=True):
        raw = dict.get(entry, "published") or dict.get(entry, "updated") or ""
        context = Context(text, same, parsed, item, raw, _texts(entry))
        for field, o, t in _pairs(item, entry):
            yield _judged(PLAIN, name, field, o, t, context)


def _pairs(item: Item, entry: Any) -> Iterator[tuple[str, Any, Any]]:
    moment = next(
        (found for kind in ("published", "created", "updated") if (found := dict.get(entry, f"{kind}_parsed"))), None
    )
    theirs = {
        "title": plain_title(entry.get("title", "")),
        "link": entry.get("link", ""),
        "published": datetime.fromtimestamp(calendar.timegm(moment), UTC) if moment else None,
        "guid": entry.get("id", ""),
        "author": entry.get("author", ""),
    }
    yield from (
        (field, getattr(item, field), value) for field, value in theirs.items() if getattr(item, field) != value
    )
    if lost := missing(_texts(entry), item):
        yield "text", "", " ".join(sorted(lost))


def _texts(entry: Any) -> tuple[str, ...]:
    return entry.get("summary", ""), *(content.get("value", "") for content in entry.get("content", ()))


def missing(texts: Iterable[str], item: Item | None) -> set[str]:
    """Words of feedparser's texts that the item has nowhere."""
    if item is None:
        return set()
    words = {*_WORD.findall(html_to_text(html_to_text("\n".join(texts))))}
    return words - {*_WORD.findall(html_to_text(f"{item.title}\n{item.summary}\n{item.content}"))}


def _judged(
    reasons: dict[str, list[Reason]], name: str, field: str, ours: Any, theirs: Any, context: Context
) -> Difference:
    for reason, holds in reasons.get(field, ()):
        if holds(ours, theirs, context):
            return Difference(name, field, ours, theirs, reason)
    return Difference(name, field, ours, theirs)


def table(differences: list[Difference]) -> list[dict[str, Any]]:
    """Counts by field and reason, with an example of each: rows to print."""
    counts = Counter((one.field, one.reason, one.followed) for one in differences)
    feeds = {
        key: len({one.feed for one in differences if (one.field, one.reason, one.followed) == key}) for key in counts
    }
    return [
        {
            "field": field,
            "reason": reason,
            "items": number,
            "feeds": feeds[field, reason, followed],
            "followed": followed,
        }
        for (field, reason, followed), number in sorted(counts.items())
    ]
