"""Digests at once: each story an alert of its own, at its time, again if need be, quiet where people asked for it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from support.alerting import DESK, FLASH, RULES, Newsdesk, newsdesk
from support.stored import NOW, count, hours

from monitor.core.model import (
    Ack,
    DigestSpec,
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


# --- each story by itself -----------------------------------------------------------------------------------


def test_each_story_is_an_alert_of_its_own_with_its_own_thread_and_key(desk: Newsdesk) -> None:
    a, b = desk.report("a"), desk.report("b")
    assert desk.tick(seconds=59) == []
    first, second = desk.tick(seconds=1)
    assert [(one.headline, one.thread, one.alert, one.folded) for one in (first, second)] == [
        ("Новость a", f"flash/{a}", True, 0),
        ("Новость b", f"flash/{b}", True, 0),
    ]
    found = desk.store.outbox.due(desk.now, 9)
    assert [delivery.thread for delivery in found] == [f"flash/{a}"], "to one target one after another"
    assert found[0].key == f"flash/{a}@20260302T080100.123456Z:memory:desk:1"
    assert desk.waiting() == 0


def test_what_comes_while_a_story_is_gathered_goes_out_with_it(desk: Newsdesk) -> None:
    a = desk.report("a")
    desk.now += timedelta(seconds=50)
    desk.report("a2", story=a)
    (alert,) = desk.tick(seconds=10)
    assert len(alert.stories[0].carriers) == 2


def test_further_reports_wait_for_their_turn_and_stand_before_what_was_told(desk: Newsdesk) -> None:
    a = desk.report("a")
    desk.tick(minutes=1)
    desk.now += timedelta(minutes=1)
    desk.report("a2", story=a)
    desk.report("a3", story=a)
    assert desk.tick(minutes=3) == []
    assert desk.waiting() == 2
    (update,) = desk.tick(minutes=1)
    (story,) = update.stories
    assert (story.status, update.thread, story.told_at) == (MORE, f"flash/{a}", NOW + timedelta(minutes=1))
    assert [carrier.title for carrier in story.carriers] == ["Новость a2", "Новость a3"]
    assert [carrier.title for carrier in story.earlier] == ["Новость a"]


def test_a_graver_report_takes_what_waits_along_and_does_not_wait_for_its_turn(desk: Newsdesk) -> None:
    a = desk.report("a")
    desk.tick(minutes=1)
    desk.report("a2", story=a)
    desk.now += timedelta(minutes=1)
    desk.report("a3", story=a, rule="alarm")
    assert desk.tick(seconds=59) == []
    (update,) = desk.tick(seconds=1)
    assert [carrier.title for carrier in update.stories[0].carriers] == ["Новость a2", "Новость a3"]
    assert (update.thread, update.stories[0].told_severity) == (f"flash/{a}", Severity.HIGH)
    desk.report("a4", story=a, rule="alarm")
    assert desk.tick(minutes=4) == [], "as grave as what was told: it waits for its turn"
    assert len(desk.tick(minutes=1)) == 1


def test_a_graver_report_that_is_silenced_hurries_no_other(desk: Newsdesk) -> None:
    a = desk.report("a")
    desk.tick(minutes=1)
    desk.store.people.silence(silence(SilenceKind.RULE, "alarm"))
    desk.report("a2", story=a)
    desk.report("a3", story=a, rule="alarm")
    assert [desk.tick(minutes=1) for _ in range(4)] == [[]] * 4
    assert desk.waiting() == 1
    (update,) = desk.tick(minutes=1)
    assert [carrier.title for carrier in update.stories[0].carriers] == ["Новость a2"]


def test_a_late_report_of_a_story_told_long_ago_goes_out_at_once(desk: Newsdesk) -> None:
    a = desk.report("a")
    desk.tick(minutes=1)
    desk.now += 3 * HOUR
    desk.report("a2", story=a)
    assert len(desk.tick()) == 1


def test_an_alert_that_can_not_be_written_keeps_no_other_back_and_is_not_lost(desk: Newsdesk) -> None:
    a, b = desk.report("a"), desk.report("b")
    desk.press.broken = a
    with pytest.raises(ExceptionGroup, match="trays are kept"):
        desk.tick(minutes=1)
    assert desk.subjects() == ["Новость b"]
    assert desk.waiting() == 1
    assert [run.at for run in desk.store.digests.runs("flash", NOW)] == [desk.now]
    desk.press.broken = 0
    (late,) = desk.tick(seconds=2)
    assert late.stories[0].story_id == a
    assert b != a


@pytest.mark.parametrize("at", [None, "0 9 * * *"])
def test_nobody_waits_for_the_database_while_templates_are_filled(desk: Newsdesk, at: str | None) -> None:
    desk.spec = replace(FLASH, at=at)
    desk.report("a")
    render, waits = desk.press.render, []
    desk.press.render = lambda *given: (waits.append(desk.store.connection.in_transaction), render(*given))[1]  # type: ignore[method-assign]
    desk.tick(hours=1)
    assert waits == [False]


def looks(desk: Newsdesk, seconds: int) -> list[int]:
    """At which seconds, looking every two, an alert that can't be written is tried."""
    began = desk.now + timedelta(seconds=2)
    tried: list[int] = []
    render = desk.press.render
    desk.press.render = lambda *given: (tried.append((desk.now - began).seconds), render(*given))[1]  # type: ignore[method-assign]
    for _ in range(0, seconds, 2):
        with pytest.raises(ExceptionGroup, match="trays are kept"):
            desk.tick(seconds=2)
    desk.press.render = render  # type: ignore[method-assign]
    return tried


