"""Finds the repeated blocks of a page and suggests selectors for them. Pure.

A list of news is many blocks of one kind, each with a link whose text is a headline, most with a date. Every kind of
block (tag and classes) around such links is tried as `items`; those with many headlines and dates come first.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from resiliparse.parse.html import ElementNode

from monitor.adapters.parse.dates.spoken import spoken_date
from monitor.adapters.parse.dates.written import zone_of
from monitor.adapters.parse.pages.tree import attribute, date_words, line_of, selected, tree_of
from monitor.core.model import FeedSpec, Selectors
from monitor.errors import ParseError

FEWEST = 3  # blocks that make a list
_MOST_KINDS = 80
_LEVELS = 7
_SHORTEST_TITLE = 16
_SHORTEST_HAN = 7
_CLASS = re.compile(r"[A-Za-z_][\w-]{0,60}")
_CHANCE = re.compile(r"\d$|\d{3,}|[0-9a-f]{6,}|active|first|last|odd|even|current|selected", re.IGNORECASE)
_DATE_CLASS = re.compile(r"date|time|publish|дата|day", re.IGNORECASE)
_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Selectors with what they find: how many items, how many of them dated."""

    selectors: Selectors
    items: int
    dated: int
    score: float


@dataclass(frozen=True, slots=True)
class _Block:
    node: ElementNode
    anchor: ElementNode
    title: str
    link: str
    headlines: int  # different headlines within


def suggestions(page: str, feed: FeedSpec, at: datetime, most: int = 3) -> list[Suggestion]:
    """The likeliest selectors, best first; none where the page has no list. Raises ParseError for an absurd page."""
    body = tree_of(page).body
    if body is None:
        return []
    zone = zone_of(feed.timezone)
    found = [one for kind in _kinds(body) if (one := _tried(body, kind, at, zone))]
    out: list[Suggestion] = []
    seen: set[frozenset[str]] = set()
    for suggestion, links in sorted(found, key=lambda pair: (-pair[0].score, len(pair[0].selectors.items))):
        if not any(len(links & other) > len(links) / 2 for other in seen):  # the same list, by other blocks
            out.append(suggestion)
            seen.add(links)
    return out[:most]


def _kinds(body: ElementNode) -> list[str]:
    """Selectors of all kinds of element that stand around headlines, the commonest first."""
    count: Counter[str] = Counter()
    for anchor in _headlines(body):
        node: ElementNode | None = anchor
        for _ in range(_LEVELS):
            if node is None or node.tag in {"body", "html"}:
                break
            if kind := _kind(node):
                count[kind] += 1
            node = node.parent_element
    return [kind for kind, number in count.most_common(_MOST_KINDS) if number >= FEWEST]


def _kind(node: ElementNode) -> str:
    """A selector for elements like this one: by classes, else by those of the element around it."""
    classes = _classes(node)
    if classes:
        return f"{node.tag}.{'.'.join(classes[:2])}"
    parent = node.parent_element
    around = _classes(parent) if parent is not None else []
    if parent is None or not around or node.tag in {"a", "b", "span", "strong", "em", "font"}:
        return "article" if node.tag == "article" else ""
    return f"{parent.tag}.{'.'.join(around[:2])} > {node.tag}"


def _classes(node: ElementNode) -> list[str]:
    names = (node.class_name or "").split()
    return [name for name in names if _CLASS.fullmatch(name) and not _CHANCE.search(name)]


def _headlines(root: ElementNode) -> Iterator[ElementNode]:
    """Links whose text is long enough for a headline."""
    for anchor in selected(root, "a[href]"):
        text = line_of(anchor)
        long_enough = _SHORTEST_HAN if _HAN.search(text) else _SHORTEST_TITLE
        if len(text) >= long_enough and not attribute(anchor, "href").startswith(("#", "javascript:", "mailto:")):
            yield anchor


def _tried(body: ElementNode, kind: str, at: datetime, zone: tzinfo) -> tuple[Suggestion, frozenset[str]] | None:
    """What a kind of block comes to, and the links in it; None when it is no list."""
    try:
        nodes = selected(body, kind)
    except ParseError:
        return None
    blocks = [block for node in nodes[:200] if (block := _block(node))]
    links = frozenset(block.link for block in blocks)
    if len(links) < FEWEST:
        return None
    selectors = _parts(kind, blocks, at, zone)
    dated = sum(_is_date(date_words(next(iter(selected(b.node, selectors.date)), None)), at, zone) for b in blocks)
    length = sum(min(len(block.title) * (3 if _HAN.search(block.title) else 1), 90) for block in blocks) / len(blocks)
    crowd = sum(block.headlines for block in blocks) / len(blocks)
    score = min(len(links), 40) * length * (1 + dated / len(blocks)) / crowd**2
    score *= 1.1 if selectors.summary else 1.0
    return Suggestion(selectors, len(links), dated, score * len(links) / len(nodes)), links


