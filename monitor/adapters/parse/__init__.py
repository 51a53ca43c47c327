"""Bytes → items: any kind of source and format of feed, any encoding, well-formed or not. No network, no clock."""

from monitor.adapters.parse.document import Kind, binary_error, empty_error, kind_of, not_a_feed, without_http_head
from monitor.adapters.parse.entries import Document, items_of, language_tag
from monitor.adapters.parse.feeds.jsonfeed import read_json
from monitor.adapters.parse.feeds.xmlfeed import read_xml
from monitor.adapters.parse.kinds import read_kind
from monitor.adapters.parse.kinds.folder import read_folder
from monitor.adapters.parse.kinds.sitemap import newest_sitemap
from monitor.adapters.parse.pages.blocks import suggestions
from monitor.adapters.parse.pages.discovery import feeds_named, sitemaps_named
from monitor.adapters.parse.pages.page import read_page
from monitor.adapters.parse.text.encoding import decode
from monitor.adapters.parse.text.plain import plain_title
from monitor.core.model import FeedSpec, Fetched, Parsed, SourceKind
from monitor.errors import ParseError, ParseFault

__all__ = ["FeedParser", "feeds_named", "newest_sitemap", "page_text", "read_page", "sitemaps_named", "suggestions"]


class FeedParser:
    """Satisfies the port `Parser`. Holds nothing, so it may be used in threads and processes."""

    def parse(self, fetched: Fetched, feed: FeedSpec) -> Parsed:
        """Items in document order, each key once (of a folder, once a file), `seen_at` set to `fetched.at`.

        `feed` overrides the language, and gives the encoding and the time zone where set. Raises ParseError, which says
        what the document is when it is not a feed.
        """
        if feed.source is SourceKind.FOLDER:
            return read_folder(fetched, feed, self.parse)
        if error := binary_error(fetched.body):
            raise error
        decoded = decode(fetched.body, fetched.content_type, feed.encoding)
        if not decoded.text.strip():
            raise empty_error()
        text = without_http_head(decoded.text)
        document = read_kind(text, feed, fetched) or _read_feed(text, fetched.url or feed.url)
        if fetched.cut_short and not document.entries:
            raise ParseError("the connection broke before the first item had come", ParseFault.MALFORMED)
        items, oddities = items_of(document, feed, fetched.url or feed.url, fetched.at)
        cut = ("the connection broke in mid-document",) if fetched.cut_short else ()
        return Parsed(
            items=tuple(items),
            title=plain_title(document.title),
            language=language_tag(document.language),
            ttl=document.ttl,
            notes=(*cut, *decoded.notes, *document.notes, *oddities),
            skip_hours=document.skip_hours,
            skip_days=document.skip_days,
        )


def page_text(fetched: Fetched) -> str:
    """The text of a document that was fetched, HTML or whatever else it is."""
    return decode(fetched.body, fetched.content_type).text


def _read_feed(text: str, url: str) -> Document:
    match kind := kind_of(text):
        case Kind.JSON:
            return read_json(text)
        case Kind.XML:
            return read_xml(text)
    raise not_a_feed(text, kind, url)
