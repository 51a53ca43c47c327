"""One feed, one transaction: what a poll commits, what it does when a part of the road fails."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.adapters.store import SqliteStore, open_store
from monitor.app.commits import Committer
from monitor.app.digests import DigestWriter
from monitor.app.pipeline import Outcome, Pacing, Pipeline
from monitor.app.ports import Renderer
from monitor.app.watch import Watch
from monitor.core.model import (
    DeliveryState,
    Digest,
    DigestSpec,
    Evidence,
    Failure,
    FailureKind,
    FeedSpec,
    FeedState,
    Fetched,
    Fulltext,
    Habits,
    Hit,
    Item,
    Message,
    Parsed,
    RuleInfo,
    RuleStatus,
    Severity,
    StoryStatus,
    Target,
    TroubleKind,
)
from monitor.core.novelty import Document, content_hash
from monitor.errors import ParseError
from monitor.testing import PlainReader

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FEED = FeedSpec(id="gazette", url="http://gazette.example/rss", name="Gazette", language="en")
MORNING = DigestSpec(id="morning", rules=("*",), to=(Target("console", ""),), at="0 8 * * *")
FLASH = DigestSpec(id="flash", rules=("severity>=high",), to=(Target("console", ""),))


@dataclass
class Newsroom:
    """A fetcher, parser and matcher in one, scripted: `items` is what the feed holds at present."""

    items: tuple[Item, ...] = ()
    failure: Failure | None = None
    broken_parser: Exception | None = None
    broken_matcher: bool = False
    poison: str = ""  # the key of an item that breaks the matcher
    token: str = "harbour rules"
    sifted_for: str = ""  # the token of the rules for which the reader found every item silent
    rules: tuple[RuleInfo, ...] = (RuleInfo("harbour", "Harbour", Severity.HIGH),)
    asked: list[FeedState] = field(default_factory=list)

    async def fetch(self, feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        self.asked.append(state)
        return Fetched(feed.id, at, status=200, body=repr(self.items).encode(), etag='"1"', failure=self.failure)

    async def aclose(self) -> None: ...

    def parse(self, fetched: Fetched, feed: FeedSpec) -> Parsed:
        if self.broken_parser:
            raise self.broken_parser
        items = tuple(replace(item, seen_at=fetched.at) for item in self.items)
        silent = frozenset(content_hash(item) for item in items if self.sifted_for)
        return Parsed(items, title="The Gazette", silent=silent, silent_for=self.sifted_for)

    def match(self, item: Item) -> list[Hit]:
        if self.broken_matcher or item.key == self.poison:
            raise RuntimeError("a bug")
        at = item.title.find("harbour")
        if at < 0:
            return []
        evidence = Evidence("harbour", "harbour", None, "harbour", "title", at, at + 7)
        return [Hit(rule.id, rule.severity, 1.0, (evidence,), rule.status) for rule in self.rules]


class PlainRenderer(Renderer):
    def render(self, digest: Digest, target: Target) -> list[Message]:
        return [Message(target.channel, {"subject": digest.headline})]


def report(key: str = "a", title: str = "The harbour opens", age: timedelta = timedelta(hours=1)) -> Item:
    return Item("gazette", key, title, link=f"http://gazette.example/{key}", published=NOW - age)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = open_store(tmp_path / "monitor.db")
    store.feeds.sync([FEED], NOW)
    yield store
    store.close()


@pytest.fixture
def newsroom() -> Newsroom:
    return Newsroom()


@dataclass
class Bench:
    """A pipeline with its store, and the present."""

    store: SqliteStore
    newsroom: Newsroom
    pipeline: Pipeline
    watch: Watch
    now: datetime = NOW

    async def poll(self, after: timedelta = timedelta(minutes=10)) -> Outcome:
        self.now += after
        return await self.pipeline.poll(FEED, self.store.feeds.states()["gazette"], lambda: self.watch, self.now)

    def state(self) -> FeedState:
        return self.store.feeds.states()["gazette"]

    def tray(self, digest: str) -> int:
        waiting = self.store.digests.waiting().get(digest)
        return len(waiting.hit_ids) if waiting else 0

    def writer(self) -> DigestWriter:
        return DigestWriter(store=self.store, renderer=PlainRenderer())


@pytest.fixture
async def bench(store: SqliteStore, newsroom: Newsroom) -> AsyncIterator[Bench]:
    with ThreadPoolExecutor(1) as desk:
        pipeline = Pipeline(
            store=store,
            fetcher=newsroom,
            reader=PlainReader(newsroom),
            committer=Committer(store, desk),
            chance=lambda: 0.5,
            pacing=Pacing(),
        )
        yield Bench(store, newsroom, pipeline, Watch((FEED,), newsroom, (MORNING, FLASH)))


async def test_a_new_report_is_archived_matched_and_put_into_every_digest_that_wants_it(bench: Bench) -> None:
    await bench.poll()  # the first reading, of an empty feed
    bench.newsroom.items = (report(), report("b", "The market closes"))
    outcome = await bench.poll()
    assert (outcome.new, outcome.edited, outcome.hits) == (2, 0, 1)
    assert (bench.tray("morning"), bench.tray("flash")) == (1, 1)


@pytest.mark.parametrize(("sifted_for", "hits"), [("harbour rules", 0), ("the rules before the last edit", 1)])
async def test_what_the_reader_found_silent_is_matched_again_unless_it_was_by_the_rules_in_force(
    bench: Bench, sifted_for: str, hits: int
) -> None:
    bench.newsroom.items, bench.newsroom.sifted_for = (report(),), sifted_for
    assert (await bench.poll()).hits == hits


async def test_a_feed_read_for_the_first_time_wakes_nobody(bench: Bench) -> None:
    bench.newsroom.items = (report(),)
    await bench.poll()
    assert (bench.tray("morning"), bench.tray("flash")) == (1, 0)


async def test_old_news_is_archived_but_not_told_and_is_counted(bench: Bench) -> None:
    bench.newsroom.items = (report(age=timedelta(days=30)),)
    outcome = await bench.poll()
    assert (outcome.new, outcome.hits, bench.tray("morning")) == (1, 1, 0)
    assert [count for _, count in bench.store.digests.left_out("morning")] == [1]


async def test_what_was_seen_before_is_not_told_again(bench: Bench) -> None:
    bench.newsroom.items = (report(),)
    await bench.poll()
    bench.writer().write(bench.watch, MORNING, bench.now)
    outcome = await bench.poll()
    assert (outcome.new, outcome.edited, outcome.hits, bench.tray("morning")) == (0, 0, 0, 0)


async def test_a_changed_headline_is_told_again_by_the_clock_but_wakes_nobody(bench: Bench) -> None:
    await bench.poll()
    bench.newsroom.items = (report(),)
    await bench.poll()
    for spec in (MORNING, FLASH):
        bench.writer().write(bench.watch, spec, bench.now)
    bench.newsroom.items = (report(title="The harbour stays shut"),)
    outcome = await bench.poll()
    assert outcome.edited == 1
    assert (bench.tray("morning"), bench.tray("flash")) == (1, 0)
    digest = bench.writer().write(bench.watch, MORNING, bench.now)
    assert digest.stories[0].status is StoryStatus.CHANGED
    assert digest.stories[0].changes == (("The harbour opens", "The harbour stays shut"),)


async def test_a_changed_headline_of_a_rule_on_trial_is_not_told(bench: Bench) -> None:
    bench.newsroom.rules = (RuleInfo("harbour", "Harbour", Severity.HIGH, RuleStatus.SHADOW),)
    bench.newsroom.items = (report(),)
    await bench.poll()
    bench.newsroom.items = (report(title="The harbour stays shut"),)
    assert (await bench.poll()).edited == 1
    assert bench.tray("morning") == 0


async def test_a_changed_headline_of_old_news_is_not_told(bench: Bench) -> None:
    bench.newsroom.items = (report(age=timedelta(days=30)),)
    await bench.poll()
    bench.newsroom.items = (report(title="The harbour stays shut", age=timedelta(days=30)),)
    assert (await bench.poll()).edited == 1
    assert bench.tray("morning") == 0


async def test_a_rule_that_was_removed_is_still_told_of_with_what_it_found(bench: Bench) -> None:
    bench.newsroom.items = (report(),)
    await bench.poll()
    later = Watch((FEED,), Newsroom(rules=()), (MORNING,))
    digest = bench.writer().write(later, MORNING, bench.now)
    assert [reason.title for story in digest.stories for reason in story.reasons] == ["harbour"]


async def test_an_edit_that_takes_the_words_away_leaves_the_hit_in_its_tray(bench: Bench) -> None:
    bench.newsroom.items = (report(),)
    await bench.poll()
    bench.newsroom.items = (report(title="The port opens"),)
    await bench.poll()
    digest = bench.writer().write(bench.watch, MORNING, bench.now)
    assert [story.headline for story in digest.stories] == ["The port opens"]
    assert digest.stories[0].changes == (("The harbour opens", "The port opens"),)


async def test_what_is_in_force_at_the_commit_decides_not_what_was_when_the_poll_began(bench: Bench) -> None:
    await bench.poll()
    evening = replace(MORNING, id="evening")
    bench.newsroom.items = (report(),)
    fetch = bench.newsroom.fetch

    async def edited_meanwhile(feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        fetched = await fetch(feed, state, at)
        bench.watch = Watch((FEED,), bench.newsroom, (evening,))
        return fetched

    bench.newsroom.fetch = edited_meanwhile  # type: ignore[method-assign]
    await bench.poll()
    assert (bench.tray("morning"), bench.tray("evening")) == (0, 1)


async def test_an_answer_from_an_address_that_was_changed_meanwhile_is_passed_over(bench: Bench) -> None:
    """Else the old server's 410 would be held against the new one for ever."""
    moved = replace(FEED, url="http://gazette.example/new")
    state = bench.store.feeds.states()["gazette"]
    bench.watch = Watch((moved,), bench.newsroom, (MORNING,))
    bench.store.feeds.sync([moved], NOW)
    bench.newsroom.failure = Failure(FailureKind.GONE, "410 Gone", 410)
    outcome = await bench.pipeline.poll(FEED, state, lambda: bench.watch, NOW)
    assert outcome.notes == ("its address was changed meanwhile",)
    assert bench.store.feeds.states()["gazette"] == FeedState("gazette", url=moved.url)


