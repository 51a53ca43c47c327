"""One cycle over seventy hosts, each with another fault, and ten good ones: the command as it is installed."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hostile import TITLES, HostileServers
from support.http_server import HttpServer, Reply
from support.newsroom import Newsroom, slug

LIMITS = {
    "MONITOR_FETCH_TIMEOUT": "6s",  # with room for a machine that has other things to do
    "MONITOR_FETCH_TOTAL": "9s",
    "MONITOR_MAX_BYTES": "2M",
    "MONITOR_CONCURRENCY": "200",
}
ROOM = 150_000  # KiB that all faults together may cost; the bombs alone would take a gigabyte


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[HostileServers]:
    with HostileServers(tmp_path) as running:
        yield running


def newsroom(home: Path, servers: HostileServers, feeds: dict[str, str]) -> Newsroom:
    home.mkdir()
    made = Newsroom(home, LIMITS | {"SSL_CERT_FILE": str(servers.ca)})
    made.watch(feeds, default="1h")
    return made


def test_every_fault_is_named_and_costs_neither_the_good_feeds_nor_time_nor_memory(
    tmp_path: Path, servers: HostileServers
) -> None:
    good = {f"good-{host}": servers.plain.url("/", host=host) for host in servers.good}
    bad = {slug(fault.name): servers.url(fault) for fault in servers.faults}
    calm = newsroom(tmp_path / "calm", servers, good)
    wild = newsroom(tmp_path / "wild", servers, bad | good)

    _, modest = calm.once()
    began = time.monotonic()
    figures, most = wild.once()
    took = time.monotonic() - began

    health = wild.health()
    polls = {feed: (outcome, new) for feed, outcome, new in wild.select("SELECT feed, outcome, new FROM polls")}
    otherwise = {
        fault.name: (polls[slug(fault.name)], health[slug(fault.name)]["last_error"])
        for fault in servers.faults
        if polls[slug(fault.name)] not in {(fault.outcome, fault.items), (fault.or_else, fault.items)}
        or not all(words in health[slug(fault.name)]["last_error"] for words in fault.words)
    }
    assert otherwise == {}
    assert figures["feeds_due"] == figures["polled"] == len(servers.faults) + len(good)
    assert {feed: polls[feed] for feed in good} == dict.fromkeys(good, ("ok", len(TITLES)))
    assert most < modest + ROOM
    [(each_by_itself,)] = wild.select("SELECT sum(ms) / 1000.0 FROM polls")
    assert took < each_by_itself / 2, "the faults were waited for side by side"

    asked = len(servers.plain.requests)
    again, _ = wild.once()
    assert again["polled"] == 0, "a restart keeps the times at which feeds are due"
    assert len(servers.plain.requests) == asked


def test_many_endless_documents_at_once_share_the_memory_of_a_few(tmp_path: Path) -> None:
    hosts = [f"127.1.2.{number}" for number in range(1, 61)]
    with HttpServer(more_hosts=hosts) as server:
        for host in hosts:
            server.script(f"{host}/", Reply(body=b" " * 60_000, endless=True))
        newsroom = Newsroom(tmp_path)  # with the limits as they are shipped: 24 MiB each, 64 at once
        newsroom.watch({f"feed-{number}": server.url("/", host=host) for number, host in enumerate(hosts)})

        figures, most = newsroom.once()

    assert figures["failed"] == len(hosts)
    assert most < 600_000
