"""`digests:` and `maintenance:` of `rules.yaml`: what a digest may say, and what its entry becomes."""

import operator
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, create_model

from monitor.adapters.config import times, values
from monitor.adapters.config.checking import Entry, Steps, Text, read_entry
from monitor.core.model import DigestSpec, Ownership, QuietHours, Rate, RuleInfo, Target, Window
from monitor.core.quiet import pause_at
from monitor.core.routes import check_selector, nothing_left, speaks, split_selector, twin
from monitor.core.schedule import check_cron
from monitor.core.suggest import suggestion
from monitor.errors import Problem

T = TypeVar("T")
Obstacle = Callable[[Target], tuple[str, str] | None]
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")
_MIN_REPEAT = timedelta(minutes=1)
# Keys that only say something of what is told at once.
_AT_ONCE_ONLY = ("wait", "update_every", "repeat_after", "at_most", "quiet_hours", "quiet_unless")
_YES_NO = {"true", "false", "yes", "no", "on", "off"}
_SOURCES = "a feed's id, tag:wire or ownership:state"


def _cron_or_once(value: object) -> str | None:
    found = values.text(value)
    if found.lower() == "once":
        return None
    if clock := _CLOCK.fullmatch(found):
        hint = f"for every day at that time write '{int(clock[2])} {int(clock[1])} * * *'"
        raise values.ComplaintError(f"{values.shown(found)} is no cron line", hint)
    complaint = check_cron(found)
    if complaint:
        raise values.ComplaintError(complaint, "or once, to be told at once")
    return found


def _when_empty(value: object) -> bool:
    found = values.text(value).lower()
    if found not in {"send", "skip"}:
        raise values.ComplaintError(f"{values.shown(found)} is not known here", "write send or skip")
    return found == "send"


def _repeat(value: object) -> timedelta:
    found = values.duration(value)
    if found < _MIN_REPEAT:
        raise values.ComplaintError(f"{values.shown(value)} is too short", "1m or more")
    return found


def _several(value: object) -> list[object]:
    """A list; a single value counts as a list of one."""
    if value is None:
        raise values.ComplaintError("the value is missing", "name at least one, or remove the line")
    found = value if isinstance(value, list) else [value]
    if not found:
        raise values.ComplaintError("the list is empty", "name at least one")
    return found


Several = Annotated[list[Any], BeforeValidator(_several)]


class DigestEntry(Entry):
    """One digest as a user writes it."""

    id: Annotated[str, BeforeValidator(values.identifier)] = Field(description="a lasting name such as morning")
    rules: Several = Field(description='rule ids, severity>=medium, or "*"')
    to: Several = Field(description="e.g. [email:desk@example.org]")
    at: Annotated[str | None, BeforeValidator(_cron_or_once)] = Field(description='cron such as "0 8 * * 1-5", or once')
    timezone: Annotated[str, BeforeValidator(values.timezone)] = "UTC"
    title: Text = ""
    when_empty: Annotated[bool, BeforeValidator(_when_empty)] = True
    languages: Several = Field(default_factory=list)
    countries: Several = Field(default_factory=list)
    sources: Several = Field(default_factory=list)
    at_once: Several = Field(default_factory=list)
    wait: Annotated[timedelta, BeforeValidator(values.pause)] = timedelta(seconds=30)
    update_every: Annotated[timedelta, BeforeValidator(values.pause)] = timedelta(minutes=5)
    repeat_after: Annotated[timedelta | None, BeforeValidator(_repeat)] = None
    at_most: Annotated[Rate, BeforeValidator(times.rate)] = Rate(10, timedelta(minutes=10))
    quiet_hours: Several = Field(default_factory=list)
    quiet_unless: Several = Field(default_factory=list)


_MAINTENANCE: dict[str, Any] = {
    "from": (Any, Field(description="date and time, like 2026-12-01 02:00")),
    "until": (Any, Field(description="date and time, like 2026-12-01 06:00")),
    "timezone": (Annotated[str, BeforeValidator(values.timezone)], "UTC"),
    "reason": (Text, ""),
    "digests": (Several, Field(default_factory=list)),
}
# One planned pause as a user writes it; no class can be written with a field of the name `from`.
MaintenanceEntry = create_model("MaintenanceEntry", __base__=Entry, **_MAINTENANCE)


