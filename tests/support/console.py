"""Runs the console blocks of a page of the docs in one shell, and compares what they print with what the page shows.

In a ```console block a line that begins with `$ ` is typed, the lines up to the next one are what it prints, standard
error included. Numbers that differ from day to day (dates, microseconds) are not compared, nor are trailing spaces.
"""

import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARIES = (
    (re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+Z?| \d\d:\d\d)?"), "DATE"),
    (re.compile(r"(?<=\s)\d+\.\d(?=\s*$)", re.MULTILINE), "µs"),
    (re.compile(r"\d+ µs"), "µs"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
    (re.compile(r"DATE {2,}"), "DATE  "),
)


@dataclass(slots=True)
class Step:
    """A command and what the page says it prints."""

    command: str
    shown: str
    line: int  # of the command in the page, from 1


@dataclass(slots=True)
class Page:
    """The steps of one heading's section, in order."""

    path: Path
    steps: list[Step] = field(default_factory=list)


def steps_of(path: Path, heading: str) -> Page:
    """What is typed from this heading of level 2 to the next."""
    text = path.read_text(encoding="utf-8")
    begin = text.index(f"\n## {heading}\n")
    end = text.find("\n## ", begin + 1)
    page = Page(path)
    for block in _BLOCK.finditer(text, begin, end if end > 0 else len(text)):
        first = text.count("\n", 0, block.start(1)) + 1
        for number, line in enumerate(block[1].splitlines(), first):
            if line.startswith("$ "):
                page.steps.append(Step(line[2:], "", number))
            else:
                page.steps[-1].shown += line + "\n"
    return page


def same(shown: str, printed: str) -> bool:
    """Whether both say the same, but for what differs from day to day."""
    return _plain(shown) == _plain(printed)


def _plain(text: str) -> str:
    for pattern, instead in _VARIES:
        text = pattern.sub(instead, text)
    return text.strip()


class Shell:
    """A bash that keeps its folder, variables and background jobs from one command to the next."""

    _END = "--- done ---"

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def type(self, command: str) -> str:
        """What the command prints."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{command}\necho; echo '{self._END}'\n")
        self._process.stdin.flush()
        lines: list[str] = []
        for line in self._process.stdout:
            if line == f"{self._END}\n":
                return "".join(lines)[:-1]
            lines.append(line)
        raise AssertionError(f"the shell ended at: {command}")


@contextmanager
def shell(folder: Path, environ: dict[str, str]) -> Iterator[Shell]:
    """A shell in that folder; what it started ends with it."""
    process = subprocess.Popen(
        ["bash", "--norc", "--noprofile"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=environ,
        start_new_session=True,
    )
    try:
        yield Shell(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()


def await_answer(url: str, seconds: float = 10) -> None:
    """Wait until a server answers there."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < end, f"nobody answers at {url}"
            time.sleep(0.05)
