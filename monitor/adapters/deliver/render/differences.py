"""What changed between two headlines, as runs of text to strike out and to insert. Pure."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "del", "ins"]
# A Han character or a kana counts as a word, digits stay together with their decimal mark.
_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|\d+(?:[.,]\d+)*|[^\W\d\u3040-\u30ff\u3400-\u9fff]+|\s+|."
)
_ALIKE = 0.5  # below this share of common words a word-by-word comparison is harder to read than both lines
_RUNS_MAX = 40  # likewise above so many runs


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a changed headline."""

    kind: Kind
    text: str


def differences(old: str, new: str) -> tuple[Run, ...]:
    """Runs that give `old` when insertions are left out, and `new` when deletions are."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    whole = tuple(Run(kind, text) for kind, text in _runs("del", old) + _runs("ins", new))
    if matcher.ratio() < _ALIKE:
        return whole
    runs: list[tuple[Kind, str]] = []
    for code, i1, i2, j1, j2 in matcher.get_opcodes():
        if code == "equal":
            runs += _runs("same", "".join(before[i1:i2]))
        else:
            runs += _runs("del", "".join(before[i1:i2])) + _runs("ins", "".join(after[j1:j2]))
    return tuple(Run(kind, text) for kind, text in runs) if len(runs) <= _RUNS_MAX else whole


def _runs(kind: Kind, text: str) -> list[tuple[Kind, str]]:
    return [(kind, text)] if text else []
