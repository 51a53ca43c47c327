"""RSS, RDF and Atom → entries in one pass of expat: what feedparser means, at a fraction of its time.

Reads only well-formed XML without DOCTYPE, so that there is nothing to expand and nowhere to reach out to. What it is
not sure to read as feedparser does, it leaves to feedparser: see `UnsureError`.
"""

import re
from collections.abc import Callable
from urllib.parse import urljoin
from xml.parsers import expat

from monitor.adapters.parse.entries import Document, Entry, Markup
from monitor.adapters.parse.feeds.draft import Draft
from monitor.adapters.parse.feeds.hints import days_of, hours_of, ttl_of
from monitor.adapters.parse.feeds.limits import DEEPEST, MOST_ATTRIBUTES, MOST_CATEGORIES, ExcessError
from monitor.adapters.parse.feeds.names import canonical

_BASE = "http://www.w3.org/XML/1998/namespace base xml"
_LANGUAGE = "http://www.w3.org/XML/1998/namespace lang xml"
_RDF_ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns# about"
_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "xhtml": "application/xhtml+xml"}
_XHTML = "application/xhtml+xml"
_TEXTUAL = {"text/plain", "text/html", _XHTML}
_MOST_KEPT = 5_000
_ENTRY = {"item", "entry"}
_TOO_MANY_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)/+")


class UnsureError(Exception):
    """Something that feedparser may read otherwise; says what, for tests and benchmarks."""


def read_fast(text: str) -> Document:
    """The feed. Raises UnsureError, expat.ExpatError where it is not well-formed, and ExcessError."""
    return _Reader().read(text)


