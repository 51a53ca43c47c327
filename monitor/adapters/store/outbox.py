"""The desk of deliveries on their way. Each step of a delivery is durable when its method returns: see database.py."""

import sqlite3
from collections.abc import Collection
from datetime import datetime

from monitor.adapters.store import codec
from monitor.adapters.store.codec import moment, stamp, stamp_or_none, to_json
from monitor.adapters.store.database import Database
from monitor.core.model import LEFT, Delivery, DeliveryState, Receipt, Refusal, Target
from monitor.errors import StoreError

# One that was attempted in the future is due too: the clock was set back, and its next time could be years away.
_DUE = """
WITH ready AS (
    SELECT d.key, row_number() OVER (
        PARTITION BY d.channel, d.address ORDER BY d.created_at, d.run_id, d.part
    ) AS place
    FROM deliveries AS d
    WHERE d.state = 'queued' AND (d.next_attempt_at IS NULL OR d.next_attempt_at <= :now OR d.attempted_at > :now)
        AND NOT EXISTS (
            SELECT 1 FROM deliveries AS earlier
            WHERE earlier.run_id = d.run_id AND earlier.channel = d.channel AND earlier.address = d.address
                AND earlier.part < d.part AND earlier.state IN ('queued', 'sending')
        )
        AND (d.thread = '' OR NOT EXISTS (
            SELECT 1 FROM deliveries AS earlier
            WHERE earlier.thread = d.thread AND earlier.thread <> '' AND earlier.channel = d.channel
                AND earlier.address = d.address AND earlier.run_id < d.run_id AND earlier.state IN ('queued', 'sending')
        ))
)
SELECT d.*, m.channel AS message_channel, m.body, CASE WHEN d.thread <> '' THEN (
    SELECT receipt FROM deliveries AS first
    WHERE first.thread = d.thread AND first.thread <> '' AND first.channel = d.channel AND first.address = d.address
        AND first.state = 'sent'
    ORDER BY first.run_id, first.part LIMIT 1
) END AS root
FROM ready JOIN deliveries AS d ON d.key = ready.key JOIN messages AS m ON m.id = d.message_id
WHERE ready.place = 1
ORDER BY d.created_at, d.run_id, d.channel, d.address
LIMIT :limit
"""

# Only what is queued can be begun: of two dispatchers, the second is refused.
_ATTEMPT = """
UPDATE deliveries SET state = 'sending', attempts = attempts + 1, attempted_at = :now
WHERE key = :key AND state = 'queued'
"""

_SENT = """
UPDATE deliveries SET state = 'sent', sent_at = :now, receipt = :receipt, error = '', fault = '', next_attempt_at = NULL
WHERE key = :key
"""

_FAILED = """
UPDATE deliveries SET state = :state, error = :error, fault = :fault, next_attempt_at = :retry_at
WHERE key = :key AND state <> 'sent'
"""

_RECOVER = """
UPDATE deliveries SET state = 'queued', next_attempt_at = :now,
    error = 'interrupted before the answer was recorded; tried again with the same key'
WHERE state = 'sending' RETURNING key
"""

# Whether the recipient of a delivery has left its digest.
_GONE = """
EXISTS (
    SELECT 1 FROM unsubscribed AS u
    WHERE u.digest = deliveries.digest AND u.channel = deliveries.channel AND u.address = deliveries.address
)
"""

# What could not be sent at once to somebody who left meanwhile; what is being sent can't be called back.
_LET_GO = """
UPDATE deliveries SET state = 'parked', error = 'left the digest', fault = :left, next_attempt_at = NULL
WHERE state = :state AND (:key IS NULL OR key = :key) AND {gone}
"""

_RETRY = """
UPDATE deliveries SET state = 'queued', next_attempt_at = :now
WHERE state IN ('parked', 'queued') AND key IN (SELECT value FROM json_each(:keys)) AND NOT {gone}
"""

_BOUNCED = """
UPDATE deliveries SET state = 'parked', error = :reason, fault = 'permanent', attempted_at = :now
WHERE key = :key AND state = 'sent'
"""

# Of deliveries `d` those that came to nothing, where nothing has arrived since.
REFUSED = """
d.state = 'parked' AND d.fault = 'permanent' AND NOT EXISTS (
    SELECT 1 FROM deliveries AS later
    WHERE later.channel = d.channel AND later.address = d.address AND later.state = 'sent'
        AND later.sent_at > d.attempted_at
)
"""
_REFUSALS = """
SELECT channel, address, digest, coalesce(attempted_at, created_at) AS at, error FROM deliveries AS d
WHERE {refused} ORDER BY at, key
"""


