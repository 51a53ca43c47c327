"""What each key of a condition means, on texts as a reader would judge them."""

import sys

import pytest
from support.rulebooks import check_evidence, fired, found, item, matcher

from monitor.core.model import FeedSpec, RuleStatus
from monitor.core.rules import compile_rules, parse_rules

TERMS = """
terms:
  china: {label: China, entity: country, en: [China, Chinese], ru: [Китай, китайский, КНР], zh: [中国]}
  spying: {label: espionage, en: [espionage, spy], ru: [шпионаж, шпион], zh: [间谍]}
  arrest: {label: arrest, en: [arrest, detain], ru: [задержать, арест], zh: [逮捕, 抓获]}
"""


def one_rule(match: str, **more: str):
    extra = "".join(f"    {key.rstrip('_')}: {value}\n" for key, value in more.items())
    return matcher(f"{TERMS}\nrules:\n  - id: r\n    title: R\n    match: {match}\n{extra}")


@pytest.mark.parametrize(
    ("match", "text", "fires", "why"),
    [
        ("$china", "Beijing and China", True, "one term"),
        ("{all: [$china, $spying]}", "China talks", False, "one of two"),
        ("{all: [$china, $spying]}", "Chinese spies", True, "both"),
        ("{any: [$china, $spying]}", "a spy", True, "either"),
        ("{at_least: 2, of: [$china, $spying, $arrest]}", "spy arrested", True, "two of three"),
        ("{at_least: 2, of: [$china, $spying, $arrest]}", "spy, spies, spying", False, "the same one three times"),
        ("{all: [$china], none: [film]}", "China spy film", False, "forbidden anywhere"),
        ("{order: [$china, $arrest]}", "Chinese man arrested", True, "in order"),
        ("{order: [$china, $arrest]}", "arrested by China", False, "out of order"),
        ("{order: [$china, $china]}", "China", False, "order does not use a word twice"),
        ("{all: [$china, $spying], within: 3 words}", "China accused of spying", False, "four words"),
        ("{all: [$china, $spying], within: 4 words}", "China accused of spying", True, "four words"),
        ("{all: [$china, $spying], within: 4 words}", "中国的间谍", False, "each Han character counts"),
        ("{all: [$china, $spying], within: 5 words}", "中国的间谍", True, "five characters"),
        ("{all: [$china, $spying], within: sentence}", "China won. A spy lost.", False, "two sentences"),
        ("{all: [$china, $spying], within: sentence}", "中国说话。间谍被捕。", False, "two Han sentences"),
        ("{all: [$china, $spying], within: 2 sentences}", "China won. A spy lost.", True, "neighbours"),
        ("{all: [$china, $spying], within: sentence}", "China, says Mr. Li, has a spy", True, "an abbreviation"),
        ("{all: [$china, $spying], within: sentence}", "КНР, по ст. 276 УК, шпионаж", True, "an abbreviation"),
        ("{all: [$china, $spying], within: sentence}", "China\nSpy", False, "a line ends a sentence"),
        ("{all: [$china, $spying], within: sentence}", "China has a\nspy", True, "a line that was only wrapped"),
        ("{all: [$china], any: [$spying, $arrest]}", "China detains two", True, "several keys all hold"),
        ("{all: [$china], any: [$spying, $arrest]}", "China wins", False, "one key does not"),
        (
            "{all: [$china], none: [talks], within: sentence}",
            "China won. The talks ended.",
            True,
            "forbidden elsewhere",
        ),
        ("{all: [$china], none: [talks], within: sentence}", "China talks. It won.", False, "forbidden here"),
        ("{all: [$china], none: [talks], within: 3 words}", "China one two talks", True, "beyond every stretch"),
        ("{all: [$china], none: [talks], within: 3 words}", "China one talks", False, "inside a stretch"),
        ("{all: [{any: [$spying, $arrest], within: title}, $china]}", "spy in China", True, "nested within"),
        (
            "{order: [{any: [$china, $spying]}, $arrest], within: 4 words}",
            "spy was just arrested",
            True,
            "order of groups",
        ),
        ("top secret", "the top-secret file", True, "a phrase by itself"),
        ("{form: Ван, case: true, needs: [$spying]}", "Ван обвинён в шпионаже", True, "a form with context"),
        ("{form: Ван, case: true, needs: [$spying]}", "Ван приехал", False, "without context"),
        (
            "{form: Ван, needs: {any: [$spying], within: 3 words}}",
            "Ван пришёл домой, а шпионаж — нет",
            False,
            "too far",
        ),
        ("{form: Ван, needs: {any: [$spying], within: 3 words}}", "Ван и шпионаж", True, "near"),
        ("{en: [deal], ru: [сделка]}", "новая сделка", True, "forms by language"),
        (r"'/\bст(атья|\.) 27[56]\b/'", "по Ст. 276 УК", True, "a pattern over folded text"),
        (r"'/\bст(атья|\.) 27[56]\b/'", "по ст. 2765", False, "a word must end"),
        (r"'/\w+гейт\b/'", "Дело «Уотергейт»", True, "letters of all scripts"),
        ("'/力量[0-9]号/'", "西伯利亞力量2號", True, "simplified before it is looked at"),
        ("{all: [$china, '/сделк[аи]/']}", "Китай: сделки нет", True, "a pattern beside a term"),
    ],
)
def test_conditions(match: str, text: str, *, fires: bool, why: str) -> None:
    assert bool(fired(one_rule(match), text)) is fires, why


