"""Work that is committed together: each piece wholly or not at all, and none suffers for another."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from monitor.app import commits
from monitor.app.commits import Committer
from monitor.errors import StoreError


@dataclass
class Ledger:
    """A store that only has transactions: what was written is kept if the outermost one ends well."""

    kept: list[str] = field(default_factory=list)
    commits: int = 0
    full: bool = False
    _open: list[str] | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self.full:
            raise StoreError("the disk is full")
        assert self._open is None, "one after another"
        self._open = []
        try:
            yield
            self.kept += self._open
            self.commits += 1
        finally:
            self._open = None

    def write(self, word: str) -> str:
        assert self._open is not None, "outside a transaction"
        self._open.append(word)
        return word.upper()


@dataclass
class Desk:
    ledger: Ledger
    thread: ThreadPoolExecutor
    committer: Committer

    def writing(self, word: str) -> Callable[[], str]:
        return lambda: self.ledger.write(word)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """The store's thread has something else to do, so that work comes together."""
        go_on = threading.Event()
        self.thread.submit(go_on.wait)
        try:
            yield
        finally:
            go_on.set()

    async def together(self, *works: Callable[[], object]) -> list[object]:
        with self.busy():
            tasks = [asyncio.create_task(self.committer.commit(work)) for work in works]
            await asyncio.sleep(0)
        return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    ledger = Ledger()
    with ThreadPoolExecutor(1) as thread:
        yield Desk(ledger, thread, Committer(ledger, thread))  # type: ignore[arg-type]


def breaking(error: BaseException) -> Callable[[], object]:
    def work() -> object:
        raise error

    return work


async def test_what_is_ready_at_once_is_committed_at_once(desk: Desk) -> None:
    assert await desk.committer.commit(desk.writing("a")) == "A"
    assert (desk.ledger.kept, desk.ledger.commits) == (["a"], 1)


async def test_what_comes_together_shares_a_transaction_in_its_order(desk: Desk) -> None:
    assert await desk.together(*map(desk.writing, "abcde")) == list("ABCDE")
    assert (desk.ledger.kept, desk.ledger.commits) == (list("abcde"), 1)


async def test_a_piece_that_breaks_takes_nothing_from_the_others(desk: Desk) -> None:
    def half() -> None:
        desk.ledger.write("half of it")
        raise ValueError("a bug")

    first, broken, last = await desk.together(desk.writing("a"), half, desk.writing("c"))
    assert (first, last) == ("A", "C")
    assert isinstance(broken, ValueError)
    assert desk.ledger.kept == ["a", "c"]


@pytest.mark.parametrize("error", [StoreError("the disk is full"), KeyboardInterrupt()])
async def test_who_waits_hears_of_every_kind_of_error(desk: Desk, error: BaseException) -> None:
    with pytest.raises(type(error)):
        await desk.committer.commit(breaking(error))
    assert await desk.committer.commit(desk.writing("next")) == "NEXT"


async def test_a_store_that_takes_nothing_fails_all_who_wait_and_takes_up_work_when_it_is_well(desk: Desk) -> None:
    desk.ledger.full = True
    assert [type(each) for each in await desk.together(*map(desk.writing, "abc"))] == [StoreError] * 3
    desk.ledger.full = False
    assert await desk.committer.commit(desk.writing("d")) == "D"


async def test_a_piece_whose_poll_was_cut_off_before_its_turn_is_not_committed(desk: Desk) -> None:
    with desk.busy():
        kept, cut_off = (asyncio.create_task(desk.committer.commit(desk.writing(word))) for word in ("kept", "cut"))
        await asyncio.sleep(0)
        cut_off.cancel()
        await asyncio.sleep(0)
    assert await kept == "KEPT"
    assert cut_off.cancelled()
    assert desk.ledger.kept == ["kept"]


async def test_a_transaction_takes_so_many_pieces_and_no_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "MOST", 2)
    await desk.together(*map(desk.writing, "abcde"))
    assert (desk.ledger.kept, desk.ledger.commits) == (list("abcde"), 3)


async def test_a_slow_piece_ends_its_transaction(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "LONGEST", 0)
    await desk.together(*map(desk.writing, "abc"))
    assert (desk.ledger.kept, desk.ledger.commits) == (list("abc"), 3)


async def test_other_calls_on_the_thread_come_between_two_transactions(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else alerts would wait until a flood of polls is over."""
    monkeypatch.setattr(commits, "MOST", 1)
    with desk.busy():
        tasks = [asyncio.create_task(desk.committer.commit(desk.writing(word))) for word in "abc"]
        await asyncio.sleep(0)
        alert = desk.thread.submit(lambda: list(desk.ledger.kept))
    await asyncio.gather(*tasks)
    assert alert.result() == ["a"]
