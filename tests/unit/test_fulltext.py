"""Articles fetched for their text: of which items, within which bounds, and without making anything look edited."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from support.rulebooks import item, matcher

from monitor.adapters.parse import FeedParser
from monitor.app.fulltext import Articles, Choice
from monitor.core.elsewhere import elsewhere
from monitor.core.fulltext import MARK, attached, own_content, wanted, with_article
from monitor.core.model import Access, Decision, FeedSpec, FeedState, Fetched, Fulltext, Known, Novelty, Parsed
from monitor.core.novelty import content_hash, decide
from monitor.testing import FakeFetcher, Page

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
FEED = FeedSpec("f", "https://paper.example/rss", fulltext=Fulltext.ALWAYS)
SENTENCE = "Следствие считает, что инженер передавал сведения о заводе; суд отправил его под стражу на два месяца."
ARTICLE = f"""<html><head><title>Суд</title></head><body><nav><a href="/">Главная</a></nav><article><h1>Суд</h1>
{"".join(f"<p>{SENTENCE}</p>" for _ in range(4))}</article><footer>© Газета</footer></body></html>"""
RULES = """
terms:
  china: {ru: [Китай]}
  spy: {ru: [шпион, сведения]}
  court: {ru: [суд]}
rules:
  - {id: two, title: T, match: {all: [$china, $spy]}}
  - {id: three, title: T, match: {all: [$china, $spy, $court]}}
  - {id: near, title: T, match: {all: [$spy, $court], within: 3 words}}
