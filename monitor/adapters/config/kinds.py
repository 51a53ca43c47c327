"""What an entry of `feeds.yaml` says of where its news come from: feed, page, sitemap, channel, search or folder.

An entry has exactly one of the keys of `ORIGINS`.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from monitor.adapters.config import values
from monitor.adapters.config.checking import Entry, Steps, Text
from monitor.adapters.config.values import ComplaintError, shown
from monitor.core.model import Engine, FeedSpec, Fulltext, Query, Selectors, SourceKind
from monitor.core.suggest import suggestion
from monitor.errors import Problem

ORIGINS = ("url", "sitemap", "telegram", "query", "folder")
TELEGRAM = "https://t.me/s/"

_CHANNEL = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
_TELEGRAM_HOSTS = {"t.me", "telegram.me", "telegram.dog"}


def channel(value: object) -> str:
    """The address of a channel's public page: from its name, its link, or the address of a mirror's page."""
    found = values.text(value)
    name = found.removeprefix("@")
    if "/" in found:
        whole = found if "://" in found else f"https://{found}"
        parts = urlsplit(values.web_address(whole))
        if parts.hostname not in _TELEGRAM_HOSTS:
            return whole
        name = parts.path.strip("/").removeprefix("s/").partition("/")[0]
        if name.startswith("+") or name == "joinchat":
            raise ComplaintError("this is an invitation to a private channel", "only public channels have a page")
    if not _CHANNEL.fullmatch(name):
        raise ComplaintError(
            f"{shown(found)} can't be the name of a channel", "write it as in t.me/NAME: letters, digits and `_`"
        )
    return f"{TELEGRAM}{name}"


def fulltext(value: object) -> Fulltext:
    """`true`, `false` or `promising`."""
    if isinstance(value, bool):
        return Fulltext.ALWAYS if value else Fulltext.NO
    found = values.text(value).lower()
    if found in {"promising", "always", "no"}:
        return Fulltext(found)
    likely = suggestion(found, ("promising", "true", "false"))
    raise ComplaintError(f"{shown(value)} is not known here{likely}", "one of true, false, promising")


def selector(value: object) -> str:
    """A CSS selector, as the reader of pages understands it."""
    found = values.text(value)
    if not found:
        raise ComplaintError("the selector is empty", "write CSS such as div.news-item, or remove the line")
    if found.startswith(("/", "./", "(/")):
        raise ComplaintError(f"{shown(found)} is XPath", "write CSS such as div.news-item > h3")
    if fault := _css_fault(found):
        raise ComplaintError(f"{shown(found)} is no CSS selector: {fault}", "write CSS such as div.news-item > h3")
    return found


def _css_fault(text: str) -> str:
    from resiliparse.parse.html import CSSParserException, HTMLTree

    body = HTMLTree.parse("<p>").body
    assert body is not None
    try:
        body.query_selector(text)
    except CSSParserException as error:
        return str(error).rpartition("Selectors.")[2].strip()
    return ""


Selector = Annotated[str, BeforeValidator(selector)]
FulltextValue = Annotated[Fulltext, BeforeValidator(fulltext)]


class SelectorsEntry(Entry):
    """`html:`"""

    items: Selector = Field(description='the CSS of one item, such as "div.news-item"')
    title: Selector = ""
    link: Selector = "a"
    date: Selector = ""
    summary: Selector = ""


class QueryEntry(Entry):
    """`query:`"""

    engine: Annotated[Engine, BeforeValidator(lambda v: values.choice(v, Engine))] = Field(
        description="google-news or gdelt"
    )
    rule: Text = ""
    text: Text = ""
    url: Annotated[str, BeforeValidator(values.web_address)] = ""


class SourceEntry(Entry):
    """The keys of an entry that say where its news come from."""

    shape: ClassVar[str] = "id: …, url: …"

    url: Annotated[str, BeforeValidator(values.web_address)] = ""
    html: SelectorsEntry | None = None
    sitemap: Annotated[str, BeforeValidator(values.web_address)] = ""
    telegram: Annotated[str, BeforeValidator(channel)] = ""
    query: QueryEntry | None = None
    folder: Text = ""


def source_of(entry: SourceEntry, path: Steps, file: str, problems: list[Problem]) -> dict[str, Any]:
    """The fields of a FeedSpec that say where it is read, with complaints added to `problems`.

    `file` is where the entry stands: a folder is named from there.
    """
    given = [name for name in ORIGINS if getattr(entry, name)]
    if not given:
        hint = "add url: the feed's address, https://…; or sitemap, telegram, query or folder in its place"
        problems.append(Problem((*path, "url"), "`url` is missing", hint))
    for extra in given[1:]:
        message = f"`{extra}` stands beside `{given[0]}`: an entry has one of {', '.join(ORIGINS)}"
        problems.append(Problem((*path, extra), message, "keep one, or make two entries", at_key=True))
    if entry.html and given and given[0] != "url":
        message = f"`html` belongs to the `url` of a page, not to `{given[0]}`"
        problems.append(Problem((*path, "html"), message, "remove it", at_key=True))
    match given[:1]:
        case ["url"] if entry.html:
            return {"url": entry.url, "source": SourceKind.HTML, "selectors": Selectors(**entry.html.model_dump())}
        case ["sitemap"]:
            return {"url": entry.sitemap, "source": SourceKind.SITEMAP}
        case ["telegram"]:
            return {"url": entry.telegram, "source": SourceKind.TELEGRAM}
        case ["folder"]:
            folder = Path(file).parent / Path(entry.folder).expanduser()
            return {"url": Path(os.path.abspath(folder)).as_uri(), "source": SourceKind.FOLDER}  # noqa: PTH100
        case ["query"] if entry.query:
            return {"url": "", "query": _query(entry.query, (*path, "query"), problems)}
    return {"url": entry.url}


def _query(entry: QueryEntry, path: Steps, problems: list[Problem]) -> Query:
    if not entry.rule and not entry.text:
        hint = "add rule: the id of a rule, or text: words in the service's own language"
        problems.append(Problem(path, "a query asks for a rule's words, or for a text", hint))
    if entry.rule and entry.text:
        problems.append(Problem((*path, "text"), "a query has `rule` or `text`, not both", "keep one", at_key=True))
    return Query(entry.engine, entry.rule, entry.text, entry.url)


def origin_of(feed: FeedSpec) -> dict[str, Any]:
    """The keys that `source_of` reads, as they are to be written for this feed."""
    match feed.source:
        case SourceKind.HTML if feed.selectors:
            names = ("items", "title", "link", "date", "summary")
            default = Selectors("")
            chosen = {name: getattr(feed.selectors, name) for name in names}
            return {"url": feed.url, "html": {k: v for k, v in chosen.items() if v and v != getattr(default, k)}}
        case SourceKind.SITEMAP | SourceKind.TELEGRAM:
            return {feed.source.value: feed.url.removeprefix(TELEGRAM)}
    return {"url": feed.url}
