"""New files of a folder, as one tar archive → items: feeds, saved pages, plain texts. Pure.

In the archive each member is one file; one that could not be taken in is empty and says why in its pax header
`comment`. A file that can't be read keeps back only itself.
"""

import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from monitor.adapters.parse.document import Kind, binary_error, kind_of
from monitor.adapters.parse.kinds.article import read_article
from monitor.adapters.parse.pages.page import read_page
from monitor.adapters.parse.text.encoding import decode
from monitor.adapters.parse.text.plain import one_line, tidy
from monitor.core.identity import item_key
from monitor.core.model import FeedSpec, Fetched, Item, Parsed, SourceKind
from monitor.errors import ParseError, ParseFault

Parse = Callable[[Fetched, FeedSpec], Parsed]

_LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    body: bytes
    changed: datetime
    trouble: str


def read_folder(fetched: Fetched, feed: FeedSpec, parse: Parse) -> Parsed:
    """All items of all files, in the order of the files. Raises ParseError when no file could be read.

    Several files may hold one article, an older reading and a newer one, or two articles of one guid: all are given.
    """
    items: list[Item] = []
    notes: list[str] = []
    files = list(_files(fetched.body))
    plain = replace(feed, source=SourceKind.FEED, url="", selectors=None)
    for file in files:
        one = replace(fetched, body=file.body, url="", content_type="", cut_short=False)
        try:
            if file.trouble:
                raise ParseError(file.trouble)
            parsed = _read(file, one, plain, parse)
        except ParseError as error:
            notes.append(f"{file.name}: {error}")
            continue
        notes += [f"{file.name}: {note}" for note in parsed.notes]
        items += parsed.items
    if files and not items and notes:
        raise ParseError("; ".join(notes[:5]), ParseFault.MALFORMED)
    return Parsed(items=tuple(items), notes=tuple(notes))


def _files(body: bytes) -> Iterator[_File]:
    try:
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:") as archive:
            for member in archive:
                content = archive.extractfile(member)
                changed = datetime.fromtimestamp(max(0, member.mtime), UTC)
                yield _File(
                    member.name, content.read() if content else b"", changed, member.pax_headers.get("comment", "")
                )
    except tarfile.TarError as error:
        raise ParseError("the folder's new files could not be read", ParseFault.MALFORMED) from error


def _read(file: _File, fetched: Fetched, feed: FeedSpec, parse: Parse) -> Parsed:
    if error := binary_error(file.body):
        raise ParseError(str(error).replace(" in place of a feed", ": only feeds, pages and texts are read"))
    decoded = decode(file.body, "", feed.encoding)
    if not decoded.text.strip():
        raise ParseError("the file is empty", ParseFault.EMPTY)
    match kind_of(decoded.text):
        case Kind.HTML:
            item = _page(decoded.text, fetched, feed)
        case Kind.OTHER:
            title, _, rest = decoded.text.strip().partition("\n")
            item = Item(feed.id, "", one_line(title)[:_LONGEST_TITLE], content=tidy(rest))
        case _:
            return parse(fetched, feed)
    guid = f"file:{file.name}"
    item = replace(
        item,
        feed=feed.id,
        key=item_key(guid=guid, link="", title="", published=None),
        guid=guid,
        language=feed.language or item.language,
        published=item.published or file.changed,
        seen_at=fetched.at,
    )
    return Parsed(items=(item,))


def _page(text: str, fetched: Fetched, feed: FeedSpec) -> Item:
    """A saved page: its title and description, and the article in it; of a page without one, its paragraphs."""
    item = replace(read_page(fetched), link="")
    try:
        content = read_article(text).entries[0].contents[0].value
    except ParseError:
        return item
    return replace(item, content=content)
