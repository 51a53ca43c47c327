"""The log says what happened, in one line an event, and never what is secret."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging, sys, structlog
from monitor.cli.logs import configure
configure("info", sys.argv[1])

def login():
    password = "hunter2-secret"
    raise RuntimeError("the door is shut")

log = structlog.get_logger()
log.info("started", feeds=3)
logging.getLogger("library").warning("a library warns")
try:
    login()
except RuntimeError:
    log.exception("tick failed")
"""


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_where_but_no_local_variable(form: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, form], capture_output=True, text=True, timeout=60, check=True)
    assert "the door is shut" in done.stderr
    assert "in login" in done.stderr
    assert "hunter2" not in done.stderr
    assert "a library warns" in done.stderr
    assert "_record" not in done.stderr
    assert "\x1b[" not in done.stderr, "no colour where no terminal is"


def test_machines_get_one_json_object_a_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "json"], capture_output=True, text=True, timeout=60, check=True
    )
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [event["event"] for event in events] == ["started", "a library warns", "tick failed"]
    assert events[0]["feeds"] == 3
    assert all(event["level"] and event["timestamp"].endswith("Z") for event in events)
