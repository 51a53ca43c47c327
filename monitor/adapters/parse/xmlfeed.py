"""RSS, RDF and Atom → entries, read by feedparser. Its encodings, links, dates and HTML clean-up are not used."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from typing import Any

import feedparser

from monitor.adapters.parse.document import Kind, is_feed_root, not_a_feed, root_of
from monitor.adapters.parse.entries import Document, Entry, Markup
from monitor.adapters.parse.mend import ExcessError, mend
from monitor.adapters.parse.text import one_line
from monitor.errors import ParseError, ParseFault

_HEADERS = {"content-type": "application/xml; charset=utf-8"}
_ROOT = re.compile(r"<((?:[\w-]+:)?(?:rss|rdf|feed))\b[^<>]*>", re.IGNORECASE)
_ITEM = re.compile(
    r"<((?:[\w-]+:)?(?:item|entry))(?=[\s>])(?:(?!<(?:[\w-]+:)?(?:item|entry)[\s>]).)*?</\1\s*>", re.DOTALL
)
_EXTENSION = re.compile(r"</?(?!(?:content|dc|atom|media):)[\w-]+:[\w-]+[^<>]*>")
_DATES = ("published", "created", "updated")
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 24 * 7, "monthly": 24 * 30, "yearly": 24 * 365}


def read_xml(text: str) -> Document:
    """Raises ParseError when this is no feed, or so broken that nothing can be made out."""
    try:
        mended = mend(text)
    except ExcessError as error:
        raise ParseError(
            "elements nested too deeply, or too many attributes or categories: not a feed one would want",
            ParseFault.MALFORMED,
        ) from error
    root = root_of(mended.text)
    notes = list(mended.notes)
    try:
        result = _parsed(mended.text)
    except Exception as error:  # a parser of what strangers write; whatever it stumbles over is theirs
        result = _one_by_one(mended.text)
        notes.append(f"read item by item: something in it can't be understood ({type(error).__name__})")
    if not result["entries"]:
        if not is_feed_root(root):
            raise not_a_feed(mended.text, Kind.XML)
        if mended.cut_off or not mended.strict or len(notes) > len(mended.notes):
            raise ParseError(f"nothing can be read of this feed: {notes[0]}", ParseFault.MALFORMED)
    if mended.strict and result["bozo"]:
        notes.append("the feed was read loosely: it is XML, but not quite as feeds are")
    if not is_feed_root(root):
        notes.append(f"the root element is <{one_line(root or '')[:30]}>")
    about = result["feed"]
    return Document(
        entries=tuple(_entry(entry) for entry in result["entries"]),
        title=_text(about, "title"),
        link=_text(about, "link"),
        language=_text(about, "language") or None,
        ttl=_ttl(about),
        notes=tuple(notes),
    )


def _parsed(text: str) -> dict[str, Any]:
    """What feedparser makes of XML without declaration. Raises whatever feedparser stumbles over."""
    body = BytesIO(text.encode("utf-8", "replace"))
    result: dict[str, Any] = feedparser.parse(
        body, response_headers=_HEADERS, sanitize_html=False, resolve_relative_uris=False
    )
    return result


def _one_by_one(text: str) -> dict[str, Any]:
    """Each item on its own below the feed's first tag, so that one bad item does not cost the others.

    What can't be read even so is tried without its extensions.
    """
    opening = _ROOT.search(text)
    start, end = (opening[0], f"</{opening[1]}>") if opening else ("", "")
    first = _ITEM.search(text)
    about: dict[str, Any] = {}
    with suppress(Exception):
        about = _parsed(text[: first.start()] if first else text)["feed"]
    entries: list[Any] = []
    for item in _ITEM.finditer(text):
        for version in (item[0], _EXTENSION.sub("", item[0])):
            with suppress(Exception):
                entries += _parsed(f"{start}{version}{end}")["entries"]
                break
    return {"entries": entries, "feed": about, "bozo": False}


def _entry(entry: dict[str, Any]) -> Entry:
    guid = _text(entry, "id")
    link = _text(entry, "link") or next(iter(_hrefs(entry, "alternate")), "") or next(iter(_hrefs(entry, "via")), "")
    if link == guid and not guid.startswith(("http:", "https:", "/")):
        link = ""  # feedparser takes a guid for a link unless told otherwise, even if it is a number
    return Entry(
        title=_text(entry, "title"),
        summary=_markup(entry.get("summary_detail"), _text(entry, "summary")),
        contents=tuple(_markup(content, _text(content, "value")) for content in _dicts(entry.get("content"))),
        link=link or next(iter(_hrefs(entry, "enclosure")), ""),
        guid=guid,
        author=_text(entry, "author"),
        dates=tuple(_text(entry, name) for name in _DATES),
        categories=tuple(_text(tag, "term") or _text(tag, "label") for tag in _dicts(entry.get("tags"))),
    )


def _markup(detail: object, value: str) -> Markup:
    """Only Atom's `type="text"` is to be believed: RSS calls plain what is HTML, and the other way round."""
    kind = _text(detail, "type") if isinstance(detail, dict) else ""
    return Markup(value, is_html=True if kind in {"text/html", "application/xhtml+xml"} and "<" in value else None)


def _hrefs(entry: dict[str, Any], rel: str) -> Iterable[str]:
    return [_text(link, "href") for link in _dicts(entry.get("links")) if link.get("rel") == rel]


def _ttl(about: dict[str, Any]) -> timedelta | None:
    """How often the feed says that it changes: RSS `ttl` in minutes, or the syndication module's period."""
    with suppress(ValueError, OverflowError):
        if minutes := int(_text(about, "ttl") or 0):
            return timedelta(minutes=minutes) if 0 < minutes < 60 * 24 * 365 else None
    hours = _PERIODS.get(_text(about, "sy_updateperiod").lower())
    if hours is None:
        return None
    frequency = 1
    with suppress(ValueError):
        frequency = max(1, int(_text(about, "sy_updatefrequency") or 1))
    return timedelta(hours=hours) / frequency


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: dict[str, Any], name: str) -> str:
    # Past feedparser's own `get`, which looks under other names as well and warns that it soon will not.
    found = dict.get(value, name)
    return found if isinstance(found, str) else ""
