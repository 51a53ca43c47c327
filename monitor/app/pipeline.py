"""One feed, one transaction: fetch → parse → novelty → match → stories → trays.

Fetching happens outside the transaction; everything that a document teaches us is committed together with
the feed's HTTP state, or not at all. Does not decide when a feed is due, and does not send.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace
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
from monitor.errors import ParseError, StoreError

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
class Haul:
    """What a document brought: new and edited items, and rules that fired for the first time on one of them."""

    new: int = 0
    edited: int = 0
    hits: int = 0

    def __add__(self, other: "Haul") -> "Haul":
        return Haul(self.new + other.new, self.edited + other.edited, self.hits + other.hits)


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

    async def poll(self, feed: FeedSpec, state: FeedState, in_force: Callable[[], Watch], at: datetime) -> Outcome:
        """Read one feed and commit what it brought. Raises StoreError only: when the store can't be written.

        `in_force` is asked at the commit, on the store's thread: the feed may have been edited while it was read.
        """
        fetched = await self._fetcher.fetch(feed, state, at)
        loop = asyncio.get_running_loop()
        parsed: Parsed | Failure = fetched.failure or Parsed()
        if fetched.failure is None and not fetched.not_modified:
            parsed = await loop.run_in_executor(self._reading, self._parse, feed, fetched)
        return await loop.run_in_executor(self._desk, self._commit, feed, state, in_force, fetched, parsed)

    def replan(self, feeds: Iterable[FeedSpec]) -> None:
        """Bring polls forward that were planned by a longer interval than the one in force. Blocking."""
        states = self._store.feeds.states()
        for feed in feeds:
            state = states[feed.id]
            if sooner := schedule.hastened(feed, state, default=self._pacing.poll_every):
                self._store.feeds.save(replace(state, next_poll_at=sooner))

    def _parse(self, feed: FeedSpec, fetched: Fetched) -> Parsed | Failure:
        try:
            return self._parser.parse(fetched, feed)
        except ParseError as error:
            return Failure(FailureKind(error.fault), str(error), status=fetched.status)
        except Exception as error:  # a parser's bug must not end the batch
            return Failure(FailureKind.INTERNAL, f"could not be parsed: {type(error).__name__}: {error}"[:500])

    def _commit(
        self,
        feed: FeedSpec,
        state: FeedState,
        in_force: Callable[[], Watch],
        fetched: Fetched,
        parsed: Parsed | Failure,
    ) -> Outcome:
        watch = in_force()
        current = watch.feeds_by_id.get(feed.id, feed)
        if current.url != feed.url:
            # Its state was reset for the new address, and nothing that the old one said may be put over that.
            return Outcome(feed.id, notes=("its address was changed meanwhile",))
        feed = current  # its interval may have been edited, too
        if isinstance(parsed, Failure):
            return self._commit_failure(feed, state, fetched, parsed, Haul())
        try:
            with self._store.transaction():
                return self._commit_success(feed, state, watch, fetched, parsed)
        except StoreError:
            raise
        except Exception:  # nothing was committed
            return self._commit_singly(feed, state, watch, fetched, parsed)

    def _commit_singly(
        self, feed: FeedSpec, state: FeedState, watch: Watch, fetched: Fetched, parsed: Parsed
    ) -> Outcome:
        """Item by item, so that one on which something breaks keeps back only itself, until it can be taken in.

        For the feed that is a failure: its document is asked for again in full.
        """
        haul, errors = Haul(), []
        with self._store.transaction():
            decisions = self._decide(feed, parsed)
            for decision in decisions:
                try:
                    with self._store.transaction():
                        haul += self._take_in(watch, [decision], state, fetched.at)
                except StoreError:
                    raise
                except Exception as error:
                    errors.append(f"{type(error).__name__}: {error}")
            message = f"{len(errors)} of {len(decisions)} items could not be stored: {errors[:1]}"[:500]
            if haul.new:
                state = replace(state, first_success_at=state.first_success_at or fetched.at)
            return self._commit_failure(feed, state, fetched, Failure(FailureKind.INTERNAL, message), haul)

    def _commit_failure(
        self, feed: FeedSpec, state: FeedState, fetched: Fetched, failure: Failure, haul: Haul
    ) -> Outcome:
        plan = self._plan(feed, state, replace(fetched, failure=failure), None)
        with self._store.transaction():
            self._store.feeds.save(feedstate.failed(state, failure, at=fetched.at, next_poll_at=plan.at))
            self._store.feeds.record_poll(feed.id, fetched.at, failure.kind, ms=_ms(fetched), **asdict(haul))
        return Outcome(feed.id, False, failure, haul.new, haul.edited, haul.hits, next_poll_at=plan.at)

    def _commit_success(
        self, feed: FeedSpec, state: FeedState, watch: Watch, fetched: Fetched, parsed: Parsed
    ) -> Outcome:
        haul = self._take_in(watch, self._decide(feed, parsed), state, fetched.at)
        plan = self._plan(feed, state, fetched, parsed.ttl)
        self._store.feeds.save(
            feedstate.succeeded(
                state,
                fetched,
                title=parsed.title,
                body_hash=fetched.body_hash,
                new_items=haul.new,
                next_poll_at=plan.at,
            )
        )
        outcome = "not-modified" if fetched.not_modified else "ok"
        self._store.feeds.record_poll(feed.id, fetched.at, outcome, ms=_ms(fetched), **asdict(haul))
        return Outcome(feed.id, fetched.not_modified, None, haul.new, haul.edited, haul.hits, parsed.notes, plan.at)

    def _decide(self, feed: FeedSpec, parsed: Parsed) -> list[Decision]:
        items = novelty.distinct(parsed.items)
        known = self._store.archive.known(feed.id, {item.key for item in items}) if items else {}
        return novelty.decide(items, known)

    def _take_in(self, watch: Watch, decisions: list[Decision], state: FeedState, now: datetime) -> Haul:
        """Archive what is new or edited; find, group and route its hits."""
        ids = self._store.archive.save(decisions, now)
        changed = [replace(d, id=ids[d.item.key]) for d in decisions if d.novelty is not Novelty.SEEN]
        first_read = state.first_success_at is None
        hits = sum(self._match(watch, decision, first_read=first_read, now=now) for decision in changed)
        new = sum(decision.novelty is Novelty.NEW for decision in changed)
        return Haul(new, len(changed) - new, hits)

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
            self._renew(watch, decision.item, [hit for hit in hits if hit.rule in before], ids, now)
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

    def _renew(self, watch: Watch, item: Item, hits: list[Hit], ids: dict[str, int], now: datetime) -> None:
        """A changed headline is told again, but never wakes anybody: immediate digests stay quiet about it.

        What is not told in the first place, for its age or because its rule is on trial, is not told for this either.
        """
        max_age = self._pacing.alert_max_age
        for spec in watch.digests:
            wanted = [
                ids[hit.rule]
                for hit in hits
                if routes.selects(spec, watch.rules_by_id[hit.rule])
                and routes.tellable(spec, hit, item, first_read=False, now=now, max_age=max_age).told
            ]
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
