"""Rows for a person: what the command line lists."""

import json

import pytest
from support.stored import ALERTS, NOW, decided, delivery, hit, hours, item, queued, saved_hits

from monitor.adapters.store import SqliteStore
from monitor.adapters.store.codec import stamp
from monitor.core.model import FeedState, Novelty, Severity, Story

ARTICLES = [
    item("spy", "Задержан ШПИОН во Владивостоке", published=hours(-1), language="ru"),
    item("zh", "滨海抓获间谍", summary="图们江出海", published=hours(-2), language="zh-Hans", feed="sample-zh"),
    item("hedge", "Пойман ёжик", summary="", published=hours(-3), language="ru"),
    item("en", "Ｇazprom 100% signs", summary="", published=None, seen_at=hours(-4), language="en", feed="sample-en"),
    item("future", "Завтра", summary="", published=hours(50), seen_at=hours(-5), language=None),
]


@pytest.fixture
def archive(store: SqliteStore) -> SqliteStore:
    for article in ARTICLES:
        store.archive.save([decided(article)], article.seen_at or NOW)
    return store


FILTERS = [
    ({}, ["spy", "zh", "hedge", "en", "future"], "newest first; undated and future ones by when they were seen"),
    ({"text": "шпион"}, ["spy"], "Cyrillic case is ignored"),
    ({"text": "Шпион Во"}, ["spy"], "the text is a phrase"),
    ({"text": "间谍"}, ["zh"], "two Han characters are found"),
    ({"text": "出海"}, ["zh"], "the summary is searched"),
    ({"text": "ежик"}, ["hedge"], "ё is е"),
    ({"text": "gazprom"}, ["en"], "full-width letters are letters"),
    ({"text": "100%"}, ["en"], "a wildcard of SQL is only a character"),
    ({"text": "полный текст"}, [], "the body is not searched"),
    ({"text": ""}, ["spy", "zh", "hedge", "en", "future"], "no text is no filter"),
    ({"language": "zh"}, ["zh"], "a language covers its variants"),
    ({"language": "ru", "text": "ежик"}, ["hedge"], "filters add up"),
    ({"feed": "sample-ru"}, ["spy", "hedge", "future"], "by feed"),
    ({"feed": None, "text": None}, ["spy", "zh", "hedge", "en", "future"], "None is no filter"),
    ({"since": hours(-2)}, ["spy", "zh"], "since is included"),
    ({"until": hours(-3)}, ["en", "future"], "until is not"),
    ({"feed": "' OR 1=1 --"}, [], "what a person types is never SQL"),
]


@pytest.mark.parametrize(("filters", "expected", "reason"), FILTERS, ids=[row[2] for row in FILTERS])
def test_items_are_filtered(
    archive: SqliteStore, filters: dict[str, str | None], expected: list[str], reason: str
) -> None:
    titles = {article.title: article.key for article in ARTICLES}
    assert [titles[str(row["title"])] for row in archive.query_items(**filters)] == expected


def test_a_limit_cuts_and_a_negative_one_does_not(archive: SqliteStore) -> None:
    assert len(list(archive.query_items(limit=2))) == 2
    assert len(list(archive.query_items(limit=-1))) == 5


@pytest.mark.parametrize("query", ["query_items", "query_hits", "query_outbox"])
def test_an_unknown_filter_is_refused_at_once(store: SqliteStore, query: str) -> None:
    with pytest.raises(ValueError, match="colour"):
        getattr(store, query)(colour="red")


