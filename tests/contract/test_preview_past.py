"""A digest made again for a moment in the past is the one that was sent then, whatever happened since."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.rulebooks import matcher

from monitor.adapters.deliver.render import DigestRenderer
from monitor.adapters.store import SqliteStore, open_store
from monitor.app.digests import DigestWriter
from monitor.app.intake import Intake
from monitor.app.previewing import Hindsight, Hindsights
from monitor.app.watch import Watch
from monitor.core.model import (
    Ack,
    Digest,
    DigestSpec,
    FeedSpec,
    Item,
    Parsed,
    Silence,
    SilenceKind,
    StoryStatus,
    Target,
    Trouble,
    TroubleKind,
)
from monitor.errors import MonitorError

MAX_AGE = timedelta(hours=48)
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
RULES = """
terms:
  harbour: {label: harbour, en: [harbour], ru: [порт]}
  bridge: {label: bridge, en: [bridge], ru: [мост]}
rules:
  - {id: harbour, title: Harbours, severity: high, match: $harbour}
  - {id: bridge, title: Bridges, severity: low, match: $bridge}
  - {id: both, title: Both, severity: critical, match: {all: [$harbour, $bridge]}}
"""
FEEDS = tuple(
    FeedSpec(name, f"https://{name}.example/rss", name.title(), language=language)
    for name, language in (("north", "en"), ("south", "en"), ("vesti", "ru"))
)
TO = (Target("file", "out"),)
MORNING = DigestSpec(
    "morning", rules=("*",), to=TO, at="0 8 * * *", timezone="Asia/Tokyo", at_once=("severity=critical",)
)
RUSSIAN = DigestSpec(
    "russian", rules=("harbour",), to=TO, at="30 6,18 * * *", timezone="Europe/Moscow", languages=("ru",)
)
FLASH = DigestSpec("flash", rules=("severity>=high",), to=TO, at=None, wait=timedelta(minutes=5))


@dataclass
class Newsdesk:
    """A store that is filled poll by poll at invented times, and what its digests said when they were written."""

    store: SqliteStore
    digests: tuple[DigestSpec, ...] = (MORNING, RUSSIAN)
    said: list[tuple[DigestSpec, Digest]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watch = Watch(FEEDS, matcher(RULES), self.digests)
        self.writer = DigestWriter(store=self.store, renderer=DigestRenderer())
        self.intake = Intake(self.store, MAX_AGE)
        self.store.feeds.sync(FEEDS, BEGIN)

    def poll(self, feed: FeedSpec, now: datetime, *items: Item) -> None:
        """What a poll that brought these items does."""
        state = self.store.feeds.states()[feed.id]
        parsed = Parsed(tuple(replace(item, feed=feed.id, seen_at=now) for item in items))
        with self.store.transaction():
            first = state.first_success_at is None
            decisions = self.intake.decide(feed, parsed, first_read=first)
            haul = self.intake.take_in(self.watch, decisions, state, now, parsed)
            after = replace(
                state, first_success_at=state.first_success_at or now, last_success_at=now, last_poll_at=now
            )
            self.store.feeds.save(replace(after, next_poll_at=now + HOUR), state)
            self.store.feeds.record_poll(feed.id, now, "ok", new=haul.new, edited=haul.edited, hits=haul.hits)

    def write(self, spec: DigestSpec, now: datetime) -> None:
        self.said.append((spec, self.writer.write(self.watch, spec, now)))

    def look(self, spec: DigestSpec, moment: datetime, *, day: bool = False) -> Hindsight:
        return Hindsights(self.store, MAX_AGE).look(self.watch, spec, moment, day=day)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = open_store(tmp_path / "monitor.db")
    yield store
    store.close()


def article(key: str, title: str, **fields: object) -> Item:
    return replace(Item("", key, title, link=f"https://news.example/{key}"), **fields)  # type: ignore[arg-type]


def gist(digest: Digest) -> dict[str, object]:
    """What a reader sees; not when the last digest really was, where a schedule says when it should have been."""
    stories = tuple(replace(story, told_at=None) for story in digest.stories)
    cover = digest.coverage
    return {
        "headline": digest.headline,
        "stories": stories,
        "topics": digest.topics,
        "left_out": dict(digest.left_out),
        "coverage": (cover.feeds, cover.feeds_read, cover.polls, cover.items, cover.last_poll_at, cover.by_language),
        "broken": cover.broken,
        "next_at": digest.next_at,
    }


# --- a week ---------------------------------------------------------------------------------------------------

WORDS = ("harbour", "bridge", "harbour and bridge", "weather")
RUSSIAN_WORDS = ("порт", "мост", "мост и порт", "погода")


def a_week(desk: Newsdesk, seed: int) -> None:
    """Polls every hour or so, of new articles, copies, and edits of old ones; every digest when it is due.

    Now and then somebody acknowledges a story that was told lately.
    """
    chance = random.Random(seed)
    published: dict[str, dict[str, Item]] = {feed.id: {} for feed in FEEDS}
    seen_to: set[int] = set()
    for hour in range(24 * 5):
        now = BEGIN + hour * HOUR
        for spec, hours in ((MORNING, (23,)), (RUSSIAN, (3, 15))):
            if now.hour in hours and hour > 2:
                desk.write(spec, now + (HOUR / 2 if spec is RUSSIAN else timedelta()))
        fresh = {story.story_id for _, digest in desk.said[-2:] for story in digest.stories} - seen_to
        if fresh and chance.random() < 0.4:
            story = chance.choice(sorted(fresh))
            seen_to.add(story)
            desk.store.people.acknowledge(Ack(story, now + timedelta(minutes=31)))
        for feed in FEEDS:
            of_feed = published[feed.id]
            at = now + timedelta(minutes=chance.randint(31, 59))
            if chance.random() < 0.3:
                words = chance.choice(RUSSIAN_WORDS if feed.language == "ru" else WORDS)
                title = f"Number {chance.randint(1, 30)}: news of {words}"
                key = f"{feed.id}-{hour}"
                of_feed[key] = article(
                    key, title, summary=f"More of {words}.", published=at - HOUR * chance.choice((0, 1, 60))
                )
            if of_feed and chance.random() < 0.3:
                key = chance.choice(list(of_feed))
                old = of_feed[key]
                title = chance.choice(
                    (f"Update of {key}: {old.title}", old.title, f"{key} has another headline, {hour}")
                )
                of_feed[key] = replace(old, title=title, summary=f"{hour} hours later. {old.summary}")
            desk.poll(feed, at, *of_feed.values())


@pytest.mark.parametrize("seed", range(4))
def test_every_digest_of_a_week_is_made_again_as_it_was_sent(store: SqliteStore, seed: int) -> None:
    desk = Newsdesk(store)
    a_week(desk, seed)
    told = 0
    firsts = {spec.id for spec, _ in desk.said}
    for spec, digest in desk.said:
        if spec.id in firsts:  # of the first one of each, what it tells of begins with the database
            firsts.discard(spec.id)
            continue
        then = desk.look(spec, digest.at + timedelta(minutes=5))
        assert then.digest.at == digest.at
        assert gist(then.digest) == gist(digest)
        assert {delivery.created_at for delivery in then.sent} == {digest.at}
        told += len(digest.stories)
    assert told > 20, "a week with too little news shows nothing"


# --- single cases ---------------------------------------------------------------------------------------------

MORNING_AT = datetime(2026, 3, 3, 23, tzinfo=UTC)  # 08:00 in Tokyo, on Wednesday the 4th
NOON = MORNING_AT - 12 * HOUR


@pytest.fixture
def desk(store: SqliteStore) -> Newsdesk:
    """Every feed was read before, so that what comes is news."""
    desk = Newsdesk(store, (MORNING, RUSSIAN, FLASH))
    for feed in FEEDS:
        desk.poll(feed, BEGIN, article(f"old-{feed.id}", "Old weather"))
    return desk


def headlines(then: Hindsight) -> list[str]:
    return [story.headline for story in then.digest.stories]


def test_a_later_edit_changes_nothing_of_what_was_said_before(desk: Newsdesk) -> None:
    desk.poll(FEEDS[0], NOON, article("a", "A harbour opens", summary="In the north."))
    desk.poll(FEEDS[0], MORNING_AT + HOUR, article("a", "Nothing opens", summary="No harbour there."))

    (story,) = desk.look(MORNING, MORNING_AT).digest.stories

    assert (story.headline, story.status) == ("A harbour opens", StoryStatus.NEW)
    assert [segment.text for segment in story.headline_marks if segment.marked] == ["harbour"]


def test_an_edited_headline_comes_as_changed_in_the_digest_after_the_edit(desk: Newsdesk) -> None:
    desk.poll(FEEDS[0], NOON, article("a", "A harbour opens"))
    desk.poll(FEEDS[0], MORNING_AT + HOUR, article("a", "The harbour stays closed"))

    (story,) = desk.look(MORNING, MORNING_AT + 24 * HOUR).digest.stories

    assert (story.status, story.changes) == (StoryStatus.CHANGED, (("A harbour opens", "The harbour stays closed"),))


def test_reports_from_after_the_moment_are_in_no_story(desk: Newsdesk) -> None:
    desk.poll(FEEDS[0], NOON, article("a", "The northern harbour opens again after the winter"))
    desk.poll(FEEDS[1], MORNING_AT + HOUR, article("b", "The northern harbour opens again after the winter"))

    (story,) = desk.look(MORNING, MORNING_AT + 2 * HOUR).digest.stories
    (later,) = desk.look(MORNING, MORNING_AT + 24 * HOUR).digest.stories

    assert [carrier.outlet for carrier in story.carriers] == ["North"]
    assert (later.status, [carrier.outlet for carrier in later.carriers]) == (StoryStatus.MORE, ["South"])
    assert [carrier.outlet for carrier in later.earlier] == ["North"]


def test_the_bars_of_a_day_end_at_the_moment(desk: Newsdesk) -> None:
    desk.poll(FEEDS[0], NOON, article("a", "A harbour opens"))
    desk.poll(FEEDS[0], MORNING_AT + HOUR, article("b", "Another harbour"))

    (topic,) = desk.look(MORNING, MORNING_AT).digest.topics

    assert topic.daily[-2:] == (1, 0)


def test_the_backlog_of_a_feed_is_no_news_for_alerts(store: SqliteStore) -> None:
    desk = Newsdesk(store, (FLASH,))
    desk.poll(FEEDS[0], NOON, article("a", "A harbour opens"))

    then = desk.look(FLASH, NOON + timedelta(minutes=1), day=True)

    assert (then.silent, headlines(then)) == (True, [])
    assert then.digest.left_out == (("already there when their feed was first read", 1),)


@pytest.mark.parametrize(
    ("minutes", "waiting", "why"),
    [
        (0, ["A harbour opens"], "just found"),
        (4, ["A harbour opens"], "gathered for five minutes"),
        (5, [], "told by now"),
        (-1, [], "not found yet"),
    ],
)
def test_of_a_digest_at_once_a_time_of_day_shows_what_waited(
    desk: Newsdesk, minutes: int, waiting: list[str], why: str
) -> None:
    desk.poll(FEEDS[0], NOON, article("a", "A harbour opens"))

    assert headlines(desk.look(FLASH, NOON + timedelta(minutes=minutes))) == waiting, why


@pytest.mark.parametrize(
    ("summary", "minutes", "waits", "why"),
    [
        ("A pier, too.", 59, True, "no graver: it waits for its turn"),
        ("A pier, too.", 65, False, "its turn, an hour after the last telling"),
        ("A bridge, too.", 10, True, "graver, still gathered"),
        ("A bridge, too.", 11, False, "graver: it did not wait for its turn"),
    ],
)
def test_of_a_digest_at_once_a_graver_report_waited_no_longer_than_a_new_story(
    store: SqliteStore, summary: str, minutes: int, waits: bool, why: str
) -> None:
    patient = replace(FLASH, update_every=HOUR)
    desk = Newsdesk(store, (patient,))
    for feed in FEEDS:
        desk.poll(feed, BEGIN, article(f"old-{feed.id}", "Old weather"))
    title = "The northern harbour opens again after the winter"
    desk.poll(FEEDS[0], NOON, article("a", title))
    desk.poll(FEEDS[1], NOON + timedelta(minutes=6), article("b", title, summary=summary))

    then = desk.look(patient, NOON + timedelta(minutes=minutes))

    assert headlines(then) == [title] * waits, why


def test_of_a_digest_at_once_a_day_shows_all_its_alerts_in_one(desk: Newsdesk) -> None:
    for number, title in enumerate(("A harbour opens", "The harbour of the south", "A bridge only")):
        desk.poll(FEEDS[0], NOON + number * HOUR, article(f"a{number}", title))

    then = desk.look(FLASH, NOON + 5 * HOUR, day=True)

    assert sorted(headlines(then)) == ["A harbour opens", "The harbour of the south"]
    assert (then.digest.alert, then.digest.folded) == (False, 0), "they were told one by one"


def test_a_silence_of_that_time_is_counted_and_one_from_later_is_not(desk: Newsdesk) -> None:
    desk.poll(FEEDS[0], NOON, article("a", "A harbour opens"))
    desk.poll(FEEDS[0], NOON + HOUR, article("b", "A bridge opens"))
    people = desk.store.people
    people.silence(Silence(0, SilenceKind.RULE, "harbour", MORNING_AT + 48 * HOUR, "known", NOON))
    people.silence(Silence(0, SilenceKind.RULE, "bridge", MORNING_AT + 48 * HOUR, "later", MORNING_AT + HOUR))

    then = desk.look(MORNING, MORNING_AT)

    assert headlines(then) == ["A bridge opens"]
    assert then.digest.left_out == (("silenced until Fri 08:00: known", 1),)


@pytest.mark.parametrize(
    ("summary", "seen", "why"),
    [("A bridge, too.", True, "more of the same"), ("Its harbour, too.", False, "graver than all that was told")],
)
def test_an_acknowledgement_counts_as_it_did_then(store: SqliteStore, summary: str, seen: bool, why: str) -> None:
    everything = replace(MORNING, at_once=())
    desk = Newsdesk(store, (everything,))
    for feed in FEEDS:
        desk.poll(feed, BEGIN, article(f"old-{feed.id}", "Old weather"))
    desk.poll(FEEDS[0], NOON, article("a", "The northern bridge opens again after the winter"))
    desk.write(everything, MORNING_AT)
    (told,) = desk.said[0][1].stories
    store.people.acknowledge(Ack(told.story_id, MORNING_AT + HOUR))
    again = article("b", "The northern bridge opens again after the winter", summary=summary)
    desk.poll(FEEDS[1], MORNING_AT + 2 * HOUR, again)
    desk.write(everything, MORNING_AT + 24 * HOUR)

    (then,) = desk.look(everything, MORNING_AT + 24 * HOUR).digest.stories

    assert then.acknowledged == seen, why
    assert [replace(story, told_at=then.told_at) for story in desk.said[1][1].stories] == [then]


def test_a_trouble_that_ended_later_lasts(desk: Newsdesk) -> None:
    trouble = Trouble(TroubleKind.BROKEN, "HTTP 500", NOON)
    desk.store.feeds.begin("north", trouble)
    for minutes in range(3):
        desk.store.feeds.record_poll("north", NOON + timedelta(minutes=minutes), "http")
    desk.store.feeds.end("north", TroubleKind.BROKEN, MORNING_AT + HOUR)
    desk.poll(FEEDS[0], MORNING_AT + HOUR)

    then, later = desk.look(MORNING, MORNING_AT).digest, desk.look(MORNING, MORNING_AT + 24 * HOUR).digest

    assert [(notice.feed, notice.ended_at) for notice in then.coverage.notices] == [("north", None)]
    assert then.coverage.standing == ((TroubleKind.BROKEN, 1),)
    assert [(one.feed, one.message, one.told) for one in then.coverage.broken] == [("north", "HTTP 500", True)]
    assert (later.coverage.standing, later.coverage.broken) == ((), ())


def test_before_the_archive_nothing_can_be_seen(desk: Newsdesk) -> None:
    with pytest.raises(MonitorError, match="does not reach back to Sun 2026-03-01 23:00 Asia/Tokyo: it begins on Mon"):
        desk.look(MORNING, BEGIN - 10 * HOUR)


def test_a_digest_that_was_due_last_before_the_archive_began_cannot_be_seen(desk: Newsdesk) -> None:
    desk.poll(FEEDS[0], BEGIN + HOUR, article("a", "A harbour opens"))
    with pytest.raises(MonitorError, match=r"Mon 2026-03-02 08:00 Asia/Tokyo, when it was due last: it begins on Mon"):
        desk.look(MORNING, BEGIN + 2 * HOUR)


def test_an_empty_archive_says_so(store: SqliteStore) -> None:
    with pytest.raises(MonitorError, match="the archive is empty"):
        Newsdesk(store).look(MORNING, MORNING_AT)


def test_where_the_archive_begins_within_the_period_it_is_told(desk: Newsdesk) -> None:
    assert desk.look(MORNING, BEGIN + 23 * HOUR).archive_from == BEGIN
    assert desk.look(MORNING, MORNING_AT + 24 * HOUR).archive_from is None


def test_looking_back_changes_nothing(desk: Newsdesk, tmp_path: Path) -> None:
    desk.poll(FEEDS[0], NOON, article("a", "A harbour opens"))
    before = desk.store.digests.waiting()

    first, second = (desk.look(MORNING, MORNING_AT) for _ in range(2))

    assert first == second
    assert desk.store.digests.waiting() == before
    assert desk.store.digests.last_sent("morning") is None
