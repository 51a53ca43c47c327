"""The pipeline keeps to what hosts ask for, to where feeds have moved, and to what it learnt of them."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.adapters.store import SqliteStore, open_store
from monitor.app.commits import Committer
from monitor.app.pipeline import Outcome, Pacing, Pipeline
from monitor.app.watch import Watch
from monitor.core import feedstate
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched, Hit, Hold, Item, Parsed, RuleInfo
from monitor.testing import PlainReader

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
M, H = timedelta(minutes=1), timedelta(hours=1)
BUSY = tuple(FeedSpec(f"search-{n}", f"https://busy.example/{n}") for n in range(4))
CALM = FeedSpec("calm", "https://calm.example/rss")
FEEDS = (*BUSY, CALM)


@dataclass
class Web:
    """A fetcher and parser in one: `answer` says what a feed gets; items are whatever `items` holds."""

    answer: Callable[[FeedSpec, FeedState, datetime], Fetched] = lambda feed, state, at: Fetched(
        feed.id, at, url=feedstate.address(feed, state), status=200, body=b"x"
    )
    items: tuple[Item, ...] = ()
    asked: list[str] = field(default_factory=list)
    rules: tuple[RuleInfo, ...] = ()

    async def fetch(self, feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        self.asked.append(feedstate.address(feed, state))
        return self.answer(feed, state, at)

    async def aclose(self) -> None: ...

    def parse(self, fetched: Fetched, feed: FeedSpec) -> Parsed:
        return Parsed(self.items, ttl=20 * M)

    token = "fake"

    def match(self, item: Item) -> list[Hit]:
        return []

    def promise(self, item: Item) -> float:
        return 0.0


@dataclass
class House:
    """A pipeline over a real store."""

    store: SqliteStore
    web: Web
    pipeline: Pipeline

    def state(self, feed: FeedSpec) -> FeedState:
        return self.store.feeds.states()[feed.id]

    async def poll(self, feed: FeedSpec, at: datetime) -> Outcome:
        return await self.pipeline.poll(feed, self.state(feed), lambda: Watch(FEEDS, self.web, ()), at)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    web = Web()
    store = open_store(tmp_path / "monitor.db")
    store.feeds.sync(FEEDS, NOW)
    with ThreadPoolExecutor(1) as thread:
        yield House(store, web, _pipeline(store, web, thread))
    store.close()


def _pipeline(store: SqliteStore, web: Web, thread: ThreadPoolExecutor) -> Pipeline:
    return Pipeline(
        store=store, fetcher=web, reader=PlainReader(web), committer=Committer(store, thread),
        chance=lambda: 0.5, pacing=Pacing(),
    )  # fmt: skip


def refuse(retry_after: timedelta | None, status: int | None = 429) -> Callable[..., Fetched]:
    failure = Failure(FailureKind.THROTTLED, "asked too much", status, retry_after)
    return lambda feed, state, at: Fetched(feed.id, at, url=feed.url, status=status, failure=failure)


async def test_a_host_that_has_enough_is_left_alone_with_all_its_feeds(house: House) -> None:
    house.web.answer = refuse(H)
    await house.poll(BUSY[0], NOW)
    until = house.store.feeds.holds()["busy.example"].until
    assert NOW + H <= until <= NOW + 1.1 * H
    times = [house.state(feed).next_poll_at for feed in BUSY]
    assert all(at is not None and until <= at <= until + 10 * M for at in times)
    assert len({*times[1:]}) == 3, "they come back one after another"
    assert house.state(CALM).next_poll_at is None, "another host"
    assert house.state(BUSY[1]).failures == 0, "nobody asked it"


async def test_an_answer_that_was_under_way_does_not_undo_the_hold(house: House) -> None:
    under_way = house.state(BUSY[1])
    house.web.answer = refuse(H)
    await house.poll(BUSY[0], NOW)
    house.web.answer = Web().answer
    await house.pipeline.poll(BUSY[1], under_way, lambda: Watch(FEEDS, house.web, ()), NOW)
    hold = house.store.feeds.holds()["busy.example"]
    at = house.state(BUSY[1]).next_poll_at
    assert at is not None
    assert at >= hold.until


async def test_a_feed_whose_host_was_not_asked_has_not_failed(house: House) -> None:
    house.web.answer = refuse(H, status=None)
    outcome = await house.poll(BUSY[0], NOW)
    state = house.state(BUSY[0])
    assert outcome.failure is None
    assert (state.failures, state.last_poll_at, state.next_poll_at) == (0, None, NOW + H)
    assert house.store.feeds.holds() == {}


async def test_a_host_that_says_no_time_is_left_alone_for_twice_as_long_each_time_until_it_answers(
    house: House,
) -> None:
    at, waits = NOW, []
    house.web.answer = refuse(None)
    for turn in range(4):
        await house.poll(BUSY[turn], at)
        until = house.store.feeds.holds()["busy.example"].until
        waits.append((until - at) / M)
        at = until
    assert waits == [2, 4, 8, 16]
    house.web.answer = Web().answer
    await house.poll(BUSY[0], at)
    assert house.store.feeds.holds() == {}


async def test_no_reload_and_no_restart_undoes_a_hold(house: House) -> None:
    house.web.answer = refuse(H)
    await house.poll(BUSY[0], NOW)
    before = {feed.id: house.state(feed).next_poll_at for feed in BUSY}
    newcomer = FeedSpec("search-9", "https://busy.example/9")
    with ThreadPoolExecutor(1) as thread:
        again = _pipeline(house.store, house.web, thread)
        house.store.feeds.sync([*FEEDS, newcomer], NOW + M)
        again.replan([*FEEDS, newcomer], NOW + M)
    assert {feed.id: house.state(feed).next_poll_at for feed in BUSY} == before
    at = house.state(newcomer).next_poll_at
    assert at is not None
    assert at >= NOW + H
    assert house.store.feeds.due(NOW + 30 * M)[0].feed == "calm"


async def test_a_hold_that_is_over_holds_nobody(house: House) -> None:
    house.store.feeds.hold(Hold("busy.example", NOW - M))
    house.pipeline.replan(FEEDS, NOW)
    await house.poll(BUSY[0], NOW)
    assert house.store.feeds.holds() == {}


async def test_a_lasting_redirect_is_asked_directly_from_then_on_and_left_when_it_fails(house: House) -> None:
    new = "https://new.example/rss"
    house.web.answer = lambda feed, state, at: Fetched(
        feed.id, at, status=200, body=b"x",
        moved_to=new if feedstate.address(feed, state) == feed.url else "",
    )  # fmt: skip
    for hour in (0, 12, 25, 26):
        await house.poll(CALM, NOW + hour * H)
    assert house.web.asked == [CALM.url] * 3 + [new]
    gone = Failure(FailureKind.GONE, "taken down", 410)
    house.web.answer = lambda feed, state, at: Fetched(feed.id, at, status=410, failure=gone)
    await house.poll(CALM, NOW + 27 * H)
    assert not house.state(CALM).gone
    await house.poll(CALM, NOW + 28 * H)
    assert house.web.asked[-1] == CALM.url
    assert house.state(CALM).gone


async def test_what_a_feed_brings_is_learnt_and_a_304_leaves_it_as_it_is(house: House) -> None:
    house.web.items = tuple(Item("calm", str(n), f"Report {n}", published=NOW - n * H) for n in range(5))
    await house.poll(CALM, NOW)
    habits = house.state(CALM).habits
    assert (habits.window, habits.ttl) == (5, 20 * M)
    assert sum(habits.hours) == pytest.approx(5, rel=0.02)
    house.web.answer = lambda feed, state, at: Fetched(feed.id, at, status=304, not_modified=True)
    await house.poll(CALM, NOW + 20 * M)
    assert house.state(CALM).habits == habits
