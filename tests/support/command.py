"""Runs the command `monitor` as a process, the way a user does."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "monitor"]


def environment(**more: str) -> dict[str, str]:
    """Our own environment without settings of the monitor and without proxies, and with those given.

    Servers of tests are on this machine, and there are many feeds on one of them.
    """
    names = [name for name in os.environ if not name.startswith("MONITOR_") and not name.lower().endswith("_proxy")]
    kept = {name: os.environ[name] for name in names}
    return {**kept, "MONITOR_ALLOW_NETWORKS": "loopback", "MONITOR_HOST_SPACING": "0s", "COLUMNS": "100", **more}


def monitor(
    *arguments: str | Path, cwd: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[bytes]:
    """Run it to its end in a folder; output is bytes."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        env=environment(**(env or {})),
        capture_output=True,
        timeout=timeout,
        check=False,
    )


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    """Standard output, of a run that must have gone well."""
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def complaint(done: subprocess.CompletedProcess[bytes], status: int = 1) -> str:
    """Standard error, of a run that must have failed in an orderly way."""
    text = done.stderr.decode()
    assert done.returncode == status, (done.returncode, text, done.stdout.decode())
    assert "Traceback" not in text
    return text


def rows(output: bytes) -> list[Any]:
    """Lines of JSON."""
    return [json.loads(line) for line in output.splitlines()]
