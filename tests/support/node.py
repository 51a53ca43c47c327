"""Runs scripts of tests/node, where the tests use what only npm has. Skips, with the reason, what can't run here."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent.parent / "node"


def lacking(package: str) -> str:
    """Why a script that needs this package can't run here; empty if it can."""
    if not shutil.which("node"):
        return "node is not installed"
    if not (HERE / "node_modules" / package / "package.json").is_file():
        return f"tests/node/node_modules has no {package}: run `npm ci` in tests/node"
    return ""


def run(script: str, *arguments: str, package: str, given: object = None, seconds: float = 120) -> Any:
    """What `tests/node/<script>` prints as JSON, `given` as JSON on its standard input; AssertionError if it fails.

    Skips the test where node or `package` is not there.
    """
    if reason := lacking(package):
        pytest.skip(reason)
    with tempfile.TemporaryFile("w+") as file:  # node reads a pipe that is not full yet as an error (EAGAIN)
        json.dump(given, file)
        file.seek(0)
        done = subprocess.run(
            ["node", str(HERE / script), *arguments],
            stdin=file,
            capture_output=True,
            text=True,
            cwd=HERE,
            timeout=seconds,
            check=False,
        )
    assert done.returncode == 0, f"{script} ended with {done.returncode}:\n{done.stderr[-4000:]}\n{done.stdout[-2000:]}"
    return json.loads(done.stdout)
