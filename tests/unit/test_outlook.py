"""What `monitor digest list` says: when each digest goes next, what waits in it, and what keeps it back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.stored import saved_hits

from monitor.adapters.store import SqliteStore, open_store
from monitor.app.digests import DigestWriter
from monitor.app.outlook import DigestOutlook, orphans, outlook
from monitor.app.watch import Watch
from monitor.cli.outlook import _local as local
from monitor.core.model import (
    Ack,
    Digest,
    DigestSpec,
    Message,
    QuietHours,
    Rate,
    RuleInfo,
    Severity,
    Silence,
    SilenceKind,
    Target,
    Window,
)  # fmt: skip

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # a Tuesday, 09:00 in Berlin
S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
RULES = (
    RuleInfo(id="espionage-arrests", title="Espionage", severity=Severity.HIGH),
    RuleInfo(id="alarm", title="Alarm", severity=Severity.CRITICAL),
)
CONSOLE = Target("console", "")
MORNING = DigestSpec(id="morning", rules=("*",), to=(CONSOLE,), at="0 12 * * *", timezone="Europe/Berlin")
FLASH = DigestSpec(
    id="flash", rules=("*",), to=(CONSOLE,), timezone="Europe/Berlin", wait=M, at_most=Rate(2, 10 * M),
    quiet_hours=(QuietHours(time(22), time(7)),),
)  # fmt: skip


class Room:
    """The digests over a real database."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        renderer = SimpleNamespace(
            render_all=lambda digest, targets: [[Message(t.channel, {"subject": digest.headline})] for t in targets]
        )
        self.writer = DigestWriter(store=store, renderer=renderer)

    def watch(self, *specs: DigestSpec) -> Watch:
        return Watch((), SimpleNamespace(rules=RULES, token=""), specs)  # type: ignore[arg-type]

    def waits(self, spec: DigestSpec, *keys: str, at: datetime = NOW) -> None:
        for key in keys:  # one story each
            fields = {"title": f"Headline {key}", "link": f"https://{key}.example/", "published": at, "seen_at": at}
            self.store.digests.wait(spec.id, saved_hits(self.store, key, at=at, **fields), at)

    def wrote(self, spec: DigestSpec, at: datetime) -> list[Digest]:
        return self.writer.write_due(self.watch(spec), at)

    def look(self, spec: DigestSpec, at: datetime = NOW) -> DigestOutlook:
        (found,) = outlook(self.store, self.watch(spec), at)
        return found


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    store = open_store(tmp_path / "monitor.db")
    yield Room(store)
    store.close()


def quiet(kind: SilenceKind, what: str, until: datetime) -> Silence:
    return Silence(id=0, kind=kind, what=what, until=until, reason="known", at=NOW)


def said(found: DigestOutlook) -> tuple[str, str]:
    """Its next time on the clock of its zone, and what it waits for."""
    return found.next_at and local(found.next_at, "Europe/Berlin")[-16:], found.waits_for  # type: ignore[return-value]


def test_a_scheduled_digest_names_its_hour_and_what_waits_in_it(room: Room) -> None:
    room.waits(MORNING, "a", "b")
    found = room.look(MORNING)
    assert said(found) == ("2026-11-24 12:00", "")
    assert (found.stories, found.waiting, found.last_at) == (2, 2, None)


def test_one_that_was_missed_is_due_now_and_maintenance_holds_it(room: Room) -> None:
    room.wrote(MORNING, NOW - 48 * H)
    room.wrote(MORNING, NOW - 40 * H)  # at Sunday's hour
    assert said(room.look(MORNING)) == ("2026-11-24 09:00", "due now")
    window = Window(NOW - H, NOW + H, "new mail server")
    found = room.look(replace(MORNING, maintenance=(window,)))
    assert said(found) == ("2026-11-24 10:00", "held by maintenance (new mail server)")
    assert found.held_until == NOW + H


def test_a_digest_at_once_with_nothing_to_tell_has_no_time(room: Room) -> None:
    assert room.look(FLASH) == DigestOutlook(FLASH, 0, 0, None, None)


