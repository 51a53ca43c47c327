"""When feeds are asked again, and why; how many that were asked together part."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.core import holding
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched, Habits, Hold
from monitor.core.polling import CEILING, NextPoll, expected_wait, hastened, in_words, next_poll, poll_due, why

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # a Tuesday
S, M, H, D = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
MIDDLE = 0.5  # the jitter that moves nothing
URL = "https://primer.example/rss"
USUAL = Habits(hours=(1.0,) * 168, learnt=1.0, learnt_until=NOW, window=50)  # an item an hour: asked as usual
SILENT = Habits(hours=(0.0,) * 168, learnt=2.8, learnt_until=NOW, window=50)


def plan(
    *,
    every: timedelta | None = None,
    default: timedelta = 10 * M,
    max_age: timedelta | None = None,
    failure: Failure | None = None,
    jitter: float = MIDDLE,
    new: int = 0,
    **state: Any,
) -> NextPoll:
    """The plan after a poll that came in time, ten minutes after the last one."""
    state = {"next_poll_at": NOW, "last_poll_at": NOW - 10 * M, "last_success_at": NOW - 10 * M, **state}
    found = next_poll(
        FeedSpec("primer", URL, every=every),
        FeedState("primer", **state),
        Fetched("primer", NOW, failure=failure, max_age=max_age),
        new=new,
        now=NOW,
        default=default,
        jitter=jitter,
    )
    assert found.reason
    return found


def wait(**asked: Any) -> timedelta:
    return plan(**asked).at - NOW


def minutes(span: timedelta) -> float:
    return round(span / M, 1)


@pytest.mark.parametrize(
    ("asked", "expected", "why_so"),
    [
        ({}, 10, "nothing known: the default"),
        ({"every": 3 * M}, 3, "the feed's own interval"),
        ({"every": 10 * S}, 0.2, "taken at its word"),
        ({"every": 3 * M, "habits": SILENT}, 3, "whatever its rhythm"),
        ({"default": 1 * S}, 2.1, "never below the floor"),
        ({"every": 3 * D}, 3 * 1440, "taken at its word"),
        ({"every": timedelta.max / 2}, 366 * 1440, "but within the calendar"),
        ({"default": 3 * D}, 1440, "never above the ceiling"),
        ({"habits": USUAL}, 10, "an item an hour: as usual"),
        ({"habits": SILENT}, 30, "a silent one rarely, but alerts must stay timely"),
        ({"habits": Habits(ttl=20 * M)}, 20, "the document asks for longer"),
        ({"max_age": 25 * M, "habits": Habits(ttl=20 * M)}, 25, "the longer of both"),
        ({"max_age": 1 * M}, 10, "a shorter freshness doesn't make us ask more often"),
        ({"habits": Habits(ttl=24 * H)}, 30, "alerts must stay timely"),
        ({"default": 2 * H, "habits": Habits(ttl=24 * H)}, 120, "the cap shortens nobody's own choice"),
        ({"every": 3 * M, "habits": Habits(ttl=24 * H)}, 3, "a fixed interval is fixed"),
        ({"max_age": timedelta(0)}, 10, "no-cache asks for nothing"),
        ({"max_age": 30 * M, "new": 19, "habits": replace(USUAL, window=20)}, 5.3, "its window turns over before"),
    ],
)
def test_a_feed_that_answers_is_asked_again(asked: dict[str, Any], expected: float, why_so: str) -> None:
    assert minutes(wait(**asked)) == pytest.approx(expected, rel=0.03), why_so


def test_polls_are_spread_around_their_interval() -> None:
    assert (wait(jitter=0), wait(jitter=1)) == (9 * M, 11 * M)
    assert wait(default=2 * M, jitter=0) == 2 * M, "but never below the floor"


def test_a_silence_that_a_publisher_names_is_not_lengthened_by_chance() -> None:
    asleep = replace(USUAL, hours=(0.0,) * 168, skip_hours=frozenset(range(8, 16)))
    waits = [wait(habits=asleep, jitter=jitter) for jitter in (0, 1)]
    assert waits == [8 * H + 27 * M, 8 * H + 33 * M]


@pytest.mark.parametrize(
    ("state", "low", "high", "why_so"),
    [
        ({"last_poll_at": None, "next_poll_at": None}, 2, 11, "a first poll: at any time within the interval"),
        ({"next_poll_at": NOW - 5 * H}, 2, 11, "after a long pause likewise"),
        ({"next_poll_at": NOW - 5 * M}, 5, 11, "half an interval late: as much sooner"),
        ({"next_poll_at": NOW - 30 * S}, 9, 11, "in time"),
        ({"every": 10 * M, "next_poll_at": None}, 2, 11, "a fixed interval, too"),
        ({"every": 10 * S, "next_poll_at": None}, 2 / 60, 11 / 60, "even a short one"),
    ],
)
def test_what_was_asked_together_parts(state: dict[str, Any], low: float, high: float, why_so: str) -> None:
    span = (wait(jitter=0, **state) / M, wait(jitter=1, **state) / M)
    assert span == pytest.approx((low, high)), why_so


def load(feeds: int, hours: int, state: FeedState, *, chance: random.Random) -> tuple[list[int], int]:
    """Polls in each minute after a start at which all of so many feeds are due, without the first; most a feed."""
    spec, states = FeedSpec("f", URL), [replace(state, habits=USUAL) for _ in range(feeds)]
    counts: Counter[int] = Counter()
    most = 0
    for one in states:
        now, mine = NOW, 0
        while True:
            planned = next_poll(
                spec, one, Fetched("f", now), now=now, default=10 * M, jitter=chance.random()
            )  # fmt: skip
            one = replace(one, next_poll_at=planned.at, last_poll_at=now, last_success_at=now)
            now = planned.at + timedelta(seconds=2 * chance.random())
            if now >= NOW + hours * H:
                break
            counts[(now - NOW) // M] += 1
            mine += 1
        most = max(most, mine)
    return [counts[minute] for minute in range(hours * 60)], most


@pytest.mark.parametrize(
    ("state", "why_so"),
    [
        (FeedState("f"), "registered all at once"),
        (FeedState("f", last_poll_at=NOW - 8 * H, next_poll_at=NOW - 8 * H + 9 * M), "due all at once after a pause"),
    ],
)
def test_thousands_of_feeds_that_began_together_do_not_march_in_step(state: FeedState, why_so: str) -> None:
    per_minute, most = load(800, 2, state, chance=random.Random(7))
    settled = per_minute[2:]  # nobody is asked again before the floor
    mean = sum(settled) / len(settled)
    assert max(settled) < 1.7 * mean, why_so
    assert min(sum(settled[at : at + 5]) for at in range(len(settled) - 5)) > 0.6 * 5 * mean, why_so
    assert most < 2 * 60 / 10 * 1.3


@pytest.mark.parametrize(
    ("planned", "every", "default", "state", "expected", "why_so"),
    [
        (6 * H, 5 * M, 10 * M, {}, 5 * M, "the interval was shortened: counted from the last poll"),
        (5.5 * M, 5 * M, 10 * M, {}, None, "planned by this interval, moved by chance"),
        (4 * M, 5 * M, 10 * M, {}, None, "sooner already"),
        (5 * M, 6 * H, 10 * M, {}, None, "the interval was lengthened: after the next poll"),
        (6 * H, None, 10 * M, {}, 30 * M, "the default was shortened; its rhythm may have asked for half an hour"),
        (28 * M, None, 10 * M, {}, None, "it may be a silent one"),
        (24 * H, None, 2 * H, {}, 6 * H, "the default may be longer than any server's wish"),
        (10 * H, None, 10 * M, {"habits": Habits(skip_hours=frozenset({8}))}, None, "its publisher named the hours"),
        (6 * H, 5 * M, 10 * M, {"failures": 4}, None, "the wait of a failing feed stays"),
    ],
)
def test_a_shortened_interval_brings_the_next_poll_forward(
    planned: timedelta, every: timedelta | None, default: timedelta, state: dict[str, Any], expected: timedelta | None,
    why_so: str,
) -> None:  # fmt: skip
    feed = FeedSpec("primer", URL, every=every)
    known = FeedState("primer", last_poll_at=NOW, next_poll_at=NOW + planned, **state)
    assert hastened(feed, known, default=default) == (None if expected is None else NOW + expected), why_so


def test_no_edit_brings_a_poll_into_the_time_in_which_its_host_wants_to_be_left_alone() -> None:
    feed = FeedSpec("primer", URL, every=5 * M)
    state = FeedState("primer", last_poll_at=NOW, next_poll_at=NOW + 6 * H)
    assert hastened(feed, state, default=10 * M, hold=Hold("primer.example", NOW + 6 * H)) is None
    assert hastened(feed, state, default=10 * M, hold=Hold("primer.example", NOW + 1 * M)) == NOW + 5 * M


def test_a_feed_that_is_due_or_was_never_asked_needs_no_haste() -> None:
    feed = FeedSpec("primer", URL, every=5 * M)
    assert hastened(feed, FeedState("primer"), default=M) is None
    assert hastened(feed, FeedState("primer", last_poll_at=NOW), default=M) is None


def failed(kind: FailureKind, retry_after: timedelta | None = None) -> Failure:
    return Failure(kind, "does not matter", retry_after=retry_after)


@pytest.mark.parametrize(
    ("kind", "failures", "expected"),
    [
        (FailureKind.HTTP, 0, 10 * M),  # the first failure waits as usual
        (FailureKind.HTTP, 1, 20 * M),
        (FailureKind.HTTP, 4, 160 * M),
        (FailureKind.NOT_A_FEED, 9, 6 * H),
        (FailureKind.THROTTLED, 500, 6 * H),  # never for good, however often
        (FailureKind.TIMEOUT, 2, 40 * M),
        (FailureKind.TLS, 2, 40 * M),
        (FailureKind.DNS, 9, 1 * H),  # may be our own network: soon heard again
        (FailureKind.CONNECT, 10_000, 1 * H),
        (FailureKind.GONE, 0, 24 * H),
    ],
)
def test_failures_in_a_row_double_the_wait_up_to_a_ceiling(
    kind: FailureKind, failures: int, expected: timedelta
) -> None:
    assert wait(failure=failed(kind), failures=failures) == expected


def test_failing_feeds_are_spread_more_than_others() -> None:
    span = [wait(failure=failed(FailureKind.DNS), failures=9, jitter=jitter) for jitter in (0, 1)]
    assert span == [45 * M, 75 * M]


def test_a_busy_feed_is_tried_again_as_soon_as_it_is_usually_asked_and_a_silent_one_as_usual() -> None:
    busy = replace(USUAL, hours=(25.0,) * 168)
    assert 2 * M <= wait(failure=failed(FailureKind.TIMEOUT), habits=busy) < 3 * M
    assert wait(failure=failed(FailureKind.TIMEOUT), habits=SILENT) == 10 * M


def test_a_failure_never_makes_a_rare_feed_asked_more_often() -> None:
    assert wait(every=12 * H, failure=failed(FailureKind.DNS)) == 12 * H


@pytest.mark.parametrize(
    ("asked", "expected", "why_so"),
    [
        (3 * H, 3 * H, "kept"),
        (5 * S, 10 * M, "sooner than our own wait: ours"),
        (90 * D, 24 * H, "capped"),
    ],
)
def test_retry_after_is_respected(asked: timedelta, expected: timedelta, why_so: str) -> None:
    assert wait(failure=failed(FailureKind.THROTTLED, asked), jitter=0.5 if asked < 10 * M else 0) == expected, why_so


def test_retry_after_is_never_undercut_by_chance() -> None:
    assert wait(failure=failed(FailureKind.THROTTLED, 3 * H), jitter=1) > 3 * H
    assert wait(failure=failed(FailureKind.THROTTLED, 24 * H), jitter=1) == 24 * H


def test_gone_from_the_place_it_moved_to_is_not_gone() -> None:
    found = plan(failure=failed(FailureKind.GONE), url="https://new.example/rss")
    assert found.at - NOW == 10 * M
    assert "back to the configured one" in found.reason


@pytest.mark.parametrize(
    ("state", "due", "why_so"),
    [
        ({}, True, "never asked"),
        ({"next_poll_at": NOW}, True, "its time has come"),
        ({"next_poll_at": NOW + S}, False, "its time has not come"),
        ({"next_poll_at": NOW - D, "gone": True}, False, "gone for good"),
        ({"next_poll_at": NOW + 365 * D, "last_poll_at": NOW + 364 * D}, True, "the clock was set back since"),
    ],
)
def test_a_feed_is_asked_when_its_time_has_come(state: dict[str, Any], due: bool, why_so: str) -> None:
    assert poll_due(FeedState("primer", **state), NOW) is due, why_so


POLLED: dict[str, Any] = {"last_poll_at": NOW - 5 * M, "next_poll_at": NOW + 5 * M, "habits": USUAL}


@pytest.mark.parametrize(
    ("state", "every", "hold", "reason"),
    [
        (POLLED, None, None, "publishes about 1 an hour at this time"),
        (POLLED | {"habits": SILENT}, None, None, "publishes hardly anything at this time"),
        (POLLED | {"habits": Habits()}, None, None, "not known yet: the usual interval"),
        (POLLED | {"next_poll_at": NOW + 22 * M}, None, None, "its server asks to wait 27 min"),
        (POLLED, 5 * M, None, "every 5 min, as feeds.yaml says"),
        (POLLED, None, Hold("primer.example", NOW + H), "primer.example asked to be left alone until 09:00 UTC"),
        (POLLED, None, Hold("primer.example", NOW - H), "publishes about 1 an hour at this time"),
        (POLLED | {"failures": 3}, None, None, "backing off: 3 failures in a row"),
        (POLLED | {"failures": 1}, None, None, "backing off: 1 failure"),
        ({}, None, None, "never asked yet"),
        ({"last_poll_at": NOW}, None, None, "to be asked at its new address"),
        (POLLED | {"gone": True}, None, None, "gone for good, said its server: not asked any more"),
    ],
)
def test_a_plan_can_be_explained_afterwards(
    state: dict[str, Any], every: timedelta | None, hold: Hold | None, reason: str
) -> None:
    found = why(FeedSpec("primer", URL, every=every), FeedState("primer", **state), now=NOW, default=10 * M, hold=hold)
    assert found == reason


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (failed(FailureKind.HTTP), "failure 3 in a row"),
        (failed(FailureKind.THROTTLED, 9 * H), "failure 3 in a row, its server asked to wait"),
        (failed(FailureKind.GONE), "gone for good, says its server"),
    ],
)
def test_a_plan_after_a_failure_says_so(failure: Failure, reason: str) -> None:
    assert plan(failure=failure, failures=2).reason == reason


def test_waits_are_told_in_words_and_foreseen() -> None:
    assert [in_words(span) for span in (40 * S, 10 * M, 99 * M, 2.5 * H)] == ["40 s", "10 min", "99 min", "2.5 h"]
    feed, state = FeedSpec("primer", URL), FeedState("primer", habits=SILENT)
    assert expected_wait(feed, state, NOW, default=10 * M) == 30 * M
    assert expected_wait(replace(feed, every=5 * M), state, NOW, default=10 * M) == 5 * M


# --- hosts ------------------------------------------------------------------------------------------------

HOST = "busy.example"


def held(before: Hold | None, asked: timedelta | None = None, at: datetime = NOW, jitter: float = 0) -> Hold:
    found = holding.throttled(before, failed(FailureKind.THROTTLED, asked), HOST, at, jitter=jitter)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "asked", "wait", "times", "why_so"),
    [
        (None, 30 * M, 30 * M, 1, "as it asks"),
        (None, None, 2 * M, 1, "it does not say for how long"),
        (Hold(HOST, NOW - M, 1), None, 4 * M, 2, "again right after: twice as long"),
        (Hold(HOST, NOW - M, 4), 5 * S, 32 * M, 5, "a host that says “in a moment” again and again"),
        (Hold(HOST, NOW - M, 99), None, 6 * H, 100, "never for good"),
        (Hold(HOST, NOW - 25 * H, 9), None, 2 * M, 1, "long forgotten"),
        (None, 90 * D, CEILING, 1, "capped"),
        (Hold(HOST, NOW + H, 2), 5 * M, H, 2, "an answer that was under way shortens nothing and counts for nothing"),
        (Hold(HOST, NOW + H, 2), 3 * H, 3 * H, 2, "but it may ask for more"),
    ],
)
def test_a_host_that_is_asked_too_much_is_left_alone(
    before: Hold | None, asked: timedelta | None, wait: timedelta, times: int, why_so: str
) -> None:
    assert held(before, asked) == Hold(HOST, NOW + wait, times), why_so


def test_chance_never_shortens_a_hold() -> None:
    assert held(None, 30 * M, jitter=1) == Hold(HOST, NOW + 33 * M, 1)


def test_other_failures_say_nothing_of_the_host() -> None:
    for kind in set(FailureKind) - {FailureKind.THROTTLED}:
        assert holding.throttled(None, failed(kind, H), HOST, NOW, jitter=0) is None
    assert holding.throttled(None, failed(FailureKind.THROTTLED, H), "", NOW, jitter=0) is None


def test_a_poll_planned_within_a_hold_comes_after_it() -> None:
    hold = Hold(HOST, NOW + H)
    assert holding.not_before(hold, NOW + 5 * M, spread=10 * M, jitter=0.5) == NOW + 65 * M
    assert holding.not_before(hold, NOW + 2 * H, spread=10 * M, jitter=0.5) == NOW + 2 * H
    assert holding.not_before(None, NOW + 5 * M, spread=10 * M, jitter=0.5) == NOW + 5 * M
    assert not holding.is_over(hold, NOW + 59 * M)
    assert holding.is_over(hold, NOW + H)


def test_a_hold_from_before_the_clock_was_set_back_holds_nothing() -> None:
    hold = Hold(HOST, NOW + 365 * D, 3)
    assert holding.not_before(hold, NOW + 5 * M, spread=10 * M, jitter=0.5) == NOW + 5 * M
    assert holding.is_over(hold, NOW), "the next good answer takes it away"
    again = holding.throttled(hold, failed(FailureKind.THROTTLED, H), HOST, NOW, jitter=0)
    assert again == Hold(HOST, NOW + H, 1)


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://Busy.example:8080/rss", HOST), ("http://[::1]/x", "::1"), ("", ""), ("http://[broken/x", "")],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    assert holding.host_of(url) == host
