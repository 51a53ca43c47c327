"""The desk of digests: what waits to be told, what was told when."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from monitor.adapters.store import codec, editions
from monitor.adapters.store.codec import moment, moment_or_none, stamp, stamp_or_none, to_json
from monitor.adapters.store.database import Database
from monitor.adapters.store.gravity import ACK_COUNTS, rank
from monitor.core.model import Alert, Delivery, Digest, RuleEdit, RuleInfo, Run, StoryStatus, Telling, Waiting
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
ON CONFLICT (digest, hit_id) DO UPDATE SET reason = excluded.reason, counted_at = NULL,
    at = CASE WHEN counted_at IS NULL THEN at ELSE excluded.at END
"""

_SET_ASIDE = """
INSERT INTO left_out (digest, hit_id, reason, at)
SELECT digest, hit_id, :reason, :now FROM waiting
WHERE digest = :digest AND hit_id IN (SELECT value FROM json_each(:ids))
ON CONFLICT (digest, hit_id) DO UPDATE SET reason = excluded.reason, counted_at = NULL,
    at = CASE WHEN counted_at IS NULL THEN at ELSE excluded.at END
"""

_TAKE_OUT = "DELETE FROM waiting WHERE digest = :digest AND hit_id IN (SELECT value FROM json_each(:ids))"

_LEFT_OUT = """
SELECT reason, count(*) AS reports FROM left_out WHERE digest = ? AND counted_at IS NULL
GROUP BY reason ORDER BY reports DESC, reason
"""

_COUNTED = """
UPDATE left_out SET counted_at = :now WHERE digest = :digest AND counted_at IS NULL AND NOT (at > :now AND at < :ahead)
"""

_TOLD_MEANWHILE = """
SELECT count(*) FROM json_each(:ids)
WHERE EXISTS (SELECT 1 FROM told WHERE digest = :digest AND hit_id = value)
    AND NOT EXISTS (SELECT 1 FROM waiting WHERE digest = :digest AND hit_id = value)
"""

# Stories with something in the tray, and those told before that may have to come again: asked every few seconds, so
# that the hits are only counted together here. CROSS JOIN: in this order, from the few to the many.
_ANY_ALERTS = """
WITH tray AS (
    SELECT h.story_id, min(w.since) AS since, json_group_array(w.hit_id) AS hit_ids,
        json_group_array(DISTINCT h.rule) AS rules, max({rank}) AS rank
    FROM {tray} GROUP BY h.story_id
), again AS (
    SELECT t.story_id, json_group_array(DISTINCT h.rule) AS rules
    FROM tellings AS t CROSS JOIN stories AS s ON s.id = t.story_id CROSS JOIN hits AS h ON h.story_id = t.story_id
    CROSS JOIN told ON told.digest = t.digest AND told.hit_id = h.id
    WHERE t.digest = :digest AND (t.last_at <= :told_before OR t.last_at > :now) AND s.last_at >= :report_after
        AND t.repeats < :most AND t.story_id NOT IN (SELECT story_id FROM tray)
        AND NOT EXISTS (SELECT 1 FROM acks AS a WHERE a.story_id = t.story_id AND {ack_counts})
    GROUP BY t.story_id {having}
), heard AS MATERIALIZED (
    SELECT tray.story_id, max({rank}) AS rank
    FROM tray CROSS JOIN tellings AS t ON t.digest = :digest AND t.story_id = tray.story_id
    CROSS JOIN hits AS h ON h.story_id = t.story_id CROSS JOIN told ON told.digest = :digest AND told.hit_id = h.id
    GROUP BY tray.story_id
)
SELECT s.id AS story_id, s.last_at AS report_at, tray.since, coalesce(tray.hit_ids, '[]') AS hit_ids,
    tray.rank, one.rules, t.first_at, t.last_at, t.repeats,
    CASE WHEN tray.rank > heard.rank THEN (
        SELECT min(w.since) FROM hits AS h JOIN waiting AS w ON w.digest = :digest AND w.hit_id = h.id
        WHERE h.story_id = s.id AND {rank} > heard.rank
    ) END AS graver_since,
    EXISTS (SELECT 1 FROM acks AS a WHERE a.story_id = s.id AND {ack_counts}) AS acknowledged
FROM (SELECT story_id, rules FROM tray UNION ALL SELECT story_id, rules FROM again) AS one
JOIN stories AS s ON s.id = one.story_id
LEFT JOIN tray ON tray.story_id = one.story_id
LEFT JOIN tellings AS t ON t.digest = :digest AND t.story_id = one.story_id
LEFT JOIN heard ON heard.story_id = one.story_id
ORDER BY coalesce(tray.since, t.last_at), s.id
"""
_ALERTS = _ANY_ALERTS.format(
    tray="waiting AS w JOIN hits AS h ON h.id = w.hit_id WHERE w.digest = :digest",
    having="",
    rank=rank("h.severity"),
    ack_counts=ACK_COUNTS,
)
_ALERTS_OF_RULES = _ANY_ALERTS.format(
    tray="""(
        SELECT DISTINCT h.story_id FROM waiting AS w CROSS JOIN hits AS h ON h.id = w.hit_id
        WHERE w.digest = :digest AND h.rule IN (SELECT value FROM json_each(:rules))
    ) AS wanted CROSS JOIN hits AS h ON h.story_id = wanted.story_id
    CROSS JOIN waiting AS w ON w.digest = :digest AND w.hit_id = h.id""",
    having="HAVING max(h.rule IN (SELECT value FROM json_each(:rules)))",
    rank=rank("h.severity"),
    ack_counts=ACK_COUNTS,
)

