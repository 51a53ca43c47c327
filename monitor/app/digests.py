"""Makes digests when they are due: tray → Digest → messages → outbox, in one transaction. Does not send.

Here stand digests with a cron line and what is written by hand; those at once are in alerts.py.
"""

from datetime import datetime

from monitor.app.alerts import AlertWriter, thread
from monitor.app.drafts import ITS_HOUR, Draft, Drafter
from monitor.app.outlook import DigestOutlook, orphans, outlook
from monitor.app.ports import Renderer, Store
from monitor.app.watch import Watch
from monitor.core import schedule
from monitor.core.digest import Occasion
from monitor.core.model import Digest, DigestSpec, Waiting
from monitor.core.quiet import pause_at


class DigestWriter:
    """Writes digests. All methods block on the store; call them on its thread."""

    def __init__(self, *, store: Store, renderer: Renderer, sample: bool = False) -> None:
        self._store = store
        self._drafter = Drafter(store=store, renderer=renderer, sample=sample)
        self._alerts = AlertWriter(store, self._drafter)

    def write_due(self, watch: Watch, now: datetime) -> list[Digest]:
        """Write every digest whose time has come; one that can't be written never keeps the others back.

        Raises ExceptionGroup with what could not be written, when all else is.
        """
        written: list[Digest] = []
        errors: list[Exception] = []
        for spec in watch.digests:
            try:
                if spec.immediate:
                    written += self._alerts.write_due(watch, spec, now, errors)
                elif due := schedule.digest_due(spec, last=self._last(spec, now), now=now):
                    written.append(self._write(watch, spec, now, _made_up_for(spec, due)))
            except Exception as error:
                errors.append(error)
        if errors:
            raise ExceptionGroup("digests that could not be written; their trays are kept", errors)
        return written

    def write(self, watch: Watch, spec: DigestSpec, now: datetime) -> Digest:
        """Write one digest now, due or not: empties its tray and queues its deliveries, together or not at all."""
        return self._write(watch, spec, now, ITS_HOUR)

    def preview(self, watch: Watch, spec: DigestSpec, now: datetime) -> Digest:
        """The digest as it would be written now; changes nothing."""
        return self._draft(watch, spec, now, ITS_HOUR).digest

    def _write(self, watch: Watch, spec: DigestSpec, now: datetime, occasion: Occasion) -> Digest:
        with self._store.transaction():
            draft = self._draft(watch, spec, now, occasion)
            silent = not draft.hit_ids and (spec.immediate or not spec.send_empty)
            self._drafter.put_out(spec, draft, now, silent=silent)
        return draft.digest

    def _draft(self, watch: Watch, spec: DigestSpec, now: datetime, occasion: Occasion) -> Draft:
        """Of all that waits; for a digest at once, as one alert."""
        tray = self._store.digests.waiting().get(spec.id)
        hit_ids = tray.hit_ids if tray else ()
        draft = self._drafter.draft(watch, spec, now, hit_ids, occasion=occasion)
        if not spec.immediate or not draft.hit_ids:
            return draft
        stories = [story.story_id for story in draft.digest.stories]
        alone = len(stories) == 1
        alert = Occasion(
            alert=True, folded=0 if alone else len(stories), thread=thread(spec, stories[0]) if alone else ""
        )
        return self._drafter.draft(watch, spec, now, hit_ids, occasion=alert)

    def outlook(self, watch: Watch, now: datetime) -> list[DigestOutlook]:
        """Every digest with its next time, in the order of the file."""
        return outlook(self._store, watch, now)

    def orphans(self, watch: Watch) -> list[Waiting]:
        """Trays of digests that stand in the file no more."""
        return orphans(self._store, watch)

    def _last(self, spec: DigestSpec, now: datetime) -> datetime:
        return self._store.digests.last_sent(spec.id) or self._store.digests.start(spec.id, now)


def _made_up_for(spec: DigestSpec, due: datetime) -> Occasion:
    """Why a digest comes later than its hour."""
    pause = pause_at(spec, due)
    return Occasion(held_since=due, held_by=pause.by) if pause else ITS_HOUR
