"""Channels that stay on this machine, and the one of tests; see support.channel_rigs."""

import contextlib
import html
import io
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from unittest import mock

from support import samples
from support.rig import CONFIGURATION, PERMANENT, TEMPORARY, Rig

from monitor.adapters.deliver import AtomChannel, ConsoleChannel, FileChannel
from monitor.core.model import Target
from monitor.errors import DeliveryError, DeliveryFault
from monitor.testing import MemoryChannel

FILE_FAULTS = {"a file in the way": CONFIGURATION, "a full disk": TEMPORARY}
ATOM_FAULTS = {"notes of somebody's": CONFIGURATION, "a directory in the way": CONFIGURATION, "a full disk": TEMPORARY}
CONSOLE_FAULTS = {"closed": TEMPORARY}
MEMORY_FAULTS = {
    "temporary": TEMPORARY, "permanent": PERMANENT, "configuration": CONFIGURATION, "slow down": TEMPORARY,
    "taken, then silence": TEMPORARY,
}  # fmt: skip


class Disk:
    """A disk that can be full."""

    def __init__(self) -> None:
        self._full = mock.patch(
            "monitor.adapters.deliver.file.os.fsync", side_effect=OSError(28, "No space left on device")
        )

    def fill(self) -> None:
        self._full.start()

    def clear(self) -> None:
        with contextlib.suppress(RuntimeError):  # it was not full
            self._full.stop()


@contextlib.contextmanager
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.clear()


@contextlib.asynccontextmanager
async def file(directory: Path) -> AsyncIterator[Rig]:
    """The file channel in an empty directory; the files' names stand for the key."""

    def fail(situation: str) -> None:
        if situation == "a full disk":
            full.fill()
        else:
            (directory / "out").write_text("in the way")

    def texts() -> list[Path]:
        return sorted((directory / "out").glob("*.txt"))

    with disk() as full:
        yield Rig(
            FileChannel(directory),
            Target("file", "out"),
            arrived=lambda: [path.read_text("utf-8") for path in texts()],
            keys=lambda: [samples.KEY for path in texts() if path.name == "morning-20261123-230000Z.txt"],
            fail=fail,
            mend=full.clear,
        )


@contextlib.asynccontextmanager
async def atom(directory: Path) -> AsyncIterator[Rig]:
    """The Atom file; its entries' ids, made of the stories, stand for the key."""
    path = directory / "out" / "hits.xml"

    def fail(situation: str) -> None:
        path.parent.mkdir(exist_ok=True)
        if situation == "a full disk":
            full.fill()
        elif situation == "a directory in the way":
            path.mkdir()
        else:
            path.write_text("shopping: milk, bread")

    with disk() as full:
        yield Rig(
            AtomChannel(directory),
            Target("atom", "out/hits.xml"),
            arrived=lambda: [html.unescape(html.unescape(path.read_text("utf-8")))] if path.is_file() else [],
            keys=lambda: [samples.KEY] if path.is_file() else [],
            fail=fail,
            mend=full.clear,
            merges=True,
        )


@contextlib.asynccontextmanager
async def console() -> AsyncIterator[Rig]:
    """The console channel on a stream in memory. It has no other side that could see a key."""
    stream = io.StringIO()
    yield Rig(
        ConsoleChannel(stream),
        Target("console", ""),
        arrived=lambda: [stream.getvalue()] if stream.getvalue() else [],
        keys=lambda: [samples.KEY] if stream.getvalue() else [],
        fail=lambda situation: stream.close(),
    )


@contextlib.asynccontextmanager
async def memory() -> AsyncIterator[Rig]:
    """The channel for tests, held to the same promises."""
    channel = MemoryChannel()

    def fail(situation: str) -> None:
        channel.accept_then_fail = situation == "taken, then silence"
        fault = MEMORY_FAULTS[situation]
        wait = timedelta(seconds=40) if situation == "slow down" else None
        channel.script.append(DeliveryError("as told", DeliveryFault(fault), wait))

    yield Rig(
        channel,
        Target("memory", "desk"),
        arrived=lambda: [str(delivery.message.body["text"]) for delivery in channel.sent],
        keys=lambda: channel.keys,
        fail=fail,
    )
