"""A digest as Slack messages in Block Kit, counted against Slack's limits and split, never cut in silence. Pure.

What sources wrote (headlines, snippets) goes into rich text, where Slack reads no mark-up: `*` and `_` in a headline
stay what they are, and bold works inside Han text, where mrkdwn has no word boundary to hold on to. Our own words go
into mrkdwn with `&`, `<` and `>` escaped.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from monitor.core.model import Segment

from .differences import Run
from .templating import because
from .view import CarrierView, DigestView, StoryView, TopicView
from .words import clip

Block = dict[str, Any]
Element = dict[str, Any]

BLOCKS_MAX = 50
SECTION_MAX = 3_000  # characters of a section's text
HEADER_MAX = 150
CONTEXT_TEXT_MAX = 2_000  # our own measure: context is small print
RICH_MAX = 5_000  # our own measure: characters of a rich text block as JSON
TEXT_MAX = 4_000  # characters of the fallback text
PAYLOAD_MAX = 12_000  # characters of all blocks as JSON: beyond about 13,000 Slack fails
RESERVE = 600  # of the payload, for the line that counts the parts and the name the channel gives a block
CARRIERS_SHOWN = 5
TITLE_MAX = 300
LINK_SHOWN = 1_000  # a longer address stays out of mrkdwn, whose text is counted

MARKS = {"critical": "red_circle", "high": "large_orange_circle", "medium": "large_blue_circle"}
LOW = "white_circle"


def size(blocks: Sequence[Block]) -> int:
    """Characters of the blocks as compact JSON, which is what Slack's limit on the payload counts."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))


