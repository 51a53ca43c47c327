"""One item as conditions see it: what was found in it, and how far apart its words stand. Built for each item anew."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise

from monitor.core.model import Evidence, Item
from monitor.core.rules.book import Unit, Within
from monitor.core.rules.conditions import compile_pattern
from monitor.core.rules.evaluate import Spot, Surroundings
from monitor.core.rules.leaves import LeafTable
from monitor.core.rules.lexicon import Raw, begins_word, ends_word
from monitor.core.text.chars import FIELD_BREAK, HAN, KANA
from monitor.core.text.normalise import Folded, align, fold_loosely, tighten
from monitor.core.text.sentences import sentence_starts

FIELDS = ("title", "summary", "content")
_WORD = re.compile(f"[{HAN}{KANA}]|[^\\W_{HAN}{KANA}]+")
_LEAD_SENTENCES = 2
_CLASSIFIERS = {"号", "號"}  # “number”, said after the number; 2号 is one word to the eye


def joined(item: Item) -> str:
    """The three fields in one text."""
    text = f"{item.title}{FIELD_BREAK}{item.summary}{FIELD_BREAK}{item.content}"
    if text.count(FIELD_BREAK) == 2:
        return text
    return FIELD_BREAK.join(getattr(item, name).replace(FIELD_BREAK, " ") for name in FIELDS)


class Reading:
    """The text of an item, folded and scanned. Satisfies `evaluate.Text`."""

    def __init__(self, item: Item, leaves: LeafTable) -> None:
        self.item = item
        self.original = joined(item)
        self._leaves = leaves
        self._loose = fold_loosely(self.original)
        self.finds = leaves.lexicon.scan(self._loose)
        self._found: dict[int, Sequence[Spot]] = {}
        self._contexts: dict[int, Surroundings] = {}

    @cached_property
    def leaves(self) -> set[int]:
        """Leaves that may have been found: cheap, and more than `raw` has."""
        return self._leaves.lexicon.leaves(self.finds)

    @cached_property
    def raw(self) -> dict[int, list[Raw]]:
        """What was found of each leaf, before look-alikes and context are asked about."""
        return self._leaves.lexicon.places(self.finds, self.text, self._has_capitals)

    @cached_property
    def _folded(self) -> bytes | str:
        return tighten(self._loose)

    @cached_property
    def text(self) -> str:
        """The folded text."""
        return self._folded if isinstance(self._folded, str) else self._folded.decode("cp1251")

    @cached_property
    def _aligned(self) -> Folded:
        return align(self.original)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the folded text stands in the original."""
        if isinstance(self._folded, bytes) and len(self._folded) == len(self.original):
            return start, end
        return self._aligned.origin(start, end)

    def _has_capitals(self, start: int, offsets: tuple[int, ...]) -> bool:
        return all(self.original[self.origin(start + at, start + at + 1)[0]].isupper() for at in offsets)

    # --- what was found ---------------------------------------------------------------------------------------

    def found(self, leaf: int) -> Sequence[Spot]:
        """The spots of a leaf that count: no look-alikes, context given, the longest where several overlap."""
        spots = self._found.get(leaf)
        if spots is None:
            if leaf in self._leaves.patterns:
                spots = self._search(leaf)
            elif leaf in self.raw:
                spots = self._settle(leaf, self.raw[leaf])
            else:
                return ()
            self._found[leaf] = spots
        return spots

    def _search(self, leaf: int) -> list[Spot]:
        pattern = self._leaves.patterns[leaf]
        search = compile_pattern(pattern.expression).finditer
        spots = []
        for begin, stop in pairwise([0, *(at + 1 for at in self._breaks), len(self.text) + 1]):
            for match in search(self.text[begin : stop - 1]):
                start, end = begin + match.start(), begin + match.end()
                left = not pattern.left or begins_word(self.text, start)
                if start < end and left and (not pattern.right or ends_word(self.text, end)):
                    spots.append(Spot(start, end, leaf))
        return spots

    def _settle(self, leaf: int, raws: list[Raw]) -> list[Spot]:
        lookalikes = _LookAlikes(raw for raw in raws if raw[2] < 0)
        weights = self._leaves.weights[leaf]
        spots: list[Spot] = []
        for start, end, form in raws:
            if form < 0 or lookalikes.hide(start, end, form):
                continue
            spot = Spot(start, end, leaf, weights[form])
            needs = self._leaves.needs(leaf, form)
            if not needs or all(self._surroundings(need).hold(spot) for need in needs):
                spots.append(spot)
        return _longest(spots) if len(spots) > 1 else spots

    def _surroundings(self, need: int) -> Surroundings:
        known = self._contexts.get(need)
        if known is None:
            known = self._contexts[need] = Surroundings(self._leaves.contexts[need], self)
        return known

    # --- distances --------------------------------------------------------------------------------------------

    @cached_property
    def _words(self) -> list[int]:
        return [match.start() for match in _WORD.finditer(self.text)]

    @cached_property
    def _breaks(self) -> list[int]:
        first = self.text.index(FIELD_BREAK)
        return [first, self.text.index(FIELD_BREAK, first + 1)]

    @cached_property
    def _sentences(self) -> list[int]:
        return sentence_starts(self.original)

    @cached_property
    def _lead_end(self) -> int:
        """Position in the original where the lead ends."""
        summary = len(self.item.title) + 1
        begin = summary if self.item.summary else summary + 1
        after = [start for start in self._sentences if start > begin]
        return after[_LEAD_SENTENCES - 1] if len(after) >= _LEAD_SENTENCES else len(self.original)

    def close(self, start: int, end: int, within: Within) -> bool:
        """Whether a stretch of the folded text is one that `within` allows."""
        match within.unit:
            case Unit.TITLE:
                return end <= self._breaks[0]
            case Unit.LEAD:
                return self.origin(start, end)[1] <= self._lead_end
            case Unit.WORDS:
                if bisect_right(self._words, end - 1) - bisect_right(self._words, start) >= within.count:
                    return False
                return self._field(start) == self._field(end - 1)
        first, last = self.origin(start, end)
        if bisect_right(self._sentences, last - 1) - bisect_right(self._sentences, first) >= within.count:
            return False
        return self._field(start) == self._field(end - 1)

    def _field(self, at: int) -> int:
        return bisect_right(self._breaks, at)

    # --- evidence ---------------------------------------------------------------------------------------------

    def evidence(self, spots: Sequence[Spot]) -> tuple[Evidence, ...]:
        """The spots as places in the item's own fields, in order, each once."""
        out: list[Evidence] = []
        for spot in sorted(set(spots)):
            field = self._field(spot.start)
            start, end = self.origin(spot.start, spot.end)
            if self.original[end : end + 1] in _CLASSIFIERS and self.original[end - 1].isnumeric():
                end += 1
            name = FIELDS[field]
            offset = sum(len(getattr(self.item, before)) + 1 for before in FIELDS[:field])
            leaf = self._leaves.names[spot.leaf]
            text = self.original[start:end]
            out.append(Evidence(leaf.id, leaf.label, leaf.entity, text, name, start - offset, end - offset))
        return tuple(out)


