"""A world of news for benchmarks/week.py: which feed publishes what and when, and the server that shows it.

Everything follows from a seed and the simulated time, so that the server's process and the one that checks know the
same world without telling each other. As a program it serves the world on loopback addresses, one a host, until its
standard input ends; the simulated time is set by `PUT /clock` on the first address, `GET /stats` there gives what the
server saw.
"""

import argparse
import asyncio
import json
import random
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cached_property
from typing import Any

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
BACKLOG = timedelta(days=4)  # what was published before the start
H, M, D = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
THROTTLING = "127.0.9.1"  # a host of many searches that is asked too much now and then
SHY = "127.0.9.2"  # one that does not say for how long
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Source:
    """One feed: what it publishes, and what befalls it."""

    number: int
    kind: str
    host: str
    days: float  # how long the world lasts
    seed: int
    rate: float  # items an hour by day
    zone: int = 0  # hours ahead of UTC, for its day
    night: float = 0.0  # share of the rate between 22 and 6
    weekend: float = 1.0
    window: int = 20
    dated: bool = True
    validators: bool = True
    every: str = ""
    channel: str = ""  # further elements of the document
    bursts: tuple[datetime, ...] = ()
    down: tuple[Span, ...] = ()  # answers 500, or whatever `fault` says
    fault: str = "500"
    moved_at: datetime | None = None  # 301 from then on, and 404 two days later
    gone_at: datetime | None = None  # 410 from then on
    flips: bool = False  # 302 to one of two mirrors, which name another link for each article

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.number}"

    @property
    def path(self) -> str:
        return f"/{self.number}/rss"

    @cached_property
    def published(self) -> list[datetime]:
        """When each item comes, oldest first: a Poisson process by minutes, with bursts."""
        chance = random.Random(f"{self.seed}-{self.number}")
        times, now, end = [], START - BACKLOG, START + timedelta(days=self.days)
        while now < end:
            local = now + self.zone * H
            rate = self.rate * (1 if 6 <= local.hour < 22 else self.night)
            rate *= self.weekend if local.weekday() >= 5 else 1
            rate += 90 if any(burst <= now < burst + 10 * M for burst in self.bursts) else 0
            # Nothing is published at an address from which it could not be read any more.
            if self.gone_at is None or now < self.gone_at - 2 * H:
                whole, part = divmod(rate / 60, 1)
                count = int(whole) + (chance.random() < part)
                times += sorted(now + timedelta(seconds=chance.uniform(0, 60)) for _ in range(count))
            now += M
        return times

    def newest(self, now: datetime) -> int:
        """How many items there are so far."""
        return bisect_right(self.published, now)

    def stands(self) -> Iterator[tuple[int, Span]]:
        """Each item's number, and from when to when it is in the document."""
        end = START + timedelta(days=self.days)
        for number, at in enumerate(self.published):
            leaves = number + self.window
            yield number, (at, self.published[leaves] if leaves < len(self.published) else end)

    def document(self, count: int, mirror: str = "") -> bytes:
        """The document when there are so many items."""
        items = []
        for n in range(count - 1, max(count - self.window, 0) - 1, -1):
            date = f"<pubDate>{format_datetime(self.published[n])}</pubDate>" if self.dated else ""
            items.append(
                f"<item><title>Report {n} of {self.id}</title><guid isPermaLink='false'>{self.id}/{n}</guid>"
                f"<link>http://{self.id}.example/{mirror}{n}</link>{date}"
                f"<description>Ships and weather at place {n * 7919 % 1000}.</description></item>"
            )
        title = f"<title>{self.id}</title><link>http://{self.id}.example/</link>"
        body = f'<rss version="2.0"><channel>{title}{self.channel}{"".join(items)}</channel></rss>'
        return body.encode()


def throttled(host: str, days: float) -> list[Span]:
    """When that host has had enough: three times a day for twenty minutes, or once for an hour."""
    hours, length = ((3, 11, 19), 20 * M) if host == THROTTLING else ((14,), H)
    whole = range(int(days) + 1)
    return [(start, start + length) for day in whole for hour in hours if (start := START + day * D + hour * H)]


