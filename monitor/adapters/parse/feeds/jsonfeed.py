"""JSON Feed 1.0 and 1.1 → entries; of a document that is cut off, its whole items. Pure."""

import json
import re
from typing import Any

from monitor.adapters.parse.document import Kind, is_json_feed, not_a_feed
from monitor.adapters.parse.entries import Document, Entry, Markup
from monitor.errors import ParseError, ParseFault

_ITEMS = re.compile(r'"items"\s*:\s*\[\s*')
_BETWEEN = re.compile(r"\s*,\s*")
_VERSION = re.compile(r'"version"\s*:\s*"[^"]*jsonfeed\.org')


def read_json(text: str) -> Document:
    """Raises ParseError when this is JSON, but no feed, or broken before its first item."""
    notes: tuple[str, ...] = ()
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        value = _whole_items(text)
        if not value:
            raise ParseError("broken JSON in place of a feed", ParseFault.MALFORMED) from error
        notes = ("the document is cut off or broken; what is whole of it was read",)
    if not is_json_feed(value):
        raise not_a_feed(text, Kind.JSON)
    items = value.get("items")
    return Document(
        entries=tuple(_entry(item) for item in items if isinstance(item, dict)) if isinstance(items, list) else (),
        title=_text(value, "title"),
        link=_text(value, "home_page_url"),
        language=_text(value, "language") or None,
        notes=notes,
        reader="json",
    )


def _whole_items(text: str) -> dict[str, Any] | None:
    """What `json.loads` would give, up to where the document breaks; None: not even one item."""
    start = _ITEMS.search(text)
    if start is None:
        return None
    decoder = json.JSONDecoder(strict=False)
    items, place = [], start.end()
    while True:
        try:
            item, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            break
        items.append(item)
        if (comma := _BETWEEN.match(text, place)) is None:
            break
        place = comma.end()
    return {"version": "https://jsonfeed.org/", "items": items} if items else None


def _entry(item: dict[str, Any]) -> Entry:
    html, plain = _text(item, "content_html"), _text(item, "content_text")
    return Entry(
        title=_text(item, "title"),
        summary=Markup(_text(item, "summary"), is_html=None),
        contents=(Markup(html, is_html=True), *((Markup(plain, is_html=False),) if not html else ())),
        link=_text(item, "url") or _text(item, "external_url"),
        guid=_text(item, "id"),
        author=", ".join(_authors(item)),
        dates=(_text(item, "date_published"), _text(item, "date_modified")),
        categories=tuple(tag for tag in _list(item, "tags") if isinstance(tag, str)),
    )


def _authors(item: dict[str, Any]) -> list[str]:
    people = [*_list(item, "authors"), item.get("author")]
    return list(
        dict.fromkeys(name for person in people if isinstance(person, dict) and (name := _text(person, "name")))
    )


def _list(value: dict[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    return found if isinstance(found, list) else []


def _text(value: dict[str, Any], name: str) -> str:
    """A string; numbers as written, since some feeds number their items; anything else is nothing."""
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return str(found)
