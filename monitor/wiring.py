"""Chooses the adapters and reads the clock: the only place that does. Everything else is handed what it needs."""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import structlog

from monitor.adapters import probe
from monitor.adapters.cache import FileCache
from monitor.adapters.config import (
    Checkup,
    RuleFile,
    Settings,
    check_files,
    forbid_words,
    load_feeds,
    load_rules,
    load_settings,
    obstacle,
    read_opml,
    schemas,
    unified,
    write_entries,
    write_opml,
)
from monitor.adapters.deliver import ConsoleChannel, EmailChannel, FileChannel, SlackChannel
from monitor.adapters.deliver.render import DigestRenderer
from monitor.adapters.fetch import HttpFetcher
from monitor.adapters.heartbeat import Heartbeat
from monitor.adapters.parse import FeedParser
from monitor.adapters.parse import read_page as page_item
from monitor.adapters.store import hold_lock, open_store
from monitor.app.cycle import Desk
from monitor.app.daemon import Daemon, Rhythm
from monitor.app.digests import DigestWriter
from monitor.app.dispatch import Dispatcher
from monitor.app.pipeline import Pacing, Pipeline
from monitor.app.ports import Channel, Clock, Fetcher, Parser, Store
from monitor.app.watch import Watch
from monitor.core.digest import compose
from monitor.core.model import (
    Coverage,
    Digest,
    DigestSpec,
    Failure,
    FailureKind,
    FeedSpec,
    FeedState,
    Fetched,
    Item,
    Parsed,
    Target,
)
from monitor.core.rules import Matcher as CompiledRules
from monitor.core.rules import Rulebook, compile_rules
from monitor.core.rules.edits import edited_rules
from monitor.core.rules.examples import Outcome, run_examples
from monitor.core.suggest import suggestion
from monitor.errors import ConfigError, MonitorError, ParseError, Problem

log = structlog.get_logger()

__all__ = [
    "Checkup",
    "Configuration",
    "Looked",
    "RuleFile",
    "Service",
    "Settings",
    "SystemClock",
    "check_files",
    "check_templates",
    "compiled",
    "forbid_words",
    "load_feeds",
    "load_rules",
    "load_settings",
    "look_at",
    "obstacle",
    "opened",
    "parse_document",
    "probe",
    "reach_mail",
    "reach_slack",
    "read_opml",
    "read_page",
    "render",
    "rules_to_try",
    "run",
    "schemas",
    "service",
    "shipped",
    "unified",
    "write_entries",
    "write_opml",
    "writer",
]

READERS = 2  # threads that parse; feeds are read off the event loop


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Service:
    """A built application: what the command line and the daemon work with."""

    settings: Settings
    clock: Clock
    store: Store
    fetcher: Fetcher
    parser: Parser
    writer: DigestWriter
    desk: Desk


