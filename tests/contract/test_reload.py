"""Edits of the configuration while it is in force: good ones are taken up, bad ones refused and told."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core.model import Item
from monitor.errors import ConfigError
from monitor.wiring import Configuration, load_settings

FEEDS = "feeds:\n  - {id: gazette, url: 'https://gazette.example/rss', country: RU}\n"
RULES = """terms:
  ship: {en: [ship]}
rules:
  - {id: ships, title: Ships, match: $ship, examples: {hit: [A ship sails], miss: [A plane lands]}}
  - {id: planes, title: Planes, match: plane, examples: {hit: [A plane lands]}}
"""

Edit = Callable[[str], None]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "feeds.yaml").write_text(FEEDS)
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path


def configuration(home: Path) -> Configuration:
    settings = load_settings({})
    return Configuration(
        replace(settings, feeds=home / "feeds.yaml", rules=home / "rules.yaml", db=home / "data" / "monitor.db")
    )


def edit(home: Path, text: str, name: str = "rules.yaml") -> None:
    path = home / name
    before = path.stat().st_mtime_ns
    path.write_text(text)
    os.utime(path, ns=(before + 10**9, before + 10**9))  # whatever the file system's clock can tell apart


def test_nothing_is_reloaded_without_an_edit(home: Path) -> None:
    found = configuration(home)
    found.load()
    assert found.reload() is None


def test_an_edit_goes_live_as_a_whole(home: Path) -> None:
    found = configuration(home)
    found.load()
    edit(home, RULES.replace("en: [ship]", "en: [ship, boat]"))
    watch = found.reload()
    assert watch is not None
    assert [hit.rule for hit in watch.matcher.match(Item("gazette", "k", "A boat"))] == ["ships"]
    assert found.reload() is None


REFUSED = [
    (RULES.replace("$ship,", "$sheep,"), "there is no term “sheep”", "what can't be read"),
    (RULES.replace("en: [ship]", "en: [boat]"), r"rules.yaml:4:\d+: rule ships: “A ship sails” should hit",
     "an example of a rule whose term was edited"),
    (RULES.replace("match: plane", "match: boat"), r"rules.yaml:5:\d+: rule planes: “A plane lands” should hit",
     "an example of a rule that was edited"),
    (RULES.replace("[A plane lands]}}\n  -", "[A ship sinks]}}\n  -"), r"rule ships: “A ship sinks” should miss",
     "an example that was edited"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "reason"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_bad_edit_is_refused_and_named_with_its_place(home: Path, text: str, message: str, reason: str) -> None:
    found = configuration(home)
    found.load()
    edit(home, text)
    with pytest.raises(ConfigError, match=message):
        found.reload()
    assert found.reload() is None, "said once"
    edit(home, RULES + "# mended\n")
    assert found.reload() is not None


def test_every_failing_example_is_named(home: Path) -> None:
    found = configuration(home)
    found.load()
    edit(home, RULES.replace("en: [ship]", "en: [boat]").replace("match: plane", "match: boat"))
    with pytest.raises(ConfigError) as refused:
        found.reload()
    assert len(refused.value.problems) == 2


def test_a_failing_example_does_not_keep_the_daemon_from_starting_and_is_told(home: Path) -> None:
    edit(home, RULES.replace("en: [ship]", "en: [boat]"))
    found = configuration(home)
    assert [rule.id for rule in found.load().matcher.rules] == ["ships", "planes"]
    (problem,) = found.failing()
    assert "“A ship sails” should hit" in str(problem)


def test_a_rule_that_failed_before_does_not_hold_up_an_edit_of_another(home: Path) -> None:
    broken = RULES.replace("en: [ship]", "en: [boat]")
    edit(home, broken)
    found = configuration(home)
    found.load()
    edit(home, broken.replace("match: plane", "match: {any: [plane, jet]}"))
    assert found.reload() is not None


def test_a_refused_edit_is_compared_with_what_is_in_force_when_it_comes_again(home: Path) -> None:
    found = configuration(home)
    found.load()
    for comment in ("", "# once more\n"):
        edit(home, RULES.replace("en: [ship]", "en: [boat]") + comment)
        with pytest.raises(ConfigError, match="A ship sails"):
            found.reload()


def test_rules_know_the_feeds_that_they_are_limited_to(home: Path) -> None:
    edit(home, RULES.replace("match: $ship,", "match: $ship, only: {countries: [CN]},"))
    matcher = configuration(home).load().matcher
    assert matcher.match(Item("gazette", "k", "A ship")) == []
    assert len(matcher.match(Item("elsewhere", "k", "A ship"))) == 1, "an unknown feed restricts nothing"
