"""`monitor demo`, `init`, `check` and `doctor`: from nothing to a set-up that is known to work."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import output
from monitor.cli.session import Json, Session, command
from monitor.errors import ConfigError, MonitorError, Problem

if TYPE_CHECKING:
    from monitor.app.pipeline import Outcome

STARTERS = ("feeds.yaml", "rules.yaml")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    panel = "First steps"
    command(app, "demo", "monitor demo", "monitor demo --out /tmp/demo", paths=(), panel=panel)(demo)
    command(app, "init", "monitor init", "monitor init /etc/monitor", paths=(), panel=panel)(init)
    command(app, "check", "monitor check", "monitor check --rules new-rules.yaml", panel=panel)(check)


def init(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to; made if need be.")] = Path(),
) -> None:
    """Write a commented feeds.yaml and rules.yaml to start from.

    Existing files are never touched.
    """
    from importlib.resources import files

    from monitor.wiring import schemas

    kept = 0
    try:
        # Where the first lines of the starter files send an editor to.
        (folder / ".schema").mkdir(parents=True, exist_ok=True)
        for starter in STARTERS:
            name = starter.replace(".yaml", ".schema.json")
            (folder / ".schema" / name).write_text(schemas()[name], encoding="utf-8")
        for name in STARTERS:
            path = folder / name
            try:
                with path.open("x", encoding="utf-8") as stream:
                    stream.write((files("monitor") / "starter" / name).read_text(encoding="utf-8"))
                output.say(f"wrote {path}")
            except FileExistsError:
                kept += 1
                output.note(f"kept  {path}: it is there already")
    except OSError as error:
        raise MonitorError(f"can't write to {folder}: {error.strerror}") from error
    if kept == len(STARTERS):
        raise MonitorError("nothing written; name another folder: monitor init DIR")
    where = "" if folder == Path() else f"cd {folder}, "
    output.say(f"Now {where}edit both, then: monitor check, monitor rules test, monitor once")


def check(
    session: Session,
    as_json: Json = False,
) -> None:
    """Check both YAML files and the environment.

    Every problem is named at once, with file, line, column and what to do. Checked is also that every digest can
    reach those it is for: that a mail server is set when mail is to be sent, and so on. Exit status 1 when there is a
    problem; a warning is none.
    """
    from monitor.wiring import check_files, check_templates

    problems: list[Problem] = []
    try:
        settings = session.settings
    except ConfigError as error:
        problems += error.problems
        settings = session.paths_only()
    found = check_files(settings, targets=not problems)
    problems += [*found.problems, *check_templates(settings)]
    if as_json:
        output.lines(
            {name: getattr(problem, name) for name in ("file", "line", "column", "message", "hint")}
            | ({} if problem.file else {"setting": ".".join(map(str, problem.path))})
            for problem in problems
        )
    elif problems:
        raise ConfigError(problems)
    else:
        output.say(f"{settings.feeds} and {settings.rules} are fine: {found.summary}")
        for warning in found.warnings:
            output.note(f"warning: {warning}")
    if as_json and not problems:
        output.line({"ok": True, "warnings": found.warnings})
    if problems:
        raise typer.Exit(1)


def demo(
    session: Session,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the digest goes.")] = Path("demo-out"),
) -> None:
    """See the whole road in a few seconds.

    Invented feeds over real HTTP, real rules, a real digest. Needs no configuration and no network. The digest is
    printed and written to DIR as HTML, text, JSON and what Slack would get.
    """
    import asyncio

    from monitor.demo.run import demonstrate

    with _progress() as progress:
        showing = asyncio.run(demonstrate(out, sys.stdout, progress))
    figures = showing.first
    output.note(
        f"\nRead {output.counted(figures.polled, 'invented feed')} twice over HTTP: "
        f"{figures.items_new + showing.second.items_new} items, {figures.hits + showing.second.hits} hits, "
        f"{showing.second.items_edited} edited headline, {showing.second.not_modified} not modified."
    )
    for outcome in showing.failures:
        output.note(f"{outcome.feed} is broken on purpose: {outcome.failure.message if outcome.failure else ''}")
    output.note("The digest in four forms:")
    for path in showing.files:
        output.note(f"  {path}")


@contextmanager
def _progress() -> "Iterator[Callable[[str, int, int, Outcome], None]]":
    """A bar on standard error while the demo reads, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("starting", total=None)

        def show(act: str, number: int, total: int, outcome: "Outcome") -> None:
            progress.update(task, description=f"{act}: {outcome.feed}", completed=number, total=total)

        yield show
