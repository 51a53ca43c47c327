"""Russian inflection of words and phrases, from the dictionary and the predictors of pymorphy3.

The dictionary is loaded when it is first needed, which is when rules are compiled without a cache.
"""

from functools import cache
from itertools import product
from typing import Any

_CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
_VERBAL = {"VERB", "INFN", "GRND"}
_PROPER = {"Name", "Surn", "Patr", "Geox", "Sgtm", "Orgn", "Trad"}
_VOWELS = "аеиоуыэюя"


@cache
def _morph() -> Any:
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer()


def _is_known(parse: Any) -> bool:
    return bool(parse.methods_stack) and type(parse.methods_stack[0][0]).__name__ == "DictionaryAnalyzer"


@cache
def _parses(word: str) -> tuple[Any, ...]:
    found = tuple(_morph().parse(word))
    known = tuple(p for p in found if _is_known(p))
    return known or found


def _lexeme(parse: Any, *, shorts: bool) -> set[str]:
    """All words of a parse's paradigm, without comparatives (and short adjectives unless asked for)."""
    skip = {"COMP"} if shorts else {"COMP", "ADJS"}
    return {p.word for p in parse.lexeme if p.tag.POS not in skip and "Infr" not in p.tag and "Erro" not in p.tag}


@cache
def word_forms(word: str) -> frozenset[str]:
    """Every case and number of a noun or adjective, every form of a verb; `word` in lower case."""
    parses = _parses(word)
    nominal = [p for p in parses if p.tag.POS in {"NOUN", "ADJF", "PRTF", "NUMR", "NPRO"} and _is_base(p)]
    verbal = [p for p in parses if p.tag.POS in _VERBAL]
    short = [p for p in parses if p.tag.POS == "PRTS"]
    forms = {word}
    if verbal and (not nominal or verbal[0].score > nominal[0].score):
        forms |= _lexeme(verbal[0], shorts=True)
    elif short and not nominal:
        forms |= {p.word for p in short[0].lexeme if p.tag.POS in {"PRTS", "PRTF"} and "pssv" in p.tag}
    elif nominal:
        kinds = {nominal[0].tag.POS} if _is_known(nominal[0]) else {"NOUN", nominal[0].tag.POS}
        for parse in nominal:
            if parse.tag.POS in kinds:
                same = [p for p in parse.lexeme if p.tag.POS == parse.tag.POS]
                forms |= {p.word for p in same if not {"Erro", "Supr"} & set(map(str, p.tag.grammemes))}
        if not _is_known(nominal[0]):
            forms |= soft_forms(word)
    elif parses and parses[0].tag.POS in {"NOUN", "ADJF", "PRTF"}:
        forms |= _lexeme(parses[0], shorts=False)
    return frozenset(form.replace("ё", "е") for form in forms)


def _is_base(parse: Any) -> bool:
    return "nomn" in parse.tag


def soft_forms(word: str) -> set[str]:
    """A noun in -ь as masculine and as feminine: an unknown name may be either."""
    if not word.endswith("ь"):
        return set()
    stem = word[:-1]
    return {stem + ending for ending in ("я", "ю", "ем", "е", "и", "ью")}


def acronym_forms(word: str) -> set[str]:
    """An acronym that is read as a word takes endings: БАМ, БАМа, БАМу. `word` in lower case."""
    if len(word) < 3 or word[-1] in _VOWELS or word[-1] in "ьъй" or not set(word) & set(_VOWELS):
        return {word}
    return {word, *(word + ending for ending in ("а", "у", "ом", "е"))}


def phrase_forms(words: list[str]) -> set[tuple[str, ...]]:
    """Every case and number of a phrase with agreement; what depends on the head stays as written.

    `words` as written: capitals tell acronyms. Digits and unknown particles stay as they are.
    """
    lower = [word.lower() for word in words]
    if len(words) == 1:
        if words[0].isupper() and len(words[0]) <= 5:
            return {(form,) for form in acronym_forms(lower[0])}
        return {(form.lower(),) for form in word_forms(lower[0])}
    found = _inflect(words, lower) | _foreign_name(words, lower)
    if words[0].isupper() and 3 <= len(words[0]) <= 5:  # МИДа Китая
        found |= {(form, *lower[1:]) for form in acronym_forms(lower[0])}
    return {tuple(word.replace("ё", "е") for word in forms) for forms in found}


def name_cases(name: str) -> list[str]:
    """The cases of a Chinese or Korean name, in which only the last word declines; none where it ends in a vowel."""
    stem, last = name[:-1], name[-1]
    if last in "ьй":
        return [stem + ending for ending in ("я", "ю", "ем", "е")]
    return [] if last in _VOWELS else [name + ending for ending in ("а", "у", "ом", "е")]


def _foreign_name(words: list[str], lower: list[str]) -> set[tuple[str, ...]]:
    """Дэн Сяопина, Ким Чен Ыну: a name that no dictionary knows, whose front does not decline."""
    named = len(words) <= 3 and all(word.isalpha() and word.istitle() for word in words)
    if not named or _morph().word_is_known(lower[-1]):
        return set()
    return {(*lower[:-1], form) for form in name_cases(lower[-1])}


