"""What an edit of the rules touches. Pure."""

from collections.abc import Iterator, Mapping

from monitor.core.rules.book import Condition, Rule, Rulebook, Term
from monitor.core.rules.syntax import needed_terms, terms_in


def edited_rules(before: Rulebook, after: Rulebook) -> frozenset[str]:
    """Ids of the rules of `after` that are new, or that differ themselves or in a term that they use."""
    old = {rule.id: rule for rule in before.rules}
    return frozenset(
        rule.id
        for rule in after.rules
        if rule.id not in old or _content(rule, after.terms) != _content(old[rule.id], before.terms)
    )


def terms_of(rule: Rule, terms: Mapping[str, Term]) -> dict[str, Term]:
    """Every term that has a say in a rule: those it names, and those that these need or take as look-alikes."""
    found: dict[str, Term] = {}
    ahead = [name for condition in _conditions(rule) for name in terms_in(condition)]
    while ahead:
        name = ahead.pop()
        if name not in found and name in terms:
            found[name] = terms[name]
            ahead += [*needed_terms(terms[name]), *terms[name].lookalike_terms]
    return found


def _conditions(rule: Rule) -> Iterator[Condition]:
    yield rule.match
    yield from (condition for condition, _ in rule.score)


def _content(rule: Rule, terms: Mapping[str, Term]) -> object:
    # Examples know where they stand in the file; a rule that only moved is the same rule.
    examples = [(one.item, one.hit, one.todo, one.finds) for one in rule.examples]
    return rule.match, rule.only, rule.exclude, rule.score, rule.threshold, examples, terms_of(rule, terms)