@pytest.mark.parametrize(
    ("match", "title", "summary", "content", "fires", "why"),
    [
        ("{all: [$china, $spying]}", "China", "a spy", "", True, "fields count together"),
        ("{all: [$china, $spying], within: sentence}", "China", "a spy", "", False, "sentences end with the field"),
        ("{all: [$china, $spying], within: 9 words}", "China", "a spy", "", False, "stretches end with the field"),
        ("{all: [$china, $spying], within: title}", "China", "a spy", "", False, "the title only"),
        ("{all: [$china, $spying], within: title}", "China spy", "", "", True, "the title only"),
        ("{all: [$china, $spying], within: lead}", "China", "A spy. One. Two.", "", True, "first sentence"),
        ("{all: [$china, $spying], within: lead}", "China", "One. A spy. Two.", "", True, "second sentence"),
        ("{all: [$china, $spying], within: lead}", "China", "One. Two. A spy.", "", False, "third sentence"),
        ("{all: [$china, $spying], within: lead}", "China", "", "One. A spy. Two.", True, "no summary"),
        (
            "{all: [$china], none: [{any: [film], within: title}]}",
            "China",
            "a film",
            "",
            True,
            "forbidden in the title",
        ),
        (
            "{all: [$china], none: [{any: [film], within: title}]}",
            "China film",
            "",
            "",
            False,
            "forbidden in the title",
        ),
    ],
)
def test_fields(match: str, title: str, summary: str, content: str, *, fires: bool, why: str) -> None:
    assert bool(fired(one_rule(match), title, summary, content)) is fires, why


def test_roles_are_told_apart_by_order_and_distance() -> None:
    rules = one_rule("{order: [{all: [$china, {en: [national, citizen]}], within: 2 words}, $arrest], within: 8 words}")
    assert fired(rules, "Chinese national arrested in Moscow")
    assert not fired(rules, "Russian arrested for spying for a Chinese citizen")


def test_evidence_gloss_and_fields_for_a_reader_of_english() -> None:
    source = item("Китайского шпиона задержали", "中国间谍被捕")
    (hit,) = one_rule("{all: [$china, $spying]}").match(source)
    check_evidence(hit, source)
    assert [(e.term, e.text, e.field) for e in hit.evidence] == [
        ("china", "Китайского", "title"),
        ("spying", "шпиона", "title"),
        ("china", "中国", "summary"),
        ("spying", "间谍", "summary"),
    ]
    assert hit.gloss == ("China", "espionage")
    assert hit.evidence[0].entity == "country"


NAMED = """
terms:
  sentence: {label: sentence, en: [jail]}
  helper: {gloss: false, en: [spy, officer]}
  spying: {label: espionage, en: [spy]}
  fsb: {label: FSB, entity: organisation, en: [FSB]}
  city: {label: some city, entity: place, gloss: false, en: [Moscow]}
rules: [{id: r, title: R, match: {all: [$sentence, $helper, $spying]}}]
"""


