"""When a feed usually publishes: learnt from what it brought, and what follows from that for the next look.

An hour of the week (UTC, Monday 00:00 first) is one of 168 places; each new item counts in its place, and what was
counted fades by half in two weeks. Few items say little of one hour: its figure is drawn towards that of the same hour
on all days, times how busy this day is beside the others; and that towards the whole week's (partial pooling, each
level weighing as one week's observation).

Pure. All datetimes are aware; rates are items an hour.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from monitor.core.model import Habits

WEEK = 168  # hours
HALF_LIFE = timedelta(weeks=2)  # of what was counted: long enough for weekdays to tell apart, short enough to relearn
REFERENCE = 1.0  # items an hour at which the usual interval is the right one
SPAN = 5  # a feed is asked up to this many times as often as usual
REST = 3  # … and up to this many times more rarely
GAPS_KEPT = 32
_HALF_LIFE_WEEKS = HALF_LIFE / timedelta(weeks=1)
_MOST_WEEKS = _HALF_LIFE_WEEKS / math.log(2)  # behind a histogram that has counted for ever
_PRIOR = 2.0  # hours' worth of the belief that an unknown feed publishes at REFERENCE
_DAY_PRIOR = 2.0  # items that a day must differ by before it counts as another kind of day
_HOUR = timedelta(hours=1)


# --- learning ---------------------------------------------------------------------------------------------


def learn(
    habits: Habits, dates: Sequence[datetime | None], *, since: datetime | None, at: datetime, window: int
) -> Habits:
    """The habits after a document read `at` brought new items with these `dates` (None: undated).

    `since` is when the feed was read before (None: never), `window` how many items the document holds. An item came
    between the two readings: a date outside of them is an error or about something else, and `at` counts in its
    place. Of a first reading the dates of the last two weeks are taken, unless they are days without times.
    Only for documents with new items: silence needs no learning, because time itself makes what was counted fade.
    """
    if since is None:
        return _first(habits, dates, at)
    moments = sorted(date if date and since < date <= at else at for date in dates)
    if not moments:
        return habits
    start = habits.learnt_until or since
    passed = max(at - start, timedelta(0))
    watched = 1.0
    if len(moments) >= window > 0 and passed and start <= since:
        # Everything in it is new: what came before the oldest item and went again is not known.
        watched = max(0.0, 1 - (moments[0] - since) / passed)
    fade = _fade(passed)
    hours = _counted([count * fade for count in habits.hours] or [0.0] * WEEK, moments, at)
    learnt = habits.learnt * fade + _weeks_observed(passed) * watched
    return replace(habits, hours=hours, learnt=learnt, learnt_until=at, gaps=_gaps(habits, moments))


def _first(habits: Habits, dates: Sequence[datetime | None], at: datetime) -> Habits:
    """What the backlog of a first reading teaches: a feed of twenty items from this morning is a busy one."""
    moments = sorted(date for date in dates if date and at - HALF_LIFE < date <= at)
    of_day = [moment.astimezone(UTC).time() for moment in {*moments}]
    if not moments or 2 * max(map(of_day.count, of_day)) > len(of_day) > 1:
        return replace(habits, learnt_until=at)
    hours = _counted([0.0] * WEEK, moments, at)
    return replace(
        habits, hours=hours, learnt=_weeks_observed(at - moments[0]), learnt_until=at, gaps=_gaps(habits, moments)
    )


def _counted(hours: list[float], moments: Sequence[datetime], at: datetime) -> tuple[float, ...]:
    for moment in moments:
        hours[_place(moment)] += _fade(at - moment)
    return tuple(hours)


def _gaps(habits: Habits, moments: Sequence[datetime]) -> tuple[float, ...]:
    """Hours between the last moments at which something new came; what came together counts as one."""
    known = habits.learnt_until if habits.hours else None
    apart = sorted({*moments, *([known] if known and known < moments[0] else [])})
    found = [(later - sooner) / _HOUR for sooner, later in pairwise(apart)]
    return (*habits.gaps, *found)[-GAPS_KEPT:]


def _fade(passed: timedelta) -> float:
    return math.exp2(-(passed / HALF_LIFE))


def _weeks_observed(passed: timedelta) -> float:
    """Weeks of observation that this long a watch is worth at its end, when the beginning has faded."""
    return _MOST_WEEKS * (1 - _fade(passed))


def _place(moment: datetime) -> int:
    utc = moment.astimezone(UTC)
    return utc.weekday() * 24 + utc.hour


# --- forecasting ------------------------------------------------------------------------------------------


class Forecast:
    """How much a feed will publish, as its habits stand `at` a moment."""

    __slots__ = ("_anchor", "_covered", "_fade", "_habits", "_overall", "_weeks")

    def __init__(self, habits: Habits, at: datetime) -> None:
        passed = max(at - habits.learnt_until, timedelta(0)) if habits.learnt_until else timedelta(0)
        self._habits = habits
        self._fade = _fade(passed)
        self._weeks = min(habits.learnt * self._fade + _weeks_observed(passed), _MOST_WEEKS)
        self._overall = (sum(habits.hours) * self._fade + _PRIOR * REFERENCE) / (WEEK * self._weeks + _PRIOR)
        # In its first week not every hour was watched yet: only these many, up to the hour of `at`.
        share = 1 - self._weeks / _MOST_WEEKS
        age = -_HALF_LIFE_WEEKS * math.log2(share) if share > 1e-9 else math.inf
        self._covered = WEEK if age >= 1 else math.ceil(age * WEEK)
        self._anchor = _place(at)

    @property
    def overall(self) -> float:
        """Items an hour, over the whole week."""
        return self._overall

    def rate(self, moment: datetime) -> float:
        """Items an hour to be expected in the hour of the week of this moment."""
        if not self._habits.hours:
            return self._overall
        place, fade, weeks = _place(moment), self._fade, self._weeks
        hours, day = self._habits.hours, place - place % 24
        if self._covered < WEEK:
            return self._early(place)
        daily = (sum(hours[place % 24 :: 24]) * fade + self._overall) / (7 * weeks + 1)
        # How much comes on this day of the week beside an average one.
        expected = self._overall * 24 * weeks
        busyness = (sum(hours[day : day + 24]) * fade + _DAY_PRIOR) / (expected + _DAY_PRIOR)
        return (hours[place] * fade + daily * busyness) / (weeks + 1)

    def _early(self, place: int) -> float:
        """The rate as long as not every hour of the week was watched; each that was, once."""
        seen = [other for other in range(place % 24, WEEK, 24) if (self._anchor - other) % WEEK < self._covered]
        hours, fade = self._habits.hours, self._fade
        daily = (sum(hours[other] for other in seen) * fade + self._overall) / (len(seen) + 1)
        return (hours[place] * fade + daily) / 2 if place in seen else daily


# --- the next look ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """How long to wait before a feed is looked at again, and what that is owed to, in words for the operator."""

    wait: timedelta
    reason: str
    asleep: timedelta  # how much of it passes in hours that the publisher names as silent
    turnover: timedelta  # half of the document may be new by then: no server's wish for patience goes beyond that


@dataclass(frozen=True, slots=True)
class Burst:
    """What the present poll brought: so many new items within this time, of a window of so many; see `next_look`."""

    new: int = 0
    within: timedelta = timedelta(0)
    window: int = 0

    @property
    def rate(self) -> float:
        """Items an hour, read cautiously: one item after two minutes makes no thirty an hour."""
        return self.new / (self.within / _HOUR + 1)

    @property
    def turned_over(self) -> bool:
        """Whether more than half of the window is new."""
        return self.within > timedelta(0) and 2 * self.new > self.window > 0


def next_look(
    habits: Habits, now: datetime, *, usual: timedelta, floor: timedelta, ceiling: timedelta, burst: Burst = Burst()
) -> Look:
    """When to look next at a feed with these habits.

    The frequency of looks goes with the square root of the rate, which for a given number of looks makes items wait
    least in all (Cho and Garcia-Molina, "Effective page refresh policies", 2003, give the same shape for freshness).
    At REFERENCE the wait is `usual`; it stays between a SPANth of that (not below `floor`) and REST times that. It goes
    down to `floor` where half of the window could turn over sooner. Hours that the publisher names as silent are
    passed over, up to `ceiling`, after a last look as they begin, unless the feed was seen to publish in them.
    """
    forecast = Forecast(habits, now)
    window = habits.window or burst.window
    shortest, longest = max(usual / SPAN, floor), max(min(usual * REST, ceiling), floor)
    passed, missing, asleep = timedelta(0), 1.0, timedelta(0)
    half = _turnover(max(forecast.rate(now), burst.rate), window, burst)
    pressed = False
    while missing > 0 and passed < ceiling:
        moment = now + passed
        step = min(_to_next_hour(moment), ceiling - passed)
        if _silent(habits, moment):
            if not asleep and passed >= floor:
                break  # a last look before the silence: what came late in the day must not wait for the morning
            passed, asleep = passed + step, asleep + step
            continue
        rate = max(forecast.rate(moment), burst.rate if passed < _HOUR else 0.0)
        wait = min(max(usual * math.sqrt(REFERENCE / rate) if rate > 0 else longest, shortest), longest)
        if (turnover := _turnover(rate, window, burst)) < wait:
            wait, pressed = max(turnover, floor), True
        share = min(step / wait, missing)
        passed, missing = passed + wait * share, (0.0 if share >= missing else missing - share)
    wait = min(max(passed, floor), ceiling)
    reason = _reason(habits, forecast, now, slept=bool(asleep), pressed=pressed)
    return Look(wait, reason, asleep, half)


def in_words(rate: float) -> str:
    """A rate for a person."""
    if rate >= 1:
        return f"about {rate:.0f} an hour"
    if rate >= 1 / 12:
        return f"about one in {1 / rate:.0f} hours"
    return "hardly anything"


def _reason(habits: Habits, forecast: Forecast, now: datetime, *, slept: bool, pressed: bool) -> str:
    if slept:
        return "its publisher says that nothing comes now"
    if not habits.hours:
        return "not known yet: the usual interval" if forecast.overall > REFERENCE / 2 else "nothing new so far"
    words = f"publishes {in_words(forecast.rate(now))} at this time"
    return f"{words}, and its {habits.window} places turn over" if pressed else words


def _turnover(rate: float, window: int, burst: Burst) -> timedelta:
    """When half of the window could be new; a week where that is far away or not known."""
    if burst.turned_over:
        rate = max(rate, burst.new / (burst.within / _HOUR))
    hours = window / 2 / rate if rate > 0 and window else math.inf
    return hours * _HOUR if hours < WEEK else WEEK * _HOUR


def _silent(habits: Habits, moment: datetime) -> bool:
    """Whether the publisher says that nothing comes at this time, and nothing did."""
    utc = moment.astimezone(UTC)
    if utc.hour not in habits.skip_hours and utc.weekday() not in habits.skip_days:
        return False
    return not habits.hours or habits.hours[_place(utc)] < 0.5


def _to_next_hour(moment: datetime) -> timedelta:
    return _HOUR - timedelta(minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)
