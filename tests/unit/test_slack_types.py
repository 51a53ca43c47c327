"""Slack messages against the types that Slack itself publishes (`@slack/types`), by the TypeScript compiler."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from support import node, samples

from monitor.adapters.deliver.render.slack import messages
from monitor.core.model import Digest
from monitor.core.tickets import Links

LINKS = Links("https://news.example", b"k" * 32)
SCRIPTS = (
    "Суд арестовал ",
    "西伯利亚力量2号，",
    "عربي ",
    "*_~`>| <!channel> ",
    "👩‍🚀",
    '"quoted" \\ ',
    "`${1}` ",
    "\u2028",
)
HEAD = """import type { KnownBlock, MessageMetadata } from "@slack/types";
interface Root { text: string; blocks: KnownBlock[] }
interface Body extends Root { root?: Root; broadcast?: true }
export const metadata: MessageMetadata = { event_type: "monitor_delivery", event_payload: { key: "k" } };
"""
AMISS = {
    "a header takes plain text only": {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
    "no block has such a field": {"type": "section", "text": {"type": "mrkdwn", "text": "x"}, "colour": "red"},
    "text must stand in a section": {"type": "rich_text", "elements": [{"type": "text", "text": "x"}]},
    "a link needs an address": {
        "type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "link"}]}],
    },
    "a divider is no small print": {"type": "context", "elements": [{"type": "divider"}]},
    "there is no such block": {"type": "headline", "text": "x"},
}  # fmt: skip


def source(bodies: Mapping[str, object]) -> str:
    """A TypeScript module that holds these bodies as literals, so that unknown fields are complaints, too."""
    constants = [f"export const {name}: Body[] = {json.dumps(body)};" for name, body in bodies.items()]
    return HEAD + "\n".join(constants) + "\n"


def any_digest(chance: random.Random) -> Digest:
    """The samples with other text, in any script and of any length, and other numbers of everything."""

    def text() -> str:
        return chance.choice(SCRIPTS) * chance.randint(0, 60)

    make = chance.choice((samples.digest, samples.alert, samples.update, samples.again, samples.held, samples.feeds))
    digest = make()
    stories = tuple(
        replace(
            story,
            headline=text(),
            gloss=tuple(text() for _ in range(chance.randint(0, 20))),
            changes=tuple((text(), text()) for _ in range(chance.randint(0, 6))),
            carriers=tuple(replace(carrier, outlet=text(), title=text()) for carrier in story.carriers)
            * chance.randint(0, 5),
            reasons=story.reasons * chance.randint(0, 5),
        )
        for story in digest.stories
    )
    return replace(digest, title=text(), headline=text(), stories=stories, notes=(text(),))


SAMPLES = {
    name: getattr(samples, name)()
    for name in ("digest", "empty", "feeds", "alert", "update", "again", "fold", "held", "leftward", "flood")
}


def keyed(bodies: list[dict[str, object]]) -> list[dict[str, Any]]:
    """As the channel sends them, with the key as the name of the first block."""
    found: list[dict[str, Any]] = json.loads(json.dumps(bodies))
    for body in found:
        body["blocks"][0]["block_id"] = "k" * 255
    return found


@pytest.fixture(scope="module")
def said() -> dict[str, list[str]]:
    """What the compiler says of good modules and of bad ones, by module; all at once, since each run takes long."""
    chance = random.Random(5)
    random_ones = {f"random{n}": any_digest(chance) for n in range(30)}
    bodies = {name: keyed(messages(digest, LINKS)) for name, digest in (SAMPLES | random_ones).items()}
    assert any("root" in body for body in bodies["update"])
    modules = {"messages": source(bodies)}
    modules |= {
        f"amiss{n}": source({"amiss": [{"text": "x", "blocks": [block]}]}) for n, block in enumerate(AMISS.values())
    }
    given = {f"{name}.ts": text for name, text in modules.items()}
    found = node.run("check_types.js", package="@slack/types", given=given)
    return {
        name: [f"line {one['line']}: {one['message']}" for one in found if one["file"] in {f"{name}.ts", ""}]
        for name in modules
    }


def test_all_messages_are_of_slacks_types(said: dict[str, list[str]]) -> None:
    assert said["messages"] == []


@pytest.mark.parametrize(("module", "reason"), [(f"amiss{n}", reason) for n, reason in enumerate(AMISS)])
def test_the_compiler_sees_what_is_amiss(said: dict[str, list[str]], module: str, reason: str) -> None:
    assert said[module], reason
