"""How a digest would have been at a moment in the past: made again from the archive, and what really went out then.

Nothing in it is from after that moment: texts are as they were before later edits, feeds as the logs of polls and
troubles tell. Rules, routing, feeds, and which reports make one story are those of now, because no others are kept.
Changes nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.app.drafts import HISTORY_DAYS
from monitor.app.ports import Store
from monitor.app.watch import Watch
from monitor.core import hindsight, routes, schedule, silences
from monitor.core.digest import Occasion, Past, compose
from monitor.core.hindsight import Period, Routing
from monitor.core.model import Coverage, Delivery, Digest, DigestSpec, Silence, StoredHit, Telling
from monitor.errors import MonitorError

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
STORY_SPAN = timedelta(days=14)  # how far back an alert's story is followed


@dataclass(frozen=True, slots=True)
class Hindsight:
    """A digest as it would have been. `sent`: what really went out for that moment, in order; empty: nothing did.

    `silent`: it would not have been sent, because there was nothing to tell. `archive_from`: where the archive begins
    within the period, so that something may be missing; None: it holds all of it.
    """

    digest: Digest
    sent: tuple[Delivery, ...]
    silent: bool
    archive_from: datetime | None = None


class Hindsights:
    """Looks back. `max_age` is how old news may be and still be told. Blocking: for the store's thread."""

    def __init__(self, store: Store, max_age: timedelta) -> None:
        self._store = store
        self._max_age = max_age

    def look(self, watch: Watch, spec: DigestSpec, moment: datetime, *, day: bool = False) -> Hindsight:
        """The digest as of `moment`.

        With a cron line: the one that was due last by then. At once: what waited at that moment; with `day`, all that
        it had to tell on that moment's calendar day by then, as one digest. Raises MonitorError where the archive does
        not reach back so far, or where no time of the cron line was before.
        """
        begins = self._store.bench.watched_since()
        if begins is None or moment < begins:
            raise MonitorError(_too_early(spec, moment, begins))
        period = self._period(spec, moment, day=day)
        if period.until < begins:
            raise MonitorError(_too_early(spec, period.until, begins, due=not spec.immediate))
        digest = self._at_once(watch, spec, period, day=day) if spec.immediate else self._scheduled(watch, spec, period)
        return Hindsight(
            digest=digest,
            sent=self._sent(spec, period, day=day),
            silent=not digest.stories and (spec.immediate or not spec.send_empty),
            archive_from=begins if begins > period.since else None,
        )

    def _period(self, spec: DigestSpec, moment: datetime, *, day: bool) -> Period:
        moment = moment.astimezone(UTC)
        if spec.immediate:
            return hindsight.day_of(moment, spec.timezone) if day else Period(moment - STORY_SPAN, moment)
        period = hindsight.scheduled(spec, moment)
        if period is None:
            raise MonitorError(f"digest {spec.id}: {spec.at!r} names no time before {_local(moment, spec)}")
        return period

    # --- the two kinds ------------------------------------------------------------------------------------

    def _scheduled(self, watch: Watch, spec: DigestSpec, period: Period) -> Digest:
        routing = self._routed(watch, spec, period)
        before = self._before(watch, spec, routing.told, period)
        return self._compose(watch, spec, routing.told, period, routing.left_out, before, _tellings(spec, before))

    def _at_once(self, watch: Watch, spec: DigestSpec, period: Period, *, day: bool) -> Digest:
        if day:
            return self._scheduled(watch, spec, period)
        routing = self._routed(watch, spec, period)
        hits, tellings = hindsight.waiting(
            spec, routing.told, period.until, lambda hit: routes.urgent(spec, watch.rules_by_id[hit.hit.rule])
        )
        stories, waits = {hit.story_id for hit in hits}, {hit.id for hit in hits}
        before = [hit for hit in routing.told if hit.story_id in stories and hit.id not in waits]
        since = min((hit.at for hit in hits), default=period.until)
        return self._compose(watch, spec, hits, Period(since, period.until), (), before, tellings)

    # --- parts --------------------------------------------------------------------------------------------

    def _routed(self, watch: Watch, spec: DigestSpec, period: Period) -> Routing:
        return self._route(watch, spec, self._store.bench.hits_then(period.since, period.until), period)

    def _route(self, watch: Watch, spec: DigestSpec, hits: Sequence[StoredHit], period: Period) -> Routing:
        return hindsight.routed(
            spec,
            [hindsight.as_it_read(hit, watch.matcher.match) for hit in hits],
            period,
            rules=watch.rules_by_id,
            feeds=watch.feeds_by_id,
            states=self._store.feeds.states(),
            editions=self._store.archive.editions,
            max_age=self._max_age,
        )

    def _before(
        self, watch: Watch, spec: DigestSpec, hits: Collection[StoredHit], period: Period
    ) -> tuple[StoredHit, ...]:
        """What this digest had told of these stories before the period, as it reads at its end."""
        of_stories = self._store.bench.story_hits_then({hit.story_id for hit in hits}, period.until)
        return self._route(watch, spec, of_stories, Period(_EVER, period.since)).told

    def _compose(
        self,
        watch: Watch,
        spec: DigestSpec,
        hits: Sequence[StoredHit],
        period: Period,
        left_out: Sequence[tuple[str, int]],
        before: Sequence[StoredHit],
        tellings: Sequence[Telling],
    ) -> Digest:
        now = period.until
        told, silenced = silences.sort_out(hits, self._silences(now), now)
        quiet = [(silences.in_words(one, spec.timezone, now), len(ids)) for one, ids in silenced.items()]
        stories = {hit.story_id for hit in told}
        went = [(hit, _told_at(spec, hit)) for hit in before]
        rules = {hit.hit.rule for hit in told}
        return compose(
            spec,
            told,
            feeds=watch.feeds_by_id,
            rules=watch.rules_by_id,
            told=frozenset(telling.story_id for telling in tellings),
            daily=self._store.archive.daily_hits(rules, HISTORY_DAYS, now, spec.timezone),
            coverage=self._coverage(watch, period),
            since=period.since,
            now=now,
            next_at=schedule.next_digest(spec, now),
            left_out=sorted([*left_out, *quiet], key=lambda pair: -pair[1]),
            past=Past(
                tellings={telling.story_id: telling for telling in tellings if telling.story_id in stories},
                hits=[hit for hit in before if hit.story_id in stories],
                acknowledged=hindsight.seen_to(self._store.people.acks(stories), went, told, now),
            ),
            occasion=_occasion(spec, stories),
            rule_edits=self._store.digests.rule_edits(period.since, now),
        )

    def _silences(self, now: datetime) -> list[Silence]:
        return [silence for silence in self._store.people.silences(now) if silence.at <= now]

    def _coverage(self, watch: Watch, period: Period) -> Coverage:
        since = max(period.since, period.until - timedelta(days=32))
        enabled = {feed.id for feed in watch.enabled}
        notices = tuple(
            replace(notice, ended_at=None) if notice.ended_at and notice.ended_at > period.until else notice
            for notice in self._store.feeds.notices(since, period.until)
            if notice.feed in enabled
        )
        return replace(self._store.bench.coverage_then(watch.enabled, since, period.until), notices=notices)

    def _sent(self, spec: DigestSpec, period: Period, *, day: bool) -> tuple[Delivery, ...]:
        """What went out: of a cron digest the first run from its time on, of one at once the day's, or the last."""
        if spec.immediate:
            since = period.since if day else period.until - timedelta(days=1)
            went = self._store.bench.sent(spec.id, since, period.until)
            last = max((delivery.created_at for delivery in went), default=None)
            return tuple(went if day else (delivery for delivery in went if delivery.created_at == last))
        following = schedule.next_digest(spec, period.until) or period.until + timedelta(days=1)
        went = self._store.bench.sent(spec.id, period.until, following)
        return tuple(delivery for delivery in went if delivery.created_at == went[0].created_at)


