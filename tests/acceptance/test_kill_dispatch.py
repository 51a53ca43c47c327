"""Kill -9 at random moments while the outbox is sent: nothing is lost, and only what was in flight comes twice.

`python benchmarks/kills.py` does the same five hundred times.
"""

import os

import pytest
from support.dispatch_kills import dispatch_under_fire

KILLS = int(os.environ.get("MONITOR_TEST_KILLS", "25"))


@pytest.mark.timeout(120 + 4 * KILLS)
def test_kills_while_sending_lose_nothing_and_repeat_only_what_was_in_flight() -> None:
    found = dispatch_under_fire(KILLS, seed=20261124)
    assert found.kills == KILLS
    assert found.lost == []
    assert found.unexplained == [], "came twice without having been in flight at a kill, or under another key"
    assert found.disorder == [], "a later part before an earlier one"
