"""Text that was decoded with the wrong encoding before it came into the feed, made whole where that is certain. Pure.

Certain means: all of it is valid in the right encoding again, which ordinary text is not, and of that there is enough
to rule out chance. Anything less is left as it is: a garbled headline is seen and forgiven, a falsified one is not.
"""

import codecs
import re

from monitor.adapters.parse.text.legibility import legibility

_HEAD = 400
_MISTAKEN = {"cp1252": 0, "cp1251": 3, "koi8-r": 3}  # and how many characters beyond ASCII must come out at least
_C1 = "monitor.c1"
_WORDS_BEYOND_ASCII = re.compile("[\u00a1-\u00ff]{4}")  # four accented letters in a row: no word of any language
_MIXED = re.compile("[a-zA-Z][\u00c0-\u00ff]|[\u00c0-\u00ff][a-zA-Z]")  # as in real words with accents
_LEGIBLE = 0.75
_ENOUGH = 8  # characters beyond ASCII


def unmangle(text: str) -> str:
    """The text as it was meant; any that is not certainly garbled as it is.

    Known are UTF-8 read as windows-1252, windows-1251 or KOI8-R, and windows-1251 or GBK read as windows-1252.
    """
    try:
        text.encode("ascii")
        return text
    except UnicodeEncodeError as error:  # most texts are told by what follows their first foreign character
        head = text[error.start : error.start + _HEAD]
    for codec, few in _MISTAKEN.items():
        whole = _as_utf8(text, head, codec) if _PAIRS[codec].match(head) else None
        if whole is not None and len(whole) - len(whole.encode("ascii", "ignore")) >= few:
            return whole
    return _from_latin(text, head) or text


def _as_utf8(text: str, head: str, codec: str) -> str | None:
    try:
        codecs.utf_8_decode(head.encode(codec, _C1), "strict", False)
        return text.encode(codec, _C1).decode("utf-8")
    except UnicodeError:
        return None


def _from_latin(text: str, head: str) -> str:
    """Cyrillic or Chinese that was read as Latin letters; "" where it is not certain."""
    if not _WORDS_BEYOND_ASCII.search(head) or _MIXED.search(head) or _MIXED.search(text):
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


def _pair(codec: str) -> re.Pattern[str]:
    """How the first two bytes of a character in UTF-8 look in another encoding."""
    first, second = (
        re.escape("".join(bytes([byte]).decode(codec, "ignore") or chr(byte) for byte in range(*bounds)))
        for bounds in ((0xC2, 0xF5), (0x80, 0xC0))
    )
    return re.compile(f"[{first}][{second}\x80-\x9f]")


_PAIRS = {codec: _pair(codec) for codec in _MISTAKEN}
