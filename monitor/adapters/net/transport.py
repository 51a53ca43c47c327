"""The one way out: chooses the transport for each request, and lets none past the guard."""

from collections.abc import Mapping, Sequence
from urllib.request import proxy_bypass

import httpx

from monitor.adapters.net.general import GeneralTransport, Way
from monitor.adapters.net.guard import Guard, Lookup
from monitor.adapters.net.plain import DamagedError, PlainTransport
from monitor.core.addresses import LOOPBACK, Network, literal, parse_networks

_ALL = parse_networks("0.0.0.0/0, ::/0")


class GuardedTransport(httpx.AsyncBaseTransport):
    """A transport for httpx that connects to public addresses and `allowed` networks only. For one event loop.

    A request may ask for its own way by `extensions`: `proxy` (http://, https://, socks5://, with name and password
    where needed), `verify` (False: take any certificate) and `ca_file` (further authorities, PEM). `proxies` are
    those of the machine by scheme, as `urllib.request.getproxies_environment` gives them; what is on this machine
    never goes through them, and as its operator set them, the guard does not mind where they stand. `lookup` takes
    the place of the system's resolver.

    Raises AddressRefusedError, else httpx.TransportError. A proxy resolves names by itself: there the guard knows
    only targets that are written as addresses.
    """

    def __init__(
        self,
        allowed: Sequence[Network] = (),
        *,
        proxies: Mapping[str, str] | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        self._guard = Guard(allowed, lookup)
        self._open = Guard(_ALL, lookup)
        self._proxies = dict(proxies or {})
        self._plain = PlainTransport(self._guard)
        self._general = GeneralTransport(self._guard)
        self._behind = GeneralTransport(self._open)  # the machine's own proxies

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and give the answer as soon as its head is there; the body comes as it was sent."""
        asked, url = request.extensions, request.url
        self._guard.check(url.host)
        proxy: str = asked.get("proxy", "")
        machines = "" if proxy or not self._proxies else self._machines_proxy(url)
        if url.scheme == "http" and not proxy and not machines:
            try:
                return await self._plain.handle_async_request(request)
            except DamagedError:
                if request.method != "GET":
                    raise
                # A second opinion: httpcore gives what came before the damage, such as whole items of a feed.
                return await self._general.handle_async_request(request)
        way = Way(proxy or machines, asked.get("verify", True), asked.get("ca_file", ""))
        return await (self._behind if machines else self._general).send(request, way)

    async def aclose(self) -> None:
        """Close all connections."""
        for part in (self._plain, self._general, self._behind):
            await part.aclose()
        for guard in (self._guard, self._open):
            guard.close()

    def _machines_proxy(self, url: httpx.URL) -> str:
        address = literal(url.host)
        if url.host == "localhost" or any(address in network for network in LOOPBACK if address):
            return ""
        where = url.host if url.port is None else f"{url.host}:{url.port}"
        if proxy_bypass(where, self._proxies):
            return ""
        found = self._proxies.get(url.scheme) or self._proxies.get("all", "")
        return found if not found or "://" in found else f"http://{found}"
