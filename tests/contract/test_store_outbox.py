"""The desk of deliveries: at least once, with the same key, parts in order."""

import tempfile
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.stored import ALERTS, DESK, NOW, delivery, hours, queued

from monitor.adapters.store import SqliteStore, open_store
from monitor.core.model import LEFT, DeliveryState, Receipt, Refusal, Target
from monitor.errors import StoreError

QUEUED, SENDING, SENT, PARKED = DeliveryState


def due(store: SqliteStore, at: float = 0, limit: int = 99) -> list[str]:
    return [each.key for each in store.outbox.due(hours(at), limit)]


def only(store: SqliteStore) -> dict[str, object]:
    (row,) = store.query_outbox()
    return row


KEY = delivery().key


def test_an_attempt_is_recorded_before_sending_and_takes_the_delivery_from_the_queue(store: SqliteStore) -> None:
    queued(store, delivery())
    store.outbox.attempt(KEY, hours(1))
    assert due(store, 9) == []
    assert (only(store)["state"], only(store)["attempts"]) == ("sending", 1)


def test_a_delivery_being_sent_can_not_be_begun_by_a_second_dispatcher(store: SqliteStore) -> None:
    queued(store, delivery())
    store.outbox.attempt(KEY, NOW)
    with pytest.raises(StoreError, match="not queued"):
        store.outbox.attempt(KEY, NOW)
    assert only(store)["attempts"] == 1


def test_success_is_recorded_with_the_channels_answer(store: SqliteStore) -> None:
    queued(store, delivery())
    store.outbox.attempt(KEY, NOW)
    store.outbox.failed(KEY, "greylisted", hours(1), NOW)
    store.outbox.attempt(KEY, hours(1))
    store.outbox.sent(Receipt(KEY, hours(1), "250 2.0.0 queued as 4XyZ"))
    row = only(store)
    assert (row["state"], row["receipt"], row["error"]) == ("sent", "250 2.0.0 queued as 4XyZ", "")
    assert due(store, 99) == []


def test_a_failure_waits_for_its_time_with_the_same_key(store: SqliteStore) -> None:
    queued(store, delivery())
    store.outbox.attempt(KEY, NOW)
    store.outbox.failed(KEY, "421 try later", hours(2), NOW)
    assert due(store, 1.9) == []
    (again,) = store.outbox.due(hours(2), 9)
    assert (again.key, again.state, again.attempts, again.error) == (KEY, QUEUED, 1, "421 try later")
    assert again.message == delivery().message


def test_a_failure_without_another_time_parks(store: SqliteStore) -> None:
    queued(store, delivery())
    store.outbox.attempt(KEY, NOW)
    store.outbox.failed(KEY, "550 no such user", None, NOW)
    assert due(store, 9999) == []
    assert (only(store)["state"], only(store)["error"]) == ("parked", "550 no such user")


UNKNOWN: list[tuple[str, Callable[[SqliteStore], object]]] = [
    ("attempt", lambda store: store.outbox.attempt("no-such-key", NOW)),
    ("sent", lambda store: store.outbox.sent(Receipt("no-such-key", NOW))),
    ("failed", lambda store: store.outbox.failed("no-such-key", "e", None, NOW)),
]


@pytest.mark.parametrize(("name", "call"), UNKNOWN, ids=[name for name, _ in UNKNOWN])
def test_an_unknown_key_is_an_error_that_names_it(
    store: SqliteStore, name: str, call: Callable[[SqliteStore], object]
) -> None:
    with pytest.raises(StoreError, match="no-such-key"):
        call(store)


def test_what_was_sent_can_not_fail_afterwards(store: SqliteStore) -> None:
    queued(store, delivery())
    store.outbox.attempt(KEY, NOW)
    store.outbox.sent(Receipt(KEY, NOW))
    with pytest.raises(StoreError, match="already sent"):
        store.outbox.failed(KEY, "late timeout", hours(1), NOW)
    assert only(store)["state"] == "sent"


def test_a_crash_between_attempt_and_receipt_is_tried_again_with_the_same_key(store: SqliteStore) -> None:
    first, second = delivery(), delivery(ALERTS)
    queued(store, first, second)
    store.outbox.attempt(first.key, NOW)
    store.close()
    reopened = open_store(store.path)
    try:
        assert reopened.outbox.recover(hours(1)) == [first.key]
        assert reopened.outbox.recover(hours(1)) == []
        again = {each.key: each for each in reopened.outbox.due(hours(1), 9)}
        assert set(again) == {first.key, second.key}
        assert again[first.key].attempts == 1
        assert "interrupted" in again[first.key].error
    finally:
        reopened.close()