def test_an_item_row_is_ready_for_json_and_names_its_rules_and_editions(store: SqliteStore) -> None:
    saved_hits(store, "a", rules=["one", "two"])
    store.archive.save([decided(item("a", title="Иначе"), Novelty.EDITED)], hours(1))
    (row,) = store.query_items()
    assert json.loads(json.dumps(row)) == row
    assert row == {
        "id": 1,
        "feed": "sample-ru",
        "at": "2026-03-02T06:00:00.123456Z",
        "title": "Иначе",
        "summary": item().summary,
        "link": "https://primer.example/a",
        "author": "И. Примерова",
        "language": "ru",
        "published": "2026-03-02T06:00:00.123456Z",
        "seen_at": "2026-03-02T08:00:00.123456Z",
        "edited_at": "2026-03-02T09:00:00.123456Z",
        "editions": 1,
        "rules": ["one", "two"],
    }


def test_a_hit_row_says_which_words_and_who_was_told(store: SqliteStore) -> None:
    (hit_id,) = saved_hits(store, "a")
    store.digests.wait("morning", [hit_id], NOW)
    queued(store, hit_ids=[hit_id])
    (row,) = store.query_hits()
    assert json.loads(json.dumps(row)) == row
    assert row["evidence"] == [
        {
            "term": e.term,
            "label": e.label,
            "entity": e.entity,
            "text": e.text,
            "field": e.field,
            "start": e.start,
            "end": e.end,
        }
        for e in hit().evidence
    ]
    assert (row["gloss"], row["told"], row["edited"]) == (["arrest", "espionage"], ["morning"], False)


def test_a_hit_row_says_what_each_digest_did_with_it(store: SqliteStore) -> None:
    (hit_id,) = saved_hits(store, "a")
    store.digests.wait("morning", [hit_id], NOW)
    store.digests.leave_out("flash", hit_id, "more than 48 hours old", NOW)
    store.digests.wait("evening", [hit_id], NOW)
    store.digests.set_aside("evening", [hit_id], "silenced until Fri 08:00: known", hours(1))
    store.digests.wait("weekly", [hit_id], hours(2))

    def outcomes() -> list[tuple[object, ...]]:
        (row,) = store.query_hits()
        assert json.loads(json.dumps(row)) == row
        return [tuple(one.values()) for one in row["outcomes"]]  # type: ignore[attr-defined]

    left = [
        ("flash", "left_out", stamp(NOW), "more than 48 hours old", None, {}),
        ("evening", "silenced", stamp(hours(1)), "silenced until Fri 08:00: known", None, {}),
        ("weekly", "waiting", stamp(hours(2)), "", None, {}),
    ]
    assert outcomes() == [left[0], ("morning", "waiting", stamp(NOW), "", None, {}), *left[1:]]
    queued(store, delivery(), hit_ids=[hit_id], at=hours(3))
    assert outcomes() == [*left, ("morning", "told", stamp(hours(3)), "", None, {"queued": 1})]


def test_what_was_left_out_is_still_known_after_a_digest_counted_it_and_counted_anew_when_it_comes_again(
    store: SqliteStore,
) -> None:
    (hit_id,) = saved_hits(store, "a")
    store.digests.leave_out("morning", hit_id, "more than 48 hours old", NOW)
    queued(store, delivery(), at=hours(1))
    (row,) = store.query_hits()
    (one,) = row["outcomes"]  # type: ignore[misc, attr-defined]
    assert (one["at"], one["reason"], one["counted_at"]) == (stamp(NOW), "more than 48 hours old", stamp(hours(1)))
    assert store.digests.left_out("morning") == ()
    store.digests.leave_out("morning", hit_id, "from rules on trial", hours(2))
    assert store.digests.left_out("morning") == (("from rules on trial", 1),)
    (row,) = store.query_hits()
    (one,) = row["outcomes"]  # type: ignore[misc, attr-defined]
    assert (one["at"], one["counted_at"]) == (stamp(hours(2)), None)


