"""One feed, one transaction: fetch → parse → novelty → match → stories → trays.

Fetching happens outside the transaction; everything that a document teaches us is committed together with
the feed's HTTP state, or not at all. Does not decide when a feed is due, and does not send.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.app.ports import Fetcher, Parser, Store
from monitor.app.watch import Watch
from monitor.core import feedstate, novelty, routes, schedule, stories
from monitor.core.model import (
    Decision,
    Failure,
    FailureKind,
    FeedSpec,
    FeedState,
    Fetched,
    Hit,
    Item,
    Novelty,
    Parsed,
)
from monitor.errors import MonitorError, ParseError

STORY_WINDOW = timedelta(days=7)  # a report joins a story that had another within this time


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one poll came to. `failure` is None for a document or a 304."""

    feed: str
    not_modified: bool = False
    failure: Failure | None = None
    new: int = 0
    edited: int = 0
    hits: int = 0
    notes: tuple[str, ...] = ()
    next_poll_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pacing:
    """How often feeds are asked, and how old news may be and still be told."""

    poll_every: timedelta = timedelta(minutes=10)
    alert_max_age: timedelta = timedelta(hours=48)


class Pipeline:
    """Polls feeds.

    `reading` runs the parser off the event loop; `desk` is the store's single thread, so that its
    transactions never interleave. `chance` gives numbers in [0, 1) to spread polls in time.
    """

    def __init__(
        self,
        *,
        store: Store,
        fetcher: Fetcher,
        parser: Parser,
        reading: Executor,
        desk: Executor,
        chance: Callable[[], float],
        pacing: Pacing,
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._parser = parser
        self._reading = reading
        self._desk = desk
        self._chance = chance
        self._pacing = pacing

    async def poll(self, feed: FeedSpec, state: FeedState, watch: Watch, at: datetime) -> Outcome:
        """Read one feed and commit what it brought. Raises only when the store can't be written."""
        fetched = await self._fetcher.fetch(feed, state, at)
        loop = asyncio.get_running_loop()
        parsed: Parsed | Failure = fetched.failure or Parsed()
        if fetched.failure is None and not fetched.not_modified:
            parsed = await loop.run_in_executor(self._reading, self._parse, feed, fetched)
        return await loop.run_in_executor(self._desk, self._commit, feed, state, watch, fetched, parsed)

    def _parse(self, feed: FeedSpec, fetched: Fetched) -> Parsed | Failure:
        try:
            return self._parser.parse(fetched, feed)
        except ParseError as error:
            return Failure(FailureKind(error.fault), str(error), status=fetched.status)
        except Exception as error:  # a parser's bug must not end the batch
            return Failure(FailureKind.INTERNAL, f"could not be parsed: {type(error).__name__}: {error}"[:500])

    def _commit(
        self, feed: FeedSpec, state: FeedState, watch: Watch, fetched: Fetched, parsed: Parsed | Failure
    ) -> Outcome:
        if isinstance(parsed, Failure):
            return self._commit_failure(feed, state, fetched, parsed)
        try:
            with self._store.transaction():
                return self._commit_success(feed, state, watch, fetched, parsed)
        except MonitorError:
            raise
        except Exception as error:  # nothing was committed, so the same document is read again next time
            failure = Failure(FailureKind.INTERNAL, f"could not be stored: {type(error).__name__}: {error}"[:500])
            return self._commit_failure(feed, state, fetched, failure)

    def _commit_failure(self, feed: FeedSpec, state: FeedState, fetched: Fetched, failure: Failure) -> Outcome:
        plan = self._plan(feed, state, replace(fetched, failure=failure), None)
        with self._store.transaction():
            self._store.feeds.save(feedstate.failed(state, failure, at=fetched.at, next_poll_at=plan.at))
            self._store.feeds.record_poll(feed.id, fetched.at, failure.kind, ms=_ms(fetched))
        return Outcome(feed.id, failure=failure, next_poll_at=plan.at)

    def _commit_success(
        self, feed: FeedSpec, state: FeedState, watch: Watch, fetched: Fetched, parsed: Parsed
    ) -> Outcome:
        first_read = state.first_success_at is None
        decisions = self._archive(feed, parsed, fetched.at)
        changed = [d for d in decisions if d.novelty is not Novelty.SEEN]
        hits = sum(self._match(watch, d, first_read=first_read, now=fetched.at) for d in changed)
        new = sum(d.novelty is Novelty.NEW for d in changed)
        plan = self._plan(feed, state, fetched, parsed.ttl)
        self._store.feeds.save(
            feedstate.succeeded(
                state,
                fetched,
                title=parsed.title,
                body_hash=fetched.body_hash,
                new_items=new,
                next_poll_at=plan.at,
            )
        )
        outcome = "not-modified" if fetched.not_modified else "ok"
        edited = len(changed) - new
        self._store.feeds.record_poll(feed.id, fetched.at, outcome, new=new, edited=edited, hits=hits, ms=_ms(fetched))
        return Outcome(feed.id, fetched.not_modified, None, new, edited, hits, parsed.notes, plan.at)

    def _archive(self, feed: FeedSpec, parsed: Parsed, now: datetime) -> list[Decision]:
        """Store what is new or edited; the decisions come back with the archive's ids."""
        if not parsed.items:
            return []
        archive, items = self._store.archive, novelty.distinct(parsed.items)
        decisions = novelty.decide(items, archive.known(feed.id, {item.key for item in items}))
        ids = archive.save(decisions, now)
        return [replace(decision, id=ids[decision.item.key]) for decision in decisions]

    def _match(self, watch: Watch, decision: Decision, *, first_read: bool, now: datetime) -> int:
        """Find, group and route the hits of one new or edited item; how many rules fired for the first time."""
        hits = watch.matcher.match(decision.item)
        if not hits or decision.id is None:
            return 0
        archive = self._store.archive
        edited = decision.novelty is Novelty.EDITED
        before = archive.hit_rules(decision.id) if edited else frozenset()
        keys = stories.story_keys(decision.item)
        story = stories.assign(decision.item, archive.find_stories(keys, now - STORY_WINDOW), now)
        story_id = archive.save_story(story).id
        ids = archive.save_hits(decision.id, story_id, hits, now, edited=edited)
        fresh = [hit for hit in hits if hit.rule not in before]
        self._route(watch, decision.item, fresh, ids, first_read=first_read, now=now)
        if decision.retitled:
            self._renew(watch, [hit for hit in hits if hit.rule in before], ids, now)
        return len(fresh)

    def _route(
        self, watch: Watch, item: Item, hits: list[Hit], ids: dict[str, int], *, first_read: bool, now: datetime
    ) -> None:
        """Put new hits into the tray of every digest that wants them, or count them as left out, with the reason."""
        for spec in watch.digests:
            for hit in hits:
                if not routes.selects(spec, watch.rules_by_id[hit.rule]):
                    continue
                verdict = routes.tellable(
                    spec, hit, item, first_read=first_read, now=now, max_age=self._pacing.alert_max_age
                )
                if verdict.told:
                    self._store.digests.wait(spec.id, [ids[hit.rule]], now)
                else:
                    self._store.digests.leave_out(spec.id, ids[hit.rule], verdict.reason, now)

    def _renew(self, watch: Watch, hits: list[Hit], ids: dict[str, int], now: datetime) -> None:
        """A changed headline is told again, but never wakes anybody: immediate digests stay quiet about it."""
        for spec in watch.digests:
            wanted = [ids[hit.rule] for hit in hits if routes.selects(spec, watch.rules_by_id[hit.rule])]
            if wanted and not spec.immediate:
                self._store.digests.renew(spec.id, wanted, now)

    def _plan(self, feed: FeedSpec, state: FeedState, fetched: Fetched, ttl: timedelta | None) -> schedule.NextPoll:
        return schedule.next_poll(
            feed,
            state,
            fetched,
            ttl=ttl,
            now=fetched.at,
            default=self._pacing.poll_every,
            jitter=self._chance(),
        )


def _ms(fetched: Fetched) -> int:
    return round(fetched.elapsed.total_seconds() * 1000)
