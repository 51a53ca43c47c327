"""`monitor doctor`: looks at everything the daemon will need, and says of each what to do. Sends nothing."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import typer

from monitor.app.vitals import STALE
from monitor.cli import output
from monitor.cli.session import Json, Session, command
from monitor.errors import ConfigError, DeliveryError, MonitorError

if TYPE_CHECKING:
    from monitor.core.model import FeedSpec
    from monitor.wiring import Checkup, Settings


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


MARKS = {State.OK: "✓", State.WARNING: "!", State.FAILED: "✗", State.SKIPPED: "–"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and what to do where it is not well."""

    check: str
    state: State
    message: str
    remedy: str = ""


def register(app: typer.Typer) -> None:
    """Add the command."""
    examples = ("monitor doctor", "MONITOR_SMTP_HOST=mail.example.org monitor doctor")
    command(app, "doctor", *examples, panel="First steps")(doctor)


def doctor(session: Session, as_json: Json = False) -> None:
    """Check the whole set-up and say what to do.

    Looks at files, environment, own templates, disk, database, clock, mail server, Slack, webhooks, services of
    Apprise's, and the folders of files. Sends nothing: those that can be asked are asked only whether they would take a
    message from us. Exit status 1 when something has to be mended.
    """
    findings = asyncio.run(_all(session, as_json))
    if any(finding.state is State.FAILED for finding in findings):
        raise typer.Exit(1)


async def _all(session: Session, as_json: bool) -> list[Finding]:
    findings: list[Finding] = []
    async for finding in _examine(session):
        findings.append(finding)
        if as_json:
            fields = ("check", "state", "message", "remedy")
            output.line({name: getattr(finding, name) for name in fields})
        else:
            remedy = f" → {finding.remedy}" if finding.remedy else ""
            output.say(f"{MARKS[finding.state]} {finding.check}: {finding.message}{remedy}")
    return findings


async def _examine(session: Session) -> AsyncIterator[Finding]:
    from monitor.wiring import check_files

    sound = True
    try:
        settings = session.settings
        yield Finding("environment", State.OK, "every MONITOR_ variable makes sense")
    except ConfigError as error:
        sound = False
        yield Finding("environment", State.FAILED, "; ".join(map(str, error.problems)), "mend these, then look again")
        settings = session.paths_only()
    checked = check_files(settings, targets=sound)
    if checked.problems:
        count = output.counted(len(checked.problems), "problem")
        yield Finding("files", State.FAILED, f"{count} in the YAML files", "monitor check names them")
    else:
        yield Finding("files", State.OK, checked.summary)
    for warning in checked.warnings:
        yield Finding("files", State.WARNING, warning)
    for finding in await asyncio.to_thread(_templates, settings):
        yield finding
    for finding in _machine(settings):
        yield finding
    for finding in _deserted(settings, checked):
        yield finding
    enabled = [feed for feed in checked.feeds.feeds if feed.enabled] if checked.feeds else []
    yield await _clock(settings, enabled)
    if settings.listen:
        yield await _site(settings)
    for finding in await _channels(settings, checked, sound=sound):
        yield finding


def _templates(settings: "Settings") -> list[Finding]:
    """The reader's own templates, where there are some."""
    from monitor.wiring import check_templates

    if settings.templates is None:
        return []
    remedy = "until then digests go out by the template that ships"
    failed = [Finding("templates", State.FAILED, str(problem), remedy) for problem in check_templates(settings)]
    return failed or [Finding("templates", State.OK, f"those in {settings.templates} fill digests of every kind")]


def _machine(settings: "Settings") -> Iterable[Finding]:
    from monitor.wiring import SystemClock, opened, probe

    free, remedy = probe.disk(settings.db)
    yield Finding("disk", State.WARNING if remedy else State.OK, free, remedy)
    if refusal := probe.writable(settings.db):
        yield Finding("database", State.FAILED, refusal, "change its permissions, or name another file with --db")
        return
    if not settings.db.exists():
        yield Finding("database", State.OK, f"{settings.db} is not there yet; the first run makes it")
        return
    if damage := probe.sound(settings.db):
        yield Finding("database", State.FAILED, f"{settings.db}: {damage}", "put a backup in its place")
        return
    try:
        with opened(settings) as store:
            size = settings.db.stat().st_size / 2**20
            yield Finding("database", State.OK, f"{settings.db} is sound, {size:.1f} MiB")
            beat = store.upkeep.last_beat()
    except MonitorError as error:
        yield Finding("database", State.FAILED, str(error))
        return
    now = SystemClock().now()
    if beat and not beat[1].get("stopped") and now - beat[0] < STALE:
        yield Finding("daemon", State.OK, f"alive, last sign of life {output.when(beat[0], now)}")
    else:
        yield Finding("daemon", State.SKIPPED, "not running now", "monitor run starts it")


