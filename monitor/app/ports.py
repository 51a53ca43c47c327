"""What the application needs of the outside, as Protocols. Adapters satisfy them structurally.

The store's ports are narrow on purpose: another database can stand beside SQLite without touching `core` or `app`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from monitor.app.tellingports import Channel as Channel
from monitor.app.tellingports import DigestDesk as DigestDesk
from monitor.app.tellingports import Outbox as Outbox
from monitor.app.tellingports import People as People
from monitor.app.tellingports import Renderer as Renderer
from monitor.core.model import (
    Coverage,
    Decision,
    Delivery,
    Edition,
    FeedSpec,
    FeedState,
    Fetched,
    Hit,
    Hold,
    Item,
    Known,
    MarkedHit,
    Notice,
    Parsed,
    Relevance,
    RuleInfo,
    StoredHit,
    Story,
    Trouble,
    TroubleKind,
    Wording,
)
from monitor.core.model import Waiting as Waiting


class Clock(Protocol):
    """Tells the time; only `wiring` has a real one."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...


class Fetcher(Protocol):
    """Gets one feed's document over the network."""

    async def fetch(self, feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        """Ask the server, conditionally on `state`. Never raises for what a server does: see `Fetched.failure`."""
        ...

    async def aclose(self) -> None:
        """Close pooled connections."""
        ...


class Parser(Protocol):
    """Reads a document as a feed."""

    def parse(self, fetched: Fetched, feed: FeedSpec) -> Parsed:
        """Items in document order. Raises ParseError when the document is not a feed. Blocking, thread-safe."""
        ...


class Reader(Protocol):
    """Reads documents without holding up anything else."""

    async def read(self, fetched: Fetched, feed: FeedSpec, matcher: "Matcher | None" = None) -> Parsed:
        """What a `Parser` gives and raises; MonitorError when reading took too long or too much memory.

        With a `matcher`, it may say on which items no rule fires: see `Parsed.silent`.
        """
        ...


class Matcher(Protocol):
    """The compiled rules."""

    @property
    def rules(self) -> Sequence[RuleInfo]:
        """Every rule that is not off."""
        ...

    @property
    def token(self) -> str:
        """Stands for what this matcher finds: those with one token find the same."""
        ...

    def match(self, item: Item) -> list[Hit]:
        """Hits in the order of the rules. Pure, thread-safe."""
        ...

    def promise(self, item: Item) -> float:
        """How much of what some rule asks for stands in an item on which it does not fire, from 0 (nothing) to 1."""
        ...


class FeedBook(Protocol):
    """What is known of each feed."""

    def sync(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        """Register new feeds as due now; a changed URL forgets the HTTP state; state of removed feeds is kept."""
        ...

    def states(self) -> dict[str, FeedState]:
        """By feed id, all that were ever registered."""
        ...

    def due(self, now: datetime, wanted: Callable[[str], bool] = ...) -> list[FeedState]:
        """Those whose time has come, longest waiting first; feeds that are gone never come.

        Removed feeds are among them; `wanted` is asked with each id and keeps out what is not to be read.
        """
        ...

    def times(self) -> dict[str, datetime | None]:
        """When each is to be asked next, by id, None for now; without feeds that are gone."""
        ...

    def save(self, state: FeedState, before: FeedState | None = None) -> None:
        """Write one feed's state; where it is known what was stored `before`, only what differs from that."""
        ...

    def hold(self, hold: Hold, spread: timedelta = ...) -> None:
        """Ask no feed of this host before `hold.until`; those planned sooner come after it, evenly over `spread`."""
        ...

    def holds(self) -> dict[str, Hold]:
        """By host, also those whose time is over, as long as the host has not answered since."""
        ...

    def release(self, host: str) -> None:
        """Forget a hold: the host answers again."""
        ...

    def brought(self, feed: str, since: datetime) -> int:
        """New items of a feed since then, by the log of polls."""
        ...

    def daily(self, days: int, now: datetime) -> dict[str, tuple[int, ...]]:
        """New items on each of the last `days` days in UTC, oldest first, ending today; absent: feeds without any."""
        ...

    def begin(self, feed: str, trouble: Trouble) -> None:
        """Log that a trouble began at `trouble.since`."""
        ...

    def end(self, feed: str, kind: TroubleKind, at: datetime) -> None:
        """Log that the standing trouble of this kind is over."""
        ...

    def notices(self, since: datetime, until: datetime) -> list[Notice]:
        """Troubles that began or ended after `since`, up to `until`, in order of their last change."""
        ...

    def record_poll(
        self, feed: str, at: datetime, outcome: str, *, new: int = 0, edited: int = 0, hits: int = 0, ms: int = 0
    ) -> None:
        """Add one line to the log of polls. `outcome` is "ok", "not-modified" or a FailureKind."""
        ...


class Archive(Protocol):
    """Everything read: items, their editions, their hits and stories."""

    def known(self, feed: str, keys: Collection[str]) -> dict[str, Known]:
        """What is remembered of these items, by key; unknown ones are absent."""
        ...

    def recall(self, marks: Collection[int]) -> dict[int, list[Known]]:
        """By mark (see core/likeness.py), the newest few items whose headline or link has it."""
        ...

    def wordings(self, ids: Collection[int]) -> dict[int, Wording]:
        """What these items say now, and the content hashes of what they said before."""
        ...

    def editions(self, item_id: int) -> list[Edition]:
        """What an item said before, the oldest first; of very many the first and the last ones."""
        ...

    def save(self, decisions: Sequence[Decision], now: datetime) -> dict[str, int]:
        """Store new items and new editions (SEEN ones only refresh when they were last seen); key → item id."""
        ...

    def find_stories(self, keys: Collection[str], since: datetime) -> list[Story]:
        """Stories that own any of these keys and had a report since then."""
        ...

    def save_story(self, story: Story) -> Story:
        """Insert (id 0) or update a story and its keys; gives it back with its id."""
        ...

    def save_hits(
        self, item_id: int, story_id: int, hits: Sequence[Hit], now: datetime, *, edited: bool = False
    ) -> dict[str, int]:
        """Store hits; a (rule, item) known before is updated, not doubled. Gives rule → hit id for all of them."""
        ...

    def hit_rules(self, item_id: int) -> frozenset[str]:
        """The rules that fired on this item before."""
        ...

    def hits(self, ids: Collection[int]) -> list[StoredHit]:
        """By archive id, in order of time."""
        ...

    def story_ids_told(self, digest: str, story_ids: Collection[int]) -> frozenset[int]:
        """Which of these stories this digest has told before."""
        ...

    def daily_hits(self, rules: Collection[str], days: int, now: datetime, timezone: str) -> dict[str, tuple[int, ...]]:
        """Hits a calendar day in that zone, oldest first, ending today; every asked rule is present."""
        ...

    def coverage(self, specs: Sequence[FeedSpec], since: datetime, until: datetime) -> Coverage:
        """What was watched in this period; without notices."""
        ...


class Upkeep(Protocol):
    """The store's housekeeping."""

    def prune(self, before: datetime, digests: Collection[str] | None = None) -> int:
        """Drop items (with editions and hits) last seen before then and polls as old; how many items went.

        With `digests`, also what has waited so long in the tray of any other.
        """
        ...

    def backup(self, directory: str, now: datetime, keep: int) -> str:
        """A consistent copy of the database made while it is in use; drops older copies beyond `keep`; its path."""
        ...

    def optimise(self) -> None:
        """Let the database update its statistics and give back free pages."""
        ...

    def beat(self, now: datetime, status: Mapping[str, object]) -> None:
        """Record that the daemon is alive, with figures for `monitor health`."""
        ...

    def last_beat(self) -> tuple[datetime, Mapping[str, object]] | None:
        """The latest record of `beat`."""
        ...


class Bench(Protocol):
    """What the workbench reads of the archive, and the marks that people give."""

    def items(self, since: datetime | None = None) -> Iterator[tuple[int, Item]]:
        """Archived items dated since then (None: all) with their ids, oldest stored first; streamed."""
        ...

    def count(self, since: datetime | None = None) -> int:
        """How many `items` gives."""
        ...

    def item(self, item_id: int) -> Item | None:
        """One archived item."""
        ...

    def linked(self, link: str) -> Item | None:
        """The newest archived item with exactly this link."""
        ...

    def hits(
        self, since: datetime | None = None, rules: Collection[str] = ()
    ) -> Iterator[tuple[StoredHit, Relevance | None]]:
        """Stored hits on the items that `items` gives, of these rules (none: all), with their marks; streamed."""
        ...

    def mark(self, hit_id: int, relevance: Relevance, why: str, now: datetime) -> bool:
        """Record a person's verdict, in place of an earlier one; False where there is no such hit."""
        ...

    def marked(self, rules: Collection[str] = ()) -> list[MarkedHit]:
        """Every hit with a verdict, of these rules (none: all), oldest first, whatever its age."""
        ...

    def watched_since(self) -> datetime | None:
        """When the oldest archived item was first seen."""
        ...

    def hits_then(self, since: datetime, until: datetime) -> list[StoredHit]:
        """Hits found after `since`, up to `until`, and older ones of items edited meanwhile, as they were then.

        Of an item that was edited after `until` they come without evidence: what is stored may be of the later text.
        """
        ...

    def story_hits_then(self, story_ids: Collection[int], until: datetime) -> list[StoredHit]:
        """All hits of these stories that were found by then, as `hits_then` gives them."""
        ...

    def coverage_then(self, specs: Sequence[FeedSpec], since: datetime, until: datetime) -> Coverage:
        """What was watched from `since` to `until`, as far as was known by then; without notices."""
        ...

    def sent(self, digest: str, since: datetime, until: datetime) -> list[Delivery]:
        """What was put into the outbox for a digest from `since` on, before `until`, in order."""
        ...


class Store(Protocol):
    """The database: seven desks and one transaction over all of them."""

    @property
    def feeds(self) -> FeedBook: ...
    @property
    def archive(self) -> Archive: ...
    @property
    def digests(self) -> DigestDesk: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def upkeep(self) -> Upkeep: ...
    @property
    def bench(self) -> Bench: ...
    @property
    def people(self) -> People: ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing; nested ones join the outer."""
        ...

    def query_items(self, *, limit: int = 50, **filters: str | datetime | None) -> Iterator[dict[str, object]]:
        """Rows for a person, newest first; filters: feed, language, text, since, until."""
        ...

    def query_hits(self, *, limit: int = 50, **filters: str | datetime | None) -> Iterator[dict[str, object]]:
        """Rows for a person, newest first; filters: rule, severity, feed, language, text, since, until, story."""
        ...

    def query_outbox(self, *, limit: int = 50, **filters: str | datetime | None) -> Iterator[dict[str, object]]:
        """Rows for a person, newest first; filters: state, digest, channel."""
        ...

    def health(self, now: datetime) -> Mapping[str, object]:
        """Figures for a person: feeds and how many fail, hits that wait, deliveries by state; times are ISO 8601."""
        ...

    def close(self) -> None:
        """Close the database."""
        ...


class Heart(Protocol):
    """Tells a watchman outside that all is well."""

    async def ping(self) -> None:
        """Raises MonitorError when it was not heard."""
        ...