_TELLINGS = """
SELECT story_id, first_at, last_at, repeats FROM tellings
WHERE digest = ? AND story_id IN (SELECT value FROM json_each(?))
"""

_TOLD = """
SELECT t.hit_id FROM json_each(:stories) AS s
CROSS JOIN hits AS h ON h.story_id = s.value CROSS JOIN told AS t ON t.digest = :digest AND t.hit_id = h.id
ORDER BY t.hit_id
"""

_TELL_OF = """
INSERT INTO tellings (digest, story_id, first_at, last_at, repeats)
SELECT :digest, s.id, :now, :now, 0 FROM json_each(:stories) AS given JOIN stories AS s ON s.id = given.value
WHERE true
ON CONFLICT (digest, story_id) DO UPDATE SET last_at = excluded.last_at, repeats = 0
"""

_REPEAT = """
UPDATE tellings SET last_at = :now, repeats = repeats + 1
WHERE digest = :digest AND story_id IN (SELECT value FROM json_each(:stories))
"""

_TELL = """
INSERT INTO told (digest, hit_id, run_id, at)
SELECT :digest, value, :run_id, :now FROM json_each(:ids) WHERE true
ON CONFLICT (digest, hit_id) DO UPDATE SET run_id = excluded.run_id
"""

_KEEP_MESSAGE = "INSERT INTO messages (hash, channel, body) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING"

_QUEUE = """
INSERT INTO deliveries (key, run_id, digest, channel, address, part, parts, message_id, state, attempts, created_at,
    next_attempt_at, error, receipt, thread, fault)
VALUES (:key, :run_id, :digest, :channel, :address, :part, :parts, (SELECT id FROM messages WHERE hash = :hash),
    :state, :attempts, :created_at, :next_attempt_at, :error, :receipt, :thread, :fault)
"""


_SET_BACK = timedelta(hours=1)


