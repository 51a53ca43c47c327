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
        marks = _by_leaf(required)
        # A look-alike says nothing for its leaf.
        by_entry = [tuple(marks.get(leaf, ())) if number >= 0 else () for leaf, number, _ in lexicon.entries]
        numbers: dict[_Marks, int] = {}

        def written(some: _Marks) -> int:
            """One mark as it is; any other number of them as a negative number, kept under it."""
            if len(some) == 1:
                return some[0]
            if some not in numbers:
                self._several.append(some)
                numbers[some] = -len(self._several)
            return numbers[some]

        self._words = _by_key(lexicon.words, by_entry, written)
        self._rest = _by_key(lexicon.rest, by_entry, written)

    def candidates(self, finds: Finds, leaves: Callable[[], set[int]]) -> list[int]:
        """Numbers of the rules of which all that they require may have been found; `leaves` are asked for if needed."""
        marks: set[int] = set()
        if finds.phrases:
            self._collect(marks, self._words, finds.phrases)
        if finds.open_ends:
            self._collect(marks, self._rest, {number for number, _, _ in finds.open_ends})
        possible = [mark >> 1 for mark in marks if not mark & 1 and mark + 1 in marks] if len(marks) > 1 else []
        if possible:
            possible = [number for number in possible if self._has_rest(number, leaves)]
        return sorted(possible + self._always)

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


def _by_key(table: WordTable, by_entry: Sequence[_Marks], written: Callable[[_Marks], int]) -> "array[int]":
    """The marks of each key of a table, as `written` puts them. A million keys, so one at a time only where needed."""
    single = [written(marks) for marks in by_entry]
    firsts = map(table.entries.__getitem__, table.starts[:-1])
    out = array("i", map(single.__getitem__, firsts))
    uses = map(sub, table.starts[1:], table.starts[:-1])
    for key in compress(range(len(out)), map((1).__ne__, uses)):
        entries = table.entries[table.starts[key] : table.starts[key + 1]]
        out[key] = written(tuple(sorted({mark for entry in entries for mark in by_entry[entry]})))
    return out
