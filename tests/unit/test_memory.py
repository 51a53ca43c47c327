"""Memory of a process that runs for months."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from monitor.wiring import memory


class Circle:
    """Only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def unfrozen() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("unfrozen")
def test_what_is_built_is_taken_out_of_the_collectors_rounds_and_what_was_replaced_is_collected() -> None:
    memory.settle()
    assert gc.get_freeze_count() > 0
    replaced = Circle()
    gone = weakref.ref(replaced)
    memory.settle()
    assert gone() is replaced
    del replaced
    memory.settle()
    assert gone() is None


async def test_free_memory_is_given_back_now_and_then_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    enough = asyncio.Event()
    loop = asyncio.get_running_loop()

    def trim(pad: int) -> None:
        given.append(pad)
        if len(given) == 2:
            loop.call_soon_threadsafe(enough.set)

    monkeypatch.setattr(memory, "EVERY", 0.001)
    monkeypatch.setattr(memory, "_trim", lambda: trim)
    before = len(asyncio.all_tasks())
    async with memory.giving_back():
        await asyncio.wait_for(enough.wait(), 20)
    assert len(asyncio.all_tasks()) == before


def test_the_c_library_at_hand_takes_the_call() -> None:
    memory._trim()(0)