async def test_the_same_headline_elsewhere_joins_the_story(bench: Bench) -> None:
    headline = "The harbour opens to foreign ships after a long winter"
    bench.newsroom.items = (report("a", headline), report("b", headline.upper().replace("HARBOUR", "harbour")))
    await bench.poll()
    digest = bench.writer().write(bench.watch, MORNING, bench.now)
    assert [story.carriers[0].copies for story in digest.stories] == [1]


@pytest.mark.parametrize(
    ("failure", "gone"),
    [
        (Failure(FailureKind.TIMEOUT, "no answer within 20 s"), False),
        (Failure(FailureKind.HTTP, "404 Not Found", 404), False),
        (Failure(FailureKind.GONE, "410 Gone", 410), True),
    ],
)
async def test_a_failed_poll_is_counted_with_its_reason_and_tried_again_unless_gone(
    bench: Bench, failure: Failure, gone: bool
) -> None:
    bench.newsroom.failure = failure
    outcome = await bench.poll()
    state = bench.store.feeds.states()["gazette"]
    assert outcome.failure == failure
    assert (state.failures, state.last_error, state.gone) == (1, failure.message, gone)
    assert state.next_poll_at is not None
    assert state.next_poll_at > bench.now


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (ParseError("this is a web page, not a feed"), FailureKind.NOT_A_FEED),
        (RuntimeError("a bug in the parser"), FailureKind.INTERNAL),
    ],
)
async def test_a_document_that_cannot_be_read_is_asked_for_again_in_full(
    bench: Bench, fault: Exception, kind: FailureKind
) -> None:
    bench.newsroom.broken_parser = fault
    outcome = await bench.poll()
    assert outcome.failure is not None
    assert outcome.failure.kind is kind
    state = bench.store.feeds.states()["gazette"]
    assert (state.etag, state.body_hash) == (None, None)