def test_a_person_may_send_parked_ones_again(store: SqliteStore) -> None:
    deliveries = [delivery(Target("email", f"{name}@example.org")) for name in "abc"]
    queued(store, *deliveries)
    a, b, c = (each.key for each in deliveries)
    for key in (a, b):
        store.outbox.attempt(key, NOW)
        store.outbox.failed(key, "550", None, NOW)
    store.outbox.attempt(c, NOW)
    store.outbox.sent(Receipt(c, NOW))
    assert store.outbox.retry([a, c, "no-such-key"], hours(1)) == 1, "what was sent is not sent again"
    assert due(store, 1) == [a]


def test_a_person_need_not_wait_for_the_time_of_the_next_attempt(store: SqliteStore) -> None:
    queued(store, delivery())
    store.outbox.attempt(KEY, NOW)
    store.outbox.failed(KEY, "535 wrong password", hours(4), NOW, "configuration")
    assert due(store, 1) == []
    assert store.outbox.retry([KEY], hours(1)) == 1
    assert due(store, 1) == [KEY]


def left_state(store: SqliteStore) -> dict[str, tuple[object, ...]]:
    return {str(row["key"]): (row["state"], row["error"], row["fault"]) for row in store.query_outbox()}


PARTED = ("parked", "left the digest", LEFT)


def test_what_is_queued_for_somebody_who_leaves_is_not_sent_and_nothing_else_is_touched(store: SqliteStore) -> None:
    mine, other, evening = delivery(run="1"), delivery(ALERTS, run="1"), delivery(run="2", digest="evening")
    sent = delivery(run="0")
    for run in ([sent], [mine, other], [evening]):
        queued(store, *run)
    store.outbox.attempt(sent.key, NOW)
    store.outbox.sent(Receipt(sent.key, NOW))
    store.people.leave("morning", DESK, NOW)
    states = left_state(store)
    assert states[mine.key] == PARTED
    assert {states[each.key][0] for each in (other, evening)} == {"queued"}
    assert states[sent.key][0] == "sent"
    assert set(due(store, 1)) == {other.key, evening.key}
    assert store.outbox.refusals() == [], "who left refuses nothing"


