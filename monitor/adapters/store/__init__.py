"""The database: SQLite through sqlite-utils, one small class a desk.

`open_store(path)` gives a `SqliteStore`, which is the port `Store`; `hold_lock(path)` keeps a second daemon away.
schema.sql shows the tables, docs/operations.md tells how to look after the file.
"""

from monitor.adapters.store.lock import hold_lock
from monitor.adapters.store.store import SqliteStore, open_store

__all__ = ["SqliteStore", "hold_lock", "open_store"]
