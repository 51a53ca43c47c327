"""One feed's poll: fetch → read → what `intake` makes of the items.

Fetching and reading happen outside the transaction; everything that a document teaches us is committed together with
the feed's HTTP state, or not at all. Does not decide when a feed is due, and does not send.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from monitor.app.commits import Committer
from monitor.app.fulltext import Articles
from monitor.app.holds import Holds, not_asked
from monitor.app.intake import Haul, Intake
from monitor.app.noticing import Noticing
from monitor.app.ports import Fetcher, Matcher, Reader, Store
from monitor.app.watch import Watch
from monitor.core import feedstate, health, polling
from monitor.core.model import (
    Failure,
    FailureKind,
    FeedSpec,
    FeedState,
    Fetched,
    Fulltext,
    Novelty,
    Parsed,
    Trouble,
)
from monitor.errors import MonitorError, ParseError, StoreError


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
    began: tuple[Trouble, ...] = ()
    ended: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class Pacing:
    """How often feeds are asked, and how old news may be and still be told."""

    poll_every: timedelta = timedelta(minutes=10)
    alert_max_age: timedelta = timedelta(hours=48)


class Pipeline:
    """Polls feeds. `chance` gives numbers in [0, 1) to spread polls in time."""

    def __init__(
        self,
        *,
        store: Store,
        fetcher: Fetcher,
        reader: Reader,
        committer: Committer,
        chance: Callable[[], float],
        pacing: Pacing,
    ) -> None:
        self._store = store
        self._fetcher = fetcher
        self._reader = reader
        self._committer = committer
        self._chance = chance
        self._pacing = pacing
        self._holds = Holds(store, chance, spread=pacing.poll_every)
        self._intake = Intake(store, pacing.alert_max_age)
        self._noticing = Noticing(store)
        self._articles = Articles(fetcher, reader)

    async def poll(self, feed: FeedSpec, state: FeedState, in_force: Callable[[], Watch], at: datetime) -> Outcome:
        """Read one feed and commit what it brought. Raises StoreError only: when the store can't be written.

        `in_force` is asked at the commit, on the store's thread: the feed may have been edited while it was read.
        """
        fetched = await self._fetcher.fetch(feed, state, at)
        parsed: Parsed | Failure = fetched.failure or Parsed()
        if fetched.failure is None and not fetched.not_modified:
            parsed = await self._read(feed, fetched, in_force().matcher)
            if isinstance(parsed, Parsed) and feed.fulltext is not Fulltext.NO:
                parsed = await self._with_articles(feed, parsed, in_force, at)
        return await self._committer.commit(partial(self._write, feed, state, in_force, fetched, parsed))

    def replan(self, feeds: Iterable[FeedSpec], now: datetime) -> None:
        """Bring polls forward that were planned by a longer interval than the one in force. Blocking.

        What hosts asked for stays, and holds for feeds that are new here, too.
        """
        self._holds.load(now)
        states = self._store.feeds.states()
        for feed in feeds:
            state = states[feed.id]
            hold = self._holds.of(feedstate.address(feed, state))
            if sooner := polling.hastened(feed, state, default=self._pacing.poll_every, hold=hold):
                self._store.feeds.save(replace(state, next_poll_at=sooner), state)

    async def _read(self, feed: FeedSpec, fetched: Fetched, matcher: Matcher) -> Parsed | Failure:
        try:
            return await self._reader.read(fetched, feed, matcher)
        except ParseError as error:
            return Failure(FailureKind(error.fault), str(error), status=fetched.status)
        except MonitorError as error:
            return Failure(FailureKind.INTERNAL, str(error), status=fetched.status)
        except Exception as error:  # a parser's bug must not end the batch
            return Failure(FailureKind.INTERNAL, f"could not be parsed: {type(error).__name__}: {error}"[:500])

    async def _with_articles(
        self, feed: FeedSpec, parsed: Parsed, in_force: Callable[[], Watch], at: datetime
    ) -> Parsed:
        """The document with the articles of its new items, before anything is written: fetching takes its time."""
        choose = partial(self._articles.choose, feed, lambda: self._intake.decide(feed, parsed), in_force)
        try:
            choice = await self._committer.commit(choose)
        except StoreError:
            raise
        except Exception as error:  # what breaks here is dealt with where the document is taken in
            return replace(parsed, notes=(*parsed.notes, f"no articles fetched: {type(error).__name__}"))
        articles, notes = await self._articles.fetch(feed, choice, at)
        return replace(parsed, articles=articles, notes=(*parsed.notes, *notes))

    def _write(
        self,
        feed: FeedSpec,
        state: FeedState,
        in_force: Callable[[], Watch],
        fetched: Fetched,
        parsed: Parsed | Failure,
    ) -> Outcome:
        """Within the committer's transaction, on the store's thread."""
        watch = in_force()
        current = watch.feeds_by_id.get(feed.id, feed)
        if current.url != feed.url:
            # Its state was reset for the new address, and nothing that the old one said may be put over that.
            return Outcome(feed.id, notes=("its address was changed meanwhile",))
        feed = current  # its interval may have been edited, too
        if isinstance(parsed, Failure):
            if not_asked(parsed):
                return self._put_off(feed, state, fetched, parsed)
            return self._write_failure(feed, state, fetched, parsed, Haul())
        if fetched.not_modified:
            return self._write_success(feed, state, watch, fetched, parsed)
        try:
            with self._store.transaction():
                return self._write_success(feed, state, watch, fetched, parsed)
        except StoreError:
            raise
        except Exception:  # nothing of it was written
            return self._write_singly(feed, state, watch, fetched, parsed)

    def _write_singly(
        self, feed: FeedSpec, state: FeedState, watch: Watch, fetched: Fetched, parsed: Parsed
    ) -> Outcome:
        """Item by item, so that one on which something breaks keeps back only itself, until it can be taken in.

        For the feed that is a failure: its document is asked for again in full.
        """
        haul, errors = Haul(), []
        try:
            decisions = self._intake.decide(feed, parsed)
        except StoreError:
            raise
        except Exception as error:
            message = f"its items could not be told apart: {type(error).__name__}: {error}"[:500]
            return self._write_failure(feed, state, fetched, Failure(FailureKind.INTERNAL, message), haul)
        for decision in decisions:
            try:
                with self._store.transaction():
                    haul += self._intake.take_in(watch, [decision], state, fetched.at, parsed)
            except StoreError:
                raise
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}")
        message = f"{len(errors)} of {len(decisions)} items could not be stored: {errors[:1]}"[:500]
        return self._write_failure(feed, state, fetched, Failure(FailureKind.INTERNAL, message), haul)

    def _put_off(self, feed: FeedSpec, state: FeedState, fetched: Fetched, failure: Failure) -> Outcome:
        """The fetcher kept to what the host asked for: nobody was asked, and nothing failed."""
        later = fetched.at + (failure.retry_after or polling.FLOOR)
        at = self._holds.not_before(feedstate.address(feed, state), later)
        self._store.feeds.save(replace(state, next_poll_at=at), state)
        return Outcome(feed.id, notes=(failure.message,), next_poll_at=at)

    def _write_failure(
        self, feed: FeedSpec, state: FeedState, fetched: Fetched, failure: Failure, haul: Haul
    ) -> Outcome:
        at = self._plan(feed, state, replace(fetched, failure=failure), new=haul.new)
        after = feedstate.failed(state, failure, at=fetched.at, next_poll_at=at, configured=feed.url)
        if haul.new and not state.first_success_at:
            after = replace(after, first_success_at=fetched.at)
        began, ended = self._keep(feed, state, after, failure.kind, fetched, failure, haul)
        self._holds.throttled(fetched.url or feedstate.address(feed, state), failure, fetched.at)
        return Outcome(feed.id, False, failure, haul.new, haul.edited, haul.hits, (), at, began, ended)

    def _write_success(
        self, feed: FeedSpec, state: FeedState, watch: Watch, fetched: Fetched, parsed: Parsed
    ) -> Outcome:
        decisions = self._intake.decide(feed, parsed, first_read=state.first_success_at is None)
        haul = self._intake.take_in(watch, decisions, state, fetched.at, parsed)
        taught = state
        if not fetched.not_modified:
            new = [decision.item for decision in decisions if decision.novelty is Novelty.NEW]
            taught = feedstate.learnt(state, parsed, new, at=fetched.at)
        at = self._plan(feed, taught, fetched, new=haul.new)
        after = feedstate.succeeded(
            taught,
            fetched,
            title=parsed.title,
            body_hash=fetched.body_hash,
            new_items=haul.new,
            next_poll_at=at,
        )
        outcome = "not-modified" if fetched.not_modified else "ok"
        began, ended = self._keep(feed, state, after, outcome, fetched, parsed, haul)
        self._holds.answered(fetched.url or feedstate.address(feed, state), fetched.at)
        notes = parsed.notes
        return Outcome(feed.id, fetched.not_modified, None, haul.new, haul.edited, haul.hits, notes, at, began, ended)

    def _keep(
        self,
        feed: FeedSpec,
        before: FeedState,
        after: FeedState,
        outcome: str,
        fetched: Fetched,
        read: Parsed | Failure,
        haul: Haul,
    ) -> tuple[tuple[Trouble, ...], tuple[Trouble, ...]]:
        """Write down what the feed is like now, and that it was asked; which troubles began and which ended."""
        after = self._noticing.note(feed, before, after, fetched, read, haul.new)
        self._store.feeds.save(after, before)
        took = round(fetched.elapsed.total_seconds() * 1000)
        self._store.feeds.record_poll(
            after.feed, fetched.at, outcome, new=haul.new, edited=haul.edited, hits=haul.hits, ms=took
        )
        return health.began(before, after), health.ended(before, after)

    def _plan(self, feed: FeedSpec, state: FeedState, fetched: Fetched, *, new: int) -> datetime:
        """When to ask next: as its rhythm, its server and its failures want, and not while its host is held."""
        default, jitter = self._pacing.poll_every, self._chance()
        plan = polling.next_poll(feed, state, fetched, new=new, now=fetched.at, default=default, jitter=jitter)
        return self._holds.not_before(feedstate.address(feed, state), plan.at)
