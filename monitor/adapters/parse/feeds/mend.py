"""Mends XML that is not quite XML, so that the strict parser can read it. Pure.

feedparser has a loose parser for broken XML, but that one is slow, reads half an item where the document was cut off,
and resolves entities without limit. So what can be mended is mended first; the rest goes to the loose parser.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from html.entities import html5
from xml.parsers import expat

from monitor.adapters.parse.feeds.limits import DEEPEST, MOST_ATTRIBUTES, MOST_CATEGORIES, ExcessError

_HTML_ENTITIES = {name.removesuffix(";"): value for name, value in html5.items() if name.endswith(";")}
_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAMED = re.compile(r"&(?!(?:lt|gt|amp|quot|apos);)([A-Za-z][\w.-]{0,60});")  # but the five that XML knows
_NUMBERED = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|(\d{1,9}));")
_BARE_AMPERSAND = re.compile(r"&(?!(?:[A-Za-z_][\w.-]{0,60}|#\d{1,9}|#x[0-9a-fA-F]{1,8});)")
_BARE_LESS = re.compile(r"<(?![A-Za-z_/!?])")
_DOCTYPE = re.compile(r"<!DOCTYPE\b[^\[<>]{0,1000}(?:\[(?P<inside>.*?)\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(
    r"""<!ENTITY\s+([A-Za-z_][\w.-]{0,60})\s+(?:"([^"&%<]{0,100}|&\#\w{1,8};)"|'([^'&%<]{0,100})')\s*>"""
)
_ITEM_END = re.compile(r"</(?:[\w-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_ITEM_START = re.compile(r"<(?:[\w-]+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_OPENING = re.compile(r"<((?:[\w-]+:)?(?:rss|rdf|feed|channel))(?=[\s>])", re.IGNORECASE)
_ROOT_TAG = re.compile(r"<((?:[\w-]+:)?(?:rss|rdf|feed))\b[^<>]*>", re.IGNORECASE)
_PREFIX = re.compile(r"[<\s/]([A-Za-z_][\w.-]{0,40}):[A-Za-z_]")
_DECLARATION = re.compile(r"^\s*<\?xml\b[^<>]*?\?>\s*")
_TALLIED = re.compile(r"<(?:[\w-]+:)?(?:(item|entry)|category|keywords|subject|tags)(?=[\s>])", re.IGNORECASE)
_LONG_NAME = re.compile(
    r"(<(?:[\w-]+:)?(?:author|creator|managingeditor|webmaster|publisher)\b[^<>]{0,200}>\s*(?:<!\[CDATA\[)?[^<>]{500})"
    r"[^<>]+",
    re.IGNORECASE,
)
_MOST_GROWTH = 1_000_000
_MOST_PREFIXES = 50
_LONGEST_HEAD = 64_000
_NAMESPACES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "atom": "http://www.w3.org/2005/Atom",
    "itunes": "http://www.itunes.com/DTDs/PodCast-1.0.dtd",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "georss": "http://www.georss.org/georss",
    "yandex": "http://news.yandex.ru",
}


@dataclass(frozen=True, slots=True)
class Mended:
    """XML without declaration and DOCTYPE. `strict`: now well-formed; `notes` tell what was wrong, in words."""

    text: str
    strict: bool
    cut_off: bool = False
    notes: tuple[str, ...] = ()


def mend(text: str) -> Mended:
    """The document, well-formed if it can be made so."""
    text = _without_doctype(_DECLARATION.sub("", text.lstrip("\ufeff \t\r\n\0"), count=1))
    complaint = complaint_about(text)
    if complaint is None:
        return Mended(text, strict=True)
    for repair in (_root_only, _characters, _prefixes):
        text = repair(text)
        if complaint_about(text) is None:
            return Mended(text, strict=True, notes=(f"broken XML was mended: {complaint}",))
    if (whole := _whole_items(text)) is not None and complaint_about(whole) is None:
        note = "the document is cut off; what is whole of it was read"
        return Mended(whole, strict=True, cut_off=True, notes=(note,))
    return Mended(text, strict=False, notes=(f"broken XML was read loosely: {complaint}",))


def complaint_about(text: str) -> str | None:
    """The first reason why this is not well-formed XML, with its line; None: it is."""
    try:
        expat.ParserCreate("utf-8", " ").Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        return f"{expat.errors.messages.get(error.code, error.code)} in line {error.lineno}".replace("(s)", "s")
    return None


def _check_limits(text: str) -> None:
    """Up to where it is well-formed. Raises ExcessError."""
    parser = expat.ParserCreate("utf-8", " ")
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST or len(attributes) > MOST_ATTRIBUTES:
            raise ExcessError

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    with suppress(expat.ExpatError):
        parser.Parse(text.encode("utf-8", "replace"), True)


def for_referee(text: str) -> str:
    """What would take feedparser too long is shortened, or refused with an ExcessError."""
    _check_limits(text)
    tally = 0  # of categories, each of which is compared with all others of its item
    for match in _TALLIED.finditer(text):
        tally = 0 if match[1] else tally + 1
        if tally > MOST_CATEGORIES:
            raise ExcessError
    return _LONG_NAME.sub(r"\1", text)  # in names, addresses are looked for


def _without_doctype(text: str) -> str:
    """No DOCTYPE, no entities: short plain ones are put in place, dangerous ones stay unresolved."""
    root = re.search(r"<[A-Za-z]", text)
    head = text[: root.start()] if root else text
    match = _DOCTYPE.search(head[:_LONGEST_HEAD])
    if match is None:  # one that can't be understood goes with all that is before the root
        return text[len(head) :] if "<!DOCTYPE" in head.upper() else text
    declared = {name: double or single for name, double, single in _ENTITY.findall(match["inside"] or "")}
    text = text[: match.start()] + text[match.end() :]
    return _outside_cdata(text, _replace_named(declared)) if declared else text


def _root_only(text: str) -> str:
    """From the first feed element to its end: no headers, advertisements or HTML around it."""
    root = _ROOT_TAG.search(text)
    if root is None:
        return text
    ends = list(re.finditer(rf"</{re.escape(root[1])}\s*>", text))
    return text[root.start() : ends[-1].end() if ends else None]


def _characters(text: str) -> str:
    """Illegal characters and references left out, HTML's entities resolved, bare & and < escaped."""
    text = _ILLEGAL.sub("", text)
    resolve = _replace_named(_HTML_ENTITIES)

    def repaired(piece: str) -> str:
        piece = _NUMBERED.sub(_legal_reference, resolve(piece))
        return _BARE_LESS.sub("&lt;", _BARE_AMPERSAND.sub("&amp;", _unknown_escaped(piece)))

    return _outside_cdata(text, repaired)


def _replace_named(values: dict[str, str]) -> Callable[[str], str]:
    left = _MOST_GROWTH

    def value(match: re.Match[str]) -> str:
        nonlocal left
        name = match[1]
        if name not in values or left <= 0:
            return match[0]
        left -= len(values[name])
        return values[name] if values[name].startswith("&#") else _escaped(values[name])

    return lambda piece: _NAMED.sub(value, piece)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _unknown_escaped(piece: str) -> str:
    return _NAMED.sub(r"&amp;\1;", piece)


def _legal_reference(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    legal = code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code <= 0x10FFFF
    return match[0] if legal else ""


def _outside_cdata(text: str, change: Callable[[str], str]) -> str:
    pieces = _pieces(text)
    pieces[::2] = [change(piece) for piece in pieces[::2]]
    return "".join(pieces)


def _pieces(text: str) -> list[str]:
    """Outside and inside of CDATA sections in turn, beginning outside. An open section is not one."""
    pieces, place = [], 0
    while (start := text.find("<![CDATA[", place)) >= 0 and (end := text.find("]]>", start)) >= 0:
        pieces += [text[place:start], text[start : end + 3]]
        place = end + 3
    return [*pieces, text[place:]]


def _prefixes(text: str) -> str:
    """Prefixes that are used without a declaration are declared at the root."""
    root = _ROOT_TAG.search(text)
    if root is None:
        return text
    used = set(_PREFIX.findall("".join(_pieces(text)[::2]))) - {"xml", "xmlns", "http", "https"}
    if len(used) > _MOST_PREFIXES:
        return text
    missing = sorted(prefix for prefix in used if f"xmlns:{prefix}" not in text)
    added = "".join(f' xmlns:{p}="{_NAMESPACES.get(p, f"urn:undeclared:{p}")}"' for p in missing)
    place = root.end() - (2 if root[0].endswith("/>") else 1)
    return text[:place] + added + text[place:]


def _whole_items(text: str) -> str | None:
    """Up to the last whole item, with the elements around it closed; None: not cut off, or no way to tell."""
    ends = list(_ITEM_END.finditer(text))
    tail = text[ends[-1].end() :] if ends else ""
    if ends and not _ITEM_START.search(tail) and re.search(r"</(?:[\w-]+:)?(?:rss|rdf|feed)\s*>", tail, re.IGNORECASE):
        return None
    first_item = _ITEM_START.search(text)
    if not ends:
        if first_item is None:
            return None
        kept = text[: first_item.start()]
    else:
        kept = text[: ends[-1].end()]
    before = kept[: first_item.start() if first_item else None]
    opened = list(dict.fromkeys(match[1] for match in _OPENING.finditer(before)))
    closed = {name for name in opened if re.search(rf"</{re.escape(name)}\s*>", kept)}
    return kept + "".join(f"</{name}>" for name in reversed(opened) if name not in closed)
