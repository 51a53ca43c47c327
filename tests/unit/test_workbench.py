"""The workbench on a small archive: what an edit gains and loses, what nearly fired, how rules do."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
import yaml
from support.rulebooks import matcher
from support.stored import NOW, decided

from monitor.adapters.store import SqliteStore, open_store
from monitor.app.workbench import backtest, near_misses, statistics
from monitor.core.model import Item, Novelty, Relevance, Story
from monitor.core.rules import Matcher, Rulebook, parse_rules

RULES = """
terms:
  ship: {en: [ship], ru: [судно], zh: [船]}
  port: {en: [port], ru: [порт], zh: [港口], not: [port wine]}
rules:
  - {id: arrival, title: Arrival, match: {all: [$ship, $port], within: sentence}}
  - {id: ships, title: Ships, match: $ship}
"""
NEWS = {
    "en-1": ("en", "A ship enters the port", ""),
    "en-2": ("en", "The ship sails", "The port was empty."),
    "en-3": ("en", "A ship carries port wine", ""),
    "en-4": ("en", "Nothing happens", ""),
    "ru-1": ("ru", "Судно вошло в порт", ""),
    "ru-2": ("ru", "Суда вышли в море", ""),
    "zh-1": ("zh-Hans", "船到港口", ""),
}


def rules(*edits: tuple[str, str]) -> Matcher:
    text = RULES
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    return matcher(text)


def book() -> Rulebook:
    return parse_rules(yaml.safe_load(RULES))[0]


def read(store: SqliteStore, rulebook: Matcher, news: dict[str, tuple[str, str, str]] = NEWS, age: int = 0) -> None:
    """Poll, in short: store items and their hits."""
    at = NOW - timedelta(days=age)
    with store.transaction():
        for key, (language, title, summary) in news.items():
            each = Item(f"paper-{language}", key, title, summary, language=language, published=at, seen_at=at)
            item_id = store.archive.save([decided(each)], at)[key]
            hits = rulebook.match(each)
            story = store.archive.save_story(Story(0, frozenset({key}), title, at, at))
            store.archive.save_hits(item_id, story.id, hits, at)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_store(tmp_path / "monitor.db")
    yield opened
    opened.close()


def mark(store: SqliteStore, key: str, relevance: Relevance, rule: str = "arrival") -> None:
    (hit_id,) = [hit.id for hit, _ in store.bench.hits(rules=[rule]) if hit.item.key == key]
    store.bench.mark(hit_id, relevance, "", NOW)


# --- backtest -----------------------------------------------------------------------------------------------


def test_the_same_rules_gain_and_lose_nothing(store: SqliteStore) -> None:
    read(store, rules())
    for live in (None, rules()):
        result = backtest(store.bench, rules(), live)
        assert result.items == len(NEWS)
        assert result.changes == []
        assert result.tallies["arrival", "zh"].kept == 1


def test_gains_and_losses_are_told_by_rule_and_language(store: SqliteStore) -> None:
    read(store, rules())
    edited = rules(("within: sentence", "within: 40 words"), ("{en: [ship], ru: [судно]", "{en: [ship, port]"))
    result = backtest(store.bench, edited, None)
    figures = {key: (one.kept, one.gained, one.lost) for key, one in result.tallies.items()}
    assert figures == {
        ("arrival", "en"): (1, 1, 0), ("arrival", "ru"): (0, 0, 1), ("arrival", "zh"): (1, 0, 0),
        ("ships", "en"): (3, 0, 0), ("ships", "ru"): (0, 0, 2), ("ships", "zh"): (1, 0, 0),
    }  # fmt: skip
    assert {change.sight.feed for change in result.lost} == {"paper-ru"}


def test_a_change_shows_the_headline_with_the_words_and_why_it_is_lost(store: SqliteStore) -> None:
    read(store, rules())
    result = backtest(store.bench, rules(("ru: [порт]", "ru: [гавань]")), None, rules=["arrival"])
    (change,) = result.changes
    assert [(one.text, one.marked) for one in change.sight.title] == [
        ("Судно", True), (" вошло в ", False), ("порт", True),
    ]  # fmt: skip
    assert (change.words, change.reason) == (("Судно", "порт"), "$port not found")


def test_a_rule_taken_away_loses_its_hits(store: SqliteStore) -> None:
    read(store, rules())
    result = backtest(store.bench, rules(("  - {id: ships, title: Ships, match: $ship}\n", "")), None)
    assert {(change.rule, change.reason) for change in result.lost} == {("ships", "the rule is gone or off")}
    assert len(result.lost) == 6


def test_only_the_rules_asked_for_are_compared(store: SqliteStore) -> None:
    read(store, rules())
    edited = rules(("en: [ship]", "en: [boat]"))
    assert {change.rule for change in backtest(store.bench, edited, rules(), rules=["arrival"]).changes} == {"arrival"}


def test_a_new_rule_gains_against_the_stored_hits_and_not_against_the_live_file(store: SqliteStore) -> None:
    read(store, rules(("  - {id: ships, title: Ships, match: $ship}\n", "")))
    assert len(backtest(store.bench, rules(), None).gained) == 6
    assert not backtest(store.bench, rules(), rules()).changes


def test_hits_whose_words_an_edit_of_the_article_took_away_are_not_lost_by_the_rules(store: SqliteStore) -> None:
    read(store, rules())
    gone = Item("paper-en", "en-1", "A boat", language="en", published=NOW, seen_at=NOW)
    store.archive.save([decided(gone, Novelty.EDITED)], NOW)
    assert not backtest(store.bench, rules(), None).changes


def test_losing_what_a_person_marked_relevant_is_told_apart(store: SqliteStore) -> None:
    read(store, rules())
    mark(store, "en-1", Relevance.RELEVANT)
    mark(store, "ru-1", Relevance.NOISE)
    result = backtest(store.bench, rules(("within: sentence", "within: 2 words")), None, rules=["arrival"])
    assert [change.sight.feed for change in result.lost_relevant] == ["paper-en"]
    assert [change.sight.feed for change in result.lost_noise] == ["paper-ru"]


def test_what_is_marked_relevant_counts_whatever_its_age(store: SqliteStore) -> None:
    read(store, rules(), age=400)
    mark(store, "en-1", Relevance.RELEVANT)
    since = NOW - timedelta(days=30)
    edited = rules(("en: [port]", "en: [haven]"))
    for live in (None, rules()):
        result = backtest(store.bench, edited, live, since=since)
        assert result.items == 0
        assert [change.sight.item_id for change in result.lost_relevant] == [1]
        assert [change.rule for change in result.changes] == ["arrival"]


def test_what_the_live_rules_do_not_find_either_is_not_lost(store: SqliteStore) -> None:
    read(store, rules())
    mark(store, "en-1", Relevance.RELEVANT)
    edited = rules(("en: [port]", "en: [haven]"))
    assert not backtest(store.bench, edited, edited).lost_relevant


def test_progress_is_told(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    read(store, rules())
    monkeypatch.setattr("monitor.app.workbench.comparison.STEP", 3)
    told: list[int] = []
    backtest(store.bench, rules(), None, progress=told.append)
    assert told == [3, 6]


# --- near misses --------------------------------------------------------------------------------------------


def test_near_misses_are_gathered_by_the_missing_condition_rarest_first(store: SqliteStore) -> None:
    read(store, rules())
    found = near_misses(store.bench, rules(), "arrival")
    assert (found.items, found.hits) == (len(NEWS), 3)
    assert [(missing, number) for missing, number, _ in found.groups] == [
        ("$port", 1),
        ("$port not found", 1),
        ("all, within sentence: found, but not within sentence", 1),
    ]


def test_a_near_miss_shows_what_was_found_and_what_is_missing(store: SqliteStore) -> None:
    read(store, rules())
    groups = {missing: newest for missing, _, newest in near_misses(store.bench, rules(), "arrival").groups}
    (hidden,) = groups["$port"]
    assert hidden.missing == "$port: “port” belongs to the look-alike “port wine”"
    (apart,) = groups["all, within sentence: found, but not within sentence"]
    assert apart.words == ("ship", "port")
    assert any(one.marked for one in apart.sight.text), "the port stands in the summary only"


def test_only_the_newest_few_of_a_kind_are_kept(store: SqliteStore) -> None:
    news = {f"k{number}": ("en", f"Ship number {number} sails", "") for number in range(9)}
    for age, (key, one) in enumerate(news.items()):
        read(store, rules(), {key: one}, age=age)
    (group,) = near_misses(store.bench, rules(), "arrival", limit=3).groups
    assert group[1] == 9
    assert [one.sight.item_id for one in group[2]] == [1, 2, 3], "the newest were stored first"
    since = NOW - timedelta(days=4, hours=1)
    assert near_misses(store.bench, rules(), "arrival", since=since).items == 5


def test_a_text_with_nothing_of_the_rule_is_no_near_miss(store: SqliteStore) -> None:
    read(store, rules(), {"x": ("en", "Nothing happens", "")})
    assert near_misses(store.bench, rules(), "ships").groups == []
    with pytest.raises(KeyError):
        near_misses(store.bench, rules(), "unknown")


# --- statistics ---------------------------------------------------------------------------------------------


def test_figures_come_from_the_stored_hits_and_marks(store: SqliteStore) -> None:
    read(store, rules(), age=10)
    mark(store, "en-1", Relevance.RELEVANT)
    mark(store, "ru-1", Relevance.RELEVANT)
    mark(store, "zh-1", Relevance.NOISE)
    ticks = count()
    found = statistics(
        store.bench, book(), rules(), since=NOW - timedelta(days=30), now=NOW, timer=lambda: next(ticks) * 1e-6
    )
    arrival, ships = found.rules
    assert found.days == pytest.approx(10), "the archive is younger than the period asked for"
    assert (arrival.hits, arrival.per_day) == (3, pytest.approx(0.3))
    assert arrival.languages == {"en": 1, "ru": 1, "zh": 1}
    assert ships.feeds == {"paper-en": 3, "paper-ru": 2, "paper-zh-Hans": 1}
    assert arrival.precision == pytest.approx(2 / 3)
    assert ships.precision is None
    assert (arrival.share_alone, ships.share_alone) == (0, 0.5)
    assert arrival.cost is not None
    assert 0 < arrival.cost < 10, "in microseconds: the clock ticks once each"


def test_terms_that_were_in_no_hit_are_named(store: SqliteStore) -> None:
    text = RULES.replace("match: $ship}", "match: {any: [$ship, $port]}}")
    read(store, matcher(text), {"en": ("en", "A ship", "")})
    silent = {
        one.info.id: one.silent
        for one in statistics(
            store.bench, parse_rules(yaml.safe_load(text))[0], matcher(text), since=None, now=NOW, timer=lambda: 0.0
        ).rules
    }
    assert silent == {"arrival": ("ship", "port"), "ships": ("port",)}


def test_an_empty_archive_has_figures_too(store: SqliteStore) -> None:
    found = statistics(store.bench, book(), rules(), since=None, now=NOW, timer=lambda: 0.0)
    assert [(one.hits, one.precision, one.share_alone, one.cost) for one in found.rules] == [(0, None, None, None)] * 2
    assert found.reading is None
    assert near_misses(store.bench, rules(), "arrival").items == 0
    assert backtest(store.bench, rules(), None).items == 0
