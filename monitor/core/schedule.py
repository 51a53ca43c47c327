"""When a digest is due. Of feeds: see polling.py; of failed deliveries: retrying.py; of quiet hours: quiet.py.

Pure arithmetic: the clock's time comes in as an argument. All datetimes that come in are aware; all that go out
are in UTC.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import takewhile

from cronsim import CronSim, CronSimError

from monitor.core.model import Alert, DigestSpec, Rate, Run, Severity
from monitor.core.polling import later
from monitor.core.quiet import pause_at, zone

MAX_REPEATS = 5  # of an alert that nobody acknowledges
NO_REPEAT_AFTER = timedelta(days=3)  # since a story's last report: then it is no news any more

_FIELDS = {
    "minute": "0–59",
    "hour": "0–23",
    "day-of-month": "1–31",
    "month": "1–12 or JAN–DEC",
    "day-of-week": "0–7 or SUN–SAT, both 0 and 7 are Sunday",
}
_EXAMPLE = "for weekdays at 08:00 write '0 8 * * 1-5'"
# A leap-year start, so that every day of a year comes up soon after it.
_ANY_TIME = datetime(2028, 1, 1, tzinfo=UTC)
# A digest made so far in the future means that the clock was set back: its next time could be years away.
_SET_BACK = timedelta(hours=1)
# How far back the last of several missed times is looked for, step by step: keeps a long pause cheap.
_LOOK_BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=32), timedelta(days=366))


def check_cron(text: str) -> str | None:
    """What is wrong with a cron line (five fields), in words that say how to mend it; None if nothing is."""
    count = len(text.split())
    if count != 5:
        return f"a time needs the five fields 'minute hour day month weekday', this has {count}: {_EXAMPLE}"
    try:
        CronSim(text, _ANY_TIME)
    except CronSimError as error:
        field = str(error).removeprefix("Bad ")
        if field == "day-of-month" and _has_days(text.split()[2]):
            return f"{text!r} names a day that never comes in that month: {_EXAMPLE}"
        return f"{text!r}: the {field} is not valid, it takes {_FIELDS.get(field, 'numbers')}: {_EXAMPLE}"
    if next(_times(text, "UTC", _ANY_TIME), None) is None:
        return f"{text!r} names a time that never comes: {_EXAMPLE}"
    return None


def _has_days(field: str) -> bool:
    """Whether a cron line's field of days is good by itself: then it is the month that has no such day."""
    try:
        CronSim(f"0 0 {field} 1 *", _ANY_TIME)
    except CronSimError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Fold:
    """How alerts that are due are told: each by itself, or `together` as one digest, at once or only from `until`.

    News that is graver than `unless` (None: any news) doesn't wait until then: it is told now, as one message.
    """

    together: bool
    until: datetime | None = None  # UTC; None: now
    unless: Severity | None = None

    def passes(self, severity: Severity | None) -> bool:
        """Whether news as grave as that may be told now; None: an alert that comes again, without news."""
        if self.until is None:
            return True
        return severity is not None and severity.rank > _rank(self.unless)


def held_until(spec: DigestSpec, now: datetime, *, urgent: bool = False) -> datetime | None:
    """When a digest that is held back at this moment may speak again, in UTC; None: it may speak now.

    Maintenance holds back every digest; quiet hours hold back digests at once, but not what is `urgent` (see
    routes.urgent). The end of the one may fall into the other: this is when the last of them is over. Of since when
    and why, see quiet.pause_at.
    """
    pause = pause_at(spec, now, urgent=urgent)
    return pause.until if pause else None


def digest_due(spec: DigestSpec, *, last: datetime, now: datetime) -> datetime | None:
    """The hour for which a digest with a cron line is due, at most `now`; None if none is, or it is held back now.

    The latest of its hours after `last`, when it went out last, so several that were missed come to one digest. For
    digests at once, see alert_due.
    """
    if spec.at is None or held_until(spec, now):
        return None
    if last > now + _SET_BACK:
        return now.astimezone(UTC)
    first = _first(spec.at, spec.timezone, last)
    if first is None or first > now:
        return None
    for span in _LOOK_BACK:
        if first >= now - span:
            break
        if missed := _between(spec, now - span, now):
            return missed[-1]
    return _between(spec, last, now)[-1]


def next_digest(spec: DigestSpec, now: datetime) -> datetime | None:
    """When a digest with a cron line goes next after `now`; None for `at: once`.

    A time that falls into maintenance counts at its end. What is held back or was missed by now isn't considered.
    """
    if spec.at is None:
        return None
    at = _first(spec.at, spec.timezone, now)
    return at and (held_until(spec, at) or at)


def next_hour(spec: DigestSpec, *, last: datetime, now: datetime) -> datetime | None:
    """When a digest with a cron line that went out last at `last` is due next, in UTC, not before `now`.

    What was missed is due now. Of what holds it back then, see held_until. None: its hour never comes.
    """
    now = now.astimezone(UTC)
    if last > now + _SET_BACK:
        return now
    at = _first(spec.at or "", spec.timezone, last)
    return at and max(at, now)


