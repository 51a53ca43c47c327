"""`monitor digest preview`: how a digest would look, now or at any time in the past."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from typer import Argument, BadParameter, Option

from monitor.cli import output
from monitor.cli.session import Session
from monitor.core.routes import in_words
from monitor.core.suggest import suggestion
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.app.outlook import DigestOutlook
    from monitor.app.previewing import Hindsight
    from monitor.app.watch import Watch
    from monitor.core.model import Digest, DigestSpec
    from monitor.wiring import Settings

Id = Annotated[str, Argument(metavar="ID", help="The digest, as rules.yaml calls it.")]


class Form(StrEnum):
    TEXT = "text"
    HTML = "html"
    SLACK = "slack"
    JSON = "json"
    EMAIL = "email"


def preview(
    session: Session,
    digest: Id,
    form: Annotated[
        Form, Option("--format", "-f", help="How to print it; email: the whole message, as an .eml file has it.")
    ] = Form.TEXT,
    as_of: Annotated[
        str | None,
        Option("--as-of", metavar="TIME", help="As it was due last by then: 2026-11-20, or 2026-11-20T08:00."),
    ] = None,
    sent: Annotated[bool, Option("--sent", help="With --as-of: exactly what was really sent then.")] = False,
    out: Annotated[
        Path | None, Option("--out", "-o", metavar="FILE", help="Write it there; later parts beside it.")
    ] = None,
) -> None:
    """Print a digest as it would be sent now, or would have been at any time in the past.

    Sends and changes nothing. TIME is in the digest's own time zone; a day alone means its end. What was is made again
    from the archive, with nothing from after that time, by the rules and routing of today. Of a digest at once, a day
    shows all its alerts in one, a time of day what waited to be told just then.
    """
    from monitor import wiring

    if sent and as_of is None:
        raise BadParameter("--sent says what was sent at a time: name it with --as-of")
    settings = session.settings
    watch = wiring.Configuration(settings).load()
    spec = find(watch, digest)
    now = wiring.SystemClock().now()
    if as_of is None:
        with wiring.writer(settings) as writer:
            found, ahead = writer.preview(watch, spec, now), writer.ahead(watch, spec, now)
        if found.stories or not spec.immediate:
            _put(wiring.previewed(found, spec, form.value, settings), out)
        for remark in _on_the_present(found, ahead):
            output.note(remark)
        return
    moment, day = _moment(as_of, spec.timezone, now)
    with wiring.hindsights(settings) as hindsights:
        then = hindsights.look(watch, spec, moment, day=day)
    if sent:
        _put(_as_sent(then, spec, form, settings), out)
        return
    if not (spec.immediate and then.silent):
        _put(wiring.previewed(then.digest, spec, form.value, settings), out)
    _remark(then, spec)


def find(watch: "Watch", wanted: str) -> "DigestSpec":
    """The digest of this id. Raises MonitorError that names those there are."""
    specs = {spec.id: spec for spec in watch.digests}
    if wanted in specs:
        return specs[wanted]
    known = ", ".join(specs) or "none"
    raise MonitorError(f"no digest has the id {wanted!r}{suggestion(wanted, specs)}; there are: {known}")


def _moment(given: str, timezone: str, now: datetime) -> tuple[datetime, bool]:
    """The moment that is meant, in UTC, and whether a whole day was named. Raises BadParameter."""
    zone = ZoneInfo(timezone)
    text = given.strip()
    day: date | None = None
    with suppress(ValueError):
        day = date.fromisoformat(text)
    try:
        if day:
            following = datetime.combine(day + timedelta(days=1), time(), zone)
            moment = following.astimezone(UTC) - timedelta(microseconds=1)
            begins = datetime.combine(day, time(), zone)
        else:
            moment = datetime.fromisoformat(text)
            moment = begins = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadParameter(f"{given!r} is no time: write 2026-11-20 or 2026-11-20T08:00") from None
    if begins > now:
        raise BadParameter(f"{given} is still to come; leave --as-of away to see what waits now")
    return min(moment, now), day is not None


def _on_the_present(digest: "Digest", ahead: "DigestOutlook") -> Iterator[str]:
    """What of the digest will be sent, when, and why not now."""
    spec, count = ahead.spec, len(digest.stories)
    why = ahead.waits_for + (f" until {_local(ahead.held_until, spec)}" if ahead.held_until else "")
    if spec.immediate and not count:
        waits = f"all {output.counted(ahead.silenced, 'report')} silenced" if ahead.silenced else "nothing waits"
        when = why or f"the next hit is told {in_words(spec.wait)} after it came"
        if ahead.next_at and not ahead.held_until:
            when = f"the next message comes on {_local(ahead.next_at, spec)}, {why}"
        yield f"nothing would be sent now ({waits}); {when}"
    elif spec.immediate:
        alerts = output.counted(count, "alert")
        if digest.held_since:
            yield f"{alerts}, {why}: then {'it comes' if count == 1 else 'they come as one message'}"
        elif why == "due now":
            yield f"{alerts}, due now"
        elif why:
            when = f" on {_local(ahead.next_at, spec)}" if ahead.next_at else ""
            yield f"{alerts}, {'sent' if count == 1 else 'the first sent'}{when}: {why}"
        if count > 1 and not digest.folded and not digest.held_since:
            yield f"{alerts}, each sent by itself, are shown here together"
    else:
        if not count and not spec.send_empty:
            yield "nothing waits, and an empty digest of this kind is not sent"
        if why:
            yield f"the next one is {why}" if ahead.held_until else f"the next one: {why}"


def _as_sent(then: "Hindsight", spec: "DigestSpec", form: Form, settings: "Settings") -> list[str]:
    from monitor import wiring

    if not then.sent:
        raise MonitorError(
            f"digest {spec.id}: nothing that was sent for {_local(then.digest.at, spec)} is in the database; "
            "without --sent it is made again from the archive"
        )
    texts = wiring.as_sent(then.sent, form.value, settings)
    if not texts:
        channels = ", ".join(sorted({delivery.target.channel for delivery in then.sent}))
        raise MonitorError(f"digest {spec.id} went out by {channels} then, which has no form {form.value!r}: see -f")
    return texts


def _remark(then: "Hindsight", spec: "DigestSpec") -> None:
    """What the digest itself would not have said, on standard error."""
    if then.archive_from:
        output.note(f"the archive begins on {_local(then.archive_from, spec)}: what came before is missing here")
    if then.silent:
        output.note("there was nothing to tell: this would not have been sent")
    elif spec.immediate and (stories := len(then.digest.stories)) > 1:
        output.note(f"{stories} alerts, each sent by itself, are shown here together")
    if then.sent:
        when = _local(then.sent[0].created_at, spec)
        runs = len({delivery.created_at for delivery in then.sent})
        more = f", and {runs - 1} more that day" if runs > 1 else ""
        output.note(f"this digest was really written on {when}{more}: --sent prints exactly what was sent")


def _local(moment: datetime, spec: "DigestSpec") -> str:
    return f"{moment.astimezone(ZoneInfo(spec.timezone)):%a %Y-%m-%d %H:%M} {spec.timezone}"


def _put(texts: list[str], out: Path | None) -> None:
    """Print the documents, or write them: `digest.eml`, `digest-2.eml` …"""
    if out is None:
        for text in texts:
            output.say(text.replace("\r\n", "\n").rstrip("\n"))
        return
    for number, text in enumerate(texts, start=1):
        path = out if number == 1 else out.with_stem(f"{out.stem}-{number}")
        try:
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise MonitorError(f"can't write {path}: {error.strerror}") from error
        output.note(f"wrote {path}")
