"""Figures over a period: what was watched, and hits a day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.stored import NOW, decided, hit, hours, item, saved_hits

from monitor.adapters.store import SqliteStore, open_store
from monitor.core.model import Coverage, FeedSpec, FeedState, FeedTrouble, Story, Trouble, TroubleKind

RU = FeedSpec("ru-one", "https://a.example/", name="Пример-Ъ", language="ru")
SPECS = [
    RU,
    replace(RU, id="ru-two", name=""),
    FeedSpec("zh-one", "https://b.example/", language="zh-Hant"),
    FeedSpec("zh-two", "https://c.example/", language="zh_CN"),
    FeedSpec("zh-three", "https://c.example/", language="ZH"),
    FeedSpec("mixed", "https://d.example/"),
    FeedSpec("off", "https://e.example/", language="en", enabled=False),
]


def test_nothing_was_watched_before_the_first_poll(store: SqliteStore) -> None:
    assert store.archive.coverage([], hours(-24), NOW) == Coverage()
    assert store.archive.coverage([RU], hours(-24), NOW) == Coverage(feeds=1, by_language=(("ru", 0, 1),))


def test_coverage_counts_the_polls_of_its_period(store: SqliteStore) -> None:
    for feed, at, outcome, new in (
        ("ru-one", -25, "ok", 100),  # before the period
        ("ru-one", -24, "ok", 5),  # its first moment counts
        ("ru-one", -3, "timeout", 0),
        ("zh-one", -2, "not-modified", 0),  # an answer without news is a success
        ("zh-two", -1, "http", 0),
        ("mixed", 0, "ok", 2),  # its last moment counts
        ("mixed", 1, "ok", 50),  # after the period
    ):
        store.feeds.record_poll(feed, hours(at), outcome, new=new)
    assert store.archive.coverage(SPECS, hours(-24), NOW) == Coverage(
        feeds=6,
        feeds_read=3,
        polls=5,
        items=7,
        last_poll_at=NOW,
        by_language=(("zh", 1, 3), ("ru", 1, 2), ("und", 1, 1)),
        due=4,
        failed=1,
    )


def test_feeds_whose_time_came_and_feeds_quiet_beyond_their_rhythm_are_counted(store: SqliteStore) -> None:
    silent = (Trouble(TroubleKind.SILENT, "nothing new", NOW),)
    for state in (
        FeedState("ru-one", next_poll_at=hours(-2), troubles=silent),  # overdue, nobody asked
        FeedState("zh-one", next_poll_at=hours(1), troubles=silent),  # its time is to come
        FeedState("zh-two", next_poll_at=hours(-2), gone=True),  # never asked again
        FeedState("zh-three", troubles=silent),
        FeedState("off", next_poll_at=hours(-2), troubles=silent),
    ):
        store.feeds.save(state)
    found = store.archive.coverage(SPECS, hours(-24), NOW)
    assert (found.due, found.failed, found.quiet) == (1, 0, (("zh", 2), ("ru", 1)))


HEARD = FeedState("ru-one", last_success_at=hours(-50), last_error="dns: no such host")
GONE = "the server says that it is gone for good"
TROUBLE = [
    (
        "failing for good",
        replace(HEARD, failures=3),
        [],
        FeedTrouble("ru-one", "Пример-Ъ", HEARD.last_error, hours(-50)),
    ),
    ("one bad answer is not yet trouble", replace(HEARD, failures=2), [], None),
    ("it was read in the period", replace(HEARD, failures=9), [("ok", -5)], None),
    ("a success before the period does not help", replace(HEARD, failures=9), [("ok", -30)], "dns: no such host"),
    ("never read at all: the first failure counts", FeedState("ru-one", failures=1, last_error="tls"), [], "tls"),
    ("never asked", FeedState("ru-one"), [], None),
    (
        "gone, although it was read",
        FeedState("ru-one", gone=True),
        [("ok", -5)],
        "the server says that it is gone for good",
    ),
    ("gone in its own words", FeedState("ru-one", gone=True, last_error="HTTP 410"), [], "HTTP 410"),
]


@pytest.mark.parametrize(("reason", "state", "polls", "expected"), TROUBLE, ids=[row[0] for row in TROUBLE])
def test_a_feed_that_is_not_heard_is_named(
    store: SqliteStore,
    reason: str,
    state: FeedState,
    polls: list[tuple[str, float]],
    expected: FeedTrouble | str | None,
) -> None:
    store.feeds.save(state)
    for outcome, at in polls:
        store.feeds.record_poll("ru-one", hours(at), outcome)
    broken = store.archive.coverage([RU], hours(-24), NOW).broken
    if expected is None:
        assert broken == ()
    elif isinstance(expected, FeedTrouble):
        assert broken == (expected,)
    else:
        assert [trouble.message for trouble in broken] == [expected]


READ = FeedState("ru-one", last_success_at=hours(-2), next_poll_at=hours(1))
PERIODS = [
    ("its next poll is yet to come", READ, 1),
    ("its next poll is due this minute", replace(READ, next_poll_at=hours(-0.1)), 1),
    ("its next poll is overdue: nobody asked", replace(READ, next_poll_at=hours(-0.5)), 0),
    ("its last poll failed", replace(READ, failures=1), 0),
    ("it is gone", replace(READ, gone=True), 0),
    ("it was never read", replace(READ, last_success_at=None), 0),
    ("it was read after the period only", replace(READ, last_success_at=hours(0.5)), 0),
]


@pytest.mark.parametrize(("reason", "state", "read"), PERIODS, ids=[row[0] for row in PERIODS])
def test_a_feed_of_which_nothing_was_due_counts_as_read(
    store: SqliteStore, reason: str, state: FeedState, read: int
) -> None:
    store.feeds.save(state)
    found = store.archive.coverage([RU], hours(-1), NOW)
    assert (found.feeds, found.feeds_read, found.by_language) == (1, read, (("ru", read, 1),))


def test_a_disabled_feed_is_not_missed(store: SqliteStore) -> None:
    store.feeds.save(FeedState("ru-one", failures=9))
    assert store.archive.coverage([replace(RU, enabled=False)], hours(-24), NOW) == Coverage()


# --- hits a day -------------------------------------------------------------------------------------------


def found_at(store: SqliteStore, *times: datetime, rule: str = "r") -> None:
    story = store.archive.save_story(Story(0, frozenset(), "t", NOW, NOW))
    for at in times:
        key = f"{rule} {at.isoformat()}"
        item_id = store.archive.save([decided(item(key))], at)[key]
        store.archive.save_hits(item_id, story.id, [hit(rule)], at)


def test_hits_are_counted_by_the_readers_day(store: SqliteStore) -> None:
    times = [
        datetime(2026, 2, 27, 14, 59, tzinfo=UTC),  # 23:59 in Tokyo, before the window
        datetime(2026, 2, 27, 15, 0, tzinfo=UTC),  # midnight in Tokyo: 28 February
        datetime(2026, 2, 28, 14, 59, 59, 999999, tzinfo=UTC),  # its last moment
        datetime(2026, 3, 2, 1, 0, tzinfo=UTC),  # today
    ]
    found_at(store, *times)
    assert store.archive.daily_hits(["r"], 3, NOW, "Asia/Tokyo") == {"r": (2, 0, 1)}


def test_every_asked_rule_is_present_and_no_other(store: SqliteStore) -> None:
    saved_hits(store, "a", rules=["one", "two"])
    assert store.archive.daily_hits(["one", "quiet"], 2, NOW, "UTC") == {"one": (0, 1), "quiet": (0, 0)}
    assert store.archive.daily_hits([], 30, NOW, "UTC") == {}


@pytest.mark.parametrize(
    ("day", "hours_long"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)], ids=["clocks go forward", "clocks go back"]
)
def test_a_day_of_changing_clocks_has_its_own_length(
    store: SqliteStore, day: tuple[int, int, int], hours_long: int
) -> None:
    midnight = datetime(*day, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    found_at(store, *(midnight + timedelta(hours=number) for number in range(-1, 26)))
    evening = midnight + timedelta(hours=hours_long - 1)
    assert store.archive.daily_hits(["r"], 2, evening, "Europe/Berlin") == {"r": (1, hours_long)}


@settings(deadline=None)
@given(
    offsets=st.lists(st.integers(0, 5 * 24 * 60), max_size=8, unique=True),
    zone=st.sampled_from(["UTC", "Asia/Kathmandu", "America/Santiago", "Pacific/Apia", "Asia/Vladivostok"]),
)
def test_the_days_of_a_window_hold_exactly_its_hits(
    tmp_path_factory: pytest.TempPathFactory, offsets: list[int], zone: str
) -> None:
    store = open_store(tmp_path_factory.mktemp("daily") / "m.db")
    try:
        times = [NOW - timedelta(minutes=offset) for offset in offsets]
        found_at(store, *times)
        local = [at.astimezone(ZoneInfo(zone)).date() for at in times]
        today = NOW.astimezone(ZoneInfo(zone)).date()
        expected = tuple(local.count(today - timedelta(days=back)) for back in (3, 2, 1, 0))
        assert store.archive.daily_hits(["r"], 4, NOW, zone) == {"r": expected}
    finally:
        store.close()