class Configuration:
    """The two YAML files as a Watch, read again when they change. Blocking; made for one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen: Mapping[Path, tuple[int, int]] = {}
        self._rules: RuleFile | None = None  # the last that was good
        self._matcher: CompiledRules | None = None

    def load(self) -> Watch:
        """Read both files and compile the rules. Raises ConfigError with every problem of both.

        After the first time, also runs the examples of rules that were edited; one that fails is a problem.
        """
        settings = self._settings
        # Taken before reading, so that an edit made meanwhile counts as a later one.
        before = _fingerprint({*self._seen, settings.feeds, settings.rules})
        self._seen = before
        errors: list[ConfigError] = []
        feeds = rules = None
        try:
            feeds = load_feeds(settings.feeds)
        except ConfigError as error:
            errors.append(error)
        try:
            rules = load_rules(settings.rules)
        except ConfigError as error:
            errors.append(error)
        if feeds is None or rules is None:
            # Mending any of their files must be noticed, also of one that was never read well.
            self._seen = {**_fingerprint(path for error in errors for path in error.files), **before}
            raise ConfigError([problem for error in errors for problem in error.problems])
        files = {*feeds.files, *rules.files}
        self._seen = {**_fingerprint(files), **{path: stamp for path, stamp in before.items() if path in files}}
        matcher = compile_rules(rules.book, cache=_cache(settings), feeds=feeds.feeds)
        if self._rules and (failing := _failing(rules, matcher, edited_rules(self._rules.book, rules.book))):
            raise ConfigError(failing)
        self._rules, self._matcher = rules, matcher
        return Watch(feeds.feeds, matcher, rules.digests)

    def failing(self) -> list[Problem]:
        """The examples that fail in the rules in force: worth a warning, not a refusal to start."""
        if self._rules is None or self._matcher is None:
            return []
        return _failing(self._rules, self._matcher, {rule.id for rule in self._rules.book.rules})

    def reload(self) -> Watch | None:
        """A new Watch when a file changed since the last reading, good or bad, else None. Raises ConfigError."""
        return None if _fingerprint(self._seen) == self._seen else self.load()


def compiled(settings: Settings, rules: Path | None = None) -> CompiledRules:
    """Only the rules, compiled, with forms from the cache where it has them. Raises ConfigError."""
    return rules_to_try(settings, rules)[1]


def shipped(name: str) -> Path:
    """A file that comes with the program, `feeds.yaml` or `rules.yaml`: from the package, else from the checkout."""
    package = Path(__file__).parent
    packaged = package / "shipped" / name
    return packaged if packaged.exists() else package.parent / name


def rules_to_try(
    settings: Settings, path: Path | None = None, only: Collection[str] = ()
) -> tuple[RuleFile, CompiledRules]:
    """The rules with their file and compiled, to try them out. Raises ConfigError.

    `path`: another file than the settings name. `only`: compile these rules alone, and at work even where they are
    off; raises MonitorError for an id that no rule has.
    """
    found = load_rules(path or settings.rules)
    known = {rule.id for rule in found.book.rules}
    if unknown := [one for one in only if one not in known]:
        raise MonitorError(f"no rule has the id {unknown[0]!r}{suggestion(unknown[0], known)}")
    book = found.book.only(only) if only else found.book
    return found, compile_rules(book, cache=_cache(settings), feeds=_feeds_for(settings, book))


def _feeds_for(settings: Settings, book: Rulebook) -> tuple[FeedSpec, ...]:
    """The feeds, where a rule asks for their tags, country or language. Raises ConfigError if they are faulty."""
    asked = any(one.tags or one.countries or one.languages for rule in book.rules for one in (rule.only, rule.exclude))
    return load_feeds(settings.feeds).feeds if asked and settings.feeds.exists() else ()


def _failing(rules: RuleFile, matcher: CompiledRules, ids: Collection[str]) -> list[Problem]:
    chosen = replace(rules.book, rules=tuple(rule for rule in rules.book.rules if rule.id in ids))
    return [
        rules.locate(Problem(result.example.path, f"rule {result.rule}: {result.complaint}"))
        for result in run_examples(chosen, matcher)
        if result.outcome is Outcome.FAILED
    ]


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """Only the database, for looking things up. Raises StoreError, also when there is none yet."""
    store = open_store(settings.db, create=False)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def writer(settings: Settings) -> Iterator[DigestWriter]:
    """The digests over the database, without the rest of the service. Raises StoreError, also when there is none."""
    with opened(settings) as store:
        yield DigestWriter(store=store, renderer=DigestRenderer(settings.templates))


def render(digest: Digest, form: str, settings: Settings) -> str:
    """A digest as `text`, `html` or `slack` (JSON of its message bodies)."""
    (whole,) = DigestRenderer(settings.templates).render(digest, Target("console", ""))
    found = whole.body[form]
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, indent=2)


def check_templates(settings: Settings) -> list[Problem]:
    """What is wrong with the user's own templates, as far as an empty digest shows it."""
    now = SystemClock().now()
    spec = DigestSpec("check", rules=("*",), to=())
    empty: Mapping[str, Any] = {"feeds": {}, "rules": {}, "told": frozenset(), "daily": {}, "since": None}
    digest = compose(spec, (), coverage=Coverage(), now=now, next_at=None, **empty)
    try:
        DigestRenderer(settings.templates).check(digest)
    except ConfigError as error:
        return list(error.problems)
    return []


def parse_document(body: bytes, *, feed: str = "-", url: str = "", content_type: str = "") -> Parsed:
    """A document as the items the daemon would store. Raises ParseError when it is no feed."""
    fetched = Fetched(feed, SystemClock().now(), url=url, status=200, body=body, content_type=content_type)
    return FeedParser().parse(fetched, FeedSpec(id=feed, url=url))


@dataclass(frozen=True, slots=True)
class Looked:
    """One feed as it is now, not stored; `failure` is the server's or the parser's."""

    fetched: Fetched
    parsed: Parsed
    failure: Failure | None


async def look_at(settings: Settings, feed: FeedSpec) -> Looked:
    """Fetch and parse one feed as if for the first time."""
    fetcher = _fetcher(settings)
    try:
        fetched = await fetcher.fetch(feed, FeedState(feed.id), SystemClock().now())
    finally:
        await fetcher.aclose()
    if fetched.failure:
        return Looked(fetched, Parsed(), fetched.failure)
    try:
        return Looked(fetched, FeedParser().parse(fetched, feed), None)
    except ParseError as error:
        return Looked(fetched, Parsed(), Failure(FailureKind(error.fault), str(error)))


def read_page(settings: Settings, url: str) -> Item:
    """A web page as an item, to try rules on. Raises MonitorError when the server does not give it."""

    async def fetch() -> Fetched:
        fetcher = _fetcher(settings)
        try:
            return await fetcher.fetch(FeedSpec("page", url), FeedState("page"), SystemClock().now())
        finally:
            await fetcher.aclose()

    fetched = asyncio.run(fetch())
    if fetched.failure:
        raise MonitorError(f"can't read {url}: {fetched.failure.message}")
    return page_item(fetched)