"""


class Reader:
    """Reads on the spot."""

    async def read(self, fetched: Fetched, feed: FeedSpec, matcher: object = None) -> Parsed:
        return FeedParser().parse(fetched, feed)


@dataclass
class Slow:
    """A fetcher that never ends, and counts who waits."""

    waiting: list[str] = field(default_factory=list)

    async def fetch(self, feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        self.waiting.append(feed.url)
        await asyncio.Event().wait()
        raise AssertionError

    async def aclose(self) -> None:
        pass


def entries(count: int, novelty: Novelty = Novelty.NEW) -> list[Decision]:
    items = [replace(item(f"Суд {n}", link=f"https://paper.example/{n}"), key=f"k{n}") for n in range(count)]
    return [Decision(one, novelty, "", content_hash(one)) for one in items]


def chosen(decisions: Sequence[Decision]) -> Choice:
    return Choice([one.item for one in decisions])


# --- which items ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hope"),
    [
        ("Погода в Хабаровске", 0),  # nothing of any rule
        ("Китай и погода", 0.5),  # one of two
        ("Китай и суд", 2 / 3),  # one of two, and two of three
        ("Шпион из Китая", 2 / 3),  # the rule of two fires already; the rule of three lacks the court
        ("Сведения переданы. Погода. Ещё слова, много слов. Суд", 1.0),  # all that `near` asks for, but far apart
        ("Суд", 0.5),
    ],
)
def test_a_promise_is_the_share_of_what_a_rule_asks_for(text: str, hope: float) -> None:
    assert matcher(RULES).promise(item(text)) == pytest.approx(hope)


def test_a_rule_that_may_not_look_at_a_feed_promises_nothing() -> None:
    rules = matcher(RULES.replace("id: two, title: T,", "id: two, title: T, only: {languages: [zh]},"))
    assert rules.promise(item("Китай и погода", language="ru")) == 0
    assert rules.promise(item("Китай и погода", language="zh")) == 0.5


def test_only_new_and_edited_items_with_a_link_are_wanted_the_likeliest_first() -> None:
    decisions = [*entries(3), *entries(1, Novelty.SEEN)]
    decisions[1] = replace(decisions[1], novelty=Novelty.EDITED)
    decisions[2] = replace(decisions[2], item=replace(decisions[2].item, link=""))
    hopes = {"k0": 0.0, "k1": 0.9}
    found, more = wanted(FEED, decisions, lambda one: hopes[one.key], 10)
    assert [one.key for one in found] == ["k1", "k0"]
    assert more == 0
    promising = replace(FEED, fulltext=Fulltext.PROMISING)
    assert [one.key for one in wanted(promising, decisions, lambda one: hopes[one.key], 10)[0]] == ["k1"]
    assert wanted(replace(FEED, fulltext=Fulltext.NO), decisions, lambda one: 1.0, 10) == ([], 0)


def test_no_more_than_the_bound_are_fetched_and_the_rest_is_said() -> None:
    found, more = wanted(FEED, entries(25), lambda one: 0.0, 20)
    assert ([one.key for one in found], more) == ([f"k{n}" for n in range(20)], 5)


# --- where the text goes --------------------------------------------------------------------------------------


def test_an_item_with_its_article_does_not_look_edited_at_the_next_poll() -> None:
    (new,) = entries(1)
    (kept,) = attached([new], {"k0": SENTENCE})
    assert SENTENCE in kept.item.content
    assert own_content(kept.item.content) == new.item.content
    known = {"k0": Known(1, "k0", kept.content_hash, kept.item.title)}
    assert [one.novelty for one in decide([new.item], known)] == [Novelty.SEEN]


def test_seen_items_get_no_article() -> None:
    (seen,) = entries(1, Novelty.SEEN)
    assert attached([seen], {"k0": SENTENCE}) == [seen]


def test_evidence_in_an_article_points_into_the_stored_content() -> None:
    found = with_article(item("Китай", content="Коротко"), SENTENCE)
    hits = matcher(RULES).match(found)
    assert hits
    for hit in hits:
        for evidence in hit.evidence:
            assert getattr(found, evidence.field)[evidence.start : evidence.end] == evidence.text
    assert MARK.isspace()


# --- fetching -------------------------------------------------------------------------------------------------


async def test_articles_are_fetched_and_read_for_each_item() -> None:
    fetcher = FakeFetcher()
    for number in range(3):
        fetcher.put(f"https://paper.example/{number}", Page(ARTICLE.encode("cp1251"), "text/html"))
    texts, notes = await Articles(fetcher, Reader()).fetch(FEED, chosen(entries(3)), AT)
    assert set(texts) == {"k0", "k1", "k2"}
    assert SENTENCE in texts["k0"]
    assert "Главная" not in texts["k0"]
    assert notes == ()


async def test_a_failure_is_a_note_and_costs_no_other_article() -> None:
    fetcher = FakeFetcher()
    fetcher.put("https://paper.example/0", Page(ARTICLE.encode(), "text/html"))
    fetcher.put(
        "https://paper.example/1", Page(b"<html><body>Sign in <input type='password'></body></html>", "text/html")
    )
    texts, notes = await Articles(fetcher, Reader()).fetch(FEED, chosen(entries(3)), AT)
    assert set(texts) == {"k0"}
    (note,) = notes
    assert note.startswith("2 of 3 articles could not be read: ")


async def test_articles_that_do_not_come_are_waited_for_only_so_long() -> None:
    slow = Slow()
    articles = Articles(slow, Reader(), patience=timedelta(milliseconds=50))
    texts, notes = await articles.fetch(FEED, chosen(entries(10)), AT)
    assert texts == {}
    assert notes == ("10 articles did not come within 0.05 s",)
    assert len(slow.waiting) == 4  # side by side; the others were not even asked for


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://paper.example/1", True),
        ("http://paper.example/1", False),  # from a secure address to one that is not
        ("https://other.example/1", False),
        ("https://paper.example:8443/1", False),
        ("https://paper.example.evil.example/1", False),
        ("https://paper.example:99999/1", False),
        ("https://paper.example:https/1", False),
        ("https://[paper.example/1", False),
    ],
)
def test_secrets_go_to_the_feeds_own_site_only(link: str, kept: bool) -> None:
    access = Access(cookies={"a": "b"}, username="u", password="p", bearer="t", proxy="http://proxy.example:1")
    found = elsewhere(replace(FEED, headers={"X-Key": "k"}, access=access), link)
    assert found.url == link
    assert bool(found.headers) is kept
    assert bool(found.access.cookies or found.access.username or found.access.password or found.access.bearer) is kept
    assert found.access.proxy == access.proxy
