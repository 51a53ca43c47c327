"""Splitting a digest by weight, with a weight simple enough to count by hand."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import samples

from monitor.adapters.deliver.render.parts import _most, split
from monitor.adapters.deliver.render.view import DigestView, view

GLANCE, FOOT, STORY, REPORT = 7, 5, 3, 2


def weigh(part: DigestView) -> int:
    """Glance in the first part, foot in the last, so much for a story and for each of its reports."""
    reports = sum(len(story.carriers) for story in part.stories)
    ends = GLANCE * (part.part == 1) + FOOT * (part.part == part.parts)
    return ends + STORY * len(part.stories) + REPORT * reports


def digest(*reports: int) -> DigestView:
    """One story for each number, with so many reports."""
    base = view(samples.digest())
    story = base.stories[0]
    many = [replace(story.carriers[0], outlet=f"outlet {m}") for m in range(max(reports, default=0))]
    stories = tuple(
        replace(story, number=n, anchor=f"s{n}", carriers=tuple(many[:count])) for n, count in enumerate(reports, 1)
    )
    return replace(base, stories=stories)


def shape(parts: list[DigestView]) -> list[list[tuple[int, int]]]:
    """For each part: (story, how many of its reports)."""
    return [[(story.number, len(story.carriers)) for story in part.stories] for part in parts]


@pytest.mark.parametrize(
    ("reports", "limit", "expected", "reason"),
    [
        ([], 12, [[]], "nothing to split"),
        ([0, 0], 18, [[(1, 0), (2, 0)]], "all fits"),
        ([0, 0], 17, [[(1, 0), (2, 0)], []], "all but the foot fits"),
        ([0, 0, 0, 0], 16, [[(1, 0), (2, 0), (3, 0)], [(4, 0)]], "the fourth goes on"),
        ([4], 16, [[], [(1, 4)]], "whole in the second part rather than torn in the first"),
        ([9], 15, [[], [(1, 6)], [(1, 3)]], "one story is too heavy for any part"),
        ([2, 9, 2], 15, [[(1, 2)], [(2, 6)], [(2, 3)], [(3, 2)]], "its neighbours stay whole"),
        ([0], 2, [[], [(1, 0)], []], "what can't be split is sent nevertheless"),
    ],
)
def test_a_digest_is_split_where_it_hurts_least(
    reports: list[int], limit: int, expected: list[list[tuple[int, int]]], reason: str
) -> None:
    assert shape(split(digest(*reports), limit, weigh)) == expected, reason


@settings(deadline=None)
@given(st.lists(st.integers(0, 20).filter(lambda n: n != 1), max_size=12), st.integers(GLANCE + FOOT + STORY, 60))
def test_every_story_and_report_is_in_exactly_one_part_and_no_part_is_too_heavy(reports: list[int], limit: int) -> None:
    parts = split(digest(*reports), limit, weigh)
    told: dict[int, int] = {}
    for part in parts:
        assert weigh(part) <= limit
        for story in part.stories:
            assert story.continued is (story.number in told)
            told[story.number] = told.get(story.number, 0) + len(story.carriers)
    assert told == dict(enumerate(reports, 1))
    assert [(part.part, part.parts) for part in parts] == [(n, len(parts)) for n in range(1, len(parts) + 1)]


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_largest_fitting_number_is_found(top: int, limit: int) -> None:
    assert _most(top, lambda n: n <= limit) == min(top, limit)
