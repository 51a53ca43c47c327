"""The desk of everything read: items with their editions, their hits, and the stories that hold them together."""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime

from monitor.adapters.store import codec, coverage
from monitor.adapters.store.codec import stamp, stamp_or_none, storable, to_json
from monitor.adapters.store.database import Database
from monitor.core.model import (
    Coverage,
    Decision,
    Edition,
    FeedSpec,
    Hit,
    Known,
    Novelty,
    StoredHit,
    Story,
    Wording,
)
from monitor.errors import StoreError

# Lists of values travel as one JSON parameter: no limit on their number, and one prepared statement for all.

_KNOWN = """
SELECT id, key, content_hash, title, link, published FROM items
WHERE feed = ? AND key IN (SELECT value FROM json_each(?))
"""

# The newest few of each: a column that keeps its headline, or a link that is on everything, would bring thousands.
_RECALL = """
SELECT m.value AS mark, i.id, i.key, i.content_hash, i.title, i.link, i.published
FROM json_each(:marks) AS m CROSS JOIN items AS i
WHERE i.id IN (SELECT id FROM items WHERE title_mark = m.value ORDER BY id DESC LIMIT :most)
    OR i.id IN (SELECT id FROM items WHERE link_mark = m.value ORDER BY id DESC LIMIT :most)
"""
RECALLED = 4

_WORDINGS = """
SELECT id, summary, content,
    (SELECT json_group_array(content_hash) FROM (SELECT content_hash FROM editions WHERE item_id = i.id ORDER BY id))
        AS editions
FROM items AS i WHERE id IN (SELECT value FROM json_each(?))
"""

_EDITIONS = "SELECT replaced_at, title, summary, content FROM editions WHERE item_id = ? ORDER BY id"

# Of a page that is never the same twice, the first wording and the last ones are kept.
_TRIM_EDITIONS = """
DELETE FROM editions WHERE item_id = :item
    AND id <= (SELECT id FROM editions WHERE item_id = :item ORDER BY id DESC LIMIT 1 OFFSET :most)
    AND id > (SELECT min(id) FROM editions WHERE item_id = :item)
"""
EDITIONS_KEPT = 50

_INSERT_ITEM = """
INSERT INTO items (feed, key, content_hash, title, link, guid, author, language, published, seen_at, categories,
    title_mark, link_mark, summary, content)
VALUES (:feed, :key, :content_hash, :title, :link, :guid, :author, :language, :published, :seen_at, :categories,
    :title_mark, :link_mark, :summary, :content)
ON CONFLICT (feed, key) DO NOTHING
"""

_KEEP_EDITION = """
INSERT INTO editions (item_id, replaced_at, content_hash, title, summary, content)
SELECT id, :now, content_hash, title, summary, content FROM items
WHERE feed = :feed AND key = :key AND content_hash <> :content_hash
"""

_UPDATE_ITEM = """
UPDATE items SET content_hash = :content_hash, title = :title, link = :link, author = :author, language = :language,
    published = :published, categories = :categories, title_mark = :title_mark, link_mark = :link_mark,
    summary = :summary, content = :content, edited_at = :now
WHERE feed = :feed AND key = :key AND content_hash <> :content_hash
"""

_IDS = "SELECT key, id FROM items WHERE feed = ? AND key IN (SELECT value FROM json_each(?))"

_SIGHT = """
INSERT INTO sightings (item_id, last_seen_at) VALUES (?, ?)
ON CONFLICT (item_id) DO UPDATE SET last_seen_at = max(last_seen_at, excluded.last_seen_at)
"""

_FIND_STORIES = """
SELECT id, title, first_at, last_at, (SELECT json_group_array(key) FROM story_keys WHERE story_id = id) AS keys
FROM stories
WHERE last_at >= :since
    AND id IN (SELECT story_id FROM story_keys WHERE key IN (SELECT value FROM json_each(:keys)))
ORDER BY last_at, id
"""

# `at` stays the time of the first finding; once a hit is marked as edited it stays so.
_SAVE_HIT = """
INSERT INTO hits (item_id, story_id, rule, severity, score, status, at, edited, gloss, evidence)
VALUES (:item_id, :story_id, :rule, :severity, :score, :status, :now, :edited, :gloss, :evidence)
ON CONFLICT (item_id, rule) DO UPDATE SET
    story_id = excluded.story_id, severity = excluded.severity, score = excluded.score, status = excluded.status,
    edited = max(edited, excluded.edited), gloss = excluded.gloss, evidence = excluded.evidence
"""