class Outbox:
    """Tables `deliveries` and `messages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, now: datetime, limit: int) -> list[Delivery]:
        """Of each target the oldest queued one whose time has come, oldest first.

        A part is due only after its earlier parts are SENT or PARKED, one of a thread after the thread's earlier ones
        to the same target. `root` is the receipt of the first of these that was sent.
        """
        return [codec.delivery(row) for row in self._database.rows(_DUE, {"now": stamp(now), "limit": limit})]

    def attempt(self, key: str, now: datetime) -> None:
        """Record, before sending, that an attempt begins. Raises StoreError when the delivery is not queued."""
        self._change(key, "is not queued: it was sent, parked, or is being sent by another process", _ATTEMPT, now=now)

    def sent(self, receipt: Receipt) -> None:
        """Record success. Raises StoreError when the key is unknown."""
        self._change(receipt.key, "is unknown", _SENT, now=receipt.at, receipt=receipt.reference)

    def failed(self, key: str, error: str, retry_at: datetime | None, now: datetime, fault: str = "") -> None:
        """Record failure: queued again for `retry_at`, or parked when None; `fault` is the value of a DeliveryFault.

        Parked, too, when its recipient has left the digest meanwhile. Raises StoreError when the key is unknown or was
        sent.
        """
        state = DeliveryState.PARKED if retry_at is None else DeliveryState.QUEUED
        self._change(
            key,
            "is unknown or already sent",
            _FAILED,
            now=now,
            state=state.value,
            error=error,
            fault=fault,
            retry_at=stamp_or_none(retry_at),
        )

    def recover(self, now: datetime) -> list[str]:
        """Queue again what a crash left in SENDING; gives their keys. Call once, before the first dispatch.

        What was on its way to somebody who left the digest meanwhile is parked.
        """
        with self._database.transaction():
            self._let_go(DeliveryState.SENDING)
            return [row["key"] for row in self._database.rows(_RECOVER, {"now": stamp(now)})]

    def retry(self, keys: Collection[str], now: datetime) -> int:
        """Queue parked ones again, and have waiting ones tried now, at a person's wish; how many there were.

        Never those of recipients who have left the digest.
        """
        return self._database.execute(
            _RETRY.format(gone=_GONE), {"now": stamp(now), "keys": to_json(list(keys))}
        ).rowcount

    def bounced(self, key: str, reason: str, now: datetime) -> bool:
        """One that was sent came back: parked for good; False where none with this key was sent."""
        values = {"key": key, "reason": reason, "now": stamp(now)}
        return self._database.execute(_BOUNCED, values).rowcount > 0

    def refusals(self) -> list[Refusal]:
        """Recipients that refuse, the latest first: their deliveries that came to nothing since the last success."""
        found: dict[Target, list[sqlite3.Row]] = {}
        for row in self._database.rows(_REFUSALS.format(refused=REFUSED)):
            found.setdefault(Target(row["channel"], row["address"]), []).append(row)
        refusals = [
            Refusal(
                target,
                digests=tuple(dict.fromkeys(row["digest"] for row in rows)),
                since=moment(rows[0]["at"]),
                last_at=moment(rows[-1]["at"]),
                times=len(rows),
                reason=rows[-1]["error"],
            )
            for target, rows in found.items()
        ]
        return sorted(refusals, key=lambda refusal: refusal.last_at, reverse=True)

    def count(self) -> dict[DeliveryState, int]:
        """How many stand in each state; every state is present."""
        rows = self._database.rows("SELECT state, count(*) AS deliveries FROM deliveries GROUP BY state")
        found = {row["state"]: row["deliveries"] for row in rows}
        return {state: found.get(state.value, 0) for state in DeliveryState}

    def _change(self, key: str, complaint: str, sql: str, *, now: datetime, **values: str | None) -> None:
        with self._database.durable():
            if not self._database.execute(sql, {"key": key, "now": stamp(now), **values}).rowcount:
                raise StoreError(f"delivery {key} {complaint} (database {self._database.path})")
            if values.get("state") == DeliveryState.QUEUED.value:
                self._let_go(DeliveryState.QUEUED, key)

    def _let_go(self, state: DeliveryState, key: str | None = None) -> None:
        """Park what is in this state, or that one of it, where the recipient has left the digest."""
        self._database.execute(_LET_GO.format(gone=_GONE), {"state": state.value, "key": key, "left": LEFT})