def escape(text: str) -> str:
    """For mrkdwn: exactly the three characters that Slack asks for."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped(text: str, limit: int) -> str:
    """Escaped text of at most `limit` characters; shortened before it is escaped, so that no entity is torn."""
    while len(escape(text)) > limit:
        text = clip(text, len(text) * 9 // 10)
    return escape(text)


def messages(view: DigestView) -> list[dict[str, object]]:
    """Bodies `{text, blocks}` in order. Stories stay whole where they fit into one message."""
    pages = _pack([_head(view), *map(_story, view.stories), _foot(view)])
    fallback = f"{view.headline} ({view.counts})"
    if view.sample:
        fallback = f"{view.sample} {fallback}"
    found: list[dict[str, object]] = []
    for number, page in enumerate(pages, 1):
        part = f", part {number} of {len(pages)}" if len(pages) > 1 else ""
        if number > 1:
            page.insert(0, _context(f"*{escape(view.name)}*{part}" + (f" · {view.sample}" if view.sample else "")))
        found.append({"text": clip(escape(fallback), TEXT_MAX - len(part)) + part, "blocks": page})
    return found


# --- packing ----------------------------------------------------------------------------------------------


def _fits(blocks: Sequence[Block]) -> bool:
    return len(blocks) < BLOCKS_MAX and size(blocks) <= PAYLOAD_MAX - RESERVE


def _pack(groups: Iterable[list[Block]]) -> list[list[Block]]:
    """Pages of blocks. A group begins a new page rather than being torn; torn only when it fits on none."""
    pages: list[list[Block]] = [[]]
    for group in groups:
        if _fits([*pages[-1], *group]):
            pages[-1] += group
            continue
        for piece in [group] if _fits(group) else ([block] for block in group):
            if pages[-1] and not (_fits([*pages[-1], *piece]) and piece is not group):
                pages.append([])
            pages[-1] += piece
    return [page for page in pages if page]


# --- blocks -----------------------------------------------------------------------------------------------


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _line(elements: Sequence[Element], kind: str = "rich_text_section") -> Element:
    return {"type": kind, "elements": list(elements)}


def _text(text: str, **style: bool) -> Element:
    return {"type": "text", "text": text, "style": style} if style else {"type": "text", "text": text}


def _link(url: str, label: str, **style: bool) -> Element:
    if not url:
        return _text(label, **style)
    link: Element = {"type": "link", "url": url, "text": label}
    return link | {"style": style} if style else link


def _marked(segments: Sequence[Segment]) -> list[Element]:
    return [_text(s.text, bold=True) if s.marked else _text(s.text) for s in segments]


def _quote(elements: list[Element], plain: str) -> Element:
    """A quotation; written as `plain` where the mark-up would be out of proportion to the text."""
    quote = _line(elements, "rich_text_quote")
    return quote if size([quote]) <= RICH_MAX else _line([_text(plain)], "rich_text_quote")


def _change(runs: Sequence[Run]) -> Element:
    style = {"del": {"strike": True}, "ins": {"bold": True}, "same": {}}
    old, new = ("".join(run.text for run in runs if run.kind != kind) for kind in ("ins", "del"))
    return _quote([_text(run.text, **style[run.kind]) for run in runs], f"{old} → {new}")


def _rich_blocks(elements: Iterable[Element]) -> list[Block]:
    """Rich text in as few blocks as stay small enough to find room in any message."""
    blocks: list[Block] = []
    for element in elements:
        if blocks and size([blocks[-1], element]) <= RICH_MAX:
            blocks[-1]["elements"].append(element)
        else:
            blocks.append({"type": "rich_text", "elements": [element]})
    return blocks


def _paragraphs(lines: Iterable[str], limit: int = SECTION_MAX) -> Iterator[str]:
    """Lines, each within the limit, joined into texts of at most `limit` characters."""
    text = ""
    for line in lines:
        if text and len(text) + 1 + len(line) > limit:
            yield text
            text = line
        else:
            text = f"{text}\n{line}" if text else line
    if text:
        yield text


# --- the digest -------------------------------------------------------------------------------------------


def _head(view: DigestView) -> list[Block]:
    title = clip(view.headline, HEADER_MAX)
    blocks: list[Block] = [_context(f":test_tube: *{escape(view.sample)}*")] if view.sample else []
    blocks.append({"type": "header", "text": {"type": "plain_text", "text": title or view.name, "emoji": False}})
    if title != view.headline:
        blocks.append(_section(escape(view.headline)))
    since = f" · since {view.since}" if view.since else ""
    languages = f" · {view.languages}" if view.languages else ""
    blocks.append(_context(escape(f"{view.name} · {view.when}\n{view.counts}{languages}{since}")))
    blocks += map(_section, _paragraphs(escape(line) for line in view.empty))
    topics = [_topic(topic) for topic in view.topics]
    if view.topics_more:
        topics.append(f"and {view.topics_more} more rules")
    blocks += map(_section, _paragraphs(topics))
    if view.bars:
        blocks.append(_context(f"Bars: reports a day, last {view.bars}"))
    return blocks


def _topic(topic: TopicView) -> str:
    bars, first = (f"`{topic.spark}` ", "") if topic.spark else ("", f" · {topic.spark_label}")
    return f"{bars}*{escape(topic.title)}* · {topic.counts}{first}"


def _story(story: StoryView) -> list[Block]:
    kind: list[Element] = [
        {"type": "emoji", "name": MARKS.get(story.severity, LOW)},
        _text(f" {story.severity}", bold=True),
        _text(f" · {story.status}\n"),
    ]
    gloss = [_text("\n" + story.gloss, italic=True)] if story.gloss else []
    lines = [_line([*kind, _link(story.link, story.title, bold=True), *gloss])]
    lines += [_change(change.runs) for change in story.changes if change.runs]
    if story.changes_more:
        lines.append(_line([_text(f"and {story.changes_more} more changed headlines")]))
    if story.snippet:
        lines.append(_quote(_marked(story.snippet), "".join(s.text for s in story.snippet)))
    why = [_escaped(" · ".join(story.meta), CONTEXT_TEXT_MAX)] if story.meta else []
    why += [_escaped(f"Rule {because(reason)}", CONTEXT_TEXT_MAX) for reason in story.reasons]
    if story.reasons_more:
        why.append(f"and {story.reasons_more} more rules")
    return [
        {"type": "divider"},
        *_rich_blocks(lines),
        *map(_section, _paragraphs(_carriers(story.carriers))),
        *map(_context, _paragraphs(why, CONTEXT_TEXT_MAX)),
    ]


def _carriers(carriers: Sequence[CarrierView]) -> Iterator[str]:
    """The first reports in full, the outlets of the rest by name."""
    shown, rest = carriers[:CARRIERS_SHOWN], carriers[CARRIERS_SHOWN:]
    for carrier in shown:
        outlet = escape(carrier.outlet)
        outlet = f"<{escape(carrier.link)}|{outlet}>" if len(carrier.link) <= LINK_SHOWN and carrier.link else outlet
        standing = f" ({carrier.standing})" if carrier.standing else ""
        title = f": {_escaped(carrier.title, TITLE_MAX)}" if carrier.title else ""
        copies = f"; {escape(carrier.copies)}" if carrier.copies else ""
        yield f"• {carrier.time} {escape(carrier.language)} {outlet}{escape(standing)}{title}{copies}"
    if rest:
        outlets = ", ".join(
            dict.fromkeys(carrier.outlet + (f" ({carrier.copies})" if carrier.copies else "") for carrier in rest)
        )
        yield _escaped(f"• and {len(rest)} more: {outlets}", SECTION_MAX // 2)


def _foot(view: DigestView) -> list[Block]:
    lines = ["*What was watched.* " + escape(" ".join(view.watched))]
    if view.broken:
        lines += ["*Not heard*", *(f"• {escape(line)}" for line in view.broken)]
    if view.feed_news:
        lines += ["*News of the feeds*", *(f"• {escape(line)}" for line in view.feed_news)]
    if view.left_out:
        lines.append(f"*Left out.* {escape(', '.join(view.left_out))}. `monitor hits` lists them.")
    if view.notes:
        lines += ["*To mend*", *(f"• {escape(note)}" for note in view.notes)]
    if view.next:
        lines.append(f"*Next digest.* {escape(view.next)}")
    return [{"type": "divider"}, *(_context(text) for text in _paragraphs(lines, CONTEXT_TEXT_MAX))]
