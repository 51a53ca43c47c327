"""`monitor mark`, `rules stats` and `rules suggest`: what people say of hits, and what follows from it."""

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import output
from monitor.cli.replaying import Since, since_when
from monitor.cli.rules import Rule
from monitor.cli.session import Json, Session, command
from monitor.core.model import Relevance
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.app.workbench import RuleStats
    from monitor.core.rules.tuning import Suggestion, Word

OTHERS = 2000  # unmarked items on which it is measured what is common


def register(app: typer.Typer, rules: typer.Typer) -> None:
    """Add the commands to `monitor` and to `monitor rules`."""
    command(
        app,
        "mark",
        "monitor mark 4711 relevant",
        "monitor mark 4712 noise --why 'a film'",
        paths=("db",),
        panel="What is stored",
    )(mark)
    command(rules, "stats", "monitor rules stats --since 90d", "monitor rules stats --json | jq .precision")(stats)
    command(
        rules,
        "suggest",
        "monitor rules suggest tumen-passage",
        "monitor rules suggest tumen-passage --apply",
        paths=("rules", "db"),
    )(suggest)


# --- marks --------------------------------------------------------------------------------------------------


def mark(
    session: Session,
    hit: Annotated[int, typer.Argument(metavar="HIT", help="The hit's number; see monitor hits.")],
    relevance: Annotated[Relevance, typer.Argument(metavar="relevant|noise", help="What the hit is to you.")],
    why: Annotated[str, typer.Option("--why", help="In a few words; for whoever tunes the rule.")] = "",
) -> None:
    """Say of a hit whether it was relevant or noise. A second mark takes the place of the first.

    Marks give `rules stats` its precision, keep `rules backtest` from losing what matters, and let `rules suggest`
    propose how to tell the noise apart. Marked items are kept whatever their age.
    """
    from monitor.wiring import SystemClock, opened

    with opened(session.settings) as store:
        if not store.bench.mark(hit, relevance, why, SystemClock().now()):
            raise MonitorError(f"there is no hit {hit}; monitor hits shows their numbers")
        (stored,) = store.archive.hits([hit])
    output.say(f"{hit} is {relevance} for {stored.hit.rule}: {stored.item.title}")


# --- statistics ---------------------------------------------------------------------------------------------


def stats(session: Session, since: Since = "30d", as_json: Json = False) -> None:
    """Show how each rule does.

    Hits a day, by language and source; precision by marks; the share of hits that only this rule caught; terms that
    were in none of its hits; and what trying the rule costs, in microseconds an item.

    Columns: hits, and how many a day; languages and sources with most of them; precision, the share of relevant ones
    among those marked; alone, the share of hits on items that no other rule found; µs an item, what the rule costs.
    """
    from time import perf_counter

    from monitor.app.workbench import statistics
    from monitor.wiring import SystemClock, opened, rules_to_try

    now = SystemClock().now()
    start = since_when(since, now)
    file, matcher = rules_to_try(session.settings)
    with opened(session.settings) as store:
        found = statistics(store.bench, file.book, matcher, since=start, now=now, timer=perf_counter)
    if as_json:
        output.lines(_figures(one) for one in found.rules)
        return
    output.table(
        ("rule", "hits", "a day", "languages", "sources", "precision", "alone", "µs an item"),
        (
            (
                one.info.id if one.info.status == "live" else f"{one.info.id} ({one.info.status})",
                one.hits,
                f"{one.per_day:.2f}",
                _top(one.languages.most_common()),
                _top(one.feeds.most_common(3)),
                _precision(one),
                "" if one.share_alone is None else f"{one.share_alone:.0%}",
                "" if one.cost is None else f"{one.cost:.1f}",
            )
            for one in found.rules
        ),
        empty="there are no rules",
    )
    for one in found.rules:
        if one.silent and one.hits:
            output.say(f"in no hit of {one.info.id}: {', '.join(f'${term}' for term in one.silent)}")
    if found.reading is not None:
        days = output.counted(round(found.days), "day")
        output.say(f"over {days}; reading an item costs {found.reading:.0f} µs before any rule is tried")


