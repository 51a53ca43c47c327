"""Many small pieces of work on the store, committed together where they come together.

A commit costs more than what most polls have to write. So what is ready goes into one transaction: nothing waits to be
joined, but what becomes ready while the store is busy shares the next one.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

from monitor.app.ports import Store

T = TypeVar("T")

MOST = 100  # pieces in one transaction
LONGEST = 0.03  # seconds after which a transaction takes no further piece: others wait for the store, too


@dataclass(frozen=True, slots=True)
class _Piece:
    work: Callable[[], Any]
    done: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Result:
    piece: _Piece
    value: Any = None
    error: BaseException | None = None


class Committer:
    """Runs pieces of work on the store's `thread`, each wholly or not at all. Used within one event loop.

    A piece is a blocking call that may be made again after its transaction was undone: when anything breaks, all pieces
    of that transaction are undone and each is tried by itself, so that none suffers for another.
    """

    def __init__(self, store: Store, thread: Executor) -> None:
        self._store = store
        self._thread = thread
        self._ready: deque[_Piece] = deque()
        self._at_work = False

    async def commit(self, work: Callable[[], T]) -> T:
        """What `work` gives, once it is committed; raises what it raises. A cancelled one may yet be committed."""
        loop = asyncio.get_running_loop()
        piece = _Piece(work, loop.create_future())
        self._ready.append(piece)
        if not self._at_work:
            self._at_work = True
            loop.run_in_executor(self._thread, self._take, loop)
        result: T = await piece.done
        return result

    def _take(self, loop: asyncio.AbstractEventLoop) -> None:
        """One transaction. On the store's thread, where other calls queue up behind it and are not kept waiting."""
        taken: list[_Piece] = []
        try:
            with self._store.transaction():
                until = monotonic() + LONGEST
                results = []
                while self._ready and len(taken) < MOST and (not taken or monotonic() < until):
                    piece = self._ready.popleft()
                    if not piece.done.cancelled():
                        taken.append(piece)
                        results.append(_Result(piece, piece.work()))
        except BaseException as error:  # whatever it is, nobody must wait for ever
            if len(taken) > 1:
                results = [_alone(self._store, piece) for piece in taken]
            else:  # none: the transaction can't even begin, which is so for all
                results = [_Result(piece, error=error) for piece in taken or self._all_ready()]
        loop.call_soon_threadsafe(self._finish, loop, results)

    def _all_ready(self) -> list[_Piece]:
        return [self._ready.popleft() for _ in range(len(self._ready))]

    def _finish(self, loop: asyncio.AbstractEventLoop, results: list[_Result]) -> None:
        for result in results:
            done = result.piece.done
            if done.done():  # cancelled meanwhile
                continue
            if result.error is None:
                done.set_result(result.value)
            else:
                done.set_exception(result.error)
        self._at_work = bool(self._ready)
        if self._at_work:
            loop.run_in_executor(self._thread, self._take, loop)


def _alone(store: Store, piece: _Piece) -> _Result:
    """A piece in a transaction of its own."""
    try:
        with store.transaction():
            value = piece.work()
    except BaseException as error:
        return _Result(piece, error=error)
    return _Result(piece, value)
