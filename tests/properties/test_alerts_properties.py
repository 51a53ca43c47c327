"""Whatever comes in whatever order, reports, silences, acknowledgements, restarts, broken templates: no hit is lost,
none is told twice, and nobody is flooded."""

import json
import os
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.alerting import DESK, FEEDS, FLASH, Newsdesk
from support.stored import NOW

from monitor.adapters.store import SqliteStore, open_store
from monitor.core.model import Ack, QuietHours, Rate, Silence, SilenceKind, StoryStatus

RATE = Rate(3, timedelta(minutes=10))
SPECS = {
    "plain": replace(FLASH, at_most=RATE, repeat_after=timedelta(minutes=40)),
    "quiet at night": replace(
        FLASH,
        at_most=RATE,
        quiet_hours=(QuietHours(NOW.replace(minute=20).time(), NOW.replace(hour=9).time()),),
        quiet_unless=("alarm",),
    ),
    "every hour": replace(FLASH, at="0 * * * *", send_empty=False),
}
MINUTES = st.sampled_from([0.05, 1, 2, 3, 11, 45])
BATCHES = st.lists(
    st.tuples(st.lists(st.integers(0, 4), min_size=1, max_size=6), st.booleans(), MINUTES), min_size=1, max_size=8
)
WHAT = {
    SilenceKind.STORY: ("1", "2", "3"),
    SilenceKind.RULE: ("alarm", "espionage-arrests"),
    SilenceKind.ENTITY: ("arrest",),
}


