"""The channel `atom:PATH`: an Atom file of the stories told to it, which any reader of feeds can follow."""

import asyncio
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from monitor.core.atom import DIGEST, SEVERITY, AtomEntry, AtomFeed, feed_id, feed_xml, merged, story_entry
from monitor.core.model import Delivery, Receipt
from monitor.errors import DeliveryError, DeliveryFault

from .file import MISPLACED, try_writing, write_whole

KEEP = 200  # entries; some readers take no more, and a day has fewer
LARGEST = 64 * 2**20  # bytes of a file that is read again
_ATOM = "{http://www.w3.org/2005/Atom}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class AtomChannel:
    """Keeps an Atom file at the target's path: a story is one entry, which a later digest brings up to date.

    Of a story that several digests told, the entry names them all, with the rules of all and the graver severity.

    `base` is where relative paths begin (default: the working directory). The newest `keep` entries stay. Another
    attempt at the same delivery changes nothing: entries are known by their stories.
    """

    def __init__(self, base: Path | None = None, *, keep: int = KEEP) -> None:
        self._base = base or Path()
        self._keep = keep
        self._turns: defaultdict[Path, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        """The file appears whole or not at all; the receipt names it. Raises DeliveryError."""
        path = self._base / delivery.target.address
        async with self._turns[path]:
            try:
                await asyncio.to_thread(self._update, path, delivery)
            except OSError as error:
                misplaced = isinstance(error, MISPLACED)
                mend = "choose another path or mend its rights" if misplaced else "is the disk full?"
                fault = DeliveryFault.CONFIGURATION if misplaced else DeliveryFault.TEMPORARY
                raise DeliveryError(f"atom:{path}: {error.strerror or error}; {mend}", fault) from error
        return Receipt(delivery.key, at, str(path))

    async def reach(self, address: str) -> str:
        """Try whether the file can be kept there, changing nothing; what is found. Raises DeliveryError."""
        path = self._base / address
        try:
            known = await asyncio.to_thread(_read, path)
            found = await asyncio.to_thread(try_writing, path.parent)
        except OSError as error:
            what = f"{error.strerror or error}; choose another path or mend its rights"
            raise DeliveryError(f"atom:{path}: {what}", DeliveryFault.CONFIGURATION) from error
        return f"its folder {found}" + (f"; {len(known.entries)} entries so far" if known else "")

    async def aclose(self) -> None:
        """Nothing is kept open."""

    def _update(self, path: Path, delivery: Delivery) -> None:
        digest = delivery.message.body["digest"]
        assert isinstance(digest, dict)
        told_at = datetime.fromisoformat(digest["at"])
        known = _read(path)
        identity = known.id if known else feed_id(delivery.target.address)
        named = (digest["digest"], digest["title"] or digest["digest"])
        told = [story_entry(story, feed=identity, at=told_at, digest=named) for story in digest["stories"]]
        feed = AtomFeed(
            id=identity,
            title=digest["title"] or digest["digest"],
            updated=max(told_at, known.updated) if known else told_at,
            entries=merged(known.entries if known else (), told, self._keep),
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, feed_xml(feed))


def _read(path: Path) -> AtomFeed | None:
    """The feed that stands there; None where nothing does. Raises OSError, and DeliveryError for another thing."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        root = fromstring(path.read_bytes())
        if root.tag != f"{_ATOM}feed":
            raise ValueError("it is not Atom")
        return AtomFeed(
            id=_said(root, "id"),
            title=_said(root, "title"),
            updated=datetime.fromisoformat(_said(root, "updated")),
            entries=tuple(_entry(element) for element in root.iterfind(f"{_ATOM}entry")),
        )
    except FileNotFoundError:
        return None
    except (ParseError, ValueError, DefusedXmlException) as error:
        raise DeliveryError(
            f"atom:{path}: the file that stands there is no feed of ours ({type(error).__name__}); move it away, or "
            "choose another path",
            DeliveryFault.CONFIGURATION,
        ) from error


def _entry(element: Element) -> AtomEntry:
    title, link, author = (element.find(f"{_ATOM}{name}") for name in ("title", "link", "author"))
    published = _said(element, "published")
    categories = element.findall(f"{_ATOM}category")
    return AtomEntry(
        id=_said(element, "id"),
        title=_said(element, "title"),
        updated=datetime.fromisoformat(_said(element, "updated")),
        published=datetime.fromisoformat(published) if published else None,
        link=link.get("href") if link is not None else None,
        author=_said(author, "name") if author is not None else "",
        language=title.get(_LANG) if title is not None else None,
        rules=_named(categories, None),
        digests=_named(categories, DIGEST),
        severity=next((one.get("term", "") for one in categories if one.get("scheme") == SEVERITY), ""),
        summary=_said(element, "summary"),
        content=_said(element, "content"),
    )


def _named(categories: list[Element], scheme: str | None) -> tuple[tuple[str, str], ...]:
    return tuple((one.get("term", ""), one.get("label", "")) for one in categories if one.get("scheme") == scheme)


def _said(element: Element, name: str) -> str:
    return element.findtext(f"{_ATOM}{name}") or ""
