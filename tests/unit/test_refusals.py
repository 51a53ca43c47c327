"""Recipients that refuse are named in the next digest, so that the others can mend the list."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.alerting import FLASH, Newsdesk
from support.stored import NOW

from monitor.adapters.store import open_store
from monitor.core.model import Receipt, Refusal, Target
from monitor.core.retrying import refusal_notes

GONE, OTHER = Target("email", "gone@example.org"), Target("email", "other@example.org")
SINCE = datetime(2026, 11, 3, 22, 30, tzinfo=UTC)
REASON = "email:gone@example.org through mx.example:587: the server answered 550 5.1.1 no such user; check the address"


def refusal(target: Target = GONE, times: int = 4, reason: str = REASON) -> Refusal:
    return Refusal(target, ("morning",), SINCE, SINCE, times, reason)


def test_a_note_says_who_since_when_how_often_and_why() -> None:
    assert refusal_notes([refusal()], [GONE], "Asia/Tokyo") == (
        "email:gone@example.org has refused everything since 4 Nov (4): "
        "mx.example:587: the server answered 550 5.1.1 no such user; check the address",
    )


def test_a_digest_names_only_its_own_recipients() -> None:
    assert refusal_notes([refusal(OTHER)], [GONE], "UTC") == ()


@pytest.mark.parametrize(("refusing", "notes"), [(0, 0), (3, 3), (4, 4), (40, 4)])
def test_three_are_named_and_the_others_counted(refusing: int, notes: int) -> None:
    targets = [Target("email", f"reader-{n}@example.org") for n in range(refusing)]
    found = refusal_notes([refusal(target) for target in targets], targets, "UTC")
    assert len(found) == notes
    if refusing > 3:
        assert found[-1].startswith(f"{refusing - 3} more")


def test_a_digest_tells_the_others_until_something_arrives_again(tmp_path: Path) -> None:
    store = open_store(tmp_path / "monitor.db")
    spec = replace(FLASH, id="morning", at="0 8 * * *", to=(GONE, OTHER))
    desk = Newsdesk(store, spec)
    answers = {1: "550 no such user", 2: "550 no such user", 3: "", 4: ""}
    notes = []
    for answer in answers.values():
        (written,) = desk.tick(days=1)
        notes.append(written.notes)
        for delivery in store.outbox.due(desk.now, 9):
            store.outbox.attempt(delivery.key, desk.now)
            if delivery.target == GONE and answer:
                store.outbox.failed(delivery.key, answer, None, desk.now, "permanent")
            else:
                store.outbox.sent(Receipt(delivery.key, desk.now + timedelta(seconds=1)))
    since = f"{NOW + timedelta(days=1):%-d %b}"
    said = [f"email:gone@example.org has refused everything since {since} ({n}): 550 no such user" for n in (1, 2)]
    assert store.health(desk.now)["recipients_refusing"] == 0
    assert notes == [(), (said[0],), (said[1],), ()]
    store.close()


def test_an_alert_is_about_its_story_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path / "monitor.db")
    desk = Newsdesk(store)
    for key in ("a", "b"):
        desk.report(key)
        (alert,) = desk.tick(minutes=1)
        assert alert.notes == ()
        (delivery,) = store.outbox.due(desk.now, 9)
        store.outbox.attempt(delivery.key, desk.now)
        store.outbox.failed(delivery.key, "550 no such user", None, desk.now, "permanent")
    assert [each.times for each in store.outbox.refusals()] == [2]
    assert store.health(desk.now)["recipients_refusing"] == 1
    store.close()
