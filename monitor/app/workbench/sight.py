"""An archived item as the workbench shows it: the headline with the found words marked, and little else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.core.model import Evidence, Item, Segment
from monitor.core.snippet import mark, snippet

Progress = Callable[[int], None]
STEP = 500  # items between two reports of progress


@dataclass(frozen=True, slots=True)
class Sight:
    """Enough to recognise an item by; small, because a backtest may hold many thousands."""

    item_id: int
    feed: str
    language: str
    at: datetime | None
    title: tuple[Segment, ...]
    text: tuple[Segment, ...] = ()  # where terms were found that the title lacks


def sight(item_id: int, item: Item, evidence: Sequence[Evidence]) -> Sight:
    """How an item looks with this evidence."""
    in_title = {found.term for found in evidence if found.field == "title"}
    elsewhere = any(found.term not in in_title for found in evidence)
    return Sight(
        item_id=item_id,
        feed=item.feed,
        language=language_of(item),
        at=item.dated,
        title=mark(item, "title", evidence),
        text=snippet(item, evidence) if elsewhere else (),
    )


def language_of(item: Item) -> str:
    """The language without script and region; `?` where nobody said."""
    return (item.language or "?").split("-")[0].lower()


def fits(item: Item, evidence: Sequence[Evidence]) -> bool:
    """Whether evidence still points at its words: an edit of the item may have taken them away."""
    return all(getattr(item, one.field)[one.start : one.end] == one.text for one in evidence)
