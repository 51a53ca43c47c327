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
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from functools import cache
from importlib.metadata import version
from typing import NamedTuple

import ahocorasick_rs

from monitor.core.rules.wordtable import Use, WordTable, pack, unpack
from monitor.core.text import forms
from monitor.core.text.chars import is_word_char
from monitor.core.text.forms import Form, Variant, expand

_TOKEN = re.compile(r"[^\W_]+")


class Entry(NamedTuple):
    """A form of a leaf. `form`: its number within the leaf, or -1 for a look-alike of the whole leaf, or -2-n for a
    look-alike of form n."""

    leaf: int
    number: int
    form: Form


class Raw(NamedTuple):
    """Something found: positions in the folded text, and the number of the form (as in `Entry`)."""

    start: int
    end: int
    form: int


class Lexicon:
    """Built once from entries; `scan` is pure and thread-safe."""

    def __init__(self, entries: Iterable[Entry], cache: MutableMapping[str, bytes] | None = None) -> None:
        self._entries = list(entries)
        self._words, self._rest = _tables(self._entries, cache)
        self._numbers = {key.encode("cp1251"): number for number, key in enumerate(self._words.keys)}
        self._heads = _heads(self._numbers)
        self._every = ahocorasick_rs.AhoCorasick(self._rest.keys, store_patterns=False) if self._rest.keys else None
        narrow = [(number, text) for number, text in enumerate(self._rest.keys) if _encodable(text)]
        self._narrow_numbers = [number for number, _ in narrow]
        self._narrow = (
            ahocorasick_rs.BytesAhoCorasick([text.encode("cp1251") for _, text in narrow]) if narrow else None
        )

    def scan(self, folded: bytes | str, has_capitals: Callable[[int, tuple[int, ...]], bool]) -> dict[int, list[Raw]]:
        """Raw finds by leaf. `has_capitals(start, offsets)` looks at the original."""
        # One byte a character either way: what cp1251 does not have becomes a question mark, which is no word.
        narrow = folded if isinstance(folded, bytes) else folded.encode("cp1251", "replace")
        phrases = self._phrases(narrow)
        open_ends = self._open_ends(folded)
        if not phrases and not open_ends:
            return {}
        text = folded if isinstance(folded, str) else folded.decode("cp1251")
        found: dict[int, list[Raw]] = {}
        for key in phrases:
            for use in self._words.uses(self._numbers[key]):
                exact = use.exact or key.decode("cp1251")
                for start in _occurrences(text, exact):
                    self._add(found, text, start, start + len(exact), use, has_capitals)
        for number, start, end in open_ends:
            for use in self._rest.uses(number):
                self._add(found, text, start, end, use, has_capitals)
        return found

    def _phrases(self, narrow: bytes) -> set[bytes]:
        tokens = narrow.translate(_only_words()).split()
        heads = self._heads
        numbers = self._numbers
        found = set()
        for at in [i for i, token in enumerate(tokens) if token in heads]:
            for size in heads[tokens[at]]:
                phrase = tokens[at] if size == 1 else b" ".join(tokens[at : at + size])
                if phrase in numbers:
                    found.add(phrase)
        return found

    def _open_ends(self, folded: bytes | str) -> list[tuple[int, int, int]]:
        if isinstance(folded, str):
            return self._every.find_matches_as_indexes(folded, overlapping=True) if self._every else []
        if self._narrow is None:
            return []
        numbers = self._narrow_numbers
        return [(numbers[i], s, e) for i, s, e in self._narrow.find_matches_as_indexes(folded, overlapping=True)]

    def _add(
        self,
        found: dict[int, list[Raw]],
        text: str,
        start: int,
        end: int,
        use: Use,
        has_capitals: Callable[[int, tuple[int, ...]], bool],
    ) -> None:
        leaf, number, form = self._entries[use.entry]
        if not form.open_left and is_word_char(text[start]) and not begins_word(text, start):
            return
        last = text[end - 1]
        closed = not form.open_right and is_word_char(last) and not "\uac00" <= last <= "\ud7af"
        if closed and not ends_word(text, end):
            return
        if use.capitals and not has_capitals(start, use.capitals):
            return
        found.setdefault(leaf, []).append(Raw(start, end, number))

    def forms(self) -> Iterator[tuple[str, int]]:
        """Every folded text that is looked for, with its leaf; look-alikes left out."""
        for table in (self._words, self._rest):
            for key in range(len(table.keys)):
                for text, entry in table.texts(key):
                    if self._entries[entry].number >= 0:
                        yield text, self._entries[entry].leaf


