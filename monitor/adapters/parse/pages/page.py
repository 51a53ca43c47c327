"""A web page as an item: its headline and its paragraphs. For trying a rule on an article; not how feeds are read."""

import re

from monitor.adapters.parse.text.encoding import decode
from monitor.adapters.parse.text.plain import html_to_text, plain_title
from monitor.core.model import Fetched, Item

_ANY = re.DOTALL | re.IGNORECASE
_META = re.compile(r"<meta\b[^<>]*>", re.IGNORECASE)
_NAME = re.compile(r"""\b(?:property|name)\s*=\s*["']([^"']+)["']""", re.IGNORECASE)
_CONTENT = re.compile(r"""\bcontent\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^<>]*>(.*?)</title", _ANY)
_PARAGRAPH = re.compile(r"<p(?:\s[^<>]*)?>(.*?)(?=</?p[\s>]|</(?:div|article|section|body)>)", _ANY)
_LANGUAGE = re.compile(r"""<html\b[^<>]*?\blang\s*=\s*["']([A-Za-z-]+)["']""", re.IGNORECASE)


def read_page(fetched: Fetched) -> Item:
    """The page's own title and description, and the text of its paragraphs."""
    text = decode(fetched.body, fetched.content_type, None).text
    meta = _metadata(text)
    title = _TITLE.search(text)
    language = _LANGUAGE.search(text)
    return Item(
        feed="",
        key=fetched.url,
        title=plain_title(meta.get("og:title") or (title[1] if title else "")),
        summary=html_to_text(meta.get("og:description") or meta.get("description") or ""),
        content="\n".join(filter(None, (html_to_text(one) for one in _PARAGRAPH.findall(text)))),
        link=fetched.url,
        language=language[1] if language else None,
        seen_at=fetched.at,
    )


def _metadata(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in _META.findall(text):
        name, content = _NAME.search(tag), _CONTENT.search(tag)
        if name and content:
            found.setdefault(name[1].lower(), content[1] or content[2] or "")
    return found
