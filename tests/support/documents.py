"""Reads documents with the parser in tests: the answer of a server, its items, or why it is no feed."""

from datetime import UTC, datetime

import pytest

from monitor.adapters.parse import FeedParser
from monitor.app.ports import Parser
from monitor.core.model import FeedSpec, Fetched, Parsed
from monitor.errors import ParseError

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
URL = "https://vesti.example/rss/all.xml"
PARSER: Parser = FeedParser()


def read(
    document: str | bytes, content_type: str = "", url: str = URL, *, cut_short: bool = False, **feed: str
) -> Parsed:
    body = document.encode() if isinstance(document, str) else document
    fetched = Fetched("vesti", AT, url, 200, body, content_type=content_type, cut_short=cut_short)
    return PARSER.parse(fetched, FeedSpec("vesti", URL, **feed))  # type: ignore[arg-type]


def refused(document: str | bytes, **how: str) -> ParseError:
    with pytest.raises(ParseError) as caught:
        read(document, **how)  # type: ignore[arg-type]
    return caught.value


def rss(*items: str, prolog: str = "") -> str:
    return f'{prolog}<rss version="2.0"><channel><title>t</title>{"".join(items)}</channel></rss>'


def titles(parsed: Parsed) -> list[str]:
    return [item.title for item in parsed.items]
