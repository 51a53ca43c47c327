"""The daemon as an operator meets it: it starts, tells, takes up edits, refuses a twin, and ends when asked."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from support.command import environment, monitor
from support.http_server import HttpServer, Reply

RULES = """
terms:
  harbour: {label: harbour, en: [harbour]}
rules:
  - {id: harbour, title: Harbour, severity: high, match: $harbour, examples: {hit: [The harbour opened]}}
digests:
  - {id: flash, rules: ["*"], at: once, wait: 1s, to: ["file:out"]}
"""
PATIENCE = 30.0  # seconds that anything here may take on a busy machine


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
class Desk:
    """A folder with both files, a feed on loopback, and daemons started in it."""

    home: Path
    http: HttpServer
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, **environ: str) -> subprocess.Popen[bytes]:
        env = environment(**environ)
        command = [sys.executable, "-m", "monitor", "run"]
        with (self.home / f"log-{len(self.daemons)}").open("wb") as log:
            daemon = subprocess.Popen(command, cwd=self.home, env=env, stderr=log, stdout=log)
        self.daemons.append(daemon)
        return daemon

    def publish(self, *titles: str) -> None:
        self.http.script("/feed", Reply(body=rss(*titles), headers={"Content-Type": "application/rss+xml"}))

    def polls(self) -> int:
        return len(self.http.asked("/feed"))

    def log(self, number: int = 0) -> str:
        return (self.home / f"log-{number}").read_text(encoding="utf-8")

    def told(self) -> str:
        return "\n".join(path.read_text(encoding="utf-8") for path in (self.home / "out").glob("*.txt"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with HttpServer() as http:
        desk = Desk(tmp_path, http)
        desk.publish("Nothing much")
        (tmp_path / "feeds.yaml").write_text(f"feeds:\n  - {{id: gazette, url: '{http.url('/feed')}', every: 1s}}\n")
        (tmp_path / "rules.yaml").write_text(RULES)
        yield desk
        for daemon in desk.daemons:
            if daemon.poll() is None:
                daemon.kill()
                daemon.wait()


def test_an_alert_arrives_within_seconds_and_the_daemon_ends_cleanly_when_asked(desk: Desk) -> None:
    daemon = desk.start()
    wait_for(lambda: desk.polls() >= 2, "the first polls")
    desk.publish("Nothing much", "The harbour opens to foreign ships")
    wait_for(lambda: "harbour opens to foreign" in desk.told(), "the alert")
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(timeout=10) == 0
    assert "Traceback" not in desk.log()


def test_an_interrupt_ends_it_like_a_termination(desk: Desk) -> None:
    daemon = desk.start()
    wait_for(lambda: desk.polls() >= 1, "the first poll")
    daemon.send_signal(signal.SIGINT)
    assert daemon.wait(timeout=10) == 0


def test_health_tells_a_stopped_daemon_from_one_that_is_at_work(desk: Desk) -> None:
    daemon = desk.start()
    wait_for(lambda: monitor("health", cwd=desk.home).returncode == 0, "a sign of life")
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(timeout=10) == 0
    after = monitor("health", cwd=desk.home)
    assert after.returncode == 1
    assert after.stdout.decode().startswith("NOT alive: the daemon was stopped now")


def test_a_second_daemon_on_the_same_database_is_refused_in_words(desk: Desk) -> None:
    desk.start()
    wait_for(lambda: desk.polls() >= 1, "the first poll")
    second = desk.start()
    assert second.wait(timeout=PATIENCE) == 1
    assert str(desk.daemons[0].pid) in desk.log(1)
    assert "Traceback" not in desk.log(1)
    assert desk.daemons[0].poll() is None


def test_a_slow_feed_delays_neither_alerts_nor_the_end(desk: Desk) -> None:
    endless = Reply(body=b"<rss>" * 100, drip=0.5, piece=1)
    desk.http.script("/slow", endless)
    feeds = desk.home / "feeds.yaml"
    feeds.write_text(feeds.read_text() + f"  - {{id: slow, url: '{desk.http.url('/slow')}'}}\n")
    daemon = desk.start()
    wait_for(lambda: desk.polls() >= 2, "polls beside the slow one")
    desk.publish("The harbour opens to foreign ships")
    wait_for(lambda: "harbour opens to foreign" in desk.told(), "the alert")
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(timeout=10) == 0


def test_a_good_edit_goes_live_and_a_bad_one_leaves_the_old_rules_in_force(desk: Desk) -> None:
    daemon = desk.start()
    wait_for(lambda: desk.polls() >= 1, "the first poll")
    rules = desk.home / "rules.yaml"
    rules.write_text(RULES.replace("$harbour", "$harbor"))
    wait_for(lambda: "rules.yaml:5" in desk.log(), "the refusal, with the line")
    desk.publish("The harbour opens to foreign ships")
    wait_for(lambda: "harbour opens to foreign" in desk.told(), "an alert by the old rules")
    assert "refused" in desk.told(), "the digest says that an edit was refused"
    rules.write_text(RULES.replace("harbour]}", "lighthouse]}").replace("The harbour opened", "A lighthouse opened"))
    wait_for(lambda: "reloaded" in desk.log(), "the good edit")
    desk.publish("A lighthouse is built on the northern cape")
    wait_for(lambda: "lighthouse is built" in desk.told(), "an alert by the new rules")
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(timeout=10) == 0


def test_a_watchman_outside_hears_that_all_is_well_and_the_log_never_says_where(desk: Desk) -> None:
    desk.http.script("/ping/secret-token", Reply(body=b"OK"))
    daemon = desk.start(MONITOR_HEARTBEAT_URL=desk.http.url("/ping/secret-token"), MONITOR_LOG_LEVEL="debug")
    wait_for(lambda: desk.http.asked("/ping/secret-token"), "the heartbeat")
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(timeout=10) == 0
    assert "secret-token" not in desk.log()


def test_what_was_told_before_a_restart_is_not_told_again(desk: Desk) -> None:
    for number in range(2):
        daemon = desk.start()
        before = desk.polls()
        wait_for(lambda before=before: desk.polls() >= before + 2, "polls")
        desk.publish("The harbour opens to foreign ships")
        if number == 0:
            wait_for(lambda: "harbour opens to foreign" in desk.told(), "the alert")
        else:
            before = desk.polls()
            wait_for(lambda before=before: desk.polls() >= before + 3, "more polls")
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=10) == 0
    assert len(list((desk.home / "out").glob("*.txt"))) == 1