class Alerts(RuleBasedStateMachine):
    """A digest over a real store; every hit that was ever put into its tray is accounted for."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = self._open()
        self.put = 0  # into the tray
        self.renewed: set[int] = set()
        self.acknowledged: set[int] = set()  # of those that never became graver
        self.alarmed: set[int] = set()
        self.seen = 0  # digests before the last look
        self.rested = NOW  # when what once failed is tried again, at the latest

    @initialize(spec=st.sampled_from(sorted(SPECS)))
    def begin(self, spec: str) -> None:
        self.desk = Newsdesk(self.store, spec=SPECS[spec])
        self.stories: list[int] = []

    @rule(batches=BATCHES)
    def reports(self, batches: list[tuple[list[int], bool, float]]) -> None:
        """Several batches, each of reports of new stories (0) and of late ones, and a look after each."""
        for behind, alarm, minutes in batches:
            for back in behind:
                self.put += 1
                story = self.stories[-back] if 0 < back <= len(self.stories) else 0
                found = self.desk.report(f"k{self.put}", story=story, rule="alarm" if alarm else "espionage-arrests")
                self.stories.append(found)
                if alarm:  # graver than what somebody may have seen to
                    self.alarmed.add(found)
                    self.acknowledged.discard(found)
            self._look(minutes)

    @precondition(lambda self: bool(self._told() - self.renewed))
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        hit = data.draw(st.sampled_from(sorted(self._told() - self.renewed)))
        self.store.digests.renew(self.desk.spec.id, [hit], self.desk.now)
        self.renewed.add(hit)
        self.put += 1

    @rule(minutes=MINUTES)
    def tick(self, minutes: float) -> None:
        self._look(minutes)

    @rule(kind=st.sampled_from(sorted(WHAT)), data=st.data(), minutes=st.integers(1, 90))
    def silence(self, kind: SilenceKind, data: st.DataObject, minutes: int) -> None:
        what = data.draw(st.sampled_from(WHAT[kind]))
        until = self.desk.now + timedelta(minutes=minutes)
        self.store.people.silence(Silence(0, kind, what, until, "known", self.desk.now))

    @rule()
    def end_silences(self) -> None:
        for one in self.store.people.silences(self.desk.now):
            self.store.people.end_silence(one.id)

    @precondition(lambda self: bool(self.stories))
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        story = data.draw(st.sampled_from(self.stories))
        assert self.store.people.acknowledge(Ack(story, self.desk.now))
        if story not in self.alarmed:
            self.acknowledged.add(story)
        self.seen = len(self.desk.told)

    @rule(story=st.integers(0, 3))
    def break_template(self, story: int) -> None:
        self.desk.press.broken = story
        self.rested = self.desk.now + timedelta(minutes=5)

    @rule(leaves=st.booleans())
    def leave_or_come_back(self, leaves: bool) -> None:
        people, spec = self.store.people, self.desk.spec.id
        if leaves:
            people.leave(spec, DESK, self.desk.now)
        else:
            people.rejoin(spec, DESK)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = self.desk.store = self._open()
        self.desk.restart()

    @invariant()
    def every_hit_was_told_was_counted_or_waits(self) -> None:
        if hasattr(self, "desk"):
            uncounted = sum(number for _, number in self.store.digests.left_out(self.desk.spec.id))
            counted = sum(message["left_out"] for message in self._messages())
            told = self.store.connection.execute("SELECT coalesce(sum(hits), 0) FROM runs").fetchone()[0]
            assert self.put == told + counted + uncounted + self.desk.waiting()

    @invariant()
    def what_was_told_was_told_to_somebody(self) -> None:
        sql = "SELECT count(*) FROM runs WHERE hits > 0 AND id NOT IN (SELECT run_id FROM deliveries)"
        assert self.store.connection.execute(sql).fetchone() == (0,)

    @invariant()
    def nothing_is_told_twice_but_after_an_edit(self) -> None:
        times = Counter(hit for message in self._messages() for hit in message["hits"])
        assert all(number <= 1 + (hit in self.renewed) for hit, number in times.items())

    @invariant()
    def nobody_is_flooded(self) -> None:
        if hasattr(self, "desk") and self.desk.spec.immediate:
            runs = self.store.digests.runs(self.desk.spec.id, self.desk.now - RATE.span)
            graver = 1  # only critical news, `alarm`, can go ahead of a digest of high news
            assert len(runs) <= RATE.count + 1 + graver, "one more, with all that was too much"

    @invariant()
    def what_somebody_has_seen_to_does_not_come_again(self) -> None:
        for digest in self.desk.told[self.seen :] if hasattr(self, "desk") else []:
            again = {story.story_id for story in digest.stories if story.status is StoryStatus.AGAIN}
            assert not again & self.acknowledged
            assert all(story.told_at for story in digest.stories if story.story_id in again)

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self._come_to_rest()
        self.store.close()
        self.folder.cleanup()

    def _come_to_rest(self) -> None:
        """With templates mended, all that waits is told or set aside when the night is over."""
        self.desk.press.broken = 0
        self.store.people.rejoin(self.desk.spec.id, DESK)
        for _ in range(5):
            self._look(31)
        assert self.desk.waiting() == 0
        self.every_hit_was_told_was_counted_or_waits()
        self.nothing_is_told_twice_but_after_an_edit()

    def _look(self, minutes: float) -> None:
        self.seen = len(self.desk.told)
        try:
            self.desk.tick(minutes=minutes)
        except ExceptionGroup:
            assert self.desk.press.broken or self.desk.now < self.rested, "what failed rests for five minutes at most"

    def _messages(self) -> list[dict[str, Any]]:
        sql = "SELECT body FROM deliveries JOIN messages ON messages.id = message_id"
        return [json.loads(body) for (body,) in self.store.connection.execute(sql)]

    def _told(self) -> set[int]:
        return {hit for (hit,) in self.store.connection.execute("SELECT hit_id FROM told")}

    def _open(self) -> SqliteStore:
        store = open_store(Path(self.folder.name) / "monitor.db")
        store.feeds.sync(FEEDS, NOW)
        return store


TestAlerts = Alerts.TestCase
TestAlerts.settings = settings(
    max_examples=int(os.environ.get("MONITOR_TEST_ALERTS", "40")), stateful_step_count=30, deadline=None
)
