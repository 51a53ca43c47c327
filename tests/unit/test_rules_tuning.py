"""Marks become words to forbid: tried with the rule, never at the cost of what is relevant."""

from dataclasses import replace

import pytest
import yaml
from support.rulebooks import item

from monitor.core.model import Item
from monitor.core.rules import Rulebook, compile_rules, parse_rules
from monitor.core.rules.conditions import ConditionReader
from monitor.core.rules.tuning import Suggestion, forbidding, suggest

RULES = """
rules:
  - {id: breaker, title: B, match: {all: [{en: [icebreaker], ru: [ледокол], zh: [破冰船]}]MORE}}
"""
GOOD = [item("Ледокол вышел в море"), item("Ледокол вернулся"), item("The icebreaker sails"), item("破冰船出海")]
FILM = [item("Фильм про ледокол"), item("Ледокол: о фильме"), item("Ледокол в новом фильме")]


def book(more: str = "") -> Rulebook:
    found, problems = parse_rules(yaml.safe_load(RULES.replace("MORE", more)))
    assert not problems
    return found


def words(found: Suggestion) -> list[str]:
    return [word.text for word in found.forbid]


def test_a_word_of_the_noise_in_any_inflection() -> None:
    found = suggest(book(), "breaker", GOOD, FILM, [])
    assert words(found) == ["фильм"]
    assert (found.relevant, found.noise, found.removed) == (4, 3, 3)


def test_forbidding_what_is_suggested_keeps_everything_relevant() -> None:
    rules = book()
    found = suggest(rules, "breaker", GOOD, FILM, [])
    read = [ConditionReader(set()).condition(word, ()) for word in words(found)]
    edited = replace(rules.rules[0], match=forbidding(rules.rules[0].match, [one for one in read if one]))
    matcher = compile_rules(Rulebook({}, (edited,)))
    assert all(matcher.match(one) for one in GOOD)
    assert not any(matcher.match(one) for one in FILM)


def test_a_word_that_relevant_news_has_in_another_form_is_not_suggested() -> None:
    noise = [item("Ледокол в порту: фильм"), item("Фильм о ледоколе в порту")]
    good = [*GOOD, item("Ледокол и фильмы о нём")]
    assert words(suggest(book(), "breaker", good, noise, [])) == ["порту"]


def test_one_word_more_where_one_is_not_enough() -> None:
    noise = [*FILM, item("Icebreaker games for the office"), item("An icebreaker game"), item("A game of icebreaker")]
    found = suggest(book(), "breaker", GOOD, noise, [])
    assert words(found)[0] in {"фильм", "game"}
    assert set(words(found)) == {"фильм", "game"}
    assert found.removed == 6


def test_han_words_are_found_without_spaces() -> None:
    noise = [item("电影《破冰船》上映"), item("新电影破冰船")]
    assert words(suggest(book(), "breaker", GOOD, noise, [])) == ["电影"]


NOTHING = [
    (GOOD, FILM[:1], "a word that a single hit has proves nothing"),
    (GOOD, [item("Ледокол вышел"), item("Ледокол вернулся")], "the noise has no word of its own"),
    (GOOD, [item("Фильм про пароход")] * 3, "no longer hits of this rule"),
    (GOOD, [], "nothing is marked as noise"),
]


@pytest.mark.parametrize(("good", "noise", "reason"), NOTHING, ids=[row[2] for row in NOTHING])
def test_nothing_is_suggested_without_grounds(good: list[Item], noise: list[Item], reason: str) -> None:
    assert words(suggest(book(), "breaker", good, noise, [])) == [], reason


def test_what_is_common_in_other_news_is_not_suggested() -> None:
    news = [item(f"Сегодня новый фильм номер {number}") for number in range(300)]
    assert words(suggest(book(), "breaker", GOOD, FILM, [])) == ["фильм"]
    assert "фильм" not in words(suggest(book(), "breaker", GOOD, FILM, news))


def test_words_of_the_relevant_hits_are_told_beside() -> None:
    good = [item("Ледокол в порту"), item("Порт ждёт ледокол"), item("Ледокол вошёл в порт")]
    found = suggest(book(), "breaker", good, FILM, [])
    assert next((word.text, word.hits) for word in found.shared) == ("порт", 3)


@pytest.mark.parametrize(("more", "nested"), [("", False), (", within: sentence", True), (", none: [танк]", False)])
def test_beside_within_the_whole_item_is_meant(more: str, nested: bool) -> None:
    noise = [item(one.title.replace("Фильм", "Кино"), "Снят в Образцовске.") for one in FILM]
    found = suggest(book(more), "breaker", GOOD, noise, [])
    assert found.nested is nested
    assert found.removed == 3, "the words stand in another sentence"
