"""`monitor demo` works on a clean machine, without configuration, and shows what the product does."""

import json
from pathlib import Path

import pytest
from support.command import monitor, said


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    """What it printed (standard output and error), and the folder of the digest."""
    home = tmp_path_factory.mktemp("demo")
    done = monitor("demo", "--out", "out", cwd=home, env={"LC_ALL": "C", "PYTHONUTF8": "0"})
    return said(done), done.stderr.decode(), home / "out"


def test_the_digest_is_printed_and_written_in_four_forms(shown: tuple[str, str, Path]) -> None:
    text, _, out = shown
    files = {"".join(path.suffixes[-2:]): path for path in out.iterdir()}
    assert set(files) == {".html", ".txt", ".json", ".slack.json"}
    assert files[".txt"].read_text(encoding="utf-8").strip() in text
    assert files[".html"].read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")
    assert json.loads(files[".json"].read_text(encoding="utf-8"))["sample"] is True
    assert all(message["blocks"] for message in json.loads(files[".slack.json"].read_text(encoding="utf-8")))


@pytest.mark.parametrize("rule", ["espionage-arrests", "tumen-passage", "power-of-siberia-2"])
def test_each_main_topic_is_in_the_digest(shown: tuple[str, str, Path], rule: str) -> None:
    assert rule in shown[0]


def test_everything_says_that_it_is_a_sample(shown: tuple[str, str, Path]) -> None:
    text, beside, out = shown
    assert "SAMPLE" in text.upper()
    assert "invented" in beside
    assert all("SAMPLE" in path.read_text(encoding="utf-8").upper() for path in out.iterdir())


def test_it_tells_what_it_did_and_which_feed_is_broken_on_purpose(shown: tuple[str, str, Path]) -> None:
    _, beside, _ = shown
    assert "Read 9 invented feeds twice over HTTP" in beside
    assert "obrazets-slomano is broken on purpose" in beside


def test_nothing_but_the_digest_stays_behind(shown: tuple[str, str, Path]) -> None:
    out = shown[2]
    assert [path.name for path in out.parent.iterdir()] == ["out"]
