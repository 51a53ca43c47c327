"""The installed command tells a webhook, a service of Apprise's and an Atom file; no address of theirs is shown."""

import base64
import json
import subprocess
from pathlib import Path

import feedparser
from support.command import complaint, monitor, said
from support.http_server import HttpServer, Reply
from support.newsroom import RULES

SECRET = "whsec_" + base64.b64encode(b"the secret of the acceptance test").decode()
NTFY = "ntfy://user:ntfy-pass-word@127.0.0.1:{port}/harbour-topic"
TARGETS = '"webhook:my-tool", "apprise:phones", "atom:out/hits.xml", "file:out"'
FEED = (
    "<rss version='2.0'><channel><title>Gazette</title>"
    "<item><title>The harbour &lt;opens&gt; 港口 Гавань</title><guid>1</guid><link>http://gazette.example/1</link></item>"
    "</channel></rss>"
)


def settings(server: HttpServer) -> dict[str, str]:
    return {
        "MONITOR_WEBHOOK_MY_TOOL": server.url("/hook/path-nobody-knows"),
        "MONITOR_WEBHOOK_MY_TOOL_SECRET": SECRET,
        "MONITOR_APPRISE_PHONES": NTFY.format(port=server.port),
    }


def write(home: Path, server: HttpServer) -> None:
    feeds = [{"id": "gazette", "url": server.document("/feed", FEED.encode()), "name": "Gazette"}]
    (home / "feeds.yaml").write_text(json.dumps({"feeds": feeds}), encoding="utf-8")
    digest = RULES.replace("TARGETS", TARGETS).replace("at: once, wait: 1s", 'at: "0 8 * * *"')
    (home / "rules.yaml").write_text(digest, encoding="utf-8")


def printed(*runs: "subprocess.CompletedProcess[bytes]") -> str:
    return "".join((run.stdout + run.stderr).decode() for run in runs)


def test_every_one_of_them_is_told_and_none_shows_its_address(tmp_path: Path) -> None:
    with HttpServer() as server:
        server.script("/hook/path-nobody-knows", Reply(200))
        server.script("/", Reply(200, b"{}"))
        write(tmp_path, server)
        env = settings(server)
        runs = [
            monitor(*arguments, cwd=tmp_path, env=env)
            for arguments in (("check",), ("doctor",), ("once", "-v"), ("digest", "send", "flash", "-v"))
        ]
        outbox = monitor("outbox", "--json", cwd=tmp_path, env=env)
        (hook,) = [one for one in server.asked("/hook/path-nobody-knows") if one.method == "POST"]
        phones = [json.loads(one.body) for one in server.asked("/") if one.method == "POST"]
    assert [run.returncode for run in runs] == [0, 0, 0, 0], printed(*runs)
    assert "apprise:phones: an address of ntfy" in said(runs[1])
    assert "webhook:my-tool: the server answers" in said(runs[1])
    (story,) = json.loads(hook.body)["stories"]
    assert story["headline"] == "The harbour <opens> 港口 Гавань"
    assert "The harbour <opens> 港口 Гавань" in phones[0]["message"]
    (entry,) = feedparser.parse((tmp_path / "out" / "hits.xml").read_bytes()).entries
    assert (entry.title, entry.author) == ("The harbour <opens> 港口 Гавань", "Gazette")
    states = [row["state"] for row in map(json.loads, said(outbox).splitlines())]
    assert states == ["sent"] * 4
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    for secret in ("path-nobody-knows", SECRET, "ntfy-pass-word", "harbour-topic"):
        assert secret not in printed(*runs, outbox)
        assert secret.encode() not in kept


def test_what_is_not_set_is_named_with_the_variable(tmp_path: Path) -> None:
    with HttpServer() as server:
        write(tmp_path, server)
        found = complaint(monitor("check", cwd=tmp_path))
    assert "set MONITOR_WEBHOOK_MY_TOOL and MONITOR_WEBHOOK_MY_TOOL_SECRET" in found
    assert "set MONITOR_APPRISE_PHONES" in found


def test_the_outbox_says_why_one_failed_without_its_address(tmp_path: Path) -> None:
    with HttpServer() as server:
        server.script("/hook/path-nobody-knows", Reply(410, b"gone from /hook/path-nobody-knows"))
        server.script("/", Reply(403, b'{"error": "user:ntfy-pass-word may not write to harbour-topic"}'))
        write(tmp_path, server)
        env = settings(server)
        runs = [
            monitor("once", cwd=tmp_path, env=env),
            monitor("digest", "send", "flash", cwd=tmp_path, env=env),
            monitor("outbox", cwd=tmp_path, env={**env, "COLUMNS": "300"}),
        ]
    shown = printed(*runs)
    assert "410" in shown
    assert "403" in shown
    for secret in ("path-nobody-knows", SECRET, "ntfy-pass-word", "harbour-topic"):
        assert secret not in shown
