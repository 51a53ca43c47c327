"""`rules.yaml` → rules and digests, or every complaint about it at once.

What a rule may say is the rule engine's business (core/rules); here stands what a digest may say.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from monitor.adapters.config import values
from monitor.adapters.config.checking import Entry, Text, read_entry, unknown_keys
from monitor.adapters.config.document import Document, load_document
from monitor.core import rules as engine
from monitor.core.model import DigestSpec, RuleInfo, Severity, Target
from monitor.core.routes import check_selector
from monitor.core.schedule import check_cron
from monitor.errors import Problem

_TOP = ("include", "terms", "rules", "digests")


def _cron_or_once(value: object) -> str | None:
    found = values.text(value)
    if found.lower() == "once":
        return None
    complaint = check_cron(found)
    if complaint:
        raise values.ComplaintError(complaint, "minute hour day month weekday, e.g. 0 8 * * 1-5; or once")
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
    wait: Annotated[timedelta, BeforeValidator(values.duration)] = timedelta(seconds=30)
    title: Text = ""
    when_empty: Annotated[bool, BeforeValidator(_when_empty)] = True


@dataclass(frozen=True, slots=True)
class RuleFile:
    """Rules and digests in the order of the files, and the files they came from (to watch for changes)."""

    book: "engine.Rulebook"
    digests: tuple[DigestSpec, ...]
    files: tuple[Path, ...]


def load_rules(path: Path) -> RuleFile:
    """Read `rules.yaml` and what it includes. Raises ConfigError with all complaints."""
    document = load_document(path)
    problems = unknown_keys(document.root, _TOP)
    data = document.root.plain()
    assert isinstance(data, dict)
    book, complaints = engine.parse_rules({key: data[key] for key in ("terms", "rules") if key in data})
    problems += complaints
    reader = _DigestReader(document, _named(data.get("rules")), problems)
    digests = reader.read(data.get("digests"))
    document.require(problems)
    return RuleFile(book, digests, document.files)


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
    def __init__(self, document: Document, rules: Collection[RuleInfo], problems: list[Problem]) -> None:
        self.document = document
        self.rules = rules
        self.problems = problems

    def read(self, entries: object) -> tuple[DigestSpec, ...]:
        if entries is None:
            return ()
        if not isinstance(entries, list):
            self.problems.append(Problem(("digests",), "`digests:` must be a list", "begin each with `- id: …`"))
            return ()
        specs = [spec for number, entry in enumerate(entries) if (spec := self.spec(("digests", number), entry))]
        self.check_unique(entries)
        return tuple(specs)

    def spec(self, path: tuple[str | int, ...], data: object) -> DigestSpec | None:
        entry = read_entry(DigestEntry, data, path, self.problems)
        if entry is None:
            return None
        if "wait" in entry.model_fields_set and entry.at is not None:
            hint = "remove it, or write at: once"
            self.problems.append(Problem((*path, "wait"), "wait: only a digest `at: once` waits", hint, at_key=True))
        selectors = [self.selector(where, value) for where, value in self.places(path, data, "rules", entry.rules)]
        targets = [self.target(where, value) for where, value in self.places(path, data, "to", entry.to)]
        return DigestSpec(
            id=entry.id,
            rules=tuple(one for one in selectors if one),
            to=tuple(dict.fromkeys(one for one in targets if one)),
            at=entry.at,
            timezone=entry.timezone,
            wait=entry.wait,
            title=entry.title,
            send_empty=entry.when_empty,
        )

    def places(
        self, path: tuple[str | int, ...], data: object, key: str, found: list[Any]
    ) -> list[tuple[tuple[str | int, ...], object]]:
        """Each value with the path to it: a single value may stand where a list could."""
        listed = isinstance(data, dict) and isinstance(data[key], list)
        return [((*path, key, number) if listed else (*path, key), value) for number, value in enumerate(found)]

    def selector(self, path: tuple[str | int, ...], value: object) -> str | None:
        try:
            found = values.text(value)
        except values.ComplaintError as complaint:
            self.problems.append(Problem(path, str(complaint), complaint.hint))
            return None
        if complaint_text := check_selector(found, rules=self.rules):
            self.problems.append(Problem(path, complaint_text))
            return None
        return found

    def target(self, path: tuple[str | int, ...], value: object) -> Target | None:
        try:
            return values.target(value)
        except values.ComplaintError as complaint:
            self.problems.append(Problem(path, str(complaint), complaint.hint))
            return None

    def check_unique(self, entries: list[object]) -> None:
        first: set[object] = set()
        for number, entry in enumerate(entries):
            name = entry.get("id") if isinstance(entry, dict) else None
            if isinstance(name, str) and name in first:
                self.problems.append(
                    Problem(("digests", number, "id"), f"two digests have the id `{name}`", "rename one")
                )
            first.add(name if isinstance(name, str) else None)
