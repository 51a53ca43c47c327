"""The short text for chats and telephones: everything that counts, in few lines, and nothing that rings a bell."""

from dataclasses import replace
from datetime import timedelta

import pytest
from support import samples

from monitor.adapters.deliver.render.chat import FULL_MAX, REPORTS_MAX, chat_text
from monitor.core.model import StoryStatus

MORNING = samples.digest()


def test_it_begins_with_the_digest_and_its_readers_time() -> None:
    first, second = chat_text(MORNING).splitlines()[:2]
    assert first == "Russia–China desk, morning digest · Tue 24 Nov 08:00 Asia/Tokyo"
    assert second == "3 stories, 8 reports"


def test_each_story_says_what_where_and_why() -> None:
    block = chat_text(MORNING).split("\n\n")[3].splitlines()
    assert block[0] == "🟡 medium"
    assert block[1] == "Survey boats seen below the Tumen rail bridge, residents say"
    assert block[2] == "[Tumen River, passage to the sea]"
    assert block[4] == "Sample Coast Daily, KR, Tue 24 Nov 05:45: https://coast.example/tumen"
    assert block[5] == "Why: Chinese passage through the lower Tumen; Bridges over the border rivers"


@pytest.mark.parametrize(
    ("digest", "said"),
    [
        (replace(MORNING, by_hand=True), f"Sent by hand, {len(MORNING.stories)} alerts together"),
        (replace(MORNING, folded=14), "14 alerts came too close together"),
        (replace(MORNING, held_since=samples.AT - timedelta(hours=9), held_by="quiet hours"), "Held back since"),
        (replace(MORNING, sample=True), "SAMPLE: everything in it is invented"),
        (samples.empty(), "Nothing new"),
        (MORNING, "Before: 西伯利亚力量2号：双方就年输气量50亿立方米的价格公式仍存分歧"),
        (MORNING, "Left out: 6 below medium; 1 older than 48 h"),
        (MORNING, "Watched: 61 of 64 feeds read"),
        (MORNING, "Next: Wed 25 Nov 08:00"),
        (MORNING, "rules.yaml was edited at 06:12 and refused"),
        (samples.feeds(), "Feeds: Sample Coast moved"),
        (
            replace(MORNING, stories=(replace(samples.tumen(), status=StoryStatus.AGAIN),)),
            "medium · not acknowledged yet",
        ),
    ],
)
def test_nothing_that_matters_is_left_unsaid(digest: samples.Digest, said: str) -> None:
    assert said in chat_text(digest)


def test_reports_beyond_the_first_are_counted_and_their_outlets_named() -> None:
    text = chat_text(samples.flood(1, 12))
    assert text.count("https://primer.example/1/") == REPORTS_MAX
    assert "and 7 more reports: Пример-1-5, Пример-1-6" in text


def test_in_a_flood_every_story_has_at_least_its_headline_and_first_report() -> None:
    text = chat_text(samples.flood(60, 12))
    for number in range(1, 61):
        assert f"Новость номер {number} о шпионаже" in text
        assert f"https://primer.example/{number}/0" in text
    assert text.count("Why:") == FULL_MAX
    assert text.count("and 11 more reports") == 60 - FULL_MAX


def test_no_headline_calls_people_together() -> None:
    story = replace(samples.tumen(), headline="@everyone @here <!channel> <@U1>")
    text = chat_text(replace(MORNING, stories=(story,)))
    assert "@everyone" not in text
    assert "@here" not in text
    assert "<!" not in text
    assert "<@" not in text.replace("<@\u2060", "")


def test_an_address_stays_as_it_is() -> None:
    carrier = replace(samples.tumen().carriers[0], link="https://a.example/@name")
    text = chat_text(replace(MORNING, stories=(replace(samples.tumen(), carriers=(carrier,)),)))
    assert "https://a.example/@name\n" in text


def test_stories_beyond_the_most_are_counted() -> None:
    text = chat_text(samples.flood(75, 1))
    assert "and 15 more stories, which `monitor hits` lists" in text
    assert len(text) < 40_000
