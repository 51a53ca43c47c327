"""Who refuses, at the command line: listed, counted, recorded from returned mail; what waits is sent again."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command import complaint, monitor, rows, said
from support.stored import delivery, digest

from monitor.adapters.store import SqliteStore, open_store
from monitor.core.model import Delivery, Receipt, Target

NOW = datetime.now(UTC) - timedelta(hours=1)
GONE, KEPT, BUSY = (Target("email", f"{name}@example.org") for name in ("gone", "kept", "busy"))


@pytest.fixture
def sent(tmp_path: Path) -> dict[Target, Delivery]:
    """One refused, one taken, one that waits for its next attempt."""
    made = {target: delivery(target, created_at=NOW) for target in (GONE, KEPT, BUSY)}
    store: SqliteStore = open_store(tmp_path / "monitor.db")
    store.digests.close(digest(at=NOW), (), list(made.values()), NOW)
    for each in made.values():
        store.outbox.attempt(each.key, NOW)
    store.outbox.failed(made[GONE].key, "the server answered 550 5.1.1 no such user", None, NOW, "permanent")
    store.outbox.sent(Receipt(made[KEPT].key, NOW))
    store.outbox.failed(made[BUSY].key, "451 later", NOW + timedelta(days=1), NOW, "temporary")
    store.close()
    return made


def test_refused_recipients_are_listed_counted_and_added_to_by_returned_mail(
    tmp_path: Path, sent: dict[Target, Delivery]
) -> None:
    (refusal,) = rows(said(monitor("outbox", "--refused", "--json", "--db", "monitor.db", cwd=tmp_path)).encode())
    assert (refusal["target"], refusal["times"], refusal["digests"]) == (str(GONE), 1, ["morning"])
    returned = (
        "Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n"
        "--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: rfc822; kept@example.org\nAction: failed\nStatus: 5.1.6\n\n"
        f"--B\nContent-Type: text/rfc822-headers\n\nX-Monitor-Key: {sent[KEPT].key}\n\n--B--\n"
    )
    recorded = monitor("bounces", "--db", "monitor.db", cwd=tmp_path, stdin=returned.encode())
    assert said(recorded) == "kept@example.org: 5.1.6\n"
    again = monitor("bounces", "--db", "monitor.db", cwd=tmp_path, stdin=returned.encode())
    assert "not recorded" in said(again)
    listed = said(monitor("outbox", "--refused", "--db", "monitor.db", cwd=tmp_path))
    assert "kept@example.org" in listed
    assert "came back: 5.1.6" in listed
    assert "busy@example.org" not in listed
    health = json.loads(monitor("health", "--json", "--db", "monitor.db", cwd=tmp_path).stdout)
    assert health["recipients_refusing"] == 2


def test_mail_that_reports_nothing_is_let_pass(tmp_path: Path, sent: dict[Target, Delivery]) -> None:
    done = monitor("bounces", "--db", "monitor.db", cwd=tmp_path, stdin=b"Subject: Out of office\n\nBack on Monday.\n")
    assert said(done) == ""
    assert "nothing to record" in done.stderr.decode()


def test_what_waits_for_its_time_can_be_sent_now_and_what_arrived_can_not(
    tmp_path: Path, sent: dict[Target, Delivery]
) -> None:
    waiting = monitor("outbox", "--retry", sent[BUSY].key, "--db", "monitor.db", cwd=tmp_path)
    assert said(waiting) == "1 delivery queued again\n"
    store = open_store(tmp_path / "monitor.db")
    assert [each.target for each in store.outbox.due(datetime.now(UTC), 9)] == [BUSY]
    store.close()
    assert "no parked or waiting delivery has the key" in complaint(
        monitor("outbox", "--retry", sent[KEPT].key, "--db", "monitor.db", cwd=tmp_path)
    )