def test_an_alert_that_can_not_be_written_is_tried_less_and_less_and_said_all_the_time(desk: Newsdesk) -> None:
    desk.press.broken = desk.report("a")
    desk.now += timedelta(minutes=1)
    tried = looks(desk, 1800)
    assert tried[:6] == [0, 2, 6, 14, 30, 62]
    assert {after - before for before, after in pairwise(tried[5:])} == {60}, "but every minute"
    desk.report("b")
    with pytest.raises(ExceptionGroup):
        desk.tick(minutes=1)
    assert desk.subjects() == ["Новость b"], "others are told all the same"


def test_an_alert_that_could_not_be_written_is_tried_at_once_after_an_edit_a_restart_or_a_turned_clock(
    desk: Newsdesk,
) -> None:
    desk.press.broken = desk.report("a")
    desk.now += timedelta(minutes=1)
    looks(desk, 250)
    assert looks(desk, 10) == []
    desk.spec = replace(desk.spec, title="Another name")
    assert looks(desk, 10) == [0, 2, 6]
    desk.restart()
    assert looks(desk, 10) == [0, 2, 6]
    looks(desk, 300)
    desk.now -= HOUR
    desk.press.broken = 0
    assert len(desk.tick()) == 1


def test_a_scheduled_digest_that_can_not_be_written_is_tried_less_and_less(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, at="0 9 * * *")
    desk.press.broken = desk.report("a")
    desk.now = NOW.replace(hour=9, minute=0)
    assert looks(desk, 60) == [0, 2, 6, 14, 30]
    desk.press.broken = 0
    with pytest.raises(ExceptionGroup, match="trays are kept"):
        desk.tick(seconds=1)
    assert len(desk.tick(seconds=30)) == 1


def test_nothing_due_writes_nothing(desk: Newsdesk) -> None:
    assert desk.tick(days=1) == []
    assert count(desk.store, "runs") == 0


def test_news_of_feeds_and_rules_and_what_was_left_out_stand_in_the_first_alert_only(desk: Newsdesk) -> None:
    desk.store.digests.note_rules(RULES, NOW)
    desk.report("z")
    desk.tick(minutes=1)
    desk.store.digests.note_rules((replace(RULES[0], fingerprint="2"), RULES[1]), desk.now + HOUR)
    desk.now += 2 * HOUR
    desk.report("a")
    desk.report("b")
    (hit,) = desk.store.archive.hits([1])
    desk.store.digests.leave_out("flash", hit.id, "too old", desk.now)
    first, second = desk.tick(minutes=1)
    assert [edit.rule for edit in first.rule_edits] == ["espionage-arrests"]
    assert first.left_out == (("too old", 1),)
    assert (second.rule_edits, second.left_out) == ((), ())
    assert (first.since, second.since) == (NOW + timedelta(minutes=1),) * 2


# --- repeats ------------------------------------------------------------------------------------------------


