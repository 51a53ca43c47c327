"""Outbox → channels: record the attempt, send, record the receipt. At least once, keyed, in order within a target.

A crash between the two records leaves the delivery visible as SENDING; `recover` queues it again with the same key.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from monitor.app.ports import Channel, Clock, Store
from monitor.core import retrying
from monitor.core.model import Delivery, Target
from monitor.errors import DeliveryError, DeliveryFault, StoreError

T = TypeVar("T")

BATCH = 100  # targets served at a time


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt went. `error` is empty on success; `retry_at` None then means parked."""

    delivery: Delivery
    error: str = ""
    retry_at: datetime | None = None


class Dispatcher:
    """Sends what is due: targets side by side, to each one message after another, so that none waits for another's."""

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
        self._sending: dict[Target, asyncio.Task[Attempt]] = {}
        self._unrecorded: list[Callable[[], None]] = []

    async def recover(self) -> list[str]:
        """Queue again what a crash left in flight; gives the keys. Once, before the first dispatch."""
        return await self._at_desk(self._store.outbox.recover, self._clock.now())

    async def send_due(self) -> list[Attempt]:
        """Send everything that is due now, later parts after earlier ones, and say how each attempt went.

        No target waits for another's answer. Raises StoreError when the outbox can't be written, once nothing is on its
        way any more.
        """
        attempts: list[Attempt] = []
        sending: set[asyncio.Task[Attempt]] = set()
        while sending := sending.union(await self.begin_due()):
            done, sending = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
            if errors := [error for task in done if (error := task.exception())]:
                await asyncio.gather(*sending, return_exceptions=True)
                raise errors[0]
            attempts += [task.result() for task in done]
        return attempts

    async def begin_due(self) -> list[asyncio.Task[Attempt]]:
        """Begin to send the next message to every target that has one due and none on its way.

        The tasks raise StoreError when the outbox can't be written.
        """
        await self._catch_up()
        due = await self._at_desk(self._store.outbox.due, self._clock.now(), BATCH + len(self._sending))
        return [self._begin(delivery) for delivery in due if delivery.target not in self._sending]

    def _begin(self, delivery: Delivery) -> asyncio.Task[Attempt]:
        task = self._sending[delivery.target] = asyncio.create_task(self._send(delivery))
        task.add_done_callback(lambda _: self._sending.pop(delivery.target))
        return task

    async def _send(self, delivery: Delivery) -> Attempt:
        await self._at_desk(self._store.outbox.attempt, delivery.key, self._clock.now())
        try:
            receipt = await self._channel(delivery.target).send(delivery, self._clock.now())
        except DeliveryError as error:
            return await self._record_failure(delivery, error)
        except Exception as error:  # a channel's bug must not hold up the others
            wrapped = DeliveryError(f"{delivery.target.channel}: {type(error).__name__}", DeliveryFault.TEMPORARY)
            return await self._record_failure(delivery, wrapped)
        await self._record(partial(self._store.outbox.sent, receipt))
        return Attempt(delivery)

    async def _record_failure(self, delivery: Delivery, error: DeliveryError) -> Attempt:
        now = self._clock.now()
        retry_at = retrying.next_attempt(
            error.fault,
            attempts=delivery.attempts + 1,
            retry_after=error.retry_after,
            created_at=delivery.created_at,
            now=now,
            jitter=self._chance(),
        )
        fault = error.fault.value
        await self._record(partial(self._store.outbox.failed, delivery.key, str(error), retry_at, now, fault))
        return Attempt(delivery, str(error), retry_at)

    async def _record(self, step: Callable[[], None]) -> None:
        """Record how an attempt went. What can't be written now, as on a full disk, is kept for `_catch_up`."""
        try:
            await self._at_desk(step)
        except StoreError:
            self._unrecorded.append(step)
            raise

    async def _catch_up(self) -> None:
        """Without its outcome a delivery would count as on its way until the next start, and then be sent again."""
        steps, self._unrecorded = self._unrecorded, []
        for step in steps:
            with contextlib.suppress(StoreError):
                await self._record(step)

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
