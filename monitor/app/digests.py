"""Makes digests when they are due: tray → Digest → messages → outbox, the last step in one transaction. Does not send.

Here stand digests with a cron line and what is written by hand; those at once are in alerts.py.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

import structlog

from monitor.app import readers, spoilers
from monitor.app.alerts import AlertWriter, thread
from monitor.app.drafts import ITS_HOUR, Draft, Drafter
from monitor.app.outlook import DigestOutlook, orphans, outlook
from monitor.app.patience import Patience
from monitor.app.ports import Renderer, Store
from monitor.app.watch import Watch
from monitor.core import schedule
from monitor.core.digest import Occasion
from monitor.core.model import Digest, DigestSpec, Waiting
from monitor.core.quiet import pause_at
from monitor.errors import MonitorError

log = structlog.get_logger()


class DigestWriter:
    """Writes digests. All methods block on the store; call them on its thread."""

    def __init__(self, *, store: Store, renderer: Renderer, sample: bool = False) -> None:
        self._store = store
        self._drafter = Drafter(store=store, renderer=renderer, sample=sample)
        self._patience = Patience()
        self._alerts = AlertWriter(store, self._drafter, self._patience)
        self._deserted: Collection[str] = ()  # digests of which it was said

    def write_due(self, watch: Watch, now: datetime) -> list[Digest]:
        """Write every digest whose time has come; one that can't be written never keeps the others back.

        One that everybody has left is not written: nothing shall count as told that nobody gets. Raises ExceptionGroup
        with what could not be written, when all else is; also while that is given a rest, see Patience.
        """
        written: list[Digest] = []
        errors: list[Exception] = []
        self._patience.heed(watch)
        deserted = readers.deserted(self._store, watch.digests)
        self._warn(deserted)
        for spec in watch.digests:
            if spec.id in deserted:
                continue
            try:
                if spec.immediate:
                    written += self._alerts.write_due(watch, spec, now, errors)
                elif due := schedule.digest_due(spec, last=self._last(spec, now), now=now):
                    written += self._try(watch, spec, now, _made_up_for(spec, due), errors)
            except Exception as error:
                errors.append(error)
        if errors:
            raise ExceptionGroup("digests that could not be written; their trays are kept", errors)
        return written

    def write(self, watch: Watch, spec: DigestSpec, now: datetime) -> Digest:
        """Write one digest now, due or not: empties its tray and queues its deliveries, together or not at all.

        Raises MonitorError, with nothing changed, when everybody has left it; ExceptionGroup with what could not be
        written, when the rest is.
        """
        if deserted := readers.deserted(self._store, [spec]):
            raise MonitorError(str(deserted[spec.id]))
        errors: list[Exception] = []
        digest = self._write(watch, spec, now, ITS_HOUR, errors)
        if errors:
            raise ExceptionGroup(
                "stories that could not be written; they wait in the tray, the others are told", errors
            )
        return digest

    def preview(self, watch: Watch, spec: DigestSpec, now: datetime) -> Digest:
        """All that waits as one digest, with why it will come together where it will; changes nothing."""
        draft = self._drafter.draft(watch, spec, now, self._tray(spec))
        if not spec.immediate or not draft.digest.stories:
            return draft.digest
        occasion = self._coming(watch, spec, now, draft.digest)
        return self._drafter.draft(watch, spec, now, draft.hit_ids, occasion=occasion).digest

    def _try(
        self, watch: Watch, spec: DigestSpec, now: datetime, occasion: Occasion, errors: list[Exception]
    ) -> list[Digest]:
        """The digest, unless it failed just before; why it can't be written goes to `errors`."""
        error = self._patience.resting(spec.id, now)
        if error is None:
            try:
                digest = self._write(watch, spec, now, occasion, errors)
            except Exception as failure:
                error = failure
                self._patience.failed([spec.id], failure, now)
            else:
                self._patience.written(spec.id)
                return [digest]
        errors.append(error)
        return []

    def _write(
        self, watch: Watch, spec: DigestSpec, now: datetime, occasion: Occasion, errors: list[Exception]
    ) -> Digest:
        """All that waits; without the stories that can't be written, whose errors go to `errors`."""

        def attempt(part: Sequence[Collection[int]]) -> None:
            self._drafter.rehearse(spec, self._draft(watch, spec, now, occasion, list(chain(*part))), now)

        try:
            return self._put_out(watch, spec, now, occasion, None)
        except Exception:
            stories = self._stories(self._tray(spec))
            good, found = spoilers.passing(stories, attempt)
            if not good or not found:
                raise
        errors += [error for _, error in found]
        watch = spoilers.noted(watch, len(stories) - len(good))
        return self._put_out(watch, spec, now, occasion, list(chain(*good)))

    def _put_out(
        self, watch: Watch, spec: DigestSpec, now: datetime, occasion: Occasion, hit_ids: Collection[int] | None
    ) -> Digest:
        """These hits, or all that wait."""
        draft = self._draft(watch, spec, now, occasion, self._tray(spec) if hit_ids is None else hit_ids)
        silent = not draft.hit_ids and (spec.immediate or not spec.send_empty)
        self._drafter.put_out(spec, draft, now, silent=silent)
        return draft.digest

    def _draft(
        self, watch: Watch, spec: DigestSpec, now: datetime, occasion: Occasion, hit_ids: Collection[int]
    ) -> Draft:
        """Of these hits; for a digest at once, which comes here by hand only, as one alert."""
        draft = self._drafter.draft(watch, spec, now, hit_ids, occasion=occasion)
        if not spec.immediate or not draft.hit_ids:
            return draft
        alert = Occasion(alert=True, by_hand=True, thread=_thread(spec, draft.digest))
        return self._drafter.draft(watch, spec, now, hit_ids, occasion=alert)

    def _coming(self, watch: Watch, spec: DigestSpec, now: datetime, digest: Digest) -> Occasion:
        """As what the alerts that wait will come: held back, too many, or each by itself."""
        alert, count = Occasion(alert=True, thread=_thread(spec, digest)), len(digest.stories)
        pause = pause_at(spec, now) if self.ahead(watch, spec, now).held_until else None
        if pause:
            return replace(alert, held_since=pause.since, held_by=pause.by)
        fold = schedule.fold_until(spec, self._store.digests.runs(spec.id, schedule.runs_since(spec, now)), count, now)
        return replace(alert, folded=count if count > 1 and (fold.together or fold.until) else 0)

    def _tray(self, spec: DigestSpec) -> Collection[int]:
        tray = self._store.digests.waiting().get(spec.id)
        return tray.hit_ids if tray else ()

    def _stories(self, hit_ids: Collection[int]) -> list[list[int]]:
        """These hits, story by story."""
        stories: dict[int, list[int]] = {}
        for hit in self._store.archive.hits(hit_ids):
            stories.setdefault(hit.story_id, []).append(hit.id)
        return list(stories.values())

    def outlook(self, watch: Watch, now: datetime) -> list[DigestOutlook]:
        """Every digest with its next time, in the order of the file."""
        return outlook(self._store, watch, now)

    def ahead(self, watch: Watch, spec: DigestSpec, now: datetime) -> DigestOutlook:
        """What this digest has before it."""
        (found,) = outlook(self._store, replace(watch, digests=(spec,)), now)
        return found

    def orphans(self, watch: Watch) -> list[Waiting]:
        """Trays of digests that stand in the file no more."""
        return orphans(self._store, watch)

    def deserted(self, watch: Watch) -> list[readers.Deserted]:
        """The digests that everybody has left."""
        return list(readers.deserted(self._store, watch.digests).values())

    def _warn(self, deserted: Mapping[str, readers.Deserted]) -> None:
        """Say once that a digest is not written any more, and once that it is again."""
        for digest in deserted.keys() - set(self._deserted):
            log.warning("a digest has no readers left", digest=digest, note=str(deserted[digest]))
        for digest in set(self._deserted) - deserted.keys():
            log.info("a digest is not without readers any more", digest=digest)
        self._deserted = frozenset(deserted)

    def _last(self, spec: DigestSpec, now: datetime) -> datetime:
        return self._store.digests.last_sent(spec.id) or self._store.digests.start(spec.id, now)


def _thread(spec: DigestSpec, digest: Digest) -> str:
    """The thread of an alert of one story; several have none."""
    return thread(spec, digest.stories[0].story_id) if len(digest.stories) == 1 else ""


def _made_up_for(spec: DigestSpec, due: datetime) -> Occasion:
    """Why a digest comes later than its hour."""
    pause = pause_at(spec, due)
    return Occasion(held_since=due, held_by=pause.by) if pause else ITS_HOUR
