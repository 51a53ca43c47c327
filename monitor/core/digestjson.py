"""A digest as JSON-ready data, for programs: the body of webhooks, what Atom files are made of. Pure.

`DIGEST_SCHEMA` (core/digestschema.py) describes it; docs/webhooks.md explains it. Names are stable: a later version
may add some, and one that takes a name away or changes what it means has another `version`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from monitor.core.model import (
    Carrier,
    Coverage,
    Digest,
    DigestStory,
    Evidence,
    FeedNews,
    Reason,
    Segment,
)

Json: TypeAlias = dict[str, Any]
VERSION = 1
PART_MAX = 900_000  # bytes of a part: servers commonly take bodies of up to 1 MB (nginx's client_max_body_size)


def digest_to_dict(digest: Digest) -> Json:
    """Every field, always the same names; times are ISO 8601 in UTC, what is unknown or does not apply is None.

    Links are http or https, or None. Text is as the sources wrote it: plain, to be escaped where it is shown.
    """
    return {
        "version": VERSION,
        "type": "alert" if digest.alert else "digest",
        "part": 1,
        "parts": 1,
        "digest": digest.spec,
        "title": digest.title,
        "headline": digest.headline,
        "at": _time(digest.at),
        "since": _time(digest.since),
        "next_at": _time(digest.next_at),
        "timezone": digest.timezone,
        "sample": digest.sample,
        "thread": digest.thread or None,
        "folded": digest.folded,
        "held_since": _time(digest.held_since),
        "held_by": digest.held_by or None,
        "by_hand": digest.by_hand,
        "topics": [
            {
                "rule": topic.rule,
                "title": topic.title,
                "stories": topic.stories,
                "reports": topic.reports,
                "daily": list(topic.daily),
            }
            for topic in digest.topics
        ],
        "stories": [_story(story) for story in digest.stories],
        "coverage": _coverage(digest.coverage),
        "feed_news": [_feed_news(news) for news in digest.feed_news],
        "rule_edits": [{"rule": e.rule, "change": e.change.value, "at": _time(e.at)} for e in digest.rule_edits],
        "left_out": [{"reason": reason, "reports": count} for reason, count in digest.left_out],
        "notes": list(digest.notes),
    }


def digest_parts(digest: Digest, limit: int = PART_MAX) -> list[Json]:
    """The digest in as few parts as keep each at about `limit` bytes of JSON, in order, nothing left out.

    Each part has everything around the stories. Stories stay whole where they can; one that is too large alone goes
    on in the next part with its further reports, marked `continued`.
    """
    whole = digest_to_dict(digest)
    room = max(limit - size({**whole, "stories": []}), limit // 8)
    pieces = [piece for story in whole["stories"] for piece in _pieces(story, room)]
    pages: list[list[Json]] = [[]]
    filled = 0
    for piece in pieces:
        weight = size(piece) + 1
        if filled + weight > room and pages[-1]:
            pages.append([])
            filled = 0
        pages[-1].append(piece)
        filled += weight
    return [
        {**whole, "part": number, "parts": len(pages), "stories": page} for number, page in enumerate(pages, start=1)
    ]


def encode(data: Mapping[str, object]) -> bytes:
    """JSON in UTF-8 without blanks; half characters (lone surrogates) become question marks."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def size(data: Mapping[str, object]) -> int:
    """Bytes of the data as `encode` writes them."""
    return len(encode(data))


def web_link(url: str) -> str | None:
    """The address, if it is http or https with a host; None otherwise."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme.lower() in {"http", "https"} and parts.hostname else None


def _pieces(story: Json, room: int) -> list[Json]:
    """The story, or where that is larger than `room` allows, several with a share of its reports each."""
    if size(story) <= room:
        return [story]
    rest: Sequence[Json] = story["reports"]
    frame = size({**story, "reports": []})
    found: list[Json] = []
    while rest or not found:
        taken, filled = 0, frame
        while taken < len(rest) and (not taken or filled + size(rest[taken]) < room):
            filled += size(rest[taken]) + 1
            taken += 1
        found.append({**story, "reports": list(rest[:taken]), "continued": bool(found)})
        rest = rest[taken:]
    return found


def _story(story: DigestStory) -> Json:
    return {
        "id": story.story_id,
        "severity": story.severity.value,
        "status": story.status.value,
        "headline": story.headline,
        "headline_marks": _segments(story.headline_marks),
        "link": web_link(story.link),
        "language": story.language,
        "gloss": list(story.gloss),
        "snippet": _segments(story.snippet),
        "reports": [_report(carrier) for carrier in story.carriers],
        "earlier": [_report(carrier) for carrier in story.earlier],
        "reasons": [_reason(reason) for reason in story.reasons],
        "changes": [{"before": before, "after": after} for before, after in story.changes],
        "undated": story.undated,
        "told_at": _time(story.told_at),
        "told_severity": story.told_severity.value if story.told_severity else None,
        "acknowledged": story.acknowledged,
        "hits": list(story.hit_ids),
        "continued": False,
    }


def _report(carrier: Carrier) -> Json:
    return {
        "outlet": carrier.outlet,
        "title": carrier.title,
        "link": web_link(carrier.link),
        "at": _time(carrier.at),
        "language": carrier.language,
        "country": carrier.country,
        "ownership": carrier.ownership.value,
        "copies": carrier.copies,
        "copies_of": list(carrier.copies_of),
    }


def _reason(reason: Reason) -> Json:
    return {
        "rule": reason.rule,
        "title": reason.title,
        "severity": reason.severity.value,
        "evidence": [_evidence(one) for one in reason.evidence],
    }


def _evidence(evidence: Evidence) -> Json:
    return {
        "term": evidence.term,
        "label": evidence.label,
        "entity": evidence.entity,
        "text": evidence.text,
        "field": evidence.field,
        "start": evidence.start,
        "end": evidence.end,
    }


def _segments(segments: Sequence[Segment]) -> list[Json]:
    return [{"text": segment.text, "marked": segment.marked} for segment in segments]


def _coverage(coverage: Coverage) -> Json:
    return {
        "feeds": coverage.feeds,
        "feeds_read": coverage.feeds_read,
        "polls": coverage.polls,
        "items": coverage.items,
        "last_poll_at": _time(coverage.last_poll_at),
        "due": coverage.due,
        "failed": coverage.failed,
        "quiet": [{"language": language, "feeds": feeds} for language, feeds in coverage.quiet],
        "by_language": [
            {"language": language, "feeds_read": read, "feeds": feeds} for language, read, feeds in coverage.by_language
        ],
        "broken": [
            {
                "feed": trouble.feed,
                "name": trouble.label,
                "message": trouble.message,
                "since": _time(trouble.since),
                "told": trouble.told,
            }
            for trouble in coverage.broken
        ],
        "standing": [{"trouble": kind.value, "feeds": feeds} for kind, feeds in coverage.standing],
    }


def _feed_news(news: FeedNews) -> Json:
    return {
        "trouble": news.kind.value,
        "over": news.over,
        "feeds": list(news.feeds),
        "count": news.count,
        "message": news.message or None,
        "host": news.host or None,
        "cause": news.cause or None,
        "everywhere": news.everywhere,
        "began_at": _time(news.began_at),
        "ended_at": _time(news.ended_at),
        "brief": news.brief,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
