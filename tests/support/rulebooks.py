"""Short ways to build rulebooks and items in tests."""

import yaml

from monitor.core.model import Hit, Item
from monitor.core.rules import Matcher, compile_rules, parse_rules


def matcher(text: str) -> Matcher:
    """The compiled rules of a YAML text, which must be faultless."""
    book, problems = parse_rules(yaml.safe_load(text))
    assert not problems, "\n".join(map(str, problems))
    return compile_rules(book)


def term_matcher(term: str, *others: str) -> Matcher:
    """A rule that fires on one term, given as YAML flow mapping; `others` are `id: {…}` lines of further terms."""
    lines = [f"  it: {term}", *(f"  {other}" for other in others)]
    return matcher("terms:\n" + "\n".join(lines) + "\nrules:\n  - {id: r, title: R, match: $it}\n")


def item(title: str, summary: str = "", content: str = "", **fields: str) -> Item:
    return Item(feed=fields.pop("feed", "f"), key="k", title=title, summary=summary, content=content, **fields)


def found(rules: Matcher, title: str, summary: str = "", content: str = "") -> list[str]:
    """The words that made the first hit, in order; empty where nothing fired."""
    hits = rules.match(item(title, summary, content))
    return [evidence.text for evidence in hits[0].evidence] if hits else []


def fired(rules: Matcher, title: str, summary: str = "", content: str = "") -> list[str]:
    """Ids of the rules that fired."""
    return [hit.rule for hit in rules.match(item(title, summary, content))]


def check_evidence(hit: Hit, source: Item) -> None:
    """Every piece of evidence points at itself."""
    for evidence in hit.evidence:
        assert getattr(source, evidence.field)[evidence.start : evidence.end] == evidence.text
