"""Worker processes: whatever happens to one piece of work, the others go on, and no process is left behind."""

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.adapters.parse import FeedParser
from monitor.adapters.workers import Tool, Workers
from monitor.adapters.workers.pool import EQUIP_AFTER
from monitor.core.model import FeedSpec, Fetched
from monitor.errors import ParseError, ParseFault, WorkError

MEBIBYTE = 1024 * 1024
SECRET = "MONITOR_SLACK_TOKEN"


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    built = Workers(most=1, limit=60, memory=300 * MEBIBYTE)
    yield built
    await built.aclose()
    assert not built.processes


def gone(pid: int) -> bool:
    """Whether that process ended, within a while."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        with suppress(OSError):
            if (
                Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
            ):  # ended; its parent is dead or has yet to ask
                return True
        time.sleep(0.02)
    return False


async def test_calls_are_answered_by_another_process_which_is_used_again(workers: Workers) -> None:
    pids = [await workers.run(os.getpid) for _ in range(3)]
    assert len(set(pids)) == 1
    assert pids[0] != os.getpid()
    assert workers.processes == (pids[0],)


async def test_a_large_program_has_workers_of_their_own_size_which_are_used_again(workers: Workers) -> None:
    large = bytearray(b"x") * (400 * MEBIBYTE)
    pids = [await workers.run(os.getpid) for _ in range(3)]
    assert len(set(pids)) == 1
    assert len(large) == 400 * MEBIBYTE


async def test_calls_side_by_side_get_their_own_answers_from_as_many_processes_as_allowed() -> None:
    workers = Workers(most=2)
    try:
        answers = await asyncio.gather(*(workers.run(divmod, number, 7) for number in range(200)))
        assert answers == [divmod(number, 7) for number in range(200)]
        assert len(workers.processes) == 2
    finally:
        await workers.aclose()


async def test_a_document_is_read_there_with_the_same_result(workers: Workers) -> None:
    body = b"<rss version='2.0'><channel><title>Gazette</title><item><title>News</title></item></channel></rss>"
    spec = FeedSpec("gazette", "http://gazette.example/rss")
    fetched = Fetched("gazette", datetime(2026, 3, 2, tzinfo=UTC), spec.url, 200, body)
    assert await workers.run(FeedParser().parse, fetched, spec) == FeedParser().parse(fetched, spec)


async def test_large_bodies_come_and_go_whole(workers: Workers) -> None:
    body = os.urandom(20 * MEBIBYTE)
    assert await workers.run(bytes.swapcase, body) == body.swapcase()


async def test_an_error_comes_back_as_it_is(workers: Workers) -> None:
    fetched = Fetched("gazette", datetime(2026, 3, 2, tzinfo=UTC), status=200, body=b"  ")
    with pytest.raises(ParseError, match="empty") as caught:
        await workers.run(FeedParser().parse, fetched, FeedSpec("gazette", ""))
    assert caught.value.fault is ParseFault.EMPTY
    (pid,) = workers.processes
    assert await workers.run(os.getpid) == pid, "an error is no reason to start anew"


def local_error() -> None:
    class LocalError(Exception):
        pass

    raise LocalError("only its words can travel")


async def test_an_error_that_cannot_travel_comes_back_in_words(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    with pytest.raises(RuntimeError, match="LocalError: only its words can travel"):
        await workers.run(local_error)


@pytest.mark.parametrize(
    ("call", "arguments", "words"),
    [
        (os._exit, (3,), "ended with status 3"),
        (os.abort, (), f"ended by signal {signal.SIGABRT:d}"),
        (bytearray, (600 * MEBIBYTE,), "more than the 300 MiB of memory"),
    ],
)
async def test_what_ends_a_process_is_the_failure_of_one_call_only(
    workers: Workers, call: Callable[..., object], arguments: tuple[int, ...], words: str
) -> None:
    deadly, *others = await asyncio.gather(
        workers.run(call, *arguments), *(workers.run(abs, -number) for number in range(5)), return_exceptions=True
    )
    assert isinstance(deadly, WorkError)
    assert words in str(deadly)
    assert others == list(range(5))


async def test_a_call_that_takes_too_long_is_cut_off_and_the_next_one_is_answered() -> None:
    workers = Workers(most=1, limit=0.3)
    try:
        with pytest.raises(WorkError, match=r"took longer than 0\.3 s"):
            await workers.run(time.sleep, 100)
        assert await workers.run(abs, -1) == 1
    finally:
        await workers.aclose()


async def test_a_process_killed_while_it_rests_is_replaced(workers: Workers) -> None:
    pid = await workers.run(os.getpid)
    os.kill(pid, signal.SIGKILL)
    found = pid
    while found == pid:  # our side hears of it in one of the next turns of the loop
        with suppress(WorkError):
            found = await workers.run(os.getpid)
    assert workers.processes == (found,)


def scale(unit: int | None, number: int) -> tuple[int | None, int]:
    """For calls with a tool."""
    return unit, number


class Late:
    """Takes its time to be unpickled, or never is."""

    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self._recipe = (call, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._recipe


async def with_tool(workers: Workers, tool: Tool, calls: int) -> list[tuple[int | None, int]]:
    return [await workers.run_with(tool, scale, number) for number in range(calls)]


async def test_a_tool_is_built_in_a_process_that_is_busy_and_another_takes_its_place(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    answers = await with_tool(workers, Tool("seven", pickle.dumps(7)), EQUIP_AFTER + 3)
    assert answers == [(7 if number >= EQUIP_AFTER else None, number) for number in range(EQUIP_AFTER + 3)]
    assert await with_tool(workers, Tool("eight", pickle.dumps(8)), 2) == [(8, 0), (8, 1)]
    assert await workers.run(abs, -1) == 1
    assert len(workers.processes) == 1


@pytest.mark.parametrize(
    "tool",
    [Late(int, "no number"), Late(os._exit, 3), Late(time.sleep, 100), Late(bytearray, 600 * MEBIBYTE)],
    ids=["an error", "the end of the process", "too long", "too large"],
)
async def test_a_tool_that_cannot_be_built_costs_no_call(tool: Late, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    workers = Workers(most=1, limit=2, memory=300 * MEBIBYTE)
    try:
        answers = await with_tool(workers, Tool("broken", pickle.dumps(tool)), 2 * EQUIP_AFTER + 2)
        assert answers == [(None, number) for number in range(2 * EQUIP_AFTER + 2)]
    finally:
        await workers.aclose()


async def test_a_call_that_nobody_waits_for_any_more_is_ended_with_its_process(workers: Workers) -> None:
    pid = await workers.run(os.getpid)
    call = asyncio.create_task(workers.run(time.sleep, 100))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await asyncio.to_thread(gone, pid)
    assert await workers.run(abs, -1) == 1


async def test_a_call_given_up_while_its_process_starts_leaves_no_process(workers: Workers) -> None:
    task = asyncio.create_task(workers.run(time.sleep, 60))
    for _ in range(10):
        if workers.processes:
            break
        await asyncio.sleep(0)
    (process,) = workers.processes

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert workers.processes == ()
    assert await asyncio.to_thread(gone, process)


async def test_a_process_without_work_is_ended_after_a_while() -> None:
    workers = Workers(most=1, idle=0.05)
    try:
        pid = await workers.run(os.getpid)
        assert await asyncio.to_thread(gone, pid)
        assert await workers.run(abs, -1) == 1
    finally:
        await workers.aclose()


async def test_closing_ends_what_is_under_way() -> None:
    workers = Workers(most=1)
    pid = await workers.run(os.getpid)
    call = asyncio.create_task(workers.run(time.sleep, 100))
    await asyncio.sleep(0)
    await asyncio.wait_for(workers.aclose(), 20)
    assert await asyncio.to_thread(gone, pid)
    with pytest.raises(WorkError):
        await call


async def test_a_stop_of_the_whole_group_leaves_the_work_under_way_to_finish(workers: Workers) -> None:
    pid = await workers.run(os.getpid)
    call = asyncio.create_task(workers.run(time.sleep, 0.2))
    for signum in (signal.SIGTERM, signal.SIGINT):
        await asyncio.sleep(0)
        os.kill(pid, signum)
    assert await call is None
    assert await workers.run(os.getpid) == pid


async def test_our_secrets_are_not_in_its_environment(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, "a secret")
    assert await workers.run(os.getenv, SECRET) is None


@pytest.mark.parametrize("working", [False, True], ids=["resting", "in the middle of a call"])
def test_no_process_outlives_the_one_that_started_it_however_that_ends(working: bool) -> None:
    program = f"""
import asyncio, os, time
from monitor.adapters.workers import Tool, Workers
from monitor.adapters.workers.pool import EQUIP_AFTER
async def main():
    workers = Workers(most=1, limit=600, idle=600)
    print(await workers.run(os.getpid), flush=True)
    await (workers.run(time.sleep, 300) if {working} else asyncio.sleep(300))
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        time.sleep(0.2)  # the call is under way
        parent.kill()
    assert gone(pid)
