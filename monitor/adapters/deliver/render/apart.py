"""A user's templates are filled in a process of their own, with limits of time and memory.

Jinja's sandbox keeps a template from reaching anything; it does not keep it from looping for ever, or from doubling a
text until the machine has no memory left. The process is told none of the monitor's settings.
"""

import json
import os
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import NoReturn

from monitor.core.model import Digest, Message, Target
from monitor.core.tickets import Links
from monitor.errors import ConfigError, Problem

PATIENCE = 10.0  # seconds for one digest to its first target
EACH = 0.25  # seconds more for each further one; 300 stories take a third of it
MEMORY = 512 * 1024 * 1024  # bytes; a digest of a thousand stories takes a fifth of it, most of that Python's own
LARGEST = 30_000_000  # bytes of all messages of one digest to one target
_GRACE = 20.0  # seconds to start on a busy machine, and to say itself that its time is over
_READER = Target("email", "reader@example.org")  # whom templates are tried for
_LINKS = Links("https://monitor.example.org", b"of no use: only to try templates")
_SILENT = "the process that fills them ended without an answer"
_PASSED = ("PATH", "PYTHONPATH", "HOME", "LANG")  # of the environment: no settings, so no secrets


class Apart:
    """Fills the templates of one folder. Each call starts a process, which takes about half a second.

    `patience`: seconds that the templates may take for one reader; EACH for every further one. Their own faults are
    ConfigErrors with file and line. Templates that were once too slow are not asked again before somebody edits them:
    everything would wait for them each time.
    """

    def __init__(self, folder: Path, patience: float = PATIENCE) -> None:
        self._folder = folder
        self._patience = patience
        self._slow: tuple[object, ConfigError] | None = None  # the folder's state, and what was the matter

    def messages(self, digest: Digest, targets: Sequence[Target], links: Links | None) -> list[list[Message]]:
        """What `DigestRenderer.render_all` gives, by one process for all targets. Raises ConfigError."""
        state = _state(self._folder)
        if self._slow and self._slow[0] == state:
            raise self._slow[1]
        began = monotonic()
        try:
            lines, problems = self._ask([digest], targets, links)
            if problems:
                raise ConfigError(problems)
            # Those for whom the same was made share it.
            made = {line: [Message(channel, body) for channel, body in json.loads(line)] for line in lines}
            if len(lines) != len(targets):
                raise self._unanswered(_SILENT)
        except ConfigError as error:
            self._slow = (state, error) if monotonic() - began >= self._patience else None
            raise
        return [made[line] for line in lines]

    def problems(self, digests: Sequence[Digest]) -> list[Problem]:
        """What is wrong with each template, as far as these digests show it."""
        return self._ask(digests, (), _LINKS)[1]

    def _ask(
        self, digests: Sequence[Digest], targets: Sequence[Target], links: Links | None
    ) -> tuple[list[bytes], list[Problem]]:
        """A line of JSON for each target, and what is wrong."""
        patience = self._patience + _further(targets)
        job = pickle.dumps((self._folder, self._patience, digests, targets, links))
        environment = {name: os.environ[name] for name in _PASSED if name in os.environ}
        try:
            done = subprocess.run(  # noqa: S603 — this very file, by this very Python
                [sys.executable, "-P", "-m", __name__],
                input=job,
                capture_output=True,
                timeout=patience + _GRACE,
                env=environment,
                check=False,
            )
            # JSON, not a pickle: whatever a template may have done in there, an answer is only text.
            *lines, last = done.stdout.splitlines() or [b""]
            return lines, [Problem((), *each) for each in json.loads(last)["problems"]]
        except subprocess.TimeoutExpired:
            raise self._unanswered(f"they take more than {patience:g} seconds") from None
        except (OSError, ValueError, TypeError):
            raise self._unanswered(_SILENT) from None

    def _unanswered(self, why: str) -> ConfigError:
        return ConfigError([Problem((), f"the templates can't be used: {why}", "mend them", str(self._folder))])


def _further(targets: Sequence[Target]) -> float:
    """Seconds for all targets but the first: what is the same for all is made with that one."""
    return EACH * max(0, len(targets) - 1)


def _state(folder: Path) -> object:
    """Stands for what the templates say: names, sizes and times of change."""
    try:
        return sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir())
    except OSError:
        return None


# --- in the process ---------------------------------------------------------------------------------------


def main() -> None:
    """Read a job from standard input, write the answer to standard output."""
    from . import fill
    from .templating import Templates
    from .view import view

    folder, patience, digests, targets, links = pickle.load(sys.stdin.buffer)  # noqa: S301 — from `Apart`
    templates = Templates(folder)
    problems: list[Problem] = []

    def attempt(step: Callable[[], object]) -> None:
        try:
            step()
        except ConfigError as error:
            problems.extend(error.problems)
        except MemoryError:
            problems.append(Problem((), "the templates need too much memory", "mend them", str(folder)))
        except TimeoutError as error:
            problems.append(Problem((), f"the templates can't be used: {error}", "mend them", str(folder)))

    _bound(patience)
    for digest in digests:
        if targets:
            attempt(lambda: _write(fill(templates, digest, targets, links), folder, _further(targets)))  # noqa: B023 (called here)
            continue
        whole = view(digest, links, _READER)
        attempt(partial(templates.html, whole))
        attempt(partial(templates.text, whole))
    signal.setitimer(signal.ITIMER_REAL, 0)
    once = dict.fromkeys((each.message, each.hint, each.file, each.line, each.column) for each in problems)
    sys.stdout.write(json.dumps({"problems": list(once)}))


def _write(made: Iterator[list[Message]], folder: Path, further: float) -> None:
    """Each target's messages as a line, as soon as they are made: never all in memory.

    The time for `further` ones is given when the first is done, so that an endless template is found as soon as ever.
    """
    for number, messages in enumerate(made):
        if number == 0 and further:
            signal.setitimer(signal.ITIMER_REAL, signal.getitimer(signal.ITIMER_REAL)[0] + further)
        line = json.dumps([(each.channel, each.body) for each in messages])
        if len(line) > LARGEST:
            huge = f"the templates make messages of {len(line) // 1_000_000} MB"
            raise ConfigError([Problem((), huge, "mend them", str(folder))])
        sys.stdout.write(f"{line}\n")


def _bound(patience: float) -> None:
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard), hard))

    def over(signum: int, frame: FrameType | None) -> NoReturn:
        raise TimeoutError(f"it takes more than {patience:g} seconds, or {EACH:g} more for each further reader")

    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, patience)


if __name__ == "__main__":
    main()
