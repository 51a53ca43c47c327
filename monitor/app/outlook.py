"""What each digest has before it: when it goes next, what waits in it, and what it waits for. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from monitor.app import readers
from monitor.app.ports import Store
from monitor.app.watch import Watch
from monitor.core import routes, schedule, silences
from monitor.core.model import Alert, DigestSpec, Silence, StoredHit, Target, Waiting
from monitor.core.quiet import Pause, pause_at


@dataclass(frozen=True, slots=True)
class DigestOutlook:
    """One digest's present. `waiting` counts reports, of `stories`; `waits_for` says in words what keeps them back.

    Silences that will hold when the digest comes are considered: what they keep from being told is `silenced`.
    """

    spec: DigestSpec
    waiting: int
    stories: int
    last_at: datetime | None
    next_at: datetime | None  # not before now; None: nothing waits, or its hour never comes
    waits_for: str = ""
    held_until: datetime | None = None  # by quiet hours or maintenance, where these keep it back
    silenced: int = 0  # reports in the tray that will be counted, not told
    left: tuple[Target, ...] = ()  # those it is for by the file who want it no more

    @property
    def to(self) -> tuple[Target, ...]:
        """Who gets it."""
        return tuple(target for target in self.spec.to if target not in self.left)


@dataclass(frozen=True, slots=True)
class _Coming:
    """Something that will be told: when, and why not sooner."""

    at: datetime
    why: str = ""
    pause: Pause | None = None


def outlook(store: Store, watch: Watch, now: datetime) -> list[DigestOutlook]:
    """Every digest in the order of the file. Blocks on the store."""
    trays, left = store.digests.waiting(), store.people.departed()
    nobody: frozenset[Target] = frozenset()
    return [_one(store, watch, spec, trays.get(spec.id), now, left.get(spec.id, nobody)) for spec in watch.digests]


def orphans(store: Store, watch: Watch) -> list[Waiting]:
    """Trays of digests that stand in the file no more, by name."""
    known = {spec.id for spec in watch.digests}
    return [tray for name, tray in sorted(store.digests.waiting().items()) if name not in known]


def _one(
    store: Store, watch: Watch, spec: DigestSpec, tray: Waiting | None, now: datetime, left: frozenset[Target]
) -> DigestOutlook:
    found = DigestOutlook(
        spec, 0, 0, store.digests.last_sent(spec.id), None, left=tuple(target for target in spec.to if target in left)
    )
    hit_ids = tray.hit_ids if tray else ()
    in_force = store.people.silences(now)
    if spec.immediate:
        alerts = _audible(store, watch, spec, _alerts(store, spec, now), in_force, now)
        waiting, stories = sum(len(alert.hit_ids) for alert in alerts), sum(bool(alert.hit_ids) for alert in alerts)
        coming = _alert(store, watch, spec, alerts, now)
    else:
        coming = _scheduled(spec, found.last_at or now, now)
        hits = store.archive.hits(hit_ids) if hit_ids else []
        hits, _ = silences.sort_out(hits, in_force, coming.at if coming else now)
        waiting, stories = len(hits), len({hit.story_id for hit in hits})
    found = replace(found, waiting=waiting, stories=stories, silenced=len(hit_ids) - waiting)
    if spec.to and not found.to:
        return replace(found, waits_for=readers.NOBODY)
    if coming is None:
        return replace(found, **_idle(spec, now)) if spec.immediate else found
    until = coming.pause.until if coming.pause else None
    return replace(found, next_at=coming.at, waits_for=coming.why, held_until=until)


def _idle(spec: DigestSpec, now: datetime) -> dict[str, Any]:
    """What would keep back the next hit of a digest at once in which nothing waits."""
    held = _held(spec, now, "")
    if held.pause is None:
        return {}
    spared = spec.quiet_unless and pause_at(spec, now, urgent=True) is None
    return {"waits_for": held.why + (" (all but quiet_unless)" if spared else ""), "held_until": held.pause.until}


def _scheduled(spec: DigestSpec, last: datetime, now: datetime) -> _Coming | None:
    at = schedule.next_hour(spec, last=last, now=now)
    if at is None:
        return None
    return _held(spec, at, "" if at > now else "due now")


def _held(spec: DigestSpec, at: datetime, why: str, *, urgent: bool = False) -> _Coming:
    pause = pause_at(spec, at, urgent=urgent)
    if pause is None:
        return _Coming(at, why)
    last = pause_at(spec, pause.until - timedelta(microseconds=1), urgent=urgent)  # one may follow another
    reasons = dict.fromkeys(one.by for one in (pause, last) if one)
    return _Coming(pause.until, f"held by {', then '.join(reasons)}", pause)


def _alerts(store: Store, spec: DigestSpec, now: datetime) -> list[Alert]:
    """Stories with something in the tray, and those that may come again."""
    most = schedule.MAX_REPEATS if spec.repeat_after else 0
    since = now - schedule.NO_REPEAT_AFTER
    return store.digests.alerts(spec.id, now, told_before=now, report_after=since, most=most)


def _audible(
    store: Store, watch: Watch, spec: DigestSpec, alerts: Sequence[Alert], in_force: Sequence[Silence], now: datetime
) -> Sequence[Alert]:
    """Without what will be silenced when its time comes; stories of which nothing is left are absent."""
    if not in_force:
        return alerts
    ids = [hit for alert in alerts for hit in alert.hit_ids]
    ids += store.digests.told(spec.id, [alert.story_id for alert in alerts if not alert.hit_ids])
    story = attrgetter("story_id")
    hits = {key: list(group) for key, group in groupby(sorted(store.archive.hits(ids), key=story), story)}
    found = []
    for alert in alerts:
        coming = _single(watch, spec, alert, now)
        heard, silenced = silences.sort_out(hits.get(alert.story_id, ()), in_force, coming.at if coming else now)
        if heard:
            found.append(_of(alert, heard) if silenced and alert.hit_ids else alert)
    return found


def _of(alert: Alert, heard: Sequence[StoredHit]) -> Alert:
    """The alert with these of its hits only."""
    gravest = max((hit.hit.severity for hit in heard), key=attrgetter("rank"))
    return replace(
        alert,
        hit_ids=tuple(hit.id for hit in heard),
        severity=gravest,
        graver_since=alert.graver_since if gravest is alert.severity else None,
        rules=frozenset(hit.hit.rule for hit in heard),
    )


def _single(watch: Watch, spec: DigestSpec, alert: Alert, now: datetime) -> _Coming | None:
    """When this one comes, whatever the others do."""
    due = schedule.alert_due(spec, alert, now)
    if due is None:
        return None
    rules = (watch.rules_by_id.get(rule) for rule in alert.rules)
    urgent = any(routes.urgent(spec, rule) for rule in rules if rule)
    return _held(spec, max(due, now), "due now" if due <= now else _reason(spec, alert), urgent=urgent)


def _alert(store: Store, watch: Watch, spec: DigestSpec, alerts: Sequence[Alert], now: datetime) -> _Coming | None:
    """The first that will be told of these."""
    found = [(coming, alert) for alert in alerts if (coming := _single(watch, spec, alert, now))]
    first = min((coming for coming, _ in found), key=lambda coming: coming.at, default=None)
    if first is None or first.at > now:
        return first
    due_now = [alert.severity for coming, alert in found if coming.at <= now]
    runs = store.digests.runs(spec.id, schedule.runs_since(spec, now))
    fold = schedule.fold_until(spec, runs, len(due_now), now)
    if fold.until is None or any(map(fold.passes, due_now)):
        return first
    rate = spec.at_most
    return _Coming(fold.until, f"more than {rate.count} in {routes.in_words(rate.span)}")


def _reason(spec: DigestSpec, alert: Alert) -> str:
    if not alert.hit_ids:
        return "told again: nobody has acknowledged it"
    if alert.graver_since:
        return f"graver than what was told: gathering for {routes.in_words(spec.wait)}"
    if alert.told:
        return f"further reports, every {routes.in_words(spec.update_every)} at most"
    return f"gathering for {routes.in_words(spec.wait)}"
