"""Folds text for matching, once for each text, and maps places in the folded text back to the original.

Folding makes alike what a reader takes for the same: case, ё and е, dashes, quotation marks, kinds of space, full
width, traditional and simplified Han, stress marks, soft hyphens, left-over entities, Latin letters inside a Cyrillic
word. It never merges different words: й stays й. A run of spaces, dashes and quotation marks becomes one space.

`fold` is the fast way and keeps no map; `align` does the same with one. Most Russian and English text needs only a
change of bytes, and comes back as cp1251 bytes: one byte a character, so that positions in either form agree.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import unescape

from monitor.core.text.chars import (
    FIELD_BREAK,
    HAN,
    HANGUL,
    KANA,
    LONG,
    MOST_MARKS,
    FoldTable,
    changing,
    fold_char,
    piles,
    traditional,
)

_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|(?:nbsp|quot|laquo|raquo|amp|shy|[mn]dash);?|[a-zA-Z][a-zA-Z0-9]{1,31};)"
)
_TAG = re.compile(rf"<(?:/?[a-zA-Z][^<>{FIELD_BREAK}]{{0,300}}|!--[^<>{FIELD_BREAK}]{{0,300}}--)>")
_table = FoldTable()

# What needs its neighbours: gaps, pinyin glosses, words of two alphabets.
_GAP = re.compile(r'[ "\-\u00b7]+')
_unspaced_char = re.compile(f"[{HAN}{KANA}]")
_cjk_char = re.compile(f"[{HAN}{KANA}{HANGUL}]")
_GLOSS = re.compile(
    f"(?<=[{HAN}])\\([a-z\u00fc\u0101\u00e1\u01ce\u00e0\u0113\u00e9\u011b\u00e8\u012b\u00ed\u01d0\u00ec\u014d\u00f3\u01d2\u00f2\u016b\u00fa\u01d4\u00f9\u01d6\u01d8\u01da\u01dc]{{1,6}}\\)(?=[{HAN}])"
)
_ALPHABETIC = re.compile("[a-z\u03b1-\u03c9\u0430-\u045f\u0491]{2,}+(?![\u0300-\u036f])")
_TO_CYRILLIC = str.maketrans("aceopxykmthbi" + "αοερκτυχνημβι", "асеорхукмтнві" + "аоеркт" + "ухннмві")
_TO_LATIN = str.maketrans("асеорхукмтнві", "aceopxykmthbi")
_cyrillic = re.compile("[\u0430-\u045f\u0491]")
_foreign = re.compile("[a-z\u03b1-\u03c9]")


@dataclass(frozen=True, slots=True)
class Shift:
    """Where one step of folding moved things: parallel tuples over its edits, in order."""

    new_start: tuple[int, ...]
    new_end: tuple[int, ...]
    old_start: tuple[int, ...]
    old_end: tuple[int, ...]

    def back(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the old text that became `[start, end)` of the new one; `end > start`."""
        return self._place(start)[0], self._place(end - 1)[1]

    def _place(self, at: int) -> tuple[int, int]:
        i = bisect_right(self.new_start, at) - 1
        # A deletion leaves nothing behind, so the edit that holds `at` may stand before it.
        while i >= 0 and self.new_start[i] == at and self.new_end[i] == at:
            old = self.old_end[i]
            return old, old + 1
        if i < 0:
            return at, at + 1
        if at < self.new_end[i]:
            return self.old_start[i], self.old_end[i]
        old = at + self.old_end[i] - self.new_end[i]
        return old, old + 1


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text with the way back to the original."""

    text: str
    shifts: tuple[Shift, ...] = ()

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original that became `text[start:end]`; the stretch must not be empty."""
        for shift in reversed(self.shifts):
            start, end = shift.back(start, end)
        return start, end


def fold(text: str) -> str:
    """The folded form of `text`. Folding twice is folding once."""
    folded = fold_fast(text)
    return folded if isinstance(folded, str) else folded.decode("cp1251")


def fold_fast(text: str) -> bytes | str:
    """As `fold`; cp1251 bytes where the text could be folded byte by byte, else a string."""
    return tighten(fold_loosely(text))


