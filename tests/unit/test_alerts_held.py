"""Digests at once that are not told one by one: folded when too many, held back when nobody should be disturbed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest
from support.alerting import FLASH, Newsdesk, newsdesk
from support.stored import NOW, hours

from monitor.core.model import (
    QuietHours,
    Rate,
    Severity,
    Silence,
    SilenceKind,
    StoryStatus,
    Window,
)

NEW, MORE, CHANGED, AGAIN = StoryStatus
HOUR = timedelta(hours=1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Newsdesk]:
    with newsdesk(tmp_path) as desk:
        yield desk


def statuses(desk: Newsdesk) -> list[list[tuple[int, StoryStatus]]]:
    return [[(story.story_id, story.status) for story in digest.stories] for digest in desk.told]


def silence(kind: SilenceKind, what: str, until: float = 5) -> Silence:
    return Silence(id=0, kind=kind, what=what, until=hours(until), reason="known", at=NOW)


# --- too many -----------------------------------------------------------------------------------------------


def test_more_alerts_than_the_rate_allows_come_as_one(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, at_most=Rate(3, timedelta(minutes=10)))
    stories = [desk.report(key) for key in "abcd"]
    (fold,) = desk.tick(minutes=1)
    assert (fold.folded, fold.thread, fold.alert) == (4, "", True)
    assert fold.headline.startswith("4 alerts in 1 minute: ")
    assert {story.story_id for story in fold.stories} == set(stories)
    (delivery,) = desk.store.outbox.due(desk.now, 9)
    assert delivery.key == "flash@20260302T080100.123456Z:memory:desk:1"


def test_in_a_flood_one_digest_comes_a_span_and_nothing_is_lost(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, at_most=Rate(2, timedelta(minutes=10)))
    reported = []
    for minute in range(60):
        reported += [desk.report(f"{minute}-{n}") for n in range(3)]
        desk.tick(minutes=1)
    for _ in range(30):
        desk.tick(minutes=1)
    told = [story.story_id for digest in desk.told for story in digest.stories]
    assert sorted(told) == sorted(reported)
    assert 6 <= len(desk.told) <= 9


def test_a_trickle_does_not_pass_the_guard_one_by_one(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, at_most=Rate(3, timedelta(minutes=10)))
    for minute in range(40):
        desk.report(f"k{minute}")
        desk.tick(minutes=1)
        assert sum(digest.at > desk.now - timedelta(minutes=10) for digest in desk.told) <= 4
    assert sum(len(digest.stories) for digest in desk.told) + desk.waiting() == 40


def test_graver_news_does_not_wait_for_a_fold_to_be_over(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, at_most=Rate(3, timedelta(minutes=10)))
    for number in range(5):
        desk.report(f"k{number}")
    (fold,) = desk.tick(minutes=1)
    desk.now += timedelta(minutes=1)
    for number in range(5, 9):
        desk.report(f"k{number}")
    alarm = desk.report("alarm", rule="alarm")
    assert [digest.thread for digest in desk.tick(minutes=1)] == [f"flash/{alarm}"], "by itself, and without the others"
    for number in range(20):
        desk.report(f"alarm{number}", rule="alarm")
    assert [desk.tick(minutes=1) for _ in range(7)] == [[]] * 7, "no graver than what went ahead"
    (rest,) = desk.tick(minutes=1)
    assert (rest.at - fold.at, rest.folded) == (timedelta(minutes=10), 24), "what went ahead put nothing off"


def test_much_graver_news_goes_ahead_of_a_fold_as_one(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, at_most=Rate(3, timedelta(minutes=10)), repeat_after=timedelta(minutes=1))
    for number in range(5):
        desk.report(f"k{number}")
    (fold,) = desk.tick(minutes=1)
    for number in range(20):
        desk.report(f"alarm{number}", rule="alarm")
    (ahead,) = desk.tick(minutes=1)
    assert (ahead.folded, ahead.stories[0].severity) == (20, Severity.CRITICAL), "and what only comes again waits"
    assert desk.tick(minutes=1) == []
    (rest,) = desk.tick(minutes=8)
    assert (rest.at - fold.at, rest.folded) == (timedelta(minutes=10), 25)


def test_a_tray_that_is_held_back_is_read_once_and_then_only_for_graver_news(
    desk: Newsdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.spec = replace(FLASH, at_most=Rate(3, timedelta(minutes=10)))
    asked: list[object] = []
    alerts = desk.store.digests.alerts

    def listen(*given: object, **more: object) -> object:
        asked.append(more["rules"])
        return alerts(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.store.digests, "alerts", listen)
    for batch in ("first", "second"):
        for number in range(5):
            desk.report(f"{batch}{number}")
        desk.tick(minutes=1)
    asked.clear()
    for _ in range(8):
        desk.tick(minutes=1)
    assert asked == [["alarm"]] * 8
    assert [digest.folded for digest in (*desk.told, *desk.tick(minutes=1))] == [5, 5]
    assert asked[8:] == [None]


def test_silenced_news_takes_nothing_ahead_of_a_fold(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, at_most=Rate(3, timedelta(minutes=10)))
    desk.store.people.silence(silence(SilenceKind.RULE, "alarm"))
    for number in range(5):
        desk.report(f"k{number}")
    desk.tick(minutes=1)
    for number in range(5):
        story = desk.report(f"l{number}")
        desk.report(f"alarm{number}", story=story, rule="alarm")
    assert desk.tick(minutes=1) == []
    assert desk.waiting() == 5


def test_a_story_that_was_folded_is_followed_up_in_a_thread_of_its_own(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, at_most=Rate(1, timedelta(minutes=1)))
    a, _ = desk.report("a"), desk.report("b")
    assert desk.tick(minutes=1)[0].folded == 2
    desk.now += HOUR
    desk.report("a2", story=a)
    (update,) = desk.tick()
    assert (update.stories[0].status, update.thread, update.folded) == (MORE, f"flash/{a}", 0)


# --- held back ----------------------------------------------------------------------------------------------

NIGHT = replace(
    FLASH, quiet_hours=(QuietHours(time(22), time(7)),), quiet_unless=("severity=critical",), repeat_after=2 * HOUR
)


def test_quiet_hours_hold_alerts_back_and_tell_them_together_when_they_are_over(desk: Newsdesk) -> None:
    desk.spec = replace(NIGHT, repeat_after=None)
    desk.now = NOW.replace(hour=23)
    a, b = desk.report("a"), desk.report("b")
    assert desk.tick(hours=3) == []
    (held,) = desk.tick(hours=5, minutes=30)
    assert {story.story_id for story in held.stories} == {a, b}
    assert (held.held_since, held.held_by) == (NOW.replace(hour=22, minute=0, second=0, microsecond=0), "quiet hours")
    assert (held.thread, held.folded, desk.waiting()) == ("", 0, 0)


def test_one_alert_that_was_held_back_keeps_its_thread(desk: Newsdesk) -> None:
    desk.spec, desk.now = NIGHT, NOW.replace(hour=23)
    a = desk.report("a")
    (held,) = desk.tick(hours=9)
    assert (held.thread, held.held_by) == (f"flash/{a}", "quiet hours")


def test_what_is_urgent_is_told_in_quiet_hours_and_comes_again_in_them(desk: Newsdesk) -> None:
    desk.spec, desk.now = NIGHT, NOW.replace(hour=23)
    desk.report("a")
    alarm = desk.report("b", rule="alarm")
    desk.tick(minutes=1)
    desk.tick(hours=2)
    assert statuses(desk) == [[(alarm, NEW)], [(alarm, AGAIN)]]
    assert [digest.held_since for digest in desk.told] == [None, None]


def test_maintenance_holds_back_what_is_urgent_too_and_says_why(desk: Newsdesk) -> None:
    window = Window(NOW, NOW + 3 * HOUR, "the mail server moves")
    desk.spec = replace(NIGHT, maintenance=(window,))
    desk.report("a", rule="alarm")
    assert desk.tick(hours=2) == []
    (held,) = desk.tick(hours=1)
    assert (held.held_since, held.held_by) == (NOW, "maintenance (the mail server moves)")


def test_what_comes_just_after_a_pause_is_told_by_itself(desk: Newsdesk) -> None:
    desk.spec, desk.now = NIGHT, NOW.replace(hour=6, minute=58)
    a = desk.report("a")
    desk.now += timedelta(minutes=1, seconds=30)
    b = desk.report("b")
    held, alert = desk.tick(minutes=1)
    assert [(held.held_by, held.thread), (alert.held_by, alert.thread)] == [
        ("quiet hours", f"flash/{a}"),
        ("", f"flash/{b}"),
    ]
