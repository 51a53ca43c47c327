"""From hits to a digest and its deliveries: what tray, archive and people's word have to say of them. Does not time."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.app.ports import Renderer, Store
from monitor.app.readers import Deserted
from monitor.app.watch import Watch
from monitor.core import retrying, schedule, silences
from monitor.core.digest import Occasion, Past, compose
from monitor.core.model import Coverage, Delivery, Digest, DigestSpec, RuleEdit, Silence, StoredHit
from monitor.errors import MonitorError

HISTORY_DAYS = 30  # the small figures beside a topic
ITS_HOUR = Occasion()


@dataclass(frozen=True, slots=True)
class Period:
    """What happened around the news since the last digest."""

    since: datetime | None
    coverage: Coverage
    rule_edits: tuple[RuleEdit, ...] = ()

    def told(self) -> "Period":
        """The same for the next one at this moment: news of feeds and rules are told once."""
        return replace(self, coverage=replace(self.coverage, notices=()), rule_edits=())


@dataclass(frozen=True, slots=True)
class Draft:
    """A digest with the hits that it tells, and those that it does not, by the silence they fall under."""

    digest: Digest
    hit_ids: tuple[int, ...]
    silenced: Mapping[Silence, Collection[int]] = field(default_factory=dict)


class Drafter:
    """Makes drafts and puts them into the outbox. Blocks on the store."""

    def __init__(self, *, store: Store, renderer: Renderer, sample: bool = False) -> None:
        self._store = store
        self._renderer = renderer
        self._sample = sample

    def period(self, watch: Watch, spec: DigestSpec, now: datetime) -> Period:
        """What was watched, how the feeds fared since somebody last heard of that, which rules were edited."""
        desk = self._store.digests
        since = desk.last_sent(spec.id)
        start = since or now - timedelta(days=1)
        heard = min(desk.last_heard(spec.id) or start, start)
        enabled = {feed.id for feed in watch.enabled}
        notices = (notice for notice in self._store.feeds.notices(heard, now) if notice.feed in enabled)
        coverage = replace(self._store.archive.coverage(watch.enabled, start, now), notices=tuple(notices))
        edits = desk.rule_edits(heard, now) if since else ()
        return Period(since, coverage, edits)

    def draft(
        self,
        watch: Watch,
        spec: DigestSpec,
        now: datetime,
        hit_ids: Collection[int],
        *,
        again: frozenset[int] = frozenset(),
        occasion: Occasion = ITS_HOUR,
        period: Period | None = None,
    ) -> Draft:
        """A digest of these hits, and of the stories that come `again`; changes nothing."""
        period = period or self.period(watch, spec, now)
        archive, in_force = self._store.archive, self._store.people.silences(now)
        hits, silenced = silences.sort_out(archive.hits(hit_ids) if hit_ids else [], in_force, now)
        stories = {hit.story_id for hit in hits}
        past = self._past(spec, stories, again, in_force, now)
        rules = {hit.hit.rule for hit in (*hits, *(hit for hit in past.hits if hit.story_id in past.again))}
        digest = compose(
            spec,
            hits,
            feeds=watch.feeds_by_id,
            rules=watch.rules_by_id,
            told=archive.story_ids_told(spec.id, stories),
            daily=archive.daily_hits(rules, HISTORY_DAYS, now, spec.timezone),
            coverage=period.coverage,
            since=period.since,
            now=now,
            next_at=schedule.next_digest(spec, now),
            left_out=self._left_out(spec, silenced, now),
            notes=self._notes(watch, spec, occasion),
            sample=self._sample,
            past=past,
            occasion=occasion,
            rule_edits=period.rule_edits,
        )
        return Draft(digest, tuple(hit.id for hit in hits), silenced)

    def put_out(self, spec: DigestSpec, draft: Draft, now: datetime, *, silent: bool = False) -> None:
        """Empty the tray of a draft's hits and queue its deliveries, none if `silent`; together or not at all.

        Raises MonitorError, with nothing changed, when everybody it was made for left meanwhile.
        """
        # Before the transaction: own templates may take seconds, and nobody else could write for so long.
        deliveries = [] if silent else self._deliveries(spec, draft.digest, now)
        with self._store.transaction():
            self.set_aside(spec, draft.silenced, now)
            self._store.digests.close(draft.digest, draft.hit_ids, self._wanted(spec, deliveries), now)

    def rehearse(self, spec: DigestSpec, draft: Draft, now: datetime) -> None:
        """Make a draft's messages and keep none; raises what writing them would."""
        self._deliveries(spec, draft.digest, now)

    def set_aside(self, spec: DigestSpec, silenced: Mapping[Silence, Collection[int]], now: datetime) -> None:
        """Take silenced hits out of the tray; the next digest that somebody gets counts them."""
        if not silenced:
            return
        with self._store.transaction():
            for silence, ids in silenced.items():
                self._store.digests.set_aside(spec.id, ids, silences.in_words(silence, spec.timezone, now), now)

    def told(self, spec: DigestSpec, story_ids: Collection[int]) -> list[StoredHit]:
        """The hits of these stories that the digest has told."""
        ids = self._store.digests.told(spec.id, story_ids) if story_ids else []
        return self._store.archive.hits(ids) if ids else []

    def _past(
        self,
        spec: DigestSpec,
        stories: Collection[int],
        again: frozenset[int],
        in_force: list[Silence],
        now: datetime,
    ) -> Past:
        """What the digest told before; of what comes again without what is silenced now."""
        wanted = again.union(stories)
        hits = self.told(spec, wanted)
        audible, _ = silences.sort_out((hit for hit in hits if hit.story_id not in stories), in_force, now)
        return Past(
            tellings=self._store.digests.tellings(spec.id, wanted),
            hits=[*(hit for hit in hits if hit.story_id in stories), *audible],
            again=again,
            acknowledged=self._store.people.seen_to(wanted, spec.id),
        )

    def _notes(self, watch: Watch, spec: DigestSpec, occasion: Occasion) -> tuple[str, ...]:
        """What is to be mended waits for a scheduled digest, if there is one: an alert is about its story."""
        if not occasion.alert:
            return (*watch.notes, *watch.remarks, *self._refusals(spec))
        scheduled = any(not one.immediate for one in watch.digests)
        return watch.remarks if scheduled else (*watch.notes, *watch.remarks)

    def _refusals(self, spec: DigestSpec) -> tuple[str, ...]:
        """Who among its readers refuses: the others may know the right address."""
        return retrying.refusal_notes(self._store.outbox.refusals(), spec.to, spec.timezone)

    def _left_out(
        self, spec: DigestSpec, silenced: Mapping[Silence, Collection[int]], now: datetime
    ) -> list[tuple[str, int]]:
        """What was left out so far, with what is silenced now; most first."""
        counts = Counter(dict(self._store.digests.left_out(spec.id)))
        for silence, ids in silenced.items():
            counts[silences.in_words(silence, spec.timezone, now)] += len(ids)
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

    def _wanted(self, spec: DigestSpec, deliveries: list[Delivery]) -> list[Delivery]:
        """Without those of recipients who left while the messages were made: another process may have let them go."""
        left = self._store.people.left(spec.id)
        wanted = [delivery for delivery in deliveries if delivery.target not in left]
        if deliveries and not wanted:
            raise MonitorError(str(Deserted(spec.id, spec.to[0])))
        return wanted

    def _deliveries(self, spec: DigestSpec, digest: Digest, now: datetime) -> list[Delivery]:
        """One delivery for each target that did not leave, and part; the key names digest run, target and part."""
        run = f"{digest.thread or spec.id}@{now:%Y%m%dT%H%M%S.%fZ}"
        left = self._store.people.left(spec.id)
        deliveries: list[Delivery] = []
        targets = [target for target in spec.to if target not in left]
        for target, messages in zip(targets, self._renderer.render_all(digest, targets), strict=True):
            deliveries += [
                Delivery(
                    key=f"{run}:{target}:{part}",
                    digest=spec.id,
                    target=target,
                    message=message,
                    created_at=now,
                    part=part,
                    parts=len(messages),
                    thread=digest.thread,
                )
                for part, message in enumerate(messages, start=1)
            ]
        return deliveries
