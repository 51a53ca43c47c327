"""Searches made from a rule's words: what is asked for, within which limits, and what is said of the rest."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml

from monitor.core.model import Engine, FeedSpec, Item, Query, SourceKind
from monitor.core.queries import GDELT_QUERY, MOST_SEARCHES, expand
from monitor.core.rules import Rulebook, compile_rules, parse_rules

RULES = """
terms:
  bridge: {ru: [мост, мостовой переход, пограничный мост], en: [bridge], zh: [大桥, 跨境大桥]}
  closing: {ru: [закрыть, закрытие], en: [close, closure], zh: [关闭]}
  cargo: {ru: [груз], en: [cargo]}
  acronym: {ru: [=ФСБ, НОАК], en: [FSB, EU]}
  only-en: {en: [harbour]}
rules:
  - {id: closed, title: T, match: {all: [$bridge, $closing]}}
  - {id: either, title: T, match: {any: [{all: [$bridge, $closing]}, {all: [$bridge, $cargo, $closing]}, $acronym]}}
  - {id: forbidden, title: T, match: {all: [$bridge], none: [$closing]}}
  - {id: english, title: T, match: $only-en}
  - {id: pattern, title: T, match: {all: [/a+b/, $bridge]}}
  - {id: short, title: T, match: $acronym}
