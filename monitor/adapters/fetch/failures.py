"""Puts what went wrong on the way to a server into words for the operator. Pure.

No message holds an address, a header or anything a server wrote: those may carry secrets.
"""

import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

import httpx

from monitor.adapters.fetch.headers import retry_after
from monitor.core.model import Failure, FailureKind
from monitor.core.polling import FLOOR
from monitor.errors import AddressRefusedError

_THROTTLING = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_HINTS = {
    400: "it does not understand the request; try the address in a browser",
    401: "it asks for a login (`auth`), or refuses the one that it got",
    403: "it refuses this program by its user agent, or this network",
    404: "the feed is not at this address; look for its new one",
    406: "it has no form of the document that was asked for",
    451: "it is not allowed to show this page here",
}


class StopError(Exception):
    """Ends one fetch with a failure."""

    def __init__(self, kind: FailureKind, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.failure = Failure(kind, message, status)


def failure_of_hold(host: str, wait: timedelta) -> Failure:
    """For a host that was not asked, because it wants to be left alone for so much longer."""
    message = f"{host} wants to be left alone for another {_words(wait)}, and was not asked"
    return Failure(FailureKind.THROTTLED, message, retry_after=wait)


def hold_of(status: int, headers: Mapping[str, str], at: datetime) -> timedelta | None:
    """For how long the whole host wants to be left alone, by its answer; None: it does not say so.

    Too many requests without a time is a wish, too: those that wait for their turn shall not go on asking.
    """
    if status not in _THROTTLING:
        return None
    asked = retry_after(headers, at)
    return FLOOR if asked is None and status == HTTPStatus.TOO_MANY_REQUESTS else asked


def failure_of_status(status: int, headers: Mapping[str, str], at: datetime) -> Failure:
    """For any status that is neither a success, nor 304, nor a redirect."""
    answer = f"the server answered {status}{_phrase(status)}"
    wait = retry_after(headers, at)
    if status == HTTPStatus.GONE:
        return Failure(FailureKind.GONE, f"{answer}: the feed was taken down for good", status)
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None):
        when = f"; it asks to wait {_words(wait)}" if wait is not None else ""
        return Failure(FailureKind.THROTTLED, f"{answer}{when}", status, wait)
    hint = _HINTS.get(status) or ("its own fault, it may pass" if status >= 500 else "")
    return Failure(FailureKind.HTTP, f"{answer}: {hint}" if hint else answer, status, wait)


def failure_of_exception(error: Exception, host: str, longest_silence: float) -> Failure:
    """For whatever httpx raised while talking to `host`; `longest_silence` in seconds is the limit that was set."""
    causes = list(_chain(error))
    if refused := next((cause for cause in causes if isinstance(cause, AddressRefusedError)), None):
        return Failure(FailureKind.REFUSED, f"not asked: {refused}")
    seconds = f"{longest_silence:g} s"
    match error:
        case httpx.ConnectTimeout():
            return Failure(FailureKind.TIMEOUT, f"no connection to {host} within {seconds}")
        case httpx.TimeoutException():
            return Failure(FailureKind.TIMEOUT, f"{host} was silent for {seconds}")
        case httpx.ConnectError() if any(isinstance(c, socket.gaierror) for c in causes):
            return Failure(FailureKind.DNS, f"the name {host} can't be resolved")
        case httpx.TransportError() if tls := next((c for c in causes if isinstance(c, ssl.SSLError)), None):
            return Failure(FailureKind.TLS, f"no secure connection to {host}: {_tls_words(tls)}")
        case httpx.ConnectError():
            return Failure(FailureKind.CONNECT, f"no connection to {host}: {_connect_words(causes)}")
        case httpx.NetworkError():
            return Failure(FailureKind.CONNECT, f"the connection to {host} broke before an answer came")
        case httpx.ProxyError():
            return Failure(FailureKind.CONNECT, f"the proxy did not let the request to {host} through")
        case httpx.RemoteProtocolError() if "disconnected" in str(error).lower():  # as both transports put it
            return Failure(FailureKind.PROTOCOL, f"{host} closed the connection without a proper answer")
        case httpx.ProtocolError():
            return Failure(FailureKind.PROTOCOL, f"{host} does not answer in proper HTTP")
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return Failure(FailureKind.REFUSED, "the feed's address is not a proper web address")
        case FileNotFoundError() | PermissionError():
            return Failure(FailureKind.REFUSED, "the file of `tls: ca_file:` can't be read")
        case ssl.SSLError():
            return Failure(FailureKind.REFUSED, "the file of `tls: ca_file:` holds no certificates in PEM form")
    return Failure(FailureKind.INTERNAL, f"unexpected {type(error).__name__} while asking {host}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        if isinstance(error, BaseExceptionGroup):
            for inner in error.exceptions:
                yield from _chain(inner)
        error = error.__cause__ or error.__context__


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({error.verify_message})"
    reason = getattr(error, "reason", None) or "the handshake failed"
    if reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
        return "there is no TLS at that port; perhaps the address begins with http://"
    return reason.replace("_", " ").lower()


def _connect_words(causes: list[BaseException]) -> str:
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "nothing listens there"
    words = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    return words[-1].lower() if words else "it did not come about"


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""


def _words(wait: timedelta) -> str:
    seconds = round(wait.total_seconds())
    for size, name in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {name}"
    return f"{seconds} s"
