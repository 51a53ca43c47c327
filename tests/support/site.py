"""The small site on a real store and a real socket on loopback, at a fixed time.

async with open_site(tmp_path) as site:
    ids = saved_hits(site.store, "a")
    answer = await site.get(site.links.hit(Action.NOISE, ids[0]))
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
from support.stored import NOW

from monitor.adapters.config import Settings
from monitor.adapters.config.site import Listen
from monitor.adapters.store import SqliteStore, open_store
from monitor.app.cycle import Desk
from monitor.app.watch import Watch
from monitor.core.model import DigestSpec, FeedSpec, RuleInfo, Severity, Target
from monitor.core.tickets import Links
from monitor.web import Site, serving
from monitor.wiring.place import bound

SECRET = b"nobody guesses this one"  # nothing it opens exists
RULES = (
    RuleInfo("espionage-arrests", "Arrests for espionage", Severity.HIGH),
    RuleInfo("court", "", Severity.LOW),
)
DESK = Target("email", "desk@example.org")
DIGESTS = (
    DigestSpec(id="morning", rules=("*",), to=(DESK,), title="Morning desk"),
    DigestSpec(
        id="evening", rules=("*",), to=(DESK,), title="Evening", at="0 18 * * *", at_once=("severity=critical",)
    ),
    DigestSpec(id="evening-at-once", rules=("*",), also=("severity=critical",), to=(DESK,), title="Evening"),
)
FEEDS = (FeedSpec("sample-ru", "https://primer.example/feed", name="Пример"),)


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    present: datetime = NOW

    def now(self) -> datetime:
        return self.present


@dataclass
class Rig:
    """The site, its store and a client; addresses of links are asked at the socket, wherever they lead."""

    store: SqliteStore
    links: Links
    port: int
    clock: Clock
    desk: Desk
    watch: Watch
    client: httpx.AsyncClient = field(repr=False)

    async def get(self, address: str, **options: Any) -> httpx.Response:
        """GET the path of an address, with or without its host."""
        return await self.ask("GET", address, **options)

    async def post(self, address: str, **options: Any) -> httpx.Response:
        """POST to it."""
        return await self.ask("POST", address, **options)

    async def ask(self, method: str, address: str, **options: Any) -> httpx.Response:
        """Any request; redirects are not followed."""
        path = address.removeprefix("https://news.example.org")
        return await self.client.request(method, f"http://127.0.0.1:{self.port}{path}", **options)

    async def raw(self, data: bytes) -> bytes:
        """What comes back for these bytes until the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


@asynccontextmanager
async def open_site(home: Path, *, public: str = "https://news.example.org", **limits: Any) -> AsyncIterator[Rig]:
    """A site with an empty store in this folder; `limits` go to `serving`."""
    settings = Settings(db=home / "monitor.db", listen=Listen("127.0.0.1", 0), public_url=public)
    watch = Watch(FEEDS, cast(Any, SimpleNamespace(rules=RULES)), DIGESTS)
    clock, links, place = Clock(), Links(public, SECRET), bound(settings)
    assert place is not None
    nothing = cast(Any, None)  # a desk of which only the store is used
    with place, closing(open_store(settings.db)) as store, ThreadPoolExecutor(1) as thread:
        desk = Desk(store=store, pipeline=nothing, writer=nothing, dispatcher=nothing, clock=clock, thread=thread)
        async with (
            httpx.AsyncClient(trust_env=False, verify=False) as client,
            serving(Site(desk, links, lambda: watch).handle, place, **limits),
        ):
            yield Rig(store, links, place.getsockname()[1], clock, desk, watch, client)
