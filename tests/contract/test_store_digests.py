"""The desk of digests: trays, what was left out, what was told."""

import json
from dataclasses import replace

import pytest
from support.stored import ALERTS, NOW, count, delivery, digest, hours, queued, saved_hits, tables

from monitor.adapters.store import SqliteStore
from monitor.core.model import DeliveryState, Waiting
from monitor.errors import StoreError


def tray(store: SqliteStore, spec: str = "morning") -> tuple[int, ...]:
    waiting = store.digests.waiting().get(spec)
    return waiting.hit_ids if waiting else ()


def test_a_tray_holds_hits_in_the_order_they_came_since_the_oldest(store: SqliteStore) -> None:
    a, b, c = saved_hits(store, "a", "b", "c")
    store.digests.wait("morning", [c], hours(1))
    store.digests.wait("morning", [b, a], hours(2))
    store.digests.wait("evening", [a], hours(3))
    assert store.digests.waiting() == {
        "morning": Waiting("morning", (c, a, b), hours(1)),
        "evening": Waiting("evening", (a,), hours(3)),
    }


def test_an_empty_tray_is_absent(store: SqliteStore) -> None:
    store.digests.wait("morning", [], NOW)
    assert store.digests.waiting() == {}


def test_what_already_waits_stays_as_it_is(store: SqliteStore) -> None:
    (a,) = saved_hits(store, "a")
    for at in (hours(1), hours(2)):
        store.digests.wait("morning", [a, a], at)
        store.digests.renew("morning", [a], at)
    assert store.digests.waiting() == {"morning": Waiting("morning", (a,), hours(1))}


def test_what_this_digest_told_waits_no_more_unless_it_is_renewed(store: SqliteStore) -> None:
    a, b = saved_hits(store, "a", "b")
    store.digests.wait("morning", [a], NOW)
    queued(store, hit_ids=[a])
    store.digests.wait("morning", [a, b], hours(1))
    assert tray(store) == (b,)
    store.digests.wait("evening", [a], hours(1))
    assert tray(store, "evening") == (a,), "another digest has not told it"
    store.digests.renew("morning", [a], hours(2))
    assert tray(store) == (b, a)


def test_a_hit_that_does_not_exist_can_not_wait(store: SqliteStore) -> None:
    with pytest.raises(StoreError, match="break a reference"):
        store.digests.wait("morning", [1], NOW)


def test_closing_empties_the_tray_of_these_hits_only(store: SqliteStore) -> None:
    a, b = saved_hits(store, "a", "b")
    for spec in ("morning", "evening"):
        store.digests.wait(spec, [a, b], NOW)
    queued(store, hit_ids=[a])
    assert (tray(store), tray(store, "evening")) == ((b,), (a, b))


def test_a_renewed_hit_can_be_told_again(store: SqliteStore) -> None:
    (a,) = saved_hits(store, "a")
    store.digests.wait("morning", [a], NOW)
    queued(store, hit_ids=[a])
    store.digests.renew("morning", [a], hours(1))
    queued(store, delivery(run="run-2"), hit_ids=[a], at=hours(2))
    assert tray(store) == ()
    assert count(store, "told") == 1


def test_a_digest_was_last_made_when_it_was_last_closed_told_or_empty(store: SqliteStore) -> None:
    assert store.digests.last_sent("morning") is None
    queued(store, delivery())
    assert store.digests.last_sent("morning") == NOW
    queued(store, at=hours(24))
    assert store.digests.last_sent("morning") == hours(24)
    assert store.digests.last_sent("evening") is None


def test_the_first_start_is_remembered(store: SqliteStore) -> None:
    assert store.digests.start("morning", NOW) == NOW
    assert store.digests.start("morning", hours(5)) == NOW
    assert store.digests.start("evening", hours(5)) == hours(5)


# --- what was left out ------------------------------------------------------------------------------------


def test_reports_left_out_are_counted_by_reason_most_first(store: SqliteStore) -> None:
    a, b, c = saved_hits(store, "a", "b", "c")
    for hit_id, reason in ((a, "older than 48 h"), (b, "shadow rule"), (c, "shadow rule"), (c, "shadow rule")):
        store.digests.leave_out("morning", hit_id, reason, NOW)
    store.digests.leave_out("evening", a, "older than 48 h", NOW)
    assert store.digests.left_out("morning") == (("shadow rule", 2), ("older than 48 h", 1))


