"""Whatever a feed does, claims or suffers, and whatever the clock does: waits stay within bounds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core import feedstate, holding, polling, rhythm
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched, Habits, Hold, Item, Parsed
from monitor.core.polling import CEILING, FLOOR, FRESHNESS_CAP, hastened, next_poll, why
from monitor.core.rhythm import Burst, Forecast, learn, next_look

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
M, H, D = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
URL = "https://primer.example/rss"
SPAN = st.timedeltas(min_value=timedelta(0), max_value=400 * D)
SHORT = st.timedeltas(min_value=timedelta(0), max_value=3 * D)
CHANCE = st.floats(0, 1)
MOMENT = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
NEAR = st.datetimes(datetime(2026, 10, 1), datetime(2027, 1, 31), timezones=st.just(UTC))  # noqa: DTZ001
FAILURE = st.builds(Failure, st.sampled_from(FailureKind), st.just("?"), retry_after=st.none() | SPAN)
HOURS = st.sampled_from([(), (0.0,) * 168, (1e-9,) * 168, (1e9,) * 168]) | st.lists(
    st.floats(0, 1e4), min_size=168, max_size=168
).map(tuple)
HABITS = st.builds(
    Habits,
    hours=HOURS,
    learnt=st.floats(0, 2.9),
    learnt_until=st.none() | NEAR | MOMENT,
    ttl=st.none() | SPAN,
    skip_hours=st.frozensets(st.integers(0, 23)),
    skip_days=st.frozensets(st.integers(0, 6)),
    window=st.integers(0, 10**6),
)
STATE = st.builds(
    FeedState,
    st.just("f"),
    url=st.sampled_from(["", URL, "https://new.example/"]),
    next_poll_at=st.none() | NEAR | MOMENT,
    last_poll_at=st.none() | NEAR | MOMENT,
    last_success_at=st.none() | NEAR | MOMENT,
    failures=st.integers(0, 10**9),
    habits=HABITS,
)
BURST = st.builds(Burst, st.integers(0, 10**6), SHORT, st.integers(0, 10**6))


@settings(deadline=None)
@given(every=st.none() | SPAN, default=SPAN, max_age=st.none() | SPAN, failure=st.none() | FAILURE, state=STATE,
       new=st.integers(0, 10**6), jitter=CHANCE)  # fmt: skip
def test_a_feed_is_never_asked_too_often_nor_given_up(
    every: timedelta | None, default: timedelta, max_age: timedelta | None, failure: Failure | None, state: FeedState,
    new: int, jitter: float,
) -> None:  # fmt: skip
    plan = next_poll(
        FeedSpec("f", URL, every=every), state, Fetched("f", NOW, failure=failure, max_age=max_age),
        new=new, now=NOW, default=default, jitter=jitter,
    )  # fmt: skip
    wait = plan.at - NOW
    assert plan.reason
    assert plan.at.tzinfo is UTC
    least = min(every * 0.2, FLOOR) if every is not None else FLOOR
    assert wait >= least * 0.7
    assert wait <= min(max(every or CEILING, CEILING) * 1.3, 366 * D * 1.3)
    asked = failure.retry_after if failure else None
    if asked is not None and failure is not None and failure.kind is not FailureKind.GONE:
        assert wait >= min(asked, CEILING)
    if failure is None and every is None and not state.habits.skip_days and not state.habits.skip_hours:
        usual = min(max(default, FLOOR), CEILING)
        assert wait <= max(FRESHNESS_CAP, min(usual * rhythm.REST, CEILING)) * 1.1 + timedelta(seconds=1)


@settings(deadline=None)
@given(every=st.none() | SPAN, default=SPAN, state=STATE, until=NEAR)
def test_a_plan_can_always_be_explained_and_only_ever_be_brought_forward(
    every: timedelta | None, default: timedelta, state: FeedState, until: datetime
) -> None:
    feed, hold = FeedSpec("f", URL, every=every), Hold("primer.example", until)
    assert why(feed, state, now=NOW, default=default)
    assert why(feed, state, now=NOW, default=default, hold=hold)
    assert polling.expected_wait(feed, state, NOW, default=default) >= timedelta(0)
    sooner = hastened(feed, state, default=default, hold=hold)
    if sooner is not None:
        assert state.next_poll_at is not None
        assert until <= sooner < state.next_poll_at


@settings(deadline=None)
@given(habits=HABITS, now=NEAR, usual=st.timedeltas(min_value=FLOOR, max_value=CEILING), burst=BURST)
def test_the_rhythm_keeps_its_bounds(habits: Habits, now: datetime, usual: timedelta, burst: Burst) -> None:
    look = next_look(habits, now, usual=usual, floor=FLOOR, ceiling=CEILING, burst=burst)
    assert FLOOR <= look.wait <= CEILING
    assert look.reason
    assert look.turnover >= timedelta(0)
    if not habits.skip_days and not habits.skip_hours:
        assert look.wait <= max(usual * rhythm.REST, FLOOR) + timedelta(seconds=1)
        if look.turnover >= usual * rhythm.REST and not burst.new:
            assert look.wait >= min(usual / rhythm.SPAN, 2 * M) - timedelta(seconds=1)


@settings(deadline=None)
@given(habits=HABITS.map(lambda h: replace(h, skip_hours=frozenset(), skip_days=frozenset())), now=NEAR,
       more=st.floats(1, 100), usual=st.timedeltas(min_value=FLOOR, max_value=2 * H))  # fmt: skip
def test_who_publishes_more_is_never_asked_more_rarely(
    habits: Habits, now: datetime, more: float, usual: timedelta
) -> None:
    def wait(one: Habits) -> timedelta:
        return next_look(one, now, usual=usual, floor=FLOOR, ceiling=CEILING).wait

    busier = replace(habits, hours=tuple(count * more for count in habits.hours))
    # A day that stands out more from the others may be drawn towards them more, hence the margin.
    assert wait(busier) <= wait(habits) * 1.5 + timedelta(seconds=1)


@settings(deadline=None)
@given(habits=HABITS, at=NEAR, moment=NEAR)
def test_a_forecast_is_a_number_of_items(habits: Habits, at: datetime, moment: datetime) -> None:
    forecast = Forecast(habits, at)
    assert 0 <= forecast.rate(moment) <= sum(habits.hours) + 2
    assert forecast.overall >= 0


@settings(deadline=None)
@given(habits=HABITS, dates=st.lists(st.none() | NEAR | MOMENT, max_size=30), since=st.none() | NEAR | MOMENT,
       at=NEAR, window=st.integers(0, 50))  # fmt: skip
def test_learning_stands_any_date_and_any_clock(
    habits: Habits, dates: list[datetime | None], since: datetime | None, at: datetime, window: int
) -> None:
    taught = learn(habits, dates, since=since, at=at, window=window)
    assert len(taught.hours) in (0, 168)
    assert all(count >= 0 for count in taught.hours)
    assert sum(taught.hours) <= sum(habits.hours) + len(dates) + 1e-3
    assert 0 <= taught.learnt <= 3
    assert all(gap >= 0 for gap in taught.gaps)
    assert len(taught.gaps) <= rhythm.GAPS_KEPT
    assert taught.learnt_until is None or taught.learnt_until <= max(at, habits.learnt_until or at)


@settings(deadline=None)
@given(st.lists(st.tuples(st.timedeltas(min_value=-2 * D, max_value=5 * D), st.integers(0, 9)), max_size=20))
def test_a_life_with_a_wandering_clock_keeps_every_wait_within_bounds(polls: list[tuple[timedelta, int]]) -> None:
    """Each poll comes so long after the one before, or before it, with so many new items."""
    feed, state, now = FeedSpec("f", URL), FeedState("f"), NOW
    for passed, count in polls:
        now += passed
        items = [Item("f", str(n), "Harbour opens", published=now - n * M) for n in range(count)]
        state = feedstate.learnt(state, Parsed(tuple(items)), items, at=now)
        fetched = Fetched("f", now)
        plan = next_poll(feed, state, fetched, new=count, now=now, default=10 * M, jitter=0.5)
        assert FLOOR <= plan.at - now <= 33 * M
        state = feedstate.succeeded(
            state, fetched, title="", body_hash=None, new_items=count, next_poll_at=plan.at
        )  # fmt: skip


@settings(deadline=None)
@given(before=st.none() | st.builds(Hold, st.just("h"), NEAR, st.integers(1, 10**6)), failure=FAILURE, jitter=CHANCE)
def test_a_hold_keeps_what_was_asked_and_never_ends_the_asking(
    before: Hold | None, failure: Failure, jitter: float
) -> None:
    hold = holding.throttled(before, failure, "h", NOW, jitter=jitter)
    assert (hold is not None) is (failure.kind is FailureKind.THROTTLED)
    if hold is None:
        return
    asked = min(failure.retry_after or timedelta(0), CEILING)
    assert hold.until >= NOW + asked
    if before is None or before.until <= NOW:
        assert hold.until <= NOW + CEILING
    planned = holding.not_before(hold, NOW + M, spread=10 * M, jitter=jitter)
    assert planned >= min(hold.until, NOW + M)
    assert planned <= max(hold.until, NOW) + 10 * M