def fold_loosely(text: str) -> bytes | str:
    """As `fold_fast`, but bytes may still hold runs of spaces: enough to look for words in, and half the work."""
    try:
        raw = text.encode("cp1251")
    except UnicodeEncodeError:
        return _fold(text, None)
    change, delete, kind = _byte_tables()
    raw = raw.translate(change, delete)
    kinds = raw.translate(kind)
    if b"!" in kinds or (b"L" in kinds and b"C" in kinds and (b"LC" in kinds or b"CL" in kinds)):
        return _fold(text, None)
    return raw


def tighten(folded: bytes | str) -> bytes | str:
    """The result of `fold_loosely` with single spaces."""
    if isinstance(folded, bytes):
        while b"  " in folded:
            folded = folded.replace(b"  ", b" ")
    return folded


def align(text: str) -> Folded:
    """The folded form of `text` with the map back to it: `align(t).text == fold(t)`."""
    narrow = fold_fast(text)
    if isinstance(narrow, bytes) and not any(char in text for char in _vanishing()):
        return _align_bytes(text, narrow)
    shifts: list[Shift] = []
    folded = _fold(text, shifts)
    return Folded(folded, tuple(shifts))


def _align_bytes(text: str, folded: bytes) -> Folded:
    """The map of a text that was folded byte by byte: only runs of spaces have become shorter."""
    if len(folded) == len(text):
        return Folded(folded.decode("cp1251"))
    change, delete, _ = _byte_tables()
    edits, cut = [], 0
    for run in re.finditer(b"  +", text.encode("cp1251").translate(change, delete)):
        start, end = run.span()
        edits.append((start - cut, start - cut + 1, start, end))
        cut += end - start - 1
    return Folded(folded.decode("cp1251"), (Shift(*zip(*edits, strict=True)),))


@cache
def _vanishing() -> str:
    """The characters that vanish when a text is folded byte by byte."""
    return _byte_tables()[1].decode("cp1251")


def _fold(text: str, shifts: list[Shift] | None) -> str:
    if "&" in text:
        text = _edit(_ENTITY, lambda m: unescape(m[0]), text, shifts)
        if "&" in text:
            text = _edit(_ENTITY, lambda m: unescape(m[0]), text, shifts)
    if "<" in text:
        text = _edit(_TAG, lambda _: " ", text, shifts)
    if len(text) > LONG:
        text = _edit(piles(), lambda m: m[0][:MOST_MARKS], text, shifts)
    if not unicodedata.is_normalized("NFC", text) or _loose_marks().search(text):
        text = _edit(_clusters(), lambda m: _compose(m[0]), text, shifts)
    text = _change(text) if shifts is None else _translate(text, shifts)
    if "(" in text:
        text = _edit(_GLOSS, lambda _: "", text, shifts)
    text = _edit(_GAP, _bridge, text, shifts)
    return _ALPHABETIC.sub(_one_alphabet, text) if _cyrillic.search(text) else text


def _change(text: str) -> str:
    """`str.translate` by the table; where few characters change, only these are looked up."""
    if traditional().search(text):
        return text.translate(_table)
    return changing().sub(lambda m: _table[ord(m[0])], text)


def _edit(
    pattern: re.Pattern[str], change: Callable[[re.Match[str]], str], text: str, shifts: list[Shift] | None
) -> str:
    if shifts is None:
        return pattern.sub(change, text)
    parts: list[str] = []
    edits: list[tuple[int, int, int, int]] = []
    done = size = 0
    for match in pattern.finditer(text):
        new = change(match)
        if new == match[0]:
            continue
        start, end = match.span()
        parts += (text[done:start], new)
        size += start - done
        edits.append((size, size + len(new), start, end))
        size += len(new)
        done = end
    if not edits:
        return text
    parts.append(text[done:])
    columns = tuple(zip(*edits, strict=True))
    shifts.append(Shift(*columns))
    return "".join(parts)


def _translate(text: str, shifts: list[Shift]) -> str:
    """`str.translate` that keeps the map; only characters that become none or several leave a trace in it."""
    folded = text.translate(_table)
    if _table.uneven.isdisjoint(text):
        return folded
    parts: list[str] = []
    edits: list[tuple[int, int, int, int]] = []
    size = 0
    for at, char in enumerate(text):
        new = _table[ord(char)]
        if len(new) != 1:
            edits.append((size, size + len(new), at, at + 1))
        parts.append(new)
        size += len(new)
    if edits:
        shifts.append(Shift(*zip(*edits, strict=True)))
    return "".join(parts)


