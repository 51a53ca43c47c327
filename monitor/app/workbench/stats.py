"""How each rule does: hits a day, precision by marks, what only it caught, what never fired, what it costs."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from monitor.app.ports import Bench
from monitor.app.workbench.sight import language_of
from monitor.core.model import Item, Relevance, RuleInfo
from monitor.core.rules import Matcher, Rulebook
from monitor.core.rules.book import Condition, Group, TermRef

SAMPLE = 1000  # items on which cost is measured


@dataclass(slots=True)
class RuleStats:
    """Figures of one rule over a period. `cost` is in µs an item beyond reading the text, which all rules share."""

    info: RuleInfo
    days: float
    hits: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    feeds: Counter[str] = field(default_factory=Counter)
    relevant: int = 0
    noise: int = 0
    alone: int = 0  # hits on items that no other rule caught
    silent: tuple[str, ...] = ()  # terms that the rule looks for and that were in none of its hits
    cost: float | None = None

    @property
    def per_day(self) -> float:
        """Hits a day."""
        return self.hits / self.days

    @property
    def precision(self) -> float | None:
        """The share of relevant hits among the marked ones, 0 to 1; None where nothing was marked."""
        marked = self.relevant + self.noise
        return self.relevant / marked if marked else None

    @property
    def share_alone(self) -> float | None:
        """The share of hits that only this rule caught, 0 to 1; None without hits."""
        return self.alone / self.hits if self.hits else None


@dataclass(frozen=True, slots=True)
class Statistics:
    """All rules, and what reading a text costs before any rule is tried, in µs an item."""

    rules: tuple[RuleStats, ...]
    days: float
    reading: float | None


def statistics(
    bench: Bench, book: Rulebook, matcher: Matcher, *, since: datetime | None, now: datetime, timer: Callable[[], float]
) -> Statistics:
    """Figures from the hits on items dated since then (None: all). `timer` counts seconds; it only measures cost."""
    starts = [start for start in (since, bench.watched_since()) if start]
    days = max((now - max(starts, default=now)) / timedelta(days=1), 1.0)
    stats = {info.id: RuleStats(info, days) for info in matcher.rules}
    seen: dict[str, set[str]] = defaultdict(set)
    rules_of: dict[int, set[str]] = defaultdict(set)
    for stored, relevance in bench.hits(since):
        rules_of[stored.item_id].add(stored.hit.rule)
        if (one := stats.get(stored.hit.rule)) is None:
            continue
        one.hits += 1
        one.languages[language_of(stored.item)] += 1
        one.feeds[stored.item.feed] += 1
        one.relevant += relevance is Relevance.RELEVANT
        one.noise += relevance is Relevance.NOISE
        seen[one.info.id].update(found.term for found in stored.hit.evidence)
    for caught in rules_of.values():
        if len(caught) == 1 and (only := stats.get(next(iter(caught)))):
            only.alone += 1
    wanted = {rule.id: tuple(dict.fromkeys(_positive(rule.match))) for rule in book.rules}
    for rule_id, one in stats.items():
        one.silent = tuple(term for term in wanted.get(rule_id, ()) if term not in seen[rule_id])
    reading = _measure(stats, matcher, islice((item for _, item in bench.items(since)), SAMPLE), timer)
    return Statistics(tuple(stats.values()), days, reading)


def _measure(
    stats: dict[str, RuleStats], matcher: Matcher, items: Iterable[Item], timer: Callable[[], float]
) -> float | None:
    spent: dict[str, float] = defaultdict(float)
    reading_took = 0.0
    count = 0
    for item in items:
        count += 1
        start = timer()
        tries = matcher.tried(matcher.reading(item))
        reading_took += timer() - start
        start = timer()
        for compiled, _ in tries:
            spent[compiled.rule.id] += timer() - start
            start = timer()
    if not count:
        return None
    for rule_id, one in stats.items():
        one.cost = spent[rule_id] / count * 1e6
    return reading_took / count * 1e6


def _positive(condition: Condition) -> Iterator[str]:
    """Ids of the terms that a condition looks for; not what it forbids."""
    if isinstance(condition, TermRef):
        yield condition.id
    elif isinstance(condition, Group):
        for part in condition.parts:
            for child in part.children:
                yield from _positive(child)
