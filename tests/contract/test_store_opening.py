"""Opening the database: what it makes, what it refuses, and the schema it promises."""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlite_utils import Database
from support.stored import NOW, hours, saved_hits, tables

import monitor.adapters.store
from monitor.adapters.store import SqliteStore, open_store
from monitor.adapters.store.migrations import MIGRATIONS, all_steps
from monitor.core.schedule import MAX_REPEATS
from monitor.errors import StoreError

SCHEMA = Path(monitor.adapters.store.__file__).with_name("schema.sql")


def test_a_new_database_is_made_with_its_folders_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "monitor.db"
    store = open_store(str(path))
    hit_ids = saved_hits(store, "a")
    before = tables(store)
    store.close()
    again = open_store(path, create=False)
    try:
        assert tables(again) == before
        assert again.archive.hits(hit_ids)
        assert again.path == path
    finally:
        again.close()


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / "m.db").touch()
    open_store(tmp_path / "m.db").close()


def test_a_relative_path_is_that_of_the_moment_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("m.db")
    monkeypatch.chdir("/")
    try:
        store.upkeep.backup(str(tmp_path / "b"), NOW, 1)
    finally:
        store.close()


PRAGMAS = [
    ("journal_mode", "wal", "readers never wait for the writer"),
    ("synchronous", 1, "NORMAL: see database.py"),
    ("foreign_keys", 1, "no hit without its item"),
    ("auto_vacuum", 2, "pages can be given back"),
    ("busy_timeout", 200, "another writer is waited for"),
]


@pytest.mark.parametrize(("pragma", "value", "reason"), PRAGMAS, ids=[row[0] for row in PRAGMAS])
def test_a_connection_has_the_settings_the_promises_rest_on(
    store: SqliteStore, pragma: str, value: object, reason: str
) -> None:
    assert store.connection.execute(f"PRAGMA {pragma}").fetchone() == (value,), reason


# --- the schema -------------------------------------------------------------------------------------------


def schema(connection: sqlite3.Connection) -> dict[str, str]:
    """Every table and index by name, without comments and spacing."""
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '%sqlite%'"
    ).fetchall()
    return {name: re.sub(r"\s*--[^\n]*|\s+", "", sql) for name, sql in rows}


def test_the_migrations_lead_to_the_documented_schema(store: SqliteStore) -> None:
    documented = sqlite3.connect(":memory:")
    documented.executescript(SCHEMA.read_text("utf-8"))
    expected = schema(documented)
    documented.close()
    assert len(expected) > 20
    assert schema(store.connection) == expected


def test_every_table_is_strict(store: SqliteStore) -> None:
    rows = store.connection.execute("PRAGMA table_list").fetchall()
    loose = {name for _, name, kind, _, _, strict in rows if kind == "table" and not strict}
    assert loose == {"sqlite_schema", "sqlite_temp_schema", "_sqlite_migrations"}


def test_every_time_is_stored_in_one_form(store: SqliteStore) -> None:
    saved_hits(store, "a", published=hours(-1))
    store.feeds.record_poll("f", NOW.replace(microsecond=0), "ok")
    times = store.connection.execute("SELECT published FROM items UNION ALL SELECT at FROM polls").fetchall()
    assert times == [("2026-03-02T07:00:00.123456Z",), ("2026-03-02T08:00:00.000000Z",)]


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_store(tmp_path / "m.db").close()

    def m999_broken(db: Database) -> None:
        db.execute("CREATE TABLE half_done (id INTEGER)")
        db.execute("INSERT INTO nowhere VALUES (1)")

    monkeypatch.setattr(MIGRATIONS, "_migrations", list(MIGRATIONS._migrations))
    MIGRATIONS()(m999_broken)
    with pytest.raises(StoreError, match=r"m\.db.*nowhere"):
        open_store(tmp_path / "m.db")
    monkeypatch.undo()
    store = open_store(tmp_path / "m.db")
    try:
        assert "half_done" not in schema(store.connection)
    finally:
        store.close()


