"""The list of articles that GDELT's DOC 2.0 API gives (`mode=artlist&format=json`) → entries. Pure.

Its complaints come as plain text with status 200, such as “Your query was too short or too long.”
"""

import json
from typing import Any

from monitor.adapters.parse.entries import Document, Entry
from monitor.errors import ParseError, ParseFault

_REFUSALS = (
    ("limit requests", "it asks for fewer requests: one every 5 seconds"),
    ("too short or too long", "it finds the query too short or too long"),
    ("phrase that was too short", "it finds a phrase of the query too short"),
    ("surrounded by ()", "it wants words with OR between them in brackets"),
    ("parentheses", "it finds brackets in the query where none may be"),
)


def read_gdelt(text: str) -> Document:
    """Articles in the order given. No article is an empty list, not a failure. Raises ParseError for a refusal."""
    if not text.lstrip().startswith("{"):
        reason = next((words for sign, words in _REFUSALS if sign in text.lower()), "its answer is no JSON")
        raise ParseError(f"GDELT does not answer the query: {reason}")
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise ParseError("GDELT's answer is broken JSON", ParseFault.MALFORMED) from error
    articles = value.get("articles") if isinstance(value, dict) else None
    found = [one for one in articles if isinstance(one, dict)] if isinstance(articles, list) else []
    return Document(entries=tuple(map(_entry, found)), title="GDELT")


def _entry(article: dict[str, Any]) -> Entry:
    # `seendate` is when GDELT saw the article, at most some quarter of an hour after it came out: the only date given.
    return Entry(
        title=_text(article, "title"),
        link=_text(article, "url"),
        author=_text(article, "domain"),
        dates=(_text(article, "seendate"),),
    )


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""
