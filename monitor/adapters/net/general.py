"""HTTPS and proxies, over httpcore: HTTP/2 where the server offers it, HTTP/1.1 else.

httpcore's pool looks through all its connections at each step, which takes its time with thousands of hosts. So each
place has a pool of its own, given up soon after its last use.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Protocol, runtime_checkable

import httpcore
import httpx

from monitor.adapters.net.guard import Guard
from monitor.adapters.net.limits import KEEP_ALIVE, check_head
from monitor.adapters.net.stream import GuardedBackend
from monitor.errors import AddressRefusedError

_CONNECTIONS = 8  # to one place; callers limit themselves to fewer


@dataclass(frozen=True, slots=True)
class Way:
    """How a place is reached: by which proxy (its address, with name and password; "": none), under which TLS."""

    proxy: str = field(default="", repr=False)
    verify: bool = True
    ca_file: str = ""


class _Pool:
    """The connections to one place."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self.http = pool
        self.users = 0
        self.idle_since = 0.0  # by the clock of the event loop; of use where `users` is 0


class GeneralTransport(httpx.AsyncBaseTransport):
    """Requests by any way. `guard` watches what is connected to, which with a proxy is the proxy.

    Raises httpx.TransportError for whatever goes wrong on the way, and AddressRefusedError. How many requests are
    under way is the caller's to limit.
    """

    def __init__(self, guard: Guard) -> None:
        self._backend = GuardedBackend(guard)
        self._pools: dict[tuple[object, ...], _Pool] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()  # the event loop alone would let them be collected

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send by the usual way: without a proxy, trusting the usual authorities."""
        return await self.send(request, Way())

    async def send(self, request: httpx.Request, way: Way) -> httpx.Response:
        """Send, and give the answer as soon as its head is there."""
        url = request.url
        pool = self._pool(way, (url.raw_scheme, url.raw_host, url.port))
        pool.users += 1
        try:
            with _translated():
                answer = await pool.http.handle_async_request(_as_core(request))
        except AddressRefusedError as error:
            self._leave(pool)
            if not way.proxy:
                raise
            # What is connected to is the proxy.
            raise AddressRefusedError(error.host, error.address, error.reason, never=error.never, proxy=True) from None
        except BaseException:
            self._leave(pool)
            raise
        assert isinstance(answer.stream, AsyncIterable)
        body = _Body(answer.stream, partial(self._leave, pool))
        try:
            check_head(answer.headers)
        except httpx.RemoteProtocolError:
            await body.aclose()
            raise
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._sweep:
            self._sweep.cancel()
            self._sweep = None
        pools, self._pools = self._pools, {}
        await asyncio.gather(*(pool.http.aclose() for pool in pools.values()), *self._closing)
        await self._backend.aclose()

    def _pool(self, way: Way, origin: tuple[object, ...]) -> _Pool:
        key = (way, origin)
        if key not in self._pools:
            self._pools[key] = _Pool(
                httpcore.AsyncConnectionPool(
                    ssl_context=tls(way.verify, way.ca_file),
                    proxy=_proxy(way.proxy),
                    max_connections=_CONNECTIONS,
                    keepalive_expiry=KEEP_ALIVE,
                    http2=True,
                    network_backend=self._backend,
                )
            )
        return self._pools[key]

    def _leave(self, pool: _Pool) -> None:
        pool.users -= 1
        loop = asyncio.get_running_loop()
        pool.idle_since = loop.time()
        if self._sweep is None:
            self._sweep = loop.call_later(KEEP_ALIVE, self._close_idle)

    def _close_idle(self) -> None:
        """Give up pools that nobody used for a while; comes back as long as there are any."""
        loop = asyncio.get_running_loop()
        old = loop.time() - KEEP_ALIVE
        for key, pool in list(self._pools.items()):
            if not pool.users and pool.idle_since <= old:
                del self._pools[key]
                closing = loop.create_task(pool.http.aclose())
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)
        self._sweep = loop.call_later(KEEP_ALIVE, self._close_idle) if self._pools else None


class _Body(httpx.AsyncByteStream):
    """A body on its way; `left` is called once, when it is read or given up."""

    def __init__(self, stream: AsyncIterable[bytes], left: Callable[[], None]) -> None:
        self._stream = stream
        self._left: Callable[[], None] | None = left

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated():
            async for piece in self._stream:
                yield piece

    async def aclose(self) -> None:
        left, self._left = self._left, None
        if left is None:
            return
        try:
            if isinstance(self._stream, _Closable):
                await self._stream.aclose()
        finally:
            left()


@runtime_checkable
class _Closable(Protocol):
    async def aclose(self) -> None: ...


@lru_cache(maxsize=64)
def tls(verify: bool, ca_file: str) -> ssl.SSLContext:
    """How servers prove who they are: by the usual authorities and those of `ca_file`, or not at all.

    Raises OSError (ssl.SSLError among them) when the file can't be read.
    """
    context = httpx.create_ssl_context(verify=verify)
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


def _proxy(address: str) -> httpcore.Proxy | None:
    if not address:
        return None
    url = httpx.URL(address)
    bare = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/")
    auth = (url.username, url.password) if url.userinfo else None
    return httpcore.Proxy(bare, auth=auth, ssl_context=tls(True, "") if url.scheme == "https" else None)


def _as_core(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions={"timeout": request.extensions.get("timeout", {})},
    )


@contextmanager
def _translated() -> Iterator[None]:
    """httpcore's errors as httpx's, which have the same names."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
        meant: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise meant(str(error)) from error
    except httpcore.UnsupportedProtocol as error:
        raise httpx.UnsupportedProtocol(str(error)) from error
