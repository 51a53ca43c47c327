"""Manners towards hosts: few requests at a time, some time between them, and none where a host asked to be left alone.

Knows no feeds and no HTTP. Times of day are those of the polls, so that a simulated clock counts as well; the spacing
is by the clock of the event loop.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

_MOST_KEPT = 4096  # hosts that are remembered without anybody asking them
# A poll may have begun a little before the one that was told to wait. Any earlier, and the clock was set back.
_OVERLAP = timedelta(minutes=5)


class HeldError(Exception):
    """The host wants to be left alone for `wait` from the time of the poll, so there is no turn."""

    def __init__(self, host: str, wait: timedelta) -> None:
        super().__init__(host)
        self.host = host
        self.wait = wait


class _Host:
    """One host: its places, and when the next request may start."""

    __slots__ = ("next_start", "places", "users")

    def __init__(self, places: int) -> None:
        self.places = asyncio.Semaphore(places)
        self.next_start = 0.0
        self.users = 0


class Hosts:
    """All hosts, for one event loop.

    `per_host` and `concurrency` are how many requests may be under way at one time for one host and in all; `spacing`
    is the least time in seconds from the start of one request to the start of the next at the same host.
    """

    def __init__(self, *, per_host: int, concurrency: int, spacing: float) -> None:
        self._per_host = per_host
        self._spacing = spacing
        self._places = asyncio.Semaphore(concurrency)
        self._hosts: dict[str, _Host] = {}
        self._held: dict[str, tuple[datetime, datetime]] = {}  # host → when it said so, until when

    @asynccontextmanager
    async def turn(self, name: str, at: datetime) -> AsyncIterator[datetime]:
        """Wait until the host may be asked, and keep the place for the block. Waiting ends at once when cancelled.

        Gives the time at which the turn comes: `at` and the whole seconds that it waited, which may be minutes. Raises
        HeldError where the host wants to be left alone then, be it only since this one began to wait.
        """
        host = self._host(name)
        host.users += 1
        began = asyncio.get_running_loop().time()
        try:
            async with host.places:
                present = await self._start(name, host, at, began)
                try:
                    yield present
                finally:
                    self._places.release()
        finally:
            host.users -= 1

    def hold(self, name: str, at: datetime, wait: timedelta) -> None:
        """The host asked at `at` to be left alone for so long."""
        if len(self._held) >= _MOST_KEPT:
            self._held = {name: held for name, held in self._held.items() if held[1] > at}
        self._held[name] = (at, at + wait)

    def _check(self, name: str, at: datetime, present: datetime) -> None:
        if name not in self._held:
            return
        said, until = self._held[name]
        if said - _OVERLAP <= present < until:
            raise HeldError(name, until - at)
        del self._held[name]

    async def _start(self, name: str, host: _Host, at: datetime, began: float) -> datetime:
        """Take one of the places for all hosts; who waits for its host takes none from others. Gives the time then."""
        loop = asyncio.get_running_loop()
        while True:
            self._check(name, at, _after(at, loop.time() - began))
            if (early := host.next_start - loop.time()) > 0:
                await asyncio.sleep(early)
                continue
            await self._places.acquire()
            now = loop.time()
            if host.next_start <= now and name not in self._held:
                host.next_start = now + self._spacing
                return _after(at, now - began)
            self._places.release()  # while this one waited, another at the same host began

    def _host(self, name: str) -> _Host:
        found = self._hosts.get(name)
        if found is None:
            if len(self._hosts) >= _MOST_KEPT:
                now = asyncio.get_running_loop().time()
                self._hosts = {name: host for name, host in self._hosts.items() if host.users or host.next_start > now}
            found = self._hosts[name] = _Host(self._per_host)
        return found


def _after(at: datetime, seconds: float) -> datetime:
    """In whole seconds, so that a turn that comes at once comes at the time of its poll."""
    return at + timedelta(seconds=int(seconds))
