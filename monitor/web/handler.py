"""The small site: what the links in digests lead to, an Atom feed of hits, and /health.

A GET never changes anything, for mail gateways follow links to look at them; deeds are POSTs, of the page's button or
of a mail program (RFC 8058). Nothing is done or shown without a signature of ours but `/` and `/health`.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import structlog
from aiohttp import web

from monitor.app.answers import Answers, Matter
from monitor.app.cycle import Desk
from monitor.app.vitals import vitals
from monitor.app.watch import Watch
from monitor.core.atom import feed_xml
from monitor.core.hitsfeed import hits_feed
from monitor.core.model import RuleStatus, StoredHit
from monitor.core.tickets import Action, Links, Ticket
from monitor.errors import MonitorError
from monitor.web import pages
from monitor.web.forms import BadFormError, form
from monitor.web.narrowing import UnknownWishError, require_known, wishes
from monitor.wiring.place import SERVER

log = structlog.get_logger()
T = TypeVar("T")

PATIENCE = 5.0  # seconds that the store may let us wait
QUEUE = 16  # requests that may wait for the store; it serves one of them at a time, so that an alert waits for one only
NEWEST = 200  # hits in a feed
_WISHES = {  # what a form may ask for
    Action.ACK: {"yes", "undo"},
    Action.SILENCE: {"yes", "undo"},
    Action.RELEVANT: {"yes"},
    Action.NOISE: {"yes"},
    Action.UNSUBSCRIBE: {"yes", "undo", "both", "back"},  # a digest, or it and its other half
}
_ALWAYS = {
    "Server": SERVER,
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
}
_GONE = pages.Page("Nothing here", ("This address leads nowhere, or to something no longer kept.",))
_BUSY = pages.Page("Not just now", ("The monitor is busy. Please try again in a minute; twice does no harm.",))
_NOT_UNDERSTOOD = pages.Page("Not understood", ("This request makes no sense here. Nothing was changed.",))
_HOME = pages.Page("News monitor", ("This address serves the links in its digests.",))


class BusyError(Exception):
    """The store did not answer in time, or too many wait for it."""


class Site:
    """Answers requests. `watch` gives what is in force, `links` reads tickets."""

    def __init__(self, desk: Desk, links: Links, watch: Callable[[], Watch]) -> None:
        self._desk = desk
        self._links = links
        self._watch = watch
        self._answers = Answers(desk.store)
        self._prefix = urlsplit(links.base).path.rstrip("/")
        self._turn = asyncio.Lock()
        self._press = asyncio.Lock()
        self._waiting = 0

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """The answer to any request; never raises but for what ends the connection. Closes it afterwards."""
        try:
            response = await self._answer(request)
        except BusyError:
            response = _page(_BUSY, 503)
            response.headers["Retry-After"] = "60"
        except BadFormError:
            response = _page(_NOT_UNDERSTOOD, 400)
        except web.HTTPRequestEntityTooLarge:
            response = _page(_NOT_UNDERSTOOD, 413)
        except MonitorError as error:
            log.error("the site could not answer", error=str(error))
            response = _page(_BUSY, 503)
        except Exception as error:
            log.error("the site could not answer", error=type(error).__name__, exc_info=error)
            response = _page(_BUSY, 500)
        response.headers.update(_ALWAYS)
        response.force_close()
        return response

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        """By path; the public address's own path may stand before it or not, as the proxy likes."""
        path = request.path
        if self._prefix and path.startswith(f"{self._prefix}/"):
            path = path.removeprefix(self._prefix)
        reads = request.method in {"GET", "HEAD"}
        if path.startswith("/do/"):
            return await self._ticket(request, path.removeprefix("/do/"))
        if path not in {"/", "/health", "/hits.atom", self._prefix}:
            return _page(_GONE, 404)
        if not reads:
            return _not_allowed("GET, HEAD")
        if path == "/health":
            return await self._health()
        return await self._hits(request) if path == "/hits.atom" else _page(_HOME)

    # --- tickets ------------------------------------------------------------------------------------------

    async def _ticket(self, request: web.BaseRequest, text: str) -> web.Response:
        ticket = self._links.read(text)
        if ticket is None or ticket.action is Action.HITS:
            return _page(_GONE, 404)
        if request.method in {"GET", "HEAD"}:
            matter = await self._look(ticket)
            return _page(pages.asking(matter) if matter else _GONE, 200 if matter else 404)
        if request.method != "POST":
            return _not_allowed("GET, HEAD, POST")
        fields = await form(request)
        if ticket.action is Action.UNSUBSCRIBE and fields.get("List-Unsubscribe") == "One-Click":
            await self._do(ticket, fields)
            return web.Response(text="Unsubscribed.\n")
        wish = fields.get("do")
        if wish not in _WISHES[ticket.action] or fields.get("days", "1") not in pages.SPANS:
            raise BadFormError
        matter = await self._look(ticket)
        if matter is None:
            return _page(_GONE, 404)
        partner = matter.partner if wish in {"both", "back"} else ""
        if wish in {"undo", "back"}:
            await self._at_store(self._answers.undo, ticket, self._now(), partner)
            return _page(pages.undone(await self._look(ticket) or matter))
        await self._do(ticket, fields, partner)
        return _page(pages.told(await self._look(ticket) or matter))

    async def _look(self, ticket: Ticket) -> Matter | None:
        return await self._at_store(self._answers.look, ticket, self._watch(), self._now())

    async def _do(self, ticket: Ticket, fields: Mapping[str, str], partner: str = "") -> None:
        span = timedelta(days=int(fields.get("days", "1")))
        await self._at_store(self._answers.do, ticket, self._now(), span, partner)
        subject = " ".join((*ticket.subject, *([f"and {partner}"] if partner else [])))
        log.info("done by a link", action=ticket.action.value, subject=subject)

    # --- feeds and figures --------------------------------------------------------------------------------

    async def _hits(self, request: web.BaseRequest) -> web.Response:
        query = request.query
        digest = query.get("digest", "")
        if not self._links.may_read(digest, query.get("key", "")):
            return web.Response(status=403, text="This feed needs its key: see monitor site links.\n")
        watch = self._watch()
        try:
            wanted = wishes(list(query.items()))
            hits = await self._at_store(self._newest, watch, digest, wanted)
        except UnknownWishError as error:
            return web.Response(status=400, text=f"{error}\n")
        names = {spec.id: spec.label for spec in watch.digests}
        narrowed = ", ".join(wanted.values())
        title = " · ".join(filter(None, ("News monitor", names.get(digest, digest) or "all hits", narrowed)))
        own = "&".join(filter(None, (self._links.hits(digest), urlencode(wanted))))
        make = partial(hits_feed, feeds=watch.feeds_by_id, rules=watch.rules_by_id, address=self._links.base)
        async with self._press:  # off the event loop, one at a time: it takes some 20 ms
            feed = await asyncio.to_thread(make, hits, title=title, own_link=own)
            body = (await asyncio.to_thread(feed_xml, feed)).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {
            "ETag": tag,
            "Last-Modified": format_datetime(feed.updated.astimezone(UTC), usegmt=True),
            "Cache-Control": "private, max-age=60",
        }
        if _unchanged(request, tag, feed.updated):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, headers=headers, content_type="application/atom+xml", charset="utf-8")

    def _newest(self, watch: Watch, digest: str, wanted: Mapping[str, str]) -> list[StoredHit]:
        filters = {**wanted, "digest": digest or None, "status": RuleStatus.LIVE.value}
        store = self._desk.store
        require_known(wanted, store, watch, digest)
        return store.archive.hits([int(str(row["id"])) for row in store.query_hits(limit=NEWEST, **filters)])

    async def _health(self) -> web.Response:
        try:
            found = await self._at_store(vitals, self._desk.store, self._now())
        except (BusyError, MonitorError):
            figures, alive = {"alive": False, "reason": "the database does not answer"}, False
        else:
            figures, alive = found.public(), found.alive
        text = json.dumps(figures) + "\n"
        headers = {"Cache-Control": "no-store"}
        return web.Response(status=200 if alive else 503, text=text, headers=headers, content_type="application/json")

    # --- the store ----------------------------------------------------------------------------------------

    async def _at_store(self, call: Callable[..., T], *args: object) -> T:
        """Run a call on the store's thread, one of ours at a time. Raises BusyError."""
        if self._waiting >= QUEUE:
            raise BusyError
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE), self._turn:
                return await self._desk.at_store(call, *args)
        except TimeoutError:
            raise BusyError from None
        finally:
            self._waiting -= 1

    def _now(self) -> datetime:
        return self._desk.clock.now()


def _page(page: pages.Page, status: int = 200) -> web.Response:
    headers = {"Content-Security-Policy": pages.policy(), "Cache-Control": "no-store"}
    return web.Response(status=status, text=pages.html(page), headers=headers, content_type="text/html")


def _not_allowed(allowed: str) -> web.Response:
    response = _page(_NOT_UNDERSTOOD, 405)
    response.headers["Allow"] = allowed
    return response


def _unchanged(request: web.BaseRequest, tag: str, updated: datetime) -> bool:
    """Whether the reader has this already (RFC 9110, section 13.2.2: a tag that is given decides alone)."""
    given = request.headers.get("If-None-Match")
    if given is not None:
        return given.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in given.split(","))
    try:
        since = parsedate_to_datetime(request.headers.get("If-Modified-Since", ""))
        return updated.replace(microsecond=0) <= since.replace(tzinfo=since.tzinfo or UTC)
    except (ValueError, OverflowError):
        return False
