"""What a digest and an alert look like in Slack: few messages, threads, links, and what a notification says."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from support import samples
from support.slack_server import complaints

from monitor.adapters.deliver.render import render_slack
from monitor.adapters.deliver.render.blocks import paragraphs, size
from monitor.adapters.deliver.render.slack import MESSAGES_MAX, messages
from monitor.core.model import Digest, DigestStory, Severity, StoryStatus
from monitor.core.tickets import Links

LINKS = Links("https://news.example", b"k" * 32)


def words(node: Any) -> str:
    """What a reader sees of a block or an element."""
    text = node.get("text", "")
    return (text if isinstance(text, str) else words(text)) + "".join(map(words, node.get("elements", [])))


def shown(body: Any) -> str:
    """What a reader sees of a message."""
    return "\n".join(map(words, body["blocks"]))


def one(digest: Digest, links: Links | None = None) -> Any:
    (body,) = messages(digest, links)
    return body


def changed(digest: Digest, **changes: Any) -> Digest:
    """The digest of one story, that story changed."""
    return replace(digest, stories=(replace(digest.stories[0], **changes),))


# --- alerts -----------------------------------------------------------------------------------------------


def test_a_notification_says_how_grave_it_is_the_headline_and_who_says_so() -> None:
    story = samples.alert().stories[0]
    text = one(samples.alert())["text"]
    assert text.startswith(f"CRITICAL: {story.headline} · First: {story.carriers[0].outlet} ")


def test_a_notification_says_that_it_is_not_the_first_of_its_story() -> None:
    assert one(samples.update())["text"].startswith("CRITICAL (told 2\xa0h ago; more reports): ")
    assert one(samples.again())["text"].startswith("CRITICAL (not acknowledged, told 2\xa0h ago): ")


def test_an_alert_has_no_glance_but_a_line_on_what_was_watched() -> None:
    text = shown(one(samples.alert()))
    assert "What was watched." in text
    assert "61 of 64 feeds read" in text
    assert "Bars:" not in text
    assert not [block for block in one(samples.alert())["blocks"] if block["type"] in {"header", "divider"}]


@pytest.mark.parametrize("make", [samples.alert, samples.update, samples.again, samples.fold, samples.held])
def test_every_alert_ends_with_what_was_watched(make: Any) -> None:
    assert "What was watched." in shown(messages(make())[-1])


def test_links_stand_as_plain_links_that_need_nobody_to_answer_for_a_button() -> None:
    body = one(samples.alert(), LINKS)
    texts = [e["text"] for b in body["blocks"] if b["type"] == "context" for e in b["elements"]]
    (actions,) = [text for text in texts if "acknowledge" in text]
    assert re.sub(r"<https://news\.example/do/[\w.-]+\|([a-z ]+)>", r"\1", actions).split(" · ") == [
        "acknowledge", "relevant", "noise", "quiet this story",
    ]  # fmt: skip
    assert re.fullmatch(r"<https://news\.example/hits\.atom\?digest=[\w-]+&amp;key=[\w-]+\|all hits>", texts[-1])
    assert "button" not in json.dumps(body)
    assert complaints(body) == []


def test_without_a_public_address_nothing_is_offered() -> None:
    assert "|acknowledge>" not in json.dumps(one(samples.alert()))


def test_folded_and_held_alerts_say_why_they_come_together() -> None:
    assert "14 alerts came too thick" in shown(messages(samples.fold())[0])
    assert str(messages(samples.fold())[0]["text"]).startswith("CRITICAL: 14 alerts in ")
    assert "Held back by quiet hours since" in shown(messages(samples.held())[0])
    several = messages(replace(samples.fold(), folded=0, by_hand=True))[0]
    assert "Sent by hand" in shown(several)
    assert "too thick" not in shown(several)


# --- threads ----------------------------------------------------------------------------------------------


def test_the_first_alert_of_a_story_and_a_digest_by_the_clock_edit_nothing() -> None:
    for digest in (samples.alert(), samples.digest(), samples.fold(), samples.held()):
        assert not [body for body in messages(digest) if "root" in body]


def test_a_follow_up_brings_what_is_new_and_edits_the_first_message_to_show_all() -> None:
    update = samples.update()
    story = update.stories[0]
    body = one(update)
    for carrier in story.carriers:
        assert carrier.outlet in shown(body)
        assert carrier.outlet in shown(body["root"])
    titles = [carrier.title for carrier in story.earlier if carrier.title != story.headline]
    assert titles
    assert not [title for title in titles if title in shown(body)]
    assert not [title for title in titles if title not in shown(body["root"])]
    assert "updated, what is new is in the thread" in shown(body["root"])
    assert complaints(body["root"]) == []


def test_the_first_message_says_that_somebody_has_seen_to_it() -> None:
    assert "acknowledged" in shown(one(changed(samples.update(), acknowledged=True))["root"])


@pytest.mark.parametrize(
    ("digest", "seen", "reason"),
    [
        (samples.again(), True, "nobody has acknowledged it"),
        (samples.update(), False, "further reports wake nobody twice"),
        (changed(samples.update(), told_severity=Severity.HIGH), True, "it has become graver"),
        (changed(samples.update(), told_severity=Severity.CRITICAL), False, "it is as grave as before"),
        (changed(samples.update(), severity=Severity.LOW, told_severity=Severity.HIGH), False, "its news is minor"),
    ],
)
def test_what_is_shown_in_the_channel_beside_its_thread(digest: Digest, seen: bool, reason: str) -> None:
    assert ("broadcast" in one(digest)) is seen, reason


def test_minor_news_does_not_make_the_first_message_less_grave() -> None:
    body = one(changed(samples.update(), severity=Severity.LOW, told_severity=Severity.HIGH))
    assert shown(body).split("\n")[0].strip().startswith("low ·")
    assert shown(body["root"]).split("\n")[0].strip().startswith("high ·")
    assert body["root"]["text"].startswith("HIGH")


@pytest.mark.parametrize("times", [1, 4, 20])
def test_the_first_message_stays_one_message_however_much_there_is(times: int) -> None:
    base = samples.update().stories[0]
    heavy = changed(
        samples.update(),
        carriers=base.carriers * times,
        changes=tuple((f"{n} было " * 60, f"{n} стало " * 60) for n in range(times)),
        snippet=base.snippet * times,
        reasons=base.reasons * times,
        gloss=tuple(f"{n} term" * 12 for n in range(times)),
    )
    body = messages(heavy)[0]
    root: Any = body["root"]
    assert complaints(root) == []
    assert base.headline in shown(root)


def test_a_long_follow_up_edits_the_first_message_once() -> None:
    base = samples.update().stories[0]
    reasons = tuple(replace(reason, rule=f"rule-{n}") for n in range(6) for reason in base.reasons)
    evidence = tuple(samples.evidence(f"t{n}", f"label {n} " * 8, "title", f"word {n} " * 10) for n in range(40))
    carriers = tuple(
        replace(carrier, title=f"{n} {'слово ' * 60}", link=f"https://a.example/{'x' * 1_900}{n}")
        for n in range(9)
        for carrier in base.carriers
    )
    bodies = messages(
        changed(samples.update(), carriers=carriers, reasons=tuple(replace(r, evidence=evidence) for r in reasons))
    )
    assert len(bodies) > 1
    assert ["root" in body for body in bodies] == [True] + [False] * (len(bodies) - 1)
    assert [complaints(dict(body)) for body in bodies] == [[]] * len(bodies)


# --- a flood ----------------------------------------------------------------------------------------------


def headlines(digest: Digest, bodies: list[dict[str, object]]) -> list[DigestStory]:
    text = "\n".join(map(shown, bodies))
    return [story for story in digest.stories if story.headline in text]


@pytest.mark.parametrize(("stories", "carriers"), [(40, 12), (300, 1), (1_000, 3), (10_000, 1)])
def test_a_flood_is_few_messages_in_which_every_story_is_told_or_counted(stories: int, carriers: int) -> None:
    digest = samples.flood(stories, carriers)
    bodies = messages(digest)
    assert len(bodies) <= MESSAGES_MAX
    assert [complaints(dict(body)) for body in bodies] == [[]] * len(bodies)
    text = shown(bodies[-1])
    beyond = re.search(r"([\d,]+) stories beyond the first 300", text)
    without_room = re.search(r"([\d,]+) more stor(?:y|ies) \(", text)
    counted = sum(int(found[1].replace(",", "")) for found in (beyond, without_room) if found)
    assert len(headlines(digest, bodies)) + counted == stories
    assert "`monitor hits` lists them" in text or not counted


def test_the_gravest_of_a_flood_are_told_in_full_and_most_others_by_headline() -> None:
    digest = samples.flood(10_000, 1)
    bodies = messages(digest)
    told = headlines(digest, bodies)
    assert told == list(digest.stories[: len(told)])
    assert len(told) >= 200
    assert shown(bodies[0]).count("Rule espionage-arrests") >= 5


def test_stories_without_room_are_counted_by_severity() -> None:
    digest = samples.flood(300, 12)
    half = [replace(story, severity=Severity.LOW) for story in digest.stories[100:]]
    bodies = messages(replace(digest, stories=(*digest.stories[:100], *half)))
    assert re.search(r"\d+ more stories \(\d+ low\)", shown(bodies[-1]))
    blocks: Any = [block for body in bodies for block in body["blocks"]]  # type: ignore[attr-defined]
    kinds = {words(block).split("\n")[0].strip() for block in blocks if "\n• Новость" in words(block)}
    assert kinds == {"critical", "low"}


def test_a_story_told_before_says_so_in_brief_too() -> None:
    digest = samples.flood(300, 1)
    last = replace(digest.stories[150], status=StoryStatus.MORE)
    bodies = messages(replace(digest, stories=(*digest.stories[:150], last, *digest.stories[151:])))
    assert f"{last.headline} · told before; more reports · First:" in "".join(map(shown, bodies))


def test_a_digest_with_room_for_all_tells_all_in_full() -> None:
    (body,) = render_slack(samples.digest())
    assert "in brief" not in shown(body)


# --- texts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([], []),
        (["ab", "cd"], ["ab\ncd"]),
        (["abcd efgh"], ["abcd", "efgh"]),
        (["abcdefghij"], ["abcdefgh", "ij"]),
        (["ab", "abcdefgh", "c"], ["ab", "abcdefgh", "c"]),
    ],
)
def test_lines_are_joined_and_long_ones_go_on_in_the_next_text(lines: list[str], found: list[str]) -> None:
    assert list(paragraphs(lines, 8)) == found


def test_size_is_that_of_the_json_that_is_sent() -> None:
    assert size([{"a": "é"}]) == len('[{"a":"é"}]')
