"""SQLite's errors in words for a person: which file, what failed, what to do."""

import sqlite3
from pathlib import Path

from monitor.errors import StoreError

# By the start of SQLite's own name for the error; the first that fits speaks.
_ADVICE = (
    ("SQLITE_BUSY", "is locked by another program; close whatever else writes to it and try again"),
    ("SQLITE_LOCKED", "is locked by another program; close whatever else writes to it and try again"),
    ("SQLITE_FULL", "can't grow: the disk is full or a size limit is reached; free space and try again"),
    ("SQLITE_NOTADB", "is not a database of monitor; give another path, or move the file away to start afresh"),
    ("SQLITE_CORRUPT", "is damaged; put the latest backup in its place (docs/operations.md, “Restore”)"),
    ("SQLITE_READONLY", "can't be written: give this user write permission on the file and on its folder"),
    ("SQLITE_PERM", "can't be written: give this user write permission on the file and on its folder"),
    ("SQLITE_CANTOPEN", "can't be opened: check that its folder exists and that this user may write there"),
    ("SQLITE_AUTH", "can't be opened: check that this user may read and write it"),
    ("SQLITE_IOERR", "can't be read or written: check the disk, and that the file is on a local file system"),
    ("SQLITE_CONSTRAINT", "refused a change that would double a record or break a reference; nothing was changed"),
)


def explain(error: sqlite3.Error, path: Path) -> StoreError:
    """The error to raise in its place; `raise explain(error, path) from error`."""
    name = getattr(error, "sqlite_errorname", "")
    for start, advice in _ADVICE:
        if name.startswith(start):
            return StoreError(f"the database {path} {advice} ({error})")
    return StoreError(f"the database {path} can't be used: {error}")
