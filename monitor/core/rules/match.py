"""The compiled rulebook: says which rules an item fulfils, and by which words."""

import gc
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from hashlib import blake2b

from monitor.core.model import FeedSpec, Hit, Item, RuleInfo, RuleStatus
from monitor.core.rules.book import Kind, Restriction, Rule, Rulebook
from monitor.core.rules.evaluate import Leaf, Node, Spot, Text, holds
from monitor.core.rules.fingerprint import fingerprints
from monitor.core.rules.leaves import LeafTable
from monitor.core.rules.prefilter import Prefilter
from monitor.core.rules.reading import Reading, Restricted

MOST_PLACES = 50  # that a hit shows of one word


class CompiledRule:
    """A rule over leaf numbers."""

    def __init__(self, rule: Rule, leaves: LeafTable) -> None:
        self.rule = rule
        self.info = rule.info
        self.node = leaves.node(rule.match)
        self.score = tuple((leaves.node(condition), points) for condition, points in rule.score)
        self.leaves = frozenset(_leaves(self.node))
        self.required = tuple(sorted(_required(self.node, leaves), key=len))
        restrictions = (rule.only, rule.exclude)
        self.restricted = any(r.feeds or r.tags or r.countries or r.languages for r in restrictions)


class Matcher:
    """Satisfies the port `Matcher`: pure and thread-safe.

    Pickled, it is only the call that makes it again (`recipe`), with its cache: compiled rules don't travel.
    """

    def __init__(
        self,
        rules: Sequence[CompiledRule],
        leaves: LeafTable,
        feeds: Mapping[str, FeedSpec],
        recipe: "Callable[[], Matcher]",
    ) -> None:
        self._recipe = recipe
        self._rules = rules
        self._leaves = leaves
        self._feeds = feeds
        self._things = leaves.named_things()
        self._prefilter = Prefilter([rule.required for rule in rules], leaves.lexicon)

    def __reduce__(self) -> "tuple[Callable[[], Matcher], tuple[()]]":
        return self._recipe, ()

    @cached_property
    def rules(self) -> Sequence[RuleInfo]:
        """Every rule that is not off, with its fingerprint; these are reckoned when somebody first asks."""
        marks = fingerprints((rule.rule for rule in self._rules), self._leaves.terms)
        return tuple(replace(rule.info, fingerprint=marks[rule.info.id]) for rule in self._rules)

    @cached_property
    def token(self) -> str:
        """Stands for what this matcher finds: those with one token find the same."""
        return blake2b(pickle.dumps(self), digest_size=16).hexdigest()

    def match(self, item: Item) -> list[Hit]:
        """Hits in the order of the rules."""
        reading = Reading(item, self._leaves)
        hits = [self._try(self._rules[number], reading) for number in self._candidates(reading)]
        return [hit for hit in hits if hit is not None]

    def promise(self, item: Item) -> float:
        """How much of what some rule asks for stands in an item on which it does not fire; 0 where the article is not
        worth reading for any.

        That is the case if all that the rule requires was found, or all but one of several things: what is missing may
        stand in the article. The share found, at most 1. Much cheaper than `match` where nothing of the kind is found.
        """
        reading = Reading(item, self._leaves)
        best = 0.0
        for number, (found, missing) in self._prefilter.touched(reading.finds, lambda: reading.leaves).items():
            compiled = self._rules[number]
            share = found / (found + missing)
            if missing > 1 or not found or share <= best or not self.applies(compiled.rule, item):
                continue
            if missing or self._try(compiled, reading) is None:
                best = share
        return best

    def tried(self, reading: Reading) -> Iterator[tuple[CompiledRule, Hit | None]]:
        """The rules that an item makes worth a look, each tried when asked for: to measure what a rule costs."""
        for number in self._candidates(reading):
            yield self._rules[number], self._try(self._rules[number], reading)

    def _candidates(self, reading: Reading) -> Sequence[int]:
        return self._prefilter.candidates(reading.finds, lambda: reading.leaves)

    def reading(self, item: Item) -> Reading:
        """The item as conditions see it, for explanations."""
        return Reading(item, self._leaves)

    @property
    def compiled(self) -> Sequence[CompiledRule]:
        """The rules with their nodes, for explanations."""
        return self._rules

    @property
    def leaves(self) -> LeafTable:
        """The leaves, for explanations."""
        return self._leaves

    def applies(self, rule: Rule, item: Item) -> bool:
        """Whether the restrictions of a rule let it look at an item; what is unknown restricts nothing."""
        feed = self._feeds.get(item.feed)
        return _admits(rule.only, item, feed) and not _forbids(rule.exclude, item, feed)

    def view(self, rule: Rule, reading: Reading) -> Text:
        """The part of the item that a rule looks at."""
        return Restricted(reading, rule.only.fields) if rule.only.fields else reading

    def _try(self, compiled: CompiledRule, reading: Reading) -> Hit | None:
        rule = compiled.rule
        if compiled.restricted and not self.applies(rule, reading.item):
            return None
        text = self.view(rule, reading)
        spots = holds(compiled.node, text)
        if not spots:
            return None
        score = points(compiled, spots, text)
        if rule.threshold is not None and score < rule.threshold:
            return None
        evidence = reading.evidence(self._evident(_some_of_each(spots), text))
        return Hit(
            rule=rule.id,
            severity=rule.info.severity,
            score=score,
            evidence=evidence,
            status=rule.info.status,
            gloss=self._gloss(compiled, reading),
        )

    def _gloss(self, compiled: CompiledRule, reading: Reading) -> tuple[str, ...]:
        """Labels of what the item mentions, by first mention: all named things of the book, then the rule's ideas."""
        names = self._leaves.names
        wanted = (leaf for leaf in (compiled.leaves | self._things) & reading.raw.keys() if names[leaf].gloss)
        spots = sorted(spot for leaf in wanted for spot in reading.found(leaf)[:1])
        found = sorted((names[spot.leaf] for spot in spots), key=lambda name: name.entity is None)
        return tuple(dict.fromkeys(name.label for name in found))

    def _evident(self, spots: Sequence[Spot], text: Text) -> list[Spot]:
        """The spots to show: without helpers where a better term has the place, with words that run on in Han."""
        names = self._leaves.names
        telling = [spot for spot in spots if names[spot.leaf].gloss]
        shown = [
            spot for spot in spots if names[spot.leaf].gloss or not any(_covers_spot(other, spot) for other in telling)
        ]
        starts, ends = {spot.start for spot in shown}, {spot.end for spot in shown}
        leaves = {spot.leaf for spot in shown}
        more = _some_of_each(
            spot for leaf in leaves for spot in text.found(leaf) if spot.start in ends or spot.end in starts
        )
        return list(dict.fromkeys([*shown, *more]))


