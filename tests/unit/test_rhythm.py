"""What a feed's publishing teaches, and how often it is looked at for that."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from monitor.core import rhythm
from monitor.core.model import Habits
from monitor.core.rhythm import Burst, Forecast, learn, next_look

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
M, H, D = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
USUAL = 10 * M
NONE = Burst()


def look(habits: Habits, now: datetime, *, usual: timedelta = USUAL, burst: Burst = NONE) -> rhythm.Look:
    return next_look(habits, now, usual=usual, floor=2 * M, ceiling=24 * H, burst=burst)


def published(rate: Callable[[datetime], float], start: datetime, end: datetime) -> Iterator[datetime]:
    """Items as regular as the rate (an hour) allows."""
    owed, now = 0.0, start
    while now < end:
        owed += rate(now) / 60
        while owed >= 1:
            owed -= 1
            yield now + 30 * timedelta(seconds=1)
        now += M


def lived(rate: Callable[[datetime], float], days: int, window: int = 20) -> tuple[Habits, list[datetime], list[float]]:
    """The habits of a feed after so many days, when it was looked at, and how many minutes each item waited."""
    items = list(published(rate, MONDAY - 3 * D, MONDAY + days * D))
    habits, since, now, looks, waited = Habits(window=window), None, MONDAY, list[datetime](), list[float]()
    known = 0
    while now < MONDAY + days * D:
        there = sum(item <= now for item in items[known:]) + known
        fresh = items[max(known, there - window) : there]
        if since:
            waited += [(now - item) / M for item in fresh]
        if fresh:
            habits = learn(habits, fresh, since=since, at=now, window=window)
        burst = Burst(len(fresh), now - since, window) if since else Burst()
        known, since = there, now
        looks.append(now)
        now += look(habits, now, burst=burst).wait
    return habits, looks, waited


def by_day(moment: datetime) -> float:
    return 2.0 if 6 <= moment.hour < 18 else 0.0


def by_weekday(moment: datetime) -> float:
    return 3.0 if moment.weekday() < 5 else 0.0


def waits(looks: list[datetime], hours: range, days: range) -> float:
    """The mean wait in minutes after looks within these hours of these days."""
    found = [
        (b - a) / M
        for a, b in pairwise(looks)
        if a.hour in hours and (a - MONDAY) // D in days
    ]  # fmt: skip
    return sum(found) / len(found)


def test_a_feed_is_looked_at_more_often_when_it_usually_publishes() -> None:
    _, looks, _ = lived(by_day, 8)
    assert waits(looks, range(8, 16), range(5, 8)) < 9
    assert waits(looks, range(20, 24), range(5, 8)) > 28


def test_weekends_are_told_from_workdays() -> None:
    _, looks, _ = lived(by_weekday, 21)
    assert waits(looks, range(4, 22), range(7, 12)) < 7
    assert waits(looks, range(4, 22), range(19, 21)) > 20


def test_it_is_awake_when_the_morning_comes() -> None:
    """The look after the night is near the hour at which the feed begins, not half an hour into it."""
    _, looks, _ = lived(by_day, 10)
    for day in range(7, 10):
        six = MONDAY + day * D + 6 * H
        first = next(at for at in looks if at >= six)
        assert first - six < 20 * M


def test_news_waits_shorter_with_fewer_looks_than_at_a_fixed_interval() -> None:
    _, looks, waited = lived(by_day, 14)
    assert len(looks) < 0.9 * 14 * 144
    assert sum(waited) / len(waited) < 5


def test_a_busy_wire_is_looked_at_before_half_of_its_window_turned_over() -> None:
    _, looks, waited = lived(lambda _: 120, 2, window=20)
    items = len(list(published(lambda _: 120, MONDAY, MONDAY + 2 * D)))
    assert len(waited) >= items - 20, "nothing was missed"
    assert max((b - a) / M for a, b in pairwise(looks[5:])) <= 10 / 120 * 60 + 0.1


@pytest.mark.parametrize(
    ("burst", "at_most", "why"),
    [
        (Burst(), 30, "as usual at this rate: rarely"),
        (Burst(1, 30 * M, 20), 20, "something happened: look sooner"),
        (Burst(6, 10 * M, 20), 7, "a lot happened"),
        (Burst(15, 10 * M, 20), 5, "more than half of the window is new"),
        (Burst(20, 10 * M, 20), 4, "all of it is new"),
        (Burst(20, timedelta(seconds=1), 20), 2, "never below the floor"),
    ],
)
def test_what_just_happened_counts_beside_what_is_usual(burst: Burst, at_most: float, why: str) -> None:
    quiet = learn(Habits(window=20), [MONDAY - 9 * D, MONDAY - 2 * D], since=None, at=MONDAY, window=20)
    assert look(quiet, MONDAY, burst=burst).wait <= at_most * M, why


@pytest.mark.parametrize(("usual", "shortest", "longest"), [(10, 2, 30), (2, 2, 6), (60, 12, 180), (600, 120, 1440)])
def test_rhythm_moves_a_wait_between_a_fifth_and_three_times_of_the_usual(
    usual: float, shortest: float, longest: float
) -> None:
    busy = Habits(hours=(900.0,) * 168, learnt=2.8, learnt_until=MONDAY, window=100_000)
    silent = Habits(hours=(0.0,) * 168, learnt=2.8, learnt_until=MONDAY, window=20)
    assert look(busy, MONDAY, usual=usual * M).wait == shortest * M
    assert look(silent, MONDAY, usual=usual * M).wait == longest * M


def test_an_unknown_feed_is_looked_at_as_usual_and_rarely_when_nothing_comes() -> None:
    assert look(Habits(), MONDAY).wait == USUAL
    known = learn(Habits(), [None], since=None, at=MONDAY, window=1)
    assert look(known, MONDAY + D).wait > 25 * M


@pytest.mark.parametrize(
    ("habits", "now", "expected", "why"),
    [
        (Habits(skip_hours=frozenset(range(6))), MONDAY + 2 * H, 4 * H + USUAL, "until the named hours are over"),
        (Habits(skip_hours=frozenset(range(6))), MONDAY + 6 * H, USUAL, "not in other hours"),
        (Habits(skip_days=frozenset({5, 6})), MONDAY + 5 * D, 24 * H, "a weekend, but a look a day"),
        (Habits(skip_hours=frozenset(range(24))), MONDAY, 24 * H, "a publisher that forbids all hours"),
        (
            Habits(hours=(2.0,) * 168, learnt=2.0, learnt_until=MONDAY, skip_hours=frozenset(range(6))),
            MONDAY + 2 * H, 30 * M, "it was seen to publish then: the document is wrong",
        ),
    ],
)  # fmt: skip
def test_hours_that_the_publisher_names_as_silent_are_passed_over(
    habits: Habits, now: datetime, expected: timedelta, why: str
) -> None:
    wait = look(habits, now).wait
    assert wait == expected if expected != 30 * M else wait < expected, why


def test_what_is_not_news_of_today_teaches_nothing() -> None:
    since, at = MONDAY, MONDAY + 10 * M
    for wrong in (None, MONDAY - 5 * H, MONDAY + 3 * H, datetime(1, 1, 1, tzinfo=UTC)):
        taught = learn(Habits(window=20), [wrong], since=since, at=at, window=20)
        assert taught.hours[0] == 1, "it came between the two readings, whatever it says"
    assert learn(Habits(window=20), [MONDAY - 300 * D], since=None, at=MONDAY, window=20).hours == ()
    days = [MONDAY - n * D for n in range(1, 9)]
    assert learn(Habits(), days, since=None, at=MONDAY, window=20).hours == (), "days without times"


def test_what_was_counted_fades_by_half_in_two_weeks() -> None:
    habits = learn(Habits(window=9), [MONDAY + H], since=MONDAY, at=MONDAY + H, window=9)
    later = learn(habits, [MONDAY + 14 * D], since=MONDAY + H, at=MONDAY + 14 * D + H, window=9)
    assert later.hours[1] == pytest.approx(0.5, rel=0.01)
    assert 0 < later.learnt < 2 / math.log(2)


def test_a_time_in_which_items_came_and_went_is_no_time_of_silence() -> None:
    """After a pause of a week the window holds the last hour only: that is no rate of twenty items a week."""
    hourly = [MONDAY - n * 6 * M for n in range(20)]
    habits = learn(Habits(window=20), hourly, since=None, at=MONDAY, window=20)
    later = MONDAY + 7 * D
    after = learn(habits, [later - n * 6 * M for n in range(20)], since=MONDAY, at=later, window=20)
    assert Forecast(after, later).rate(later - H) > 5


def test_gaps_are_kept_between_the_last_news() -> None:
    habits = learn(Habits(), [MONDAY - 3 * H, MONDAY - H, MONDAY - H], since=None, at=MONDAY, window=9)
    assert habits.gaps == (2.0,)
    habits = learn(habits, [MONDAY + 5 * H], since=MONDAY, at=MONDAY + 6 * H, window=9)
    assert habits.gaps == (2.0, 5.0)
    for hour in range(7, 99):
        habits = learn(habits, [None], since=MONDAY + (hour - 1) * H, at=MONDAY + hour * H, window=9)
    assert len(habits.gaps) == rhythm.GAPS_KEPT
    assert habits.gaps[-1] == 1


@pytest.mark.parametrize(
    ("rate", "words"),
    [(40, "about 40 an hour"), (1.2, "about 1 an hour"), (0.3, "about one in 3 hours"), (0.01, "hardly anything")],
)
def test_rates_in_words(rate: float, words: str) -> None:
    assert rhythm.in_words(rate) == words


def test_the_reason_is_given_in_words() -> None:
    busy = Habits(hours=(60.0,) * 168, learnt=2.0, learnt_until=MONDAY, window=10)
    assert look(busy, MONDAY).reason == "publishes about 30 an hour at this time"
    busier = Habits(hours=(480.0,) * 168, learnt=2.0, learnt_until=MONDAY, window=10)
    found = look(busier, MONDAY)
    assert found.reason.endswith("an hour at this time, and its 10 places turn over")
    assert found.turnover < 3 * M
    assert look(Habits(), MONDAY).reason == "not known yet: the usual interval"
    assert "nothing comes now" in look(Habits(skip_days=frozenset({0})), MONDAY).reason
