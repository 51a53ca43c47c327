"""New, edited or seen: compares a document's items with what the archive remembers, and says why.

It does not decide what is told of an edit; it only names what changed.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from monitor.core.headline import fold
from monitor.core.identity import normalise_link
from monitor.core.model import Decision, Item, Known, Novelty

_FIELDS = ("title", "summary", "content")


def content_hash(item: Item) -> str:
    """One digest for title, summary and content each, joined by colons; empty where the field is.

    White space and Unicode composition do not count, so a reflowed text is the same text. Three digests in
    place of one, because the archive then needs no old text to tell *what* was edited.
    """
    return ":".join(_digest(getattr(item, name)) for name in _FIELDS)


def distinct(items: Sequence[Item]) -> list[Item]:
    """The same items, with keys of their own for articles to which a feed gave one key by mistake.

    Some feeds put the same guid on everything. Two items with one key are different articles if they have
    neither headline nor link in common; all of them are then told apart by link or headline. To be used before
    the archive is asked what it knows, and stable from one poll to the next.
    """
    by_key: dict[str, list[Item]] = {}
    for item in items:
        by_key.setdefault(item.key, []).append(item)
    mistaken = {key for key, same in by_key.items() if any(_differ(same[0], other) for other in same[1:])}
    return [replace(item, key=f"{item.key}#{_mark(item)}") if item.key in mistaken else item for item in items]


def decide(items: Sequence[Item], known: Mapping[str, Known]) -> list[Decision]:
    """Judge the items of one document, in its order, against what is `known` by key.

    A key that comes twice is one item: the first copy, its gaps filled from the later ones. A feed that only
    stops carrying a summary or content has edited nothing: the item counts as seen, and its text coming back
    is no edit either.
    """
    return [_judge(item, known.get(item.key)) for item in _merged(items)]


def _differ(one: Item, other: Item) -> bool:
    links, titles = (normalise_link(one.link), normalise_link(other.link)), (fold(one.title), fold(other.title))
    return all(links) and all(titles) and links[0] != links[1] and titles[0] != titles[1]


def _mark(item: Item) -> str:
    return _digest(normalise_link(item.link) or fold(item.title))


def _judge(item: Item, before: Known | None) -> Decision:
    now = content_hash(item)
    if before is None:
        return Decision(item, Novelty.NEW, "not in the archive", now)
    old_parts, new_parts = _parts(before.content_hash), _parts(now)
    # A field that fell empty keeps its old digest: see `decide`.
    kept = ":".join(new or old for old, new in zip(old_parts, new_parts, strict=True))
    changes = [
        f"{name} {'changed' if old else 'added'}"
        for name, old, new in zip(_FIELDS, old_parts, new_parts, strict=True)
        if new and new != old
    ]
    if changes:
        # Another comma or capital in the headline is an edition to keep, but no changed headline to tell.
        retitled = bool(item.title and before.title) and fold(item.title) != fold(before.title)
        return Decision(item, Novelty.EDITED, ", ".join(changes), kept, before.id, retitled)
    reason = "unchanged" if now == before.content_hash else "unchanged, though the feed carries less of it"
    return Decision(item, Novelty.SEEN, reason, kept, before.id)


def _merged(items: Sequence[Item]) -> Iterable[Item]:
    first: dict[str, Item] = {}
    for item in items:
        first[item.key] = _filled(first[item.key], item) if item.key in first else item
    return first.values()


def _filled(item: Item, copy: Item) -> Item:
    return replace(
        item,
        title=item.title or copy.title,
        summary=item.summary or copy.summary,
        content=item.content or copy.content,
        link=item.link or copy.link,
        guid=item.guid or copy.guid,
        author=item.author or copy.author,
        language=item.language or copy.language,
        published=item.published or copy.published,
        categories=tuple(dict.fromkeys((*item.categories, *copy.categories))),
    )


def _digest(text: str) -> str:
    folded = " ".join(unicodedata.normalize("NFC", text).split())
    return blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest() if folded else ""


def _parts(digest: str) -> tuple[str, str, str]:
    title, summary, content, *_ = (*digest.split(":"), "", "", "")
    return title, summary, content