def world(feeds: int, days: float, seed: int) -> list[Source]:
    """So many sources: one of each kind, then in the proportions of a real list of them."""
    chance = random.Random(seed)
    found = []
    for number in range(feeds):
        kinds = _kinds(chance, days)
        share = (number * 0.6180339887) % 1
        kind, traits = next((kind, traits) for limit, kind, traits in kinds if share < limit)
        if number < len(kinds):
            _, kind, traits = kinds[number]
        host = f"127.0.1.{1 + number % 60}"
        common = {"number": number, "host": host, "days": days, "seed": seed, "zone": chance.choice((0, 3, 8, 10))}
        found.append(Source(kind=kind, **(common | traits)))
    return found


def _kinds(chance: random.Random, days: float) -> list[tuple[float, str, dict[str, Any]]]:
    """Each kind of source up to which share of all, and what is special about it."""
    at = lambda fraction: START + days * fraction * D  # noqa: E731
    papers = {"rate": chance.uniform(1, 4), "night": 0.05, "weekend": 0.4}
    locals_ = {"rate": chance.uniform(0.2, 0.7), "night": 0.0, "weekend": 0.3}
    return [
        (0.08, "wire", {"rate": chance.uniform(8, 40), "night": 0.4}),
        (0.10, "fast", {"rate": chance.uniform(60, 90), "night": 0.3, "window": 30}),
        (0.34, "paper", papers | {"validators": chance.random() < 0.7}),
        (0.62, "regional", locals_),
        (0.70, "rare", {"rate": 0.02, "night": 1.0}),
        (0.80, "search", {"rate": chance.uniform(0.3, 2), "night": 0.5, "host": THROTTLING}),
        (0.82, "shy", {"rate": 0.3, "night": 0.5, "host": SHY}),
        (0.86, "undated", papers | {"dated": False}),
        (0.88, "patient", papers | {"channel": "<ttl>25</ttl>"}),
        (0.90, "asleep", papers | {"night": 0.0, "zone": 0, "channel": _silent(22, 23, 0, 1, 2, 3, 4, 5)}),
        (0.92, "fixed", papers | {"every": "5m"}),
        (0.94, "bursting", locals_ | {"bursts": (at(0.31), at(0.72))}),
        (0.955, "failing", locals_ | {"down": ((at(0.2), at(0.2) + 5 * H), (at(0.7), at(0.7) + 2 * H))}),
        (0.965, "closing", locals_ | {"down": ((at(0.3), at(0.3) + 3 * H),), "fault": "close"}),
        (0.975, "moving", locals_ | {"moved_at": at(0.15)}),
        (0.985, "leaving", locals_ | {"gone_at": at(0.4)}),
        (1.001, "flipping", papers | {"flips": True}),
    ]


def _silent(*hours: int) -> str:
    return f"<skipHours>{''.join(f'<hour>{hour}</hour>' for hour in hours)}</skipHours>"


# --- the server -------------------------------------------------------------------------------------------


@dataclass
class Seen:
    """What the server saw of one host."""

    under_way: int = 0
    most: int = 0
    requests: int = 0
    told_to_wait: int = 0
    held_until: datetime = START
    told_at: datetime = START
    too_soon: int = 0  # requests while it had asked to be left alone


