"""What is questionable about rules that are valid: conditions that can't hold, terms nobody uses, forms too short.

Pure: what can only be measured on the archive comes in as `Usage`. Not here: what makes a file unusable (`syntax`).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.core.model import FeedSpec, Item
from monitor.core.rules.book import (
    Condition,
    Group,
    Kind,
    Pattern,
    Phrase,
    Rule,
    Rulebook,
    Term,
    TermForm,
    TermRef,
    Unit,
)
from monitor.core.rules.edits import terms_of
from monitor.core.rules.match import Matcher
from monitor.core.rules.sources import absent
from monitor.core.text.chars import is_unspaced
from monitor.core.text.forms import language_of
from monitor.core.text.normalise import fold

COMMON_FORM = 0.05  # share of items in which a form by itself says little
COMMON_RULE = 0.02
ENOUGH = 200  # items; with fewer, shares mean nothing
_PLAIN_REGEX = re.compile(r"[\w\s()|-]+")

Path = tuple[str | int, ...]


class Level(StrEnum):
    """How much a finding matters."""

    ERROR = "error"  # the rule can't do what it says
    WARNING = "warning"  # probably not what was meant
    NOTE = "note"  # worth knowing


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth a look. `path` leads to it in the document, as in `Problem`."""

    path: Path
    level: Level
    check: str
    message: str
    hint: str = ""


@dataclass(slots=True)
class Usage:
    """What was counted on the archive: items in which each form of a term and each rule was found."""

    items: int = 0
    forms: Counter[tuple[str, int]] = field(default_factory=Counter)  # (term id, number of the form)
    rules: Counter[str] = field(default_factory=Counter)
    together: Counter[tuple[str, str]] = field(default_factory=Counter)  # two rules on one item


def measure(matcher: Matcher, items: Iterable[Item]) -> Usage:
    """Count on these items. The matcher should hold every rule of the book."""
    usage = Usage()
    names = matcher.leaves.names
    for item in items:
        usage.items += 1
        reading = matcher.reading(item)
        for leaf, raws in reading.raw.items():
            if names[leaf].named:
                usage.forms.update({(names[leaf].id, form) for _, _, form in raws if form >= 0})
        fired = [compiled.rule.id for compiled, hit in matcher.tried(reading) if hit]
        usage.rules.update(fired)
        usage.together.update((one, other) for one in fired for other in fired if one != other)
    return usage


def lint(book: Rulebook, usage: Usage | None = None, feeds: Sequence[FeedSpec] | None = None) -> list[Finding]:
    """All findings, in the order of the book: terms first.

    Without `usage`, what needs measuring is left out; without `feeds`, what `only` and `except` say of them.
    """
    measured = usage if usage and usage.items >= ENOUGH else None
    found = [finding for term in book.terms.values() for finding in _term(term, measured)]
    found += _unused(book)
    for number, rule in enumerate(book.rules):
        found += _rule(book, number, rule)
    found += _twins(book)
    for one in absent(book, feeds) if feeds is not None else ():
        level = Level.ERROR if one.what == "feeds" else Level.WARNING
        found.append(Finding(one.path, level, "no-such-source", one.message, "mend or remove it"))
    if measured:
        found += _measured_rules(book, measured)
    return found


# --- terms --------------------------------------------------------------------------------------------------


def _term(term: Term, usage: Usage | None) -> Iterator[Finding]:
    path: Path = ("terms", term.id)
    lookalikes = {(fold(form.text), form.open_left, form.open_right) for form in term.lookalikes}
    for number, one in enumerate(term.forms):
        form = one.form
        if (fold(form.text), form.open_left, form.open_right) in lookalikes:
            message = f"the form “{form.text}” of ${term.id} is also its look-alike, so it never counts"
            yield Finding(path, Level.ERROR, "never-counts", message, "take it out of one of the two")
        if re.search(r",\s", form.text):
            message = f"the form “{form.text}” of ${term.id} is one phrase, with a comma in it"
            yield Finding(path, Level.WARNING, "comma-form", message, "for several forms write a list: [a, b]")
        guarded = one.needs is not None or term.needs is not None
        if _is_short(one) and not guarded:
            message = f"the form “{form.text}” of ${term.id} is very short"
            yield Finding(path, Level.WARNING, "short-form", message, "give it needs: or not:, or mark it with =")
        if usage and not guarded and (share := usage.forms[term.id, number] / usage.items) > COMMON_FORM:
            message = f"the form “{form.text}” of ${term.id} stands in {share:.0%} of {usage.items:,} items"
            yield Finding(path, Level.NOTE, "common-form", message, "alone it says little: ask for a second term")


