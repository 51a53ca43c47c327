"""Runs `monitor` in forked children that kill themselves with SIGKILL at a chosen step.

A step is an SQL statement of the store, or the moment before or after something goes over the network. Started as
a program: reads one JSON line `{"argv": [...], "step": N}` at a time, forks, answers `{"steps": n, "status": s}`:
the steps that were reached and the child's exit status (-9: killed). Step 0 never kills. Importing the program
once and forking makes a hundred kills cheap.
"""

import json
import os
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from multiprocessing.sharedctypes import RawValue
from threading import Lock
from typing import Any

import aiosmtplib
import httpx

import monitor.cli
import monitor.wiring  # imported before the forks, so that the children need not

steps = RawValue("i", 0)  # shared with the children; its lock is not, since a killed child would keep it
one_at_a_time = Lock()
deadly = 0


def step(*_: object) -> None:
    with one_at_a_time:
        steps.value += 1
        if steps.value == deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def surrounded(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def inner(*args: Any, **kwargs: Any) -> Any:
        step()
        result = await call(*args, **kwargs)
        step()
        return result

    return inner


def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
    connection = real_connect(*args, **kwargs)
    connection.set_trace_callback(step)
    return connection


real_connect = sqlite3.connect
sqlite3.connect = connect  # type: ignore[assignment]
httpx.AsyncClient.send = surrounded(httpx.AsyncClient.send)  # type: ignore[method-assign]
aiosmtplib.SMTP.sendmail = surrounded(aiosmtplib.SMTP.sendmail)  # type: ignore[method-assign]


def child(argv: list[str]) -> int:
    sys.argv = ["monitor", *argv]
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        monitor.cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


for line in sys.stdin:
    order = json.loads(line)
    deadly, steps.value = order["step"], 0
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = child(order["argv"])
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    print(json.dumps({"steps": steps.value, "status": os.waitstatus_to_exitcode(status)}), flush=True)
