"""`rules.yaml` → rules and digests, or every complaint about it at once.

What a rule may say is the rule engine's business (core/rules); here stands what a digest may say.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field

from monitor.adapters.config import values
from monitor.adapters.config.checking import Entry, Steps, Text, read_entry, unknown_keys
from monitor.adapters.config.document import Document, load_document
from monitor.core.model import DigestSpec, RuleInfo, Severity, Target
from monitor.core.routes import check_selector
from monitor.core.rules import Rulebook, parse_rules
from monitor.core.schedule import check_cron
from monitor.errors import Problem

T = TypeVar("T")
_TOP = ("include", "terms", "rules", "digests")


def _cron_or_once(value: object) -> str | None:
    found = values.text(value)
    if found.lower() == "once":
        return None
    complaint = check_cron(found)
    if complaint:
        raise values.ComplaintError(complaint, "or once, to be told at once")
    return found


def _when_empty(value: object) -> bool:
    found = values.text(value).lower()
    if found not in {"send", "skip"}:
        raise values.ComplaintError(f"{values.shown(found)} is not known here", "write send or skip")
    return found == "send"


def _several(value: object) -> list[object]:
    """A list; a single value counts as a list of one."""
    found = value if isinstance(value, list) else [value]
    if not found:
        raise values.ComplaintError("the list is empty", "name at least one")
    return found


class DigestEntry(Entry):
    """One digest as a user writes it."""

    id: Annotated[str, BeforeValidator(values.identifier)] = Field(description="a lasting name such as morning")
    rules: Annotated[list[Any], BeforeValidator(_several)] = Field(description='rule ids, severity>=medium, or "*"')
    to: Annotated[list[Any], BeforeValidator(_several)] = Field(description="e.g. [email:desk@example.org]")
    at: Annotated[str | None, BeforeValidator(_cron_or_once)] = Field(description='cron such as "0 8 * * 1-5", or once')
    timezone: Annotated[str, BeforeValidator(values.timezone)] = "UTC"
    wait: Annotated[timedelta, BeforeValidator(values.pause)] = timedelta(seconds=30)
    title: Text = ""
    when_empty: Annotated[bool, BeforeValidator(_when_empty)] = True


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


def load_rules(path: Path, *, obstacle: Callable[[Target], tuple[str, str] | None] | None = None) -> RuleFile:
    """Read `rules.yaml` and what it includes. Raises ConfigError with all complaints.

    `obstacle` says why a target can't be reached (complaint, hint), if it can't; without it that is not asked.
    """
    document = load_document(path)
    problems = unknown_keys(document.root, _TOP)
    data = document.root.plain()
    assert isinstance(data, dict)
    book, complaints = parse_rules({key: data[key] for key in ("terms", "rules") if key in data})
    problems += complaints
    reader = _DigestReader(_named(data.get("rules")), problems, obstacle)
    digests = reader.read(data.get("digests"))
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


class _DigestReader:
    def __init__(
        self,
        rules: Collection[RuleInfo],
        problems: list[Problem],
        obstacle: Callable[[Target], tuple[str, str] | None] | None,
    ) -> None:
        self.rules = rules
        self.problems = problems
        self.obstacle = obstacle

    def read(self, entries: object) -> tuple[DigestSpec, ...]:
        if entries is None:
            return ()
        if not isinstance(entries, list):
            self.problems.append(
                Problem(("digests",), "`digests:` must be a list", "begin each with `- id: …`", at_key=True)
            )
            return ()
        specs = [spec for number, entry in enumerate(entries) if (spec := self.spec(("digests", number), entry))]
        self.check_unique(entries)
        return tuple(specs)

    def spec(self, path: Steps, data: object) -> DigestSpec | None:
        entry = read_entry(DigestEntry, data, path, self.problems)
        # Looked at even where the entry is faulty elsewhere, so that every complaint comes at once.
        selectors = self.each(path, data, "rules", self.selector)
        targets = self.each(path, data, "to", self.target)
        if entry is None:
            return None
        if "wait" in entry.model_fields_set and entry.at is not None:
            hint = "remove it, or write at: once"
            self.problems.append(Problem((*path, "wait"), "wait: only a digest `at: once` waits", hint, at_key=True))
        return DigestSpec(
            id=entry.id,
            rules=tuple(selectors),
            to=tuple(dict.fromkeys(targets)),
            at=entry.at,
            timezone=entry.timezone,
            wait=entry.wait,
            title=entry.title,
            send_empty=entry.when_empty,
        )

    def each(self, path: Steps, data: object, key: str, read: Callable[[object], T]) -> list[T]:
        """Every value of a list as `read` understands it; a single value may stand where a list could."""
        value = data.get(key) if isinstance(data, dict) else None
        named = [((*path, key, number), one) for number, one in enumerate(value)] if isinstance(value, list) else []
        found: list[T] = []
        for where, one in named or [((*path, key), value)] * (value not in (None, [])):
            try:
                found.append(read(one))
            except values.ComplaintError as complaint:
                self.problems.append(Problem(where, str(complaint), complaint.hint))
        return found

    def selector(self, value: object) -> str:
        found = values.text(value)
        if complaint := check_selector(found, rules=self.rules):
            raise values.ComplaintError(complaint)
        return found

    def target(self, value: object) -> Target:
        found = values.target(value)
        if self.obstacle and (complaint := self.obstacle(found)):
            raise values.ComplaintError(*complaint)
        return found

    def check_unique(self, entries: list[object]) -> None:
        first: set[object] = set()
        for number, entry in enumerate(entries):
            name = entry.get("id") if isinstance(entry, dict) else None
            if isinstance(name, str) and name in first:
                self.problems.append(
                    Problem(("digests", number, "id"), f"two digests have the id `{name}`", "rename one")
                )
            first.add(name if isinstance(name, str) else None)
