"""Runs the examples that rules carry: the tests of a rule are part of the rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from monitor.core.model import Hit
from monitor.core.rules.book import Example, Rule, Rulebook
from monitor.core.rules.explain import Explanation, explain, walk
from monitor.core.rules.match import Matcher


class Outcome(StrEnum):
    """How an example came out."""

    PASSED = "passed"
    FAILED = "failed"
    TODO = "todo"  # known to fail, and it does
    FIXED = "fixed"  # known to fail, but it passes now: move it out of todo


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """An example with its outcome; `explanation` tells words found and conditions failed, `missing` unmet `finds`."""

    rule: str
    example: Example
    outcome: Outcome
    explanation: Explanation
    missing: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why it failed, in one line; empty where it passed."""
        if self.outcome is not Outcome.FAILED and self.outcome is not Outcome.TODO:
            return ""
        if self.missing:
            return f"fired without {', '.join(self.missing)}"
        if self.example.hit:
            return "; ".join(self.explanation.failed)
        return "fired on " + ", ".join(f"“{one.text}”" for one in self.explanation.evidence)

    @property
    def text(self) -> str:
        """The example in a line: its title, else what stands for it."""
        item = self.example.item
        return item.title or item.summary or item.content

    @property
    def words(self) -> tuple[str, ...]:
        """What of the rule was found, whether or not it fired."""
        found = [one for mark in walk(self.explanation.tree) if not mark.forbids for one in mark.found]
        return tuple(dict.fromkeys(one.text for one in self.explanation.evidence or found))

    @property
    def complaint(self) -> str:
        """What is to be done about it, in one line; empty where it passed or is known to fail."""
        if self.outcome is Outcome.FIXED:
            return f"“{self.text}” comes out right now: move it out of todo"
        if self.outcome is not Outcome.FAILED:
            return ""
        beside = f" (found {self._quoted})" if self.words and not self.explanation.fired else ""
        return f"“{self.text}” should {'hit' if self.example.hit else 'miss'}: {self.reason}{beside}"

    @property
    def account(self) -> str:
        """How it came out and why, in one line."""
        kind = "hit" if self.example.hit else "miss"
        because = self._quoted if self.explanation.fired else "; ".join(self.explanation.failed)
        return f"{self.outcome} {kind}: “{self.text}”: {because}"

    @property
    def _quoted(self) -> str:
        return ", ".join(f"“{word}”" for word in self.words)


def run_examples(book: Rulebook, matcher: Matcher) -> Iterator[ExampleResult]:
    """Every example of every rule that is not off, in the order written. An example's item matches as any other."""
    compiled = {one.rule.id for one in matcher.compiled}
    for rule in book.rules:
        if rule.id in compiled:
            for example in rule.examples:
                yield _run(rule, example, matcher)


def _run(rule: Rule, example: Example, matcher: Matcher) -> ExampleResult:
    hit = next((one for one in matcher.match(example.item) if one.rule == rule.id), None)
    missing = _missing(example, hit)
    passed = (hit is not None) == example.hit and not missing
    if example.todo:
        outcome = Outcome.FIXED if passed else Outcome.TODO
    else:
        outcome = Outcome.PASSED if passed else Outcome.FAILED
    return ExampleResult(rule.id, example, outcome, explain(matcher, rule.id, example.item), missing)


def _missing(example: Example, hit: Hit | None) -> tuple[str, ...]:
    if hit is None or not example.hit:
        return ()
    found = {evidence.term for evidence in hit.evidence}
    return tuple(term for term in example.finds if term not in found)