def _block(node: ElementNode) -> _Block | None:
    anchors = [node] if node.tag == "a" else list(_headlines(node))
    if not anchors:
        return None
    best = max(anchors, key=lambda one: len(line_of(one)))
    links = {attribute(one, "href") for one in anchors}
    return _Block(node, best, line_of(best), attribute(best, "href"), len(links))


def _parts(kind: str, blocks: Sequence[_Block], at: datetime, zone: tzinfo) -> Selectors:
    """Selectors of the parts, only where the ordinary ones would not do."""
    found = Selectors(kind)
    if not _leads(blocks, "a"):
        candidates = [one for block in blocks[:20] for one in _ways(block)]
        best = next((way for way, _ in Counter(candidates).most_common() if _leads(blocks, way)), "")
        found = replace(found, link=best or "a[href]")
    headings = Counter(h for block in blocks for h in ("h1", "h2", "h3", "h4", "h5") if selected(block.node, h))
    heading = next((name for name, number in headings.most_common(1) if number > len(blocks) * 0.6), "")
    if heading and all(block.title == line_of(one) for block in blocks for one in selected(block.node, heading)[:1]):
        heading = ""  # the link says as much
    if not heading and blocks[0].node is blocks[0].anchor:
        heading = _title_within(blocks)
    dates = Counter(name for block in blocks[:40] for name in _date_places(block.node, at, zone))
    date = next((name for name, number in dates.most_common(1) if number >= min(len(blocks), 40) * 0.3), "")
    summary = _summary(blocks, date)
    return replace(found, title=heading, date=date, summary=summary)


def _title_within(blocks: Sequence[_Block]) -> str:
    """Of blocks that are links as a whole: the selector of what holds most of their text, if not all."""
    found: Counter[str] = Counter()
    for block in blocks[:40]:
        inner = [one for one in selected(block.node, "span, div, p, b, strong") if _classes(one)]
        longest = max(inner, key=lambda one: (len(line_of(one)), -len(list(one.children))), default=None)
        if longest is not None and len(line_of(longest)) < len(block.title):
            found[f".{_classes(longest)[0]}"] += 1
    name, number = (found.most_common(1) or [("", 0)])[0]
    return name if number >= 0.6 * min(len(blocks), 40) else ""


def _leads(blocks: Sequence[_Block], way: str) -> bool:
    """Whether the first find of a selector is the headline's link in nearly all blocks (or the block is the link)."""
    right = sum(
        block.node is block.anchor
        or any(
            attribute(first, "href") == block.link and line_of(first) for first in list(selected(block.node, way))[:1]
        )
        for block in blocks
    )
    return right >= 0.9 * len(blocks)


def _ways(block: _Block) -> Iterator[str]:
    for name in _classes(block.anchor)[:2]:
        yield f"a.{name}"
    parent = block.anchor.parent_element
    if parent is not None and parent.tag in {"h1", "h2", "h3", "h4", "h5"}:
        yield f"{parent.tag} a"
    elif parent is not None:
        yield from (f".{name} a" for name in _classes(parent)[:2])


def _date_places(node: ElementNode, at: datetime, zone: tzinfo) -> Iterable[str]:
    """Selectors of elements in a block that hold a date and little else."""
    for time in selected(node, "time"):
        if _is_date(date_words(time), at, zone):
            return ("time",)
    found: list[str] = []
    for one in list(selected(node, "span, div, p, td, small, b, i, em, font"))[:60]:
        text = line_of(one)
        if 4 <= len(text) <= 40 and _is_date(text, at, zone):
            classes = _classes(one)
            named = next((name for name in classes if _DATE_CLASS.search(name)), classes[0] if classes else "")
            found.append(f".{named}" if named else str(one.tag))
    return dict.fromkeys(found)


def _is_date(text: str, at: datetime, zone: tzinfo) -> bool:
    return bool(text) and any(char.isdigit() for char in text) and spoken_date(text, at, zone) is not None


def _summary(blocks: Sequence[_Block], date: str) -> str:
    """The selector of a paragraph of text beside the headline."""
    found: Counter[str] = Counter()
    for block in blocks[:40]:
        for one in list(selected(block.node, "p, div, span"))[:40]:
            text = line_of(one)
            if len(text) < 50 or block.title in text or selected(one, "a[href], p, div"):
                continue
            classes = _classes(one)
            name = f".{classes[0]}" if classes else str(one.tag)
            if name not in {date, "div", "span"}:
                found[name] += 1
    name, number = (found.most_common(1) or [("", 0)])[0]
    return name if number >= 0.5 * min(len(blocks), 40) else ""
