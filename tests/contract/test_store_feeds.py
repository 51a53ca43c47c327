"""The desk of feeds: state between two polls, and the log of polls."""

from dataclasses import fields, replace

from hypothesis import given, settings
from hypothesis import strategies as st
from support.stored import NOW, count, hours

from monitor.adapters.store import SqliteStore, open_store
from monitor.core.model import FeedSpec, FeedState

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
