"""What is done with a document where it is read: all that needs no archive, so that commits are short."""

from collections.abc import Callable
from dataclasses import replace

from monitor.app.ports import Matcher
from monitor.core import novelty
from monitor.core.model import FeedSpec, Fetched, Item, Parsed


def read_and_sift(
    matcher: Matcher | None, parse: Callable[[Fetched, FeedSpec], Parsed], fetched: Fetched, feed: FeedSpec
) -> Parsed:
    """What `parse` gives and raises, with `prints`; with a matcher also with `silent` and `silent_for`."""
    parsed = parse(fetched, feed)
    prints = [(item, novelty.print_of(item)) for item in parsed.items]
    parsed = replace(parsed, prints={item.key: made for item, made in prints})
    if matcher is None:
        return parsed
    silent = frozenset(content_hash for item, (content_hash, _) in prints if _is_silent(matcher, item))
    return replace(parsed, silent=silent, silent_for=matcher.token)


def _is_silent(matcher: Matcher, item: Item) -> bool:
    try:
        return not matcher.match(item)
    except Exception:  # comes up again at the commit, where it keeps back only this item
        return False
