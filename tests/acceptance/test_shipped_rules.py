"""The configuration that ships works as it stands: sources, rules, digests. Not here: the engine's own tests."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from monitor.adapters.config.document import load_document
from monitor.adapters.config.feeds import load_feeds
from monitor.adapters.config.rules import load_rules
from monitor.core.model import FeedSpec, Item, Ownership
from monitor.core.rules import Matcher, compile_rules
from monitor.core.rules.book import Example
from monitor.core.text.forms import language_of

ROOT = Path(__file__).parents[2]
RULES, FEEDS = ROOT / "rules.yaml", ROOT / "feeds.yaml"
HEADLINES = ROOT / "tests/data/shipped/headlines.yaml"
CORPUS = ROOT.parent / "shared/corpus/headlines"
MAIN = {"espionage-arrests", "tumen-passage", "power-of-siberia-2"}
IDS = MAIN | {
    "northern-sea-route",
    "sakha-china",
    "amur-grain-corridor",
    "cross-border-bridges",
    "territorial-maps",
    "fsb-china",
}
SHIPPED = load_rules(RULES)
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the labelled headlines are not here")


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return compile_rules(SHIPPED.book)


@pytest.fixture(scope="module")
def feeds() -> tuple[FeedSpec, ...]:
    return load_feeds(FEEDS).feeds


def found(matcher: Matcher, item: Item) -> dict[str, str]:
    """The rules that fire, with the words that made them."""
    return {hit.rule: ", ".join(f"{one.term}: {one.text}" for one in hit.evidence) for hit in matcher.match(item)}


def headlines() -> Iterator[tuple[str, Item]]:
    data: Any = load_document(HEADLINES).root.plain()
    for rule, rows in data.items():
        for row in rows:
            fields = {"title": row} if isinstance(row, str) else row
            yield rule, Item(feed="invented", key=fields["title"], **fields)


# --- rules --------------------------------------------------------------------------------------------------


def test_rule_ids_are_the_ones_that_archives_and_readers_know() -> None:
    assert {rule.id for rule in SHIPPED.book.rules} == IDS


@pytest.mark.parametrize("rule", SHIPPED.book.rules, ids=lambda rule: rule.id)
def test_every_rule_says_what_it_is_for_and_shows_it_in_three_languages(rule: Any) -> None:
    assert rule.info.title
    assert rule.info.why
    assert rule.info.tags
    for hit in (True, False):
        languages = {language_of(one.item.title) for one in rule.examples if one.hit is hit}
        assert languages >= {"ru", "zh", "en"}, f"examples that {'hit' if hit else 'miss'}"


@pytest.mark.parametrize(
    ("rule", "example"),
    [pytest.param(rule.id, one, id=one.item.title) for rule in SHIPPED.book.rules for one in rule.examples],
)
def test_example_holds(matcher: Matcher, rule: str, example: Example) -> None:
    hits = found(matcher, example.item)
    assert (rule in hits) == example.hit, hits
    for term in example.finds:
        assert f"{term}: " in hits[rule]


@pytest.mark.parametrize(("rule", "item"), [pytest.param(*pair, id=pair[1].title) for pair in headlines()])
def test_headline_goes_where_it_belongs(matcher: Matcher, rule: str, item: Item) -> None:
    hits = found(matcher, item)
    if rule == "none":
        assert not hits
    else:
        assert rule in hits
        assert not (hits.keys() & MAIN) - {rule}, hits


def test_every_term_serves_a_rule_or_is_told_to_readers() -> None:
    written = str(load_document(RULES).root.plain())
    used = set(re.findall(r"\$([\w-]+)", written))
    named = {term.id for term in SHIPPED.book.terms.values() if term.entity and term.gloss}
    assert set(SHIPPED.book.terms) - named <= used <= set(SHIPPED.book.terms)


# --- digests and sources ------------------------------------------------------------------------------------


def test_digests_work_without_any_account() -> None:
    morning, flash = SHIPPED.digests
    assert morning.at is not None
    assert flash.immediate
    assert {target.channel for digest in (morning, flash) for target in digest.to} == {"file", "console"}


def test_at_least_sixty_sources_are_polled_in_the_three_languages(feeds: tuple[FeedSpec, ...]) -> None:
    polled = [feed for feed in feeds if feed.enabled]
    assert len(polled) >= 60
    for language in ("ru", "zh", "en"):
        assert sum((feed.language or "").startswith(language) for feed in polled) >= 8, language


def test_every_source_says_who_stands_behind_it_or_is_a_search(feeds: tuple[FeedSpec, ...]) -> None:
    for feed in feeds:
        assert feed.name, feed.id
        assert feed.kind, feed.id
        if feed.enabled and feed.kind != "query":
            assert feed.ownership is not Ownership.UNKNOWN, feed.id


def test_a_source_is_disabled_for_a_reason(feeds: tuple[FeedSpec, ...]) -> None:
    assert [feed.id for feed in feeds if feed.enabled == bool(feed.reason)] == []


def test_the_reference_counts_the_sources_right(feeds: tuple[FeedSpec, ...]) -> None:
    enabled = sum(feed.enabled for feed in feeds)
    text = (ROOT / "docs/feeds.md").read_text(encoding="utf-8")
    assert f"{len(feeds)} sources, {enabled} of them enabled" in text


# --- real headlines, where they are present -----------------------------------------------------------------


@needs_corpus
def test_nothing_here_is_copied_from_the_labelled_headlines() -> None:
    ours = RULES.read_text(encoding="utf-8") + HEADLINES.read_text(encoding="utf-8")
    copied = []
    for line in (CORPUS / "labelled.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for text in (row["title"], row.get("summary") or ""):
            for script, size in ((r"[^\W\u3400-\u9fff]+", 40), (r"[\u3400-\u9fff]+", 14)):
                copied += [piece for piece in pieces(squeeze(text, script), size) if piece in squeeze(ours, script)]
    assert copied == []


def pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(len(text) - size + 1)]


@cache
def squeeze(text: str, script: str) -> str:
    """The letters of one script, in lower case, and nothing between them."""
    return "".join(re.findall(script, text.lower()))


@needs_corpus
@pytest.mark.slow
def test_real_headlines_are_told_apart_as_well_as_promised() -> None:
    command = [sys.executable, str(ROOT / "benchmarks/rules_quality.py"), str(CORPUS), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    report = json.loads(done.stdout)
    assert report["missed"] == []
    assert done.returncode == 0


GLOSSES = [
    (
        "Лефортовский суд арестовал гражданина КНР за шпионаж по статье 276 УК",
        ("Lefortovo court", "Chinese citizen", "China", "Article 276 (espionage)", "criminal case", "espionage"),
    ),
    ("俄气与中石油就西伯利亚力量2号管道在海参崴磋商", ("Gazprom", "CNPC", "Power of Siberia 2", "Vladivostok")),
]


@pytest.mark.parametrize(("title", "labels"), GLOSSES, ids=["a case", "a pipeline"])
def test_a_reader_of_english_is_told_of_the_named_things(matcher: Matcher, title: str, labels: tuple[str, ...]) -> None:
    gloss = matcher.match(Item("f", "k", title))[0].gloss
    assert [label for label in gloss if label in labels] == list(labels)
    helpers = {term.label for term in SHIPPED.book.terms.values() if not term.gloss}
    assert helpers.isdisjoint(gloss)


def test_a_trial_that_is_not_public_is_no_opening_of_a_trial(matcher: Matcher) -> None:
    (hit,) = matcher.match(Item("f", "k", "莫斯科法院不公开审理中国公民间谍案"))
    assert "开审" not in [place.text for place in hit.evidence]
    assert "审理" in [place.text for place in hit.evidence]
