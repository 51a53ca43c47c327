"""The sandboxed Jinja environment in which digests are written as HTML and as text.

A user's template of the same name in the override directory wins over the shipped one. Templates can't reach
attributes outside the view, and can't fetch anything: style sheets are included, never loaded.
"""

import re
from collections.abc import Callable
from difflib import get_close_matches
from importlib import resources
from pathlib import Path

import css_inline
from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.core.model import Segment
from monitor.errors import ConfigError, Problem

from . import words
from .columns import fit, pad, wrap
from .differences import Run
from .shapes import DigestView, ReasonView

HTML, TEXT = "digest.html", "digest.txt"
_MISSING = re.compile(r"'[\w.]+ object' has no attribute ('\w+')")
NAMES = (HTML, "digest.css", "media.css", TEXT)


def _starred(segments: tuple[Segment, ...]) -> str:
    return "".join(f"*{s.text}*" if s.marked else s.text for s in segments)


def _before(runs: tuple[Run, ...]) -> str:
    return "".join(run.text for run in runs if run.kind != "ins")


def _after(runs: tuple[Run, ...]) -> str:
    return "".join(run.text for run in runs if run.kind != "del")


def because(reason: ReasonView) -> str:
    """`espionage-arrests (Arrests for espionage): arrest (арестовал; title), …` in plain text."""
    parts = [
        f"{w.label} ({', '.join(w.forms)}{f' and {w.more} more forms' if w.more else ''}; {w.fields})"
        for w in reason.words
    ]
    more = f" and {reason.more} more terms" if reason.more else ""
    title = f" ({reason.title})" if reason.title else ""
    return f"{reason.rule}{title}" + (f": {', '.join(parts)}{more}" if parts else "")


def shipped() -> dict[str, str]:
    """The templates that come with the monitor, by name."""
    folder = resources.files("monitor.adapters.deliver.render") / "templates"
    return {name: (folder / name).read_text("utf-8") for name in NAMES}


def strange_templates(folder: Path) -> list[Problem]:
    """What is wrong with a folder of templates before any is read: it is not there, or names are mistyped."""
    known = ", ".join(NAMES)
    try:
        found = {path.name for path in folder.iterdir()}
    except OSError as error:
        why = f"the folder of templates can't be read: {error.strerror}"
        return [Problem((), why, "monitor digest templates DIR makes one", str(folder))]
    # Other files may be there to be included; only what was meant for one of ours is wrong.
    meant = {name: get_close_matches(name, NAMES, 1, 0.8) for name in sorted(found - {*NAMES})}
    slips = [
        Problem((), "no template has this name", f"did you mean {close[0]!r}?", str(folder / name))
        for name, close in meant.items()
        if close and close[0] not in found
    ]
    if slips or found & {*NAMES}:
        return slips
    return [Problem((), f"the folder holds none of {known}", "monitor digest templates DIR copies them", str(folder))]


class Templates:
    """Writes views as HTML and as text. `override_dir` may hold digest.html, digest.css and digest.txt.

    `own`: whether a user's templates may be among them.
    """

    def __init__(self, override_dir: Path | None = None) -> None:
        shipped: BaseLoader = PackageLoader("monitor.adapters.deliver.render", "templates")
        self.own = override_dir is not None
        loader = ChoiceLoader([FileSystemLoader(override_dir), shipped]) if override_dir else shipped
        self._environment = ImmutableSandboxedEnvironment(
            loader=loader,
            autoescape=lambda name: name is not None and name.endswith(".html"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters |= {
            "fill": wrap,
            "fit": fit,
            "padded": pad,
            "starred": _starred,
            "before": _before,
            "after": _after,
            "because": because,
            "direction": words.direction,
        }
        self._inliner = css_inline.CSSInliner(
            keep_style_tags=False, keep_at_rules=False, load_remote_stylesheets=False, minify_css=True
        )

    def html(self, view: DigestView) -> str:
        """A complete document with inlined styles. Raises ConfigError naming the template and its line."""
        return self._fill(HTML, view, self._inliner.inline)

    def text(self, view: DigestView) -> str:
        """Plain text in lines of 78 cells. Raises ConfigError naming the template and its line."""
        return self._fill(TEXT, view, lambda text: text.strip("\n") + "\n")

    def _fill(self, name: str, view: DigestView, finish: Callable[[str], str]) -> str:
        try:
            return finish(self._environment.get_template(name).render(d=view))
        except Exception as error:  # a user's template may raise anything
            line, file = _place(error, name)
            why = "it needs too much memory" if isinstance(error, MemoryError) else str(error)
            why = _MISSING.sub(r"there is no field \1 here", why)
            message = f"the template can't be used: {why}"
            raise ConfigError([Problem((), message, "mend it or take it away", file, line, 1)]) from error


def _place(error: Exception, name: str) -> tuple[int, str]:
    """Line and file of a template error: its own if it knows them, else from the traceback's template frames."""
    line, file = getattr(error, "lineno", None), getattr(error, "filename", None)
    trace = error.__traceback__
    while trace and not line:
        frame = trace.tb_frame.f_code.co_filename
        if frame.endswith((".html", ".txt", ".css")):
            file, line_here = frame, trace.tb_lineno
            if not trace.tb_next or not trace.tb_next.tb_frame.f_code.co_filename.endswith((".html", ".txt", ".css")):
                line = line_here
        trace = trace.tb_next
    return line or 1, file or name
