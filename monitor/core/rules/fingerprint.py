"""What stands for a rule as it is written, with the terms it uses: another fingerprint means that it was edited.

The same at every start and under every version: fields at their defaults don't count, so that a field that is new
changes no fingerprint. Titles, reasons and examples don't count either: they change nothing of what is found.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import timedelta
from enum import Enum
from functools import cache
from hashlib import blake2b
from typing import Any

from monitor.core.rules.book import Rule, Term
from monitor.core.rules.edits import terms_of


def fingerprints(rules: Iterable[Rule], terms: Mapping[str, Term]) -> dict[str, str]:
    """Of each rule, by its id: 24 hexadecimal digits."""
    written: dict[str, object] = {}

    def term(name: str) -> object:
        if name not in written:
            written[name] = _digest(_plain(terms[name]))
        return written[name]

    return {
        rule.id: _digest(
            _plain((rule.match, rule.only, rule.exclude, rule.score, rule.threshold, rule.cooldown)),
            rule.info.severity.value,
            rule.info.status.value,
            [term(name) for name in sorted(terms_of(rule, terms))],
        )
        for rule in rules
    }


def _digest(*content: object) -> str:
    return blake2b(repr(content).encode("utf-8", "replace"), digest_size=12).hexdigest()


def _plain(value: object) -> object:
    """Nested tuples of texts and numbers, whose `repr` is the same everywhere."""
    if is_dataclass(value) and not isinstance(value, type):
        present = ((name, getattr(value, name), default) for name, default in _fields(type(value)))
        return (type(value).__name__, *((name, _plain(found)) for name, found, default in present if found != default))
    if isinstance(value, (tuple, list)):
        return tuple(map(_plain, value))
    if isinstance(value, (set, frozenset)):
        return tuple(sorted(map(_plain, value), key=repr))
    if isinstance(value, Enum):
        return value.value
    return value.total_seconds() if isinstance(value, timedelta) else value


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, object], ...]:
    return tuple((one.name, _default(one)) for one in fields(kind))


def _default(one: Field[Any]) -> object:
    return one.default_factory() if one.default_factory is not MISSING else one.default