def alert_due(spec: DigestSpec, alert: Alert, now: datetime) -> datetime | None:
    """From when on a story is to be told by a digest at once, maybe in the future, in UTC; None: nothing to tell.

    A new story is gathered for `wait`, and so is a report that is graver than all that was told of one; other further
    reports come `update_every` after the last telling; without any, a story that nobody has acknowledged comes again
    `repeat_after` the last telling, MAX_REPEATS times, while its last report is younger than NO_REPEAT_AFTER. Quiet
    hours and the rate are not considered.
    """
    told, since = alert.told, alert.since
    # Whatever was done in the future shows that the clock was set back: waiting for it could take for ever.
    set_back = told is not None and told.last_at > now + _SET_BACK
    if since is not None:
        if told is None:
            return _gathered(spec, since, now)
        came = min(since, now).astimezone(UTC)
        due = came if set_back else max(came, later(told.last_at, spec.update_every))
        return min(due, _gathered(spec, alert.graver_since, now)) if alert.graver_since else due
    if alert.acknowledged or spec.repeat_after is None or alert.last_report is None:
        return None
    if told is None or told.repeats >= MAX_REPEATS:
        return None
    due = now.astimezone(UTC) if set_back else later(told.last_at, spec.repeat_after)
    return due if max(due, now) - alert.last_report < NO_REPEAT_AFTER else None


def _gathered(spec: DigestSpec, since: datetime, now: datetime) -> datetime:
    """When the `wait` is over of what came then; at once of what came in the future, which is over when it is told."""
    return now.astimezone(UTC) if since > now else later(since, spec.wait)


def runs_since(spec: DigestSpec, now: datetime) -> datetime:
    """Since when `fold_until` has to know the runs of a digest."""
    return now - 3 * spec.at_most.span


def fold_until(spec: DigestSpec, runs: Sequence[Run], due: int, now: datetime) -> Fold:
    """How to tell `due` alerts, given when this digest went out since `runs_since`, in any order.

    If with them there were more than `at_most.count` within `at_most.span`, all of them become one digest, and after
    it none comes before its span is over, unless it has become calm: so a flood gives one digest a span, with
    everything in it. Only news graver than all that was told within the span goes ahead, as one message, and leaves
    that digest its time. As each is graver than the one before, readers get at most `count` messages a span, the
    digest, and one for each severity. Clocks that were set back leave runs in the future, which don't count.
    """
    rate = spec.at_most
    past = sorted((run for run in runs if run.at <= now), key=lambda run: run.at)
    recent = [run for run in past if run.at > now - rate.span]
    surplus = len(recent) + due - rate.count
    if surplus <= 0 or not due:
        return Fold(together=False)
    folded_at = _folded_at(past, rate)
    if folded_at is None or folded_at <= now - rate.span:
        return Fold(together=True)
    calm = [later(run.at, rate.span) for run in recent[surplus - 1 : surplus]]  # when as many have gone by
    gravest = max((run.gravest for run in recent), key=_rank)
    return Fold(together=True, until=min([later(folded_at, rate.span), *calm]), unless=gravest)


def _folded_at(runs: Sequence[Run], rate: Rate) -> datetime | None:
    """When alerts were last folded into one, given all runs in order; what went ahead since is no fold."""
    times = [run.at for run in runs]

    def crowded(at: datetime) -> bool:
        return bisect_right(times, at) - bisect_right(times, at - rate.span) > rate.count

    def ahead(run: Run) -> bool:
        before = [other for other in runs if run.at - rate.span < other.at < run.at]
        return not folds.isdisjoint(before) and _rank(run.gravest) > max(_rank(other.gravest) for other in before)

    # One alert that was one too many counts as folded, too: else a trickle would pass the guard one by one.
    folds = {run for run in runs if run.stories > 1 or crowded(run.at)}
    return next((run.at for run in reversed(runs) if run in folds and not ahead(run)), None)


def _rank(severity: Severity | None) -> int:
    return -1 if severity is None else severity.rank


@lru_cache(maxsize=1024)  # asked every few seconds, and answered alike until the digest goes out
def _first(cron: str, timezone: str, after: datetime) -> datetime | None:
    return next(_times(cron, timezone, after), None)


def _between(spec: DigestSpec, after: datetime, until: datetime) -> list[datetime]:
    return list(takewhile(lambda at: at <= until, _times(spec.at or "", spec.timezone, after)))


def _times(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """The line's times after that moment, each once, in UTC.

    A time that the clocks skip in spring comes when they have moved; one that they repeat in autumn comes the
    first time only. A line for every hour (`*`) follows the hours as they pass.
    """
    start = after.astimezone(UTC)
    for local in CronSim(_settled(cron), start.astimezone(zone(timezone))):
        at = local.astimezone(UTC)
        if at > start:  # in the repeated hour the line starts over from the hour's first passing
            start = at
            yield at


def _settled(cron: str) -> str:
    """The same line, with `*` written out where cronsim would otherwise follow elapsed time, not the wall clock.

    It treats lines whose minute or hour begins with `*` as intervals, which skip or repeat on the day the
    clocks change. Only a plain `*` for the hour is meant so.
    """
    minute, hour, *rest = cron.split()
    if hour == "*":
        return cron
    if hour.startswith("*"):
        hour = "0-23" + hour[1:]
    if minute.startswith("*"):
        minute = "0-59" + minute[1:]
    return " ".join((minute, hour, *rest))
