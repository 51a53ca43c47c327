"""The road by its commands: poll over real HTTP, look at what was stored, tell, and see what became of it."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from support.command import COMMAND, complaint, environment, monitor, rows, said
from support.http_server import HttpServer, Reply
from support.smtp import SmtpServer

FEEDS = """
defaults: {{kind: sample, ownership: private}}
feeds:
  - {{id: primer, url: "{url}/primer", name: Пример, language: ru, country: RU, tags: [ports]}}
  - {{id: yangli, url: "{url}/yangli", name: 样例, language: zh-Hans, kind: wire}}
  - {{id: broken, url: "{url}/broken", language: ru}}
  - {{id: resting, url: "{url}/resting", enabled: false, reason: moved}}
"""
RULES = """
terms:
  icebreaker: {label: icebreaker, en: [icebreaker], ru: [ледокол], zh: [破冰船]}
rules:
  - {id: ice, title: Ice, severity: high, match: $icebreaker, tags: [arctic], examples: {hit: [The icebreaker left]}}
  - {id: fog, title: Fog, severity: critical, match: туман, status: shadow}
digests:
  - {id: morning, title: Morning, rules: ["*"], at: "0 8 * * *", timezone: Asia/Tokyo, to: ["file:out"]}
  - {id: flash, rules: [severity=critical], at: once, to: ["console:"]}
