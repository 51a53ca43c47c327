"""`feeds.yaml` → feeds, or every complaint about it at once."""

import os
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from monitor.adapters.config import values
from monitor.adapters.config.access import AccessEntry, access_of
from monitor.adapters.config.checking import Text, Texts, read_entry, unknown_keys
from monitor.adapters.config.document import Document, load_document
from monitor.adapters.config.kinds import FulltextValue, SourceEntry, source_of
from monitor.adapters.config.yaml import Node
from monitor.core.model import FeedSpec, Fulltext, Ownership
from monitor.errors import Problem

_TOP = ("include", "defaults", "feeds")


class FeedDefaults(AccessEntry):
    """What `defaults:` may hold: every key that several feeds can share."""

    language: Annotated[str | None, BeforeValidator(values.language)] = None
    country: Annotated[str | None, BeforeValidator(values.country)] = None
    kind: Text = ""
    ownership: Annotated[Ownership, BeforeValidator(lambda v: values.choice(v, Ownership))] = Ownership.UNKNOWN
    tags: Texts = ()
    enabled: bool = True
    every: Annotated[timedelta | None, BeforeValidator(values.duration)] = None
    timezone: Annotated[str | None, BeforeValidator(values.timezone)] = None
    encoding: Annotated[str | None, BeforeValidator(values.encoding)] = None
    headers: dict[str, Any] = Field(default_factory=dict)
    fulltext: FulltextValue = Fulltext.NO


class FeedEntry(SourceEntry, FeedDefaults):
    """One feed as a user writes it."""

    id: Annotated[str, BeforeValidator(values.identifier)] = Field(description="a lasting name such as tass-ru")
    name: Text = ""
    reason: Text = ""


@dataclass(frozen=True, slots=True)
class FeedFile:
    """The feeds in the order of the files, and the files they came from (to watch for changes)."""

    feeds: tuple[FeedSpec, ...]
    files: tuple[Path, ...]
    document: Document = field(repr=False, compare=False)

    def locate(self, problem: Problem) -> Problem:
        """A later complaint about a feed, with file, line and column."""
        return self.document.locate(problem)


def load_feeds(path: Path, *, environ: Mapping[str, str] | None = None) -> FeedFile:
    """Read `feeds.yaml` and what it includes. Raises ConfigError with all complaints.

    `environ` is where `${NAME}` in headers and access is looked up; None: the process's own environment.
    """
    document = load_document(path, per_file=("defaults",))
    reader = _FeedReader(document, os.environ if environ is None else environ)
    feeds = reader.read()
    document.require(reader.problems)
    return FeedFile(feeds, document.files, document)


class _FeedReader:
    def __init__(self, document: Document, environ: Mapping[str, str]) -> None:
        self.document = document
        self.environ = environ
        self.problems: list[Problem] = unknown_keys(document.root, _TOP)
        self.defaults = {
            file: {key: value for node in own.get("defaults", ()) for key, value in self.check_defaults(node).items()}
            for file, own in document.own.items()
        }

    def read(self) -> tuple[FeedSpec, ...]:
        entries = self.document.root.child("feeds")
        if entries is None or not isinstance(entries.value, list) or not entries.value:
            hint = "begin it with `feeds:`, then one `- id: …` and `url: …` a feed"
            if entries is not None and entries.value in (None, []):
                hint = "write one `- id: …` and `url: …` a feed below it"
            found = "is missing" if entries is None else "must be a list with at least one feed"
            self.problems.append(Problem(("feeds",), f"`feeds:` {found}", hint, at_key=True))
            return ()
        specs = [spec for number, entry in enumerate(entries.value) if (spec := self.spec(number, entry))]
        self.check_unique(specs, "id", lambda spec: spec.id, "two feeds have the id", "give each its own")
        live = [(number, spec) for number, spec in specs if spec.enabled]
        hint = "remove one, or disable it with enabled: false"
        self.check_unique(live, "url", _what_is_read, "two feeds have the address", hint)
        return tuple(spec for _, spec in specs)

    def check_defaults(self, node: Node) -> dict[str, object]:
        """The defaults without those that are wrong."""
        found: list[Problem] = []
        read_entry(FeedDefaults, node.plain(), (), found)
        self.problems += [_at(node, problem) for problem in found]
        wrong = {problem.path[0] for problem in found if problem.path}
        return {key: child.plain() for key, child in _items(node) if key not in wrong}

    def spec(self, number: int, node: Node) -> tuple[int, FeedSpec] | None:
        path = ("feeds", number)
        raw = node.plain()
        if isinstance(raw, dict):
            raw = {**self.defaults.get(node.file, {}), **raw}
        entry = read_entry(FeedEntry, raw, path, self.problems)
        if entry is None:
            return None
        headers: dict[str, str] = {}
        for name, value in entry.headers.items():
            try:
                headers[name] = values.header(name, value, self.environ)
            except values.ComplaintError as complaint:
                self.problems.append(Problem((*path, "headers", name), f"{name}: {complaint}", complaint.hint))
        access = access_of(entry, headers, path, self.environ, self.problems)
        apart = SourceEntry.model_fields.keys() | AccessEntry.model_fields.keys()
        fields = {name: getattr(entry, name) for name in FeedEntry.model_fields if name not in apart}
        source = source_of(entry, path, node.file, self.problems)
        return number, FeedSpec(**{**fields, **source, "headers": headers, "access": access})

    def check_unique(
        self, specs: list[tuple[int, FeedSpec]], key: str, same: Callable[[FeedSpec], Hashable], message: str, hint: str
    ) -> None:
        """Complain of feeds that are `same`; `key` is where they say so."""
        first: dict[Hashable, int] = {}
        for number, spec in specs:
            value = getattr(spec, key)
            if not value:  # a query's address is made later
                continue
            earlier = first.setdefault(same(spec), number)
            if earlier != number:
                node = self.document.root.child("feeds")
                here = node and (other := node.child(earlier)) and other.child(key)
                place = f"; the other: {here.file}:{here.place[0]}:{here.place[1]}" if here else ""
                self.problems.append(Problem(("feeds", number, key), f"{message} `{value}`{place}", hint))


def _what_is_read(spec: FeedSpec) -> Hashable:
    """The address with all that decides what is found there: a page may hold two lists, a login show another one."""
    access = spec.access
    who = (access.user_agent, access.username, access.password, access.bearer, access.proxy)
    sent = (frozenset(spec.headers.items()), frozenset(access.cookies.items()))
    return (spec.url, spec.source, spec.selectors, *who, *sent)


def _items(node: Node) -> list[tuple[str, Node]]:
    return list(node.value.items()) if isinstance(node.value, dict) else []


def _at(node: Node, problem: Problem) -> Problem:
    """Place a complaint whose path begins at this node."""
    for step in problem.path:
        child = node.child(step)
        if child is None:
            break
        node = child
    return node.problem(problem.message, problem.hint, at_key=problem.at_key)
