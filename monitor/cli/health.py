"""`monitor feeds health`: how each feed does, the worst first, with its last two weeks and what to do."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import output
from monitor.cli.session import Json, Session, command

if TYPE_CHECKING:
    from rich.console import Console

    from monitor.core.model import FeedSpec, FeedState

DAYS = 14
BARS = "▁▂▃▅█"
NARROW = 110  # columns of a terminal below which each feed has two lines in place of a row
_STYLES = {
    "ok": "green",
    "not read yet": "dim",
    "failing": "yellow",
    "broken": "bold red",
    "gone": "bold red",
    "silent": "yellow",
    "moved": "cyan",
    "language": "yellow",
    "volume": "yellow",
    "overrun": "yellow",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A feed as it is shown."""

    feed: "FeedSpec"
    state: "FeedState"
    daily: tuple[int, ...]

    @property
    def verdict(self) -> str:
        """Its gravest trouble, else whether it fails, was not read yet, or is well."""
        if self.state.troubles:
            return self.state.troubles[0].kind.value
        if self.state.gone:
            return "gone"
        if self.state.failures:
            return "failing"
        return "ok" if self.state.last_success_at else "not read yet"


def health(
    session: Session,
    failing: Annotated[
        bool, typer.Option("--failing", help="Only those that fail, are in trouble, or were never read.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show how each feed does, worst first.

    A bar for the new items of each of the last two weeks' days (UTC), last success and last new item, how much it
    usually brings, failures in a row, and what is the matter and what to do. A trouble that looks better is shown
    until that has lasted.
    """
    from monitor.cli.feeds import described
    from monitor.core import health as core
    from monitor.core.model import FeedState
    from monitor.wiring import SystemClock, opened, watched_feeds

    now = SystemClock().now()
    feeds = [feed for feed in watched_feeds(session.settings) if feed.enabled]
    with opened(session.settings) as store:
        states, daily = store.feeds.states(), store.feeds.daily(DAYS, now)
    rows = [_Row(feed, states.get(feed.id, FeedState(feed.id)), daily.get(feed.id, (0,) * DAYS)) for feed in feeds]
    long_ago = datetime.min.replace(tzinfo=UTC)
    rows.sort(key=lambda r: (core.gravity(r.state), -r.state.failures, r.state.last_success_at or long_ago, r.feed.id))
    shown = [row for row in rows if row.verdict != "ok"] if failing else rows
    if as_json:
        output.lines({**described(row.feed), **_condition(row)} for row in shown)
        return
    if not shown:
        output.note("every feed is well" if feeds else "no feed is enabled")
        return
    _draw(shown, now)
    output.note(_summary(rows))


def register(feeds: typer.Typer) -> None:
    """Add the command to `monitor feeds`."""
    command(
        feeds, "health", "monitor feeds health --failing", "monitor feeds health --json | jq .troubles",
        paths=("feeds", "rules", "db"),
    )(health)  # fmt: skip


def sparkline(daily: Sequence[int]) -> str:
    """A bar a day: the lowest for none, above it any day that brought something."""
    most = max(daily, default=0)
    return "".join(BARS[0] if n <= 0 else BARS[max(1, round(n / most * (len(BARS) - 1)))] for n in daily)


def _draw(rows: Sequence[_Row], now: datetime) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if console.is_terminal and console.width < NARROW:
        for row in rows:
            _draw_narrow(console, row, now)
        return
    if not console.is_terminal:
        console = Console(highlight=False, width=max(console.width, 240))
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("feed", "state", "two weeks", "last success", "last new item", "usually", "failures"):
        table.add_column(title, no_wrap=title != "feed", overflow="fold")
    table.add_column("what, and what to do", overflow="fold", ratio=1)
    for row in rows:
        state, cells = row.state, _cells(row, now)
        table.add_row(
            Text(row.feed.id),
            Text(row.verdict, style=_STYLES.get(row.verdict, "")),
            sparkline(row.daily),
            *map(Text, (cells["success"], cells["item"], cells["usual"], str(state.failures or ""))),
            Text("\n".join(_matters(row, now))),
        )
    console.print(table)


def _draw_narrow(console: "Console", row: _Row, now: datetime) -> None:
    from rich.padding import Padding
    from rich.text import Text

    style = _STYLES.get(row.verdict, "")
    head = Text.assemble((row.verdict, style), " ", (row.feed.id, "bold"), " ", sparkline(row.daily))
    cells = _cells(row, now)
    facts = [f"last success {cells['success']}", f"last new item {cells['item']}"]
    facts += [f"usually {cells['usual']}"] * bool(cells["usual"])
    facts += [output.counted(row.state.failures, "failure")] * bool(row.state.failures)
    console.print(head)
    for line in ("; ".join(facts), *_matters(row, now)):
        console.print(Padding(Text(line), (0, 0, 0, 2)))


def _cells(row: _Row, now: datetime) -> dict[str, str]:
    from monitor.core import health as core

    return {
        "success": output.when(row.state.last_success_at, now),
        "item": output.when(row.state.last_item_at, now),
        "usual": core.usual(row.state.habits),
    }


def _matters(row: _Row, now: datetime) -> Iterable[str]:
    """What is the matter, a line each; the last error of a feed whose failures are no trouble yet."""
    for trouble in row.state.troubles:
        better = f" (looks well since {output.when(trouble.better_since, now)})" if trouble.better_since else ""
        # The state names the first already.
        kind = "" if trouble is row.state.troubles[0] else f"{trouble.kind}: "
        yield f"{kind}{trouble.message}{better}"
    if not row.state.troubles and row.state.last_error:
        yield row.state.last_error


def _condition(row: _Row) -> dict[str, object]:
    from monitor.core import health as core

    names = (
        "last_poll_at",
        "last_success_at",
        "last_item_at",
        "next_poll_at",
        "failing_since",
        "failures",
        "last_error",
        "gone",
        "title",
    )
    return {
        "state": row.verdict,
        **{name: getattr(row.state, name) for name in names},
        "usually": core.usual(row.state.habits),
        "new_items_a_day": row.daily,
        "troubles": [
            {
                "kind": t.kind,
                "message": t.message,
                "since": t.since.isoformat(),
                "looks_well_since": t.better_since and t.better_since.isoformat(),
            }
            for t in row.state.troubles
        ],
    }


def _summary(rows: Sequence[_Row]) -> str:
    counts = Counter(row.verdict for row in rows)
    well = counts.pop("ok", 0)
    others = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.most_common())
    return f"{output.counted(len(rows), 'feed')}: {well:,} well{', ' if others else ''}{others}"
