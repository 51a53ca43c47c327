"""Housekeeping: retention, backups, the sign of life."""

import shutil
import sqlite3
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.stored import ALERTS, NOW, count, decided, delivery, hours, item, queued, saved_hits, tables

from monitor.adapters.store import SqliteStore, open_store
from monitor.core.model import Novelty, Receipt
from monitor.errors import StoreError


def keys(store: SqliteStore) -> set[str]:
    return {key for (key,) in store.connection.execute("SELECT key FROM items")}


# --- retention --------------------------------------------------------------------------------------------


def test_pruning_drops_what_was_last_seen_before_with_everything_that_hangs_on_it(store: SqliteStore) -> None:
    saved_hits(store, "old", at=hours(-100))
    store.archive.save([decided(item("old", title="Иначе"), Novelty.EDITED)], hours(-99))
    store.digests.leave_out("morning", 1, "shadow rule", hours(-99))
    store.feeds.record_poll("sample-ru", hours(-99), "ok")
    assert store.upkeep.prune(NOW) == 1
    assert not any(tables(store).values()), tables(store)


def test_an_item_still_in_its_feed_stays_however_old_it_is(store: SqliteStore) -> None:
    for key in ("gone", "still there", "at the border"):
        saved_hits(store, key, at=hours(-1000))
    store.archive.save([decided(item("still there"), Novelty.SEEN)], hours(1))
    store.archive.save([decided(item("at the border"), Novelty.SEEN)], NOW)
    assert store.upkeep.prune(NOW) == 1
    assert keys(store) == {"still there", "at the border"}


def test_what_waits_to_be_told_stays(store: SqliteStore) -> None:
    waiting, _ = saved_hits(store, "waiting", "told", at=hours(-1000))
    store.digests.wait("morning", [waiting], hours(-1000))
    assert store.upkeep.prune(NOW) == 1
    assert keys(store) == {"waiting"}
    assert store.archive.hits([waiting])[0].item.key == "waiting"


UNSENT = [("queued", []), ("sending", ["attempt"]), ("parked", ["attempt", "park"])]


@pytest.mark.parametrize(("state", "steps"), UNSENT, ids=[row[0] for row in UNSENT])
def test_what_was_told_but_did_not_reach_everyone_stays(store: SqliteStore, state: str, steps: list[str]) -> None:
    (hit_id,) = saved_hits(store, "a", at=hours(-1000))
    store.digests.wait("morning", [hit_id], hours(-1000))
    sent, unsent = (delivery(target, created_at=hours(-1000)) for target in (delivery().target, ALERTS))
    queued(store, sent, unsent, hit_ids=[hit_id], at=hours(-1000))
    store.outbox.attempt(sent.key, hours(-999))
    store.outbox.sent(Receipt(sent.key, hours(-999)))
    for step in steps:
        if step == "attempt":
            store.outbox.attempt(unsent.key, hours(-999))
        else:
            store.outbox.failed(unsent.key, "404", None, hours(-999))
    before = tables(store)
    assert store.upkeep.prune(NOW) == 0
    assert tables(store) == before
    if state != "sending":
        store.outbox.retry([unsent.key], NOW)
        store.outbox.attempt(unsent.key, NOW)
    store.outbox.sent(Receipt(unsent.key, NOW))
    assert store.upkeep.prune(NOW) == 1


def test_sent_deliveries_go_with_their_messages_but_the_last_run_stays(store: SqliteStore) -> None:
    for number, at in enumerate((-1000, -900)):
        each = delivery(run=f"run-{number}", created_at=hours(at), body={"text": str(number)})
        queued(store, each, at=hours(at))
        store.outbox.attempt(each.key, hours(at))
        store.outbox.sent(Receipt(each.key, hours(at)))
    store.upkeep.prune(NOW)
    assert (count(store, "deliveries"), count(store, "messages"), count(store, "runs")) == (0, 0, 1)
    assert store.digests.last_sent("morning") == hours(-900)


