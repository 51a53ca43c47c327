"""Piles of marks are found wherever they stand, although most text is told by a few of its characters."""

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.text.chars import LONG, MOST_MARKS, limit_marks, piles

MARKS = st.sampled_from(["\u0301", "\u00ad", "\u200b", "\u0483", "\U0001d165", "\ufe0f"])
PIECES = st.tuples(st.sampled_from(["я", "图", "a", "😀", "é"]), MARKS, st.integers(0, 80), st.integers(0, 60))


@settings(deadline=None)
@given(st.lists(PIECES, max_size=8), st.integers(0, 40))
def test_no_pile_of_marks_stays_and_nothing_else_goes(pieces: list[tuple[str, str, int, int]], shift: int) -> None:
    text = "б" * (LONG + shift) + "".join(letter * letters + mark * marks for letter, mark, letters, marks in pieces)

    assert limit_marks(text) == piles().sub(lambda pile: pile[0][:MOST_MARKS], text)
