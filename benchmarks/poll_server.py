"""The feeds of `poll.py` and their server: a process of its own on many loopback addresses, with plain HTTP/1.1.

    python benchmarks/poll_server.py --feeds 2000 --items 20 --latency 0.02

Prints one JSON line when it is ready: the addresses of the feeds. Ends at the end of its standard input. A feed has an
ETag and answers 304 to whoever knows it. All text is made up from the seed.
"""

import argparse
import asyncio
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from html import escape
from pathlib import Path

import yaml
from match import World

HOSTS = 250
RULES = Path(__file__).resolve().parent.parent / "rules.yaml"
AUTHORS = {"ru": "Отдел новостей", "zh": "本报记者", "en": "News desk"}
SECTIONS = {"ru": ("Общество", "Экономика"), "zh": ("社会", "经济"), "en": ("Society", "Economy")}


def headlines() -> list[str]:
    """What the shipped rules say that they find."""
    rules = yaml.load(RULES.read_text(encoding="utf-8"), yaml.CSafeLoader)["rules"]
    found = [example for rule in rules for example in rule.get("examples", {}).get("hit", [])]
    return [example if isinstance(example, str) else example.get("title", "") for example in found]


def documents(feeds: int, items: int, share: float = 0.02) -> list[bytes]:
    """RSS with HTML summaries of about 60 words; `share` of the items have a headline that a rule looks for."""
    world, news, rng = World(11), headlines(), random.Random(12)
    now = datetime.now(UTC)
    return [_document(world, news, rng, number, items, share, now) for number in range(feeds)]


def _document(
    world: World, news: list[str], rng: random.Random, number: int, items: int, share: float, now: datetime
) -> bytes:
    language = ("ru", "zh", "en")[number % 3]
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>Gazette {number}</title><link>http://gazette{number}.example/</link><language>{language}</language>"
        f"<description>News of district {number}</description><ttl>15</ttl>"
    ]
    for place in range(items):
        item = world.item(number, [])
        title = rng.choice(news) if rng.random() < share else item.title
        link = f"http://gazette{number}.example/{now:%Y/%m}/{place}-{rng.getrandbits(32):08x}.html"
        html = f'<p><a href="{link}"><img src="{link}.jpg" alt=""/></a> {escape(item.summary)}</p><p><b>{title}</b></p>'
        parts.append(
            f"<item><title>{escape(title)}</title><link>{link}</link><guid isPermaLink='true'>{link}</guid>"
            f"<pubDate>{format_datetime(now - timedelta(minutes=7 * place + rng.randrange(7)))}</pubDate>"
            f"<dc:creator>{AUTHORS[language]}</dc:creator><category>{rng.choice(SECTIONS[language])}</category>"
            f"<description><![CDATA[{html}]]></description></item>"
        )
    parts.append("</channel></rss>")
    return "".join(parts).encode()


class Answering(asyncio.Protocol):
    """One connection; answers each request after the latency."""

    def __init__(self, bodies: list[bytes], latency: float) -> None:
        self._bodies = bodies
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, self._received = self._received[:end], self._received[end + 4 :]
            asyncio.get_running_loop().call_later(self._latency, self._answer, head)

    def _answer(self, head: bytes) -> None:
        if self._transport.is_closing():
            return
        number = int(head[head.index(b"/") + 1 : head.index(b".xml")])
        tag = b'"feed-%d"' % number
        lines = b"ETag: %s\r\nDate: Mon, 02 Mar 2026 09:00:00 GMT\r\nServer: bench\r\n" % tag
        if tag in head:
            self._transport.write(b"HTTP/1.1 304 Not Modified\r\n%s\r\n" % lines)
            return
        body = self._bodies[number]
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\n"
            b"Content-Length: %d\r\n%s\r\n%s" % (len(body), lines, body)
        )


async def serve(bodies: list[bytes], latency: float) -> None:
    """Listen on one port of many loopback addresses until standard input ends."""
    loop = asyncio.get_running_loop()
    hosts = [f"127.{1 + place // 200}.{place % 200}.1" for place in range(min(HOSTS, len(bodies)))]
    make = partial(Answering, bodies, latency)
    first = await loop.create_server(make, hosts[0], 0, backlog=1000)
    port = first.sockets[0].getsockname()[1]
    await loop.create_server(make, hosts[1:], port, backlog=1000)
    urls = [f"http://{hosts[number % len(hosts)]}:{port}/{number}.xml" for number in range(len(bodies))]
    print(json.dumps({"urls": urls, "bytes": sum(map(len, bodies))}), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--feeds", type=int, default=2000)
    options.add_argument("--items", type=int, default=20)
    options.add_argument("--latency", type=float, default=0.02)
    chosen = options.parse_args()
    asyncio.run(serve(documents(chosen.feeds, chosen.items), chosen.latency))
