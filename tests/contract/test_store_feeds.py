"""The desk of feeds: state between two polls, and the log of polls."""

from dataclasses import fields, replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from support.stored import NOW, count, hours

from monitor.adapters.store import SqliteStore, open_store
from monitor.core.model import FeedSpec, FeedState, Habits, Hold, Notice, Trouble, TroubleKind

SPEC = FeedSpec("sample-ru", "https://primer.example/rss")
FULL = FeedState(
    feed="sample-ru",
    url="https://primer.example/rss",
    etag='W/"caf\u00e9-1"',
    last_modified="Mon, 02 Mar 2026 07:00:00 GMT",
    body_hash="ab" * 32,
    next_poll_at=hours(1),
    first_success_at=hours(-9),
    last_poll_at=hours(0),
    last_success_at=hours(-1),
    last_item_at=hours(-2),
    failures=4,
    last_error="timeout: no answer within 20 s",
    gone=True,
    title="Пример-Ъ",
    failing_since=hours(-3),
    moved_to="https://new.example/rss",
    moved_polls=2,
    moved_since=hours(-4),
    habits=Habits(
        hours=tuple(n / 8 for n in range(168)),
        learnt=1.5,
        learnt_until=hours(-2),
        ttl=timedelta(minutes=30),
        skip_hours=frozenset({0, 1, 23}),
        skip_days=frozenset({5, 6}),
        window=20,
        language="ru",
        gaps=(0.5, 12.25),
    ),
    troubles=(Trouble(TroubleKind.SILENT, "nothing new for 3 days", hours(-5)),),
)


def test_a_new_feed_is_registered_as_due_now_and_never_read(store: SqliteStore) -> None:
    store.feeds.sync([SPEC], NOW)
    assert store.feeds.states() == {"sample-ru": FeedState("sample-ru", url=SPEC.url)}


def test_every_field_of_a_state_comes_back_as_it_was(store: SqliteStore) -> None:
    empty = FeedState("sample-ru")
    assert all(getattr(FULL, f.name) != getattr(empty, f.name) for f in fields(FULL) if f.name != "feed")
    store.feeds.sync([SPEC], NOW)
    store.feeds.save(FULL)
    assert store.feeds.states() == {"sample-ru": FULL}


def test_a_state_may_be_saved_before_its_feed_is_registered(store: SqliteStore) -> None:
    store.feeds.save(FULL)
    assert store.feeds.states() == {"sample-ru": FULL}


def test_registering_again_changes_nothing(store: SqliteStore) -> None:
    store.feeds.sync([SPEC], NOW)
    store.feeds.save(FULL)
    store.feeds.sync([replace(SPEC, name="Another name", language="ru")], hours(5))
    assert store.feeds.states() == {"sample-ru": FULL}


def test_a_changed_url_forgets_what_the_old_server_said_but_not_that_the_feed_was_read(store: SqliteStore) -> None:
    store.feeds.sync([SPEC], NOW)
    store.feeds.save(FULL)
    store.feeds.sync([replace(SPEC, url="https://primer.example/atom")], hours(1))
    assert store.feeds.states()["sample-ru"] == FeedState(
        feed="sample-ru",
        url="https://primer.example/atom",
        first_success_at=FULL.first_success_at,
        last_poll_at=FULL.last_poll_at,
        last_success_at=FULL.last_success_at,
        last_item_at=FULL.last_item_at,
        title=FULL.title,
        habits=FULL.habits,
        troubles=FULL.troubles,
    )


def test_an_adopted_redirect_is_not_taken_back_by_the_next_registration(store: SqliteStore) -> None:
    store.feeds.sync([SPEC], NOW)
    moved = replace(FULL, url="https://new.example/rss")
    store.feeds.save(moved)
    store.feeds.sync([SPEC], hours(1))
    assert store.feeds.states()["sample-ru"] == moved


def test_a_feed_taken_out_of_the_file_keeps_its_state(store: SqliteStore) -> None:
    store.feeds.sync([SPEC], NOW)
    store.feeds.save(FULL)
    store.feeds.sync([], hours(1))
    assert store.feeds.states() == {"sample-ru": FULL}


def test_every_poll_adds_a_line_to_the_log(store: SqliteStore) -> None:
    store.feeds.record_poll("sample-ru", NOW, "ok", new=3, edited=2, hits=1, ms=40)
    store.feeds.record_poll("sample-ru", NOW, "timeout")
    rows = store.connection.execute("SELECT feed, at, outcome, new, edited, hits, ms FROM polls").fetchall()
    assert rows == [
        ("sample-ru", "2026-03-02T08:00:00.123456Z", "ok", 3, 2, 1, 40),
        ("sample-ru", "2026-03-02T08:00:00.123456Z", "timeout", 0, 0, 0, 0),
    ]


