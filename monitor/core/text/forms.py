"""From a form as an analyst writes it to all the folded texts in which it may be printed.

`read_form` understands the marks (`*`, `=`, choices), `expand` writes out inflections and variants. Both are pure and
costly; they run when rules are compiled, never when text is read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, product

from monitor.core.text import english, russian
from monitor.core.text.chars import is_unspaced
from monitor.core.text.normalise import fold
from monitor.core.text.numerals import han_numeral_forms, roman

VERSION = "5"  # part of every cache key: raise it when the same form expands differently
MAX_CHOICES = 200

_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
_ACRONYM = re.compile(r"[A-Z][A-Z0-9&]{1,4}")
_PLAIN = re.compile("[a-z\u0430-\u044f0-9]+(?: [a-z\u0430-\u044f0-9]+)*")  # folded already
_WORD = re.compile(r"\w+")
_SCRIPTS = (
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
    ("ru", re.compile("[\u0400-\u052f]")),
)


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a term. `text` is free of marks; `case`: capitals are asked for where the form has them."""

    text: str
    language: str = ""
    exact: bool = False  # no inflection
    case: bool = False
    open_left: bool = False  # `*газ`: letters may come before
    open_right: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Variant:
    """A folded text to look for; at `capitals` (positions in `text`) the original must have capital letters."""

    text: str
    capitals: tuple[int, ...] = ()


class FormError(ValueError):
    """A form can't be understood; the message says why and what to write instead."""


def language_of(text: str) -> str:
    """The language whose inflection a text without a language gets: told by its script, English for Latin."""
    return next((language for language, script in _SCRIPTS if script.search(text)), "en")


def read_form(text: str, language: str = "", *, exact: bool | None = None, case: bool | None = None) -> list[Form]:
    """The forms that a written form stands for: one, or several where it has choices. Raises FormError."""
    if text.count("(") != text.count(")"):
        raise FormError("a bracket is not closed; choices stand in a pair: (ice|breaker)")
    texts = _choices(text.strip())
    return [_read_one(one, language or language_of(one), exact, case) for one in texts]


def _choices(text: str) -> list[str]:
    match = _CHOICE.search(text)
    if match is None:
        return [" ".join(text.split())]
    parts = match[1].split("|")
    out = [one for part in parts for one in _choices(text[: match.start()] + part.strip() + text[match.end() :])]
    if len(out) > MAX_CHOICES:
        raise FormError(f"this form has more than {MAX_CHOICES} variants; split it into several forms")
    return out


def _read_one(text: str, language: str, exact: bool | None, case: bool | None) -> Form:
    marked = text.startswith("=")
    if marked:
        text, exact, case = text[1:].strip(), True if exact is None else exact, True if case is None else case
    open_left, open_right = text.startswith("*"), text.endswith("*")
    body = text.strip("*").strip()
    if "|" in body:
        raise FormError("choices stand in brackets: (one|other)")
    if "*" in body:
        raise FormError("an asterisk may stand only at the beginning or the end of a form; use a /regex/ for more")
    if not any(char.isalnum() for char in fold(body)):
        raise FormError("this form has no letters")
    if (open_left or open_right) and sum(map(str.isalnum, body)) < 2 and not is_unspaced(body[0]):
        raise FormError("an open form needs at least two letters")
    acronym = _ACRONYM.fullmatch(body) is not None
    return Form(
        text=body,
        language=language.split("-")[0].lower(),
        exact=bool(exact) or open_left or open_right or acronym,
        case=acronym if case is None else case,
        open_left=open_left,
        open_right=open_right,
    )


