"""The way out of Apprise's services: every session of `requests` goes through the guard, within bounds."""

import gzip
import socket
from typing import Any

import pytest
import requests
from support.http_server import HttpServer, Reply, redirect

from monitor.adapters.deliver import requests_guard
from monitor.adapters.deliver.requests_guard import GuardedAdapter, Trip, travelling
from monitor.core.addresses import LOOPBACK
from monitor.errors import AddressRefusedError


def addresses(*found: str) -> Any:
    """A resolver that knows one answer."""

    def lookup(host: str, port: int, **more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    return lookup


def test_every_new_session_is_guarded() -> None:
    assert type(requests.Session().get_adapter("https://a.example")) is GuardedAdapter
    with HttpServer() as server, pytest.raises(AddressRefusedError):
        requests.get(server.url("/"), timeout=1)


def test_a_request_is_noted_and_carries_the_key() -> None:
    with HttpServer() as server:
        server.script("/", Reply(503, b"busy", {"Retry-After": "9"}))
        with travelling(trip := Trip("key-1", LOOPBACK)):
            assert requests.post(server.url("/"), data=b"x", timeout=1).text == "busy"
        assert server.requests[0].headers["idempotency-key"] == "key-1"
    (answer,) = trip.answers
    assert (answer.status, answer.retry_after, answer.said) == (503, "9", b"busy")


@pytest.mark.parametrize("found", [("127.0.0.1",), ("93.184.216.34", "10.0.0.7"), ("169.254.169.254",)])
def test_a_name_with_one_inner_address_is_refused(monkeypatch: pytest.MonkeyPatch, found: tuple[str, ...]) -> None:
    monkeypatch.setattr(requests_guard.socket, "getaddrinfo", addresses(*found))
    with travelling(trip := Trip("key")), pytest.raises(AddressRefusedError):
        requests.post("http://inner.example/", timeout=1)
    assert trip.refused is not None


def test_what_is_checked_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name answers something else at the second question, which is never asked."""
    with HttpServer() as server:
        server.script("/", Reply(200))
        asked: list[str] = []
        real = socket.getaddrinfo

        def lookup(host: str, port: int, *rest: Any, **more: Any) -> Any:
            if host == "rebinding.example":
                asked.append(host)
                return addresses("127.0.0.1" if len(asked) == 1 else "10.0.0.7")(host, port)
            return real(host, port, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        with travelling(Trip("key", LOOPBACK)):
            assert requests.get(f"http://rebinding.example:{server.port}/", timeout=1).status_code == 200
        assert server.requests[0].headers["host"] == f"rebinding.example:{server.port}"
    assert len(asked) == 1


def test_a_redirect_inside_is_refused_as_well() -> None:
    with HttpServer() as server, travelling(Trip("key", LOOPBACK)):
        server.script("/", redirect("http://10.0.0.7/"))
        with pytest.raises(AddressRefusedError):
            requests.get(server.url("/"), timeout=1)


def test_nothing_is_sent_once_nobody_waits_for_it() -> None:
    with HttpServer() as server:
        server.script("/", Reply(200))
        trip = Trip("key", LOOPBACK, over=True)
        with travelling(trip), pytest.raises(requests.ConnectionError, match="given up"):
            requests.post(server.url("/"), timeout=1)
        assert server.requests == []


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(200, b"x" * 300_000), "a large answer"),
        (Reply(200, b"x" * 9_000, endless=True), "an endless answer"),
        (Reply(200, b"x" * 50, drip=0.05), "an answer that drips"),
        (Reply(200, b"x", length=400, cut_after=1), "an answer that breaks off"),
    ],
)
def test_no_answer_is_read_without_bound(monkeypatch: pytest.MonkeyPatch, reply: Reply, reason: str) -> None:
    monkeypatch.setattr(requests_guard, "TOTAL", 0.5)
    with HttpServer() as server, travelling(trip := Trip("key", LOOPBACK)):
        server.script("/", reply)
        with pytest.raises(requests.RequestException):
            requests.get(server.url("/"), timeout=1)
    assert [answer.status for answer in trip.answers] == [0], reason


def test_a_packed_answer_is_not_unpacked() -> None:
    with HttpServer() as server, travelling(Trip("key", LOOPBACK)):
        server.script("/", Reply(200, gzip.compress(b" " * 5_000_000), {"Content-Encoding": "gzip"}))
        assert len(requests.get(server.url("/"), timeout=1).content) < 10_000
        assert server.requests[0].headers["accept-encoding"] == "identity"
