"""Memory of a process that runs for months: what stays is looked through once, what is free goes back to the system."""

import asyncio
import ctypes
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache

EVERY = 20.0  # seconds


def settle() -> None:
    """Take what is built out of the garbage collector's view.

    The compiled rules are some hundred thousand objects that stay; looking through them again and again took a fifth of
    the time of a poll, and a fifth of a second at one go, in which nothing else happens.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def giving_back() -> AsyncIterator[None]:
    """Give free memory back to the system now and then, within this block.

    After a burst of polls, glibc keeps what was freed, scattered among what is in use: 60 MB after 5,000 feeds.
    """

    async def work() -> None:
        while True:
            await asyncio.sleep(EVERY)
            await asyncio.to_thread(_trim(), 0)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@cache
def _trim() -> Callable[[int], object]:
    """`malloc_trim`, or nothing where the C library has none. Called without the interpreter's lock."""
    trim: Callable[[int], object] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim or (lambda _: None)
