"""The command as a user meets it first: help, versions, wrong usage, init, check, broken pipes."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import COMMAND, complaint, environment, monitor, rows, said
from typer.main import get_command
from typer.testing import CliRunner

from monitor import __version__

CONFIG = Path(__file__).parent.parent / "data" / "config"
RULES = "rules:\n  - {id: ports, title: Ports, match: harbour}\n"
FEEDS = "feeds:\n  - {id: coast-daily, url: 'https://coast.example/rss', language: no, name: Kysten}\n"
NAMES = {
    *("demo", "init", "check", "doctor", "run", "once", "health", "match", "parse", "items", "hits", "outbox"),
    *("feeds list", "feeds health", "feeds check", "feeds import", "feeds export", "feeds plan"),
    *("digest list", "digest preview", "digest send", "rules list", "rules test"),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


def test_the_command_knows_its_version(tmp_path: Path) -> None:
    assert said(monitor("--version", cwd=tmp_path)) == f"monitor {__version__}\n"


def test_every_promised_command_is_there() -> None:
    from monitor.cli.app import app

    found = set()
    for name, each in get_command(app).commands.items():  # type: ignore[attr-defined]
        found |= {f"{name} {inner}" for inner in getattr(each, "commands", {})} or {name}
    assert found >= NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_help_of_every_command_says_what_it_does_and_shows_an_example(name: str) -> None:
    from monitor.cli.app import app

    shown = CliRunner().invoke(app, [*name.split(), "--help"], prog_name="monitor")
    assert shown.exit_code == 0
    assert "Examples" in shown.output
    assert f"monitor {name}" in shown.output.partition("Examples")[2]
    assert len(shown.output.partition("Usage:")[2].split("\n")[2]) > 20, "a sentence follows the usage"


def test_help_loads_nothing_that_takes_time() -> None:
    heavy = "('pydantic', 'httpx', 'feedparser', 'apscheduler', 'sqlite3', 'structlog', 'yaml', 'jinja2', 'aiosmtplib')"
    code = f"import sys; import monitor.cli.app; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["matchh"], "Did you mean 'match'?"),
        (["once", "--jsn"], "No such option"),
        (["digest", "preview"], "Missing argument 'ID'"),
        (["items", "--since", "yesterday"], "write 12h, 7d"),
        (["hits", "--severity", "loud"], "'loud' is not one of"),
        (["--db"], "requires an argument"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_is_wrong(home: Path, arguments: list[str], what: str) -> None:
    if arguments[0] == "items":
        (home / "data").mkdir()
    text = complaint(monitor(*arguments, cwd=home, env={"COLUMNS": "200"}), status=2)
    assert what in text


def test_init_writes_a_start_that_passes_every_check(tmp_path: Path) -> None:
    assert "wrote new/feeds.yaml" in said(monitor("init", "new", cwd=tmp_path))
    assert "are fine" in said(monitor("check", cwd=tmp_path / "new"))
    assert "4 passed, 0 failed" in said(monitor("rules", "test", cwd=tmp_path / "new"))


def test_init_never_writes_over_a_file(home: Path) -> None:
    (home / "rules.yaml").unlink()
    done = monitor("init", cwd=home)
    assert "wrote rules.yaml" in said(done)
    assert "kept  feeds.yaml" in done.stderr.decode()
    assert (home / "feeds.yaml").read_text(encoding="utf-8") == FEEDS
    assert "nothing written" in complaint(monitor("init", cwd=home))


def test_check_praises_what_is_right(home: Path) -> None:
    assert said(monitor("check", cwd=home)) == (
        "feeds.yaml and rules.yaml are fine: feeds: 1, enabled: 1 (1 no); rules: 1 with 0 examples; digests: 0\n"
    )


def test_check_names_every_problem_of_both_files_and_the_environment_at_once(tmp_path: Path) -> None:
    feeds, rules = CONFIG / "feeds" / "many-faults.yaml", CONFIG / "rules" / "many-faults.yaml"
    done = monitor("check", "--feeds", feeds, "--rules", rules, cwd=tmp_path, env={"MONITOR_RETENTION": "long"})
    text = complaint(done)
    assert "MONITOR_RETENTION: `long` is no duration" in text
    assert f"{feeds}:5:10: " in text
    assert f"{rules}:10:9: " in text
    *problems, last = text.splitlines()
    assert last == f"monitor: {len(problems)} problems in the configuration"
    as_json = monitor(
        "check", "--json", "--feeds", feeds, "--rules", rules, cwd=tmp_path, env={"MONITOR_RETENTION": "l"}
    )
    assert as_json.returncode == 1
    found = rows(as_json.stdout)
    assert len(found) == len(problems)
    assert {"setting": "MONITOR_RETENTION", "line": 0}.items() <= found[0].items()
    assert {"file": str(feeds), "line": 5, "column": 10}.items() <= found[2].items()


def test_check_names_digests_that_can_not_reach_their_readers(home: Path) -> None:
    digest = '\ndigests:\n  - {id: flash, rules: "*", at: once, to: ["email:desk@example.org", "slack:#alerts"]}\n'
    (home / "rules.yaml").write_text(RULES + digest, encoding="utf-8")
    text = complaint(monitor("check", cwd=home))
    assert "rules.yaml:5:44: `email:desk@example.org` can't be reached: no mail server is set" in text
    assert "set MONITOR_SLACK_WEBHOOK_ALERTS or MONITOR_SLACK_TOKEN" in text
    settings = {
        "MONITOR_SMTP_HOST": "mail.example",
        "MONITOR_SMTP_FROM": "monitor@example.org",
        "MONITOR_SLACK_WEBHOOK_ALERTS": "https://hooks.example/x",
    }
    said(monitor("check", cwd=home, env=settings))


def test_check_looks_at_templates_of_ones_own(home: Path) -> None:
    (home / "templates").mkdir()
    (home / "templates" / "digest.txt").write_text("one\n{% for %}\n", encoding="utf-8")
    assert "templates/digest.txt:2:" in complaint(monitor("check", cwd=home))  # found beside rules.yaml
    (home / "templates").rename(home / "mine")
    assert "mine/digest.txt:2:" in complaint(monitor("check", cwd=home, env={"MONITOR_TEMPLATES": "mine"}))
    said(monitor("check", cwd=home))


def test_templates_are_copied_to_make_them_ones_own(home: Path) -> None:
    said(monitor("digest", "templates", cwd=home))
    said(monitor("check", cwd=home))
    assert "nothing written" in complaint(monitor("digest", "templates", cwd=home))


def test_paths_may_stand_before_or_after_the_command_or_in_the_environment(tmp_path: Path) -> None:
    feeds, rules = tmp_path / "f.yaml", tmp_path / "r.yaml"
    feeds.write_text(FEEDS, encoding="utf-8")
    rules.write_text(RULES, encoding="utf-8")
    (tmp_path / "wrong.yaml").write_text("", encoding="utf-8")
    said(monitor("--feeds", feeds, "--rules", rules, "check", cwd=tmp_path))
    said(monitor("check", "--feeds", feeds, "--rules", rules, cwd=tmp_path))
    said(monitor("check", cwd=tmp_path, env={"MONITOR_FEEDS": str(feeds), "MONITOR_RULES": str(rules)}))
    said(monitor("--rules", "wrong.yaml", "check", "--feeds", feeds, "--rules", rules, cwd=tmp_path))


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["items"], "there is no database at data/monitor.db"),
        (["health"], "there is no database at data/monitor.db"),
        (["parse", "nothing.xml"], "nothing.xml: No such file or directory"),
        (["feeds", "check", "nowhere"], "neither an address"),
        (["feeds", "check", "coast-dayly"], "did you mean 'coast-daily'?"),
        (["feeds", "import", "nothing.opml"], "nothing.opml: No such file or directory"),
        (["digest", "preview", "morning"], "no digest has the id 'morning'"),
        (["rules", "test", "prots"], "no rule has the id 'prots', did you mean 'ports'?"),
        (["match", "--rules", "none.yaml"], "none.yaml: there is no such file"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_line_without_a_traceback(
    home: Path, arguments: list[str], what: str
) -> None:
    text = complaint(monitor(*arguments, cwd=home))
    assert what in text


def test_a_reader_that_goes_away_early_is_no_error(home: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "match", "--all"],
        cwd=home,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(b'{"id": 1, "title": "x"}\n')
    process.stdin.flush()
    process.stdout.readline()
    process.stdout.close()
    process.stdin.write(b'{"id": 2, "title": "x"}\n' * 10)
    process.stdin.close()
    assert process.wait(20) == 128 + 13
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_is_for_terminals_and_not_where_no_color_is_set(home: Path, no_color: str, coloured: bool) -> None:
    controller, terminal = pty.openpty()
    env = environment(NO_COLOR=no_color, TERM="xterm-256color")
    subprocess.run([*COMMAND, "--help"], cwd=home, env=env, stdout=terminal, check=True, timeout=60)
    os.close(terminal)
    shown = os.read(controller, 65536)
    os.close(controller)
    colour = re.compile(rb"\x1b\[[0-9;]*3[0-7]m")
    assert b"First steps" in shown
    assert bool(colour.search(shown)) is coloured
    assert b"\x1b[" not in monitor("--help", cwd=home).stdout, "none in a pipe"
