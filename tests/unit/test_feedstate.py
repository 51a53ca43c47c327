"""What a poll leaves behind: validators, failures, moves, habits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.core import feedstate
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched, Habits, Item, Parsed

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
H = timedelta(hours=1)
OLD, NEW = "https://old.example/rss", "https://new.example/feed"
FEED = FeedSpec("primer", OLD)
READ = FeedState(
    "primer", OLD, etag='"1"', last_modified="yesterday", body_hash="aa", first_success_at=NOW - 9 * H,
    last_poll_at=NOW - H, last_success_at=NOW - H,
)  # fmt: skip


def after(state: FeedState, at: datetime = NOW, *, new_items: int = 0, **fetched: Any) -> FeedState:
    """The state after a success."""
    return feedstate.succeeded(
        state, Fetched("primer", at, **fetched), title="", body_hash=None, new_items=new_items, next_poll_at=at + H
    )


def fault(state: FeedState, kind: FailureKind = FailureKind.HTTP, at: datetime = NOW) -> FeedState:
    return feedstate.failed(state, Failure(kind, "said so"), at=at, next_poll_at=at + H, configured=OLD)


def test_a_304_keeps_the_validators_that_it_does_not_repeat_and_a_document_without_any_drops_them() -> None:
    kept = after(READ, not_modified=True)
    assert (kept.etag, kept.last_modified, kept.body_hash) == ('"1"', "yesterday", "aa")
    assert (after(READ).etag, after(READ).last_modified) == (None, None)
    assert after(READ, etag='W/"2"', not_modified=True).etag == 'W/"2"'


def test_failures_are_counted_from_the_first_of_the_row() -> None:
    first = fault(READ)
    third = fault(fault(first, at=NOW + H), at=NOW + 2 * H)
    assert (third.failures, third.failing_since, third.last_error) == (3, NOW, "said so")
    assert (third.etag, third.body_hash) == ('"1"', "aa"), "what was read last is asked for as before"
    healed = after(third, NOW + 3 * H)
    assert (healed.failures, healed.failing_since, healed.last_error) == (0, None, "")


def test_only_410_ends_polling() -> None:
    for kind in FailureKind:
        assert fault(READ, kind).gone is (kind is FailureKind.GONE)


def follow(state: FeedState, *polls: tuple[float, str]) -> FeedState:
    """Polls at these hours after NOW, each led for good to that place ("": to none)."""
    for hour, place in polls:
        state = after(state, NOW + hour * H, moved_to=place, etag='"new"')
    return state


@pytest.mark.parametrize(
    ("polls", "adopted", "why"),
    [
        ([(0, NEW), (12, NEW), (24, NEW)], True, "three polls, a day"),
        ([(0, NEW), (24, NEW)], False, "a day, but two polls only"),
        ([(0, NEW), (0.2, NEW), (0.4, NEW), (23, NEW)], False, "many polls, not a day"),
        ([(0, NEW), (12, ""), (24, NEW), (25, NEW)], False, "in between it was where it used to be"),
        ([(0, NEW), (12, "https://other.example/"), (24, NEW), (25, NEW)], False, "never the same place"),
        ([(48, NEW), (0, NEW), (12, NEW), (23, NEW)], False, "the clock was set back: counted anew"),
        ([(0, OLD), (12, OLD), (24, OLD)], False, "to itself"),
        ([(0, ""), (12, ""), (24, "")], False, "temporary redirects are not told of at all"),
    ],
)
def test_a_permanent_redirect_is_adopted_when_it_has_held(
    polls: list[tuple[float, str]], adopted: bool, why: str
) -> None:
    state = follow(READ, *polls)
    assert feedstate.has_moved(FEED, state) is adopted, why
    assert feedstate.address(FEED, state) == (NEW if adopted else OLD)


def test_what_the_new_place_said_of_its_document_stays_with_it() -> None:
    state = follow(READ, (0, NEW), (12, NEW), (24, NEW))
    assert state.etag == '"new"'
    assert (state.moved_to, state.moved_polls, state.moved_since) == ("", 0, None)


def test_a_redirect_on_trial_is_remembered() -> None:
    state = follow(READ, (0, NEW), (1, NEW))
    assert (state.url, state.moved_to, state.moved_polls, state.moved_since) == (OLD, NEW, 2, NOW)


ADOPTED = replace(READ, url=NEW)


def test_an_adopted_place_that_fails_again_and_again_is_left_for_the_configured_one() -> None:
    second = fault(fault(ADOPTED))
    assert second.url == NEW
    third = fault(second)
    assert (third.url, third.failures, third.gone) == (OLD, 3, False)
    assert (third.etag, third.last_modified, third.body_hash) == (None, None, None)


def test_gone_from_an_adopted_place_leads_back_at_once_and_gone_from_there_ends_it() -> None:
    back = fault(ADOPTED, FailureKind.GONE)
    assert (back.url, back.gone) == (OLD, False)
    assert fault(back, FailureKind.GONE).gone


def test_being_asked_too_much_is_no_reason_to_go_back() -> None:
    state = ADOPTED
    for _ in range(9):
        state = fault(state, FailureKind.THROTTLED)
    assert state.url == NEW


def item(published: datetime | None) -> Item:
    return Item("primer", "k", "Harbour opens", published=published)


def test_a_document_teaches_what_it_says_of_itself_and_when_its_news_came() -> None:
    news = item(NOW - 0.5 * H)
    parsed = Parsed((news, item(None)), ttl=H, skip_hours=frozenset({1}), skip_days=frozenset({6}))
    habits = feedstate.learnt(READ, parsed, [news], at=NOW).habits
    assert (habits.window, habits.ttl, habits.skip_hours, habits.skip_days) == (2, H, frozenset({1}), frozenset({6}))
    assert sum(habits.hours) == pytest.approx(1, rel=0.01)
    assert habits.learnt_until == NOW


def test_a_document_that_teaches_nothing_changes_nothing() -> None:
    state = replace(READ, habits=Habits(window=1, language="ru"))
    assert feedstate.learnt(state, Parsed((item(NOW),)), [], at=NOW) is state
    taught = feedstate.learnt(state, Parsed((item(NOW), item(NOW))), [], at=NOW)
    assert (taught.habits.window, taught.habits.language) == (2, "ru")
