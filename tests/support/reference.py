"""A matcher so slow and plain that it can be seen to be right: the measure for the real one.

It tries every form at every place, and every combination of places for every condition. Same terms, same words, none of
the machinery: no automaton, no token table, no triggers, no sweep.
"""

from itertools import combinations, pairwise, product

from monitor.core.model import Item
from monitor.core.rules.book import Condition, Group, Kind, Part, Rulebook, Term, TermRef, Unit, Within
from monitor.core.text.forms import Form, expand
from monitor.core.text.normalise import align

FIELDS = ("title", "summary", "content")
Place = tuple[int, int]


class ReferenceText:
    """An item with its fields folded one by one; places are (field * 100000 + position)."""

    def __init__(self, book: Rulebook, item: Item) -> None:
        self.book = book
        self.folded = align("\x1f".join(getattr(item, name) for name in FIELDS))
        self.original = "\x1f".join(getattr(item, name) for name in FIELDS)
        self.text = self.folded.text

    def places(self, term: Term) -> set[Place]:
        """Where a term stands."""
        hidden = [place for form in term.lookalikes for place in self.form_places(form)]
        for other in term.lookalike_terms:
            hidden += [place for one in self.book.terms[other].forms for place in self.form_places(one.form)]
        found = set()
        for one in term.forms:
            own = [place for form in one.lookalikes for place in self.form_places(form)]
            for start, end in self.form_places(one.form):
                if not any(self.hides(place, (start, end)) for place in [*hidden, *own]):
                    found.add((start, end))
        return {a for a in found if not any(b != a and b[0] <= a[0] and a[1] <= b[1] for b in found)}

    @staticmethod
    def hides(lookalike: Place, place: Place) -> bool:
        overlap = lookalike[0] < place[1] and place[0] < lookalike[1]
        part = place[0] <= lookalike[0] and lookalike[1] <= place[1] and lookalike != place
        return overlap and not part

    def form_places(self, form: Form) -> list[Place]:
        found = []
        for variant in expand(form):
            for start in range(len(self.text)):
                end = start + len(variant.text)
                if self.text[start:end] != variant.text:
                    continue
                if not form.open_left and self.spaced(start) and not self.word_edge(start):
                    continue
                hangul = "\uac00" <= self.text[end - 1] <= "\ud7af"
                if not form.open_right and self.spaced(end - 1) and not hangul and not self.word_edge(end):
                    continue
                capitals = [self.folded.origin(start + at, start + at + 1)[0] for at in variant.capitals]
                if all(self.original[at].isupper() for at in capitals):
                    found.append((start, end))
        return found

    def spaced(self, at: int) -> bool:
        """A letter or digit of a script with spaces."""
        return 0 <= at < len(self.text) and self.text[at].isalnum() and not "\u3005" <= self.text[at] <= "\u9fff"

    def word_edge(self, at: int) -> bool:
        if self.spaced(at - 1) and self.spaced(at):
            return False
        number = self.text[max(0, at - 2) : at + 2]
        for mark in ".,":
            before, _, after = number.partition(mark)
            if before[-1:].isdigit() and after[:1].isdigit() and mark in self.text[at - 1 : at + 1]:
                return False
        return True

    # --- conditions -------------------------------------------------------------------------------------------

    def spans(self, condition: Condition) -> set[Place]:
        if isinstance(condition, TermRef):
            return self.places(self.book.terms[condition.id])
        assert isinstance(condition, Group)
        options = [self.part(part) for part in condition.parts]
        found = self.smallest({hull(choice) for choice in product(*options)}) if len(options) > 1 else options[0]
        if condition.within:
            found = {place for place in found if self.close(place, condition.within)}
        for child in condition.none:
            bad = self.spans(child)
            if condition.within is None:
                found = set() if bad else found
            else:
                found = {p for p in found if not any(self.close(hull((p, b)), condition.within) for b in bad)}
        return found

    def part(self, part: Part) -> set[Place]:
        lists = [self.spans(child) for child in part.children]
        if part.kind is Kind.ANY:
            return set().union(*lists)
        if part.kind is Kind.ALL:
            return self.smallest({hull(choice) for choice in product(*lists)})
        if part.kind is Kind.ORDER:
            ordered = (c for c in product(*lists) if all(a[1] <= b[0] for a, b in pairwise(c)))
            return self.smallest({hull(choice) for choice in ordered})
        some = (hull(choice) for chosen in combinations(lists, part.count) for choice in product(*chosen))
        return self.smallest(set(some))

    @staticmethod
    def smallest(places: set[Place]) -> set[Place]:
        return {a for a in places if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in places)}

    def close(self, place: Place, within: Within) -> bool:
        start, end = place
        if "\x1f" in self.text[start:end]:
            return within.unit is Unit.LEAD
        if within.unit is Unit.TITLE:
            return "\x1f" not in self.text[:end]
        assert within.unit is Unit.WORDS, "the reference knows words and titles"
        return self.word_count(start, end) <= within.count

    def word_count(self, start: int, end: int) -> int:
        """Words that a stretch touches; a Han character is a word."""
        while start and self.spaced(start - 1) and self.spaced(start):
            start -= 1
        count, inside = 0, False
        for char in self.text[start:end]:
            han = "\u3005" <= char <= "\u9fff"
            count += han or (char.isalnum() and not inside)
            inside = char.isalnum() and not han
        return count


def hull(places: tuple[Place, ...]) -> Place:
    return min(start for start, _ in places), max(end for _, end in places)


def fires(book: Rulebook, rule: int, item: Item) -> bool:
    """Whether a rule's condition holds."""
    return bool(ReferenceText(book, item).spans(book.rules[rule].match))
