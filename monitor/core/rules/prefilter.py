"""Which rules an item makes worth a look, told from the numbers of what was found in it.

A rule is worth a look when of the first set of leaves that it requires one was found, and of the second as well; what
else it requires is asked only then. Each form that is looked for carries marks, 2n for the first set of rule n and
2n + 1 for the second, worked out when rules are compiled: to read a text there is nothing to do but collect them.
"""

from array import array
from collections.abc import Callable, Sequence
from itertools import compress
from operator import sub

from monitor.core.rules.lexicon import Finds, Lexicon
from monitor.core.rules.wordtable import WordTable

Required = Sequence[frozenset[int]]
_Marks = tuple[int, ...]


class Prefilter:
    """Built from what each rule requires, the rarest set first; pure and thread-safe."""

    def __init__(self, required: Sequence[Required], lexicon: Lexicon) -> None:
        self._required = required
        self._always = [number for number, sets in enumerate(required) if not sets]
        self._several: list[_Marks] = []  # the marks of forms that have none or more than one
        self._numbers: dict[_Marks, int] = {}
        none = self._written(())
        by_leaf = {leaf: self._written(tuple(marks)) for leaf, marks in _by_leaf(required).items()}
        # A look-alike says nothing for its leaf.
        by_entry = [by_leaf.get(leaf, none) if number >= 0 else none for leaf, number, _ in lexicon.entries]
        self._words = self._by_key(lexicon.words, by_entry)
        self._rest = self._by_key(lexicon.rest, by_entry)
        del self._numbers

    def _written(self, marks: _Marks) -> int:
        """One mark as it is; any other number of them as a negative number, kept under it."""
        if len(marks) == 1:
            return marks[0]
        number = self._numbers.get(marks)
        if number is None:
            self._several.append(marks)
            number = self._numbers[marks] = -len(self._several)
        return number

    def _read(self, written: int) -> _Marks:
        return (written,) if written >= 0 else self._several[-written - 1]

    def _by_key(self, table: WordTable, by_entry: Sequence[int]) -> "array[int]":
        """The marks of each key of a table; of a million keys only those with several uses are looked at singly."""
        by_use = array("i", map(by_entry.__getitem__, table.entries))
        out = array("i", map(by_use.__getitem__, table.starts[:-1]))
        known: dict[bytes, int] = {}  # inflected forms have the same uses
        ends = table.starts[1:]
        several = map((1).__ne__, map(sub, ends, table.starts))
        for key, start, end in compress(zip(range(len(out)), table.starts, ends, strict=False), several):
            uses = by_use[start:end]
            seen = uses.tobytes()
            if seen not in known:
                marks = {mark for written in set(uses) for mark in self._read(written)}
                known[seen] = self._written(tuple(sorted(marks)))
            out[key] = known[seen]
        return out

    def candidates(self, finds: Finds, leaves: Callable[[], set[int]]) -> Sequence[int]:
        """Numbers of the rules of which all that they require may have been found; `leaves` are asked for if needed."""
        marks: set[int] = set()
        if finds.phrases:
            self._collect(marks, self._words, finds.phrases)
        if finds.open_ends:
            self._collect(marks, self._rest, {number for number, _, _ in finds.open_ends})
        if len(marks) < 2:  # nearly always
            return self._always
        both = (mark >> 1 for mark in marks if not mark & 1 and mark + 1 in marks)
        return sorted([*self._always, *(number for number in both if self._has_rest(number, leaves))])

    def touched(self, finds: Finds, leaves: Callable[[], set[int]]) -> dict[int, tuple[int, int]]:
        """Of the rules of which something was found: how many of the sets that they require were, and how many not."""
        marks: set[int] = set()
        if finds.phrases:
            self._collect(marks, self._words, finds.phrases)
        if finds.open_ends:
            self._collect(marks, self._rest, {number for number, _, _ in finds.open_ends})
        found: dict[int, tuple[int, int]] = {}
        for number in {mark >> 1 for mark in marks}:
            missing = sum(needed.isdisjoint(leaves()) for needed in self._required[number])
            found[number] = (len(self._required[number]) - missing, missing)
        return found

    def _collect(self, marks: set[int], table: "array[int]", numbers: set[int]) -> None:
        for number in numbers:
            mark = table[number]
            if mark >= 0:
                marks.add(mark)
            else:
                marks.update(self._several[-mark - 1])

    def _has_rest(self, number: int, leaves: Callable[[], set[int]]) -> bool:
        others = self._required[number][2:]
        return not others or not any(needed.isdisjoint(leaves()) for needed in others)


def _by_leaf(required: Sequence[Required]) -> dict[int, list[int]]:
    marks: dict[int, list[int]] = {}
    for number, sets in enumerate(required):
        if sets:
            # A rule that requires one set only has it on both sides.
            for mark, leaves in ((2 * number, sets[0]), (2 * number + 1, sets[min(1, len(sets) - 1)])):
                for leaf in leaves:
                    marks.setdefault(leaf, []).append(mark)
    return marks
