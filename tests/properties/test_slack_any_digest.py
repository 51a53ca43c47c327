"""Any digest becomes few messages that Slack takes, that call nobody, and in which every story is told or counted."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support import samples
from support.any_digest import DIGEST, STORY, any_digest
from support.slack_server import calls, complaints

from monitor.adapters.deliver.render.slack import MESSAGES_MAX, messages
from monitor.adapters.deliver.render.words import clip
from monitor.core.model import Digest, DigestStory

OWN_WORDS = re.compile(
    r"\*(What was watched\.|Not heard|News of the feeds|Left out\.|To mend|Next digest\.)\*"
    r"|\*Rules edited( since [\w ]+)?\.\*"
    r"|:test_tube: \*Sample digest\. All news, outlets and people in it are invented\.\*"
    rf"|(<{samples.LINKS.base}/[\w./?=&;-]+\|[a-z ]+>( · )?)+"
)


def sent(digest: Digest) -> list[dict[str, Any]]:
    """The payloads with what the channel adds, the edits of first messages among them."""
    bodies: list[dict[str, Any]] = json.loads(json.dumps(messages(digest, samples.LINKS)))
    for body in bodies:
        body["blocks"][0]["block_id"] = "k" * 255
    return bodies + [body["root"] for body in bodies if "root" in body]


def elements(node: Any) -> Iterator[dict[str, Any]]:
    """Every block, element and text object."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list):
            yield from elements(child)


def told(stories: Iterable[DigestStory], bodies: list[dict[str, Any]]) -> int:
    """How many of these stories are told by headline."""
    texts = [element["text"] for element in elements([body["blocks"] for body in bodies]) if "text" in element]
    whole = "\n".join(text for text in texts if isinstance(text, str))
    return sum((clip(story.headline, 400) or "(no headline)") in whole for story in stories)


def counted(bodies: list[dict[str, Any]]) -> int:
    """How many stories the foot counts as not told."""
    whole = json.dumps([body["blocks"] for body in bodies])
    found = re.findall(r"([\d,]+) (?:stor(?:y|ies) beyond the first 300|more stor(?:y|ies) \()", whole)
    return sum(int(number.replace(",", "")) for number in found)


@any_digest
@given(DIGEST)
def test_slack_takes_every_message_nobody_is_called_and_markup_holds_our_own_words_only(digest: Digest) -> None:
    for body in sent(digest):
        assert complaints(body) == []
        assert calls(body) == []
        markup = [element["text"] for element in elements(body["blocks"]) if element.get("type") == "mrkdwn"]
        assert [text for text in markup if not OWN_WORDS.fullmatch(text)] == []


@any_digest
@given(DIGEST)
def test_every_story_is_told_or_counted_and_the_end_says_what_was_watched(digest: Digest) -> None:
    bodies: list[dict[str, Any]] = messages(digest, samples.LINKS)
    assert len(bodies) <= MESSAGES_MAX
    assert told(digest.stories, bodies) + counted(bodies) >= len(digest.stories)
    assert "*What was watched.*" in json.dumps(bodies[-1])


@settings(any_digest, max_examples=10)
@given(DIGEST, st.lists(STORY, min_size=1, max_size=4), st.integers(20, 500))
def test_every_story_of_a_flood_is_told_or_counted_in_few_messages(
    digest: Digest, some: list[DigestStory], number: int
) -> None:
    kinds = (some * number)[:number]
    stories = tuple(replace(story, headline=f"No {n}; {story.headline}", changes=()) for n, story in enumerate(kinds))
    bodies: list[dict[str, Any]] = messages(replace(digest, stories=stories, left_out=()), samples.LINKS)
    assert len(bodies) <= MESSAGES_MAX
    assert [complaints(body) for body in bodies] == [[]] * len(bodies)
    assert told(stories, bodies) + counted(bodies) == number
