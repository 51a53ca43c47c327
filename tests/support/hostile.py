"""Servers that mean harm, or do it: one fault a host, on loopback, each with what a monitor shall say of it.

    with HostileServers(tmp_path) as servers:
        for fault in servers.faults: … fault.name, servers.url(fault), fault.outcome, fault.words

Every host has an address of its own (127.1.0.N), so that what is held against one does not hold for another. Each
connection ends by itself (see `http_server.LONGEST`), whatever its fault.
"""

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Self

import brotli
import zstandard
from support.authority import Authority
from support.http_server import Deed, HttpServer, Reply, Request, Script, gzip_bomb, http_date, redirect

XML = {"Content-Type": "application/rss+xml"}
FINE = "ok"  # what the log of polls says of a document that was read
TITLES = (
    "Ferry line to the cape reopens",
    "Паром до мыса снова ходит",
    "开往北方海角的渡轮今日恢复通航",
    "Council buys two new ferries",
)


def rss(*titles: str, prefix: str = "", link: str = "http://gazette.example/") -> bytes:
    """A feed in UTF-8 with these items, dated now; their guids and links are numbered from 0."""
    date = format_datetime(datetime.now(UTC))
    items = "".join(
        f"<item><title>{title}</title><link>{link}{n}</link><guid isPermaLink='false'>tag:{n}</guid>"
        f"<pubDate>{date}</pubDate></item>\n"
        for n, title in enumerate(titles)
    )
    return f"{prefix}<rss version='2.0'><channel><title>Gazette</title>\n{items}</channel></rss>".encode()


@dataclass(frozen=True)
class Fault:
    """One host and what is the matter with it.

    `outcome` is what the log of polls shall say: "ok", or the kind of failure; `or_else` is as right, where it depends
    on who is faster. `words` are parts of what the health shall say, `items` how many items are read all the same.
    `server` names the kind of TLS, "" for none; `address` takes the place of a server.
    """

    name: str
    answer: Reply | Script = field(default_factory=Reply)
    outcome: str = FINE
    or_else: str = ""
    words: tuple[str, ...] = ()
    items: int = 0
    server: str = ""
    address: str = ""


# --- deeds on a bare connection -------------------------------------------------------------------------------


def repeated(head: bytes, piece: bytes, *, pause: float = 0.0, most: int = 64_000_000) -> Deed:
    """`head`, then `piece` again and again, `pause` seconds apart, until the client goes or `most` bytes went out."""

    async def deed(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for _number in range(most // len(piece)):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return deed


def cut(sent: bytes) -> Deed:
    """Send this, then reset the connection: what the other side has not read yet may be lost."""

    async def deed(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()
        await asyncio.sleep(0.2 if sent else 0)  # so that it is read first
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return deed


def half_closed(sent: bytes) -> Deed:
    """Send this and say that no more will come, but keep listening as if the other side had more to say."""

    async def deed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        writer.write_eof()
        while await reader.read(1000):
            pass

    return deed


def head(length: int | None = None, *lines: str) -> bytes:
    """The head of a 200 answer with a feed."""
    said = ["HTTP/1.1 200 OK", "Content-Type: application/rss+xml", *lines]
    if length is not None:
        said.append(f"Content-Length: {length}")
    return "\r\n".join([*said, "", ""]).encode()


# --- bombs ----------------------------------------------------------------------------------------------------


def _packed(coding: str, body: bytes) -> Reply:
    return Reply(body=body, headers={**XML, "Content-Encoding": coding})


@cache
def bombs() -> dict[str, Reply]:
    """A few kilobytes that become hundreds of megabytes, by coding."""
    million = b" " * 1_000_000
    frame = zstandard.ZstdCompressor(level=3).compressobj()
    zst = b"".join(frame.compress(million) for _ in range(500)) + frame.flush()
    stream = brotli.Compressor(quality=1)
    br = b"".join(stream.process(million) for _ in range(200)) + stream.finish()
    return {
        "gzip": gzip_bomb(100_000_000),
        "br": _packed("br", br),
        "zstd": _packed("zstd", zst),
        "gzip in gzip": _packed("gzip, gzip", gzip.compress(gzip_bomb(100_000_000).body)),
        "many gzip members": _packed("gzip", gzip.compress(b"") * 40_000),
    }


# --- documents ------------------------------------------------------------------------------------------------

_ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "ha">{_ENTITIES}]>\n'
QUADRATIC = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY big "{"ha" * 5_000}">]>\n'
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY file SYSTEM "file:///etc/passwd">]>\n'
CAPTCHA = (
    b"<!DOCTYPE html><html><head><title>Just a moment</title></head><body><form id='challenge-form' method='post'>"
    b"<p>Checking that you are human</p><div class='g-recaptcha'></div></form></body></html>"
)
PICTURE = b"\x89PNG\r\n\x1a\n" + zlib.compress(bytes(range(256)) * 50)


