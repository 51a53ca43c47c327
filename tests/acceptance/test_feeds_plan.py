"""`monitor feeds plan`: what comes in the next hour, for people and for machines."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command import complaint, monitor, rows, said

from monitor.adapters.store import open_store
from monitor.core.model import FeedState, Habits, Hold

M = timedelta(minutes=1)
FEEDS = """
feeds:
  - {id: coast, url: 'https://coast.example/rss'}
  - {id: harbour, url: 'https://coast.example/harbour', every: 5m}
  - {id: mountain, url: 'https://mountain.example/rss'}
  - {id: valley, url: 'https://valley.example/rss'}
  - {id: lost, url: 'https://lost.example/rss'}
  - {id: off, url: 'https://off.example/rss', enabled: false}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    now = datetime.now(UTC)
    busy = Habits(hours=(9.0,) * 168, learnt=1.0, learnt_until=now, window=50)
    store = open_store(tmp_path / "data" / "monitor.db")
    for name, path, more in (
        ("coast", "coast.example/rss", {"next_poll_at": now + 2 * M, "habits": busy}),
        ("harbour", "coast.example/harbour", {"next_poll_at": now + 4 * M}),
        ("mountain", "mountain.example/rss", {"next_poll_at": now + 9 * M, "failures": 3}),
        ("valley", "valley.example/rss", {"next_poll_at": now + 2 * M}),
        ("lost", "lost.example/rss", {"gone": True}),
    ):
        store.feeds.save(FeedState(name, url=f"https://{path}", last_poll_at=now - M, **more))
    store.feeds.hold(Hold("valley.example", now + 30 * M))
    store.close()
    return tmp_path


def test_it_shows_times_bars_hosts_and_reasons(home: Path) -> None:
    text = said(monitor("feeds", "plan", cwd=home))
    first, bars, scale, hosts, *table = text.splitlines()
    assert "of 4 feeds until" in first
    assert "1 gone for good" in first
    assert set(bars.split(" ", 1)[1].rstrip("|")) <= set(" ▁▂▃▄▅▆▇█")
    assert len(bars) == len("08:00 ") + 60 + 1
    assert "polls on average, at most" in scale
    assert hosts.startswith("busiest hosts: coast.example ")
    shown = "\n".join(table)
    assert shown.index("coast.example") < shown.index("mountain") < shown.index("valley")
    for reason in (
        "publishes about 9 an hour at this time",
        "every 5 min, as feeds.yaml says",
        "backing off: 3 failures in a row",
        "valley.example asked to be left alone until",
    ):
        assert reason in shown
    assert "off.example" not in text


def test_a_long_list_is_cut_and_says_so(home: Path) -> None:
    done = monitor("feeds", "plan", "--limit", "1", cwd=home)
    assert "harbour" not in said(done)
    assert "and 3 feeds more: --limit 0 shows all" in done.stderr.decode()


def test_machines_get_all_of_it_as_one_object(home: Path) -> None:
    (found,) = rows(monitor("feeds", "plan", "--hours", "2", "--json", cwd=home).stdout)
    assert len(found["minutes"]) == 120
    assert sum(found["minutes"]) == found["polls"] == sum(found["hosts"].values())
    assert [one["feed"] for one in found["feeds"]] == ["coast", "harbour", "mountain", "valley"]
    assert found["gone"] == 1
    assert {"feed", "host", "at", "polls", "reason"} == set(found["feeds"][0])


def test_without_a_database_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    assert "monitor" in complaint(monitor("feeds", "plan", cwd=tmp_path))
