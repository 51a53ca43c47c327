"""Folded texts with the forms that they stand for, in arrays: quick to look up, small, and quick to keep in a cache."""

import json
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Use(NamedTuple):
    """An entry of the lexicon that a text stands for. `exact`: how the folded text must read there (None: as the key);
    `capitals`: positions in it where the original must have capitals."""

    entry: int
    exact: str | None = None
    capitals: tuple[int, ...] = ()


@dataclass(slots=True)
class WordTable:
    """Keys in the order they were first met; the uses of key k stand at `starts[k] … starts[k + 1]`."""

    keys: list[str] = field(default_factory=list)
    starts: "array[int]" = field(default_factory=lambda: array("I", [0]))
    entries: "array[int]" = field(default_factory=lambda: array("I"))
    special: dict[int, Use] = field(default_factory=dict)  # by position in `entries`

    def uses(self, key: int) -> Iterable[Use]:
        """What a key stands for."""
        for at in range(self.starts[key], self.starts[key + 1]):
            yield self.special.get(at) or Use(self.entries[at])

    def texts(self, key: int) -> Iterable[tuple[str, int]]:
        """Each text that is looked for under a key, with its entry."""
        for use in self.uses(key):
            yield use.exact or self.keys[key], use.entry

    def dump(self) -> list[bytes]:
        """Four sections; `load` reads them back."""
        special = [[at, use.entry, use.exact, use.capitals] for at, use in self.special.items()]
        return [
            "\n".join(self.keys).encode(),
            self.starts.tobytes(),
            self.entries.tobytes(),
            json.dumps(special).encode(),
        ]

    @classmethod
    def load(cls, sections: list[bytes]) -> "WordTable":
        """The table that `dump` wrote."""
        keys, starts, entries, special = sections
        table = cls(keys.decode().split("\n") if keys else [], array("I"), array("I"))
        table.starts.frombytes(starts)
        table.entries.frombytes(entries)
        table.special = {at: Use(entry, exact, tuple(marks)) for at, entry, exact, marks in json.loads(special)}
        return table


class TableBuilder:
    """Collects uses of keys in any order; small even where there are a million of them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._keys, self._uses = array("I"), array("I")
        self._special: dict[int, Use] = {}

    def add(self, key: str, use: Use) -> None:
        """One more use of a key."""
        if use.exact is not None or use.capitals:
            self._special[len(self._uses)] = use
        self._keys.append(self._numbers.setdefault(key, len(self._numbers)))
        self._uses.append(use.entry)

    def build(self) -> WordTable:
        """The table; keys in the order of their first use, uses in the order added."""
        table = WordTable(list(self._numbers))
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
