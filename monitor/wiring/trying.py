"""Tries an address that somebody found: is it a feed, which feeds does it name, how can it be read without one?

Politely: one request after the other, a dozen at most.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from monitor.adapters.config import Settings, feed_id, write_entries
from monitor.adapters.parse import FeedParser, feeds_named, page_text, sitemaps_named, suggestions
from monitor.app.ports import Clock, Fetcher
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched, Parsed, SourceKind
from monitor.errors import ParseError
from monitor.wiring.parts import SystemClock
from monitor.wiring.sources import sources

USUAL_FEEDS = ("/rss", "/feed", "/rss.xml", "/atom.xml", "/feed.xml")
USUAL_SITEMAPS = ("/sitemap-news.xml", "/news-sitemap.xml")
_MOST_NAMED = 4
_MOST_SITEMAPS = 2
_MESSAGES = 'class="tgme_widget_message_'


@dataclass(frozen=True, slots=True)
class Way:
    """One way to read what is at an address: the entry to write, and what it gives now."""

    feed: FeedSpec
    parsed: Parsed
    found: str  # how it was found, in words

    @property
    def entry(self) -> str:
        """The entry as YAML, ready for feeds.yaml."""
        return write_entries([self.feed]).removeprefix("feeds:\n")


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of an address. Without `ways` there is a `failure`, or nothing that could be read as news.

    With some, `failure` says why the address itself is no feed, and they were found elsewhere or on its page.
    """

    url: str
    ways: tuple[Way, ...] = ()
    failure: Failure | None = None
    asked: tuple[str, ...] = ()  # every address that was asked, with the outcome in words


async def try_address(settings: Settings, url: str) -> Tried:
    """Look for ways to read the news of an address. Asks it, and if need be some others of its site."""
    fetcher = sources(settings)
    try:
        return await _Trial(fetcher, SystemClock(), url).run()
    finally:
        await fetcher.aclose()


class _Trial:
    def __init__(self, fetcher: Fetcher, clock: Clock, url: str) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._url = url
        self._parser = FeedParser()
        self._asked: list[str] = []

    async def run(self) -> Tried:
        if urlsplit(self._url).hostname == "t.me":
            name = urlsplit(self._url).path.strip("/").removeprefix("s/").partition("/")[0]
            feed = FeedSpec("tried", f"https://t.me/s/{name}", source=SourceKind.TELEGRAM)
            return self._result(await self._each([feed], "the page of a Telegram channel"))
        fetched = await self._fetch(FeedSpec("tried", self._url))
        if fetched.failure:
            return self._result([], fetched.failure)
        found = self._read(FeedSpec("tried", fetched.url), fetched, "the address itself")
        if isinstance(found, Way):
            return self._result([found])
        page = page_text(fetched)
        if "<urlset" in page[:5000] or "<sitemapindex" in page[:5000]:
            return self._result(await self._each([_sitemap(fetched.url)], "the address itself"), found)
        if _MESSAGES in page:  # a mirror of Telegram's page
            channel = self._read(
                FeedSpec("tried", fetched.url, source=SourceKind.TELEGRAM), fetched, "the address itself"
            )
            if isinstance(channel, Way):
                return self._result([channel])
        named = [FeedSpec("tried", one) for one in feeds_named(page, fetched.url)[:_MOST_NAMED]]
        if ways := await self._each(named, "named by the page"):
            return self._result(ways)
        ways = await self._usual(fetched.url)
        if not ways or urlsplit(fetched.url).path.strip("/"):  # a section may hold other news than its site's feed
            ways += self._by_selectors(page, fetched)
        return self._result(ways, found)

    async def _usual(self, url: str) -> list[Way]:
        """Where feeds and news sitemaps usually are; the first that is there."""
        for path in USUAL_FEEDS:
            if ways := await self._each([FeedSpec("tried", urljoin(url, path))], "at a usual place"):
                return ways
        robots = await self._fetch(FeedSpec("tried", urljoin(url, "/robots.txt")))
        named = (
            [] if robots.failure else [one for one in sitemaps_named(page_text(robots), url) if "news" in one.lower()]
        )
        ways = await self._each(map(_sitemap, named[:_MOST_SITEMAPS]), "named by robots.txt")
        for path in () if ways or named else USUAL_SITEMAPS:
            if ways := await self._each([_sitemap(urljoin(url, path))], "at a usual place"):
                break
        return ways

    def _by_selectors(self, page: str, fetched: Fetched) -> list[Way]:
        feed = FeedSpec("tried", fetched.url, source=SourceKind.HTML)
        try:
            found = suggestions(page, feed, fetched.at)
        except ParseError:
            return []
        tried = (self._read(replace(feed, selectors=one.selectors), fetched, "selectors") for one in found)
        return [way for way in tried if isinstance(way, Way)]

    async def _each(self, feeds: Iterable[FeedSpec], found: str) -> list[Way]:
        ways: list[Way] = []
        for feed in feeds:
            fetched = await self._fetch(feed)
            way = fetched.failure or self._read(feed, fetched, found)
            if isinstance(way, Way):
                ways.append(way)
        return ways

    async def _fetch(self, feed: FeedSpec) -> Fetched:
        fetched = await self._fetcher.fetch(feed, FeedState(feed.id), self._now())
        if fetched.failure:
            self._asked.append(f"{feed.url}: {fetched.failure.message}")
        return fetched

    def _read(self, feed: FeedSpec, fetched: Fetched, found: str) -> Way | Failure:
        try:
            parsed = self._parser.parse(fetched, feed)
        except ParseError as error:
            self._asked.append(f"{feed.url}: {error}")
            return Failure(FailureKind(error.fault), str(error), fetched.status)
        self._asked.append(f"{feed.url}: {len(parsed.items)} items")
        named = replace(
            feed,
            id=feed_id(parsed.title, feed.url),
            name=parsed.title[:80],
            language=parsed.language or next((item.language for item in parsed.items if item.language), None),
        )
        return Way(named, parsed, found)

    def _result(self, ways: list[Way], failure: Failure | None = None) -> Tried:
        return Tried(self._url, tuple(ways), failure, tuple(self._asked))

    def _now(self) -> datetime:
        return self._clock.now()


def _sitemap(url: str) -> FeedSpec:
    return FeedSpec("tried", url, source=SourceKind.SITEMAP)