def _is_short(one: TermForm) -> bool:
    form = one.form
    letters = [char for char in form.text if char.isalnum()]
    if is_unspaced(letters[0]):
        return len(letters) < 2
    if form.open_left or form.open_right:
        return len(letters) < 4
    # A syllable of Hangul is two or three letters; an acronym is as long as it is.
    least = 2 if form.language == "ko" or form.text.isupper() else 3
    return len(letters) < least and not (form.exact and form.case)


def _unused(book: Rulebook) -> Iterator[Finding]:
    used = {name for rule in book.rules for name in terms_of(rule, book.terms)}
    for name, term in book.terms.items():
        if name not in used and not (term.entity and term.gloss):  # named things are told to readers of any rule
            yield Finding(("terms", name), Level.WARNING, "unused-term", f"no rule uses ${name}", "use it or remove it")


# --- rules --------------------------------------------------------------------------------------------------


def _rule(book: Rulebook, number: int, rule: Rule) -> Iterator[Finding]:
    path: Path = ("rules", number)
    yield from _conditions(rule.match, (*path, "match"), frozenset())
    for what in ("feeds", "tags", "countries", "languages"):
        only, exclude = set(getattr(rule.only, what)), set(getattr(rule.exclude, what))
        if only and only <= exclude:
            message = f"only and except name the same {what}, so {rule.id} never fires"
            yield Finding((*path, "only"), Level.ERROR, "never-fires", message)
    if rule.only.fields and "title" not in rule.only.fields and Unit.TITLE in _units(rule.match):
        message = "within: title can't hold, because only: fields leaves the title out"
        yield Finding((*path, "match"), Level.ERROR, "never-fires", message)
    if rule.score and rule.threshold is None:
        message = f"{rule.id} has a score but no threshold: it fires whatever the score"
        yield Finding((*path, "score"), Level.WARNING, "no-threshold", message, "add threshold: with the least score")
    yield from _examples(book, rule, path)


def _conditions(condition: Condition, path: Path, forbidden: frozenset[Condition]) -> Iterator[Finding]:
    """Conditions that can't hold or say nothing. `forbidden` are those under the `none` of what stands around."""
    if isinstance(condition, Pattern):
        yield from _regex(condition, path)
    if not isinstance(condition, Group):
        return
    forbidden |= set(condition.none)
    both = _required(condition) & forbidden
    for wanted in sorted(map(str, both)):
        message = f"{wanted} is asked for and forbidden at once, so this never holds"
        yield Finding(path, Level.ERROR, "never-fires", message, f"take {wanted} out of one of the two")
    forbidden -= both  # said once is enough
    for part in condition.parts:
        key = "of" if part.kind is Kind.AT_LEAST else part.kind.value
        for twice in _doubles(part.children):
            message = f"{twice} stands here twice"
            yield Finding((*path, key), Level.WARNING, "twice", message, "remove one")
        if part.kind is Kind.ANY and (idle := forbidden & set(part.children)):
            message = f"{next(iter(idle))} is forbidden by none: and can't help here"
            yield Finding((*path, key), Level.WARNING, "unreachable", message, "remove it")
        for i, child in enumerate(part.children):
            yield from _conditions(child, (*path, key, i), forbidden)
    for i, child in enumerate(condition.none):
        yield from _conditions(child, (*path, "none", i), frozenset())


def _regex(pattern: Pattern, path: Path) -> Iterator[Finding]:
    if _PLAIN_REGEX.fullmatch(pattern.source):
        hint = f"write {pattern.source}: forms inflect, and they cost nothing"
        yield Finding(path, Level.WARNING, "regex", f"{pattern} could be a plain form", hint)


def _required(condition: Condition) -> set[Condition]:
    """Leaves that must be found for a condition to hold."""
    if not isinstance(condition, Group):
        return {condition}
    found: set[Condition] = set()
    for part in condition.parts:
        needed = part.count if part.kind is Kind.AT_LEAST else 1 if part.kind is Kind.ANY else len(part.children)
        if needed >= len(part.children):
            found |= {leaf for child in part.children for leaf in _required(child)}
    return found


def _doubles(children: Sequence[Condition]) -> list[Condition]:
    return [child for child, count in Counter(children).items() if count > 1]


def _units(condition: Condition) -> set[Unit]:
    if not isinstance(condition, Group):
        return set()
    below = {unit for part in condition.parts for child in part.children for unit in _units(child)}
    return below | ({condition.within.unit} if condition.within else set())


# --- examples -----------------------------------------------------------------------------------------------