@settings(deadline=None)
@given(text=st.text(st.characters(codec=None)), failures=st.integers(0, 2**31))
def test_any_text_a_server_sends_can_be_kept(tmp_path_factory, text: str, failures: int) -> None:  # type: ignore[no-untyped-def]
    store = open_store(tmp_path_factory.getbasetemp() / "any-text.db")
    try:
        store.feeds.save(FeedState("f", url="u", etag=text, last_error=text, failures=failures))
        kept = store.feeds.states()["f"].etag
        assert kept is not None
        assert len(kept) == len(text)
        assert all(a == b or (b == "\ufffd" and "\ud800" <= a <= "\udfff") for a, b in zip(text, kept, strict=True))
        assert count(store, "feeds") == 1
    finally:
        store.close()


def test_due_feeds_come_longest_waiting_first_and_without_those_that_are_gone(store: SqliteStore) -> None:
    for name, state in {
        "later": FeedState("later", next_poll_at=hours(1)),
        "since-an-hour": FeedState("since-an-hour", next_poll_at=hours(-1)),
        "since-two": FeedState("since-two", next_poll_at=hours(-2)),
        "never": FeedState("never"),
        "gone": FeedState("gone", next_poll_at=hours(-3), gone=True),
        "clock-set-back": FeedState("clock-set-back", next_poll_at=hours(9), last_poll_at=hours(8)),
    }.items():
        assert name == state.feed
        store.feeds.save(state)
    assert [state.feed for state in store.feeds.due(NOW)] == ["never", "since-two", "since-an-hour", "clock-set-back"]
    wanted = store.feeds.due(NOW, lambda feed: feed != "since-two")
    assert [state.feed for state in wanted] == ["never", "since-an-hour", "clock-set-back"]
    assert store.feeds.times() == {
        "later": hours(1),
        "since-an-hour": hours(-1),
        "since-two": hours(-2),
        "never": None,
        "clock-set-back": hours(9),
    }


def test_a_hold_moves_every_feed_of_the_host_and_no_other(store: SqliteStore) -> None:
    for name, url, at in [
        ("soon", "https://Busy.example/a", hours(1)),
        ("now", "http://busy.example:8080/b", None),
        ("late", "https://busy.example/c", hours(9)),
        ("other", "https://calm.example/", hours(1)),
    ]:
        store.feeds.save(FeedState(name, url=url, next_poll_at=at))
    store.feeds.hold(Hold("busy.example", hours(3)), spread=timedelta(hours=1))
    planned = {name: state.next_poll_at for name, state in store.feeds.states().items()}
    assert planned == {"soon": hours(3.5), "now": hours(3), "late": hours(9), "other": hours(1)}


def test_a_hold_is_remembered_until_the_host_answers_again(store: SqliteStore) -> None:
    store.feeds.hold(Hold("busy.example", hours(3)))
    store.feeds.hold(Hold("busy.example", hours(5), 2))
    store.feeds.hold(Hold("other.example", hours(-5)))
    assert store.feeds.holds() == {
        "busy.example": Hold("busy.example", hours(5), 2),
        "other.example": Hold("other.example", hours(-5)),
    }
    store.feeds.release("busy.example")
    store.feeds.release("never-held.example")
    assert set(store.feeds.holds()) == {"other.example"}
    store.upkeep.prune(hours(0))
    assert store.feeds.holds() == {}


def test_a_trouble_is_in_the_log_of_the_period_in_which_it_begins_and_of_the_one_in_which_it_ends(
    store: SqliteStore,
) -> None:
    store.feeds.begin("a", Trouble(TroubleKind.BROKEN, "answers 403", hours(1)))
    store.feeds.begin("b", Trouble(TroubleKind.SILENT, "nothing new for 3 days", hours(2)))
    store.feeds.end("a", TroubleKind.BROKEN, hours(10))
    store.feeds.end("a", TroubleKind.SILENT, hours(10))
    broken = Notice("a", TroubleKind.BROKEN, "answers 403", hours(1), hours(10))
    silent = Notice("b", TroubleKind.SILENT, "nothing new for 3 days", hours(2))
    assert store.feeds.notices(hours(0), hours(5)) == [silent, broken]
    assert store.feeds.notices(hours(5), hours(10)) == [broken]
    assert store.feeds.notices(hours(10), hours(20)) == []
