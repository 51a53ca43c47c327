"""The small site within the daemon. It asks the store in turn with everything else, and never holds anything up."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from monitor.app.watch import Watch
from monitor.web.connections import serving
from monitor.web.handler import Site
from monitor.wiring import Service
from monitor.wiring.place import bound, site_links

__all__ = ["Site", "serving", "site"]

log = structlog.get_logger()


@asynccontextmanager
async def site(service: Service, watch: Callable[[], Watch]) -> AsyncIterator[None]:
    """The site of this service within the block, if its settings want one; `watch` gives what is in force.

    Raises MonitorError when the address can't be listened at.
    """
    place = bound(service.settings)
    if place is None:
        yield
        return
    with place:
        links = site_links(service.settings)
        host, port = place.getsockname()[:2]
        async with serving(Site(service.desk, links, watch).handle, place):
            public = service.settings.public_url or "none (MONITOR_PUBLIC_URL)"
            log.info("site open", at=f"[{host}]:{port}" if ":" in host else f"{host}:{port}", public=public)
            yield
        log.info("site closed")
