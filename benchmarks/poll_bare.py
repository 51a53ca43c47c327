"""The bare loop: the least that polling, matching and storing can cost in Python, and nothing that makes it safe.

    python benchmarks/poll_bare.py < job.json

aiohttp, 64 requests in flight, fastfeedparser, tags stripped by a regular expression, the same matcher with the same
rules, one SQLite transaction for every 50 feeds. No limits, no guard, no encodings, no editions, no stories, no trays.
The job: `{"urls": […], "folder": "…", "rounds": 2}`. Needs fastfeedparser: PYTHONPATH may lead to it.
"""

import asyncio
import json
import re
import sqlite3
import sys
from pathlib import Path
from time import perf_counter, process_time

import aiohttp
import fastfeedparser

from monitor.core.model import Item
from monitor.wiring import compiled, load_settings, shipped

TAGS = re.compile(r"<[^<>]*>")
IN_FLIGHT, BATCH = 64, 50
SCHEMA = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
CREATE TABLE feeds (url TEXT PRIMARY KEY, etag TEXT);
CREATE TABLE items (feed TEXT, key TEXT, title TEXT, summary TEXT, link TEXT, published TEXT, PRIMARY KEY (feed, key));
CREATE TABLE hits (feed TEXT, key TEXT, rule TEXT, PRIMARY KEY (feed, key, rule));
"""


class Loop:
    """One database, one matcher, one session."""

    def __init__(self, database: sqlite3.Connection, matcher) -> None:
        self.database, self.matcher = database, matcher
        self.etags: dict[str, str] = {}
        self.batch: list[tuple[str, str, bytes | None]] = []
        self.hits = 0

    async def cycle(self, urls: list[str]) -> None:
        queue = iter(urls)
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(self.work(session, queue) for _ in range(IN_FLIGHT)))
        self.flush()

    async def work(self, session: aiohttp.ClientSession, queue) -> None:
        for url in queue:
            headers = {"If-None-Match": self.etags[url]} if url in self.etags else {}
            async with session.get(url, headers=headers) as response:
                body = None if response.status == 304 else await response.read()
                self.batch.append((url, response.headers["ETag"], body))
            if len(self.batch) >= BATCH:
                self.flush()

    def flush(self) -> None:
        feeds, items, hits = [], [], []
        for url, etag, body in self.batch:
            self.etags[url] = etag
            feeds.append((url, etag))
            for entry in fastfeedparser.parse(body).entries if body else ():
                summary = TAGS.sub(" ", entry.get("description", ""))
                row = (
                    url,
                    entry.get("id") or entry["link"],
                    entry["title"],
                    summary,
                    entry["link"],
                    entry["published"],
                )
                items.append(row)
                found = self.matcher.match(Item(url, row[1], row[2], summary, link=row[4]))
                hits += [(url, row[1], hit.rule) for hit in found]
        self.batch.clear()
        self.hits += len(hits)
        with self.database:
            self.database.execute("BEGIN")
            self.database.executemany("INSERT OR REPLACE INTO feeds VALUES (?, ?)", feeds)
            self.database.executemany("INSERT OR IGNORE INTO items VALUES (?, ?, ?, ?, ?, ?)", items)
            self.database.executemany("INSERT OR IGNORE INTO hits VALUES (?, ?, ?)", hits)


def main() -> None:
    job = json.load(sys.stdin)
    database = sqlite3.connect(Path(job["folder"]) / "bare.db", isolation_level=None)
    database.executescript(SCHEMA)
    loop = Loop(database, compiled(load_settings({}), shipped("rules.yaml")))
    cycles = []
    for _ in range(job["rounds"]):
        began, cpu = perf_counter(), process_time()
        asyncio.run(loop.cycle(job["urls"]))
        took = perf_counter() - began
        cycles.append(
            {
                "seconds": round(took, 3),
                "feeds_per_second": round(len(job["urls"]) / took, 1),
                "processor_seconds": round(process_time() - cpu, 2),
            }
        )
    items = database.execute("SELECT count(*) FROM items").fetchone()[0]
    print(json.dumps({"cycles": cycles, "items": items, "hits": loop.hits}))


if __name__ == "__main__":
    main()
