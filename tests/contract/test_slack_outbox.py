"""An alert and its follow-ups on their way through the outbox into a Slack thread, with crashes in between."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from support import samples
from support.slack_server import SlackServer
from support.stored import digest as closed

from monitor.adapters.deliver import SlackChannel
from monitor.adapters.deliver.render import DigestRenderer
from monitor.adapters.store import SqliteStore
from monitor.app.dispatch import Dispatcher
from monitor.core.model import Delivery, DeliveryState, Digest, Target
from monitor.errors import DeliveryError

TOKEN = "xoxb-1234-secret"
ALERTS = Target("slack", "#alerts")


@dataclass
class Present:
    """A clock that stands until it is moved."""

    at: datetime = samples.AT

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer(token=TOKEN) as server:
        yield server


def queue(store: SqliteStore, digest: Digest, key: str, clock: Present) -> Delivery:
    clock.at += timedelta(minutes=5)
    (message,) = DigestRenderer().render(digest, ALERTS)
    one = samples.delivery(ALERTS, message, key=key, digest="flash", created_at=clock.at, thread="flash/41")
    store.digests.close(closed("flash", clock.at), (), [one], clock.at)
    return one


async def dispatch(store: SqliteStore, slack: SlackServer, clock: Present) -> None:
    """What a process does from its start until nothing is due."""
    channel = SlackChannel(token=TOKEN, api_url=slack.api, timeout=2.0, pace=0.0)
    with ThreadPoolExecutor(1) as desk:
        sender = Dispatcher(
            store=store,
            channels={"slack": channel},
            desk=desk,
            clock=clock,
            chance=lambda: 0.5,
            settings_hint=lambda name: "",
        )
        await sender.recover()
        await sender.send_due()
    await channel.aclose()


async def before(slack: SlackServer, send: Callable[[], Any]) -> None:
    """Nothing was sent yet."""


async def between(slack: SlackServer, send: Callable[[], Any]) -> None:
    """The first message was edited, the news not posted."""
    slack.reply_error = "internal_error"
    with pytest.raises(DeliveryError):
        await send()
    slack.reply_error = ""


async def after(slack: SlackServer, send: Callable[[], Any]) -> None:
    """Slack has the news, and nobody wrote that down."""
    await send()


@pytest.mark.parametrize(("crash", "posted"), [(before, 1), (between, 1), (after, 2)])
async def test_a_crash_loses_nothing_and_repeats_only_the_one_in_flight_with_its_key(
    store: SqliteStore, slack: SlackServer, crash: Callable[..., Any], posted: int
) -> None:
    clock = Present()
    queue(store, samples.alert(), "k1", clock)
    await dispatch(store, slack, clock)
    queue(store, samples.update(), "k2", clock)
    (due,) = store.outbox.due(clock.at, 9)
    store.outbox.attempt(due.key, clock.at)
    channel = SlackChannel(token=TOKEN, api_url=slack.api, timeout=2.0, pace=0.0)
    await crash(slack, lambda: channel.send(due, clock.at))
    await channel.aclose()

    clock.at += timedelta(minutes=1)
    await dispatch(store, slack, clock)
    queue(store, samples.again(), "k3", clock)
    await dispatch(store, slack, clock)

    first, *news = slack.messages
    assert [one.metadata["event_payload"]["key"] for one in news] == ["k2"] * posted + ["k3"]
    assert {one.thread for one in news} == {first.ts}
    assert {edit.ts for edit in slack.edits} == {first.ts}
    assert store.outbox.count()[DeliveryState.SENT] == 3


async def test_while_the_first_message_waits_its_follow_up_waits_too(store: SqliteStore, slack: SlackServer) -> None:
    clock = Present()
    slack.channels = {"#general"}
    queue(store, samples.alert(), "k1", clock)
    await dispatch(store, slack, clock)
    slack.channels = None
    queue(store, samples.update(), "k2", clock)
    await dispatch(store, slack, clock)
    assert slack.messages == []
    clock.at += timedelta(hours=1)
    await dispatch(store, slack, clock)
    assert [one.metadata["event_payload"]["key"] for one in slack.messages] == ["k1", "k2"]
    assert slack.messages[1].thread == slack.messages[0].ts