def _deserted(settings: "Settings", checked: "Checkup") -> Iterable[Finding]:
    """Digests that everybody has left; none where the database can't be read, of which there is a finding already."""
    from monitor.app.readers import deserted
    from monitor.wiring import opened

    if checked.rules is None or not settings.db.exists():
        return []
    try:
        with opened(settings) as store:
            found = deserted(store, checked.rules.digests)
    except MonitorError:
        return []
    return [Finding(f"digest {one.digest}", State.WARNING, one.problem, one.remedy) for one in found.values()]


async def _clock(settings: "Settings", feeds: "list[FeedSpec]") -> Finding:
    from monitor.wiring import SystemClock, probe, transport

    addresses = [feed.url for feed in feeds if feed.url.startswith("http")][:3]
    if not addresses:
        return Finding("clock", State.SKIPPED, "no enabled feed to compare it with")
    answered, slip = await probe.clock_slip(addresses, SystemClock().now(), settings.user_agent, transport(settings))
    if not answered:
        hint = "check network, DNS and proxy; monitor feeds check ID tries one feed"
        return Finding("network", State.WARNING, f"none of {len(addresses)} feeds' servers answered", hint)
    if slip is None:
        return Finding("clock", State.SKIPPED, "feeds can be reached, but none tells the time")
    if abs(slip) > probe.CLOCK_SLIP:
        ahead = f"{abs(slip).total_seconds():.0f} s {'ahead' if slip > timedelta(0) else 'behind'}"
        return Finding("clock", State.FAILED, f"{ahead} of the world", "set the clock (NTP)")
    return Finding("clock", State.OK, "right to within two minutes, and feeds can be reached")


async def _site(settings: "Settings") -> Finding:
    from monitor.wiring.place import site_links, site_state

    try:
        state = await site_state(settings)
        site_links(settings)
    except MonitorError as error:
        return Finding("site", State.FAILED, str(error))
    if not settings.public_url:
        return Finding("site", State.WARNING, f"{state}, but digests do not link to it", "set MONITOR_PUBLIC_URL")
    if settings.public_url.startswith("http:"):
        hint = "put a proxy with TLS before it, and let MONITOR_PUBLIC_URL begin with https"
        return Finding("site", State.WARNING, f"{state}; mail programs offer one click over https only", hint)
    return Finding("site", State.OK, f"{state}; readers reach it at {settings.public_url}")


async def _channels(settings: "Settings", checked: "Checkup", *, sound: bool) -> list[Finding]:
    """Whom digests are for; where the environment is not `sound`, only those that it does not name."""
    from monitor.wiring import obstacle, reach_mail, reach_named, reach_slack

    if checked.rules is None:
        unknown = "who is to be told stands in the rules, which can't be used"
        findings = [Finding("mail and Slack", State.SKIPPED, unknown, "monitor check says why")]
        return [await _asked("mail", reach_mail(settings)), *findings] if settings.smtp else findings
    targets = {target for digest in checked.rules.digests for target in digest.to}
    findings = [
        await _asked(str(target), reach_named(settings, target))
        for target in sorted(targets, key=str)
        if target.channel in {"atom", "file"}
    ]
    if not sound:
        others = [str(target) for target in targets if target.channel not in {"atom", "console", "file"}]
        unknown = "how it is reached stands in the environment, which has to be mended first"
        return findings + [Finding(target, State.SKIPPED, unknown) for target in sorted(others)]
    channels = {target.channel for target in targets}
    if settings.smtp:
        findings.append(await _asked("mail", reach_mail(settings)))
    elif "email" not in channels:
        findings.append(Finding("mail", State.SKIPPED, "no digest goes by mail"))
    addresses = {target.address for target in targets if target.channel == "slack"}
    reached = filter(settings.slack.reaches, sorted(addresses))
    findings += [await _asked(f"slack:{address}", reach_slack(settings, address)) for address in reached]
    if not addresses:
        findings.append(Finding("Slack", State.SKIPPED, "no digest goes to Slack"))
    blocked = [(target, obstacle(settings, target)) for target in sorted(targets, key=str)]
    named = [target for target, why in blocked if target.channel in {"webhook", "apprise"} and not why]
    findings += [await _asked(str(target), reach_named(settings, target)) for target in named]
    return findings + [
        Finding(str(target), State.FAILED, why[0].removeprefix(f"`{target}` "), why[1])
        for target, why in blocked
        if why
    ]


async def _asked(name: str, question: Coroutine[object, object, str]) -> Finding:
    try:
        return Finding(name, State.OK, await asyncio.wait_for(question, 30))
    except TimeoutError:
        return Finding(name, State.FAILED, "no answer within 30 s", "check host, port and firewall")
    except (DeliveryError, ConfigError) as error:
        return Finding(name, State.FAILED, str(error).removeprefix(f"{name}: "))
