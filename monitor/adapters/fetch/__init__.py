"""HTTP: asks servers for feeds, conditionally, politely and within limits. Knows nothing of what a feed is."""

from monitor.adapters.fetch.http import HttpFetcher

__all__ = ["HttpFetcher"]
