"""Items as plain JSON-ready dictionaries: what `monitor parse` writes and `monitor match` reads. Does no I/O."""

from collections.abc import Mapping
from datetime import UTC, datetime

from monitor.core.model import Item


def item_to_dict(item: Item) -> dict[str, object]:
    """Every field, always the same names; `id` is the key, times are ISO 8601 in UTC, what is unknown is None."""
    return {
        "id": item.key,
        "feed": item.feed,
        "title": item.title,
        "summary": item.summary,
        "content": item.content,
        "link": item.link,
        "guid": item.guid,
        "author": item.author,
        "language": item.language,
        "published": _written(item.published),
        "seen_at": _written(item.seen_at),
        "categories": list(item.categories),
    }


def item_from_dict(data: object) -> Item:
    """The item that a dictionary describes: `id` and `title` are needed, unknown names are passed over.

    A time without zone is taken as UTC. Raises ValueError that names the field and says what is wrong with it.
    """
    if not isinstance(data, Mapping):
        raise ValueError("not a JSON object")
    for name in ("id", "title"):
        if data.get(name) is None:
            raise ValueError(f'"{name}" is missing')
    if isinstance(data["id"], bool) or not isinstance(data["id"], str | int):
        raise ValueError('"id" must be text or a number')
    return Item(
        feed=_text(data, "feed"),
        key=_whole(str(data["id"]), "id"),
        title=_text(data, "title"),
        summary=_text(data, "summary"),
        content=_text(data, "content"),
        link=_text(data, "link"),
        guid=_text(data, "guid"),
        author=_text(data, "author"),
        language=_text(data, "language") or None,
        published=_moment(data, "published"),
        seen_at=_moment(data, "seen_at"),
        categories=_texts(data, "categories"),
    )


def _written(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _text(data: Mapping[str, object], name: str) -> str:
    found = data.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise ValueError(f'"{name}" must be text')
    return _whole(found, name)


def _whole(text: str, name: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f'"{name}" holds half a character (a lone surrogate)') from None
    return text


def _texts(data: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = data.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError(f'"{name}" must be a list of texts')
    return tuple(_whole(one, name) for one in found)


def _moment(data: Mapping[str, object], name: str) -> datetime | None:
    found = data.get(name)
    if found is None or found == "":
        return None
    try:
        moment = datetime.fromisoformat(str(found))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f'"{name}" is no ISO 8601 date, such as 2026-11-22T08:00:00Z') from None