def _some_of_each(spots: Iterable[Spot]) -> list[Spot]:
    """The first places of every leaf. A text of a million words that all count must not become a million pieces."""
    counts: Counter[int] = Counter()
    kept = []
    for spot in spots:
        if counts[spot.leaf] < MOST_PLACES:
            counts[spot.leaf] += 1
            kept.append(spot)
    return kept


def _covers_spot(other: Spot, spot: Spot) -> bool:
    return other.start <= spot.start and spot.end <= other.end


def points(compiled: CompiledRule, spots: Sequence[Spot], text: Text) -> float:
    """The score of a rule that holds: from its table, or else one point (times weight) for each different leaf."""
    if not compiled.score:
        best: dict[int, float] = {}
        for spot in spots:
            best[spot.leaf] = max(spot.weight, best.get(spot.leaf, 0.0))
        return sum(best.values())
    total = 0.0
    for node, value in compiled.score:
        found = holds(node, text)
        if found:
            total += value * max(spot.weight for spot in found)
    return total


def compile_rules(
    book: Rulebook,
    *,
    cache: MutableMapping[str, bytes] | None = None,
    feeds: Iterable[FeedSpec] = (),
) -> Matcher:
    """Write out all forms and build the matcher of every rule that is not off.

    `cache` keeps the written-out forms between runs; with it, no morphology is loaded for an unchanged book.
    `feeds` tells tags, countries and languages for `only` and `except`.
    """
    with _collector_paused():
        leaves = LeafTable(book.terms)
        compiled = [CompiledRule(rule, leaves) for rule in book.rules if rule.info.status is not RuleStatus.OFF]
        leaves.named_things()  # their words are looked for, too
        leaves.close(cache)
        known = {feed.id: _told_of(feed) for feed in feeds}
        recipe = partial(compile_rules, book, cache=cache, feeds=tuple(known.values()))
        return Matcher(compiled, leaves, known, recipe)


def _told_of(feed: FeedSpec) -> FeedSpec:
    """What `only` and `except` ask of a feed, and none of its secrets."""
    return FeedSpec(feed.id, "", language=feed.language, country=feed.country, tags=feed.tags, made_from=feed.made_from)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Compiling makes a million objects and no garbage; looking through them for some would double the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _leaves(node: Node) -> Iterable[int]:
    """Leaves that a node looks for; not those that it forbids."""
    if isinstance(node, Leaf):
        yield node.index
    else:
        for part in node.parts:
            for child in part.children:
                yield from _leaves(child)


def _required(node: Node, leaves: LeafTable) -> list[frozenset[int]]:
    """Sets of leaves; the node can hold only where at least one of each set is found. Patterns are in no set."""
    if isinstance(node, Leaf):
        return [] if node.index in leaves.patterns else [frozenset([node.index])]
    found: list[frozenset[int]] = []
    for part in node.parts:
        children = [_required(child, leaves) for child in part.children]
        if part.kind in {Kind.ALL, Kind.ORDER}:
            found += [one for sets in children for one in sets]
        elif all(children):
            # Of n conditions with k to hold, any n - k + 1 must contain one that does.
            some = sorted((min(sets, key=len) for sets in children), key=len)
            count = len(some) - (part.count if part.kind is Kind.AT_LEAST else 1) + 1
            found.append(frozenset().union(*some[:count]))
    return found


def _admits(only: Restriction, item: Item, feed: FeedSpec | None) -> bool:
    language = item.language or (feed.language if feed else None)
    return (
        (not only.feeds or not item.feed or _is_named(only.feeds, item, feed))
        and (not only.tags or feed is None or bool(set(only.tags) & set(feed.tags)))
        and (not only.countries or feed is None or feed.country is None or feed.country in only.countries)
        and (not only.languages or language is None or any(_covers(tag, language) for tag in only.languages))
    )


def _forbids(exclude: Restriction, item: Item, feed: FeedSpec | None) -> bool:
    language = item.language or (feed.language if feed else None)
    return (
        _is_named(exclude.feeds, item, feed)
        or (feed is not None and bool(set(exclude.tags) & set(feed.tags)))
        or (feed is not None and feed.country in exclude.countries)
        or (language is not None and any(_covers(tag, language) for tag in exclude.languages))
    )


def _is_named(feeds: Sequence[str], item: Item, feed: FeedSpec | None) -> bool:
    """Whether a list of feeds has this one, by its own id or that of the entry it was made from."""
    return item.feed in feeds or (feed is not None and feed.made_from in feeds)


def _covers(tag: str, language: str) -> bool:
    """Whether a tag covers a language: `zh` covers zh-Hant."""
    tag, language = tag.lower(), language.lower()
    return language == tag or language.startswith(tag + "-")
