"""Plain HTTP/1.1 without a proxy, over aiohttp: the fast way, as its parser and connection pool are cheap."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import aiohttp
import httpx
import yarl
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict

from monitor.adapters.net.guard import HAPPY_EYEBALLS, Guard
from monitor.adapters.net.limits import KEEP_ALIVE, check_head

_NOT_OURS = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")  # aiohttp would add them by itself
_FIELD = 16 * 1024  # bytes in one line of a head
_FIELDS = 256


class DamagedError(httpx.RemoteProtocolError):
    """The answer is not proper HTTP, as aiohttp understands it. What was good before the damage is lost with it."""


# From the particular to the general: the first that fits.
_ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError),
    (aiohttp.ClientResponseError, DamagedError),
    (aiohttp.ClientConnectionError, httpx.ReadError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.ClientError, httpx.NetworkError),
    (asyncio.TimeoutError, httpx.ReadTimeout),
    (OSError, httpx.ReadError),
)


class PlainTransport(httpx.AsyncBaseTransport):
    """Requests for `http://` addresses; bodies come as sent, redirects and cookies are the caller's affair.

    Raises httpx.TransportError for whatever goes wrong on the way, and AddressRefusedError. How many requests are
    under way is the caller's to limit.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._session: aiohttp.ClientSession | None = None
        self._timeouts: dict[tuple[float | None, float | None], aiohttp.ClientTimeout] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and give the answer as soon as its head is there."""
        session = self._session or self._open()
        body = None if request.method in {"GET", "HEAD"} else await request.aread()
        try:
            answer = await session.request(
                request.method,
                _address(request.url),
                headers=CIMultiDict([(k.decode("latin-1"), v.decode("latin-1")) for k, v in request.headers.raw]),
                data=body,
                allow_redirects=False,
                timeout=self._timeout(request.extensions.get("timeout") or {}),
            )
        except Exception as error:
            raise _translated(error) from error
        try:
            check_head(answer.raw_headers)
        except httpx.RemoteProtocolError:
            answer.close()
            raise
        # What is all there already, as is the nothing of a 304, needs no stream.
        content = answer.content
        stream = _Whole(content.read_nowait()) if _complete(content) else _Body(answer)
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=stream)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=KEEP_ALIVE,
            resolver=_Resolver(self._guard),
            use_dns_cache=False,  # the guard's lookup has one
            happy_eyeballs_delay=HAPPY_EYEBALLS,
            socket_factory=self._guard.socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,  # unpacking needs a limit, which only the caller knows
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NOT_OURS,
            max_line_size=_FIELD,
            max_field_size=_FIELD,
            max_headers=_FIELDS,
        )
        return self._session

    def _timeout(self, asked: dict[str, float | None]) -> aiohttp.ClientTimeout:
        key = (asked.get("connect"), asked.get("read"))
        if key not in self._timeouts:
            connect, read = key
            self._timeouts[key] = aiohttp.ClientTimeout(connect=connect, sock_connect=connect, sock_read=read)
        return self._timeouts[key]


class _Whole(httpx.AsyncByteStream):
    """A body that is all there; httpx's own would be read, and unpacked, at once."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._body:
            yield self._body


class _Body(httpx.AsyncByteStream):
    """A body that is still on its way."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._answer.content
        try:
            while piece := await content.readany():
                yield piece
        except Exception as error:
            # aiohttp holds back what had come before the fault; of a feed, whole items may be in it.
            content.set_exception(None)  # type: ignore[arg-type]
            if piece := content.read_nowait():
                yield piece
            raise _translated(error) from error

    async def aclose(self) -> None:
        self._answer.close()


class _Resolver(AbstractResolver):
    """aiohttp's port for resolvers, on the guard."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=str(info[4][0]), port=port, family=info[0], proto=0, flags=0)
            for info in await self._guard.resolve(host, port)
        ]

    async def close(self) -> None:
        """Nothing of its own."""


def _complete(content: aiohttp.StreamReader) -> bool:
    return content.is_eof() and content.exception() is None


def _address(url: httpx.URL) -> yarl.URL:
    """As it is written: a signature may depend on each character."""
    try:
        return yarl.URL(str(url), encoded=True)
    except ValueError as error:
        raise httpx.UnsupportedProtocol("no address") from error


def _translated(error: Exception) -> Exception:
    """The error as httpx would call it; what is no fault of the network stays as it is."""
    if isinstance(error, ssl.SSLError):
        return httpx.ConnectError(str(error))
    for kind, meant in _ERRORS:
        if isinstance(error, kind):
            return meant(type(error).__name__)
    return error