def test_leaving_and_the_end_of_what_is_queued_are_one(store: SqliteStore) -> None:
    queued(store, delivery())

    def leave_and_fail() -> None:
        with store.transaction():
            store.people.leave("morning", DESK, NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        leave_and_fail()
    assert (store.people.left("morning"), due(store)) == ({}, [KEY])


def test_what_was_parked_because_its_recipient_left_goes_out_only_by_its_key_and_when_they_are_back(
    store: SqliteStore,
) -> None:
    queued(store, delivery())
    store.people.leave("morning", DESK, NOW)
    assert store.outbox.retry([KEY], hours(1)) == 0
    assert store.people.rejoin("morning", DESK)
    assert (left_state(store), due(store, 1)) == ({KEY: PARTED}, []), "who is taken back gets what comes from then on"
    assert store.outbox.retry([KEY], hours(1)) == 1


def test_what_was_parked_for_another_reason_is_not_sent_to_somebody_who_left(store: SqliteStore) -> None:
    queued(store, delivery())
    store.outbox.attempt(KEY, NOW)
    store.outbox.failed(KEY, "550", None, NOW, "permanent")
    store.people.leave("morning", DESK, NOW)
    assert store.outbox.retry([KEY], hours(1)) == 0
    assert left_state(store) == {KEY: ("parked", "550", "permanent")}


def test_what_is_being_sent_when_somebody_leaves_is_not_tried_again(store: SqliteStore) -> None:
    first, second = delivery(run="1"), delivery(run="2")
    for n, each in enumerate((first, second)):
        queued(store, each, at=hours(n))
        store.outbox.attempt(each.key, hours(n))
    store.people.leave("morning", DESK, hours(1))
    assert {state for state, *_ in left_state(store).values()} == {"sending"}, "it can't be called back"
    store.outbox.failed(first.key, "busy", hours(2), hours(1), "temporary")
    assert left_state(store)[first.key] == PARTED
    assert store.outbox.recover(hours(1)) == []
    assert left_state(store)[second.key] == PARTED


def test_all_states_are_counted_also_those_with_none(store: SqliteStore) -> None:
    assert store.outbox.count() == {QUEUED: 0, SENDING: 0, SENT: 0, PARKED: 0}
    deliveries = [delivery(Target("email", f"{name}@example.org")) for name in "abcdef"]
    queued(store, *deliveries)
    for each in deliveries[:3]:
        store.outbox.attempt(each.key, NOW)
    store.outbox.sent(Receipt(deliveries[0].key, NOW))
    store.outbox.failed(deliveries[1].key, "550", None, NOW)
    assert store.outbox.count() == {QUEUED: 3, SENDING: 1, SENT: 1, PARKED: 1}


# --- who refuses ------------------------------------------------------------------------------------------

GONE, KEPT = Target("email", "gone@example.org"), Target("email", "kept@example.org")


def outcome(store: SqliteStore, target: Target, at: float, fault: str, digest: str = "morning") -> str:
    """One delivery to this target at that hour, and what became of it; gives its key."""
    made = delivery(target, run=f"{digest}@{at}", digest=digest, created_at=hours(at))
    queued(store, made, at=hours(at))
    store.outbox.attempt(made.key, hours(at))
    if fault:
        retry_at = None if fault == "permanent" else hours(at + 99)
        store.outbox.failed(made.key, f"550 at {at}", retry_at, hours(at), fault)
    else:
        store.outbox.sent(Receipt(made.key, hours(at)))
    return made.key


def test_an_address_that_refuses_is_listed_with_since_when_how_often_and_why(store: SqliteStore) -> None:
    outcome(store, KEPT, 0, "")
    for at in (1, 3):
        outcome(store, GONE, at, "permanent")
    outcome(store, GONE, 5, "permanent", digest="flash")
    (refusal,) = store.outbox.refusals()
    assert refusal == Refusal(GONE, ("morning", "flash"), hours(1), hours(5), 3, "550 at 5")


@pytest.mark.parametrize(
    ("fault", "listed", "reason"),
    [
        ("", False, "it arrives again"),
        ("temporary", True, "nothing has arrived yet"),
        ("configuration", True, "nothing has arrived yet"),
    ],
)
def test_an_address_is_listed_until_something_arrives(
    store: SqliteStore, fault: str, listed: bool, reason: str
) -> None:
    outcome(store, GONE, 1, "permanent")
    outcome(store, GONE, 2, fault)
    assert [refusal.target for refusal in store.outbox.refusals()] == [GONE] * listed, reason


@pytest.mark.parametrize("fault", ["temporary", "configuration"])
def test_one_that_waits_for_another_attempt_does_not_refuse(store: SqliteStore, fault: str) -> None:
    outcome(store, GONE, 1, fault)
    assert store.outbox.refusals() == []


def test_what_came_back_was_refused_after_all(store: SqliteStore) -> None:
    key = outcome(store, GONE, 1, "")
    assert store.outbox.bounced(key, "550 5.1.1 no such user", hours(2))
    assert [(refusal.target, refusal.reason) for refusal in store.outbox.refusals()] == [
        (GONE, "550 5.1.1 no such user")
    ]
    assert (only(store)["state"], due(store, 99)) == ("parked", [])
    assert not store.outbox.bounced(key, "again", hours(3)), "the same report twice"
    assert not store.outbox.bounced("no-such-key", "550", hours(3))


def test_who_refused_last_comes_first(store: SqliteStore) -> None:
    outcome(store, GONE, 1, "permanent")
    outcome(store, KEPT, 2, "permanent")
    assert [refusal.target for refusal in store.outbox.refusals()] == [KEPT, GONE]


# --- order ------------------------------------------------------------------------------------------------


def test_the_oldest_come_first_and_no_more_than_asked(store: SqliteStore) -> None:
    queued(store, delivery(ALERTS, run="late", created_at=hours(1)), at=hours(1))
    queued(store, delivery(DESK, run="early", created_at=NOW))
    assert due(store, 1) == [delivery(DESK, run="early").key, delivery(ALERTS, run="late").key]
    assert due(store, 1, limit=1) == [delivery(DESK, run="early").key]


def test_a_target_with_a_long_queue_takes_one_place(store: SqliteStore) -> None:
    """Else a hundred messages to a dead mail server would keep an alert to Slack from being seen."""
    for number in range(5):
        queued(store, delivery(DESK, run=f"run-{number}", created_at=hours(number)), at=hours(number))
    queued(store, delivery(ALERTS, run="alert", created_at=hours(9)), at=hours(9))
    assert due(store, 9, limit=2) == [delivery(DESK, run="run-0").key, delivery(ALERTS, run="alert").key]


def test_a_clock_set_back_does_not_put_off_what_failed_in_the_future(store: SqliteStore) -> None:
    queued(store, delivery())
    store.outbox.attempt(KEY, hours(24 * 365))
    store.outbox.failed(KEY, "421", hours(24 * 365 + 1), hours(24 * 365))
    assert due(store, 1) == [KEY]


def test_a_part_waits_until_the_earlier_ones_are_sent_or_parked(store: SqliteStore) -> None:
    one, two, three = (delivery(part=part, parts=3) for part in (1, 2, 3))
    queued(store, three, two, one)
    assert due(store) == [one.key]
    store.outbox.attempt(one.key, NOW)
    assert due(store) == [], "the first is on its way"
    store.outbox.failed(one.key, "421", hours(1), NOW)
    assert due(store) == [], "the first is tried again later"
    store.outbox.attempt(one.key, hours(1))
    store.outbox.sent(Receipt(one.key, hours(1)))
    assert due(store, 1) == [two.key]
    store.outbox.attempt(two.key, hours(1))
    store.outbox.failed(two.key, "552 too large", None, hours(1))
    assert due(store, 1) == [three.key], "a part that will never go does not hold up the rest"


def test_parts_wait_for_nobody_else(store: SqliteStore) -> None:
    """One recipient's trouble never holds up another recipient, nor another digest to the same one."""
    stuck = delivery(DESK, part=1, parts=2)
    others = [delivery(ALERTS, part=2, parts=2), delivery(DESK, part=2, run="run-2", created_at=hours(1))]
    queued(store, stuck, delivery(DESK, part=2, parts=2), others[0])
    queued(store, others[1], at=hours(1))
    store.outbox.attempt(stuck.key, NOW)
    assert due(store, 1) == [each.key for each in others]


class OutboxMachine(RuleBasedStateMachine):
    """Whatever is done in whatever order: nothing lost, nothing sent twice, parts in order."""

    def __init__(self) -> None:
        super().__init__()
        self.store: SqliteStore
        self.states: dict[str, DeliveryState] = {}
        self.runs = 0

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store(f"{self.folder.name}/m.db")

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    @rule(parts=st.integers(1, 3), to=st.sampled_from([DESK, ALERTS]))
    def queue(self, parts: int, to: Target) -> None:
        self.runs += 1
        given = [delivery(to, part, run=f"run-{self.runs}", parts=parts) for part in range(1, parts + 1)]
        queued(self.store, *given)
        self.states |= {each.key: QUEUED for each in given}

    @rule()
    def begin(self) -> None:
        for each in self.store.outbox.due(NOW, 2):
            assert self.states[each.key] is QUEUED
            self.store.outbox.attempt(each.key, NOW)
            self.states[each.key] = SENDING

    @rule(answer=st.sampled_from(["sent", "later", "never"]))
    def answer(self, answer: str) -> None:
        key = next((key for key, state in self.states.items() if state is SENDING), None)
        if key is None:
            return
        if answer == "sent":
            self.store.outbox.sent(Receipt(key, NOW))
        else:
            self.store.outbox.failed(key, answer, NOW if answer == "later" else None, NOW)
        self.states[key] = {"sent": SENT, "later": QUEUED, "never": PARKED}[answer]

    @rule()
    def crash(self) -> None:
        self.store.close()
        self.store = open_store(f"{self.folder.name}/m.db")
        left = sorted(key for key, state in self.states.items() if state is SENDING)
        assert sorted(self.store.outbox.recover(NOW)) == left
        self.states |= dict.fromkeys(left, QUEUED)

    @rule()
    def retry(self) -> None:
        parked = [key for key, state in self.states.items() if state is PARKED]
        waiting = [key for key, state in self.states.items() if state is QUEUED]
        assert self.store.outbox.retry(list(self.states), NOW) == len(parked) + len(waiting)
        self.states |= dict.fromkeys(parked, QUEUED)

    @invariant()
    def states_agree(self) -> None:
        if hasattr(self, "store"):
            rows = {str(row["key"]): row["state"] for row in self.store.query_outbox(limit=-1)}
            assert rows == self.states

    @invariant()
    def only_the_first_open_part_is_due(self) -> None:
        if not hasattr(self, "store"):
            return
        for key in due(self.store):
            stem, _, part = key.rpartition(":")
            earlier = [self.states[f"{stem}:{number}"] for number in range(1, int(part))]
            assert all(state in (SENT, PARKED) for state in earlier)


TestOutboxMachine = OutboxMachine.TestCase
TestOutboxMachine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
