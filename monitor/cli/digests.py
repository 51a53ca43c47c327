"""`monitor digest`: what is told, when, and how it would look now."""

from typing import Any

from monitor.cli import output
from monitor.cli.outlook import list_digests
from monitor.cli.previewing import Id, find, preview
from monitor.cli.session import Session, command, group
from monitor.cli.templates import copy_templates
from monitor.errors import AlreadyRunningError, MonitorError

app = group("What is told: digests, when they go, how they look.")


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
        unwritten = _written(writer, watch, spec)
    try:
        attempts = asyncio.run(deliver())
    except AlreadyRunningError:
        output.say("written; the running daemon sends it")
        if unwritten:
            raise MonitorError(unwritten) from None
        return
    for attempt in attempts:
        output.say(f"{attempt.delivery.target}: {attempt.error or 'sent'}")
    if not attempts:
        output.say("nothing to send: nothing waits, and an empty digest of this kind is not sent")
    if any(attempt.error for attempt in attempts):
        raise MonitorError("not everything could be sent; it stays in the outbox: monitor outbox")
    if unwritten:
        raise MonitorError(unwritten)


def _written(writer: Any, watch: Any, spec: Any) -> str:
    """Write it; what to say of stories that could not be written into it."""
    from monitor import wiring

    try:
        writer.write(watch, spec, wiring.SystemClock().now())
    except ExceptionGroup as group:
        return f"{group}: {group.exceptions[0]}"
    return ""


command(app, "list", "monitor digest list")(list_digests)
command(
    app,
    "preview",
    "monitor digest preview morning",
    "monitor digest preview morning -f html -o morning.html",
    "monitor digest preview morning --as-of 2026-11-20",
    "monitor digest preview flash --as-of 2026-11-20T07:30 --sent -f email",
)(preview)
command(app, "send", "monitor digest send morning")(send)
command(app, "templates", "monitor digest templates", paths=("rules",))(copy_templates)
