"""Who hears of a hit: which rules a digest takes, and whether this hit may be told in it, with the reason.

A digest's `rules:` is a list of selectors. Each is one of

    *                   every rule
    tumen-passage       this rule
    severity>=medium    by severity; also > = < <=
    tag:energy          rules that carry this tag
    not tag:energy      any of these with `not ` or `-` before it: leaves those rules out

A rule is taken if any selector takes it and none leaves it out. A list that only leaves out starts from all. In the
same way `languages:`, `countries:` and `sources:` say of which items a digest tells. When a digest is due: see
schedule.py.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core.model import DigestSpec, FeedSpec, Hit, Item, RuleInfo, RuleStatus, Severity
from monitor.core.suggest import complaint, suggestion

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
_COMPARISON = re.compile(r"(?P<field>[^<>=]*?)\s*(?P<sign>[<>=!]+)\s*(?P<value>.*)", re.DOTALL)
_PREFIX = re.compile(r"(?P<field>[^:\s]*)\s*:\s*(?P<value>.*)", re.DOTALL)
_NAME = re.compile(r"\w[\w.-]*")
_EXCLUDE = re.compile(r"(?:not(?:\s+|$)|-\s*)(?P<rest>.*)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a hit is told; `reason` can follow a number of reports, e.g. "6 reports " + "from rules on trial"."""

    told: bool
    reason: str


def check_selector(text: str, *, rules: Collection[RuleInfo] | None = None) -> str | None:
    """What is wrong with a selector, in words that say how to mend it; None if nothing is.

    With `rules`, ids and tags that no rule has are complaints too.
    """
    _, body = split_selector(text)
    if not body:
        return "a selector is empty: write a rule id, '*', 'severity>=medium' or 'tag:name'"
    if body == "*":
        return None
    if match := _COMPARISON.fullmatch(body):
        return _check_comparison(match["field"], match["sign"], match["value"])
    if match := _PREFIX.fullmatch(body):
        return _check_tag(match["field"], match["value"].strip(), rules)
    return _check_id(body, rules)


def selects(spec: DigestSpec, rule: RuleInfo) -> bool:
    """Whether the digest's selectors take this rule. A selector that `check_selector` refuses takes nothing."""
    return _chosen(spec.rules, lambda body: _takes(body, rule)) and (
        not spec.also or _chosen(spec.also, lambda body: _takes(body, rule))
    )


def urgent(spec: DigestSpec, rule: RuleInfo) -> bool:
    """Whether what this rule finds is told in quiet hours all the same (`quiet_unless`)."""
    return _chosen(spec.quiet_unless, lambda body: _takes(body, rule))


def told_at_once(spec: DigestSpec, rule: RuleInfo) -> bool:
    """Whether what this rule finds is not for this scheduled digest, but for its twin at once (`at_once`)."""
    return _chosen(spec.at_once, lambda body: _takes(body, rule))


def foremost(spec: DigestSpec, found: Iterable[tuple[RuleInfo, Hit]]) -> RuleInfo | None:
    """The rule for which a report goes to the twin at once, with all that was found on it; None: it does not.

    `found`: what fired on one report at one time. A report is told by one of the two, whole.
    """
    live = (rule for rule, hit in found if hit.status is RuleStatus.LIVE and selects(spec, rule))
    return next((rule for rule in live if told_at_once(spec, rule)), None)


def wants(spec: DigestSpec, item: Item, feed: FeedSpec | None) -> bool:
    """Whether the digest tells of this item: by its language, its outlet's country, its source.

    The item's own language counts before that of its feed; `zh` takes zh-Hant, too. What is not known is taken by no
    name and left out by none. `feed`: as feeds.yaml describes it; None: it is not there any more.
    """
    language = item.language or (feed and feed.language) or ""
    country = (feed and feed.country) or ""
    return (
        (not spec.languages or _chosen(spec.languages, lambda body: speaks(body, language)))
        and (not spec.countries or _chosen(spec.countries, lambda body: body.upper() == country.upper()))
        and (not spec.sources or _chosen(spec.sources, lambda body: _is_source(body, item.feed, feed)))
    )


def tellable(
    spec: DigestSpec,
    hit: Hit,
    item: Item,
    *,
    rule: RuleInfo | None = None,
    first_read: bool,
    now: datetime,
    max_age: timedelta,
) -> Verdict:
    """Whether a fresh hit that the digest takes goes into its tray. `rule`: what `foremost` gives for its report.

    `first_read`: the item came with the first successful reading of its feed, so it is backlog, and backlog is
    never worth an immediate message. Age is counted from `item.dated`; an undated item never seen before is as
    old as this moment. All datetimes aware.
    """
    if hit.status is not RuleStatus.LIVE:
        return Verdict(False, "from rules on trial" if hit.status is RuleStatus.SHADOW else "from rules that are off")
    if now - (item.dated or now) > max_age:
        return Verdict(False, f"more than {in_words(max_age)} old")
    if first_read:  # where `at_once` tells nothing of it, the scheduled digest does
        backlog = spec.immediate
        return Verdict(not backlog, "already there when their feed was first read" if backlog else "told")
    if rule and told_at_once(spec, rule):
        return Verdict(False, f"told at once by {twin(spec.id)}")
    return Verdict(True, "told")


def twin(digest: str) -> str:
    """The id of the digest that tells at once what a scheduled digest's `at_once` takes."""
    return f"{digest}-at-once"