class _Reader:
    """One document. Expat calls `start` and `end` for each element, and appends its text to `data`."""

    __slots__ = ("author", "bases", "data", "depth_inside", "draft", "entries", "feed", "in_author", "in_feed", "kind",
                 "language", "marks", "parser", "role", "said", "skipped")  # fmt: skip

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8", " ")
        self.data: list[str] = []
        self.marks: list[int] = []  # for each open element, where its own text begins in `data`
        self.entries: list[Entry] = []
        self.feed = Draft()
        self.draft: Draft | None = None
        self.said: dict[str, list[str]] = {}  # what the feed says of itself
        self.language = ""
        self.in_feed = self.in_author = False
        self.bases: list[tuple[int, str]] = []  # xml:base, with the depth of its element
        self.depth_inside = 0  # of the element whose insides are text, or are skipped; 0: in none
        self.skipped = False
        self.role = self.kind = ""  # of the text: what it is for, and its media type

    def read(self, text: str) -> Document:
        """To be called once."""
        parser = self.parser
        parser.namespace_prefixes = parser.buffer_text = True
        parser.buffer_size = 1 << 16
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.data.append
        parser.StartDoctypeDeclHandler = self.doctype
        try:
            parser.Parse(text, True)
        except UnicodeEncodeError as error:
            raise UnsureError("lone surrogates") from error
        finally:  # object and parser hold each other: without this they would wait for the garbage collector
            parser.StartElementHandler = parser.EndElementHandler = None
            parser.CharacterDataHandler = parser.StartDoctypeDeclHandler = None
        said = {name: values[-1] for name, values in self.said.items()}
        return Document(
            entries=tuple(self.entries),
            title=self.feed.title,
            link=self.feed.chosen_link(),
            language=said.get("language") or self.language or None,
            ttl=ttl_of(said.get("ttl", ""), said.get("sy_updateperiod", ""), said.get("sy_updatefrequency", "")),
            skip_hours=hours_of(self.said.get("hour", ())),
            skip_days=days_of(self.said.get("day", ())),
            reader="fast",
        )

    def doctype(self, *_: object) -> None:
        """Nothing of a DOCTYPE is read here."""
        raise UnsureError("a DOCTYPE")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        marks = self.marks
        marks.append(len(self.data))
        if len(marks) > DEEPEST or len(attributes) > MOST_ATTRIBUTES:
            raise ExcessError
        if attributes and _BASE in attributes:
            self.bases.append((len(marks), self.resolved(attributes[_BASE])))
        begin, _, known = _ACTIONS[name]
        if self.depth_inside:
            self.start_inside(known)
        elif begin is not None:
            begin(self, known, attributes)

    def end(self, name: str) -> None:
        """An element ends; what stands directly in it, without its children, is its value."""
        marks, data = self.marks, self.data
        if self.bases and self.bases[-1][0] == len(marks):
            self.bases.pop()
        _, finish, known = _ACTIONS[name]
        if self.depth_inside:
            self.end_within(known)
            return
        mark = marks.pop()
        if finish is not None:
            finish(self, known, "".join(data[mark:]).strip())
        del data[mark:]

    # --- elements whose insides are text, or nothing ------------------------------------------------------------

    def begin_skipped(self, _: str, __: dict[str, str]) -> None:
        """The picture, the source, the search box and other people: nothing in them is the item's own."""
        self.depth_inside, self.skipped = len(self.marks), True
        if self.draft is not None:
            self.draft.title_depth = -1  # feedparser lets a title after it replace one before

    def begin_text(self, name: str, attributes: dict[str, str]) -> None:
        """Title, summary, content: elements within are mark-up of the text."""
        role, kind = _TEXTS[name]
        draft = self.draft
        if draft is not None and role in {"summary", "content"}:
            if role == "summary" and draft.summary is not None and not draft.has_content and name != "abstract":
                role, kind = "content", "text/plain"  # a second description
            if role == "content" and kind != _XHTML:
                draft.has_content = True
        if attributes:
            lower = {key.lower(): value for key, value in attributes.items()}
            kind = lower.get("type", kind).lower()
            kind = _TYPES.get(kind, kind)
            if lower.get("mode") == "base64":
                raise UnsureError("base64")
        self.role, self.kind, self.depth_inside = role, kind, len(self.marks)
        if kind == _XHTML:
            self.parser.CharacterDataHandler = self.escaped

    def escaped(self, text: str) -> None:
        """Text between elements of mark-up, kept apart from them."""
        if "&" in text or "<" in text or ">" in text:
            text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        self.data.append(text)

    def start_inside(self, name: str) -> None:
        """An element in a text, or in what is skipped."""
        if self.skipped:
            if name in _ENTRY:
                raise UnsureError("an item where none belongs")
            return
        if self.kind != _XHTML:
            if self.kind.endswith("xml"):
                raise UnsureError("XML as content")
            if name not in {"div", "xhtml_div"}:
                # It claims to be escaped mark-up, and is not: from here on text is text.
                self.kind = _XHTML
                self.parser.CharacterDataHandler = self.escaped
        self.data.append(f"<{name.rpartition('_')[2]}>")

    def end_within(self, name: str) -> None:
        """The end of a text, of what is skipped, or of an element in them."""
        if len(self.marks) == self.depth_inside:
            self.end_inside()
            self.skipped = False
            del self.data[self.marks.pop() :]
        elif self.skipped:
            del self.data[self.marks.pop() :]
        else:
            self.marks.pop()
            if self.kind == _XHTML or name in {"div", "xhtml_div"}:
                self.data.append(f"</{name.rpartition('_')[2]}>")

    def end_inside(self) -> None:
        """The text, or what was skipped, ends."""
        depth, self.depth_inside = self.depth_inside, 0
        if self.skipped:
            return
        role, kind = self.role, self.kind
        value = "".join(self.data[self.marks[-1] :]).strip()
        if kind == _XHTML:
            self.parser.CharacterDataHandler = self.data.append
        if kind not in _TEXTUAL and value and not kind.startswith("text/") and not kind.endswith(("+xml", "/xml")):
            raise UnsureError("content of another type, perhaps base64")
        if role == "title":
            if self.draft is not None:
                self.draft.take_title(value, depth)
            elif self.in_feed:
                self.feed.take_title(value, depth)
        elif role == "media_title":
            if self.draft is not None:
                self.draft.take_title(value, depth, binding=False)
        elif self.draft is None:
            return
        elif role == "summary":
            markup = Markup(value, is_html=True if kind in {"text/html", _XHTML} and "<" in value else None)
            self.draft.take_summary(markup, depth)
        elif role == "content":
            markup = Markup(value, is_html=True if kind in {"text/html", _XHTML} and "<" in value else None)
            self.draft.take_content(markup, as_summary=kind in _TEXTUAL)

    # --- elements that act when they begin ----------------------------------------------------------------------

    def begin_entry(self, _: str, attributes: dict[str, str]) -> None:
        """An item or entry."""
        if self.draft is not None:
            raise UnsureError("an item within an item")
        self.draft = Draft()
        for name, value in attributes.items():
            if name.startswith(_RDF_ABOUT):
                self.draft.guid = value
            elif name.lower() in {"lastmod", "href"}:
                raise UnsureError("CDF")

    def begin_feed(self, name: str, attributes: dict[str, str]) -> None:
        """The root, or the channel within."""
        if name in {"channel", "feed"}:
            self.in_feed = True
        for key, value in attributes.items():
            if key == _LANGUAGE or key.lower() == "lang":
                if name != "channel":
                    self.language = value
            elif key.lower() in {"lastmod", "href"}:
                raise UnsureError("CDF")

    def begin_link(self, _: str, attributes: dict[str, str]) -> None:
        """A link with its address in an attribute; otherwise it is in the text."""
        draft = self.draft or self.feed
        href = attributes.get("url") or attributes.get("uri") or attributes.get("href") or ""
        rel = attributes.get("rel", "alternate").lower()
        if href:
            href = self.resolved(href)
            kind = attributes.get("type", "text/html").lower()
            if rel == "alternate" and _TYPES.get(kind, kind) in {"text/html", _XHTML}:
                draft.link = href
        elif any(name != name.lower() for name in attributes):
            raise UnsureError("a link in capitals")
        draft.links.append((rel, href))

    def begin_enclosure(self, _: str, attributes: dict[str, str]) -> None:
        """A file that goes with the item: its link when there is no other."""
        href = attributes.get("url") or attributes.get("uri") or attributes.get("href") or ""
        (self.draft or self.feed).links.append(("enclosure", href))

    def begin_guid(self, _: str, attributes: dict[str, str]) -> None:
        """Whether the guid is a link as well."""
        draft = self.draft or self.feed
        draft.is_link = all(value == "true" for name, value in attributes.items() if name.lower() == "ispermalink")

    def begin_author(self, _: str, __: dict[str, str]) -> None:
        """A person, by text or by name and address."""
        self.in_author = True
        (self.draft or self.feed).person = ("", "")

    def begin_category(self, name: str, attributes: dict[str, str]) -> None:
        """A category by attribute."""
        if self.draft is not None:
            term = attributes.get("text" if name == "itunes_category" else "term")
            label = attributes.get("label")
            named = "scheme" in attributes or "domain" in attributes or name in {"itunes_category", "media_category"}
            if term or label or named:
                self.draft.tags.append([term or "", label or ""])

    # --- elements that act when they end ------------------------------------------------------------------------

    def end_entry(self, _: str, __: str) -> None:
        """The item is whole."""
        if self.draft is not None:
            if len(self.draft.tags) > MOST_CATEGORIES:
                raise ExcessError
            self.entries.append(self.draft.entry())
            self.draft = None

    def end_feed(self, _: str, __: str) -> None:
        """What follows the channel is not said of it."""
        self.in_feed = False

    def end_link(self, _: str, value: str) -> None:
        """A link by text."""
        draft = self.draft or self.feed
        if not value or not draft.links or draft.links[-1][1]:
            return
        value = self.resolved(value)
        draft.links[-1] = (draft.links[-1][0], value)
        draft.link = value

    def end_guid(self, _: str, value: str) -> None:
        """The identity."""
        draft = self.draft or self.feed
        if value:
            draft.take_guid(self.resolved(value) if draft.is_link else value, len(self.marks))

    def end_date(self, name: str, value: str) -> None:
        """A date, of the kind that its name says."""
        draft = self.draft
        if draft is not None and value and draft.nearer(kind := _DATES[name], len(self.marks)):
            draft.dates[kind] = value

    def end_author(self, _: str, value: str) -> None:
        """The last author is the one named."""
        self.in_author = False
        if self.draft is not None:
            self.draft.take_author(value, len(self.marks))

    def end_name(self, _: str, value: str) -> None:
        """The name of an author."""
        if self.in_author:
            draft = self.draft or self.feed
            draft.person = (value, draft.person[1])

    def end_email(self, _: str, value: str) -> None:
        """The address of an author."""
        if self.in_author:
            draft = self.draft or self.feed
            draft.person = (draft.person[0], value)

    def end_category(self, _: str, value: str) -> None:
        """A category by text."""
        if self.draft is not None and value:
            tags = self.draft.tags
            if tags and not tags[-1][0]:
                tags[-1][0] = value
            else:
                tags.append([value, ""])

    def end_keywords(self, _: str, value: str) -> None:
        """Several categories in one text."""
        if self.draft is not None:
            self.draft.tags += [[term.strip(), ""] for term in value.split(",") if term.strip()]

    def end_said(self, name: str, value: str) -> None:
        """Something the feed says of itself."""
        if self.draft is None and (self.in_feed or name.startswith("sy_")):
            self.said.setdefault(name.removeprefix("dc_"), []).append(value)

    def resolved(self, address: str) -> str:
        """An address below `xml:base`, where there is one."""
        if "///" in address:
            address = _TOO_MANY_SLASHES.sub(r"\1", address)
        if not self.bases:
            return address
        try:
            return urljoin(self.bases[-1][1], address)
        except ValueError as error:
            raise UnsureError("an address that can't be resolved") from error


