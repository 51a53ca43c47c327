"""The text of an article, out of its own page. Pure.

By resiliparse: of what surrounds an article (menus, further headlines, comments) little stays, of the article itself
nothing is lost that a rule could find. A page with `articleBody` in its metadata says its text itself.
"""

import json
import re

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from monitor.adapters.parse.document import hindrance
from monitor.adapters.parse.entries import Document, Entry, Markup
from monitor.adapters.parse.pages.tree import selected, title_of, tree_of
from monitor.adapters.parse.text.plain import html_to_text, looks_like_html, tidy
from monitor.errors import ParseError, ParseFault

LONGEST = 200_000  # characters that are kept
SHORTEST = 200  # below that it is no article, but a page that says why there is none
_SCRIPT = 500_000
_BODY = re.compile(r'"articleBody"')


def read_article(text: str) -> Document:
    """One entry, whose content is the text. Raises ParseError where the page holds no article."""
    tree = tree_of(text)
    found = extract_plain_text(
        tree, main_content=True, alt_texts=False, links=False, comments=False, list_bullets=False
    )
    said = _said_itself(text, tree)
    article = tidy(said if len(said) > max(SHORTEST, len(found) / 3) else found)[:LONGEST]
    if len(article) < SHORTEST:
        reason = hindrance(text, title_of(tree)) or "the page holds no article that could be read"
        raise ParseError(reason, ParseFault.EMPTY)
    return Document(entries=(Entry(title=title_of(tree), contents=(Markup(article, is_html=False),)),))


def _said_itself(text: str, tree: HTMLTree) -> str:
    """`articleBody` of schema.org in JSON-LD; "" where there is none."""
    if not _BODY.search(text):
        return ""
    for script in selected(tree.document, 'script[type="application/ld+json"]'):
        try:
            body = _article_body(json.loads((script.text_content or "")[:_SCRIPT], strict=False))
        except (ValueError, RecursionError):
            continue
        if body:
            return html_to_text(body) if looks_like_html(body) else body
    return ""


def _article_body(value: object, depth: int = 0) -> str:
    found: list[object] = value if isinstance(value, list) else []
    if isinstance(value, dict):
        body = value.get("articleBody")
        if isinstance(body, str):
            return body
        found = list(value.values())
    if depth < 6:
        return next((body for one in found[:100] if (body := _article_body(one, depth + 1))), "")
    return ""
