"""What a digest would have told at a moment in the past, by the routing rules of today. Pure.

Which hits were in its tray is not recorded; it follows from when they were found and from when digests are due.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from monitor.core import furniture, routes, schedule
from monitor.core.headline import fold
from monitor.core.model import (
    Ack,
    Alert,
    DigestSpec,
    Edition,
    FeedSpec,
    FeedState,
    Hit,
    Item,
    RuleInfo,
    StoredHit,
    Telling,
)

_INSTANT = timedelta(microseconds=1)
_LOOK_BACK = timedelta(days=366 * 9)  # a cron line may name 29 February, which 2100 has not
_MOST_PAUSED = 1000  # of a digest's times within one maintenance


@dataclass(frozen=True, slots=True)
class Period:
    """What a digest tells of: after `since`, up to `until`, when it was due. Both in UTC."""

    since: datetime
    until: datetime


def scheduled(spec: DigestSpec, moment: datetime) -> Period | None:
    """The period of the digest with a cron line that was due last, at `moment` or before; None: there was none.

    One that fell into maintenance was due at its end, in one with all others that did.
    """
    until = _effective(spec, moment)
    if until is None:
        return None
    return Period(_effective(spec, until - _INSTANT) or until - timedelta(days=1), until)


def _effective(spec: DigestSpec, moment: datetime) -> datetime | None:
    """When a digest went out last, at `moment` or before."""
    at = _last_time(spec, moment)
    for _ in range(_MOST_PAUSED):
        if at is None:
            return None
        went = schedule.held_until(spec, at) or at
        if went <= moment:
            return went
        at = _last_time(spec, at - _INSTANT)
    return None


def _last_time(spec: DigestSpec, moment: datetime) -> datetime | None:
    free = replace(spec, maintenance=())
    return schedule.digest_due(free, last=moment - _LOOK_BACK, now=moment)


def day_of(moment: datetime, timezone: str) -> Period:
    """The calendar day of a moment, up to that moment."""
    zone = ZoneInfo(timezone)
    midnight = datetime.combine(moment.astimezone(zone).date(), time(), zone).astimezone(UTC)
    return Period(midnight - _INSTANT, moment)


# --- which hits -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Routing:
    """What was to be told, and what was left out, with the reason, and how many reports for each."""

    told: tuple[StoredHit, ...]
    left_out: tuple[tuple[str, int], ...] = ()


def routed(
    spec: DigestSpec,
    hits: Sequence[StoredHit],
    period: Period,
    *,
    rules: Mapping[str, RuleInfo],
    feeds: Mapping[str, FeedSpec],
    states: Mapping[str, FeedState],
    editions: Callable[[int], Sequence[Edition]],
    max_age: timedelta,
) -> Routing:
    """The hits that went into the digest's tray in this period, when they were found or their headline was edited.

    `editions` of an item, oldest first. What no rule in force finds goes into none.
    """
    told: list[StoredHit] = []
    reasons: Counter[str] = Counter()
    together: defaultdict[tuple[int, datetime], list[tuple[RuleInfo, Hit]]] = defaultdict(list)
    for hit in hits:
        if hit.hit.rule in rules:
            together[hit.item_id, hit.at].append((rules[hit.hit.rule], hit.hit))
    for hit in hits:
        rule, feed = rules.get(hit.hit.rule), feeds.get(hit.item.feed)
        if rule is None or not routes.selects(spec, rule) or not routes.wants(spec, hit.item, feed):
            continue
        fresh = False
        if period.since < hit.at <= period.until:
            state = states.get(hit.item.feed)
            first = state.first_success_at if state else None
            backlog = first is not None and hit.at <= first
            verdict = routes.tellable(
                spec,
                hit.hit,
                hit.item,
                rule=routes.foremost(spec, together[hit.item_id, hit.at]),
                first_read=backlog,
                now=hit.at,
                max_age=max_age,
            )
            fresh = verdict.told
            reasons += Counter() if fresh else Counter([verdict.reason])
        edits = retitled(hit, editions(hit.item_id), period) if hit.edited and not spec.immediate else ()
        renewed = (
            routes.tellable(spec, hit.hit, hit.item, first_read=False, now=at, max_age=max_age).told for at in edits
        )
        if fresh or any(renewed):
            told.append(hit)
    return Routing(tuple(told), tuple(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))))


def retitled(hit: StoredHit, editions: Sequence[Edition], period: Period) -> list[datetime]:
    """When in the period, after the hit was found, the headline was edited into another one than all before."""
    titles = [fold(furniture.without(title)) for title in (*(edition.title for edition in editions), hit.item.title)]
    return [
        edition.replaced_at
        for number, edition in enumerate(editions, start=1)
        if max(period.since, hit.at) < edition.replaced_at <= period.until and titles[number] not in titles[:number]
    ]


def waiting(
    spec: DigestSpec, hits: Sequence[StoredHit], moment: datetime, urgent: Callable[[StoredHit], bool]
) -> tuple[list[StoredHit], list[Telling]]:
    """Of a digest at once: which of these hits waited at `moment`, and what it had told of their stories by then.

    Each story by itself, as schedule.alert_due says, and not while it was held back; that a flood is folded into one
    digest is not considered.
    """
    tray: list[StoredHit] = []
    tellings: list[Telling] = []
    by_story = sorted((hit for hit in hits if hit.at <= moment), key=lambda hit: (hit.story_id, hit.at, hit.id))
    for _, group in groupby(by_story, key=lambda hit: hit.story_id):
        course = _Course()
        for hit in group:
            _tell(spec, course, hit.at, urgent)
            course.held.append(hit)
        _tell(spec, course, moment, urgent)
        tray += course.held
        if course.told and course.held:
            tellings.append(course.told)
    return tray, tellings


@dataclass(slots=True)
class _Course:
    """A story's: what was told of it, how grave at most, and what waits."""

    told: Telling | None = None
    rank: int = -1
    held: list[StoredHit] = field(default_factory=list)


