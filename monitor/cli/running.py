"""`monitor run`, `once` and `health`: the daemon, one cycle of it, and whether it lives."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.app.vitals import STALE, vitals
from monitor.cli import output
from monitor.cli.session import Json, Session, command
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.app.pipeline import Outcome
    from monitor.core.model import PollSummary

PANEL = "Every day"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "run", "monitor run", "monitor --db /data/monitor.db run", panel=PANEL)(run)
    command(app, "once", "monitor once", "monitor once --json | jq .hits", panel=PANEL)(once)
    command(app, "health", "monitor health", "monitor health --json", paths=("db",), panel=PANEL)(health)


def run(session: Session) -> None:
    """Run the daemon: poll, match, tell, keep house.

    SIGTERM and Ctrl-C finish what is in flight, then end it. Edits of feeds.yaml and rules.yaml are taken up
    while it runs; a faulty edit is refused and reported.
    """
    import asyncio

    from monitor import wiring
    from monitor.cli.logs import configure
    from monitor.web import site

    settings = session.settings
    configure(settings.log_level, settings.log_format)
    asyncio.run(wiring.run(settings, site))


def once(session: Session, as_json: Json = False) -> None:
    """Run one cycle of the daemon and print its figures.

    Polls the feeds that are due, matches, writes and sends the digests that are due. Fit for cron in place of the
    daemon. A feed or delivery that fails is counted and tried again next time. Tells MONITOR_HEARTBEAT_URL at its end.
    """
    import asyncio

    from monitor import wiring
    from monitor.cli.logs import configure

    settings = session.settings
    configure(settings.log_level if session.verbose else "warning", settings.log_format)
    watch = wiring.Configuration(settings).load()

    async def cycle(progress: Callable[["Outcome", int], None] | None) -> "tuple[PollSummary, datetime | None]":
        async with (
            wiring.heart(settings) as heart,
            wiring.service(settings, console=sys.stderr if as_json else None) as built,
        ):
            summary = await built.desk.once(watch, progress)
            if heart:
                try:
                    await heart.ping()
                except MonitorError as error:
                    output.note(f"heartbeat not heard: {error}")
            return summary, await built.desk.next_due(watch)

    with bar("reading feeds") as advance:
        summary, next_due = asyncio.run(cycle(advance))
    if as_json:
        output.line(asdict(summary))
    else:
        output.say(_told(summary))
    if not watch.enabled:
        output.note("nothing will be read: no feed is enabled")
    elif not summary.feeds_due and next_due:
        output.note(f"the next feed is due {output.when(next_due, wiring.SystemClock().now())}")


def _told(figures: "PollSummary") -> str:
    parts = [f"{figures.polled} of {output.counted(figures.feeds_due, 'due feed')} polled"]
    parts += [f"{figures.not_modified} not modified"] * bool(figures.not_modified)
    parts += [f"{figures.failed} failed (see monitor feeds health)"] * bool(figures.failed)
    parts += [
        f"{figures.items_new:,} new items, {figures.items_edited:,} edited, {output.counted(figures.hits, 'hit')}"
    ]
    parts += [f"{output.counted(figures.deliveries_sent, 'message')} sent"]
    failed = f"{figures.deliveries_failed} could not be sent (see monitor outbox)"
    return "; ".join([*parts, *[failed] * bool(figures.deliveries_failed)])


@contextmanager
def bar(title: str) -> "Iterator[Callable[[Outcome, int], None] | None]":
    """A progress bar on standard error while the block runs; None in its place where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)

        def advance(outcome: "Outcome", total: int) -> None:
            progress.update(task, total=total, advance=1, description=outcome.feed[:30].ljust(30))

        yield advance


def health(
    session: Session,
    as_json: Json = False,
    max_age: Annotated[
        int, typer.Option("--max-age", metavar="SECONDS", min=1, help="How old the daemon's last sign of life may be.")
    ] = int(STALE.total_seconds()),
) -> None:
    """Say whether the daemon is alive and at work.

    Exit status 0 if so, 1 if not: made for the health checks of containers.
    """
    from monitor.wiring import SystemClock, opened

    now = SystemClock().now()
    with opened(session.settings) as store:
        found = vitals(store, now, timedelta(seconds=max_age))
    last, status = found.last_beat_at, found.status
    figures: Any = found.figures
    if as_json:
        output.line({"alive": found.alive, "last_beat_at": last, **figures, "status": status})
    else:
        said = f"last sign of life {output.when(last, now)}" if last else "the daemon has never run on this database"
        if found.stopped:
            said = f"the daemon was stopped {output.when(last, now)}; monitor run starts it"
        output.say(f"{'alive' if found.alive else 'NOT alive'}: {said}")
        states = {**figures["feeds_in_trouble"], "failing": figures["feeds_failing"]}
        ill = ", ".join(f"{count:,} {state}" for state, count in states.items() if count)
        feeds = output.counted(figures["feeds"], "feed") + (f": {ill} (see monitor feeds health)" if ill else "")
        output.say(f"{feeds}; last poll {output.when(figures['last_poll_at'], now)}")
        waiting = figures["deliveries"]
        refusing = figures["recipients_refusing"]
        refuse = (
            f"; {output.counted(refusing, 'recipient')} refusing (see monitor outbox --refused)" if refusing else ""
        )
        output.say(f"outbox: {waiting['queued'] + waiting['sending']} to send, {waiting['parked']} parked{refuse}")
        output.say(f"{output.counted(figures['hits_waiting'], 'hit')} waiting for a digest")
        notes: Any = status.get("notes")
        for remark in () if found.stopped else notes or ():  # what a stopped daemon noted may be mended
            output.say(f"note: {remark}")
    if not found.alive:
        raise typer.Exit(1)
