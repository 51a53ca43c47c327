"""One fetcher for every kind of source: to each feed its way, chosen by what stands at its address."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import datetime

from monitor.adapters.config import Settings
from monitor.adapters.folder import FolderFetcher
from monitor.adapters.parse import newest_sitemap
from monitor.app.ports import Fetcher
from monitor.core.elsewhere import elsewhere
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched, SourceKind
from monitor.errors import ParseError
from monitor.wiring.parts import fetcher

_MARK = "sitemap:"


class Sources:
    """Satisfies the port `Fetcher`: `web` for what is on servers, `disk` for folders."""

    def __init__(self, web: Fetcher, disk: Fetcher) -> None:
        self._web = web
        self._disk = disk

    async def fetch(self, feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        """See the port."""
        match feed.source:
            case SourceKind.FOLDER:
                return await self._disk.fetch(feed, state, at)
            case SourceKind.SITEMAP:
                return await self._sitemap(feed, state, at)
        return await self._web.fetch(feed, state, at)

    async def aclose(self) -> None:
        """Close both."""
        await self._web.aclose()
        await self._disk.aclose()

    async def _sitemap(self, feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        """A sitemap, or of an index of sitemaps the newest one: one step down, no further.

        What is remembered is the newest one's, marked with its address: what another one said must not count for it.
        The index is asked for in full each time, because many don't say when what they name was changed.
        """
        mark, _, etag = (state.etag or "").rpartition(" ")
        below = mark.startswith(_MARK)
        first = await self._web.fetch(feed, _forgetful(state) if below else state, at)
        if first.failure or first.not_modified:
            return first
        try:
            newest = await asyncio.to_thread(newest_sitemap, first)  # an index can be large
        except ParseError as error:
            return replace(first, body=b"", failure=Failure(FailureKind(error.fault), str(error), first.status))
        if newest is None:
            return first
        here = f"{_MARK}{hashlib.sha256(newest.encode()).hexdigest()[:16]}"
        known = replace(state, etag=etag or None) if mark == here else _forgetful(state)
        second = await self._web.fetch(elsewhere(feed, newest), replace(known, url=""), first.at)
        if second.failure:
            return second
        took = first.elapsed + second.elapsed
        return replace(second, etag=f"{here} {second.etag or ''}", elapsed=took, moved_to=first.moved_to)


def _forgetful(state: FeedState) -> FeedState:
    """The state without what makes a question conditional."""
    return replace(state, etag=None, last_modified=None, body_hash=None)


def sources(settings: Settings) -> Sources:
    """The fetcher for all kinds of source, with the limits that the settings say."""
    return Sources(fetcher(settings), FolderFetcher(max_bytes=settings.max_bytes))
