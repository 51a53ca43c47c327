"""The desk of what people said: of what to be quiet, which story somebody has seen to, who left a digest."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from monitor.adapters.store import codec
from monitor.adapters.store.codec import moment, stamp, to_json
from monitor.adapters.store.database import Database
from monitor.adapters.store.gravity import ACK_COUNTS
from monitor.core.model import LEFT, Ack, Silence, SilenceKind, Story, Target

_STORY = """
SELECT id, title, first_at, last_at, (SELECT json_group_array(key) FROM story_keys WHERE story_id = id) AS keys
FROM stories WHERE id = ?
"""

_FORGET = "DELETE FROM silences WHERE kind = :kind AND what = :what"

_SILENCE = "INSERT INTO silences (kind, what, until, reason, at) VALUES (:kind, :what, :until, :reason, :at)"

_ACK = """
INSERT INTO acks (story_id, at, reason) SELECT id, :at, :reason FROM stories WHERE id = :story_id
ON CONFLICT (story_id) DO UPDATE SET at = excluded.at, reason = excluded.reason
"""

_SEEN_TO = """
SELECT a.story_id FROM acks AS a WHERE a.story_id IN (SELECT value FROM json_each(:stories)) AND {counts}
"""

_LEAVE = """
INSERT INTO unsubscribed (digest, channel, address, at) VALUES (:digest, :channel, :address, :now)
ON CONFLICT DO NOTHING
"""

_CANCEL = """
UPDATE deliveries SET state = 'parked', error = 'left the digest', fault = :left, next_attempt_at = NULL
WHERE state = 'queued' AND digest = :digest AND channel = :channel AND address = :address
"""

_REJOIN = "DELETE FROM unsubscribed WHERE digest = :digest AND channel = :channel AND address = :address"


class People:
    """Tables `silences`, `acks` and `unsubscribed`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def story(self, story_id: int) -> Story | None:
        """The story with this number."""
        row = self._database.row(_STORY, (story_id,))
        return None if row is None else codec.story(row)

    # --- silences -----------------------------------------------------------------------------------------

    def silence(self, silence: Silence) -> Silence:
        """Keep a silence, in place of an earlier one of the same thing; gives it back with its number."""
        values = {
            "kind": silence.kind.value,
            "what": silence.what,
            "until": stamp(silence.until),
            "reason": silence.reason,
            "at": stamp(silence.at),
        }
        with self._database.transaction():
            self._database.execute(_FORGET, values)
            done = self._database.execute(_SILENCE, values)
        assert done.lastrowid is not None
        return replace(silence, id=done.lastrowid)

    def silences(self, now: datetime) -> list[Silence]:
        """Those in force, the one that ends first standing first."""
        rows = self._database.rows("SELECT * FROM silences WHERE until > ? ORDER BY until, id", (stamp(now),))
        return [
            Silence(
                row["id"],
                SilenceKind(row["kind"]),
                row["what"],
                moment(row["until"]),
                row["reason"],
                moment(row["at"]),
            )
            for row in rows
        ]

    def end_silence(self, silence_id: int) -> bool:
        """Forget a silence; False where there is none with this number."""
        return bool(self._database.execute("DELETE FROM silences WHERE id = ?", (silence_id,)).rowcount)

    # --- acknowledgements ---------------------------------------------------------------------------------

    def acknowledge(self, ack: Ack) -> bool:
        """Record that somebody has seen to a story, in place of an earlier word; False where there is no such story."""
        values = {"story_id": ack.story_id, "at": stamp(ack.at), "reason": ack.reason}
        return bool(self._database.execute(_ACK, values).rowcount)

    def forget_ack(self, story_id: int) -> bool:
        """Take the word back; False where there was none."""
        return bool(self._database.execute("DELETE FROM acks WHERE story_id = ?", (story_id,)).rowcount)

    def acks(self, story_ids: Collection[int]) -> dict[int, Ack]:
        """By story, what was said last of those of these that somebody has seen to, whatever came since."""
        rows = self._database.rows(
            "SELECT * FROM acks WHERE story_id IN (SELECT value FROM json_each(?))", (to_json(list(story_ids)),)
        )
        return {row["story_id"]: Ack(row["story_id"], moment(row["at"]), row["reason"]) for row in rows}

    def seen_to(self, story_ids: Collection[int], digest: str | None = None) -> frozenset[int]:
        """Those of these whose acknowledgement counts: nothing graver came since, to this digest (None: to any)."""
        rows = self._database.rows(
            _SEEN_TO.format(counts=ACK_COUNTS), {"stories": to_json(list(story_ids)), "digest": digest}
        )
        return frozenset(row["story_id"] for row in rows)

    # --- who left -----------------------------------------------------------------------------------------

    def leave(self, digest: str, target: Target, now: datetime) -> None:
        """This recipient wants this digest no more: what is queued for it is parked, with the fault LEFT."""
        with self._database.transaction():
            self._database.execute(_LEAVE, _seat(digest, target) | {"now": stamp(now)})
            self._database.execute(_CANCEL, _seat(digest, target) | {"left": LEFT})

    def rejoin(self, digest: str, target: Target) -> bool:
        """This recipient wants it again; False where it had not left. What was parked because it left stays so."""
        return bool(self._database.execute(_REJOIN, _seat(digest, target)).rowcount)

    def left(self, digest: str) -> dict[Target, datetime]:
        """Who left a digest, and when."""
        rows = self._database.rows("SELECT channel, address, at FROM unsubscribed WHERE digest = ?", (digest,))
        return {Target(row["channel"], row["address"]): moment(row["at"]) for row in rows}

    def departed(self) -> dict[str, frozenset[Target]]:
        """By digest, who left it; those that nobody left are absent."""
        found: dict[str, set[Target]] = {}
        for row in self._database.rows("SELECT digest, channel, address FROM unsubscribed"):
            found.setdefault(row["digest"], set()).add(Target(row["channel"], row["address"]))
        return {digest: frozenset(targets) for digest, targets in found.items()}


def _seat(digest: str, target: Target) -> dict[str, str]:
    return {"digest": digest, "channel": target.channel, "address": target.address}
