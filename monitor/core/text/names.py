"""Chinese names in the scripts of the press: Han, pinyin, Cyrillic by the Palladius system, Wade–Giles.

Han to pinyin is by pypinyin, with the readings that characters have as surnames. Pinyin gives no Han: too many share
it. A name given in Cyrillic gets the spellings and cases of the press, and nothing else.
"""

import re
from dataclasses import dataclass
from itertools import product

from monitor.core.text.chars import HAN
from monitor.core.text.forms import Form, FormError, read_form
from monitor.core.text.pinyin import all_tones, palladius, syllables, wade_giles, without_tones
from monitor.core.text.russian import name_cases

NAME_KINDS = ("person", "place")

_han = re.compile(f"[{HAN}]+")
_SURNAMES = {  # characters that are read differently as surnames
    "单": "shàn", "解": "xiè", "仇": "qiú", "曾": "zēng", "查": "zhā", "任": "rén", "区": "ōu", "朴": "piáo",
    "尉": "yù", "盖": "gě", "覃": "qín", "燕": "yān", "华": "huà", "员": "yùn", "洗": "xiǎn", "翟": "zhái", "葛": "gě",
    "缪": "miào", "单于": "chányú", "尉迟": "yùchí", "万俟": "mòqí", "长孙": "zhǎngsūn",
}  # fmt: skip
_COMPOUND = frozenset(
    {
        "欧阳",
        "司马",
        "诸葛",
        "上官",
        "司徒",
        "东方",
        "独孤",
        "南宫",
        "夏侯",
        "皇甫",
        "慕容",
        "令狐",
        "端木",
        "公孙",
        "轩辕",
    }
    | {"尉迟", "长孙", "单于", "万俟"}
)
_cyrillic_only = re.compile("[а-яё '’-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Name:
    """A Chinese name taken apart: groups of syllables (surname and given name, or one group for a place)."""

    han: str
    groups: tuple[tuple[str, ...], ...]  # without tones
    toned: tuple[tuple[str, ...], ...]  # the same with tones; empty where they are not known


def read_name(text: str, kind: str) -> Name:
    """Takes Han or pinyin apart. Raises FormError where a word is not pinyin."""
    text = text.strip()
    return _read_han(text, kind) if _han.fullmatch(text) else _read_pinyin(text, kind)


def _read_han(text: str, kind: str) -> Name:
    from pypinyin import Style, lazy_pinyin

    size = 0 if kind == "place" else 2 if text[:2] in _COMPOUND and len(text) > 2 else 1
    toned = lazy_pinyin(text, style=Style.TONE, v_to_u=True)
    if kind == "person" and size == 1 and text[0] in _SURNAMES:
        toned[0] = _SURNAMES[text[0]]
    plain = [without_tones(one) for one in toned]
    if any(syllables(one) is None for one in plain):
        raise FormError("the pinyin of this name is not known; write it in pinyin")
    cut = [slice(0, size), slice(size, None)] if size and len(plain) > size else [slice(0, None)]
    return Name(text, tuple(tuple(plain[c]) for c in cut), tuple(tuple(toned[c]) for c in cut))


def _read_pinyin(text: str, kind: str) -> Name:
    groups = []
    for word in text.split():
        found: tuple[str, ...] = ()
        for piece in re.split("['’-]", without_tones(word.lower()).replace("v", "ü")):
            cut = syllables(piece)
            if cut is None:
                raise FormError(f"“{word}” is neither Han nor pinyin; give other names as forms under their language")
            found += cut
        groups.append(found)
    if kind == "person" and len(groups) > 2:
        groups = [groups[0], tuple(one for group in groups[1:] for one in group)]
    if kind == "place":
        groups = [tuple(one for group in groups for one in group)]
    marked = re.search(
        "[\u0101\u00e1\u01ce\u00e0\u0113\u00e9\u011b\u00e8\u012b\u00ed\u01d0\u00ec\u014d\u00f3\u01d2\u00f2\u016b\u00fa\u01d4\u00f9]",
        text.lower(),
    )
    toned = ((text.lower(),),) if marked else ()
    return Name("", tuple(groups), toned)


@dataclass(frozen=True, slots=True)
class Renderings:
    """A name as `monitor names` shows it; each list without doubles, the usual one first."""

    han: tuple[str, ...]
    pinyin: tuple[str, ...]
    cyrillic: tuple[str, ...]  # nominatives
    declined: tuple[str, ...]  # the other cases
    wade_giles: tuple[str, ...]


def renderings(text: str, kind: str = "person") -> Renderings:
    """All renderings of a name given as Han or pinyin. Raises FormError."""
    if not any(map(str.isalpha, text)):
        raise FormError("a name needs letters, such as Xiang Yue or 珲春")
    if _cyrillic_only.fullmatch(text):
        return _renderings_of_cyrillic(" ".join(text.split()), kind)
    name = read_name(text, kind)
    cyrillic = _unique(_cyrillic(name))
    declined = _unique(form for one in cyrillic for form in _declined(one, kind))
    return Renderings(
        han=(name.han,) if name.han else (),
        pinyin=_unique([*_latin(name.groups, reverse=kind == "person"), *_toned(name)]),
        cyrillic=cyrillic,
        declined=tuple(one for one in declined if one not in cyrillic),
        wade_giles=_unique(_wade_giles(name)),
    )


def _renderings_of_cyrillic(text: str, kind: str) -> Renderings:
    cyrillic = _unique(_press(text))
    declined = _unique(form for one in cyrillic for form in _declined(one, kind))
    return Renderings((), (), cyrillic, tuple(one for one in declined if one not in cyrillic), ())


def name_forms(
    text: str,
    kind: str,
    *,
    case: bool = True,
    exact: bool = False,
    wade_giles: bool = False,
    cyrillic: bool = True,
) -> list[Form]:
    """Forms of all renderings of a name. `exact`: only the nominatives. Raises FormError."""
    found = renderings(text, kind)
    latin = [*found.pinyin, *(found.wade_giles if wade_giles else ())]
    russian = [*found.cyrillic, *(() if exact else found.declined)] if cyrillic else []
    forms = [form for one in found.han for form in read_form(one, "zh")]
    forms += [Form(one, "en", exact=True, case=case) for one in latin]
    return forms + [Form(one, "ru", exact=True, case=case) for one in russian]


def _unique(texts: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))  # type: ignore[call-overload]


