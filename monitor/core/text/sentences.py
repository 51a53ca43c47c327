"""Where sentences begin: good enough to ask whether two words stand in one sentence. Not a grammar."""

import re

from monitor.core.text.chars import FIELD_BREAK

_CLOSERS = "\u300d\u300f\u201d\u2019\"\u00bb')\\]\uff09"
_END = re.compile(f"[。！？]+[{_CLOSERS}]*|[!?…]+[{_CLOSERS}]*(?=\\s)|\\.+[{_CLOSERS}]*(?=\\s)|\n|{FIELD_BREAK}")
_WORD_BEFORE = re.compile(r"([^\W\d_]+)$")
_ABBREVIATIONS = frozenset(
    [
        *(
            "ст",
            "ч",
            "п",
            "пп",
            "стр",
            "рис",
            "г",
            "гг",
            "в",
            "вв",
            "ул",
            "пр",
            "им",
            "тыс",
            "млн",
            "млрд",
            "трлн",
            "куб",
            "кв",
        ),
        *(
            "руб",
            "долл",
            "т",
            "д",
            "е",
            "др",
            "см",
            "ср",
            "о",
            "р",
            "оз",
            "обл",
            "респ",
            "пос",
            "с",
            "акад",
            "проф",
            "гр",
            "экз",
        ),
        *(
            "mr",
            "mrs",
            "ms",
            "dr",
            "st",
            "no",
            "vs",
            "gen",
            "col",
            "lt",
            "sgt",
            "capt",
            "art",
            "sec",
            "jr",
            "sr",
            "rep",
            "sen",
        ),
        *(
            "gov",
            "prof",
            "inc",
            "ltd",
            "corp",
            "co",
            "dept",
            "fig",
            "approx",
            "jan",
            "feb",
            "mar",
            "apr",
            "jun",
            "jul",
            "aug",
        ),
        *("sept", "sep", "oct", "nov", "dec", "bn", "mn", "cu", "mt", "ft", "etc"),
    ]
)


def sentence_starts(text: str) -> list[int]:
    """Positions in `text` where a sentence begins, the first being 0.

    The end of a field is an end; so is that of a line, unless it was only wrapped: then it goes on in lower case.
    """
    starts = [0]
    for match in _END.finditer(text):
        end = match.end()
        if match[0] == FIELD_BREAK or match[0][0] in "。！？" or _ends(text, match):
            starts.append(end)
    return starts


def _ends(text: str, mark: re.Match[str]) -> bool:
    after = text[mark.end() : mark.end() + 8].lstrip()
    if after[:1].islower():
        return False
    if mark[0] != ".":  # a line, a question, an exclamation
        return True
    word = _WORD_BEFORE.search(text[max(0, mark.start() - 20) : mark.start()])
    if word is None:
        return True
    return len(word[1]) > 1 and word[1].lower() not in _ABBREVIATIONS
