"""What a rulebook says, as frozen types: terms, conditions, rules, examples. Read by `syntax`, run by `match`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from monitor.core.model import Item, RuleInfo, RuleStatus
from monitor.core.text.forms import Form


class Unit(StrEnum):
    """What `within` counts in."""

    WORDS = "words"
    SENTENCES = "sentences"
    TITLE = "title"
    LEAD = "lead"  # the title and the first two sentences after it


@dataclass(frozen=True, slots=True)
class Within:
    """How close together the found words must stand; `count` matters for words and sentences."""

    unit: Unit
    count: int = 1

    def __str__(self) -> str:
        match self.unit:
            case Unit.WORDS:
                return f"{self.count} words"
            case Unit.SENTENCES:
                return "sentence" if self.count == 1 else f"{self.count} sentences"
        return self.unit.value


@dataclass(frozen=True, slots=True)
class TermForm:
    """One form of a term with its switches."""

    form: Form
    needs: "Condition | None" = None
    lookalikes: tuple[Form, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Term:
    """A thing or an idea in all its languages. A phrase in a condition is one with `named` false."""

    id: str
    label: str
    forms: tuple[TermForm, ...]
    entity: str | None = None
    lookalikes: tuple[Form, ...] = ()
    lookalike_terms: tuple[str, ...] = ()
    needs: "Condition | None" = None
    named: bool = True
    gloss: bool = True  # False: a helper of conditions, whose label tells a reader nothing


@dataclass(frozen=True, slots=True)
class TermRef:
    """`$id`"""

    id: str

    def __str__(self) -> str:
        return f"${self.id}"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A term without a name, written where it is used."""

    term: Term

    def __str__(self) -> str:
        return self.term.label


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression in RE2 syntax over the folded text. `left`, `right`: a word must begin, end there."""

    source: str
    expression: str
    left: bool = False
    right: bool = False

    def __str__(self) -> str:
        return f"/{self.source}/"


class Kind(StrEnum):
    """How the conditions of a part go together."""

    ALL = "all"
    ANY = "any"
    AT_LEAST = "at_least"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Part:
    """One key of a condition mapping; `count` matters for `at_least`."""

    kind: Kind
    children: "tuple[Condition, ...]"
    count: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """A condition mapping: all parts must hold and nothing of `none`, all `within` the same stretch."""

    parts: tuple[Part, ...]
    none: "tuple[Condition, ...]" = ()
    within: Within | None = None


Condition = TermRef | Phrase | Pattern | Group


@dataclass(frozen=True, slots=True)
class Restriction:
    """`only` or `except`: empty tuples restrict nothing."""

    feeds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A text that a rule must hit or miss; a `todo` is known to fail and may."""

    item: Item
    hit: bool
    todo: bool = False
    finds: tuple[str, ...] = ()  # terms that must be among the evidence
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the book."""

    info: RuleInfo
    match: Condition
    only: Restriction = Restriction()
    exclude: Restriction = Restriction()
    score: tuple[tuple[Condition, float], ...] = ()
    threshold: float | None = None
    cooldown: timedelta | None = None
    examples: tuple[Example, ...] = ()

    @property
    def id(self) -> str:
        return self.info.id


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All terms and rules of a configuration, in the order written."""

    terms: Mapping[str, Term] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    def only(self, ids: Collection[str]) -> "Rulebook":
        """These rules alone, and at work even where they are off. Raises KeyError for an id that no rule has."""
        found = {rule.id: rule for rule in self.rules}
        return replace(self, rules=tuple(_at_work(found[one]) for one in dict.fromkeys(ids)))


def _at_work(rule: Rule) -> Rule:
    if rule.info.status is not RuleStatus.OFF:
        return rule
    return replace(rule, info=replace(rule.info, status=RuleStatus.SHADOW))