"""


def book(text: str = RULES) -> Rulebook:
    found, problems = parse_rules(yaml.safe_load(text))
    assert not problems, "\n".join(map(str, problems))
    return found


def made(rule: str, engine: Engine = Engine.GOOGLE_NEWS, language: str | None = "ru", **more: str) -> list[FeedSpec]:
    entry = FeedSpec(
        "q", "", language=language, query=Query(engine, rule, more.pop("text", ""), more.pop("url", "")), **more
    )
    found = expand([entry], book())
    assert not found.problems, found.problems
    return list(found.feeds)


def query(feed: FeedSpec) -> str:
    asked = parse_qs(urlsplit(feed.url).query)
    return (asked.get("q") or asked["query"])[0]


@pytest.mark.parametrize(
    ("rule", "language", "text"),
    [
        # single words bare, so that Google inflects them; phrases that a single word finds as well are left out
        ("closed", "ru", '(мост OR "мостовой переход") (закрыть OR закрытие) when:2d'),
        ("closed", "zh-Hans", '"大桥" "关闭" when:2d'),
        ("forbidden", "ru", '(мост OR "мостовой переход") when:2d'),
        ("pattern", "ru", '(мост OR "мостовой переход") when:2d'),
        ("short", "ru", '("ФСБ" OR НОАК) when:2d'),
        ("english", "en", "harbour when:2d"),
    ],
)
def test_google_is_asked_for_the_words_of_the_language(rule: str, language: str, text: str) -> None:
    (feed,) = made(rule, language=language)
    assert query(feed) == text
    assert (feed.id, feed.source, feed.made_from) == ("q", SourceKind.FEED, "")


@pytest.mark.parametrize(
    ("language", "country", "edition"),
    [
        ("ru", None, "hl=ru&gl=RU&ceid=RU:ru"),
        ("ru", "KZ", "hl=ru&gl=KZ&ceid=KZ:ru"),
        ("en", "GB", "hl=en-GB&gl=GB&ceid=GB:en"),
        ("zh-Hans", None, "hl=zh-CN&gl=CN&ceid=CN:zh-Hans"),
        ("zh-Hant", "HK", "hl=zh-HK&gl=HK&ceid=HK:zh-Hant"),
        ("zh-Hant", "RU", "hl=zh-TW&gl=TW&ceid=TW:zh-Hant"),
    ],
)
def test_language_and_country_choose_the_edition(language: str, country: str | None, edition: str) -> None:
    entry = FeedSpec("q", "", language=language, country=country, query=Query(Engine.GOOGLE_NEWS, "", "порт"))
    (feed,) = expand([entry], None).feeds
    assert unquote(feed.url).endswith(edition)


def test_branches_of_a_rule_are_searches_of_their_own() -> None:
    feeds = made("either")
    assert [query(feed) for feed in feeds] == [
        '(мост OR "мостовой переход") (закрыть OR закрытие) when:2d',
        '("ФСБ" OR НОАК) when:2d',
    ]
    assert [(feed.id, feed.made_from) for feed in feeds] == [("q", ""), ("q.2", "q")]
    assert feeds[0].reason == "search 1 of 2 for rule either"


def test_gdelt_is_asked_in_english_for_articles_of_the_language() -> None:
    (feed,) = made("closed", Engine.GDELT)
    assert query(feed) == "bridge (close OR closure) sourcelang:russian"
    assert feed.source is SourceKind.GDELT
    asked = parse_qs(urlsplit(feed.url).query)
    assert (asked["mode"], asked["format"], asked["maxrecords"]) == (["artlist"], ["json"], ["250"])


def test_gdelt_is_not_asked_for_words_of_two_letters() -> None:
    (feed,) = made("short", Engine.GDELT, language=None)
    assert query(feed) == "FSB"


def test_a_text_is_asked_for_as_it_stands_and_a_mirror_where_one_is_given() -> None:
    (feed,) = made("", text="мост after:2026-11-01", url="https://mirror.example/search?key=1")
    assert unquote(feed.url).startswith("https://mirror.example/search?key=1&q=мост after:2026-11-01&hl=ru")


def long_rule(words: int) -> Rulebook:
    forms = ", ".join(f"слово{chr(1072 + n // 30)}{chr(1072 + n % 30)}" for n in range(words))
    english = ", ".join(f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(words))
    return book(f"terms:\n  t: {{ru: [{forms}], en: [{english}]}}\nrules:\n  - {{id: r, title: R, match: $t}}\n")


@pytest.mark.parametrize("engine", list(Engine))
def test_many_words_become_several_searches_within_the_limits_the_first_words_first(engine: Engine) -> None:
    found = expand([FeedSpec("q", "", language="ru", query=Query(engine, "r"))], long_rule(500))
    assert not found.problems
    assert len(found.feeds) == MOST_SEARCHES
    for feed in found.feeds:
        assert len(feed.url) <= 2_048
        if engine is Engine.GDELT:
            assert len(query(feed)) <= GDELT_QUERY
        else:
            assert len(query(feed).replace(" OR ", " ").split()) <= 32
    assert ("wordaa" if engine is Engine.GDELT else "словоаа") in query(found.feeds[0])
    assert "of its 500 words do not fit" in found.feeds[0].reason


@pytest.mark.parametrize(
    ("entry", "path", "words"),
    [
        (FeedSpec("q", "", language="ru", query=Query(Engine.GOOGLE_NEWS, "closd")), "rule", "did you mean 'closed'"),
        (FeedSpec("q", "", query=Query(Engine.GOOGLE_NEWS, "closed")), "engine", "needs the language of its edition"),
        (
            FeedSpec("q", "", language="ru", query=Query(Engine.GOOGLE_NEWS, "english")),
            "rule",
            "no words in the language",
        ),
        (FeedSpec("q", "", language="xx", query=Query(Engine.GDELT, "closed")), "engine", "how GDELT calls"),
    ],
    ids=["no such rule", "no language", "no words", "strange language"],
)
def test_what_can_not_be_asked_is_complained_about_at_its_place(entry: FeedSpec, path: str, words: str) -> None:
    found = expand([FeedSpec("other", "https://a.example/"), entry], book())
    (problem,) = found.problems
    assert problem.path == ("feeds", 1, "query", path)
    assert words in problem.message


def test_an_id_that_a_search_needs_may_not_be_another_feeds() -> None:
    entry = FeedSpec("q", "", language="ru", query=Query(Engine.GOOGLE_NEWS, "either"))
    (problem,) = expand([entry, FeedSpec("q.2", "https://a.example/")], book()).problems
    assert "`q.2`, which another feed has" in problem.message


def test_a_rule_for_an_entry_looks_at_all_of_its_searches() -> None:
    rule = "{id: r, title: R, match: мост, only: {feeds: [q]}, except: {feeds: [z]}}"
    found, _ = parse_rules(yaml.safe_load(f"rules: [{rule}]"))
    feeds = [FeedSpec(f"{name}.1", "", made_from=name) for name in ("q", "z", "other")]
    matcher = compile_rules(found, feeds=feeds)
    hits = {feed.id: bool(matcher.match(Item(feed.id, "k", "Мост"))) for feed in feeds}
    assert hits == {"q.1": True, "z.1": False, "other.1": False}


def test_without_rules_entries_stay_as_they_are() -> None:
    entry = FeedSpec("q", "", language="ru", query=Query(Engine.GOOGLE_NEWS, "closed"))
    assert expand([entry], None).feeds == (entry,)
