"""Pinyin syllables and their other spellings: Cyrillic by Palladius, Wade–Giles."""

import unicodedata
from functools import cache

_INITIALS = {
    "b": "б", "p": "п", "m": "м", "f": "ф", "d": "д", "t": "т", "n": "н", "l": "л", "g": "г", "k": "к", "h": "х",
    "j": "цз", "q": "ц", "x": "с", "zh": "чж", "ch": "ч", "sh": "ш", "r": "ж", "z": "цз", "c": "ц", "s": "с",
}  # fmt: skip
_FINALS = {
    "a": "а", "o": "о", "e": "э", "ai": "ай", "ei": "эй", "ao": "ао", "ou": "оу", "an": "ань", "en": "энь",
    "ang": "ан", "eng": "эн", "ong": "ун", "i": "и", "ia": "я", "ie": "е", "iao": "яо", "iu": "ю", "ian": "янь",
    "in": "инь", "iang": "ян", "ing": "ин", "iong": "юн", "u": "у", "ua": "уа", "uo": "о", "uai": "уай", "ui": "уй",
    "uan": "уань", "un": "унь", "uang": "уан", "ü": "юй", "üe": "юэ", "üan": "юань", "ün": "юнь",
}  # fmt: skip
_ALONE = {
    "a": "а", "o": "о", "e": "э", "ai": "ай", "ei": "эй", "ao": "ао", "ou": "оу", "an": "ань", "en": "энь",
    "ang": "ан", "eng": "эн", "er": "эр", "wa": "ва", "wo": "во", "wai": "вай", "wei": "вэй", "wan": "вань",
    "wen": "вэнь", "wang": "ван", "weng": "вэн", "wu": "у", "ya": "я", "yo": "йо", "ye": "е", "yao": "яо",
    "you": "ю", "yan": "янь", "yin": "инь", "yang": "ян", "ying": "ин", "yong": "юн", "yi": "и", "yu": "юй",
    "yue": "юэ", "yuan": "юань", "yun": "юнь", "hui": "хуэй", "zi": "цзы", "ci": "цы", "si": "сы",
}  # fmt: skip
_AFTER: dict[str, str] = {  # which finals an initial takes, in pinyin spelling
    "b": "a o ai ei ao an en ang eng i ie iao ian in ing u",
    "p": "a o ai ei ao ou an en ang eng i ie iao ian in ing u",
    "m": "a o e ai ei ao ou an en ang eng i ie iao iu ian in ing u",
    "f": "a o ei ou an en ang eng u",
    "d": "a e ai ei ao ou an en ang eng ong i ia ie iao iu ian ing u uo ui uan un",
    "t": "a e ai ao ou an ang eng ong i ie iao ian ing u uo ui uan un",
    "n": "a e ai ei ao ou an en ang eng ong i ie iao iu ian in iang ing u uo uan ü üe",
    "l": "a o e ai ei ao ou an ang eng ong i ia ie iao iu ian in iang ing u uo uan un ü üe",
    "g": "a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang",
    "k": "a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang",
    "h": "a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang",
    "j": "i ia ie iao iu ian in iang ing iong u ue uan un",
    "q": "i ia ie iao iu ian in iang ing iong u ue uan un",
    "x": "i ia ie iao iu ian in iang ing iong u ue uan un",
    "zh": "a e ai ei ao ou an en ang eng ong i u ua uo uai ui uan un uang",
    "ch": "a e ai ao ou an en ang eng ong i u ua uo uai ui uan un uang",
    "sh": "a e ai ei ao ou an en ang eng i u ua uo uai ui uan un uang",
    "r": "e ao ou an en ang eng ong i u ua uo ui uan un",
    "z": "a e ai ei ao ou an en ang eng ong i u uo ui uan un",
    "c": "a e ai ao ou an en ang eng ong i u uo ui uan un",
    "s": "a e ai ao ou an en ang eng ong i u uo ui uan un",
}
_WG_INITIALS = {
    "b": "p", "p": "p'", "d": "t", "t": "t'", "g": "k", "k": "k'", "j": "ch", "q": "ch'", "zh": "ch", "ch": "ch'",
    "z": "ts", "c": "ts'", "r": "j", "x": "hs",
}  # fmt: skip
_WG_WHOLE = {
    "zi": "tzu", "ci": "tz'u", "si": "szu", "zhi": "chih", "chi": "ch'ih", "shi": "shih", "ri": "jih", "yi": "i",
    "you": "yu", "yan": "yen", "ye": "yeh", "yu": "yü", "yue": "yüeh", "yuan": "yüan", "yun": "yün", "yong": "yung",
    "er": "erh", "ge": "ko", "ke": "k'o", "he": "ho", "gui": "kuei", "kui": "k'uei", "e": "o",
}  # fmt: skip
_WG_FINALS = {
    "ie": "ieh", "ian": "ien", "ong": "ung", "iong": "iung", "üe": "üeh", "uo": "o",
}  # fmt: skip
_TONES = "\u0304\u0301\u030c\u0300"


