"""Every channel behind the outbox: crashes before, during and after a send, and secrets that stay where they are."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support import samples
from support.channel_rigs import FAULTS, Rig, rig, trials
from support.smtp import Certificate, certificate

from monitor.adapters.store import SqliteStore, open_store
from monitor.app.dispatch import Attempt, Dispatcher
from monitor.app.ports import Channel
from monitor.core.model import Coverage, Delivery, DeliveryState, Digest, Receipt

EMPTY = Digest("morning", "Morning", samples.AT, None, "UTC", "News", (), (), Coverage())
every_channel = pytest.mark.parametrize("channel", FAULTS, indirect=True)


@pytest.fixture(scope="session")
def localhost(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
async def channel(request: pytest.FixtureRequest, tmp_path: Path, localhost: Certificate) -> AsyncIterator[Rig]:
    async with rig(request.param, tmp_path, localhost) as made:
        yield made


class Crash(BaseException):
    """The process ends here: nobody who survives catches this."""


@dataclass
class Crashing:
    """A channel in a process that ends `before` the message is sent, or right `after` it was taken."""

    inner: Channel
    moment: str

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        if self.moment == "before":
            raise Crash
        receipt = await self.inner.send(delivery, at)
        if self.moment == "after":
            raise Crash
        return receipt

    async def aclose(self) -> None: ...


@dataclass
class Present:
    at: datetime = samples.AT

    def now(self) -> datetime:
        return self.at


@contextlib.contextmanager
def process(path: Path, channel: Channel, name: str, clock: Present) -> Iterator[tuple[SqliteStore, Dispatcher]]:
    """What one process of the monitor has; at its end nothing is left but the file."""
    store = open_store(path)
    with ThreadPoolExecutor(1) as desk:
        yield (
            store,
            Dispatcher(
                store=store,
                channels={name: channel},
                desk=desk,
                clock=clock,
                chance=lambda: 0.5,
                settings_hint=lambda name: f"set up {name}",
            ),
        )
    store.close()


async def crash(path: Path, rig: Rig, moment: str, clock: Present) -> None:
    """Queue one delivery, and end while it is on its way."""
    with process(path, Crashing(rig.channel, moment), rig.target.channel, clock) as (store, dispatcher):
        store.digests.close(EMPTY, (), [rig.delivery()], samples.AT)
        tasks = await dispatcher.begin_due()
        (outcome,) = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(outcome, Crash)


async def carry_on(path: Path, rig: Rig, clock: Present) -> tuple[list[str], list[Attempt], int]:
    """What the next process finds in flight, how its attempts go, and how many deliveries count as sent then."""
    with process(path, rig.channel, rig.target.channel, clock) as (store, dispatcher):
        found = await dispatcher.recover()
        attempts = await dispatcher.send_due()
        for _ in range(10):  # a busy machine is slower than the tests' short waits
            if all(not attempt.error for attempt in attempts):
                break
            clock.at += timedelta(hours=1)
            attempts = await dispatcher.send_due()
        return found, attempts, store.outbox.count()[DeliveryState.SENT]


@every_channel
async def test_a_crash_before_the_send_loses_nothing(channel: Rig, tmp_path: Path) -> None:
    clock = Present()
    await crash(tmp_path / "monitor.db", channel, "before", clock)
    assert channel.arrived() == []
    found, _, sent = await carry_on(tmp_path / "monitor.db", channel, clock)
    assert (found, sent) == ([samples.KEY], 1)
    assert set(channel.keys()) == {samples.KEY}


@every_channel
async def test_a_crash_after_it_was_taken_sends_it_again_with_the_same_key(channel: Rig, tmp_path: Path) -> None:
    clock = Present()
    await crash(tmp_path / "monitor.db", channel, "after", clock)
    assert set(channel.keys()) == {samples.KEY}
    found, _, sent = await carry_on(tmp_path / "monitor.db", channel, clock)
    assert (found, sent) == ([samples.KEY], 1)
    assert set(channel.keys()) == {samples.KEY}


@every_channel
async def test_a_crash_after_the_receipt_was_recorded_sends_nothing_more(channel: Rig, tmp_path: Path) -> None:
    clock = Present()
    with process(tmp_path / "monitor.db", channel.channel, channel.target.channel, clock) as (store, dispatcher):
        store.digests.close(EMPTY, (), [channel.delivery()], samples.AT)
        assert [attempt.error for attempt in await dispatcher.send_due()] == [""]
    arrived = len(channel.keys())
    clock.at += timedelta(days=2)
    found, attempts, sent = await carry_on(tmp_path / "monitor.db", channel, clock)
    assert (found, attempts, sent) == ([], [], 1)
    assert len(channel.keys()) == arrived


@pytest.mark.parametrize(
    ("channel", "situation"), trials("temporary", "permanent", "configuration"), indirect=["channel"]
)
async def test_no_secret_reaches_the_log_the_error_or_the_database(
    channel: Rig, situation: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)  # what libraries log below that, the monitor lets out at no level of its own
    channel.fail(situation)
    path = tmp_path / "monitor.db"
    with process(path, channel.channel, channel.target.channel, Present()) as (store, dispatcher):
        store.digests.close(EMPTY, (), [channel.delivery()], samples.AT)
        (attempt,) = await dispatcher.send_due()
        rows = list(store.query_outbox())
    channel.mend()
    logged = "".join(record.getMessage() for record in caplog.records if record.name != "mail.log")  # the server's own
    assert attempt.error
    assert attempt.error in str(rows)
    stored = b"".join(one.read_bytes() for one in path.parent.glob("monitor.db*"))
    assert b"morning" in stored
    for secret in channel.secrets:
        assert secret not in f"{attempt.error} {rows} {logged} {channel.channel!r} {attempt!r}"
        assert secret.encode() not in stored


@every_channel
async def test_a_queue_of_parts_arrives_in_order_and_is_recorded(channel: Rig, tmp_path: Path) -> None:
    messages = channel.messages(samples.flood(60, 12))
    parts = [
        replace(channel.delivery(message=message), key=f"{samples.KEY}-{n}", part=n, parts=len(messages))
        for n, message in enumerate(messages, start=1)
    ]
    with process(tmp_path / "monitor.db", channel.channel, channel.target.channel, Present()) as (store, _):
        store.digests.close(EMPTY, (), parts, samples.AT)
    _, _, sent = await carry_on(tmp_path / "monitor.db", channel, Present(samples.AT + timedelta(minutes=1)))
    assert sent == len(parts)
    keys = list(dict.fromkeys(channel.keys()))
    if set(keys) != {samples.KEY}:  # files and the like know a delivery by other means
        assert keys == [part.key for part in parts]
