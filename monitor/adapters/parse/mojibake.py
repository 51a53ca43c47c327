"""Text that was decoded with the wrong encoding before it came into the feed, made whole where that is certain. Pure.

Certain means: all of it is valid in the right encoding again, which ordinary text is not, and of that there is enough
to rule out chance. Anything less is left as it is: a garbled headline is seen and forgiven, a falsified one is not.
"""

import codecs
import re

from monitor.adapters.parse.legibility import legibility

_HEAD = 400
_FEW = 3  # characters beyond ASCII that must come out of text read as Cyrillic
_C1 = "monitor.c1"
_WORDS_BEYOND_ASCII = re.compile("[\u00a1-\u00ff]{4}")  # four accented letters in a row: no word of any language
_MIXED = re.compile("[a-zA-Z][\u00c0-\u00ff]|[\u00c0-\u00ff][a-zA-Z]")  # as in real words with accents
_LEGIBLE = 0.75
_ENOUGH = 8  # characters beyond ASCII


def unmangle(text: str) -> str:
    """The text as it was meant; any that is not certainly garbled as it is.

    Known are UTF-8 read as windows-1252, windows-1251 or KOI8-R, and windows-1251 or GBK read as windows-1252.
    """
    if text.isascii():
        return text
    if (whole := _as_utf8(text, "cp1252")) is not None:
        return whole
    for codec in ("cp1251", "koi8-r"):
        whole = _as_utf8(text, codec)
        if whole is not None and len(whole) - len(whole.encode("ascii", "ignore")) >= _FEW:
            return whole
    return _from_latin(text) or text


def _as_utf8(text: str, codec: str) -> str | None:
    try:
        codecs.utf_8_decode(text[:_HEAD].encode(codec, _C1), "strict", False)  # most texts are told by their head
        return text.encode(codec, _C1).decode("utf-8")
    except UnicodeError:
        return None


def _from_latin(text: str) -> str:
    """Cyrillic or Chinese that was read as Latin letters; "" where it is not certain."""
    if not _WORDS_BEYOND_ASCII.search(text) or _MIXED.search(text):
        return ""
    try:
        raw = text.encode("cp1252", _C1)
    except UnicodeError:
        return ""
    if len(raw) - len(raw.decode("ascii", "ignore")) < _ENOUGH:
        return ""
    best, score = "", _LEGIBLE
    for codec in ("cp1251", "gb18030"):
        try:
            whole = raw.decode(codec)
        except UnicodeError:
            continue
        if (found := legibility(whole)) > score:
            best, score = whole, found
    return best


def _keep_c1(error: UnicodeError) -> tuple[bytes, int]:
    """The code pages of Windows leave some bytes undefined, which come as control characters."""
    if isinstance(error, UnicodeEncodeError) and "\x80" <= (char := error.object[error.start]) <= "\x9f":
        return char.encode("latin-1"), error.start + 1
    raise error


codecs.register_error(_C1, _keep_c1)
