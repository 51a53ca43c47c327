"""The whole road of a reader's word: an alert comes by mail, its links are used, and the monitor does as told."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from support.command import complaint, environment, monitor, rows, said
from support.http_server import HttpServer, Reply
from support.smtp import Received, SmtpServer

PUBLIC = "https://news.example.org/monitor"  # as if a proxy with TLS stood before the site
RULES = """
terms:
  harbour: {label: harbour, en: [harbour]}
rules:
  - {id: harbour, title: Harbour, severity: critical, match: $harbour, examples: {hit: [The harbour opened]}}
digests:
  - id: flash
    title: Harbour desk
    rules: ["*"]
    at: once
    wait: 1s
    at_most: 100 in 1m
    to: ["email:one@example.org", "email:two@example.org"]
"""
FIRST, SECOND = "The harbour opens to foreign ships", "A second harbour is dredged in the north"
THIRD = "The third harbour stays closed all winter"
PATIENCE = 60.0  # seconds that anything here may take on a busy machine


def rss(*titles: str) -> bytes:
    date = format_datetime(datetime.now(UTC))
    items = "".join(f"<item><title>{t}</title><guid>{t}</guid><pubDate>{date}</pubDate></item>" for t in titles)
    return f"<rss version='2.0'><channel><title>Gazette</title>{items}</channel></rss>".encode()


def wait_for(what: Callable[[], object], why: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {why}"
        time.sleep(0.05)


@dataclass
class Newsroom:
    """A daemon with its site, a feed and a mail server."""

    home: Path
    http: HttpServer
    smtp: SmtpServer

    def publish(self, *titles: str) -> None:
        self.http.script("/feed", Reply(body=rss(*titles), headers={"Content-Type": "application/rss+xml"}))

    def environ(self) -> dict[str, str]:
        return {
            "MONITOR_LISTEN": "127.0.0.1:0",
            "MONITOR_PUBLIC_URL": PUBLIC,
            "MONITOR_SMTP_HOST": "127.0.0.1",
            "MONITOR_SMTP_PORT": str(self.smtp.port),
            "MONITOR_SMTP_SECURITY": "none",
            "MONITOR_SMTP_FROM": "monitor@example.org",
        }

    @property
    def log(self) -> str:
        return (self.home / "log").read_text(encoding="utf-8")

    def reached(self, address: str) -> str:
        """A public address at the port where the daemon said it listens, as the proxy would ask it."""
        opened = re.search(r"site open +.*at=127\.0\.0\.1:(\d+)", self.log)
        assert opened, self.log
        assert address.startswith(PUBLIC)
        return f"http://127.0.0.1:{opened[1]}{address.removeprefix(PUBLIC)}"

    def mails(self, recipient: str, words: str) -> list[Received]:
        found = [mail for mail in list(self.smtp.messages) if mail.recipients == (recipient,)]
        return [mail for mail in found if words in str(mail.message["Subject"])]


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    with HttpServer() as http, SmtpServer() as smtp:
        room = Newsroom(tmp_path, http, smtp)
        room.publish("Nothing much")
        (tmp_path / "feeds.yaml").write_text(f"feeds:\n  - {{id: gazette, url: '{http.url('/feed')}', every: 1s}}\n")
        (tmp_path / "rules.yaml").write_text(RULES)
        with (tmp_path / "log").open("wb") as log:
            command = [sys.executable, "-m", "monitor", "run"]
            daemon = subprocess.Popen(command, cwd=tmp_path, env=environment(**room.environ()), stderr=log, stdout=log)
        try:
            wait_for(lambda: daemon.poll() is not None or len(http.asked("/feed")) >= 2, "the first polls")
            assert daemon.poll() is None, room.log
            yield room
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(timeout=15) == 0
            assert "Traceback" not in room.log
        finally:
            if daemon.poll() is None:
                daemon.kill()
                daemon.wait()


def text(mail: Received) -> str:
    part = mail.message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def link(mail: Received, action: str) -> str:
    """The first link for this action in a mail's text."""
    found = re.search(rf"{re.escape(PUBLIC)}/do/{action}\.[\w.=-]+", text(mail))
    assert found, text(mail)
    return found[0]