class DigestReader:
    """Reads the digests of a file; complaints are added to `problems`.

    `rules`: what selectors may refer to. `obstacle` says why a target can't be reached (complaint, hint), if it can't.
    """

    def __init__(self, rules: Collection[RuleInfo], problems: list[Problem], obstacle: Obstacle | None) -> None:
        self._rules = rules
        self._problems = problems
        self._obstacle = obstacle

    def read(self, digests: object, maintenance: object = None) -> tuple[DigestSpec, ...]:
        """Every digest in the order of the file, each followed by what it tells at once, if there is such."""
        entries = self._list("digests", digests, "begin each with `- id: …`")
        specs = [spec for number, entry in enumerate(entries) for spec in self._specs(("digests", number), entry)]
        self._check_unique(entries, specs)
        # A faulty digest is not also a missing one.
        named = {str(entry.get("id")) for entry in entries if isinstance(entry, dict)}
        windows = self._windows(maintenance, named | {spec.id for spec in specs})
        return tuple(
            replace(spec, maintenance=tuple(window for window, ids in windows if not ids or spec.id in ids))
            for spec in specs
        )

    def _list(self, key: str, entries: object, hint: str) -> list[object]:
        if isinstance(entries, list):
            return entries
        if entries is not None:
            self._complain((key,), f"`{key}:` must be a list", hint, at_key=True)
        return []

    def _complain(self, path: Steps, message: str, hint: str = "", *, at_key: bool = False) -> None:
        self._problems.append(Problem(path, message, hint, at_key=at_key))

    def _specs(self, path: Steps, data: object) -> list[DigestSpec]:
        entry = read_entry(DigestEntry, data, path, self._problems)
        # Looked at even where the entry is faulty elsewhere, so that every complaint comes at once.
        selectors = self._each(path, data, "rules", self._selector)
        at_once = self._each(path, data, "at_once", self._urgent)
        unless = self._each(path, data, "quiet_unless", self._selector)
        targets = self._each(path, data, "to", self._target)
        languages = self._each(path, data, "languages", _excludable(values.language))
        countries = self._each(path, data, "countries", _excludable(values.country))
        sources = self._each(path, data, "sources", _excludable(_source))
        quiet = self._each(path, data, "quiet_hours", times.quiet_hours, commas=True)
        for key, chosen in (
            ("rules", selectors), ("at_once", at_once), ("quiet_unless", unless),
            ("languages", languages), ("countries", countries), ("sources", sources),
        ):  # fmt: skip
            self._check_left(path, data, key, chosen)
        if entry is None:
            return []
        self._check_together(path, entry)
        spec = DigestSpec(
            id=entry.id,
            rules=tuple(selectors),
            to=tuple(dict.fromkeys(targets)),
            at=entry.at,
            timezone=entry.timezone,
            title=entry.title,
            send_empty=entry.when_empty,
            at_once=tuple(at_once),
            languages=tuple(languages),
            countries=tuple(countries),
            sources=tuple(sources),
        )
        if spec.at and not at_once:
            return [spec]
        alerts = replace(
            spec,
            id=twin(spec.id) if spec.at else spec.id,
            title=f"{spec.label} · at once" if spec.at else spec.title,
            at=None,
            also=spec.at_once,
            at_once=(),
            wait=entry.wait,
            update_every=entry.update_every,
            repeat_after=entry.repeat_after,
            at_most=entry.at_most,
            quiet_hours=tuple(quiet),
            quiet_unless=tuple(unless),
        )
        self._check_quiet(path, alerts, quiet)
        return [spec, alerts] if spec.at else [alerts]

    def _check_together(self, path: Steps, entry: DigestEntry) -> None:
        """Complain of keys that say nothing beside the others."""
        given = entry.model_fields_set
        if entry.at is not None and not entry.at_once:
            for key in _AT_ONCE_ONLY:
                if key in given:
                    does = "waits" if key == "wait" else f"takes `{key}`"
                    hint = "remove it, or write at: once, or name with at_once: what can't wait for the digest"
                    self._complain((*path, key), f"{key}: only a digest `at: once` {does}", hint, at_key=True)
        if entry.at is None and entry.at_once:
            message = "at_once: this digest tells everything at once already"
            self._complain((*path, "at_once"), message, "remove it, or write a time for at:", at_key=True)
        if entry.at is None and "when_empty" in given and entry.when_empty:
            message = "when_empty: a digest `at: once` with nothing to tell is not sent"
            self._complain((*path, "when_empty"), message, "remove it", at_key=True)
        if entry.quiet_unless and not entry.quiet_hours:
            message = "quiet_unless: there are no quiet hours"
            self._complain((*path, "quiet_unless"), message, "add quiet_hours:, or remove it", at_key=True)

    def _check_quiet(self, path: Steps, spec: DigestSpec, quiet: list[QuietHours]) -> None:
        """Complain of quiet hours that never end: from any moment on they join over a week and more."""
        moment = datetime(2026, 1, 7, tzinfo=UTC)
        if (pause := pause_at(replace(spec, maintenance=()), moment)) and pause.until - moment > timedelta(days=7):
            hint = "for nothing at once, give at: a time; leave some hour in which it may speak"
            self._complain((*path, "quiet_hours"), "quiet_hours: they never end", hint, at_key=True)

    def _check_left(self, path: Steps, data: object, key: str, chosen: list[str]) -> None:
        """Complain of a list that leaves out again all that it takes."""
        listed = list(_listed(path, data, key))
        left_out = nothing_left(chosen, covers=speaks if key == "languages" else operator.eq)
        if left_out and len(listed) == len(chosen):  # else something is wrong with them already
            message = f"{key}: all that it takes is left out again, for what leaves out wins"
            self._complain(listed[left_out[-1]][0], message, "remove one of the two")

    def _each(
        self, path: Steps, data: object, key: str, read: Callable[[object], T], *, commas: bool = False
    ) -> list[T]:
        """Every value of a list as `read` understands it; a single value may stand where a list could.

        `commas`: they may stand within a value; elsewhere they show that a list was meant.
        """
        found: list[T] = []
        for where, one in _listed(path, data, key):
            try:
                if not commas:
                    values.check_single(one, whole=where[-1] == key)
                found.append(read(one))
            except values.ComplaintError as complaint:
                self._complain(where, str(complaint), complaint.hint)
        return found

    def _selector(self, value: object) -> str:
        found = values.text(value)
        if complaint := check_selector(found, rules=self._rules):
            raise values.ComplaintError(complaint)
        return found

    def _urgent(self, value: object) -> str:
        """A selector of what can't wait."""
        if values.shown(value).strip("`").lower() in _YES_NO:
            hint = "write selectors, such as at_once: [severity=critical], or remove the line"
            raise values.ComplaintError(f"{values.shown(value)} does not say what can't wait", hint)
        return self._selector(value)

    def _target(self, value: object) -> Target:
        found = values.target(value)
        if self._obstacle and (complaint := self._obstacle(found)):
            raise values.ComplaintError(*complaint)
        return found

    def _check_unique(self, entries: list[object], specs: list[DigestSpec]) -> None:
        first: set[object] = set()
        for number, entry in enumerate(entries):
            name = entry.get("id") if isinstance(entry, dict) else None
            if isinstance(name, str) and name in first:
                self._complain(("digests", number, "id"), f"two digests have the id `{name}`", "rename one")
            first.add(name if isinstance(name, str) else None)
        made = {twin(spec.id) for spec in specs if spec.at_once}
        for number, entry in enumerate(entries):
            name = entry.get("id") if isinstance(entry, dict) else None
            if isinstance(name, str) and name in made:
                message = f"the id `{name}` is taken: what `at_once` of another digest tells goes by it"
                self._complain(("digests", number, "id"), message, "rename this one")

    def _windows(self, entries: object, known: Collection[str]) -> list[tuple[Window, frozenset[str]]]:
        """Planned pauses, each with the ids of the digests that it holds back (none: all)."""
        hint = "begin each with `- from: …`"
        found = [
            self._window(("maintenance", number), entry, known)
            for number, entry in enumerate(self._list("maintenance", entries, hint))
        ]
        return [one for one in found if one]

    def _window(self, path: Steps, data: object, known: Collection[str]) -> tuple[Window, frozenset[str]] | None:
        entry = read_entry(MaintenanceEntry, data, path, self._problems)
        named = self._each(path, data, "digests", lambda value: _known(value, known))
        if entry is None:
            return None
        said = dict(entry)
        zone: str = said["timezone"]
        start = self._each(path, data, "from", lambda value: times.moment(value, zone))
        end = self._each(path, data, "until", lambda value: times.moment(value, zone, last=True))
        if not start or not end:
            return None
        if end[0] <= start[0]:
            self._complain((*path, "until"), "until: the end is not after the beginning", "mend one of them")
            return None
        return Window(start[0], end[0], said["reason"]), frozenset(named) | {twin(name) for name in named}


