"""What a page or robots.txt says of feeds and sitemaps elsewhere. Pure; linear in the length of the text."""

import html
import re
from urllib.parse import urljoin, urlsplit

_LINK = re.compile(r"<link\b[^<>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(rel|type|href|title)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_BASE = re.compile(r"""<base\b[^<>]{0,500}?\bhref\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_SITEMAP = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_FEED_TYPES = frozenset(
    ["application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "text/rss+xml"]
)
_HEAD = 300_000
_MOST = 20
_LONGEST = 500


def feeds_named(page: str, url: str) -> list[str]:
    """The feeds that a page names in `<link rel=alternate>`, as whole addresses, each once, in its order.

    `url` is where the page was; feeds of comments come last.
    """
    head = page[:_HEAD]
    base = _BASE.search(head)
    found: dict[str, bool] = {}
    for tag in _LINK.findall(head):
        said = {name.lower(): html.unescape(a or b or c).strip() for name, a, b, c in _ATTRIBUTE.findall(tag)}
        rel = said.get("rel", "").lower().split()
        if "alternate" not in rel and "feed" not in rel:
            continue
        kind = said.get("type", "").lower().partition(";")[0]
        if kind not in _FEED_TYPES and not ("feed" in rel and not kind):
            continue
        if address := _whole(said.get("href", ""), urljoin(url, base[1]) if base else url):
            found.setdefault(address, "comment" in f"{address} {said.get('title', '')}".lower())
    return sorted(found, key=lambda address: found[address])[:_MOST]


def sitemaps_named(robots: str, url: str) -> list[str]:
    """The sitemaps that a robots.txt names, those of news first."""
    found = dict.fromkeys(filter(None, (_whole(one, url) for one in _SITEMAP.findall(robots[:_HEAD]))))
    return sorted(found, key=lambda address: "news" not in address.lower())[:_MOST]


def _whole(link: str, base: str) -> str:
    try:
        address = urljoin(base, link) if link else ""
        parts = urlsplit(address)
    except ValueError:
        return ""
    fit = parts.scheme in {"http", "https"} and parts.hostname and len(address) <= _LONGEST and address.isprintable()
    return address if fit and "@" not in parts.netloc and " " not in address else ""
