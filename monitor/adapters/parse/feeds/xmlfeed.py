"""RSS, RDF and Atom → entries: the fast reader first, feedparser for all that it is not sure of."""

import re
from dataclasses import replace
from xml.parsers import expat

from monitor.adapters.parse.document import Kind, is_feed_root, not_a_feed, root_of
from monitor.adapters.parse.entries import Document
from monitor.adapters.parse.feeds.fast import UnsureError, read_fast
from monitor.adapters.parse.feeds.limits import ExcessError
from monitor.adapters.parse.feeds.mend import Mended, for_referee, mend
from monitor.adapters.parse.text.plain import one_line
from monitor.errors import ParseError, ParseFault

_ENTRY = re.compile(r"<(?:[^\s<>:]+:)?(?:item|entry)\b", re.IGNORECASE)
_LEADING = re.compile(r"[\ufeff \t\r\n\0]*(?:<\?xml\b[^<>]*?\?>)?\s*")


def read_xml(text: str) -> Document:
    """Raises ParseError when this is no feed, or so broken that nothing can be made out."""
    try:
        return _fast(text[_LEADING.match(text).end() :]) or _slow(text)  # type: ignore[union-attr]
    except ExcessError as error:
        raise ParseError(
            "elements nested too deeply, or too many attributes or categories: not a feed one would want",
            ParseFault.MALFORMED,
        ) from error


def read_by_referee(text: str) -> Document:
    """The same, by feedparser alone: for tests and benchmarks that compare. Raises ParseError and ExcessError."""
    return _judged(mend(text))


def _fast(text: str) -> Document | None:
    """None: not well-formed, no feed, no items where there should be some, or something that may mean another thing."""
    try:
        document = read_fast(text)
    except (UnsureError, expat.ExpatError):
        return None
    root = root_of(text)
    if is_feed_root(root):
        return document if document.entries or not _ENTRY.search(text) else None
    return replace(document, notes=(_odd_root(root),)) if document.entries else None


def _slow(text: str) -> Document:
    """What is mended may be read fast after all."""
    mended = mend(text)
    if mended.strict and (document := _fast(mended.text)) and document.entries:
        return replace(document, notes=(*mended.notes, *document.notes))
    return _judged(mended)


def _judged(mended: Mended) -> Document:
    from monitor.adapters.parse.feeds.referee import judge

    judged = judge(for_referee(mended.text))
    document, root = judged.document, root_of(mended.text)
    notes = list(mended.notes)
    if judged.stumbled:
        notes.append(f"read item by item: something in it can't be understood ({judged.stumbled})")
    if not document.entries:
        if not is_feed_root(root):
            raise not_a_feed(mended.text, Kind.XML)
        if mended.cut_off or not mended.strict or judged.stumbled:
            raise ParseError(f"nothing can be read of this feed: {notes[0]}", ParseFault.MALFORMED)
    if mended.strict and judged.bozo:
        notes.append("the feed was read loosely: it is XML, but not quite as feeds are")
    if not is_feed_root(root):
        notes.append(_odd_root(root))
    return replace(document, notes=tuple(notes))


def _odd_root(root: str | None) -> str:
    return f"the root element is <{one_line(root or '')[:30]}>"
