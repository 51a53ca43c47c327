"""Fixtures of the contract tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.adapters.store import SqliteStore, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """An empty database in a file of its own."""
    opened = open_store(tmp_path / "monitor.db", busy_timeout=0.2)
    yield opened
    opened.close()
