"""What runs in a worker process: takes calls from a socket, one after another, and answers each.

A call is a pickled (function, arguments, tool or None), an answer a pickled (value, error, whether this was the last
call), each after its length. A function that is called with a tool gets it as its first argument, or None if it is not
here; a call of no function brings a tool, pickled, to be kept under that name. Both ends are the same program, and
nothing else reaches the socket.

The process ends by itself: at the end of the socket, which the end of the other side brings about however that comes,
and when one call takes too long. In the middle of a call both are signals whose default is to end a process whatever it
is doing, even within a library that never comes back: SIGIO and SIGALRM.
"""

import fcntl
import gc
import os
import pickle
import resource
import signal
import socket
import sys
from pathlib import Path
from struct import Struct
from typing import Any

HEAD = Struct("!Q")  # the length of what follows
RECYCLE_AFTER = 10_000  # calls; a leak in a parser stays small
RECYCLE_ABOVE = 256 * 1024 * 1024  # bytes; memory that one large document took is not kept for ever


def main(descriptor: int, limit: float, memory: int) -> None:
    """Answer calls that come over the socket of this descriptor, until it closes.

    `limit`: seconds that a call may take. `memory`: bytes that the process may use; more than that raises MemoryError.
    """
    # A stop is the other side's business: it lets what is under way finish, then closes the socket.
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)
    for signum in (signal.SIGALRM, signal.SIGIO):
        signal.signal(signum, signal.SIG_DFL)
    _lower(resource.RLIMIT_DATA, memory)
    _lower(resource.RLIMIT_CORE, 0)
    with socket.socket(fileno=descriptor) as channel:
        fcntl.fcntl(channel, fcntl.F_SETOWN, os.getpid())
        quiet = fcntl.fcntl(channel, fcntl.F_GETFL)
        calls, ceiling = 0, RECYCLE_ABOVE
        tools: dict[str, Any] = {}
        while body := _receive(channel):
            signal.setitimer(signal.ITIMER_REAL, limit)
            fcntl.fcntl(channel, fcntl.F_SETFL, quiet | os.O_ASYNC)  # nothing can come now but the end
            answer, brought = _answer(body, tools)
            fcntl.fcntl(channel, fcntl.F_SETFL, quiet)
            signal.setitimer(signal.ITIMER_REAL, 0)
            calls += 1
            if brought:
                ceiling = RECYCLE_ABOVE + _held()
            if brought or calls == 1:
                gc.freeze()  # what was imported stays: no need to look through it again and again
            last = calls == RECYCLE_AFTER or _held() > ceiling
            _send(channel, answer, last)
            if last:
                return


def _lower(kind: int, limit: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _receive(channel: socket.socket) -> bytearray | None:
    """One message; None at the end of the socket."""
    head = _exactly(channel, HEAD.size)
    return head and _exactly(channel, HEAD.unpack(head)[0])


def _exactly(channel: socket.socket, size: int) -> bytearray | None:
    body = bytearray(size)
    place = 0
    while place < size:
        if not (count := channel.recv_into(memoryview(body)[place:])):
            return None
        place += count
    return body


def _answer(body: bytearray, tools: dict[str, Any]) -> tuple[tuple[Any, Exception | None], bool]:
    """What comes of a call, and whether it brought a tool."""
    brought = False
    try:
        function, arguments, tool = pickle.loads(body)  # noqa: S301 (from ourselves)
        brought = function is None
        if brought:
            tools.clear()  # the old one first: both at once may be too much
            tools[tool] = pickle.loads(arguments)  # noqa: S301 (from ourselves)
            return (None, None), brought
        return (function(*arguments) if tool is None else function(tools.get(tool), *arguments), None), brought
    except Exception as error:
        return (None, error), brought


def _send(channel: socket.socket, answer: tuple[Any, Exception | None], last: bool) -> None:
    value, error = answer
    try:
        body = pickle.dumps((value, error, last), pickle.HIGHEST_PROTOCOL)
    except Exception as fault:  # an error that can't travel: its words can
        words = f"{type(error or fault).__name__}: {error or fault}"
        body = pickle.dumps((None, RuntimeError(words), last), pickle.HIGHEST_PROTOCOL)
    channel.sendall(HEAD.pack(len(body)))
    channel.sendall(body)


def _held() -> int:
    """The memory that this process holds, in bytes.

    Not getrusage's peak where it can be had otherwise: that begins with the size of the process that started this one.
    """
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return int(pages) * resource.getpagesize()