class DigestDesk:
    """Tables `desks`, `waiting`, `left_out`, `runs`, `told`, `tellings` and `rule_editions`.

    Fills `messages` and `deliveries`.
    """

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
        """(reason, number of reports) since the digest last went to somebody, most first."""
        return tuple((row["reason"], row["reports"]) for row in self._database.rows(_LEFT_OUT, (digest,)))

    def set_aside(self, digest: str, hit_ids: Collection[int], reason: str, now: datetime) -> None:
        """Take hits out of the tray without telling them, and count them as left out for this reason."""
        values = {"digest": digest, "ids": to_json(list(hit_ids)), "reason": reason, "now": stamp(now)}
        with self._database.transaction():
            self._database.execute(_SET_ASIDE, values)
            self._database.execute(_TAKE_OUT, values)

    def waiting(self) -> dict[str, Waiting]:
        """Trays that are not empty, by digest; their hits in the order in which they were put there."""
        trays: dict[str, list[int]] = {}
        oldest: dict[str, str] = {}
        for row in self._database.rows("SELECT digest, hit_id, since FROM waiting ORDER BY digest, since, hit_id"):
            trays.setdefault(row["digest"], []).append(row["hit_id"])
            oldest.setdefault(row["digest"], row["since"])
        return {digest: Waiting(digest, tuple(ids), moment(oldest[digest])) for digest, ids in trays.items()}

    def alerts(
        self,
        digest: str,
        now: datetime,
        *,
        told_before: datetime,
        report_after: datetime,
        most: int,
        rules: Collection[str] | None = None,
    ) -> list[Alert]:
        """Stories with something in the tray, the longest waiting first.

        Also those that may have to come again: told last before `told_before` (or in the future, by a clock that was
        set back), fewer than `most` times without news, reported on since `report_after`, not acknowledged
        (see People.seen_to). With `rules`, only those of which something waits, or was told, that one of these found.
        """
        values = {
            "digest": digest,
            "now": stamp(now),
            "told_before": stamp(told_before),
            "report_after": stamp(report_after),
            "most": most,
            "rules": to_json(sorted(rules or ())),
        }
        sql = _ALERTS if rules is None else _ALERTS_OF_RULES
        return [codec.alert(digest, row) for row in self._database.rows(sql, values)]

    def tellings(self, digest: str, story_ids: Collection[int]) -> dict[int, Telling]:
        """By story, what this digest told of it; those never told are absent."""
        rows = self._database.rows(_TELLINGS, (digest, to_json(list(story_ids))))
        return {row["story_id"]: codec.telling(digest, row) for row in rows}

    def told(self, digest: str, story_ids: Collection[int]) -> list[int]:
        """The hits of these stories that this digest has told."""
        rows = self._database.rows(_TOLD, {"digest": digest, "stories": to_json(list(story_ids))})
        return [row["hit_id"] for row in rows]

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

    def runs(self, digest: str, since: datetime) -> list[Run]:
        """When this digest was made and queued for somebody, after `since`, in order."""
        sql = """
            SELECT at, stories, gravest FROM runs WHERE digest = ? AND at > ?
                AND EXISTS (SELECT 1 FROM deliveries WHERE run_id = runs.id) ORDER BY at, id
        """
        return [codec.run(row) for row in self._database.rows(sql, (digest, stamp(since)))]

    def start(self, digest: str, now: datetime) -> datetime:
        """When this digest was first known (recorded now if never): cron times before it are not made up for."""
        self._database.execute(
            "INSERT INTO desks (digest, started_at) VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, stamp(now))
        )
        return moment(self._database.value("SELECT started_at FROM desks WHERE digest = ?", (digest,)))

    def close(self, digest: Digest, hit_ids: Collection[int], deliveries: Sequence[Delivery], now: datetime) -> None:
        """Empty the tray of these hits, mark them and the digest's stories told, record the digest, queue deliveries.

        What was left out by `now` counts as told of when there are deliveries to tell it. One transaction. Raises
        StoreError, with nothing changed, when another process told some of these hits meanwhile or a delivery's key is
        already known.
        """
        values = {"digest": digest.spec, "ids": to_json(sorted(set(hit_ids))), "now": stamp(now)}
        with self._database.transaction():
            if self._database.value(_TOLD_MEANWHILE, values):
                raise StoreError(
                    f"digest {digest.spec}: some of its hits were told by another process meanwhile; "
                    f"nothing was queued (database {self._database.path})"
                )
            run_id = self._record(digest, len(set(hit_ids)))
            self._database.execute(_TAKE_OUT, values)
            if deliveries:
                # Not what was left out since the digest was drafted; times far ahead are of a clock set back.
                self._database.execute(_COUNTED, {**values, "ahead": stamp(now + _SET_BACK)})
            self._database.execute(_TELL, {**values, "run_id": run_id})
            again = {story.story_id for story in digest.stories if story.status is StoryStatus.AGAIN}
            fresh = {story.story_id for story in digest.stories} - again
            for sql, stories in ((_TELL_OF, fresh), (_REPEAT, again)):
                self._database.execute(sql, {**values, "stories": to_json(sorted(stories))})
            self._queue(run_id, deliveries)

    def note_rules(self, rules: Sequence[RuleInfo], now: datetime) -> None:
        """Log the rules in force that differ from those in force before, and those that are gone."""
        editions.note_rules(self._database, rules, now)

    def rule_edits(self, since: datetime, until: datetime) -> tuple[RuleEdit, ...]:
        """What became of rules after `since`, up to `until`, each once; never the first that were known."""
        return editions.rule_edits(self._database, since, until)

    def _record(self, digest: Digest, hits: int) -> int:
        news = [story.severity for story in digest.stories if story.status is not StoryStatus.AGAIN]
        gravest = max(news, key=lambda severity: severity.rank, default=None)
        done = self._database.execute(
            "INSERT INTO runs (digest, at, since, headline, stories, hits, gravest) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                digest.spec,
                stamp(digest.at),
                stamp_or_none(digest.since),
                digest.headline,
                len(digest.stories),
                hits,
                gravest and gravest.value,
            ),
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
                    "thread": each.thread,
                    "fault": each.fault,
                }
            )
        self._database.execute_many(_KEEP_MESSAGE, messages)
        self._database.execute_many(_QUEUE, rows)
