"""A real HTTP/2 server on loopback over TLS, for tests and measurements: one document, and who asked for it."""

import asyncio
import ssl
import threading
from types import TracebackType
from typing import Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions


class H2Protocol(asyncio.Protocol):
    """One connection. Answers 304 where `etag` is sent back, else 200 with `body`."""

    def __init__(self, body: bytes, etag: str, requests: list[dict[str, str]]) -> None:
        self._body, self._etag, self._requests = body, etag, requests
        self._http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self._left: dict[int, bytes] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._http.initiate_connection()
        self._flush()

    def abort(self) -> None:
        """End it at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._http.receive_data(data)
        except h2.exceptions.ProtocolError:
            self._transport.close()
            return
        for event in events:
            match event:
                case h2.events.RequestReceived():
                    self._answer(event.stream_id, dict(event.headers))
                case h2.events.WindowUpdated():
                    for stream in list(self._left):
                        self._send(stream)
        self._flush()

    def _answer(self, stream: int, headers: dict[str, str]) -> None:
        self._requests.append(headers)
        if self._etag and headers.get("if-none-match") == self._etag:
            self._http.send_headers(stream, [(":status", "304"), ("etag", self._etag)], end_stream=True)
            return
        head = [(":status", "200"), ("etag", self._etag), ("content-type", "application/rss+xml")]
        self._http.send_headers(stream, head)
        self._left[stream] = self._body
        self._send(stream)

    def _send(self, stream: int) -> None:
        left = self._left[stream]
        while left and (room := min(self._http.local_flow_control_window(stream), self._http.max_outbound_frame_size)):
            piece, left = left[:room], left[room:]
            self._http.send_data(stream, piece, end_stream=not left)
        self._left[stream] = left
        if not left:
            del self._left[stream]

    def _flush(self) -> None:
        self._transport.write(self._http.data_to_send())


class H2Server:
    """The server; a context manager. `context` is made to offer h2 and nothing else."""

    def __init__(self, context: ssl.SSLContext, body: bytes, etag: str = '"h2"') -> None:
        context.set_alpn_protocols(["h2"])
        self.requests: list[dict[str, str]] = []
        self._connections: list[H2Protocol] = []
        self._context, self._body, self._etag = context, body, etag
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def url(self, path: str = "/") -> str:
        """Where it listens."""
        return f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        listening = self._loop.create_server(self._connected, "127.0.0.1", 0, ssl=self._context)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _connected(self) -> H2Protocol:
        made = H2Protocol(self._body, self._etag, self.requests)
        self._connections.append(made)
        return made

    async def _stop(self) -> None:
        self._server.close()
        for connection in self._connections:
            connection.abort()
        await asyncio.sleep(0)