def test_a_hit_that_was_told_is_not_told_again_after_its_run_is_old(store: SqliteStore) -> None:
    (hit_id,) = saved_hits(store, "a", at=hours(-1000))
    store.digests.wait("morning", [hit_id], hours(-1000))
    queued(store, hit_ids=[hit_id], at=hours(-1000))
    queued(store, at=hours(-900))
    store.archive.save([decided(item("a"), Novelty.SEEN)], NOW)
    store.upkeep.prune(NOW)
    store.digests.wait("morning", [hit_id], NOW)
    assert store.digests.waiting() == {}


def test_what_waits_for_a_digest_that_is_no_more_goes_when_it_is_old(store: SqliteStore) -> None:
    old, young, wanted = saved_hits(store, "a", "b", "c", at=hours(-1000))
    store.digests.wait("removed", [old, wanted], hours(-1000))
    store.digests.wait("removed", [young], hours(1))
    store.digests.wait("morning", [wanted], hours(-1000))
    assert store.upkeep.prune(NOW) == 0
    assert store.upkeep.prune(NOW, ["morning"]) == 1
    assert {digest: tray.hit_ids for digest, tray in store.digests.waiting().items()} == {
        "morning": (wanted,),
        "removed": (young,),
    }


def test_a_story_with_a_younger_report_stays(store: SqliteStore) -> None:
    saved_hits(store, "a", at=hours(-1000))
    saved_hits(store, "b", at=hours(1))
    store.upkeep.prune(NOW)
    assert count(store, "stories") == 1


def test_thousands_go_in_many_small_transactions(store: SqliteStore) -> None:
    store.archive.save([decided(item(f"k{number}")) for number in range(2500)], hours(-1000))
    statements: list[str] = []
    store.connection.set_trace_callback(statements.append)
    assert store.upkeep.prune(NOW) == 2500
    store.connection.set_trace_callback(None)
    assert len({text for text in statements if text.startswith("DELETE FROM items")}) == 3
    assert count(store, "items") == 0


# --- backup -----------------------------------------------------------------------------------------------


def test_a_backup_is_a_database_with_everything_in_it(store: SqliteStore, tmp_path: Path) -> None:
    hit_ids = saved_hits(store, "a", "b")
    store.digests.wait("morning", hit_ids, NOW)
    path = store.upkeep.backup(str(tmp_path / "new" / "backups"), NOW, 3)
    assert path == str(tmp_path / "new" / "backups" / "monitor-20260302T080000Z.db")
    assert [each.name for each in Path(path).parent.iterdir()] == ["monitor-20260302T080000Z.db"], "one file is all"
    copy = open_store(path, create=False)
    try:
        assert tables(copy) == tables(store)
        assert copy.archive.hits(hit_ids) == store.archive.hits(hit_ids)
        assert copy.upkeep.check() == []
    finally:
        copy.close()


def test_older_copies_beyond_the_wanted_number_are_dropped_and_nothing_else(store: SqliteStore, tmp_path: Path) -> None:
    bystanders = {"notes.txt", "monitor-before-update.db", "other-20200101T000000Z.db"}
    for name in bystanders:
        (tmp_path / "b").mkdir(exist_ok=True)
        (tmp_path / "b" / name).touch()
    for day in range(5):
        store.upkeep.backup(str(tmp_path / "b"), hours(24 * day), 2)
    copies = {each.name for each in (tmp_path / "b").iterdir()} - bystanders
    assert copies == {"monitor-20260305T080000Z.db", "monitor-20260306T080000Z.db"}
    store.upkeep.backup(str(tmp_path / "b"), hours(240), 0)
    assert {each.name for each in (tmp_path / "b").iterdir()} == bystanders | {"monitor-20260312T080000Z.db"}


