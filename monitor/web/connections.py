"""The site's connections: few, short-lived and small in what they may send, whatever a client does.

Every connection serves one request and then closes, or is cut at the end of its time, be it slow to ask or slow to
read. When all places are taken, the oldest connection makes room: an honest one needs milliseconds.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

MOST = 64  # connections at one time
LIFETIME = 20.0  # seconds of a connection, all in all
BODY_MAX = 4096  # bytes of a request's body; a form of ours has some 20
LINE_MAX = 6000  # bytes of a request line: the longest ticket fits
FIELD_MAX = 4096  # bytes of a header
HEADERS_MAX = 64
_LINGER = 1.0  # seconds in which an unread body is taken off, so that the client hears the answer
_END = 1.0  # seconds that answers under way have at the end

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

# aiohttp reports every malformed request with a traceback; strangers would fill the log. What is ours we log ourselves.
_mute = logging.getLogger("monitor.web.http")
_mute.disabled = True


class _Connection(web.RequestHandler):
    """One connection; cut when its time is over."""

    def __init__(self, server: "_Server", **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a place, perhaps the oldest connection's."""
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        self._end = asyncio.get_running_loop().call_later(self._server.lifetime, transport.abort)
        self._server.admit(self, transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Give the place back."""
        if self._end:
            self._end.cancel()
        self._server.leave(self)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no request, without quoting it."""
        response = web.Response(status=status, text="This is no request.\n")
        response.force_close()
        return response


class _Server(web.Server):
    """Makes connections and knows those that are open, the oldest first."""

    def __init__(self, handler: Handler, *, most: int, lifetime: float) -> None:
        super().__init__(handler, request_factory=self._request, handler_cancellation=True)
        self.lifetime = lifetime
        self._most = most
        self._open: dict[_Connection, asyncio.Transport] = {}

    def __call__(self) -> web.RequestHandler:
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            logger=_mute,
            access_log=None,  # addresses hold tickets
            max_line_size=LINE_MAX,
            max_field_size=FIELD_MAX,
            max_headers=HEADERS_MAX,
            lingering_time=_LINGER,
            keepalive_timeout=self.lifetime,
            auto_decompress=False,
        )

    def admit(self, connection: _Connection, transport: asyncio.Transport) -> None:
        """Count a connection in; when there are too many, the oldest is cut."""
        if len(self._open) >= self._most:
            oldest = next(iter(self._open))
            self._open.pop(oldest).abort()
        self._open[connection] = transport

    def leave(self, connection: _Connection) -> None:
        """Count a connection out."""
        self._open.pop(connection, None)

    def _request(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        loop = asyncio.get_running_loop()
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=BODY_MAX)


@asynccontextmanager
async def serving(
    handler: Handler, place: socket.socket, *, most: int = MOST, lifetime: float = LIFETIME
) -> AsyncIterator[None]:
    """Answer requests at a bound socket within this block, then close it; what is under way has a second to end."""
    server = _Server(handler, most=most, lifetime=lifetime)
    listener = await asyncio.get_running_loop().create_server(server, sock=place, backlog=MOST)
    try:
        yield
    finally:
        listener.close()
        server.pre_shutdown()
        await server.shutdown(_END)
        await asyncio.sleep(0)
