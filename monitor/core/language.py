"""Which language a stretch of text is mostly written in: by script, telling letters and small words.

Good enough to notice that a Russian feed has become a Chinese one, or a page in English; too coarse for anything else.
"""

import re
import unicodedata
from collections import Counter
from functools import cache

LEAST_LETTERS = 120  # below this a text is too short to say; Han, kana and Hangul count threefold
MOSTLY = 0.6  # share of the letters that the leading script must have
_COMPARED = 1_500  # characters that are looked at
_LETTERS = re.compile(r"[^\W\d_]+")

# First and last code point of a script's letters, and how many letters of a word each stands for.
_SCRIPTS: tuple[tuple[str, int, int, int], ...] = (
    ("Latn", 0x41, 0x24F, 1),
    ("Grek", 0x370, 0x3FF, 1),
    ("Cyrl", 0x400, 0x52F, 1),
    ("Armn", 0x530, 0x58F, 1),
    ("Hebr", 0x590, 0x5FF, 1),
    ("Arab", 0x600, 0x6FF, 1),
    ("Deva", 0x900, 0x97F, 1),
    ("Thai", 0xE00, 0xE7F, 1),
    ("Geor", 0x10A0, 0x10FF, 1),
    ("Latn", 0x1E00, 0x1EFF, 1),
    ("Kana", 0x3040, 0x30FF, 3),
    ("Hani", 0x3400, 0x9FFF, 3),
    ("Hang", 0xAC00, 0xD7AF, 3),
)
_ALONE = {"Grek": "el", "Armn": "hy", "Hebr": "he", "Deva": "hi", "Thai": "th", "Geor": "ka", "Hang": "ko"}
# Letters that one language has and its neighbours lack; the first that makes up its share decides.
_CYRILLIC = (
    ("kk", "әғқңұүһ", 0.01),
    ("sr", "ђћџљњј", 0.01),
    ("be", "ў", 0.002),
    ("uk", "їєґі", 0.01),
    ("ru", "ыэё", 0.004),
)
_ARABIC = (("fa", "پچژگی", 0.02), ("ar", "ةىي", 0.01))
_SMALL_WORDS = {
    "en": "the of and to in is for on with at by from as that was are after over",
    "de": "der die das und in den von zu mit im für auf ist nicht ein eine dem nach",
    "fr": "le la les de des et en du un une pour dans est sur au aux par que",
    "es": "el la los las de del y en que un una por con para es se al su",
    "it": "il lo la di del della e in che un una per con è dei nel alla",
    "pt": "o os as de do da e em que um uma por com para no na dos ao",
    "pl": "i w na z do się że nie to jest o po za od przez jak",
    "nl": "de het een van en in op te dat met voor is zijn niet aan",
    "sv": "och i att det som på en är av för med till den har inte",
    "fi": "ja on ei että se oli mutta kun myös ovat sen hän tai",
    "tr": "ve bir bu için ile da de olarak çok daha gibi kadar",
    "et": "ja on ei et see oli kui ka ning mis oma",
    "lv": "un ir par no ar uz kas lai bet tika pēc",
    "lt": "ir yra kad su iš į apie bet buvo po kaip",
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _words in _SMALL_WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF.setdefault(_word, []).append(_language)
_UNKNOWN = "und-"

_NAMES = {
    "ru": "Russian", "uk": "Ukrainian", "be": "Belarusian", "kk": "Kazakh", "sr": "Serbian", "bg": "Bulgarian",
    "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "en": "English", "de": "German", "fr": "French",
    "es": "Spanish", "it": "Italian", "pt": "Portuguese", "pl": "Polish", "nl": "Dutch", "sv": "Swedish",
    "fi": "Finnish", "tr": "Turkish", "et": "Estonian", "lv": "Latvian", "lt": "Lithuanian", "fa": "Persian",
    "ar": "Arabic", "el": "Greek", "hy": "Armenian", "he": "Hebrew", "hi": "Hindi", "th": "Thai", "ka": "Georgian",
    "und-Latn": "Latin letters", "und-Cyrl": "Cyrillic letters", "und-Arab": "Arabic letters",
}  # fmt: skip


def guess(text: str) -> str:
    """BCP 47 code of what the text is mostly written in; `und-Latn` for a script alone; "" where it can't be told."""
    text = unicodedata.normalize("NFC", text[:_COMPARED]).casefold()
    letters = Counter("".join(_LETTERS.findall(text)))
    weights: Counter[str] = Counter()
    for letter, count in letters.items():
        script, weight = _script(letter)
        weights[script] += count * weight
    weights.pop("", None)
    total = sum(weights.values())
    if total < LEAST_LETTERS:
        return ""
    if weights["Kana"] >= 0.05 * total and weights["Kana"] + weights["Hani"] >= MOSTLY * total:
        return "ja"
    script, most = weights.most_common(1)[0]
    if most < MOSTLY * total:
        return ""
    if script == "Hani":
        return "zh"
    if script == "Cyrl":
        return _by_letters(letters, most, _CYRILLIC) or ("bg" if letters["ъ"] >= 0.01 * most else f"{_UNKNOWN}Cyrl")
    if script == "Arab":
        return _by_letters(letters, most, _ARABIC) or f"{_UNKNOWN}Arab"
    return _ALONE.get(script) or _by_words(text) or f"{_UNKNOWN}{script}"


def differ(one: str, other: str) -> bool:
    """Whether two guesses are of different languages; a script alone differs only from other scripts."""
    if not one or not other or one == other:
        return False
    if one.startswith(_UNKNOWN) or other.startswith(_UNKNOWN):
        return _script_of(one) != _script_of(other)
    return True


def name(code: str) -> str:
    """The language in English words; its code where we have none."""
    return _NAMES.get(code, code)


@cache
def _script(letter: str) -> tuple[str, int]:
    point = ord(letter)
    return next(((script, weight) for script, first, last, weight in _SCRIPTS if first <= point <= last), ("", 0))


def _by_letters(letters: Counter[str], total: int, table: tuple[tuple[str, str, float], ...]) -> str:
    shares = ((code, sum(letters[letter] for letter in telling) / total, least) for code, telling, least in table)
    return next((code for code, share, least in shares if share >= least), "")


def _by_words(text: str) -> str:
    words = _LETTERS.findall(text)
    found = Counter(code for word in words for code in _LANGUAGES_OF.get(word, ()))
    (first, most), (_, second) = (*found.most_common(2), ("", 0), ("", 0))[:2]
    return first if most >= max(3, 0.04 * len(words), 1.3 * second) else ""


def _script_of(code: str) -> str:
    if code.startswith(_UNKNOWN):
        return code.removeprefix(_UNKNOWN)
    if code in _SMALL_WORDS:
        return "Latn"
    if code == "bg" or any(code == each for each, _, _ in _CYRILLIC):
        return "Cyrl"
    return "Arab" if any(code == each for each, _, _ in _ARABIC) else code