def test_a_backup_made_while_writing_goes_on_is_one_moment_of_the_database(store: SqliteStore, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        writer = open_store(store.path)
        number = 0
        while not stop.is_set():
            number += 1
            hit_ids = saved_hits(writer, f"a{number}", f"b{number}")
            writer.digests.wait("morning", hit_ids, NOW)
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        copies = [store.upkeep.backup(str(tmp_path / "b"), hours(number), 99) for number in range(5)]
    finally:
        stop.set()
        thread.join()
    for path in copies:
        copy = open_store(path)
        assert copy.upkeep.check() == []
        assert count(copy, "items") == count(copy, "hits")
        copy.close()


def test_a_damaged_database_is_not_backed_up_and_the_good_copies_stay(tmp_path: Path) -> None:
    store = open_store(tmp_path / "m.db")
    store.archive.save([decided(item(f"k{number}", content="x" * 3000)) for number in range(200)], NOW)
    good = store.upkeep.backup(str(tmp_path / "b"), NOW, 1)
    store.upkeep.optimise()
    store.close()
    damage(tmp_path / "m.db")
    store = open_store(tmp_path / "m.db")
    try:
        with pytest.raises(StoreError, match="damaged"):
            store.upkeep.backup(str(tmp_path / "b"), hours(1), 1)
    finally:
        store.close()
    assert [str(each) for each in (tmp_path / "b").iterdir()] == [good]


def test_a_backup_put_in_the_place_of_the_database_is_the_database_again(tmp_path: Path) -> None:
    """As docs/operations.md tells it."""
    store = open_store(tmp_path / "m.db")
    saved_hits(store, "before")
    copy = Path(store.upkeep.backup(str(tmp_path / "b"), NOW, 1))
    saved_hits(store, "after")
    store.close()
    for each in tmp_path.glob("m.db*"):
        each.rename(tmp_path / f"away-{each.name}")
    shutil.copy(copy, tmp_path / "m.db")
    restored = open_store(tmp_path / "m.db")
    try:
        assert keys(restored) == {"before"}
        assert restored.upkeep.check() == []
        saved_hits(restored, "later")
    finally:
        restored.close()


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(100, 150):  # of articles; what SQLite needs to open the file is before and behind
            file.seek(page * 4096)
            file.write(b"\xa5" * 64)


def test_a_backup_that_can_not_be_written_says_where_and_what_to_do(store: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"can't write a backup to .*file/b.*; check that"):
        store.upkeep.backup(str(tmp_path / "file" / "b"), NOW, 3)


# --- the rest ---------------------------------------------------------------------------------------------


def test_optimising_gives_back_the_room_of_what_was_pruned(store: SqliteStore) -> None:
    store.archive.save([decided(item(f"k{number}", content="x" * 3000)) for number in range(500)], hours(-1000))
    store.upkeep.optimise()
    full = store.path.stat().st_size
    store.upkeep.prune(NOW)
    store.upkeep.optimise()
    assert store.path.stat().st_size < full / 5
    assert Path(f"{store.path}-wal").stat().st_size == 0


def test_a_sound_database_has_no_complaints_and_a_broken_reference_is_one(store: SqliteStore) -> None:
    saved_hits(store, "a")
    assert store.upkeep.check() == []
    store.connection.execute("PRAGMA foreign_keys = OFF")
    store.connection.execute("DELETE FROM stories")
    assert "table hits: a row refers to a row of stories that is missing" in store.upkeep.check()


def test_the_last_sign_of_life_is_kept(store: SqliteStore) -> None:
    assert store.upkeep.last_beat() is None
    store.upkeep.beat(NOW, {"feeds": 60, "notes": ["правила"]})
    store.upkeep.beat(hours(1), {"feeds": 61})
    assert store.upkeep.last_beat() == (hours(1), {"feeds": 61})


def test_the_sign_of_life_can_be_read_by_another_process_while_the_daemon_writes(store: SqliteStore) -> None:
    store.upkeep.beat(NOW, {})
    with store.transaction():
        store.feeds.record_poll("f", NOW, "ok")
        reader = sqlite3.connect(store.path, timeout=0)
        assert reader.execute("SELECT count(*) FROM heartbeat").fetchone() == (1,)
        assert reader.execute("SELECT count(*) FROM polls").fetchone() == (0,)
        reader.close()


@pytest.mark.parametrize("keep_days", [1, 30])
def test_pruning_twice_changes_nothing_more(store: SqliteStore, keep_days: int) -> None:
    for day in range(40):
        saved_hits(store, f"day{day}", at=NOW - timedelta(days=day))
    before: datetime = NOW - timedelta(days=keep_days)
    assert store.upkeep.prune(before) == 39 - keep_days
    assert store.upkeep.prune(before) == 0
