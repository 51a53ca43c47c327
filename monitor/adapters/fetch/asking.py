"""What is asked, and where: addresses, redirects, headers. Secrets go to the place they were written for only. Pure."""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import httpx

from monitor.core.feedstate import address
from monitor.core.model import Access, FailureKind, FeedSpec, FeedState

from .failures import StopError

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5"
)
_PERMANENT = frozenset({301, 308})
_NO_ADDRESS = (httpx.InvalidURL, ValueError)  # the latter from ipaddress and idna
_PLAIN = Access()


@dataclass(slots=True)
class Trip:
    """One fetch on its way through redirects."""

    feed: FeedSpec
    state: FeedState
    home: httpx.URL  # the configured address: the feed's secrets belong to its host
    start: httpx.URL  # where it began: the same, or what a lasting redirect led to
    url: httpx.URL
    at: datetime  # when the poll began; once asked, when the last turn at a host came
    left: float  # seconds of the total time
    permanent: bool = True  # every redirect so far
    cookies: httpx.Cookies | None = None  # some servers redirect in circles until theirs comes back
    seen: set[tuple[str, str]] = field(default_factory=set)
    large: bool = False  # it has one of the few places for large bodies

    @property
    def moved_to(self) -> str:
        """Where the feed is for good, if all redirects said so; no address that holds a password."""
        moved = self.permanent and self.seen and not self.url.userinfo and self.url != self.start
        return str(self.url) if moved else ""

    @classmethod
    def to(cls, feed: FeedSpec, state: FeedState, at: datetime, seconds: float) -> "Trip":
        """The way to a feed, at its beginning. Raises StopError when its address can't be asked."""
        start = web_address(address(feed, state))
        return cls(feed, state, web_address(feed.url), start, start, at, seconds)

    def follow(self, status: int, headers: httpx.Headers) -> None:
        """Go where a redirect leads. Raises StopError when that can't be followed, or was tried before."""
        self.seen.add((str(self.url), self._servers_cookies()))
        if "set-cookie" in headers:
            if self.cookies is None:
                self.cookies = httpx.Cookies()
            self.cookies.extract_cookies(
                httpx.Response(status, headers=headers, request=httpx.Request("GET", self.url))
            )
        self.permanent = self.permanent and status in _PERMANENT
        self.url = _next_address(self.url, headers.get("location", ""), status)
        if (str(self.url), self._servers_cookies()) in self.seen:
            raise StopError(FailureKind.REDIRECT, f"{self.url.host} redirects in a circle", status)

    def headers(self, user_agent: str) -> dict[str, str] | httpx.Headers:
        """Of the next request."""
        feed, state = self.feed, self.state
        headers = {
            "Host": self.url.netloc.decode("ascii"),
            "User-Agent": feed.access.user_agent or user_agent,
            "Accept": ACCEPT,
            "Accept-Encoding": "gzip, deflate, br, zstd",
        }
        if state.etag:
            headers["If-None-Match"] = state.etag
        if state.last_modified:
            headers["If-Modified-Since"] = state.last_modified
        secret = feed.headers or feed.access != _PLAIN or self.cookies is not None or self.url.userinfo
        return self._secrets(headers) if secret else headers

    def _secrets(self, headers: dict[str, str]) -> httpx.Headers:
        access, url = self.feed.access, self.url
        same = _same_place(self.home, url)
        cookies = dict(access.cookies) if same else {}
        for pair in filter(None, self._servers_cookies().split("; ")):
            name, _, value = pair.partition("=")
            cookies[name] = value
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        if same and access.bearer:
            headers["Authorization"] = f"Bearer {access.bearer}"
        elif same and (access.username or access.password):
            headers["Authorization"] = _basic(access.username, access.password)
        elif url.userinfo:
            headers["Authorization"] = _basic(url.username, url.password)
        made = httpx.Headers(headers)
        if same:
            made.update(dict(self.feed.headers))
        return made

    def _servers_cookies(self) -> str:
        if self.cookies is None:
            return ""
        request = httpx.Request("GET", self.url)
        self.cookies.set_cookie_header(request)
        return str(request.headers.get("cookie", ""))


@lru_cache(maxsize=8192)
def web_address(text: str) -> httpx.URL:
    """The address of a feed. Raises StopError when it is none that can be asked."""
    try:
        url = httpx.URL(text.strip())
    except _NO_ADDRESS as error:
        raise StopError(FailureKind.REFUSED, "the feed's address is not a proper web address") from error
    if not _is_web(url):
        raise StopError(FailureKind.REFUSED, "the feed's address must begin with http:// or https://")
    if not _port_exists(url):
        raise StopError(FailureKind.REFUSED, f"there is no port {url.port}: ports go from 1 to 65535")
    return url


def without_login(url: httpx.URL) -> httpx.URL:
    """The address as it may be shown."""
    return url.copy_with(username=None, password=None) if url.userinfo else url


def _next_address(url: httpx.URL, location: str, status: int) -> httpx.URL:
    """Where a redirect leads. Raises StopError when it can't be followed."""
    try:
        target = url.join(location) if location else None
    except _NO_ADDRESS:
        target = None
    if target is None or not _is_web(target) or not _port_exists(target):
        raise StopError(FailureKind.REDIRECT, f"{url.host} redirects to nowhere", status)
    if url.scheme == "https" and target.scheme == "http":
        message = f"{url.host} redirects from a secure address to one that is not ({target.host})"
        raise StopError(FailureKind.REDIRECT, message, status)
    return target


def _is_web(url: httpx.URL) -> bool:
    try:
        return url.scheme in {"http", "https"} and bool(url.host) and b"%" not in url.raw_host
    except _NO_ADDRESS:  # "xn--" followed by what stands for no name
        return False


def _port_exists(url: httpx.URL) -> bool:
    return url.port is None or 0 < url.port < 65536


def _same_place(one: httpx.URL, other: httpx.URL) -> bool:
    """Same host and port, for another port may be another's server; from http to https at their usual ports."""
    if one.scheme == other.scheme:
        return (one.host, one.port) == (other.host, other.port)
    return one.host == other.host and other.scheme == "https" and one.port is other.port is None


def _basic(username: str, password: str) -> str:
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode("ascii")
