"""The guard: resolves names, and opens no connection to an address that is not allowed.

An address is looked at where the connection to that very address is made. A name that answers another address a
moment later gains nothing by it, and neither does a redirect.
"""

import asyncio
import contextlib
import ipaddress
import socket as sockets
import threading
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeAlias, TypeVar

import aiohappyeyeballs

from monitor.core.addresses import METADATA, Network, literal, refusal
from monitor.errors import AddressRefusedError

T = TypeVar("T")
AddrInfo: TypeAlias = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]
Lookup: TypeAlias = Callable[[str, int], Awaitable[Sequence[AddrInfo]]]

HAPPY_EYEBALLS = 0.25  # seconds until the next address is tried beside one that is slow to connect (RFC 8305)
_KEEP = 30.0  # seconds that an answer of the resolver serves
_MOST_KEPT = 10_000
_LOOKUPS = 32  # at one time; names of dead domains take seconds, and must not keep the others waiting


class SystemLookup:
    """The system's resolver, in threads of its own. One question for a name at a time; answers serve for 30 s."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_LOOKUPS)
        self._known: dict[tuple[str, int], tuple[float, asyncio.Task[list[AddrInfo]]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[AddrInfo]:
        """Addresses in the order in which they are best tried. Raises socket.gaierror."""
        loop = asyncio.get_running_loop()
        asked, answer = self._known.get((host, port), (0.0, None))
        if answer is None or (answer.done() and (loop.time() - asked > _KEEP or _failed(answer))):
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            answer = loop.create_task(self._ask(host, port))
            answer.add_done_callback(_failed)  # nobody may be left to hear of it
            self._known[host, port] = (loop.time(), answer)
        return await asyncio.shield(answer)

    def close(self) -> None:
        """Start no more lookups; those under way end by themselves."""
        for _, answer in self._known.values():
            answer.cancel()
        self._known.clear()

    async def _ask(self, host: str, port: int) -> list[AddrInfo]:
        """In a daemon thread: a pool's would be waited for at the end, and a dead name server takes its time."""
        loop = asyncio.get_running_loop()
        heard: asyncio.Future[list[AddrInfo]] = loop.create_future()

        def work() -> None:
            try:
                tell = partial(_settle, heard.set_result, heard, _getaddrinfo(host, port))
            except Exception as error:
                tell = partial(_settle, heard.set_exception, heard, error)
            with contextlib.suppress(RuntimeError):  # the event loop is closed
                loop.call_soon_threadsafe(tell)

        async with self._places:
            threading.Thread(target=work, name="dns", daemon=True).start()
            return await heard


class Guard:
    """Connects to what is public or in `allowed`, and to nothing else.

    `lookup` gives the addresses of a name. Where it gives several, one that is refused refuses the name: no honest
    server is at once public and private.
    """

    def __init__(self, allowed: Sequence[Network] = (), lookup: Lookup | None = None) -> None:
        self._allowed = tuple(allowed)
        self._own = SystemLookup() if lookup is None else None
        self._lookup: Lookup = lookup or self._own or SystemLookup()

    def check(self, host: str) -> None:
        """Raises AddressRefusedError when `host` is an address, in whatever form, that is not allowed."""
        address = literal(host)
        if address is not None:
            self._check(host, address)

    async def resolve(self, host: str, port: int) -> list[AddrInfo]:
        """The addresses of a host, all of them allowed. Raises AddressRefusedError, socket.gaierror."""
        address = literal(host)
        if address is not None:
            self._check(host, address)
            return [_addr_info(address, port)]
        found = list(await self._lookup(host, port))
        for info in found:
            self._check(host, ipaddress.ip_address(info[4][0]))
        return found

    def socket(self, info: AddrInfo) -> sockets.socket:
        """A socket to connect to exactly this address. Raises AddressRefusedError."""
        family, kind, protocol, _, target = info
        self._check(target[0], ipaddress.ip_address(target[0]))
        return sockets.socket(family, kind, protocol)

    async def connect(self, host: str, port: int) -> sockets.socket:
        """A connected socket. Raises AddressRefusedError, and OSError with socket.gaierror among it."""
        return await aiohappyeyeballs.start_connection(
            await self.resolve(host, port), happy_eyeballs_delay=HAPPY_EYEBALLS, socket_factory=self.socket
        )

    def close(self) -> None:
        """Leave the resolver."""
        if self._own:
            self._own.close()

    def _check(self, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
        reason = refusal(address, self._allowed)
        if reason is not None:
            raise AddressRefusedError(host, str(address), reason, never=reason == METADATA)


def _getaddrinfo(host: str, port: int) -> list[AddrInfo]:
    found = sockets.getaddrinfo(host, port, type=sockets.SOCK_STREAM)
    return [info for info in found if info[0] in {sockets.AF_INET, sockets.AF_INET6}]  # type: ignore[misc]


def _addr_info(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> AddrInfo:
    target = (str(address), port)
    if address.version == 4:
        return (sockets.AF_INET, sockets.SOCK_STREAM, sockets.IPPROTO_TCP, "", target)
    return (sockets.AF_INET6, sockets.SOCK_STREAM, sockets.IPPROTO_TCP, "", (*target, 0, 0))


def _settle(settle: Callable[[T], None], heard: "asyncio.Future[list[AddrInfo]]", value: T) -> None:
    if not heard.done():
        settle(value)


def _failed(answer: "asyncio.Future[list[AddrInfo]]") -> bool:
    return answer.cancelled() or answer.exception() is not None
