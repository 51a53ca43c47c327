"""The story that keeps a digest from being written is found, and the others are told without it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.alerting import DESK, FLASH, Newsdesk, newsdesk
from support.stored import NOW

from monitor.app.spoilers import passing
from monitor.core.model import Rate, Window


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Newsdesk]:
    with newsdesk(tmp_path) as desk:
        yield desk


class Trial:
    """Fails for a part with one of `bad` in it; counts the tries."""

    def __init__(self, bad: set[int]) -> None:
        self.bad = bad
        self.tries = 0

    def __call__(self, part: Sequence[int]) -> None:
        assert part, "an empty part says nothing"
        self.tries += 1
        if found := self.bad.intersection(part):
            raise ValueError(sorted(found))


# --- the search ---------------------------------------------------------------------------------------------


@given(st.integers(2, 300), st.sets(st.integers(0, 299), min_size=1, max_size=4))
def test_what_passes_has_no_bad_one_and_each_error_is_of_one(many: int, bad: set[int]) -> None:
    trial = Trial(bad := {one % many for one in bad})
    good, found = passing(range(many), trial)
    assert good == sorted(good)
    assert not bad.intersection(good)
    assert {one for one, _ in found} <= bad
    assert all(str(error) == str([one]) for one, error in found)
    assert trial.tries <= 64


@pytest.mark.parametrize("bad", [{0}, {9_999}, {4_321}, {0, 1}])
def test_few_bad_ones_among_many_are_found_in_few_tries(bad: set[int]) -> None:
    trial = Trial(bad)
    good, errors = passing(range(10_000), trial)
    assert (len(good), len(errors)) == (10_000 - len(bad), len(bad))
    assert trial.tries <= 28 * len(bad)


def test_a_fault_that_is_no_storys_ends_the_search_soon() -> None:
    trial = Trial(set(range(10_000)))
    good, errors = passing(range(10_000), trial)
    assert (good, len(errors)) == ([], 3)
    assert trial.tries <= 20


def test_one_story_alone_is_not_searched() -> None:
    trial = Trial({0})
    assert passing([0], trial) == ([], [])
    assert trial.tries == 0


# --- the digests --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["", "0 9 * * *"], ids=["folded alerts", "a digest with an hour"])
def test_a_story_that_can_not_be_written_does_not_hold_back_the_others(desk: Newsdesk, at: str) -> None:
    desk.spec = replace(FLASH, at=at or None, at_most=Rate(2, timedelta(minutes=10)), to=(DESK,))
    stories = [desk.report(str(number)) for number in range(20)]
    desk.press.broken = stories[7]
    with pytest.raises(ExceptionGroup, match="trays are kept") as caught:
        desk.tick(hours=1)
    assert [str(error) for error in caught.value.exceptions] == ["a template that breaks"]
    (delivery,) = desk.store.outbox.due(desk.now, 9)
    assert len(delivery.message.body["hits"]) == 19
    assert desk.waiting() == 1
    desk.press.broken = 0
    (late,) = desk.tick(days=1)
    assert [story.story_id for story in late.stories] == [stories[7]]
    assert desk.waiting() == 0


def test_what_was_held_back_is_told_without_the_story_that_can_not_be_written(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, maintenance=(Window(NOW, NOW + timedelta(hours=1), "the mail server moves"),))
    stories = [desk.report(str(number)) for number in range(6)]
    desk.press.broken = stories[0]
    with pytest.raises(ExceptionGroup):
        desk.tick(hours=2)
    assert len(desk.subjects()) == 1
    assert desk.waiting() == 1


def test_the_digest_says_that_a_story_is_missing(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, at="0 9 * * *")
    desk.press.broken = desk.report("a")
    desk.report("b")
    notes: list[str] = []
    render = desk.press.render
    desk.press.render = lambda digest, target: (notes.extend(digest.notes), render(digest, target))[1]  # type: ignore[method-assign]
    with pytest.raises(ExceptionGroup, match="the others are told"):
        desk.writer.write(desk.watch, desk.spec, desk.now)
    assert notes == ["1 story could not be written into this digest; it waits, and the monitor's log says why"]


@pytest.mark.parametrize("at", [None, "0 9 * * *"], ids=["folded alerts", "a digest with an hour"])
def test_a_renderer_that_fails_for_all_writes_nothing_and_says_so_once(desk: Newsdesk, at: str | None) -> None:
    desk.spec = replace(FLASH, at=at)
    for number in range(50):
        desk.report(str(number))

    def fail(*_: object) -> None:
        raise OSError("no template")

    desk.press.render = fail  # type: ignore[method-assign,assignment]
    for later in (3600, 1):  # while it rests, too
        with pytest.raises(ExceptionGroup) as caught:
            desk.tick(seconds=later)
        assert [str(error) for error in caught.value.exceptions] == ["no template"]
    assert desk.waiting() == 50
    assert desk.subjects() == []