_Start = Callable[[_Reader, str, dict[str, str]], None]
_End = Callable[[_Reader, str, str], None]

# What a text is for, and what it is unless it says so.
_TEXTS = {
    **dict.fromkeys(("title", "dc_title"), ("title", "text/plain")),
    "media_title": ("media_title", "text/plain"),
    **dict.fromkeys(("description", "dc_description", "media_description"), ("summary", "text/html")),
    **dict.fromkeys(("abstract", "summary", "itunes_summary"), ("summary", "text/plain")),
    **dict.fromkeys(("body", "xhtml_body"), ("content", _XHTML)),
    **dict.fromkeys(("content_encoded", "fullitem"), ("content", "text/html")),
    "content": ("content", "text/plain"),
    **dict.fromkeys(
        ("subtitle", "tagline", "itunes_subtitle", "rights", "copyright", "dc_rights", "info",
         "feedburner_browserfriendly"),
        ("", "text/plain"),
    ),
}  # fmt: skip
_DATES = {
    **dict.fromkeys(("published", "issued", "pubdate", "dcterms_issued"), 0),
    **dict.fromkeys(("created", "dcterms_created"), 1),
    **dict.fromkeys(("updated", "modified", "lastbuilddate", "dc_date", "dcterms_modified"), 2),
}
_AUTHORS = ("author", "managingeditor", "dc_author", "dc_creator", "itunes_author")
_CATEGORIES = ("category", "keywords", "dc_subject", "media_category", "itunes_category")
_STARTS: dict[str, _Start] = {
    **dict.fromkeys(_TEXTS, _Reader.begin_text),
    **dict.fromkeys(("image", "textinput", "source", "contributor", "dc_contributor"), _Reader.begin_skipped),
    **dict.fromkeys(("item", "entry"), _Reader.begin_entry),
    **dict.fromkeys(("channel", "feed", "rss", "rdf_rdf"), _Reader.begin_feed),
    **dict.fromkeys(("guid", "id"), _Reader.begin_guid),
    **dict.fromkeys(_AUTHORS, _Reader.begin_author),
    **dict.fromkeys(_CATEGORIES, _Reader.begin_category),
    "link": _Reader.begin_link,
    "enclosure": _Reader.begin_enclosure,
}
_ENDS: dict[str, _End] = {
    **dict.fromkeys(("item", "entry"), _Reader.end_entry),
    **dict.fromkeys(("channel", "feed"), _Reader.end_feed),
    **dict.fromkeys(("guid", "id"), _Reader.end_guid),
    **dict.fromkeys(_DATES, _Reader.end_date),
    **dict.fromkeys(_AUTHORS, _Reader.end_author),
    **dict.fromkeys(_CATEGORIES, _Reader.end_category),
    **dict.fromkeys(("tags", "media_keywords", "itunes_keywords"), _Reader.end_keywords),
    **dict.fromkeys(
        ("language", "dc_language", "ttl", "hour", "day", "sy_updateperiod", "sy_updatefrequency"), _Reader.end_said
    ),
    **dict.fromkeys(("name", "itunes_name"), _Reader.end_name),
    **dict.fromkeys(("email", "itunes_email"), _Reader.end_email),
    "link": _Reader.end_link,
}


class _Actions(dict[str, tuple[_Start | None, _End | None, str]]):
    """What to do where an element begins and ends, and its name; forgets all when a hostile feed has filled it."""

    def __missing__(self, name: str) -> tuple[_Start | None, _End | None, str]:
        if len(self) >= _MOST_KEPT:
            self.clear()
        known = canonical(name)
        self[name] = found = (_STARTS.get(known), _ENDS.get(known), known)
        return found


_ACTIONS = _Actions()
