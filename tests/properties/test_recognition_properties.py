"""However a feed dresses its articles up, each is stored once: no flood, no edit, no loss."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from support.memory import Memory

from monitor.core.model import Item, Novelty

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WORDS = """
    суд порт завод газ шпион судно лес арест пошлина спутник граница банк нефть рейс министр посол закон авария
    court ship steel smoke spy rail trade tariff border grain pipeline minister envoy bill crash harvest fleet strike
    法院 港口 钢铁 天然气 间谍 铁路 贸易 关税 边境 银行 粮食 管道 部长 大使 法案 事故 卫星 木材
"""
EACH = 6  # words of a headline, none of them in another


@st.composite
def articles(draw: st.DrawFn) -> list[Item]:
    """Up to eight articles, each with guid, link and headline of its own, some with text and time."""
    words = draw(st.permutations(WORDS.split()))
    titles = [" ".join(words[EACH * n : EACH * (n + 1)]) for n in range(draw(st.integers(1, 8)))]
    return [
        Item(
            "primer",
            f"guid:{n}",
            f"{title} {n}",
            draw(st.sampled_from(["", "Читать на сайте", f"Подробно: {title} {n}, {title[::-1]}"])),
            link=f"https://primer.example/{'abcdefgh'[n]}/{n}",
            published=draw(st.sampled_from([None, NOON + timedelta(minutes=7 * n, seconds=n + 1)])),
        )
        for n, title in enumerate(titles)
    ]


NOISE = st.sampled_from(["", "?utm_source=rss", "?ts={}", "?sid={}a", "?utm_campaign={}", ";jsessionid=A{}", "/"])
POLL = st.tuples(st.booleans(), NOISE, st.randoms(use_true_random=False), st.integers(0, 3))


@settings(max_examples=150)
@given(articles(), st.lists(POLL, min_size=1, max_size=4))
def test_rewritten_guids_noise_in_links_and_another_order_bring_nothing_new_and_no_edit(
    document: list[Item], polls: list[tuple[bool, str, object, int]]
) -> None:
    memory = Memory()
    assert set(memory.verdicts(*document)) == {Novelty.NEW}
    for number, (rewritten, noise, order, copies) in enumerate(polls, start=1_772_453_251):
        dressed = [
            replace(
                item,
                key=f"{item.key}/{number}" if rewritten else item.key,
                link=item.link + noise.format(number),
            )
            for item in (*document, *document[:copies])
        ]
        order.shuffle(dressed)  # type: ignore[attr-defined]
        decisions = memory.read(dressed)
        assert {decision.novelty for decision in decisions} == {Novelty.SEEN}
        assert {decision.item.key for decision in decisions} == {item.key for item in document}
    assert len(memory.items) == len(document)


@settings(max_examples=150)
@given(articles(), st.data())
def test_every_distinct_article_is_stored_once_however_the_guids_are_mixed_up(
    document: list[Item], data: st.DataObject
) -> None:
    """Documents show parts of the feed, and each time any of a few guids stands on any article."""
    memory = Memory()
    shown: set[str] = set()
    for _ in range(data.draw(st.integers(1, 5))):
        part = data.draw(st.lists(st.sampled_from(document), unique_by=lambda item: item.link, max_size=4))
        guids = data.draw(st.lists(st.sampled_from("xyz"), min_size=len(part), max_size=len(part)))
        memory.read([replace(item, key=f"guid:{guid}") for item, guid in zip(part, guids, strict=True)])
        shown |= {item.link for item in part}
    stored = [item.link for _, item, _, _ in memory.items.values()]
    assert set(stored) >= shown, "nothing is lost"
    assert len(stored) == len(set(stored)), "nothing is doubled"


@settings(max_examples=100)
@given(articles(), st.permutations(range(4)))
def test_an_archive_learnt_from_any_order_of_the_polls_holds_the_same_articles(
    document: list[Item], order: list[int]
) -> None:
    parts = [document[n::4] for n in order]
    memory = Memory()
    for part in parts:
        if part:
            memory.read(part)
    assert {item.link for _, item, _, _ in memory.items.values()} == {item.link for item in document}
