"""Digests at once, story by story: which alerts are due, singly or folded into one, and what was held back.

Runs every few seconds, so that it asks the store one question where nothing is due.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.app import spoilers
from monitor.app.drafts import Draft, Drafter, Period
from monitor.app.patience import Patience
from monitor.app.ports import Store
from monitor.app.watch import Watch
from monitor.core import routes, schedule, silences
from monitor.core.digest import Occasion
from monitor.core.model import Alert, Digest, DigestSpec, Silence
from monitor.core.quiet import Pause, pause_at


@dataclass(frozen=True, slots=True)
class _Due:
    """An alert whose time has come; `held`: the pause in which it would have come, now over."""

    alert: Alert
    held: Pause | None


@dataclass
class _Spared:
    """Stories that would come again but for these silences: not to be looked at until those change."""

    silences: Sequence[Silence] = ()
    stories: set[tuple[str, int]] = field(default_factory=set)


class AlertWriter:
    """Writes the alerts of digests at once. Blocks on the store."""

    def __init__(self, store: Store, drafter: Drafter, patience: Patience) -> None:
        self._store = store
        self._drafter = drafter
        self._patience = patience
        self._spared = _Spared()
        self._crowds: dict[str, int] = {}  # by digest, how many were due when they were too many; fewer is seen later

    def write_due(self, watch: Watch, spec: DigestSpec, now: datetime, errors: list[Exception]) -> list[Digest]:
        """Write what is due, each alert by itself; one that can't be written is kept, with its error in `errors`."""
        due, together = self._now(watch, spec, now, errors)
        if not due:
            return []
        written: list[Digest] = []
        period = self._drafter.period(watch, spec, now)
        for group in _groups(due, together):
            if digest := self._try(watch, spec, now, group, period, errors):
                written.append(digest)
                period = period.told()
        return written

    def _now(self, watch: Watch, spec: DigestSpec, now: datetime, errors: list[Exception]) -> tuple[list[_Due], bool]:
        """What is told now, and whether together; of what failed just before, the errors."""
        runs = self._store.digests.runs(spec.id, schedule.runs_since(spec, now))
        while True:
            # Asked first, by how many there were, since it spares reading a full tray while a flood is held back.
            fold = schedule.fold_until(spec, runs, self._crowds.get(spec.id, 1), now)
            found, failed = self._rested(spec, self._due(watch, spec, now, fold), now)
            if not fold.until:
                fold = schedule.fold_until(spec, runs, _count(found), now)
                self._crowds[spec.id] = _count(found) if fold.until else 1
            due = [one for one in found if fold.passes(one.alert.severity)]
            if not due or not self._quieten(spec, due, now):
                errors += failed
                return due, fold.together

    def _rested(self, spec: DigestSpec, due: Sequence[_Due], now: datetime) -> tuple[list[_Due], list[Exception]]:
        """What may be tried, and why the rest of it failed just before, each failure once."""
        pairs = [(one, self._patience.resting(_key(spec, one), now)) for one in due]
        errors = {id(error): error for _, error in pairs if error}
        return [one for one, error in pairs if error is None], list(errors.values())

    def _due(self, watch: Watch, spec: DigestSpec, now: datetime, fold: schedule.Fold) -> list[_Due]:
        """Alerts whose time has come and that no pause holds back now; of a flood that is held back, what may pass."""
        pause = pause_at(spec, now)
        if pause and (not spec.quiet_unless or pause_at(spec, now, urgent=True)):
            return []
        rules = None
        if pause or fold.until:
            rules = [
                rule.id
                for rule in watch.rules_by_id.values()
                if fold.passes(rule.severity) and (not pause or routes.urgent(spec, rule))
            ]
            if not rules:
                return []
        repeat = None if fold.until else spec.repeat_after
        alerts = self._store.digests.alerts(
            spec.id,
            now,
            told_before=now - repeat if repeat else now,
            report_after=now - schedule.NO_REPEAT_AFTER,
            most=schedule.MAX_REPEATS if repeat else 0,
            rules=rules,
        )
        found = []
        for alert in alerts:
            at = schedule.alert_due(spec, alert, now)
            if at is None or at > now:
                continue
            urgent = _urgent(watch, spec, alert)
            if urgent or not pause:
                found.append(_Due(alert, pause_at(spec, at, urgent=urgent)))
        return self._unspared(spec, found, now) if found else []

    def _unspared(self, spec: DigestSpec, found: list[_Due], now: datetime) -> list[_Due]:
        """Without the stories that are known not to come again while the same silences last."""
        in_force = self._store.people.silences(now)
        if self._spared.silences != in_force:
            self._spared = _Spared(in_force)
        spared = self._spared.stories
        return [one for one in found if one.alert.hit_ids or (spec.id, one.alert.story_id) not in spared]

    def _quieten(self, spec: DigestSpec, due: Sequence[_Due], now: datetime) -> bool:
        """Take away what people asked to be quiet about, set aside and counted; whether that changed what is due."""
        in_force = self._spared.silences
        if not in_force:
            return False
        waiting = self._store.archive.hits([hit for one in due for hit in one.alert.hit_ids])
        _, silenced = silences.sort_out(waiting, in_force, now)
        self._drafter.set_aside(spec, silenced, now)
        again = {one.alert.story_id for one in due if not one.alert.hit_ids}
        told, _ = silences.sort_out(self._drafter.told(spec, again), in_force, now)
        mute = again.difference(hit.story_id for hit in told)
        self._spared.stories.update((spec.id, story_id) for story_id in mute)
        return bool(silenced or mute)

    def _try(
        self,
        watch: Watch,
        spec: DigestSpec,
        now: datetime,
        group: Sequence[_Due],
        period: Period,
        errors: list[Exception],
    ) -> Digest | None:
        """One alert, or several in one digest without those that can't be written; None where there is nothing."""

        def attempt(part: Sequence[_Due]) -> None:
            self._drafter.rehearse(spec, self._draft(watch, spec, now, part, period), now)

        try:
            return self._write(watch, spec, now, group, period)
        except Exception as error:
            good, bad = spoilers.passing(group, attempt)
            if not good or not bad:
                self._failed(spec, group, error, now, errors)
                return None
        for one, reason in bad:
            self._failed(spec, [one], reason, now, errors)
        try:
            return self._write(spoilers.noted(watch, len(group) - len(good)), spec, now, good, period)
        except Exception as error:
            self._failed(spec, good, error, now, errors)
            return None

    def _failed(
        self, spec: DigestSpec, group: Sequence[_Due], error: Exception, now: datetime, errors: list[Exception]
    ) -> None:
        """Note why these can't be written, to be said and to let them rest."""
        errors.append(error)
        self._patience.failed([_key(spec, one) for one in group], error, now)

    def _write(
        self, watch: Watch, spec: DigestSpec, now: datetime, group: Sequence[_Due], period: Period
    ) -> Digest | None:
        """One alert, or several in one digest; None where nothing is left to tell."""
        draft = self._draft(watch, spec, now, group, period)
        if not draft.digest.stories:
            self._drafter.set_aside(spec, draft.silenced, now)
            return None
        self._drafter.put_out(spec, draft, now)
        for one in group:
            self._patience.written(_key(spec, one))
        return draft.digest

    def _draft(self, watch: Watch, spec: DigestSpec, now: datetime, group: Sequence[_Due], period: Period) -> Draft:
        """Of one alert, or several in one digest."""
        alerts = [one.alert for one in group]
        pauses = [one.held for one in group if one.held]
        occasion = Occasion(
            alert=True,
            folded=len(group) if len(group) > 1 and len(pauses) < len(group) else 0,
            held_since=min((pause.since for pause in pauses), default=None),
            held_by=" and ".join(dict.fromkeys(pause.by for pause in pauses)),
            thread=thread(spec, alerts[0].story_id) if len(group) == 1 else "",
        )
        again = frozenset(alert.story_id for alert in alerts if not alert.hit_ids)
        hits = [hit for alert in alerts for hit in alert.hit_ids]
        return self._drafter.draft(watch, spec, now, hits, again=again, occasion=occasion, period=period)


def thread(spec: DigestSpec, story_id: int) -> str:
    """What names a story to the readers of a digest."""
    return f"{spec.id}/{story_id}"


def _key(spec: DigestSpec, due: _Due) -> tuple[str, int]:
    return spec.id, due.alert.story_id


def _count(due: Sequence[_Due]) -> int:
    """How many messages they would be: what was held back counts as one."""
    fresh = sum(one.held is None for one in due)
    return fresh + (fresh < len(due))


def _groups(due: Sequence[_Due], together: bool) -> list[list[_Due]]:
    """What goes into one digest: all, or what was held back, and each of the others by itself."""
    if together:
        return [list(due)]
    held = [one for one in due if one.held]
    return [*([held] if held else []), *([one] for one in due if not one.held)]


def _urgent(watch: Watch, spec: DigestSpec, alert: Alert) -> bool:
    rules = (watch.rules_by_id.get(rule) for rule in alert.rules)
    return any(routes.urgent(spec, rule) for rule in rules if rule)
