"""The common form between the formats and `Item`: raw fields as a feed gives them, made into plain text here. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from monitor.adapters.parse.dates.quick import quick_date
from monitor.adapters.parse.dates.spoken import spoken_date
from monitor.adapters.parse.dates.written import parse_date, zone_of
from monitor.adapters.parse.text.mojibake import unmangle
from monitor.adapters.parse.text.plain import html_to_text, looks_like_html, one_line, plain_title, tidy
from monitor.core.identity import item_key, normalise_link
from monitor.core.model import FeedSpec, Item
from monitor.core.unwrap import unwrapped

# A whole address that joining with a base would leave as it is.
_WHOLE = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:/[!-\"$-:<->@-~]*(?:\?[!-\"$-~]+)?)?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_LONGEST_MARKUP = 2_000_000
_LONGEST_LINE = 2_000
_MOST_CATEGORIES = 50
_MOST_COMPARED = 20
_AHEAD = timedelta(hours=1)  # so far clocks may differ without a word
_LONGEST_KEPT = 80


class Markup(NamedTuple):
    """Text with what the feed says it is: HTML, plain, or None for “look at it”."""

    value: str
    is_html: bool | None = None

    def plain(self) -> str:
        """What a reader would see."""
        value = unmangle(self.value[:_LONGEST_MARKUP])
        html = looks_like_html(value) if self.is_html is None else self.is_html
        return html_to_text(value) if html else tidy(value)


class Entry(NamedTuple):
    """One article as its feed gives it; `dates` in order of preference, `base` is what links are relative to."""

    title: str = ""
    summary: Markup = Markup("")
    contents: tuple[Markup, ...] = ()
    link: str = ""
    guid: str = ""
    author: str = ""
    dates: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A feed, whatever its format. `reader` tells which way it was read: “fast”, “feedparser” or “json”."""

    entries: tuple[Entry, ...] = ()
    title: str = ""
    link: str = ""
    language: str | None = None
    ttl: timedelta | None = None
    notes: tuple[str, ...] = field(default=())
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    reader: str = ""


def items_of(document: Document, feed: FeedSpec, url: str, seen_at: datetime) -> tuple[list[Item], list[str]]:
    """Items in document order with unique keys, and notes on what was odd. `url` is where the document was."""
    base = _base(url, document.link)
    language = feed.language or language_tag(document.language)
    zone = zone_of(feed.timezone)
    items = [_item(entry, feed.id, base, language, zone, seen_at) for entry in document.entries]
    said = [item for item in items if item.title or item.summary or item.link or item.guid]
    kept, notes = _distinct(said)
    if empty := len(items) - len(said):
        notes.append(f"{empty} empty items left out")
    latest = seen_at + _AHEAD
    if ahead := sum(item.published is not None and item.published > latest for item in kept):
        many = "1 item is" if ahead == 1 else f"{ahead} items are"
        notes.append(f"{many} dated in the future: what counts is when first seen")
    return kept, notes


def language_tag(text: str | None) -> str | None:
    """A language tag in its usual spelling (`zh-Hant-TW`); None when it is none."""
    text = (text or "").strip()
    if not _LANGUAGE.fullmatch(text):
        return None
    first, *rest = text.replace("_", "-").split("-")
    shaped = [part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower() for part in rest]
    return "-".join([first.lower(), *shaped])


def _base(url: str, site: str) -> str:
    """What links are relative to: the feed, unless another host keeps it for its site."""
    try:
        site = urljoin(url, "".join(one_line(site).split()))
        elsewhere = _is_web(site) and urlsplit(site).hostname != urlsplit(url).hostname
    except ValueError:
        return url
    return site if elsewhere else url


