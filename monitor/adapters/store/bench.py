"""The desk of the workbench: the archive read from end to end or as it was once, and what people said of hits."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from monitor.adapters.store import codec, past
from monitor.adapters.store.codec import moment, stamp, stamp_or_none, to_json
from monitor.adapters.store.database import Database
from monitor.core.model import Coverage, Delivery, FeedSpec, Item, MarkedHit, Relevance, StoredHit

# Read in pages, each a query of its own: one that stays open for a minute would hold back checkpoints.
PAGE = 1000

_ITEMS = """
SELECT * FROM items WHERE id > :after AND (:since IS NULL OR dated_at >= :since) ORDER BY id LIMIT :page
"""

_HITS = """
SELECT h.id AS hit_id, h.item_id, h.story_id, h.rule, h.severity, h.score, h.status, h.at, h.edited, h.gloss,
    h.evidence, i.*, NULL AS previous_title, m.verdict, m.why, m.at AS marked_at
FROM hits AS h JOIN items AS i ON i.id = h.item_id {join} JOIN marks AS m ON m.hit_id = h.id
WHERE h.id > :after AND (:since IS NULL OR i.dated_at >= :since)
    AND (:rules IS NULL OR h.rule IN (SELECT value FROM json_each(:rules)))
ORDER BY h.id LIMIT :page
"""


class Bench:
    """Table `marks`, and whole-archive reads of `items` and `hits`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def items(self, since: datetime | None = None) -> Iterator[tuple[int, Item]]:
        """Archived items dated since then (None: all) with their ids, oldest stored first; streamed."""
        values = {"after": 0, "since": stamp_or_none(since), "page": PAGE}
        while rows := self._database.rows(_ITEMS, values):
            for row in rows:
                yield row["id"], codec.item(row)
            values["after"] = rows[-1]["id"]

    def count(self, since: datetime | None = None) -> int:
        """How many `items` gives."""
        sql = "SELECT count(*) FROM items WHERE dated_at >= ?"
        return int(self._database.value(sql, (stamp(since) if since else "",)))

    def item(self, item_id: int) -> Item | None:
        """One archived item."""
        row = self._database.row("SELECT * FROM items WHERE id = ?", (item_id,))
        return None if row is None else codec.item(row)

    def linked(self, link: str) -> Item | None:
        """The newest archived item with exactly this link."""
        row = self._database.row("SELECT * FROM items WHERE link = ? ORDER BY id DESC LIMIT 1", (link,))
        return None if row is None else codec.item(row)

    def hits(
        self, since: datetime | None = None, rules: Collection[str] = ()
    ) -> Iterator[tuple[StoredHit, Relevance | None]]:
        """Stored hits on the items that `items` gives, of these rules (none: all), with their marks; streamed."""
        sql = _HITS.format(join="LEFT")
        values = {"after": 0, "since": stamp_or_none(since), "rules": _or_all(rules), "page": PAGE}
        while rows := self._database.rows(sql, values):
            for row in rows:
                yield codec.stored_hit(row), Relevance(row["verdict"]) if row["verdict"] else None
            values["after"] = rows[-1]["hit_id"]

    def mark(self, hit_id: int, relevance: Relevance, why: str, now: datetime) -> bool:
        """Record a person's verdict, in place of an earlier one; False where there is no such hit."""
        done = self._database.execute(
            "INSERT INTO marks (hit_id, verdict, why, at) SELECT id, ?, ?, ? FROM hits WHERE id = ? "
            "ON CONFLICT (hit_id) DO UPDATE SET verdict = excluded.verdict, why = excluded.why, at = excluded.at",
            (relevance.value, why, stamp(now), hit_id),
        )
        return done.rowcount > 0

    def marked(self, rules: Collection[str] = ()) -> list[MarkedHit]:
        """Every hit with a verdict, of these rules (none: all), oldest first, whatever its age."""
        values = {"after": 0, "since": None, "rules": _or_all(rules), "page": -1}
        return [
            MarkedHit(codec.stored_hit(row), Relevance(row["verdict"]), row["why"], moment(row["marked_at"]))
            for row in self._database.rows(_HITS.format(join="INNER"), values)
        ]

    def watched_since(self) -> datetime | None:
        """When the oldest archived item was first seen."""
        return codec.moment_or_none(self._database.value("SELECT min(seen_at) FROM items"))

    # --- as it was once -----------------------------------------------------------------------------------

    def hits_then(self, since: datetime, until: datetime) -> list[StoredHit]:
        """Hits found after `since`, up to `until`, and older ones of items edited meanwhile, as they were then.

        Of an item that was edited after `until` they come without evidence: what is stored may be of the later text.
        """
        return past.hits(self._database, since, until)

    def story_hits_then(self, story_ids: Collection[int], until: datetime) -> list[StoredHit]:
        """All hits of these stories that were found by then, as `hits_then` gives them."""
        return past.hits_of(self._database, story_ids, until)

    def coverage_then(self, specs: Sequence[FeedSpec], since: datetime, until: datetime) -> Coverage:
        """What was watched from `since` to `until`, as far as was known by then; without notices."""
        return past.coverage_then(self._database, specs, since, until)

    def sent(self, digest: str, since: datetime, until: datetime) -> list[Delivery]:
        """What was put into the outbox for a digest from `since` on, before `until`, in order."""
        return past.sent(self._database, digest, since, until)


def _or_all(rules: Collection[str]) -> str | None:
    return to_json(list(rules)) if rules else None
