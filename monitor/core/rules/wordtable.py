"""Folded texts with the forms that they stand for, in arrays: quick to look up, small, and quick to keep in a cache."""

import json
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple


class Use(NamedTuple):
    """An entry of the lexicon that a text stands for. `exact`: how the folded text must read there (None: as the key);
    `capitals`: positions in it where the original must have capitals."""

    entry: int
    exact: str | None = None
    capitals: tuple[int, ...] = ()


@dataclass(slots=True)
class WordTable:
    """Keys in the order they were first met; the uses of key k stand at `starts[k] … starts[k + 1]`.

    Keys are kept as one stretch of bytes, a line each: a million strings would take ten times the memory.
    """

    encoding: str
    lines: bytes = b""
    starts: "array[int]" = field(default_factory=lambda: array("I", [0]))
    entries: "array[int]" = field(default_factory=lambda: array("I"))
    special: dict[int, Use] = field(default_factory=dict)  # by position in `entries`
    _ends: "array[int]" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ends = array("I", accumulate(len(line) + 1 for line in self.encoded()))

    def __len__(self) -> int:
        return len(self._ends)

    def encoded(self) -> list[bytes]:
        """All keys, encoded."""
        return self.lines.split(b"\n") if self.lines else []

    def key(self, number: int) -> str:
        """The text of a key."""
        begin = self._ends[number - 1] if number else 0
        return self.lines[begin : self._ends[number] - 1].decode(self.encoding)

    def uses(self, key: int) -> Iterable[Use]:
        """What a key stands for."""
        for at in range(self.starts[key], self.starts[key + 1]):
            yield self.special.get(at) or Use(self.entries[at])

    def texts(self, key: int) -> Iterable[tuple[str, int]]:
        """Each text that is looked for under a key, with its entry."""
        for use in self.uses(key):
            yield use.exact or self.key(key), use.entry

    def dump(self) -> list[bytes]:
        """Four sections; `load` reads them back."""
        special = [[at, use.entry, use.exact, use.capitals] for at, use in self.special.items()]
        return [self.lines, self.starts.tobytes(), self.entries.tobytes(), json.dumps(special).encode()]

    @classmethod
    def load(cls, encoding: str, sections: list[bytes]) -> "WordTable":
        """The table that `dump` wrote."""
        lines, starts, entries, special = sections
        table = cls(encoding, lines, array("I"), array("I"))
        table.starts.frombytes(starts)
        table.entries.frombytes(entries)
        table.special = {at: Use(entry, exact, tuple(marks)) for at, entry, exact, marks in json.loads(special)}
        return table


class TableBuilder:
    """Collects uses of keys in any order; small even where there are a million of them."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._numbers: dict[bytes, int] = {}
        self._keys, self._uses = array("I"), array("I")
        self._special: dict[int, Use] = {}

    def add(self, key: str, use: Use) -> None:
        """One more use of a key."""
        if use.exact is not None or use.capitals:
            self._special[len(self._uses)] = use
        self._keys.append(self._numbers.setdefault(key.encode(self._encoding), len(self._numbers)))
        self._uses.append(use.entry)

    def build(self) -> WordTable:
        """The table; keys in the order of their first use, uses in the order added."""
        table = WordTable(self._encoding, b"\n".join(self._numbers))
        order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        last = 0
        for at in order:
            while last < self._keys[at]:
                table.starts.append(len(table.entries))
                last += 1
            if at in self._special:
                table.special[len(table.entries)] = self._special[at]
            table.entries.append(self._uses[at])
        if order:
            table.starts.append(len(table.entries))
        return table


def pack(sections: list[bytes]) -> bytes:
    """Sections of bytes in one, with their sizes in front."""
    return json.dumps([len(one) for one in sections]).encode() + b"\n" + b"".join(sections)


def unpack(packed: bytes) -> list[bytes]:
    """What `pack` put together. Raises ValueError where it is damaged."""
    head, _, body = packed.partition(b"\n")
    out, at = [], 0
    for size in json.loads(head):
        out.append(body[at : at + size])
        at += size
    if at != len(body):
        raise ValueError("a cached section is cut off")
    return out