def _item(entry: Entry, feed: str, base: str, language: str | None, zone: tzinfo, seen_at: datetime) -> Item:
    title = plain_title(entry.title[:_LONGEST_MARKUP])
    summary = entry.summary.plain()
    content = _joined([markup.plain() for markup in entry.contents]) if entry.contents else ""
    if content in (summary, title):
        content = ""
    if not summary:
        summary, content = content, ""
    guid = one_line(entry.guid)[:_LONGEST_LINE]
    link = _address(entry.link, base) or (guid if _is_web(guid) else "")
    stated = _stated(entry.dates, zone)
    return Item(
        feed=feed,
        key=item_key(guid=guid, link=link, title=title or summary[:200], published=stated),
        title=title,
        summary=summary,
        content=content,
        link=link,
        guid=guid,
        author=one_line(html_to_text(entry.author[:_LONGEST_LINE])) if entry.author else "",
        language=language,
        published=stated or _spoken(entry.dates, seen_at, zone),
        seen_at=seen_at,
        categories=_categories(entry.categories) if entry.categories else (),
    )


def _categories(names: Iterable[str]) -> tuple[str, ...]:
    titles = (_category(name) if len(name) <= _LONGEST_KEPT else plain_title(name) for name in names)
    return tuple(dict.fromkeys(filter(None, titles)))[:_MOST_CATEGORIES]


@lru_cache(maxsize=4096)
def _category(name: str) -> str:
    return plain_title(name)


def _joined(texts: list[str]) -> str:
    """Every text that is not already part of another, in order; of very many, every one that comes only once."""
    if len(texts) == 1:
        return texts[0]
    found = list(dict.fromkeys(filter(None, texts)))
    if len(found) > _MOST_COMPARED:
        return "\n".join(found)
    return "\n".join(one for one in found if not any(one is not other and one in other for other in found))


def _stated(dates: Sequence[str], zone: tzinfo) -> datetime | None:
    for text in dates:
        if text and (moment := quick_date(text) or parse_date(text, zone)) is not None:
            return moment
    return None


def _spoken(dates: Sequence[str], seen_at: datetime, zone: tzinfo) -> datetime | None:
    """What is said in words (“yesterday”, a day without year): good enough to sort by, but no part of the identity."""
    return next(filter(None, (spoken_date(text, seen_at, zone) for text in dates if text)), None)


def _address(link: str, base: str) -> str:
    """The link as a whole web address, without counters before it; "" when it is none."""
    if len(link) <= _LONGEST_LINE and _WHOLE.fullmatch(link):
        return unwrapped(link)
    link = "".join(one_line(link).split())[:_LONGEST_LINE]
    if not link:
        return ""
    try:
        whole = urljoin(base, link)
    except ValueError:
        return ""
    whole = unwrapped(whole)
    return whole if _is_web(whole) else ""


def _is_web(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme.lower() in {"http", "https"} and bool(parts.netloc)


def _distinct(items: list[Item]) -> tuple[list[Item], list[str]]:
    """Every key once: repeated items are left out, different ones that share a key get keys of their own.

    Within one document whatever differs in headline or page is another article: dropping one would lose it. That is
    stricter than `core/novelty.distinct`, which also sees one article in several files, where another headline may be
    an edit.
    """
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[item.key].append(item)
    if len(groups) == len(items):
        return items, []
    shared = {key for key, group in groups.items() if len(group) > 1 and len(set(map(_looks, group))) > 1}
    pages = Counter((key, normalise_link(item.link)) for key in shared for item in groups[key])
    notes: list[str] = []
    kept: dict[str, Item] = {}
    for item in items:
        if item.key in shared:
            key = item_key(guid="", link=item.link, title=item.title, published=item.published)
            if pages[item.key, normalise_link(item.link)] > 1:
                key = item_key(guid="", link="", title=item.title or item.summary[:200], published=item.published)
            item = replace(item, key=key)
        kept.setdefault(item.key, item)
    if shared:
        notes.append(f"{sum(len(groups[key]) for key in shared)} different items share an identity with others")
    if (repeated := len(items) - len(kept)) > 0:
        notes.append(f"{repeated} repeated items left out")
    return list(kept.values()), notes


def _looks(item: Item) -> tuple[str, str]:
    return (item.title or item.summary[:200]).casefold(), normalise_link(item.link)
