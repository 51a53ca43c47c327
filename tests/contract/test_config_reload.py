"""An edit of any configuration file is noticed, good or bad, and so is its mending."""

import os
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.wiring import Configuration, load_settings

FEED = "feeds:\n  - {{id: {0}, url: 'https://{0}.example/'}}\n"


class Desk:
    """A folder of files whose every write counts as a later one."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.clock = 1_700_000_000
        self.write("feeds.yaml", "include: [ru.yaml, more/*.yaml]\n" + FEED.format("main"))
        self.write("ru.yaml", FEED.format("ru"))
        self.write("more/a.yaml", FEED.format("a"))
        self.write("rules.yaml", "rules:\n  - {id: ports, title: Ports, match: harbour}\n")
        names = ("FEEDS", "feeds.yaml"), ("RULES", "rules.yaml"), ("DB", "monitor.db")
        self.configuration = Configuration(load_settings({f"MONITOR_{name}": str(home / file) for name, file in names}))
        self.configuration.load()

    def write(self, name: str, text: str) -> None:
        path = self.home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.clock += 1
        for touched in (path, path.parent):
            os.utime(touched, (self.clock, self.clock))

    def reloaded(self) -> list[str] | None:
        """The ids of the feeds after a reload; None where nothing had changed."""
        watch = self.configuration.reload()
        return watch and [feed.id for feed in watch.feeds]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_nothing_is_read_again_while_nothing_changes(desk: Desk) -> None:
    assert desk.reloaded() is None


@pytest.mark.parametrize("name", ["feeds.yaml", "ru.yaml", "more/a.yaml"])
def test_an_edit_is_noticed_once_in_every_file(desk: Desk, name: str) -> None:
    text = (desk.home / name).read_text(encoding="utf-8")
    desk.write(name, f"{text}  - {{id: new, url: 'https://new.example/'}}\n")
    assert "new" in (desk.reloaded() or [])
    assert desk.reloaded() is None


def test_a_file_added_where_a_pattern_looks_is_noticed(desk: Desk) -> None:
    desk.write("more/b.yaml", FEED.format("b"))
    assert desk.reloaded() == ["ru", "a", "b", "main"]


@pytest.mark.parametrize("name", ["feeds.yaml", "ru.yaml", "more/a.yaml", "rules.yaml"])
def test_a_bad_edit_is_refused_once_and_its_mending_noticed(desk: Desk, name: str) -> None:
    good = (desk.home / name).read_text(encoding="utf-8")
    desk.write(name, "feeds: [\n")
    with pytest.raises(ConfigError):
        desk.reloaded()
    assert desk.reloaded() is None
    desk.write(name, good)
    assert desk.reloaded() == ["ru", "a", "main"]


def test_the_mending_of_a_file_that_was_never_good_is_noticed(desk: Desk) -> None:
    desk.write("feeds.yaml", "include: new.yaml\n")
    desk.write("new.yaml", "feeds: [\n")
    with pytest.raises(ConfigError):
        desk.reloaded()
    desk.write("new.yaml", FEED.format("new"))
    assert desk.reloaded() == ["new"]


def test_a_file_that_was_missing_and_appears_is_noticed(desk: Desk) -> None:
    desk.write("feeds.yaml", "include: later.yaml\n" + FEED.format("main"))
    with pytest.raises(ConfigError, match="no such file"):
        desk.reloaded()
    desk.write("later.yaml", FEED.format("later"))
    assert desk.reloaded() == ["later", "main"]
