"""A real HTTP/1.1 server on loopback for tests: scripted answers, good and bad, and a record of who asked what.

    with HttpServer() as server:
        server.script("/feed", Reply(body=b"<rss/>"), Reply(status=503))   # one a request, the last repeats
        server.document("/news", body, etag='"v1"')                        # answers 304 where it may
        … server.url("/feed") … server.requests

It runs in a thread of its own, so tests may be async or not, and processes may ask it as well. Whatever it is told to
do, no connection lasts longer than `LONGEST` seconds. For servers that mean harm see `support.hostile`.
"""

import asyncio
import ssl
import threading
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import format_datetime, parsedate_to_datetime
from time import monotonic
from types import TracebackType
from typing import Self
from weakref import WeakSet


@dataclass(frozen=True)
class Request:
    """What a client asked. Names of headers are in small letters; `at` is of the monotonic clock, in seconds."""

    method: str
    path: str
    headers: Mapping[str, str]
    at: float
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """What to answer. Delays are in seconds."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    latency: float = 0.0  # before the first byte of the answer
    drip: float = 0.0  # between the pieces of the body
    piece: int = 1  # bytes in each piece when it drips
    length: int | None = None  # what Content-Length claims; None: the truth
    cut_after: int | None = None  # close the connection after so many bytes of the body
    endless: bool = False  # repeat the body until the client goes away; no Content-Length
    chunked: bool = False
    raw: bytes | None = None  # send exactly these bytes, then close
    by_hand: "Deed | None" = None  # do this with the connection, then close; all else is left aside


Script = Callable[[Request], Reply]
Deed = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

LONGEST = 90.0  # seconds

_PHRASES = {200: "OK", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 404: "Not Found", 410: "Gone"}


def redirect(to: str, status: int = 302) -> Reply:
    """Sends the client elsewhere."""
    return Reply(status, headers={"Location": to})


def gzip_bomb(size: int = 200_000_000) -> Reply:
    """A small answer that becomes `size` bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    million = b" " * 1_000_000
    packed = b"".join(packer.compress(million) for _ in range(size // 1_000_000)) + packer.flush()
    return Reply(body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "application/rss+xml"})


def document(
    body: bytes,
    *,
    content_type: str | None = "application/rss+xml",
    etag: str | None = None,
    last_modified: str | None = None,
    headers: Mapping[str, str] | None = None,
    latency: float = 0.0,
) -> Script:
    """A document whose server understands conditional requests. An ETag decides alone where both were asked."""
    said = {"Content-Type": content_type, "ETag": etag, "Last-Modified": last_modified, **(headers or {})}
    said = {name: value for name, value in said.items() if value is not None}

    def answer(request: Request) -> Reply:
        asked_tag = request.headers.get("if-none-match")
        asked_date = request.headers.get("if-modified-since")
        if etag is not None and asked_tag is not None:
            same = asked_tag.removeprefix("W/") == etag.removeprefix("W/")
        else:
            same = bool(last_modified and asked_date) and _not_later(last_modified, asked_date)
        if same:
            return Reply(304, headers={k: v for k, v in said.items() if k != "Content-Type"}, latency=latency)
        return Reply(200, body, said, latency=latency)

    return answer


def _not_later(one: str | None, other: str | None) -> bool:
    return bool(one and other) and parsedate_to_datetime(one) <= parsedate_to_datetime(other)


async def abort(writers: Iterable[asyncio.StreamWriter]) -> None:
    """End these connections at once: TLS would wait for the other side, beyond the end of the event loop."""
    for writer in list(writers):
        writer.transport.abort()
    await asyncio.sleep(0)  # that is done at the loop's next turn


class HttpServer:
    """The server; a context manager. `latency` is added to every answer; change routes at any time.

    `more_hosts` are further addresses of this machine where it listens at the same port; a route may be bound to one
    of them by naming it before the path: `script("127.0.1.7/feed", …)`. With `tls` it speaks nothing else. The route
    `*` takes connections that begin with HTTP/2's preface.
    """

    def __init__(
        self,
        *,
        latency: float = 0.0,
        host: str = "127.0.0.1",
        more_hosts: Iterable[str] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.latency = latency
        self.requests: list[Request] = []
        self.at_once = 0
        self.most_at_once = 0
        self._host = host
        self._more_hosts = list(more_hosts)
        self._tls = tls
        self._port = 0
        self._routes: dict[str, Script] = {}
        self._writers: WeakSet[asyncio.StreamWriter] = WeakSet()  # a long benchmark has very many
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    # --- for tests ---------------------------------------------------------------------------------------

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        """The address of a route; with `host="localhost"` the same server under another name."""
        return f"http{'s' if self._tls else ''}://{host or self._host}:{self._port}{path}"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    def script(self, path: str, *replies: Reply | Script) -> str:
        """Answer these in turn, the last one for ever; gives the address. A query string need not be named."""
        left = list(replies)

        def answer(request: Request) -> Reply:
            reply = left.pop(0) if len(left) > 1 else left[0]
            return reply if isinstance(reply, Reply) else reply(request)

        self._routes[path] = answer
        host, _, rest = path.partition("/")
        return self.url(f"/{rest}", host=host or None)

    def document(
        self,
        path: str,
        body: bytes,
        *,
        content_type: str | None = "application/rss+xml",
        etag: str | None = None,
        last_modified: str | None = None,
        headers: Mapping[str, str] | None = None,
        latency: float = 0.0,
    ) -> str:
        """Serve one document (see the function of this name); gives its address."""
        answer = document(
            body, content_type=content_type, etag=etag, last_modified=last_modified, headers=headers, latency=latency
        )
        return self.script(path, answer)

    def documents(self, bodies: Iterable[bytes], *, prefix: str = "/feed/", latency: float = 0.0) -> list[str]:
        """Serve many feeds, each with an ETag of its own; gives their addresses."""
        return [
            self.document(f"{prefix}{number}", body, etag=f'"{number}"', latency=latency)
            for number, body in enumerate(bodies)
        ]

    def asked(self, path: str) -> list[Request]:
        """The requests for one path, in order."""
        return [request for request in self.requests if request.path == path]

    # --- the server --------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._call(self._listen(self._host, 0))
        self._port = self._server.sockets[0].getsockname()[1]
        # The port is free at the other addresses, too, as nothing else here listens beside 127.0.0.1.
        self._others = [self._call(self._listen(host, self._port)) for host in self._more_hosts]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine):  # type: ignore[no-untyped-def]
        done: Future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return done.result(10)

    def _listen(self, host: str, port: int) -> Awaitable[asyncio.Server]:
        return asyncio.start_server(self._connected, host, port, ssl=self._tls)

    async def _stop(self) -> None:
        for server in (self._server, *self._others):
            server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await abort(self._writers)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(self._serve(reader, writer), LONGEST)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await self._request(reader)) is not None:
                self.requests.append(request)
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    keep = await self._answer(request, reader, writer)
                finally:
                    self.at_once -= 1
                if not keep:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    @staticmethod
    async def _request(reader: asyncio.StreamReader) -> Request | None:
        try:
            start = await reader.readexactly(1)
            if start == b"\x16":  # a TLS handshake
                return Request("TLS", "", {}, monotonic())
            head = (start + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return None
        first, *lines = head.split("\r\n")
        method, path, *_ = [*first.split(" ", 2), "", ""]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Request(method, path, headers, monotonic(), body)

    async def _answer(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """True if the connection may be used again."""
        if request.method in {"TLS", "PRI"} and request.path not in self._routes:  # neither TLS nor HTTP/2 is spoken
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            with suppress(TimeoutError):  # closed with something unread, the answer could be lost
                async with asyncio.timeout(0.5):
                    while await reader.read(1000):
                        pass
            return False
        script = self._route(request, str(writer.get_extra_info("sockname")[0]))
        reply = script(request) if script else Reply(404, b"not here")
        await asyncio.sleep(self.latency + reply.latency)
        if reply.by_hand is not None:
            await reply.by_hand(reader, writer)
            return False
        if reply.raw is not None:
            writer.write(reply.raw)
            await writer.drain()
            return False
        writer.write(_head(reply))
        await writer.drain()
        if reply.status == 304 or request.method == "HEAD":
            return True
        await _write_body(reply, writer)
        return not reply.endless and reply.cut_after is None and reply.length is None

    def _route(self, request: Request, host: str) -> Script | None:
        path = request.path.partition("?")[0]
        keys = (host + request.path, host + path, request.path, path)
        return next((self._routes[key] for key in keys if key in self._routes), None)


def _head(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {_PHRASES.get(reply.status, 'Answer')}"]
    if reply.chunked:
        lines.append("Transfer-Encoding: chunked")
    elif reply.endless:
        lines.append("Connection: close")
    elif reply.status != 304:
        lines.append(f"Content-Length: {len(reply.body) if reply.length is None else reply.length}")
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _write_body(reply: Reply, writer: asyncio.StreamWriter) -> None:
    body = reply.body if reply.cut_after is None else reply.body[: reply.cut_after]
    while True:
        size = reply.piece if reply.drip else (len(body) or 1)
        for start in range(0, len(body), size):
            piece = body[start : start + size]
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if reply.chunked else piece)
            await writer.drain()
            if reply.drip:
                await asyncio.sleep(reply.drip)
        if not reply.endless:
            break
    if reply.chunked and reply.cut_after is None:
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def http_date(when) -> str:  # type: ignore[no-untyped-def]
    """A datetime in UTC as HTTP writes it."""
    return format_datetime(when, usegmt=True)
