"""What the archive knew at a moment in the past: its texts, hits and feeds as they were then, nothing from after."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.adapters.store import codec, coverage
from monitor.adapters.store.codec import moment_or_none, stamp, to_json
from monitor.adapters.store.database import Database
from monitor.core.model import Coverage, Delivery, FeedSpec, FeedTrouble, Notice, StoredHit, TroubleKind

# An item said at a moment what its first edition that was replaced later says; without such a one, what it says now.
# Where there is such a one, the evidence may be of a later text, and is left out.
_HITS = """
SELECT h.id AS hit_id, h.item_id, h.story_id, h.rule, h.severity, h.score, h.status, h.at, h.edited, h.gloss,
    i.feed, i.key, i.link, i.guid, i.author, i.language, i.published, i.seen_at, i.categories,
    CASE WHEN then_.id IS NULL THEN h.evidence ELSE '[]' END AS evidence,
    CASE WHEN then_.id IS NULL THEN i.title ELSE then_.title END AS title,
    CASE WHEN then_.id IS NULL THEN i.summary ELSE then_.summary END AS summary,
    CASE WHEN then_.id IS NULL THEN i.content ELSE then_.content END AS content,
    (SELECT title FROM editions WHERE item_id = i.id AND replaced_at <= :until ORDER BY id DESC LIMIT 1)
        AS previous_title
FROM hits AS h JOIN items AS i ON i.id = h.item_id LEFT JOIN editions AS then_ ON then_.id = (
    SELECT id FROM editions WHERE item_id = i.id AND replaced_at > :until ORDER BY id LIMIT 1
)
WHERE {which}
ORDER BY h.at, h.id
"""
_FOUND = _HITS.format(
    which="""h.at > :since AND h.at <= :until OR h.at <= :since AND i.id IN (
    SELECT item_id FROM editions WHERE replaced_at > :since AND replaced_at <= :until
)"""
)
_OF_STORIES = _HITS.format(which="h.at <= :until AND h.story_id IN (SELECT value FROM json_each(:stories))")

_SENT = """
SELECT d.*, m.channel AS message_channel, m.body, NULL AS root
FROM deliveries AS d JOIN messages AS m ON m.id = d.message_id
WHERE d.digest = ? AND d.created_at >= ? AND d.created_at < ?
ORDER BY d.created_at, d.run_id, d.channel, d.address, d.part
"""

_POLLS = """
SELECT count(*) AS polls, coalesce(sum(new), 0) AS items, max(at) AS last_at FROM polls WHERE at BETWEEN ? AND ?
"""

_FEEDS = """
WITH good AS (
    SELECT feed, max(at) AS at FROM polls WHERE at <= :until AND outcome IN ('ok', 'not-modified') GROUP BY feed
)
SELECT p.feed, max(good.at) AS success_at, count(*) FILTER (WHERE good.at IS NULL OR p.at > good.at) AS failures
FROM polls AS p LEFT JOIN good ON good.feed = p.feed WHERE p.at <= :until GROUP BY p.feed
"""

_STANDING = """
SELECT * FROM notices WHERE began_at <= :until AND (ended_at IS NULL OR ended_at > :until) ORDER BY began_at, id
"""

# A feed that was read so shortly before a period counts as read in it if it failed never since: none was due, perhaps.
_STILL_FRESH = timedelta(days=1)


def hits(database: Database, since: datetime, until: datetime) -> list[StoredHit]:
    """Hits found after `since`, up to `until`, and older ones of items that were edited meanwhile, as they were then.

    Of an item that was edited after `until` they come without evidence: what is stored may be of the later text.
    """
    return [codec.stored_hit(row) for row in database.rows(_FOUND, {"since": stamp(since), "until": stamp(until)})]


def hits_of(database: Database, story_ids: Collection[int], until: datetime) -> list[StoredHit]:
    """All hits of these stories that were found by then, as `hits` gives them."""
    values = {"until": stamp(until), "stories": to_json(sorted(story_ids))}
    return [codec.stored_hit(row) for row in database.rows(_OF_STORIES, values)]


def sent(database: Database, digest: str, since: datetime, until: datetime) -> list[Delivery]:
    """What was put into the outbox for a digest from `since` on, before `until`, in order."""
    return [codec.delivery(row) for row in database.rows(_SENT, (digest, stamp(since), stamp(until)))]


def coverage_then(database: Database, specs: Sequence[FeedSpec], since: datetime, until: datetime) -> Coverage:
    """What was watched from `since` to `until` by the logs of polls and troubles; without notices.

    Like `coverage.coverage`, without what is known of the feeds only now, such as which were overdue. Which feeds there
    were then is not recorded: the enabled ones of `specs` stand for them.
    """
    enabled = [spec for spec in specs if spec.enabled]
    ids = {spec.id for spec in enabled}
    polls = database.rows(_POLLS, (stamp(since), stamp(until)))[0]
    feeds = {row["feed"]: row for row in database.rows(_FEEDS, {"until": stamp(until)})}
    fresh = stamp(since - _STILL_FRESH)
    read = {
        feed for feed, row in feeds.items() if (row["success_at"] or "") >= (stamp(since) if row["failures"] else fresh)
    }
    standing = [codec.notice(row) for row in database.rows(_STANDING, {"until": stamp(until)})]
    standing = [replace(notice, ended_at=None) for notice in standing if notice.feed in ids]
    counts = [(kind, len({notice.feed for notice in standing if notice.kind is kind})) for kind in TroubleKind]
    troubles = (
        _trouble(spec, feeds[spec.id]["success_at"], feeds[spec.id]["failures"], standing)
        for spec in enabled
        if spec.id in feeds and spec.id not in read
    )
    asked = coverage.asked(database, since, until)
    return Coverage(
        feeds=len(enabled),
        feeds_read=len(read & ids),
        polls=polls["polls"],
        items=polls["items"],
        last_poll_at=moment_or_none(polls["last_at"]),
        broken=tuple(trouble for trouble in troubles if trouble),
        by_language=coverage.by_language(enabled, read),
        standing=tuple((kind, count) for kind, count in counts if count),
        due=sum(spec.id in asked for spec in enabled),
        failed=coverage.failed(enabled, asked),
        quiet=coverage.quiet(enabled, {notice.feed for notice in standing if notice.kind is TroubleKind.SILENT}),
    )


def _trouble(spec: FeedSpec, success_at: str | None, failures: int, standing: Sequence[Notice]) -> FeedTrouble | None:
    if failures < (coverage.FAILURES_THAT_COUNT if success_at else 1):
        return None
    kinds = (TroubleKind.BROKEN, TroubleKind.GONE)
    told = next((notice for notice in standing if notice.feed == spec.id and notice.kind in kinds), None)
    message = told.message if told else "no answer"
    return FeedTrouble(spec.id, spec.label, message, moment_or_none(success_at), told is not None)
