"""What a digest says of stories that it told before, and for which occasion it is made."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.digest import Occasion, Past, compose
from monitor.core.model import (
    Coverage,
    Digest,
    DigestSpec,
    FeedSpec,
    Hit,
    Item,
    RuleChange,
    RuleEdit,
    RuleInfo,
    Severity,
    StoredHit,
    StoryStatus,
    Telling,
)

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SPEC = DigestSpec("flash", ("*",), ())
FEEDS = {name: FeedSpec(name, "", name.title(), language="ru") for name in ("primer", "obrazec", "vestnik")}
NEVER, ITS_HOUR = Past(), Occasion()
RULES = {"spies": RuleInfo("spies", "Espionage arrests", Severity.HIGH)}


def hours(number: float) -> datetime:
    return NOW + timedelta(hours=number)


def hit(number: int, story: int = 7, feed: str = "primer", title: str = "", ago: float = 1, item: int = 0) -> StoredHit:
    news = Item(
        feed,
        f"k{item or number}",
        title or f"Сообщение {number}",
        link=f"https://{feed}.example/{number}",
        published=hours(-ago),
    )
    return StoredHit(number, item or number, story, Hit("spies", Severity.HIGH, 1.0, ()), news, hours(-ago))


def telling(story: int = 7, ago: float = 3, repeats: int = 0) -> dict[int, Telling]:
    return {story: Telling("flash", story, hours(-9), hours(-ago), repeats)}


def digest(
    *hits: StoredHit, past: Past = NEVER, occasion: Occasion = ITS_HOUR, edits: tuple[RuleEdit, ...] = ()
) -> Digest:
    return compose(
        SPEC, hits, feeds=FEEDS, rules=RULES, told=frozenset(), daily={}, coverage=Coverage(feeds=3, feeds_read=3),
        since=None, now=NOW, next_at=None, past=past, occasion=occasion, rule_edits=edits,
    )  # fmt: skip


def test_further_reports_stand_before_those_that_were_told() -> None:
    past = Past(telling(), hits=[hit(2, ago=5, feed="obrazec"), hit(1, ago=6), hit(9, story=8)])
    (story,) = digest(hit(3, ago=1, feed="vestnik"), past=past).stories
    assert (story.status, story.told_at) == (StoryStatus.MORE, hours(-3))
    assert [carrier.outlet for carrier in story.carriers] == ["Vestnik"]
    assert [carrier.outlet for carrier in story.earlier] == ["Primer", "Obrazec"], (
        "in order of time, of this story only"
    )


@pytest.mark.parametrize(
    ("told", "gravest"), [((), None), ((1,), Severity.HIGH), ((1, 2), Severity.CRITICAL)], ids=["new", "one", "several"]
)
def test_a_story_says_how_grave_it_was_when_it_was_told(told: tuple[int, ...], gravest: Severity | None) -> None:
    severities = {1: Severity.HIGH, 2: Severity.CRITICAL}
    hits = [replace(hit(n), hit=replace(hit(n).hit, severity=severities[n])) for n in told]
    (story,) = digest(hit(3), past=Past(telling() if told else {}, hits=hits)).stories
    assert (story.severity, story.told_severity) == (Severity.HIGH, gravest)


def test_an_edited_report_is_not_told_as_an_earlier_one_of_its_own_story() -> None:
    renewed = replace(hit(1), edited=True, previous_title="Старый заголовок")
    (story,) = digest(renewed, past=Past(telling(), hits=[hit(1), hit(2)])).stories
    assert story.status is StoryStatus.CHANGED
    assert len(story.carriers) == len(story.earlier) == 1


def test_a_story_that_comes_again_is_made_of_what_was_told_and_has_no_news() -> None:
    told = [replace(hit(1, ago=6), edited=True, previous_title="Старый заголовок"), hit(2, ago=5, feed="obrazec")]
    past = Past(telling(), hits=told, again=frozenset({7}))
    found = digest(past=past)
    (story,) = found.stories
    assert (story.status, story.told_at, story.changes, story.earlier) == (StoryStatus.AGAIN, hours(-3), (), ())
    assert [carrier.outlet for carrier in story.carriers] == ["Primer", "Obrazec"]
    assert (found.headline, story.hit_ids) == ("Сообщение 1", (1, 2))
    assert [(topic.rule, topic.stories, topic.reports) for topic in found.topics] == [("spies", 1, 2)]


def test_a_story_with_news_does_not_come_again_as_well() -> None:
    past = Past(telling(), hits=[hit(1, ago=6)], again=frozenset({7}))
    (story,) = digest(hit(2), past=past).stories
    assert story.status is StoryStatus.MORE
    assert len(story.earlier) == 1


def test_what_comes_again_without_news_stands_last_among_equals() -> None:
    past = Past(telling(8), hits=[hit(1, story=8, ago=0.1)], again=frozenset({8}))
    assert [story.story_id for story in digest(hit(2, story=9, ago=7), past=past).stories] == [9, 8]


def test_a_story_says_whether_somebody_has_seen_to_it() -> None:
    past = Past(acknowledged=frozenset({7}))
    found = digest(hit(1), hit(2, story=8), past=past)
    assert {story.story_id: story.acknowledged for story in found.stories} == {7: True, 8: False}


def test_edits_of_rules_pass_through() -> None:
    edits = (RuleEdit("spies", RuleChange.EDITED, hours(-2)),)
    assert digest(edits=edits).rule_edits == edits


def test_a_single_alert_has_the_headline_itself() -> None:
    found = digest(hit(1), occasion=Occasion(alert=True, thread="flash/7"))
    assert (found.headline, found.alert, found.thread, found.folded) == ("Сообщение 1", True, "flash/7", 0)


SPANS: list[tuple[str, float, str]] = [
    ("minutes are rounded up", 9.2 / 60, "3 alerts in 10 minutes: "),
    ("a moment is a minute", 0, "3 alerts in 1 minute: "),
    ("an hour and a half in minutes", 1.5, "3 alerts in 90 minutes: "),
    ("longer in hours", 2.5, "3 alerts in 3 hours: "),
]


@pytest.mark.parametrize(("why", "ago", "expected"), SPANS, ids=[why for why, *_ in SPANS])
def test_folded_alerts_say_how_many_in_how_long_and_then_the_news(why: str, ago: float, expected: str) -> None:
    hits = [hit(n, story=n, ago=ago) for n in (1, 2, 3)]
    headline = digest(*hits, occasion=Occasion(alert=True, folded=3)).headline
    assert headline.startswith(expected), why
    assert headline.endswith("; 1 more story")


def test_folded_repeats_have_no_span() -> None:
    past = Past(telling(), hits=[hit(1, ago=30)], again=frozenset({7}))
    assert digest(past=past, occasion=Occasion(alert=True, folded=1)).headline == "1 alert again: Сообщение 1"


def test_folded_repeats_are_not_counted_as_alerts() -> None:
    past = Past(telling(), hits=[hit(1, ago=30)], again=frozenset({7}))
    headline = digest(hit(2, story=8, ago=1), past=past, occasion=Occasion(alert=True, folded=2)).headline
    assert headline.startswith("1 alert in 1 hour, 1 again: ")


def test_what_was_held_back_says_since_when_and_why() -> None:
    found = digest(hit(1), occasion=Occasion(alert=True, held_since=hours(-8), held_by="quiet hours"))
    assert (found.held_since, found.held_by) == (hours(-8), "quiet hours")
