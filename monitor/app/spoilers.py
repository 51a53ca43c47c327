"""Which stories keep a digest from being written, found by halving, so that no other waits. Writes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from monitor.app.watch import Watch

T = TypeVar("T")

_TRIES = 64  # each makes the messages of a part: with one bad story among 10,000 it takes 28
_ENOUGH = 3  # stories that fail alone while none has passed: then it is no story's fault


def passing(
    stories: Sequence[T], attempt: Callable[[Sequence[T]], object]
) -> tuple[list[T], list[tuple[T, Exception]]]:
    """Of stories that failed together, those that pass, in their order, and those that fail alone, with the reason.

    `attempt` raises for a part with a bad one. What the search had no tries left for is in neither. None fails: they
    all pass in parts. None passes: the fault is not in the stories.
    """
    good: list[int] = []
    bad: list[tuple[T, Exception]] = []
    everything = range(len(stories))
    parts = [everything[1::2], everything[::2]] if len(stories) > 1 else []
    for _ in range(_TRIES):
        if not parts or (not good and len(bad) >= _ENOUGH):
            break
        part = parts.pop()
        try:
            attempt([stories[index] for index in part])
        except Exception as error:
            if len(part) == 1:
                bad.append((stories[part[0]], error))
            else:
                parts += [part[1::2], part[::2]]
        else:
            good += part
    return [stories[index] for index in sorted(good)], bad


def noted(watch: Watch, missing: int) -> Watch:
    """The same watch, with a remark for the readers of a digest that had to leave so many stories out."""
    stories, wait = ("story", "it waits") if missing == 1 else ("stories", "they wait")
    note = f"{missing:,} {stories} could not be written into this digest; {wait}, and the monitor's log says why"
    return replace(watch, remarks=(*watch.remarks, note))
