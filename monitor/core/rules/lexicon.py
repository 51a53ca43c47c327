"""All words of all rules: finds every form of every leaf in one pass over a folded text.

Words and phrases of spaced scripts stand in a dictionary by their first word and are looked up token by token; what
has no spaces to cut at (Han, Kana, Korean) or is open at an end (`Tumen*`) stands in an Aho–Corasick automaton. Both
were measured: the dictionary needs no building, a seventh of the memory, and does not slow down as rules are added.

A leaf is a term or a phrase by its number. What is found here is raw: `reading` takes look-alikes out and asks for the
context that a form needs.
"""

import hashlib
import json
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from functools import cache
from importlib.metadata import version
from itertools import compress
from typing import NamedTuple

import ahocorasick_rs

from monitor.core.rules.wordtable import TableBuilder, Use, WordTable, pack, unpack
from monitor.core.text import forms
from monitor.core.text.chars import is_word_char
from monitor.core.text.forms import Form, Variant, expand
from monitor.core.text.normalise import tighten

_OUTSIDE = re.compile("[\U00010000-\U0010ffff]")
_TOKEN = re.compile(r"[^\W_]+")
_LAYOUT = 2  # of the cached tables: raise it when they are written differently


class Entry(NamedTuple):
    """A form of a leaf. `form`: its number within the leaf, or -1 for a look-alike of the whole leaf, or -2-n for a
    look-alike of form n."""

    leaf: int
    number: int
    form: Form


Raw = tuple[int, int, int]  # start and end in the folded text, and the number of the form as in `Entry`
_Capitals = Callable[[int, tuple[int, ...]], bool]


class Finds(NamedTuple):
    """What a scan came upon: numbers of phrases, and (number, start, end) of what the automaton found."""

    phrases: set[int]
    open_ends: list[tuple[int, int, int]]


