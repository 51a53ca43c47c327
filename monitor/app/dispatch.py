"""Outbox → channels: record the attempt, send, record the receipt. At least once, keyed, in order within a target.

A crash between the two records leaves the delivery visible as SENDING; `recover` queues it again with the same key.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import TypeVar

from monitor.app.ports import Channel, Clock, Store
from monitor.core import schedule
from monitor.core.model import Delivery, Target
from monitor.errors import DeliveryError, DeliveryFault

T = TypeVar("T")

BATCH = 100  # deliveries taken from the outbox at a time


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt went. `error` is empty on success; `retry_at` None then means parked."""

    delivery: Delivery
    error: str = ""
    retry_at: datetime | None = None


class Dispatcher:
    """Sends what is due. Targets go side by side, parts of one target one after another."""

    def __init__(
        self,
        *,
        store: Store,
        channels: Mapping[str, Channel],
        desk: Executor,
        clock: Clock,
        chance: Callable[[], float],
        settings_hint: Callable[[str], str],
    ) -> None:
        self._store = store
        self._channels = channels
        self._desk = desk
        self._clock = clock
        self._chance = chance
        self._hint = settings_hint

    async def recover(self) -> list[str]:
        """Queue again what a crash left in flight; gives the keys. Once, before the first dispatch."""
        return await self._at_desk(self._store.outbox.recover, self._clock.now())

    async def send_due(self) -> list[Attempt]:
        """Send everything that is due now, later parts after earlier ones, and say how each attempt went."""
        attempts: list[Attempt] = []
        while due := await self._at_desk(self._store.outbox.due, self._clock.now(), BATCH):
            ordered = sorted(due, key=lambda d: (str(d.target), d.created_at, d.part))
            groups = [list(group) for _, group in groupby(ordered, key=lambda d: d.target)]
            for done in await asyncio.gather(*(self._send_in_order(group) for group in groups)):
                attempts += done
        return attempts

    async def _send_in_order(self, deliveries: list[Delivery]) -> list[Attempt]:
        return [await self._send(delivery) for delivery in deliveries]

    async def _send(self, delivery: Delivery) -> Attempt:
        await self._at_desk(self._store.outbox.attempt, delivery.key, self._clock.now())
        try:
            receipt = await self._channel(delivery.target).send(delivery, self._clock.now())
        except DeliveryError as error:
            return await self._record_failure(delivery, error)
        except Exception as error:  # a channel's bug must not hold up the others
            wrapped = DeliveryError(f"{delivery.target.channel}: {type(error).__name__}", DeliveryFault.TEMPORARY)
            return await self._record_failure(delivery, wrapped)
        await self._at_desk(self._store.outbox.sent, receipt)
        return Attempt(delivery)

    async def _record_failure(self, delivery: Delivery, error: DeliveryError) -> Attempt:
        now = self._clock.now()
        retry_at = schedule.next_attempt(
            error.fault,
            attempts=delivery.attempts + 1,
            retry_after=error.retry_after,
            created_at=delivery.created_at,
            now=now,
            jitter=self._chance(),
        )
        await self._at_desk(self._store.outbox.failed, delivery.key, str(error), retry_at, now)
        return Attempt(delivery, str(error), retry_at)

    def _channel(self, target: Target) -> Channel:
        try:
            return self._channels[target.channel]
        except KeyError:
            raise DeliveryError(
                f"{target}: channel {target.channel!r} is not set up: {self._hint(target.channel)}",
                DeliveryFault.CONFIGURATION,
            ) from None

    async def _at_desk(self, call: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._desk, partial(call, *args))