async def test_a_fault_halfway_leaves_nothing_behind_and_the_next_poll_finds_everything(bench: Bench) -> None:
    bench.newsroom.items = (report(),)
    bench.newsroom.broken_matcher = True
    outcome = await bench.poll()
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.INTERNAL
    assert list(bench.store.query_items()) == []
    bench.newsroom.broken_matcher = False
    assert (await bench.poll()).new == 1
    assert bench.tray("morning") == 1


@pytest.mark.parametrize("fulltext", [Fulltext.NO, Fulltext.ALWAYS])
async def test_a_document_whose_items_cannot_be_told_apart_is_a_failure_of_its_feed_and_comes_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, fulltext: Fulltext
) -> None:
    feed = replace(FEED, fulltext=fulltext)
    bench.watch = Watch((feed,), bench.newsroom, (MORNING, FLASH))
    await bench.poll()
    bench.newsroom.items = (report(),)
    with monkeypatch.context() as patch:
        patch.setattr(Document, "keys", property(lambda _: 1 / 0))
        outcome = await bench.pipeline.poll(feed, bench.state(), lambda: bench.watch, bench.now)
    assert outcome.failure is not None
    assert outcome.failure.kind is FailureKind.INTERNAL
    assert "ZeroDivisionError" in outcome.failure.message
    assert bench.state().failures == 1, "it is put off and told of, not asked without end"
    assert (await bench.poll()).new == 1


