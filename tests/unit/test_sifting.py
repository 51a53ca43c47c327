"""What is done where documents are read holds at the commit, and only there where it was done for the same."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from monitor.app.sifting import read_and_sift
from monitor.core.model import FeedSpec, Fetched, Hit, Item, Parsed
from monitor.core.novelty import Document, content_hash
from monitor.core.rules import Matcher, compile_rules, parse_rules

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FEED = FeedSpec("sample", "https://sample.example/rss", tags=("border",), headers={"X-Key": "geheim"})
RULES = {
    "terms": {"bridge": {"label": "bridge", "en": ["bridge"], "ru": ["мост"]}},
    "rules": [{"id": "bridges", "title": "Bridges", "severity": "low", "match": "$bridge"}],
}


def matcher(**feeds: FeedSpec) -> Matcher:
    book, problems = parse_rules(RULES)
    assert not problems
    return compile_rules(book, feeds=feeds.values())


def item(title: str, key: str = "", **fields: object) -> Item:
    made = Item("sample", key or f"guid:{title}", title, link=f"https://sample.example/{title}", seen_at=NOW)
    return replace(made, **fields)


def sifted(*items: Item, by: Matcher | None) -> Parsed:
    return read_and_sift(by, lambda fetched, feed: Parsed(items), Fetched("sample", NOW), FEED)


def test_items_on_which_no_rule_fires_are_named_by_their_content() -> None:
    quiet, loud = item("Snow in the mountains"), item("Открыли мост через реку")
    rules = matcher()
    parsed = sifted(quiet, loud, by=rules)
    assert parsed.silent == {content_hash(quiet)}
    assert parsed.silent_for == rules.token


def test_of_two_items_under_one_key_each_speaks_for_itself() -> None:
    quiet, loud = item("Snow", key="same"), item("Two bridges", key="same")
    for pair in ((quiet, loud), (loud, quiet)):
        assert sifted(*pair, by=matcher()).silent == {content_hash(quiet)}


def test_an_item_that_breaks_the_matcher_is_left_to_the_commit() -> None:
    class Broken:
        rules, token = (), "broken"

        def match(self, item: Item) -> list[Hit]:
            raise RuntimeError("a bug")

        def promise(self, item: Item) -> float:
            return 0.0

    parsed = read_and_sift(Broken(), lambda fetched, feed: Parsed((item("Snow"),)), Fetched("sample", NOW), FEED)
    assert (parsed.silent, len(parsed.items)) == (frozenset(), 1)


def test_without_rules_nothing_is_said_of_them() -> None:
    parsed = sifted(item("Snow"), by=None)
    assert (parsed.silent, parsed.silent_for) == (frozenset(), "")
    assert parsed.prints


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=12), st.text(max_size=20)), max_size=6))
def test_prints_made_beforehand_change_no_decision(entries: list[tuple[str, str, str]]) -> None:
    items = [item(title or "-", key=key, summary=text) for key, title, text in entries]
    prints = sifted(*items, by=None).prints
    made, own = Document(items, prints), Document(items)
    assert made.keys == own.keys
    assert made.marks() == own.marks()
    assert made.decide() == own.decide()


def test_a_matcher_travels_as_its_recipe_and_finds_the_same() -> None:
    original = matcher(sample=FEED)
    body = pickle.dumps(original)
    again = pickle.loads(body)
    assert b"geheim" not in body
    assert len(body) < 5_000
    assert again.match(item("Two bridges"))
    assert again.match(item("Two bridges")) == original.match(item("Two bridges"))
    assert not again.match(item("Snow"))


def test_rules_that_find_something_else_have_another_token() -> None:
    assert matcher().token == matcher().token
    assert matcher().token != matcher(sample=FEED).token
