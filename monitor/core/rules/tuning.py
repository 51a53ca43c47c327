"""From a person's marks to words that tell noise from what is relevant. Pure.

Every candidate is tried with the rule itself: forbidding it must lose nothing relevant, in any inflection, and where
the rule's own conditions stand. A word that only one noisy hit has is no suggestion: any word would do.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, replace

from monitor.core.model import Item, RuleInfo, RuleStatus, Severity
from monitor.core.rules.book import Condition, Group, Kind, Part, Rule, Rulebook
from monitor.core.rules.conditions import ConditionReader
from monitor.core.rules.match import compile_rules
from monitor.core.text.chars import HAN, KANA
from monitor.core.text.normalise import fold

AT_LEAST = 2  # hits that a word must be found in
MOST_CANDIDATES = 2000
MOST_SHARED = 5
_COMMON = 0.05  # share of other news beyond which a word is too general to be forbidden
_ENOUGH_NEWS = 200  # items; with fewer, nobody can say what is common
_READ = 1000  # characters of an article's content in which words are looked for
_SPACED = re.compile(rf"[^\W\d_{HAN}{KANA}]{{3,}}")
_UNSPACED = re.compile(f"[{HAN}]{{2,}}")


@dataclass(frozen=True, slots=True)
class Word:
    """A word in how many of the hits."""

    text: str
    hits: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words to put under `none:`, with the noise that each takes away beyond those before it.

    `nested`: the rule's conditions must stand together (`within`), so `none` belongs around them, over the whole item.
    `relevant` and `noise` count the marked hits that the rule still finds; `shared` are words of relevant hits only.
    """

    rule: str
    relevant: int
    noise: int
    forbid: tuple[Word, ...]
    shared: tuple[Word, ...]
    nested: bool

    @property
    def removed(self) -> int:
        """How much of the noise goes."""
        return sum(word.hits for word in self.forbid)


def suggest(
    book: Rulebook,
    rule_id: str,
    relevant: Sequence[Item],
    noise: Sequence[Item],
    others: Iterable[Item],
    *,
    cache: MutableMapping[str, bytes] | None = None,
) -> Suggestion:
    """What the marks on a rule's hits teach. `others` are unmarked news: what is common there is not suggested.

    Raises KeyError for an unknown rule.
    """
    (rule,) = book.only([rule_id]).rules
    matcher = compile_rules(replace(book, rules=(rule,)), cache=cache)
    good = [item for item in relevant if matcher.match(item)]
    bad = [item for item in noise if matcher.match(item)]
    nested = isinstance(rule.match, Group) and rule.match.within is not None
    if len(bad) < AT_LEAST:
        return Suggestion(rule_id, len(good), len(bad), (), (), nested)
    news = list(others)
    forbid = _choose(book, rule, _candidates(bad, good), good, bad, news)
    return Suggestion(rule_id, len(good), len(bad), forbid, _shared(good, bad, news), nested)


def forbidding(match: Condition, words: Sequence[Condition]) -> Group:
    """The condition with more under `none`: around it where it has a `within`, so that the whole item is meant."""
    if isinstance(match, Group) and match.within is None:
        return replace(match, none=(*match.none, *words))
    return Group((Part(Kind.ALL, (match,)),), none=tuple(words))


def _choose(
    book: Rulebook, rule: Rule, words: dict[str, Condition], good: list[Item], bad: list[Item], others: list[Item]
) -> tuple[Word, ...]:
    """Words that take most noise away first, until no word takes away enough."""
    variants = [
        replace(rule, match=forbidding(rule.match, [condition]), info=replace(rule.info, id=word))
        for word, condition in words.items()
    ]
    matcher = compile_rules(replace(book, rules=tuple(variants)))
    safe = set(words)
    for item in good:
        safe &= {hit.rule for hit in matcher.match(item)}
    removes: dict[str, set[int]] = {word: set() for word in safe}
    for number, item in enumerate(bad):
        for word in safe - {hit.rule for hit in matcher.match(item)}:
            removes[word].add(number)
    common = _common([word for word in safe if len(removes[word]) >= AT_LEAST], words, others)
    titles = [fold(item.title) for item in bad]
    chosen: list[Word] = []
    left = set(range(len(bad)))
    while removes:
        word = max(
            removes,
            key=lambda one: (len(removes[one] & left), sum(fold(one) in title for title in titles), -len(one), one),
        )
        gain = removes.pop(word) & left
        if len(gain) < AT_LEAST:
            break
        if word not in common:
            chosen.append(Word(word, len(gain)))
            left -= gain
    return tuple(chosen)


def _common(asked: Collection[str], words: dict[str, Condition], others: list[Item]) -> set[str]:
    if len(others) < _ENOUGH_NEWS:
        return set()
    counts = _count(asked, words, others)
    return {word for word, count in counts.items() if count / len(others) > _COMMON}


def _shared(good: list[Item], bad: list[Item], others: list[Item]) -> tuple[Word, ...]:
    """Words that several relevant hits have and no noise has."""
    words = _candidates(good, bad)
    counts = _count(words, words, good)
    several = [word for word, count in counts.items() if count >= AT_LEAST]
    in_noise, common = _count(several, words, bad), _common(several, words, others)
    best = [Word(word, counts[word]) for word in several if not in_noise[word] and word not in common]
    return tuple(sorted(best, key=lambda word: -word.hits)[:MOST_SHARED])


def _count(asked: Collection[str], words: dict[str, Condition], items: Iterable[Item]) -> Counter[str]:
    """In how many items each word stands, in any inflection."""
    rules = tuple(
        Rule(RuleInfo(word, word, Severity.LOW, RuleStatus.LIVE), condition)
        for word, condition in words.items()
        if word in asked
    )
    matcher = compile_rules(Rulebook({}, rules))
    return Counter(hit.rule for item in items for hit in matcher.match(item))


def _candidates(items: Sequence[Item], against: Sequence[Item]) -> dict[str, Condition]:
    """Words of some items that none of the others has as such, the most frequent first, as conditions."""
    counts: Counter[str] = Counter(word for item in items for word in _words(item))
    elsewhere = {word for item in against for word in _words(item)}
    ranked = [word for word, _ in counts.most_common() if word not in elsewhere]
    reader = ConditionReader(set())
    found: dict[str, Condition] = {}
    for word in ranked[:MOST_CANDIDATES]:
        if condition := reader.condition(word, ()):
            found[word] = condition
    return found


def _words(item: Item) -> set[str]:
    """Words of three letters and more, and runs of two to four Han characters."""
    text = f"{item.title}\n{item.summary}\n{item.content[:_READ]}"
    found = {word.lower() for word in _SPACED.findall(text)}
    for run in _UNSPACED.findall(text):
        found |= {run[start : start + size] for size in (2, 3, 4) for start in range(len(run) - size + 1)}
    return found
