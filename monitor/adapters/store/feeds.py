"""The desk of feeds: what is remembered of each between two polls, and the log of polls."""

from collections.abc import Sequence
from datetime import datetime

from monitor.adapters.store import codec
from monitor.adapters.store.codec import stamp, stamp_or_none
from monitor.adapters.store.database import Database
from monitor.core.model import FeedSpec, FeedState

# A changed URL is another document: what the old server said about it is forgotten and it is due now. That the feed
# was read before is not forgotten: its items are known by key, and news must not count as backlog.
_REGISTER = """
INSERT INTO feeds (id, configured_url, url, registered_at) VALUES (:id, :url, :url, :now)
ON CONFLICT (id) DO UPDATE SET
    configured_url = excluded.configured_url, url = excluded.url,
    etag = NULL, last_modified = NULL, body_hash = NULL, next_poll_at = NULL,
    failures = 0, last_error = '', gone = 0
WHERE configured_url <> excluded.configured_url
"""

_SAVE = """
INSERT INTO feeds (id, configured_url, url, etag, last_modified, body_hash, next_poll_at, first_success_at,
    last_poll_at, last_success_at, last_item_at, failures, last_error, gone, title, registered_at)
VALUES (:id, :url, :url, :etag, :last_modified, :body_hash, :next_poll_at, :first_success_at,
    :last_poll_at, :last_success_at, :last_item_at, :failures, :last_error, :gone, :title, :registered_at)
ON CONFLICT (id) DO UPDATE SET
    url = excluded.url, etag = excluded.etag, last_modified = excluded.last_modified, body_hash = excluded.body_hash,
    next_poll_at = excluded.next_poll_at, first_success_at = excluded.first_success_at,
    last_poll_at = excluded.last_poll_at, last_success_at = excluded.last_success_at,
    last_item_at = excluded.last_item_at, failures = excluded.failures, last_error = excluded.last_error,
    gone = excluded.gone, title = excluded.title
"""

_LOG = "INSERT INTO polls (at, feed, outcome, new, edited, hits, ms) VALUES (?, ?, ?, ?, ?, ?, ?)"


class FeedBook:
    """Tables `feeds` and `polls`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        """Register new feeds as due now; a changed URL forgets the HTTP state; state of removed feeds is kept."""
        at = stamp(now)
        self._database.execute_many(_REGISTER, [{"id": spec.id, "url": spec.url, "now": at} for spec in specs])

    def states(self) -> dict[str, FeedState]:
        """By feed id, all that were ever registered."""
        return {row["id"]: codec.feed_state(row) for row in self._database.rows("SELECT * FROM feeds ORDER BY id")}

    def save(self, state: FeedState) -> None:
        """Write one feed's state."""
        self._database.execute(
            _SAVE,
            {
                "id": state.feed,
                "url": state.url,
                "etag": state.etag,
                "last_modified": state.last_modified,
                "body_hash": state.body_hash,
                "next_poll_at": stamp_or_none(state.next_poll_at),
                "first_success_at": stamp_or_none(state.first_success_at),
                "last_poll_at": stamp_or_none(state.last_poll_at),
                "last_success_at": stamp_or_none(state.last_success_at),
                "last_item_at": stamp_or_none(state.last_item_at),
                "failures": state.failures,
                "last_error": state.last_error,
                "gone": int(state.gone),
                "title": state.title,
                "registered_at": stamp_or_none(state.last_poll_at) or "",
            },
        )

    def record_poll(
        self, feed: str, at: datetime, outcome: str, *, new: int = 0, edited: int = 0, hits: int = 0, ms: int = 0
    ) -> None:
        """Add one line to the log of polls. `outcome` is "ok", "not-modified" or a FailureKind; `ms` its duration."""
        self._database.execute(_LOG, (stamp(at), feed, str(outcome), new, edited, hits, ms))
