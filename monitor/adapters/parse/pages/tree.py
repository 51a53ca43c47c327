"""HTML as a tree, within limits: for pages that are read by selectors. Pure.

Tree builders need time that grows with the square of the depth, or of the number of attributes in one tag (50,000
attributes: 4 s). What is far beyond any real page is refused before a tree is built; to see that takes linear time.
"""

import re
from collections.abc import Mapping, Sequence

from resiliparse.parse.html import CSSParserException, DocumentNode, ElementNode, HTMLTree

from monitor.adapters.parse.text.plain import html_to_text, one_line
from monitor.errors import ParseError, ParseFault

DEEPEST = 256  # elements in one another; browsers stop at 512, real pages stay below 60
MOST_TAGS = 200_000
MOST_ATTRIBUTES = 500  # in one tag

_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?:script|style|textarea|title|noscript)\b.*?(?:</(?:script|style|textarea|title|noscript)|\Z)"
    r"|<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]{0,30})(?P<rest>[^<>]{0,2000}/>)?",
    re.DOTALL | re.IGNORECASE,
)
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{2000,}")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
) | {"html", "head", "body"}  # of which there is only one, however often it is written
# These close themselves where a slash says so; a slash in any other tag means nothing.
_DRAWN = frozenset(
    ("path", "circle", "rect", "use", "line", "polygon", "polyline", "ellipse", "g", "stop", "image", "text", "animate")
)
# What the start of an element closes (the nearest of the first), unless one of the second is nearer.
_CELL = (frozenset(("td", "th")), frozenset(("tr", "table")))
_ENTRY = (frozenset(("dt", "dd")), frozenset(("dl",)))
_IMPLIED: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "a": (frozenset(("a",)), frozenset()),
    "p": (frozenset(("p",)), frozenset(("td", "th", "table", "button", "object"))),
    "li": (frozenset(("li",)), frozenset(("ul", "ol"))),
    "option": (frozenset(("option",)), frozenset(("select",))),
    "tr": (frozenset(("tr",)), frozenset(("table",))),
    "td": _CELL,
    "th": _CELL,
    "dt": _ENTRY,
    "dd": _ENTRY,
}
# Left open, they are opened again in every block that follows, but not beyond a cell of a table.
_OPENED_AGAIN = frozenset(["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"])
_DATE_ATTRIBUTES = ("datetime", "content", "data-time", "data-timestamp", "data-date", "title")
_CELLS = frozenset(("td", "th", "table", "tr"))


def tree_of(html: str) -> HTMLTree:
    """The document as a tree. Raises ParseError when it is nested or stuffed as no real page is."""
    deepest, tags = _extent(html)
    if deepest > DEEPEST:
        raise ParseError(f"the page nests more than {DEEPEST} elements in one another", ParseFault.MALFORMED)
    if tags > MOST_TAGS:
        raise ParseError(f"the page has more than {MOST_TAGS:,} tags", ParseFault.MALFORMED)
    if any(match[0].count("=") > MOST_ATTRIBUTES for match in _LONG_TAG.finditer(html)):
        raise ParseError(f"a tag of the page has more than {MOST_ATTRIBUTES} attributes", ParseFault.MALFORMED)
    return HTMLTree.parse(html.encode("utf-8", "replace").decode("utf-8"))  # half characters can't be passed on


def _extent(html: str) -> tuple[int, int]:
    """(about how deep the tree will be, how many tags there are); stops counting when either is too much."""
    open_now: list[str] = []
    again = deepest = tags = 0
    for match in _TAG.finditer(html):
        name = (match["name"] or "").lower()
        if not name or name in _VOID or (match["rest"] and name in _DRAWN):
            continue
        tags += 1
        if name in _OPENED_AGAIN:
            again = max(0, again - 1) if match["end"] else again + 1
        elif match["end"]:
            _close(open_now, frozenset((name,)), frozenset())
        else:
            if name in _IMPLIED:
                _close(open_now, *_IMPLIED[name])
            open_now.append(name)
        again = 0 if name in _CELLS else again
        deepest = max(deepest, len(open_now) + again)
        if deepest > DEEPEST or tags > MOST_TAGS:
            break
    return deepest, tags


def _close(open_now: list[str], names: frozenset[str], barriers: frozenset[str]) -> None:
    """Close elements up to and including the nearest of these names, if one is open before a barrier."""
    for place in range(len(open_now) - 1, -1, -1):
        if open_now[place] in names:
            del open_now[place:]
            return
        if open_now[place] in barriers:
            return


def selected(root: ElementNode | DocumentNode | None, selector: str) -> Sequence[ElementNode]:
    """The elements that a selector finds below `root`, in order; none where it is empty."""
    if root is None or not selector:
        return ()
    try:
        return root.query_selector_all(selector)
    except CSSParserException as error:
        raise ParseError(f"the selector `{selector}` is not CSS: {_fault(error)}") from error


def _fault(error: CSSParserException) -> str:
    """The parser's own words, without its surroundings."""
    return str(error).removeprefix("CSS parser error:").strip().removeprefix("Syntax error. Selectors.").strip()


def text_of(node: ElementNode | None) -> str:
    """What a reader sees of an element; blocks on lines of their own."""
    return html_to_text(node.html) if node is not None else ""


def line_of(node: ElementNode | None) -> str:
    """Like `text_of`, all on one line."""
    return one_line(text_of(node))


def attribute(node: ElementNode | None, name: str) -> str:
    """An attribute's value, stripped; "" where it is missing."""
    return (node.getattr(name) or "").strip() if node is not None else ""


def date_words(node: ElementNode | None) -> str:
    """The words of a date, or better an attribute that is made for programs."""
    given = (attribute(node, name) for name in _DATE_ATTRIBUTES)
    return next((value for value in given if any(char.isdigit() for char in value)), "") or line_of(node)


def title_of(tree: HTMLTree) -> str:
    """The page's own title."""
    return one_line(tree.title or "")