class Lexicon:
    """Built once from entries; `scan` is pure and thread-safe."""

    def __init__(self, entries: Iterable[Entry], cache: MutableMapping[str, bytes] | None = None) -> None:
        self.entries = list(entries)
        self.words, self.rest = _tables(self.entries, cache)
        self._trie, self._special = _trie(self.words)
        texts = [key.decode() for key in self.rest.encoded()]
        # Two bytes a character scan fastest; four where a form has a character outside the basic plane.
        self._width = 4 if any(char > "\uffff" for text in texts for char in text) else 2
        self._every = _automaton([text.encode(self._wide) for text in texts])
        narrow = [(number, text) for number, text in enumerate(texts) if _encodable(text)]
        self._narrow_numbers = [number for number, _ in narrow]
        self._narrow = _automaton([text.encode("cp1251") for _, text in narrow])

    @property
    def _wide(self) -> str:
        return "utf-16-le" if self._width == 2 else "utf-32-le"

    def scan(self, loose: bytes | str) -> "Finds":
        """What a text may hold, for the result of `fold_loosely`."""
        # One byte a character either way: what cp1251 does not have becomes a question mark, which is no word.
        narrow = loose if isinstance(loose, bytes) else loose.encode("cp1251", "replace")
        phrases = self._phrases(narrow)
        if isinstance(loose, str):
            open_ends = self._open_ends(loose)
        else:
            open_ends = self._narrow_ends(loose) if self._narrow else []
        return Finds(phrases, open_ends)

    def leaves(self, finds: "Finds") -> set[int]:
        """The leaves that may have been found; some may turn out to be parts of other words."""
        leaves: set[int] = set()
        for table, numbers in (
            (self.words, finds.phrases),
            (self.rest, {number for number, _, _ in finds.open_ends}),
        ):
            for number in numbers:
                some = table.entries[table.starts[number] : table.starts[number + 1]]
                leaves.update(self.entries[entry].leaf for entry in some)
        return leaves

    def places(self, finds: "Finds", text: str, has_capitals: _Capitals) -> dict[int, list[Raw]]:
        """Raw finds by leaf in the folded text, whole words only. `has_capitals(start, offsets)` asks the original."""
        found: dict[int, list[Raw]] = {}
        for key in finds.phrases:
            self._add_words(found, text, key, has_capitals)
        for number, start, end in finds.open_ends:
            for use in self.rest.uses(number):
                self._add_rest(found, text, start, end, use, has_capitals)
        return found

    def _phrases(self, narrow: bytes) -> set[int]:
        """Numbers of the phrases whose words follow one another in the text, whatever stands between them."""
        tokens = narrow.translate(_only_words()).split()
        tokens.append(b"")
        trie = self._trie
        found = set()
        for at in compress(range(len(tokens)), map(trie.__contains__, tokens)):
            node: _Node | int | None = trie[tokens[at]]
            while node is not None:
                if isinstance(node, int):  # a phrase that no longer one begins with
                    found.add(node)
                    break
                if None in node:
                    found.add(node[None])  # type: ignore[arg-type]  # under None stands a number
                at += 1
                node = node.get(tokens[at])
        return found

    def _open_ends(self, folded: str) -> list[tuple[int, int, int]]:
        if self._every is None:
            return []
        width = self._width
        raw = folded.encode(self._wide, "replace")
        if len(raw) != width * len(folded):
            raw = _OUTSIDE.sub("\ufffd", folded).encode(self._wide, "replace")
        matches = self._every.find_matches_as_indexes(raw, overlapping=True)
        return [(number, s // width, e // width) for number, s, e in matches if not s % width]

    def _narrow_ends(self, loose: bytes) -> list[tuple[int, int, int]]:
        folded = tighten(loose)
        assert self._narrow is not None
        assert isinstance(folded, bytes)
        numbers = self._narrow_numbers
        return [(numbers[i], s, e) for i, s, e in self._narrow.find_matches_as_indexes(folded, overlapping=True)]

    def _add_words(self, found: dict[int, list[Raw]], text: str, key: int, has_capitals: _Capitals) -> None:
        if key in self._special:
            for use in self.words.uses(key):
                exact = use.exact or self.words.key(key)
                for start, end in _whole_words(text, exact):
                    if not use.capitals or has_capitals(start, use.capitals):
                        leaf, number, _ = self.entries[use.entry]
                        found.setdefault(leaf, []).append((start, end, number))
            return
        starts = self.words.starts
        places = _whole_words(text, self.words.key(key))
        for entry in self.words.entries[starts[key] : starts[key + 1]] if places else ():
            leaf, number, _ = self.entries[entry]
            raws = found.get(leaf)
            if raws is None:
                raws = found[leaf] = []
            for start, end in places:
                raws.append((start, end, number))

    def _add_rest(
        self, found: dict[int, list[Raw]], text: str, start: int, end: int, use: Use, has_capitals: _Capitals
    ) -> None:
        leaf, number, form = self.entries[use.entry]
        if not form.open_left and is_word_char(text[start]) and not begins_word(text, start):
            return
        last = text[end - 1]
        closed = not form.open_right and is_word_char(last) and not "\uac00" <= last <= "\ud7af"
        if closed and not ends_word(text, end):
            return
        if not use.capitals or has_capitals(start, use.capitals):
            found.setdefault(leaf, []).append((start, end, number))

    def forms(self) -> Iterator[tuple[str, int]]:
        """Every folded text that is looked for, with its leaf; look-alikes left out."""
        for table in (self.words, self.rest):
            for key in range(len(table)):
                for text, entry in table.texts(key):
                    if self.entries[entry].number >= 0:
                        yield text, self.entries[entry].leaf


# --- building ---------------------------------------------------------------------------------------------


def _tables(entries: list[Entry], cache: MutableMapping[str, bytes] | None) -> tuple[WordTable, WordTable]:
    """Words and the rest, from the cache where it holds exactly these entries."""
    if cache is None:
        return _build(entries, expand)
    digest = _digest([_LAYOUT, [(leaf, number, *_form_key(form)) for leaf, number, form in entries]])
    stored = _stored(cache, "lexicon", digest)
    if stored is not None:
        return WordTable.load("cp1251", stored[:4]), WordTable.load("utf-8", stored[4:])
    remember = _Remembering(cache)
    words, rest = _build(entries, remember)
    remember.keep(form for _, _, form in entries)
    cache["lexicon"] = pack([digest, *words.dump(), *rest.dump()])
    return words, rest


def _build(entries: list[Entry], write_out: Callable[[Form], Iterable[Variant]]) -> tuple[WordTable, WordTable]:
    words, rest = TableBuilder("cp1251"), TableBuilder("utf-8")
    for number, (_, _, form) in enumerate(entries):
        for variant in write_out(form):
            text = variant.text
            if form.open_left or form.open_right or not _is_wordy(text):
                rest.add(text, Use(number, None, variant.capitals))
            else:
                key = " ".join(_TOKEN.findall(text))
                words.add(key, Use(number, None if key == text else text, variant.capitals))
    return words.build(), rest.build()


def _is_wordy(text: str) -> bool:
    """Whether a text can be cut into tokens, one byte a letter."""
    return _encodable(text) and text[0].isalnum() and text[-1].isalnum()


def _encodable(text: str) -> bool:
    try:
        text.encode("cp1251")
    except UnicodeEncodeError:
        return False
    return True


_Node = dict[bytes | None, "_Node | int"]  # next word → what follows it; None → the number of a phrase that ends here


def _trie(words: WordTable) -> tuple[_Node, frozenset[int]]:
    """Phrases by their words, with the numbers of those that are not read simply as they stand."""
    root: _Node = {}
    once: dict[bytes, bytes] = {}  # the same words stand in many phrases
    for number, key in enumerate(words.encoded()):
        *front, last = key.split(b" ")
        node = root
        for word in front:
            below = node.get(word)
            if not isinstance(below, dict):
                below = node[once.setdefault(word, word)] = {} if below is None else {None: below}
            node = below
        below = node.get(last)
        if isinstance(below, dict):
            below[None] = number
        else:
            node[once.setdefault(last, last)] = number
    special = set()
    if words.special:
        positions = sorted(words.special)
        special = {bisect_right(words.starts, at) - 1 for at in positions}
    return root, frozenset(special)


def _automaton(patterns: list[bytes]) -> ahocorasick_rs.BytesAhoCorasick | None:
    contiguous = ahocorasick_rs.Implementation.ContiguousNFA  # measured: twice as fast here as what it would choose
    return ahocorasick_rs.BytesAhoCorasick(patterns, implementation=contiguous) if patterns else None


@cache
def _only_words() -> bytes:
    """For cp1251: letters and digits stay, all else becomes a space."""
    chars = (bytes([byte]).decode("cp1251", "replace") for byte in range(256))
    return bytes(byte if char.isalnum() and char != "\ufffd" else 32 for byte, char in enumerate(chars))


# --- the cache --------------------------------------------------------------------------------------------


def _form_key(form: Form) -> tuple[object, ...]:
    return (form.text, form.language, form.exact, form.case, form.open_left, form.open_right)


def _digest(value: object) -> bytes:
    libraries = [forms.VERSION, sys.byteorder, *(version(name) for name in ("pymorphy3", "pymorphy3-dicts-ru"))]
    return hashlib.sha256(json.dumps([libraries, value]).encode()).digest()


def _stored(cache: MutableMapping[str, bytes], key: str, digest: bytes) -> list[bytes] | None:
    """The sections kept under a key, if they were made from the same input and are whole."""
    packed = cache.get(key)
    if packed is None:
        return None
    try:
        made_from, *sections = unpack(packed)
    except ValueError:
        return None
    return sections if made_from == digest else None


class _Remembering:
    """Writes out forms, except those that the last rulebook had too: an edit costs only what it changes.

    Variants are kept as text, one a line, capitals behind a tab: objects would take ten times the memory.
    """

    def __init__(self, cache: MutableMapping[str, bytes]) -> None:
        self._cache = cache
        self._digest = _digest("forms")
        stored = _stored(cache, "forms", self._digest)
        self._known: dict[str, str] = json.loads(stored[0]) if stored else {}

    def __call__(self, form: Form) -> list[Variant]:
        key = _form_text(form)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = "\n".join(map(_variant_text, expand(form)))
        return [_read_variant(line) for line in known.split("\n")]

    def keep(self, used: Iterable[Form]) -> None:
        """Store the forms of this rulebook and forget all others."""
        kept = {key: self._known[key] for key in map(_form_text, used)}
        self._cache["forms"] = pack([self._digest, json.dumps(kept, ensure_ascii=False).encode()])


def _form_text(form: Form) -> str:
    switches = (form.exact, form.case, form.open_left, form.open_right)
    return f"{form.text}\t{form.language}\t{''.join('01'[switch] for switch in switches)}"


def _variant_text(variant: Variant) -> str:
    return f"{variant.text}\t{','.join(map(str, variant.capitals))}" if variant.capitals else variant.text


def _read_variant(line: str) -> Variant:
    text, tab, capitals = line.partition("\t")
    return Variant(text, tuple(map(int, capitals.split(","))) if tab else ())


# --- boundaries -------------------------------------------------------------------------------------------


def _whole_words(text: str, part: str) -> list[tuple[int, int]]:
    """Where a text holds a part as whole words."""
    out = []
    at = text.find(part)
    while at >= 0:
        end = at + len(part)
        if begins_word(text, at) and ends_word(text, end):
            out.append((at, end))
        at = text.find(part, at + 1)
    return out


def begins_word(text: str, at: int) -> bool:
    """No letter or digit of a spaced script stands before, nor does the front of a decimal number."""
    if at == 0:
        return True
    before = text[at - 1]
    if is_word_char(before):
        return False
    return not (before in ".," and at > 1 and text[at].isdigit() and text[at - 2].isdigit())


def ends_word(text: str, at: int) -> bool:
    """No letter or digit of a spaced script follows, nor does the rest of a decimal number."""
    if at >= len(text):
        return True
    after = text[at]
    if is_word_char(after):
        return False
    return not (after in ".," and at + 1 < len(text) and text[at - 1].isdigit() and text[at + 1].isdigit())
