"""The channel `file:DIR`: a digest as files that any browser, editor or program can open."""

import asyncio
import hashlib
import json
import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from monitor.core.model import Delivery, Receipt
from monitor.errors import DeliveryError, DeliveryFault

# What a later attempt can't mend: the place has to be changed by a person.
MISPLACED = (PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError)
_MEND = "choose another directory or mend its rights"
_SENDABLE = re.compile(r"[^\w.-]+")


class FileChannel:
    """Writes NAME.html, .txt, .slack.json and .json (core/digestjson.py) into the target's directory, made if missing.

    `base` is where relative directories begin (default: the working directory). NAME is the digest and the time it
    was made in UTC, so another attempt at the same delivery replaces its own files and no others.
    """

    def __init__(self, base: Path | None = None) -> None:
        self._base = base or Path()

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        """Each file appears whole or not at all; the receipt names the HTML one. Raises DeliveryError."""
        directory = self._base / (delivery.target.address or ".")
        try:
            path = await asyncio.to_thread(_write_all, directory, delivery)
        except OSError as error:
            mend = _MEND if isinstance(error, MISPLACED) else "is the disk full?"
            fault = DeliveryFault.CONFIGURATION if isinstance(error, MISPLACED) else DeliveryFault.TEMPORARY
            raise DeliveryError(f"file:{directory}: {error.strerror or error}; {mend}", fault) from error
        return Receipt(delivery.key, at, str(path))

    async def reach(self, address: str) -> str:
        """Try whether files can be made there, leaving none; what is found. Raises DeliveryError."""
        directory = self._base / (address or ".")
        try:
            return await asyncio.to_thread(try_writing, directory)
        except OSError as error:
            fault = DeliveryFault.CONFIGURATION
            raise DeliveryError(f"file:{directory}: {error.strerror or error}; {_MEND}", fault) from error

    async def aclose(self) -> None:
        """Nothing is kept open."""


def name(delivery: Delivery) -> str:
    """`morning-20261124-080000Z`, with `-2of3` for a part; unsafe ids are made safe and told apart by a hash.

    An alert has its story in the name, `flash-41-20261124-080000Z`: others may be of the same second.
    """
    slug = _SENDABLE.sub("-", delivery.digest).strip(".-")
    if slug != delivery.digest:
        slug = f"{slug}-{hashlib.sha256(delivery.digest.encode()).hexdigest()[:6]}".lstrip("-")
    if delivery.thread:
        slug += f"-{_SENDABLE.sub('-', delivery.thread.rpartition('/')[2])}"
    part = f"-{delivery.part}of{delivery.parts}" if delivery.parts > 1 else ""
    return f"{slug}-{delivery.created_at.astimezone(UTC):%Y%m%d-%H%M%S}Z{part}"


def _write_all(directory: Path, delivery: Delivery) -> Path:
    body = delivery.message.body
    stem = name(delivery)
    directory.mkdir(parents=True, exist_ok=True)
    contents = {".txt": str(body["text"]), ".html": str(body["html"])}
    if "slack" in body:
        contents[".slack.json"] = json.dumps(body["slack"], ensure_ascii=False, indent=2) + "\n"
    if "digest" in body:
        contents[".json"] = json.dumps(body["digest"], ensure_ascii=False, indent=2) + "\n"
    for suffix, content in contents.items():
        write_whole(directory / f"{stem}{suffix}", content)
    return directory / f"{stem}.html"


def try_writing(directory: Path) -> str:
    """Make a nameless file in a directory, or where it would be made; what can be said of it. Raises OSError."""
    place = next(one for one in (directory.absolute(), *directory.absolute().parents) if one.exists())
    with tempfile.TemporaryFile(dir=place):
        pass
    return "can be written to" if place == directory.absolute() else f"will be made, in {place}"


def write_whole(path: Path, content: str) -> None:
    """Write a file that appears whole or not at all: aside, made durable, then moved into place. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)  # mkstemp's 0600 would hide the digest from whoever is to read it
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
