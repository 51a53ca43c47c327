"""How the feeds do and how items were edited, by the installed command on a database of two weeks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command import monitor, rows, said

from monitor.adapters.store import open_store
from monitor.core.model import (
    Decision,
    FeedState,
    Habits,
    Item,
    Novelty,
    Trouble,
    TroubleKind,
)

FEEDS = """
feeds:
  - {id: steady, url: "https://steady.example/rss", language: ru}
  - {id: broken, url: "https://broken.example/rss"}
  - {id: quiet, url: "https://quiet.example/rss"}
  - {id: stumbling, url: "https://stumbling.example/rss"}
  - {id: fresh, url: "https://fresh.example/rss"}
"""
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which five feeds were watched."""
    home = tmp_path_factory.mktemp("health")
    (home / "feeds.yaml").write_text(FEEDS, "utf-8")
    (home / "rules.yaml").write_text("rules:\n  - {id: any, title: Any, match: порт}\n", "utf-8")
    now = datetime.now(UTC)
    well = FeedState(
        "steady",
        "https://steady.example/rss",
        first_success_at=now - 40 * DAY,
        last_poll_at=now,
        last_success_at=now,
        last_item_at=now,
        habits=Habits(hours=(1.0,) * 168, learnt=2.0, learnt_until=now),
    )
    broken = Trouble(TroubleKind.BROKEN, "not read since yesterday: no answer. Try a proxy", now - DAY)
    silent = Trouble(TroubleKind.SILENT, "nothing new for a week. See its site", now - DAY, now - timedelta(hours=1))
    store = open_store(home / "data" / "monitor.db")
    with store.transaction():
        store.feeds.save(well)
        failing = {"failures": 7, "last_error": "no answer", "last_success_at": now - 3 * DAY}
        store.feeds.save(replace(well, feed="broken", troubles=(broken,), **failing))
        store.feeds.save(replace(well, feed="quiet", troubles=(silent,)))
        store.feeds.save(replace(well, feed="stumbling", failures=1, last_error="the server answered 503"))
        for days in range(14):
            store.feeds.record_poll("steady", now - days * DAY, "ok", new=20 - days)
            store.feeds.record_poll("quiet", now - days * DAY, "ok", new=0 if days < 7 else 5)
        old = Item("steady", "k", "Порт закрыт", "Порт закрыт. Причина неизвестна.", seen_at=now)
        new = replace(old, title="Порт открыт", summary="Порт закрыт. Причина: шторм.")
        store.archive.save([Decision(old, Novelty.NEW, "", "1")], now)
        store.archive.save([Decision(new, Novelty.EDITED, "", "2", 1)], now)
    store.close()
    return home


def test_the_worst_comes_first_with_its_bars_its_rhythm_and_what_to_do(home: Path) -> None:
    lines = said(monitor("feeds", "health", cwd=home)).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["broken", "quiet", "stumbling", "fresh", "steady"]
    assert "two weeks" in lines[0]
    assert "not read since yesterday: no answer. Try a proxy" in lines[1]
    assert "broken: not read" not in lines[1], "the state says so"
    assert "(looks well since 1 h ago)" in lines[2]
    assert "▅▅▅▅▅▅▅▁▁▁▁▁▁▁".replace("▅", "█") in lines[2]
    assert "the server answered 503" in lines[3]
    assert "not read yet" in lines[4]
    assert "about 12 a day" in lines[5]
    bars = next(word for word in lines[5].split() if "█" in word)
    assert len(bars) == 14
    assert bars.endswith("█"), "today is the last day"


def test_only_those_that_are_not_well_and_how_many_that_are(home: Path) -> None:
    result = monitor("feeds", "health", "--failing", cwd=home)
    assert "steady" not in said(result)
    assert "5 feeds: 1 well, 1 broken, 1 silent, 1 failing, 1 not read yet" in result.stderr.decode()


def test_json_has_all_of_it(home: Path) -> None:
    found = {row["id"]: row for row in rows(monitor("feeds", "health", "--json", cwd=home).stdout)}
    (trouble,) = found["broken"]["troubles"]
    assert (found["broken"]["state"], trouble["kind"]) == ("broken", "broken")
    assert datetime.fromisoformat(found["quiet"]["troubles"][0]["looks_well_since"]).tzinfo
    assert found["steady"]["new_items_a_day"] == list(range(7, 21))
    assert found["steady"]["usually"] == "about 12 a day"
    assert found["fresh"]["new_items_a_day"] == [0] * 14


def test_a_narrow_terminal_gets_lines_that_fit_and_colours_only_where_wanted(home: Path) -> None:
    narrow = {"FORCE_COLOR": "1", "COLUMNS": "60", "TERM": "xterm-256color"}
    coloured = said(monitor("feeds", "health", cwd=home, env=narrow))
    assert "\x1b[1;31mbroken" in coloured
    plain = said(monitor("feeds", "health", cwd=home, env=narrow | {"NO_COLOR": "1"}))
    assert "\x1b[1;31m" not in plain
    assert "\x1b[3" not in plain, "no colour at all"


def test_the_daemon_s_health_counts_the_troubles(home: Path) -> None:
    result = monitor("health", cwd=home)
    assert "4 feeds: 1 broken, 1 silent, 1 failing (see monitor feeds health)" in result.stdout.decode()


def test_an_item_s_edits_are_shown_by_sentences(home: Path) -> None:
    shown = said(monitor("items", "--editions", "1", cwd=home))
    assert "    - Порт закрыт\n    + Порт открыт\n" in shown
    assert "    - Причина неизвестна.\n    + Причина: шторм.\n" in shown
    (edit,) = rows(monitor("items", "--editions", "1", "--json", cwd=home).stdout)
    assert [change["field"] for change in edit["changes"]] == ["title", "summary"]
    assert "there is no item 99" in monitor("items", "--editions", "99", cwd=home).stderr.decode()
