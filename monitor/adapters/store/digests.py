"""The desk of digests: what waits to be told, what was told when."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

from monitor.adapters.store.codec import moment, moment_or_none, stamp, stamp_or_none, to_json
from monitor.adapters.store.database import Database
from monitor.core.model import Delivery, Digest, Waiting
from monitor.errors import StoreError

_WAIT = """
INSERT INTO waiting (digest, hit_id, since)
SELECT :digest, value, :now FROM json_each(:ids)
WHERE NOT EXISTS (SELECT 1 FROM told WHERE digest = :digest AND hit_id = value)
ON CONFLICT DO NOTHING
"""

_RENEW = """
INSERT INTO waiting (digest, hit_id, since)
SELECT :digest, value, :now FROM json_each(:ids) WHERE true
ON CONFLICT DO NOTHING
"""

_LEAVE_OUT = """
INSERT INTO left_out (digest, hit_id, reason, at) VALUES (:digest, :hit_id, :reason, :now)
ON CONFLICT (digest, hit_id) DO UPDATE SET reason = excluded.reason
"""

_LEFT_OUT = """
SELECT reason, count(*) AS reports FROM left_out WHERE digest = ? GROUP BY reason ORDER BY reports DESC, reason
"""

_TOLD_MEANWHILE = """
SELECT count(*) FROM json_each(:ids)
WHERE EXISTS (SELECT 1 FROM told WHERE digest = :digest AND hit_id = value)
    AND NOT EXISTS (SELECT 1 FROM waiting WHERE digest = :digest AND hit_id = value)
"""

_TELL = """
INSERT INTO told (digest, hit_id, run_id, at)
SELECT :digest, value, :run_id, :now FROM json_each(:ids) WHERE true
ON CONFLICT (digest, hit_id) DO UPDATE SET run_id = excluded.run_id, at = excluded.at
"""

_KEEP_MESSAGE = "INSERT INTO messages (hash, channel, body) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING"

_QUEUE = """
INSERT INTO deliveries (key, run_id, digest, channel, address, part, parts, message_id, state, attempts, created_at,
    next_attempt_at, error, receipt)
VALUES (:key, :run_id, :digest, :channel, :address, :part, :parts, (SELECT id FROM messages WHERE hash = :hash),
    :state, :attempts, :created_at, :next_attempt_at, :error, :receipt)
