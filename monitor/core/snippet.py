"""The piece of an item's text that shows why a rule fired, with the words marked. It knows nothing of HTML."""

import re
import unicodedata
from collections.abc import Sequence

from monitor.core.headline import fold, is_dense
from monitor.core.model import Evidence, Item, Segment

LENGTH = 280  # characters of a snippet, about two lines on a wide screen
DENSE_LENGTH = 120  # the same in Han characters
_BODY = ("summary", "content")
_SENTENCE_END = re.compile(r"[.!?…]['\"»”)]?\s+|[。！？；]")

_Span = tuple[int, int]


def snippet(item: Item, evidence: Sequence[Evidence]) -> tuple[Segment, ...]:
    """The stretch of summary or content that holds most of what was found, most different terms first.

    The segments put together are that stretch of the original, with "…" as a segment of its own at an end
    where the text goes on. With evidence in the title only, the text's opening stands in, unless it merely
    repeats the headline; an item with only a title gives nothing.
    """
    best: tuple[int, int, str, _Span] | None = None
    for name in _BODY:
        places = _places(item, name, evidence)
        for first in places:
            end = first.start + _length(getattr(item, name))
            inside = [place for place in places if place.start >= first.start and place.end <= end]
            if not inside:  # one piece of evidence longer than a snippet
                inside = [first]
            found = (len({place.term for place in inside}), len(inside))
            if best is None or found > best[:2]:
                best = (*found, name, (first.start, max(place.end for place in inside)))
    if best is None:
        return _opening(item)
    _, _, name, core = best
    return _cut(getattr(item, name), _window(getattr(item, name), core), _spans(item, name, evidence))


def mark(item: Item, name: str, evidence: Sequence[Evidence]) -> tuple[Segment, ...]:
    """The whole of one field with the evidence in it marked; nothing if the field is empty."""
    text: str = getattr(item, name)
    return _segments(text, (0, len(text)), _spans(item, name, evidence))


def clip(text: str, columns: int) -> str:
    """The text in at most that many columns (a Han character takes two), cut between words, with "…" if cut."""
    widths = [2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text]
    if sum(widths) <= columns:
        return text
    room, end = columns - 1, 0
    while end < len(text) and room >= widths[end]:
        room -= widths[end]
        end += 1
    return text[: _retreat(text, end, end // 2)].rstrip(" ,;:–—-") + "…"


def _places(item: Item, name: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence in this field that still fits its text: an edit may have come between."""
    text: str = getattr(item, name)
    fits = (e for e in evidence if e.field == name and e.start < e.end and text[e.start : e.end] == e.text)
    return sorted(fits, key=lambda place: (place.start, place.end))


def _spans(item: Item, name: str, evidence: Sequence[Evidence]) -> list[_Span]:
    """Where the evidence is, overlapping places joined, in order."""
    spans: list[_Span] = []
    for place in _places(item, name, evidence):
        if spans and place.start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], place.end))
        else:
            spans.append((place.start, place.end))
    return spans


def _opening(item: Item) -> tuple[Segment, ...]:
    text = next((text for text in (item.summary, item.content) if text.strip()), "")
    headline = fold(item.title)
    if not text or (headline and fold(text).startswith(headline)):
        return ()
    start = len(text) - len(text.lstrip())
    return _cut(text, _window(text, (start, start)), [])


def _window(text: str, core: _Span) -> _Span:
    """The stretch around `core`: from the sentence's beginning if that is near, up to the length, between words."""
    spare = max(0, _length(text) - (core[1] - core[0]))
    earliest = max(0, core[0] - spare // 2)
    starts = [match.end() for match in _SENTENCE_END.finditer(text, earliest, core[0])]
    if earliest == 0:
        start = len(text) - len(text.lstrip()) if core[0] else 0
        start = min(start, core[0])
    else:
        start = starts[0] if starts else _advance(text, earliest, core[0])
    limit = max(core[1], start + _length(text))
    end = len(text.rstrip()) if limit >= len(text.rstrip()) else _retreat(text, limit, core[1])
    return start, max(end, core[1])


def _length(text: str) -> int:
    return DENSE_LENGTH if is_dense(text) else LENGTH


def _cut(text: str, window: _Span, spans: Sequence[_Span]) -> tuple[Segment, ...]:
    before = (Segment("…"),) if text[: window[0]].strip() else ()
    after = (Segment("…"),) if text[window[1] :].strip() else ()
    return (*before, *_segments(text, window, spans), *after)


def _segments(text: str, window: _Span, spans: Sequence[_Span]) -> tuple[Segment, ...]:
    """The window's text as runs, marked inside the spans; put together they are the window's text."""
    segments: list[Segment] = []
    at = window[0]
    for start, end in spans:
        start, end = max(start, window[0]), min(end, window[1])
        if start < end:
            segments += [Segment(text[at:start]), Segment(text[start:end], marked=True)]
            at = end
    segments.append(Segment(text[at : window[1]]))
    return tuple(segment for segment in segments if segment.text)


def _retreat(text: str, end: int, least: int) -> int:
    """The nearest place at or before `end`, but not before `least`, where a word ends; else where a letter does."""
    for at in range(end, least, -1):
        if at == len(text) or _parts(text, at):
            return at
    return _whole(text, end)


def _advance(text: str, start: int, most: int) -> int:
    """The nearest place at or after `start`, but not after `most`, where a word begins."""
    return next((at for at in range(start, most) if at == 0 or (_parts(text, at) and not text[at].isspace())), most)


def _parts(text: str, at: int) -> bool:
    """Whether the text may be cut here: beside white space, or between characters that need none."""
    if text[at].isspace() or text[at - 1].isspace():
        return True
    return is_dense(text[at - 1 : at + 1]) and not unicodedata.combining(text[at])


def _whole(text: str, end: int) -> int:
    """`end`, moved back so that no accent is cut from its letter."""
    while 0 < end < len(text) and unicodedata.combining(text[end]):
        end -= 1
    return end
