"""What an edit changed, sentence by sentence, for a person to read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from monitor.core.model import Edition

_SENTENCE = re.compile(r".+?(?:[.!?…]+(?=\s)|[。！？]+|\n|$)", re.DOTALL)
_MOST = 400  # sentences that are compared; a longer text is shown as one that was replaced


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one edit: the sentences that went and those that came."""

    field: str  # title, summary, content
    removed: tuple[str, ...]
    added: tuple[str, ...]


def changes(before: Edition, after: Edition) -> tuple[Change, ...]:
    """What differs from one wording to the next, field by field; sentences that only moved count as both."""
    fields = ("title", "summary", "content")
    found = ((name, getattr(before, name), getattr(after, name)) for name in fields)
    return tuple(_change(name, old, new) for name, old, new in found if _flat(old) != _flat(new))


def _change(name: str, old: str, new: str) -> Change:
    if name == "title":
        return Change(name, tuple(filter(None, [_flat(old)])), tuple(filter(None, [_flat(new)])))
    was, now = list(_sentences(old)), list(_sentences(new))
    if max(len(was), len(now)) > _MOST:
        return Change(name, (f"({len(was):,} sentences)",), (f"({len(now):,} sentences)",))
    codes = SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    removed = [each for code, start, end, _, _ in codes if code != "equal" for each in was[start:end]]
    added = [each for code, _, _, start, end in codes if code != "equal" for each in now[start:end]]
    return Change(name, tuple(removed), tuple(added))


def _sentences(text: str) -> Iterator[str]:
    return (flat for each in _SENTENCE.findall(text) if (flat := _flat(each)))


def _flat(text: str) -> str:
    return " ".join(text.split())
