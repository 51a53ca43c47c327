"""Distances: as a plain reading would have them, and without asking about every pair of words."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.rules.book import Kind, Unit, Within
from monitor.core.rules.evaluate import (
    Branch,
    Context,
    Leaf,
    Nearby,
    NodePart,
    Span,
    Spot,
    Surroundings,
    in_order,
    spans_of,
)


@dataclass
class Counting:
    """Words are places of one letter; remembers how often it was asked for a distance."""

    places: dict[int, list[int]]
    asked: int = field(default=0)

    def found(self, leaf: int) -> list[Spot]:
        return [Spot(at, at + 1, leaf) for at in self.places.get(leaf, [])]

    def close(self, start: int, end: int, within: Within) -> bool:
        self.asked += 1
        return end - start <= within.count


FIVE = Within(Unit.WORDS, 5)
stretches = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 6)).map(lambda pair: Span(pair[0], pair[0] + pair[1], ())), max_size=8
)


@given(spans=stretches, start=st.integers(0, 30), length=st.integers(1, 6))
def test_the_nearest_stretch_answers_for_all(spans: list[Span], start: int, length: int) -> None:
    text, end = Counting({}), start + length
    close = any(max(end, one.end) - min(start, one.start) <= 5 for one in spans)
    found = list(Nearby(spans, FIVE, text).together(start, end))
    assert bool(found) == close
    assert all(begin <= start and end <= stop and stop - begin <= 5 for begin, stop in found)


ALL = Branch((NodePart(Kind.ALL, (Leaf(0), Leaf(1)), 0),), (Leaf(2),), FIVE, True)


def test_a_long_text_costs_no_more_than_its_length() -> None:
    many = {leaf: list(range(leaf, 30_000, 10)) for leaf in range(3)}
    text = Counting(many)
    spans_of(ALL, text)
    around = Surroundings(Context(Leaf(0), (Leaf(1),), FIVE), text)
    for spot in text.found(2):
        around.hold(spot)
    assert text.asked < 30_000 * 2


@given(
    first=st.lists(st.integers(0, 40), unique=True, max_size=6).map(sorted),
    second=st.lists(st.integers(0, 40), unique=True, max_size=6).map(sorted),
)
def test_order_finds_the_tightest_pairs(first: list[int], second: list[int]) -> None:
    lists = [[Span(at, at + 2, ()) for at in places] for places in (first, second)]
    pairs = {(a, b + 2) for a in first for b in second if a + 2 <= b}
    tightest = {(a, b) for a, b in pairs if not any((c, d) != (a, b) and a <= c and d <= b for c, d in pairs)}
    assert {(span.start, span.end) for span in in_order(lists)} == tightest


@pytest.mark.parametrize(
    ("wanted", "forbidden", "holds"),
    [
        ([12], [], True),
        ([20], [], False),
        ([], [], False),
        ([12], [13], False),
        ([12], [30], True),
        ([8, 12], [7], True),  # on the other side nothing forbids
    ],
)
def test_a_context_is_measured_from_the_word(wanted: list[int], forbidden: list[int], holds: bool) -> None:
    text = Counting({1: wanted, 2: forbidden})
    assert Surroundings(Context(Leaf(1), (Leaf(2),), FIVE), text).hold(Spot(10, 11, 0)) is holds
