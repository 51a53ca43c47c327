"""All words of all rules in one automaton: finds every form of every leaf in one pass over a folded text.

A leaf is a term, a phrase or a look-alike list by its number. What is found here is only raw: `reading` takes the
look-alikes out and asks for the context that a form needs.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, MutableMapping
from importlib.metadata import version
from typing import NamedTuple

import ahocorasick_rs

from monitor.core.text import forms
from monitor.core.text.chars import is_word_char
from monitor.core.text.forms import Form, Variant, expand


class Use(NamedTuple):
    """Whose pattern it is. `form`: number of the form within the leaf, or -1 for a look-alike of the whole leaf,
    or -2-n for a look-alike of form n."""

    leaf: int
    form: int
    left: bool  # a word must begin here
    right: bool
    capitals: tuple[int, ...]


class Raw(NamedTuple):
    """Something found: positions in the folded text, and the form (as in `Use`)."""

    start: int
    end: int
    form: int


class Expander:
    """Writes out forms, remembering in `cache` what an earlier run has written."""

    def __init__(self, cache: MutableMapping[str, bytes] | None) -> None:
        self._cache = cache

    def expand_all(self, wanted: Iterable[Form]) -> dict[Form, tuple[Variant, ...]]:
        """Every form with its variants."""
        forms_wanted = list(dict.fromkeys(wanted))
        if self._cache is None:
            return {form: expand(form) for form in forms_wanted}
        key = _cache_key(forms_wanted)
        stored = self._cache.get(key)
        if stored is not None:
            return dict(zip(forms_wanted, _load(stored), strict=True))
        expanded = {form: expand(form) for form in forms_wanted}
        self._cache[key] = _dump(expanded.values())
        return expanded


def _cache_key(wanted: list[Form]) -> str:
    libraries = [forms.VERSION, *(version(name) for name in ("pymorphy3", "pymorphy3-dicts-ru", "pypinyin"))]
    digest = hashlib.sha256(json.dumps(libraries).encode())
    for form in wanted:
        digest.update(repr(form).encode())
    return f"forms-{digest.hexdigest()}"


def _dump(expanded: Iterable[tuple[Variant, ...]]) -> bytes:
    return json.dumps([[[v.text, *v.capitals] for v in variants] for variants in expanded], ensure_ascii=False).encode()


def _load(stored: bytes) -> list[tuple[Variant, ...]]:
    return [tuple(Variant(text, tuple(capitals)) for text, *capitals in variants) for variants in json.loads(stored)]


class Lexicon:
    """Built once from (leaf, form number, form) triples; `scan` is pure and thread-safe."""

    def __init__(self, entries: Iterable[tuple[int, int, Form]], cache: MutableMapping[str, bytes] | None) -> None:
        listed = list(entries)
        expanded = Expander(cache).expand_all(form for _, _, form in listed)
        uses: dict[str, list[Use]] = {}
        for leaf, number, form in listed:
            for variant in expanded[form]:
                uses.setdefault(variant.text, []).append(_use(leaf, number, form, variant))
        self.patterns = list(uses)
        self._uses = [tuple(dict.fromkeys(found)) for found in uses.values()]
        self._all = ahocorasick_rs.AhoCorasick(self.patterns) if self.patterns else None
        bytewise = [(text.encode("cp1251"), i) for i, text in enumerate(self.patterns) if _encodable(text)]
        self._numbers = [i for _, i in bytewise]
        self._bytewise = ahocorasick_rs.BytesAhoCorasick([raw for raw, _ in bytewise]) if bytewise else None

    def scan(self, folded: bytes | str, has_capitals: Callable[[int, tuple[int, ...]], bool]) -> dict[int, list[Raw]]:
        """Raw finds by leaf, in order of their ends. `has_capitals(start, offsets)` looks at the original."""
        found: dict[int, list[Raw]] = {}
        if isinstance(folded, bytes):
            if self._bytewise is None:
                return found
            numbers = self._numbers
            matches = [
                (numbers[i], s, e) for i, s, e in self._bytewise.find_matches_as_indexes(folded, overlapping=True)
            ]
            text: str | None = None
        else:
            matches = self._all.find_matches_as_indexes(folded, overlapping=True) if self._all else []
            text = folded
        for number, start, end in matches:
            if text is None:
                text = folded.decode("cp1251")  # type: ignore[union-attr]  # bytes, or text were set
            for use in self._uses[number]:
                if use.left and not begins_word(text, start):
                    continue
                if use.right and not ends_word(text, end):
                    continue
                if use.capitals and not has_capitals(start, use.capitals):
                    continue
                found.setdefault(use.leaf, []).append(Raw(start, end, use.form))
        return found

    def all_forms(self) -> list[str]:
        """Every folded text that is looked for."""
        return list(self.patterns)

    def forms_of(self, leaf: int) -> list[str]:
        """The folded texts of one leaf, look-alikes left out."""
        return [
            text
            for text, uses in zip(self.patterns, self._uses, strict=True)
            if any(use.leaf == leaf and use.form >= 0 for use in uses)
        ]


def _use(leaf: int, number: int, form: Form, variant: Variant) -> Use:
    first, last = variant.text[0], variant.text[-1]
    left = not form.open_left and is_word_char(first)
    right = not form.open_right and is_word_char(last) and not "\uac00" <= last <= "\ud7af"
    return Use(leaf, number, left, right, variant.capitals)


def _encodable(text: str) -> bool:
    try:
        text.encode("cp1251")
    except UnicodeEncodeError:
        return False
    return True


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
