"""Outbox → channels: at least once, keyed, in order, and no recipient waits for another's failure."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.adapters.store import SqliteStore, open_store
from monitor.app.dispatch import Dispatcher
from monitor.core.model import Coverage, Delivery, DeliveryState, Digest, Message, Receipt, Target
from monitor.errors import DeliveryError, DeliveryFault, StoreError

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Present:
    """A clock that stands until it is moved."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class Scripted:
    """A channel that takes everything, unless `fault` says otherwise for a delivery."""

    fault: Callable[[Delivery], Exception | None] = lambda delivery: None
    taken: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        self.tried.append(delivery.key)
        await asyncio.sleep(0)
        if error := self.fault(delivery):
            raise error
        self.taken.append(delivery.key)
        return Receipt(delivery.key, at, "250 taken")

    async def aclose(self) -> None: ...


@dataclass
class Office:
    store: SqliteStore
    channel: Scripted
    dispatcher: Dispatcher
    clock: Present

    def queue(self, *addresses: str, parts: int = 1, channel: str = "email", thread: str = "") -> list[str]:
        """One digest to these addresses; gives the keys."""
        digest = Digest("morning", "Morning", self.clock.at, None, "UTC", "News", (), (), Coverage())
        deliveries = [
            Delivery(
                key=f"morning@{self.clock.at:%H%M%S}:{channel}:{address}:{part}",
                digest="morning",
                target=Target(channel, address),
                message=Message(channel, {"subject": f"part {part}"}),
                created_at=self.clock.at,
                part=part,
                parts=parts,
                thread=thread,
            )
            for address in addresses
            for part in range(1, parts + 1)
        ]
        self.store.digests.close(digest, (), deliveries, self.clock.at)
        return [delivery.key for delivery in deliveries]

    def states(self) -> dict[str, int]:
        return {state.value: count for state, count in self.store.outbox.count().items() if count}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    store, channel, clock = open_store(tmp_path / "monitor.db"), Scripted(), Present()
    with ThreadPoolExecutor(1) as desk:
        dispatcher = Dispatcher(
            store=store,
            channels={"email": channel},
            desk=desk,
            clock=clock,
            chance=lambda: 0.5,
            settings_hint=lambda name: f"set up {name}",
        )
        yield Office(store, channel, dispatcher, clock)
    store.close()


async def test_everything_due_is_sent_once_and_recorded(office: Office) -> None:
    keys = office.queue("a@example.org", "b@example.org")
    await office.dispatcher.send_due()
    await office.dispatcher.send_due()
    assert sorted(office.channel.taken) == sorted(keys)
    assert office.states() == {"sent": 2}


async def test_parts_of_a_digest_arrive_in_order(office: Office) -> None:
    keys = office.queue("a@example.org", parts=4)
    await office.dispatcher.send_due()
    assert office.channel.taken == keys


async def test_a_later_part_waits_for_an_earlier_one_that_failed(office: Office) -> None:
    keys = office.queue("a@example.org", parts=2)
    office.channel.fault = lambda d: DeliveryError("busy", DeliveryFault.TEMPORARY) if d.attempts == 0 else None
    await office.dispatcher.send_due()
    assert office.channel.tried == keys[:1]
    office.clock.at += timedelta(hours=2)
    await office.dispatcher.send_due()
    assert office.channel.taken == keys[:1]  # the second part's own first attempt failed, after the first arrived


async def test_one_refused_recipient_neither_holds_up_nor_repeats_the_others(office: Office) -> None:
    office.queue("gone@example.org", "b@example.org")
    office.channel.fault = lambda d: (
        DeliveryError("550 no such user", DeliveryFault.PERMANENT) if d.target.address.startswith("gone") else None
    )
    attempts = await office.dispatcher.send_due()
    office.clock.at += timedelta(days=1)
    await office.dispatcher.send_due()
    assert len(office.channel.tried) == 2
    assert office.states() == {"sent": 1, "parked": 1}
    assert [a.retry_at for a in attempts if a.error] == [None]


async def test_a_temporary_failure_is_tried_again_later_with_the_same_key(office: Office) -> None:
    (key,) = office.queue("a@example.org")
    office.channel.fault = lambda d: DeliveryError("451 later", DeliveryFault.TEMPORARY) if d.attempts < 2 else None
    for _ in range(4):
        await office.dispatcher.send_due()
        office.clock.at += timedelta(hours=1)
    assert office.channel.tried == [key] * 3
    assert office.states() == {"sent": 1}


async def test_a_server_that_says_when_is_obeyed(office: Office) -> None:
    office.queue("a@example.org")
    wait = timedelta(minutes=42)
    office.channel.fault = lambda d: DeliveryError("429", DeliveryFault.TEMPORARY, wait) if d.attempts == 0 else None
    (attempt,) = await office.dispatcher.send_due()
    assert attempt.retry_at is not None
    assert attempt.retry_at >= NOW + wait


async def test_a_channel_that_is_not_set_up_keeps_its_messages_and_says_what_to_do(office: Office) -> None:
    office.queue("#alerts", channel="slack")
    (attempt,) = await office.dispatcher.send_due()
    assert "set up slack" in attempt.error
    assert office.states() == {"queued": 1}


async def test_a_bug_in_a_channel_is_a_failure_like_any_other_and_leaks_nothing(office: Office) -> None:
    office.queue("a@example.org")
    office.channel.fault = lambda d: RuntimeError("password=hunter2")
    (attempt,) = await office.dispatcher.send_due()
    assert "hunter2" not in attempt.error
    assert office.states() == {"queued": 1}


