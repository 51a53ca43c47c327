"""Chooses the reader for kinds of source other than feeds. Pure."""

from monitor.adapters.parse.entries import Document
from monitor.adapters.parse.kinds.article import read_article
from monitor.adapters.parse.kinds.gdelt import read_gdelt
from monitor.adapters.parse.kinds.sitemap import read_sitemap
from monitor.adapters.parse.kinds.telegram import read_telegram
from monitor.adapters.parse.kinds.webpage import read_webpage
from monitor.core.model import FeedSpec, Fetched, SourceKind


def read_kind(text: str, feed: FeedSpec, fetched: Fetched) -> Document | None:
    """The document as the feed's kind of source reads it; None: it is to be read as a feed. Raises ParseError."""
    match feed.source:
        case SourceKind.HTML:
            return read_webpage(text, feed, fetched.at)
        case SourceKind.SITEMAP:
            return read_sitemap(text)
        case SourceKind.TELEGRAM:
            return read_telegram(text)
        case SourceKind.GDELT:
            return read_gdelt(text)
        case SourceKind.ARTICLE:
            return read_article(text)
    return None