# --- building ---------------------------------------------------------------------------------------------


def _tables(entries: list[Entry], cache: MutableMapping[str, bytes] | None) -> tuple[WordTable, WordTable]:
    """Words and the rest, from the cache where it holds exactly these entries."""
    if cache is None:
        return _build(entries, expand)
    digest = _digest([(leaf, number, *_form_key(form)) for leaf, number, form in entries])
    stored = _stored(cache, "lexicon", digest)
    if stored is not None:
        return WordTable.load(stored[:4]), WordTable.load(stored[4:])
    remember = _Remembering(cache)
    words, rest = _build(entries, remember)
    remember.keep(form for _, _, form in entries)
    cache["lexicon"] = pack([digest, *words.dump(), *rest.dump()])
    return words, rest


def _build(entries: list[Entry], write_out: Callable[[Form], Iterable[Variant]]) -> tuple[WordTable, WordTable]:
    words: dict[str, list[Use]] = {}
    rest: dict[str, list[Use]] = {}
    for number, (_, _, form) in enumerate(entries):
        for variant in write_out(form):
            text = variant.text
            if form.open_left or form.open_right or not _is_wordy(text):
                rest.setdefault(text, []).append(Use(number, None, variant.capitals))
            else:
                key = " ".join(_TOKEN.findall(text))
                words.setdefault(key, []).append(Use(number, None if key == text else text, variant.capitals))
    return WordTable.build(words), WordTable.build(rest)


def _is_wordy(text: str) -> bool:
    """Whether a text can be cut into tokens, one byte a letter."""
    return _encodable(text) and text[0].isalnum() and text[-1].isalnum()


def _encodable(text: str) -> bool:
    try:
        text.encode("cp1251")
    except UnicodeEncodeError:
        return False
    return True


def _heads(keys: Iterable[bytes]) -> dict[bytes, tuple[int, ...]]:
    """First words, with the numbers of words that phrases beginning so have."""
    sizes: dict[bytes, tuple[int, ...]] = {}
    for key in keys:
        head, _, _ = key.partition(b" ")
        size = key.count(b" ") + 1
        known = sizes.get(head)
        if known is None:
            sizes[head] = (size,)
        elif size not in known:
            sizes[head] = (*known, size)
    return sizes


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
    """Writes out forms, except those that the last rulebook had too: an edit costs only what it changes."""

    def __init__(self, cache: MutableMapping[str, bytes]) -> None:
        self._cache = cache
        self._digest = _digest("forms")
        stored = _stored(cache, "forms", self._digest)
        self._known: dict[str, list[tuple[str, list[int]]]] = json.loads(stored[0]) if stored else {}

    def __call__(self, form: Form) -> Iterable[Variant]:
        key = json.dumps(_form_key(form))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = [(variant.text, list(variant.capitals)) for variant in expand(form)]
        return [Variant(text, tuple(capitals)) for text, capitals in known]

    def keep(self, used: Iterable[Form]) -> None:
        """Store the forms of this rulebook and forget all others."""
        keys = {json.dumps(_form_key(form)) for form in used}
        kept = {key: value for key, value in self._known.items() if key in keys}
        self._cache["forms"] = pack([self._digest, json.dumps(kept, ensure_ascii=False).encode()])


# --- boundaries -------------------------------------------------------------------------------------------


def _occurrences(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


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
