"""What becomes of each character when text is folded for matching, and which characters make up which scripts.

Tables only; what looks at neighbours lives in `normalise`.
"""

import re
import unicodedata
from functools import cache
from importlib.resources import files

# The unit separator stands between the fields of an item and is the one control character that survives folding.
FIELD_BREAK = "\x1f"

DASHES = "-_\u058a\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
QUOTES = (
    "\"'`\u00ab\u00bb\u00b4\u02b9\u02bb\u02bc\u02bf\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f"
    "\u2032\u2033\u2039\u203a"
)
CJK_QUOTES = "\u300a\u300b\u3008\u3009\u300c\u300d\u300e\u300f\u301d\u301e\u301f\ufe41\ufe42\ufe43\ufe44\uff62\uff63"
MIDDLE_DOTS = "\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65\u318d\u119e"
_STRESSED = {"\u0451": "\u0435", "\u0450": "\u0435", "\u045d": "\u0438"}  # ё, and е and и with a grave accent
STRESS = "\u0300\u0301\u0340\u0341"

HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
HANGUL = "\u1100-\u11ff\u3131-\u318e\uac00-\ud7af"

_unspaced = re.compile(f"[{HAN}{KANA}]")


@cache
def is_unspaced(char: str) -> bool:
    """True for Han and Kana, which are written without spaces: no word boundary is asked of them."""
    return _unspaced.match(char) is not None


@cache
def is_word_char(char: str) -> bool:
    """True for a letter, mark or digit of a script that puts spaces between words."""
    return (char.isalnum() or unicodedata.category(char)[0] == "M") and not is_unspaced(char)


@cache
def simplified() -> dict[str, str]:
    """Traditional and Japanese → simplified Han, character by character, from the tables of OpenCC."""
    table = {old: new[0] for old, new in _variants("TSCharacters") if len(old) == 1}
    for old, new in _variants("JPVariants"):
        # Some Japanese characters are also Chinese ones with a meaning of their own (弁, 浜): those stay.
        table |= {char: table.get(old, old) for char in new if char not in table and not _is_chinese(char)}
    return table


def _variants(name: str) -> list[tuple[str, list[str]]]:
    lines = files("opencc").joinpath("dictionary", f"{name}.txt").read_text("utf-8").splitlines()
    return [(old, new.split()) for old, tab, new in (line.partition("\t") for line in lines) if tab]


def _is_chinese(char: str) -> bool:
    """Whether a character is among those that simplified Chinese has."""
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _fold_once(char: str) -> str:
    if char in QUOTES or char in CJK_QUOTES:
        return '"'
    if char in DASHES:
        return "-"
    if char in MIDDLE_DOTS:
        return "\u00b7"
    if char == "\u2116":  # the sign № before a number
        return " "
    if char in "&<>":  # whatever mark-up survives unescaping must not be unescaped again
        return " "
    if char in STRESS or "\ufe00" <= char <= "\ufe0f" or char == "\u034f":
        return ""
    category = unicodedata.category(char)
    if category == "Cf":
        return ""
    if category == "Cs":  # half of a character: no scanner takes it
        return "\ufffd"
    if category in {"Zs", "Zl", "Zp"} or (category == "Cc" and char != FIELD_BREAK):
        return " "
    if char in _STRESSED:
        return _STRESSED[char]
    if char == "\u2026":
        return "."
    plain = unicodedata.normalize("NFKC", char).casefold()
    return simplified().get(plain, plain) if plain > "\u2e80" else plain


@cache
def fold_char(char: str) -> str:
    """The folded form of one character: none, one or several characters; folding them again changes nothing."""
    text = char
    for _ in range(8):
        # Composed, because a letter whose stress mark went may stand alone with another mark: U+03B0.
        again = unicodedata.normalize("NFC", "".join(map(_fold_once, text)))
        if again == text:
            break
        text = again
    return text


# Normalising sorts the marks on a letter, and takes the square of their number: a pile of a hundred thousand would take
# minutes. Thirty is what Unicode's stream-safe text allows; in short text the rest does no harm.
LONG, MOST_MARKS = 2000, 30


@cache
def _marks() -> frozenset[str]:
    marks = [
        char
        for char in map(chr, (*range(0x300, 0xD800), *range(0xE000, 0x1F000)))
        if all(map(unicodedata.combining, unicodedata.normalize("NFKD", char))) or fold_char(char) == ""
    ]
    return frozenset(("\u00ad", *marks))


@cache
def piles() -> re.Pattern[str]:
    """Finds more marks and invisible characters in a row than any script writes."""
    return re.compile(f"[{''.join(map(re.escape, sorted(_marks())))}]{{{MOST_MARKS + 1},}}")


@cache
def _any_mark(times: int) -> re.Pattern[str]:
    """Finds marks of the basic plane, and anything beyond it: of marks from there `re` would search a list."""
    basic = "".join(re.escape(mark) for mark in sorted(_marks()) if mark < "\U00010000")
    return re.compile(f"[{basic}\U00010000-\U0010ffff]{{{times}}}")


def limit_marks(text: str) -> str:
    """Long text with at most thirty marks on a letter."""
    # A pile holds one of every 31st characters and six in a row of every fifth: most text is told by these.
    if len(text) <= LONG or text.isascii() or not _any_mark(1).search(text[:: MOST_MARKS + 1]):
        return text
    if not _any_mark(6).search(text[::5]):
        return text
    return piles().sub(lambda pile: pile[0][:MOST_MARKS], text)


class FoldTable(dict[int, str]):
    """For `str.translate`: folds each character when it is first met, then remembers.

    `uneven` holds the characters met so far that become none or several.
    """

    def __init__(self) -> None:
        self.uneven: set[str] = set()

    def __missing__(self, code: int) -> str:
        folded = fold_char(chr(code))
        if len(folded) != 1:
            self.uneven.add(chr(code))
        self[code] = folded
        return folded


@cache
def traditional() -> re.Pattern[str]:
    """Finds traditional Han of the basic plane; with rarer ones `re` would search a list instead of a table."""
    basic = [old for old, new in simplified().items() if old != new and old <= "\uffff"]
    return re.compile(f"[{''.join(basic)}]")


@cache
def changing() -> re.Pattern[str]:
    """Finds every character that folding changes, and a few that it leaves alone.

    Left out are ranges that stay as they are, and Han that is not traditional: nearly all of a Chinese text. To fold
    only the rest takes a third of the time of looking up every character.
    """
    stay = [char for char in map(chr, range(0x4E00, 0xA000)) if simplified().get(char, char) == char]
    return re.compile(f"[^ a-z0-9.,\u0430-\u044f\u3001\u3002\u3042-\u3094\u30a2-\u30f4\uac00-\ud7a3{''.join(stay)}]")