def _tell(spec: DigestSpec, course: _Course, now: datetime, urgent: Callable[[StoredHit], bool]) -> None:
    """Tell what waits of a story, if it was due by `now`."""
    told, held = course.told, course.held
    if not held:
        return
    graver = next((hit.at for hit in held if hit.hit.severity.rank > course.rank), None) if told else None
    alert = Alert(held[0].story_id, since=held[0].at, graver_since=graver, told=told, last_report=held[-1].at)
    due = schedule.alert_due(spec, alert, held[-1].at)
    if due is None:
        return
    due = schedule.held_until(spec, due, urgent=any(map(urgent, held))) or due
    if due <= now:
        course.told = Telling(spec.id, alert.story_id, told.first_at if told else due, due)
        course.rank = max(course.rank, _gravest(held))
        course.held = []


def seen_to(
    acks: Mapping[int, Ack], told: Sequence[tuple[StoredHit, datetime]], telling: Sequence[StoredHit], now: datetime
) -> frozenset[int]:
    """The stories whose acknowledgement counted for a digest at `now`, as People.seen_to says.

    `told`: what it had told of these stories before, and when; `telling`: what it tells now.
    """
    counted = set()
    for story_id, ack in acks.items():
        before = [(hit, at) for hit, at in told if hit.story_id == story_id]
        reports = [*(hit for hit, _ in before), *(hit for hit in telling if hit.story_id == story_id)]
        known = [hit for hit, at in before if at <= ack.at] or [hit for hit in reports if hit.at <= ack.at] or reports
        if ack.at <= now and _gravest(reports) <= _gravest(known):
            counted.add(story_id)
    return frozenset(counted)


def _gravest(hits: Sequence[StoredHit]) -> int:
    return max((hit.hit.severity.rank for hit in hits), default=-1)


# --- as it was --------------------------------------------------------------------------------------------


def as_it_read(hit: StoredHit, match: Callable[[Item], list[Hit]]) -> StoredHit:
    """The hit with its evidence, found again where it was left out because the text was edited since."""
    if hit.hit.evidence:
        return hit
    again = next((found for found in match(hit.item) if found.rule == hit.hit.rule), None)
    return replace(hit, hit=replace(again, status=hit.hit.status)) if again else hit
