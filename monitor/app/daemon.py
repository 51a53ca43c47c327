"""The daemon: APScheduler ticks, nothing more. What is due lives in the database, so a restart forgets nothing.

Every tick is short and single: polls run as tasks of their own, so that a slow feed delays neither the other
feeds nor an alert. Does not read configuration files: `reload` is given.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.app.cycle import Desk
from monitor.app.dispatch import Attempt
from monitor.app.pipeline import Outcome
from monitor.app.ports import Heart
from monitor.app.watch import Watch
from monitor.core.model import FeedSpec, FeedState, Waiting
from monitor.errors import ConfigError, MonitorError

log = structlog.get_logger()

# It warns of every tick that is still at work when its next time comes, which is what we ask for: see `_schedule`.
logging.getLogger("apscheduler").setLevel(logging.ERROR)


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
    hold: timedelta = timedelta(minutes=1)  # before a feed is asked again whose poll could not be stored
    clock: timedelta = timedelta(seconds=10)  # between two looks whether the clock was set back
    poll_grace: timedelta = timedelta(seconds=3)  # for polls under way at the end: what is cut off is asked for again
    grace: timedelta = timedelta(seconds=8)  # for all else under way at the end, above all messages


class Daemon:
    """Runs until SIGTERM or SIGINT, then lets what is in flight finish within `rhythm.grace`, polls `poll_grace`.

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
        self._held: dict[str, float] = {}  # feed → time of the event loop before which it is not asked
        self._ticking: set[asyncio.Task[Any]] = set()  # ticks and sends
        self._failing: dict[str, str] = {}  # tick → its last error, while it lasts
        self._registered = True

    async def run(self) -> None:
        """Work until told to stop."""
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self.stop)
        for key in await self._desk.open(self._watch):
            log.warning("delivery was in flight at the last stop, trying again", key=key)
        await self._register()
        scheduler = self._schedule()
        scheduler.start()
        log.info("started", feeds=len(self._watch.enabled), rules=len(self._watch.rules_by_id))
        try:
            while not self._stop.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), self._rhythm.clock.total_seconds())
                hasten(scheduler, self._desk.clock.now())
        finally:
            scheduler.pause()  # not yet its end, which would cancel the ticks under way
            await self._finish()
            scheduler.shutdown(wait=False)
            try:
                await self._beat(stopped=True)
            except MonitorError as error:  # it looks alive for a while, which is no reason not to end
                log.warning("last sign of life not stored", error=str(error))
            log.info("stopped")

    @property
    def watch(self) -> Watch:
        """What is in force now."""
        return self._watch

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
        """One tick; its failure is logged once, and the next one comes all the same."""
        task = asyncio.current_task()
        if self._stop.is_set() or task is None:
            return
        self._keep(task)
        name = call.__name__.strip("_")
        try:
            await call()
        except asyncio.CancelledError:
            log.warning("cut off by the end", tick=name)
        except Exception as error:
            reason = _in_words(error)
            if self._failing.get(name) != reason:  # a broken template or a full disk would fill the log
                log.error("tick failed, trying again", tick=name, error=reason, exc_info=_bug(error))
            self._failing[name] = reason
        else:
            if self._failing.pop(name, None):
                log.info("tick works again", tick=name)

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._ticking.add(task)
        task.add_done_callback(self._ticking.discard)

    async def _poll_due(self) -> None:
        due = await self._desk.due(self._watch, self._polls)
        present = asyncio.get_running_loop().time()
        for feed, state in due:
            if self._stop.is_set():
                return
            if feed.id not in self._polls and self._held.get(feed.id, 0) <= present:
                task = asyncio.create_task(self._poll(feed, state))
                self._polls[feed.id] = task
                task.add_done_callback(partial(self._polled, feed.id))

    def _polled(self, feed: str, _: asyncio.Task[None]) -> None:
        self._polls.pop(feed, None)

    async def _poll(self, feed: FeedSpec, state: FeedState) -> None:
        try:
            _report(await self._desk.poll(feed, state, lambda: self._watch), state)
        except Exception as error:
            # Nothing was recorded, so the feed is due at once: as good as asking its server without end.
            self._held[feed.id] = asyncio.get_running_loop().time() + self._rhythm.hold.total_seconds()
            log.error("poll not stored, trying again", feed=feed.id, error=_in_words(error), exc_info=_bug(error))
        else:
            self._held.pop(feed.id, None)

    async def _write_digests(self) -> None:
        for digest in await self._desk.write_digests(self._watch):
            log.info("digest written", digest=digest.spec, stories=len(digest.stories))

    async def _dispatch(self) -> None:
        """Sends go on by themselves, so that a slow server delays only what goes to it."""
        for task in await self._desk.dispatcher.begin_due():
            self._keep(task)
            task.add_done_callback(_tell_attempt)

    async def _reload_changed(self) -> None:
        try:
            watch = await asyncio.to_thread(self._reload)
        except ConfigError as error:
            note = f"An edit of the configuration was refused; the last good version is in force. {error.problems[0]}"
            if note not in self._watch.notes:
                log.error("configuration refused, the last good one stays in force", problems=str(error))
            self._watch = replace(self._watch, notes=(note,))
            await self._beat()
            return
        if watch is not None:
            self._watch, self._registered = watch, False
            log.info("configuration reloaded", feeds=len(watch.enabled), rules=len(watch.rules_by_id))
        if not self._registered:
            await self._register()
            await self._beat()  # `monitor health` shall repeat no note that was mended

    async def _register(self) -> None:
        """Make the store know what is in force; comes back at the next tick when it can't be written now."""
        orphans = [_orphaned(tray) for tray in await self._desk.register(self._watch)]
        self._registered = True
        for note in orphans:
            log.warning("a digest was removed with reports in its tray", note=note)
        self._watch = replace(self._watch, notes=(*self._watch.notes, *orphans))

    async def _beat(self, *, stopped: bool = False) -> None:
        """A sign of life; `stopped`: the last one, so that nobody takes it for life."""
        broken = [f"{name} fails: {reason}" for name, reason in self._failing.items()]
        deserted = await self._desk.at_store(self._desk.writer.deserted, self._watch)
        notes = [*self._watch.notes, *map(str, deserted), *broken]
        status: dict[str, object] = {"feeds": len(self._watch.enabled), "polling": len(self._polls), "notes": notes}
        if stopped:
            status["stopped"] = True
        await self._desk.at_store(self._desk.store.upkeep.beat, self._desk.clock.now(), status)

    async def _ping(self) -> None:
        """Only a daemon whose store takes its sign of life now and whose ticks all work may say that all is well."""
        if self._heart is None:
            return
        await self._beat()
        if not self._failing:
            try:
                await self._heart.ping()
            except MonitorError as error:
                log.warning("heartbeat not heard", error=str(error))

    async def _upkeep(self) -> None:
        now, upkeep = self._desk.clock.now(), self._desk.store.upkeep
        digests = [spec.id for spec in self._watch.digests]
        dropped = await self._desk.at_store(upkeep.prune, now - self._rhythm.retention, digests)
        if self._rhythm.backup_dir:
            # It has a connection of its own, and takes long: on the store's thread, alerts would wait for it.
            path = await asyncio.to_thread(upkeep.backup, self._rhythm.backup_dir, now, self._rhythm.backup_keep)
            log.info("backup made", path=path)
        await self._desk.at_store(upkeep.optimise)
        log.info("house kept", items_dropped=dropped)

    async def _finish(self) -> None:
        """Let polls and sends in flight end by themselves, then cut them off: a poll cut off commits nothing."""
        await asyncio.gather(
            _end(self._polls.values(), self._rhythm.poll_grace), _end(self._ticking, self._rhythm.grace)
        )


