"""One cycle: poll what is due, write the digests that are due, send what is due. `monitor once` is one cycle."""

import asyncio
from collections.abc import Callable, Container
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from monitor.app.digests import DigestWriter
from monitor.app.dispatch import Attempt, Dispatcher
from monitor.app.pipeline import Outcome, Pipeline
from monitor.app.ports import Clock, Store
from monitor.app.watch import Watch
from monitor.core import polling
from monitor.core.model import Digest, FeedSpec, FeedState, PollSummary, Waiting

T = TypeVar("T")


class Desk:
    """The application's steps in their order, each usable alone; the daemon calls the same ones on its ticks."""

    def __init__(
        self,
        *,
        store: Store,
        pipeline: Pipeline,
        writer: DigestWriter,
        dispatcher: Dispatcher,
        clock: Clock,
        thread: Executor,
    ) -> None:
        self.store = store
        self.pipeline = pipeline
        self.writer = writer
        self.dispatcher = dispatcher
        self.clock = clock
        self._thread = thread

    async def at_store(self, call: Callable[..., T], *args: object) -> T:
        """Run a blocking call on the store's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(call, *args))

    async def open(self, watch: Watch) -> list[str]:
        """Take up the work: register feeds and digests, queue again what a crash left in flight (keys given)."""
        await self.register(watch)
        return await self.dispatcher.recover()

    async def register(self, watch: Watch) -> list[Waiting]:
        """Make feeds and digests known to the store; new feeds are due at once, others by their interval in force.

        Gives the trays of digests that are no longer in the file: nobody will be told what waits in them.
        """
        return await self.at_store(self._register, watch, self.clock.now())

    def _register(self, watch: Watch, now: datetime) -> list[Waiting]:
        with self.store.transaction():
            self.store.feeds.sync(watch.enabled, now)
            self.pipeline.replan(watch.enabled, now)
            for spec in watch.digests:
                self.store.digests.start(spec.id, now)
            self.store.digests.note_rules(watch.matcher.rules, now)
            known = {spec.id for spec in watch.digests}
            return [tray for digest, tray in self.store.digests.waiting().items() if digest not in known]

    async def due(self, watch: Watch, under_way: Container[str] = ()) -> list[tuple[FeedSpec, FeedState]]:
        """The enabled feeds whose time has come, longest waiting first; feeds that are gone never come.

        Those whose poll is `under_way` are left out: at a great backlog, reading them again and again would be costly.
        """
        feeds, now = watch.feeds_by_id, self.clock.now()

        def wanted(feed: str) -> bool:
            return feed not in under_way and feed in feeds and feeds[feed].enabled

        states = await self.at_store(self.store.feeds.due, now, wanted)
        return [(feeds[state.feed], state) for state in states if polling.poll_due(state, now)]

    async def next_due(self, watch: Watch) -> datetime | None:
        """When the next of the enabled feeds is due; None when none will ever be."""
        times = await self.at_store(self.store.feeds.times)
        found = [times[feed.id] for feed in watch.enabled if feed.id in times]
        return min((at or self.clock.now() for at in found), default=None)

    async def poll(self, feed: FeedSpec, state: FeedState, in_force: Callable[[], Watch]) -> Outcome:
        """Poll one feed now; `in_force` gives the Watch when its items are matched. Raises StoreError."""
        return await self.pipeline.poll(feed, state, in_force, self.clock.now())

    async def write_digests(self, watch: Watch) -> list[Digest]:
        """Write what is due into the outbox."""
        return await self.at_store(self.writer.write_due, watch, self.clock.now())

    async def once(self, watch: Watch, progress: Callable[[Outcome, int], None] | None = None) -> PollSummary:
        """One whole cycle. `progress` is told each outcome and how many feeds are due in all.

        Raises what kept a digest from being written, once all that could be written is sent.
        """
        await self.open(watch)
        due = await self.due(watch)

        async def poll(feed: FeedSpec, state: FeedState) -> Outcome:
            outcome = await self.poll(feed, state, lambda: watch)
            if progress:
                progress(outcome, len(due))
            return outcome

        outcomes = await asyncio.gather(*(poll(feed, state) for feed, state in due))
        try:
            await self.write_digests(watch)
        finally:
            attempts = await self.dispatcher.send_due()
        return summarise(outcomes, attempts, feeds_due=len(due))


def summarise(outcomes: list[Outcome], attempts: list[Attempt], *, feeds_due: int) -> PollSummary:
    """The figures of a cycle."""
    total = PollSummary(feeds_due=feeds_due, polled=len(outcomes))
    for outcome in outcomes:
        total = replace(
            total,
            not_modified=total.not_modified + outcome.not_modified,
            failed=total.failed + (outcome.failure is not None),
            items_new=total.items_new + outcome.new,
            items_edited=total.items_edited + outcome.edited,
            hits=total.hits + outcome.hits,
        )
    return replace(
        total,
        deliveries_sent=sum(not attempt.error for attempt in attempts),
        deliveries_failed=sum(bool(attempt.error) for attempt in attempts),
    )