"""


def rss(*titles: str) -> bytes:
    now = datetime.now(UTC)
    items = "".join(
        f"<item><title>{title}</title><guid>{title}</guid><link>http://sample.example/{number}</link>"
        f"<pubDate>{format_datetime(now - timedelta(minutes=number + 1))}</pubDate></item>"
        for number, title in enumerate(titles)
    )
    return f"<rss version='2.0'><channel><title>Sample</title>{items}</channel></rss>".encode()


@dataclass
class World:
    """A folder with both YAML files, and the server their feeds are on."""

    home: Path
    http: HttpServer

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        return monitor(*arguments, cwd=self.home)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("road")
    with HttpServer() as http:
        http.document("/primer", rss("Ледокол вышел в море", "В порту туман"), etag='"1"')
        http.document("/yangli", rss("破冰船抵达港口"), etag='"2"')
        http.script("/broken", Reply(503))
        (home / "feeds.yaml").write_text(FEEDS.format(url=http.url("")), encoding="utf-8")
        (home / "rules.yaml").write_text(RULES, encoding="utf-8")
        yield World(home, http)


@pytest.fixture(scope="module")
def polled(world: World) -> "subprocess.CompletedProcess[bytes]":
    """The first cycle; what the other tests look at."""
    return world.run("once", "--json")


def test_once_reports_its_figures_in_one_line_of_json(polled: "subprocess.CompletedProcess[bytes]") -> None:
    said(polled)
    figures = {
        "feeds_due": 3,
        "polled": 3,
        "not_modified": 0,
        "failed": 1,
        "items_new": 3,
        "items_edited": 0,
        "hits": 3,
    }
    assert json.loads(polled.stdout) == {**figures, "deliveries_sent": 0, "deliveries_failed": 0}


def test_once_has_nothing_to_do_right_after(world: World, polled: object) -> None:
    assert said(world.run("once")).startswith("0 of 0 due feeds polled; 0 new items")


def test_once_makes_no_progress_bar_where_no_terminal_is(polled: "subprocess.CompletedProcess[bytes]") -> None:
    assert b"\r" not in polled.stderr
    assert "━".encode() not in polled.stderr


def test_items_are_listed_and_filtered(world: World, polled: object) -> None:
    found = rows(world.run("items", "--json").stdout)
    assert {(row["feed"], row["title"]) for row in found} == {
        ("primer", "Ледокол вышел в море"),
        ("primer", "В порту туман"),
        ("yangli", "破冰船抵达港口"),
    }
    assert [row["at"] for row in found] == sorted((row["at"] for row in found), reverse=True)
    for filters, count in (
        (["--feed", "yangli"], 1),
        (["--language", "zh"], 1),
        (["--text", "ЛЕДОКОЛ"], 1),
        (["--since", "1h"], 3),
        (["--until", "2020-01-01"], 0),
        (["-n", "1"], 1),
    ):
        assert len(rows(world.run("items", "--json", *filters).stdout)) == count, filters
    table = said(world.run("items"))
    assert "破冰船抵达港口" in table
    assert {"date", "feed", "title", "rules"} <= set(table.splitlines()[0].split())


def test_hits_carry_their_evidence(world: World, polled: object) -> None:
    found = rows(world.run("hits", "--json", "--rule", "ice").stdout)
    assert {row["feed"] for row in found} == {"primer", "yangli"}
    assert {row["evidence"][0]["text"] for row in found} == {"Ледокол", "破冰船"}
    assert [row["rule"] for row in rows(world.run("hits", "--json", "--severity", "critical").stdout)] == ["fog"]
    assert "破冰船" in said(world.run("hits", "--language", "zh"))


def test_feeds_are_listed_and_filtered(world: World) -> None:
    assert [row["id"] for row in rows(world.run("feeds", "list", "--json").stdout)] == [
        *("primer", "yangli", "broken", "resting")
    ]
    assert [row["id"] for row in rows(world.run("feeds", "list", "--json", "--language", "zh").stdout)] == ["yangli"]
    assert [row["id"] for row in rows(world.run("feeds", "list", "--json", "--tag", "ports").stdout)] == ["primer"]
    assert [row["id"] for row in rows(world.run("feeds", "list", "--json", "--kind", "wire").stdout)] == ["yangli"]
    assert "no: moved" in said(world.run("feeds", "list", "--disabled"))


def test_feeds_health_shows_the_worst_first_with_the_reason(world: World, polled: object) -> None:
    found = rows(world.run("feeds", "health", "--json").stdout)
    assert (found[0]["id"], found[0]["state"]) == ("broken", "failing")
    assert "503" in found[0]["last_error"]
    assert len(found) == 3
    failing = said(world.run("feeds", "health", "--failing"))
    assert "broken" in failing
    assert "primer" not in failing


def test_feeds_check_looks_without_storing(world: World) -> None:
    shown = said(world.run("feeds", "check", "yangli"))
    assert "200" in shown
    assert "破冰船抵达港口" in shown
    found = json.loads(world.run("feeds", "check", world.http.url("/primer"), "--json").stdout)
    assert (found["status"], found["items"], found["failure"]) == (200, 2, None)
    assert "503" in complaint(world.run("feeds", "check", "broken"))
    world.http.document("/page", b"<html><body>Hello</body></html>", content_type="text/html")
    assert "not-a-feed" in complaint(world.run("feeds", "check", world.http.url("/page")))


def test_digests_are_listed_with_their_next_time_in_their_own_zone(world: World, polled: object) -> None:
    morning, flash = rows(world.run("digest", "list", "--json").stdout)
    assert (morning["id"], morning["at"], morning["waiting"]) == ("morning", "0 8 * * *", 2)
    assert datetime.fromisoformat(morning["next_at"]).astimezone(UTC).hour == 23, "08:00 in Tokyo"
    assert (flash["at"], flash["waiting"], flash["next_at"]) == ("once", 0, None)
    assert "Asia/Tokyo" in said(world.run("digest", "list"))


def test_a_digest_is_shown_in_three_forms_and_stays_unsent(world: World, polled: object) -> None:
    assert "Ледокол вышел в море" in said(world.run("digest", "preview", "morning"))
    html = said(world.run("digest", "preview", "morning", "--format", "html"))
    assert html.lstrip().lower().startswith("<!doctype html")
    (message, *_) = json.loads(said(world.run("digest", "preview", "morning", "--format", "slack")))
    assert message["blocks"]
    assert rows(world.run("digest", "list", "--json").stdout)[0]["waiting"] == 2
    assert rows(world.run("outbox", "--json").stdout) == []
    text = complaint(world.run("digest", "preview", "mourning"))
    assert "no digest has the id 'mourning', did you mean 'morning'?" in text


def test_a_digest_sent_by_hand_is_delivered_and_its_tray_is_empty(world: World, polled: object) -> None:
    assert "file:out: sent" in said(world.run("digest", "send", "morning"))
    (sent,) = rows(world.run("outbox", "--json", "--state", "sent").stdout)
    assert (sent["digest"], sent["channel"], sent["attempts"]) == ("morning", "file", 1)
    assert {path.suffix for path in (world.home / "out").iterdir()} == {".html", ".txt", ".json"}
    assert rows(world.run("digest", "list", "--json").stdout)[0]["waiting"] == 0
    assert rows(world.run("outbox", "--json", "--state", "queued").stdout) == []
    assert sent["key"] in said(world.run("outbox", "--digest", "morning", "--channel", "file"))


def test_a_parked_delivery_can_be_queued_again_by_hand(world: World, polled: object, tmp_path: Path) -> None:
    rules = RULES.replace("file:out", f"file:{tmp_path}/taken/out")
    (tmp_path / "taken").write_text("a file where a folder should be", encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(rules, encoding="utf-8")
    options = ("--rules", str(tmp_path / "rules.yaml"))
    assert "monitor outbox" in complaint(world.run("digest", "send", "morning", *options))
    text = complaint(world.run("outbox", "--retry", "no-such-key"))
    assert "no parked or waiting delivery has the key 'no-such-key'" in text
    waiting = rows(world.run("outbox", "--json").stdout)[0]
    assert waiting["error"]
    assert waiting["state"] in {"queued", "parked"}


def test_a_list_of_feeds_goes_out_and_comes_in_again(world: World, tmp_path: Path) -> None:
    opml = said(world.run("feeds", "export"))
    assert opml.count("xmlUrl=") == 3, "disabled feeds stay at home"
    assert said(world.run("feeds", "export", "--all")).count("xmlUrl=") == 4
    (tmp_path / "feeds.opml").write_text(opml, encoding="utf-8")
    done = monitor("feeds", "import", "feeds.opml", "--out", "imported.yaml", cwd=tmp_path)
    said(done)
    assert "3 feeds written to imported.yaml" in done.stderr.decode()
    listed = rows(monitor("feeds", "list", "--json", "--feeds", "imported.yaml", cwd=tmp_path).stdout)
    assert {(row["name"], row["language"], row["kind"]) for row in listed} >= {
        ("Пример", "ru", "sample"),
        ("样例", "zh-Hans", "wire"),
    }
    again = complaint(monitor("feeds", "import", "feeds.opml", "--out", "imported.yaml", cwd=tmp_path))
    assert "imported.yaml is there already; nothing was written" in again
    known = complaint(world.run("feeds", "import", str(tmp_path / "feeds.opml")))
    assert "no new feed in it (3 entries left out)" in known


def test_doctor_finds_a_working_set_up_in_order(world: World, polled: object) -> None:
    found = {row["check"]: row["state"] for row in rows(world.run("doctor", "--json").stdout)}
    assert found["environment"] == found["files"] == found["disk"] == found["database"] == "ok"
    assert found["daemon"] == found["mail"] == "skipped"


def test_doctor_asks_the_mail_server_and_sends_nothing(world: World, polled: object) -> None:
    with SmtpServer() as smtp:
        mail = {
            "MONITOR_SMTP_HOST": "127.0.0.1",
            "MONITOR_SMTP_PORT": str(smtp.port),
            "MONITOR_SMTP_SECURITY": "none",
            "MONITOR_SMTP_FROM": "monitor@example.org",
        }
        shown = said(monitor("doctor", cwd=world.home, env=mail))
        assert f"✓ mail: 127.0.0.1:{smtp.port} answers" in shown
        assert smtp.messages == []
    done = monitor("doctor", cwd=world.home, env=mail)
    assert done.returncode == 1
    assert "✗ mail: 127.0.0.1" in done.stdout.decode()


def test_doctor_says_what_to_do_about_what_is_wrong(world: World, tmp_path: Path) -> None:
    (tmp_path / "db").write_text("this is no database", encoding="utf-8")
    done = monitor("doctor", "--db", "db", cwd=tmp_path, env={"MONITOR_RETENTION": "long"})
    assert done.returncode == 1
    shown = done.stdout.decode()
    assert "✗ environment: MONITOR_RETENTION: `long` is no duration" in shown
    assert "✗ files: 2 problems in the YAML files → monitor check names them" in shown
    assert "✗ database: db: file is not a database" in shown


def test_the_daemon_lives_until_it_is_told_to_stop(world: World, polled: object) -> None:
    assert world.run("health").returncode == 1, "no daemon has run"
    daemon = subprocess.Popen([*COMMAND, "run"], cwd=world.home, env=environment(), stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 30
        while (health := world.run("health", "--json")).returncode and time.monotonic() < deadline:
            time.sleep(0.2)
        assert json.loads(said(health))["alive"] is True
        assert "another monitor" in complaint(world.run("once"))
        assert "the running daemon sends it" in said(world.run("digest", "send", "morning"))
    finally:
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(15) == 0
        assert daemon.stderr
        daemon.stderr.close()
