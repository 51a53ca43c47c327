"""RSS, RDF and Atom → entries, read by feedparser: the referee for what a feed means, and the way for what is odd.

feedparser's encodings, links, dates and HTML clean-up are not used. It is imported when first needed: that takes a
tenth of a second and several megabytes, which a worker that reads sound feeds is spared.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from monitor.adapters.parse.entries import Document, Entry, Markup
from monitor.adapters.parse.feeds.hints import skips_in, ttl_of

_HEADERS = {"content-type": "application/xml; charset=utf-8"}
_ROOT = re.compile(r"<((?:[\w-]+:)?(?:rss|rdf|feed))\b[^<>]*>", re.IGNORECASE)
_ITEM = re.compile(
    r"<((?:[\w-]+:)?(?:item|entry))(?=[\s>])(?:(?!<(?:[\w-]+:)?(?:item|entry)[\s>]).)*?</\1\s*>", re.DOTALL
)
_EXTENSION = re.compile(r"</?(?!(?:content|dc|atom|media):)[\w-]+:[\w-]+[^<>]*>")
_DATES = ("published", "created", "updated")


@dataclass(frozen=True, slots=True)
class Judged:
    """A document as feedparser reads it. `stumbled`: over what it did, if it had to be read item by item."""

    document: Document
    bozo: bool
    stumbled: str = ""


def judge(text: str) -> Judged:
    """Never fails: what can't be understood is left out. `text` is XML without declaration and DOCTYPE."""
    stumbled = ""
    try:
        result = _parsed(text)
    except Exception as error:  # a parser of what strangers write; whatever it stumbles over is theirs
        result = _one_by_one(text)
        stumbled = type(error).__name__
    about = result["feed"]
    hours, days = skips_in(text)
    document = Document(
        entries=tuple(_entry(entry) for entry in result["entries"]),
        title=_text(about, "title"),
        link=_text(about, "link"),
        language=_text(about, "language") or None,
        ttl=ttl_of(*(_text(about, name) for name in ("ttl", "sy_updateperiod", "sy_updatefrequency"))),
        skip_hours=hours,
        skip_days=days,
        reader="feedparser",
    )
    return Judged(document, bool(result["bozo"]), stumbled)


def _parsed(text: str) -> dict[str, Any]:
    """What feedparser makes of XML without declaration. Raises whatever feedparser stumbles over."""
    import feedparser

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
    link = _text(entry, "link")
    if link == guid and not guid.startswith(("http:", "https:", "/")) and link not in _hrefs(entry, "alternate"):
        link = ""  # feedparser takes a guid for a link unless told otherwise, even if it is a number
    link = link or next(iter(_hrefs(entry, "alternate")), "") or next(iter(_hrefs(entry, "via")), "")
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


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: dict[str, Any], name: str) -> str:
    # Past feedparser's own `get`, which looks under other names as well and warns that it soon will not.
    found = dict.get(value, name)
    return found if isinstance(found, str) else ""
