"""Parts of the application by themselves, for commands that look at one thing and change nothing."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from monitor.adapters.config import (
    Settings,
)
from monitor.adapters.deliver import EmailChannel, SlackChannel
from monitor.adapters.deliver.render import DigestRenderer, strange_templates
from monitor.adapters.parse import FeedParser
from monitor.adapters.parse import read_page as page_item
from monitor.adapters.store import open_store
from monitor.app.digests import DigestWriter
from monitor.app.ports import Store
from monitor.core.model import (
    Digest,
    Failure,
    FailureKind,
    FeedSpec,
    FeedState,
    Fetched,
    Item,
    Parsed,
    Target,
)
from monitor.core.specimen import specimens
from monitor.errors import ConfigError, MonitorError, ParseError, Problem
from monitor.wiring.parts import SystemClock, channels, fetcher
from monitor.wiring.place import reader_links
from monitor.wiring.sources import sources


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """Only the database, for looking things up. Raises StoreError, also when there is none yet."""
    store = open_store(settings.db, create=False)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def writer(settings: Settings) -> Iterator[DigestWriter]:
    """The digests over the database, without the rest of the service. Raises StoreError, also when there is none."""
    with opened(settings) as store:
        yield DigestWriter(store=store, renderer=DigestRenderer(settings.templates, reader_links(settings)))


def render(digest: Digest, form: str, settings: Settings) -> str:
    """A digest as `text`, `html` or `slack` (JSON of its message bodies)."""
    (whole,) = DigestRenderer(settings.templates, reader_links(settings)).render(digest, Target("console", ""))
    found = whole.body[form]
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, indent=2)


def check_templates(settings: Settings) -> list[Problem]:
    """What is wrong with the user's own templates, as invented digests of every kind show it; each once."""
    if settings.templates is None:
        return []
    if strange := strange_templates(settings.templates):
        return strange
    try:
        DigestRenderer(settings.templates).check(*specimens())
    except ConfigError as error:
        return list(error.problems)
    return []


def parse_document(body: bytes, *, feed: str = "-", url: str = "", content_type: str = "") -> Parsed:
    """A document as the items the daemon would store. Raises ParseError when it is no feed."""
    fetched = Fetched(feed, SystemClock().now(), url=url, status=200, body=body, content_type=content_type)
    return FeedParser().parse(fetched, FeedSpec(id=feed, url=url))


@dataclass(frozen=True, slots=True)
class Looked:
    """One feed as it is now, not stored; `failure` is the server's or the parser's."""

    fetched: Fetched
    parsed: Parsed
    failure: Failure | None


async def look_at(settings: Settings, feed: FeedSpec) -> Looked:
    """Fetch and parse one feed as if for the first time."""
    http = sources(settings)
    try:
        fetched = await http.fetch(feed, FeedState(feed.id), SystemClock().now())
    finally:
        await http.aclose()
    if fetched.failure:
        return Looked(fetched, Parsed(), fetched.failure)
    if fetched.not_modified:  # a folder without files
        return Looked(fetched, Parsed(), None)
    try:
        return Looked(fetched, FeedParser().parse(fetched, feed), None)
    except ParseError as error:
        return Looked(fetched, Parsed(), Failure(FailureKind(error.fault), str(error)))


def read_page(settings: Settings, url: str) -> Item:
    """A web page as an item, to try rules on. Raises MonitorError when the server does not give it."""

    async def fetch() -> Fetched:
        http = fetcher(settings)
        try:
            return await http.fetch(FeedSpec("page", url), FeedState("page"), SystemClock().now())
        finally:
            await http.aclose()

    fetched = asyncio.run(fetch())
    if fetched.failure:
        raise MonitorError(f"can't read {url}: {fetched.failure.message}")
    return page_item(fetched)


async def reach_mail(settings: Settings) -> str:
    """Ask the mail server whether it would take a message; what it says. Raises DeliveryError, and KeyError if none."""
    channel = channels(settings, None)["email"]
    assert isinstance(channel, EmailChannel)
    return await channel.reach()


async def reach_slack(settings: Settings, address: str) -> str:
    """Ask Slack whether it would take a message for this address; what it says. Raises like `reach_mail`."""
    channel = channels(settings, None)["slack"]
    assert isinstance(channel, SlackChannel)
    try:
        return await channel.reach(address, SystemClock().now())
    finally:
        await channel.aclose()