def _examples(book: Rulebook, rule: Rule, path: Path) -> Iterator[Finding]:
    hits = {_language(one.item) for one in rule.examples if one.hit and not one.todo}
    if not rule.examples:
        yield Finding(path, Level.WARNING, "no-examples", f"{rule.id} has no examples", "add examples: hit: and miss:")
        return
    if not any(not one.hit for one in rule.examples):
        yield Finding((*path, "examples"), Level.WARNING, "no-miss", f"{rule.id} has no example that must miss")
    if missing := sorted(claimed_languages(rule.match, book) - hits):
        message = f"{rule.id} finds {', '.join(missing)} text, but has no such example that hits"
        yield Finding((*path, "examples"), Level.WARNING, "untested-language", message)


def _language(item: Item) -> str:
    said = (item.language or "").split("-")[0].lower()
    return said or language_of(f"{item.title} {item.summary} {item.content}")


def claimed_languages(condition: Condition, book: Rulebook) -> set[str]:
    """Languages in which every part of a condition can be found."""
    claimed = _claims(condition, book)
    return claimed or set()


def _claims(condition: Condition, book: Rulebook) -> set[str] | None:
    """None: any language, as far as this condition goes."""
    match condition:
        case TermRef(id=name):
            return {one.form.language for one in book.terms[name].forms} or None
        case Phrase(term=term):
            # An acronym or a number may stand in a text of any language.
            return None if all(one.form.exact for one in term.forms) else {one.form.language for one in term.forms}
        case Group(parts=parts):
            pass
        case _:
            return None
    result: set[str] | None = None
    for part in parts:
        below = [_claims(child, book) for child in part.children]
        known = [one for one in below if one is not None]
        if part.kind in {Kind.ANY, Kind.AT_LEAST}:
            here = None if len(known) < len(below) else set().union(*known)
        else:
            here = set.intersection(*known) if known else None
        if here is not None:
            result = here if result is None else result & here
    return result


# --- rules among each other ---------------------------------------------------------------------------------


def _twins(book: Rulebook) -> Iterator[Finding]:
    for number, rule in enumerate(book.rules):
        for earlier in book.rules[:number]:
            if (rule.only, rule.exclude) != (earlier.only, earlier.exclude):
                continue
            if rule.match == earlier.match and rule.score == earlier.score:
                message = f"{rule.id} has the same conditions as {earlier.id}"
                yield Finding(("rules", number), Level.WARNING, "duplicate", message, "keep one of them")
            elif narrow := _narrower(rule, earlier):
                inner, outer = narrow
                message = f"whatever fires {inner.id} fires {outer.id}, too, which is no quieter"
                where = number if inner is rule else book.rules.index(inner)
                yield Finding(("rules", where), Level.NOTE, "shadowed", message)


def _narrower(one: Rule, other: Rule) -> tuple[Rule, Rule] | None:
    for inner, outer in ((one, other), (other, one)):
        adds_nothing = inner.info.severity.rank <= outer.info.severity.rank and outer.threshold is None
        if adds_nothing and _implies(inner.match, outer.match):
            return inner, outer
    return None


def _implies(inner: Condition, outer: Condition) -> bool:
    """Whether text that fulfils `inner` certainly fulfils `outer`; False where that is not plain to see."""
    if inner == outer:
        return True
    if isinstance(outer, Group):
        if outer.within is not None or len(outer.parts) != 1:
            return False
        (part,) = outer.parts
        inner_none = set(inner.none) if isinstance(inner, Group) and inner.within is None else set()
        if not set(outer.none) <= inner_none:
            return False
        if part.kind is Kind.ALL:
            return all(_implies(inner, child) for child in part.children)
        return part.kind is Kind.ANY and any(_implies(inner, child) for child in part.children)
    return outer in _required(inner)


def _measured_rules(book: Rulebook, usage: Usage) -> Iterator[Finding]:
    for number, rule in enumerate(book.rules):
        hits = usage.rules[rule.id]
        if hits / usage.items > COMMON_RULE:
            message = f"{rule.id} fires on {hits / usage.items:.0%} of {usage.items:,} items"
            yield Finding(("rules", number), Level.WARNING, "common-rule", message, "ask for more, or nearer together")
        for other in book.rules:
            louder = other.info.severity.rank >= rule.info.severity.rank
            if hits >= 5 and other is not rule and louder and usage.together[rule.id, other.id] == hits:
                message = f"all {hits} hits of {rule.id} in the archive are hits of {other.id}, too"
                yield Finding(("rules", number), Level.NOTE, "shadowed", message)
