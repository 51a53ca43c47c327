"""The database as the application sees it: seven desks and one transaction over all of them."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from monitor.adapters.store.archive import Archive
from monitor.adapters.store.bench import Bench
from monitor.adapters.store.database import Database
from monitor.adapters.store.digests import DigestDesk
from monitor.adapters.store.faults import explain
from monitor.adapters.store.feeds import FeedBook
from monitor.adapters.store.migrations import MIGRATIONS, all_steps
from monitor.adapters.store.outbox import Outbox
from monitor.adapters.store.people import People
from monitor.adapters.store.queries import Queries
from monitor.adapters.store.upkeep import Upkeep
from monitor.errors import StoreError

APPLICATION_ID = 0x4E4D4F4E  # "NMON", in the file's header: this database is ours
OLDEST_SQLITE = (3, 38, 0)  # STRICT tables, RETURNING, ->>


class SqliteStore:
    """The port `Store` over one SQLite file; `open_store` makes one. To be used by one thread at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queries = Queries(database)
        self.feeds = FeedBook(database)
        self.archive = Archive(database)
        self.digests = DigestDesk(database)
        self.outbox = Outbox(database)
        self.upkeep = Upkeep(database)
        self.bench = Bench(database)
        self.people = People(database)

    @property
    def path(self) -> Path:
        """Where the database is."""
        return self._database.path

    @property
    def connection(self) -> sqlite3.Connection:
        """The raw connection, for tests and diagnosis."""
        return self._database.connection

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing; nested ones join the outer. Takes the write lock at once."""
        return self._database.transaction()

    def query_items(self, *, limit: int = 50, **filters: str | datetime | None) -> Iterator[dict[str, object]]:
        """Rows for a person, newest first; filters: feed, language, text, since, until. A negative limit: all."""
        return self._queries.items(limit, filters)

    def query_hits(self, *, limit: int = 50, **filters: str | datetime | None) -> Iterator[dict[str, object]]:
        """Rows for a person, newest first.

        Filters: rule, severity, feed, language, text, since, until, story, digest (that told them), status.
        """
        return self._queries.hits(limit, filters)

    def query_outbox(self, *, limit: int = 50, **filters: str | datetime | None) -> Iterator[dict[str, object]]:
        """Rows for a person, newest first; filters: state, digest, channel."""
        return self._queries.outbox(limit, filters)

    def health(self, now: datetime) -> dict[str, object]:
        """Figures for `monitor health`, JSON-ready."""
        return self._queries.health(now)

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def open_store(path: Path | str, *, create: bool = True, busy_timeout: float = 10.0) -> SqliteStore:
    """Open the database at `path`, making it and its folders when missing and `create` allows, and migrate it.

    `busy_timeout` is how many seconds to wait while another process writes. Raises StoreError when the file can't
    be opened or written, is no database or someone else's, is damaged, or was written by a newer version.
    """
    path = Path(path)
    _prepare(path, create)
    database = Database(path.absolute(), busy_timeout=busy_timeout)
    try:
        _configure(database)
        _migrate(database)
    except BaseException:
        database.close()
        raise
    return SqliteStore(database)


def _prepare(path: Path, create: bool) -> None:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(f"this Python has SQLite {sqlite3.sqlite_version}; monitor needs 3.38 or newer")
    try:
        if path.is_dir():
            raise StoreError(f"the database {path} is a folder; name a file in it, for example {path / 'monitor.db'}")
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.exists():
            raise StoreError(
                f"there is no database at {path}: `monitor once` or `monitor run` makes it, --db names another"
            )
        # SQLite would open it for reading and fail at the first write.
        if path.exists() and not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise StoreError(f"the database {path} can't be written: give this user write permission on it")
    except OSError as error:
        raise StoreError(
            f"can't reach the database {path}: {error.strerror}; check its folder ({path.parent})"
        ) from error


def _configure(database: Database) -> None:
    _refuse_foreign(database)
    if not database.value("PRAGMA page_count"):
        # Decides the layout of a new file, so that pages can be given back later.
        database.rows("PRAGMA auto_vacuum = INCREMENTAL")
    if database.value("PRAGMA journal_mode = WAL") != "wal":
        raise StoreError(f"the database {database.path} must be on a local file system (write-ahead logging failed)")
    for pragma in (
        "synchronous = NORMAL",  # see database.py
        "foreign_keys = ON",
        "temp_store = MEMORY",
        "cache_size = -16000",  # KiB
        "journal_size_limit = 67108864",  # bytes the log keeps after a large transaction
    ):
        database.rows(f"PRAGMA {pragma}")


def _refuse_foreign(database: Database) -> None:
    owner = database.value("PRAGMA application_id")
    if owner != APPLICATION_ID and database.value("SELECT count(*) FROM sqlite_master"):
        raise StoreError(f"the database {database.path} belongs to another program; give another path")


def _migrate(database: Database) -> None:
    try:
        applied = {step.name for step in MIGRATIONS.applied(database.utils)}
        if newer := applied - all_steps():
            raise StoreError(
                f"the database {database.path} was written by a newer version of monitor ({', '.join(sorted(newer))}): "
                "update monitor, or put a backup from before the update in its place"
            )
        if MIGRATIONS.pending(database.utils):
            # One at a time: of two processes that open a new file together, the second finds it done.
            with database.transaction():
                database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                MIGRATIONS.apply(database.utils)
    except sqlite3.Error as error:
        raise explain(error, database.path) from error