def _top(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts)


def _precision(one: "RuleStats") -> str:
    if one.precision is None:
        return ""
    return f"{one.precision:.0%} of {one.relevant + one.noise}"


def _figures(one: "RuleStats") -> dict[str, object]:
    return {
        "rule": one.info.id,
        "status": one.info.status,
        "days": round(one.days, 2),
        "hits": one.hits,
        "hits_per_day": round(one.per_day, 3),
        "languages": dict(one.languages),
        "feeds": dict(one.feeds),
        "relevant": one.relevant,
        "noise": one.noise,
        "precision": one.precision,
        "alone": one.share_alone,
        "silent_terms": one.silent,
        "microseconds_per_item": one.cost and round(one.cost, 2),
    }


# --- suggestions --------------------------------------------------------------------------------------------


def suggest(
    session: Session,
    rule: Rule,
    apply: Annotated[bool, typer.Option("--apply", help="Write the suggestion into the file.")] = False,
    as_json: Json = False,
) -> None:
    """Propose, from the marks on a rule's hits, words that tell noise apart, as a patch to review.

    Every word was tried with the rule: forbidding it loses no hit that was marked relevant. The patch goes to standard
    output, what is to be known of it to standard error. Exit status 1 when no word does it.
    """
    from monitor.core.rules.tuning import suggest as propose
    from monitor.wiring import opened, rules_to_try

    file, _ = rules_to_try(session.settings, only=[rule])
    with opened(session.settings) as store:
        marked = store.bench.marked([rule])
        sorted_out = {one: [hit.stored.item for hit in marked if hit.relevance is one] for one in Relevance}
        seen = {hit.stored.item_id for hit in marked}
        others = [item for item_id, item in islice(store.bench.items(), OTHERS) if item_id not in seen]
    found = propose(file.book, rule, sorted_out[Relevance.RELEVANT], sorted_out[Relevance.NOISE], others)
    if as_json:
        output.line(_proposal(found))
        raise typer.Exit(0 if found.forbid else 1)
    _explain(found)
    if not found.forbid:
        raise typer.Exit(1)
    _write(session, rule, found, apply=apply)


def _write(session: Session, rule: str, found: "Suggestion", *, apply: bool) -> None:
    from monitor.wiring import forbid_words, load_rules, unified

    words = [word.text for word in found.forbid]
    path, before, after = forbid_words(load_rules(session.settings.rules), rule, words, nested=found.nested)
    if not apply:
        output.say(unified(path, before, after).rstrip("\n"))
        return
    try:
        path.write_text(after, encoding="utf-8")
    except OSError as error:
        raise MonitorError(f"can't write {path}: {error.strerror}") from error
    output.say(f"{path}: {rule} now has none: [{', '.join(words)}]; next: monitor rules test, monitor rules backtest")


def _explain(found: "Suggestion") -> None:
    output.note(f"{found.rule}: {found.relevant} relevant and {found.noise} noise among the marked hits")
    if not found.forbid:
        few = found.noise < 2
        output.note(
            "mark at least two hits as noise first" if few else "no word tells the noise from the relevant hits"
        )
        return
    output.note(f"forbidding {_counted(found.forbid)} takes away {found.removed} of {found.noise}, nothing relevant")
    if found.shared:
        output.note(f"only relevant hits have: {_counted(found.shared)}")


def _counted(words: "tuple[Word, ...]") -> str:
    return ", ".join(f"“{word.text}” ({word.hits})" for word in words)


def _proposal(found: "Suggestion") -> dict[str, object]:
    return {
        "rule": found.rule,
        "relevant": found.relevant,
        "noise": found.noise,
        "forbid": [{"word": word.text, "removes": word.hits} for word in found.forbid],
        "only_relevant": [{"word": word.text, "hits": word.hits} for word in found.shared],
        "whole_item": found.nested,
    }
