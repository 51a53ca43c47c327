"""What `only` and `except` say of feeds that no feed of the list fulfils: a slip, or a rule that never fires."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.core.model import FeedSpec
from monitor.core.rules.book import Rulebook
from monitor.core.suggest import suggestion

_OF_FEED: Mapping[str, Callable[[FeedSpec], Sequence[str | None]]] = {
    "feeds": lambda feed: (feed.id,),
    "tags": lambda feed: feed.tags,
    "countries": lambda feed: (feed.country,),
    "languages": lambda feed: (feed.language,),
}
_ONE = {"feeds": "feed", "tags": "tag", "countries": "country", "languages": "language"}


@dataclass(frozen=True, slots=True)
class Absent:
    """A value that no feed has. `path` leads to it; `what` is feeds, tags, countries or languages."""

    path: tuple[str | int, ...]
    what: str
    message: str


def absent(book: Rulebook, feeds: Sequence[FeedSpec]) -> Iterator[Absent]:
    """Every such value of the book, in its order. Languages only where each feed says its own: items may, too."""
    known = {what: {one for feed in feeds for one in of(feed) if one} for what, of in _OF_FEED.items()}
    if not all(feed.language for feed in feeds):
        known.pop("languages")
    for number, rule in enumerate(book.rules):
        for key, restriction in (("only", rule.only), ("except", rule.exclude)):
            for what, values in known.items():
                for i, value in enumerate(getattr(restriction, what)):
                    if not _is_there(what, value, values):
                        path = ("rules", number, key, what, i)
                        has = "there is no feed" if what == "feeds" else f"no feed has the {_ONE[what]}"
                        yield Absent(path, what, f"{has} {value!r}{suggestion(value, values)}")


def _is_there(what: str, value: str, values: set[str]) -> bool:
    if what == "languages":  # `zh` covers zh-Hant
        return any(one.lower() == value.lower() or one.lower().startswith(f"{value.lower()}-") for one in values)
    return value in values