@pytest.mark.parametrize(
    ("came", "at", "expected", "why"),
    [
        (NOW, NOW, ("26-11-24 09:01", "gathering for 1 minute"), "the wait is not over"),
        (NOW - H, NOW, ("26-11-24 09:00", "due now"), "it is over"),
        (NOW + 14 * H, NOW + 14 * H, ("26-11-25 07:00", "held by quiet hours"), "at night"),
        (NOW + 13 * H - S, NOW + 13 * H - S, ("26-11-25 07:00", "held by quiet hours"), "its wait ends at night"),
    ],
)
def test_a_digest_at_once_says_what_keeps_it_back(
    room: Room, came: datetime, at: datetime, expected: tuple[str, str], why: str
) -> None:
    room.waits(FLASH, "a", at=came)
    next_at, waits_for = said(room.look(FLASH, at))
    assert (next_at[2:], waits_for) == expected, why


def test_one_hold_may_follow_another(room: Room) -> None:
    evening = NOW + 12 * H  # 21:00 in Berlin
    spec = replace(FLASH, maintenance=(Window(evening - H, evening + 2 * H, "new mail server"),))
    room.waits(spec, "a", at=evening)
    assert said(room.look(spec, evening)) == (
        "2026-11-25 07:00",
        "held by maintenance (new mail server), then quiet hours",
    )


def test_what_is_urgent_is_not_held_by_quiet_hours(room: Room) -> None:
    night = NOW + 14 * H
    room.waits(FLASH, "a", at=night)
    assert said(room.look(replace(FLASH, quiet_unless=("severity=high",)), night + M))[1] == "due now"


def test_a_story_told_before_waits_for_its_next_update_or_to_come_again(room: Room) -> None:
    insistent = replace(FLASH, repeat_after=2 * H)
    room.waits(insistent, "a", at=NOW - M)
    (told,) = room.wrote(insistent, NOW)
    found = room.look(insistent, NOW + M)
    assert said(found) == ("2026-11-24 11:00", "told again: nobody has acknowledged it")
    assert (found.stories, found.waiting) == (0, 0)
    fields = {"title": "Headline a", "link": "https://a.example/", "published": NOW, "seen_at": NOW, "feed": "other"}
    more = saved_hits(room.store, "a2", at=NOW + M, **fields)
    room.store.connection.execute(
        "UPDATE hits SET story_id = ? WHERE id = ?", [told.stories[0].story_id, more[0]]
    )  # the same story
    room.store.digests.wait("flash", more, NOW + M)
    assert said(room.look(insistent, NOW + M)) == ("2026-11-24 09:05", "further reports, every 5 minutes at most")
    room.store.people.acknowledge(Ack(told.stories[0].story_id, NOW + M))
    room.wrote(insistent, NOW + 5 * M)
    assert room.look(insistent, NOW + 6 * M).next_at is None, "acknowledged: it does not come again"


def test_more_than_may_go_singly_goes_together(room: Room) -> None:
    room.waits(FLASH, "a", "b", "c", at=NOW - M)
    (folded,) = room.wrote(FLASH, NOW)
    assert folded.folded == 3
    room.waits(FLASH, "d", "e", at=NOW + M)
    found = room.look(FLASH, NOW + 3 * M)
    assert said(found) == ("2026-11-24 09:10", "more than 2 in 10 minutes")
    assert room.wrote(FLASH, NOW + 3 * M) == []
    assert room.wrote(FLASH, found.next_at or NOW), "it is as good as its word"


def test_a_digest_that_all_have_left_waits_for_nobody(room: Room) -> None:
    anna = Target("email", "anna@example.org")
    for spec in (replace(MORNING, to=(CONSOLE, anna)), replace(FLASH, to=(CONSOLE, anna))):
        room.waits(spec, f"a-{spec.id}")
        room.store.people.leave(spec.id, anna, NOW)
        assert (room.look(spec).to, room.look(spec).next_at is None) == ((CONSOLE,), False)
        room.store.people.leave(spec.id, CONSOLE, NOW)
        found = room.look(spec)
        assert (found.to, found.left, found.next_at) == ((), (CONSOLE, anna), None)
        assert (found.waits_for, found.waiting) == ("nobody: all have left", 1)


SILENCED = {
    "over before it is told": (NOW + 59 * S, 0),
    "in force when it is told": (NOW + 61 * S, 1),
}


@pytest.mark.parametrize("case", SILENCED)
def test_what_is_silenced_when_it_would_be_told_does_not_count_as_waiting(room: Room, case: str) -> None:
    until, silenced = SILENCED[case]
    room.waits(FLASH, "a", "b")
    room.store.people.silence(quiet(SilenceKind.STORY, "1", until))
    found = room.look(FLASH)
    assert (found.waiting, found.stories, found.silenced) == (2 - silenced, 2 - silenced, silenced)
    assert said(found) == ("2026-11-24 09:01", "gathering for 1 minute")


