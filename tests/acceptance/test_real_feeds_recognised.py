"""Real feeds: no two of their articles are taken for one, and a second reading in whatever dress brings nothing."""

from dataclasses import replace
from datetime import UTC, datetime

from support.corpus import needs_corpus, real_feeds
from support.memory import Memory

from monitor.adapters.parse import FeedParser
from monitor.core.model import FeedSpec, Fetched, Item, Novelty
from monitor.errors import ParseError

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SPEC = FeedSpec("real", "https://sample.example/feed")


def documents() -> list[tuple[str, tuple[Item, ...]]]:
    """Every file that holds a feed."""
    parser, found = FeedParser(), []
    for feed in real_feeds():
        fetched = Fetched("real", NOW, url=SPEC.url, status=200, body=feed.body, content_type=feed.content_type or "")
        try:
            found.append((feed.name, parser.parse(fetched, SPEC).items))
        except ParseError:
            continue
    return found


@needs_corpus
def test_no_real_article_is_lost_and_none_comes_twice() -> None:
    read = joined = 0
    for name, items in documents():
        memory = Memory()
        memory.read(items)
        said = {item.title for _, item, _, _ in memory.items.values()}
        assert {item.title for item in items if item.title} <= said, name
        for again in (items, items[::-1]):
            assert {decision.novelty for decision in memory.read(again)} <= {Novelty.SEEN}, name
        read += len(items)
        joined += max(0, len({item.key for item in items}) - len(memory.items))
    assert read > 3_000
    assert joined <= 5, "entries that repeat another word for word are that rare"


@needs_corpus
def test_real_articles_with_link_and_headline_are_known_again_under_rewritten_guids() -> None:
    for name, items in documents():
        links = [item.link for item in items]
        plain = [item for item in items if item.title and item.link.count("/") > 3 and links.count(item.link) == 1]
        memory = Memory()
        memory.read(plain)
        rewritten = [replace(item, key=f"{item.key}~") for item in plain]
        assert {decision.novelty for decision in memory.read(rewritten)} <= {Novelty.SEEN}, name
