"""The rule engine: `parse_rules` reads plain data, `compile_rules` makes a matcher of it.

Nothing heavy is loaded on import: morphology is needed only to compile what no cache holds.
"""

from monitor.core.rules.book import Rule, Rulebook
from monitor.core.rules.examples import ExampleResult, Outcome, run_examples
from monitor.core.rules.explain import Explanation, Mark, explain
from monitor.core.rules.match import Matcher, compile_rules
from monitor.core.rules.syntax import parse_rules

__all__ = [
    "ExampleResult",
    "Explanation",
    "Mark",
    "Matcher",
    "Outcome",
    "Rule",
    "Rulebook",
    "compile_rules",
    "explain",
    "parse_rules",
    "run_examples",
]
