"""Digests at once over a real store, without feeds: reports are put into trays by hand, and time goes by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from support.stored import NOW, decided, hit, item

from monitor.adapters.store import SqliteStore, open_store
from monitor.app.digests import DigestWriter
from monitor.app.ports import Renderer
from monitor.app.watch import Watch
from monitor.core.model import (
    Digest,
    DigestSpec,
    FeedSpec,
    Hit,
    Item,
    Message,
    RuleInfo,
    Severity,
    Story,
    StoryStatus,
    Target,
)

DESK = Target("memory", "desk")
FLASH = DigestSpec(id="flash", rules=("*",), to=(DESK,), title="Flash", wait=timedelta(minutes=1))
FEEDS = (FeedSpec("sample-ru", "https://primer.example/rss", "Пример", language="ru"),)
RULES = (
    RuleInfo("espionage-arrests", "Espionage arrests", Severity.HIGH, fingerprint="1"),
    RuleInfo("alarm", "Alarm", Severity.CRITICAL, fingerprint="1"),
)


@dataclass
class Rules:
    """A matcher that is never asked."""

    rules: tuple[RuleInfo, ...] = RULES
    token: str = "none"

    def match(self, item: Item) -> list[Hit]:
        raise AssertionError

    def promise(self, item: Item) -> float:
        raise AssertionError


@dataclass
class Press(Renderer):
    """A renderer that writes down which hits it told and how many it counted; `broken` is a story it can't render."""

    broken: int = 0

    def render(self, digest: Digest, target: Target) -> list[Message]:
        if any(story.story_id == self.broken for story in digest.stories):
            raise RuntimeError("a template that breaks")
        fresh = [story for story in digest.stories if story.status is not StoryStatus.AGAIN]
        body = {
            "subject": digest.headline,
            "hits": [hit for story in fresh for hit in story.hit_ids],
            "left_out": sum(number for _, number in digest.left_out),
        }
        return [Message(target.channel, body)]


@dataclass
class Newsdesk:
    """`spec` is the digest in force; `now` the present; `told` all that was written."""

    store: SqliteStore
    spec: DigestSpec = FLASH
    now: datetime = NOW
    press: Press = field(default_factory=Press)
    told: list[Digest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()
        self.store.digests.start(self.spec.id, self.now)

    def restart(self) -> None:
        """What the writer kept in mind is forgotten."""
        self.writer = DigestWriter(store=self.store, renderer=self.press)

    @property
    def watch(self) -> Watch:
        return Watch(FEEDS, Rules(), (self.spec,))

    def report(
        self, key: str, *, story: int = 0, rule: str = "espionage-arrests", ago: timedelta = timedelta(0), **fields: Any
    ) -> int:
        """A report of that story (0: a new one) comes, and waits in the tray; the story's number."""
        at = self.now - ago
        each = item(key, f"Новость {key}", published=at, seen_at=at, **fields)
        with self.store.transaction():
            item_id = self.store.archive.save([decided(each)], at)[key]
            known = self.store.people.story(story)
            if known:
                saved = self.store.archive.save_story(replace(known, last_at=max(at, known.last_at)))
            else:
                saved = self.store.archive.save_story(Story(0, frozenset({f"link:{key}"}), each.title, at, at))
            found = hit(rule, severity=self.watch.rules_by_id[rule].severity)
            ids = self.store.archive.save_hits(item_id, saved.id, [found], at)
            self.store.digests.wait(self.spec.id, list(ids.values()), at)
        return saved.id

    def tick(self, **later: float) -> list[Digest]:
        """Look at what is due, so much later."""
        self.now += timedelta(**later)
        written = self.writer.write_due(self.watch, self.now)
        self.told += written
        return written

    def waiting(self) -> int:
        """How many hits wait in the tray."""
        tray = self.store.digests.waiting().get(self.spec.id)
        return len(tray.hit_ids) if tray else 0

    def subjects(self) -> list[str]:
        """The subjects of all deliveries, oldest first."""
        return [str(row["subject"]) for row in reversed(list(self.store.query_outbox(limit=-1)))]


@contextmanager
def newsdesk(folder: Path) -> Iterator[Newsdesk]:
    """One with a new database in this folder, closed at the end."""
    store = open_store(folder / "monitor.db")
    store.feeds.sync(FEEDS, NOW)
    yield Newsdesk(store)
    store.close()
