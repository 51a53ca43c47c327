"""A flood of hits: few messages, and everything is told or counted, with the place where it can be found.

Some hundreds by default; with MONITOR_TEST_FLOOD=10000 as many as the promise is about.
"""

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
from support.command import monitor, rows, said
from support.http_server import HttpServer
from support.slack_server import SlackServer
from support.smtp import SmtpServer

HITS = int(os.environ.get("MONITOR_TEST_FLOOD", "420"))
FEEDS = 10
READER = "desk@newsroom.example"
RULES = f"""
terms:
  harbour: {{label: harbour, en: [harbour], ru: [гавань], zh: [港口]}}
rules:
  - {{id: harbour, title: Harbour, severity: critical, match: $harbour, examples: {{hit: [The harbour opened]}}}}
digests:
  - id: flash
    rules: ["*"]
    at: once
    wait: 0s
    at_most: 10 in 10m
    to: ["email:{READER}", "slack:#flash"]
  - id: morning
    rules: ["*"]
    at: "0 8 * * *"
    to: ["email:{READER}", "slack:#morning"]
"""


def headline(number: int) -> str:
    """Each of a story of its own: no two share more than the word that the rule asks for."""
    name = "".join(chr(ord("a") + int(digit)) * 2 for digit in f"{number:05}")
    return f"Harbour {name} reports number {number:05}"


def rss(numbers: range) -> bytes:
    date = format_datetime(datetime.now(UTC))
    items = "".join(
        f"<item><title>{headline(n)}</title><guid>{n}</guid><link>http://gazette.example/{n}</link>"
        f"<pubDate>{date}</pubDate><description>Ships wait off pier {n}.</description></item>"
        for n in numbers
    )
    return f"<rss version='2.0'><channel><title>Gazette</title>{items}</channel></rss>".encode()


@dataclass
class World:
    home: Path
    http: HttpServer
    smtp: SmtpServer
    slack: SlackServer

    def publish(self, numbers: range) -> None:
        """These reports stand in the feeds now, and every feed may be asked again."""
        for feed in range(FEEDS):
            share = range(numbers.start + feed, numbers.stop, FEEDS)
            self.http.document(f"/{feed}", rss(share))
        if self.database.exists():
            with closing(sqlite3.connect(self.database)) as db, db:
                db.execute("UPDATE feeds SET next_poll_at = NULL")

    def let_pass(self, span: timedelta) -> None:
        """So much time goes by since the last digest, and every feed may be asked again."""
        with closing(sqlite3.connect(self.database)) as db, db:
            for run, at in db.execute("SELECT id, at FROM runs").fetchall():
                earlier = datetime.fromisoformat(at) - span
                db.execute("UPDATE runs SET at = ? WHERE id = ?", (f"{earlier:%Y-%m-%dT%H:%M:%S.%f}Z", run))
            db.execute("UPDATE feeds SET next_poll_at = NULL")

    @property
    def database(self) -> Path:
        return self.home / "data/monitor.db"

    def monitor(self, *arguments: str) -> str:
        environ = {
            "MONITOR_SMTP_HOST": "127.0.0.1",
            "MONITOR_SMTP_PORT": str(self.smtp.port),
            "MONITOR_SMTP_SECURITY": "none",
            "MONITOR_SMTP_FROM": "monitor@news.example",
            "MONITOR_SLACK_WEBHOOK": self.slack.webhook,
        }
        return said(monitor(*arguments, cwd=self.home, env=environ, timeout=600))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with HttpServer() as http, SmtpServer() as smtp, SlackServer() as slack:
        made = World(tmp_path, http, smtp, slack)
        feeds = "".join(
            f"  - {{id: gazette-{n}, url: '{http.url(f'/{n}')}', name: Gazette {n}}}\n" for n in range(FEEDS)
        )
        (tmp_path / "feeds.yaml").write_text(f"feeds:\n{feeds}")
        (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
        made.publish(range(0))
        made.monitor("once")  # the first reading wakes nobody
        smtp.messages.clear()
        slack.messages.clear()
        yield made


@dataclass(frozen=True)
class Told:
    """What one digest's messages say, by channel; numbers are those of the headlines."""

    mail: EmailMessage
    slack: list[str]

    def everywhere(self) -> list[set[int]]:
        """What the text, the attached page and Slack name, each."""
        pages = [part.get_content() for part in self.mail.iter_attachments()] or [self.part("html")]
        return [numbers(self.part("plain")), numbers("".join(pages)), numbers("".join(self.slack))]

    def part(self, kind: str) -> str:
        body = self.mail.get_body((kind,))
        assert body is not None
        return str(body.get_content())

    def counted(self) -> int:
        """Stories that are only counted, as the mail and Slack say alike."""
        said = {
            int(n.replace(",", ""))
            for n in re.findall(r"([\d,]+) stories beyond", " ".join([self.part("plain"), *self.slack]))
        }
        assert len(said) <= 1
        return said.pop() if said else 0


def numbers(text: str) -> set[int]:
    return {int(found) for found in re.findall(r"reports number (\d{5})", text)}


def told(world: World, mails: int, chats: int) -> Told:
    """What was told since there were so many messages; there is one mail."""
    (mail,) = world.smtp.messages[mails:]
    slack = [message.blocks for message in world.slack.messages[chats:]]
    assert 1 <= len(slack) <= 8
    assert len(mail.message.get_body(("html",)).as_bytes()) < 80_000  # type: ignore[union-attr]
    return Told(mail.message, [json.dumps(blocks) for blocks in slack])


def check_complete(found: Told, flood: range) -> None:
    """Everything is told, in every channel alike, or counted with the place where it is to be found."""
    text, page, chat = found.everywhere()
    assert text == page == chat
    assert text <= set(flood)
    assert len(text) == min(len(flood), 300)
    assert found.counted() == len(flood) - len(text)
    if found.counted():
        assert "`monitor hits` lists them" in found.part("plain")


@pytest.mark.timeout(120 + HITS // 5)
def test_a_flood_becomes_few_messages_that_tell_or_count_everything(world: World) -> None:
    first, second = range(HITS * 6 // 7), range(HITS * 6 // 7, HITS)
    world.publish(first)
    world.monitor("once")
    alerts = told(world, 0, 0)
    check_complete(alerts, first)
    assert f"{len(first):,} alerts came too thick to be told one by one" in " ".join(alerts.part("plain").split())

    chats = len(world.slack.messages)
    world.publish(second)
    world.monitor("once")
    assert (len(world.smtp.messages), len(world.slack.messages)) == (1, chats), "within the span nothing more goes out"
    world.let_pass(timedelta(minutes=11))
    world.monitor("once")
    check_complete(told(world, 1, chats), second)

    chats = len(world.slack.messages)
    world.monitor("digest", "send", "morning")
    check_complete(told(world, 2, chats), range(HITS))
    listed = rows(world.monitor("hits", "--json", "-n", "0").encode())
    assert numbers(" ".join(str(row["title"]) for row in listed)) == set(range(HITS))
    with closing(sqlite3.connect(world.database)) as db:
        counts = dict(db.execute("SELECT digest, count(DISTINCT hit_id) FROM told GROUP BY digest"))
        assert counts == {"flash": HITS, "morning": HITS}
        assert db.execute("SELECT count(*) FROM waiting").fetchone() == (0,)