async def test_an_item_on_which_something_breaks_keeps_back_only_itself(bench: Bench) -> None:
    await bench.poll()
    bench.newsroom.poison = "b"
    bench.newsroom.items = (report("a"), report("b", "A harbour of poison"), report("c", "The harbour closes"))
    outcome = await bench.poll()
    assert (outcome.new, outcome.hits, bench.tray("flash")) == (2, 2, 2)
    assert outcome.failure is not None
    assert "1 of 3 items" in outcome.failure.message
    assert "a bug" in outcome.failure.message
    assert bench.newsroom.asked[-1].failures == 0
    assert bench.store.feeds.states()["gazette"].failures == 1
    bench.newsroom.poison = ""
    outcome = await bench.poll()
    assert (outcome.new, outcome.failure, bench.tray("flash")) == (1, None, 3)


async def test_writing_a_digest_empties_the_tray_and_fills_the_outbox_at_once(bench: Bench) -> None:
    bench.newsroom.items = (report(),)
    await bench.poll()
    digest = bench.writer().write(bench.watch, MORNING, bench.now)
    assert len(digest.stories) == 1
    assert bench.tray("morning") == 0
    assert bench.store.outbox.count().get(DeliveryState.QUEUED) == 1


async def test_a_digest_that_cannot_be_rendered_keeps_its_tray(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Renderer):
        def render(self, digest: Digest, target: Target) -> list[Message]:
            raise RuntimeError("a template is broken")

    bench.newsroom.items = (report(),)
    await bench.poll()
    with pytest.raises(RuntimeError, match="template"):
        DigestWriter(store=bench.store, renderer=Broken()).write(bench.watch, MORNING, bench.now)
    assert bench.tray("morning") == 1
    assert not bench.store.outbox.count().get(DeliveryState.QUEUED)


async def test_a_feed_that_breaks_is_told_once_in_the_next_digest_and_once_when_it_is_read_again(bench: Bench) -> None:
    bench.newsroom.items = (report(),)
    await bench.poll()
    bench.newsroom.failure = Failure(FailureKind.TIMEOUT, "no answer within 20 s")
    outcomes = [await bench.poll(timedelta(hours=1)) for _ in range(6)]
    assert [len(outcome.began) for outcome in outcomes] == [0, 0, 1, 0, 0, 0]
    broken = bench.writer().write(bench.watch, MORNING, bench.now)
    assert [(news.over, news.feeds) for news in broken.feed_news] == [(False, ("Gazette",))]
    assert broken.feed_news[0].message.startswith("not read since 2026-03-02 09:10 UTC: no answer within 20 s. ")
    quiet = bench.writer().write(bench.watch, MORNING, bench.now + timedelta(minutes=1))
    assert quiet.feed_news == ()
    assert [count for _, count in quiet.coverage.standing] == [1]
    bench.newsroom.failure = None
    outcomes = [await bench.poll(timedelta(minutes=40)) for _ in range(4)]
    assert [len(outcome.ended) for outcome in outcomes] == [0, 0, 1, 0]
    healed = bench.writer().write(bench.watch, MORNING, bench.now)
    assert [(news.over, news.feeds) for news in healed.feed_news] == [(True, ("Gazette",))]
    assert bench.store.feeds.states()["gazette"].troubles == ()


