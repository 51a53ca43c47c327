"""The workbench's desk: whole-archive reads in pages, and marks."""

from datetime import timedelta

import pytest
from support.stored import NOW, decided, hours, item, saved_hits

from monitor.adapters.store import SqliteStore, bench
from monitor.core.model import Novelty, Relevance


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "PAGE", 3)


def test_every_archived_item_comes_once_over_many_pages(store: SqliteStore) -> None:
    keys = [f"k{number}" for number in range(10)]
    ids = store.archive.save([decided(item(key)) for key in keys], NOW)
    read = list(store.bench.items())
    assert [(one_id, one.key) for one_id, one in read] == [(ids[key], key) for key in keys]
    assert store.bench.count() == 10
    assert read[0][1] == item("k0")


def test_only_items_dated_since_then_are_read(store: SqliteStore) -> None:
    for age in range(5):
        store.archive.save([decided(item(f"k{age}", published=NOW - timedelta(days=age)))], NOW)
    since = NOW - timedelta(days=2)
    assert [one.key for _, one in store.bench.items(since)] == ["k0", "k1", "k2"]
    assert store.bench.count(since) == 3


def test_an_item_is_found_by_id_and_by_link(store: SqliteStore) -> None:
    ids = store.archive.save([decided(item("a")), decided(item("b"))], NOW)
    assert store.bench.item(ids["b"]) == item("b")
    assert store.bench.item(99) is None
    assert store.bench.linked("https://primer.example/a") == item("a")
    assert store.bench.linked("https://primer.example/none") is None


def test_stored_hits_come_with_their_marks(store: SqliteStore) -> None:
    ids = saved_hits(store, "a", "b", rules=["one", "two"])
    assert store.bench.mark(ids[0], Relevance.NOISE, "a film", NOW)
    found = {(stored.hit.rule, stored.item.key): mark for stored, mark in store.bench.hits()}
    assert found == {("one", "a"): Relevance.NOISE, ("two", "a"): None, ("one", "b"): None, ("two", "b"): None}
    assert [stored.id for stored, _ in store.bench.hits(rules=["two"])] == [ids[1], ids[3]]
    assert list(store.bench.hits(NOW)) == []


def test_a_second_mark_takes_the_place_of_the_first(store: SqliteStore) -> None:
    (hit_id,) = saved_hits(store, "a")
    store.bench.mark(hit_id, Relevance.NOISE, "a film", NOW)
    store.bench.mark(hit_id, Relevance.RELEVANT, "no, a trial", hours(1))
    (marked,) = store.bench.marked()
    assert (marked.stored.id, marked.relevance, marked.why, marked.at) == (
        hit_id, Relevance.RELEVANT, "no, a trial", hours(1),
    )  # fmt: skip


def test_a_hit_that_is_not_there_can_not_be_marked(store: SqliteStore) -> None:
    assert not store.bench.mark(7, Relevance.NOISE, "", NOW)
    assert store.bench.marked() == []


def test_marks_are_asked_for_by_rule(store: SqliteStore) -> None:
    ids = saved_hits(store, *"abcde", rules=["one", "two"])
    for hit_id in ids:
        store.bench.mark(hit_id, Relevance.RELEVANT, "", NOW)
    assert [marked.stored.id for marked in store.bench.marked(["two"])] == ids[1::2]
    assert len(store.bench.marked()) == 10


def test_a_mark_outlives_an_edit_and_a_new_finding(store: SqliteStore) -> None:
    (hit_id,) = saved_hits(store, "a")
    store.bench.mark(hit_id, Relevance.RELEVANT, "", NOW)
    store.archive.save([decided(item("a", title="Иначе"), Novelty.EDITED)], hours(1))
    assert [marked.stored.item.title for marked in store.bench.marked()] == ["Иначе"]


def test_what_a_person_marked_is_kept_whatever_its_age(store: SqliteStore) -> None:
    hit_id, _ = saved_hits(store, "marked", "not", at=hours(-1000))
    store.bench.mark(hit_id, Relevance.NOISE, "", NOW)
    assert store.upkeep.prune(NOW) == 1
    assert [one.key for _, one in store.bench.items()] == ["marked"]


def test_the_archive_knows_since_when_it_watches(store: SqliteStore) -> None:
    assert store.bench.watched_since() is None
    store.archive.save([decided(item("a", seen_at=NOW)), decided(item("b", seen_at=hours(-5)))], NOW)
    assert store.bench.watched_since() == hours(-5)