def _listed(path: Steps, data: object, key: str) -> Iterator[tuple[Steps, object]]:
    """The values under a key with their paths; a single value may stand where a list could."""
    value = data.get(key) if isinstance(data, dict) else None
    if isinstance(value, list):
        yield from (((*path, key, number), one) for number, one in enumerate(value))
    elif value is not None:
        yield (*path, key), value


def _known(value: object, known: Collection[str]) -> str:
    found = values.text(value)
    if found not in known:
        meant = suggestion(found, known)
        raise values.ComplaintError(f"no digest has the id {found!r}{meant}", "to hold back all, leave `digests:` out")
    return found


def _excludable(read: Callable[[object], str]) -> Callable[[object], str]:
    """A value that may have `not ` before it, in one spelling."""

    def reader(value: object) -> str:
        excluded, body = split_selector(values.text(value))
        found = read(body or None)
        return f"not {found}" if excluded else found

    return reader


def _source(value: object) -> str:
    """A selector of feeds, as far as it can be checked without them."""
    found = values.text(value)
    field, colon, name = (part.strip() for part in found.partition(":"))
    if found == "*":
        raise values.ComplaintError("`*`: every source is taken anyway", "leave `sources:` out")
    if not colon:
        return values.identifier(found)
    if field.lower() not in {"tag", "ownership"} or not name:
        meant = suggestion(field, ("tag", "ownership")) if name else ""
        raise values.ComplaintError(f"{values.shown(found)} names no source{meant}", f"write {_SOURCES}")
    if field.lower() == "ownership":
        name = values.choice(name, Ownership)
    return f"{field.lower()}:{name}"
