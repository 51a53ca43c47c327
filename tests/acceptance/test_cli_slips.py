"""Slips of a newcomer, each answered with a sentence: never a traceback, and never silence."""

import subprocess
from pathlib import Path

import pytest
from support.command import COMMAND, complaint, environment, monitor

FULL = Path("/dev/full")


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_wrong_usage(tmp_path: Path, name: str) -> None:
    assert "the name is empty" in complaint(monitor("names", name, cwd=tmp_path), status=2)


def test_a_name_without_letters_is_refused(tmp_path: Path) -> None:
    assert "a name needs letters" in complaint(monitor("names", "12", cwd=tmp_path))


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", [("schema", "rules"), ("names", "珲春")])
def test_output_that_nothing_takes_is_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr.decode()) == (
        1,
        "monitor: can't write the output: No space left on device\n",
    )


def test_an_impossible_port_is_named(tmp_path: Path) -> None:
    done = monitor("feeds", "check", "http://127.0.0.1:99999/x", cwd=tmp_path)
    assert "there is no port 99999: ports go from 1 to 65535" in complaint(done)
