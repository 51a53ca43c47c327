"""How things are printed: tables for people, JSON lines for machines, complaints on standard error."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from monitor.errors import ConfigError, MonitorError

if TYPE_CHECKING:
    from monitor.core.model import Segment


def report(error: MonitorError) -> None:
    """Print an error without a traceback; of a configuration, every problem and how many there are."""
    if not isinstance(error, ConfigError):
        typer.echo(f"monitor: {error}", err=True)
        return
    for problem in error.problems:
        typer.echo(problem, err=True)
    count = len(error.problems)
    typer.echo(f"monitor: {counted(count, 'problem')} in the configuration", err=True)


def line(value: Any) -> None:
    """One value as a line of JSON on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=_plain))


def lines(values: Iterable[Any]) -> None:
    """Each value as a line of JSON."""
    for value in values:
        line(value)


def say(text: str) -> None:
    """A sentence for a person, on standard output."""
    typer.echo(text)


def note(text: str) -> None:
    """A sentence beside the output proper, on standard error."""
    typer.echo(text, err=True)


def counted(number: int, noun: str) -> str:
    """`1 feed`, `2 feeds`, `1,200 entries`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def table(titles: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table for a person; not cut to 80 columns when it goes into a pipe or file. `empty` is said without rows."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for title in titles:
        drawn.add_column(title, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    if not drawn.rows:
        note(empty)
        return
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(drawn)
        return
    console = Console(highlight=False, width=max(console.width, 240))
    with console.capture() as capture:
        console.print(drawn)
    for drawn_line in capture.get().splitlines():
        typer.echo(drawn_line.rstrip())


def narrow(columns: int) -> bool:
    """Whether a table would stand on a terminal of fewer columns than these."""
    return sys.stdout.isatty() and shutil.get_terminal_size().columns < columns


def when(moment: datetime | str | None, now: datetime) -> str:
    """A moment for a person: `5 min ago`, `in 2 h`, and the date when it is further away."""
    if not moment:
        return "never"
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    seconds = (moment - now).total_seconds()
    size = abs(seconds)
    if size < 45:
        return "now"
    if size >= 7 * 86_400:
        return f"{moment:%Y-%m-%d %H:%M}"
    count, unit = next(
        (size / span, unit) for span, unit in ((86_400, "d"), (3600, "h"), (60, "min")) if size >= span * 0.75
    )
    return f"in {count:.0f} {unit}" if seconds > 0 else f"{count:.0f} {unit} ago"


def minute(moment: datetime | None) -> str:
    """`2026-11-22 08:00 UTC`, whatever its zone; `undated` for none."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "undated"


def marked(segments: "Iterable[Segment]") -> str:
    """Text with the found words marked: in colour on a terminal, else between asterisks."""
    if _coloured():
        return "".join(typer.style(s.text, fg="yellow", bold=True) if s.marked else s.text for s in segments)
    return "".join(f"*{s.text}*" if s.marked else s.text for s in segments)


def coloured(text: str, colour: str) -> str:
    """The text in a colour where a terminal shows it and nobody asked for none."""
    return typer.style(text, fg=colour) if _coloured() else text


def _coloured() -> bool:
    """Whether a terminal shows colours and nobody asked for none (no-color.org: set and not empty)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


@contextmanager
def counting(title: str, total: int) -> Iterator[Callable[[int], None] | None]:
    """A progress bar on standard error, to be told how many are done; None in its place where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total)

        def advance(done: int) -> None:
            progress.update(task, completed=done)

        yield advance


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
