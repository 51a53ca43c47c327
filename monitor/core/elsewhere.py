"""How a feed's other addresses are asked: its articles, the sitemap that its index names. Pure."""

from dataclasses import replace
from urllib.parse import urlsplit

from monitor.core.model import FeedSpec


def elsewhere(feed: FeedSpec, url: str) -> FeedSpec:
    """The feed with this address: approached alike, but what may be secret goes to the feed's own site only.

    A site is a host and port; from a secure address nothing secret goes to one that is not.
    """
    try:
        own, other = urlsplit(feed.url), urlsplit(url)
        at_home = own.hostname == other.hostname and own.port == other.port
        kept = at_home and (own.scheme == other.scheme or other.scheme == "https")
    except ValueError:  # no address, as a feed may well link to; whoever asks will say so
        at_home = kept = False
    if kept:
        return replace(feed, url=url)
    access = replace(feed.access, cookies={}, username="", password="", bearer="")
    return replace(feed, url=url, headers={}, access=access, encoding=feed.encoding if at_home else None)
