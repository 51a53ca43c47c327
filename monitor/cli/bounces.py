"""`monitor bounces`: takes what a mail server returns, so that an address that is gone is seen."""

import sys

import typer

from monitor.cli import output
from monitor.cli.session import Session, command

MOST = 20_000_000  # bytes of a report that are read; servers return less


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "bounces", "monitor bounces < returned.eml", paths=("db",), panel="What is told")(bounces)


def bounces(session: Session) -> None:
    """Read a returned mail (RFC 3464) from standard input, and record who could not be reached.

    Made for an alias of the mail server: desk: "|monitor bounces". What is no such report is let pass, exit status 0.
    """
    from monitor.wiring import SystemClock, opened, read_bounces

    found = read_bounces(sys.stdin.buffer.read(MOST))
    if not found:
        output.note("not a report of a failed delivery: nothing to record")
        return
    now = SystemClock().now()
    with opened(session.settings) as store:
        for bounce in found:
            known = store.outbox.bounced(bounce.key, f"came back: {bounce.reason}", now)
            what = f"{bounce.recipient}: {bounce.reason}"
            output.say(what if known else f"{what}: not recorded, no delivery that was sent has its key")
