"""Which troubles stand after a poll, when they begin and when they are over."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import feedstate, health
from monitor.core.health import Poll, assess, began, ended
from monitor.core.model import (
    Access,
    Failure,
    FailureKind,
    FeedSpec,
    FeedState,
    Fetched,
    Habits,
    SourceKind,
    Trouble,
    TroubleKind,
)

MONDAY = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)
FEED = FeedSpec("primer", "https://primer.example/rss")
HOUR = timedelta(hours=1)
STEADY = Habits(hours=(1.0,) * 168, learnt=2.0, learnt_until=MONDAY, gaps=(2.0,) * 30, window=20, language="ru")
OFFICE = replace(STEADY, hours=tuple(3.0 if n < 120 and 8 <= n % 24 < 18 else 0.0 for n in range(168)))
WELL = FeedState(
    FEED.id,
    FEED.url,
    body_hash="x",
    first_success_at=MONDAY - timedelta(days=40),
    last_poll_at=MONDAY - HOUR,
    last_success_at=MONDAY - HOUR,
    last_item_at=MONDAY - HOUR,
    habits=STEADY,
)
BROKEN, GONE, SILENT, MOVED = TroubleKind.BROKEN, TroubleKind.GONE, TroubleKind.SILENT, TroubleKind.MOVED
LANGUAGE, VOLUME, OVERRUN = TroubleKind.LANGUAGE, TroubleKind.VOLUME, TroubleKind.OVERRUN


def failing(state: FeedState, at: datetime, failure: Failure) -> FeedState:
    after = feedstate.failed(state, failure, at=at, next_poll_at=at + HOUR, configured=FEED.url)
    return assess(FEED, state, after, Poll(at, failure))


def answering(state: FeedState, at: datetime, feed: FeedSpec = FEED, **poll: object) -> FeedState:
    new = int(poll.get("new", 0))  # type: ignore[call-overload]
    fetched = Fetched(feed.id, at, url=feed.url)
    after = feedstate.succeeded(state, fetched, title="", body_hash="x", new_items=new, next_poll_at=at + HOUR)
    return assess(feed, state, after, Poll(at, **poll))  # type: ignore[arg-type]


def kinds(state: FeedState) -> set[TroubleKind]:
    return {trouble.kind for trouble in state.troubles}


TIMEOUT = Failure(FailureKind.TIMEOUT, "no answer within 20 s")


# --- broken -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "broken", "why"),
    [
        ([0], False, "one bad answer"),
        ([0, 0.1, 0.2, 0.3, 1.9], False, "many, but not for long: a server that restarts"),
        ([0, 5], False, "for long, but only two"),
        ([0, 1, 2], True, "three over two hours"),
        ([0, 12, 24], True, "of a feed that is asked twice a day"),
    ],
)
def test_a_feed_is_broken_after_several_failures_over_hours(hours: list[float], broken: bool, why: str) -> None:
    state = WELL
    for hour in hours:
        state = failing(state, MONDAY + hour * HOUR, TIMEOUT)
    assert (kinds(state) == {BROKEN}) is broken, why


def test_a_feed_that_was_never_read_is_broken_at_its_second_failure() -> None:
    state = failing(FeedState(FEED.id, FEED.url), MONDAY, TIMEOUT)
    assert not state.troubles
    (trouble,) = failing(state, MONDAY + timedelta(minutes=10), TIMEOUT).troubles
    assert trouble.message.startswith("never read so far: no answer within 20 s. ")


def broken() -> FeedState:
    state = WELL
    for hour in range(3):
        state = failing(state, MONDAY + hour * HOUR, TIMEOUT)
    return state


def test_the_message_says_since_when_what_and_what_to_do() -> None:
    (trouble,) = broken().troubles
    assert trouble.message == (
        "not read since 2026-03-02 09:05 UTC: no answer within 20 s. "
        "If it stays so, raise MONITOR_FETCH_TIMEOUT, or reach it through a proxy"
    )
    assert trouble.since == MONDAY + 2 * HOUR, "when it was noticed"


def test_the_message_follows_the_reason_but_the_trouble_stays_the_same() -> None:
    before = broken()
    after = failing(before, MONDAY + 3 * HOUR, Failure(FailureKind.HTTP, "the server answered 404", 404))
    assert "home page" in after.troubles[0].message
    assert after.troubles[0].since == before.troubles[0].since
    assert began(before, after) == ended(before, after) == ()


def test_it_is_over_when_it_was_read_for_an_hour() -> None:
    first = answering(broken(), MONDAY + 3 * HOUR)
    assert first.troubles[0].better_since == MONDAY + 3 * HOUR
    again = answering(first, MONDAY + 3.5 * HOUR)
    assert kinds(again) == {BROKEN}
    last = answering(again, MONDAY + 4 * HOUR)
    assert not last.troubles
    assert [trouble.kind for trouble in ended(again, last)] == [BROKEN]


def test_a_feed_that_works_every_other_time_is_told_of_once() -> None:
    state, told = broken(), 0
    for n in range(40):
        at = MONDAY + (3 + n / 3) * HOUR
        after = failing(state, at, TIMEOUT) if n % 2 else answering(state, at)
        told += len(began(state, after)) + len(ended(state, after))
        state = after
    assert told == 0


def test_every_kind_of_failure_has_its_advice() -> None:
    for kind in FailureKind:
        assert health.advice(FEED, Failure(kind, "x"))
        assert "{" not in health.advice(FEED, Failure(kind, "x"))
    by_status = {health.advice(FEED, Failure(FailureKind.HTTP, "x", status)) for status in (401, 403, 404, 500, 418)}
    assert len(by_status) == 5


NO_FEED, LOGIN = Failure(FailureKind.NOT_A_FEED, "x"), Failure(FailureKind.HTTP, "x", 401)


@pytest.mark.parametrize(
    ("feed", "failure", "says"),
    [
        (FEED, NO_FEED, "names the feed's new place"),
        (replace(FEED, source=SourceKind.HTML), NO_FEED, "selectors"),
        (replace(FEED, source=SourceKind.SITEMAP), NO_FEED, "for another way"),
        (replace(FEED, source=SourceKind.TELEGRAM), NO_FEED, "public channel"),
        (FEED, LOGIN, "Give the feed its `auth`"),
        (replace(FEED, access=Access(username="desk", password="x")), LOGIN, "still holds"),
        (FEED, Failure(FailureKind.HTTP, "x", 407), "into `proxy`"),
    ],
)
def test_the_advice_fits_what_the_source_is(feed: FeedSpec, failure: Failure, says: str) -> None:
    assert says in health.advice(feed, failure)


# --- gone, moved ------------------------------------------------------------------------------------------


def test_gone_is_told_at_once_and_is_over_when_the_feed_gets_another_address() -> None:
    state = failing(WELL, MONDAY, Failure(FailureKind.GONE, "gone", 410))
    assert kinds(state) == {GONE}
    assert not answering(replace(state, gone=False, failures=0), MONDAY + HOUR).troubles


def test_moved_names_the_address_to_write_down_and_ends_when_it_was_written() -> None:
    elsewhere = replace(WELL, url="https://user:secret@new.example/rss")
    state = answering(elsewhere, MONDAY)
    (trouble,) = state.troubles
    assert "`url: https://new.example/rss`" in trouble.message
    assert "secret" not in trouble.message
    assert not answering(state, MONDAY + HOUR, replace(FEED, url=state.url)).troubles


# --- silent -----------------------------------------------------------------------------------------------


def silence(habits: Habits, last: datetime, at: datetime) -> set[TroubleKind]:
    return kinds(answering(replace(WELL, habits=habits, last_item_at=last, last_success_at=at - HOUR), at, day=0))


@pytest.mark.parametrize(
    ("habits", "hours", "silent", "why"),
    [
        (STEADY, 23, False, "less than a day"),
        (STEADY, 30, True, "a day, where two hours were long"),
        (replace(STEADY, gaps=(2.0,) * 28 + (20.0,) * 4), 50, False, "it had long gaps before"),
        (replace(STEADY, gaps=(2.0,) * 28 + (20.0,) * 4), 70, True, "… but none like this"),
        (replace(STEADY, gaps=(2.0,) * 5), 300, False, "too few gaps to know"),
        (replace(STEADY, learnt=0.5), 300, False, "not watched for long enough"),
        (Habits(), 3_000, False, "nothing known at all"),
        (replace(STEADY, hours=(0.01,) * 168, gaps=(20.0,) * 12), 200, False, "so rare that a gap is chance"),
    ],
)
def test_silent_is_what_is_silent_beyond_its_own_rhythm(habits: Habits, hours: int, silent: bool, why: str) -> None:
    assert (SILENT in silence(habits, MONDAY - hours * HOUR, MONDAY)) is silent, why


def test_a_weekend_is_no_silence_for_a_feed_of_weekdays() -> None:
    friday = datetime(2026, 2, 27, 17, 30, tzinfo=UTC)
    assert SILENT not in silence(OFFICE, friday, datetime(2026, 3, 2, 7, 30, tzinfo=UTC))
    assert SILENT in silence(OFFICE, friday, datetime(2026, 3, 2, 16, 30, tzinfo=UTC)), "but the whole Monday is"
    assert SILENT in silence(STEADY, friday, datetime(2026, 3, 1, 7, 30, tzinfo=UTC))


def test_silence_ends_with_the_next_item_and_a_failure_says_nothing_of_it() -> None:
    state = answering(replace(WELL, last_item_at=MONDAY - 30 * HOUR), MONDAY, day=0)
    assert (
        "nothing new since 2026-03-01 04:05 UTC, though it usually brings about 12 a day" in state.troubles[0].message
    )
    assert SILENT in kinds(failing(state, MONDAY + HOUR, TIMEOUT))
    assert SILENT in kinds(answering(state, MONDAY + HOUR)), "not judged at this poll"
    assert not answering(state, MONDAY + HOUR, items=20, new=1).troubles


# --- language, volume, overrun ----------------------------------------------------------------------------


def test_another_language_is_noticed_and_after_a_week_taken_as_usual() -> None:
    state = answering(WELL, MONDAY, items=20, new=5, language="zh")
    assert kinds(state) == {LANGUAGE}
    assert "suddenly in Chinese, usually in Russian" in state.troubles[0].message
    for day in range(1, 9):
        state = answering(state, MONDAY + timedelta(days=day), items=20, new=5, language="zh")
    assert state.habits.language == "zh"
    assert not answering(state, MONDAY + timedelta(days=9), items=20, new=5, language="zh").troubles


@pytest.mark.parametrize("language", ["", "ru", "und-Cyrl"])
def test_a_language_that_can_not_be_told_or_fits_is_no_change(language: str) -> None:
    assert not answering(WELL, MONDAY, items=20, new=5, language=language).troubles


def test_the_first_language_that_can_be_told_is_the_usual_one() -> None:
    state = answering(replace(WELL, habits=replace(STEADY, language="")), MONDAY, items=20, new=5, language="uk")
    assert (state.habits.language, state.troubles) == ("uk", ())


@pytest.mark.parametrize(
    ("habits", "day", "odd", "why"),
    [
        (replace(STEADY, hours=(2.0,) * 168), 24, False, "as usual"),
        (replace(STEADY, hours=(2.0,) * 168), 121, True, "five times as many"),
        (replace(STEADY, hours=(2.0,) * 168), 100, False, "four times as many"),
        (replace(STEADY, hours=(2.0,) * 168), 4, True, "a sixth"),
        (replace(STEADY, hours=(2.0,) * 168), 6, False, "a quarter"),
        (replace(STEADY, hours=(0.2,) * 168), 45, False, "many times of little is not much"),
        (replace(STEADY, hours=(0.2,) * 168), 0, False, "little less than little"),
        (replace(STEADY, learnt=0.3), 5_000, False, "not watched for long enough"),
    ],
)
def test_volume_is_held_against_the_same_hours_of_the_weeks_before(
    habits: Habits, day: int, odd: bool, why: str
) -> None:
    state = replace(WELL, habits=habits)
    assert (VOLUME in kinds(answering(state, MONDAY, items=20, new=1, day=day))) is odd, why


def test_a_quiet_weekend_is_no_odd_volume() -> None:
    sunday = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    state = replace(WELL, habits=OFFICE, last_success_at=sunday - HOUR, last_item_at=sunday - 50 * HOUR)
    assert VOLUME not in kinds(answering(state, sunday, items=20, new=0, day=0))


def test_the_last_day_says_nothing_where_it_was_not_watched() -> None:
    state = replace(WELL, last_success_at=MONDAY - 20 * HOUR, habits=replace(STEADY, hours=(9.0,) * 168))
    assert VOLUME not in kinds(answering(state, MONDAY, items=20, new=1, day=1))


@pytest.mark.parametrize(
    ("state", "items", "new", "overrun", "why"),
    [
        (WELL, 20, 20, True, "all new"),
        (WELL, 20, 19, False, "one was known: nothing was missed"),
        (WELL, 4, 4, False, "so few that it is no wonder"),
        (replace(WELL, last_success_at=None), 20, 20, False, "the first reading"),
        (replace(WELL, body_hash=None), 20, 20, False, "the first at a new address"),
    ],
)
def test_a_document_of_new_items_only_may_have_lost_some(
    state: FeedState, items: int, new: int, overrun: bool, why: str
) -> None:
    assert (OVERRUN in kinds(answering(state, MONDAY, items=items, new=new))) is overrun, why


def test_an_overrun_is_over_after_a_day_without_one() -> None:
    state = answering(WELL, MONDAY, items=20, new=20)
    for hour in range(1, 26):
        assert OVERRUN in kinds(state)
        state = answering(state, MONDAY + hour * HOUR, items=20, new=3)
    assert not state.troubles


# --- cost, rhythm -----------------------------------------------------------------------------------------


def test_a_poll_that_shows_nothing_leaves_the_very_same_state() -> None:
    after = replace(WELL, last_poll_at=MONDAY)
    assert assess(FEED, WELL, after, Poll(MONDAY)) is after
    assert assess(FEED, WELL, after, Poll(MONDAY, None, 20, 2, "ru", 24)) is after


def test_the_last_day_is_counted_once_an_hour_and_only_where_enough_is_known() -> None:
    state = replace(WELL, last_poll_at=MONDAY)
    assert not health.counts(state, MONDAY + timedelta(minutes=10))
    assert health.counts(state, MONDAY + timedelta(minutes=58))
    assert health.counts(state, MONDAY + timedelta(days=1))
    assert not health.counts(replace(state, habits=Habits()), MONDAY + timedelta(days=1))
    assert not health.counts(replace(state, failures=1), MONDAY + timedelta(days=1))


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ([1.0] * 168, "about 12 a day"),
        ([20.0] * 168, "about 240 a day"),
        (OFFICE.hours, "about 15 a day, on weekdays"),
        ([2 / 24] * 168, "about one a day"),
        ([2 / 72] * 168, "about one every 3 days"),
        ([2 / 168] * 168, "about one a week"),
        ([2 / 720] * 168, "about one every 30 days"),
        ([0.0] * 168, ""),
        ([], ""),
    ],
)
def test_a_rhythm_in_words(hours: Iterable[float], words: str) -> None:
    assert health.usual(replace(STEADY, hours=tuple(hours))) == words


def test_what_is_expected_follows_the_hours_of_the_week() -> None:
    assert health.expected(STEADY, MONDAY, MONDAY + timedelta(weeks=2, hours=3)) == pytest.approx((336 + 3) / 2)
    saturday = datetime(2026, 2, 28, 0, 0, tzinfo=UTC)
    assert health.expected(OFFICE, saturday, saturday + 48 * HOUR) == 0
    assert health.expected(OFFICE, MONDAY, MONDAY - HOUR) == 0


EVENT = st.sampled_from(["fail", "gone", "304", "quiet", "new", "all-new", "foreign"])
EVENTS = st.lists(st.tuples(EVENT, st.floats(0.05, 40), st.booleans()), max_size=40)


@given(EVENTS)
def test_whatever_happens_each_trouble_begins_before_it_ends_and_never_twice(
    events: list[tuple[str, float, bool]],
) -> None:
    state, at, standing = WELL, MONDAY, set[TroubleKind]()
    for event, hours, counted in events:
        at += hours * HOUR
        day = 3 if counted else None
        if event in ("fail", "gone"):
            kind = FailureKind.GONE if event == "gone" else FailureKind.TIMEOUT
            after = failing(state, at, Failure(kind, "x"))
        else:
            new = {"new": 2, "all-new": 20, "foreign": 3}.get(event, 0)
            items = 0 if event == "304" else 20
            after = answering(state, at, items=items, new=new, language="zh" if event == "foreign" else "ru", day=day)
        for trouble in began(state, after):
            assert trouble.kind not in standing
            standing.add(trouble.kind)
        for trouble in ended(state, after):
            assert isinstance(trouble, Trouble)
            standing.remove(trouble.kind)
        assert kinds(after) == standing
        assert len(after.troubles) == len(standing)
        state = after
