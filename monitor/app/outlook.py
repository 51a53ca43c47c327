"""What each digest has before it: when it goes next, what waits in it, and what it waits for. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.app.ports import Store
from monitor.app.watch import Watch
from monitor.core import routes, schedule
from monitor.core.model import Alert, DigestSpec, Waiting
from monitor.core.quiet import MAINTENANCE, QUIET, Pause, pause_at


@dataclass(frozen=True, slots=True)
class DigestOutlook:
    """One digest's present. `waiting` counts reports, of `stories`; `waits_for` says in words what keeps them back."""

    spec: DigestSpec
    waiting: int
    stories: int
    last_at: datetime | None
    next_at: datetime | None  # not before now; None: nothing waits, or its hour never comes
    waits_for: str = ""
    held_until: datetime | None = None  # by quiet hours or maintenance, where these keep it back


@dataclass(frozen=True, slots=True)
class _Coming:
    """Something that will be told: when, and why not sooner."""

    at: datetime
    why: str = ""
    pause: Pause | None = None


def outlook(store: Store, watch: Watch, now: datetime) -> list[DigestOutlook]:
    """Every digest in the order of the file. Blocks on the store."""
    trays = store.digests.waiting()
    return [_one(store, watch, spec, trays.get(spec.id), now) for spec in watch.digests]


def orphans(store: Store, watch: Watch) -> list[Waiting]:
    """Trays of digests that stand in the file no more, by name."""
    known = {spec.id for spec in watch.digests}
    return [tray for name, tray in sorted(store.digests.waiting().items()) if name not in known]


def _one(store: Store, watch: Watch, spec: DigestSpec, tray: Waiting | None, now: datetime) -> DigestOutlook:
    last = store.digests.last_sent(spec.id)
    hit_ids = tray.hit_ids if tray else ()
    if spec.immediate:
        alerts = _alerts(store, spec, now)
        stories = sum(bool(alert.hit_ids) for alert in alerts)
        coming = _alert(store, watch, spec, alerts, now)
    else:
        stories = len({hit.story_id for hit in store.archive.hits(hit_ids)}) if hit_ids else 0
        coming = _scheduled(spec, last or now, now)
    if coming is None:
        return DigestOutlook(spec, len(hit_ids), stories, last, None)
    until = coming.pause.until if coming.pause else None
    return DigestOutlook(spec, len(hit_ids), stories, last, coming.at, coming.why, until)


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
    reasons = dict.fromkeys(_named(one.by) for one in (pause, last) if one)
    return _Coming(pause.until, f"held by {', then '.join(reasons)}", pause)


def _named(reason: str) -> str:
    return reason if reason in {MAINTENANCE, QUIET} else f"{MAINTENANCE}: {reason}"


def _alerts(store: Store, spec: DigestSpec, now: datetime) -> list[Alert]:
    """Stories with something in the tray, and those that may come again."""
    most = schedule.MAX_REPEATS if spec.repeat_after else 0
    since = now - schedule.NO_REPEAT_AFTER
    return store.digests.alerts(spec.id, now, told_before=now, report_after=since, most=most)


def _alert(store: Store, watch: Watch, spec: DigestSpec, alerts: Sequence[Alert], now: datetime) -> _Coming | None:
    """The first that will be told of these."""
    found = []
    for alert in alerts:
        due = schedule.alert_due(spec, alert, now)
        if due is not None:
            rules = (watch.rules_by_id.get(rule) for rule in alert.rules)
            urgent = any(routes.urgent(spec, rule) for rule in rules if rule)
            found.append(_held(spec, max(due, now), "due now" if due <= now else _reason(spec, alert), urgent=urgent))
    first = min(found, key=lambda coming: coming.at, default=None)
    if first is None or first.at > now:
        return first
    return _folded(store, spec, sum(coming.at <= now for coming in found), now) or first


def _reason(spec: DigestSpec, alert: Alert) -> str:
    if not alert.hit_ids:
        return "told again: nobody has acknowledged it"
    if alert.graver_since:
        return f"graver than what was told: gathering for {routes.in_words(spec.wait)}"
    if alert.told:
        return f"further reports, every {routes.in_words(spec.update_every)} at most"
    return f"gathering for {routes.in_words(spec.wait)}"


def _folded(store: Store, spec: DigestSpec, due: int, now: datetime) -> _Coming | None:
    """Where more is due than may go singly: when it goes together."""
    runs = store.digests.runs(spec.id, now - spec.at_most.span)
    folded_at = max((at for at, stories in runs if stories > 1 and at <= now), default=None)
    fold = schedule.fold_until(spec, [at for at, _ in runs], due, now, folded_at=folded_at)
    if not fold.until:
        return None
    rate = spec.at_most
    return _Coming(fold.until, f"more than {rate.count} in {routes.in_words(rate.span)}")
