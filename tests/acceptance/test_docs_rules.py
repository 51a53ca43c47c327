"""The tutorial in docs/rules.md: every command is typed, every output compared.

After a change of the commands, `UPDATE_DOCS=1 pytest tests/acceptance/test_docs_rules.py` writes what they print now
into the page; read the difference before committing it.
"""

import os
import shutil
import socket
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from support.console import Step, await_answer, same, shell, steps_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rules.md"
HEADING = "Tuning a rule"
PORT = "8765"
PATIENCE = 30  # seconds


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_tutorial_prints_what_it_says(tmp_path: Path) -> None:
    port = free_port()
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for path in tmp_path.rglob("*.yaml"):
        path.write_text(path.read_text(encoding="utf-8").replace(PORT, port), encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    environ |= {"PATH": f"{Path(sys.executable).parent}:{environ['PATH']}", "COLUMNS": "120", "NO_COLOR": "1"}
    steps = steps_of(PAGE, HEADING).steps
    assert len(steps) > 25
    printed: list[tuple[Step, str]] = []
    with shell(tmp_path, environ) as bash:
        for before, step in pairwise([None, *steps]):
            assert step
            output = bash.type(step.command.replace(PORT, port)).replace(port, PORT)
            if before and before.command.startswith("sleep "):
                # The page says how long it takes on an idle machine; ours may be a busy one.
                end = time.monotonic() + PATIENCE
                while not same(step.shown, output) and time.monotonic() < end:
                    time.sleep(0.5)
                    output = bash.type(step.command)
            printed.append((step, output))
            if "http.server" in step.command:
                await_answer(f"http://127.0.0.1:{port}/")
    if os.environ.get("UPDATE_DOCS"):
        rewrite(printed)
    for step, output in printed:
        assert same(step.shown, output), f"{PAGE.name}:{step.line}: $ {step.command}\n{output}"


def rewrite(printed: list[tuple[Step, str]]) -> None:
    """Put what was printed into the page."""
    lines = PAGE.read_text(encoding="utf-8").splitlines(keepends=True)
    for step, output in reversed(printed):
        if same(step.shown, output):
            continue
        shown = [f"{line.rstrip()}\n" for line in output.strip("\n").splitlines()]
        lines[step.line : step.line + step.shown.count("\n")] = shown
        step.shown = "".join(shown)
    PAGE.write_text("".join(lines), encoding="utf-8")
