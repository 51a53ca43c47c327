"""An explanation names the words found and the condition that failed; examples are run as part of the rule."""

import re
from pathlib import Path

import pytest
import yaml
from support.rulebooks import item, matcher

from monitor.core.rules import Outcome, compile_rules, explain, parse_rules, run_examples

DOC = Path(__file__).parents[2] / "docs" / "rules.md"
RULES = matcher(
    """
terms:
  river: {label: River, ru: [{form: Туманная, case: true, needs: [КНДР]}], en: [Tumen], zh: [图们], not: [图们市]}
  ship: {label: ship, en: [ship], ru: [судно]}
rules:
  - {id: near, title: N, match: {all: [$river, $ship], none: [festival], within: 4 words}}
  - {id: order, title: O, match: {order: [$river, $ship]}}
  - {id: some, title: S, match: {at_least: 2, of: [$river, $ship, sea]}}
  - {id: title, title: T, match: {all: [$river]}, only: {fields: [title], languages: [en]}}
  - {id: score, title: P, match: {any: [$river, $ship]}, score: {$river: 1, $ship: 1}, threshold: 2}
"""
)


@pytest.mark.parametrize(
    ("rule", "text", "failed"),
    [
        ("near", "Tumen", "$ship not found"),
        ("near", "a ship", "$river not found"),
        ("near", "图们市 ship", "“图们” belongs to the look-alike “图们市”"),
        ("near", "Туманная погода мешает ship", "“Туманная” lacks the context that it needs"),
        ("near", "Tumen one two three four ship", "found, but not within 4 words"),
        ("near", "Tumen festival ship", "something forbidden stands beside it: “festival”"),
        ("order", "ship on the Tumen", "found, but not in this order"),
        ("some", "sea air", "at least 2 of $river, $ship, sea not found"),
        ("score", "ship", "the score 1 is below the threshold 2"),
    ],
)
def test_the_one_condition_that_failed_is_named(rule: str, text: str, failed: str) -> None:
    explanation = explain(RULES, rule, item(text))
    assert not explanation.fired
    assert len(explanation.failed) == 1
    assert failed in explanation.failed[0]
    assert explanation.near, "one condition short of firing"


def test_two_failed_conditions_are_no_near_miss() -> None:
    explanation = explain(RULES, "near", item("nothing of the kind"))
    assert explanation.failed == ("$river not found", "$ship not found")
    assert not explanation.near


def test_a_field_that_is_not_read_is_named() -> None:
    explanation = explain(RULES, "title", item("a", "Tumen"))
    assert "a field that the rule does not read" in explanation.failed[0]


def test_a_language_that_is_left_out_is_named() -> None:
    explanation = explain(RULES, "title", item("Tumen", language="ru"))
    assert "only, except" in explanation.failed[0]


def test_what_fires_shows_its_words_at_each_node() -> None:
    explanation = explain(RULES, "near", item("Tumen ships"))
    assert explanation.fired
    assert [[one.text for one in node.found] for node in explanation.tree.children] == [["Tumen"], ["ships"], []]
    assert [node.good for node in explanation.tree.children] == [True, True, True]


def test_an_unknown_rule_is_an_error() -> None:
    with pytest.raises(KeyError):
        explain(RULES, "nothing", item("x"))


def test_an_explanation_and_a_match_never_disagree() -> None:
    texts = [
        "Tumen ships",
        "ship Tumen",
        "Tumen festival ship",
        "sea ship",
        "图们市",
        "",
        "река Туманная в КНДР, судно",
    ]
    for text in texts:
        hits = {hit.rule for hit in RULES.match(item(text))}
        assert hits == {info.id for info in RULES.rules if explain(RULES, info.id, item(text)).fired}, text


def test_examples_have_four_outcomes() -> None:
    book, problems = parse_rules(
        yaml.safe_load(
            "terms: {river: {en: [river]}, sea: {en: [sea]}}\n"
            "rules: [{id: r, title: R, match: {any: [$river, $sea]}, examples: {"
            "hit: [a river, a lake, {title: a river, finds: [sea]}], miss: [a pond, the sea],"
            "todo: {hit: [a brook], miss: [the seas, a puddle]}}}]"
        )
    )
    assert not problems
    results = list(run_examples(book, compile_rules(book)))
    assert [(one.outcome.value, one.reason) for one in results] == [
        ("passed", ""),
        ("failed", "any of $river, $sea not found"),
        ("failed", "fired without sea"),
        ("passed", ""),
        ("failed", "fired on “sea”"),
        ("todo", "any of $river, $sea not found"),
        ("todo", "fired on “seas”"),
        ("fixed", ""),
    ]


def blocks() -> list[dict[str, object]]:
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)]


def test_the_first_example_of_the_manual_does_what_it_says() -> None:
    book, problems = parse_rules(blocks()[0])
    assert not problems
    outcomes = {result.outcome for result in run_examples(book, compile_rules(book))}
    assert outcomes == {Outcome.PASSED, Outcome.TODO}


@pytest.mark.parametrize("block", [one for one in blocks() if "match" in one], ids=str)
def test_every_condition_in_the_manual_is_understood(block: dict[str, object]) -> None:
    words = set(re.findall(r"\$([a-z-]+)", str(block)))
    terms = {word: {"en": [word]} for word in words}
    _, problems = parse_rules({"terms": terms, "rules": [{"id": "r", "title": "R", **block}]})
    assert not problems


def test_the_table_of_forms_in_the_manual_is_true() -> None:
    rows = re.findall(r"^\| `(.+?)` \| (.+?) \|$", DOC.read_text("utf-8").split("| written | found |")[1], re.MULTILINE)
    spelt = dict(rows)
    assert spelt["spy"] == "spy, spies, spied, spying, spy's"
    rules = matcher("rules: [{id: r, title: R, match: spy}]")
    for word in spelt["spy"].split(", "):
        assert rules.match(item(f"the {word} case")), word