def halves(digest: str, specs: Iterable[DigestSpec]) -> tuple[str, str] | None:
    """The scheduled digest and its twin, by id, of which this is one; None where it has no other half."""
    pairs = ((spec.id, twin(spec.id)) for spec in specs if spec.at and spec.at_once)
    return next((pair for pair in pairs if digest in pair), None)


def in_words(span: timedelta) -> str:
    """A duration for a person, in its largest exact unit: "48 hours", "1 minute", "90 seconds"."""
    seconds = round(span.total_seconds())
    units = ((3600, "hour"), (60, "minute"), (1, "second"))
    size, unit = next((size, unit) for size, unit in units if seconds % size == 0)
    count = seconds // size
    return f"{count} {unit}{'' if count == 1 else 's'}"


def split_selector(text: str) -> tuple[bool, str]:
    """Whether it leaves out (`not `, `-`), and what stands behind that."""
    body = text.strip()
    match = _EXCLUDE.fullmatch(body)
    return (True, match["rest"].strip()) if match else (False, body)


def nothing_left(selectors: Sequence[str], *, covers: Callable[[str, str], bool] = operator.eq) -> list[int]:
    """Positions of the entries that leave out all that the list takes, whatever there is; none where something is left.

    `covers(one, other)`: whether leaving out the one leaves out the other, as far as their words tell.
    """
    pairs = [split_selector(text) for text in selectors]
    wanted = [body for excluded, body in pairs if not excluded]
    outs = [(number, body) for number, (excluded, body) in enumerate(pairs) if excluded]
    used = [number for number, out in outs if out == "*" or any(covers(out, body) for body in wanted)]
    left = [body for body in wanted if not any(out == "*" or covers(out, body) for _, out in outs)]
    return [] if left else used


def _chosen(selectors: Sequence[str], takes: Callable[[str], bool]) -> bool:
    """Whether any of them takes it and none leaves it out; those that only leave out start from all."""
    pairs = [split_selector(text) for text in selectors]
    if any(excluded and takes(body) for excluded, body in pairs):
        return False
    wanted = [body for excluded, body in pairs if not excluded]
    return any(map(takes, wanted)) if wanted else bool(pairs)


def speaks(wanted: str, language: str) -> bool:
    """Whether a BCP 47 tag is the one that is wanted, or a more exact one: `zh` takes zh-Hant, too."""
    return f"{language.lower()}-".startswith(f"{wanted.lower()}-")


def _is_source(body: str, feed_id: str, feed: FeedSpec | None) -> bool:
    """Whether a selector of sources takes this feed: `tass-ru`, `tag:wire`, `ownership:state`."""
    if not (match := _PREFIX.fullmatch(body)):
        # Searches made of one entry of the file have ids of their own, and go by its name, too.
        return body in {feed_id, feed.made_from if feed else feed_id}
    value = match["value"].strip()
    if feed is None:
        return False
    match match["field"].lower():
        case "tag":
            return value in feed.tags
        case "ownership":
            return value.lower() == feed.ownership
    return False


def _takes(body: str, rule: RuleInfo) -> bool:
    if body == "*":
        return True
    if match := _COMPARISON.fullmatch(body):
        if match["field"].lower() != "severity" or match["sign"] not in _COMPARE:
            return False
        level = match["value"].strip().lower()
        return level in set(Severity) and _COMPARE[match["sign"]](rule.severity.rank, Severity(level).rank)
    if match := _PREFIX.fullmatch(body):
        return match["field"].lower() == "tag" and match["value"].strip() in rule.tags
    return body == rule.id


def _check_comparison(field: str, sign: str, value: str) -> str | None:
    if field.lower() != "severity":
        return f"only severity can be compared, not {field!r}: write 'severity{sign}{value.strip() or 'medium'}'"
    if sign not in _COMPARE:
        return f"{sign!r} is no comparison: use one of {' '.join(_COMPARE)}"
    level = value.strip().lower()
    if level not in set(Severity):
        advice = f"use one of {', '.join(Severity)}"
        return complaint(f"{value.strip()!r} is no severity", level, Severity, advice)
    return None


def _check_tag(field: str, value: str, rules: Collection[RuleInfo] | None) -> str | None:
    if field.lower() != "tag":
        return complaint(f"rules can't be selected by {field!r}", field, ["tag"], "use 'tag:name'")
    if not value:
        return "'tag:' needs the name of a tag after it, e.g. 'tag:energy'"
    if rules is None:
        return None
    tags = {tag for rule in rules for tag in rule.tags}
    if value in tags:
        return None
    meant = suggestion(value, tags) or (f"; there are {', '.join(sorted(tags))}" if tags else ": no rule has any")
    return f"no rule has the tag {value!r}{meant}"


def _check_id(body: str, rules: Collection[RuleInfo] | None) -> str | None:
    if not _NAME.fullmatch(body):
        return f"{body!r} is no selector: write a rule id, '*', 'severity>=medium' or 'tag:name'"
    if rules is None:
        return None
    ids = {rule.id for rule in rules}
    if body in ids:
        return None
    if body.lower() in {"all", "any", "every"}:
        return f"no rule has the id {body!r}: for every rule write '*'"
    if body.lower() in set(Severity):
        return f"no rule has the id {body!r}: for a severity write 'severity={body.lower()}'"
    if any(body in rule.tags for rule in rules):
        return f"no rule has the id {body!r}: for the tag write 'tag:{body}'"
    return f"no rule has the id {body!r}{suggestion(body, ids)}"
