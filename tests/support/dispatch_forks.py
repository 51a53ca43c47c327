"""Dispatches an outbox in forked children that are killed with SIGKILL after a given time.

Started as a program: reads one JSON line `{"home", "smtp", "slack", "after"}` at a time, forks a child that sends
everything in `home/monitor.db`, kills it `after` seconds later (0: never), and answers `{"killed": …, "took": …}`.
Importing the program once and forking makes hundreds of kills cheap.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.adapters.deliver import EmailChannel, FileChannel, SlackChannel
from monitor.adapters.store import open_store
from monitor.app.dispatch import Dispatcher
from monitor.core.model import DeliveryState


class Present:
    def now(self) -> datetime:
        return datetime.now(UTC)


async def dispatch(home: Path, smtp: int, slack: str) -> None:
    """What a start of the daemon does with its outbox, until nothing is left to send."""
    store = open_store(home / "monitor.db")
    email = EmailChannel("127.0.0.1", smtp, sender="desk@monitor.example", security="none")
    chat = SlackChannel(webhook=lambda address: slack, pace=0)
    with ThreadPoolExecutor(1) as desk:
        dispatcher = Dispatcher(
            store=store,
            channels={"email": email, "slack": chat, "file": FileChannel(home)},
            desk=desk,
            clock=Present(),
            chance=random.random,
            settings_hint=lambda name: name,
        )
        await dispatcher.recover()
        failed = [attempt.error for attempt in await dispatcher.send_due() if attempt.error]
        await email.aclose()
        await chat.aclose()
    left = store.outbox.count()
    store.close()
    assert not failed, failed
    assert not left[DeliveryState.QUEUED], left


def run(order: dict[str, Any]) -> dict[str, Any]:
    """One life of the process."""
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            asyncio.run(dispatch(Path(order["home"]), order["smtp"], order["slack"]))
            code = 0
        finally:
            os._exit(code)
    if order["after"]:
        time.sleep(order["after"])
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status not in {0, -signal.SIGKILL}:
        raise SystemExit(f"the dispatcher ended with status {status}")
    return {"killed": status != 0, "took": time.monotonic() - began}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
