"""The fetcher: conditions, limits and manners, over any transport of httpx. When to ask is decided elsewhere.

It drives the transport by itself: redirects, cookies, time limits and unpacking need more care than a client gives
them, and a client's own would cost more than all the rest of a 304.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from time import perf_counter

import httpx

from monitor.adapters.fetch.asking import Trip, without_login
from monitor.adapters.fetch.failures import StopError, failure_of_exception, failure_of_hold, failure_of_status, hold_of
from monitor.adapters.fetch.headers import encodings, max_age
from monitor.adapters.fetch.hosts import HeldError, Hosts
from monitor.adapters.fetch.unpack import RatioError, TooMuchError, UnpackError, unpack
from monitor.core.feedstate import address
from monitor.core.identity import body_hash
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched
from monitor.errors import MonitorError

# These write whole addresses, secrets included, into the log of every request.
for _name in ("httpx", "httpcore", "hpack"):
    logging.getLogger(_name).setLevel(logging.WARNING)

DEFAULT_USER_AGENT = "news-monitor (feed reader)"
_MEGABYTE = 1024 * 1024
_BIG_ENOUGH_FOR_A_THREAD = 256 * 1024
_PIECES = 64  # after so many the others get their turn: thousands of tiny chunks may be there at once
_LONGEST_VALIDATOR = 1000  # characters
_LARGE = 1024 * 1024  # bytes, from which on a body waits for one of a few places: many at once would fill the memory
_LARGE_AT_ONCE = 6
_NOTHING = httpx.ByteStream(b"")  # given as such, it spares each request a tenth of its time
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class HttpFetcher:
    """Gets feeds over HTTP. Satisfies the port `Fetcher`; used within one event loop. Its `transport` ends with it.

    `timeout` is the longest silence of a server (connecting, or between two reads), `total` the longest time for
    a whole fetch with all its redirects (waiting for a free place does not count), `max_bytes` the largest body,
    packed or unpacked, `per_host` and `concurrency` how many requests are under way at one time for a host and in all,
    `spacing` the least time between the starts of two requests to one host.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        *,
        user_agent: str = DEFAULT_USER_AGENT,
        timeout: timedelta = timedelta(seconds=20),
        total: timedelta = timedelta(seconds=60),
        max_bytes: int = 24 * _MEGABYTE,
        per_host: int = 2,
        concurrency: int = 32,
        spacing: timedelta = timedelta(seconds=0.2),
        max_redirects: int = 8,
    ) -> None:
        self._transport = transport
        self._user_agent = user_agent
        self._silence = timeout.total_seconds()
        self._timeouts = dict.fromkeys(("connect", "read", "write"), self._silence)
        self._total = total.total_seconds()
        self._max_bytes = max_bytes
        self._max_redirects = max_redirects
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._hosts = Hosts(per_host=per_host, concurrency=concurrency, spacing=spacing.total_seconds())

    async def fetch(self, feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        """Ask for the feed as of `at`; whatever the server does comes back as a value.

        An unchanged body (304, or 200 with the same bytes as last time) is `not_modified`. A body that broke off is
        given `cut_short`, and nothing of it is to be remembered, so that the next poll asks for all of it. A host
        that asked to be left alone is not asked until that time is over; the failure says so. What is given says when
        the server was asked: with thousands of feeds, some wait minutes for their turn.
        """
        began = perf_counter()
        trip = None
        try:
            trip = Trip.to(feed, state, at, self._total)
            fetched = await self._follow(trip)
        except HeldError as held:
            fetched = Fetched(feed.id, at, failure=failure_of_hold(held.host, held.wait))
        except StopError as stop:
            when = trip.at if trip else at
            fetched = Fetched(feed.id, when, status=stop.failure.status, failure=stop.failure)
        except Exception as error:  # a feed's failure is a value, whatever it is
            failure = failure_of_exception(error, _host(address(feed, state)), self._silence)
            fetched = Fetched(feed.id, trip.at if trip else at, failure=failure)
        return replace(fetched, elapsed=timedelta(seconds=perf_counter() - began))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def _follow(self, trip: Trip) -> Fetched:
        """The feed's answer, at the end of its redirects."""
        try:
            for _ in range(self._max_redirects + 1):
                answer = await self._ask(trip)
                if answer.status not in _REDIRECTS:
                    return await self._understand(answer, trip)
                trip.follow(answer.status, answer.headers)
        finally:
            if trip.large:
                self._large.release()
        raise StopError(FailureKind.REDIRECT, f"more than {self._max_redirects} redirects in a row", answer.status)

    async def _ask(self, trip: Trip) -> "_Answer":
        """One request; takes the seconds it needed from the trip's."""
        host = trip.url.host
        async with self._hosts.turn(host, trip.at) as trip.at:
            began = perf_counter()
            try:
                async with asyncio.timeout(trip.left) as clock:
                    answer = await self._send(trip, clock)
            except TimeoutError as error:
                message = f"{host} did not finish its answer within {self._total:g} s"
                raise StopError(FailureKind.TIMEOUT, message) from error
            except (httpx.HTTPError, MonitorError) as error:
                failure = failure_of_exception(error, host, self._silence)
                raise StopError(failure.kind, failure.message) from error
            trip.left -= perf_counter() - began
        if wait := hold_of(answer.status, answer.headers, trip.at):
            self._hosts.hold(host, trip.at, wait)
        return answer

    async def _send(self, trip: Trip, clock: asyncio.Timeout) -> "_Answer":
        access = trip.feed.access
        request = httpx.Request(
            "GET",
            without_login(trip.url),
            headers=trip.headers(self._user_agent),
            stream=_NOTHING,
            extensions={
                "timeout": self._timeouts,
                "proxy": access.proxy,
                "verify": access.verify,
                "ca_file": access.ca_file,
            },
        )
        response = await self._transport.handle_async_request(request)
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        try:
            return await self._read(response.status_code, response.headers, stream, trip, clock)
        finally:
            await stream.aclose()

    async def _read(
        self, status: int, headers: httpx.Headers, stream: httpx.AsyncByteStream, trip: Trip, clock: asyncio.Timeout
    ) -> "_Answer":
        """The body of a success, as sent; of other answers only the head counts."""
        if status == HTTPStatus.NOT_MODIFIED:
            async for _ in stream:
                pass  # nothing comes, but read to its end, the connection can be used again
        if not 200 <= status < 300:
            return _Answer(status, headers)
        body = bytearray()
        cut_short = False
        try:
            pieces = 0
            async for chunk in stream:
                body += chunk
                pieces += 1
                if pieces % _PIECES == 0:
                    await asyncio.sleep(0)
                if len(body) > self._max_bytes:
                    raise self._too_large(status)
                if len(body) > _LARGE and not trip.large:
                    await self._place_for_large(trip, clock)
        except (httpx.RemoteProtocolError, httpx.ReadError) as error:
            if not body:
                raise StopError(
                    FailureKind.PROTOCOL, f"the connection to {trip.url.host} broke before the document came", status
                ) from error
            cut_short = True
        return _Answer(status, headers, bytes(body), cut_short)

    async def _place_for_large(self, trip: Trip, clock: asyncio.Timeout) -> None:
        """Wait for one of the few places for large bodies; the request's own time stands still meanwhile."""
        loop = asyncio.get_running_loop()
        left = (clock.when() or loop.time()) - loop.time()
        clock.reschedule(None)
        await self._large.acquire()
        trip.large = True
        clock.reschedule(loop.time() + left)

    async def _understand(self, answer: "_Answer", trip: Trip) -> Fetched:
        headers, at = answer.headers, trip.at
        fetched = Fetched(
            trip.feed.id,
            at,
            str(without_login(trip.url)),
            answer.status,
            content_type=headers.get("content-type", ""),
            moved_to=trip.moved_to if answer.status < 400 else "",
        )
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return _unchanged(fetched, headers, trip.state, at)
        if not 200 <= answer.status < 300:
            return replace(fetched, failure=failure_of_status(answer.status, headers, at))
        body = await self._unpack(answer)
        if not body.strip():
            message = "the server answered with an empty document"
            return replace(fetched, failure=Failure(FailureKind.EMPTY, message, answer.status))
        fetched = replace(fetched, max_age=max_age(headers, at))
        if answer.cut_short:
            return replace(fetched, body=body, cut_short=True)
        known, now = trip.state.body_hash, body_hash(body)
        etag, last_modified = _validator(headers, "etag"), _validator(headers, "last-modified")
        fetched = replace(fetched, body_hash=now, etag=etag, last_modified=last_modified)
        return replace(fetched, not_modified=True) if known == now else replace(fetched, body=body)

    async def _unpack(self, answer: "_Answer") -> bytes:
        try:
            names = encodings(answer.headers)
            if len(answer.body) < _BIG_ENOUGH_FOR_A_THREAD:
                return unpack(answer.body, names, self._max_bytes, cut_short=answer.cut_short)
            return await asyncio.to_thread(unpack, answer.body, names, self._max_bytes, cut_short=answer.cut_short)
        except TooMuchError as error:
            raise self._too_large(answer.status) from error
        except RatioError as error:
            raise StopError(FailureKind.TOO_LARGE, str(error), answer.status) from error
        except UnpackError as error:
            raise StopError(FailureKind.PROTOCOL, str(error), answer.status) from error

    def _too_large(self, status: int) -> StopError:
        size = f"{self._max_bytes / _MEGABYTE:.3g} MiB"
        return StopError(FailureKind.TOO_LARGE, f"the document is larger than {size}, the limit set here", status)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One response, read to its end or to the point where it broke."""

    status: int
    headers: httpx.Headers
    body: bytes = b""
    cut_short: bool = False


def _unchanged(fetched: Fetched, headers: httpx.Headers, state: FeedState, at: datetime) -> Fetched:
    if not (state.etag or state.last_modified):
        message = "the server answered 304 Not Modified to a question that was not conditional"
        return replace(fetched, failure=Failure(FailureKind.PROTOCOL, message, fetched.status))
    return replace(
        fetched,
        not_modified=True,
        body_hash=state.body_hash,
        etag=_validator(headers, "etag") or state.etag,
        last_modified=_validator(headers, "last-modified") or state.last_modified,
        max_age=max_age(headers, at),
    )


def _validator(headers: httpx.Headers, name: str) -> str | None:
    """What can be sent back, verbatim; else None, and the body's hash tells what is new.

    With one that no request can hold, or that makes it too long for the server, the feed could not be read again.
    """
    value = headers.get(name, "")
    return value if 0 < len(value) <= _LONGEST_VALIDATOR and value.isascii() and value.isprintable() else None


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host or "the server"
    except (httpx.InvalidURL, ValueError):  # the latter from ipaddress and idna
        return "the server"