def test_readers_acknowledge_mark_and_leave_by_links_in_their_mail(newsroom: Newsroom) -> None:
    newsroom.publish("Nothing much", FIRST)
    wait_for(lambda: newsroom.mails("two@example.org", "harbour"), "the alert")
    wait_for(lambda: newsroom.mails("one@example.org", "harbour"), "the alert")
    mail = newsroom.mails("one@example.org", "harbour")[0]

    # What the mail program offers beside the sender's name.
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave = str(mail.message["List-Unsubscribe"]).strip("<>")
    other = str(newsroom.mails("two@example.org", "harbour")[0].message["List-Unsubscribe"]).strip("<>")
    assert leave.startswith(f"{PUBLIC}/do/unsubscribe.")
    assert leave != other

    # A gateway follows every link to look at it: nothing comes of that.
    for seen in re.findall(rf"{re.escape(PUBLIC)}/[^\s>]+", text(mail)):
        assert httpx.get(newsroom.reached(seen), trust_env=False).status_code == 200
    hits = [row for row in rows(monitor("hits", "--json", cwd=newsroom.home).stdout) if row["rule"] == "harbour"]
    assert len(hits) == 1

    done = httpx.post(newsroom.reached(link(mail, "ack")), data={"do": "yes"}, trust_env=False)
    assert "Acknowledged" in done.text
    marked = httpx.post(newsroom.reached(link(mail, "noise")), data={"do": "yes"}, trust_env=False)
    assert "Marked as noise" in marked.text
    left = httpx.post(newsroom.reached(leave), content="List-Unsubscribe=One-Click", trust_env=False)
    assert (left.status_code, left.headers.get("Set-Cookie")) == (200, None)

    # The next one goes to the others only.
    newsroom.publish("Nothing much", FIRST, SECOND)
    wait_for(lambda: newsroom.mails("two@example.org", "dredged"), "an alert for the one who stayed")
    queued = rows(monitor("outbox", "--json", cwd=newsroom.home).stdout)
    assert {row["address"] for row in queued if "dredged" in row["subject"]} == {"two@example.org"}

    # The mark is what rules are judged by.
    (stats,) = rows(monitor("rules", "stats", "--json", cwd=newsroom.home).stdout)
    assert (stats["noise"], stats["relevant"], stats["precision"]) == (1, 0, 0.0)

    # Who left may come back, by the same link.
    back = httpx.post(newsroom.reached(leave), data={"do": "undo"}, trust_env=False)
    assert "Subscribed again" in back.text
    newsroom.publish("Nothing much", FIRST, SECOND, THIRD)
    wait_for(lambda: newsroom.mails("one@example.org", "third"), "an alert for the one who came back")
    assert newsroom.mails("one@example.org", "dredged") == []
    assert leave.rpartition(".")[2] not in newsroom.log


def test_the_feed_of_hits_can_be_followed_by_the_address_that_is_printed(newsroom: Newsroom) -> None:
    newsroom.publish("Nothing much", FIRST)
    wait_for(lambda: newsroom.mails("two@example.org", "harbour"), "the alert")
    shown = rows(monitor("site", "links", "--json", cwd=newsroom.home, env=newsroom.environ()).stdout)
    addresses = {row["what"]: row["address"] for row in shown}
    assert set(addresses) == {"health", "all hits", "digest flash"}
    for name in ("all hits", "digest flash"):
        answer = httpx.get(newsroom.reached(addresses[name]), trust_env=False)
        assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
        assert FIRST in answer.text
    health = httpx.get(newsroom.reached(addresses["health"]), trust_env=False)
    assert (health.status_code, health.json()["alive"], health.json()["feeds"]) == (200, True, 1)
    env = newsroom.environ() | {"MONITOR_LISTEN": newsroom.reached(PUBLIC).removeprefix("http://")}
    (row,) = [r for r in rows(monitor("doctor", "--json", cwd=newsroom.home, env=env).stdout) if r["check"] == "site"]
    assert (row["state"], row["message"].startswith("open at 127.0.0.1:")) == ("ok", True)


def test_the_doctor_tells_an_open_site_from_a_free_address_and_from_another_program(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    with HttpServer() as taken:
        listen = taken.url("").removeprefix("http://").rstrip("/")
        found = rows(monitor("doctor", "--json", cwd=tmp_path, env={"MONITOR_LISTEN": listen}).stdout)
    (row,) = [row for row in found if row["check"] == "site"]
    assert (row["state"], "another program listens there" in row["message"]) == ("failed", True)
    found = rows(monitor("doctor", "--json", cwd=tmp_path, env={"MONITOR_LISTEN": listen}).stdout)
    (row,) = [row for row in found if row["check"] == "site"]
    assert (row["state"], row["remedy"]) == ("warning", "set MONITOR_PUBLIC_URL")
    assert f"{listen} is free" in row["message"]


def test_a_port_in_use_ends_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("feeds:\n  - {id: gazette, url: 'https://gazette.example/feed'}\n")
    (tmp_path / "rules.yaml").write_text(RULES)
    with HttpServer() as taken:
        listen = taken.url("").removeprefix("http://").rstrip("/")
        words = complaint(monitor("run", cwd=tmp_path, env={"MONITOR_LISTEN": listen}))
    assert f"can't listen at {listen} (MONITOR_LISTEN): another program listens there" in words


def test_without_a_site_its_links_are_refused_with_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("rules: []\n")
    assert "set MONITOR_LISTEN" in complaint(monitor("site", "links", cwd=tmp_path))
    env = {"MONITOR_LISTEN": "127.0.0.1:8080", "MONITOR_LINK_SECRET": "long enough to be no guess"}
    first, again = (said(monitor("site", "links", cwd=tmp_path, env=env)) for _ in range(2))
    assert first == again
    assert first.startswith("health: http://127.0.0.1:8080/health\nall hits: http://127.0.0.1:8080/hits.atom?key=")
