"""The store's housekeeping: retention, backups, statistics, and the daemon's sign of life."""

import json
import os
import shutil
import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from monitor.adapters.store.codec import moment, stamp, to_json
from monitor.adapters.store.database import Database
from monitor.adapters.store.faults import explain
from monitor.errors import StoreError

BATCH = 1000  # items deleted in one transaction: others may write between two of them

# Kept whatever their age: what a person marked, what waits in a tray, and what was told in a digest that did not reach
# everyone yet.
_OLD_ITEMS = """
SELECT s.item_id FROM sightings AS s
WHERE s.last_seen_at < :before AND NOT EXISTS (
    SELECT 1 FROM hits AS h WHERE h.item_id = s.item_id AND (
        EXISTS (SELECT 1 FROM waiting AS w WHERE w.hit_id = h.id)
        OR EXISTS (SELECT 1 FROM marks AS m WHERE m.hit_id = h.id)
        OR EXISTS (
            SELECT 1 FROM told AS t JOIN deliveries AS d ON d.run_id = t.run_id
            WHERE t.hit_id = h.id AND d.state <> 'sent'
        )
    )
)
"""

_OLD_WAITING = """
DELETE FROM waiting WHERE since < :before AND digest NOT IN (SELECT value FROM json_each(:digests))
"""

# In this order: each leaves what the next may take.
_OLD_REST = (
    "DELETE FROM polls WHERE at < :before",
    "DELETE FROM notices WHERE ended_at < :before",
    "DELETE FROM holds WHERE until < :before",
    "DELETE FROM silences WHERE until < :before",
    # What was in force at `before` stays.
    """
    DELETE FROM rule_editions WHERE at < :before AND (
        fingerprint = '' OR EXISTS (SELECT 1 FROM rule_editions AS e WHERE e.rule = rule_editions.rule
            AND e.id > rule_editions.id AND e.at < :before)
    )
    """,
    "DELETE FROM stories WHERE last_at < :before AND NOT EXISTS (SELECT 1 FROM hits WHERE story_id = stories.id)",
    # A digest's deliveries go together, once all of them were sent.
    """
    DELETE FROM deliveries WHERE created_at < :before AND state = 'sent'
        AND run_id NOT IN (SELECT run_id FROM deliveries WHERE state <> 'sent')
    """,
    "DELETE FROM messages WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE message_id = messages.id)",
    # The last run of each digest stays: the next one is reckoned from it.
    """
    DELETE FROM runs WHERE at < :before AND id < (SELECT max(id) FROM runs AS r WHERE r.digest = runs.digest)
        AND NOT EXISTS (SELECT 1 FROM told WHERE run_id = runs.id)
        AND NOT EXISTS (SELECT 1 FROM deliveries WHERE run_id = runs.id)
    """,
)


class Upkeep:
    """Table `heartbeat`, and the care of all others."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def prune(self, before: datetime, digests: Collection[str] | None = None) -> int:
        """Drop items (with editions and hits) last seen before then, and what else is as old; how many items went.

        With `digests`, also what has waited so long in the tray of any other, since nobody would ever be told. Kept
        whatever their age are items that a person marked, that wait in a tray or were told in a digest with unsent
        deliveries, those deliveries themselves, and the last run of each digest.
        """
        values = {"before": stamp(before)}
        if digests is not None:
            self._database.execute(_OLD_WAITING, values | {"digests": to_json(list(digests))})
        old = [row["item_id"] for row in self._database.rows(_OLD_ITEMS, values)]
        for start in range(0, len(old), BATCH):
            self._database.execute(
                "DELETE FROM items WHERE id IN (SELECT value FROM json_each(?))", (to_json(old[start : start + BATCH]),)
            )
        with self._database.transaction():
            for sql in _OLD_REST:
                self._database.execute(sql, values)
        return len(old)

    def backup(self, directory: str, now: datetime, keep: int) -> str:
        """A consistent copy of the database made while it is in use; its path.

        The copy is read through before it gets its name, `<database>-20260301T080000Z.db` with the UTC time. Older
        copies of this database in `directory` beyond `keep` (at least 1, this one counted) are dropped. Raises
        StoreError when the copy can't be made; older copies are then all still there.
        """
        folder = Path(directory)
        name = f"{self._database.path.stem}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.db"
        partial = folder / f".{name}.partial"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self._copy(partial)
                shutil.copymode(self._database.path, partial)
                _sync(partial)
                partial.replace(folder / name)
                _sync(folder)
            finally:
                for leftover in (partial, Path(f"{partial}-journal")):
                    leftover.unlink(missing_ok=True)
            copies = sorted(folder.glob(f"{self._database.path.stem}-????????T??????Z.db"), reverse=True)
            for old in copies[max(keep, 1) :]:
                old.unlink()
        except OSError as error:
            raise StoreError(
                f"can't write a backup to {folder}: {error.strerror}; check that the folder exists, that this user may "
                "write there, and that the disk has room"
            ) from error
        return str(folder / name)

    def _copy(self, target: Path) -> None:
        # A connection of its own, and all pages in one step: one snapshot, however busy the database is.
        try:
            with (
                closing(sqlite3.connect(self._database.path)) as source,
                closing(sqlite3.connect(target)) as copy,
            ):
                source.backup(copy)
                # A copy in WAL mode would need a second file beside it.
                copy.execute("PRAGMA journal_mode = DELETE")
                complaints = [row[0] for row in copy.execute("PRAGMA quick_check(3)")]
        except sqlite3.Error as error:
            raise explain(error, target) from error
        if complaints != ["ok"]:
            raise StoreError(
                f"the database {self._database.path} is damaged, its copy is not kept: {'; '.join(complaints)}; "
                "put the latest backup in its place (docs/operations.md, “Restore”)"
            )

    def optimise(self) -> None:
        """Let the database update its statistics, give back free pages, and empty its write-ahead log."""
        self._database.rows("PRAGMA optimize")
        self._database.script("PRAGMA incremental_vacuum")
        self._database.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def check(self) -> list[str]:
        """Complaints about the file's integrity; empty when it is sound. Reads the whole file."""
        found = [row[0] for row in self._database.rows("PRAGMA quick_check")]
        broken = self._database.rows("PRAGMA foreign_key_check")
        return [text for text in found if text != "ok"] + [
            f"table {row['table']}: a row refers to a row of {row['parent']} that is missing" for row in broken
        ]

    def beat(self, now: datetime, status: Mapping[str, object]) -> None:
        """Record that the daemon is alive, with figures (JSON-ready) for `monitor health`."""
        self._database.execute(
            "INSERT INTO heartbeat (id, at, status) VALUES (1, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET at = excluded.at, status = excluded.status",
            (stamp(now), to_json(dict(status))),
        )

    def last_beat(self) -> tuple[datetime, Mapping[str, object]] | None:
        """The latest record of `beat`."""
        row = self._database.row("SELECT at, status FROM heartbeat")
        return None if row is None else (moment(row["at"]), json.loads(row["status"]))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
