"""`monitor digest templates`: the shipped templates as a start for one's own."""

from pathlib import Path
from typing import Annotated

from typer import Argument

from monitor.cli import output
from monitor.cli.session import Session
from monitor.errors import MonitorError


def copy_templates(
    session: Session,
    folder: Annotated[Path | None, Argument(metavar="DIR", help="Default: templates beside rules.yaml.")] = None,
) -> None:
    """Copy the templates of digests into a folder, to make them your own.

    The folder `templates` beside rules.yaml is found by itself; for another one set MONITOR_TEMPLATES. Keep only what
    you change: for what is not there, the one that ships is used. What is there already is left alone.
    """
    from monitor.wiring import shipped_templates

    home = folder or session.paths_only().rules.parent / "templates"
    kept = 0
    shipped = shipped_templates()
    try:
        home.mkdir(parents=True, exist_ok=True)
        for name, text in shipped.items():
            path = home / name
            try:
                with path.open("x", encoding="utf-8") as file:
                    file.write(text)
                output.say(f"wrote {path}")
            except FileExistsError:
                kept += 1
                output.note(f"kept  {path}: it is there already")
    except OSError as error:
        raise MonitorError(f"can't write to {home}: {error.strerror}") from error
    if kept == len(shipped):
        raise MonitorError("nothing written; name another folder: monitor digest templates DIR")
    output.say("Keep those that you change, delete the others, then: monitor check, monitor digest preview ID")
