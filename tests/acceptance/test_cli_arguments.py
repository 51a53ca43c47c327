"""Arguments that can't be used: every command, each argument wrong, answered in plain words with what is allowed."""

import json
import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from support.stored import saved_hits
from typer.main import get_command
from typer.testing import CliRunner

from monitor.adapters.store import open_store
from monitor.cli import output
from monitor.cli.app import app
from monitor.core.model import Segment
from monitor.errors import MonitorError
from monitor.wiring import Configuration, load_settings

FEEDS = "feeds:\n  - {id: coast, url: https://coast.example/rss, language: ru}\n"
RULES = """
rules:
  - {id: ports, title: Ports, severity: high, match: {en: [port]}}
digests:
  - {id: morning, at: "0 8 * * *", rules: ["*"], to: ["console:"]}
"""
# These go out into the network, stay, or take what comes from elsewhere.
LIVELY = {"run", "once", "demo", "doctor", "feeds try", "bounces"}
USABLE = {"digest": "morning", "rule": "ports", "relevance": "noise", "name": "珲春", "file": "rules"}
FOREIGN = ("Input should", "Value error", "parse string", "validation", "pydantic", "Traceback")  # a library's words


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("arguments")
    (home / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    (home / "rules.yaml").write_text(RULES, encoding="utf-8")
    store = open_store(home / "data" / "monitor.db")
    saved_hits(store, "a", rules=("ports",))
    store.close()
    return home


def commands(here: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its name in words."""
    here = here or get_command(app)
    for name, one in getattr(here, "commands", {}).items():
        yield from commands(one, (*path, name))
    if not hasattr(here, "commands"):
        yield path, here


def wrong(path: tuple[str, ...], command: Any, value: str) -> Iterator[tuple[str, ...]]:
    """The command line with each argument and option in turn at this value, the other arguments usable."""
    required = [one for one in command.params if one.param_type_name == "argument" and one.required]
    usable = [USABLE.get(one.name, "1") for one in required]
    for at in range(len(required)):
        yield (*path, *usable[:at], value, *usable[at + 1 :])
    for one in command.params:
        if one.param_type_name == "option" and not one.is_flag and one.name not in {"feeds", "rules", "db", "verbose"}:
            yield (*path, *usable, f"{one.opts[0]}={value}")


def answered(home: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """The exit status and the complaint on one line; anything raised but a MonitorError is raised again."""
    monkeypatch.chdir(home)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERMINAL_WIDTH", "240")
    done = CliRunner().invoke(app, arguments, prog_name="monitor")
    if done.exception and not isinstance(done.exception, MonitorError | SystemExit):
        raise done.exception
    words = str(done.exception) if isinstance(done.exception, MonitorError) else done.stderr
    return done.exit_code, " ".join(words.replace("│", " ").split())


@pytest.mark.parametrize("value", ["x!", "9" * 20])
@pytest.mark.parametrize(
    ("path", "command"),
    [pytest.param(*one, id=" ".join(one[0])) for one in commands() if " ".join(one[0]) not in LIVELY],
)
def test_no_argument_of_any_command_is_answered_with_a_traceback_or_a_librarys_words(
    home: Path, path: tuple[str, ...], command: Any, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in wrong(path, command, value):
        status, words = answered(home, arguments, monkeypatch)
        assert status in {0, 1, 2}, arguments
        assert [one for one in FOREIGN if one in words] == [], arguments
        assert words or not status, arguments


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ack", "x"), "Invalid value for 'STORY': 'x' is no whole number, such as 12"),
        (("ack", "9" * 20), f"{'9' * 20} is too large: 2147483647 or less"),
        (("mark", "1", "relevnt"), "'relevnt' is not one of relevant, noise, did you mean 'relevant'?"),
        (("mark", "1.5", "noise"), "Invalid value for 'HIT': '1.5' is no whole number, such as 12"),
        (("silence", "end", "x"), "'x' is no whole number, such as 12"),
        (("digest", "preview", "morning", "--format", "pdf"), "'pdf' is not one of text, html, slack, json, email"),
        (("digest", "preview", "morning", "--as-of", "x"), "'x' is no time: write 2026-11-20 or 2026-11-20T08:00"),
        (
            ("outbox", "--state", "parkd"),
            "'parkd' is not one of queued, sending, sent, parked, did you mean 'parked'?",
        ),
        (("outbox", "--channel", "fax"), "there is no channel 'fax': there are apprise, atom, console, email, file"),
        (("hits", "--severity", "loud"), "'loud' is not one of low, medium, high, critical"),
        (("items", "--limit", "-1"), "-1 is too small: 0 or more"),
        (("items", "--limit", ""), "'' is no whole number, such as 12"),
        (("items", "--language", "russian"), "'russian' is no code of a language, such as ru, zh or zh-Hant"),
        (("feeds", "list", "--language", "x!"), "'x!' is no code of a language"),
        (("items", "--since", "soon"), "'soon' is no time: write 12h, 7d, 2026-11-22"),
        (("feeds", "plan", "--hours", "nan"), "nan is too large: 24.0 or less"),
        (("feeds", "plan", "--hours", "x"), "'x' is no number, such as 1.5"),
        (("health", "--max-age", "0"), "0 is too small: 1 or more"),
        (("schema", "rule"), "'rule' is not one of rules, feeds, digest, did you mean 'rules'?"),
        (("names", "珲春", "--kind", "river"), "'river' is not one of person, place"),
        (("silence", "story", "1", "--for", "long"), "'long' is no length of time: write 45m, 12h, 3d or 2w"),
        (("outbox", "--state", "y" * 500), f"'{'y' * 60}…' is not one of queued"),
    ],
)
def test_wrong_usage_is_a_sentence_with_what_is_allowed_and_status_2(
    home: Path, arguments: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, words = answered(home, arguments, monkeypatch)
    assert (status, said in words) == (2, True), words


# --- what help promises -------------------------------------------------------------------------------------------

NAMED = re.compile(r"monitor (?:rules (?:test|explain|backtest|near|suggest)|silence rule) ([a-z][a-z-]+)")
FEED = re.compile(r"monitor (?:feeds check|silence source) ([a-z][a-z-]+)(?= |$)", re.MULTILINE)
DIGEST = re.compile(r"monitor digest (?:preview|send|subscribers) ([a-z-]+)")
SHIPPED = Path(__file__).parent.parent.parent


def examples() -> list[str]:
    """The examples in the help of every command, as they stand there."""
    found = [re.findall(r"\[cyan\](.*?)\[/cyan\]", one.epilog or "") for _, one in commands()]
    return [line.replace("\\[", "[") for lines in found for line in lines]


@pytest.mark.parametrize("line", examples())
def test_every_example_of_the_help_is_understood(line: str) -> None:
    words = shlex.split(line.rpartition(" | monitor ")[2])
    arguments = list(takewhile(lambda word: word not in {"|", ">", "<"}, words))
    if "=" in arguments[0]:  # a setting before the command
        del arguments[0]
    if arguments[0] == "monitor":
        del arguments[0]
    while arguments[0].startswith("--"):
        arguments = arguments[2:]
    here: Any = get_command(app)
    while hasattr(here, "commands"):
        here = here.commands[arguments.pop(0)]
    here.make_context("monitor", arguments)  # raises where they are wrong


def test_what_the_examples_name_is_in_the_files_that_ship() -> None:
    settings = load_settings({f"MONITOR_{name.upper()}": str(SHIPPED / f"{name}.yaml") for name in ("feeds", "rules")})
    watch = Configuration(settings).load()
    text = "\n".join(examples())
    assert set(NAMED.findall(text)) <= set(watch.rules_by_id)
    assert set(FEED.findall(text)) <= set(watch.feeds_by_id)
    assert set(DIGEST.findall(text)) <= {spec.id for spec in watch.digests}
    assert min(map(len, (NAMED.findall(text), FEED.findall(text), DIGEST.findall(text)))) > 1


# The network, a site that is not set up, and a term that the rules here do not have.
ELSEWHERE = {"once", "doctor", "feeds try", "feeds check", "site links", "silence entity"}
LISTING = [path for path, one in commands() if any("--json" in each.opts for each in one.params)]
NEEDS = {
    "names": ("珲春",),
    "ack": ("1",),
    "rules explain": ("ports", "--text", "a port"),
    "rules near": ("ports",),
    "rules suggest": ("ports",),
    "digest subscribers": ("morning",),
    "silence story": ("1", "--for", "1h"),
    "silence rule": ("ports", "--for", "1h"),
    "silence source": ("coast", "--for", "1h"),
}


@pytest.mark.parametrize("path", [path for path in LISTING if " ".join(path) not in ELSEWHERE], ids=" ".join)
def test_with_json_each_line_is_an_object(home: Path, path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    done = CliRunner().invoke(app, [*path, *NEEDS.get(" ".join(path), ()), "--json"], prog_name="monitor")
    assert done.exit_code in {0, 1}
    assert isinstance(done.exception, SystemExit | None), done.exception
    assert all(isinstance(json.loads(line), dict) for line in done.stdout.splitlines())


@pytest.mark.parametrize(("value", "coloured"), [(None, True), ("", True), ("1", False)])
def test_who_sets_no_color_gets_none(monkeypatch: pytest.MonkeyPatch, value: str | None, coloured: bool) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    assert ("\x1b[" in output.coloured("alive", "green")) is coloured
    assert ("\x1b[" in output.marked([Segment("port", True)])) is coloured
