"""The daemon for half a minute among hosts that misbehave: good feeds on time, alerts at once, nothing grows."""

import random
import time
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path
from statistics import median

import pytest
from support.hostile import TITLES, XML, HostileServers, rss
from support.http_server import Reply, Request, Script
from support.newsroom import Newsroom, slug
from support.slack_server import SlackServer
from support.smtp import SmtpServer

SETTINGS = {
    "MONITOR_FETCH_TIMEOUT": "60s",  # longer than the test: what hangs hangs from its beginning to its end
    "MONITOR_FETCH_TOTAL": "60s",
    "MONITOR_MAX_BYTES": "2M",
    "MONITOR_LOG_LEVEL": "debug",
}
WATCHED = 18.0  # seconds
ALERT = "The harbour opens to foreign ships"


def reshuffled(_: Request) -> Reply:
    """The same items in another order each time."""
    head, *items = rss(*TITLES).split(b"<item>")
    tail = b"</channel></rss>"
    items = [item.replace(tail, b"") for item in items]
    random.shuffle(items)
    return Reply(body=b"<item>".join([head, *items]) + tail, headers=XML)


def renewed(what: str) -> Script:
    """The same items each time, with the time in their guids, or in their links that have no guid beside them."""
    turns = count()
    same = rss(*TITLES)

    def answer(_: Request) -> Reply:
        body = same
        if what == "guids":
            return Reply(body=body.replace(b">tag:", b">tag:%d:" % next(turns)), headers=XML)
        body = body.replace(b"</link>", b"?t=%d</link>" % (1_790_000_000 + next(turns)))
        return Reply(body=body.replace(b"<guid", b"<other").replace(b"</guid", b"</other"), headers=XML)

    return answer


REPEATING: dict[str, Script] = {
    "reshuffled": reshuffled,
    "rewritten guids": renewed("guids"),
    "stamped links": renewed("links"),
}


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    made = Newsroom(tmp_path, dict(SETTINGS))
    yield made
    made.close()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[HostileServers]:
    (tmp_path / "tls").mkdir()
    with HostileServers(tmp_path / "tls") as running:
        yield running


class Weight:
    """How many files a process has open and how much memory it takes, noted again and again."""

    def __init__(self, pid: int) -> None:
        self._proc = Path(f"/proc/{pid}")
        self.files: list[int] = []
        self.kib: list[int] = []

    def note(self) -> None:
        status = (self._proc / "status").read_text()
        self.kib.append(int(status.partition("VmRSS:")[2].split()[0]))
        self.files.append(sum(1 for _ in (self._proc / "fd").iterdir()))

    def thirds(self, noted: list[int]) -> tuple[float, float]:
        """The median of the first and of the last third."""
        third = len(noted) // 3
        return median(noted[:third]), median(noted[-third:])


def test_good_feeds_are_read_on_time_and_alerts_arrive_while_all_around_misbehave(
    newsroom: Newsroom, servers: HostileServers
) -> None:
    good = {f"good-{number}": servers.plain.url("/", host=host) for number, host in enumerate(servers.good)}
    for number, answer in enumerate(REPEATING.values(), 1):
        servers.plain.script(f"/same/{number}", answer)
    same = {slug(name): servers.plain.url(f"/same/{number}") for number, name in enumerate(REPEATING, 1)}
    bad = {slug(fault.name): servers.url(fault) for fault in servers.faults}

    with SlackServer() as slack, SmtpServer() as smtp:
        newsroom.settings |= {
            "SSL_CERT_FILE": str(servers.ca),
            "MONITOR_SLACK_TOKEN": slack.token,
            "MONITOR_SLACK_API_URL": slack.api,
            "MONITOR_SMTP_HOST": "127.0.0.1",
            "MONITOR_SMTP_PORT": str(smtp.port),
            "MONITOR_SMTP_SECURITY": "none",
            "MONITOR_SMTP_FROM": "desk@example.org",
        }
        targets = '"file:out", "slack:#desk", "email:one@example.org"'
        newsroom.watch(bad | same | good, targets=targets, default="1s")
        daemon = newsroom.start()
        last = servers.good[-1]
        newsroom.wait_for(lambda: len(servers.asked(last)) >= 4, "the first rounds")

        weight = Weight(daemon.pid)
        servers.plain.script(f"{last}/", servers.feed(*TITLES, ALERT))
        began = time.monotonic()
        arrived: dict[str, float] = {}
        while time.monotonic() < began + WATCHED or len(arrived) < 3:
            weight.note()
            here = {"file": ALERT in newsroom.told(), "slack": bool(slack.messages), "mail": bool(smtp.messages)}
            arrived = {way: time.monotonic() - began for way in here if here[way]} | arrived
            assert time.monotonic() < began + 60, f"the alert arrived at {arrived} only"
            time.sleep(0.2)
        ending = newsroom.stop(daemon)

    assert max(arrived.values()) < 20, arrived
    assert ending < 10
    assert "Traceback" not in newsroom.log()
    assert _largest_gaps(newsroom, good) < 10
    files, kib = weight.thirds(weight.files), weight.thirds(weight.kib)
    assert files[1] <= files[0] + 10
    assert kib[1] <= kib[0] + 20_000
    _assert_asked_with_restraint(newsroom, servers)
    kept = dict(newsroom.select("SELECT feed, count(*) FROM items GROUP BY feed"))
    assert {feed: kept[feed] for feed in same} == dict.fromkeys(same, len(TITLES)), "no flood of what is known"


def _largest_gaps(newsroom: Newsroom, feeds: dict[str, str]) -> float:
    """The longest time, in seconds, that any of these feeds was not asked."""
    times: dict[str, list[float]] = {feed: [] for feed in feeds}
    for feed, at in newsroom.select("SELECT feed, (julianday(at) - 2440587.5) * 86400 FROM polls ORDER BY at"):
        if feed in times:
            times[feed].append(at)
    assert min(map(len, times.values())) >= 5
    return max(later - earlier for found in times.values() for earlier, later in pairwise(found))


def _assert_asked_with_restraint(newsroom: Newsroom, servers: HostileServers) -> None:
    """Who says no is asked less and less, who says never not at all."""
    polls = dict(newsroom.select("SELECT feed, count(*) FROM polls GROUP BY feed"))
    asked = {fault.name: len(servers.asked(servers.host(fault))) for fault in servers.faults}
    once = ("410", "429 in seconds", "429 by date", "503 with Retry-After", "silent", "drip of the head")
    assert {name: asked[name] for name in once} == dict.fromkeys(once, 1)
    failing = [fault for fault in servers.faults if fault.outcome in {"http", "empty", "not-a-feed", "tls", "connect"}]
    assert max(polls[slug(fault.name)] for fault in failing) <= 7
