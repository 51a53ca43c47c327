"""httpcore's port to the network, on asyncio's streams and the guard."""

import asyncio
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import httpcore

from monitor.adapters.net.guard import Guard

_PIECE = 8 * 1024  # bytes given to httpcore's parsers, which are slow, before the others get their turn


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections by the guard, never a Unix socket. Raises AddressRefusedError besides httpcore's own."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._open: WeakSet[_Stream] = WeakSet()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check and connect, within `timeout` seconds."""
        with _translated(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                sock = await self._guard.connect(host, port)
                stream = _Stream(*await asyncio.open_connection(sock=sock))
        self._open.add(stream)
        return stream

    async def aclose(self) -> None:
        """End what httpcore forgot and nothing has collected yet."""
        for stream in list(self._open):
            await stream.aclose()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def __del__(self) -> None:
        # httpcore forgets the connection to a SOCKS proxy that refuses.
        if not self._writer.is_closing():
            self._writer.transport.abort()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        with _translated(httpcore.ReadTimeout, httpcore.ReadError):
            async with asyncio.timeout(timeout):
                # What is there already comes without a pause, and thousands of tiny frames or chunks can be in it.
                await asyncio.sleep(0)
                return await self._reader.read(min(max_bytes, _PIECE))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        with _translated(httpcore.WriteTimeout, httpcore.WriteError):
            self._writer.write(buffer)
            async with asyncio.timeout(timeout):
                await self._writer.drain()

    async def aclose(self) -> None:
        # A polite end of TLS would wait for the other side, for up to 30 s, with nothing to gain.
        self._writer.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            with _translated(httpcore.ConnectTimeout, httpcore.ConnectError):
                async with asyncio.timeout(timeout):
                    await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except BaseException:
            await self.aclose()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        """`ssl_object`, and `is_readable`: of an idle connection, whether it was closed by the other side."""
        match info:
            case "ssl_object":
                return self._writer.get_extra_info("ssl_object")
            case "is_readable":
                return self._reader.at_eof() or self._writer.is_closing()
        return None


@contextmanager
def _translated(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except (OSError, ssl.SSLError) as error:
        raise broken(str(error)) from error