_HITS = """
SELECT h.id AS hit_id, h.item_id, h.story_id, h.rule, h.severity, h.score, h.status, h.at, h.edited, h.gloss,
    h.evidence, i.*,
    (SELECT title FROM editions WHERE item_id = i.id ORDER BY id DESC LIMIT 1) AS previous_title
FROM hits AS h JOIN items AS i ON i.id = h.item_id
WHERE h.id IN (SELECT value FROM json_each(?))
ORDER BY h.at, h.id
"""

_STORIES_TOLD = """
SELECT DISTINCT h.story_id FROM hits AS h JOIN told AS t ON t.hit_id = h.id
WHERE t.digest = ? AND h.story_id IN (SELECT value FROM json_each(?))
"""


class Archive:
    """Tables `items`, `sightings`, `editions`, `stories`, `story_keys` and `hits`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- items --------------------------------------------------------------------------------------------

    def known(self, feed: str, keys: Collection[str]) -> dict[str, Known]:
        """What is remembered of these items, by key; unknown ones are absent."""
        kept = {key: storable(key) for key in keys}
        rows = self._database.rows(_KNOWN, (feed, to_json(list(kept.values()))))
        found = {row["key"]: row for row in rows}
        return {key: _known(found[name], key) for key, name in kept.items() if name in found}

    def recall(self, marks: Collection[int]) -> dict[int, list[Known]]:
        """By mark, the newest few items whose headline or link has it; marks of nothing known are absent."""
        found: dict[int, list[Known]] = {}
        for row in self._database.rows(_RECALL, {"marks": to_json(list(marks)), "most": RECALLED}):
            found.setdefault(row["mark"], []).append(_known(row, row["key"]))
        return found

    def wordings(self, ids: Collection[int]) -> dict[int, Wording]:
        """What these items say now, and the content hashes of what they said before; unknown ones are absent."""
        return {row["id"]: codec.wording(row) for row in self._database.rows(_WORDINGS, (to_json(list(ids)),))}

    def editions(self, item_id: int) -> list[Edition]:
        """What an item said before, the oldest first; of very many the first and the last ones."""
        return [codec.edition(row) for row in self._database.rows(_EDITIONS, (item_id,))]

    def save(self, decisions: Sequence[Decision], now: datetime) -> dict[str, int]:
        """Store new items and new editions (SEEN ones only refresh when they were last seen); key → item id.

        All items are of one feed. What an edited item said before is kept in `editions` with the time `now`.
        """
        new = [decision for decision in decisions if decision.novelty is Novelty.NEW]
        edited = [decision for decision in decisions if decision.novelty is Novelty.EDITED]
        with self._database.transaction():
            self._database.execute_many(_INSERT_ITEM, [_item_row(decision, now) for decision in new])
            if edited:
                rows = [_item_row(decision, now) for decision in edited]
                self._database.execute_many(_KEEP_EDITION, rows)
                self._database.execute_many(_UPDATE_ITEM, rows)
                trims = [{"item": decision.id, "most": EDITIONS_KEPT - 1} for decision in edited]
                self._database.execute_many(_TRIM_EDITIONS, trims)
            ids = self._ids(decisions)
            self._database.execute_many(_SIGHT, [(item_id, stamp(now)) for item_id in ids.values()])
        return ids

    def _ids(self, decisions: Sequence[Decision]) -> dict[str, int]:
        """Key → item id, asked for only where it is not known yet."""
        ids = {decision.item.key: decision.id for decision in decisions if decision.id is not None}
        if names := {decision.item.key: storable(decision.item.key) for decision in decisions if decision.id is None}:
            feed = decisions[0].item.feed
            rows = self._database.rows(_IDS, (feed, to_json(list(names.values()))))
            found = {row["key"]: row["id"] for row in rows}
            ids |= {key: found[name] for key, name in names.items() if name in found}
        return ids

    # --- stories ------------------------------------------------------------------------------------------

    def find_stories(self, keys: Collection[str], since: datetime) -> list[Story]:
        """Stories that own any of these keys and had a report since then; the one reported on last comes last."""
        rows = self._database.rows(_FIND_STORIES, {"since": stamp(since), "keys": to_json(list(keys))})
        return [codec.story(row) for row in rows]

    def save_story(self, story: Story) -> Story:
        """Insert (id 0) or update a story and its keys; gives it back with its id."""
        values = (story.title, stamp(story.first_at), stamp(story.last_at))
        with self._database.transaction():
            if story.id:
                done = self._database.execute(
                    "UPDATE stories SET title = ?, first_at = ?, last_at = ? WHERE id = ?", (*values, story.id)
                )
                if not done.rowcount:
                    raise StoreError(f"the database {self._database.path} has no story {story.id}")
                story_id = story.id
            else:
                done = self._database.execute("INSERT INTO stories (title, first_at, last_at) VALUES (?, ?, ?)", values)
                assert done.lastrowid is not None
                story_id = done.lastrowid
            self._database.execute_many(
                "INSERT INTO story_keys (key, story_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [(key, story_id) for key in sorted(story.keys)],
            )
        return Story(story_id, story.keys, story.title, story.first_at, story.last_at)

    # --- hits ---------------------------------------------------------------------------------------------

    def save_hits(
        self, item_id: int, story_id: int, hits: Sequence[Hit], now: datetime, *, edited: bool = False
    ) -> dict[str, int]:
        """Store hits; a (rule, item) known before is updated, not doubled. Gives rule → hit id for all of them."""
        rows = [
            {
                "item_id": item_id,
                "story_id": story_id,
                "rule": hit.rule,
                "severity": hit.severity.value,
                "score": float(hit.score),
                "status": hit.status.value,
                "now": stamp(now),
                "edited": int(edited),
                "gloss": to_json(hit.gloss),
                "evidence": codec.evidence_json(hit),
            }
            for hit in hits
        ]
        with self._database.transaction():
            self._database.execute_many(_SAVE_HIT, rows)
            found = self._database.rows("SELECT rule, id FROM hits WHERE item_id = ?", (item_id,))
        wanted = {hit.rule for hit in hits}
        return {row["rule"]: row["id"] for row in found if row["rule"] in wanted}

    def hit_rules(self, item_id: int) -> frozenset[str]:
        """The rules that fired on this item before."""
        rows = self._database.rows("SELECT rule FROM hits WHERE item_id = ?", (item_id,))
        return frozenset(row["rule"] for row in rows)

    def hits(self, ids: Collection[int]) -> list[StoredHit]:
        """By archive id, in order of time; unknown ids are absent."""
        return [codec.stored_hit(row) for row in self._database.rows(_HITS, (to_json(list(ids)),))]

    def story_ids_told(self, digest: str, story_ids: Collection[int]) -> frozenset[int]:
        """Which of these stories this digest has told before."""
        rows = self._database.rows(_STORIES_TOLD, (digest, to_json(list(story_ids))))
        return frozenset(row["story_id"] for row in rows)

    # --- figures ------------------------------------------------------------------------------------------

    def daily_hits(self, rules: Collection[str], days: int, now: datetime, timezone: str) -> dict[str, tuple[int, ...]]:
        """Hits a calendar day in that zone, oldest first, ending today; every asked rule is present."""
        return coverage.daily_hits(self._database, rules, days, now, timezone)

    def coverage(self, specs: Sequence[FeedSpec], since: datetime, until: datetime) -> Coverage:
        """What was watched from `since` to `until`, both included."""
        return coverage.coverage(self._database, specs, since, until)


def _known(row: sqlite3.Row, key: str) -> Known:
    return Known(row["id"], key, row["content_hash"], row["title"], row["link"], codec.moment_or_none(row["published"]))


def _item_row(decision: Decision, now: datetime) -> dict[str, str | int | None]:
    item = decision.item
    title_mark, link_mark = decision.marks
    return {
        "feed": item.feed,
        "key": storable(item.key),
        "content_hash": decision.content_hash,
        "title": item.title,
        "link": item.link,
        "guid": item.guid,
        "author": item.author,
        "language": item.language,
        "published": stamp_or_none(item.published),
        "seen_at": stamp(item.seen_at or now),
        "categories": to_json(item.categories),
        "title_mark": title_mark,
        "link_mark": link_mark,
        "summary": item.summary,
        "content": item.content,
        "now": stamp(now),
    }
