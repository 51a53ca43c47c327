"""Slack's Block Kit as this program uses it: its limits, its blocks, and pages that keep within the limits. Pure.

What sources wrote goes into rich text and plain text, in which Slack reads no mark-up: `*`, `_` and "@here" in a
headline stay what they are, and bold works inside Han text, where mrkdwn has no word boundary to hold on to. Only our
own words go into mrkdwn, with `&`, `<` and `>` escaped and `verbatim` set, so that nothing in them is looked up.

The limits are those of https://docs.slack.dev/reference/block-kit/blocks; where the comment says so, our own.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .words import clip

Block = dict[str, Any]
Element = dict[str, Any]

BLOCKS_MAX = 50
SECTION_MAX = 3_000  # characters of a section's text
HEADER_MAX = 150
CONTEXT_MAX = 10  # elements of a context block
CONTEXT_TEXT_MAX = 2_000  # our own measure: context is small print
RICH_MAX = 5_000  # our own measure: characters of a rich text block as JSON
TEXT_MAX = 4_000  # characters of the fallback text
PAYLOAD_MAX = 12_000  # characters of all blocks as JSON: beyond about 13,000 Slack fails
RESERVE = 600  # of the payload, for the line that counts the parts and the name the channel gives a block
URL_MAX = 3_000


def size(blocks: Sequence[Block]) -> int:
    """Characters of the blocks as compact JSON, which is what Slack's limit on the payload counts."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))


def escape(text: str) -> str:
    """For mrkdwn and for the fallback text: exactly the three characters that Slack asks for."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escaped(text: str, limit: int) -> str:
    """Escaped text of at most `limit` characters; shortened before it is escaped, so that no entity is torn."""
    while len(escape(text)) > limit:
        text = clip(text, len(text) * 9 // 10)
    return escape(text)


# --- blocks -----------------------------------------------------------------------------------------------


def divider() -> Block:
    """A line across the message."""
    return {"type": "divider"}


def header(text: str) -> Block:
    """A title of at most HEADER_MAX characters."""
    return {"type": "header", "text": plain(text)}


def plain(text: str) -> Element:
    """Text in which Slack reads nothing at all, not even `:smile:`."""
    return {"type": "plain_text", "text": text, "emoji": False}


def mrkdwn(text: str) -> Element:
    """Our own words, escaped."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def context(*elements: Element) -> Block:
    """Small print; at most CONTEXT_MAX elements."""
    return {"type": "context", "elements": list(elements)}


def small_print(lines: Iterable[str], title: str = "") -> Iterator[Block]:
    """Lines of foreign text in small print, in as few blocks as their limit allows; the title stands before them."""
    for text in paragraphs(lines, CONTEXT_TEXT_MAX):
        yield context(*([mrkdwn(f"*{escape(title)}*")] if title else []), plain(text))
        title = ""


def paragraphs(lines: Iterable[str], limit: int, separator: str = "\n") -> Iterator[str]:
    """Lines joined into texts of at most `limit` characters; a longer line goes on in the next text."""
    joined = ""
    for line in lines:
        rest = line
        if joined and len(joined) + len(separator) + len(rest) > limit:
            yield joined
            joined = ""
        while len(rest) > limit:
            cut = rest.rfind(" ", limit // 2, limit)
            cut = cut if cut > 0 else limit
            yield rest[:cut]
            rest = rest[cut:].lstrip()
        joined = f"{joined}{separator}{rest}" if joined else rest
    if joined:
        yield joined


# --- rich text --------------------------------------------------------------------------------------------


def text(words: str, **style: bool) -> Element:
    """A run of rich text; `style`: bold, italic, strike, code."""
    return {"type": "text", "text": words, "style": style} if style else {"type": "text", "text": words}


def link(url: str, label: str, **style: bool) -> Element:
    """A link, or only its label where there is no address or one longer than Slack takes."""
    if not url or len(url) > URL_MAX:
        return text(label, **style)
    found: Element = {"type": "link", "url": url, "text": label}
    return found | {"style": style} if style else found


def emoji(name: str) -> Element:
    """One of Slack's own, by its name without colons."""
    return {"type": "emoji", "name": name}


def line(elements: Iterable[Element]) -> Element:
    """A paragraph of rich text, neighbours that look alike made one."""
    return {"type": "rich_text_section", "elements": _joined(elements)}


def bullets(items: Iterable[Element]) -> Iterator[Element]:
    """Lists of paragraphs, in as few as stay small enough to find room in any block."""
    together: list[Element] = []
    for item in items:
        if together and size([*together, item]) > RICH_MAX // 2:
            yield {"type": "rich_text_list", "style": "bullet", "elements": together}
            together = []
        together.append(item)
    if together:
        yield {"type": "rich_text_list", "style": "bullet", "elements": together}


def quote(elements: Iterable[Element], instead: str) -> Element:
    """A quotation; written as the plain text `instead` where its mark-up would be out of proportion to the text."""
    found = {"type": "rich_text_quote", "elements": _joined(elements)}
    return found if size([found]) <= RICH_MAX else {"type": "rich_text_quote", "elements": [text(instead)]}


def rich(parts: Iterable[Element]) -> list[Block]:
    """Rich text in as few blocks as stay small enough to find room in any message."""
    blocks: list[Block] = []
    for part in parts:
        if blocks and size([blocks[-1], part]) <= RICH_MAX:
            blocks[-1]["elements"].append(part)
        else:
            blocks.append({"type": "rich_text", "elements": [part]})
    return blocks


def _joined(elements: Iterable[Element]) -> list[Element]:
    found: list[Element] = []
    for element in elements:
        last = found[-1] if found else {}
        if element["type"] == last.get("type") == "text" and element.get("style") == last.get("style"):
            found[-1] = last | {"text": last["text"] + element["text"]}
        elif element.get("text") != "":
            found.append(element)
    return found


# --- pages ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks that belong together, each with its size, so that they are weighed once however often they are packed."""

    blocks: tuple[Block, ...]
    weights: tuple[int, ...]


def group(blocks: Iterable[Block]) -> Group:
    """The blocks, weighed."""
    found = tuple(blocks)
    return Group(found, tuple(size([block]) for block in found))


def pack(groups: Iterable[Group]) -> list[list[Block]]:
    """Pages of blocks. A group begins a new page rather than being torn; torn only when it fits on none."""
    pages: list[list[Block]] = []
    room = count = 0
    for one in groups:
        total = sum(one.weights)
        torn = total > PAYLOAD_MAX - RESERVE or len(one.blocks) >= BLOCKS_MAX
        pieces = zip(((block,) for block in one.blocks), one.weights, strict=True) if torn else [(one.blocks, total)]
        fresh = torn
        for blocks, weight in pieces:
            if not pages or fresh or weight > room or count + len(blocks) >= BLOCKS_MAX:
                pages.append([])
                room, count, fresh = PAYLOAD_MAX - RESERVE, 0, False
            pages[-1] += blocks
            room -= weight
            count += len(blocks)
    return [page for page in pages if page]
