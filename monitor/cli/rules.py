"""`monitor rules`: the group of commands on rules, and their list. The others stand in files of their own."""

from typing import Annotated

import typer

from monitor.cli import output
from monitor.cli.session import Json, Session, command, group

app = group("What is looked for: rules, tested and tried like code.")

Only = Annotated[list[str] | None, typer.Argument(metavar="[RULE]...", help="Only these rules.")]
Rule = Annotated[str, typer.Argument(metavar="RULE", help="The rule's id.")]


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


command(app, "list", "monitor rules list", paths=("rules",))(list_rules)
