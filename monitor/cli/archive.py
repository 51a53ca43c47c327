"""`monitor items`, `hits` and `outbox`: what is stored, filtered."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import filters, output
from monitor.cli.filters import Language
from monitor.cli.session import Json, Session, command
from monitor.core.model import LEFT, DeliveryState, Severity, Target
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.app.ports import Store
    from monitor.core.model import Refusal

PANEL = "What is stored"

Limit = Annotated[int, typer.Option("--limit", "-n", min=0, help="At most so many, newest first; 0: all.")]
Feed = Annotated[str | None, typer.Option("--feed", metavar="ID", help="Only this feed.")]
Text = Annotated[str | None, typer.Option("--text", "-t", help="Words in title or summary, case ignored.")]
Since = Annotated[str | None, typer.Option("--since", help="A time ago (12h, 7d) or a date (2026-11-22).")]
Until = Annotated[str | None, typer.Option("--until", help="Up to then; written like --since.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app, "items", "monitor items --since 1d --language ru", "monitor items --text 图们江 --json -n 0",
        "monitor items --editions 4711",
        paths=("db",), panel=PANEL,
    )(items)  # fmt: skip
    command(
        app, "hits", "monitor hits --since 7d --severity high", "monitor hits --rule tumen-passage --json",
        "monitor hits --story 12",
        paths=("db",), panel=PANEL,
    )(hits)  # fmt: skip
    command(
        app, "outbox", "monitor outbox --state parked", "monitor outbox --retry all",
        "monitor outbox --refused",
        paths=("db",), panel="What is told",
    )(outbox)  # fmt: skip


def items(
    session: Session,
    feed: Feed = None,
    language: Language = None,
    text: Text = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    editions: Annotated[
        int | None,
        typer.Option("--editions", metavar="ITEM", help="What this item said before, and what each edit changed."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List what was read, newest first; with --editions, how one item was edited."""
    from monitor.wiring import SystemClock, opened

    if editions is not None:
        _editions(session, editions, as_json=as_json)
        return
    now = SystemClock().now()
    period = {"since": moment(since, now), "until": moment(until, now)}
    with opened(session.settings) as store:
        filters.require_feed(session, store, feed)
        rows = store.query_items(limit=limit or -1, feed=feed, language=language, text=text, **period)
        if as_json:
            output.lines(rows)
            return
        output.table(
            ("item", "date (UTC)", "feed", "title", "rules"),
            (
                (row["id"], _minute(row["at"]), row["feed"], row["title"], ", ".join(_list(row["rules"])))
                for row in rows
            ),
            empty="no items; widen the filters, or poll first: monitor once",
        )


def _editions(session: Session, item_id: int, *, as_json: bool) -> None:
    """Each edit of an item with its time: sentences that went, and those that came."""
    from dataclasses import asdict, replace

    from monitor.core.edits import changes
    from monitor.core.model import Edition
    from monitor.wiring import opened

    with opened(session.settings) as store:
        item = store.bench.item(item_id)
        before = store.archive.editions(item_id)
    if item is None:
        raise MonitorError(f"there is no item {item_id}; monitor items lists them with their numbers")
    if not before:
        output.note(f"item {item_id} was never edited")
        return
    last = Edition(before[-1].replaced_at, item.title, item.summary, item.content)
    for old, new in zip(before, [*before[1:], last], strict=True):
        found = changes(old, replace(new, replaced_at=old.replaced_at))
        if as_json:
            output.line({"at": old.replaced_at, "changes": [asdict(change) for change in found]})
            continue
        output.say(f"edited {_minute(old.replaced_at.isoformat())} UTC")
        for change in found:
            output.say(f"  {change.field}")
            for sentence in change.removed:
                output.say(output.coloured(f"    - {sentence}", "red"))
            for sentence in change.added:
                output.say(output.coloured(f"    + {sentence}", "green"))


