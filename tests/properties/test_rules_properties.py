"""What holds for every text and rule: evidence points at itself, disguises hide nothing, the fast way is right."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reference import FIELDS, fires
from support.rulebooks import check_evidence, found, item, term_matcher

from monitor.core.rules import compile_rules, parse_rules
from monitor.core.text.forms import expand, read_form

# Few words and few terms, so that random rules often meet random texts.
TERMS: dict[str, dict[str, object]] = {
    "spy": {"en": ["spy"], "ru": ["шпион"]},
    "acronym": {"en": ["CNPC", "PoS-2"]},
    "chinese": {"ru": ["китайский"], "not": ["китайский шпион"]},
    "article": {"ru": ["ст. 276"], "zh": ["第276条"]},
    "tumen": {"zh": ["图们"], "ko": ["두만강"], "not": ["图们市"]},
    "pair": {"zh": ["中俄"], "not": ["其中", "$power"]},
    "power": {"ru": ["Сила Сибири 2"], "zh": ["力量2号", "中俄力量"]},
}
PRINTED = [
    *("spy", "spies", "SPY", "CNPC", "cnpc", "PoS2", "шпионом", "Шпиона", "«Силы Сибири — 2»", "Сила Сибири 2,5"),
    *(
        "ст. 276",
        "ст.276.1",
        "китайские",
        "китайского",
        "圖們",
        "图们市",
        "其中俄罗斯",
        "中俄",
        "中俄力量",
        "「力量」2號",
    ),
    *("力量二号", "두만강을", "第二百七十六條", "и", "the", "—", "."),
]

texts = st.lists(st.sampled_from(PRINTED), min_size=3, max_size=10).flatmap(
    lambda words: st.lists(st.sampled_from([" ", "", "\u00a0", ". "]), min_size=len(words), max_size=len(words)).map(
        lambda glue: "".join(a + b for a, b in zip(words, glue, strict=True))
    )
)
items = st.builds(item, texts, texts, st.just("")) | st.builds(item, texts)
leaves = st.sampled_from([f"${name}" for name in TERMS])
withins = st.sampled_from(["1 words", "2 words", "3 words", "6 words", "title"])


def groups(children: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    lists = st.lists(children, min_size=1, max_size=3)
    shapes = st.one_of(
        st.fixed_dictionaries({"all": lists}),
        st.fixed_dictionaries({"any": lists}),
        st.fixed_dictionaries({"order": st.lists(children, min_size=2, max_size=3)}),
        st.fixed_dictionaries({"all": lists, "any": lists}),
        st.lists(children, min_size=2, max_size=3).map(lambda of: {"at_least": 2, "of": of}),
    )
    extras = st.fixed_dictionaries({}, optional={"within": withins, "none": st.lists(leaves, min_size=1, max_size=2)})
    return st.builds(lambda shape, extra: {**shape, **extra}, shapes, extras)


conditions = groups(leaves) | groups(leaves | groups(leaves))


def rule(number: int, match: object) -> dict[str, object]:
    return {"id": f"r{number}", "title": "R", "match": match}


def book_of(*matches: object):
    book, problems = parse_rules({"terms": TERMS, "rules": [rule(i, match) for i, match in enumerate(matches)]})
    assert not problems
    return book


@settings(max_examples=400, deadline=None)
@given(match=conditions, one=items)
def test_the_compiled_matcher_agrees_with_the_plain_one(match: object, one) -> None:
    book = book_of(match)
    assert bool(compile_rules(book).match(one)) == fires(book, 0, one)


@settings(max_examples=200, deadline=None)
@given(match=conditions, one=items)
def test_evidence_points_at_itself_and_is_in_order(match: object, one) -> None:
    for hit in compile_rules(book_of(match)).match(one):
        check_evidence(hit, one)
        places = [(FIELDS.index(e.field), e.start, e.end) for e in hit.evidence]
        assert places == sorted(places)
        assert hit.evidence


@settings(max_examples=150, deadline=None)
@given(first=conditions, second=conditions, one=items)
def test_an_unrelated_rule_changes_nothing(first: object, second: object, one) -> None:
    alone = compile_rules(book_of(first)).match(one)
    together = [hit for hit in compile_rules(book_of(first, second)).match(one) if hit.rule == "r0"]
    assert together == alone


@settings(max_examples=60, deadline=None)
@given(match=conditions, one=items)
def test_a_cached_rulebook_matches_alike(match: object, one) -> None:
    book = book_of(match)
    cache: dict[str, bytes] = {}
    cold = compile_rules(book, cache=cache)
    assert compile_rules(book, cache=cache).match(one) == cold.match(one)


@settings(max_examples=100, deadline=None)
@given(match=conditions, three=st.lists(texts, min_size=3, max_size=3))
def test_evidence_names_its_own_field(match: object, three: list[str]) -> None:
    one = item(*three)
    for hit in compile_rules(book_of(match)).match(one):
        check_evidence(hit, one)


PHRASES = [
    ("ru", "Сила Сибири 2"),
    ("ru", "Лефортовский районный суд"),
    ("ru", "государственная измена"),
    ("ru", "Северный морской путь"),
    ("ru", "шпионаж"),
    ("ru", "учёный"),
    ("en", "Chinese national"),
    ("en", "Power of Siberia 2"),
    ("en", "pipeline"),
]
TRADITIONAL = {"图": "圖", "们": "們", "罗": "羅", "间": "間", "谍": "諜", "亚": "亞", "伟": "偉", "号": "號"}
DISGUISES = {
    "dashed": lambda text: text.replace(" ", " — "),
    "hyphened": lambda text: text.replace(" ", "-"),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "quoted": lambda text: f"«{text}»",
    "quoted inside": lambda text: text.replace(" ", "» ", 1) if " " in text else f"“{text}”",
    "stressed": lambda text: "".join(c + "\u0301" if c in "аоиы" else c for c in text),
    "soft hyphens": lambda text: "\u00ad".join(text),
    "no-break": lambda text: text.replace(" ", "\u00a0"),
    "entities": lambda text: text.replace(" ", "&nbsp;"),
    "capitals": str.upper,
    "traditional": lambda text: "".join(TRADITIONAL.get(c, c) for c in text),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize(("language", "phrase"), PHRASES)
def test_a_phrase_is_found_in_every_inflected_form_of_itself_in_disguise(
    language: str, phrase: str, disguise: str
) -> None:
    rules = term_matcher(f"{{label: x, {language}: ['{phrase}']}}")
    printed = [variant.text for form in read_form(phrase, language) for variant in expand(form)]
    for one in printed:
        assert found(rules, f"так {DISGUISES[disguise](one)} и"), one


@settings(max_examples=200, deadline=None)
@given(
    phrase=st.text(st.sampled_from(sorted(TRADITIONAL)), min_size=2, max_size=6),
    before=st.text(st.sampled_from("的在了与，。a ")),
    disguise=st.sampled_from([name for name in DISGUISES if name not in {"dashed", "hyphened"}]),
)
def test_a_han_phrase_is_found_wherever_it_stands(phrase: str, before: str, disguise: str) -> None:
    rules = term_matcher(f"{{label: x, zh: ['{phrase}']}}")
    assert found(rules, before + DISGUISES[disguise](phrase) + before)
