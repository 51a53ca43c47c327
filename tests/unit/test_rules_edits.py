"""What an edit of the rules touches: the examples of those rules are run before it goes live."""

import pytest
import yaml

from monitor.core.rules import Rulebook, parse_rules
from monitor.core.rules.edits import edited_rules, terms_of

BOOK = """
terms:
  ship: {en: [ship], not: [$spaceship]}
  spaceship: {en: [spaceship], needs: [$orbit]}
  orbit: {en: [orbit]}
  port: {en: [port]}
rules:
  - {id: arrival, title: Arrival, match: {all: [$ship, harbour]}, examples: {hit: [A ship in the harbour]}}
  - {id: works, title: Works, match: $port, score: {crane: 1}}
"""


def book(*edits: tuple[str, str]) -> Rulebook:
    text = BOOK
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    found, problems = parse_rules(yaml.safe_load(text))
    assert not problems
    return found


EDITS = [
    (
        ("title: Arrival", "title: Landing, severity: high"),
        set(),
        "what is said of a rule doesn't change what it finds",
    ),
    (("harbour]}, ", "harbour, pier]}, "), {"arrival"}, "a condition"),
    (("A ship in the harbour", "A harbour, a ship"), {"arrival"}, "an example"),
    (("en: [port]", "en: [port, haven]"), {"works"}, "a term's forms"),
    (("en: [orbit]", "en: [orbit, moon]"), {"arrival"}, "a term that a look-alike of a term needs"),
    (("crane: 1", "crane: 2"), {"works"}, "a score"),
    (("id: works", "id: building"), {"building"}, "a new name is a new rule"),
    (("rules:\n", "rules:\n  - {id: first, title: First, match: gull}\n"), {"first"}, "the others only moved"),
]


@pytest.mark.parametrize(("edit", "expected", "reason"), EDITS, ids=[row[2] for row in EDITS])
def test_an_edit_touches_the_rules_whose_verdicts_it_may_change(
    edit: tuple[str, str], expected: set[str], reason: str
) -> None:
    assert edited_rules(book(), book(edit)) == expected, reason


def test_nothing_is_touched_without_an_edit() -> None:
    assert edited_rules(book(), book()) == set()


def test_the_terms_of_a_rule_include_those_behind_them() -> None:
    found = book()
    assert set(terms_of(found.rules[0], found.terms)) == {"ship", "spaceship", "orbit"}


def test_a_rule_tried_alone_is_at_work_even_if_it_is_off() -> None:
    found = book(("id: works, ", "id: works, status: 'off', "))
    assert [rule.info.status for rule in found.only(["works"]).rules] == ["shadow"]
    with pytest.raises(KeyError):
        found.only(["unknown"])
