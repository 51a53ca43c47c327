"""An item is new, edited or seen, and the reason says which and why."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.core.model import Item, Known, Novelty
from monitor.core.novelty import content_hash, decide, distinct

ITEM = Item(
    "primer",
    "k1",
    title="Суд арестовал гражданина КНР",
    summary="Дело о шпионаже засекречено.",
    content="Заседание прошло без журналистов.",
)


def known(item: Item, **more: str) -> dict[str, Known]:
    return {item.key: Known(7, item.key, more.get("content_hash", content_hash(item)), item.title)}


def test_an_item_the_archive_does_not_have_is_new() -> None:
    (decision,) = decide([ITEM], {})
    assert (decision.novelty, decision.reason, decision.id) == (Novelty.NEW, "not in the archive", None)
    assert decision.content_hash == content_hash(ITEM)


def test_an_unchanged_item_is_seen_and_keeps_its_id() -> None:
    (decision,) = decide([ITEM], known(ITEM))
    assert (decision.novelty, decision.reason, decision.id) == (Novelty.SEEN, "unchanged", 7)


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (replace(ITEM, title="Суд  арестовал\nгражданина КНР "), "reflowed title"),
        (replace(ITEM, content="Заседание\u00a0прошло без\r\n\r\nжурналистов."), "reflowed content, no-break space"),
        (replace(ITEM, summary="Дело о шпионаже засекречено.".replace("й", "и\u0306")), "composed differently"),
        (replace(ITEM, link="https://primer.example/2", author="N. N.", categories=("x",)), "only dress changed"),
        (replace(ITEM, published=datetime(2026, 1, 2, tzinfo=UTC)), "only the date changed"),
        (replace(ITEM, content=""), "the feed dropped the content"),
        (replace(ITEM, summary="", content=" \n "), "the feed dropped all but the title"),
        (replace(ITEM, title=""), "the feed dropped the title"),
    ],
)
def test_what_is_no_edit(now: Item, why: str) -> None:
    (decision,) = decide([now], known(ITEM))
    assert decision.novelty is Novelty.SEEN, why
    assert decision.content_hash == content_hash(ITEM), "what was known stays known"


@pytest.mark.parametrize(
    ("now", "reason", "retitled"),
    [
        (replace(ITEM, title="Суд отпустил гражданина КНР"), "title changed", True),
        (replace(ITEM, title="Суд арестовал гражданина КНР!"), "title changed", False),
        (replace(ITEM, title="СУД АРЕСТОВАЛ ГРАЖДАНИНА КНР"), "title changed", False),
        (replace(ITEM, summary="Дело о шпионаже открыто."), "summary changed", False),
        (replace(ITEM, content="Заседание перенесли."), "content changed", False),
        (replace(ITEM, title="Иначе", summary="Иначе"), "title changed, summary changed", True),
        (replace(ITEM, title="Иначе", content=""), "title changed", True),
    ],
)  # fmt: skip
def test_an_edit_names_what_changed_and_whether_the_headline_says_something_else(
    now: Item, reason: str, retitled: bool
) -> None:
    (decision,) = decide([now], known(ITEM))
    assert (decision.novelty, decision.reason, decision.retitled) == (Novelty.EDITED, reason, retitled)
    assert decision.id == 7
    assert decision.content_hash != content_hash(ITEM)


def test_text_that_was_not_there_before_counts_as_an_edit_since_rules_may_fire_on_it() -> None:
    (decision,) = decide([ITEM], known(replace(ITEM, content="")))
    assert (decision.novelty, decision.reason) == (Novelty.EDITED, "content added")


def test_a_feed_that_drops_its_content_and_brings_it_back_edits_nothing() -> None:
    (dropped,) = decide([replace(ITEM, content="")], known(ITEM))
    (back,) = decide([ITEM], known(ITEM, content_hash=dropped.content_hash))
    assert [dropped.novelty, back.novelty] == [Novelty.SEEN, Novelty.SEEN]


def test_an_edit_beside_a_dropped_field_remembers_the_dropped_field() -> None:
    edited = replace(ITEM, title="Суд отпустил гражданина КНР")
    (first,) = decide([replace(edited, content="")], known(ITEM))
    (back,) = decide([edited], {ITEM.key: Known(7, ITEM.key, first.content_hash, edited.title)})
    assert (first.novelty, back.novelty) == (Novelty.EDITED, Novelty.SEEN)


def test_a_key_that_comes_twice_is_one_item_with_its_gaps_filled() -> None:
    poor = replace(ITEM, summary="", content="", link="https://primer.example/1", categories=("суд",))
    rich = replace(ITEM, title="Другой заголовок", categories=("суд", "КНР"))
    for document in ([poor, rich], [rich, poor]):
        (decision,) = decide(document, {})
        assert decision.item.title == rich.title, "the fullest copy speaks, wherever it stands"
        assert (decision.item.summary, decision.item.content) == (ITEM.summary, ITEM.content)
        assert (decision.item.link, set(decision.item.categories)) == (poor.link, {"суд", "КНР"})
        assert decision.content_hash == content_hash(decision.item)


def test_one_of_two_copies_that_says_what_is_known_makes_the_other_no_edit() -> None:
    other = replace(ITEM, title="Другой заголовок, длиннее прежнего")
    assert [d.novelty for d in decide([other, ITEM], known(ITEM))] == [Novelty.SEEN]
    empty = replace(ITEM, summary="", content="")
    edited = replace(ITEM, content="Заседание перенесли.")
    assert [d.novelty for d in decide([edited, empty], known(ITEM))] == [Novelty.EDITED], "an empty copy says nothing"


def test_decisions_keep_the_order_of_the_document() -> None:
    items = [replace(ITEM, key=key) for key in ("c", "a", "c", "b")]
    assert [d.item.key for d in decide(items, {})] == ["c", "a", "b"]


def test_a_digest_of_another_form_is_an_edit_never_a_crash() -> None:
    (decision,) = decide([ITEM], known(ITEM, content_hash="0123abc"))
    assert decision.novelty is Novelty.EDITED


def test_the_same_words_in_another_field_are_another_text() -> None:
    assert content_hash(Item("f", "k", title="a", summary="b")) != content_hash(Item("f", "k", title="b", summary="a"))
    assert content_hash(Item("f", "k", title="a b")) != content_hash(Item("f", "k", title="a", summary="b"))


# --- one key on several articles --------------------------------------------------------------------------


def article(title: str, link: str, key: str = "guid:https://primer.example") -> Item:
    return Item("primer", key, title, link=link)


def test_articles_to_which_a_feed_gave_one_guid_are_told_apart() -> None:
    items = [article(f"Новость {n}", f"https://primer.example/{n}") for n in range(5)]
    assert [d.item.title for d in decide(distinct(items), {})] == [item.title for item in items]


def test_being_told_apart_lasts_when_newer_articles_push_older_ones_out() -> None:
    items = [article(f"Новость {n}", f"https://primer.example/{n}") for n in range(5)]
    before, after = distinct(items[:4]), distinct(items[1:])
    assert [item.key for item in before[1:]] == [item.key for item in after[:3]]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (article("Суд", "https://primer.example/1"), article("Суд", "https://primer.example/2"), "one headline"),
        (article("Суд", "https://primer.example/1"), article("Арест", "https://primer.example/1#x"), "one link"),
        (article("Суд", "https://primer.example/1"), article("Арест", ""), "nothing to tell by"),
        (article("", "https://primer.example/1"), article("Арест", "https://primer.example/2"), "nothing to tell by"),
        (article("Суд", "https://a.example/1", "a"), article("Арест", "https://a.example/2", "b"), "two keys already"),
    ],
)
def test_copies_and_doubtful_cases_keep_their_key(one: Item, other: Item, why: str) -> None:
    assert distinct([one, other]) == [one, other], why