async def test_what_a_crash_left_in_flight_is_sent_again_with_its_key(office: Office) -> None:
    (key,) = office.queue("a@example.org")
    office.store.outbox.attempt(key, office.clock.at)  # … and here the process died
    await office.dispatcher.send_due()
    assert office.channel.tried == []
    assert await office.dispatcher.recover() == [key]
    await office.dispatcher.send_due()
    assert office.channel.taken == [key]


async def test_a_recipient_that_hangs_delays_nobody_else(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = asyncio.Event()
    send = office.channel.send

    async def hanging(delivery: Delivery, at: datetime) -> Receipt:
        if delivery.target.address.startswith("slow"):
            await answer.wait()
        return await send(delivery, at)

    monkeypatch.setattr(office.channel, "send", hanging)
    (slow,) = office.queue("slow@example.org")
    (hung,) = await office.dispatcher.begin_due()
    office.clock.at += timedelta(seconds=1)
    _, quick = office.queue("slow@example.org", "b@example.org")
    (task,) = await office.dispatcher.begin_due()
    assert (await task).delivery.key == quick
    assert await office.dispatcher.begin_due() == [], "nothing more for one that is being sent to"
    answer.set()
    assert (await hung).delivery.key == slow
    await office.dispatcher.send_due()
    assert office.states() == {"sent": 3}


async def test_all_parts_for_others_are_sent_while_one_recipient_hangs(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = asyncio.Event()
    send = office.channel.send

    async def hanging(delivery: Delivery, at: datetime) -> Receipt:
        if delivery.target.address.startswith("slow"):
            await answer.wait()
        receipt = await send(delivery, at)
        if delivery.part == 3:
            answer.set()  # only then the slow server speaks: had anybody waited for it, nobody would get anything
        return receipt

    monkeypatch.setattr(office.channel, "send", hanging)
    keys = office.queue("slow@example.org", "quick@example.org", parts=3)
    async with asyncio.timeout(20):
        attempts = await office.dispatcher.send_due()
    assert office.channel.taken == [*keys[3:], *keys[:3]]
    assert len(attempts) == 6


async def test_a_thread_keeps_its_order_when_its_first_message_must_wait_and_holds_up_nothing_else(
    office: Office,
) -> None:
    first, other = office.queue("a@example.org", "b@example.org", thread="flash/1")
    office.clock.at += timedelta(seconds=1)
    second, another = office.queue("a@example.org", "b@example.org", thread="flash/1")
    office.clock.at += timedelta(seconds=1)
    (third,) = office.queue("a@example.org", thread="flash/2")
    greylisted = {first}
    office.channel.fault = lambda d: DeliveryError("450", DeliveryFault.TEMPORARY) if d.key in greylisted else None
    await office.dispatcher.send_due()
    assert set(office.channel.taken) == {other, another, third}, "its second message waits, all else goes"
    greylisted.clear()
    office.clock.at += timedelta(hours=1)
    await office.dispatcher.send_due()
    assert office.channel.taken[-2:] == [first, second]
    assert office.states() == {"sent": 5}


async def test_a_thread_goes_on_when_its_first_message_is_given_up(office: Office) -> None:
    (first,) = office.queue("a@example.org", thread="flash/1")
    office.clock.at += timedelta(seconds=1)
    (second,) = office.queue("a@example.org", thread="flash/1")
    office.channel.fault = lambda d: DeliveryError("550", DeliveryFault.PERMANENT) if d.key == first else None
    await office.dispatcher.send_due()
    assert office.channel.taken == [second]
    assert office.states() == {"parked": 1, "sent": 1}


@pytest.mark.parametrize("fault", list(DeliveryFault))
async def test_what_kind_of_fault_it_was_is_remembered(office: Office, fault: DeliveryFault) -> None:
    office.queue("a@example.org")
    office.channel.fault = lambda d: DeliveryError("no", fault)
    await office.dispatcher.send_due()
    refusing = [refusal.target.address for refusal in office.store.outbox.refusals()]
    assert refusing == ["a@example.org"] * (fault is DeliveryFault.PERMANENT)


@pytest.mark.parametrize("works", [True, False], ids=["sent", "failed"])
async def test_an_outcome_that_could_not_be_recorded_is_recorded_later_and_not_sent_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    (key,) = office.queue("a@example.org")
    if not works:
        office.channel.fault = lambda d: DeliveryError("550 no such user", DeliveryFault.PERMANENT)

    full = True

    def on_disk(real: Callable[..., None]) -> Callable[..., None]:
        def call(*args: object) -> None:
            if full:
                raise StoreError("the disk is full")
            real(*args)

        return call

    for step in ("sent", "failed"):
        monkeypatch.setattr(office.store.outbox, step, on_disk(getattr(office.store.outbox, step)))
    with pytest.raises(StoreError, match="disk is full"):
        await office.dispatcher.send_due()
    await office.dispatcher.send_due()
    assert office.states() == {"sending": 1}
    full = False
    await office.dispatcher.send_due()
    assert office.channel.tried == [key]
    assert office.states() == {"sent" if works else "parked": 1}


async def test_a_temporary_failure_is_given_up_after_days_and_parked_with_its_reason(office: Office) -> None:
    office.queue("a@example.org")
    office.channel.fault = lambda d: DeliveryError("451 mailbox busy", DeliveryFault.TEMPORARY)
    for _ in range(24 * 5):
        await office.dispatcher.send_due()
        office.clock.at += timedelta(hours=1)
    assert office.states() == {"parked": 1}
    assert DeliveryState.PARKED in office.store.outbox.count()
    (row,) = office.store.query_outbox(state="parked")
    assert "451 mailbox busy" in str(row)
