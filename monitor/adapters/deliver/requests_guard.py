"""Holds `requests`, by which Apprise's services ask, to our rules: where it connects, how long, and what is noted.

Importing this puts `GuardedAdapter` in the place of the adapter that every new session of `requests` takes; nothing
else here uses that library. What is checked is what is connected to: a name is resolved once, every address of it is
looked at, and the connection is made to one of these. A proxy of the machine's is asked as its operator set it; then
only targets written as addresses can be looked at, because the proxy resolves the names.
"""

import contextlib
import ipaddress
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests
import requests.sessions
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from monitor.core.addresses import METADATA, Network, literal, refusal
from monitor.errors import AddressRefusedError

LONGEST = 256 * 1024  # bytes of an answer
TIMEOUT = (10.0, 20.0)  # seconds to connect; of silence
TOTAL = 30.0  # seconds for reading an answer, however it drips


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: a status with what was said, or the kind of failure."""

    status: int = 0
    retry_after: str = ""
    said: bytes = b""
    timeout: bool = False


@dataclass(slots=True)
class Trip:
    """What a message's requests may do, and what came of them. `over`: nobody waits for it, so nothing more is sent."""

    key: str
    allowed: Sequence[Network] = ()
    answers: list[Answer] = field(default_factory=list)
    refused: AddressRefusedError | None = None
    over: bool = False


_trip: ContextVar[Trip | None] = ContextVar("trip", default=None)


@contextlib.contextmanager
def travelling(trip: Trip) -> Iterator[None]:
    """Within it, requests of this thread belong to the trip."""
    token = _trip.set(trip)
    try:
        yield
    finally:
        _trip.reset(token)


class GuardedAdapter(HTTPAdapter):
    """Sends one request under the rules of the trip it belongs to; without a trip, to public addresses only."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Connections are made by ours."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send, and read the answer within bounds. Raises requests.RequestException and AddressRefusedError."""
        trip = _trip.get() or Trip("")
        if trip.over:
            raise requests.ConnectionError("given up")
        host = urlsplit(request.url or "").hostname or ""
        if literal(str(host)) is not None:
            _addresses(str(host), 0, trip)
        request.headers["Accept-Encoding"] = "identity"
        if trip.key and request.method != "GET":
            request.headers.setdefault("Idempotency-Key", trip.key)
        try:
            response = super().send(request, True, TIMEOUT, verify, cert, dict(proxies or {}))
            response._content = _read(response)
        except requests.Timeout:
            trip.answers.append(Answer(timeout=True))
            raise
        except requests.RequestException:
            trip.answers.append(Answer())
            raise
        said, wait = response.content, response.headers.get("Retry-After", "")
        trip.answers.append(Answer(response.status_code, wait, said[:2000]))
        return response


class _Guarded:
    """Resolves, looks at every address, and connects to one of those."""

    _dns_host: str
    port: Any

    def _new_conn(self) -> socket.socket:
        asked = self._dns_host
        failure: Exception | None = None
        for address in _addresses(asked, self.port or 0, _trip.get() or Trip("")):
            self._dns_host = address
            try:
                return super()._new_conn()  # type: ignore[misc,no-any-return]
            except urllib3.exceptions.HTTPError as error:
                failure = error
            finally:
                self._dns_host = asked
        raise failure or urllib3.exceptions.LocationParseError(asked)


class _Connection(_Guarded, HTTPConnection):
    pass


class _SecureConnection(_Guarded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls: Any = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls: Any = _SecureConnection


def _addresses(host: str, port: int, trip: Trip) -> list[str]:
    """All allowed, or AddressRefusedError, which the trip remembers should a service swallow it."""
    known = literal(host)
    found = [str(known)] if known else []
    if not found:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise requests.ConnectionError(f"no such host: {host}") from error
        found = list(dict.fromkeys(str(info[4][0]) for info in infos))
    for address in found:
        reason = refusal(ipaddress.ip_address(address), trip.allowed)
        if reason is not None:
            trip.refused = AddressRefusedError(host, address, reason, never=reason == METADATA)
            raise trip.refused
    return found


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    deadline = monotonic() + TOTAL
    try:
        while piece := response.raw.read1(8192, decode_content=False):
            body += piece
            if len(body) > LONGEST:
                raise requests.ConnectionError("the answer is too large")
            if monotonic() > deadline:
                raise requests.ReadTimeout("no whole answer in time")
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout("no whole answer in time") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise requests.ConnectionError("the answer broke off") from error
    finally:
        response.close()
    return bytes(body)


requests.sessions.HTTPAdapter = GuardedAdapter  # type: ignore[attr-defined]
