"""The daemon from within: how it ends, what it does when something fails for long, how it takes up edits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from structlog.testing import capture_logs

from monitor.adapters.store import SqliteStore, open_store
from monitor.app.commits import Committer
from monitor.app.cycle import Desk
from monitor.app.daemon import Daemon, Rhythm, hasten
from monitor.app.digests import DigestWriter
from monitor.app.dispatch import Dispatcher
from monitor.app.pipeline import Pacing, Pipeline
from monitor.app.ports import Renderer
from monitor.app.watch import Watch
from monitor.core.model import (
    Coverage,
    Delivery,
    Digest,
    DigestSpec,
    FeedSpec,
    FeedState,
    Fetched,
    Item,
    Message,
    Parsed,
    Receipt,
    RuleInfo,
    Target,
)
from monitor.errors import ConfigError, Problem, StoreError
from monitor.testing import FakeFetcher, MemoryChannel, Page, PlainReader
from monitor.wiring import SystemClock

DESK = Target("memory", "desk")
FEED = FeedSpec("gazette", "http://gazette.example/rss")
FLASH = DigestSpec("flash", rules=("*",), to=(DESK,))
OFTEN = timedelta(milliseconds=5)
BRISK = Rhythm(
    poll=OFTEN,
    digests=OFTEN,
    dispatch=OFTEN,
    reload=OFTEN,
    beat=OFTEN,
    clock=OFTEN,
    grace=timedelta(seconds=5),
    poll_grace=OFTEN,
)


class Nothing(Renderer):
    """Parser, matcher and renderer for documents without items."""

    rules: tuple[RuleInfo, ...] = ()

    def parse(self, fetched: Fetched, feed: FeedSpec) -> Parsed:
        return Parsed()

    token = "fake"

    def match(self, item: Item) -> list[Any]:
        return []

    def render(self, digest: Digest, target: Target) -> list[Message]:
        return [Message(target.channel, {"subject": digest.headline})]


@dataclass
class Works:
    store: SqliteStore
    desk: Desk
    fetcher: FakeFetcher
    channel: MemoryChannel
    reload: Callable[[], Watch | None] = lambda: None
    watch: Watch = field(default_factory=lambda: Watch((FEED,), Nothing(), (FLASH,)))

    def daemon(self, rhythm: Rhythm = BRISK) -> Daemon:
        return Daemon(self.desk, self.watch, rhythm, lambda: self.reload())

    def queue(self, number: int = 1) -> None:
        now = datetime(2026, 3, 2, 9, number, tzinfo=UTC)
        digest = Digest("flash", "Flash", now, None, "UTC", "News", (), (), Coverage())
        message = Message("memory", {"subject": "News"})
        self.store.digests.close(digest, (), [Delivery(f"flash@{number}", "flash", DESK, message, now)], now)

    def states(self) -> dict[str, int]:
        return {state.value: count for state, count in self.store.outbox.count().items() if count}


@pytest.fixture
async def works(tmp_path: Path) -> AsyncIterator[Works]:
    store, fetcher, channel, nothing = open_store(tmp_path / "m.db"), FakeFetcher(), MemoryChannel(), Nothing()
    fetcher.put(FEED.url, Page(b"<rss/>"))
    with ThreadPoolExecutor(1) as thread:
        clock = SystemClock()
        pipeline = Pipeline(
            store=store,
            fetcher=fetcher,
            reader=PlainReader(nothing),
            committer=Committer(store, thread),
            chance=lambda: 0.5,
            pacing=Pacing(),
        )
        dispatcher = Dispatcher(
            store=store,
            channels={"memory": channel},
            desk=thread,
            clock=clock,
            chance=lambda: 0.5,
            settings_hint=lambda name: name,
        )
        writer = DigestWriter(store=store, renderer=nothing)
        desk = Desk(store=store, pipeline=pipeline, writer=writer, dispatcher=dispatcher, clock=clock, thread=thread)
        yield Works(store, desk, fetcher, channel)
    store.close()


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, enough: int) -> asyncio.Event:
    """An event that is set when this coroutine method was called often enough."""
    real, reached, calls = getattr(owner, name), asyncio.Event(), 0

    async def counting(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == enough:
            reached.set()
        return await real(*args)

    monkeypatch.setattr(owner, name, counting)
    return reached


async def run_until(daemon: Daemon, event: asyncio.Event) -> None:
    running = asyncio.create_task(daemon.run())
    await asyncio.wait_for(event.wait(), 20)
    daemon.stop()
    await asyncio.wait_for(running, 20)


async def test_a_message_on_its_way_at_the_end_arrives_once_and_is_recorded(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    send = works.channel.send

    async def slowly(delivery: Delivery, at: datetime) -> Receipt:
        begun.set()
        await go_on.wait()
        return await send(delivery, at)

    monkeypatch.setattr(works.channel, "send", slowly)
    works.queue()
    daemon = works.daemon()
    running = asyncio.create_task(daemon.run())
    await asyncio.wait_for(begun.wait(), 20)
    daemon.stop()
    for _ in range(20):  # the end has begun, and everything that it would cancel at once is cancelled
        await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait_for(running, 20)
    assert works.channel.keys == ["flash@1"]
    assert works.states() == {"sent": 1}


async def test_a_poll_that_hangs_holds_up_the_end_only_for_a_moment(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def hang(feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    monkeypatch.setattr(works.fetcher, "fetch", hang)
    await run_until(works.daemon(replace(BRISK, grace=timedelta(hours=1))), begun)
    assert works.store.feeds.states()["gazette"].last_poll_at is None


async def test_a_feed_whose_poll_cannot_be_stored_is_not_asked_again_and_again(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(state: FeedState, before: FeedState | None = None) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(works.store.feeds, "save", full)
    with capture_logs() as logs:
        await run_until(works.daemon(), counted(monkeypatch, works.desk, "due", 8))
    assert len(works.fetcher.asked) == 1
    assert [(line["error"], line["exc_info"]) for line in logs if line["event"].startswith("poll not stored")] == [
        ("the disk is full", None)
    ]


async def test_a_tick_that_fails_for_long_says_so_once_and_is_in_the_sign_of_life(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(watch: Watch, now: datetime) -> list[Digest]:
        raise ExceptionGroup("digests", [RuntimeError("a template is broken")])

    monkeypatch.setattr(works.desk.writer, "write_due", broken)
    with capture_logs() as logs:
        await run_until(works.daemon(), counted(monkeypatch, works.desk, "write_digests", 5))
    failed = [line for line in logs if line["event"].startswith("tick failed")]
    assert [(line["tick"], line["error"]) for line in failed] == [
        ("write_digests", "RuntimeError: a template is broken")
    ]
    beat = works.store.upkeep.last_beat()
    assert beat is not None
    assert beat[1]["notes"] == ["write_digests fails: RuntimeError: a template is broken"]


async def test_what_waits_for_a_digest_that_is_gone_from_the_file_is_said(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.store.connection.execute("PRAGMA foreign_keys = OFF")  # a tray without a real hit in it
    works.store.digests.wait("morning", [1, 2], SystemClock().now())
    beaten = counted(monkeypatch, works.desk, "write_digests", 5)
    with capture_logs() as logs:
        await run_until(works.daemon(), beaten)
    (note,) = [line["note"] for line in logs if "note" in line]
    assert note.startswith("2 reports wait in digest 'morning'")
    beat = works.store.upkeep.last_beat()
    assert beat is not None
    assert beat[1]["notes"] == [note]


async def test_a_digest_that_all_have_left_is_in_every_sign_of_life_and_in_the_log_once(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.store.people.leave("flash", DESK, SystemClock().now())
    with capture_logs() as logs:
        await run_until(works.daemon(), counted(monkeypatch, works.desk, "write_digests", 5))
    (note,) = [line["note"] for line in logs if "note" in line]
    assert note.startswith("everybody has left the digest 'flash'")
    beat = works.store.upkeep.last_beat()
    assert beat is not None
    assert beat[1]["notes"] == [note]


async def test_an_edit_is_registered_later_when_the_database_cannot_take_it_now(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = FeedSpec("herald", "http://herald.example/rss")
    edits = [Watch((FEED, new), Nothing(), (FLASH,))]
    works.reload = lambda: edits.pop() if edits else None
    sync, failures, polled = works.store.feeds.sync, 2, asyncio.Event()
    loop = asyncio.get_running_loop()

    def busy(specs: tuple[FeedSpec, ...], now: datetime) -> None:
        nonlocal failures
        if new in specs and failures:
            failures -= 1
            raise StoreError("the database is locked")
        sync(specs, now)
        if new in specs:
            loop.call_soon_threadsafe(polled.set)

    monkeypatch.setattr(works.store.feeds, "sync", busy)
    await run_until(works.daemon(), polled)
    assert "herald" in works.store.feeds.states()


async def test_a_shortened_interval_is_in_force_as_soon_as_it_is_registered(works: Works) -> None:
    now = SystemClock().now()
    await works.desk.register(works.watch)
    works.store.feeds.save(
        FeedState("gazette", FEED.url, last_poll_at=now - timedelta(minutes=5), next_poll_at=now + timedelta(hours=9))
    )
    slow, fast = (replace(FEED, every=timedelta(minutes=minutes)) for minutes in (600, 3))
    for feed, due in ((slow, []), (fast, ["gazette"])):
        watch = Watch((feed,), Nothing(), (FLASH,))
        await works.desk.register(watch)
        assert [found.id for found, _ in await works.desk.due(watch)] == due


async def test_the_last_sign_of_life_says_that_the_daemon_was_stopped(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run_until(works.daemon(), counted(monkeypatch, works.desk, "write_digests", 3))
    beat = works.store.upkeep.last_beat()
    assert beat is not None
    assert beat[1]["stopped"] is True


async def test_the_sign_of_life_forgets_a_refusal_as_soon_as_the_edit_is_mended(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[list[str]] = []
    edits: list[Watch | None] = [None, works.watch]
    loop, mended, beat = asyncio.get_running_loop(), asyncio.Event(), works.store.upkeep.beat

    def reload() -> Watch | None:
        if not edits:
            return None
        if found := edits.pop(0):
            return found
        raise ConfigError([Problem((), "a bad edit")])

    def noting(now: datetime, status: dict[str, Any]) -> None:
        beat(now, status)
        beats.append(status["notes"])
        if len(beats) == 2:
            loop.call_soon_threadsafe(mended.set)

    works.reload = reload
    monkeypatch.setattr(works.store.upkeep, "beat", noting)
    await run_until(works.daemon(replace(BRISK, beat=timedelta(hours=2))), mended)
    # One of reload's beats each, without waiting for the tick that is hours away; the last is that of the end.
    refusal = "An edit of the configuration was refused; the last good version is in force. a bad edit"
    assert beats[0] == [refusal]
    assert beats[1] == []


async def test_ticks_come_at_once_after_the_clock_was_set_back() -> None:
    now = SystemClock().now()
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.start(paused=True)
    for name, ahead in (("soon", timedelta(seconds=1)), ("far", timedelta(hours=1))):
        job = scheduler.add_job(print, "interval", seconds=2, id=name, next_run_time=now + ahead)
        assert job.next_run_time == now + ahead
    hasten(scheduler, now)
    assert {job.id: job.next_run_time - now for job in scheduler.get_jobs()} == {
        "soon": timedelta(seconds=1),
        "far": timedelta(0),
    }
    scheduler.shutdown(wait=False)
    await asyncio.sleep(0)  # its end comes with the next turn of the loop
