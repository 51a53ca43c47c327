"""How much do the ways out into the network cost? Many feeds on as many hosts, first in full (200), then 304.

    python benchmarks/transport.py --feeds 2000 [--json]

The server is a process of its own, on an address of 127.0.0.0/8 for each feed, so that every feed needs a connection.
Reported for each way: feeds a second, and milliseconds of processor time a feed in the process that asks. Certificates
are not verified here. httpx-aiohttp is measured where it is installed; nothing else of ours uses it.
"""

import argparse
import asyncio
import json
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import httpx

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.h2_server import H2Protocol

from monitor.adapters.net import GuardedTransport
from monitor.adapters.net.general import GeneralTransport, Way
from monitor.adapters.net.guard import Guard
from monitor.core.addresses import LOOPBACK

BODY = b"<rss>" + b"<item><title>Harbour report</title></item>" * 500
ETAG = '"v1"'
HEADERS = {"User-Agent": "benchmark", "Accept-Encoding": "gzip, deflate, br, zstd"}
IN_FLIGHT = 64
Ask = Callable[[str, dict[str, str]], Awaitable[int]]


class Plain(asyncio.Protocol):
    """HTTP/1.1, no more of it than is needed here."""

    _head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: %s\r\nContent-Length: %d\r\n\r\n"
    full = _head % (ETAG.encode(), len(BODY)) + BODY
    unchanged = b"HTTP/1.1 304 Not Modified\r\nETag: %s\r\nCache-Control: max-age=600\r\n\r\n" % ETAG.encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._left = transport, b""

    def data_received(self, data: bytes) -> None:
        *requests, self._left = (self._left + data).split(b"\r\n\r\n")
        for request in requests:
            self._transport.write(self.unchanged if b"none-match" in request.lower() else self.full)


def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For a server that knows HTTP/1.1 alone, and for one that knows HTTP/2 alone."""
    files = (folder / "server.pem", folder / "server.key")
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=server", "-keyout", str(files[1]), "-out", str(files[0])]
    subprocess.run([*make, *names], check=True, capture_output=True)
    plain, h2 = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for context, protocol in ((plain, "http/1.1"), (h2, "h2")):
        context.load_cert_chain(*files)
        context.set_alpn_protocols([protocol])
    return plain, h2


async def serve(plain: ssl.SSLContext, h2: ssl.SSLContext) -> None:
    """Three servers; says their ports."""
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(Plain, "0.0.0.0", 0, backlog=4096),
        await loop.create_server(Plain, "0.0.0.0", 0, backlog=4096, ssl=plain),
        await loop.create_server(lambda: H2Protocol(BODY, ETAG, []), "0.0.0.0", 0, backlog=4096, ssl=h2),
    ]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Event().wait()


def by_transport(send: Callable[[httpx.Request], Awaitable[httpx.Response]]) -> Ask:
    """Drive a transport as the fetcher does: without httpx's client."""
    nothing = httpx.ByteStream(b"")
    extensions = {"timeout": dict.fromkeys(("connect", "read", "write"), 20.0), "verify": False}

    async def ask(url: str, headers: dict[str, str]) -> int:
        host = {"Host": url.split("/")[2]}
        response = await send(httpx.Request("GET", url, headers=host | headers, stream=nothing, extensions=extensions))
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        size = 0
        async for piece in stream:
            size += len(piece)
        await stream.aclose()
        return size

    return ask


def by_client(client: httpx.AsyncClient) -> Ask:
    async def ask(url: str, headers: dict[str, str]) -> int:
        async with client.stream("GET", url, headers=headers) as response:
            return sum([len(piece) async for piece in response.aiter_raw()])

    return ask


def by_aiohttp(session: aiohttp.ClientSession) -> Ask:
    async def ask(url: str, headers: dict[str, str]) -> int:
        async with session.get(url, headers=headers) as response:
            return len(await response.read())

    return ask


async def measure(ask: Ask, urls: list[str]) -> dict[str, float]:
    """Both rounds over all addresses."""
    found: dict[str, float] = {}
    for status, headers, size in ((200, HEADERS, len(BODY)), (304, HEADERS | {"If-None-Match": ETAG}, 0)):
        waiting = iter(urls)

        async def work(waiting=waiting, headers=headers, size=size) -> None:  # type: ignore[no-untyped-def]
            for url in waiting:
                assert await ask(url, headers) == size

        began, used = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        found[f"{status} feeds/s"] = round(len(urls) / (time.perf_counter() - began), 1)
        found[f"{status} ms"] = round((time.process_time() - used) / len(urls) * 1000, 3)
    return found


def session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=False),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    return httpx.AsyncClient(http2=True, verify=False, limits=limits, transport=transport, timeout=20)


async def compare(feeds: int, ports: list[int]) -> dict[str, dict[str, float]]:
    """Every way on the server that suits it, one after the other."""
    hosts = [f"127.{1 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}" for n in range(feeds)]
    http, https, h2 = (
        [f"{scheme}://{host}:{port}/feed" for host in hosts]
        for scheme, port in zip(("http", "https", "https"), ports, strict=True)
    )
    ours, general = GuardedTransport(LOOPBACK), GeneralTransport(Guard(LOOPBACK))
    insecure = Way(verify=False)
    async with session() as bare, client() as own:
        found = {
            "http: aiohttp, bare": await measure(by_aiohttp(bare), http),
            "http: ours, on aiohttp": await measure(by_transport(ours.handle_async_request), http),
            "http: ours, on httpcore": await measure(by_transport(lambda r: general.send(r, insecure)), http),
            "http: httpx with its own transport": await measure(by_client(own), http),
            "https, HTTP/1.1: aiohttp, bare": await measure(by_aiohttp(bare), https),
            "https, HTTP/1.1: ours, on httpcore": await measure(by_transport(ours.handle_async_request), https),
            "https, HTTP/1.1: httpx with its own transport": await measure(by_client(own), https),
            "https, HTTP/2: ours, on httpcore": await measure(by_transport(ours.handle_async_request), h2),
            "https, HTTP/2: httpx with its own transport": await measure(by_client(own), h2),
        }
    await ours.aclose()
    await general.aclose()
    try:
        from httpx_aiohttp import AiohttpTransport
    except ImportError:
        return found
    async with client(AiohttpTransport(client=session)) as other:
        found["http: httpx with httpx-aiohttp"] = await measure(by_client(other), http)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        asyncio.run(serve(*contexts(args.serve)))
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--serve", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            try:
                ports = [int(port) for port in server.stdout.readline().split()]
                found = asyncio.run(compare(args.feeds, ports))
            finally:
                server.terminate()
    if args.json:
        print(json.dumps(found, indent=2))
        return
    width = max(map(len, found))
    for name, figures in found.items():
        print(f"{name:{width}}", *(f"{figure:9,.2f} {what}" for what, figure in figures.items()))


if __name__ == "__main__":
    main()