def hits(
    session: Session,
    rule: Annotated[str | None, typer.Option("--rule", metavar="ID", help="Only this rule.")] = None,
    severity: Annotated[Severity | None, typer.Option("--severity", help="Only this severity.")] = None,
    feed: Feed = None,
    language: Language = None,
    story: Annotated[int | None, typer.Option("--story", metavar="ID", help="Only this story, by its number.")] = None,
    text: Text = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List what the rules found, newest first, with the words that made them fire, and what became of each.

    The last column answers "why did I not get this?": which digest told the hit and when, which it waits for, or which
    left it out and why. A terminal of less than 120 columns shows neither feed nor words.
    """
    from monitor.wiring import SystemClock, opened

    now = SystemClock().now()
    wanted = {"rule": rule, "severity": severity.value if severity else None, "feed": feed, "language": language}
    wanted |= {"text": text, "story": None if story is None else str(story)}
    period = {"since": moment(since, now), "until": moment(until, now)}
    with opened(session.settings) as store:
        filters.require_rule(session, store, rule)
        filters.require_feed(session, store, feed)
        filters.require_story(store, story)
        rows = store.query_hits(limit=limit or -1, **wanted, **period)
        if as_json:
            output.lines(rows)
            return
        columns: dict[str, Callable[[dict[str, Any]], object]] = {
            "hit": itemgetter("id"),
            "story": itemgetter("story_id"),
            "found (UTC)": lambda row: _minute(row["at"]),
            "rule": itemgetter("rule"),
            "severity": itemgetter("severity"),
            "feed": itemgetter("feed"),
            "title": itemgetter("title"),
            "words": lambda row: _words(row["evidence"]),
            "told (UTC)": lambda row: _became(row["outcomes"]),
        }
        shown = [name for name in columns if name not in {"feed", "words"} or not output.narrow(120)]
        output.table(
            shown,
            ([columns[name](row) for name in shown] for row in rows),
            empty="no hits; widen the filters, or see what was read: monitor items",
        )


def outbox(
    session: Session,
    state: Annotated[DeliveryState | None, typer.Option("--state", help="Only in this state.")] = None,
    digest: Annotated[str | None, typer.Option("--digest", metavar="ID", help="Only of this digest.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", help="Only by this channel: email, slack …")] = None,
    retry: Annotated[
        list[str] | None,
        typer.Option(
            "--retry", metavar="KEY", help="Send this one again, parked or waiting for its time; all: every parked one."
        ),
    ] = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="List the recipients that refuse, since when, how often and why.")
    ] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List messages on their way, sent, or parked.

    Parked are those that could not be sent and will not be tried again by themselves; --retry queues them again.
    """
    from monitor.wiring import SystemClock, opened

    now = SystemClock().now()
    with opened(session.settings) as store:
        if retry:
            _retry(store, retry, now)
            return
        filters.require_channel(channel)
        filters.require_digest(session, store, digest)
        if refused:
            _refused([each for each in store.outbox.refusals() if _concerns(each, digest, channel)], as_json=as_json)
            return
        rows = store.query_outbox(
            limit=limit or -1, state=state.value if state else None, digest=digest, channel=channel
        )
        if as_json:
            output.lines(rows)
            return
        output.table(
            ("made (UTC)", "state", "to", "subject", "tries", "next try", "key", "error"),
            (_delivery(row, now) for row in rows),
            empty="the outbox has nothing like that",
        )


def _retry(store: "Store", keys: list[str], now: datetime) -> None:
    """Queue these again; what was parked because its recipient left the digest only by its own key."""
    unsent = {
        str(row["key"]): row for state in ("parked", "queued") for row in store.query_outbox(limit=-1, state=state)
    }
    parked = {key for key, row in unsent.items() if row["state"] == "parked" and row["fault"] != LEFT}
    wanted = parked if keys == ["all"] else set(keys)
    if unknown := sorted(wanted - unsent.keys()):
        raise MonitorError(f"no parked or waiting delivery has the key {unknown[0]!r}; see monitor outbox")
    left = store.people.departed()
    gone = [
        key
        for key in sorted(wanted)
        if Target(str(unsent[key]["channel"]), str(unsent[key]["address"])) in left.get(str(unsent[key]["digest"]), ())
    ]
    if gone and keys != ["all"]:
        row = unsent[gone[0]]
        seat = f"{row['digest']} --back {row['channel']}:{row['address']}"
        raise MonitorError(
            f"the recipient of {gone[0]} has left the digest; to take them back: monitor digest subscribers {seat}"
        )
    output.say(f"{output.counted(store.outbox.retry(wanted, now), 'delivery')} queued again")


def _concerns(refusal: "Refusal", digest: str | None, channel: str | None) -> bool:
    return digest in {None, *refusal.digests} and channel in {None, refusal.target.channel}


def _refused(refusals: "list[Refusal]", *, as_json: bool) -> None:
    """Who takes nothing any more: each is tried once with each further digest, and listed until something arrives."""
    from dataclasses import asdict

    if as_json:
        output.lines({**asdict(refusal), "target": str(refusal.target)} for refusal in refusals)
        return
    output.table(
        ("to", "digests", "since (UTC)", "last (UTC)", "messages", "why"),
        (
            (
                refusal.target,
                ", ".join(refusal.digests),
                _minute(refusal.since),
                _minute(refusal.last_at),
                refusal.times,
                refusal.reason,
            )
            for refusal in refusals
        ),
        empty="nobody refuses",
    )


def _delivery(row: dict[str, Any], now: datetime) -> tuple[object, ...]:
    part = f" ({row['part']}/{row['parts']})" if row["parts"] > 1 else ""
    next_try = output.when(row["next_attempt_at"], now) if row["state"] == "queued" else ""
    to = f"{row['channel']}:{row['address']}"
    return (
        _minute(row["created_at"]), row["state"], to, f"{row['subject']}{part}", row["attempts"], next_try,
        row["key"], row["error"],
    )  # fmt: skip


def moment(given: str | None, now: datetime) -> datetime | None:
    """What --since and --until mean: `12h`, `7d` before now, or an ISO date (UTC unless it names a zone)."""
    if given is None:
        return None
    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    try:
        if match := re.fullmatch(r"(\d{1,6})([mhdw])", given.strip()):
            return now - timedelta(**{units[match[2]]: int(match[1])})
        found = datetime.fromisoformat(given)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{given!r} is no time: write 12h, 7d, 2026-11-22 or 2026-11-22T08:00") from None
    return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)


def _minute(moment: object) -> str:
    return str(moment)[:16].replace("T", " ") if moment else ""


def _list(value: Any) -> list[str]:
    return list(value or ())


def _words(evidence: Any) -> str:
    return ", ".join(dict.fromkeys(str(found["text"]) for found in evidence or ()))


def _became(outcomes: Any) -> str:
    """What each digest did with a hit: `morning 2026-11-24 08:00`, `waits for morning`, `left out of alerts: …`."""
    return "; ".join(_outcome(one) for one in outcomes) or "for no digest"


def _outcome(one: dict[str, Any]) -> str:
    if one["outcome"] == "told":
        unsent = [f"{number} {state}" for state, number in one["deliveries"].items() if state != "sent"]
        return f"{one['digest']} {_minute(one['at'])}" + (f" ({', '.join(unsent)})" if unsent else "")
    if one["outcome"] == "waiting":
        return f"waits for {one['digest']}"
    return f"left out of {one['digest']}: {one['reason']}"
