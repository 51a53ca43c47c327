"""The desk of digests, story by story: what waits, what was told when, what comes again; the log of rules."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from support.stored import ALERTS, DESK, NOW, count, delivery, digest, hours, item, queued, saved_hits

from monitor.adapters.store import SqliteStore
from monitor.core.model import (
    Ack,
    Alert,
    DigestStory,
    Receipt,
    RuleChange,
    RuleEdit,
    RuleInfo,
    Run,
    Severity,
    Silence,
    SilenceKind,
    StoryStatus,
    Target,
    Telling,
)

DAY = timedelta(days=1)


def alerts(store: SqliteStore, at: float = 0, *, after: float = 4, most: int = 5) -> list[Alert]:
    """As a digest asks whose alerts come again four hours after the last."""
    now = hours(at)
    return store.digests.alerts(
        "flash", now, told_before=hours(at - after), report_after=now - timedelta(days=3), most=most
    )


def story_of(store: SqliteStore, *ids: int) -> list[int]:
    found = {hit.id: hit.story_id for hit in store.archive.hits(ids)}
    return [found[one] for one in ids]


def story(story_id: int, status: StoryStatus = StoryStatus.NEW) -> DigestStory:
    return DigestStory(
        story_id=story_id, severity=Severity.HIGH, status=status, headline="", link="", language=None, gloss=(),
        snippet=(), headline_marks=(), carriers=(), reasons=(),
    )  # fmt: skip


def told(
    store: SqliteStore, at: datetime, hit_ids: Sequence[int], *stories: int, status: StoryStatus = StoryStatus.NEW
) -> None:
    """Close digest `flash` with these stories and one delivery."""
    made = replace(digest("flash", at), stories=tuple(story(one, status) for one in stories))
    store.digests.close(made, hit_ids, [delivery(run=f"run-{at}", digest="flash")], at)


# --- what waits, by story -----------------------------------------------------------------------------------


def test_what_waits_is_told_story_by_story_the_longest_waiting_first(store: SqliteStore) -> None:
    a, a2, b, b2 = saved_hits(store, "a", "b", rules=("spies", "tumen"))
    one, two = story_of(store, a, b)
    store.digests.wait("flash", [b2], hours(1))
    store.digests.wait("flash", [a2, a, b], hours(2))
    store.digests.wait("morning", [a], NOW)
    assert alerts(store, 3) == [
        Alert(two, (b, b2), hours(1), Severity.HIGH, rules=frozenset({"spies", "tumen"}), last_report=NOW),
        Alert(one, (a, a2), hours(2), Severity.HIGH, rules=frozenset({"spies", "tumen"}), last_report=NOW),
    ]


def test_a_story_told_before_says_when_and_whether_somebody_has_seen_to_it(store: SqliteStore) -> None:
    a, a2 = saved_hits(store, "a", rules=("spies", "tumen"))
    (one,) = story_of(store, a)
    store.digests.wait("flash", [a], NOW)
    told(store, hours(1), [a], one)
    store.digests.wait("flash", [a2], hours(2))
    assert store.people.acknowledge(Ack(one, hours(2)))
    (found,) = alerts(store, 2)
    assert found.told == Telling("flash", one, hours(1), hours(1), repeats=0)
    assert (found.hit_ids, found.since, found.acknowledged) == ((a2,), hours(2), True)
    assert store.digests.tellings("flash", [one, 99]) == {one: found.told}
    assert store.digests.tellings("morning", [one]) == {}
    assert store.digests.told("flash", [one]) == [a]


@pytest.mark.parametrize(
    ("before", "waiting", "graver", "why"),
    [
        (["low", "medium"], ["low", "medium"], None, "as grave as what was told"),
        (["low", "medium"], ["medium", "high", "critical"], 6, "since the first of the graver ones came"),
        (["critical"], ["high"], None, "less grave"),
        ([], ["critical"], None, "new: nothing was told"),
    ],
)
def test_what_is_graver_than_all_that_was_told_is_known(
    store: SqliteStore, before: list[str], waiting: list[str], graver: float | None, why: str
) -> None:
    """Reports of one story, one an hour: those told, at four; those that wait, from five on."""
    rules = [f"r{number}" for number in range(len(before + waiting))]
    ids = saved_hits(store, "a", rules=rules)
    (one,) = story_of(store, ids[0])
    for hit, severity in zip(ids, before + waiting, strict=True):
        store.connection.execute("UPDATE hits SET severity = ? WHERE id = ?", (severity, hit))
    store.digests.wait("flash", ids[: len(before)], hours(1))
    if before:
        told(store, hours(4), ids[: len(before)], one)
    for number, hit in enumerate(ids[len(before) :], start=5):
        store.digests.wait("flash", [hit], hours(number))
    (found,) = alerts(store, 9)
    assert (found.since, found.graver_since) == (hours(5), graver and hours(graver)), why
    assert found.severity == waiting[-1]


def test_a_story_comes_again_until_it_was_told_often_enough_is_old_or_seen_to(store: SqliteStore) -> None:
    (a,) = saved_hits(store, "a")
    (one,) = story_of(store, a)
    store.digests.wait("flash", [a], NOW)
    told(store, NOW, [a], one)
    assert alerts(store, 3.9) == []
    assert [found.story_id for found in alerts(store, 4)] == [one]
    assert alerts(store, 24 * 3 + 1) == [], "its last report is too old"
    for repeat in (1, 2):
        told(store, hours(4 * repeat), (), one, status=StoryStatus.AGAIN)
    (found,) = alerts(store, 12)
    assert found.told == Telling("flash", one, NOW, hours(8), repeats=2)
    assert (found.hit_ids, found.since) == ((), None)
    assert alerts(store, 12, most=2) == []
    store.people.acknowledge(Ack(one, hours(9), "the desk has it"))
    assert alerts(store, 12) == []


def test_news_of_a_story_begins_the_count_of_repeats_anew(store: SqliteStore) -> None:
    a, a2 = saved_hits(store, "a", rules=("spies", "tumen"))
    (one,) = story_of(store, a)
    store.digests.wait("flash", [a, a2], NOW)
    told(store, NOW, [a], one)
    told(store, hours(4), (), one, status=StoryStatus.AGAIN)
    told(store, hours(5), [a2], one)
    assert store.digests.tellings("flash", [one])[one] == Telling("flash", one, NOW, hours(5), repeats=0)


def test_after_the_clock_was_set_back_a_story_comes_again_rather_than_never(store: SqliteStore) -> None:
    (a,) = saved_hits(store, "a")
    (one,) = story_of(store, a)
    store.digests.wait("flash", [a], NOW)
    told(store, hours(24 * 365), [a], one)
    assert [found.story_id for found in alerts(store, 1)] == [one]


def test_only_runs_that_went_to_somebody_count_for_the_rate(store: SqliteStore) -> None:
    for at, stories in ((0, ()), (1, ()), (2, story_of(store, *saved_hits(store, "a", "b")))):
        told(store, hours(at), (), *stories)
    store.digests.close(digest("flash", hours(3)), (), (), hours(3))
    assert store.digests.runs("flash", hours(0)) == [Run(hours(1), 0), Run(hours(2), 2, Severity.HIGH)]
    assert store.digests.runs("morning", hours(0)) == []


def test_a_run_knows_how_grave_its_news_was_and_repeats_are_none(store: SqliteStore) -> None:
    (a,) = saved_hits(store, "a")
    (one,) = story_of(store, a)
    told(store, NOW, [a], one)
    told(store, hours(1), (), one, status=StoryStatus.AGAIN)
    assert [run.gravest for run in store.digests.runs("flash", hours(-1))] == [Severity.HIGH, None]


@pytest.mark.parametrize(
    ("rules", "expected", "why"),
    [
        (["alarm"], [1, 2], "what waits, with all that waits of its story, and what may come again"),
        (["tumen"], [3], "another rule's"),
        (["spies", "tumen"], [1, 2, 3], "either of them"),
        (["none"], [], "nobody's"),
        ([], [], "no rule at all"),
    ],
)
def test_alerts_can_be_asked_for_by_rule(store: SqliteStore, rules: list[str], expected: list[int], why: str) -> None:
    a, a2, b, b2 = saved_hits(store, "a", "b", rules=("spies", "alarm"))
    (c,) = saved_hits(store, "c", rules=("tumen",))
    assert story_of(store, a, b, c) == [1, 2, 3]
    store.digests.wait("flash", [a, a2, c], hours(5))
    told(store, NOW, [b, b2], 2)
    found = store.digests.alerts(
        "flash", hours(6), told_before=hours(2), report_after=hours(-48), most=5, rules=rules
    )  # fmt: skip
    assert sorted(alert.story_id for alert in found) == expected, why
    everything = {alert.story_id: alert for alert in alerts(store, 6)}
    assert found == [everything[alert.story_id] for alert in found], "each as it is without the rules"


def test_what_is_set_aside_waits_no_more_and_is_counted(store: SqliteStore) -> None:
    a, b, c = saved_hits(store, "a", "b", "c")
    store.digests.wait("flash", [a, b], NOW)
    store.digests.set_aside("flash", [a, c], "silenced until Fri 08:00", hours(1))
    assert store.digests.waiting()["flash"].hit_ids == (b,)
    assert store.digests.left_out("flash") == (("silenced until Fri 08:00", 1),), "what did not wait is not counted"


# --- acknowledged, and graver since -------------------------------------------------------------------------

SEEN: list[tuple[str, list[tuple[str, float, float | None]], bool, str]] = [
    ("high", [("high", 0, 0), ("high", 2, 3)], True, "more of the same"),
    ("graver", [("medium", 0, 0), ("high", 2, 3)], False, "graver than all that was told"),
    ("graver waits", [("medium", 0, 0), ("high", 2, None)], False, "it waits to be told"),
    ("less", [("high", 0, 0), ("low", 2, 3)], True, "less grave"),
    ("told later", [("medium", 0, 0), ("high", 0.5, 2)], False, "found before, but told when they had answered"),
    ("not told", [("medium", 0.2, 2), ("medium", 0.5, 3)], True, "they knew it before it was told"),
    ("not told, graver", [("medium", 0.2, 2), ("high", 1.5, 3)], False, "they knew the first before it was told"),
    ("left out", [("medium", 0, 0), ("critical", 2, -1)], True, "what the digest leaves out is no news to its readers"),
    ("before all", [("high", 2, 3)], True, "of a story of which nothing was known by then"),
]


@pytest.mark.parametrize(("reports", "counts", "why"), [case[1:] for case in SEEN], ids=[case[0] for case in SEEN])
def test_an_acknowledgement_counts_while_nothing_graver_came_since(
    store: SqliteStore, reports: list[tuple[str, float, float | None]], counts: bool, why: str
) -> None:
    """Acknowledged after an hour; a report of that severity was found and told so many hours after noon, or never."""
    one = 0
    for number, (severity, found, told_at) in enumerate(reports):
        (hit,) = saved_hits(store, f"k{number}", rules=(f"r{number}",), at=hours(found))
        one = one or story_of(store, hit)[0]
        store.connection.execute(
            "UPDATE hits SET story_id = ?, severity = ?, at = ? WHERE id = ?",
            (one, severity, f"{hours(found):%Y-%m-%dT%H:%M:%S.%f}Z", hit),
        )
        if told_at != -1:
            store.digests.wait("flash", [hit], hours(found))
        if told_at is not None and told_at >= 0:
            told(store, hours(told_at), [hit], one)
    store.people.acknowledge(Ack(one, hours(1)))
    assert (one in store.people.seen_to([one, 99], "flash")) == counts, why
    assert (one in store.people.seen_to([one])) == counts, why
    again = alerts(store, 9)
    assert [(found.story_id, found.acknowledged) for found in again] in (
        [[], [(one, True)]] if counts else [[(one, False)]]
    )


def test_an_acknowledgement_counts_for_a_digest_that_told_nothing_graver_itself(store: SqliteStore) -> None:
    a, a2 = saved_hits(store, "a", rules=("spies", "alarm"))
    (one,) = story_of(store, a)
    store.connection.execute("UPDATE hits SET severity = 'critical' WHERE id = ?", (a2,))
    for name, hit, at in (("flash", a, 0), ("morning", a, 0), ("morning", a2, 2)):
        store.digests.wait(name, [hit], hours(at))
        made = replace(digest(name, hours(at)), stories=(story(one),))
        store.digests.close(made, [hit], [delivery(run=f"{name}{hit}", digest=name)], hours(at))
    store.people.acknowledge(Ack(one, hours(1)))
    assert [store.people.seen_to([one], name) for name in ("flash", "morning", None)] == [{one}, set(), set()]
    assert alerts(store, 9) == []


def test_what_is_told_again_after_an_edit_was_known_since_it_was_told_first(store: SqliteStore) -> None:
    a, a2 = saved_hits(store, "a", rules=("spies", "alarm"))
    (one,) = story_of(store, a)
    store.connection.execute("UPDATE hits SET severity = 'critical' WHERE id = ?", (a2,))
    store.digests.wait("flash", [a, a2], NOW)
    told(store, NOW, [a, a2], one)
    store.people.acknowledge(Ack(one, hours(1)))
    store.digests.renew("flash", [a2], hours(2))
    told(store, hours(2), [a2], one, status=StoryStatus.CHANGED)
    assert store.people.seen_to([one], "flash") == {one}


# --- threads ------------------------------------------------------------------------------------------------


def due(store: SqliteStore, at: float) -> list[tuple[str, str]]:
    return [(one.key, one.root) for one in store.outbox.due(hours(at), 99)]


def test_a_follow_up_waits_for_the_earlier_message_of_its_thread_and_knows_where_that_stands(
    store: SqliteStore,
) -> None:
    first, second, other = (
        delivery(ALERTS, run=run, thread=thread) for run, thread in (("1", "flash/1"), ("2", "flash/1"), ("3", ""))
    )
    for n, each in enumerate((first, second, other)):
        queued(store, each, at=hours(n))
    store.outbox.attempt(first.key, NOW)
    store.outbox.failed(first.key, "busy", hours(5), NOW, "temporary")
    assert due(store, 4) == [(other.key, "")], "the follow-up waits; what is in no thread does not"
    store.outbox.attempt(other.key, NOW)
    assert due(store, 5) == [(first.key, "")]
    store.outbox.attempt(first.key, hours(5))
    assert due(store, 5) == []
    store.outbox.sent(Receipt(first.key, hours(5), "C1 1.0"))
    assert due(store, 5) == [(second.key, "C1 1.0")]


def test_a_follow_up_does_not_wait_for_what_was_parked_nor_for_another_recipient(store: SqliteStore) -> None:
    for run, at in (("1", 0), ("2", 1)):
        queued(store, *(delivery(to, run=run, thread="flash/1") for to in (DESK, ALERTS)), at=hours(at))
    store.outbox.attempt(delivery(DESK, run="1").key, NOW)
    store.outbox.failed(delivery(DESK, run="1").key, "no such user", None, NOW, "permanent")
    assert due(store, 1) == [(delivery(ALERTS, run="1").key, ""), (delivery(DESK, run="2").key, "")]


def test_the_kind_of_the_last_failure_is_kept_until_it_was_sent(store: SqliteStore) -> None:
    one = delivery()
    queued(store, one)
    store.outbox.attempt(one.key, NOW)
    store.outbox.failed(one.key, "busy", hours(1), NOW, "temporary")
    assert [row["fault"] for row in store.query_outbox()] == ["temporary"]
    assert store.outbox.due(hours(1), 9)[0].fault == "temporary"
    store.outbox.attempt(one.key, hours(1))
    store.outbox.sent(Receipt(one.key, hours(1)))
    assert [row["fault"] for row in store.query_outbox()] == [""]


# --- what people said ---------------------------------------------------------------------------------------


def silence(what: str = "7", until: float = 5, kind: SilenceKind = SilenceKind.STORY, reason: str = "known") -> Silence:
    return Silence(id=0, kind=kind, what=what, until=hours(until), reason=reason, at=NOW)


def test_a_silence_is_kept_until_it_ends_and_a_second_one_takes_its_place(store: SqliteStore) -> None:
    store.people.silence(silence(until=9))
    later = store.people.silence(silence(until=5, reason="seen"))
    rule = store.people.silence(silence("spies", 3, SilenceKind.RULE))
    assert store.people.silences(NOW) == [rule, later]
    assert store.people.silences(hours(3)) == [later], "until then, and not a moment longer"
    assert (store.people.end_silence(later.id), store.people.end_silence(later.id)) == (True, False)
    assert store.people.silences(NOW) == [rule]


def test_a_story_is_acknowledged_only_where_there_is_one_and_the_last_word_holds(store: SqliteStore) -> None:
    (one,) = story_of(store, *saved_hits(store, "a"))
    assert not store.people.acknowledge(Ack(99, NOW))
    assert store.people.acknowledge(Ack(one, NOW, "first"))
    assert store.people.acknowledge(Ack(one, hours(1), "second"))
    assert store.people.acks([one, 99]) == {one: Ack(one, hours(1), "second")}
    assert (store.people.forget_ack(one), store.people.forget_ack(one)) == (True, False)
    assert store.people.acks([one]) == {}
    found = store.people.story(one)
    assert found is not None
    assert (found.title, found.keys) == (item("a").title, frozenset({"link:https://primer.example/a"}))
    assert store.people.story(99) is None


def test_who_left_a_digest_is_known_until_they_come_back(store: SqliteStore) -> None:
    anna = Target("email", "anna@example.org")
    for at in (NOW, hours(1)):
        store.people.leave("flash", anna, at)
    assert store.people.left("flash") == {anna: NOW}
    assert store.people.left("morning") == {}
    assert (store.people.rejoin("flash", anna), store.people.rejoin("flash", anna)) == (True, False)
    assert store.people.left("flash") == {}


def test_what_hangs_on_a_story_goes_with_it_and_old_silences_go_too(store: SqliteStore) -> None:
    (a,) = saved_hits(store, "a")
    (one,) = story_of(store, a)
    told(store, NOW, [a], one)
    store.people.acknowledge(Ack(one, NOW))
    store.people.silence(silence(until=1))
    store.people.silence(silence("spies", 24 * 99, SilenceKind.RULE))
    for row in store.query_outbox():
        store.outbox.attempt(str(row["key"]), NOW)
        store.outbox.sent(Receipt(str(row["key"]), NOW))
    store.upkeep.prune(hours(24 * 9))
    assert {name: count(store, name) for name in ("stories", "tellings", "acks", "silences")} == {
        "stories": 0,
        "tellings": 0,
        "acks": 0,
        "silences": 1,
    }
    assert store.upkeep.check() == []


# --- rules --------------------------------------------------------------------------------------------------


def rules(**fingerprints: str) -> list[RuleInfo]:
    return [RuleInfo(name, name, Severity.LOW, fingerprint=mark) for name, mark in fingerprints.items()]


@pytest.fixture
def edited(store: SqliteStore) -> SqliteStore:
    """Rules over a week, one edition a day."""
    for day, present in enumerate(
        (rules(a="1", b="1"), rules(a="1", b="1"), rules(a="2", b="1", c="1"), rules(a="2", c="1"), rules(a="1", c="1"))
    ):
        store.digests.note_rules(present, NOW + day * DAY)
    return store


EDITS: list[tuple[str, float, float, dict[str, RuleChange]]] = [
    ("the first rules of all are no edit", -1, 1.5, {}),
    ("a changed rule and a new one", 1.5, 2.5, {"a": RuleChange.EDITED, "c": RuleChange.NEW}),
    ("a rule that went", 2.5, 3.5, {"b": RuleChange.REMOVED}),
    ("a rule edited back is as it was", 1.5, 4.5, {"b": RuleChange.REMOVED, "c": RuleChange.NEW}),
    ("the end of a period belongs to it, its start does not", 2, 3, {"b": RuleChange.REMOVED}),
    ("nothing", 5, 6, {}),
]


@pytest.mark.parametrize(("why", "since", "until", "expected"), EDITS, ids=[why for why, *_ in EDITS])
def test_what_became_of_rules_since_then(
    edited: SqliteStore, why: str, since: float, until: float, expected: dict[str, RuleChange]
) -> None:
    found = edited.digests.rule_edits(NOW + since * DAY, NOW + until * DAY)
    assert {edit.rule: edit.change for edit in found} == expected, why


def test_an_edit_says_when(edited: SqliteStore) -> None:
    assert edited.digests.rule_edits(NOW + 2 * DAY, NOW + 9 * DAY) == (
        RuleEdit("b", RuleChange.REMOVED, NOW + 3 * DAY),
        RuleEdit("a", RuleChange.EDITED, NOW + 4 * DAY),
    )


def test_pruning_keeps_the_wording_in_force(edited: SqliteStore) -> None:
    before = edited.digests.rule_edits(NOW + 3.5 * DAY, NOW + 9 * DAY)
    edited.upkeep.prune(NOW + 3.5 * DAY)
    assert count(edited, "rule_editions") == 3
    assert edited.digests.rule_edits(NOW + 3.5 * DAY, NOW + 9 * DAY) == before
