"""An HTML page without a feed → entries, by CSS selectors. Pure.

What a selector does not find is said, by its name: a page that changed its layout must not look like a quiet one.
"""

from dataclasses import dataclass
from datetime import datetime

from resiliparse.parse.html import ElementNode

from monitor.adapters.parse.dates.spoken import spoken_date
from monitor.adapters.parse.dates.written import zone_of
from monitor.adapters.parse.document import hindrance
from monitor.adapters.parse.entries import Document, Entry, Markup
from monitor.adapters.parse.pages.tree import attribute, date_words, line_of, selected, text_of, title_of, tree_of
from monitor.core.model import FeedSpec, Selectors
from monitor.errors import ParseError

MOST_ITEMS = 1_000  # of a page; more are a selector that finds everything
_MOST_PARTS = 10  # elements looked at for one part of an item


@dataclass(frozen=True, slots=True)
class _Block:
    """One block of the page with the parts that were found in it."""

    title: str
    link: str
    date: str
    summary: str


def read_webpage(text: str, feed: FeedSpec, at: datetime) -> Document:
    """The page's blocks as entries. `at` is when it was read: “yesterday” counts from it.

    Raises ParseError when the selector for items, titles or links finds nothing at all.
    """
    selectors = feed.selectors or Selectors("article")
    tree = tree_of(text)
    title = title_of(tree)
    found = selected(tree.body, selectors.items)
    if not found:
        raise _nothing("items", selectors.items, title, text)
    zone = zone_of(feed.timezone)
    blocks = [_block(node, selectors) for node in found[:MOST_ITEMS]]
    blocks = [block for block in blocks if block.title or block.link]
    for name, selector in (("link", selectors.link), ("title", selectors.title)):
        if selector and not any(getattr(block, name) for block in blocks):
            raise _nothing(name, selector, title, text, len(found))
    notes = [
        f"the selector for {name}, `{selector}`, finds nothing in {len(found)} items: did the page change?"
        for name, selector in (("date", selectors.date), ("summary", selectors.summary))
        if selector and not any(getattr(block, name) for block in blocks)
    ]
    dates = [moment.isoformat() if (moment := spoken_date(one.date, at, zone)) else "" for one in blocks]
    if selectors.date and blocks and not notes and not any(dates):
        notes.append(f"the dates are in a form not known here, such as “{blocks[0].date[:40]}”")
    if len(found) > MOST_ITEMS:
        notes.append(
            f"only the first {MOST_ITEMS:,} of {len(found):,} items are read: does `{selectors.items}` find too much?"
        )
    language = attribute(selected(tree.document, "html")[0], "lang") if selected(tree.document, "html") else ""
    return Document(
        entries=tuple(_entry(block, date) for block, date in zip(blocks, dates, strict=True)),
        title=title,
        language=language or None,
        notes=tuple(notes),
    )


def _block(node: ElementNode, selectors: Selectors) -> _Block:
    anchor = next(iter(selected(node, selectors.link)), None)
    link = attribute(anchor, "href")
    if not link and node.tag == "a":
        anchor, link = node, attribute(node, "href")
    titled = next((one for one in selected(node, selectors.title)[:_MOST_PARTS] if line_of(one)), None)
    return _Block(
        title=line_of(titled) if selectors.title else line_of(anchor) or attribute(anchor, "title"),
        link="" if link.startswith(("javascript:", "#", "mailto:")) else link,
        date=date_words(next(iter(selected(node, selectors.date)), None)),
        summary="\n".join(filter(None, map(text_of, selected(node, selectors.summary)[:_MOST_PARTS]))),
    )


def _entry(block: _Block, date: str) -> Entry:
    # Links of a page are its own identities: it has no guids.
    return Entry(title=block.title, summary=Markup(block.summary, is_html=False), link=block.link, dates=(date,))


def _nothing(name: str, selector: str, title: str, text: str, items: int = 0) -> ParseError:
    named = f" titled “{title[:60]}”" if title else ""
    if reason := hindrance(text):
        return ParseError(f"a page{named} in place of the list: {reason}")
    where = f"in any of {items} items of the page" if items else "in the page"
    return ParseError(
        f"the selector for {name}, `{selector}`, finds nothing {where}{named}: "
        "did it change its layout? `monitor feeds try` suggests new ones"
    )