def expand(form: Form) -> tuple[Variant, ...]:
    """All variants of a form, sorted, without doubles."""
    if form.language in {"zh", "ja"} or is_unspaced(form.text[0]):
        texts = _han(form)
        return tuple(sorted({Variant(text) for text in texts}))
    words = _WORD.findall(_spaced(form.text))
    inflections: set[tuple[str, ...]] = {tuple(word.lower() for word in words)}
    if not form.exact and (inflect := _INFLECT.get(form.language)):
        inflections |= inflect(words)
    variants: set[Variant] = set()
    for inflected in inflections:
        capitals = _capitals(words, inflected) if form.case else ()
        variants |= _joined(form, inflected, capitals)
    if form.language == "en" and _ACRONYM.fullmatch(form.text) and form.text.isalpha():
        dotted = ".".join(form.text.lower())
        variants.add(Variant(dotted, tuple(range(0, len(dotted), 2)) if form.case else ()))
    return tuple(sorted(variants))


_INFLECT: dict[str, Callable[[list[str]], set[tuple[str, ...]]]] = {
    "ru": russian.phrase_forms,
    "en": english.phrase_forms,
}


def _spaced(text: str) -> str:
    """The form with everything folded but its case, a space where a gap may stand between a word and a number."""
    return re.sub(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", " ", text)


def _joined(form: Form, words: tuple[str, ...], capitals: tuple[frozenset[int], ...] | tuple[()]) -> set[Variant]:
    """The words with all that may stand between them."""
    glues = list(product(*_glues(form.text)))
    endings = [words]
    if len(words) > 1 and words[-2].isalpha() and roman(words[-1]):
        endings.append((*words[:-1], roman(words[-1])))
    out: set[Variant] = set()
    for ending, glue in product(endings, glues):
        if ending is not words and glue[-1] == "":
            continue
        text, marks = "", []
        for i, word in enumerate(ending):
            text += glue[i - 1] if i else ""
            marks += [len(text) + at for at in (capitals[i] if capitals else ())]
            text += word
        folded = text if _PLAIN.fullmatch(text) else fold(text)
        out.add(Variant(folded, tuple(sorted(marks)) if len(folded) == len(text) else ()))
    return out


def _glues(text: str) -> list[tuple[str, ...]]:
    """For each gap between two words of a form, what may fill it: a space stands for any run of dashes, quotes, spaces.

    A hyphen may be left out, and so may what stands between a short word and its number (PoS-2, PoS2). Korean leaves
    spaces out as it pleases.
    """
    spaced = _spaced(text)
    spans = [match.span() for match in _WORD.finditer(spaced)]
    out: list[tuple[str, ...]] = []
    for (start, end), (after, _) in pairwise(spans):
        between = spaced[end:after]
        folded = fold(spaced[end - 1 : after + 1])[1:-1]
        numeric = spaced[end - 1].isdigit() != spaced[after].isdigit()
        korean = _is_hangul(spaced[end - 1]) and _is_hangul(spaced[after])
        if "." in folded:
            out.append((folded.strip() + " ", folded.strip()))
        elif folded == " " and len(out) < 4 and (_is_hyphen(between) or korean or (numeric and end - start <= 6)):
            out.append((" ", ""))
        else:
            out.append((folded or " ",))
    return out


def _is_hyphen(between: str) -> bool:
    return between in {"-", "\u2010", "\u2011"}


def _is_hangul(char: str) -> bool:
    return "\uac00" <= char <= "\ud7af"


def _capitals(written: list[str], inflected: tuple[str, ...]) -> tuple[frozenset[int], ...]:
    """Positions in each inflected word where the written one has a capital (and still has the same letter)."""
    out = []
    for word, form in zip(written, inflected, strict=True):
        same = 0
        while same < min(len(word), len(form)) and word[same].lower().replace("ё", "е") == form[same].replace("ё", "е"):
            same += 1
        out.append(frozenset(i for i in range(same) if word[i].isupper()))
    return tuple(out)


def _han(form: Form) -> set[str]:
    """Han and Kana: folded, with and without its gaps, numbers in both kinds of numerals."""
    folded = fold(form.text).strip()
    texts = {folded, folded.replace(" ", "")} if not re.search("[a-z\u0430-\u044f] ", folded) else {folded}
    return {variant for text in texts for variant in (han_numeral_forms(text) if not form.exact else {text})}
