"""How values become columns and rows become values. No SQL here.

Times are stored as ISO 8601 text in UTC with microseconds and `Z`: one width, so that they compare as text.
"""

import json
import re
import sqlite3
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.core.fulltext import own_content
from monitor.core.holding import host_of
from monitor.core.model import (
    Alert,
    Delivery,
    DeliveryState,
    Edition,
    Evidence,
    FeedState,
    Habits,
    Hit,
    Item,
    Message,
    Notice,
    RuleStatus,
    Run,
    Severity,
    StoredHit,
    Story,
    Target,
    Telling,
    Trouble,
    TroubleKind,
    Wording,
)

SEVERITIES = tuple(Severity)  # by rank
_NO_HABITS = Habits()


def stamp(moment: datetime) -> str:
    """An aware datetime as text. Raises ValueError for a naive one: its zone would be a guess."""
    if moment.tzinfo is UTC:
        return moment.isoformat(timespec="microseconds")[:-6] + "Z"
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime {moment!r}")
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:  # within hours of year 1 or 9999, as broken feeds claim
        utc = moment.replace(tzinfo=UTC)
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"


def stamp_or_none(moment: datetime | None) -> str | None:
    """`stamp`, for a time that may be missing."""
    return None if moment is None else stamp(moment)


def moment(text: str) -> datetime:
    """The aware UTC datetime that `stamp` wrote."""
    return datetime.fromisoformat(text)


def moment_or_none(text: str | None) -> datetime | None:
    """`moment`, for a column that may be NULL."""
    return None if text is None else moment(text)


_TO_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def to_json(value: object) -> str:
    """JSON text: compact, not escaped, in the order given."""
    return _TO_JSON.encode(value)


def fold(text: str | None) -> str:
    """Text for a search that ignores case, width and the dots of ё."""
    return unicodedata.normalize("NFKC", text or "").casefold().replace("ё", "е")


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The same text, of the same length, with U+FFFD for what SQLite can't hold or compare: NUL, lone surrogates."""
    return text if text.isascii() and "\0" not in text else _UNSTORABLE.sub("\ufffd", text)


def storable_all(values: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any] | tuple[Any, ...]:
    """`storable` for every text among the values of a statement."""
    if isinstance(values, Mapping):
        return {name: storable(value) if isinstance(value, str) else value for name, value in values.items()}
    return tuple(storable(value) if isinstance(value, str) else value for value in values)


# --- rows → values ----------------------------------------------------------------------------------------


