"""`monitor digest list`: when each digest goes next, what waits in it, and what it waits for."""

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.app.readers import NOBODY
from monitor.cli import output
from monitor.cli.session import Json, Session

if TYPE_CHECKING:
    from monitor.app.outlook import DigestOutlook
    from monitor.core.model import Waiting

_GONE = "not in rules.yaml any more: bring it back, or it is dropped with the archive"


def list_digests(session: Session, as_json: Json = False) -> None:
    """List the digests: when they go next, what waits in them and what for, whom they are for.

    Times are in each digest's own zone. What waits for a digest that is no longer in rules.yaml is listed, too.
    """
    from monitor import wiring

    settings = session.settings
    watch = wiring.Configuration(settings).load()
    now = wiring.SystemClock().now()
    with wiring.writer(settings) as writer:
        outlooks, orphans = writer.outlook(watch, now), writer.orphans(watch)
    if as_json:
        output.lines(map(_plain, outlooks))
        output.lines(map(_plain_orphan, orphans))
        return
    output.table(
        ("id", "at", "next", "waits for", "stories", "reports", "last", "to"),
        [*(_row(one, now) for one in outlooks), *(_orphan_row(one) for one in orphans)],
        empty="rules.yaml names no digests",
    )


def _row(outlook: "DigestOutlook", now: datetime) -> tuple[object, ...]:
    spec = outlook.spec
    targets = ", ".join(map(str, outlook.to)) or (NOBODY if outlook.left else "")
    waits_for = outlook.waits_for
    if outlook.held_until:
        waits_for += f" until {_local(outlook.held_until, spec.timezone)}"
    if outlook.left and not outlook.to:
        coming, waits_for = "never", ""
    elif outlook.next_at is None:
        coming = "with the next hit" if spec.immediate else "never"
    else:
        coming = f"{_local(outlook.next_at, spec.timezone)} {spec.timezone}"
    last = output.when(outlook.last_at, now)
    reports = f"{outlook.waiting}, {outlook.silenced} silenced" if outlook.silenced else outlook.waiting
    return spec.id, spec.at or "once", coming, waits_for, outlook.stories, reports, last, targets


def _orphan_row(tray: "Waiting") -> tuple[object, ...]:
    return tray.digest, "", "never", _GONE, "", len(tray.hit_ids), "", ""


def _local(moment: datetime, timezone: str) -> str:
    local = moment.astimezone(ZoneInfo(timezone))
    return f"{local:%a %Y-%m-%d %H:%M}" + (f":{local:%S}" if local.second else "")


def _plain(outlook: "DigestOutlook") -> dict[str, object]:
    spec = outlook.spec
    return {
        "id": spec.id,
        "title": spec.title,
        "at": spec.at or "once",
        "timezone": spec.timezone,
        "rules": spec.rules,
        "also": spec.also,
        "at_once": spec.at_once,
        "languages": spec.languages,
        "countries": spec.countries,
        "sources": spec.sources,
        "to": [str(target) for target in outlook.to],
        "left": [str(target) for target in outlook.left],
        "stories": outlook.stories,
        "waiting": outlook.waiting,
        "silenced": outlook.silenced,
        "waits_for": outlook.waits_for,
        "held_until": outlook.held_until,
        "last_at": outlook.last_at,
        "next_at": outlook.next_at,
    }


def _plain_orphan(tray: "Waiting") -> dict[str, object]:
    return {"id": tray.digest, "removed": True, "waiting": len(tray.hit_ids), "since": tray.since, "next_at": None}
