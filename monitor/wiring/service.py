"""The whole application on its real adapters: one cycle, or the daemon."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import TextIO, TypeAlias

import structlog

from monitor.adapters.config import (
    Settings,
)
from monitor.adapters.deliver.render import DigestRenderer
from monitor.adapters.heartbeat import Heartbeat
from monitor.adapters.net import BoundedTransport
from monitor.adapters.parse import FeedParser
from monitor.adapters.store import hold_lock, open_store
from monitor.adapters.workers import Workers
from monitor.app.commits import Committer
from monitor.app.cycle import Desk
from monitor.app.daemon import Daemon, Rhythm
from monitor.app.digests import DigestWriter
from monitor.app.dispatch import Dispatcher
from monitor.app.pipeline import Pacing, Pipeline
from monitor.app.ports import Clock, Fetcher, Heart, Parser, Store
from monitor.app.watch import Watch
from monitor.wiring.configuration import Configuration
from monitor.wiring.memory import giving_back, settle
from monitor.wiring.parts import SystemClock, WorkerReader, channels, hint, transport
from monitor.wiring.place import reader_links
from monitor.wiring.sources import sources

log = structlog.get_logger()

MOST_WORKERS = 4  # processes that read documents


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


# What works beside the daemon as long as it runs, such as the site; the second argument gives what is in force.
Beside: TypeAlias = Callable[[Service, Callable[[], Watch]], AbstractAsyncContextManager[None]]


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
    ways = channels(settings, console)
    async with AsyncExitStack() as stack:
        if exclusive:
            stack.enter_context(hold_lock(settings.db))
        store = open_store(settings.db)
        stack.callback(store.close)
        # One thread, so that the store's transactions follow one another; left only when its work is done.
        thread = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="store"))
        workers = Workers(most=min(MOST_WORKERS, os.cpu_count() or 1))
        stack.push_async_callback(workers.aclose)
        http = sources(settings)
        stack.push_async_callback(http.aclose)
        for channel in ways.values():
            stack.push_async_callback(channel.aclose)
        parser = FeedParser()
        writer = DigestWriter(
            store=store, renderer=DigestRenderer(settings.templates, reader_links(settings)), sample=sample
        )
        pipeline = Pipeline(
            store=store,
            fetcher=http,
            reader=WorkerReader(parser, workers),
            committer=Committer(store, thread),
            chance=chance,
            pacing=Pacing(settings.poll_every, settings.alert_max_age),
        )
        dispatcher = Dispatcher(store=store, channels=ways, desk=thread, clock=clock, chance=chance, settings_hint=hint)
        desk = Desk(store=store, pipeline=pipeline, writer=writer, dispatcher=dispatcher, clock=clock, thread=thread)
        settle()
        yield Service(settings, clock, store, http, parser, writer, desk)


async def run(settings: Settings, beside: Beside | None = None) -> None:
    """The daemon, until SIGTERM or SIGINT, and what works `beside` it, which begins before it and ends after it.

    Raises ConfigError, StoreError or AlreadyRunningError at the start, and whatever `beside` raises.
    """
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

        def reload() -> Watch | None:
            edited = configuration.reload()
            if edited is not None:
                settle()
            return edited

        async with heart(settings) as watchman:
            daemon = Daemon(built.desk, watch, rhythm, reload, watchman)
            async with giving_back(), beside(built, lambda: daemon.watch) if beside else nullcontext():
                await daemon.run()


@asynccontextmanager
async def heart(settings: Settings) -> AsyncIterator[Heart | None]:
    """The watchman outside who is told that all is well, if the settings name one."""
    if settings.heartbeat_url is None:
        yield None
        return
    found = Heartbeat(
        settings.heartbeat_url.reveal(),
        user_agent=settings.user_agent,
        transport=BoundedTransport(transport(settings)),
    )
    try:
        yield found
    finally:
        await found.aclose()
