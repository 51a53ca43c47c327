"""`monitor rules backtest` and `near`: rules tried on everything that was read."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import output
from monitor.cli.archive import moment
from monitor.cli.rules import Only, Rule
from monitor.cli.session import Json, Session, command

if TYPE_CHECKING:
    from monitor.app.workbench import Backtest, Change, NearMisses
    from monitor.app.workbench.sight import Sight

Since = Annotated[str, typer.Option("--since", help="Items dated since then: 30d, 12h, 2026-11-22, or all.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app,
        "backtest",
        "monitor rules backtest",
        "monitor rules backtest tumen-passage --rules new-rules.yaml --since 90d",
        paths=("feeds", "db"),
    )(backtest_rules)
    command(app, "near", "monitor rules near tumen-passage --since 7d")(near)


def since_when(given: str, now: datetime) -> datetime | None:
    """What --since means; None for all."""
    return None if given.strip().lower() == "all" else moment(given, now)


# --- backtest -----------------------------------------------------------------------------------------------


def backtest_rules(
    session: Session,
    only: Only = None,
    edited: Annotated[
        Path | None,
        typer.Option("--rules", metavar="NEW.yaml", help="An edited copy, to be held against the rules in force."),
    ] = None,
    since: Since = "30d",
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="Show so many changes a rule; 0: all.")] = 10,
    as_json: Json = False,
) -> None:
    """Replay the archive against edited rules: which hits would be gained, which lost.

    With --rules NEW.yaml, both files are tried on the same items: what the edit does, and nothing else. Without it,
    rules.yaml as it is now is held against the hits that were stored when the items came in.

    Exit status 1 when a hit that somebody marked relevant would be lost.
    """
    from monitor.app.workbench import backtest
    from monitor.wiring import SystemClock, opened, rules_to_try

    settings, now = session.settings, SystemClock().now()
    start = since_when(since, now)
    live = rules_to_try(settings)[1] if edited else None
    against = str(settings.rules) if edited else "the stored hits"
    file, matcher = rules_to_try(settings, edited, only=only or ())
    with opened(settings) as store, output.counting("replaying", store.bench.count(start)) as progress:
        result = backtest(store.bench, matcher, live, since=start, rules=only or (), progress=progress)
    if as_json:
        output.line(_backtest(result, str(file.files[0]), against, start))
    else:
        _show_backtest(result, str(file.files[0]), against, start, limit)
    if lost := result.lost_relevant:
        output.note(f"monitor: {output.counted(len(lost), 'hit')} marked relevant would be lost")
        raise typer.Exit(1)


def _show_backtest(result: "Backtest", edited: str, against: str, start: datetime | None, limit: int) -> None:
    output.say(f"{output.counted(result.items, 'item')}{_dated(start)}: {edited} against {against}")
    output.table(
        ("rule", "language", "kept", "gained", "lost"),
        ((rule, language, t.kept, t.gained, t.lost) for (rule, language), t in sorted(result.tallies.items())),
        empty="neither has any hit",
    )
    for (rule, gained), changes in groupby(sorted(result.changes, key=_by_rule), _by_rule):
        found = list(changes)
        for change in found[: limit or None]:
            _show_change(change)
        if limit and len(found) > limit:
            output.say(
                f"… {rule} has {'gained' if gained else 'lost'} {len(found) - limit:,} more; --limit 0 shows all"
            )
    marks = f", {len(result.lost_noise)} of them marked noise, {len(result.lost_relevant)} marked relevant"
    output.say(f"{len(result.gained):,} gained, {len(result.lost):,} lost{marks if result.lost else ''}")


def _by_rule(change: "Change") -> tuple[str, bool]:
    return change.rule, change.gained


def _show_change(change: "Change") -> None:
    mark = f" [{change.relevance}]" if change.relevance else ""
    output.say(f"{'+' if change.gained else '-'} {change.rule}{mark}  {_headline(change.sight)}")
    if change.reason:
        output.say(f"    now: {change.reason}")


def _headline(sight: "Sight") -> str:
    """One line; where the title does not show everything, the text that does stands behind it."""
    day = f"{sight.at:%Y-%m-%d}" if sight.at else "undated"
    title = output.marked(sight.title)
    beyond = f" | {output.marked(sight.text)}" if sight.text else ""
    return f"{day}  {sight.feed}  #{sight.item_id}  {title}{beyond}"


def _dated(start: datetime | None) -> str:
    return f" since {start:%Y-%m-%d}" if start else ""


def _backtest(result: "Backtest", edited: str, against: str, start: datetime | None) -> dict[str, object]:
    return {
        "edited": edited,
        "against": against,
        "since": start,
        "items": result.items,
        "rules": [
            {"rule": rule, "language": language, "kept": t.kept, "gained": t.gained, "lost": t.lost}
            for (rule, language), t in sorted(result.tallies.items())
        ],
        "gained": [_change(one) for one in result.gained],
        "lost": [_change(one) for one in result.lost],
        "lost_relevant": len(result.lost_relevant),
    }


def _change(change: "Change") -> dict[str, object]:
    reason = {} if change.gained else {"reason": change.reason}
    return {"rule": change.rule, **_sight(change.sight), "words": change.words, "mark": change.relevance, **reason}


def _sight(sight: "Sight") -> dict[str, object]:
    title = "".join(one.text for one in sight.title)
    return {"item": sight.item_id, "feed": sight.feed, "language": sight.language, "at": sight.at, "title": title}


# --- near misses --------------------------------------------------------------------------------------------


def near(
    session: Session,
    rule: Rule,
    since: Since = "30d",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Show so many items of each kind.")] = 5,
    as_json: Json = False,
) -> None:
    """List items that are one condition short of firing, with the condition that they lack.

    This is how you find what a rule misses. Conditions that few items lack come first: each of those is worth a look.
    """
    from monitor.app.workbench import near_misses
    from monitor.wiring import SystemClock, opened, rules_to_try

    settings, now = session.settings, SystemClock().now()
    start = since_when(since, now)
    _, matcher = rules_to_try(settings, only=[rule])
    with opened(settings) as store, output.counting("replaying", store.bench.count(start)) as progress:
        found = near_misses(store.bench, matcher, rule, since=start, limit=limit, progress=progress)
    if as_json:
        output.lines(_near_lines(found))
        return
    total = sum(found.counts.values())
    read = f"{output.counted(found.items, 'item')}{_dated(start)}"
    misses = f"{total:,} near {'miss' if total == 1 else 'misses'}"
    output.say(f"{rule}: {misses} and {output.counted(found.hits, 'hit')} in {read}")
    for missing, count, newest in found.groups:
        output.say(f"\n{missing}: {output.counted(count, 'item')}")
        for one in newest:
            output.say(f"  {_headline(one.sight)}")
            if one.missing != missing:
                output.say(f"      {one.missing}")


def _near_lines(found: "NearMisses") -> Iterable[dict[str, Any]]:
    for missing, count, newest in found.groups:
        items = [{**_sight(one.sight), "words": one.words, "missing": one.missing} for one in newest]
        yield {"rule": found.rule, "missing": missing, "count": count, "newest": items}