HIT_FILTERS = [
    ({}, ["loud", "quiet"]),
    ({"rule": "quiet"}, ["quiet"]),
    ({"severity": "critical"}, ["loud"]),
    ({"severity": Severity.LOW}, ["quiet"]),
    ({"feed": "sample-ru"}, ["loud", "quiet"]),
    ({"feed": "sample-zh"}, []),
    ({"language": "ru"}, ["loud", "quiet"]),
    ({"since": hours(1)}, ["loud"]),
    ({"until": hours(1)}, ["quiet"]),
    ({"story": "1"}, ["loud", "quiet"]),
    ({"story": "2"}, []),
    ({"text": item().title.upper()}, ["loud", "quiet"]),
    ({"text": "nowhere to be read"}, []),
    ({"status": "live"}, ["loud", "quiet"]),
    ({"status": "shadow"}, []),
    ({"digest": "morning"}, ["loud"]),
    ({"digest": "evening"}, []),
]


@pytest.mark.parametrize(("filters", "expected"), HIT_FILTERS, ids=[str(row[0]) for row in HIT_FILTERS])
def test_hits_are_filtered(store: SqliteStore, filters: dict[str, str], expected: list[str]) -> None:
    item_id = store.archive.save([decided(item())], NOW)["a"]
    story = store.archive.save_story(Story(0, frozenset(), "t", NOW, NOW)).id
    store.archive.save_hits(item_id, story, [hit("quiet", severity=Severity.LOW)], NOW)
    told = store.archive.save_hits(item_id, story, [hit("loud", severity=Severity.CRITICAL)], hours(1))
    queued(store, hit_ids=[told["loud"]])
    assert [row["rule"] for row in store.query_hits(**filters)] == expected


def test_outbox_rows_are_filtered_and_show_what_a_person_asks_for(store: SqliteStore) -> None:
    queued(store, delivery(), delivery(ALERTS, body={"text": "Сводка"}))
    queued(store, delivery(run="run-2", digest="evening", created_at=hours(1)), at=hours(1))
    store.outbox.attempt(delivery().key, hours(2))
    store.outbox.failed(delivery().key, "550 no such user", None, hours(2))
    rows = list(store.query_outbox())
    assert [row["key"] for row in rows] == [delivery(run="run-2").key, delivery().key, delivery(ALERTS).key]
    assert json.loads(json.dumps(rows)) == rows
    assert [row["subject"] for row in rows] == ["Новости 1", "Новости 1", "Сводка"]
    (parked,) = store.query_outbox(state="parked")
    assert (parked["error"], parked["attempts"], parked["attempted_at"]) == (
        "550 no such user",
        1,
        "2026-03-02T10:00:00.123456Z",
    )
    assert len(list(store.query_outbox(digest="evening"))) == 1
    assert len(list(store.query_outbox(channel="slack"))) == 1


def test_health_gives_the_figures_of_the_house(store: SqliteStore) -> None:
    store.feeds.save(FeedState("late", next_poll_at=hours(-1), last_poll_at=hours(-2), last_success_at=hours(-2)))
    store.feeds.save(FeedState("broken", failures=3, next_poll_at=hours(2), last_poll_at=NOW))
    store.feeds.save(FeedState("gone", gone=True, next_poll_at=hours(-9)))
    hit_ids = saved_hits(store, "a", "b")
    store.digests.wait("morning", hit_ids, NOW)
    queued(store, delivery(), delivery(ALERTS), hit_ids=hit_ids[:1])
    figures = store.health(NOW)
    size = figures.pop("database_bytes")
    assert isinstance(size, int)
    assert size > 4096
    assert json.loads(json.dumps(figures)) == {
        "feeds": 3,
        "feeds_failing": 1,
        "feeds_gone": 1,
        "feeds_overdue": 1,
        "last_poll_at": "2026-03-02T08:00:00.123456Z",
        "last_success_at": "2026-03-02T06:00:00.123456Z",
        "next_poll_at": "2026-03-02T07:00:00.123456Z",
        "hits_waiting": 1,
        "oldest_unsent_at": "2026-03-02T08:00:00.123456Z",
        "recipients_refusing": 0,
        "deliveries": {"queued": 2, "sending": 0, "sent": 0, "parked": 0},
        "feeds_in_trouble": {},
    }