def test_named_things_are_told_first_even_if_no_rule_asks_for_them_and_helpers_never() -> None:
    (hit,) = matcher(NAMED).match(item("Spy jailed in Moscow, FSB says"))
    assert hit.gloss == ("FSB", "espionage", "sentence")
    assert {place.term for place in hit.evidence} == {"spying", "sentence"}, "a better term has the helper's place"
    assert matcher(NAMED).match(item("FSB")) == [], "to be told is not to fire"


def test_a_helper_stays_evidence_where_nothing_better_stands() -> None:
    (hit,) = matcher(NAMED).match(item("Officer jailed, spy says"))
    assert [(place.term, place.text) for place in hit.evidence if place.term == "helper"] == [("helper", "Officer")]


def test_words_that_run_on_without_a_space_are_evidence_together() -> None:
    rules = one_rule("{all: [{zh: 图们江}, {zh: [出海, 航行]}], within: 40 words}")
    source = item("图们江下游出海航行，航行")
    (hit,) = rules.match(source)
    check_evidence(hit, source)
    assert [place.text for place in hit.evidence] == ["图们江", "出海", "航行"]


@pytest.mark.parametrize(
    ("title", "text", "why"),
    [
        ("西伯利亚力量2号管道", "西伯利亚力量2号", "one word to the eye"),
        ("西伯利亞力量二號", "西伯利亞力量二號", "traditional, with a Han numeral"),
        ("西伯利亚力量2", "西伯利亚力量2", "the text ends here"),
        ("西伯利亚力量2管道", "西伯利亚力量2", "another word"),
    ],
)
def test_the_classifier_of_a_number_is_marked_with_it(title: str, text: str, why: str) -> None:
    source = item(title, "号")
    (hit,) = one_rule("{zh: 西伯利亚力量2}").match(source)
    check_evidence(hit, source)
    assert [place.text for place in hit.evidence] == [text], why


def test_scores_add_up_and_a_threshold_decides() -> None:
    rules = one_rule("{any: [$china, $spying, $arrest]}", score="{$spying: 2, $arrest: 1}", threshold="3")
    assert fired(rules, "spy spy spy") == [], "each key once"
    (hit,) = rules.match(item("spy arrested"))
    assert hit.score == 3


def test_weights_of_forms_count_in_scores() -> None:
    rules = matcher("rules: [{id: r, title: R, match: {any: [{form: rumour, weight: 0.5}, fact]}}]")
    assert rules.match(item("a rumour"))[0].score == 0.5
    assert rules.match(item("a fact"))[0].score == 1.0


FEEDS = [
    FeedSpec("ria", "u", language="ru", country="RU", tags=("wire",)),
    FeedSpec("cna", "u", language="zh-Hant", country="TW", tags=("paper",)),
]


@pytest.mark.parametrize(
    ("restriction", "feed", "fires"),
    [
        ("only: {feeds: [ria]}", "ria", True),
        ("only: {feeds: [ria]}", "cna", False),
        ("only: {tags: [wire, x]}", "ria", True),
        ("only: {tags: [wire]}", "cna", False),
        ("only: {countries: [TW]}", "ria", False),
        ("only: {languages: [zh]}", "cna", True),
        ("only: {languages: [zh]}", "ria", False),
        ("except: {languages: [zh]}", "cna", False),
        ("except: {feeds: [ria]}", "ria", False),
        ("except: {tags: [paper]}", "ria", True),
        ("only: {tags: [wire]}", "unknown", True),
        ("only: {languages: [zh]}", "unknown", True),
    ],
)
def test_restrictions_and_what_is_unknown_restricts_nothing(restriction: str, feed: str, *, fires: bool) -> None:
    import yaml

    book, problems = parse_rules(yaml.safe_load(f"rules:\n  - {{id: r, title: R, match: word, {restriction}}}"))
    assert not problems
    assert bool(compile_rules(book, feeds=FEEDS).match(item("a word", feed=feed))) is fires


def test_only_fields_looks_nowhere_else() -> None:
    rules = one_rule("{all: [$china, $spying]}", only="{fields: [title]}")
    assert fired(rules, "China spy")
    assert not fired(rules, "China", "spy")