def test_processes_that_open_a_new_database_together_all_succeed(tmp_path: Path) -> None:
    script = f"from monitor.adapters.store import open_store; open_store({str(tmp_path / 'm.db')!r}).close()"
    processes = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) for _ in range(4)]
    results = [(process.communicate(timeout=60)[1], process.returncode) for process in processes]
    assert results == [(b"", 0)] * 4


# --- what is refused --------------------------------------------------------------------------------------


def not_a_database(path: Path) -> None:
    path.write_text("feeds:\n  - id: sample\n" * 200, "utf-8")


def of_another_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (id INTEGER)")
    connection.commit()
    connection.close()


def newer(path: Path) -> None:
    store = open_store(path)
    store.connection.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('monitor', 'm500_future', '')"
    )
    store.close()


def damaged(path: Path) -> None:
    store = open_store(path)
    store.upkeep.optimise()
    store.close()
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xa5" * 3000)


REFUSED: list[tuple[str, Callable[[Path], object], str]] = [
    ("not a database", not_a_database, "is not a database of monitor; give another path"),
    ("another program's", of_another_program, "belongs to another program; give another path"),
    ("newer than this version", newer, "newer version of monitor .m500_future.: update monitor"),
    ("damaged", damaged, "is damaged; put the latest backup in its place"),
    ("a folder", Path.mkdir, "is a folder; name a file in it"),
]


@pytest.mark.parametrize(("name", "make", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_can_not_be_used_is_refused_untouched_and_says_what_to_do(
    tmp_path: Path, name: str, make: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / "m.db"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StoreError, match=message) as caught:
        open_store(path)
    assert str(path) in str(caught.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_missing_database_is_not_made_when_only_reading(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no database at .*m\.db: `monitor once`"):
        open_store(tmp_path / "folder" / "m.db", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"can't reach the database .*file/m\.db"):
        open_store(tmp_path / "file" / "m.db")


@contextmanager
def nobody() -> Iterator[None]:
    """Permissions mean nothing to root: ask as a user who owns nothing."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


PERMISSIONS = [
    ("a folder that can't be written", 0o555, None, "can't be opened: check that its folder exists"),
    ("a file that can't be written", 0o777, 0o444, "can't be written: give this user write permission"),
    ("a file that can't be read", 0o777, 0o222, "can't be opened: check .* that this user may write"),
    ("a file in a folder that can't be written", 0o555, 0o666, "can't be (opened|written): "),
]


@pytest.mark.parametrize(("name", "folder", "file", "message"), PERMISSIONS, ids=[row[0] for row in PERMISSIONS])
def test_missing_permissions_are_named(name: str, folder: int, file: int | None, message: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "m.db"
        if file is not None:
            open_store(path).close()
            path.chmod(file)
        Path(place).chmod(folder)
        try:
            with nobody(), pytest.raises(StoreError, match=message) as caught:
                open_store(path)
        finally:
            Path(place).chmod(0o755)
    assert str(path) in str(caught.value)


def test_the_steps_are_named_in_their_order() -> None:
    assert [step.name for step in MIGRATIONS._migrations] == sorted(all_steps())


def test_what_was_told_before_alerts_came_by_story_does_not_come_again(tmp_path: Path) -> None:
    with Database(tmp_path / "m.db") as old:
        MIGRATIONS.apply(old, stop_before="m006_telling")
        at = NOW.isoformat()
        old.execute("PRAGMA foreign_keys = OFF")
        old.execute("INSERT INTO stories (id, title, first_at, last_at) VALUES (1, 'old', ?, ?)", [at, at])
        old.execute(
            "INSERT INTO hits (id, item_id, story_id, rule, severity, score, status, at, edited, gloss, evidence)"
            " VALUES (1, 1, 1, 'r', 'high', 1, 'new', ?, 0, '[]', '[]')",
            [at],
        )
        old.execute("INSERT INTO told (digest, hit_id, run_id, at) VALUES ('flash', 1, 1, ?)", [at])
        old.conn.commit()
        MIGRATIONS.apply(old)
        assert [row["repeats"] for row in old["tellings"].rows] == [MAX_REPEATS]
