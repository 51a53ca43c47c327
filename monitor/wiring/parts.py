"""The adapters as the settings want them, and the clock."""

import pickle
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TextIO
from urllib.request import getproxies_environment

from monitor.adapters.config import (
    Settings,
)
from monitor.adapters.config.receivers import plain_name
from monitor.adapters.deliver import (
    AppriseChannel,
    AtomChannel,
    ConsoleChannel,
    EmailChannel,
    FileChannel,
    Receiver,
    SlackChannel,
    WebhookChannel,
)
from monitor.adapters.fetch import HttpFetcher
from monitor.adapters.net import BoundedTransport, GuardedTransport
from monitor.adapters.workers import Tool, Workers
from monitor.app.ports import Channel, Matcher, Parser
from monitor.app.sifting import read_and_sift
from monitor.core.model import Access, FeedSpec, Fetched, Parsed
from monitor.errors import WorkError


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return datetime.now(UTC)


class WorkerReader:
    """The port `Reader`: `parser` works in processes of its own, which are told none of a feed's secrets.

    Processes that have much to read are given the matcher, too, and sift what they read.
    """

    def __init__(self, parser: Parser, workers: Workers) -> None:
        self._parse = parser.parse
        self._workers = workers
        self._tool: Tool | None = None

    async def read(self, fetched: Fetched, feed: FeedSpec, matcher: Matcher | None = None) -> Parsed:
        """What the parser gives and raises; WorkError when it came to no end."""
        harmless = replace(feed, headers={}, access=Access())
        try:
            if matcher is None:
                return await self._workers.run(self._parse, fetched, harmless)
            if self._tool is None or self._tool.name != matcher.token:
                self._tool = Tool(matcher.token, pickle.dumps(matcher))
            return await self._workers.run_with(self._tool, read_and_sift, self._parse, fetched, harmless)
        except WorkError as error:
            raise WorkError(f"the document could not be read: {error}") from error


def transport(settings: Settings) -> GuardedTransport:
    """A way out into the network, for one user, who closes it."""
    return GuardedTransport(settings.allow_networks, proxies=getproxies_environment())


def fetcher(settings: Settings) -> HttpFetcher:
    return HttpFetcher(
        transport(settings),
        user_agent=settings.user_agent,
        timeout=settings.fetch_timeout,
        total=settings.fetch_total,
        max_bytes=settings.max_bytes,
        concurrency=settings.concurrency,
        spacing=settings.host_spacing,
    )


def channels(settings: Settings, console: TextIO | None) -> dict[str, Channel]:
    """The channels that the settings allow; what is missing fails its deliveries with a hint, not the start."""
    ways: dict[str, Channel] = {
        "file": FileChannel(),
        "atom": AtomChannel(),
        "console": ConsoleChannel(console or sys.stdout),
    }
    if settings.smtp:
        smtp = settings.smtp
        ways["email"] = EmailChannel(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security.value,
            username=smtp.user or None,
            password=smtp.password.reveal() if smtp.password else None,
            sender=smtp.sender,
        )
    if settings.slack.token or settings.slack.webhooks:
        slack = settings.slack
        ways["slack"] = SlackChannel(
            token=slack.token.reveal() if slack.token else None,
            webhook=lambda address: hook.reveal() if (hook := slack.webhook(address)) else None,
            api_url=slack.api_url,
            transport=BoundedTransport(transport(settings)),
        )
    if settings.webhooks:
        ways["webhook"] = WebhookChannel(
            partial(_receiver, settings),
            user_agent=settings.user_agent,
            transport=BoundedTransport(transport(settings)),
        )
    if settings.apprise:
        ways["apprise"] = AppriseChannel(
            lambda name: found.reveal() if (found := settings.apprise.get(plain_name(name))) else None,
            allowed=settings.allow_networks,
        )
    return ways


def _receiver(settings: Settings, name: str) -> Receiver | None:
    found = settings.webhooks.get(plain_name(name))
    return Receiver(found.url.reveal(), [one.reveal() for one in found.secrets]) if found else None


def hint(channel: str) -> str:
    known = {
        "email": "set MONITOR_SMTP_HOST and MONITOR_SMTP_FROM",
        "slack": "set MONITOR_SLACK_WEBHOOK or MONITOR_SLACK_TOKEN",
        "webhook": "set MONITOR_WEBHOOK_NAME and MONITOR_WEBHOOK_NAME_SECRET",
        "apprise": "set MONITOR_APPRISE_NAME",
    }
    return known.get(channel, "known channels: apprise, atom, console, email, file, slack, webhook")
