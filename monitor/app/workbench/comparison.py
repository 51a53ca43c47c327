"""What an edit of the rules would have gained and lost on everything that was read.

What it is held against is either the rules in force (`live`), tried on the same items, or, without them, the hits that
were stored when the items came in. A stored hit whose words an edit of the item took away is not counted.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.app.ports import Bench
from monitor.app.workbench.sight import STEP, Progress, Sight, fits, language_of, sight
from monitor.core.model import Evidence, Item, Relevance
from monitor.core.rules import Matcher
from monitor.core.rules.explain import explain


@dataclass(frozen=True, slots=True)
class Change:
    """A hit that only one of the two sides has. `reason` says why it is lost; `relevance` is a person's mark."""

    rule: str
    gained: bool
    sight: Sight
    words: tuple[str, ...]
    reason: str = ""
    relevance: Relevance | None = None


@dataclass(slots=True)
class Tally:
    """Hits of one rule in one language."""

    kept: int = 0
    gained: int = 0
    lost: int = 0


@dataclass(slots=True)
class Backtest:
    """The difference. `lost_relevant` are losses that a person had marked relevant, of any age."""

    items: int = 0
    tallies: dict[tuple[str, str], Tally] = field(default_factory=lambda: defaultdict(Tally))
    changes: list[Change] = field(default_factory=list)

    @property
    def gained(self) -> list[Change]:
        """Hits that the edit adds."""
        return [change for change in self.changes if change.gained]

    @property
    def lost(self) -> list[Change]:
        """Hits that the edit takes away."""
        return [change for change in self.changes if not change.gained]

    @property
    def lost_relevant(self) -> list[Change]:
        """Losses that matter for certain."""
        return [change for change in self.lost if change.relevance is Relevance.RELEVANT]

    @property
    def lost_noise(self) -> list[Change]:
        """Losses that are wanted."""
        return [change for change in self.lost if change.relevance is Relevance.NOISE]


Found = Mapping[str, tuple[Evidence, ...]]  # evidence by rule


def backtest(
    bench: Bench,
    edited: Matcher,
    live: Matcher | None,
    *,
    since: datetime | None = None,
    rules: Collection[str] = (),
    progress: Progress | None = None,
) -> Backtest:
    """Replay the archive against `edited` and compare with `live`, or with the stored hits where that is None.

    Looks at items dated since then (None: all), and at every item marked relevant whatever its age. `rules` limits the
    comparison to these ids.
    """
    result = Backtest()
    stored: dict[int, dict[str, tuple[Evidence, ...]]] = defaultdict(dict)
    marks: dict[tuple[int, str], Relevance] = {}
    for hit, relevance in bench.hits(since, rules):
        stored[hit.item_id][hit.hit.rule] = hit.hit.evidence
        if relevance:
            marks[hit.item_id, hit.hit.rule] = relevance
    for item_id, item in bench.items(since):
        result.items += 1
        if progress and result.items % STEP == 0:
            progress(result.items)
        before = _before(item, live, stored.get(item_id, {}), rules)
        _compare(result, item_id, item, before, _found(edited, item, rules), edited, marks)
    for marked in bench.marked(rules):
        rule, item_id, item = marked.stored.hit.rule, marked.stored.item_id, marked.stored.item
        if marked.relevance is Relevance.RELEVANT and (item_id, rule) not in marks:
            before = _before(item, live, {rule: marked.stored.hit.evidence}, [rule])
            if rule in before:
                after = _found(edited, item, [rule])
                _compare(result, item_id, item, before, after, edited, {(item_id, rule): marked.relevance})
    return result


def _before(item: Item, live: Matcher | None, stored: Found, rules: Collection[str]) -> Found:
    if live is not None:
        return _found(live, item, rules)
    return {rule: evidence for rule, evidence in stored.items() if fits(item, evidence)}


def _found(matcher: Matcher, item: Item, rules: Collection[str]) -> Found:
    return {hit.rule: hit.evidence for hit in matcher.match(item) if not rules or hit.rule in rules}


def _compare(
    result: Backtest,
    item_id: int,
    item: Item,
    before: Found,
    after: Found,
    edited: Matcher,
    marks: Mapping[tuple[int, str], Relevance],
) -> None:
    if not before and not after:
        return
    language = language_of(item)
    for rule in {**before, **after}:
        tally = result.tallies[rule, language]
        if rule in before and rule in after:
            tally.kept += 1
            continue
        gained = rule in after
        tally.gained += gained
        tally.lost += not gained
        evidence = after[rule] if gained else before[rule]
        result.changes.append(
            Change(
                rule=rule,
                gained=gained,
                sight=sight(item_id, item, evidence),
                words=words_of(evidence),
                reason="" if gained else _why_not(edited, rule, item),
                relevance=marks.get((item_id, rule)),
            )
        )


def _why_not(matcher: Matcher, rule: str, item: Item) -> str:
    try:
        return "; ".join(explain(matcher, rule, item).failed)
    except KeyError:
        return "the rule is gone or off"


def words_of(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """What was found, each once, in order."""
    return tuple(dict.fromkeys(one.text for one in evidence))
