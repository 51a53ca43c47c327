"""Whatever was found: nothing is lost or doubled, the order is total, snippets are true to the text."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.digest import compose
from monitor.core.headline import fold
from monitor.core.model import (
    Coverage,
    Digest,
    DigestSpec,
    DigestStory,
    Evidence,
    FeedSpec,
    Hit,
    Item,
    RuleInfo,
    Segment,
    Severity,
    StoredHit,
)
from monitor.core.snippet import LENGTH, clip, mark, snippet

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SPEC = DigestSpec("morning", ("*",), ())
FEEDS = {name: FeedSpec(name, "", language=lang) for name, lang in (("a", "ru"), ("b", "zh"), ("c", None))}
RULES = {name: RuleInfo(name, f"Rule {name}", Severity.LOW) for name in ("r", "s")}

TEXT = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from(" \n.。,«»–图们江间谍аёe\u0301\u00ad\u200b0123")), max_size=60
)
LONG = st.lists(TEXT, max_size=12).map(" ".join)


@st.composite
def items(draw: st.DrawFn) -> Item:
    published = draw(st.none() | st.integers(-99, 9).map(lambda hours: NOW + timedelta(hours=hours)))
    return Item(
        draw(st.sampled_from(["a", "b", "c", "gone"])), "k", draw(TEXT), draw(LONG), draw(LONG),
        language=draw(st.sampled_from([None, "ru", "en"])), published=published,
        seen_at=draw(st.sampled_from([None, NOW])),
    )  # fmt: skip


@st.composite
def places(draw: st.DrawFn, item: Item) -> tuple[Evidence, ...]:
    """Evidence at true places of the item, overlapping or not, and some that fits no more."""
    found = []
    for field in draw(st.lists(st.sampled_from(["title", "summary", "content"]), max_size=6)):
        text = getattr(item, field)
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, len(text)))
        shown = draw(st.sampled_from([text[start:end], "stale"]))
        found.append(Evidence(draw(st.sampled_from("xyz")), "label", None, shown, field, start, end))
    return tuple(found)


@st.composite
def tray(draw: st.DrawFn) -> list[StoredHit]:
    """Hits as the archive gives them: several for an item, several items for a story."""
    hits: list[StoredHit] = []
    for item_id in range(draw(st.integers(0, 6))):
        item = draw(items())
        story = draw(st.integers(1, 3))
        for rule in draw(st.sets(st.sampled_from(["r", "s", "gone"]), min_size=1)):
            hit = Hit(
                rule,
                draw(st.sampled_from(Severity)),
                1.0,
                draw(places(item)),
                gloss=draw(st.sampled_from([(), ("g",)])),
            )
            old = draw(st.sampled_from([None, item.title, "an old headline"]))
            hits.append(StoredHit(len(hits) + 1, item_id, story, hit, item, NOW, old is not None, old))
    return hits  # fmt: skip


def digest(hits: Sequence[StoredHit], told: frozenset[int]) -> Digest:
    return compose(
        SPEC, hits, feeds=FEEDS, rules=RULES, told=told, daily={"r": (1,)}, coverage=Coverage(), since=None, now=NOW,
        next_at=None,
    )  # fmt: skip


TOLD = st.frozensets(st.integers(1, 3))


def reports(story: DigestStory) -> int:
    return sum(1 + carrier.copies for carrier in story.carriers)


@given(tray(), TOLD)
def test_every_hit_is_in_exactly_one_story_and_every_report_is_counted_once(
    hits: list[StoredHit], told: frozenset[int]
) -> None:
    found = digest(hits, told)
    assert sorted(story.story_id for story in found.stories) == sorted({hit.story_id for hit in hits})
    for story in found.stories:
        mine = [hit for hit in hits if hit.story_id == story.story_id]
        assert reports(story) == len({hit.item_id for hit in mine})
        assert [r.rule for r in story.reasons] == list(dict.fromkeys(r.rule for r in story.reasons))
        assert {r.rule for r in story.reasons} == {hit.hit.rule for hit in mine}
        assert story.severity.rank == max(hit.hit.severity.rank for hit in mine)
        assert story.headline in {hit.item.title for hit in mine}
    assert sum(map(reports, found.stories)) == len({hit.item_id for hit in hits})


@given(tray(), TOLD)
def test_topics_add_up(hits: list[StoredHit], told: frozenset[int]) -> None:
    found = digest(hits, told)
    assert sorted(t.rule for t in found.topics) == sorted({hit.hit.rule for hit in hits})
    for topic in found.topics:
        mine = [hit for hit in hits if hit.hit.rule == topic.rule]
        assert (topic.stories, topic.reports) == (len({h.story_id for h in mine}), len({h.item_id for h in mine}))


@given(tray(), TOLD, st.randoms(use_true_random=False))
def test_the_order_is_total_and_no_accident(hits: list[StoredHit], told: frozenset[int], chance: object) -> None:
    shuffled = list(hits)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert digest(shuffled, told) == digest(hits, told)
    ranks = [story.severity.rank for story in digest(hits, told).stories]
    assert ranks == sorted(ranks, reverse=True)


@given(tray(), TOLD)
def test_carriers_are_in_order_of_time_and_never_alike(hits: list[StoredHit], told: frozenset[int]) -> None:
    for story in digest(hits, told).stories:
        assert [c.at for c in story.carriers] == sorted(c.at for c in story.carriers)
        titles = [fold(c.title) for c in story.carriers if fold(c.title)]
        assert len(titles) == len(set(titles))


def is_stretch(segments: Sequence[Segment], text: str) -> bool:
    """Whether the segments, but for an ellipsis at either end, are a piece of the text."""
    before, after = segments[:1] == (Segment("…"),), segments[-1:] == (Segment("…"),)
    pieces = ["".join(s.text for s in segments[b : len(segments) - a]) for b in {0, before} for a in {0, after}]
    return any(piece in text for piece in pieces)


@given(st.data(), items())
def test_a_snippet_is_a_stretch_of_the_original_and_marks_only_evidence(data: st.DataObject, item: Item) -> None:
    evidence = data.draw(places(item))
    segments = snippet(item, evidence)
    assert all(segment.text for segment in segments)
    assert any(is_stretch(segments, text) for text in (item.summary, item.content))
    longest = max((len(e.text) for e in evidence), default=0)
    assert sum(len(s.text) for s in segments) <= max(LENGTH, longest) + 2
    fits = [e for e in evidence if e.field != "title" and getattr(item, e.field)[e.start : e.end] == e.text != ""]
    assert any(s.marked for s in segments) == bool(fits)


@given(st.data(), items())
def test_a_marked_headline_is_the_whole_headline(data: st.DataObject, item: Item) -> None:
    segments = mark(item, "title", data.draw(places(item)))
    assert "".join(segment.text for segment in segments) == item.title


@given(LONG, st.integers(2, 80))
def test_clipped_text_fits_and_begins_as_the_original(text: str, columns: int) -> None:
    got = clip(text, columns)
    assert len(got) <= columns or got == text
    assert got == text or (got.endswith("…") and text.startswith(got[:-1]))


@given(TEXT)
def test_folding_a_headline_twice_changes_nothing_more(title: str) -> None:
    assert fold(fold(title)) == fold(title)
