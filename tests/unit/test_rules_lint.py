"""What `monitor rules lint` points out, and what it leaves in peace."""

import pytest
import yaml
from support.rulebooks import item, matcher

from monitor.core.model import FeedSpec
from monitor.core.rules import Rulebook, parse_rules
from monitor.core.rules.lint import Level, claimed_languages, lint, measure

TERMS = """
terms:
  ship: {en: [ship], ru: [судно], zh: [船只]}
  port: {en: [port], ru: [порт], zh: [港口]}
"""
EXAMPLES = "examples: {hit: [a ship in port, судно в порту, 船只到港口], miss: [a plane]}"


def book(rules: str, terms: str = TERMS) -> Rulebook:
    found, problems = parse_rules(yaml.safe_load(f"{terms}\nrules:\n{rules}"))
    assert not problems, problems
    return found


def one(match: str, more: str = "") -> Rulebook:
    return book(f"  - {{id: r, title: R, match: {match}, {more}{EXAMPLES}}}\n")


def checks(found: Rulebook) -> list[tuple[str, Level]]:
    return [(finding.check, finding.level) for finding in lint(found) if finding.check != "unused-term"]


CONDITIONS = [
    ("{all: [$ship, $port]}", [], "an ordinary rule"),
    ("{all: [$ship], none: [$ship]}", [("never-fires", Level.ERROR)], "asked for and forbidden"),
    ("{all: [{all: [$ship], within: title}], none: [$ship]}", [("never-fires", Level.ERROR)], "forbidden further out"),
    ("{all: [{any: [$ship]}, $port], none: [$ship]}", [("never-fires", Level.ERROR)],
     "an only choice that is forbidden"),
    ("{any: [$ship, $port], none: [$ship]}", [("unreachable", Level.WARNING)], "one choice of two is forbidden"),
    ("{all: [$port], none: [{all: [$ship, $port]}]}", [], "only both together are forbidden"),
    ("{at_least: 2, of: [$ship, $port], none: [$ship]}", [("never-fires", Level.ERROR)], "all of two are needed"),
    ("{at_least: 1, of: [$ship, $port], none: [$ship]}", [], "one of two may still hold"),
    ("{order: [$ship, $port], none: [$port]}", [("never-fires", Level.ERROR)], "in order is all, too"),
    ("{any: [$ship, $port, $ship]}", [("twice", Level.WARNING)], "a choice twice"),
    ("{all: [$ship, /gas (pipe|line)/]}", [("regex", Level.WARNING)], "a regex that is only words"),
    (r"{all: [$ship, /v\d+/]}", [], "a regex that needs to be one"),
]  # fmt: skip


@pytest.mark.parametrize(("match", "expected", "reason"), CONDITIONS, ids=[row[2] for row in CONDITIONS])
def test_conditions(match: str, expected: list[tuple[str, Level]], reason: str) -> None:
    assert checks(one(match)) == expected, reason


RESTRICTIONS = [
    ("only: {languages: [ru]}, except: {languages: [ru, en]}, ", True, "all that is let in is shut out"),
    ("only: {languages: [ru, zh]}, except: {languages: [ru]}, ", False, "something is left"),
    ("except: {feeds: [x]}, ", False, "no only"),
]


@pytest.mark.parametrize(("more", "wrong", "reason"), RESTRICTIONS, ids=[row[2] for row in RESTRICTIONS])
def test_restrictions_that_leave_nothing(more: str, wrong: bool, reason: str) -> None:
    assert (("never-fires", Level.ERROR) in checks(one("{all: [$ship, $port]}", more))) is wrong, reason


FEEDS = (
    FeedSpec("coast-daily", "https://coast.example/rss", language="zh-Hant", country="TW", tags=("sea",)),
    FeedSpec("primer", "https://primer.example/rss", language="ru", country="RU"),
)
SOURCES = [
    ("only: {feeds: [coast-daly]}", [Level.ERROR], "there is no feed 'coast-daly', did you mean 'coast-daily'?"),
    ("except: {feeds: [primer, nope]}", [Level.ERROR], "there is no feed 'nope'"),
    ("only: {tags: [see]}", [Level.WARNING], "no feed has the tag 'see', did you mean 'sea'?"),
    ("only: {countries: [RU, DE]}", [Level.WARNING], "no feed has the country 'DE'"),
    ("only: {languages: [en]}", [Level.WARNING], "no feed has the language 'en'"),
    ("only: {languages: [ZH, ru], tags: [sea], countries: [TW]}, except: {feeds: [primer]}", [], ""),
]