def test_a_rule_that_is_off_is_not_compiled_and_a_shadow_says_so() -> None:
    rules = matcher(
        "rules: [{id: a, title: A, match: x y, status: off}, {id: b, title: B, match: x y, status: shadow}]"
    )
    assert [info.id for info in rules.rules] == ["b"]
    assert rules.match(item("x y"))[0].status is RuleStatus.SHADOW


def test_hits_come_in_the_order_of_the_rules() -> None:
    rules = matcher(
        "rules: [{id: z, title: Z, match: one}, {id: a, title: A, match: two}, {id: m, title: M, match: /thr.e/}]"
    )
    assert fired(rules, "three two one") == ["z", "a", "m"]


def test_a_term_may_take_another_out() -> None:
    rules = matcher(
        "terms:\n  one: {ru: [Сила Сибири], not: [$two]}\n  two: {ru: [Сила Сибири 2]}\n"
        "rules: [{id: one, title: A, match: $one}, {id: two, title: B, match: $two}]"
    )
    assert fired(rules, "газ по «Силе Сибири» идёт") == ["one"]
    assert fired(rules, "спор о «Силе Сибири — 2»") == ["two"]


@pytest.mark.parametrize("text", ["", " ", "\x1f", "👍👍", "\ud800", "a" * 100_000])
def test_strange_texts_raise_nothing(text: str) -> None:
    assert fired(one_rule("$china"), text) == []


def test_an_emoji_before_the_words_moves_no_evidence() -> None:
    assert found(one_rule("$china"), "👍👍 中国 👍") == ["中国"]


def test_a_field_break_in_a_text_is_a_space() -> None:
    assert found(one_rule("$china"), "a\x1fChina", "x") == ["China"]


@pytest.mark.parametrize(
    ("title", "summary"),
    [
        ("a <b", "c> China"),
        ("a &#31; b", "China"),
        ("a &#x1f; b <!-- ", "--> China"),
        ("«", "» China"),
        ("俄(", "a)俄 China"),
    ],
)
def test_no_mark_up_runs_from_one_field_into_the_next(title: str, summary: str) -> None:
    source = item(title, summary)
    (hit,) = one_rule("$china").match(source)
    check_evidence(hit, source)
    assert hit.evidence[0].field == "summary"


@pytest.mark.parametrize(("pattern", "words"), [(r"/\S+/", ["a", "b", "c"]), ("/a./", []), ("/[^a]/", ["b", "c"])])
def test_a_regular_expression_stays_within_a_field(pattern: str, words: list[str]) -> None:
    source = item("a", "b", "c")
    hits = one_rule(pattern).match(source)
    for hit in hits:
        check_evidence(hit, source)
    assert [one.text for hit in hits for one in hit.evidence] == words


def test_a_warm_cache_needs_no_morphology() -> None:
    import subprocess

    script = (
        "import sys, pickle\n"
        "from monitor.core.rules import parse_rules, compile_rules\n"
        "book, _ = parse_rules({'rules': [{'id': 'r', 'title': 'R', 'match': 'шпионаж'}]})\n"
        "cache = {}; compile_rules(book, cache=cache)\n"
        "for name in [n for n in sys.modules if n.startswith('pymorphy3')]: del sys.modules[name]\n"
        "import monitor.core.text.russian as russian\n"
        "for cached in (russian._morph, russian._parses, russian.word_forms): cached.cache_clear()\n"
        "from monitor.core.model import Item\n"
        "assert compile_rules(book, cache=cache).match(Item('f', 'k', 'о шпионаже'))\n"
        "assert not [n for n in sys.modules if n.startswith(('pymorphy3', 'pypinyin'))]\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize("damage", [lambda raw: raw[: len(raw) // 2], lambda raw: b"", lambda raw: b"x" + raw])
def test_a_damaged_cache_is_written_anew(damage) -> None:
    book, _ = parse_rules({"rules": [{"id": "r", "title": "R", "match": "шпионаж"}]})
    cache: dict[str, bytes] = {}
    compile_rules(book, cache=cache)
    good = dict(cache)
    cache.update({key: damage(raw) for key, raw in cache.items()})
    assert compile_rules(book, cache=cache).match(item("о шпионаже"))
    assert cache == good