def test_an_alert_comes_again_until_somebody_acknowledges_it(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, repeat_after=2 * HOUR)
    a = desk.report("a")
    desk.tick(minutes=1)
    assert desk.tick(minutes=119) == []
    desk.tick(minutes=1)
    desk.tick(hours=2)
    desk.store.people.acknowledge(Ack(a, desk.now))
    assert desk.tick(hours=2) == []
    assert statuses(desk) == [[(a, NEW)], [(a, AGAIN)], [(a, AGAIN)]]
    assert {digest.thread for digest in desk.told} == {f"flash/{a}"}
    assert desk.told[1].headline == "Новость a"
    desk.report("a2", story=a)
    (update,) = desk.tick()
    assert update.stories[0].acknowledged, "news is told all the same"


@pytest.mark.parametrize(
    ("rule", "comes", "why"),
    [("espionage-arrests", [MORE], "no graver than what was told"), ("alarm", [MORE, AGAIN], "graver than it")],
)
def test_an_acknowledgement_counts_only_while_nothing_graver_came(
    desk: Newsdesk, rule: str, comes: list[StoryStatus], why: str
) -> None:
    desk.spec = replace(FLASH, repeat_after=2 * HOUR)
    a = desk.report("a")
    desk.tick(minutes=1)
    desk.store.people.acknowledge(Ack(a, desk.now))
    desk.now += HOUR
    desk.report("a2", story=a, rule=rule)
    (update,) = desk.tick(minutes=1)
    assert update.stories[0].acknowledged == (rule != "alarm"), why
    desk.tick(hours=2)
    assert [status for (one,) in statuses(desk)[1:] for _, status in [one]] == comes, why
    desk.store.people.acknowledge(Ack(a, desk.now))
    assert desk.tick(hours=2) == []


def test_an_alert_comes_again_five_times_at_most(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, repeat_after=HOUR)
    desk.report("a")
    for _ in range(24):
        desk.tick(hours=1)
    assert len(desk.told) == 6


# --- people's word ------------------------------------------------------------------------------------------

KINDS: list[tuple[SilenceKind, str]] = [
    (SilenceKind.STORY, "1"),
    (SilenceKind.RULE, "espionage-arrests"),
    (SilenceKind.SOURCE, "sample-ru"),
    (SilenceKind.ENTITY, "espionage"),
]


@pytest.mark.parametrize(("kind", "what"), KINDS, ids=[kind.value for kind, _ in KINDS])
def test_what_is_silenced_is_not_told_and_the_next_alert_counts_it(
    desk: Newsdesk, kind: SilenceKind, what: str
) -> None:
    desk.store.people.silence(silence(kind, what))
    desk.report("a")
    assert desk.tick(minutes=1) == []
    assert (desk.waiting(), count(desk.store, "runs"), count(desk.store, "tellings")) == (0, 0, 0)
    desk.now = hours(6)
    desk.report("b")
    (alert,) = desk.tick(minutes=1)
    assert alert.left_out == (("silenced until Mon 13:00: known", 1),)


def test_a_silence_takes_its_reports_out_of_a_story_and_leaves_the_others(desk: Newsdesk) -> None:
    a = desk.report("a")
    desk.report("a2", story=a, rule="alarm")
    desk.store.people.silence(silence(SilenceKind.RULE, "espionage-arrests"))
    (alert,) = desk.tick(minutes=1)
    assert [carrier.title for carrier in alert.stories[0].carriers] == ["Новость a2"]
    assert alert.left_out == (("silenced until Mon 13:00: known", 1),)


def test_silenced_alerts_do_not_count_for_the_rate(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, at_most=Rate(1, timedelta(minutes=10)))
    for key in "abc":
        desk.report(key)
    b = desk.report("d", rule="alarm")
    desk.store.people.silence(silence(SilenceKind.RULE, "espionage-arrests"))
    (alert,) = desk.tick(minutes=1)
    assert (alert.folded, alert.thread) == (0, f"flash/{b}")
    assert alert.left_out == (("silenced until Mon 13:00: known", 3),)


def test_a_silenced_story_does_not_come_again_before_the_silence_is_over(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, repeat_after=HOUR)
    desk.report("a")
    desk.tick(minutes=1)
    kept = desk.store.people.silence(silence(SilenceKind.ENTITY, "ARREST"))
    for _ in range(8):
        desk.tick(minutes=30)
    assert len(desk.told) == 1
    desk.store.people.end_silence(kept.id)
    assert [story.status for digest in desk.tick(seconds=2) for story in digest.stories] == [AGAIN]


