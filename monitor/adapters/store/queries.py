"""Rows for a person: what `monitor items`, `hits`, `outbox` and `health` show. Read only.

Every value is JSON-ready; times are ISO 8601 text in UTC.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from monitor.adapters.store.codec import fold, stamp
from monitor.adapters.store.database import Database
from monitor.adapters.store.outbox import REFUSED
from monitor.core.model import DeliveryState

Filters = Mapping[str, str | datetime | None]

_LANGUAGE = "(i.language = :language OR i.language LIKE :language || '-%')"

_ITEMS = """
SELECT i.id, i.feed, i.dated_at AS at, i.title, i.summary, i.link, i.author, i.language, i.published, i.seen_at,
    i.edited_at,
    (SELECT count(*) FROM editions WHERE item_id = i.id) AS editions,
    (SELECT json_group_array(rule) FROM hits WHERE item_id = i.id) AS rules
FROM items AS i {where} ORDER BY i.dated_at DESC, i.id DESC LIMIT :limit
"""
_ITEM_FILTERS = {
    "feed": "i.feed = :feed",
    "language": _LANGUAGE,
    "text": "(instr(fold(i.title), :text) OR instr(fold(i.summary), :text))",
    "since": "i.dated_at >= :since",
    "until": "i.dated_at < :until",
}

_HITS = """
SELECT h.id, h.rule, h.severity, h.status, h.score, h.at, h.edited, h.story_id, h.item_id, i.feed, i.title, i.link,
    i.language, i.published, h.gloss,
    (SELECT json_group_array(json_object('term', value ->> 0, 'label', value ->> 1, 'entity', value ->> 2,
        'text', value ->> 3, 'field', value ->> 4, 'start', value ->> 5, 'end', value ->> 6))
     FROM json_each(h.evidence)) AS evidence,
    (SELECT json_group_array(digest) FROM told WHERE hit_id = h.id) AS told,
    (SELECT json_group_array(json_object('digest', digest, 'outcome', outcome, 'at', at, 'reason', reason,
        'counted_at', counted_at, 'deliveries', json(deliveries)))
     FROM (
        SELECT digest, 'told' AS outcome, at, '' AS reason, NULL AS counted_at, (
            SELECT json_group_object(state, number) FROM (
                SELECT state, count(*) AS number FROM deliveries WHERE run_id = told.run_id GROUP BY state
            )
        ) AS deliveries FROM told WHERE hit_id = h.id
        UNION ALL SELECT digest, 'waiting', since, '', NULL, '{{}}' FROM waiting WHERE hit_id = h.id
        UNION ALL SELECT digest, CASE WHEN reason LIKE 'silenced until %' THEN 'silenced' ELSE 'left_out' END, at,
            reason, counted_at, '{{}}' FROM left_out WHERE hit_id = h.id
        ORDER BY at, digest
    )) AS outcomes
FROM hits AS h JOIN items AS i ON i.id = h.item_id {where} ORDER BY h.at DESC, h.id DESC LIMIT :limit
"""
_HIT_FILTERS = {
    "rule": "h.rule = :rule",
    "severity": "h.severity = :severity",
    "feed": "i.feed = :feed",
    "language": _LANGUAGE,
    "text": "(instr(fold(i.title), :text) OR instr(fold(i.summary), :text))",
    "since": "h.at >= :since",
    "until": "h.at < :until",
    "story": "h.story_id = :story",
    "digest": "h.id IN (SELECT hit_id FROM told WHERE digest = :digest)",
    "status": "h.status = :status",
}

_OUTBOX = """
SELECT d.key, d.digest, d.channel, d.address, d.part, d.parts, d.state, d.attempts, d.created_at, d.attempted_at,
    d.next_attempt_at, d.sent_at, d.error, d.fault, d.receipt, d.thread,
    coalesce(m.body ->> '$.subject', m.body ->> '$.text', '') AS subject