def _nested(opening: str, closing: str, depth: int = 10_000) -> bytes:
    """A feed whose first item has a summary with so many tags within one another."""
    deep = f"<description>{opening * depth}?{closing * depth}</description></item>"
    return rss(*TITLES).replace(b"</item>", deep.encode(), 1)


def _whole_items(body: bytes, number: int) -> bytes:
    """The feed broken off in the middle of the item after `number` whole ones."""
    return body[: body.replace(b"</item>", b"<<item>", number).index(b"</item>") - 40]


# --- the table ------------------------------------------------------------------------------------------------


def _slow_and_endless() -> Iterable[Fault]:
    body = rss(*TITLES)
    total = ("did not finish its answer within",)
    large = ("larger than", "the limit set here")
    yield Fault("silent", Reply(latency=80), "timeout", ("was silent for",))
    yield Fault(
        "silent after the head", Reply(by_hand=repeated(head(), b" ", pause=80)), "timeout", ("was silent for",)
    )
    yield Fault("drip of the body", Reply(body=body * 100, drip=0.2), "timeout", total)
    yield Fault(
        "drip of the head", Reply(by_hand=repeated(b"HTTP/1.1 200 OK\r\nX: ", b"x", pause=0.2)), "timeout", total
    )
    yield Fault(
        "drip of headers", Reply(by_hand=repeated(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", pause=0.2)), "timeout", total
    )
    going_on = repeated(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.02)
    yield Fault("continue without end", Reply(by_hand=going_on), "timeout", total)
    yield Fault("endless", Reply(body=b" " * 50_000, headers=XML, endless=True), "too-large", large)
    yield Fault(
        "endless in chunks", Reply(body=b" " * 50_000, headers=XML, endless=True, chunked=True), "too-large", large
    )
    yield Fault("announced as huge", Reply(body=b" " * 40_000_000, headers=XML), "too-large", large)
    for name, bomb in bombs().items():
        if name == "many gzip members":
            yield Fault(f"bomb: {name}", bomb, "empty", ("empty document",))
        elif name == "gzip in gzip":
            yield Fault(f"bomb: {name}", bomb, "too-large", ("200 times its size", "trap"))
        else:
            yield Fault(f"bomb: {name}", bomb, "too-large", large)


def _redirects() -> Iterable[Fault]:
    yield Fault("redirect to itself", redirect("/"), "redirect", ("in a circle",))
    turns = count()
    yield Fault("redirects without end", lambda _: redirect(f"/?{next(turns)}"), "redirect", ("redirects in a row",))
    for name, address in {
        "metadata": "http://169.254.169.254/latest/meta-data",
        "private": "http://10.0.0.1/feed",
        "mapped": "http://[::ffff:192.168.0.1]/",
        "decimal": "http://2886729729/",
        "unspecified": "http://0.0.0.0/",
    }.items():
        yield Fault(f"redirect to {name}", redirect(address), "refused", ("MONITOR_ALLOW_NETWORKS",))
    yield Fault("redirect to a file", redirect("file:///etc/passwd"), "redirect", ("redirects to nowhere",))
    yield Fault("private address", outcome="refused", words=("MONITOR_ALLOW_NETWORKS",), address="http://192.168.0.1/")
    yield Fault("nobody listens", outcome="connect", words=("nothing listens there",), address="http://127.1.0.254:9/")
    yield Fault("no such name", outcome="dns", words=("can't be resolved",), address="http://gazette.invalid/")


def _broken_connections() -> Iterable[Fault]:
    body = rss(*TITLES)
    part = _whole_items(body, 2)
    bad_chunk = head(None, "Transfer-Encoding: chunked") + b"%x\r\n%s\r\nzz\r\n" % (len(part), part)
    extension = repeated(head(None, "Transfer-Encoding: chunked") + b"5;x=", b"y" * 10_000)
    trailers = repeated(head(None, "Transfer-Encoding: chunked") + b"0\r\n", b"A: b\r\n" * 1_000)
    yield Fault("longer Content-Length", Reply(body=part, headers=XML, length=len(body)), items=2)
    yield Fault("shorter Content-Length", Reply(body=body, headers=XML, length=len(part)), items=2)
    yield Fault("half closed", Reply(by_hand=half_closed(head(len(body)) + part)), items=2)
    yield Fault("bad chunk", Reply(raw=bad_chunk), items=2)
    yield Fault("chunk with an endless word", Reply(by_hand=extension), "protocol", ("broke before the document",))
    yield Fault("endless trailers", Reply(by_hand=trailers), "protocol", ("broke before the document",))
    yield Fault("reset in the body", Reply(by_hand=cut(head(len(body)) + part)), items=2)
    yield Fault("reset before an answer", Reply(by_hand=cut(b"")), "connect", ("broke before an answer",))
    yield Fault("closed without a word", Reply(raw=b""), "protocol", ("closed the connection",))
    yield Fault("only a head", Reply(raw=head(10)), "protocol", ("broke before the document",))
    yield Fault("no HTTP at all", Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n"), "protocol", ("proper",))
    yield Fault("HTTP of 1991", Reply(raw=body), "protocol", ("proper",))
    yield Fault(
        "a header of 300 KB", Reply(raw=head(len(body), "X: " + "x" * 300_000) + body), "protocol", ("proper HTTP",)
    )
    flood = [f"X-{n}: {n:020}" for n in range(10_000)]
    yield Fault("10,000 headers", Reply(raw=head(len(body), *flood) + body), "protocol", ("proper HTTP",))


def _tls() -> Iterable[Fault]:
    fine = Reply(body=rss(*TITLES), headers=XML)
    refused = ("no secure connection", "certificate")
    yield Fault("TLS expired", fine, "tls", (*refused, "expired"), server="expired")
    yield Fault("TLS self-signed", fine, "tls", (*refused, "self-signed"), server="self-signed")
    yield Fault("TLS for another host", fine, "tls", refused, server="wrong host")
    yield Fault("TLS by nobody known", fine, "tls", (*refused, "issuer"), server="unknown authority")
    yield Fault("no TLS under https", fine, "tls", ("no TLS at that port",), server="none")
    yield Fault("TLS that promises h2", fine, "protocol", or_else="connect", server="false h2")
    yield Fault(
        "from TLS to none", redirect("http://gazette.example/"), "redirect", ("not (gazette.example)",), server="fine"
    )


def _answers() -> Iterable[Fault]:
    later = http_date(datetime.now(UTC) + timedelta(hours=2))
    yield Fault("429 in seconds", Reply(429, headers={"Retry-After": "3600"}), "throttled", ("429", "wait 1 h"))
    yield Fault("429 by date", Reply(429, headers={"Retry-After": later}), "throttled", ("429", "wait 2 h"))
    yield Fault("503 with Retry-After", Reply(503, headers={"Retry-After": "600"}), "throttled", ("503", "wait 10 min"))
    yield Fault("503", Reply(503), "http", ("503", "it may pass"))
    yield Fault("500", Reply(500, CAPTCHA), "http", ("500", "its own fault"))
    yield Fault("404", Reply(404, CAPTCHA), "http", ("404", "new one"))
    yield Fault("403", Reply(403, CAPTCHA), "http", ("403", "refuses this reader"))
    yield Fault("410", Reply(410), "gone", ("410", "for good"))
    yield Fault("304 to no condition", Reply(304), "protocol", ("not conditional",))
    yield Fault("204", Reply(204), "empty", ("empty document",))
    yield Fault("empty", Reply(headers=XML), "empty", ("empty document",))
    yield Fault("only blanks", Reply(body=b"\r\n  \n" * 1_000, headers=XML), "empty", ("empty document",))


def _documents() -> Iterable[Fault]:
    def served(body: bytes, content_type: str = "application/rss+xml", **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Reply(body=body, headers={"Content-Type": content_type, **named})

    body = rss(*TITLES)
    cyrillic = rss(*TITLES[:2]).decode().encode("cp1251")
    yield Fault("captcha", served(CAPTCHA, "text/html"), "not-a-feed", ("page",))
    yield Fault("captcha called a feed", served(CAPTCHA), "not-a-feed", ("page",))
    yield Fault("picture called a feed", served(PICTURE), "not-a-feed")
    yield Fault("zeros", served(b"\0" * 100_000), "not-a-feed")
    yield Fault("feed called a picture", served(body, "image/png"), items=4)
    yield Fault("feed called a page", served(body, "text/html; charset=utf-8"), items=4)
    yield Fault("wrong charset in the head", served(cyrillic, "application/rss+xml; charset=utf-8"), items=2)
    yield Fault(
        "packed, but says br", served(gzip.compress(body), Content_Encoding="br"), "protocol", ("packed with br",)
    )
    yield Fault("packed with what nobody asked for", served(body, Content_Encoding="lzma"), "protocol", ("lzma",))
    yield Fault("truncated", served(_whole_items(body, 2)), items=2)
    yield Fault("a billion laughs", served(rss("&l11;", *TITLES, prefix=LAUGHS)), items=5)
    yield Fault("large entity many times", served(rss("&big;" * 10_000, *TITLES, prefix=QUADRATIC)), items=5)
    yield Fault("a file of this machine", served(rss("Root is &file;", *TITLES, prefix=EXTERNAL)), items=5)
    yield Fault("10,000 nested tags", served(_nested("&lt;b&gt;", "&lt;/b&gt;")), items=4)
    deep = ("nested too deeply", "too many attributes")
    yield Fault("10,000 nested elements", served(_nested("<b>", "</b>")), "malformed", deep)
    attributes = " ".join(f"a{n}='b'" for n in range(20_000))
    flood = body.replace(b"<item>", f"<item {attributes}>".encode(), 1)
    yield Fault("20,000 attributes", served(flood), "malformed", deep)


def all_faults() -> list[Fault]:
    """Every fault, in a fixed order."""
    parts = (_slow_and_endless, _redirects, _broken_connections, _tls, _answers, _documents)
    return [fault for part in parts for fault in part()]


class HostileServers:
    """All faults at their addresses; a context manager. `ca` is the authority that good certificates come from."""

    def __init__(self, folder: Path, *, good: int = 10, faults: Iterable[Fault] | None = None) -> None:
        self.faults = all_faults() if faults is None else list(faults)
        self.good = [f"127.1.1.{number}" for number in range(1, good + 1)]
        self._hosts = {fault.name: f"127.1.0.{number}" for number, fault in enumerate(self.faults, 1)}
        self._authority = Authority(folder)
        self._servers: dict[str, HttpServer] = {}
        self._stack = ExitStack()

    @property
    def ca(self) -> Path:
        """To be trusted by whoever asks (SSL_CERT_FILE)."""
        return self._authority.certificate

    def __enter__(self) -> Self:
        kinds = {"", *(fault.server for fault in self.faults)}
        for kind in kinds:
            hosts = [self._hosts[fault.name] for fault in self.faults if fault.server == kind and not fault.address]
            hosts += self.good if kind == "" else []
            server = HttpServer(more_hosts=hosts, tls=self._authority.context(kind))
            self._servers[kind] = self._stack.enter_context(server)
        for fault in self.faults:
            if not fault.address:
                self._servers[fault.server].script(f"{self._hosts[fault.name]}/", fault.answer)
        for host in self.good:
            self.plain.script(f"{host}/", self.feed(*TITLES))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def plain(self) -> HttpServer:
        """The server without TLS, good hosts among its own."""
        return self._servers[""]

    @staticmethod
    def feed(*titles: str) -> Reply:
        """A good answer with these items."""
        return Reply(body=rss(*titles), headers=XML)

    def url(self, fault: Fault) -> str:
        """Where the fault is."""
        if fault.address:
            return fault.address
        scheme = "https" if fault.server else "http"
        return f"{scheme}://{self._hosts[fault.name]}:{self._servers[fault.server].port}/"

    def host(self, fault: Fault) -> str:
        """The address of its host."""
        return self._hosts[fault.name]

    def asked(self, host: str) -> list[Request]:
        """The requests to one host, in order."""
        found = [request for server in self._servers.values() for request in server.requests]
        return [request for request in found if request.headers.get("host", "").split(":")[0] == host]
