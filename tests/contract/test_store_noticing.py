"""The log of troubles, the daily figures, and what the archive finds by headline and link."""

from dataclasses import replace
from datetime import timedelta

from support.stored import NOW, count, delivery, digest, hours, item, queued

from monitor.adapters.store import SqliteStore
from monitor.adapters.store.archive import EDITIONS_KEPT, RECALLED
from monitor.core import likeness, novelty
from monitor.core.model import FeedSpec, FeedState, Habits, Item, Novelty, Trouble, TroubleKind
from monitor.core.novelty import Document


def read(store: SqliteStore, *items: Item, at: float = 0) -> list[Novelty]:
    """One document on its way through the archive."""
    document = Document(items)
    document.meet(store.archive.known(items[0].feed, document.keys))
    document.recall(store.archive.recall(document.marks()))
    decisions = document.decide(store.archive.wordings(document.doubtful()))
    store.archive.save(decisions, hours(at))
    return [decision.novelty for decision in decisions]


def article(number: int = 1, **fields: str) -> Item:
    return replace(
        item(f"guid:{number}", f"Задержан житель Образцовска, дело {number}", link=f"https://primer.example/{number}"),
        **fields,  # type: ignore[arg-type]
    )


# --- recognition ------------------------------------------------------------------------------------------


def test_rewritten_guids_are_known_again_and_the_item_goes_on_being_seen(store: SqliteStore) -> None:
    assert read(store, *map(article, range(5))) == [Novelty.NEW] * 5
    again = [replace(article(n), key=f"guid:{n}-rewritten") for n in range(5)]
    assert read(store, *again, at=5) == [Novelty.SEEN] * 5
    assert count(store, "items") == 5
    assert store.upkeep.prune(hours(4)) == 0, "all five were in the feed an hour ago"


def test_marks_are_of_a_feed_and_follow_an_edit(store: SqliteStore) -> None:
    read(store, article())
    old = likeness.marks("sample-ru", article().title, article().link)
    assert [known.key for known in store.archive.recall([old[0]])[old[0]]] == ["guid:1"]
    other = likeness.marks("other", article().title, article().link)
    assert store.archive.recall([mark for mark in other if mark]) == {}
    read(store, article(title="Дело закрыто за отсутствием события"))
    now = likeness.marks("sample-ru", "Дело закрыто за отсутствием события", article().link)
    assert set(store.archive.recall([now[0]])) == {now[0]}
    assert store.archive.recall([old[0]]) == {}


def test_of_a_headline_that_comes_daily_only_the_newest_are_looked_at(store: SqliteStore) -> None:
    for n in range(12):
        same = article(n, title="Курс валют на сегодня", summary=f"Курс дня {n}")
        read(store, replace(same, published=NOW + timedelta(days=n)), at=n)
    mark = likeness.marks("sample-ru", "Курс валют на сегодня", "")[0]
    assert mark is not None
    found = store.archive.recall([mark])[mark]
    assert sorted(known.key for known in found) == sorted(f"guid:{n}" for n in range(12 - RECALLED, 12))


def test_wordings_tell_the_text_and_the_hashes_of_all_before(store: SqliteStore) -> None:
    first, second = article(summary="Первая версия."), article(summary="Вторая версия.")
    read(store, first)
    read(store, second, at=1)
    (known,) = store.archive.known("sample-ru", ["guid:1"]).values()
    wording = store.archive.wordings([known.id, 99])[known.id]
    assert (wording.summary, wording.editions) == ("Вторая версия.", (novelty.content_hash(first),))
    assert [(e.summary, e.replaced_at) for e in store.archive.editions(known.id)] == [("Первая версия.", hours(1))]


def test_a_page_that_is_never_the_same_keeps_its_first_and_its_last_wordings(store: SqliteStore) -> None:
    for n in range(EDITIONS_KEPT + 10):
        read(store, article(summary=f"Версия {'абвгд'[n % 5] * (n + 1)}"), at=n)
    (known,) = store.archive.known("sample-ru", ["guid:1"]).values()
    kept = store.archive.editions(known.id)
    assert len(kept) == EDITIONS_KEPT
    assert kept[0].summary == "Версия а"
    assert kept[-1].summary == f"Версия {'абвгд'[58 % 5] * 59}"


# --- troubles ---------------------------------------------------------------------------------------------