def test_what_was_left_out_is_forgotten_once_a_digest_could_tell_it(store: SqliteStore) -> None:
    (a,) = saved_hits(store, "a")
    for spec in ("morning", "evening"):
        store.digests.leave_out(spec, a, "shadow rule", NOW)
    queued(store)
    assert store.digests.left_out("morning") == (("shadow rule", 1),), "that one went to nobody"
    queued(store, delivery(), at=hours(1))
    assert store.digests.left_out("morning") == ()
    assert store.digests.left_out("evening") == (("shadow rule", 1),)


def test_what_was_left_out_since_a_digest_was_drafted_is_counted_in_the_next_one(store: SqliteStore) -> None:
    a, b, c = saved_hits(store, "a", "b", "c")
    for hit, at in ((a, 1), (b, 1.1), (c, 24)):
        store.digests.leave_out("morning", hit, f"left out at {at}", hours(at))
    queued(store, delivery(), at=hours(1))
    assert store.digests.left_out("morning") == (("left out at 1.1", 1),), "a day ahead: the clock was set back"


# --- what is queued ---------------------------------------------------------------------------------------


def test_closing_queues_the_deliveries_as_they_are(store: SqliteStore) -> None:
    full = delivery(parts=2, attempts=3, next_attempt_at=hours(1), error="421", receipt="-")
    given = [full, delivery(ALERTS, body={"blocks": [{"b": 1, "a": 2}]})]
    queued(store, *given)
    found = store.outbox.due(hours(1), 10)
    assert found == given
    assert json.dumps(dict(found[1].message.body)) == '{"blocks": [{"b": 1, "a": 2}]}', "the order of keys too"


def test_a_message_to_several_recipients_is_stored_once(store: SqliteStore) -> None:
    targets = [replace(delivery().target, address=f"{name}@example.org") for name in ("anna", "boris", "chen")]
    queued(store, *(delivery(target) for target in targets), delivery(ALERTS))
    assert (count(store, "messages"), count(store, "deliveries")) == (2, 4)


def test_the_same_body_for_another_kind_of_channel_is_another_message(store: SqliteStore) -> None:
    queued(store, delivery(body={}), delivery(ALERTS, body={}))
    assert {each.message.channel for each in store.outbox.due(NOW, 9)} == {"email", "slack"}


def test_a_delivery_key_is_queued_once_and_the_second_close_changes_nothing(store: SqliteStore) -> None:
    a, b = saved_hits(store, "a", "b")
    store.digests.wait("morning", [a, b], NOW)
    queued(store, delivery(), hit_ids=[a])
    before = tables(store)
    with pytest.raises(StoreError, match="double"):
        queued(store, delivery(ALERTS), delivery(), hit_ids=[b], at=hours(1))
    assert tables(store) == before
    assert tray(store) == (b,)


def test_hits_told_by_another_process_meanwhile_are_not_told_again(store: SqliteStore) -> None:
    a, b = saved_hits(store, "a", "b")
    store.digests.wait("morning", [a, b], NOW)
    queued(store, delivery(), hit_ids=[a])
    before = tables(store)
    with pytest.raises(StoreError, match="meanwhile"):
        store.digests.close(digest(at=hours(1)), [a, b], [delivery(run="run-2")], hours(1))
    assert tables(store) == before


def test_every_state_of_a_delivery_starts_as_given(store: SqliteStore) -> None:
    queued(store, delivery(state=DeliveryState.PARKED, error="no such channel"))
    assert store.outbox.due(NOW, 9) == []
    assert store.outbox.count()[DeliveryState.PARKED] == 1


def test_the_last_digest_is_the_one_made_last_also_after_the_clock_was_set_back(store: SqliteStore) -> None:
    queued(store, delivery(), at=hours(24 * 365))
    queued(store, delivery(run="run-2"), at=hours(1))
    assert store.digests.last_sent("morning") == hours(1)
    store.upkeep.prune(hours(24 * 999))
    assert store.digests.last_sent("morning") == hours(1)
