"""The meaning of conditions: which stretches of a text fulfil them.

A condition is fulfilled by *spans*, the smallest stretches that hold words for all of it. `all`, `any`, `at_least` and
`order` combine the spans of their children, `within` keeps those that are close enough, `none` removes those that
stand too close to something forbidden. Without `within` and `order` nothing is asked of places, and `holds` answers
without building spans.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple, Protocol

from monitor.core.rules.book import Kind, Within


class Spot(NamedTuple):
    """A place in the folded text where a leaf was found, `[start, end)`."""

    start: int
    end: int
    leaf: int
    weight: float = 1.0


class Span(NamedTuple):
    """A stretch that fulfils a condition, with the spots that do so."""

    start: int
    end: int
    spots: tuple[Spot, ...]


class Text(Protocol):
    """What conditions need to know of a text."""

    def found(self, leaf: int) -> Sequence[Spot]:
        """The spots of a leaf, by start."""
        ...

    def close(self, start: int, end: int, within: Within) -> bool:
        """Whether `[start, end)` is a stretch that `within` allows."""
        ...


@dataclass(frozen=True, slots=True)
class Leaf:
    """A term, a phrase or a pattern, by its number."""

    index: int


@dataclass(frozen=True, slots=True)
class NodePart:
    """As `book.Part`, over nodes."""

    kind: Kind
    children: "tuple[Node, ...]"
    count: int


@dataclass(frozen=True, slots=True)
class Branch:
    """As `book.Group`, over nodes."""

    parts: tuple[NodePart, ...]
    none: "tuple[Node, ...]"
    within: Within | None
    placed: bool  # whether places matter: `within` or `order` stands here


Node = Leaf | Branch
_by_start = itemgetter(0)
_by_end = itemgetter(1)


def holds(node: Node, text: Text) -> list[Spot] | None:
    """The spots that fulfil a condition anywhere in the text; None where it does not hold."""
    if isinstance(node, Leaf):
        return list(text.found(node.index)) or None
    if node.placed:
        spans = spans_of(node, text)
        return [spot for span in spans for spot in span.spots] or None
    spots: list[Spot] = []
    for part in node.parts:
        found = _part_holds(part, text)
        if found is None:
            return None
        spots += found
    if any(holds(child, text) for child in node.none):
        return None
    return spots


def _part_holds(part: NodePart, text: Text) -> list[Spot] | None:
    needed = {Kind.ALL: len(part.children), Kind.ANY: 1}.get(part.kind, part.count)
    spots: list[Spot] = []
    held = 0
    for left, child in zip(range(len(part.children), 0, -1), part.children, strict=True):
        if held + left < needed:
            return None
        found = holds(child, text)
        if found:
            held += 1
            spots += found
    return spots if held >= needed else None


def spans_of(node: Node, text: Text) -> list[Span]:
    """The smallest stretches that fulfil a condition, by start."""
    if isinstance(node, Leaf):
        return [Span(spot[0], spot[1], (spot,)) for spot in text.found(node.index)]
    lists: list[list[Span]] = []
    for part in node.parts:
        found = _part_spans(part, text)
        if not all(found):
            return []
        lists += found
    spans = lists[0] if len(lists) == 1 else cover(lists, len(lists))
    if node.within is not None:
        spans = [span for span in spans if text.close(span.start, span.end, node.within)]
    for child in node.none if spans else ():
        spans = _without(spans, child, node.within, text)
    return spans


def _part_spans(part: NodePart, text: Text) -> list[list[Span]]:
    """Lists of spans, one of each to be chosen."""
    if part.kind is Kind.ALL:
        lists = []
        for child in part.children:
            lists.append(spans_of(child, text))
            if not lists[-1]:
                break
        return lists
    children = [spans_of(child, text) for child in part.children]
    match part.kind:
        case Kind.ANY:
            return [sorted({span for spans in children for span in spans}, key=_by_start)]
        case Kind.ORDER:
            return [in_order(children)]
        case _:
            return [cover([spans for spans in children if spans], part.count)]


def _without(spans: list[Span], child: Node, within: Within | None, text: Text) -> list[Span]:
    if within is None:
        return [] if holds(child, text) else spans
    forbidden = Nearby(spans_of(child, text), within, text)
    return [span for span in spans if next(forbidden.together(span.start, span.end), None) is None]


class Nearby:
    """Stretches that `within` allows, to be asked which of them stand close to another. A thousand may ask."""

    def __init__(self, spans: Iterable[Span], within: Within, text: Text) -> None:
        allowed = smallest(span for span in spans if text.close(span.start, span.end, within))
        self._starts = [span.start for span in allowed]  # none holds another, so these rise together
        self._ends = [span.end for span in allowed]
        self._within = within
        self._text = text

    def together(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The smallest allowed stretches that hold `[start, end)` and one of these."""
        before = bisect_right(self._ends, end) - 1
        after = bisect_left(self._starts, start)
        if before + 1 < after:  # one of these holds it, and is allowed itself
            yield self._starts[before + 1], self._ends[before + 1]
        elif before >= 0 and self._text.close(min(start, self._starts[before]), end, self._within):
            yield min(start, self._starts[before]), end
        if after < len(self._ends) and self._text.close(start, max(end, self._ends[after]), self._within):
            yield start, max(end, self._ends[after])


