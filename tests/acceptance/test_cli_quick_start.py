"""docs/quick-start.md works as written: its commands are run one after another in an empty folder."""

import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from support.command import environment
from support.http_server import HttpServer

import monitor

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = (DOCS / "quick-start.md").read_text(encoding="utf-8")
ADDRESS = "https://news.example/rss.xml"


def steps() -> list[tuple[str, str, str]]:
    """("run", command, what the page shows of its output) or ("write", file name, content), in order."""
    found: list[tuple[str, str, str]] = []
    for kind, block in re.findall(r"```(console|yaml)\n(.*?)```", PAGE, re.DOTALL):
        if kind == "yaml":
            name, _, content = block.partition("\n")
            found.append(("write", name.removeprefix("# "), content))
        else:
            found += [("run", *part.split("\n", 1)) for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]  # type: ignore[misc]
    return found


def feed() -> bytes:
    now = datetime.now(UTC)
    titles = ("Ледокол вышел из порта", "Туман в порту", "Новости без судов")
    items = "".join(
        f"<item><title>{title}</title><guid>{number}</guid><pubDate>{format_datetime(now - timedelta(hours=number))}"
        "</pubDate></item>"
        for number, title in enumerate(titles, start=1)
    )
    channel = f"<channel><title>Harbour News</title><language>ru</language>{items}</channel>"
    return f"<rss version='2.0'>{channel}</rss>".encode()


def pattern(shown: str) -> "re.Pattern[str]":
    """What the page shows, with room for times, sizes and addresses; … stands for anything."""
    text = re.escape(shown.strip())
    text = re.sub(r"\d{4}\\-\d\d\\-\d\d(\\ \d\d:\d\d)?", r"[\\d-]+( [\\d:]+)?", text)
    text = text.replace("…", ".*").replace(re.escape(ADDRESS), "http://[^:]+:\\d+/rss.xml")
    text = re.sub(r"1,024\\ bytes,\\ 0\\\.2\\ s", r"[\\d,]+ bytes, [\\d.]+ s", text).replace("Mon", r"\w\w\w")
    return re.compile(re.sub(r"(\\ )+", r"\\s+", text))


def test_the_quick_start_works_as_written(tmp_path: Path) -> None:
    (tmp_path / "monitor").write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m monitor "$@"\n', encoding="ascii"
    )
    (tmp_path / "monitor").chmod(0o755)
    env = environment(COLUMNS="200", PATH=f"{tmp_path}:/usr/bin:/bin")
    here, count = tmp_path, 0
    with HttpServer() as http:
        http.document("/rss.xml", feed())
        for kind, what, shown in steps():
            text = shown.replace(ADDRESS, http.url("/rss.xml"))
            if kind == "write":
                (here / what).write_text(text, encoding="utf-8")
                continue
            if what.startswith("cd "):
                here = here / what.removeprefix("cd ")
                continue
            command = what.replace(ADDRESS, http.url("/rss.xml"))
            done = subprocess.run(command, shell=True, cwd=here, env=env, capture_output=True, timeout=60, check=False)
            output = done.stdout.decode()
            assert done.returncode == 0, (command, done.stderr.decode())
            for line in shown.strip().splitlines():
                assert pattern(line).search(output), f"{command}\npage: {line}\nreal: {output}"
            count += 1
    assert count >= 12
    assert (here / "morning.html").read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype")
    assert any((here / "digests").iterdir())


@pytest.mark.parametrize("page", ["quick-start.md", "settings.md"])
def test_every_setting_the_pages_name_exists(page: str) -> None:
    known = settings()
    named = set(re.findall(r"MONITOR_[A-Z_]+[A-Z]", (DOCS / page).read_text(encoding="utf-8")))
    chosen = {
        f"MONITOR_{name}" for name in ("SLACK_WEBHOOK_NAME", "WEBHOOK_NAME", "WEBHOOK_NAME_SECRET", "APPRISE_NAME")
    }
    assert {name.removesuffix("_FILE") for name in named} - chosen <= known


def test_every_setting_is_described() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert {name for name in settings() if f"`{name}`" not in text} == set()


def settings() -> set[str]:
    source = Path(monitor.__file__).parent / "adapters" / "config" / "settings.py"
    return set(re.findall(r'"(MONITOR_[A-Z_]+[A-Z])"', source.read_text(encoding="utf-8")))