async def test_a_digest_that_goes_to_nobody_when_empty_keeps_the_news_of_the_feeds_for_the_next(bench: Bench) -> None:
    shy = replace(MORNING, send_empty=False)
    bench.newsroom.items = (report(),)
    await bench.poll()
    bench.writer().write(bench.watch, shy, bench.now)
    bench.newsroom.failure = Failure(FailureKind.GONE, "the server answered 410", 410)
    await bench.poll(timedelta(hours=1))
    assert len(bench.writer().write(bench.watch, shy, bench.now).feed_news) == 1, "made, and sent to nobody"
    later = bench.writer().write(bench.watch, shy, bench.now + timedelta(hours=1))
    assert [news.kind for news in later.feed_news] == [TroubleKind.GONE]


async def test_a_feed_that_answers_but_has_fallen_silent_is_noticed(bench: Bench) -> None:
    bench.newsroom.items = (report(),)
    await bench.poll()
    state = bench.store.feeds.states()["gazette"]
    habits = Habits(hours=(1.0,) * 168, learnt=2.0, learnt_until=bench.now, gaps=(2.0,) * 20, window=1)
    bench.store.feeds.save(replace(state, habits=habits), state)
    outcomes = [await bench.poll(timedelta(hours=5)) for _ in range(8)]
    assert [trouble.kind for outcome in outcomes for trouble in outcome.began] == [TroubleKind.SILENT]
    bench.newsroom.items = (report("b", "The harbour closes"), report())
    assert [trouble.kind for trouble in (await bench.poll()).ended] == [TroubleKind.SILENT]


async def test_a_feed_that_rewrites_its_guids_brings_nothing_twice(bench: Bench) -> None:
    for rewriting in range(3):
        bench.newsroom.items = tuple(
            replace(report(str(n), f"The harbour opens gate number {n}"), key=f"{n}-{rewriting}") for n in range(4)
        )
        outcome = await bench.poll()
        assert (outcome.new, outcome.edited) == ((4, 0) if not rewriting else (0, 0))
    assert bench.tray("morning") == 4


async def test_what_cannot_wait_goes_at_once_and_the_rest_into_the_digest(bench: Bench) -> None:
    desk = replace(MORNING, id="desk", at_once=("severity>=high",))
    alerts = replace(desk, id="desk-at-once", at=None, also=desk.at_once, at_once=())
    bench.newsroom.rules = (RuleInfo("harbour", "Harbour", Severity.HIGH), RuleInfo("sea", "Sea", Severity.LOW))
    bench.watch = Watch((FEED,), bench.newsroom, (desk, alerts))
    bench.newsroom.items = (report("backlog"),)
    await bench.poll()
    assert (bench.tray("desk"), bench.tray("desk-at-once")) == (2, 0), "backlog wakes nobody, and is in the digest"
    bench.newsroom.items = (report(),)
    await bench.poll()
    assert (bench.tray("desk"), bench.tray("desk-at-once")) == (2, 1), "a report goes into one of the two, whole"
    assert ("told at once by desk-at-once", 2) in bench.store.digests.left_out("desk")
    bench.newsroom.items = (report(title="The harbour stays shut"),)
    await bench.poll()
    assert (bench.tray("desk"), bench.tray("desk-at-once")) == (4, 1), "its new headline comes in the digest"


@pytest.mark.parametrize(
    ("only", "tray"),
    [
        ({"languages": ("en",)}, 1),
        ({"languages": ("ru",)}, 0),
        ({"sources": ("gazette",)}, 1),
        ({"countries": ("RU",)}, 0),
    ],
)
async def test_a_digest_gets_the_news_of_its_audience_alone(
    bench: Bench, only: dict[str, tuple[str, ...]], tray: int
) -> None:
    bench.watch = Watch((FEED,), bench.newsroom, (replace(MORNING, **only),))  # type: ignore[arg-type]
    bench.newsroom.items = (report(),)
    await bench.poll()
    bench.newsroom.items = (report(title="The harbour stays shut"),)
    await bench.poll()
    assert bench.tray("morning") == tray
    assert not bench.store.digests.left_out("morning"), "what is not for it is not left out either"