@asynccontextmanager
async def service(
    settings: Settings,
    *,
    clock: Clock | None = None,
    console: TextIO | None = None,
    sample: bool = False,
    exclusive: bool = True,
) -> AsyncIterator[Service]:
    """The application on its real adapters, closed at the end of the block.

    `exclusive` holds the database's lock, so that no second process polls or sends; raises AlreadyRunningError when
    one does. `sample` marks every digest as made of invented news. Raises StoreError when the database can't be used.
    """
    clock = clock or SystemClock()
    chance: Callable[[], float] = random.SystemRandom().random
    channels = _channels(settings, console)
    async with AsyncExitStack() as stack:
        if exclusive:
            stack.enter_context(hold_lock(settings.db))
        store = open_store(settings.db)
        stack.callback(store.close)
        # One thread, so that the store's transactions follow one another; left only when its work is done.
        thread = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="store"))
        reading = stack.enter_context(ThreadPoolExecutor(READERS, thread_name_prefix="parse"))
        fetcher = _fetcher(settings)
        stack.push_async_callback(fetcher.aclose)
        for channel in channels.values():
            stack.push_async_callback(channel.aclose)
        parser = FeedParser()
        writer = DigestWriter(store=store, renderer=DigestRenderer(settings.templates), sample=sample)
        pipeline = Pipeline(
            store=store,
            fetcher=fetcher,
            parser=parser,
            reading=reading,
            desk=thread,
            chance=chance,
            pacing=Pacing(settings.poll_every, settings.alert_max_age),
        )
        dispatcher = Dispatcher(
            store=store, channels=channels, desk=thread, clock=clock, chance=chance, settings_hint=_hint
        )
        desk = Desk(store=store, pipeline=pipeline, writer=writer, dispatcher=dispatcher, clock=clock, thread=thread)
        yield Service(settings, clock, store, fetcher, parser, writer, desk)


async def run(settings: Settings) -> None:
    """The daemon, until SIGTERM or SIGINT. Raises ConfigError, StoreError or AlreadyRunningError at the start."""
    configuration = Configuration(settings)
    watch = await asyncio.to_thread(configuration.load)
    for problem in await asyncio.to_thread(configuration.failing):
        log.warning("an example fails; the rule is at work all the same", problem=str(problem))
    async with service(settings) as built:
        rhythm = Rhythm(
            retention=settings.retention,
            backup_dir=str(settings.backup_dir or ""),
            backup_keep=settings.backup_keep,
        )
        heart = None
        if settings.heartbeat_url:
            heart = Heartbeat(settings.heartbeat_url.reveal(), user_agent=settings.user_agent)
        try:
            await Daemon(built.desk, watch, rhythm, configuration.reload, heart).run()
        finally:
            if heart:
                await heart.aclose()


async def reach_mail(settings: Settings) -> str:
    """Ask the mail server whether it would take a message; what it says. Raises DeliveryError, and KeyError if none."""
    channel = _channels(settings, None)["email"]
    assert isinstance(channel, EmailChannel)
    return await channel.reach()


async def reach_slack(settings: Settings, address: str) -> str:
    """Ask Slack whether it would take a message for this address; what it says. Raises like `reach_mail`."""
    channel = _channels(settings, None)["slack"]
    assert isinstance(channel, SlackChannel)
    try:
        return await channel.reach(address, SystemClock().now())
    finally:
        await channel.aclose()


def _fingerprint(files: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Size and time of change (ns) of each file; zeros where there is none."""
    found: dict[Path, tuple[int, int]] = {}
    for path in files:
        try:
            stat = path.stat()
            found[path] = (stat.st_size, stat.st_mtime_ns)
        except OSError:
            found[path] = (0, 0)
    return found


def _fetcher(settings: Settings) -> HttpFetcher:
    return HttpFetcher(
        user_agent=settings.user_agent,
        timeout=settings.fetch_timeout,
        max_bytes=settings.max_bytes,
        concurrency=settings.concurrency,
    )


def _cache(settings: Settings) -> MutableMapping[str, bytes]:
    return FileCache(settings.db.parent / "cache")


def _hint(channel: str) -> str:
    known = {
        "email": "set MONITOR_SMTP_HOST and MONITOR_SMTP_FROM",
        "slack": "set MONITOR_SLACK_WEBHOOK or MONITOR_SLACK_TOKEN",
    }
    return known.get(channel, "known channels: console, email, file, slack")


def _channels(settings: Settings, console: TextIO | None) -> dict[str, Channel]:
    """The channels that the settings allow; what is missing fails its deliveries with a hint, not the start."""
    channels: dict[str, Channel] = {"file": FileChannel(), "console": ConsoleChannel(console or sys.stdout)}
    if settings.smtp:
        smtp = settings.smtp
        channels["email"] = EmailChannel(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security.value,
            username=smtp.user or None,
            password=smtp.password.reveal() if smtp.password else None,
            sender=smtp.sender,
        )
    if settings.slack.token or settings.slack.webhooks:
        slack = settings.slack
        channels["slack"] = SlackChannel(
            token=slack.token.reveal() if slack.token else None,
            webhook=lambda address: hook.reveal() if (hook := slack.webhook(address)) else None,
            api_url=slack.api_url,
        )
    return channels