def _bridge(gap: re.Match[str]) -> str:
    """What a run of spaces, dashes, quotation marks and middle dots becomes: one space, or nothing inside Han text."""
    run, text = gap[0], gap.string
    start, end = gap.span()
    if start == 0 or end == len(text):
        return " "
    left, right = text[start - 1], text[end]
    if _unspaced_char.match(left):
        if _unspaced_char.match(right):
            return " " if " " in run or "-" in run else ""
        if right.isdigit():
            return ""
    elif left.isdigit() and _unspaced_char.match(right):
        return ""
    if run == "\u00b7" and _cjk_char.match(left) and _cjk_char.match(right):
        return ""
    return " "


def _one_alphabet(word: re.Match[str]) -> str:
    """A word that mixes Cyrillic with look-alikes of another alphabet, in the alphabet that can spell all of it."""
    text = word[0]
    if not (_cyrillic.search(text) and _foreign.search(text)):
        return text
    cyrillic = text.translate(_TO_CYRILLIC)
    if not _foreign.search(cyrillic):
        return cyrillic
    latin = text.translate(_TO_LATIN)
    return text if _cyrillic.search(latin) else latin


# --- composing: only for text that is not NFC already -----------------------------------------------------


@cache
def _loose_marks() -> re.Pattern[str]:
    """Characters that fold into combining marks, or that fold away from between a letter and its mark."""
    return re.compile("[\uff9e\uff9f\u0300-\u036f]")


@cache
def _clusters() -> re.Pattern[str]:
    marks, ignorable = [], []
    for code in range(0x300, 0x10000):
        char = chr(code)
        if unicodedata.category(char)[0] == "M" or char in "\uff9e\uff9f":
            marks.append(char)
        elif fold_char(char) == "" and not 0xD800 <= code < 0xE000:
            ignorable.append(char)
    loose = "".join(map(re.escape, [*marks, *ignorable, "\u00ad"]))
    jamo = "\u1100-\u11ff\u3131-\u318e\uac00-\ud7af\uffa0-\uffdc"
    changed = "\u0340-\u0374\u037e\u0387\u1f71-\u2126\u212a-\u232a\u2adc\uf900-\ufb4e"  # NFC may change one alone
    return re.compile(f"[{jamo}][{jamo}{loose}]+|[^ {loose}][{loose}]+|[{loose}]+|[{changed}]")


def _compose(cluster: str) -> str:
    """A letter with its marks, folded, in one piece where there is one, without stress and invisible characters."""
    for _ in range(8):
        composed = unicodedata.normalize("NFC", cluster)
        composed = unicodedata.normalize("NFC", "".join(map(fold_char, composed)))
        if composed == cluster:
            break
        cluster = composed
    return cluster


# --- the fast way: one byte a character -------------------------------------------------------------------


@cache
def _byte_tables() -> tuple[bytes, bytes, bytes]:
    """For cp1251: what each byte becomes, which bytes vanish, and what kind of letter a folded byte is.

    Kinds: L Latin, C Cyrillic, ! not to be folded byte by byte (an entity or tag may begin here, or the character
    becomes several), a dot for the rest.
    """
    change, delete, kind = bytearray(256), bytearray(), bytearray(b"." * 256)
    for byte in range(256):
        char = bytes([byte]).decode("cp1251", "replace")
        new = fold_char(char)
        if new == "":
            delete.append(byte)
        elif char in "&<\ufffd\0":
            change[byte] = 0
        else:
            new = " " if new in '-"\u00b7' else new
            raw = new.encode("cp1251", "ignore") if len(new) == 1 else b""
            change[byte] = raw[0] if raw else 0
    for byte in range(256):
        char = bytes([byte]).decode("cp1251", "replace")
        kind[byte] = ord("!" if byte == 0 else "L" if _foreign.match(char) else "C" if _cyrillic.match(char) else ".")
    return bytes(change), bytes(delete), bytes(kind)
