"""Hits become stories in the order in which a reader wants them, each saying why it is here."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.digest import compose
from monitor.core.model import (
    Coverage,
    Digest,
    DigestSpec,
    Evidence,
    FeedSpec,
    Hit,
    Item,
    Ownership,
    RuleInfo,
    Segment,
    Severity,
    StoredHit,
    StoryStatus,
    Target,
)
from monitor.core.snippet import DENSE_LENGTH, LENGTH, clip, mark, snippet

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
H = timedelta(hours=1)
SPEC = DigestSpec("morning", ("*",), (Target("console", ""),), at="0 8 * * *", timezone="Asia/Tokyo", title="Morning")
FEEDS = {
    "primer": FeedSpec("primer", "", "Пример-Ъ", language="ru", country="RU", ownership=Ownership.INDEPENDENT),
    "obrazec": FeedSpec("obrazec", "", "Образец", language="ru", country="RU", ownership=Ownership.STATE),
    "times": FeedSpec("times", "", "The Sample Times", language="en", country="GB", ownership=Ownership.PRIVATE),
    "yangli": FeedSpec("yangli", "", "样例新闻网", language="zh", country="CN"),
}
RULES = {
    "spies": RuleInfo("spies", "Espionage arrests", Severity.CRITICAL),
    "tumen": RuleInfo("tumen", "Tumen passage", Severity.MEDIUM),
}
COVERAGE = Coverage(feeds=64, feeds_read=61)


def evidence(item: Item, *words: str) -> tuple[Evidence, ...]:
    """Every first place of these words in the item."""
    places = []
    for word in words:
        for field in ("title", "summary", "content"):
            start = getattr(item, field).find(word)
            if start >= 0:
                places.append(Evidence(word.lower(), f"<{word}>", None, word, field, start, start + len(word)))
    return tuple(places)


def report(
    hit_id: int,
    *,
    story: int = 1,
    feed: str = "primer",
    title: str = "Суд арестовал шпиона",
    summary: str = "",
    hours: float = 1,
    rule: str = "spies",
    severity: Severity = Severity.HIGH,
    words: Sequence[str] = (),
    item_id: int | None = None,
    gloss: tuple[str, ...] = (),
    old: str | None = None,
    undated: bool = False,
) -> StoredHit:
    item = Item(
        feed, f"k{item_id or hit_id}", title, summary, link=f"https://{feed}.example/{item_id or hit_id}",
        published=None if undated else NOW - hours * H, seen_at=NOW - hours * H,
    )  # fmt: skip
    hit = Hit(rule, severity, 1.0, evidence(item, *words), gloss=gloss)
    return StoredHit(hit_id, item_id or hit_id, story, hit, item, NOW, old is not None, old)


def digest(*hits: StoredHit, told: Sequence[int] = (), **more: object) -> Digest:
    given = {"daily": {}, "since": NOW - 24 * H, "next_at": None, **more}
    return compose(
        SPEC, hits, feeds=FEEDS, rules=RULES, told=frozenset(told), coverage=COVERAGE, now=NOW,
        **given,  # type: ignore[arg-type]
    )  # fmt: skip


def order(*hits: StoredHit, told: Sequence[int] = ()) -> list[int]:
    return [story.story_id for story in digest(*hits, told=told).stories]


# --- order ------------------------------------------------------------------------------------------------


def test_the_gravest_story_comes_first() -> None:
    low, critical, medium = (
        report(n, story=n, severity=s) for n, s in enumerate((Severity.LOW, Severity.CRITICAL, Severity.MEDIUM), 1)
    )
    assert order(low, critical, medium) == [2, 3, 1]


def test_among_equals_new_stories_come_before_changed_ones_and_those_before_more_of_the_same() -> None:
    hits = report(1, story=1), report(2, story=2, old="Суд отпустил шпиона"), report(3, story=3)
    found = digest(*hits, told=(1, 2))
    assert [(s.story_id, s.status) for s in found.stories] == [
        (3, StoryStatus.NEW),
        (2, StoryStatus.CHANGED),
        (1, StoryStatus.MORE),
    ]


def test_then_the_story_of_more_outlets_comes_first_then_of_more_languages_then_the_newest() -> None:
    two_outlets = report(1, story=1, hours=9), report(2, story=1, feed="obrazec", hours=9)
    two_languages = report(3, story=2, hours=9), report(4, story=2, feed="times", hours=9)
    fresh, stale = report(5, story=3, hours=1), report(6, story=4, hours=2)
    assert order(*two_outlets, *two_languages, stale, fresh) == [2, 1, 3, 4]


def test_two_reports_of_one_outlet_are_no_breadth() -> None:
    twice = report(1, story=1, hours=5), report(2, story=1, hours=6, title="Ещё раз")
    assert order(*twice, report(3, story=2, hours=1)) == [2, 1]


def test_the_order_does_not_depend_on_the_order_of_the_hits() -> None:
    hits = [report(n, story=n % 3, feed=f, hours=1) for n, f in enumerate(["primer", "times", "yangli", "obrazec"], 1)]
    assert digest(*hits) == digest(*reversed(hits))


# --- a story ----------------------------------------------------------------------------------------------


def test_a_story_speaks_through_its_earliest_report_that_is_as_grave_as_itself() -> None:
    mild = report(1, hours=9, title="Слухи о задержании", severity=Severity.LOW)
    first = report(2, hours=5, title="Суд арестовал шпиона", feed="obrazec")
    later = report(3, hours=2, title="Court holds spy", feed="times")
    (story,) = digest(later, mild, first).stories
    assert (story.headline, story.link, story.language) == ("Суд арестовал шпиона", "https://obrazec.example/2", "ru")
    assert story.severity is Severity.HIGH
    assert [c.title for c in story.carriers] == ["Слухи о задержании", "Суд арестовал шпиона", "Court holds spy"]


def test_a_story_names_the_hits_a_mark_can_be_laid_on_the_gravest_of_its_lead_first() -> None:
    first = report(1, hours=9, severity=Severity.MEDIUM)
    lead = report(2, hours=5, title="Шпион задержан", severity=Severity.HIGH)
    (story,) = digest(first, lead).stories
    assert story.hit_ids == (lead.id, first.id)


def test_carriers_say_who_they_are_and_come_in_order_of_time() -> None:
    (story,) = digest(report(1, feed="times", hours=2, title="Court holds spy"), report(2, hours=5)).stories
    first, second = story.carriers
    assert (first.outlet, first.language, first.country, first.ownership, first.at) == (
        "Пример-Ъ", "ru", "RU", Ownership.INDEPENDENT, NOW - 5 * H,
    )  # fmt: skip
    assert (second.outlet, second.link) == ("The Sample Times", "https://times.example/1")


def test_reports_with_the_same_headline_are_folded_into_the_earliest() -> None:
    hits = (
        report(1, hours=5),
        report(2, feed="obrazec", hours=4, title="Суд арестовал «шпиона»"),
        report(3, feed="times", hours=3, title="Court holds spy"),
        report(4, feed="yangli", hours=2, title="СУД АРЕСТОВАЛ ШПИОНА"),
    )
    (story,) = digest(*hits).stories
    assert [(c.outlet, c.copies, c.copies_of) for c in story.carriers] == [
        ("Пример-Ъ", 2, ("Образец", "样例新闻网")),
        ("The Sample Times", 0, ()),
    ]


def test_an_outlet_that_repeats_itself_is_counted_and_named_once() -> None:
    hits = (report(1, hours=5), report(2, hours=4), report(3, feed="times", hours=3), report(4, feed="times", hours=2))
    (carrier,) = digest(*hits).stories[0].carriers
    assert (carrier.outlet, carrier.copies, carrier.copies_of) == ("Пример-Ъ", 3, ("The Sample Times",))


def test_reports_without_a_headline_are_not_copies_of_one_another() -> None:
    (story,) = digest(report(1, title=""), report(2, title="", feed="times")).stories
    assert [c.copies for c in story.carriers] == [0, 0]


def test_a_feed_that_was_removed_is_shown_by_its_id() -> None:
    (story,) = digest(report(1, feed="bygone")).stories
    (carrier,) = story.carriers
    assert (carrier.outlet, carrier.ownership, story.language) == ("bygone", Ownership.UNKNOWN, None)


def test_every_rule_is_a_reason_with_its_words_the_gravest_first() -> None:
    title = "Шпион задержан у реки Туманной"
    hits = (
        report(1, item_id=7, title=title, rule="tumen", severity=Severity.MEDIUM, words=["Туманной"]),
        report(2, item_id=7, title=title, rule="spies", severity=Severity.CRITICAL, words=["Шпион", "задержан"]),
        report(3, title="Spy held on the Tumen", feed="times", rule="spies", words=["Spy", "held"], hours=0),
    )
    (story,) = digest(*hits).stories
    assert [(r.rule, r.title, r.severity) for r in story.reasons] == [
        ("spies", "Espionage arrests", Severity.CRITICAL),
        ("tumen", "Tumen passage", Severity.MEDIUM),
    ]
    assert [place.text for place in story.reasons[0].evidence] == ["Шпион", "задержан", "Spy", "held"]


def test_a_word_found_twice_is_one_reason() -> None:
    hits = report(1, words=["Суд"]), report(2, feed="times", words=["Суд"])
    (story,) = digest(*hits).stories
    assert [place.text for place in story.reasons[0].evidence] == ["Суд"]


def test_a_rule_that_was_removed_is_named_by_its_id() -> None:
    found = digest(report(1, rule="bygone"))
    assert (found.stories[0].reasons[0].title, found.topics[0].title) == ("bygone", "bygone")


def test_the_gloss_gathers_labels_of_the_lead_first_and_falls_back_to_the_evidence() -> None:
    hits = (
        report(1, hours=5, gloss=("espionage", "arrest")),
        report(2, hours=4, feed="times", gloss=("arrest", "FSB")),
        report(3, hours=3, feed="yangli", title="Суд в Москве", words=["Суд"]),
    )
    (story,) = digest(*hits).stories
    assert story.gloss == ("espionage", "arrest", "FSB", "<Суд>")


def test_the_gloss_names_things_before_ideas_and_nothing_twice() -> None:
    entity = Evidence("fsb", "FSB", "organisation", "ФСБ", "title", 0, 3)
    first = report(1, hours=5, gloss=("Moscow", "FSB", "arrest", "crime of espionage"))
    first = replace(first, hit=replace(first.hit, evidence=(entity,)))
    other = report(2, hours=4, feed="times", gloss=("China", "FSB", "Espionage", "arrest"))
    (story,) = digest(first, other).stories
    assert story.gloss == ("Moscow", "FSB", "China", "arrest", "crime of espionage"), "what stands before FSB is a name"


def test_a_changed_headline_is_shown_with_both_wordings() -> None:
    (story,) = digest(report(1, title="Добыча 40 млрд", old="Добыча 50 млрд"), told=[1]).stories
    assert (story.status, story.changes) == (StoryStatus.CHANGED, (("Добыча 50 млрд", "Добыча 40 млрд"),))


def test_a_story_never_told_is_new_even_if_its_headline_was_changed() -> None:
    (story,) = digest(report(1, old="Суд отпустил шпиона")).stories
    assert (story.status, len(story.changes)) == (StoryStatus.NEW, 1)


def test_another_comma_is_no_change() -> None:
    (story,) = digest(report(1, title="Суд арестовал, шпиона", old="суд арестовал шпиона"), told=[1]).stories
    assert (story.status, story.changes) == (StoryStatus.MORE, ())


def test_an_undated_report_is_marked_and_stands_at_the_time_it_was_seen() -> None:
    (story,) = digest(report(1, undated=True, hours=3)).stories
    assert (story.undated, story.carriers[0].at) == (True, NOW - 3 * H)
    assert not digest(report(1)).stories[0].undated


def test_the_headline_is_marked_where_words_were_found() -> None:
    (story,) = digest(report(1, words=["арестовал"])).stories
    assert story.headline_marks == (Segment("Суд "), Segment("арестовал", True), Segment(" шпиона"))


# --- the whole --------------------------------------------------------------------------------------------


def test_topics_count_stories_and_reports_of_each_rule() -> None:
    hits = (
        report(1, story=1, item_id=1, severity=Severity.CRITICAL),
        report(2, story=1, item_id=2, feed="times", severity=Severity.CRITICAL),
        report(3, story=2, item_id=3, rule="tumen", severity=Severity.MEDIUM),
        report(4, story=1, item_id=1, rule="tumen", severity=Severity.MEDIUM),
    )
    topics = digest(*hits, daily={"spies": (0, 2), "tumen": (1, 2), "other": (9, 9)}).topics
    assert [(t.rule, t.title, t.stories, t.reports, t.daily) for t in topics] == [
        ("spies", "Espionage arrests", 1, 2, (0, 2)),
        ("tumen", "Tumen passage", 2, 2, (1, 2)),
    ]


def test_the_headline_says_the_news() -> None:
    hits = [report(n, story=n, title=f"Новость {n}", hours=n) for n in range(1, 6)]
    assert digest(hits[0]).headline == "Новость 1"
    assert digest(*hits[:2]).headline == "Новость 1; Новость 2"
    assert digest(*hits[:3]).headline == "Новость 1; Новость 2; 1 more story"
    assert digest(*hits).headline == "Новость 1; Новость 2; 3 more stories"


def test_the_headline_is_one_short_line() -> None:
    found = digest(report(1, title="Суд\nв Москве " + "очень " * 50), report(2, story=2, title=" "))
    assert "\n" not in found.headline
    assert found.headline.endswith("очень…; (no headline)")
    assert len(found.headline) < 100


def test_an_empty_digest_says_that_and_how_much_was_watched() -> None:
    found = digest()
    assert (found.headline, found.stories, found.topics) == ("Nothing to report; 61 of 64 feeds read", (), ())


def test_what_was_left_out_and_watched_is_passed_on_as_given() -> None:
    left_out, notes = (("from rules on trial", 6),), ("rules.yaml refused",)
    found = digest(left_out=left_out, notes=notes, next_at=NOW + 24 * H, sample=True)
    assert (found.left_out, found.notes, found.coverage, found.sample) == (left_out, notes, COVERAGE, True)
    assert (found.spec, found.title, found.timezone) == ("morning", "Morning", "Asia/Tokyo")
    assert (found.at, found.since, found.next_at) == (NOW, NOW - 24 * H, NOW + 24 * H)


def test_a_hit_given_twice_counts_once() -> None:
    assert digest(report(1), report(1)) == digest(report(1))


# --- snippets ---------------------------------------------------------------------------------------------


def cut(item: Item, *words: str) -> str:
    """The snippet with its marks in braces."""
    return "".join(f"{{{s.text}}}" if s.marked else s.text for s in snippet(item, evidence(item, *words)))


FILLER = "Погода в крае останется прежней, обещают синоптики. " * 12


@pytest.mark.parametrize(
    ("texts", "words", "expected", "why"),
    [
        (("Суд", "Суд арестовал шпиона."), ["шпиона"], "Суд арестовал {шпиона}.", "short: whole"),
        (("Суд арестовал",), ["арестовал"], "", "only a title"),
        (("Арест", "Дело засекречено."), ["Арест"], "Дело засекречено.", "found in the title: the opening"),
        (("Арест шпиона", "Арест шпиона. Дело"), ["Арест"], "{Арест} шпиона. Дело", "repeated, but marked"),
        (("Арест в крае", "Арест в крае!"), [], "", "an opening that repeats the headline"),
        (("Суд", "", "Текст о шпионе."), ["шпионе"], "Текст о {шпионе}.", "from the content"),
        (("Суд", "Суд решил.", "Шпион и суд."), ["Шпион", "суд"], "{Шпион} и {суд}.", "denser in the content"),
        (("", "  Суд \n решил. "), ["решил"], "Суд \n {решил}.", "white space at the ends goes"),
    ],
)
def test_a_snippet_shows_where_words_were_found(
    texts: tuple[str, ...], words: list[str], expected: str, why: str
) -> None:
    assert cut(Item("f", "k", *texts), *words) == expected, why


def test_a_long_text_is_cut_around_the_words_from_the_beginning_of_their_sentence() -> None:
    text = cut(Item("f", "k", "", FILLER + "Суд арестовал шпиона. " + FILLER), "арестовал")
    assert text.startswith("…Погода в крае")
    assert "Суд {арестовал} шпиона. Погода" in text
    assert text.endswith("…")
    assert LENGTH - 40 <= len(text) <= LENGTH + 6


def test_the_place_with_most_different_terms_wins() -> None:
    text = "Шпион шпион шпион. " + FILLER + "Шпион арестован в Москве. " + FILLER
    item = Item("f", "k", "", text)
    one_word = [Evidence("spy", "spy", None, "пион", "summary", n, n + 4) for n in (1, 7, 13)]
    found = snippet(item, [*one_word, *evidence(item, "арестован", "Москве")])
    assert "арестован" in [s.text for s in found if s.marked]


def test_han_text_is_cut_by_characters() -> None:
    text = "天气预报说明天有雨。" * 30 + "中国船只驶入图们江下游。" + "天气预报说明天有雨。" * 30
    found = cut(Item("f", "k", "", text), "图们江")
    assert found.startswith("…天气预报说明天有雨。")
    assert "中国船只驶入{图们江}下游。" in found
    assert len(found) <= DENSE_LENGTH + 4


def test_overlapping_evidence_is_marked_once() -> None:
    item = Item("f", "k", "Сила Сибири – 2")
    places = [Evidence("a", "a", None, item.title[s:e], "title", s, e) for s, e in ((0, 11), (5, 15), (5, 11))]
    assert mark(item, "title", places) == (Segment("Сила Сибири – 2", True),)


def test_evidence_that_no_longer_fits_an_edited_text_marks_nothing() -> None:
    stale = Evidence("a", "a", None, "арестовал", "title", 4, 13)
    item = Item("f", "k", "Суд отпустил")
    assert mark(item, "title", [stale]) == (Segment("Суд отпустил"),)
    assert snippet(item, [stale]) == ()


def test_evidence_longer_than_a_snippet_is_shown_whole() -> None:
    long = "шпион " * 80
    assert "{" + long.strip() + "}" in cut(Item("f", "k", "", "Вот: " + long + "конец"), long.strip())


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("Court holds spy", 15, "Court holds spy"),
        ("Court holds spy", 14, "Court holds…"),
        ("Court, holds", 8, "Court…"),
        ("图们江下游通航", 14, "图们江下游通航"),
        ("图们江下游通航", 9, "图们江下…"),
        ("Verylongwordwithoutspace", 10, "Verylongw…"),
        ("", 5, ""),
    ],
)
def test_clipping_counts_columns_and_keeps_words(text: str, columns: int, expected: str) -> None:
    assert clip(text, columns) == expected
