"""Where the small site is: its socket, the links that lead to it, and the secret that signs them."""

import asyncio
import errno
import socket

from monitor.adapters.config import Settings
from monitor.adapters.linksecret import kept_secret
from monitor.core.tickets import Links
from monitor.errors import MonitorError

SERVER = "news-monitor"  # how the site calls itself
_PATIENCE = 5.0  # seconds in which a site of ours answers
_CAUSES = {
    errno.EADDRINUSE: "another program listens there; end it, or choose another port",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EAFNOSUPPORT: "this machine has no IPv6; 0.0.0.0 stands for all addresses of IPv4",
    errno.EACCES: "ports below 1024 are for the administrator; choose a higher one",
    errno.EPERM: "ports below 1024 are for the administrator; choose a higher one",
}


def reader_links(settings: Settings) -> Links | None:
    """The links that digests carry; None without an address that readers can reach. Raises MonitorError."""
    return Links(settings.public_url, _secret(settings)) if settings.public_url else None


def site_links(settings: Settings) -> Links:
    """The links as the site reads them, by the address it listens at where it has no public one.

    Raises MonitorError when there is no site, or its secret can't be had.
    """
    if settings.listen is None:
        raise MonitorError("there is no site: set MONITOR_LISTEN, e.g. to 127.0.0.1:8080")
    return Links(settings.public_url or f"http://{settings.listen}", _secret(settings))


def bound(settings: Settings) -> socket.socket | None:
    """A socket that listens where the settings say; `[::]` takes IPv4 as well. None without MONITOR_LISTEN.

    Raises MonitorError that says why the address can't be had.
    """
    listen = settings.listen
    if listen is None:
        return None
    six = ":" in listen.host
    both = listen.host == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server(
            (listen.host, listen.port),
            family=socket.AF_INET6 if six else socket.AF_INET,
            dualstack_ipv6=both,
        )
    except OSError as error:
        cause = _CAUSES.get(error.errno or 0, error.strerror)
        raise MonitorError(f"can't listen at {listen} (MONITOR_LISTEN): {cause}") from error


async def site_state(settings: Settings) -> str:
    """How it is with the site's address, in words: a site of ours is open there, or it is free.

    Raises MonitorError when it can't be listened at, and nothing of ours does.
    """
    try:
        place = bound(settings)
    except MonitorError:
        if await _ours(settings):
            return f"open at {settings.listen}"
        raise
    if place is None:
        return "none is wanted"
    place.close()
    return f"{settings.listen} is free; monitor run opens it"


async def _ours(settings: Settings) -> bool:
    assert settings.listen
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(settings.listen.host, settings.listen.port)
            writer.write(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = await reader.read(4096)
            writer.close()
    except (OSError, TimeoutError):
        return False
    return f"Server: {SERVER}".encode() in answer


def _secret(settings: Settings) -> bytes:
    return (settings.link_secret.reveal() if settings.link_secret else kept_secret(settings.db)).encode()