def _split(syllable: str) -> tuple[str, str]:
    """Initial and final, with ü written out after j, q, x."""
    initial = next((one for one in ("zh", "ch", "sh") if syllable.startswith(one)), syllable[:1])
    final = syllable[len(initial) :]
    if initial in {"j", "q", "x"} and final.startswith("u"):
        final = "ü" + final[1:]
    return initial, final


@cache
def palladius_table() -> dict[str, str]:
    """Every syllable of pinyin, without tone, in Cyrillic."""
    table = {}
    for initial, finals in _AFTER.items():
        for spelt in finals.split():
            _, final = _split(initial + spelt)
            table[initial + spelt] = _INITIALS[initial] + _FINALS[final]
    return table | _ALONE


def palladius(syllables: tuple[str, ...]) -> str:
    """One Cyrillic word of several syllables, with ъ where н and a vowel would run together (Чанъань)."""
    out = ""
    for syllable in syllables:
        spelt = palladius_table()[syllable]
        out += ("ъ" if out.endswith("н") and spelt[0] in "аоэуяюеий" else "") + spelt
    return out


def wade_giles(syllable: str) -> str:
    """One syllable in Wade–Giles, with its apostrophe and ü."""
    if syllable in _WG_WHOLE:
        return _WG_WHOLE[syllable]
    initial, final = _split(syllable)
    if initial in {"w", "y", "a", "e", "o"}:
        return syllable
    if final == "uo" and initial in {"g", "k", "h", "sh"}:
        return _WG_INITIALS.get(initial, initial) + "uo"
    return _WG_INITIALS.get(initial, initial) + _WG_FINALS.get(final, final)


def without_tones(text: str) -> str:
    """Pinyin without its tone marks; ü stays."""
    plain = "".join(char for char in unicodedata.normalize("NFD", text) if char not in _TONES)
    return unicodedata.normalize("NFC", plain)


def all_tones(syllable: str) -> list[str]:
    """A syllable in each of its four tones; the mark stands on a, e or the o of ou, else on the last vowel."""
    vowels = [i for i, char in enumerate(syllable) if char in "aeiouü"]
    if not vowels:
        return []
    at = next((i for i in vowels if syllable[i] in "ae"), syllable.find("ou") if "ou" in syllable else vowels[-1])
    return [unicodedata.normalize("NFC", syllable[: at + 1] + tone + syllable[at + 1 :]) for tone in _TONES]


@cache
def syllables(word: str) -> tuple[str, ...] | None:
    """A pinyin word (lower case, no tones) cut into as few syllables as possible; None where it is not pinyin."""
    if word in palladius_table():
        return (word,)
    best: tuple[str, ...] | None = None
    for size in range(min(6, len(word) - 1), 0, -1):
        if word[:size] in palladius_table():
            rest = syllables(word[size:])
            if rest is not None and (best is None or len(rest) + 1 < len(best)):
                best = (word[:size], *rest)
    return best