async def _end(under_way: Collection[asyncio.Task[Any]], grace: timedelta) -> None:
    """Wait for these, and for what they begin themselves, as a tick begins sends; cancel what is late."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + grace.total_seconds()
    while under_way and (left := deadline - loop.time()) > 0:
        await asyncio.wait(list(under_way), timeout=left)
    late = list(under_way)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


def hasten(scheduler: AsyncIOScheduler, now: datetime) -> None:
    """After the clock was set back, let ticks come now; they would wait until it is as late again."""
    for job in scheduler.get_jobs():
        if job.next_run_time > now + job.trigger.interval:
            job.modify(next_run_time=now)


def _orphaned(tray: Waiting) -> str:
    count = len(tray.hit_ids)
    reports = "1 report waits" if count == 1 else f"{count} reports wait"
    return (
        f"{reports} in digest {tray.digest!r}, which is no longer in the file: nobody will be told unless it comes back"
    )


def _in_words(error: BaseException) -> str:
    """An error as one line; of several that came together, all."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(map(_in_words, error.exceptions))
    return str(error) if isinstance(error, MonitorError) else f"{type(error).__name__}: {error}"


def _bug(error: BaseException) -> BaseException | None:
    """The error if its traceback is of use: those of ours say all in their message."""
    return None if isinstance(error, MonitorError) else error


def _tell_attempt(task: asyncio.Task[Attempt]) -> None:
    """Log how a send went."""
    if task.cancelled():
        return
    if error := task.exception():
        log.error("outbox can't be written, trying again", error=_in_words(error), exc_info=_bug(error))
        return
    attempt = task.result()
    target = str(attempt.delivery.target)
    if not attempt.error:
        log.info("delivered", target=target, key=attempt.delivery.key)
    elif attempt.retry_at:
        log.warning("not delivered, will retry", target=target, error=attempt.error, retry_at=attempt.retry_at)
    else:
        log.error("not delivered, parked", target=target, error=attempt.error, key=attempt.delivery.key)


def _first(every: timedelta, now: datetime) -> datetime:
    """Ticks begin at once; a rare one a minute after the start, so that frequent restarts don't starve it."""
    return now if every < timedelta(hours=1) else now + timedelta(minutes=1)


def _report(outcome: Outcome, before: FeedState) -> None:
    """Say what is worth an operator's attention: a feed that fails says so once, and once when it is back."""
    for trouble in outcome.began:
        log.warning("feed in trouble", feed=outcome.feed, trouble=trouble.kind, message=trouble.message)
    for trouble in outcome.ended:
        log.info("feed out of trouble", feed=outcome.feed, trouble=trouble.kind, since=trouble.since)
    if outcome.failure is None:
        if before.failures:
            log.info("feed is back", feed=outcome.feed, after_failures=before.failures)
        if outcome.new or outcome.hits:
            log.info("polled", feed=outcome.feed, new=outcome.new, edited=outcome.edited, hits=outcome.hits)
    elif not before.failures:
        log.warning("feed failed", feed=outcome.feed, reason=outcome.failure.kind, error=outcome.failure.message)
    else:
        log.debug("feed still fails", feed=outcome.feed, failures=before.failures + 1)
