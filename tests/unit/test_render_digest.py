"""What a reader of each form gets to see of a digest, and what nobody may make it show."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support import samples
from support.seen import every_form, html_text, one, seen, tree
from support.slack_server import complaints

from monitor.adapters.deliver.render import render_html, render_slack, render_text
from monitor.core.model import Carrier, Coverage, Digest, Ownership, Segment, StoryStatus

# --- what every form tells --------------------------------------------------------------------------------


@every_form
@pytest.mark.parametrize(
    "what",
    [
        "Russia–China desk, morning digest",
        "Second espionage case opened on the coast",
        "Tuesday 24 November 2026, 08:00 Tokyo (UTC+9)",
        "3 stories from 11 reports",
        "Russian 7, Chinese 2, English 2",
        "since Friday 08:00",
        "7 reports",
        samples.digest().stories[0].headline,
        "espionage · arrest · citizen of China · FSB",
        "First: Пример-Ъ (Russia, independent) Sun 21:12",
        "English after 1 h 42 min, Chinese after 9 h",
        "told Friday; headline changed",
        "The Sample Times",
        "Second Chinese national held in coastal spy case",
        "also: Лента-Образец, Вестник-Пример and 1 more",
        "заключил под стражу",
        "espionage-arrests",
        "арестовал, заключил под стражу",
        "61 of 64 feeds read, 1,204 polls, 8,912 items, last at 07:58",
        "63 feeds were due, 2 failed; unusually quiet: 2 Russian, 1 Chinese.",
        "Russian 26 of 29",
        "Образец-Восток (certificate expired, since Sat 20:00)",
        "6 reports below medium",
        "unknown term $amur",
        "Wednesday 25 November, 08:00 Tokyo",
    ],
)
def test_every_form_tells_all_of_the_digest(form: str, what: str) -> None:
    assert what in seen(form, samples.digest())


@every_form
def test_a_changed_headline_shows_old_and_new(form: str) -> None:
    text = seen(form, samples.digest()).replace(" ", "")
    assert "50" in text
    assert "40亿立方米" in text


@every_form
def test_a_sample_says_so_first(form: str) -> None:
    sample = seen(form, replace(samples.digest(), sample=True))
    assert "invented" in sample[:400]
    assert "invented" not in seen(form, samples.digest())


@every_form
def test_an_empty_digest_says_that_nothing_was_found_and_what_was_watched(form: str) -> None:
    text = seen(form, samples.empty())
    assert "Nothing was found since Friday 20 November, 08:00 Tokyo." in text
    assert "8,912 items from 61 of 64 feeds were read" in text
    assert "This says nothing of the 3 feeds that were not read; see “Not heard” below." in text


@every_form
def test_an_empty_digest_of_a_time_in_which_nothing_was_due_says_so(form: str) -> None:
    coverage = Coverage(feeds=2, feeds_read=2, by_language=(("ru", 2, 2),))
    text = seen(form, replace(samples.empty(), coverage=coverage))
    assert "No feed was asked in this time; 2 of 2 feeds had nothing due." in text
    assert "This says nothing of" not in text
    one_late = seen(form, replace(samples.empty(), coverage=replace(coverage, feeds_read=1)))
    assert "This says nothing of the 1 feed that was not read." in one_late, "there is nothing to see below"


@every_form
def test_an_empty_digest_with_something_left_out_does_not_claim_silence(form: str) -> None:
    text = seen(form, replace(samples.empty(), left_out=(("below medium", 2),)))
    assert "Nothing was found" not in text
    assert "2 reports below medium" in text


@every_form
def test_a_digest_without_feeds_admits_it(form: str) -> None:
    coverage = replace(samples.coverage(), feeds=0, feeds_read=0, broken=())
    assert "No feed is enabled" in seen(form, replace(samples.empty(), coverage=coverage))


@every_form
def test_a_story_known_from_one_report_is_not_told_twice(form: str) -> None:
    text = seen(form, one(samples.tumen()))
    assert text.count("Sample Coast Daily") == 1


@every_form
def test_many_broken_feeds_are_counted_not_hidden(form: str) -> None:
    trouble = samples.coverage().broken[0]
    coverage = replace(samples.coverage(), broken=tuple(replace(trouble, label=f"Feed {n}") for n in range(50)))
    text = seen(form, replace(samples.digest(), coverage=coverage))
    assert "Feed 19" in text
    assert "and 30 more feeds" in text


def test_feeds_without_a_language_are_counted_as_such() -> None:
    coverage = Coverage(feeds=3, feeds_read=3, by_language=(("ru", 2, 2), ("und", 1, 1)))
    text = " ".join(render_text(replace(samples.digest(), coverage=coverage)).split())
    assert "no language given 1 of 1" in text


# --- what is said of a story ------------------------------------------------------------------------------


def carrier(outlet: str, hours: float, language: str = "ru", owner: Ownership = Ownership.PRIVATE) -> Carrier:
    return Carrier(outlet, f"{outlet} reports", "", samples.AT - timedelta(hours=hours), language, "RU", owner)


def meta(*carriers: Carrier, **changes: Any) -> str:
    text = html_text(one(replace(samples.tumen(), carriers=carriers, **changes)))
    return text.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("carriers", "claim", "made", "reason"),
    [
        ([carrier("A", 9), carrier("B", 8), carrier("C", 7)], "no state outlet yet", True, "all owners known"),
        ([carrier("A", 9), carrier("B", 8)], "no state outlet yet", False, "two outlets prove nothing"),
        (
            [carrier("A", 9), carrier("B", 8), carrier("C", 7, owner=Ownership.UNKNOWN)],
            "no state outlet yet",
            False,
            "one owner is unknown",
        ),
        (
            [carrier("A", 9), carrier("B", 8), replace(carrier("C", 7), copies=2)],
            "no state outlet yet",
            False,
            "who copied is unknown",
        ),
        (
            [carrier("A", 9, owner=Ownership.STATE), carrier("B", 8, owner=Ownership.STATE)],
            "state outlets only",
            True,
            "both are",
        ),
        ([carrier("A", 9, owner=Ownership.STATE), carrier("B", 8)], "state outlets only", False, "one is not"),
        ([carrier("A", 9), carrier("B", 8, "zh")], "nothing in English for 9 h", True, "told in others for long"),
        ([carrier("A", 5), carrier("B", 4, "zh")], "nothing in English", False, "too early to say"),
        ([carrier("A", 9), carrier("B", 8, "en")], "nothing in English", False, "it is in English"),
        ([carrier("A", 9), carrier("B", 8)], "2 reports by 2 outlets", True, "counted"),
        (
            [carrier("A", 9), replace(carrier("B", 8), copies=3)],
            "5 reports by",
            False,
            "the copies' outlets are unknown",
        ),
        (
            [carrier("A", 9), replace(carrier("B", 8), copies=3, copies_of=("A", "C"))],
            "5 reports by 3 outlets",
            True,
            "the copies' outlets are known",
        ),
    ],
)
def test_claims_about_who_tells_a_story_are_made_only_when_known(
    carriers: list[Carrier], claim: str, made: bool, reason: str
) -> None:
    assert (claim in meta(*carriers)) is made, reason


COPIES = [
    (1, ("Лента",), "; also: Лента", "who copied is named"),
    (3, ("Лента",), "; also: Лента and 2 more", "further reports of the same outlets are counted"),
    (9, tuple("CDEFGHIJK"), "; also: C, D, E, F, G, H and 3 more", "a long list is shortened"),
    (1, ("<b>&Co",), "; also: <b>&Co", "a name is no mark-up"),
    (2, (), "; and 2 more with the same headline", "nobody else, or nobody known"),
]


@every_form
@pytest.mark.parametrize(("count", "outlets", "said", "why"), COPIES, ids=[row[3] for row in COPIES])
def test_copies_of_a_headline_are_named(form: str, count: int, outlets: tuple[str, ...], said: str, why: str) -> None:
    copied = replace(carrier("A", 9), copies=count, copies_of=outlets)
    text = seen(form, one(replace(samples.tumen(), carriers=(copied,))))
    assert said in " ".join(text.split()), why


@every_form
def test_a_rule_whose_reports_all_came_on_one_day_has_no_bars(form: str) -> None:
    topics = samples.digest().topics
    first = replace(topics[0], daily=(0,) * 6 + (4,))
    text = seen(form, replace(samples.digest(), topics=(first,)))
    assert "first reports" in text
    assert "▁" not in text, "nothing to compare"
    assert "7 days" not in text, "no bars, no caption"
    both = seen(form, replace(samples.digest(), topics=(first, replace(topics[0], daily=(1,) * 6 + (4,)))))
    assert "█" in both
    assert "7 days" in both


def test_an_undated_report_is_not_given_a_date() -> None:
    assert "No usable date, first read: A" in meta(carrier("A", 9), undated=True)


def test_a_story_told_before_says_so() -> None:
    assert "told before; more reports" in meta(carrier("A", 9), status=StoryStatus.MORE)


# --- HTML -------------------------------------------------------------------------------------------------


def test_html_has_one_headline_then_one_heading_a_story_and_none_skipped() -> None:
    levels = [int(node.tag[1]) for node in tree(samples.digest()).css("h1,h2,h3,h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert set(levels[1:]) == {2}
    assert len(tree(samples.digest()).css(".story h2")) == 3


def test_foreign_words_carry_their_language() -> None:
    stories = tree(samples.digest()).css(".story")
    assert [story.css_first("h2").attributes["lang"] for story in stories] == ["ru", "zh", "en"]
    assert stories[0].css_first(".snip").attributes["lang"] == "ru"
    assert [node.attributes.get("lang") for node in stories[0].css(".car .h")] == ["en", "ru", "zh"]


def test_a_headline_made_of_the_first_story_is_read_in_its_language() -> None:
    first = samples.espionage()
    named = tree(replace(samples.digest(), headline=f"{first.headline}; 2 more stories"))
    assert named.css_first("h1").attributes["lang"] == "ru"
    assert "lang" not in tree(samples.digest()).css_first("h1").attributes


def test_words_of_the_rules_are_marked() -> None:
    story = tree(samples.digest()).css_first(".story")
    assert [mark.text() for mark in story.css(".snip mark")] == ["заключил под стражу", "гражданина Китая", "шпионаже"]
    assert [mark.text() for mark in story.css("h2 mark")] == ["арестовал", "гражданина КНР", "шпионаже"]


def test_marks_side_by_side_are_one() -> None:
    story = replace(samples.tumen(), snippet=(Segment("中国", True), Segment("公民", True), Segment("被捕")))
    assert [mark.text() for mark in tree(one(story)).css(".snip mark")] == ["中国公民"]
    assert "*中国公民*被捕" in render_text(one(story))


def test_changes_are_deletions_and_insertions() -> None:
    change = tree(samples.digest()).css_first(".chg")
    assert (change.css_first("del").text(), change.css_first("ins").text()) == ("50", "40")


def test_a_change_is_in_the_language_of_its_own_report() -> None:
    assert [node.attributes["lang"] for node in tree(samples.digest()).css(".chg")] == ["zh", "ru"]


def test_nothing_is_loaded_from_anywhere() -> None:
    html = render_html(samples.digest())
    assert tree(samples.digest()).css("img,script,link,iframe,object,video,form") == []
    assert "url(" not in html
    assert "@import" not in html


def test_styles_are_inlined_and_only_the_responsive_ones_remain_a_sheet() -> None:
    page = tree(samples.digest())
    (sheet,) = page.css("style")
    assert "prefers-color-scheme:dark" in sheet.text()
    assert "max-width:480px" in sheet.text()
    assert all("style" in node.attributes for node in page.css("h1,h2,.snip,.sev,.meta,mark"))


def test_the_encoding_is_declared_where_browsers_look_for_it() -> None:
    assert b'charset="utf-8"' in render_html(samples.digest()).encode()[:1024]


def test_small_pictures_are_told_in_words_too() -> None:
    labels = [node.attributes["aria-label"] for node in tree(samples.digest()).css(".spark")]
    assert labels[0] == "Last 30 days: 14 reports, at most 5 in a day"


def test_the_glance_leads_to_its_stories() -> None:
    page = tree(samples.digest())
    for link in page.css(".glance a"):
        assert page.css_first(str(link.attributes["href"])) is not None


# --- what nobody may make it show -------------------------------------------------------------------------

ATTACK = (
    '<script>alert(1)</script><img src=x onerror=alert(1)>" onmouseover="x {{ 7*7 }} {% raw %} <!channel> *b* & \u202e'
)


def attacked() -> Digest:
    story = samples.tumen()
    evil = replace(
        story,
        headline=ATTACK,
        headline_marks=(Segment(ATTACK, True),),
        snippet=(Segment(ATTACK), Segment(ATTACK, True)),
        link="javascript:alert(1)",
        language='"><script>',
        gloss=(ATTACK,),
        changes=((ATTACK, ATTACK + "!"),),
        carriers=tuple(replace(story.carriers[0], outlet=ATTACK, title=f"{n}{ATTACK}", link="data:x,y") for n in "12"),
    )
    return replace(samples.digest(), title=ATTACK, headline=ATTACK, stories=(evil,), notes=(ATTACK,))


def test_no_text_becomes_markup() -> None:
    page = tree(attacked())
    assert page.css("script,img") == []
    assert [n for n in page.css("*") if any(name.startswith("on") for name in n.attributes)] == []
    assert "{{ 7*7 }}" in html_text(attacked())
    assert "\u202e" not in render_html(attacked()) + render_text(attacked())


def test_only_web_links_survive() -> None:
    hrefs = [str(node.attributes["href"]) for node in tree(attacked()).css("a")]
    assert [href for href in hrefs if not href.startswith(("http://", "https://", "#"))] == []
    assert "javascript:" not in json.dumps(render_slack(attacked()))


def test_nobody_can_call_a_channel_together_in_slack() -> None:
    for message in render_slack(attacked()):
        assert complaints(dict(message)) == []
        assert "<!channel>" not in json.dumps([message["text"], mrkdwn(message)])


def mrkdwn(node: Any) -> list[str]:
    """Every text in which Slack reads mark-up."""
    if isinstance(node, dict):
        return [node["text"]] if node.get("type") == "mrkdwn" else [t for child in node.values() for t in mrkdwn(child)]
    return [text for child in node for text in mrkdwn(child)] if isinstance(node, list) else []


def test_what_sources_write_never_stands_where_slack_reads_markup() -> None:
    quiet = [mrkdwn(dict(message)) for message in render_slack(replace(samples.digest(), notes=("*",)))]
    loud = [mrkdwn(dict(message)) for message in render_slack(replace(attacked(), stories=attacked().stories * 3))]
    assert quiet == loud  # titles of the foot, whatever the news


def test_slack_escapes_three_characters_and_no_others() -> None:
    headline = "Q&A: \"a<b\" > 'c' *d* _e_ ~f~"
    (message,) = render_slack(replace(samples.digest(), headline=headline))
    assert str(message["text"]).startswith("Q&amp;A: \"a&lt;b\" &gt; 'c' *d* _e_ ~f~ (")
