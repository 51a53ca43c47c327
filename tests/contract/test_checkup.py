"""`monitor check` doubts what is valid and will hardly do what was meant."""

from pathlib import Path

import pytest

from monitor.adapters.config.checkup import Checkup
from monitor.adapters.config.feeds import load_feeds

HOME = "url: https://coast.example/rss"
DOUBTS = [
    (f"{HOME}\n    every: 1s", "feed coast: `every` of 1 s may annoy its server", "the server may shut us out"),
    ("folder: a-file", "is no folder: name the folder that holds the files", "a file in its place"),
    ("folder: missing", "there is no folder", "nothing there"),
    (f"{HOME}\n    every: 2m", "", "as often as the monitor itself asks at most"),
    (f"{HOME}\n    every: 1s\n    enabled: false", "nothing will be read", "what is off harms nobody"),
    ("folder: inbox", "", "a folder"),
    ("folder: inbox\n    every: 5s", "", "a folder has no server to annoy"),
]


@pytest.mark.parametrize(("entry", "doubt", "why"), DOUBTS)
def test_a_valid_entry_that_will_hardly_do_what_was_meant_is_doubted(
    tmp_path: Path, entry: str, doubt: str, why: str
) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "a-file").write_text("", encoding="utf-8")
    path = tmp_path / "feeds.yaml"
    path.write_text(f"feeds:\n  - id: coast\n    {entry}\n", encoding="utf-8")

    warnings = Checkup((), load_feeds(path), None).warnings

    assert [doubt in warning for warning in warnings] == [True] * bool(doubt), why


def test_feeds_without_a_language_are_counted_as_such(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(f"feeds:\n  - id: coast\n    {HOME}\n", encoding="utf-8")
    assert "enabled: 1 (1 no language given)" in Checkup((), load_feeds(path), None).summary
