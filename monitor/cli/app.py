"""The command `monitor` and its options; the commands themselves stand in the files beside this one."""

from typing import Annotated

import typer

from monitor import __version__
from monitor.cli import (
    archive,
    bounces,
    digests,
    doctor,
    examples,
    explaining,
    feeds,
    marking,
    quieting,
    reading,
    replaying,
    rules,
    running,
    setup,
    site,
    vocabulary,
)
from monitor.cli.session import Session

app = typer.Typer(
    help="Polls news feeds in many languages, finds what your rules describe, and tells the right people.",
    epilog="Start with [cyan]monitor demo[/cyan], then [cyan]monitor init[/cyan]; "
    "[cyan]monitor COMMAND --help[/cyan] has examples.\n\n"
    "Exit status: 0 all is well, 1 something is wrong, 2 wrong usage, 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"monitor {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    feeds: Annotated[
        str | None,
        typer.Option("--feeds", metavar="FILE", help="What is read. Default: $MONITOR_FEEDS, else feeds.yaml."),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option("--rules", metavar="FILE", help="What is looked for. Default: $MONITOR_RULES, else rules.yaml."),
    ] = None,
    db: Annotated[
        str | None,
        typer.Option("--db", metavar="FILE", help="The archive. Default: $MONITOR_DB, else data/monitor.db."),
    ] = None,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Say more.")] = 0,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Polls news feeds in many languages, finds what your rules describe, and tells the right people."""
    ctx.ensure_object(Session).adopt({"feeds": feeds, "rules": rules, "db": db, "verbose": verbose})


setup.register(app)
doctor.register(app)
running.register(app)
reading.register(app)
archive.register(app)
bounces.register(app)
for commands in (examples, explaining, replaying):
    commands.register(rules.app)
marking.register(app, rules.app)
vocabulary.register(app, rules.app)
quieting.register(app, digests.app)
app.add_typer(feeds.app, name="feeds", rich_help_panel="What is read and looked for")
app.add_typer(rules.app, name="rules", rich_help_panel="What is read and looked for")
app.add_typer(digests.app, name="digest", rich_help_panel="What is told")
app.add_typer(site.app, name="site", rich_help_panel="What is told")
