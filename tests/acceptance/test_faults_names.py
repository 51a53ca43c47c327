"""Names whose servers are slow, or answer another address each time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hostile import TITLES, HostileServers
from support.names import HANGS, names
from support.newsroom import Newsroom


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    made = Newsroom(tmp_path, {"MONITOR_FETCH_TIMEOUT": "60s", "MONITOR_FETCH_TOTAL": "60s"})
    yield made
    made.close()


def test_names_without_answer_delay_neither_other_names_nor_the_end(newsroom: Newsroom) -> None:
    with HostileServers(newsroom.home, faults=[]) as servers:
        hosts = {f"good-{number}.test": host for number, host in enumerate(servers.good)}
        hanging = {f"hanging-{number}.test": HANGS for number in range(20)}
        newsroom.settings |= names(newsroom.home / "names", hanging | {name: [[host]] for name, host in hosts.items()})
        feeds = {name.partition(".")[0]: servers.plain.url("/", host=name) for name in (*hanging, *hosts)}
        newsroom.watch(feeds, default="1s")
        daemon = newsroom.start()
        newsroom.wait_for(lambda: len(servers.plain.requests) >= 3 * len(hosts), "several rounds of the good feeds")
        ending = newsroom.stop(daemon)

    assert ending < 10
    assert "Traceback" not in newsroom.log()
    polled = dict(newsroom.select("SELECT feed, count(*) FROM polls WHERE outcome = 'ok' GROUP BY feed"))
    assert set(polled) == {name.partition(".")[0] for name in hosts}


def test_a_name_that_turns_to_a_refused_address_is_never_followed_there(newsroom: Newsroom) -> None:
    with HostileServers(newsroom.home, faults=[], good=3) as servers:
        public, inside, _ = servers.good
        newsroom.settings |= {"MONITOR_ALLOW_NETWORKS": f"{public}/32"}
        newsroom.settings |= names(
            newsroom.home / "names",
            {
                "turning.test": [[public], [inside]],
                "both.test": [[public, inside]],
                "inside.test": [[inside]],
            },
        )
        feeds = {name: servers.plain.url("/", host=f"{name}.test") for name in ("turning", "both", "inside")}
        newsroom.watch({**feeds, "literal": servers.plain.url("/", host=inside)})
        newsroom.once()

        health = newsroom.health()
        assert servers.asked("inside.test") == servers.asked("both.test") == servers.asked(inside) == []
        assert len(servers.asked("turning.test")) == 1
    assert newsroom.select("SELECT count(*) FROM items WHERE feed = 'turning'") == [(len(TITLES),)]
    for feed in ("both", "inside", "literal"):
        assert inside in health[feed]["last_error"]
        assert "MONITOR_ALLOW_NETWORKS" in health[feed]["last_error"]
