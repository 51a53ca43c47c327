"""Kill -9 between any two steps of a poll, a digest and a dispatch: nothing is lost, nothing told twice.

Only a message that was in flight at the moment of death may arrive a second time, and then with the same key.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from support.command import environment
from support.http_server import HttpServer, Reply, Request
from support.smtp import SmtpServer

HARNESS = Path(__file__).parent.parent / "support" / "kill_at.py"
HEADLINES = ("The old harbour opens to ships", "A second harbour is planned nearby")
RECIPIENTS = ("one@example.org", "two@example.org")
RULES = """
terms:
  harbour: {label: harbour, en: [harbour]}
rules:
  - {id: harbour, title: Harbour, severity: high, match: $harbour, examples: {hit: [The harbour opened]}}
digests:
  - {id: flash, rules: ["*"], at: once, wait: 0s, to: ["email:one@example.org", "email:two@example.org", "slack:#desk"]}
"""


def rss(*titles: str) -> bytes:
    date = format_datetime(datetime.now(UTC))
    items = "".join(
        f"<item><title>{title}</title><guid>{title}</guid><link>http://gazette.example/{len(title)}</link>"
        f"<pubDate>{date}</pubDate></item>"
        for title in titles
    )
    return f"<rss version='2.0'><channel><title>Gazette</title>{items}</channel></rss>".encode()


@dataclass
class World:
    """A feed, a mail server and a Slack webhook on loopback, and the harness that runs and kills `monitor`."""

    home: Path
    http: HttpServer
    smtp: SmtpServer
    slack: list[dict[str, object]] = field(default_factory=list)
    harness: subprocess.Popen[str] | None = None

    def once(self, folder: Path, step: int = 0) -> tuple[int, int]:
        """`monitor once` in that folder; (steps reached, exit status)."""
        assert self.harness is not None
        assert self.harness.stdin is not None
        assert self.harness.stdout is not None
        paths = ["--feeds", f"{self.home}/feeds.yaml", "--rules", f"{self.home}/rules.yaml"]
        order = {"argv": [*paths, "--db", f"{folder}/monitor.db", "once"], "step": step}
        self.harness.stdin.write(json.dumps(order) + "\n")
        self.harness.stdin.flush()
        answer = json.loads(self.harness.stdout.readline())
        return answer["steps"], answer["status"]

    def arrived(self) -> Counter[tuple[str, str]]:
        """(recipient, key) → how often it came."""
        mails = [(mail.recipients[0], str(mail.message["Message-ID"])) for mail in self.smtp.messages]
        return Counter([*mails, *(("slack", json.dumps(message, sort_keys=True)) for message in self.slack)])

    def forget(self) -> None:
        self.smtp.messages.clear()
        self.slack.clear()


def make_due(folder: Path) -> None:
    """Time passes: every feed may be asked again."""
    with closing(sqlite3.connect(folder / "monitor.db")) as db, db:
        db.execute("UPDATE feeds SET next_poll_at = NULL")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with HttpServer() as http, SmtpServer() as smtp:
        world = World(tmp_path, http, smtp)

        def webhook(request: Request) -> Reply:
            world.slack.append(json.loads(request.body))
            return Reply(body=b"ok")

        http.script("/feed", Reply(body=rss(), headers={"Content-Type": "application/rss+xml"}))
        http.script("/hook", webhook)
        (tmp_path / "feeds.yaml").write_text(f"feeds:\n  - {{id: gazette, url: '{http.url('/feed')}'}}\n")
        (tmp_path / "rules.yaml").write_text(RULES)
        env = {
            **environment(),
            "MONITOR_SMTP_HOST": "127.0.0.1",
            "MONITOR_SMTP_PORT": str(smtp.port),
            "MONITOR_SMTP_SECURITY": "none",
            "MONITOR_SMTP_FROM": "monitor@example.org",
            "MONITOR_SLACK_WEBHOOK": http.url("/hook"),
        }
        with (tmp_path / "harness.log").open("w") as log:
            world.harness = subprocess.Popen(
                [sys.executable, str(HARNESS)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=env,
            )
        yield world
        assert world.harness.stdin is not None
        world.harness.stdin.close()
        world.harness.wait(timeout=10)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", [1, 4], ids=["odd", "even"])
def test_a_kill_between_any_two_steps_loses_nothing_and_tells_nothing_twice(world: World, first: int) -> None:
    base = world.home / "base"
    base.mkdir()
    assert world.once(base)[1] == 0  # the first reading, whose backlog wakes nobody
    make_due(base)
    world.http.script("/feed", Reply(body=rss(*HEADLINES), headers={"Content-Type": "application/rss+xml"}))
    rehearsal = shutil.copytree(base, world.home / "rehearsal")
    steps, status = world.once(rehearsal)
    assert status == 0
    assert {recipient for recipient, _ in world.arrived()} == {*RECIPIENTS, "slack"}
    assert len(world.arrived()) == 6, "each of the two stories to each of the three"
    assert steps > 30
    recipients = {*RECIPIENTS, "slack"}  # each gets an alert for each headline
    repeated = 0
    # Every third step in CI, every eighth at a desk; a stride of 1 tries them all.
    stride = int(os.environ.get("MONITOR_TEST_KILL_STRIDE") or (6 if os.environ.get("CI") else 16))
    for step in range(first, steps + 1, stride):
        world.forget()
        folder = shutil.copytree(base, world.home / f"step-{step}")
        reached, status = world.once(folder, step)
        assert (reached, status) == (step, -9), f"step {step} was not reached"
        flying = in_flight(folder)
        make_due(folder)
        assert world.once(folder)[1] == 0, f"could not start again after a kill at step {step}"
        check_nothing_lost(folder, step)
        copies = world.arrived()
        assert {recipient for recipient, _ in copies} == recipients, f"lost after a kill at step {step}"
        assert len(copies) == len(recipients) * len(HEADLINES), (
            f"told twice with different keys after a kill at step {step}"
        )
        assert max(copies.values()) <= 2, f"repeated more than once after a kill at step {step}"
        twice = {recipient for (recipient, _), count in copies.items() if count == 2}
        assert twice <= flying, f"one that was not in flight was repeated after a kill at step {step}"
        repeated += len(twice)
        shutil.rmtree(folder)
    assert repeated or stride > 2, "no kill fell between a send and its receipt: the harness misses that step"


def in_flight(folder: Path) -> set[str]:
    """To whom something was on its way when the process died, as `arrived` names them; one each at the most."""
    with closing(sqlite3.connect(folder / "monitor.db")) as db:
        rows = db.execute("SELECT channel, address FROM deliveries WHERE state = 'sending'").fetchall()
    return {"slack" if channel == "slack" else address for channel, address in rows}


def check_nothing_lost(folder: Path, step: int) -> None:
    with closing(sqlite3.connect(folder / "monitor.db")) as db:
        titles = {row[0] for row in db.execute("SELECT title FROM items")}
        hits = db.execute("SELECT count(*) FROM hits").fetchone()[0]
        states = {row[0] for row in db.execute("SELECT DISTINCT state FROM deliveries")}
        waiting = db.execute("SELECT count(*) FROM waiting").fetchone()[0]
    assert titles == set(HEADLINES), f"items lost after a kill at step {step}"
    assert (hits, waiting, states) == (2, 0, {"sent"}), f"after a kill at step {step}"
