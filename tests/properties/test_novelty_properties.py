"""Whatever a feed sends: decisions are one for each key, repeatable, and settle after one reading."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.model import Item, Known, Novelty
from monitor.core.novelty import content_hash, decide

TEXT = st.text(alphabet=st.one_of(st.characters(), st.sampled_from(" \n\u00a0\u00adёЁйи\u0306图间")), max_size=20)
ITEMS = st.builds(
    Item, feed=st.just("f"), key=st.sampled_from("abc"), title=TEXT, summary=TEXT, content=TEXT, link=st.just("")
)
DOCUMENT = st.lists(ITEMS, max_size=8)


def remember(known: dict[str, Known], document: list[Item]) -> dict[str, Known]:
    """The archive after a poll: new and edited ones are stored."""
    after = dict(known)
    for n, decision in enumerate(decide(document, known), start=len(known)):
        if decision.novelty is not Novelty.SEEN:
            key = decision.item.key
            after[key] = Known(decision.id or n, key, decision.content_hash, decision.item.title)
    return after


@given(DOCUMENT, DOCUMENT)
def test_every_key_is_decided_once_and_no_key_is_lost(first: list[Item], second: list[Item]) -> None:
    known = remember({}, first)
    keys = [d.item.key for d in decide(second, known)]
    assert keys == list(dict.fromkeys(item.key for item in second))


@given(DOCUMENT, DOCUMENT)
def test_a_document_read_twice_in_a_row_brings_nothing_the_second_time(first: list[Item], second: list[Item]) -> None:
    known = remember(remember({}, first), second)
    assert {d.novelty for d in decide(second, known)} <= {Novelty.SEEN}


@given(DOCUMENT, st.sampled_from(["title", "summary", "content"]))
def test_dropping_a_field_is_never_an_edit(document: list[Item], field: str) -> None:
    known = remember({}, document)
    poorer = [
        Item(i.feed, i.key, **{f: "" if f == field else getattr(i, f) for f in ("title", "summary", "content")})
        for i in document
    ]
    assert all(d.novelty is Novelty.SEEN for d in decide(poorer, known))


@given(ITEMS, st.text(alphabet=" \n\t\u00a0", max_size=4))
def test_white_space_never_counts(item: Item, space: str) -> None:
    wider = Item(item.feed, item.key, title=space + item.title, summary=item.summary + space, content=item.content)
    assert content_hash(wider) == content_hash(item)
