"""Headlines compared as a reader compares them: letters and figures count, dress does not. It matches no rules."""

import re
import unicodedata

# Kana, Han with its extensions: scripts written without spaces, where a word is one or two characters.
_DENSE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_DENSE_CHAR = re.compile(f"[{_DENSE}]")
_DENSE_GAP = re.compile(f"(?<=[{_DENSE}]) | (?=[{_DENSE}])")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\ufe0e\ufe0f]")
_TELLING = frozenset("%+№°")  # signs that carry meaning beside a figure; currency signs do too


def fold(title: str) -> str:
    """The headline without case, punctuation, quotes, kinds of dash and space, ё for е, full-width forms.

    "«Сила Сибири – 2»: цена" and "Сила Сибири-2 : цена" fold alike; "1,5%" and "15%" do not. Idempotent.
    """
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", title)).casefold().replace("ё", "е")
    # casefold can undo composition ("ŉ"), hence a second time
    text = unicodedata.normalize("NFKC", text)
    words = "".join(char if _counts(char) else " " for char in text).split()
    return _DENSE_GAP.sub("", " ".join(words))


def weight(text: str) -> int:
    """Roughly how many words a text holds: two dense characters (Han, kana) count as one word."""
    dense = len(_DENSE_CHAR.findall(text))
    return len(_DENSE_CHAR.sub(" ", text).split()) + (dense + 1) // 2


def is_dense(text: str) -> bool:
    """Whether the text is mostly in a script written without spaces."""
    return 3 * len(_DENSE_CHAR.findall(text)) > len(text)


def _counts(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM" or unicodedata.category(char) == "Sc" or char in _TELLING
