"""Feed lists of other readers: OPML → entries for feeds.yaml, and back."""

import re
from collections.abc import Collection, Iterable, Iterator
from unicodedata import normalize
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import yaml
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from monitor.adapters.config import values
from monitor.adapters.config.kinds import origin_of
from monitor.adapters.config.yaml import plain_scalar
from monitor.core.model import FeedSpec
from monitor.errors import MonitorError


def read_opml(document: bytes, *, taken: Collection[str] = ()) -> tuple[list[FeedSpec], list[str]]:
    """The feeds of an OPML document with ids made from their titles, none among `taken`; and what was left out, why.

    Folders become `kind`. Of several entries with one address the first counts. Raises MonitorError when the
    document is no OPML.
    """
    try:
        root = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise MonitorError(f"not an OPML file: {error}") from error
    if root.tag.lower() != "opml" or (body := root.find("body")) is None:
        raise MonitorError("not an OPML file: no <opml> with a <body>")
    ids, addresses = set(taken), set[str]()
    feeds: list[FeedSpec] = []
    left_out: list[str] = []
    for outline, folder in _outlines(body, ""):
        name = outline.get("title") or outline.get("text") or ""
        try:
            url = values.web_address(outline.get("xmlUrl"))
        except values.ComplaintError as complaint:
            left_out.append(f"{name or 'an entry without title'}: {complaint}")
            continue
        if url in addresses:
            left_out.append(f"{name or url}: its address was there before")
            continue
        addresses.add(url)
        feeds.append(_feed(outline, _new_id(name, url, ids), name, url, folder))
    return feeds, left_out


def _outlines(parent: Element, folder: str) -> Iterator[tuple[Element, str]]:
    """Every feed with the folder it lies in. Depth is bounded by the parser of XML."""
    waiting = [(child, folder) for child in parent]
    while waiting:
        outline, where = waiting.pop(0)
        if outline.get("xmlUrl") is not None:
            yield outline, where
        name = outline.get("title") or outline.get("text") or where
        waiting[:0] = [(child, name) for child in outline]


def _feed(outline: Element, feed_id: str, name: str, url: str, folder: str) -> FeedSpec:
    try:
        language = values.language(outline.get("language"))
    except values.ComplaintError:
        language = None
    tags = tuple(tag.strip(" /") for tag in (outline.get("category") or "").split(",") if tag.strip(" /"))
    return FeedSpec(id=feed_id, url=url, name=name.strip(), language=language, kind=folder.strip(), tags=tags)


def feed_id(name: str, url: str) -> str:
    """An id for a feed, from its name or else its host."""
    return _new_id(name, url, set())


def _new_id(name: str, url: str, ids: set[str]) -> str:
    ascii_name = normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", ascii_name.lower())
    host = re.findall(r"[a-z0-9]+", re.sub(r"^https?://(www\.|feeds?\.|rss\.)?([^/:]*).*$", r"\2", url.lower()))
    base = "-".join(words if sum(map(len, words)) > 2 else host)[:48].strip("-") or "feed"
    found, number = base, 1
    while found in ids:
        number += 1
        found = f"{base}-{number}"
    ids.add(found)
    return found


def write_opml(feeds: Iterable[FeedSpec], *, title: str = "News monitor") -> str:
    """An OPML 2.0 document, one folder a kind. Secrets in headers are not part of it."""
    opml = Element("opml", version="2.0")
    SubElement(SubElement(opml, "head"), "title").text = title
    body = SubElement(opml, "body")
    folders: dict[str, Element] = {"": body}
    for feed in feeds:
        if feed.kind not in folders:
            folders[feed.kind] = SubElement(body, "outline", text=feed.kind, title=feed.kind)
        named = {"type": "rss", "text": feed.label, "title": feed.label, "xmlUrl": feed.url}
        known = {"language": feed.language, "category": ",".join(feed.tags)}
        SubElement(folders[feed.kind], "outline", {**named, **{name: value for name, value in known.items() if value}})
    indent(opml)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(opml, encoding="unicode") + "\n"


def write_entries(feeds: Iterable[FeedSpec]) -> str:
    """What `read_opml` and `monitor feeds try` know of feeds, as it stands in feeds.yaml."""
    entries = []
    for feed in feeds:
        fields = {"id": feed.id, "name": feed.name, **origin_of(feed), "language": feed.language, "kind": feed.kind}
        entries.append({name: value for name, value in {**fields, "tags": list(feed.tags)}.items() if value})
    return yaml.dump({"feeds": entries}, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=10_000)


class _Writer(yaml.SafeDumper):
    """Quotes what YAML 1.1 would take for something other than text (`no`), and what 1.2 would (`1e3`)."""


def _quoted(writer: _Writer, text: str) -> yaml.ScalarNode:
    style = None if isinstance(plain_scalar(text), str) else "'"
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style)


_Writer.add_representer(str, _quoted)
