"""Says what kind of document a text is, and what to tell the operator when it is no feed. Pure."""

import json
import re
from enum import StrEnum

from monitor.adapters.parse.pages.discovery import feeds_named
from monitor.adapters.parse.text.plain import html_to_text, plain_title
from monitor.errors import ParseError, ParseFault


class Kind(StrEnum):
    """The families of documents, by their first characters."""

    XML = "xml"
    JSON = "json"
    HTML = "html"
    OTHER = "other"


_PROLOG = re.compile(r"\s+|<\?.*?(?:\?>|\Z)|<!--.*?(?:-->|\Z)|<!(?:[^<>\[]|\[[^\]]*\])*>", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)(?=[\s/>]|\Z)")
_HTTP_HEAD = re.compile(r"HTTP/\d(?:\.\d)? \d{3}\b[^\n]*\n(?:[\w-]+:[^\n]*\n){0,100}\r?\n")
_EMBEDDED = re.compile(r"<(?:rss\s[^<>]*\bversion=|feed\s[^<>]*\bxmlns=|rdf:RDF\s)", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^<>]*>([^<]{0,300})", re.IGNORECASE)
_HTML_ROOTS = {"html", "head", "body", "div", "script", "meta", "p", "table", "br", "center", "style", "title", "h1"}
_FEED_ROOTS = {"rss", "feed", "rdf", "channel"}
_KNOWN_ROOTS = {
    "opml": "a list of feeds (OPML); import it instead",
    "urlset": "a sitemap (write sitemap: in place of url:)",
    "sitemapindex": "an index of sitemaps (write sitemap: in place of url:)",
    "error": "an error message in XML",
    "envelope": "a SOAP message",
    "svg": "a picture (SVG)",
}
_HUMAN_CHECK = re.compile(
    r"captcha|are you (?:a )?human|not a robot|cf-chl|challenge-platform|just a moment|ddos-guard|qrator|"
    r"checking your browser|verify(?:ing)? (?:that )?you are human|enable javascript and cookies|"
    r"px-captcha|servicepipe|stormwall|slowaes|acw_sc__v2|__jsl_clearance|"
    r"не робот|подтвердите, что|проверка браузера|安全验证|人机验证|验证码|滑动验证|访问验证",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"""type=["']?password""", re.IGNORECASE)
_REFUSED = re.compile(r"access denied|forbidden|доступ (?:запрещ|ограничен)|访问被拒绝|blocked", re.IGNORECASE)
_BINARY = {b"%PDF": "a PDF file", b"PK\x03\x04": "a ZIP file", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture",
           b"GIF8": "a picture", b"\x1f\x8b": "a gzip file", b"BZh": "a bzip2 file", b"\x28\xb5\x2f\xfd": "a zstd file",
           b"Rar!": "a RAR file", b"7z\xbc\xaf": "a 7z file", b"ID3": "a sound file", b"OggS": "a sound file",
           b"\xd0\xcf\x11\xe0": "an Office document", b"\x00\x00\x01\x00": "a picture", b"wOF": "a font"}  # fmt: skip
_CONTAINERS = {b"WEBP": "a picture", b"WAVE": "a sound file", b"AVI ": "a film", b"ftyp": "a film"}
_HEAD = 100_000


def without_http_head(text: str) -> str:
    """Some servers and caches put the answer's head into its body as well."""
    match = _HTTP_HEAD.match(text)
    return text[match.end() :] if match else text


def kind_of(text: str) -> Kind:
    """By the first characters, not by what server or file name claim."""
    start = text[:_HEAD].lstrip()
    if start.startswith(("{", "[")):
        return Kind.JSON
    if _EMBEDDED.search(text[:_HEAD]):
        return Kind.XML
    root = root_of(text)
    if root is None or (not start.startswith("<") and root not in _FEED_ROOTS):
        return Kind.HTML if "<html" in start.lower() else Kind.OTHER
    return Kind.HTML if root in _HTML_ROOTS else Kind.XML


def root_of(text: str) -> str | None:
    """The name of the first element, without prefix, in small letters; None: there is none."""
    place = _skip_prolog(text)
    match = _ROOT.match(text, place) or _ROOT.search(text[:_HEAD], text[:_HEAD].find("<") + 1)
    return match[1].lower() if match else None


def is_feed_root(root: str | None) -> bool:
    """True for the roots of RSS, RDF, Atom and CDF."""
    return root in _FEED_ROOTS


def not_a_feed(text: str, kind: Kind, url: str = "") -> ParseError:
    """The error that says what this is in place of a feed; `url` is where it was, for the links of a page."""
    match kind:
        case Kind.HTML:
            return ParseError(_html_words(text[:_HEAD], url))
        case Kind.JSON:
            return ParseError("a JSON document in place of a feed: it has no list of items")
        case Kind.XML:
            root = root_of(text)
            what = _KNOWN_ROOTS.get(root or "", f"an XML document of the kind <{(root or '')[:30]}>")
            return ParseError(f"{what} in place of a feed")
    return ParseError(f"plain text in place of a feed, beginning “{_shortened(html_to_text(text[:500]), 60)}”")


def binary_error(body: bytes) -> ParseError | None:
    """For bodies that are no text at all."""
    for start, what in _BINARY.items():
        if body.startswith(start):
            return ParseError(f"{what} in place of a feed")
    if held := _CONTAINERS.get(body[8:12] if body.startswith(b"RIFF") else body[4:8]):
        return ParseError(f"{held} in place of a feed")
    return None


def empty_error() -> ParseError:
    """For bodies without anything in them."""
    return ParseError("the document is empty", ParseFault.EMPTY)


def hindrance(page: str, title: str = "") -> str:
    """Why a server gave this page in place of what was asked for; empty when nothing of the kind is to be seen."""
    head = page[:_HEAD]
    if _HUMAN_CHECK.search(head):
        return "the server wants proof that a human asks (captcha)"
    if _LOGIN.search(head):
        return "the server asks for a login"
    return "the server refuses access" if _REFUSED.search(title or html_to_text(head[:2000])) else ""


def is_json_feed(value: object) -> bool:
    """True for JSON Feed of any version, also where the version is missing but items are there."""
    if not isinstance(value, dict):
        return False
    return "jsonfeed.org" in json.dumps(value.get("version", "")) or isinstance(value.get("items"), list)


def _skip_prolog(text: str) -> int:
    place = 0
    while place < min(len(text), _HEAD) and (match := _PROLOG.match(text, place)) and match.end() > place:
        place = match.end()
    return place


def _html_words(head: str, url: str) -> str:
    title = _TITLE.search(head)
    shown = _shortened(plain_title(title[1]), 60) if title else ""
    named = f" titled “{shown}”" if shown else ""
    feeds = feeds_named(head, url)
    if (reason := hindrance(head, shown)) and (not feeds or _HUMAN_CHECK.search(head)):
        return f"an HTML page{named} in place of a feed: {reason}"
    if feeds:
        return f"an HTML page{named} in place of a feed; it names its feed: write url: {feeds[0]}"
    return f"an HTML page{named} in place of a feed; try `monitor feeds try` with its address"


def _shortened(text: str, size: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= size else text[: size - 1].rstrip() + "…"
