"""A digest too heavy for one email becomes several, each complete in itself. Pure; the weighing is passed in."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from .shapes import DigestView, StoryView

Weigh = Callable[[DigestView], int]


def split(view: DigestView, limit: int, weigh: Weigh, most: int | None = None) -> list[DigestView]:
    """The digest in as few parts as keep each below `limit` bytes by `weigh`, in order, nothing left out.

    No parts at all, if there would have to be more than `most`.

    Stories stay whole where they can; the reports of one that is too heavy alone go on in the next part. What
    can't be made lighter (the view's limits leave no such story) is sent as it is rather than dropped.
    """
    pages: list[tuple[StoryView, ...]] = []
    rest = view.stories
    while rest or not pages:
        if len(pages) == most:
            return []
        page, rest = _fill(view, rest, limit, first=not pages, weigh=weigh)
        pages.append(page)
    if _weight(view, pages[-1], first=len(pages) == 1, last=True, weigh=weigh) > limit and pages[-1]:
        pages.append(())  # the foot alone
    if most is not None and len(pages) > most:
        return []
    return [_part(view, page, number, len(pages)) for number, page in enumerate(pages, 1)]


def opening(view: DigestView, limit: int, weigh: Weigh) -> DigestView:
    """One message that begins the digest, with its foot, in at most `limit` bytes by `weigh`: as many stories as fit.

    For where the whole digest goes along in another form; of a first story too heavy alone the reports are cut.
    """

    def fits(stories: Sequence[StoryView]) -> bool:
        return weigh(_part(view, stories, 1, 1)) <= limit

    taken = _most(len(view.stories), lambda n: fits(view.stories[:n]))
    if taken or not view.stories:
        return _part(view, view.stories[:taken], 1, 1)
    story = view.stories[0]
    most = _most(len(story.carriers), lambda n: fits([replace(story, carriers=story.carriers[:n])]))
    return _part(view, [replace(story, carriers=story.carriers[:most])] if most else [], 1, 1)


def _part(view: DigestView, stories: Sequence[StoryView], part: int, parts: int) -> DigestView:
    return replace(
        view, stories=tuple(stories), part=part, parts=parts, anchors=frozenset(story.anchor for story in stories)
    )


def _weight(view: DigestView, stories: Sequence[StoryView], *, first: bool, last: bool, weigh: Weigh) -> int:
    """As a first, middle or last part; how many parts there will be is not known yet, two digits stand for it."""
    part, parts = (1 if first else 98), (1 if first and last else 98 if last else 99)
    return weigh(_part(view, stories, part, parts))


def _fill(
    view: DigestView, stories: tuple[StoryView, ...], limit: int, *, first: bool, weigh: Weigh
) -> tuple[tuple[StoryView, ...], tuple[StoryView, ...]]:
    """As many stories as fit into a part, and what is left over."""

    def fits(some: Sequence[StoryView]) -> bool:
        return _weight(view, some, first=first, last=False, weigh=weigh) <= limit

    taken = _most(len(stories), lambda n: fits(stories[:n]))
    if taken:
        return stories[:taken], stories[taken:]
    if first:
        return (), stories  # the glance alone
    story, after = stories[0], stories[1:]
    if len(story.carriers) < 2:
        return (story,), after
    most = _most(len(story.carriers) - 1, lambda n: fits([replace(story, carriers=story.carriers[:n])]))
    taken = max(1, most)
    tail = replace(story, carriers=story.carriers[taken:], continued=True)
    return (replace(story, carriers=story.carriers[:taken]),), (tail, *after)


def _most(top: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `top` that fits, 0 if not even 1 does; found by doubling, then halving."""
    low, high = 0, min(1, max(0, top))
    while low < high and fits(high):
        low, high = high, min(2 * high, top)
    while low < high:
        middle = (low + high) // 2  # `high` is known not to fit
        if middle == low:
            break
        if fits(middle):
            low = middle
        else:
            high = middle
    return low
