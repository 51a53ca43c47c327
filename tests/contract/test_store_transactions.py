"""All or nothing: by an exception, a full disk, another writer, a kill -9; and how durable a commit is."""

import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import store_writer
from support.stored import ALERTS, NOW, count, decided, delivery, hit, hours, item, queued, saved_hits, tables

from monitor.adapters.store import SqliteStore, open_store
from monitor.adapters.store.database import Database
from monitor.core.model import FeedSpec, FeedState, Hold, Novelty, Receipt, Story, Trouble, TroubleKind
from monitor.errors import StoreError

WRITES: dict[str, Callable[[SqliteStore], object]] = {
    "sync": lambda store: store.feeds.sync([FeedSpec("new", "https://n.example/"), FeedSpec("f", "changed")], hours(1)),
    "save feed": lambda store: store.feeds.save(FeedState("f", etag="new", failures=7)),
    "record poll": lambda store: store.feeds.record_poll("f", NOW, "ok"),
    "hold": lambda store: store.feeds.hold(Hold("f.example", hours(5))),
    "begin trouble": lambda store: store.feeds.begin("f", Trouble(TroubleKind.SILENT, "nothing new", hours(2))),
    "end trouble": lambda store: store.feeds.end("f", TroubleKind.BROKEN, hours(3)),
    "save items": lambda store: store.archive.save([decided(item("new"))], NOW),
    "save edition": lambda store: store.archive.save([decided(item("a", title="Иначе"), Novelty.EDITED)], hours(1)),
    "see": lambda store: store.archive.save([decided(item("a"), Novelty.SEEN)], hours(9)),
    "save story": lambda store: store.archive.save_story(Story(1, frozenset({"k"}), "t", NOW, hours(1))),
    "save hits": lambda store: store.archive.save_hits(1, 1, [hit("other"), hit()], hours(1), edited=True),
    "wait": lambda store: store.digests.wait("evening", [1, 2], NOW),
    "renew": lambda store: store.digests.renew("morning", [1], NOW),
    "leave out": lambda store: store.digests.leave_out("evening", 1, "shadow rule", NOW),
    "start": lambda store: store.digests.start("evening", NOW),
    "close": lambda store: queued(store, delivery(run=f"again-{count(store, 'runs')}"), hit_ids=[2]),
    "recover": lambda store: store.outbox.recover(hours(1)),
    "retry": lambda store: store.outbox.retry([delivery(ALERTS).key], hours(1)),
    "beat": lambda store: store.upkeep.beat(NOW, {"feeds": 1}),
    "prune": lambda store: store.upkeep.prune(hours(99)),
}


def filled(path: Path) -> SqliteStore:
    """A database with something in every table."""
    store = open_store(path, busy_timeout=0.2)
    store.feeds.sync([FeedSpec("f", "https://f.example/")], NOW)
    store.feeds.begin("f", Trouble(TroubleKind.BROKEN, "answers 403", hours(1)))
    saved_hits(store, "a", "b")
    store.archive.save([decided(item("old"))], NOW)
    store.archive.save([decided(item("a", title="Первый"), Novelty.EDITED)], NOW)
    store.digests.wait("morning", [1, 2], NOW)
    store.digests.leave_out("evening", 2, "older than 48 h", NOW)
    queued(store, delivery(), delivery(ALERTS), hit_ids=[1])
    for target in (delivery(), delivery(ALERTS)):
        store.outbox.attempt(target.key, NOW)
    store.outbox.failed(delivery(ALERTS).key, "404", None, NOW)
    return store


def contents(store: SqliteStore) -> list[str]:
    """Everything in the database."""
    return list(store.connection.iterdump())


class CrashError(Exception):
    """What a bug anywhere in a transaction would raise."""