def test_a_digest_at_once_with_nothing_but_silenced_reports_has_no_time(room: Room) -> None:
    room.waits(FLASH, "a", "b", at=NOW - H)
    room.store.people.silence(quiet(SilenceKind.RULE, "espionage-arrests", NOW + H))
    assert room.look(FLASH) == DigestOutlook(FLASH, 0, 0, None, None, silenced=2)
    assert room.wrote(FLASH, NOW) == [], "as it says"


def test_a_silence_of_a_scheduled_digest_counts_by_the_hour_at_which_it_goes(room: Room) -> None:
    room.waits(MORNING, "a", "b", "c")
    room.store.people.silence(quiet(SilenceKind.STORY, "1", NOW + 2 * H))
    room.store.people.silence(quiet(SilenceKind.STORY, "2", NOW + 4 * H))
    found = room.look(MORNING)  # at 11:00 UTC
    assert (found.waiting, found.stories, found.silenced) == (2, 2, 1)


def test_a_silenced_story_does_not_come_again_before_the_silence_is_over(room: Room) -> None:
    insistent = replace(FLASH, repeat_after=2 * H)
    room.waits(insistent, "a", at=NOW - M)
    room.wrote(insistent, NOW)
    assert said(room.look(insistent, NOW + 3 * H))[1] == "due now"
    room.store.people.silence(quiet(SilenceKind.SOURCE, "sample-ru", NOW + 4 * H))
    found = room.look(insistent, NOW + 3 * H)
    assert (found.next_at, found.waits_for, found.silenced) == (None, "", 0)
    assert said(room.look(insistent, NOW + 4 * H))[1] == "due now"


def test_a_graver_report_that_is_silenced_hurries_no_other(room: Room) -> None:
    room.waits(FLASH, "a", at=NOW - M)
    (told,) = room.wrote(FLASH, NOW)
    for key, severity in (("a2", Severity.HIGH), ("a3", Severity.CRITICAL)):
        fields = {"link": f"https://{key}.example/", "published": NOW, "seen_at": NOW, "feed": key}
        ids = saved_hits(room.store, key, at=NOW, **fields)
        room.store.connection.execute(
            "UPDATE hits SET story_id = ?, severity = ? WHERE id = ?", [told.stories[0].story_id, severity, ids[0]]
        )
        room.store.digests.wait("flash", ids, NOW)
    assert said(room.look(FLASH))[0][-5:] == "09:01"
    room.store.people.silence(quiet(SilenceKind.SOURCE, "a3", NOW + H))
    found = room.look(FLASH)
    assert said(found) == ("2026-11-24 09:05", "further reports, every 5 minutes at most")
    assert (found.waiting, found.silenced) == (1, 1)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (FLASH, ("held by quiet hours", NOW + 22 * H)),
        (replace(FLASH, quiet_unless=("severity=high",)), ("held by quiet hours (all but quiet_unless)", NOW + 22 * H)),
        (replace(FLASH, maintenance=(Window(NOW, NOW + 23 * H, ""),)), ("held by maintenance", NOW + 23 * H)),
        (replace(FLASH, quiet_hours=()), ("", None)),
    ],
)
def test_a_digest_at_once_says_until_when_it_is_held_also_when_nothing_waits(
    room: Room, spec: DigestSpec, expected: tuple[str, datetime | None]
) -> None:
    found = room.look(spec, NOW + 14 * H)
    assert (found.next_at, found.waits_for, found.held_until) == (None, *expected)


def test_graver_news_is_due_ahead_of_what_goes_together(room: Room) -> None:
    room.waits(FLASH, "a", "b", "c", at=NOW - M)
    room.wrote(FLASH, NOW)
    room.waits(FLASH, "d", "e", at=NOW + M)
    room.store.connection.execute("UPDATE hits SET severity = 'critical', rule = 'alarm' WHERE id = 5")
    assert said(room.look(FLASH, NOW + 3 * M))[1] == "due now"
    assert [len(digest.stories) for digest in room.wrote(FLASH, NOW + 3 * M)] == [1], "it is as good as its word"
    assert said(room.look(FLASH, NOW + 3 * M)) == ("2026-11-24 09:10", "more than 2 in 10 minutes")


def test_what_waits_for_a_digest_that_is_gone_is_not_forgotten(room: Room) -> None:
    room.waits(MORNING, "a", "b")
    (tray,) = orphans(room.store, room.watch(FLASH))
    assert (tray.digest, len(tray.hit_ids)) == ("morning", 2)
    assert orphans(room.store, room.watch(MORNING)) == []
