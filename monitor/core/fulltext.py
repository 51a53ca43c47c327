"""Which articles are worth fetching whole, and where their text goes. Pure.

The text of an article stands behind the feed's own content, after `MARK`. An item's content hash is taken before, of
what the feed says: so an item does not look edited because the feed has no article in it, nor because the page of the
article changes its surroundings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from monitor.core.elsewhere import elsewhere
from monitor.core.model import Decision, FeedSpec, Fulltext, Item, Novelty, SourceKind

MARK = "\n\u2029\n"  # a paragraph separator on a line of its own: white space for whoever reads or matches it


def wanted(
    feed: FeedSpec, decisions: Sequence[Decision], promise: Callable[[Item], float], most: int
) -> tuple[list[Item], int]:
    """The new and edited items whose articles are to be fetched, the likeliest first; and how many more there were.

    `promise` is what a matcher expects of an item's article, see `Matcher.promise`; items without a web link have none.
    """
    if feed.fulltext is Fulltext.NO:
        return [], 0
    items = [one.item for one in decisions if one.novelty is not Novelty.SEEN and one.item.link.startswith("http")]
    rated = [(promise(item), item) for item in items]
    if feed.fulltext is Fulltext.PROMISING:
        rated = [(hope, item) for hope, item in rated if hope > 0]
    rated.sort(key=lambda pair: pair[0], reverse=True)  # stable: the document's order, newest first, among equals
    return [item for _, item in rated[:most]], max(0, len(rated) - most)


def attached(decisions: Sequence[Decision], articles: Mapping[str, str]) -> list[Decision]:
    """The decisions with articles (by item key) in the contents of new and edited items; hashes stay as they are."""
    return [
        replace(one, item=with_article(one.item, articles[one.item.key]))
        if one.novelty is not Novelty.SEEN and articles.get(one.item.key)
        else one
        for one in decisions
    ]


def with_article(item: Item, article: str) -> Item:
    """The item with the text of its article behind its own content."""
    return replace(item, content=f"{item.content}{MARK}{article}")


def own_content(content: str) -> str:
    """What the feed itself said of an item's content."""
    return content.partition(MARK)[0]


def article_request(feed: FeedSpec, link: str) -> FeedSpec:
    """How an article is asked for and read."""
    return replace(elsewhere(feed, link), source=SourceKind.ARTICLE, selectors=None)
