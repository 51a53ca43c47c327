"""Near misses: archived items one condition short of firing a rule. How recall is checked.

They are gathered by what is missing. The groups with fewest items come first: where only a few items lack a condition,
each is worth a look; where thousands do, that condition is what makes the rule a rule.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from monitor.app.ports import Bench
from monitor.app.workbench.comparison import words_of
from monitor.app.workbench.sight import STEP, Progress, Sight, sight
from monitor.core.rules import Matcher
from monitor.core.rules.explain import explain_reading, walk
from monitor.core.rules.reading import FIELDS

_QUOTED = re.compile(r":? “.*”")
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An item, the words of the rule that stand in it, and the condition that it lacks."""

    sight: Sight
    words: tuple[str, ...]
    missing: str


@dataclass(slots=True)
class NearMisses:
    """All near misses of a rule: how many by missing condition, and the newest few of each."""

    rule: str
    items: int = 0
    hits: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    newest: dict[str, list[NearMiss]] = field(default_factory=dict)

    @property
    def groups(self) -> list[tuple[str, int, list[NearMiss]]]:
        """(missing condition, how many items, the newest of them), rarest first."""
        order = sorted(self.counts, key=lambda name: (self.counts[name], name))
        return [(name, self.counts[name], self.newest[name]) for name in order]


def near_misses(
    bench: Bench,
    matcher: Matcher,
    rule: str,
    *,
    since: datetime | None = None,
    limit: int = 5,
    progress: Progress | None = None,
) -> NearMisses:
    """Look for items dated since then that lack one condition; keep the newest `limit` of each kind.

    Raises KeyError where the matcher has no such rule.
    """
    compiled = next((one for one in matcher.compiled if one.rule.id == rule), None)
    if compiled is None:
        raise KeyError(rule)
    leaves = set(compiled.leaves)
    patterns = leaves & matcher.leaves.patterns.keys()
    found = NearMisses(rule)
    for item_id, item in bench.items(since):
        found.items += 1
        if progress and found.items % STEP == 0:
            progress(found.items)
        reading = matcher.reading(item)
        if leaves.isdisjoint(reading.raw) and not any(reading.found(leaf) for leaf in patterns):
            continue
        tried = explain_reading(matcher, compiled, reading)
        found.hits += tried.fired
        if tried.fired or len(tried.failed) != 1:
            continue
        evidence = sorted(
            {one for node in walk(tried.tree) for one in node.found},
            key=lambda one: (FIELDS.index(one.field), one.start),
        )
        missing = tried.failed[0]
        group = _QUOTED.sub("", missing)
        found.counts[group] = found.counts.get(group, 0) + 1
        kept = found.newest.setdefault(group, [])
        kept.append(NearMiss(sight(item_id, item, evidence), words_of(evidence), missing))
        kept.sort(key=lambda one: (one.sight.at or _FIRST, one.sight.item_id), reverse=True)
        del kept[limit:]
    return found