def test_troubles_come_back_with_the_state_of_their_feed(store: SqliteStore) -> None:
    troubles = (
        Trouble(TroubleKind.BROKEN, "no answer «…»", NOW, hours(1)),
        Trouble(TroubleKind.SILENT, "nothing new", hours(-3)),
    )
    state = FeedState("a", "https://a.example/", habits=Habits(language="ru"), troubles=troubles)
    store.feeds.save(state)
    assert store.feeds.states()["a"] == state
    store.feeds.save(replace(state, troubles=()), state)
    assert store.feeds.states()["a"].troubles == ()


def test_a_notice_is_told_in_the_period_in_which_it_begins_and_in_the_one_in_which_it_ends(store: SqliteStore) -> None:
    store.feeds.begin("a", Trouble(TroubleKind.BROKEN, "no answer", hours(1)))
    store.feeds.begin("a", Trouble(TroubleKind.MOVED, "elsewhere", hours(2)))
    store.feeds.end("a", TroubleKind.BROKEN, hours(30))
    first, second, third = (store.feeds.notices(hours(n), hours(n + 24)) for n in (0, 24, 48))
    assert [(n.kind, n.ended_at) for n in first] == [(TroubleKind.MOVED, None), (TroubleKind.BROKEN, hours(30))]
    assert [n.kind for n in second] == [TroubleKind.BROKEN]
    assert third == []


def test_old_notices_go_with_the_rest_but_what_lasts_stays(store: SqliteStore) -> None:
    store.feeds.begin("a", Trouble(TroubleKind.BROKEN, "no answer", hours(-99)))
    store.feeds.end("a", TroubleKind.BROKEN, hours(-90))
    store.feeds.begin("a", Trouble(TroubleKind.MOVED, "elsewhere", hours(-80)))
    store.upkeep.prune(hours(-50))
    assert [notice.kind for notice in store.feeds.notices(hours(-100), NOW)] == [TroubleKind.MOVED]


def test_health_counts_each_feed_once_by_its_first_trouble(store: SqliteStore) -> None:
    for feed, kinds in (("a", ["broken", "moved"]), ("b", ["broken"]), ("c", [])):
        troubles = tuple(Trouble(TroubleKind(kind), "x", NOW) for kind in kinds)
        store.feeds.save(FeedState(feed, failures=3, troubles=troubles))
    figures = store.health(NOW)
    assert figures["feeds_in_trouble"] == {"broken": 2}
    assert figures["feeds_failing"] == 1


def test_coverage_counts_standing_troubles_and_marks_what_was_told(store: SqliteStore) -> None:
    specs = [FeedSpec(feed, f"https://{feed}.example/") for feed in ("a", "b")]
    trouble = Trouble(TroubleKind.BROKEN, "no answer", NOW)
    store.feeds.save(FeedState("a", failures=5, last_error="no answer", troubles=(trouble,)))
    store.feeds.save(FeedState("b", failures=5, last_error="no answer"))
    store.feeds.save(FeedState("removed", troubles=(trouble,)))
    coverage = store.archive.coverage(specs, hours(-24), NOW)
    assert [(each.feed, each.told) for each in coverage.broken] == [("a", True), ("b", False)]
    assert coverage.standing == ((TroubleKind.BROKEN, 1),)


# --- figures ----------------------------------------------------------------------------------------------


def test_daily_figures_are_of_calendar_days_and_leave_out_feeds_that_brought_nothing(store: SqliteStore) -> None:
    for feed, at, new in (("a", 0, 3), ("a", -1, 2), ("a", -24, 7), ("a", -24 * 20, 9), ("b", -2, 0)):
        store.feeds.record_poll(feed, hours(at), "ok", new=new)
    assert store.feeds.daily(3, NOW) == {"a": (0, 7, 5)}
    assert store.feeds.brought("a", hours(-2)) == 5
    assert store.feeds.brought("nowhere", hours(-2)) == 0


def test_a_digest_is_heard_only_where_it_was_queued_for_somebody(store: SqliteStore) -> None:
    assert store.digests.last_heard("morning") is None
    queued(store, delivery(), at=NOW)
    store.digests.close(digest(at=hours(24)), [], [], hours(24))
    assert store.digests.last_heard("morning") == NOW
    assert store.digests.last_sent("morning") == hours(24)