def feed_state(row: sqlite3.Row) -> FeedState:
    """A row of `feeds`."""
    return FeedState(
        feed=row["id"],
        url=row["url"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        body_hash=row["body_hash"],
        next_poll_at=moment_or_none(row["next_poll_at"]),
        first_success_at=moment_or_none(row["first_success_at"]),
        last_poll_at=moment_or_none(row["last_poll_at"]),
        last_success_at=moment_or_none(row["last_success_at"]),
        last_item_at=moment_or_none(row["last_item_at"]),
        failures=row["failures"],
        last_error=row["last_error"],
        gone=bool(row["gone"]),
        title=row["title"],
        failing_since=moment_or_none(row["failing_since"]),
        moved_to=row["moved_to"],
        moved_polls=row["moved_polls"],
        moved_since=moment_or_none(row["moved_since"]),
        habits=habits(row["habits"]),
        troubles=_troubles(row["troubles"]),
    )


def feed_row(state: FeedState, before: FeedState | None = None) -> dict[str, Any]:
    """The columns of `feeds` that a state fills; with `before`, only those that differ from it. Without the id."""
    row = {
        name: written(getattr(state, name))
        for name, written in _FEED_COLUMNS.items()
        if before is None or getattr(state, name) != getattr(before, name)
    }
    return row | {"host": host_of(state.url)} if "url" in row else row


def habits_json(habits: Habits) -> str:
    """Habits as JSON; what was not learnt is left out."""
    return to_json(
        {
            name: value
            for name, value in {
                "hours": [round(count, 3) for count in habits.hours],
                "learnt": round(habits.learnt, 4),
                "learnt_until": stamp_or_none(habits.learnt_until),
                "ttl": habits.ttl and habits.ttl.total_seconds(),
                "skip_hours": sorted(habits.skip_hours),
                "skip_days": sorted(habits.skip_days),
                "window": habits.window,
                "language": habits.language,
                "gaps": [round(gap, 3) for gap in habits.gaps],
            }.items()
            if value
        }
    )


def habits(text: str) -> Habits:
    """The other way round."""
    if text == "{}":
        return _NO_HABITS
    found = json.loads(text)
    return Habits(
        hours=tuple(found.get("hours", ())),
        learnt=found.get("learnt", 0.0),
        learnt_until=moment_or_none(found.get("learnt_until")),
        ttl=timedelta(seconds=found["ttl"]) if "ttl" in found else None,
        skip_hours=frozenset(found.get("skip_hours", ())),
        skip_days=frozenset(found.get("skip_days", ())),
        window=found.get("window", 0),
        language=found.get("language", ""),
        gaps=tuple(found.get("gaps", ())),
    )


def notice(row: sqlite3.Row) -> Notice:
    """A row of `notices`."""
    return Notice(
        row["feed"], TroubleKind(row["kind"]), row["message"], moment(row["began_at"]), moment_or_none(row["ended_at"])
    )


def item(row: sqlite3.Row) -> Item:
    """A row of `items`."""
    return Item(
        feed=row["feed"],
        key=row["key"],
        title=row["title"],
        summary=row["summary"],
        content=row["content"],
        link=row["link"],
        guid=row["guid"],
        author=row["author"],
        language=row["language"],
        published=moment_or_none(row["published"]),
        seen_at=moment(row["seen_at"]),
        categories=tuple(json.loads(row["categories"])),
    )


def wording(row: sqlite3.Row) -> Wording:
    """A row of `items` with the hashes of its `editions` as a JSON list."""
    return Wording(row["summary"], own_content(row["content"]), tuple(json.loads(row["editions"])))


def edition(row: sqlite3.Row) -> Edition:
    """A row of `editions`."""
    return Edition(moment(row["replaced_at"]), row["title"], row["summary"], row["content"])


def stored_hit(row: sqlite3.Row) -> StoredHit:
    """A row of `hits` (named hit_id, item_id, …) beside its item's and `previous_title`."""
    previous = row["previous_title"]
    return StoredHit(
        id=row["hit_id"],
        item_id=row["item_id"],
        story_id=row["story_id"],
        hit=Hit(
            rule=row["rule"],
            severity=Severity(row["severity"]),
            score=row["score"],
            evidence=tuple(Evidence(*place) for place in json.loads(row["evidence"])),
            status=RuleStatus(row["status"]),
            gloss=tuple(json.loads(row["gloss"])),
        ),
        item=item(row),
        at=moment(row["at"]),
        edited=bool(row["edited"]),
        previous_title=previous if previous != row["title"] else None,
    )


def story(row: sqlite3.Row) -> Story:
    """A row of `stories` with its `keys` as a JSON list."""
    return Story(
        row["id"], frozenset(json.loads(row["keys"])), row["title"], moment(row["first_at"]), moment(row["last_at"])
    )


def evidence_json(hit: Hit) -> str:
    """Evidence as JSON: a list of lists in the order of `Evidence`'s fields."""
    return to_json([[e.term, e.label, e.entity, e.text, e.field, e.start, e.end] for e in hit.evidence])


def delivery(row: sqlite3.Row) -> Delivery:
    """A row of `deliveries` beside its message's `message_channel` and `body`."""
    return Delivery(
        key=row["key"],
        digest=row["digest"],
        target=Target(row["channel"], row["address"]),
        message=Message(row["message_channel"], json.loads(row["body"])),
        created_at=moment(row["created_at"]),
        part=row["part"],
        parts=row["parts"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        next_attempt_at=moment_or_none(row["next_attempt_at"]),
        error=row["error"],
        receipt=row["receipt"],
        thread=row["thread"],
        root=row["root"] or "",
        fault=row["fault"],
    )


def telling(digest: str, row: sqlite3.Row) -> Telling:
    """A row of `tellings`."""
    return Telling(digest, row["story_id"], moment(row["first_at"]), moment(row["last_at"]), row["repeats"])


def run(row: sqlite3.Row) -> Run:
    """A row of `runs`."""
    return Run(moment(row["at"]), row["stories"], Severity(row["gravest"]) if row["gravest"] else None)


def alert(digest: str, row: sqlite3.Row) -> Alert:
    """A story with what waits of it, as JSON lists, beside its row of `tellings`, if it has one."""
    return Alert(
        story_id=row["story_id"],
        hit_ids=tuple(sorted(json.loads(row["hit_ids"]))),
        since=moment_or_none(row["since"]),
        severity=None if row["rank"] is None else SEVERITIES[row["rank"]],
        graver_since=moment_or_none(row["graver_since"]),
        rules=frozenset(json.loads(row["rules"])),
        told=telling(digest, row) if row["first_at"] else None,
        acknowledged=bool(row["acknowledged"]),
        last_report=moment(row["report_at"]),
    )


def _troubles(text: str) -> tuple[Trouble, ...]:
    if text == "[]":
        return ()
    return tuple(
        Trouble(TroubleKind(kind), message, moment(since), moment_or_none(better[0] if better else None))
        for kind, message, since, *better in json.loads(text)
    )


def _troubles_json(troubles: Sequence[Trouble]) -> str:
    return to_json([[t.kind, t.message, stamp(t.since), stamp_or_none(t.better_since)] for t in troubles])


def _same(value: object) -> object:
    return value


# Fields of FeedState, each kept in the column of its name, and how it is written.
_FEED_COLUMNS: Mapping[str, Callable[[Any], object]] = {
    "url": _same,
    "etag": _same,
    "last_modified": _same,
    "body_hash": _same,
    "next_poll_at": stamp_or_none,
    "first_success_at": stamp_or_none,
    "last_poll_at": stamp_or_none,
    "last_success_at": stamp_or_none,
    "last_item_at": stamp_or_none,
    "failures": _same,
    "last_error": _same,
    "gone": int,
    "title": _same,
    "failing_since": stamp_or_none,
    "moved_to": _same,
    "moved_polls": _same,
    "moved_since": stamp_or_none,
    "habits": habits_json,
    "troubles": _troubles_json,
}