@dataclass
class Server:
    sources: dict[tuple[str, str], Source]
    days: float
    now: datetime = START
    hosts: dict[str, Seen] = field(default_factory=lambda: defaultdict(Seen))
    after_gone: Counter[str] = field(default_factory=Counter)
    cache: dict[tuple[str, int, str], bytes] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        try:
            while line := await reader.readline():
                method, path, _ = line.decode().split()
                headers = {}
                while (header := (await reader.readline()).decode().strip()) != "":
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                answer = await self._answer(method, host, path, headers, body)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, host: str, path: str, headers: dict[str, str], body: bytes) -> bytes | None:
        if method == "PUT":
            self.now = datetime.fromisoformat(body.decode())
            return _response(204)
        if path == "/stats":
            seen = {host: [s.requests, s.most, s.told_to_wait, s.too_soon] for host, s in self.hosts.items()}
            return _response(200, body=json.dumps({"hosts": seen, "after_gone": self.after_gone}).encode())
        seen = self.hosts[host]
        seen.under_way += 1
        seen.requests += 1
        seen.most = max(seen.most, seen.under_way)
        try:
            await asyncio.sleep(0)  # others may come in between
            return self._feed(seen, host, path, headers)
        finally:
            seen.under_way -= 1

    def _feed(self, seen: Seen, host: str, path: str, headers: dict[str, str]) -> bytes | None:
        if self.now < seen.held_until and self.now > seen.told_at:
            seen.too_soon += 1
        if host in (THROTTLING, SHY):
            for start, end in throttled(host, self.days):
                if start <= self.now < end:
                    seen.told_to_wait += 1
                    if host == SHY:
                        return _response(429)
                    seen.held_until, seen.told_at = end, self.now
                    return _response(429, {"Retry-After": str(int((end - self.now).total_seconds()) + 1)})
        plain, _, mirror = path.partition("?")
        moved = plain.startswith("/new")
        source = self.sources[host, plain.removeprefix("/new")]
        return self._document(source, headers, mirror, moved=moved)

    def _document(self, source: Source, headers: dict[str, str], mirror: str, *, moved: bool) -> bytes | None:
        if any(start <= self.now < end for start, end in source.down):
            return _response(500) if source.fault == "500" else None
        if source.gone_at and self.now >= source.gone_at:
            self.after_gone[source.id] += 1
            return _response(410)
        if source.moved_at and self.now >= source.moved_at and not moved:
            if self.now >= source.moved_at + timedelta(days=max(2, source.days / 3)):
                return _response(404)
            return _response(301, {"Location": f"/new{source.path}"})
        if source.flips and not mirror:
            return _response(302, {"Location": f"{source.path}?{'ab'[self.now.minute // 10 % 2]}"})
        count = source.newest(self.now)
        etag = f'"{source.number}-{count}-{mirror}"'
        if source.validators and headers.get("if-none-match") == etag:
            return _response(304, {"ETag": etag})
        key = (source.id, count, mirror)
        if key not in self.cache:
            if len(self.cache) > 2000:
                self.cache.clear()
            self.cache[key] = source.document(count, mirror)
        more = {"ETag": etag} if source.validators else {}
        return _response(200, {"Content-Type": "application/rss+xml", **more}, self.cache[key])


_PHRASES = {200: "OK", 204: "No Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 404: "Not Found",
            410: "Gone", 429: "Too Many Requests", 500: "Internal Server Error"}  # fmt: skip


def _response(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} {_PHRASES[status]}", *(f"{n}: {v}" for n, v in (headers or {}).items())]
    if status not in (204, 304):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _main(feeds: int, days: float, seed: int) -> None:
    sources = world(feeds, days, seed)
    server = Server({(s.host, s.path): s for s in sources}, days)
    first = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = first.sockets[0].getsockname()[1]
    hosts = sorted({s.host for s in sources})
    listening = [await asyncio.start_server(server.serve, host, port) for host in hosts]
    print(port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for one in (first, *listening):
        one.close()


def outside(one: Span, others: list[Span]) -> list[Span]:
    """The parts of a span that lie outside of others."""
    parts = [one]
    for start, end in others:
        parts = [
            (a, b) for p in parts for a, b in ((p[0], min(p[1], start)), (max(p[0], end), p[1])) if a < b
        ]  # fmt: skip
    return parts


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("feeds", type=int)
    options.add_argument("days", type=float)
    options.add_argument("seed", type=int)
    given = options.parse_args()
    asyncio.run(_main(given.feeds, given.days, given.seed))