FROM deliveries AS d JOIN messages AS m ON m.id = d.message_id
{where} ORDER BY d.created_at DESC, d.run_id DESC, d.channel, d.address, d.part LIMIT :limit
"""
_OUTBOX_FILTERS = {"state": "d.state = :state", "digest": "d.digest = :digest", "channel": "d.channel = :channel"}

_HEALTH = """
WITH refusing AS (SELECT DISTINCT d.channel, d.address FROM deliveries AS d WHERE {refused})
SELECT
    (SELECT count(*) FROM feeds) AS feeds,
    (SELECT count(*) FROM feeds WHERE failures > 0 AND NOT gone AND troubles = '[]') AS feeds_failing,
    (SELECT count(*) FROM feeds WHERE gone) AS feeds_gone,
    (SELECT max(last_poll_at) FROM feeds) AS last_poll_at,
    (SELECT max(last_success_at) FROM feeds) AS last_success_at,
    (SELECT count(*) FROM feeds WHERE NOT gone AND next_poll_at < :now) AS feeds_overdue,
    (SELECT min(next_poll_at) FROM feeds WHERE NOT gone) AS next_poll_at,
    (SELECT count(*) FROM waiting) AS hits_waiting,
    (SELECT min(created_at) FROM deliveries WHERE state IN ('queued', 'sending')) AS oldest_unsent_at,
    (SELECT count(*) FROM refusing) AS recipients_refusing,
    (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size) AS database_bytes
"""

_TROUBLES = """
SELECT troubles ->> '$[0][0]' AS kind, count(*) AS feeds FROM feeds
WHERE troubles <> '[]' GROUP BY kind ORDER BY feeds DESC, kind
"""


class Queries:
    """Reads over all tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def items(self, limit: int, filters: Filters) -> Iterator[dict[str, object]]:
        """Newest first by date; filters: feed, language, text (in title or summary, case ignored), since, until."""
        return self._rows(_ITEMS, _ITEM_FILTERS, limit, filters, lists=("rules",))

    def hits(self, limit: int, filters: Filters) -> Iterator[dict[str, object]]:
        """Newest first by when they were found.

        Filters: rule, severity, feed, language, text (in title or summary, case ignored), since, until, story (its
        number), digest (that told them), status. `outcomes`: what each digest that takes the rule did with the hit.
        """
        return self._rows(
            _HITS, _HIT_FILTERS, limit, filters, lists=("gloss", "evidence", "told", "outcomes"), flags=("edited",)
        )

    def outbox(self, limit: int, filters: Filters) -> Iterator[dict[str, object]]:
        """Newest first; filters: state, digest, channel."""
        return self._rows(_OUTBOX, _OUTBOX_FILTERS, limit, filters)

    def health(self, now: datetime) -> dict[str, object]:
        """Figures for `monitor health`: feeds and their troubles, waiting hits, deliveries by state, the file.

        Each feed counts once, as in `monitor feeds health`: by its first trouble, or as failing where it has none.
        """
        row = self._database.row(_HEALTH.format(refused=REFUSED), {"now": stamp(now)})
        assert row is not None
        troubles = {each["kind"]: each["feeds"] for each in self._database.rows(_TROUBLES)}
        states = self._database.rows("SELECT state, count(*) AS deliveries FROM deliveries GROUP BY state")
        found = {each["state"]: each["deliveries"] for each in states}
        deliveries = {state.value: found.get(state.value, 0) for state in DeliveryState}
        return {**row, "feeds_in_trouble": troubles, "deliveries": deliveries}

    def _rows(
        self,
        sql: str,
        known: Mapping[str, str],
        limit: int,
        filters: Filters,
        lists: tuple[str, ...] = (),
        flags: tuple[str, ...] = (),
    ) -> Iterator[dict[str, object]]:
        if unknown := set(filters) - set(known):
            raise ValueError(f"unknown filter {', '.join(sorted(unknown))}; known are {', '.join(known)}")
        given = {name: _parameter(name, value) for name, value in filters.items() if value is not None}
        where = " AND ".join(known[name] for name in given)
        # Only our own constants are put into the statement; what a person typed goes in as parameters.
        statement = sql.format(where=f"WHERE {where}" if where else "")
        rows = self._database.stream(statement, {**given, "limit": limit})
        return (_readable(row, lists, flags) for row in rows)


def _readable(row: sqlite3.Row, lists: tuple[str, ...], flags: tuple[str, ...]) -> dict[str, object]:
    values: dict[str, Any] = dict(row)
    values.update({name: json.loads(values[name]) for name in lists})
    values.update({name: bool(values[name]) for name in flags})
    return values


def _parameter(name: str, value: str | datetime) -> str:
    if isinstance(value, datetime):
        return stamp(value)
    return fold(value) if name == "text" else value
