"""The rule engine: `parse_rules` reads plain data, `compile_rules` makes a matcher of it.

Nothing heavy is loaded on import: morphology is needed only to compile what no cache holds.
"""

from monitor.core.rules.book import Rulebook
from monitor.core.rules.match import Matcher, compile_rules
from monitor.core.rules.syntax import parse_rules

__all__ = ["Matcher", "Rulebook", "compile_rules", "parse_rules"]
