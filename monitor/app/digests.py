"""Makes digests when they are due: tray → Digest → messages → outbox, in one transaction. Does not send."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.app.ports import Renderer, Store
from monitor.app.watch import Watch
from monitor.core import schedule
from monitor.core.digest import compose
from monitor.core.model import Coverage, Delivery, Digest, DigestSpec

HISTORY_DAYS = 30  # the small figures beside a topic


@dataclass(frozen=True, slots=True)
class DigestOutlook:
    """One digest's present: when it goes next and what waits in it."""

    spec: DigestSpec
    waiting: int
    last_at: datetime | None
    next_at: datetime | None


class DigestWriter:
    """Writes digests. All methods block on the store; call them on its thread."""

    def __init__(self, *, store: Store, renderer: Renderer, sample: bool = False) -> None:
        self._store = store
        self._renderer = renderer
        self._sample = sample

    def write_due(self, watch: Watch, now: datetime) -> list[Digest]:
        """Write every digest whose time has come; one that can't be written never keeps the others back."""
        written: list[Digest] = []
        errors: list[Exception] = []
        trays = self._store.digests.waiting()
        for spec in watch.digests:
            tray = trays.get(spec.id)
            due = schedule.digest_due(
                spec, last=self._last(spec, now), waiting_since=tray.since if tray else None, now=now
            )
            if due is None:
                continue
            try:
                written.append(self.write(watch, spec, now))
            except Exception as error:
                errors.append(error)
        if errors:
            raise ExceptionGroup("digests that could not be written; their trays are kept", errors)
        return written

    def write(self, watch: Watch, spec: DigestSpec, now: datetime) -> Digest:
        """Write one digest now: empties its tray and queues its deliveries, together or not at all."""
        with self._store.transaction():
            tray = self._store.digests.waiting().get(spec.id)
            hit_ids = tray.hit_ids if tray else ()
            digest = self.preview(watch, spec, now)
            silent = not hit_ids and (spec.immediate or not spec.send_empty)
            deliveries = [] if silent else self._deliveries(spec, digest, now)
            self._store.digests.close(digest, hit_ids, deliveries, now)
        return digest

    def preview(self, watch: Watch, spec: DigestSpec, now: datetime) -> Digest:
        """The digest as it would be written now; changes nothing."""
        desk, archive = self._store.digests, self._store.archive
        tray = desk.waiting().get(spec.id)
        hits = archive.hits(tray.hit_ids) if tray else []
        since = desk.last_sent(spec.id)
        rules = {hit.hit.rule for hit in hits}
        return compose(
            spec,
            hits,
            feeds=watch.feeds_by_id,
            rules=watch.rules_by_id,
            told=archive.story_ids_told(spec.id, {hit.story_id for hit in hits}),
            daily=archive.daily_hits(rules, HISTORY_DAYS, now, spec.timezone),
            coverage=self._coverage(watch, spec, since, now),
            since=since,
            now=now,
            next_at=schedule.next_digest(spec, now),
            left_out=desk.left_out(spec.id),
            notes=watch.notes,
            sample=self._sample,
        )

    def _coverage(self, watch: Watch, spec: DigestSpec, since: datetime | None, now: datetime) -> Coverage:
        """What was watched, and how the feeds fared since somebody last heard of that."""
        since = since or now - timedelta(days=1)
        heard = min(self._store.digests.last_heard(spec.id) or since, since)
        enabled = {feed.id for feed in watch.enabled}
        notices = (notice for notice in self._store.feeds.notices(heard, now) if notice.feed in enabled)
        return replace(self._store.archive.coverage(watch.enabled, since, now), notices=tuple(notices))

    def outlook(self, watch: Watch, now: datetime) -> list[DigestOutlook]:
        """Every digest with its next time, in the order of the file."""
        trays = self._store.digests.waiting()
        return [
            DigestOutlook(
                spec,
                waiting=len(trays[spec.id].hit_ids) if spec.id in trays else 0,
                last_at=self._store.digests.last_sent(spec.id),
                next_at=trays[spec.id].since + spec.wait
                if spec.immediate and spec.id in trays
                else schedule.next_digest(spec, now),
            )
            for spec in watch.digests
        ]

    def _last(self, spec: DigestSpec, now: datetime) -> datetime:
        return self._store.digests.last_sent(spec.id) or self._store.digests.start(spec.id, now)

    def _deliveries(self, spec: DigestSpec, digest: Digest, now: datetime) -> list[Delivery]:
        """One delivery for each target and part; the key names digest run, target and part."""
        run = f"{spec.id}@{now:%Y%m%dT%H%M%S.%fZ}"
        deliveries: list[Delivery] = []
        for target in spec.to:
            messages = self._renderer.render(digest, target)
            deliveries += [
                Delivery(
                    key=f"{run}:{target}:{part}",
                    digest=spec.id,
                    target=target,
                    message=message,
                    created_at=now,
                    part=part,
                    parts=len(messages),
                )
                for part, message in enumerate(messages, start=1)
            ]
        return deliveries
