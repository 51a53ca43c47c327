"""Short ways to put invented things into a store, for tests of the store."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.adapters.store import SqliteStore
from monitor.core.model import (
    Coverage,
    Decision,
    Delivery,
    Digest,
    Evidence,
    Hit,
    Item,
    Message,
    Novelty,
    Severity,
    Story,
    Target,
)

NOW = datetime(2026, 3, 2, 8, 0, 0, 123456, tzinfo=UTC)  # a Monday
DESK = Target("email", "desk@example.org")
ALERTS = Target("slack", "#alerts")


def hours(number: float) -> datetime:
    """So many hours after NOW."""
    return NOW + timedelta(hours=number)


def item(key: str = "a", title: str = "Задержан житель Образцовска", **fields: Any) -> Item:
    """An item of feed `sample-ru` with every field filled."""
    values: dict[str, Any] = {
        "feed": "sample-ru",
        "summary": "По версии следствия, он передавал сведения.",
        "content": "Полный текст 间谍.",
        "link": f"https://primer.example/{key}",
        "guid": f"guid-{key}",
        "author": "И. Примерова",
        "language": "ru",
        "published": NOW - timedelta(hours=2),
        "seen_at": NOW,
        "categories": ("общество", "суд"),
    }
    return Item(key=key, title=title, **(values | fields))


def decided(item: Item, novelty: Novelty = Novelty.NEW, content_hash: str | None = None) -> Decision:
    """The item with its verdict."""
    text = f"{item.title}\n{item.summary}\n{item.content}".encode("utf-8", "replace")
    return Decision(item, novelty, "for a test", content_hash or hashlib.sha256(text).hexdigest())


def hit(rule: str = "espionage-arrests", **fields: Any) -> Hit:
    """A hit with evidence in two fields."""
    values: dict[str, Any] = {
        "severity": Severity.HIGH,
        "score": 1.5,
        "evidence": (
            Evidence("arrest", "arrest", "idea", "Задержан", "title", 0, 8),
            Evidence("spy", "espionage", None, "间谍", "content", 13, 15),
        ),
        "gloss": ("arrest", "espionage"),
    }
    return Hit(rule, **(values | fields))


def saved_hits(
    store: SqliteStore, *keys: str, rules: Sequence[str] = ("espionage-arrests",), at: datetime = NOW, **fields: Any
) -> list[int]:
    """Store a new item with a story and hits for each key; the hits' ids in order of keys, then rules."""
    found: list[int] = []
    with store.transaction():
        for key in keys:
            each = item(key, **fields)
            item_id = store.archive.save([decided(each)], at)[key]
            story = store.archive.save_story(Story(0, frozenset({f"link:{each.link}"}), each.title, at, at))
            ids = store.archive.save_hits(item_id, story.id, [hit(rule) for rule in rules], at)
            found += [ids[rule] for rule in rules]
    return found


def digest(spec: str = "morning", at: datetime = NOW) -> Digest:
    """A digest with nothing in it."""
    return Digest(spec, spec.title(), at, None, "UTC", "Nothing new", (), (), Coverage())


def delivery(
    target: Target = DESK, part: int = 1, *, run: str = "run-1", body: Mapping[str, object] | None = None, **fields: Any
) -> Delivery:
    """A delivery of digest `morning`, keyed as the digest writer does."""
    values: dict[str, Any] = {"digest": "morning", "created_at": NOW, "parts": max(part, 1)}
    message = Message(target.channel, {"subject": f"Новости {part}", "text": "…"} if body is None else body)
    return Delivery(key=f"{run}:{target}:{part}", target=target, message=message, part=part, **(values | fields))


def queued(store: SqliteStore, *deliveries: Delivery, hit_ids: Sequence[int] = (), at: datetime = NOW) -> None:
    """Close a digest with these deliveries."""
    store.digests.close(digest(at=at), hit_ids, deliveries, at)


def count(store: SqliteStore, table: str) -> int:
    """How many rows a table has."""
    return int(store.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def tables(store: SqliteStore) -> dict[str, int]:
    """How many rows every table of ours has."""
    names = store.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlite%'")
    return {name: count(store, name) for (name,) in names.fetchall()}
