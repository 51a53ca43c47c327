"""The command line: says what was asked for to the rest of the house, and prints what comes back. Decides nothing.

Heavy imports wait until a command needs them, so that `monitor --help` answers at once.
"""

import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.errors import MonitorError


def main() -> None:
    """Run the command `monitor`. Exit status: 0 fine, 1 something is wrong, 2 wrong usage, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        # What we print is UTF-8 whatever the locale says; half a character in somebody's JSON must not stop us.
        getattr(stream, "reconfigure", lambda **_: None)(encoding="utf-8", errors="backslashreplace")
    from monitor.cli.app import app
    from monitor.cli.output import report
    from monitor.errors import MonitorError

    try:
        app(prog_name="monitor")
    except MonitorError as error:
        report(error)
        sys.exit(1)
    except ExceptionGroup as errors:
        known, unknown = errors.split(MonitorError)
        for one in _leaves(known) if known else ():
            report(one)
        if unknown:
            raise unknown from None
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _leaves(group: "ExceptionGroup[MonitorError]") -> "Iterator[MonitorError]":
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
