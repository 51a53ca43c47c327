"""`monitor rules`: rules listed, and tried before they go live."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import output
from monitor.cli.session import Json, Session, command, group
from monitor.core.suggest import suggestion
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.core.rules.examples import ExampleResult

app = group("What is looked for: rules, tested and tried like code.")

Only = Annotated[list[str] | None, typer.Argument(metavar="[RULE]...", help="Only these rules.")]


def list_rules(session: Session, as_json: Json = False) -> None:
    """List the rules with severity, status, tags and examples."""
    from monitor.wiring import load_rules

    rules = load_rules(session.settings.rules).book.rules
    if as_json:
        names = ("id", "title", "severity", "status", "tags", "why")
        output.lines(
            {**{name: getattr(rule.info, name) for name in names}, "examples": len(rule.examples)} for rule in rules
        )
        return
    output.table(
        ("id", "severity", "status", "tags", "examples", "title"),
        ((r.id, r.info.severity, r.info.status, ", ".join(r.info.tags), len(r.examples), r.info.title) for r in rules),
        empty="there are no rules",
    )


def try_examples(session: Session, only: Only = None, as_json: Json = False) -> None:
    """Run the examples that the rules carry.

    Says of each failure where it stands, and which words were found or which condition was not met. Examples under
    `todo` are known to fail and do not count. Exit status 1 when an example fails.
    """
    from monitor.core.rules.examples import Outcome, run_examples
    from monitor.wiring import rules_to_try

    file, matcher = rules_to_try(session.settings)
    known = [rule.id for rule in file.book.rules]
    if unknown := [rule for rule in only or () if rule not in known]:
        raise MonitorError(f"no rule has the id {unknown[0]!r}{suggestion(unknown[0], known)}")
    counts = dict.fromkeys(Outcome, 0)
    for result in run_examples(file.book, matcher):
        if only and result.rule not in only:
            continue
        counts[result.outcome] += 1
        place = file.place(result.example.path)
        if as_json:
            output.line({**_described(result), "place": place})
        elif result.outcome in {Outcome.FAILED, Outcome.FIXED}:
            output.say(f"{place}: {result.rule}: {_complaint(result)}")
    if not as_json:
        bare = [rule.id for rule in file.book.rules if not rule.examples and (not only or rule.id in only)]
        output.say(_summary(counts) + (f"; without examples: {', '.join(bare)}" if bare else ""))
    if counts[Outcome.FAILED]:
        raise typer.Exit(1)


def _described(result: "ExampleResult") -> dict[str, Any]:
    return {
        "rule": result.rule,
        "outcome": result.outcome,
        "expected": "hit" if result.example.hit else "miss",
        "text": result.example.item.title or result.example.item.summary,
        "reason": result.reason,
        "words": [found.text for found in result.explanation.evidence],
    }


def _complaint(result: "ExampleResult") -> str:
    text = result.example.item.title or result.example.item.summary
    if not result.reason:
        return f"“{text}” comes out right now: move it out of todo"
    return f"“{text}” should {'hit' if result.example.hit else 'miss'}: {result.reason}"


def _summary(counts: "dict[Any, int]") -> str:
    return f"{output.counted(sum(counts.values()), 'example')}: " + ", ".join(
        f"{count} {outcome}" for outcome, count in counts.items() if count or outcome in {"passed", "failed"}
    )


command(app, "list", "monitor rules list", paths=("rules",))(list_rules)
command(app, "test", "monitor rules test", "monitor rules test tumen-passage --rules new-rules.yaml", paths=("rules",))(
    try_examples
)
