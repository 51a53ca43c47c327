"""What every command starts from, and how one is declared: paths, verbosity, examples in its help."""

import errno
import inspect
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from monitor.cli.slips import PlainCommand
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.wiring import Settings

PANEL = "Files and verbosity"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
_SHARED: Mapping[str, object] = {
    "feeds": Annotated[
        str | None,
        typer.Option(
            "--feeds", metavar="FILE", help="Default: $MONITOR_FEEDS, else feeds.yaml.", rich_help_panel=PANEL
        ),
    ],
    "rules": Annotated[
        str | None,
        typer.Option(
            "--rules", metavar="FILE", help="Default: $MONITOR_RULES, else rules.yaml.", rich_help_panel=PANEL
        ),
    ],
    "db": Annotated[
        str | None,
        typer.Option("--db", metavar="FILE", help="Default: $MONITOR_DB, else data/monitor.db.", rich_help_panel=PANEL),
    ],
    "verbose": Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Say more; twice: everything.", rich_help_panel=PANEL)
    ],
}

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="For machines: JSON, one object a line.")]


@dataclass
class Session:
    """The options that hold for every command; `paths` is by name: feeds, rules, db."""

    paths: dict[str, str] = field(default_factory=dict)
    verbose: int = 0

    @cached_property
    def environ(self) -> dict[str, str]:
        """The environment with what the options say instead."""
        environ = dict(os.environ)
        for name, path in self.paths.items():
            environ[f"MONITOR_{name.upper()}"] = path
            environ.pop(f"MONITOR_{name.upper()}_FILE", None)
        if self.verbose:
            environ["MONITOR_LOG_LEVEL"] = "debug"
        return environ

    @cached_property
    def settings(self) -> "Settings":
        """The settings. Raises ConfigError with everything that is wrong in the environment."""
        from monitor.wiring import load_settings

        return load_settings(self.environ)

    def paths_only(self) -> "Settings":
        """The paths with every other setting at its default: to look at the rest when the environment is wrong."""
        from monitor.wiring import load_settings

        names = {"MONITOR_FEEDS", "MONITOR_RULES", "MONITOR_DB"}
        return load_settings({name: value for name, value in self.environ.items() if name in names})

    def adopt(self, options: Mapping[str, Any]) -> None:
        """Take over what was given; the option nearest to the command wins."""
        self.paths.update({name: options[name] for name in ("feeds", "rules", "db") if options.get(name)})
        self.verbose += options.get("verbose") or 0


def command(
    app: typer.Typer,
    name: str,
    *examples: str,
    paths: tuple[str, ...] = ("feeds", "rules", "db"),
    panel: str | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare a command of `app`. The function's first parameter is the Session; `examples` are shown in its help.

    `paths` are the files it needs: their options, and --verbose, may stand after the command as well as before it.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(function, eval_str=True)
        own = list(signature.parameters.values())[1:]
        names = (*paths, "verbose")
        defaults: dict[str, object] = {"verbose": 0}

        @wraps(function)
        def run(ctx: typer.Context, **options: Any) -> None:
            session = ctx.ensure_object(Session)
            session.adopt({name: options.pop(name) for name in names})
            try:
                function(session, **options)
            except BrokenPipeError:
                leave_quietly()
            except OSError as error:
                # Of a file we would know the name, and what to say of it: this is standard output.
                if error.errno not in _FULL or error.filename:
                    raise
                _drop_output()
                raise MonitorError(f"can't write the output: {error.strerror}") from None

        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
                *own,
                *(
                    inspect.Parameter(
                        name, inspect.Parameter.KEYWORD_ONLY, annotation=_SHARED[name], default=defaults.get(name)
                    )
                    for name in names
                ),
            ]
        )
        run.__annotations__ = {}
        # Paragraphs as single lines, so that they are wrapped to the width of the terminal and not to ours.
        paragraphs = [" ".join(part.split()) for part in inspect.cleandoc(function.__doc__ or "").split("\n\n")]
        text, sentence = "\n\n".join(paragraphs), paragraphs[0].rstrip(".")
        app.command(
            name, cls=PlainCommand, help=text, short_help=sentence, epilog=_epilog(examples), rich_help_panel=panel
        )(run)
        return function

    return register


def leave_quietly() -> None:
    """End because the reader of our output has gone (`monitor items | head`): no complaint, the status of SIGPIPE."""
    _drop_output()
    sys.exit(128 + signal.SIGPIPE)


def _drop_output() -> None:
    # Python would complain once more when it closes standard output.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def group(help_text: str) -> typer.Typer:
    """A group of commands, such as `monitor feeds`."""
    return typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode="rich", add_completion=False)


def _epilog(examples: tuple[str, ...]) -> str:
    if not examples:
        return ""
    lines = [example.replace("[", "\\[") for example in examples]
    return "\n\n".join(["[bold]Examples[/bold]", *(f"  [cyan]{line}[/cyan]" for line in lines)])
