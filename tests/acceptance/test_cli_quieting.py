"""`monitor silence`, `monitor ack` and `monitor digest subscribers`, as a person meets them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from support.command import complaint, monitor, rows, said
from support.stored import NOW, delivery, queued, saved_hits
from typer.main import get_command
from typer.testing import CliRunner

from monitor.adapters.store import open_store
from monitor.core.model import Target
from monitor.errors import MonitorError

FEEDS = """
feeds:
  - {id: sample-ru, url: "https://primer.example/rss", name: Пример}
"""
RULES = """
terms:
  gas-works: {label: Sample Gasworks, entity: company, en: [Sample Gasworks]}
rules:
  - {id: gas, title: Gas, severity: high, match: $gas-works, examples: {hit: [Sample Gasworks opened]}}
digests:
  - {id: flash, rules: ["*"], at: once, to: ["email:anna@example.org", "email:boris@example.org"]}
  - id: morning
    rules: ["*"]
    at: "0 8 * * *"
    at_once: severity=high
    to: ["email:anna@example.org", "email:boris@example.org"]
"""
ZONE = {"TZ": "Asia/Tokyo"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    store = open_store(tmp_path / "data" / "monitor.db")
    saved_hits(store, "a", rules=["gas"], title="Gasworks open")
    store.people.leave("flash", Target("email", "anna@example.org"), NOW)
    store.close()
    return tmp_path


def invoke(home: Path, *arguments: str) -> Result:
    """Run a command within this process, which is quicker."""
    from monitor.cli.app import app

    paths = ["--feeds", home / "feeds.yaml", "--rules", home / "rules.yaml", "--db", home / "data" / "monitor.db"]
    return CliRunner().invoke(app, [*map(str, paths), *arguments], prog_name="monitor", env={"COLUMNS": "240"})


def answer(home: Path, *arguments: str) -> str:
    """Its standard output."""
    result = invoke(home, *arguments)
    assert result.exit_code == 0, (arguments, result.output, result.exception)
    return result.stdout


def silences(home: Path) -> list[Any]:
    return rows(answer(home, "silence", "list", "--json").encode())


COMMANDS = {
    *("ack", "digest subscribers"),
    *(f"silence {name}" for name in ("story", "rule", "source", "entity", "list", "end")),
}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_of_every_command_shows_an_example(name: str) -> None:
    from monitor.cli.app import app

    group, _, inner = name.rpartition(" ")
    known = get_command(app).commands  # type: ignore[attr-defined]
    assert inner in (known[group].commands if group else known)
    shown = CliRunner().invoke(app, [*name.split(), "--help"], prog_name="monitor")
    assert shown.exit_code == 0
    assert f"monitor {name}" in shown.output.partition("Examples")[2]


def test_a_story_is_silenced_by_the_number_that_hits_show(home: Path) -> None:
    listed = answer(home, "hits").splitlines()
    assert listed[0].split()[:2] == ["hit", "story"]
    number = listed[1].split()[1]
    made = said(
        monitor("silence", "story", number, "--until", "tomorrow 8:00", "--reason", "known", cwd=home, env=ZONE)
    )
    assert made.startswith(f"silence 1: story {number}: Gasworks open, until ")
    assert "08:00 JST" in made
    (kept,) = silences(home)
    assert (kept["kind"], kept["what"], kept["reason"]) == ("story", number, "known")
    until = datetime.fromisoformat(kept["until"])
    assert (until.astimezone(UTC).hour, until.minute) == (23, 0), "8:00 by the machine's clock"
    assert f"story {number}: Gasworks open" in answer(home, "silence", "list")


def test_hits_say_why_somebody_was_not_told(home: Path) -> None:
    assert answer(home, "hits").splitlines()[1].rstrip().endswith("for no digest")
    store = open_store(home / "data" / "monitor.db")
    (hit,) = store.query_hits()
    store.digests.leave_out("flash", int(str(hit["id"])), "more than 48 hours old", NOW)
    store.digests.wait("morning", [int(str(hit["id"]))], NOW)
    store.close()
    expected = "left out of flash: more than 48 hours old; waits for morning"
    assert expected in answer(home, "hits", "--story", str(hit["story_id"]))
    assert expected in answer(home, "hits", "--text", "gasWORKS")
    assert not answer(home, "hits", "--text", "steelworks")
    (row,) = rows(answer(home, "hits", "--json").encode())
    assert [(one["digest"], one["outcome"]) for one in row["outcomes"]] == [
        ("flash", "left_out"),
        ("morning", "waiting"),
    ]
    refused = monitor("hits", "--story", "4711", cwd=home)
    assert complaint(refused) == "monitor: there is no story 4711; monitor hits shows their numbers\n"


def test_rules_sources_and_entities_are_silenced_and_each_silence_can_be_ended(home: Path) -> None:
    before = datetime.now(UTC)
    answer(home, "silence", "rule", "gas", "--for", "3d")
    answer(home, "silence", "source", "sample-ru", "--for", "12h")
    record = json.loads(answer(home, "silence", "entity", "sample gasworks", "--for", "2w", "--json"))
    assert (record["silence"], record["kind"], record["what"]) == (3, "entity", "Sample Gasworks")
    found = silences(home)
    assert [(one["kind"], one["what"]) for one in found] == [
        ("source", "sample-ru"),
        ("rule", "gas"),
        ("entity", "Sample Gasworks"),
    ]
    length = datetime.fromisoformat(found[1]["until"]) - before
    assert timedelta(days=3) <= length < timedelta(days=3, minutes=5)
    assert answer(home, "silence", "end", "1") == "silence 1 is over\n"
    assert [one["silence"] for one in silences(home)] == [2, 3]
    assert "no silence 1" in complaint(monitor("silence", "end", "1", cwd=home))


SLIPS: list[tuple[tuple[str, ...], int, str]] = [
    (("silence", "story", "99", "--for", "3d"), 1, "there is no story 99; monitor hits shows their numbers"),
    (("silence", "rule", "gass", "--for", "3d"), 1, "did you mean 'gas'?"),
    (("silence", "entity", "Sample Gaswork", "--for", "3d"), 1, "did you mean 'Sample Gasworks'?"),
    (("silence", "rule", "gas"), 2, "--for 3d"),
    (("silence", "rule", "gas", "--until", "2020-01-01"), 2, "no time to come"),
    (("ack", "1", "--undo"), 1, "nobody has acknowledged story 1"),
    (
        ("digest", "subscribers", "flash", "--back", "email:ana@example.org"),
        1,
        "did you mean 'email:anna@example.org'?",
    ),
]


def test_a_slip_is_named_with_what_may_have_been_meant_and_changes_nothing(home: Path) -> None:
    for arguments, status, expected in SLIPS:
        result = invoke(home, *arguments)
        text = str(result.exception) if isinstance(result.exception, MonitorError) else result.output
        assert expected in " ".join(text.split()), arguments
        assert isinstance(result.exception, MonitorError) if status == 1 else result.exit_code == status, arguments
    assert silences(home) == []


def test_a_story_is_acknowledged_and_the_word_can_be_taken_back(home: Path) -> None:
    assert answer(home, "ack", "1", "--reason", "called them") == "story 1 is acknowledged: Gasworks open\n"
    record = json.loads(answer(home, "ack", "1", "--json"))
    assert (record["story"], record["acknowledged"]) == (1, True)
    assert answer(home, "ack", "1", "--undo") == "story 1 is open again: Gasworks open\n"


def test_who_left_a_digest_is_listed_and_can_be_taken_back(home: Path) -> None:
    listed = {
        one["target"]: one["left_at"] for one in rows(answer(home, "digest", "subscribers", "flash", "--json").encode())
    }
    assert listed == {"email:anna@example.org": NOW.isoformat(), "email:boris@example.org": None}
    answer(home, "digest", "subscribers", "flash", "--back", "email:anna@example.org")
    assert "no, left" not in answer(home, "digest", "subscribers", "flash")


def listed(home: Path) -> dict[str, Any]:
    return {one["id"]: one for one in rows(answer(home, "digest", "list", "--json").encode())}


def test_a_digest_that_all_have_left_is_for_nobody_and_can_not_be_sent(home: Path) -> None:
    before = listed(home)["flash"]
    assert (before["to"], before["left"]) == (["email:boris@example.org"], ["email:anna@example.org"])
    store = open_store(home / "data" / "monitor.db")
    store.people.leave("flash", Target("email", "boris@example.org"), NOW)
    store.digests.wait("flash", [1], NOW)
    store.close()
    after = listed(home)["flash"]
    assert (after["to"], after["waits_for"], after["waiting"]) == ([], "nobody: all have left", 1)
    assert answer(home, "digest", "list").splitlines()[1].rstrip().endswith("nobody: all have left")
    refused = str(invoke(home, "digest", "send", "flash").exception)
    assert refused.startswith("everybody has left the digest 'flash'")
    assert "monitor digest subscribers flash --back email:anna@example.org" in refused
    assert listed(home)["flash"] == after, "nothing was told"
    found = {one["check"]: one for one in rows(invoke(home, "doctor", "--json").stdout_bytes)}
    assert (found["digest flash"]["state"], found["digest flash"]["remedy"][:4]) == ("warning", "name")


def test_what_was_queued_for_somebody_who_left_is_not_mailed_by_retrying_all(home: Path) -> None:
    anna = Target("email", "anna@example.org")
    one = delivery(anna, digest="flash")
    store = open_store(home / "data" / "monitor.db")
    store.people.rejoin("flash", anna)
    queued(store, one)
    store.people.leave("flash", anna, NOW)
    store.close()
    assert "left the digest" in answer(home, "outbox", "--state", "parked")
    assert answer(home, "outbox", "--retry", "all") == "0 deliveries queued again\n"
    refused = str(invoke(home, "outbox", "--retry", one.key).exception)
    assert refused.endswith("monitor digest subscribers flash --back email:anna@example.org")
    answer(home, "digest", "subscribers", "flash", "--back", "email:anna@example.org")
    assert answer(home, "outbox", "--retry", "all") == "0 deliveries queued again\n"
    assert answer(home, "outbox", "--retry", one.key) == "1 delivery queued again\n"


def test_who_left_only_what_is_told_at_once_is_listed_with_what_they_miss(home: Path) -> None:
    anna, boris = (Target("email", f"{name}@example.org") for name in ("anna", "boris"))
    store = open_store(home / "data" / "monitor.db")
    store.people.leave("morning-at-once", anna, NOW)
    for digest in ("morning", "morning-at-once"):
        store.people.leave(digest, boris, NOW)
    store.close()
    for digest in ("morning", "morning-at-once"):
        found = rows(answer(home, "digest", "subscribers", digest, "--json").encode())
        assert [one["misses_at_once"] for one in found] == [True, False], "who left both misses nothing"
    shown = answer(home, "digest", "subscribers", "morning").splitlines()[1]
    assert shown.rstrip().endswith("yes, but left morning-at-once: what can't wait reaches them nowhere")
    assert "; what can't wait reaches them nowhere" in answer(home, "digest", "subscribers", "morning-at-once")
    back = invoke(home, "digest", "subscribers", "morning", "--back", str(boris))
    assert f"monitor digest subscribers morning-at-once --back {boris}" in back.stderr
    assert invoke(home, "digest", "subscribers", "morning-at-once", "--back", str(boris)).stderr == ""


def test_silenced_reports_stand_apart_in_the_list(home: Path) -> None:
    store = open_store(home / "data" / "monitor.db")
    more = saved_hits(store, "b", "c", rules=["gas"], title="Another one")
    store.digests.wait("flash", [1, *more], NOW)
    store.close()
    answer(home, "silence", "story", "1", "--for", "3d")
    found = listed(home)["flash"]
    assert (found["waiting"], found["silenced"], found["stories"]) == (2, 1, 2)
    assert "2, 1 silenced" in answer(home, "digest", "list").splitlines()[1]
