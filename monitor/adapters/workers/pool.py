"""A few worker processes, started when there is work and ended when there was none for a while."""

import asyncio
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from monitor.adapters.workers.worker import HEAD
from monitor.errors import WorkError

T = TypeVar("T")
EQUIP_AFTER = 8  # calls, after which a process is busy enough for a tool that takes a while to build
_Answer = tuple[Any, Exception | None, bool]

_START = (
    "import sys; sys.path[:] = sys.argv[4:]; from monitor.adapters.workers.worker import main; "
    "main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))"
)
_MEGABYTE = 1024 * 1024
_LAST_BREATH = 2.0  # seconds in which a process whose socket is closed must be gone


@dataclass(frozen=True, slots=True)
class Tool:
    """Something costly that calls work with, told apart by `name`. `body` is its pickle, and loading that builds it."""

    name: str
    body: bytes


class Workers:
    """Runs calls in worker processes. Used within one event loop.

    `most` is how many processes there are at most, `limit` the seconds that one call may take, `memory` the bytes that
    a process may use, `idle` the seconds after which a process without work is ended.
    """

    def __init__(
        self, *, most: int = 2, limit: float = 30.0, memory: int = 1024 * _MEGABYTE, idle: float = 20.0
    ) -> None:
        self._places = asyncio.Semaphore(most)
        self._limit = limit
        self._memory = memory
        self._idle_for = idle
        self._free: list[_Worker] = []  # the one that worked last is taken first, so that others come to their end
        self._all: set[_Worker] = set()
        self._useless = ""  # the tool that could not be built
        self._ends: set[asyncio.Task[int]] = set()

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the processes there are at present."""
        return tuple(worker.process.pid for worker in self._all)

    async def run(self, call: Callable[..., T], *arguments: object) -> T:
        """What `call` gives or raises, from another process; it must be importable there, and all must be picklable.

        Raises WorkError when it took too long or too much memory, or when its process ended for another reason or could
        not be started.
        """
        return await self._run(call, arguments, None)

    async def run_with(self, tool: Tool, call: Callable[..., T], *arguments: object) -> T:
        """`run`, with what the tool was unpickled to before the arguments, or None where a process doesn't have it.

        Each process builds it once, when it has worked for a while; if that fails or takes too long, none ever has it.
        """
        return await self._run(call, arguments, tool)

    async def _run(self, call: Callable[..., T], arguments: tuple[object, ...], tool: Tool | None) -> T:
        body = pickle.dumps((call, arguments, tool and tool.name), pickle.HIGHEST_PROTOCOL)
        async with self._places:
            value, error, _ = await self._ask(body, tool)
        if isinstance(error, MemoryError):
            raise WorkError(f"needed more than the {self._memory / _MEGABYTE:.0f} MiB of memory that are allowed")
        if error is not None:
            raise error
        result: T = value
        return result

    async def aclose(self) -> None:
        """End all processes, whatever they are doing."""
        for worker in tuple(self._all):
            self._end(worker)
        await asyncio.gather(*self._ends)

    async def _ask(self, body: bytes, tool: Tool | None) -> _Answer:
        worker = self._free.pop() if self._free else await self._start()
        worker.rest_no_more()
        try:
            if tool and tool.name not in (worker.tool, self._useless) and worker.calls >= EQUIP_AFTER:
                worker = await self._equipped(worker, tool)
            answer = await worker.ask(body)
        except EOFError:
            raise WorkError(_reason(await self._end(worker), self._limit)) from None
        except BaseException:  # cancelled: nobody waits for the answer
            self._end(worker)
            raise
        if answer[2]:
            self._end(worker)
        else:
            self._free.append(worker)
            worker.rest(self._idle_for, self._retire)
        return answer

    async def _equipped(self, worker: "_Worker", tool: Tool) -> "_Worker":
        """The process with the tool; another one without it, when it did not live to have it."""
        try:
            _, error, _ = await worker.ask(pickle.dumps((None, tool.body, tool.name)))
        except EOFError:
            self._useless = tool.name
            self._end(worker)
            return await self._start()
        if error is not None:
            self._useless = tool.name
        worker.tool = tool.name
        return worker

    async def _start(self) -> "_Worker":
        ours, theirs = socket.socketpair()
        with theirs:
            descriptor = theirs.fileno()
            arguments = [str(value) for value in (descriptor, self._limit, self._memory)]
            try:
                process = subprocess.Popen(  # noqa: ASYNC220, S603 (takes a millisecond or two; our own program)
                    [sys.executable, "-c", _START, *arguments, *sys.path],
                    pass_fds=[descriptor],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # what a parser says there is about what a server wrote
                    env={name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")},
                )
            except OSError as error:
                ours.close()
                raise WorkError(f"no process could be started for it: {error.strerror}") from error
        worker = _Worker(process)
        self._all.add(worker)
        try:
            await asyncio.get_running_loop().create_connection(lambda: worker, sock=ours)
        except BaseException:  # cancelled: nobody else knows of the process
            self._end(worker)
            raise
        return worker

    def _retire(self, worker: "_Worker") -> None:
        if worker in self._free:
            self._end(worker)

    def _end(self, worker: "_Worker") -> asyncio.Task[int]:
        """See to it that a process ends; gives its exit status, negative for a signal."""
        if worker in self._free:
            self._free.remove(worker)
        self._all.discard(worker)
        worker.rest_no_more()
        worker.close()
        task = asyncio.create_task(asyncio.to_thread(_wait, worker.process))
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)
        return task


class _Worker(asyncio.Protocol):
    """Our end of one process: one question at a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.tool = ""
        self.calls = 0
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[_Answer] | None = None
        self._received = bytearray()
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None

    async def ask(self, body: bytes) -> _Answer:
        """Put a pickled question; raises EOFError when the process ends instead of answering."""
        if self._closed or self._transport is None:
            raise EOFError
        self.calls += 1
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.writelines((HEAD.pack(len(body)), body))
        return await self._answer

    def rest(self, seconds: float, done: Callable[["_Worker"], None]) -> None:
        """Call `done` when nothing was asked for so long."""
        self._timer = asyncio.get_running_loop().call_later(seconds, done, self)

    def rest_no_more(self) -> None:
        if self._timer:
            self._timer.cancel()

    def close(self) -> None:
        """Close the socket, which ends the process, also in the middle of its work."""
        self._closed = True
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) < HEAD.size:
            return
        (size,) = HEAD.unpack_from(self._received)
        if len(self._received) >= HEAD.size + size:
            body, self._received = memoryview(self._received)[HEAD.size :], bytearray()
            if self._answer and not self._answer.done():
                self._answer.set_result(pickle.loads(body))  # noqa: S301 (from ourselves)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        if self._answer and not self._answer.done():
            self._answer.set_exception(EOFError())


def _wait(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(_LAST_BREATH)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _reason(status: int, limit: float) -> str:
    if status == -signal.SIGALRM:
        return f"took longer than {limit:g} s"
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    return f"the process that worked on it {how}"
