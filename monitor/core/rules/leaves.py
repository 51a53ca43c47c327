"""Numbers the leaves of all conditions (terms, phrases, patterns) and turns conditions into nodes over the numbers."""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass

from monitor.core.rules.book import Condition, Group, Kind, Pattern, Phrase, Term, TermRef
from monitor.core.rules.evaluate import Branch, Context, Leaf, Node, NodePart
from monitor.core.rules.lexicon import Entry, Lexicon
from monitor.core.text.forms import Form


@dataclass(frozen=True, slots=True)
class LeafName:
    """What evidence says of a leaf."""

    id: str
    label: str
    entity: str | None
    named: bool
    gloss: bool = True  # whether the label is for readers


class LeafTable:
    """All leaves of a rulebook. `node` may be called until `close` builds the lexicon; afterwards nothing changes."""

    lexicon: Lexicon

    def __init__(self, terms: Mapping[str, Term]) -> None:
        self.terms = terms
        self._numbers: dict[int | str | Pattern, int] = {}  # phrases by identity: comparing them costs more
        self._needs: dict[tuple[int, int], tuple[int, ...]] = {}
        self._kept: list[Term] = []  # while their identities count
        self.names: list[LeafName] = []
        self.patterns: dict[int, Pattern] = {}
        self.weights: dict[int, tuple[float, ...]] = {}
        self.contexts: list[Context] = []  # what forms need
        self._entries: list[Entry] = []

    def close(self, cache: MutableMapping[str, bytes] | None) -> None:
        """Build the lexicon from all leaves numbered so far."""
        self.lexicon = Lexicon(self._entries, cache)
        self._entries, self._kept = [], []

    def needs(self, leaf: int, form: int) -> tuple[int, ...]:
        """Numbers of the contexts that a form of a leaf needs, all of them."""
        return self._needs.get((leaf, form), ())

    def node(self, condition: Condition) -> Node:
        """The condition over leaf numbers."""
        match condition:
            case TermRef(id=term_id):
                return Leaf(self._term(self.terms[term_id]))
            case Phrase(term=term):
                self._kept.append(term)
                return Leaf(self._term(term))
            case Pattern():
                return Leaf(self._pattern(condition))
        return self._branch(condition)

    def named_things(self) -> frozenset[int]:
        """Leaves of all terms that name an entity for readers, whether a rule uses them or not."""
        return frozenset(self._term(term) for term in self.terms.values() if term.entity and term.gloss)

    def _branch(self, group: Group) -> Branch:
        parts = tuple(NodePart(p.kind, tuple(map(self.node, p.children)), p.count) for p in group.parts)
        none = tuple(map(self.node, group.none))
        placed = group.within is not None or any(part.kind is Kind.ORDER for part in parts)
        return Branch(parts, none, group.within, placed)

    def _pattern(self, pattern: Pattern) -> int:
        number = self._numbers.get(pattern)
        if number is None:
            number = self._new(pattern, LeafName(f"/{pattern.source}/", f"/{pattern.source}/", None, False, False))
            self.patterns[number] = pattern
        return number

    def _term(self, term: Term) -> int:
        key = term.id if term.named else id(term)
        number = self._numbers.get(key)
        if number is not None:
            return number
        number = self._new(key, LeafName(term.id, term.label, term.entity, term.named, term.gloss))
        self.weights[number] = tuple(form.weight for form in term.forms)
        whole = self._context(term.needs) if term.needs else ()
        for i, form in enumerate(term.forms):
            self._entries.append(Entry(number, i, form.form))
            self._entries += [Entry(number, -2 - i, other) for other in form.lookalikes]
            context = whole + (self._context(form.needs) if form.needs else ())
            if context:
                self._needs[number, i] = context
        self._entries += [Entry(number, -1, other) for other in self._lookalikes(term)]
        return number

    def _new(self, key: int | str | Pattern, name: LeafName) -> int:
        number = self._numbers[key] = len(self.names)
        self.names.append(name)
        return number

    def _lookalikes(self, term: Term) -> Iterator[Form]:
        yield from term.lookalikes
        for other in term.lookalike_terms:
            yield from (form.form for form in self.terms[other].forms)

    def _context(self, condition: Condition) -> tuple[int, ...]:
        """A needed condition; its `within` is measured from the form itself."""
        node = self.node(condition)
        context = Context(node)
        if isinstance(node, Branch) and node.within is not None:
            ordered = any(part.kind is Kind.ORDER for part in node.parts)
            context = Context(Branch(node.parts, (), None, ordered), node.none, node.within)
        self.contexts.append(context)
        return (len(self.contexts) - 1,)
