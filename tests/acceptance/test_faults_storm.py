"""Hosts whose answers bind all of their feeds, over a restart."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.hostile import HostileServers
from support.http_server import Reply
from support.newsroom import Newsroom


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    made = Newsroom(tmp_path)
    yield made
    made.close()


def test_a_host_that_asks_to_wait_is_left_alone_by_all_of_its_feeds_over_a_restart(newsroom: Newsroom) -> None:
    with HostileServers(newsroom.home, faults=[], good=2) as servers:
        stormy, calm = servers.good
        paths = [f"/{number}" for number in range(30)]
        for path in paths:
            servers.plain.script(f"{stormy}{path}", Reply(429, headers={"Retry-After": "600"}))
        stormy_feeds = {f"wire{path.replace('/', '-')}": servers.plain.url(path, host=stormy) for path in paths}
        newsroom.watch({**stormy_feeds, "calm": servers.plain.url("/", host=calm)}, default="1s")

        began = datetime.now(UTC)
        for _ in range(2):
            daemon = newsroom.start()
            before = len(servers.asked(calm))
            newsroom.wait_for(lambda before=before: len(servers.asked(calm)) >= before + 3, "polls elsewhere")
            newsroom.stop(daemon)
        health = newsroom.health()

        assert len(servers.asked(stormy)) <= 4
    assert all(
        datetime.fromisoformat(health[feed]["next_poll_at"]) >= began + timedelta(minutes=10) for feed in stormy_feeds
    )
    refused = [feed for feed in stormy_feeds if health[feed]["failures"]]
    assert len(refused) <= 4, "who was not asked has not failed"
    assert "it asks to wait 10 min" in health[refused[0]]["last_error"]