def _inflect(words: list[str], lower: list[str]) -> set[tuple[str, ...]]:
    first = _parses(lower[0])[0]
    if first.tag.POS in _VERBAL | {"PRTS"}:
        return {(form, *lower[1:]) for form in word_forms(lower[0])} | {tuple(lower)}
    group = _agreeing(words, lower)
    found = {tuple(lower)}
    if not group:
        return found
    plurals = any("plur" in parse.tag for parse in group.values())
    proper = any(_PROPER & set(map(str, parse.tag.grammemes)) for parse in group.values() if parse.tag.POS == "NOUN")
    fixed_number = any("Pltm" in parse.tag for parse in group.values())
    numbers = ("plur",) if fixed_number else ("sing",) if proper and not plurals else ("sing", "plur")
    for variant, number, case in product(_with_homonyms(group, lower), numbers, _CASES):
        found |= _in_case(lower, variant, number, case)
    return found


def _with_homonyms(group: dict[int, Any], lower: list[str]) -> list[dict[int, Any]]:
    """The group once for each noun that its head may be: судно has the plurals судна and суда."""
    at, head = next(((i, p) for i, p in group.items() if p.tag.POS == "NOUN"), (-1, None))
    if head is None:
        return [group]
    twins = [p for p in _parses(lower[at]) if p.tag == head.tag]
    return [{**group, at: twin} for twin in twins[:3]]


def _in_case(lower: list[str], group: dict[int, Any], number: str, case: str) -> set[tuple[str, ...]]:
    """The phrase in one case and number; names that follow their head may also stay in the nominative."""
    head = next((p for p in group.values() if p.tag.POS == "NOUN"), None)
    if head is None:
        genders = ("masc", "femn", "neut") if number == "sing" else ("",)
        animacies = ("inan", "anim") if case == "accs" else ("",)
        styles = list(product(genders, animacies))
    else:
        styles = [(str(head.tag.gender or ""), str(head.tag.animacy or ""))]
    out: set[tuple[str, ...]] = set()
    for gender, animacy in styles:
        words, undeclined = list(lower), list(lower)
        head_seen = False
        for at, parse in group.items():
            form = _form(parse, number, case, gender, animacy)
            words[at] = form
            undeclined[at] = lower[at] if head_seen else form
            head_seen = head_seen or parse.tag.POS == "NOUN"
        out |= {tuple(words), tuple(undeclined)}
    return out


_paradigms: dict[tuple[str, str, object], dict[tuple[str, str, str, str], str]] = {}


def _form(parse: Any, number: str, case: str, gender: str, animacy: str) -> str:
    """One form of a word, remembered: the same words stand in many phrases."""
    number_of_paradigm = parse.methods_stack[0][2:3] if _is_known(parse) else ()  # судно has two
    paradigm = _paradigms.setdefault((parse.word, str(parse.tag), number_of_paradigm), {})
    key = (number, case, gender, animacy)
    form = paradigm.get(key)
    if form is None:
        form = paradigm[key] = _inflected(parse, *key)
    return form


def _inflected(parse: Any, number: str, case: str, gender: str, animacy: str) -> str:
    wanted = {case}
    if parse.tag.POS == "NOUN":
        if "Fixd" in parse.tag:
            return str(parse.word)
        inflected = parse.inflect({number, case}) or parse.inflect({case})
    else:
        wanted |= {number}
        if number == "sing" and gender:
            wanted |= {gender}
        if case == "accs" and animacy and (number == "plur" or gender == "masc"):
            wanted |= {animacy}
        inflected = parse.inflect(wanted)
    return str(inflected.word if inflected else parse.word)


def _agreeing(words: list[str], lower: list[str]) -> dict[int, Any]:
    """The words at the front of a phrase that take its case: adjectives, the head, names beside it, joined by «и»."""
    group: dict[int, Any] = {}
    head: Any = None
    for at, word in enumerate(lower):
        if word == "и" and head is not None:
            continue
        parse = _agreeing_parse(words[at], word, head)
        if parse is None:
            break
        group[at] = parse
        if parse.tag.POS == "NOUN" and head is None:
            head = parse
    # Adjectives choose the reading that goes with the head, which may come after them.
    if head is not None:
        for at, parse in group.items():
            if parse.tag.POS in {"ADJF", "PRTF"}:
                group[at] = _matching(lower[at], head) or parse
    return group


def _agreeing_parse(written: str, word: str, head: Any) -> Any:
    if not word.isalpha() or (written.isupper() and len(written) > 1):
        return None
    parses = _parses(word)
    if parses[0].tag.POS in {"PREP", "CONJ", "INFN", "VERB", "PRTS", "ADVB"}:
        return None
    bases = [p for p in parses if p.tag.POS in {"NOUN", "ADJF", "PRTF"} and "nomn" in p.tag]
    if head is None:
        return bases[0] if bases else None
    dependent = [p for p in parses if "gent" in p.tag or "ablt" in p.tag or "datv" in p.tag]
    singular = [p for p in bases if "sing" in p.tag or "plur" in head.tag]
    if written[:1].isupper() and singular:
        return singular[0]
    if dependent and (not singular or dependent[0].score >= singular[0].score):
        return None
    return singular[0] if singular else None


def _matching(word: str, head: Any) -> Any:
    for parse in _parses(word):
        if parse.tag.POS not in {"ADJF", "PRTF"} or "nomn" not in parse.tag:
            continue
        if "plur" in parse.tag or parse.tag.gender == head.tag.gender:
            return parse
    return None
