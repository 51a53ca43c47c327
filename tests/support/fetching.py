"""The fetcher as tests want it: real, allowed to ask this machine, and without pauses between two requests."""

from datetime import timedelta
from typing import Any

from monitor.adapters.fetch import HttpFetcher
from monitor.adapters.net import GuardedTransport
from monitor.core.addresses import LOOPBACK


def fetcher(**settings: Any) -> HttpFetcher:
    """A fetcher with these settings."""
    transport = settings.pop("transport", None) or GuardedTransport(LOOPBACK)
    return HttpFetcher(transport, **{"spacing": timedelta(0), **settings})
