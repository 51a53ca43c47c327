"""Kills a dispatcher at random moments, starts it again until all is sent, and counts what was lost or came twice.

An outbox of mail, Slack messages and files goes to real servers on loopback, in as many rounds as the kills need.
"""

import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import support.dispatch_forks
from support.slack_server import SlackServer
from support.smtp import SmtpServer

from monitor.adapters.store import open_store
from monitor.core.model import Coverage, Delivery, Digest, Message, Target

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
BLOCK = {"type": "section", "text": {"type": "mrkdwn", "text": "The old harbour opens to ships"}}
BODIES: dict[str, dict[str, Any]] = {
    "email": {"subject": "Harbour", "text": "Гавань открыта", "html": "<p>港口开放</p>"},
    "slack": {"text": "Harbour", "blocks": [BLOCK]},
    "file": {"subject": "Harbour", "text": "Гавань открыта", "html": "<p>港口开放</p>"},
}
TARGETS = (
    *(Target("email", f"reader-{n}@newsroom.example") for n in range(12)),
    *(Target("slack", f"#desk-{n}") for n in range(4)),
    *(Target("file", f"out-{n}/") for n in range(2)),
)
RUNS = 3  # digests to each target, so that order counts; mail in two parts


@dataclass
class Figures:
    """What became of all rounds."""

    kills: int = 0
    rounds: int = 0
    deliveries: int = 0
    lost: list[str] = field(default_factory=list)
    duplicates: int = 0  # further arrivals of what was in flight at a kill, under the same key
    unexplained: list[str] = field(default_factory=list)  # arrived more often than kills in flight allow
    disorder: list[str] = field(default_factory=list)  # parts of one digest that arrived in another order


def dispatch_under_fire(kills: int, seed: int) -> Figures:
    """Kill so often at random moments, over as many outboxes as that takes."""
    chance, figures = random.Random(seed), Figures()
    harness = subprocess.Popen(
        [sys.executable, support.dispatch_forks.__file__],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        usual = _round(harness, Figures(), chance, 0, 0.0)  # how long it takes undisturbed
        while figures.kills < kills:
            _round(harness, figures, chance, kills, usual)
            figures.rounds += 1
    finally:
        assert harness.stdin is not None
        assert harness.stdout is not None
        harness.stdin.close()
        harness.wait(timeout=30)
        harness.stdout.close()
    return figures


def _round(
    harness: "subprocess.Popen[str]", figures: Figures, chance: random.Random, kills: int, usual: float
) -> float:
    """One outbox, sent to its end; how long the last life took."""
    home = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        with SmtpServer() as smtp, SlackServer() as slack:
            keys = _fill(home)
            flying: Counter[str] = Counter()
            while True:
                after = chance.uniform(0.001, usual) if figures.kills < kills else 0.0
                order = {"home": str(home), "smtp": smtp.port, "slack": slack.webhook, "after": after}
                life = _live(harness, order)
                if not life["killed"]:
                    break
                figures.kills += 1
                flying.update(_in_flight(home))
            _judge(figures, keys, flying, smtp, slack, home)
            return float(life["took"])
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _live(harness: "subprocess.Popen[str]", order: dict[str, Any]) -> dict[str, Any]:
    assert harness.stdin is not None
    assert harness.stdout is not None
    harness.stdin.write(json.dumps(order) + "\n")
    harness.stdin.flush()
    answer = harness.stdout.readline()
    assert answer, "the harness ended"
    found: dict[str, Any] = json.loads(answer)
    return found


def _fill(home: Path) -> list[str]:
    """An outbox; gives the keys in the order in which they were made."""
    keys: list[str] = []
    with closing(open_store(home / "monitor.db")) as store:
        for run in range(RUNS):
            at = NOW + timedelta(minutes=run)
            made = [
                Delivery(
                    key=f"morning@{run}:{target}:{part}",
                    digest="morning",
                    target=target,
                    message=Message(target.channel, BODIES[target.channel]),
                    created_at=at,
                    part=part,
                    parts=_parts(target),
                )
                for target in TARGETS
                for part in range(1, _parts(target) + 1)
            ]
            store.digests.close(Digest("morning", "Morning", at, None, "UTC", "News", (), (), Coverage()), (), made, at)
            keys += [delivery.key for delivery in made]
    return keys


def _parts(target: Target) -> int:
    return 2 if target.channel == "email" else 1


def _in_flight(home: Path) -> list[str]:
    with closing(open_store(home / "monitor.db")) as store:
        return [str(row["key"]) for row in store.query_outbox(limit=-1, state="sending")]


def _judge(
    figures: Figures, keys: list[str], flying: Counter[str], smtp: SmtpServer, slack: SlackServer, home: Path
) -> None:
    arrived = [str(mail.message["X-Monitor-Key"]) for mail in smtp.messages]
    arrived += [message.blocks[0]["block_id"] for message in slack.messages]
    files = {path.parent.name: len(list(path.parent.glob("*.txt"))) for path in home.glob("out-*/*.txt")}
    arrived += [key for key in keys if ":file:" in key and files.get(key.split(":file:")[1].split("/")[0]) == RUNS]
    counted = Counter(arrived)
    figures.deliveries += len(keys)
    figures.lost += [key for key in keys if not counted[key]]
    figures.duplicates += sum(count - 1 for count in counted.values())
    figures.unexplained += [key for key, count in counted.items() if count > 1 + flying[key] or key not in keys]
    ids = {(str(mail.message["X-Monitor-Key"]), str(mail.message["Message-ID"])) for mail in smtp.messages}
    figures.unexplained += [key for key, count in Counter(key for key, _ in ids).items() if count > 1]
    first = {key: place for place, key in reversed(list(enumerate(arrived)))}
    mails = [key for key in keys if ":email:" in key and key.endswith(":2") and key in first]
    figures.disorder += [key for key in mails if first[key] < first[f"{key[:-1]}1"]]