@dataclass(frozen=True, slots=True)
class Context:
    """What a form needs beside itself: `wanted`, and if `within` is given, close to it and away from `none`."""

    wanted: Node
    none: tuple[Node, ...] = ()
    within: Within | None = None


class Surroundings:
    """A context as one text has it."""

    def __init__(self, context: Context, text: Text) -> None:
        spans = spans_of(context.wanted, text)
        self._anywhere = context.within is None and bool(spans)
        self._wanted: Nearby | None = None
        if context.within is not None:
            self._wanted = Nearby(spans, context.within, text)
            self._forbidden = [Nearby(spans_of(child, text), context.within, text) for child in context.none]

    def hold(self, spot: Spot) -> bool:
        """Whether the context is given for a form that stands here."""
        if self._wanted is None:
            return self._anywhere
        return any(
            not any(next(bad.together(start, end), None) for bad in self._forbidden)
            for start, end in self._wanted.together(spot.start, spot.end)
        )


def cover(lists: Sequence[Sequence[Span]], count: int) -> list[Span]:
    """The smallest stretches that hold spans from `count` different lists."""
    if len(lists) < count:
        return []
    latest: dict[int, Span] = {}  # by list: the span that begins last among those that have ended
    out: list[Span] = []
    for span, source in sorted(((span, i) for i, spans in enumerate(lists) for span in spans), key=_end_then_start):
        if source not in latest or span.start > latest[source].start:
            latest[source] = span
        if len(latest) >= count:
            chosen = sorted(latest.values(), key=_by_start, reverse=True)[:count]
            start = chosen[-1].start
            end = max(one.end for one in chosen)
            if end == span.end:
                out.append(Span(start, end, _spots(chosen)))
    return smallest(out)


def _end_then_start(pair: tuple[Span, int]) -> tuple[int, int]:
    return pair[0].end, pair[0].start


def in_order(lists: Sequence[Sequence[Span]]) -> list[Span]:
    """The smallest stretches that hold one span of each list, one after the other without overlap."""
    chains = smallest(lists[0])
    for spans in lists[1:]:
        ends = [chain.end for chain in chains]
        longer: list[Span] = []
        for span in spans:
            before = bisect_right(ends, span.start)
            if before:
                nearest = chains[before - 1]
                longer.append(Span(nearest.start, span.end, (*nearest.spots, *span.spots)))
        chains = smallest(longer)
    return chains


def smallest(spans: Iterable[Span]) -> list[Span]:
    """Without those that hold another one; by start."""
    out: list[Span] = []
    for span in sorted(set(spans), key=lambda one: (one.end, -one.start)):
        if not out or span.start > out[-1].start:
            out.append(span)
    return out


def _spots(spans: Iterable[Span]) -> tuple[Spot, ...]:
    return tuple(dict.fromkeys(spot for span in spans for spot in span.spots))
