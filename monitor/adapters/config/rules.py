"""`rules.yaml` → rules and digests, or every complaint about it at once.

What a rule may say is the rule engine's business (core/rules); what a digest may say stands in digests.py.
"""

from dataclasses import dataclass, field
from pathlib import Path

from monitor.adapters.config.checking import Steps, unknown_keys
from monitor.adapters.config.digests import DigestReader, Obstacle
from monitor.adapters.config.document import Document, load_document
from monitor.core.model import DigestSpec, RuleInfo, Severity
from monitor.core.rules import Rulebook, parse_rules
from monitor.errors import Problem

_TOP = ("include", "terms", "rules", "digests", "maintenance")


@dataclass(frozen=True, slots=True)
class RuleFile:
    """Rules and digests in the order of the files, and the files they came from (to watch for changes)."""

    book: Rulebook
    digests: tuple[DigestSpec, ...]
    files: tuple[Path, ...]
    document: Document = field(repr=False, compare=False)

    def place(self, path: Steps) -> str:
        """`file:line:column` of a value in the file, such as an example that failed."""
        found = self.locate(Problem(path, ""))
        return f"{found.file}:{found.line}:{found.column}"

    def locate(self, problem: Problem) -> Problem:
        """A later complaint about terms or rules, with file, line and column."""
        return self.document.locate(problem)


def load_rules(path: Path, *, obstacle: Obstacle | None = None) -> RuleFile:
    """Read `rules.yaml` and what it includes. Raises ConfigError with all complaints.

    `obstacle` says why a target can't be reached (complaint, hint), if it can't; without it that is not asked.
    """
    document = load_document(path)
    problems = unknown_keys(document.root, _TOP)
    data = document.root.plain()
    assert isinstance(data, dict)
    book, complaints = parse_rules({key: data[key] for key in ("terms", "rules") if key in data})
    problems += complaints
    reader = DigestReader(_named(data.get("rules")), problems, obstacle)
    digests = reader.read(data.get("digests"), data.get("maintenance"))
    document.require(problems)
    return RuleFile(book, digests, document.files, document)


def _named(rules: object) -> list[RuleInfo]:
    """What selectors may refer to, taken before any check, so that a faulty rule is not also a missing one."""
    found = [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    return [
        RuleInfo(
            id=str(rule.get("id")),
            title="",
            severity=Severity.MEDIUM,
            tags=tuple(map(str, rule["tags"])) if isinstance(rule.get("tags"), list) else (),
        )
        for rule in found
    ]
