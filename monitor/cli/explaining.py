"""`monitor rules explain`: why a rule fires on a text, or what keeps it from firing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import output
from monitor.cli.rules import Rule
from monitor.cli.session import Json, Session, command
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.core.model import Evidence, Item
    from monitor.core.rules.explain import Explanation, Mark

LONGEST = 1200  # characters of a field that are shown whole


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "explain",
        "monitor rules explain tumen-passage --text 'Суда пойдут по реке Туманной'",
        "monitor rules explain tumen-passage --item 4711 --json",
    )(explain_rule)


def explain_rule(
    session: Session,
    rule: Rule,
    text: Annotated[str | None, typer.Option("--text", "-t", help="A headline to try.")] = None,
    item: Annotated[
        int | None, typer.Option("--item", metavar="ID", help="An archived item; see monitor items.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="An article: from the archive if it is there, else from the web.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show why a rule fires on a text, or what keeps it from firing.

    The rule's tree has a mark at each node: ✓ where it helps the rule to fire, ✗ where it hinders it. Below it stands
    the text with the found words marked.
    """
    from monitor.core.rules.explain import explain
    from monitor.wiring import rules_to_try

    if sum(given is not None for given in (text, item, url)) != 1:
        raise typer.BadParameter("give one of --text, --item and --url")
    _, matcher = rules_to_try(session.settings, only=[rule])
    article = _article(session, text, item, url)
    found = explain(matcher, rule, article)
    if as_json:
        output.line(_explanation(found, article))
        return
    output.say(f"{rule} {_verdict(found)}")
    for line in _tree(found.tree):
        output.say(line)
    for line in _article_lines(article, found):
        output.say(line)


def _article(session: Session, text: str | None, item_id: int | None, url: str | None) -> "Item":
    from monitor.core.model import Item
    from monitor.wiring import opened, read_page

    if text is not None:
        return Item(feed="", key="text", title=text)
    if item_id is not None:
        with opened(session.settings) as store:
            if (found := store.bench.item(item_id)) is None:
                raise MonitorError(f"the archive has no item {item_id}; monitor items --json shows ids")
            return found
    assert url is not None
    if session.settings.db.exists():
        with opened(session.settings) as store:
            if found := store.bench.linked(url):
                return found
    output.note(f"{url} is not in the archive: reading the page")
    return read_page(session.settings, url)


def _verdict(found: "Explanation") -> str:
    if found.fired:
        return f"fires, score {found.score:g}"
    return "does not fire: " + "; ".join(found.failed)


def _tree(mark: "Mark", depth: int = 0) -> Iterator[str]:
    words = ", ".join(dict.fromkeys(f"“{one.text}”" for one in mark.found))
    note = f" ({mark.note})" if mark.note else ""
    name = f"none: {mark.text}" if mark.forbids else mark.text
    yield f"{'  ' * depth}{'✓' if mark.good else '✗'} {name}{': ' if words else ''}{words}{note}"
    for child in mark.children:
        yield from _tree(child, depth + 1)


def _found(found: "Explanation") -> "list[Evidence]":
    from monitor.core.rules.explain import walk

    if found.evidence:
        return list(found.evidence)
    return [one for mark in walk(found.tree) for one in mark.found]


def _article_lines(article: "Item", found: "Explanation") -> Iterator[str]:
    from monitor.core.snippet import mark, snippet

    evidence = _found(found)
    for name in ("title", "summary", "content"):
        whole: str = getattr(article, name)
        if whole:
            segments = mark(article, name, evidence) if len(whole) <= LONGEST else snippet(article, evidence)
            yield f"{name}: {output.marked(segments)}"


def _explanation(found: "Explanation", article: "Item") -> dict[str, object]:
    return {
        "rule": found.rule,
        "fired": found.fired,
        "score": found.score,
        "threshold": found.threshold,
        "failed": found.failed,
        "tree": _node(found.tree),
        "evidence": [_place(one) for one in found.evidence],
        "title": article.title,
        "link": article.link,
    }


def _node(mark: "Mark") -> dict[str, object]:
    return {
        "condition": mark.text,
        "forbids": mark.forbids,
        "holds": mark.holds,
        "good": mark.good,
        "note": mark.note,
        "found": [_place(one) for one in mark.found],
        "children": [_node(child) for child in mark.children],
    }


def _place(one: "Evidence") -> dict[str, object]:
    return {name: getattr(one, name) for name in ("term", "text", "field", "start", "end")}