def _occasion(spec: DigestSpec, stories: Collection[int]) -> Occasion:
    """An alert where it is one; several stories stand together only because they are looked at together."""
    if not spec.immediate or len(stories) != 1:
        return Occasion()
    (story,) = stories
    return Occasion(alert=True, thread=f"{spec.id}/{story}")


def _tellings(spec: DigestSpec, before: Sequence[StoredHit]) -> list[Telling]:
    """What was told of each story, at the times when it was due."""
    return [
        Telling(spec.id, story, _told_at(spec, hits[0]), _told_at(spec, hits[-1]))
        for story, hits in _by_story(before).items()
    ]


def _told_at(spec: DigestSpec, hit: StoredHit) -> datetime:
    return schedule.next_digest(spec, hit.at) or hit.at + spec.wait


def _by_story(hits: Sequence[StoredHit]) -> dict[int, list[StoredHit]]:
    stories: dict[int, list[StoredHit]] = {}
    for hit in sorted(hits, key=lambda hit: hit.at):
        stories.setdefault(hit.story_id, []).append(hit)
    return stories


def _local(moment: datetime, spec: DigestSpec) -> str:
    return f"{moment.astimezone(ZoneInfo(spec.timezone)):%a %Y-%m-%d %H:%M} {spec.timezone}"


def _too_early(spec: DigestSpec, until: datetime, begins: datetime | None, *, due: bool = False) -> str:
    """That nothing is known of that moment; `due`: at which the digest was due last."""
    if begins is None:
        return "the archive is empty: there is nothing to look back at before the first `monitor once` or `monitor run`"
    return (
        f"the archive does not reach back to {_local(until, spec)}{', when it was due last' if due else ''}: "
        f"it begins on {_local(begins, spec)} "
        "(MONITOR_RETENTION says how long it keeps what it read)"
    )
