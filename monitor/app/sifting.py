"""Reads a document and finds the items on which no rule fires: most of the matching, done where documents are read."""

from collections.abc import Callable
from dataclasses import replace

from monitor.app.ports import Matcher
from monitor.core.model import FeedSpec, Fetched, Parsed
from monitor.core.novelty import content_hash


def read_and_sift(
    matcher: Matcher | None, parse: Callable[[Fetched, FeedSpec], Parsed], fetched: Fetched, feed: FeedSpec
) -> Parsed:
    """What `parse` gives and raises; with a matcher, `silent` and `silent_for` are filled."""
    parsed = parse(fetched, feed)
    if matcher is None:
        return parsed
    silent = frozenset(content_hash(item) for item in parsed.items if not matcher.match(item))
    return replace(parsed, silent=silent, silent_for=matcher.token)
