"""Why a rule fired on an item, or what kept it from firing: the rule's tree with a mark at each node. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.core.model import Evidence, Item
from monitor.core.rules.book import Condition, Group, Kind, Part, Pattern, Phrase, TermRef
from monitor.core.rules.evaluate import Branch, Leaf, Node, NodePart, Text, holds, spans_of
from monitor.core.rules.match import CompiledRule, Matcher, points
from monitor.core.rules.reading import Reading

_FORBIDDEN = "something forbidden stands beside it"


@dataclass(frozen=True, slots=True)
class Mark:
    """A node of a rule's tree. `text` is how the node reads, `note` what is to be known of it beyond yes and no."""

    text: str
    holds: bool
    found: tuple[Evidence, ...] = ()
    note: str = ""
    children: tuple["Mark", ...] = ()
    forbids: bool = False  # under `none`: here holding is bad

    @property
    def good(self) -> bool:
        """Whether this node helps the rule to fire."""
        return self.holds != self.forbids


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule tried on an item. `failed` holds the conditions that kept it from firing; one of them is a near miss."""

    rule: str
    fired: bool
    tree: Mark
    evidence: tuple[Evidence, ...] = ()
    score: float = 0.0
    threshold: float | None = None
    failed: tuple[str, ...] = ()

    @property
    def near(self) -> bool:
        """One condition short of firing, with something found."""
        return not self.fired and len(self.failed) == 1 and any(mark.found for mark in walk(self.tree))


def walk(mark: Mark) -> Iterator[Mark]:
    """A node and all nodes below it, top down."""
    yield mark
    for child in mark.children:
        yield from walk(child)


def explain(matcher: Matcher, rule_id: str, item: Item) -> Explanation:
    """How a rule sees an item. Raises KeyError for a rule that the matcher does not have (unknown, or off)."""
    compiled = next((one for one in matcher.compiled if one.rule.id == rule_id), None)
    if compiled is None:
        raise KeyError(rule_id)
    return explain_reading(matcher, compiled, matcher.reading(item))


def explain_reading(matcher: Matcher, compiled: CompiledRule, reading: Reading) -> Explanation:
    """As `explain`, for a rule and an item in hand: cheaper where many rules look at one item."""
    rule = compiled.rule
    text = matcher.view(rule, reading)
    tree = _Explainer(matcher, reading, text).mark(rule.match, compiled.node)
    failed = list(_failed(tree))
    if not matcher.applies(rule, reading.item):
        failed.append("the feed or language is one that the rule leaves out (only, except)")
    score = 0.0
    spots = holds(compiled.node, text) or []
    if spots:
        score = points(compiled, spots, text)
        if rule.threshold is not None and score < rule.threshold:
            failed.append(f"the score {score:g} is below the threshold {rule.threshold:g}")
    fired = not failed
    evidence = reading.evidence(spots) if fired else ()
    return Explanation(rule.id, fired, tree, evidence, score, rule.threshold, tuple(failed))


class _Explainer:
    def __init__(self, matcher: Matcher, reading: Reading, text: Text) -> None:
        self._names = matcher.leaves.names
        self._reading, self._text = reading, text

    def mark(self, condition: Condition, node: Node, *, forbids: bool = False) -> Mark:
        if isinstance(node, Leaf) or not isinstance(condition, Group):
            return self._leaf(condition, node, forbids=forbids)
        children = [
            mark
            for part, inner in zip(condition.parts, node.parts, strict=True)
            for mark in self._part(part, inner, only=len(condition.parts) == 1)
        ]
        children += [
            self.mark(child, inner, forbids=True) for child, inner in zip(condition.none, node.none, strict=True)
        ]
        held = bool(holds(node, self._text))
        note = "" if held else self._distance(node, children)
        return Mark(_title(condition), held, (), note, tuple(children), forbids)

    def _part(self, part: Part, node: NodePart, *, only: bool) -> list[Mark]:
        marks = [self.mark(child, inner) for child, inner in zip(part.children, node.children, strict=True)]
        if only:
            return marks
        held = bool(holds(Branch((node,), (), None, part.kind is Kind.ORDER), self._text))
        return [Mark(_part_title(part), held, (), "", tuple(marks))]

    def _leaf(self, condition: Condition, node: Node, *, forbids: bool) -> Mark:
        spots = holds(node, self._text) or []
        note = "" if spots else self._ignored(node)
        return Mark(str(condition), bool(spots), self._reading.evidence(spots), note, (), forbids)

    def _ignored(self, node: Node) -> str:
        """What was there, but did not count."""
        if not isinstance(node, Leaf):
            return ""
        raws = self._reading.raw.get(node.index, ())
        seen = [raw for raw in raws if raw[2] >= 0]
        if not seen:
            return ""
        words = "”, “".join(dict.fromkeys(self._words(raw[0], raw[1]) for raw in seen))
        lookalikes = [raw for raw in raws if raw[2] < 0]
        if any(other[0] < raw[1] and raw[0] < other[1] for other in lookalikes for raw in seen):
            covers = "”, “".join(dict.fromkeys(self._words(raw[0], raw[1]) for raw in lookalikes))
            return f"“{words}” belongs to the look-alike “{covers}”"
        if self._reading.found(node.index):
            return f"“{words}” stands in a field that the rule does not read"
        return f"“{words}” lacks the context that it needs"

    def _words(self, start: int, end: int) -> str:
        first, last = self._reading.origin(start, end)
        return self._reading.original[first:last]

    def _distance(self, node: Branch, children: list[Mark]) -> str:
        if not node.placed or not all(mark.good for mark in children if not mark.forbids):
            return ""
        if node.within is None:
            return "found, but not in this order"
        loose = Branch(node.parts, (), None, True)
        spans = spans_of(loose, self._text)
        if not spans:
            return "found, but not in this order"
        if any(self._text.close(span.start, span.end, node.within) for span in spans):
            return _FORBIDDEN
        return f"found, but not within {node.within}"


def _failed(mark: Mark) -> Iterator[str]:
    """The conditions that keep a tree from holding, each once and as deep down as it can be named."""
    if mark.good:
        return
    if mark.forbids:
        words = ", ".join(f"“{one.text}”" for one in mark.found)
        yield f"none: {mark.text} was found" + (f": {words}" if words else "")
    elif mark.note and mark.children:
        forbidden = [f"“{one.text}”" for child in mark.children if child.forbids for one in child.found]
        yield f"{mark.text}: {mark.note}" + (f": {', '.join(forbidden)}" if mark.note == _FORBIDDEN else "")
    elif mark.children and not mark.text.startswith(("any", "at least")):
        below = [reason for child in mark.children for reason in _failed(child)]
        yield from below or [mark.text]
    else:
        yield mark.text + (f": {mark.note}" if mark.note else " not found")


def _title(group: Group) -> str:
    title = _part_title(group.parts[0]) if len(group.parts) == 1 else "all of these"
    return title + (f", within {group.within}" if group.within else "")


def _part_title(part: Part) -> str:
    match part.kind:
        case Kind.ALL:
            return "all"
        case Kind.ANY:
            return f"any of {_short(part)}"
        case Kind.ORDER:
            return "in order"
    return f"at least {part.count} of {_short(part)}"


def _short(part: Part) -> str:
    """The children in a few words."""
    names = [str(child) if isinstance(child, (TermRef, Phrase, Pattern)) else "(…)" for child in part.children]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
