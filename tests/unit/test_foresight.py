"""What the next hours will bring: times, reasons, minutes, hosts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.core.foresight import Foresight, foresee
from monitor.core.model import FeedSpec, FeedState, Habits, Hold

NOW = datetime(2026, 11, 24, 8, 0, 30, tzinfo=UTC)
M, H = timedelta(minutes=1), timedelta(hours=1)
STEADY = Habits(hours=(1.0,) * 168, learnt=1.0, learnt_until=NOW, window=50)


def feed(name: str, host: str = "one.example", every: timedelta | None = None) -> FeedSpec:
    return FeedSpec(name, f"https://{host}/{name}", every=every)


def known(name: str, after: timedelta | None = None, **more: Any) -> FeedState:
    at = None if after is None else NOW + after
    return FeedState(name, last_poll_at=None if after is None else NOW - M, next_poll_at=at, habits=STEADY, **more)


def ahead(*pairs: tuple[FeedSpec, FeedState], holds: tuple[Hold, ...] = (), span: timedelta = H) -> Foresight:
    return foresee(pairs, {hold.host: hold for hold in holds}, now=NOW, span=span, default=10 * M)


def test_feeds_come_in_order_of_time_with_what_is_overdue_first() -> None:
    found = ahead(
        (feed("soon"), known("soon", 5 * M)),
        (feed("overdue"), known("overdue", -2 * H)),
        (feed("new"), known("new")),
        (feed("tomorrow"), known("tomorrow", 20 * H)),
        (feed("gone"), known("gone", 5 * M, gone=True)),
    )
    assert [(one.feed.id, one.at - NOW) for one in found.feeds] == [
        ("new", 0 * M),
        ("overdue", 0 * M),
        ("soon", 5 * M),
    ]
    assert (found.later, found.gone) == (1, 1)
    assert [one.reason for one in found.feeds][::2] == ["never asked yet", "publishes about 1 an hour at this time"]


def test_every_poll_of_the_time_is_foreseen_and_counted_in_its_minute() -> None:
    found = ahead((feed("a", every=20 * M), known("a", 5 * M)), (feed("b", "two.example"), known("b", 1 * M)))
    assert [minute for minute, count in enumerate(found.minutes) if count] == [1, 5, 11, 21, 25, 31, 41, 45, 51]
    assert found.hosts == (("two.example", 6), ("one.example", 3))
    assert found.polls == 9
    assert {one.feed.id: one.polls for one in found.feeds} == {"a": 3, "b": 6}


@pytest.mark.parametrize(("span", "minutes"), [(H, 60), (24 * H, 1440), (0.1 * H, 6), (90 * timedelta(seconds=1), 2)])
def test_there_is_a_count_for_every_minute(span: timedelta, minutes: int) -> None:
    found = ahead((feed("a", every=M), known("a", 0 * M)), span=span)
    assert len(found.minutes) == minutes
    assert found.polls == -(-span // M)


def test_a_held_host_is_left_alone_in_the_plan_too() -> None:
    found = ahead((feed("a"), known("a", 5 * M)), holds=(Hold("one.example", NOW + 30 * M),))
    assert found.feeds[0].at == NOW + 30 * M
    assert found.feeds[0].reason == "one.example asked to be left alone until 08:30 UTC"


def test_a_failing_feed_is_foreseen_to_fail_on() -> None:
    found = ahead((feed("a"), known("a", 5 * M, failures=2)))
    assert found.polls == 2
    assert found.feeds[0].reason == "backing off: 2 failures in a row"


def test_the_host_is_that_of_the_place_where_the_feed_is_now() -> None:
    found = ahead((feed("a"), known("a", 5 * M, url="https://new.example/a")))
    assert found.feeds[0].host == "new.example"


def test_no_feed_makes_an_empty_plan() -> None:
    found = ahead()
    assert (found.polls, found.feeds, len(found.minutes)) == (0, (), 60)