def crash_after(store: SqliteStore, *work: Callable[[SqliteStore], object]) -> None:
    """Do the work in a transaction that ends with an exception."""
    with store.transaction():
        for each in work:
            with suppress(StoreError):  # refused, as hits told twice are
                each(store)
        raise CrashError


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(WRITES)), min_size=1, max_size=8))
def test_an_exception_in_a_transaction_leaves_nothing_of_it(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    store = filled(tmp_path_factory.mktemp("atomic") / "m.db")
    try:
        before = contents(store)
        with pytest.raises(CrashError):
            crash_after(store, *(WRITES[name] for name in names))
        assert contents(store) == before
        store.feeds.record_poll("f", NOW, "ok")
        assert count(store, "polls") == 1, "the store goes on"
    finally:
        store.close()


@pytest.mark.parametrize("name", sorted(WRITES))
def test_every_write_changes_something_by_itself(tmp_path: Path, name: str) -> None:
    """Or else the property above would promise nothing."""
    store = filled(tmp_path / "m.db")
    try:
        before = contents(store)
        WRITES[name](store)
        assert contents(store) != before
        other = open_store(tmp_path / "m.db")
        assert contents(other) == contents(store), "and it is committed"
        other.close()
    finally:
        store.close()


def test_a_nested_transaction_that_fails_is_undone_alone_when_the_failure_is_caught(store: SqliteStore) -> None:
    with store.transaction():
        store.feeds.record_poll("outer", NOW, "ok")
        with pytest.raises(CrashError):
            crash_after(store, lambda store: store.feeds.record_poll("inner", NOW, "ok"))
        store.feeds.record_poll("after", NOW, "ok")
    assert store.connection.execute("SELECT feed FROM polls ORDER BY id").fetchall() == [("outer",), ("after",)]


def test_a_nested_transaction_goes_with_the_outer(store: SqliteStore) -> None:
    with pytest.raises(CrashError):
        crash_after(store, lambda store: saved_hits(store, "nested"))
    assert count(store, "items") == 0


def test_a_write_that_fails_half_way_leaves_nothing_of_itself(store: SqliteStore) -> None:
    with store.transaction():
        saved_hits(store, "a")
        with pytest.raises(StoreError):
            store.archive.save_hits(1, 1, [hit("fine"), hit("broken", score=float("nan"))], NOW)
    assert store.archive.hit_rules(1) == {"espionage-arrests"}


def test_the_connection_may_be_used_on_another_thread(store: SqliteStore) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            saved_hits(store, "a")
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == []
    assert count(store, "items") == 1


# --- other writers, full disks ----------------------------------------------------------------------------


def test_a_database_locked_by_another_says_so_and_works_again_afterwards(store: SqliteStore) -> None:
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for write in (lambda: store.feeds.record_poll("f", NOW, "ok"), lambda: saved_hits(store, "a")):
        with pytest.raises(StoreError, match=r"m.*\.db is locked by another program; close"):
            write()
    assert store.feeds.states() == {}, "reading never waits"
    other.execute("ROLLBACK")
    other.close()
    saved_hits(store, "a")
    assert count(store, "items") == 1


def test_a_transaction_that_reads_first_is_not_ended_by_another_writer(store: SqliteStore) -> None:
    other = open_store(store.path, busy_timeout=0)
    try:
        with store.transaction():
            store.feeds.states()
            with pytest.raises(StoreError, match="locked"):
                other.feeds.record_poll("other", NOW, "ok")
            store.feeds.record_poll("mine", NOW, "ok")
        other.feeds.record_poll("other", NOW, "ok")
    finally:
        other.close()
    assert count(store, "polls") == 2


def test_a_full_disk_says_so_leaves_nothing_and_is_got_over(store: SqliteStore) -> None:
    pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
    store.connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(StoreError, match="the disk is full or a size limit is reached; free space"):
        saved_hits(store, "small", "big", content="x" * 100_000)
    assert not any(tables(store).values())
    store.connection.execute("PRAGMA max_page_count = 1000000")
    saved_hits(store, "small", "big", content="x" * 100_000)
    assert count(store, "items") == 2


@pytest.mark.parametrize("writes_after", [0, 1])
def test_nothing_is_committed_after_the_database_itself_undid_a_transaction(
    store: SqliteStore, writes_after: int
) -> None:
    """As it does on some I/O errors: whoever catches one must not go on, statement by statement."""

    def work() -> None:
        with store.transaction():
            store.feeds.record_poll("before", NOW, "ok")
            store.connection.execute("ROLLBACK")
            for _ in range(writes_after):
                store.feeds.record_poll("after", NOW, "ok")

    with pytest.raises(StoreError, match="undid the transaction"):
        work()
    assert count(store, "polls") == 0


# --- durability -------------------------------------------------------------------------------------------


def commits(store: SqliteStore, work: Callable[[], object]) -> list[str]:
    """The level of `synchronous` at which each commit of the work was made."""
    level, levels, statements = "NORMAL", [], []
    store.connection.set_trace_callback(statements.append)
    work()
    store.connection.set_trace_callback(None)
    depth = 0
    for text in statements:
        if text.startswith("PRAGMA synchronous"):
            level = text.rpartition(" ")[2]
        elif text.startswith("BEGIN"):
            depth = 1
        elif text == "COMMIT":
            depth = 0
            levels.append(level)
        elif depth == 0 and text.startswith(("INSERT", "UPDATE", "DELETE")):
            levels.append(level)
    assert level == "NORMAL", "the level is put back"
    return levels


def test_the_steps_of_a_delivery_are_durable_and_the_rest_is_fast(store: SqliteStore) -> None:
    key = delivery().key
    assert commits(store, lambda: store_writer.poll(store, 1)) == ["NORMAL"]
    assert commits(store, lambda: queued(store, delivery())) == ["NORMAL"]
    assert commits(store, lambda: store.outbox.attempt(key, NOW)) == ["FULL"], "and with it all that was before"
    assert commits(store, lambda: store.outbox.failed(key, "421", NOW, NOW)) == ["FULL"]
    assert commits(store, lambda: store.outbox.attempt(key, NOW)) == ["FULL"]
    assert commits(store, lambda: store.outbox.sent(Receipt(key, NOW))) == ["FULL"]
    assert commits(store, lambda: store.feeds.record_poll("f", NOW, "ok")) == ["NORMAL"]


def test_the_step_of_a_delivery_can_not_be_part_of_a_transaction_that_may_still_be_undone(store: SqliteStore) -> None:
    queued(store, delivery())
    with store.transaction(), pytest.raises(RuntimeError, match="transaction of its own"):
        store.outbox.attempt(delivery().key, NOW)
    assert store.outbox.due(NOW, 9) == [delivery()]


def test_the_level_is_put_back_when_the_work_fails(store: SqliteStore) -> None:
    with pytest.raises(StoreError):
        store.outbox.sent(Receipt("no-such-key", NOW))
    assert store.connection.execute("PRAGMA synchronous").fetchone() == (1,)


# --- kill -9 ----------------------------------------------------------------------------------------------

KILLS = 40


def assert_consistent(path: Path) -> None:
    """Polls whole or not at all; every hit waiting or told, never both; every run with its deliveries."""
    store = open_store(path)
    try:
        assert store.upkeep.check() == []
        state = store.feeds.states().get("sample-ru")
        polls = int(state.etag or 0) if state else 0
        for table in ("items", "sightings", "hits", "stories"):
            assert count(store, table) == polls * store_writer.ITEMS, table
        assert count(store, "polls") == polls
        hits = {row[0] for row in store.connection.execute("SELECT id FROM hits")}
        told = {row[0] for row in store.connection.execute("SELECT hit_id FROM told")}
        tray = store.digests.waiting().get("morning")
        waiting = set(tray.hit_ids) if tray else set()
        assert waiting | told == hits
        assert not waiting & told
        assert count(store, "deliveries") == 2 * count(store, "runs")
    finally:
        store.close()


def test_kill_9_at_any_step_leaves_a_consistent_database_and_the_next_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    writer = subprocess.Popen(
        [sys.executable, "-m", "support.store_writer", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert writer.stdin is not None
    assert writer.stdout is not None

    def run(deadly: int) -> int:
        print(deadly, file=writer.stdin, flush=True)
        assert writer.stdout is not None
        return int(writer.stdout.readline())

    try:
        chance = random.Random(20260302)
        assert run(0) == 0
        killed = 0
        for _ in range(KILLS):
            status = run(chance.randint(1, 120))
            assert status in (0, -9), status
            killed += status == -9
            assert_consistent(path)
        assert killed > KILLS / 2
        assert run(0) == 0
    finally:
        writer.communicate()
    assert_consistent(path)
    store = open_store(path)
    try:
        assert {row["state"] for row in store.query_outbox(limit=-1)} == {"sent"}, "nothing was lost"
        assert store.digests.waiting() == {}
    finally:
        store.close()


def test_rows_that_nobody_read_to_the_end_are_no_fault_once_the_database_is_closed(tmp_path: Path) -> None:
    """As in `monitor hits --json | head`, where the database is closed before the generator is."""
    database = Database(tmp_path / "rows.db", busy_timeout=1.0)
    rows = database.stream("SELECT value FROM json_each('[1, 2, 3]')")
    next(rows)
    database.close()
    rows.close()  # type: ignore[attr-defined]
