"""Every real feed goes over real HTTP through fetcher and parser: nothing crashes, nothing is lost without a word."""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from support import fetching
from support.corpus import RealFeed, needs_corpus, real_feeds
from support.http_server import HttpServer

from monitor.adapters.parse import FeedParser
from monitor.core.itemjson import item_from_dict, item_to_dict
from monitor.core.model import FeedSpec, FeedState, Fetched, Parsed
from monitor.errors import ParseError

pytestmark = needs_corpus
AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
FEEDS = [pytest.param(feed, id=feed.name) for feed in real_feeds()]
BROKEN = "\ufffd".encode()
TOLD = re.compile(r"(\d+) (?:repeated|empty) items left out")


@dataclass(frozen=True)
class Polled:
    """What two polls of one feed brought."""

    first: Fetched
    second: Fetched


@pytest.fixture(scope="module")
def polled() -> dict[str, Polled]:
    """Every feed, polled twice over HTTP; the second time with what the first one taught."""
    with HttpServer() as server:
        for number, feed in enumerate(real_feeds()):
            server.document(f"/{number}", feed.body, content_type=feed.content_type, etag=f'"{number}"')
        return asyncio.run(poll_all([server.url(f"/{number}") for number in range(len(real_feeds()))]))


async def poll_all(urls: list[str]) -> dict[str, Polled]:
    fetcher = fetching.fetcher(per_host=8)

    async def poll(url: str) -> Polled:
        first = await fetcher.fetch(FeedSpec("real", url), FeedState("real"), AT)
        known = FeedState("real", etag=first.etag, last_modified=first.last_modified, body_hash=first.body_hash)
        return Polled(first, await fetcher.fetch(FeedSpec("real", url), known, AT))

    results = await asyncio.gather(*map(poll, urls))
    await fetcher.aclose()
    return dict(zip([feed.name for feed in real_feeds()], results, strict=True))


def read(fetched: Fetched) -> Parsed | ParseError:
    try:
        return FeedParser().parse(fetched, FeedSpec("real", fetched.url))
    except ParseError as error:
        return error


@pytest.mark.parametrize("feed", FEEDS)
def test_a_real_feed_gives_all_its_items_or_says_why_not(polled: dict[str, Polled], feed: RealFeed) -> None:
    fetched = polled[feed.name].first
    parsed = read(fetched)

    assert fetched.failure is None
    assert fetched.body == feed.body
    if isinstance(parsed, ParseError):
        # Only what holds nothing may be refused: a page of notes, or a document cut off within its first item.
        assert feed.entries == 0 or "cut off" in str(parsed), f"{feed.name}: {parsed}"
        return
    told = sum(int(number) for note in parsed.notes for number in TOLD.findall(note))
    cut = sum("is cut off" in note for note in parsed.notes)
    assert len(parsed.items) + told + cut >= feed.entries, parsed.notes
    assert len({item.key for item in parsed.items}) == len(parsed.items)
    for item in parsed.items:
        assert item_from_dict(item_to_dict(item)).title == item.title


def test_no_real_feed_is_sent_twice(polled: dict[str, Polled]) -> None:
    assert {result.second.status for result in polled.values()} == {304}
    assert all(result.second.not_modified for result in polled.values())


@pytest.mark.parametrize("feed", FEEDS)
def test_no_real_title_is_misread(polled: dict[str, Polled], feed: RealFeed) -> None:
    """No character is broken that its publisher did not break, and no Cyrillic comes out as accented Latin."""
    parsed = read(polled[feed.name].first)
    titles = " ".join(item.title for item in parsed.items) if isinstance(parsed, Parsed) else ""

    assert "\ufffd" not in titles or BROKEN in feed.body
    assert not re.search(r"[ÐÑ][\u0080-\u00bf]", titles)


def test_nearly_all_real_feeds_are_read(polled: dict[str, Polled]) -> None:
    results = [read(result.first) for result in polled.values()]
    read_ones = [result for result in results if isinstance(result, Parsed)]

    assert len(results) > 200
    assert len(read_ones) / len(results) > 0.97
    assert sum(len(parsed.items) for parsed in read_ones) >= sum(feed.entries for feed in real_feeds()) * 0.98