"""


class DigestDesk:
    """Tables `desks`, `waiting`, `left_out`, `runs` and `told`; fills `messages` and `deliveries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def wait(self, digest: str, hit_ids: Collection[int], now: datetime) -> None:
        """Put hits into a digest's tray; one that already waits, or that this digest told, stays as it is."""
        self._database.execute(_WAIT, {"digest": digest, "ids": to_json(list(hit_ids)), "now": stamp(now)})

    def renew(self, digest: str, hit_ids: Collection[int], now: datetime) -> None:
        """Put hits into the tray although told before: the item was edited in a way worth telling."""
        self._database.execute(_RENEW, {"digest": digest, "ids": to_json(list(hit_ids)), "now": stamp(now)})

    def leave_out(self, digest: str, hit_id: int, reason: str, now: datetime) -> None:
        """Count a hit that this digest would have taken but does not tell, with the reason in words."""
        self._database.execute(_LEAVE_OUT, {"digest": digest, "hit_id": hit_id, "reason": reason, "now": stamp(now)})

    def left_out(self, digest: str) -> tuple[tuple[str, int], ...]:
        """(reason, number of reports) since the digest was last closed, most first."""
        return tuple((row["reason"], row["reports"]) for row in self._database.rows(_LEFT_OUT, (digest,)))

    def waiting(self) -> dict[str, Waiting]:
        """Trays that are not empty, by digest; their hits in the order in which they were put there."""
        trays: dict[str, list[int]] = {}
        oldest: dict[str, str] = {}
        for row in self._database.rows("SELECT digest, hit_id, since FROM waiting ORDER BY digest, since, hit_id"):
            trays.setdefault(row["digest"], []).append(row["hit_id"])
            oldest.setdefault(row["digest"], row["since"])
        return {digest: Waiting(digest, tuple(ids), moment(oldest[digest])) for digest, ids in trays.items()}

    def last_sent(self, digest: str) -> datetime | None:
        """When this digest was last made, or None."""
        # By id, not by time: after the clock was set back, the latest time is not the last.
        sql = "SELECT at FROM runs WHERE digest = ? ORDER BY id DESC LIMIT 1"
        return moment_or_none(self._database.value(sql, (digest,)))

    def last_heard(self, digest: str) -> datetime | None:
        """When this digest was last made and queued for somebody, or None: an empty one may be made for nobody."""
        sql = """
            SELECT at FROM runs WHERE digest = ? AND EXISTS (SELECT 1 FROM deliveries WHERE run_id = runs.id)
            ORDER BY id DESC LIMIT 1
        """
        return moment_or_none(self._database.value(sql, (digest,)))

    def start(self, digest: str, now: datetime) -> datetime:
        """When this digest was first known (recorded now if never): cron times before it are not made up for."""
        self._database.execute(
            "INSERT INTO desks (digest, started_at) VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, stamp(now))
        )
        return moment(self._database.value("SELECT started_at FROM desks WHERE digest = ?", (digest,)))

    def close(self, digest: Digest, hit_ids: Collection[int], deliveries: Sequence[Delivery], now: datetime) -> None:
        """Empty the tray of these hits and what was left out, mark told, record the digest, queue its deliveries.

        One transaction. Raises StoreError, with nothing changed, when another process told some of these
        hits meanwhile or a delivery's key is already known.
        """
        values = {"digest": digest.spec, "ids": to_json(sorted(set(hit_ids))), "now": stamp(now)}
        with self._database.transaction():
            if self._database.value(_TOLD_MEANWHILE, values):
                raise StoreError(
                    f"digest {digest.spec}: some of its hits were told by another process meanwhile; "
                    f"nothing was queued (database {self._database.path})"
                )
            run_id = self._record(digest, len(set(hit_ids)))
            self._database.execute(
                "DELETE FROM waiting WHERE digest = :digest AND hit_id IN (SELECT value FROM json_each(:ids))", values
            )
            self._database.execute("DELETE FROM left_out WHERE digest = ?", (digest.spec,))
            self._database.execute(_TELL, {**values, "run_id": run_id})
            self._queue(run_id, deliveries)

    def _record(self, digest: Digest, hits: int) -> int:
        done = self._database.execute(
            "INSERT INTO runs (digest, at, since, headline, stories, hits) VALUES (?, ?, ?, ?, ?, ?)",
            (digest.spec, stamp(digest.at), stamp_or_none(digest.since), digest.headline, len(digest.stories), hits),
        )
        assert done.lastrowid is not None
        return done.lastrowid

    def _queue(self, run_id: int, deliveries: Sequence[Delivery]) -> None:
        messages = []
        rows = []
        for each in deliveries:
            body = to_json(dict(each.message.body))
            digest = hashlib.sha256(f"{each.message.channel}\n{body}".encode("utf-8", "replace")).hexdigest()
            messages.append((digest, each.message.channel, body))
            rows.append(
                {
                    "key": each.key,
                    "run_id": run_id,
                    "digest": each.digest,
                    "channel": each.target.channel,
                    "address": each.target.address,
                    "part": each.part,
                    "parts": each.parts,
                    "hash": digest,
                    "state": each.state.value,
                    "attempts": each.attempts,
                    "created_at": stamp(each.created_at),
                    "next_attempt_at": stamp_or_none(each.next_attempt_at),
                    "error": each.error,
                    "receipt": each.receipt,
                }
            )
        self._database.execute_many(_KEEP_MESSAGE, messages)
        self._database.execute_many(_QUEUE, rows)
