"""All real feeds through the installed command: `monitor once` polls, parses, stores; nothing lost, nothing crashed."""

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.command import environment
from support.corpus import needs_corpus, real_feeds
from support.http_server import HttpServer

from monitor.adapters.parse import FeedParser
from monitor.core.model import FeedSpec, Fetched
from monitor.core.novelty import distinct
from monitor.errors import ParseError

pytestmark = needs_corpus
NOW = datetime(2026, 11, 22, tzinfo=UTC)
RULES = Path(__file__).parent.parent.parent / "rules.yaml"


def once(home: Path) -> dict[str, int]:
    command = [sys.executable, "-m", "monitor", "--rules", str(RULES), "once", "--json"]
    done = subprocess.run(
        command, cwd=home, env=environment(), capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def expected(number: int) -> set[tuple[str, str]] | None:
    """(feed, key) of every item that the parser finds in the file; None where it says that this is no feed."""
    feed = real_feeds()[number]
    fetched = Fetched(f"f{number}", NOW, url="http://127.0.0.1/", body=feed.body, content_type=feed.content_type or "")
    try:
        parsed = FeedParser().parse(fetched, FeedSpec(f"f{number}", fetched.url))
    except ParseError:
        return None
    return {(f"f{number}", item.title) for item in distinct(parsed.items)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("desk")


@pytest.mark.slow
def test_every_real_feed_is_stored_whole_or_its_failure_is_named(home: Path) -> None:
    with HttpServer() as server:
        lines = []
        for number, feed in enumerate(real_feeds()):
            url = server.document(f"/{number}", feed.body, content_type=feed.content_type, etag=f'"{number}"')
            lines.append(f"  - {{id: f{number}, url: '{url}'}}\n")
        (home / "feeds.yaml").write_text("feeds:\n" + "".join(lines))
        first = once(home)
        assert first["polled"] == first["feeds_due"] == len(lines)
        with closing(sqlite3.connect(home / "data" / "monitor.db")) as db:
            stored = set(db.execute("SELECT feed, title FROM items"))
            outcomes = dict(db.execute("SELECT feed, outcome FROM polls"))
            with db:
                db.execute("UPDATE feeds SET next_poll_at = NULL")
        second = once(home)
    refused = set()
    for number in range(len(lines)):
        wanted = expected(number)
        if wanted is None:
            refused.add(f"f{number}")
        else:
            assert wanted <= stored, f"{real_feeds()[number].name}: {wanted - stored} not stored"
    failed = {feed: outcome for feed, outcome in outcomes.items() if outcome not in {"ok", "not-modified"}}
    assert set(failed) == refused
    assert set(failed.values()) <= {"not-a-feed", "empty", "malformed"}, Counter(failed.values())
    assert first["failed"] == second["failed"] == len(refused)
    assert second["not_modified"] == len(lines) - len(refused)
    assert (second["items_new"], second["items_edited"]) == (0, 0)
    print(f"\n{len(lines)} files, {len(stored)} items, failures {dict(Counter(failed.values()))}")