@pytest.mark.parametrize(("more", "levels", "message"), SOURCES, ids=[row[0] for row in SOURCES])
def test_sources_that_no_feed_is(more: str, levels: list[Level], message: str) -> None:
    found = one("{all: [$ship, $port]}", f"{more}, ")
    said = [finding for finding in lint(found, feeds=FEEDS) if finding.check == "no-such-source"]
    assert [finding.level for finding in said] == levels
    assert [finding.message for finding in said] == [message] * bool(message)
    assert not checks(found), "without the list of feeds nothing is said of them"


def test_a_language_that_no_feed_says_may_be_that_of_items() -> None:
    mixed = (*FEEDS, FeedSpec("mixed", "https://mixed.example/rss"))
    assert not [f for f in lint(one("{all: [$ship]}", "only: {languages: [en]}, "), feeds=mixed) if "source" in f.check]


@pytest.mark.parametrize(("more", "expected"), [("", [("no-threshold", Level.WARNING)]), ("threshold: 2, ", [])])
def test_a_score_asks_for_a_threshold(more: str, expected: list[tuple[str, Level]]) -> None:
    assert checks(one("{all: [$ship, $port]}", f"score: {{$ship: 2}}, {more}")) == expected


def test_the_title_can_not_be_asked_for_and_left_out() -> None:
    assert checks(one("{all: [$ship, $port], within: title}", "only: {fields: [summary]}, ")) == [
        ("never-fires", Level.ERROR)
    ]


FORMS = [
    ("{en: [ab]}", ["short-form"], "two letters"),
    ("{en: 'harbour, port'}", ["comma-form"], "hardly one phrase"),
    ("{en: ['harbour', port]}", [], "two forms"),
    ("{ru: ['1,5 тонны']}", [], "a number"),
    ("{en: [abc]}", [], "three letters"),
    ("{en: [EU]}", [], "an acronym, exact by itself"),
    ("{ru: [РФ]}", [], "an acronym in Cyrillic"),
    ("{zh: [船]}", ["short-form"], "one Han character"),
    ("{zh: [船只]}", [], "two Han characters"),
    ("{ko: [중국]}", [], "two syllables of Hangul are long enough"),
    ("{ko: [강]}", ["short-form"], "one syllable is not"),
    ("{en: ['abc*']}", ["short-form"], "an open form of three letters"),
    ("{en: ['abcd*']}", [], "an open form of four"),
    ("{en: [{form: ab, needs: [ship]}]}", [], "guarded by what stands beside it"),
    ("{en: [ab], needs: [ship]}", [], "the whole term is guarded"),
    ("{en: [=ab]}", [], "exactly these letters"),
    ("{en: [tumen], not: [Tumen]}", ["never-counts"], "a form that is its own look-alike"),
    ("{en: [tumen], not: [Tumen city]}", [], "a look-alike that is more than the form"),
]


@pytest.mark.parametrize(("term", "expected", "reason"), FORMS, ids=[row[2] for row in FORMS])
def test_forms(term: str, expected: list[str], reason: str) -> None:
    found = book(f"  - {{id: r, title: R, match: $t, {EXAMPLES}}}\n", f"terms:\n  t: {term}")
    wanted = {"short-form", "never-counts", "comma-form"}
    assert [finding.check for finding in lint(found) if finding.check in wanted] == expected, reason


def test_terms_that_nothing_uses() -> None:
    terms = (
        "terms:\n  a: {en: [alpha], needs: [$b], not: [$c]}\n  b: {en: [beta]}\n  c: {en: [gamma]}\n  d: {en: [delta]}"
    )
    found = book(f"  - {{id: r, title: R, match: $a, {EXAMPLES}}}\n", terms)
    assert [f.path for f in lint(found) if f.check == "unused-term"] == [("terms", "d")], "needs and look-alikes count"


