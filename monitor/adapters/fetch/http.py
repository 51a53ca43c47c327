"""The fetcher: httpx with conditions, limits and manners. Due times and back-off are decided elsewhere."""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from time import perf_counter
from weakref import WeakValueDictionary

import httpx

from monitor.adapters.fetch.failures import failure_of_exception, failure_of_status
from monitor.adapters.fetch.headers import encodings, max_age
from monitor.adapters.fetch.unpack import TooMuchError, UnpackError, unpack
from monitor.core.identity import body_hash
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched

# These write whole addresses, secrets included, into the log of every request.
for _name in ("httpx", "httpcore", "hpack"):
    logging.getLogger(_name).setLevel(logging.WARNING)

DEFAULT_USER_AGENT = "news-monitor (feed reader)"
_MEGABYTE = 1024 * 1024
_BIG_ENOUGH_FOR_A_THREAD = 256 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5"
)
_LOOPBACK = ("all://localhost", "all://127.0.0.1", "all://[::1]")


class _StopError(Exception):
    """Ends one fetch with a failure."""

    def __init__(self, kind: FailureKind, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.failure = Failure(kind, message, status)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One response, read to its end or to the point where it broke."""

    status: int
    headers: httpx.Headers
    body: bytes = b""
    cut_short: bool = False


class HttpFetcher:
    """Gets feeds over HTTP/1.1 and HTTP/2. Satisfies the port `Fetcher`; used within one event loop.

    `timeout` is the longest silence of a server (connecting, or between two reads), `total` the longest time for
    a whole fetch with all its redirects (waiting for a free place does not count), `max_bytes` the largest body,
    packed or unpacked, `per_host` and `concurrency` how many requests are under way at one time for a host and in all.
    A `transport` takes the place of the network.
    """

    def __init__(
        self,
        *,
        user_agent: str = DEFAULT_USER_AGENT,
        timeout: timedelta = timedelta(seconds=20),
        total: timedelta = timedelta(seconds=60),
        max_bytes: int = 15 * _MEGABYTE,
        per_host: int = 2,
        concurrency: int = 32,
        max_redirects: int = 8,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._silence = timeout.total_seconds()
        self._total = total.total_seconds()
        self._max_bytes = max_bytes
        self._per_host = per_host
        self._max_redirects = max_redirects
        self._places = asyncio.Semaphore(concurrency)
        self._gates: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._client = httpx.AsyncClient(
            http2=True,
            transport=transport,
            mounts=dict.fromkeys(_LOOPBACK),  # a proxy of the environment is not for what is on this machine
            timeout=httpx.Timeout(self._silence, pool=None),
            limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
            headers={"User-Agent": user_agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate, br, zstd"},
        )
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))  # no feed is followed about

    async def fetch(self, feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        """Ask for the feed as of `at`; whatever the server does comes back as a value.

        An unchanged body (304, or 200 with the same bytes as last time) is `not_modified`. A body that broke off is
        given `cut_short`, and nothing of it is to be remembered, so that the next poll asks for all of it.
        """
        began = perf_counter()
        try:
            fetched = await self._follow(feed, state, at)
        except _StopError as stop:
            fetched = Fetched(feed.id, at, status=stop.failure.status, failure=stop.failure)
        except Exception as error:  # a feed's failure is a value, whatever it is
            failure = failure_of_exception(error, _host(feed.url), self._silence)
            fetched = Fetched(feed.id, at, failure=failure)
        return replace(fetched, elapsed=timedelta(seconds=perf_counter() - began))

    async def aclose(self) -> None:
        """Close pooled connections."""
        await self._client.aclose()

    async def _follow(self, feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        """The feed's answer, at the end of its redirects."""
        url = start = _web_address(feed.url)
        left, cookies = self._total, httpx.Cookies()  # some servers redirect in circles until theirs comes back
        for _ in range(self._max_redirects + 1):
            headers = _request_headers(feed, state, same=_same_place(start, url))
            answer, left = await self._ask(url, headers, cookies, left)
            if answer.status not in _REDIRECTS:
                return await self._understand(answer, url, feed, state, at)
            url = _next_address(url, answer)
        raise _StopError(FailureKind.REDIRECT, f"more than {self._max_redirects} redirects in a row", answer.status)

    async def _ask(
        self, url: httpx.URL, headers: dict[str, str], cookies: httpx.Cookies, left: float
    ) -> tuple[_Answer, float]:
        """One request; `left` and what is given back with the answer are the seconds that remain of the total."""
        request = self._client.build_request("GET", url, headers=headers)
        cookies.set_cookie_header(request)
        gate = self._gates.setdefault(url.host, asyncio.Semaphore(self._per_host))
        async with gate, self._places:  # in this order: who waits for a slow host takes no place from others
            began = perf_counter()
            try:
                async with asyncio.timeout(left):
                    response = await self._client.send(request, stream=True)
                    async with aclosing(response):
                        cookies.extract_cookies(response)
                        answer = await self._read(response, url)
            except TimeoutError as error:
                message = f"{url.host} did not finish its answer within {self._total:g} s"
                raise _StopError(FailureKind.TIMEOUT, message) from error
            except httpx.HTTPError as error:
                failure = failure_of_exception(error, url.host, self._silence)
                raise _StopError(failure.kind, failure.message) from error
        return answer, left - (perf_counter() - began)

    async def _read(self, response: httpx.Response, url: httpx.URL) -> _Answer:
        """The body of a success, as sent; of other answers only the head counts."""
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            await response.aread()  # nothing to read, but the connection can be used again
        if not response.is_success:
            return _Answer(response.status_code, response.headers)
        body = bytearray()
        cut_short = False
        try:
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > self._max_bytes:
                    raise self._too_large(response.status_code)
        except (httpx.RemoteProtocolError, httpx.ReadError) as error:
            if not body:
                message = f"the connection to {url.host} broke before the document came"
                raise _StopError(FailureKind.PROTOCOL, message, response.status_code) from error
            cut_short = True
        return _Answer(response.status_code, response.headers, bytes(body), cut_short)

    async def _understand(
        self, answer: _Answer, url: httpx.URL, feed: FeedSpec, state: FeedState, at: datetime
    ) -> Fetched:
        headers = answer.headers
        shown = str(url.copy_with(username=None, password=None)) if url.userinfo else str(url)
        fetched = Fetched(feed.id, at, shown, answer.status, content_type=headers.get("content-type", ""))
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return _unchanged(fetched, headers, state, at)
        if not 200 <= answer.status < 300:
            return replace(fetched, failure=failure_of_status(answer.status, headers, at))
        body = await self._unpack(answer)
        if not body.strip():
            message = "the server answered with an empty document"
            return replace(fetched, failure=Failure(FailureKind.EMPTY, message, answer.status))
        fetched = replace(fetched, max_age=max_age(headers, at))
        if answer.cut_short:
            return replace(fetched, body=body, cut_short=True)
        known, now = state.body_hash, body_hash(body)
        fetched = replace(fetched, body_hash=now, etag=headers.get("etag"), last_modified=headers.get("last-modified"))
        return replace(fetched, not_modified=True) if known == now else replace(fetched, body=body)

    async def _unpack(self, answer: _Answer) -> bytes:
        try:
            names = encodings(answer.headers)
            if len(answer.body) < _BIG_ENOUGH_FOR_A_THREAD:
                return unpack(answer.body, names, self._max_bytes, cut_short=answer.cut_short)
            return await asyncio.to_thread(unpack, answer.body, names, self._max_bytes, cut_short=answer.cut_short)
        except TooMuchError as error:
            raise self._too_large(answer.status) from error
        except UnpackError as error:
            raise _StopError(FailureKind.PROTOCOL, str(error), answer.status) from error

    def _too_large(self, status: int) -> _StopError:
        size = f"{self._max_bytes / _MEGABYTE:.3g} MiB"
        return _StopError(FailureKind.TOO_LARGE, f"the document is larger than {size}, the limit set here", status)


def _unchanged(fetched: Fetched, headers: httpx.Headers, state: FeedState, at: datetime) -> Fetched:
    if not (state.etag or state.last_modified):
        message = "the server answered 304 Not Modified to a question that was not conditional"
        return replace(fetched, failure=Failure(FailureKind.PROTOCOL, message, fetched.status))
    return replace(
        fetched,
        not_modified=True,
        body_hash=state.body_hash,
        etag=headers.get("etag", state.etag),
        last_modified=headers.get("last-modified", state.last_modified),
        max_age=max_age(headers, at),
    )


def _request_headers(feed: FeedSpec, state: FeedState, *, same: bool) -> dict[str, str]:
    """Conditions, and the feed's own headers: these may be secrets, so only for the place they were written for."""
    headers = {}
    if state.etag:
        headers["If-None-Match"] = state.etag
    if state.last_modified:
        headers["If-Modified-Since"] = state.last_modified
    return headers | (dict(feed.headers) if same else {})


def _web_address(text: str) -> httpx.URL:
    url = httpx.URL(text.strip())
    if not _is_web(url):
        raise _StopError(FailureKind.REFUSED, "the feed's address must begin with http:// or https://")
    if not _port_exists(url):
        raise _StopError(FailureKind.REFUSED, f"there is no port {url.port}: ports go from 1 to 65535")
    return url


def _next_address(url: httpx.URL, answer: _Answer) -> httpx.URL:
    """Where a redirect leads. Raises _StopError when it can't be followed."""
    location = answer.headers.get("location", "")
    try:
        target = url.join(location) if location else None
    except httpx.InvalidURL:
        target = None
    if target is None or not _is_web(target) or not _port_exists(target):
        raise _StopError(FailureKind.REDIRECT, f"{url.host} redirects to nowhere", answer.status)
    if url.scheme == "https" and target.scheme == "http":
        message = f"{url.host} redirects from a secure address to one that is not ({target.host})"
        raise _StopError(FailureKind.REDIRECT, message, answer.status)
    return target


def _is_web(url: httpx.URL) -> bool:
    return url.scheme in {"http", "https"} and bool(url.host) and b"%" not in url.raw_host


def _port_exists(url: httpx.URL) -> bool:
    return url.port is None or 0 < url.port < 65536


def _same_place(one: httpx.URL, other: httpx.URL) -> bool:
    """Same host, and not from secure to insecure."""
    return one.host == other.host and (one.scheme == other.scheme or other.scheme == "https")


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host or "the server"
    except httpx.InvalidURL:
        return "the server"
