"""The daemon: APScheduler ticks, nothing more. What is due lives in the database, so a restart forgets nothing.

Every tick is short and single: polls run as tasks of their own, so that a slow feed delays neither the other
feeds nor an alert. Does not read configuration files: `reload` is given.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.app.cycle import Desk
from monitor.app.pipeline import Outcome
from monitor.app.ports import Heart
from monitor.app.watch import Watch
from monitor.core.model import FeedSpec, FeedState
from monitor.errors import ConfigError, MonitorError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the daemon looks at what is due, and how it keeps house."""

    poll: timedelta = timedelta(seconds=2)
    digests: timedelta = timedelta(seconds=2)
    dispatch: timedelta = timedelta(seconds=1)
    reload: timedelta = timedelta(seconds=5)
    beat: timedelta = timedelta(seconds=15)
    ping: timedelta = timedelta(minutes=1)
    upkeep: timedelta = timedelta(hours=24)
    retention: timedelta = timedelta(days=90)
    backup_dir: str = ""  # empty: no backups
    backup_keep: int = 7
    grace: timedelta = timedelta(seconds=8)  # for what is in flight at the end


class Daemon:
    """Runs until SIGTERM or SIGINT, then lets what is in flight finish within `rhythm.grace`.

    `reload` blocks; it gives a new Watch when the files changed, None when they did not, and raises ConfigError
    when an edit is bad: the old Watch then stays in force and the next digest says so.
    """

    def __init__(
        self,
        desk: Desk,
        watch: Watch,
        rhythm: Rhythm,
        reload: Callable[[], Watch | None],
        heart: Heart | None = None,
    ) -> None:
        self._desk = desk
        self._watch = watch
        self._rhythm = rhythm
        self._reload = reload
        self._heart = heart
        self._stop = asyncio.Event()
        self._polls: dict[str, asyncio.Task[None]] = {}
        self._ticking: set[asyncio.Task[object]] = set()

    async def run(self) -> None:
        """Work until told to stop."""
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self.stop)
        for key in await self._desk.open(self._watch):
            log.warning("delivery was in flight at the last stop, trying again", key=key)
        scheduler = self._schedule()
        scheduler.start()
        log.info("started", feeds=len(self._watch.enabled), rules=len(self._watch.rules_by_id))
        try:
            await self._stop.wait()
        finally:
            scheduler.shutdown(wait=False)
            await self._finish()
            log.info("stopped")

    def stop(self) -> None:
        """Begin an orderly end."""
        self._stop.set()

    def _schedule(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(timezone="UTC")
        ticks: list[tuple[Callable[[], Awaitable[object]], timedelta]] = [
            (self._poll_due, self._rhythm.poll),
            (self._write_digests, self._rhythm.digests),
            (self._dispatch, self._rhythm.dispatch),
            (self._reload_changed, self._rhythm.reload),
            (self._beat, self._rhythm.beat),
            (self._ping, self._rhythm.ping),
            (self._upkeep, self._rhythm.upkeep),
        ]
        for call, every in ticks:
            scheduler.add_job(
                self._tick,
                "interval",
                args=[call],
                seconds=every.total_seconds(),
                next_run_time=_first(every, self._desk.clock.now()),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
                id=call.__name__,
            )
        return scheduler

    async def _tick(self, call: Callable[[], Awaitable[object]]) -> None:
        """One tick; its failure is logged and the next one comes all the same."""
        if self._stop.is_set():
            return
        task = asyncio.ensure_future(call())
        self._ticking.add(task)
        task.add_done_callback(self._ticking.discard)
        try:
            await task
        except Exception:
            log.exception("tick failed, trying again at the next", tick=call.__name__)

    async def _poll_due(self) -> None:
        for feed, state in await self._desk.due(self._watch):
            if feed.id not in self._polls:
                task = asyncio.create_task(self._poll(feed, state))
                self._polls[feed.id] = task
                task.add_done_callback(partial(self._polled, feed.id))

    def _polled(self, feed: str, _: asyncio.Task[None]) -> None:
        self._polls.pop(feed, None)

    async def _poll(self, feed: FeedSpec, state: FeedState) -> None:
        try:
            _report(await self._desk.poll(feed, state, self._watch), state)
        except Exception:
            log.exception("poll could not be stored, trying again", feed=feed.id)

    async def _write_digests(self) -> None:
        for digest in await self._desk.write_digests(self._watch):
            log.info("digest written", digest=digest.spec, stories=len(digest.stories))

    async def _dispatch(self) -> None:
        for attempt in await self._desk.dispatcher.send_due():
            target = str(attempt.delivery.target)
            if not attempt.error:
                log.info("delivered", target=target, key=attempt.delivery.key)
            elif attempt.retry_at:
                log.warning("not delivered, will retry", target=target, error=attempt.error, retry_at=attempt.retry_at)
            else:
                log.error("not delivered, parked", target=target, error=attempt.error, key=attempt.delivery.key)

    async def _reload_changed(self) -> None:
        try:
            watch = await asyncio.to_thread(self._reload)
        except ConfigError as error:
            note = f"An edit of the configuration was refused; the last good version is in force. {error.problems[0]}"
            if note not in self._watch.notes:
                log.error("configuration refused, the last good one stays in force", problems=str(error))
            self._watch = replace(self._watch, notes=(note,))
            return
        if watch is not None:
            self._watch = watch
            await self._desk.register(watch)
            log.info("configuration reloaded", feeds=len(watch.enabled), rules=len(watch.rules_by_id))

    async def _beat(self) -> None:
        status = {"feeds": len(self._watch.enabled), "polling": len(self._polls), "notes": list(self._watch.notes)}
        await self._desk.at_store(self._desk.store.upkeep.beat, self._desk.clock.now(), status)

    async def _ping(self) -> None:
        """Only a daemon whose store took its own beat lately may say outside that all is well."""
        beat = await self._desk.at_store(self._desk.store.upkeep.last_beat)
        if self._heart and beat and self._desk.clock.now() - beat[0] < 3 * self._rhythm.beat:
            try:
                await self._heart.ping()
            except MonitorError as error:
                log.warning("heartbeat not heard", error=str(error))

    async def _upkeep(self) -> None:
        now, upkeep = self._desk.clock.now(), self._desk.store.upkeep
        dropped = await self._desk.at_store(upkeep.prune, now - self._rhythm.retention)
        if self._rhythm.backup_dir:
            path = await self._desk.at_store(upkeep.backup, self._rhythm.backup_dir, now, self._rhythm.backup_keep)
            log.info("backup made", path=path)
        await self._desk.at_store(upkeep.optimise)
        log.info("house kept", items_dropped=dropped)

    async def _finish(self) -> None:
        """Let polls and sends in flight end by themselves, then cut them off: a poll cut off commits nothing."""
        tasks = [*self._polls.values(), *self._ticking]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=self._rhythm.grace.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _first(every: timedelta, now: datetime) -> datetime:
    """Ticks begin at once; a rare one a minute after the start, so that frequent restarts don't starve it."""
    return now if every < timedelta(hours=1) else now + timedelta(minutes=1)


def _report(outcome: Outcome, before: FeedState) -> None:
    """Say what is worth an operator's attention: a feed that fails says so once, and once when it is back."""
    if outcome.failure is None:
        if before.failures:
            log.info("feed is back", feed=outcome.feed, after_failures=before.failures)
        if outcome.new or outcome.hits:
            log.info("polled", feed=outcome.feed, new=outcome.new, edited=outcome.edited, hits=outcome.hits)
    elif not before.failures:
        log.warning("feed failed", feed=outcome.feed, reason=outcome.failure.kind, error=outcome.failure.message)
    else:
        log.debug("feed still fails", feed=outcome.feed, failures=before.failures + 1)