# --- by hand ------------------------------------------------------------------------------------------------


def test_a_preview_of_one_waiting_story_is_its_alert_and_changes_nothing(desk: Newsdesk) -> None:
    a = desk.report("a")
    shown = desk.writer.preview(desk.watch, desk.spec, desk.now)
    assert (shown.headline, shown.thread, desk.waiting()) == ("Новость a", f"flash/{a}", 1)


def test_a_preview_says_why_alerts_will_come_together_only_where_they_will(desk: Newsdesk) -> None:
    desk.report("a")
    desk.report("b")

    def shown() -> tuple[int, datetime | None, str, bool]:
        digest = desk.writer.preview(desk.watch, desk.spec, desk.now)
        return digest.folded, digest.held_since, digest.held_by, digest.by_hand

    assert shown() == (0, None, "", False), "each by itself"
    desk.spec = replace(FLASH, at_most=Rate(1, HOUR))
    assert shown() == (2, None, "", False), "more than may come singly"
    began = desk.now - HOUR
    desk.spec = replace(FLASH, maintenance=(Window(began, desk.now + HOUR, "the mail server moves"),))
    assert shown() == (0, began, "maintenance (the mail server moves)", False), "held back"


def test_written_by_hand_all_that_waits_comes_as_one_due_or_not(desk: Newsdesk) -> None:
    desk.report("a")
    desk.report("b")
    desk.store.people.silence(silence(SilenceKind.STORY, "2"))
    desk.report("c")
    written = desk.writer.write(desk.watch, desk.spec, desk.now)
    assert (written.folded, written.by_hand, len(written.stories), desk.waiting()) == (0, True, 2, 0)
    assert written.left_out == (("silenced until Mon 13:00: known", 1),)
    assert desk.tick(minutes=1) == []


@pytest.mark.parametrize(("scheduled", "told"), [(True, ()), (False, ("mend this",))])
def test_what_is_to_be_mended_waits_for_a_scheduled_digest_if_there_is_one(
    desk: Newsdesk, scheduled: bool, told: tuple[str, ...]
) -> None:
    morning = DigestSpec(id="morning", rules=("*",), to=(DESK,), at="0 8 * * *")
    watch = replace(desk.watch, digests=(FLASH, *([morning] if scheduled else [])), notes=("mend this",))
    desk.report("a")
    (alert,) = desk.writer.write_due(watch, NOW + HOUR)
    assert (alert.alert, alert.notes) == (True, told)
    digest = desk.writer.write(watch, morning, NOW + 2 * HOUR)
    assert digest.notes == ("mend this",)


# --- by the clock -------------------------------------------------------------------------------------------


def test_a_scheduled_digest_leaves_out_what_is_silenced_and_counts_it(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, at="0 9 * * *", to=(DESK,))
    desk.report("a")
    desk.report("b", rule="alarm")
    desk.store.people.silence(silence(SilenceKind.RULE, "alarm"))
    (digest,) = desk.tick(hours=1)
    assert (len(digest.stories), digest.alert, digest.thread) == (1, False, "")
    assert digest.left_out == (("silenced until Mon 13:00: known", 1),)
    assert desk.waiting() == 0


def test_what_nobody_heard_of_is_counted_until_somebody_does(desk: Newsdesk) -> None:
    desk.spec = replace(FLASH, at="0 * * * *", send_empty=False)
    desk.report("a")
    desk.store.people.silence(silence(SilenceKind.RULE, "espionage-arrests"))
    desk.tick(hours=1)
    assert desk.subjects() == []
    desk.report("b", rule="alarm")
    (digest,) = desk.tick(hours=1)
    assert digest.left_out == (("silenced until Mon 13:00: known", 1),)
    assert desk.tick(hours=1)[0].left_out == ()


def test_a_digest_that_fell_into_maintenance_says_for_when_it_was_meant(desk: Newsdesk) -> None:
    window = Window(NOW, NOW + 3 * HOUR, "the mail server moves")
    desk.spec = replace(FLASH, at="0 9 * * *", maintenance=(window,))
    assert desk.tick(hours=2) == []
    (digest,) = desk.tick(hours=1, seconds=1)
    assert digest.held_since == NOW.replace(hour=9, minute=0, second=0, microsecond=0)
    assert digest.held_by == "maintenance (the mail server moves)"
