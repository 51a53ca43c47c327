"""`monitor digest`: what is told, when, and how it would look now."""

from typing import Any
from zoneinfo import ZoneInfo

from monitor.cli import output
from monitor.cli.previewing import Id, find, preview
from monitor.cli.session import Json, Session, command, group
from monitor.errors import AlreadyRunningError, MonitorError

app = group("What is told: digests, when they go, how they look.")


def list_digests(session: Session, as_json: Json = False) -> None:
    """List the digests: when they go next, what waits in them, whom they are for."""
    from monitor import wiring

    settings = session.settings
    watch = wiring.Configuration(settings).load()
    now = wiring.SystemClock().now()
    with wiring.writer(settings) as writer:
        outlooks = writer.outlook(watch, now)
    if as_json:
        output.lines(
            {
                "id": outlook.spec.id,
                "title": outlook.spec.title,
                "at": outlook.spec.at or "once",
                "timezone": outlook.spec.timezone,
                "rules": outlook.spec.rules,
                "to": [str(target) for target in outlook.spec.to],
                "waiting": outlook.waiting,
                "last_at": outlook.last_at,
                "next_at": outlook.next_at,
            }
            for outlook in outlooks
        )
        return

    def row(outlook: Any) -> tuple[object, ...]:
        spec = outlook.spec
        local = outlook.next_at.astimezone(ZoneInfo(spec.timezone)) if outlook.next_at else None
        coming = f"{local:%a %Y-%m-%d %H:%M} {spec.timezone}" if local else "with the next hit"
        targets = ", ".join(map(str, spec.to))
        return spec.id, spec.at or "once", coming, outlook.waiting, output.when(outlook.last_at, now), targets

    output.table(("id", "at", "next", "waiting", "last", "to"), map(row, outlooks), empty="rules.yaml names no digests")


def send(session: Session, digest: Id) -> None:
    """Write and send a digest now, due or not.

    What it tells is not told again at its usual time. A running daemon does the sending.
    """
    import asyncio

    from monitor import wiring

    settings = session.settings
    watch = wiring.Configuration(settings).load()
    spec = find(watch, digest)

    async def deliver() -> list[Any]:
        async with wiring.service(settings) as built:
            await built.desk.open(watch)
            return list(await built.desk.dispatcher.send_due())

    with wiring.writer(settings) as writer:
        writer.write(watch, spec, wiring.SystemClock().now())
    try:
        attempts = asyncio.run(deliver())
    except AlreadyRunningError:
        output.say("written; the running daemon sends it")
        return
    for attempt in attempts:
        output.say(f"{attempt.delivery.target}: {attempt.error or 'sent'}")
    if not attempts:
        output.say("nothing to send: nothing waits, and an empty digest of this kind is not sent")
    if any(attempt.error for attempt in attempts):
        raise MonitorError("not everything could be sent; it stays in the outbox: monitor outbox")


command(app, "list", "monitor digest list")(list_digests)
command(
    app,
    "preview",
    "monitor digest preview morning",
    "monitor digest preview morning -f html -o morning.html",
    "monitor digest preview morning --as-of 2026-11-20",
    "monitor digest preview alerts --as-of 2026-11-20T07:30 --sent -f email",
)(preview)
command(app, "send", "monitor digest send morning")(send)
