"""The desk of feeds: what is remembered of each between two polls, and the logs of polls and troubles."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from monitor.adapters.store import codec
from monitor.adapters.store.codec import stamp
from monitor.adapters.store.database import Database
from monitor.core.holding import host_of
from monitor.core.model import FeedSpec, FeedState, Hold, Notice, Trouble, TroubleKind

# A changed URL is another document: what the old server said about it is forgotten and it is due now. That the feed
# was read before is not forgotten: its items are known by key, and news must not count as backlog.
_REGISTER = """
INSERT INTO feeds (id, configured_url, url, host, registered_at) VALUES (:id, :url, :url, :host, :now)
ON CONFLICT (id) DO UPDATE SET
    configured_url = excluded.configured_url, url = excluded.url,
    host = excluded.host, etag = NULL, last_modified = NULL, body_hash = NULL, next_poll_at = NULL,
    failures = 0, last_error = '', gone = 0, failing_since = NULL, moved_to = '', moved_polls = 0, moved_since = NULL
WHERE configured_url <> excluded.configured_url
"""

# Asked in the future: the clock was set back, and its next time could be years away.
_DUE = """
SELECT * FROM feeds
WHERE gone = 0 AND (next_poll_at IS NULL OR next_poll_at <= :now OR last_poll_at > :now)
ORDER BY next_poll_at, id
"""

_HOLD = """
INSERT INTO holds (host, until, times) VALUES (?, ?, ?)
ON CONFLICT (host) DO UPDATE SET until = excluded.until, times = excluded.times
"""
_WITHIN_HOLD = """
SELECT id FROM feeds WHERE host = ? AND gone = 0 AND (next_poll_at IS NULL OR next_poll_at < ?)
ORDER BY next_poll_at, id
"""
_PUT_OFF = "UPDATE feeds SET next_poll_at = ? WHERE id = ?"
_RELEASE = "DELETE FROM holds WHERE host = ?"

_BEGIN = "INSERT INTO notices (feed, kind, message, began_at) VALUES (?, ?, ?, ?)"
_END = "UPDATE notices SET ended_at = ? WHERE feed = ? AND kind = ? AND ended_at IS NULL"
_NOTICES = """
SELECT * FROM notices
WHERE began_at > :since AND began_at <= :until OR ended_at > :since AND ended_at <= :until
ORDER BY max(began_at, coalesce(ended_at, '')), id
"""

_DAILY = """
SELECT feed, substr(at, 1, 10) AS day, sum(new) AS items FROM polls WHERE at >= ? AND new > 0 GROUP BY feed, day
"""
_BROUGHT = "SELECT coalesce(sum(new), 0) FROM polls WHERE feed = ? AND at > ? AND new > 0"
_LOG = "INSERT INTO polls (at, feed, outcome, new, edited, hits, ms) VALUES (?, ?, ?, ?, ?, ?, ?)"


@cache
def _change(*columns: str) -> str:
    """The statement that writes these columns of one feed."""
    return f"UPDATE feeds SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?"  # noqa: S608 (our names)


@cache
def _insert(*columns: str) -> str:
    """The statement that writes all columns of one feed, known before or not."""
    return f"""
        INSERT INTO feeds (id, configured_url, registered_at, {", ".join(columns)})
        VALUES (:id, :url, coalesce(:last_poll_at, ''), {", ".join(f":{name}" for name in columns)})
        ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in columns)}
    """  # noqa: S608 (our own names)


class FeedBook:
    """Tables `feeds`, `holds`, `polls` and `notices`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        """Register new feeds as due now; a changed URL forgets the HTTP state; state of removed feeds is kept."""
        at = stamp(now)
        rows = [{"id": spec.id, "url": spec.url, "host": host_of(spec.url), "now": at} for spec in specs]
        self._database.execute_many(_REGISTER, rows)

    def states(self) -> dict[str, FeedState]:
        """By feed id, all that were ever registered."""
        return {row["id"]: codec.feed_state(row) for row in self._database.rows("SELECT * FROM feeds ORDER BY id")}

    def due(self, now: datetime, wanted: Callable[[str], bool] = lambda _: True) -> list[FeedState]:
        """Those whose time has come, longest waiting first; feeds that are gone never come.

        Removed feeds are among them; `wanted` is asked with each id and keeps out what is not to be read.
        """
        rows = self._database.rows(_DUE, {"now": stamp(now)})
        return [codec.feed_state(row) for row in rows if wanted(row["id"])]

    def times(self) -> dict[str, datetime | None]:
        """When each is to be asked next, by id, None for now; without feeds that are gone."""
        rows = self._database.rows("SELECT id, next_poll_at FROM feeds WHERE gone = 0")
        return {row["id"]: codec.moment_or_none(row["next_poll_at"]) for row in rows}

    def save(self, state: FeedState, before: FeedState | None = None) -> None:
        """Write one feed's state; where it is known what was stored `before`, only what differs from that."""
        if before is not None:
            changes = codec.feed_row(state, before)
            if not changes or self._database.execute(_change(*changes), (*changes.values(), state.feed)).rowcount:
                return
        row = codec.feed_row(state)
        self._database.execute(_insert(*row), row | {"id": state.feed})

    def record_poll(
        self, feed: str, at: datetime, outcome: str, *, new: int = 0, edited: int = 0, hits: int = 0, ms: int = 0
    ) -> None:
        """Add one line to the log of polls. `outcome` is "ok", "not-modified" or a FailureKind; `ms` its duration."""
        self._database.execute(_LOG, (stamp(at), feed, str(outcome), new, edited, hits, ms))

    def hold(self, hold: Hold, spread: timedelta = timedelta(0)) -> None:
        """Ask no feed of this host before `hold.until`; those planned sooner come after it, evenly over `spread`."""
        with self._database.transaction():
            self._database.execute(_HOLD, (hold.host, stamp(hold.until), hold.times))
            feeds = self._database.rows(_WITHIN_HOLD, (hold.host, stamp(hold.until)))
            for place, row in enumerate(feeds):
                self._database.execute(_PUT_OFF, (stamp(hold.until + spread * (place / len(feeds))), row["id"]))

    def holds(self) -> dict[str, Hold]:
        """By host, also those whose time is over, as long as the host has not answered since."""
        rows = self._database.rows("SELECT host, until, times FROM holds")
        return {row["host"]: Hold(row["host"], codec.moment(row["until"]), row["times"]) for row in rows}

    def release(self, host: str) -> None:
        """Forget a hold: the host answers again."""
        self._database.execute(_RELEASE, (host,))

    def brought(self, feed: str, since: datetime) -> int:
        """New items of a feed since then, by the log of polls."""
        found: int = self._database.value(_BROUGHT, (feed, stamp(since)))
        return found

    def daily(self, days: int, now: datetime) -> dict[str, tuple[int, ...]]:
        """New items on each of the last `days` days in UTC, oldest first, ending today; absent: feeds without any."""
        today = now.astimezone(UTC).date()
        places = {(today - timedelta(days=days - 1 - n)).isoformat(): n for n in range(days)}
        found: dict[str, list[int]] = {}
        for row in self._database.rows(_DAILY, (min(places),)):
            if row["day"] in places:  # else the clock was set back
                found.setdefault(row["feed"], [0] * days)[places[row["day"]]] = row["items"]
        return {feed: tuple(counts) for feed, counts in found.items()}

    def begin(self, feed: str, trouble: Trouble) -> None:
        """Log that a trouble began at `trouble.since`."""
        self._database.execute(_BEGIN, (feed, trouble.kind, trouble.message, stamp(trouble.since)))

    def end(self, feed: str, kind: TroubleKind, at: datetime) -> None:
        """Log that the standing trouble of this kind is over."""
        self._database.execute(_END, (stamp(at), feed, kind))

    def notices(self, since: datetime, until: datetime) -> list[Notice]:
        """Troubles that began or ended after `since`, up to `until`, in order of their last change."""
        rows = self._database.rows(_NOTICES, {"since": stamp(since), "until": stamp(until)})
        return [codec.notice(row) for row in rows]
