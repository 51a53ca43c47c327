"""A day and a third of eighteen feeds, one of each kind, by the program that lives through a whole week of hundreds.

`benchmarks/week.py` judges by itself; here its judgement is read, and held to be one: the world has news, faults and a
pause in it, and every promise is kept. The full week is `make bench-week`.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "week.py"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.1 is the only loopback address")
def test_simulated_feeds_are_asked_evenly_and_politely_and_every_item_is_seen_once() -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--feeds", "18", "--days", "1.3", "--json"],
        capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    figures = json.loads(done.stdout or "{}")
    assert figures.get("broken") == [], done.stderr.decode()
    assert done.returncode == 0
    assert figures["items_seen"] > 1000
    assert figures["items_stored_twice"] == 0
    assert figures["items_turned_over_unseen"] <= figures["items_seen"] / 100
    assert figures["answers_429"] > 0, "a host was asked too much, and obeyed"
    assert figures["requests_while_held"] == 0
    assert figures["most_requests_at_one_host"] <= 2
    assert figures["moves_adopted"] == 1
    assert figures["delay_mean_min"] < figures["delay_mean_at_fixed_10_min"]
