"""A rule's fingerprint stands for what it finds: it changes with that and with nothing else."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from monitor.core.model import RuleStatus, Severity
from monitor.core.rules import Rulebook, compile_rules, parse_rules
from monitor.core.rules.fingerprint import fingerprints

TERMS: dict[str, Any] = {
    "spy": {"label": "espionage", "en": ["spy", "spies"], "ru": ["шпион"]},
    "court": {"label": "court", "en": ["court"], "needs": "$town"},
    "town": {"label": "town", "en": ["Sampleton"]},
    "far": {"label": "far away", "en": ["far"]},
}
RULE: dict[str, Any] = {
    "id": "spies", "title": "Spies", "severity": "high", "match": {"all": ["$spy", "$court"], "within": "sentence"},
    "examples": {"hit": ["A court in Sampleton tried a spy"]},
}  # fmt: skip


def book(terms: dict[str, Any] | None = None, **changes: Any) -> Rulebook:
    rule = {name: value for name, value in (RULE | changes).items() if value is not None}
    found, problems = parse_rules({"terms": TERMS | (terms or {}), "rules": [rule]})
    assert not problems
    return found


def mark(found: Rulebook) -> str:
    return fingerprints(found.rules, found.terms)["spies"]


CHANGES: list[tuple[str, Rulebook]] = [
    ("its condition", book(match={"all": ["$spy", "$court"], "within": "2 sentences"})),
    ("a form of a term it names", book({"spy": TERMS["spy"] | {"ru": ["шпион", "разведчик"]}})),
    ("a form of a term that one of its terms needs", book({"town": {"label": "town", "en": ["Exampleville"]}})),
    ("what a term must not be taken for", book({"spy": TERMS["spy"] | {"not": ["spy plane"]}})),
    ("its severity", book(severity="low")),
    ("where it looks", book(only={"languages": ["ru"]})),
    ("its status", book(status="shadow")),
]
SAME: list[tuple[str, Rulebook]] = [
    ("its title", book(title="Agents")),
    ("its examples", book(examples={"hit": ["In Sampleton a court freed a spy"]})),
    ("a term it does not use", book({"far": {"label": "far off", "en": ["far", "away"]}})),
]


@pytest.mark.parametrize(("what", "after"), CHANGES, ids=[what for what, _ in CHANGES])
def test_a_rule_is_another_when_an_edit_changes(what: str, after: Rulebook) -> None:
    assert mark(after) != mark(book()), what


@pytest.mark.parametrize(("what", "after"), SAME, ids=[what for what, _ in SAME])
def test_a_rule_is_the_same_when_an_edit_changes(what: str, after: Rulebook) -> None:
    assert mark(after) == mark(book()), what


def test_the_compiled_rules_carry_their_fingerprints_and_all_else_as_it_was() -> None:
    found = book()
    (rule,) = compile_rules(found).rules
    assert rule == replace(found.rules[0].info, fingerprint=mark(found))
    assert (rule.severity, rule.status) == (Severity.HIGH, RuleStatus.LIVE)


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    code = (
        "from monitor.core.rules import parse_rules; from monitor.core.rules.fingerprint import fingerprints; "
        f"book, _ = parse_rules({{'terms': {TERMS!r}, 'rules': [{RULE!r}]}}); "
        "print(fingerprints(book.rules, book.terms)['spies'])"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {mark(book())}
