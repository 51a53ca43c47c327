"""`monitor feeds plan`: which feed is asked when, and why then."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import output
from monitor.cli.session import Json, Session, command

if TYPE_CHECKING:
    from monitor.core.foresight import Foreseen, Foresight

BARS = "▁▂▃▄▅▆▇█"
_HOSTS = 6


def plan(
    session: Session,
    hours: Annotated[float, typer.Option("--hours", min=0.1, max=24, help="How far to look ahead, 0.1 to 24.")] = 1,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, help="So many feeds, the next ones first; 0: all.")
    ] = 40,
    as_json: Json = False,
) -> None:
    """Show which feeds are asked in the next hour, and why then.

    A bar for every minute shows how the polls spread, then come the busiest hosts and the feeds with their next time.
    """
    from monitor.core.foresight import foresee
    from monitor.core.model import FeedState
    from monitor.wiring import SystemClock, opened, watched_feeds

    settings = session.settings
    feeds = [feed for feed in watched_feeds(settings) if feed.enabled]
    with opened(settings) as store:
        states, holds = store.feeds.states(), store.feeds.holds()
    pairs = [(feed, states.get(feed.id, FeedState(feed.id))) for feed in feeds]
    now = SystemClock().now()
    ahead = foresee(pairs, holds, now=now, span=timedelta(hours=hours), default=settings.poll_every)
    if as_json:
        output.line(_described(ahead))
        return
    for text in _drawn(ahead):
        output.say(text)
    shown = ahead.feeds[: limit or None]
    output.table(
        ("at (UTC)", "", "feed", "host", "why then"),
        ((f"{one.at:%H:%M:%S}", output.when(one.at, now), one.feed.id, one.host, one.reason) for one in shown),
        empty="no feed is to be asked in this time",
    )
    if rest := len(ahead.feeds) - len(shown):
        output.note(f"and {output.counted(rest, 'feed')} more: --limit 0 shows all")


def _drawn(ahead: "Foresight") -> list[str]:
    """The figures and the bars, an hour a line."""
    most = max(ahead.minutes)
    polls, feeds = output.counted(ahead.polls, "poll"), output.counted(len(ahead.feeds), "feed")
    others = [f"{ahead.later:,} later"] if ahead.later else []
    others += [f"{ahead.gone:,} gone for good"] if ahead.gone else []
    lines = [f"{polls} of {feeds} until {ahead.until:%H:%M} UTC{'; ' + ', '.join(others) if others else ''}"]
    for start in range(0, len(ahead.minutes), 60):
        hour = ahead.minutes[start : start + 60]
        bars = "".join(BARS[-(-count * (len(BARS) - 1) // most)] if count else " " for count in hour)
        lines.append(f"{ahead.since + timedelta(minutes=start):%H:%M} {bars}|")
    mean = ahead.polls / len(ahead.minutes)
    lines.append(f"a bar is a minute: {mean:.1f} polls on average, at most {most}")
    if ahead.hosts:
        busiest = ", ".join(f"{host or 'no host'} {count}" for host, count in ahead.hosts[:_HOSTS])
        lines.append(f"busiest hosts: {busiest}")
    return [*lines, ""]


def _described(ahead: "Foresight") -> dict[str, object]:
    return {
        "since": ahead.since,
        "until": ahead.until,
        "polls": ahead.polls,
        "minutes": ahead.minutes,
        "hosts": dict(ahead.hosts),
        "later": ahead.later,
        "gone": ahead.gone,
        "feeds": [_entry(one) for one in ahead.feeds],
    }


def _entry(one: "Foreseen") -> dict[str, object]:
    return {"feed": one.feed.id, "host": one.host, "at": one.at.isoformat(), "polls": one.polls, "reason": one.reason}


def register(feeds: typer.Typer) -> None:
    """Add the command to `monitor feeds`."""
    command(feeds, "plan", "monitor feeds plan", "monitor feeds plan --hours 6 --json", paths=("feeds", "rules", "db"))(
        plan
    )
