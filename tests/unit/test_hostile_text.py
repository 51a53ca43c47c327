"""Text made to be slow to normalise or to match takes no more than its length in time, and stays exact."""

from time import process_time

import pytest
from support.rulebooks import check_evidence, item, matcher

from monitor.core.rules.match import MOST_PLACES
from monitor.core.text.normalise import align, fold

SIZE = 100_000  # characters
RULES = matcher(
    """
terms:
  spy: {en: [spy], ru: [шпион], zh: [间谍]}
  china: {en: [China], ru: [Китай], zh: [中国]}
rules:
  - {id: both, title: Both, match: {all: [$spy, $china]}}
  - {id: plain, title: Plain, match: {all: [$spy, дело, Китай]}}
  - {id: near, title: Near, match: {all: [$spy, $china], within: 3 words}}
  - {id: ordered, title: Ordered, match: {order: [$spy, $china, дело]}}
  - {id: greedy, title: Greedy, match: '/(ш+п*)+(и|и|ии)*он(дело)+/'}
  - {id: many, title: Many, match: {all: ['/[а-я]{1,30}ион/', '/(a|aa)+z/']}}
"""
)

TEXTS = {
    "plain": "Суд арестовал шпиона из Китая. ",
    "every word counts": "шпион Китай дело ",
    "nothing stands together": "шпион " + "и так далее " * 50 + "Китай ",
    "Chinese without spaces": "间谍中国",
    "one Han character": "中",
    "traditional Han": "國",
    "invisible characters in words": "ш\u200bп\u202eи\u00adо\u200cн К\u2066итай ",
    "directions turned round": "\u202e\u202d\u2066шпион\u2069",
    "stress on every letter": "ши\u0301пи\u0301он ",
    "half-width marks": "ﾊﾟ",
    "syllables in pieces": "\u1100\u1161\u11a8",
    "two alphabets in a word": "аa",
    "ligatures of eighteen": "ﷺ",
    "entities": "&amp;shy;",
    "bare ampersands": "&",
    "tags": "<b>",
    "less-thans": "<",
    "for greedy patterns": "ши",
    "for branching patterns": "a",
    "numbers": "二百七十六",
    "line breaks": "шпион\n",
    "lone surrogates": "\ud800",
    "the sign between fields": "\x1f",
}


@pytest.mark.parametrize("name", TEXTS)
def test_long_text_takes_no_longer_than_its_length_allows(name: str) -> None:
    text = TEXTS[name] * (SIZE // len(TEXTS[name]))
    source = item(text[:300], text)
    began = process_time()

    folded = align(text)
    hits = RULES.match(source)

    assert process_time() - began < 12, "ten times what the slowest takes"
    assert folded.text == fold(text)
    for hit in hits:
        check_evidence(hit, source)


@pytest.mark.parametrize("pile", ["\u0301", "\u0301\u0323", "\u20e3\u0345", "\uff9e\u0301"])
def test_a_word_is_found_beside_a_pile_of_marks(pile: str) -> None:
    source = item("t", "e" + pile * (100_000 // len(pile)) + " шпион из Китая")

    assert [hit.rule for hit in RULES.match(source)][:1] == ["both"]


@pytest.mark.parametrize("text", ["ш\u200bп\u202eи\u00adо\u200cн из К\u2066ита\u2069я", "шпио\u0301н из Кита\u0301я"])
def test_invisible_characters_hide_no_word(text: str) -> None:
    source = item("t", text)
    hits = RULES.match(source)

    assert "both" in [hit.rule for hit in hits]
    for hit in hits:
        check_evidence(hit, source)


def test_a_hit_shows_some_places_of_every_word_and_never_all_of_a_million() -> None:
    source = item("t", "шпион " * 20_000 + "и Китай")
    (hit,) = [hit for hit in RULES.match(source) if hit.rule == "both"]

    words = [evidence.text for evidence in hit.evidence]
    assert words.count("шпион") == MOST_PLACES
    assert words.count("Китай") == 1
