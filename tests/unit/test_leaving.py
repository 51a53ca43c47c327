"""Who leaves a digest gets no more of it; what waits in one that all have left is kept, for nobody would hear of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.alerting import DESK, FLASH, Newsdesk, newsdesk
from support.stored import NOW

from monitor.core.model import Digest, Message, StoryStatus, Target
from monitor.errors import MonitorError

NEW, MORE, CHANGED, AGAIN = StoryStatus
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Newsdesk]:
    with newsdesk(tmp_path) as desk:
        yield desk


def test_who_left_gets_no_more_and_the_others_do(desk: Newsdesk) -> None:
    anna, boris = Target("email", "anna@example.org"), Target("email", "boris@example.org")
    desk.spec = replace(FLASH, to=(anna, boris))
    desk.store.people.leave("flash", anna, NOW)
    desk.report("a")
    desk.tick(minutes=1)
    assert [row["address"] for row in desk.store.query_outbox()] == ["boris@example.org"]


def test_what_comes_when_all_have_left_is_kept_until_somebody_is_there_again(desk: Newsdesk) -> None:
    anna, boris = Target("email", "anna@example.org"), Target("email", "boris@example.org")
    desk.spec = replace(FLASH, to=(anna, boris), repeat_after=2 * HOUR)
    a = desk.report("a")
    desk.tick(minutes=1)
    for reader in (anna, boris):
        desk.store.people.leave("flash", reader, desk.now)
    desk.report("b")
    with capture_logs() as logs:
        assert [desk.tick(hours=1) for _ in range(3)] == [[]] * 3, "nor does what was told come again"
    assert desk.waiting() == 1, "told to nobody, it would be lost in silence"
    assert [(line["log_level"], line["digest"]) for line in logs] == [("warning", "flash")], "said once"
    assert "monitor digest subscribers flash --back email:anna@example.org" in logs[0]["note"]
    desk.store.people.rejoin("flash", boris)
    told = {story.story_id: story.status for digest in desk.tick() for story in digest.stories}
    assert told == {a: AGAIN, a + 1: NEW}
    assert [row["address"] for row in desk.store.query_outbox(limit=2)] == ["boris@example.org"] * 2


def test_an_alert_by_hand_is_refused_when_all_have_left(desk: Newsdesk) -> None:
    desk.report("a")
    desk.store.people.leave("flash", DESK, NOW)
    with pytest.raises(MonitorError, match=r"everybody has left.*--back memory:desk"):
        desk.writer.write(desk.watch, desk.spec, desk.now)
    assert desk.waiting() == 1


@pytest.mark.parametrize("send_empty", [True, False])
def test_the_hour_of_a_scheduled_digest_that_all_have_left_is_made_up_for_when_somebody_is_back(
    desk: Newsdesk, send_empty: bool
) -> None:
    desk.spec = replace(FLASH, at="0 9 * * *", send_empty=send_empty)
    desk.report("a")
    desk.store.people.leave("flash", DESK, NOW)
    assert desk.tick(hours=30) == []
    assert (desk.waiting(), desk.store.digests.last_sent("flash")) == (1, None)
    desk.store.people.rejoin("flash", DESK)
    (digest,) = desk.tick(seconds=2)
    assert (len(digest.stories), desk.waiting()) == (1, 0)


@pytest.mark.parametrize("leaving", [("anna",), ("anna", "boris")])
def test_who_leaves_while_the_messages_are_made_gets_none_and_the_last_one_takes_nothing_along(
    desk: Newsdesk, monkeypatch: pytest.MonkeyPatch, leaving: tuple[str, ...]
) -> None:
    readers = {name: Target("email", f"{name}@example.org") for name in ("anna", "boris")}
    desk.spec = replace(FLASH, to=tuple(readers.values()))
    desk.report("a")
    render = desk.press.render

    def slow(digest: Digest, target: Target) -> list[Message]:
        for name in leaving:  # as another process may record
            desk.store.people.leave("flash", readers[name], desk.now)
        return render(digest, target)

    monkeypatch.setattr(desk.press, "render", slow)
    if len(leaving) == 2:
        with pytest.raises(MonitorError, match="everybody has left"):
            desk.writer.write(desk.watch, desk.spec, desk.now)
    else:
        desk.writer.write(desk.watch, desk.spec, desk.now)
    assert [row["address"] for row in desk.store.query_outbox()] == ["boris@example.org"] * (len(leaving) == 1)
    assert desk.waiting() == len(leaving) - 1


def test_a_digest_that_is_for_nobody_by_the_file_is_not_one_that_all_have_left(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, to=())
    desk.report("a")
    desk.store.people.leave("flash", DESK, NOW)
    assert len(desk.tick(minutes=1)) == 1
