"""Looks at the machine for `monitor doctor`: disk, database file, clock. Changes nothing."""

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from monitor.errors import MonitorError

LOW_DISK = 200 * 2**20  # bytes free below which a night's news may not fit
CLOCK_SLIP = timedelta(minutes=2)  # more than this, and cron times and TLS certificates go wrong


def disk(path: Path) -> tuple[str, str]:
    """(what is free where the file lies or will lie, what to do about it; empty when nothing)."""
    folder = _existing(path)
    free = shutil.disk_usage(folder).free
    remedy = "make room, or shorten MONITOR_RETENTION" if free < LOW_DISK else ""
    return f"{free / 2**30:.1f} GiB free in {folder}", remedy


def writable(path: Path) -> str:
    """Why the file can't be made or written, empty when it can. Asks only; writes nothing."""
    folder = _existing(path)
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return f"{path} can't be read and written by this user"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"this user can't write in {folder}"


def sound(path: Path) -> str:
    """What SQLite finds wrong with a database file, empty when nothing. Reads all of it."""
    try:
        with closing(sqlite3.connect(f"file:{path.absolute()}?mode=ro", uri=True)) as connection:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return str(error)
    return "" if answer == "ok" else str(answer)


async def clock_slip(
    addresses: Sequence[str], now: datetime, user_agent: str, transport: httpx.AsyncBaseTransport
) -> tuple[int, timedelta | None]:
    """(how many servers answered, how far our clock is ahead of the first that tells its time, None if none does).

    Closes `transport`.
    """
    answered = 0
    async with httpx.AsyncClient(transport=transport, timeout=5, headers={"User-Agent": user_agent}) as client:
        for address in addresses:
            try:
                response = await client.head(address)
                answered += 1
                told = parsedate_to_datetime(response.headers["Date"])
            except (httpx.HTTPError, httpx.InvalidURL, MonitorError, OSError, KeyError, ValueError):
                continue
            if told.tzinfo:
                return answered, now + response.elapsed / 2 - told
    return answered, None


def _existing(path: Path) -> Path:
    """The nearest folder above a file that exists."""
    return next((parent for parent in path.absolute().parents if parent.is_dir()), Path("/"))
