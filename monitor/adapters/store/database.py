"""One connection to the database file: transactions, how durable they are, and errors in plain words.

The connection may be made on one thread and used on another, by one thread at a time.

How durable. In WAL mode with `synchronous=NORMAL` a commit survives the end of the process, `kill -9` included, but
a power cut may take the last commits back (never half of one). For what is read that is harmless: the feed's HTTP
state goes back together with its items, so the next poll reads them again. For what is sent it is not: a message would
be out and the record of it be gone. So the steps of a delivery are committed with `synchronous=FULL` (see `durable`),
one fsync each. It syncs the whole log: when a message leaves, the digest it belongs to is on the disk too.
"""

import sqlite3
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlite_utils

from monitor.adapters.store.codec import fold, storable_all
from monitor.adapters.store.faults import explain
from monitor.errors import StoreError

Parameters = Sequence[Any] | Mapping[str, Any]


class Database:
    """SQL against one file. Every `sqlite3.Error` leaves here as a StoreError."""

    def __init__(self, path: Path, *, busy_timeout: float = 10.0) -> None:
        """Connects; the file is made when missing. `busy_timeout`: seconds to wait for another writer."""
        self.path = path
        self._depth = 0
        try:
            # isolation_level None: no transaction begins but by `transaction`.
            self._connection = sqlite3.connect(
                path, timeout=busy_timeout, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        except sqlite3.Error as error:
            raise explain(error, path) from error
        self.utils = sqlite_utils.Database(self._connection, recursive_triggers=False, execute_plugins=False)
        self._connection.create_function("fold", 1, fold, deterministic=True)

    @property
    def connection(self) -> sqlite3.Connection:
        """The raw connection, for what only it can do (backup, tracing)."""
        return self._connection

    def close(self) -> None:
        """Close the connection; what is not committed is undone."""
        try:
            self._connection.close()
        except sqlite3.Error as error:
            raise explain(error, self.path) from error

    # --- statements ---------------------------------------------------------------------------------------

    def execute(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        """Run one statement; its cursor, whose rows are reached by name."""
        self._refuse_after_rollback()
        cursor = self._connection.cursor()
        cursor.row_factory = sqlite3.Row
        try:
            try:
                return cursor.execute(sql, parameters)
            except UnicodeEncodeError:
                return cursor.execute(sql, storable_all(parameters))
        except sqlite3.Error as error:
            raise explain(error, self.path) from error

    def execute_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        """Run one statement for each row of values, all or nothing; how many rows it changed."""
        rows = list(rows)
        if not rows:
            return 0
        try:
            return self._execute_many(sql, rows)
        except UnicodeEncodeError:
            return self._execute_many(sql, [storable_all(row) for row in rows])

    def _execute_many(self, sql: str, rows: list[Parameters]) -> int:
        with self.transaction():
            try:
                return self._connection.executemany(sql, rows).rowcount
            except sqlite3.Error as error:
                raise explain(error, self.path) from error

    def rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        return list(self.stream(sql, parameters))

    def stream(self, sql: str, parameters: Parameters = ()) -> Iterator[sqlite3.Row]:
        """The rows of a query, one at a time: read them at once, an open query holds back checkpoints."""
        cursor = self.execute(sql, parameters)
        try:
            for row in cursor:  # noqa: UP028 — `yield from` would close the cursor by itself, and complain
                yield row
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        finally:
            # Whoever stopped reading in the middle may have closed the database before the generator ends.
            with suppress(sqlite3.ProgrammingError):
                cursor.close()

    def row(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        return next(iter(self.rows(sql, parameters)), None)

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.row(sql, parameters)
        return None if row is None else row[0]

    def script(self, sql: str) -> None:
        """Run a statement to its end, outside transactions, though it gives rows without columns."""
        try:
            self._connection.executescript(sql)
        except sqlite3.Error as error:
            raise explain(error, self.path) from error

    # --- transactions -------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All or nothing. A nested one joins the outer; if it fails and the failure is caught, only it is undone."""
        with self._nested() if self._depth else self._outermost():
            yield

    @contextmanager
    def durable(self) -> Generator[None]:
        """A transaction whose commit survives a power cut.

        Never inside another: that one would commit later, and the promise made here would be empty.
        """
        if self._depth:
            raise RuntimeError("the step of a delivery must be a transaction of its own")
        self.execute("PRAGMA synchronous = FULL")
        try:
            with self._outermost():
                yield
        finally:
            self.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def _nested(self) -> Generator[None]:
        self._refuse_after_rollback()
        self._depth += 1
        try:
            with self._savepoint():
                yield
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        finally:
            self._depth -= 1

    @contextmanager
    def _savepoint(self) -> Generator[None]:
        # The same name for all of them: the innermost is meant, and the statements stay prepared.
        self._connection.execute("SAVEPOINT nested")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # else the error undid everything, savepoints included
                self._connection.execute("ROLLBACK TO nested")
                self._connection.execute("RELEASE nested")
            raise
        self._connection.execute("RELEASE nested")

    @contextmanager
    def _outermost(self) -> Generator[None]:
        # IMMEDIATE: the write lock is taken, and waited for, before anything is read. A transaction that reads
        # first and writes later can't wait: SQLite would end it at once if another process wrote in between.
        self.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            self._refuse_after_rollback()
            self.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise
        finally:
            self._depth = 0

    def _rollback(self) -> None:
        try:
            self.utils.rollback()
        except sqlite3.Error as error:
            raise explain(error, self.path) from error

    def _refuse_after_rollback(self) -> None:
        # A full disk or an I/O error makes SQLite undo the whole transaction. What would come after it, had someone
        # caught that error, must not be committed statement by statement.
        if self._depth and not self._connection.in_transaction:
            raise StoreError(f"the database {self.path} undid the transaction after an earlier error; start it again")
