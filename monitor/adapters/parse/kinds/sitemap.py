"""News sitemaps → entries, and the sitemap that an index names as its newest. Pure.

The format: https://www.sitemaps.org/protocol.html; the news in it:
https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap (at most 1,000 articles of the last
two days). Read by patterns, so that there is no entity to resolve and a broken document keeps its whole articles.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from monitor.adapters.parse.dates.written import parse_date
from monitor.adapters.parse.entries import Document, Entry
from monitor.adapters.parse.text.encoding import decode
from monitor.adapters.parse.text.plain import one_line, unescape
from monitor.core.model import Fetched
from monitor.errors import ParseError, ParseFault

MOST_ENTRIES = 2_000  # of a sitemap that is an archive: its newest

_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_INDEX = re.compile(r"<(?:[\w.-]+:)?sitemapindex[\s>]")
_URLSET = re.compile(r"<(?:[\w.-]+:)?urlset[\s>]")
_NEWS = "sitemap-news/"  # part of the name space
_HEAD = 20_000
_NUMBERS = re.compile(r"\d+")


def read_sitemap(text: str) -> Document:
    """The articles, newest first where the sitemap dates them.

    An empty news sitemap is a quiet paper, not a failure. Raises ParseError when this is no sitemap, or one of
    addresses without titles: of these nothing can be known but that they are there.
    """
    if _INDEX.search(text[:_HEAD]):
        raise ParseError("an index of sitemaps below another one: give the address of the news sitemap itself")
    if not _URLSET.search(text[:_HEAD]):
        raise ParseError("this is no sitemap: it has no <urlset>")
    blocks = list(_elements(text, "url"))
    entries = [entry for entry in map(_page, blocks) if entry.link]
    if blocks and not entries:
        raise ParseError("a sitemap without a single address", ParseFault.MALFORMED)
    titled = [entry for entry in entries if entry.title]
    notes: list[str] = []
    if untitled := len(entries) - len(titled):
        if not titled and _NEWS not in text[:_HEAD]:
            raise ParseError("a sitemap without titles: only a news sitemap says what its articles are about")
        notes.append(f"{untitled} addresses without a title left out")
    if len(titled) > MOST_ENTRIES:
        notes.append(f"only the newest {MOST_ENTRIES:,} of {len(titled):,} articles are read")
        titled = sorted(titled, key=lambda entry: _moment(entry.dates), reverse=True)[:MOST_ENTRIES]
    news = [_first(block, "news") for block in blocks]
    languages = {_first(one, "language") for one in news} - {""}
    return Document(
        entries=tuple(titled),
        title=next((name for one in news if (name := _plain(_first(one, "name")))), ""),
        language=_plain(languages.pop()) if len(languages) == 1 else None,
        notes=tuple(notes),
    )


def newest_sitemap(fetched: Fetched) -> str | None:
    """Where an index of sitemaps names its newest one; None: this is no index. Raises ParseError for an empty one.

    The newest is the one changed last; where the index does not say, one of news, and of several the highest number.
    """
    if b"sitemapindex" not in fetched.body[:_HEAD]:
        return None
    text = decode(fetched.body, fetched.content_type).text
    if not _INDEX.search(text[:_HEAD]):
        return None
    named = [(_plain(_first(block, "loc")), _plain(_first(block, "lastmod"))) for block in _elements(text, "sitemap")]
    found = [(link, changed) for link, changed in named if link.startswith(("http://", "https://"))]
    if not found:
        raise ParseError("an index of sitemaps that names no other sitemap", ParseFault.EMPTY)
    return max(found, key=lambda one: (_moment((one[1],)), "news" in one[0].lower(), _numbers(one[0])))[0]


def _page(block: str) -> Entry:
    news = _first(block, "news")  # beside it stand pictures, which have titles of their own
    return Entry(
        title=_plain(_first(news, "title")),
        link=_plain(_first(block, "loc")),
        dates=(_plain(_first(news, "publication_date")), _plain(_first(block, "lastmod"))),
        categories=tuple(filter(None, map(str.strip, _plain(_first(news, "keywords")).split(",")))),
    )


def _elements(text: str, name: str) -> Iterator[str]:
    """The contents of every whole element of this local name, in linear time. They are never nested."""
    opening = re.compile(rf"<(?:[\w.-]+:)?{name}(?:\s[^<>]*)?>")
    closing = re.compile(rf"</(?:[\w.-]+:)?{name}\s*>")
    place = 0
    while (start := opening.search(text, place)) and (end := closing.search(text, start.end())):
        yield text[start.end() : end.start()]
        place = end.end()


def _first(block: str, name: str) -> str:
    """What stands in the first element of this local name; "" where there is none."""
    return next(_elements(block, name), "") if name in block else ""


def _plain(text: str) -> str:
    """The text of an element without elements in it: what stands in CDATA is meant as it is."""
    pieces = _CDATA.split(text)
    return one_line("".join(piece if number % 2 else unescape(piece) for number, piece in enumerate(pieces)))


def _moment(dates: tuple[str, ...]) -> datetime:
    never = datetime.min.replace(tzinfo=UTC)
    return next((moment for date in dates if date and (moment := parse_date(date))), never)


def _numbers(link: str) -> list[int]:
    return [int(one[:12]) for one in _NUMBERS.findall(link)]
