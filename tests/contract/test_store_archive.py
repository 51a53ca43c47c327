"""The desk of everything read: items, editions, stories, hits."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.stored import NOW, count, decided, hit, hours, item, queued, saved_hits

from monitor.adapters.store import SqliteStore, open_store
from monitor.core.model import Item, Known, Novelty, RuleStatus, Severity, Story
from monitor.errors import StoreError

EDITED = Novelty.EDITED
SEEN = Novelty.SEEN


def stored_item(store: SqliteStore, key: str = "a") -> Item:
    """The item as a hit on it shows it."""
    item_id = store.archive.known("sample-ru", [key])[key].id
    story = store.archive.save_story(Story(0, frozenset(), "t", NOW, NOW))
    ids = store.archive.save_hits(item_id, story.id, [hit("probe")], NOW)
    return store.archive.hits(ids.values())[0].item


# --- items ------------------------------------------------------------------------------------------------


def test_an_item_comes_back_with_every_field_as_it_was(store: SqliteStore) -> None:
    store.archive.save([decided(item())], NOW)
    assert stored_item(store) == item()


def test_an_item_without_a_time_of_sight_gets_the_time_of_saving(store: SqliteStore) -> None:
    store.archive.save([decided(item(seen_at=None))], hours(3))
    assert stored_item(store).seen_at == hours(3)


def test_times_of_any_zone_come_back_as_the_same_moment_in_utc(store: SqliteStore) -> None:
    tokyo = timezone(timedelta(hours=9))
    store.archive.save([decided(item(published=datetime(2026, 3, 2, 16, tzinfo=tokyo)))], NOW)
    published = stored_item(store).published
    assert published == datetime(2026, 3, 2, 7, tzinfo=UTC)
    assert published.tzinfo is UTC


@pytest.mark.parametrize("year", [1, 9999])
def test_a_date_at_the_end_of_time_does_not_stop_the_feed(store: SqliteStore, year: int) -> None:
    zone = timezone(timedelta(hours=9 if year == 1 else -9))
    day = datetime(1, 1, 1, tzinfo=zone) if year == 1 else datetime(9999, 12, 31, 23, tzinfo=zone)
    store.archive.save([decided(item(published=day))], NOW)
    assert stored_item(store).published.year == year


def test_a_naive_time_is_refused_because_its_zone_would_be_a_guess(store: SqliteStore) -> None:
    with pytest.raises(ValueError, match="naive"):
        store.archive.save([decided(item(published=datetime(2026, 3, 2)))], NOW)  # noqa: DTZ001
    assert count(store, "items") == 0


def test_known_tells_of_asked_items_only_and_not_of_another_feeds(store: SqliteStore) -> None:
    ids = store.archive.save([decided(item("a"), content_hash="h1"), decided(item("b"), content_hash="h2")], NOW)
    store.archive.save([decided(item("c", feed="other"))], NOW)
    found = store.archive.known("sample-ru", ["b", "c", "nowhere"])
    assert found == {"b": Known(ids["b"], "b", "h2", item("b").title, item("b").link, item("b").published)}
    assert store.archive.known("sample-ru", []) == {}


def test_the_same_key_in_two_feeds_is_two_items(store: SqliteStore) -> None:
    first = store.archive.save([decided(item("a"))], NOW)
    second = store.archive.save([decided(item("a", feed="other"))], NOW)
    assert first["a"] != second["a"]


def test_an_item_called_new_twice_is_stored_once(store: SqliteStore) -> None:
    first = store.archive.save([decided(item("a")), decided(item("a"))], NOW)
    assert store.archive.save([decided(item("a"))], NOW) == first
    assert count(store, "items") == 1


def test_saving_gives_the_ids_of_new_edited_and_seen_alike(store: SqliteStore) -> None:
    before = store.archive.save([decided(item("a")), decided(item("b"))], NOW)
    after = store.archive.save(
        [decided(item("a", title="Иной"), EDITED), decided(item("b"), SEEN), decided(item("c"))], hours(1)
    )
    assert {key: after[key] for key in "ab"} == before
    assert set(after) == {"a", "b", "c"}
    assert store.archive.save([], NOW) == {}


def test_an_edition_replaces_the_text_and_keeps_the_old_one_with_the_time(store: SqliteStore) -> None:
    old = item("a", title="Цена 40 млрд", summary="было", content="старое")
    new = item("a", title="Цена 50 млрд", summary="стало", content="новое", published=hours(1), categories=("рынок",))
    store.archive.save([decided(old)], NOW)
    store.archive.save([decided(replace(new, seen_at=hours(2)), EDITED)], hours(2))
    assert stored_item(store) == replace(new, seen_at=NOW), "first sight stays"
    rows = store.connection.execute("SELECT title, summary, content, replaced_at FROM editions").fetchall()
    assert rows == [("Цена 40 млрд", "было", "старое", "2026-03-02T10:00:00.123456Z")]


def test_an_edition_with_the_same_content_is_no_edition(store: SqliteStore) -> None:
    store.archive.save([decided(item("a"), content_hash="h")], NOW)
    store.archive.save([decided(item("a"), EDITED, content_hash="h")], hours(1))
    assert count(store, "editions") == 0


def test_a_seen_item_changes_nothing_but_the_time_it_was_last_seen(store: SqliteStore) -> None:
    store.archive.save([decided(item("a"))], NOW)
    store.archive.save([decided(item("a", title="not looked at"), SEEN)], hours(7))
    assert stored_item(store) == item("a")
    assert store.connection.execute("SELECT last_seen_at FROM sightings").fetchall() == [
        ("2026-03-02T15:00:00.123456Z",)
    ]


def test_five_thousand_items_of_one_feed_are_no_special_case(store: SqliteStore) -> None:
    ids = store.archive.save([decided(item(f"k{n}")) for n in range(5000)], NOW)
    assert len(ids) == 5000
    assert len(store.archive.known("sample-ru", ids)) == 5000


@settings(deadline=None)
@given(st.text(st.characters(codec=None), min_size=1))
@example("\ud800")
@example("a\x00b")
@example("'\"; --")
def test_any_text_can_be_kept_and_keeps_its_length(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    store = open_store(tmp_path_factory.getbasetemp() / "any-item.db")
    try:
        each = item(text, title=text, summary=text, content=text, categories=(text,))
        known = store.archive.known("sample-ru", [text])
        ids = store.archive.save([decided(each, Novelty.EDITED if known else Novelty.NEW, "h")], NOW)
        assert set(ids) == {text}
        assert not known or known[text].id == ids[text]
        (title, kept) = store.connection.execute(
            "SELECT title, categories FROM items WHERE id = ?", (ids[text],)
        ).fetchone()
        assert len(title) == len(json.loads(kept)[0]) == len(text)
    finally:
        store.close()


# --- stories ----------------------------------------------------------------------------------------------


def story(*keys: str, title: str = "Мост через реку", first: float = 0, last: float = 0, id: int = 0) -> Story:  # noqa: A002
    return Story(id, frozenset(keys), title, hours(first), hours(last))


def test_a_story_is_found_by_any_of_its_keys(store: SqliteStore) -> None:
    saved = store.archive.save_story(story("link:x", "title:y"))
    assert saved.id > 0
    assert store.archive.find_stories(["title:y", "link:else"], hours(-1)) == [saved]
    assert store.archive.find_stories(["title:else"], hours(-1)) == []
    assert store.archive.find_stories([], hours(-1)) == []


def test_a_story_without_a_report_since_then_is_over(store: SqliteStore) -> None:
    saved = store.archive.save_story(story("k", last=-10))
    assert store.archive.find_stories(["k"], hours(-10)) == [saved]
    assert store.archive.find_stories(["k"], hours(-9)) == []


def test_a_key_may_belong_to_an_old_and_a_new_story(store: SqliteStore) -> None:
    old = store.archive.save_story(story("k", last=-500))
    new = store.archive.save_story(story("k"))
    assert store.archive.find_stories(["k"], hours(-900)) == [old, new], "the one reported on last comes last"
    assert store.archive.find_stories(["k"], hours(-9)) == [new]


def test_saving_a_known_story_updates_it_and_adds_its_keys(store: SqliteStore) -> None:
    first = store.archive.save_story(story("a"))
    merged = story("a", "b", title="Мост открыт", first=-1, last=2, id=first.id)
    assert store.archive.save_story(merged) == merged
    assert store.archive.find_stories(["b"], NOW) == [merged]
    assert count(store, "stories") == 1


def test_a_story_that_does_not_exist_is_not_updated_in_silence(store: SqliteStore) -> None:
    with pytest.raises(StoreError, match="no story 77"):
        store.archive.save_story(story("a", id=77))
    assert count(store, "story_keys") == 0


# --- hits -------------------------------------------------------------------------------------------------


def test_a_hit_comes_back_with_its_item_evidence_and_gloss(store: SqliteStore) -> None:
    (hit_id,) = saved_hits(store, "a")
    (stored,) = store.archive.hits([hit_id])
    assert (stored.id, stored.hit, stored.item, stored.at) == (hit_id, hit(), item("a"), NOW)
    assert (stored.edited, stored.previous_title) == (False, None)


def test_hits_come_in_order_of_time_and_unknown_ids_are_absent(store: SqliteStore) -> None:
    late = saved_hits(store, "a", at=hours(2))
    early = saved_hits(store, "b", "c", at=hours(1))
    assert [each.id for each in store.archive.hits([*late, *early, 999])] == [*early, *late]


def test_a_rule_fires_on_an_item_once_and_a_later_finding_updates_the_hit(store: SqliteStore) -> None:
    item_id = store.archive.save([decided(item())], NOW)["a"]
    one, two = (store.archive.save_story(story(key)).id for key in "xy")
    first = store.archive.save_hits(item_id, one, [hit()], NOW)
    louder = hit(severity=Severity.CRITICAL, score=9.0, evidence=(), gloss=(), status=RuleStatus.SHADOW)
    assert store.archive.save_hits(item_id, two, [louder], hours(4), edited=True) == first
    (stored,) = store.archive.hits(first.values())
    assert (stored.hit, stored.story_id, stored.edited) == (louder, two, True)
    assert stored.at == NOW, "the time of the first finding stays"
    assert count(store, "hits") == 1


def test_a_hit_once_marked_as_edited_stays_so(store: SqliteStore) -> None:
    item_id = store.archive.save([decided(item())], NOW)["a"]
    story_id = store.archive.save_story(story("x")).id
    ids = store.archive.save_hits(item_id, story_id, [hit()], NOW, edited=True)
    store.archive.save_hits(item_id, story_id, [hit()], NOW, edited=False)
    assert store.archive.hits(ids.values())[0].edited


def test_saving_hits_gives_the_ids_of_the_given_rules_only(store: SqliteStore) -> None:
    item_id = store.archive.save([decided(item())], NOW)["a"]
    story_id = store.archive.save_story(story("x")).id
    store.archive.save_hits(item_id, story_id, [hit("one")], NOW)
    assert set(store.archive.save_hits(item_id, story_id, [hit("two"), hit("three")], NOW)) == {"two", "three"}
    assert store.archive.hit_rules(item_id) == {"one", "two", "three"}
    assert store.archive.hit_rules(item_id + 1) == frozenset()
    assert store.archive.save_hits(item_id, story_id, [], NOW) == {}


@pytest.mark.parametrize(("item_id", "story_id"), [(99, 1), (1, 99)], ids=["no item", "no story"])
def test_a_hit_on_nothing_is_refused(store: SqliteStore, item_id: int, story_id: int) -> None:
    saved_hits(store, "a")
    with pytest.raises(StoreError, match="break a reference"):
        store.archive.save_hits(item_id, story_id, [hit("other")], NOW)


def test_the_previous_title_is_that_of_the_last_edition_where_it_differs(store: SqliteStore) -> None:
    (hit_id,) = saved_hits(store, "a", title="Первый")

    def previous() -> str | None:
        return store.archive.hits([hit_id])[0].previous_title

    assert previous() is None, "never edited"
    store.archive.save([decided(item("a", title="Второй"), EDITED)], hours(1))
    assert previous() == "Первый"
    store.archive.save([decided(item("a", title="Третий"), EDITED)], hours(2))
    assert previous() == "Второй"
    store.archive.save([decided(item("a", title="Третий", summary="иначе"), EDITED)], hours(3))
    assert previous() is None, "the last edit left the title as it was"


def test_stories_told_are_those_of_hits_that_this_digest_told(store: SqliteStore) -> None:
    told, waiting = saved_hits(store, "a", "b")
    stories = {each.id: each.story_id for each in store.archive.hits([told, waiting])}
    store.digests.wait("morning", [told, waiting], NOW)
    queued(store, hit_ids=[told])
    assert store.archive.story_ids_told("morning", stories.values()) == {stories[told]}
    assert store.archive.story_ids_told("evening", stories.values()) == frozenset()
    assert store.archive.story_ids_told("morning", []) == frozenset()
