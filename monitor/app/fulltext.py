"""Fetches the articles of new items, so that rules see their text as well; bounded in number and time.

What goes wrong with an article is a note: the item is taken in as its feed gave it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.app.ports import Fetcher, Reader
from monitor.app.watch import Watch
from monitor.core.fulltext import article_request, wanted
from monitor.core.model import Decision, FeedSpec, FeedState, Item
from monitor.errors import MonitorError

MOST = 20  # articles for one poll of one feed
PATIENCE = timedelta(seconds=40)  # for all articles of one poll: an alert waits for them
SIDE_BY_SIDE = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """Items whose articles are to be fetched, and how many more there would be."""

    items: Sequence[Item]
    more: int = 0


class Articles:
    """Gets articles through `fetcher`, with its limits and manners, and has them read by `reader`."""

    def __init__(self, fetcher: Fetcher, reader: Reader, *, most: int = MOST, patience: timedelta = PATIENCE) -> None:
        self._fetcher = fetcher
        self._reader = reader
        self._most = most
        self._patience = patience.total_seconds()

    def choose(self, feed: FeedSpec, decide: Callable[[], Sequence[Decision]], in_force: Callable[[], Watch]) -> Choice:
        """Whose articles to fetch. Blocking, for the store's thread: `decide` says which items are new."""
        return Choice(*wanted(feed, decide(), in_force().matcher.promise, self._most))

    async def fetch(self, feed: FeedSpec, choice: Choice, at: datetime) -> tuple[dict[str, str], tuple[str, ...]]:
        """Texts of articles by item key, and notes on those that are missing. Raises nothing."""
        items, more = choice.items, choice.more
        notes = [f"{more} more articles not fetched: at most {self._most} for one poll"] if more else []
        places = asyncio.Semaphore(SIDE_BY_SIDE)
        tasks = {item.key: asyncio.create_task(self._text(feed, item, at, places)) for item in items}
        if not tasks:
            return {}, tuple(notes)
        try:
            _, late = await asyncio.wait(tasks.values(), timeout=self._patience)
        finally:
            for task in tasks.values():
                task.cancel()
        if late:
            await asyncio.gather(*late, return_exceptions=True)
            notes.append(f"{len(late)} articles did not come within {self._patience:g} s")
        done = {key: task.result() for key, task in tasks.items() if task not in late}
        failures = [failure for _, failure in done.values() if failure]
        if failures:
            notes.append(f"{len(failures)} of {len(items)} articles could not be read: {failures[0]}")
        return {key: text for key, (text, _) in done.items() if text}, tuple(notes)

    async def _text(self, feed: FeedSpec, item: Item, at: datetime, places: asyncio.Semaphore) -> tuple[str, str]:
        """(text, why there is none)."""
        request = article_request(feed, item.link)
        try:
            async with places:
                fetched = await self._fetcher.fetch(request, FeedState(feed.id), at)
                if fetched.failure:
                    return "", fetched.failure.message
                parsed = await self._reader.read(fetched, request)
        except MonitorError as error:
            return "", str(error)
        except Exception as error:  # one article's trouble is not the feed's
            return "", f"{type(error).__name__}: {error}"[:200]
        found = parsed.items[0] if parsed.items else None
        return (found.content or found.summary, "") if found else ("", "the page holds no article")