class Restricted:
    """A reading of some fields only."""

    def __init__(self, reading: Reading, fields: Sequence[str]) -> None:
        self._reading = reading
        self._fields = {FIELDS.index(name) for name in fields}

    def found(self, leaf: int) -> Sequence[Spot]:
        """As `Reading.found`, in these fields."""
        return [spot for spot in self._reading.found(leaf) if self._reading._field(spot.start) in self._fields]

    def close(self, start: int, end: int, within: Within) -> bool:
        """As `Reading.close`."""
        return self._reading.close(start, end, within)


class _LookAlikes:
    """Where look-alikes of one leaf stand."""

    def __init__(self, raws: Iterable[Raw]) -> None:
        self._raws = sorted(raws)
        self._longest = max((end - start for start, end, _ in self._raws), default=0)

    def hide(self, start: int, end: int, form: int) -> bool:
        """Whether one covers any of a find, and is not merely a part of it."""
        if not self._raws:
            return False
        first = bisect_left(self._raws, (start - self._longest,))
        last = bisect_left(self._raws, (end,))
        return any(_hides(other, start, end, form) for other in self._raws[first:last])


def _hides(lookalike: Raw, start: int, end: int, form: int) -> bool:
    begin, stop, kind = lookalike
    if kind not in (-1, -2 - form) or stop <= start or end <= begin:
        return False
    inside = start <= begin and stop <= end
    return not inside or (begin, stop) == (start, end)


def _longest(spots: list[Spot]) -> list[Spot]:
    """By start; without those that lie inside another (of equal ones the heaviest stays)."""
    out: list[Spot] = []
    for spot in sorted(spots, key=lambda one: (one.start, -one.end, -one.weight)):
        if not out or spot.end > out[-1].end:
            out.append(spot)
    return out
