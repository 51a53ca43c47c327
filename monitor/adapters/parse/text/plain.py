"""HTML and half-HTML of feeds → plain text. Pure.

Linear in the length of its input whatever the input: tree builders take minutes over 200,000 nested tags, and a tree
is not needed to leave the tags out.
"""

import html
import re
from functools import lru_cache

from monitor.adapters.parse.text.mojibake import unmangle
from monitor.core.text.chars import LONG, limit_marks

# Attributes up to the end of the tag; quoted values may hold “>”.
_WHERE = r"""(?:[^<>"']*+(?:(?:"[^"<]*"|'[^'<]*')[^<>"']*+)*+>|[^<>]*>)"""
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_UNSEEN = re.compile(
    rf"<(script|style|template|iframe|object|noscript|svg|math)\b{_WHERE}.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_TAG = re.compile(rf"""<(?:/?([a-zA-Z][^\s/<>"']*+)|[/!?a-zA-Z]){_WHERE}""")
_BLOCKS = (
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr",
    "html", "img", "legend", "li", "main", "menu", "nav", "ol", "option", "p", "pre", "section", "select", "summary",
    "table", "tbody", "td", "tfoot", "th", "thead", "title", "tr", "ul", "video", "audio",
)  # fmt: skip
_INLINE = ("a", "abbr", "b", "cite", "code", "em", "font", "i", "s", "small", "span", "strong", "sub", "sup", "u")
_UNSEEN_NAMES = frozenset(("script", "style", "template", "iframe", "object", "noscript", "svg", "math"))
_INLINE_IN_TITLE = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|br|cite|code|div|em|font|h[1-6]|i|img|ins|del|mark|nobr|p|q|s|small|span|strike|strong"
    rf"|sub|sup|tt|u|wbr)\b(?=[\s/>]){_WHERE}",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BLANK = re.compile(r"[ \t\r\n\f\v\u00a0\u2028\u2029]+")
_SPACES = re.compile("  +")
_SOURCE_LINES = "\n\u2028\u2029"
_BLANK_IN_LINE = "\t\r\u00a0"
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_CP1252 = {char: bytes([code]) for code in range(0x80, 0xA0) if (char := bytes([code]).decode("cp1252", "ignore"))}
_FROM_C1 = {code.decode("latin-1"): char for char, code in _CP1252.items()}
_HTML_SIGN = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:#\d+|#[xX][0-9a-fA-F]+|\w+);|<!")


def looks_like_html(text: str) -> bool:
    """True if there is a tag, a comment or an entity."""
    return ("<" in text or "&" in text) and bool(_HTML_SIGN.search(text))


class _Breaks(dict[str | None, str]):
    """What stands in the place of a tag, by its name in any case: a line break, or nothing."""

    def __missing__(self, name: str | None) -> str:
        return self.get(name.lower(), "") if name else ""


_BREAKS = _Breaks({case(name): "\n" for name in _BLOCKS for case in (str.lower, str.upper)})
_BREAKS |= {case(name): "" for name in _INLINE for case in (str.lower, str.upper)}


def html_to_text(markup: str) -> str:
    """What a reader sees of HTML: blocks on lines of their own, inline tags leave no trace, entities resolved once."""
    text = markup
    if "<!" in text:
        text = _COMMENT.sub("", _CDATA.sub(r"\1", text))
    if "<" not in text:
        return tidy(unescape(text))
    for char in _SOURCE_LINES:  # line breaks of the source are just space
        if char in text:
            text = text.replace(char, " ")
    pieces = _TAG.split(text)
    names = pieces[1::2]
    if any(name and name.lower() in _UNSEEN_NAMES for name in set(names)):
        pieces = _TAG.split(_UNSEEN.sub(" ", text))
        names = pieces[1::2]
    pieces[1::2] = map(_BREAKS.__getitem__, names)
    return tidy(unescape("".join(pieces)))


def plain_title(title: str) -> str:
    """A headline on one line. Feeds escape titles once too often, or twice: what is left of that is resolved."""
    title = unmangle(title)
    if "<" in title or "&" in title:
        for _ in range(2):
            title = unescape(_INLINE_IN_TITLE.sub("", title))
        title = _INLINE_IN_TITLE.sub("", title)
    return one_line(title)


def unescape(text: str) -> str:
    """Entities and character references resolved once; unlike `html.unescape`, only those that end in a semicolon."""
    return _ENTITY.sub(_resolved, text) if "&" in text else text


def _resolved(match: re.Match[str]) -> str:
    return _character(match[0])


@lru_cache(maxsize=2048)
def _character(entity: str) -> str:
    return html.unescape(entity)


def tidy(text: str) -> str:
    """Without control characters and lone surrogates, spaces collapsed, no empty lines."""
    for char in _BLANK_IN_LINE:
        if char in text:
            text = text.replace(char, " ")
    lines = text.split("\n")
    if not all(map(str.isprintable, lines)):
        lines = _NOT_TEXT.sub(_as_cp1252, text).split("\n")
    text = "\n".join([line for piece in lines if (line := piece.strip(" "))])
    if "  " in text:
        text = _SPACES.sub(" ", text)
    return limit_marks(text).strip()


def one_line(text: str) -> str:
    """Like `tidy`, all on one line."""
    if text.isprintable() and len(text) <= LONG and "  " not in text:
        return text.strip()
    return _BLANK.sub(" ", limit_marks(_NOT_TEXT.sub(_as_cp1252, text))).strip()


def _as_cp1252(match: re.Match[str]) -> str:
    """C1 control characters are windows-1252 that was taken for Latin-1: feedparser and browsers read them so."""
    return _FROM_C1.get(match[0], "")