def test_named_things_are_told_to_readers_and_so_never_unused() -> None:
    found = book("terms: {a: {entity: place, en: [a]}, b: {entity: place, gloss: false, en: [b]}}")
    assert [f.path for f in lint(found) if f.check == "unused-term"] == [("terms", "b")]


PAIRS = [
    ("$ship", "medium", "$ship", "medium", ["duplicate"], "the same conditions"),
    ("$port", "medium", "{all: [$ship, $port]}", "medium", ["shadowed"], "more conditions, no louder"),
    ("$port", "medium", "{all: [$ship, $port]}", "high", [], "more conditions, but louder"),
    ("{any: [$port, $ship]}", "medium", "$ship", "low", ["shadowed"], "one of the other's choices"),
    (
        "{all: [$port, $ship], none: [film]}",
        "medium",
        "{all: [$port, $ship]}",
        "low",
        [],
        "the other forbids something",
    ),
    ("{all: [$port, $ship], within: title}", "high", "{all: [$port, $ship]}", "low", [], "the other asks for nearness"),
]


@pytest.mark.parametrize(("a", "loud_a", "b", "loud_b", "expected", "reason"), PAIRS, ids=[row[5] for row in PAIRS])
def test_rules_that_say_the_same(a: str, loud_a: str, b: str, loud_b: str, expected: list[str], reason: str) -> None:
    found = book(
        f"  - {{id: a, title: A, severity: {loud_a}, match: {a}, {EXAMPLES}}}\n"
        f"  - {{id: b, title: B, severity: {loud_b}, match: {b}, {EXAMPLES}}}\n"
    )
    assert [f.check for f in lint(found) if f.check in {"duplicate", "shadowed"}] == expected, reason


LANGUAGES = [
    ("{all: [$ship, $port]}", {"en", "ru", "zh"}, "both terms have all three"),
    ("{all: [$ship, {en: [deal], ru: [сделка]}]}", {"en", "ru"}, "one part has but two"),
    ("{any: [$ship, {ko: [중국]}]}", {"en", "ru", "zh", "ko"}, "either"),
    ("{all: [$ship, CNPC]}", {"en", "ru", "zh"}, "an acronym may stand in any text"),
    ("{all: [$ship, /x+/]}", {"en", "ru", "zh"}, "a pattern may, too"),
    ("/x+/", set(), "no language at all"),
]


@pytest.mark.parametrize(("match", "expected", "reason"), LANGUAGES, ids=[row[2] for row in LANGUAGES])
def test_languages_that_a_rule_claims(match: str, expected: set[str], reason: str) -> None:
    found = one(match)
    assert claimed_languages(found.rules[0].match, found) == expected, reason


def test_examples_are_asked_for_in_every_language() -> None:
    found = book(
        "  - {id: r, title: R, match: {all: [$ship, $port]}, examples: {hit: [a ship in port], miss: [x y]}}\n"
    )
    (finding,) = [f for f in lint(found) if f.check == "untested-language"]
    assert "ru, zh" in finding.message
    bare = book("  - {id: r, title: R, match: {all: [$ship, $port]}}\n")
    assert [f.check for f in lint(bare)] == ["no-examples"]
    hits_only = book("  - {id: r, title: R, match: {all: [ship, port]}, examples: {hit: [a ship in port]}}\n", "")
    assert [f.check for f in lint(hits_only)] == ["no-miss"]


def test_what_is_common_is_measured() -> None:
    listed = "  - {id: a, title: A, match: $ship}\n  - {id: b, title: B, match: {all: [$ship, $port]}}\n"
    text = f"{TERMS}rules:\n{listed}"
    rules = matcher(text)
    news = [item("a ship in port")] * 20 + [item("a ship at sea")] * 20 + [item("nothing")] * 260
    found = parse_rules(yaml.safe_load(text))[0]
    messages = [f.message for f in lint(found, measure(rules, news))]
    assert "the form “ship” of $ship stands in 13% of 300 items" in messages
    assert "a fires on 13% of 300 items" in messages
    assert "all 20 hits of b in the archive are hits of a, too" in messages
    assert not any("порт" in message for message in messages)
    few = measure(rules, news[:100])
    assert [f.check for f in lint(found, few)] == [f.check for f in lint(found)], "too few items to say"