def _latin(groups: tuple[tuple[str, ...], ...], *, reverse: bool) -> list[str]:
    out = []
    for spelt in _spellings(groups):
        words = [_groupings(group) for group in spelt]
        out += [" ".join(map(_title, choice)) for choice in product(*words)]
        if reverse and len(spelt) == 2:
            out += [" ".join(map(_title, reversed(choice))) for choice in product(*words)]
    return out


def _spellings(groups: tuple[tuple[str, ...], ...]) -> list[tuple[tuple[str, ...], ...]]:
    """ü as it is printed where it can't be printed."""
    if not any("ü" in one for group in groups for one in group):
        return [groups]
    return [tuple(tuple(one.replace("ü", u) for one in group) for group in groups) for u in ("ü", "u", "v", "yu")]


def _groupings(group: tuple[str, ...]) -> list[str]:
    """The syllables run together, apart, and (for places and ships of up to five) joined in every other way."""
    joined, apart = "".join(group), " ".join(group)
    if not 2 < len(group) <= 5:
        return list(dict.fromkeys([joined, apart]))
    ways = [
        "".join(a + b for a, b in zip(group, (*glue, ""), strict=True))
        for glue in product(["", " "], repeat=len(group) - 1)
    ]
    return list(dict.fromkeys([joined, apart, *ways]))


def _toned(name: Name) -> list[str]:
    """With tone marks, where they are known; a neutral tone may be printed as any."""
    if not name.toned:
        return []
    out: list[str] = []
    for one in product(*(product(*map(_tones, group)) for group in name.toned)):
        out += _latin(one, reverse=False)
    return out


def _tones(syllable: str) -> list[str]:
    neutral = without_tones(syllable) == syllable and len(syllable) < 7
    return [syllable, *all_tones(syllable)] if neutral else [syllable]


def _wade_giles(name: Name) -> list[str]:
    groups = [tuple(wade_giles(one) for one in group) for group in name.groups]
    full = " ".join(_title("-".join(group)) for group in groups)
    plain = full.replace("'", "")
    return [full, plain, full.replace("ü", "u"), plain.replace("ü", "u")]


def _title(words: str) -> str:
    return words[:1].upper() + words[1:]


# --- Cyrillic ---------------------------------------------------------------------------------------------


def _cyrillic(name: Name) -> list[str]:
    words = [[_cyrillic_words(way) for way in _cuts(group)] for group in name.groups]
    plain = [" ".join(map(_title, choice)) for choice in product(*words)]
    return [variant for one in plain for variant in _press(one)]


def _cuts(group: tuple[str, ...]) -> list[tuple[tuple[str, ...], ...]]:
    """Ways to cut a group into words: one word, one a syllable, pairs for four syllables."""
    ways = [(group,), tuple((one,) for one in group)]
    if len(group) == 4:
        ways.append((group[:2], group[2:]))
    return list(dict.fromkeys(ways))


def _cyrillic_words(words: tuple[tuple[str, ...], ...]) -> str:
    return " ".join(palladius(word) for word in words)


def _press(name: str) -> list[str]:
    """What newspapers make of a Palladius spelling: е for э, no ь after н, no ъ."""
    softened = [name, name.replace("э", "е")]
    return [one for base in softened for one in (base, base.replace("нь", "н"), base.replace("ъ", ""))]


def _declined(name: str, kind: str) -> list[str]:
    """The cases of a name: its last word declines where it ends in a consonant; a place in -ь in two ways."""
    feminine = [name[:-1] + "и", name[:-1] + "ью"] if kind == "place" and name.endswith("ь") else []
    return name_cases(name) + feminine
