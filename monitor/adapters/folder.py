"""The fetcher for a folder of files: what is new or changed since the last poll, as one tar archive in memory.

What was read is remembered in the ETag: a short mark for each file, of its name, size and time of change. So no file is
read twice unless it changes, and none is missed, however many come at once or whatever their times say: what does not
fit into one poll comes with the next. Only regular files of the folder itself are read: no links, no folders below.
"""

import asyncio
import hashlib
import io
import os
import stat
import tarfile
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit
from urllib.request import url2pathname

from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched

MOST_FILES = 5_000  # in the folder: their marks are kept
MOST_AT_ONCE = 500  # in one poll
_MARK = 8  # characters
_UNFINISHED = (".part", ".tmp", ".crdownload", "~")


class _FolderError(Exception):
    """The folder can't be read; `str()` says why, for the operator."""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int
    changed: int  # ns

    @property
    def mark(self) -> str:
        key = f"{self.path.name}\0{self.size}\0{self.changed}".encode("utf-8", "surrogateescape")
        return urlsafe_b64encode(hashlib.sha256(key).digest())[:_MARK].decode()


class FolderFetcher:
    """Satisfies the port `Fetcher` for feeds whose address is a `file:` URL of a folder.

    `max_bytes` is the most that is read in one poll, and the largest file; `most_files` the most that the folder holds.
    """

    def __init__(
        self, *, max_bytes: int = 24 * 1024 * 1024, most_at_once: int = MOST_AT_ONCE, most_files: int = MOST_FILES
    ) -> None:
        self._max_bytes = max_bytes
        self._most_files = most_files
        self._most_at_once = most_at_once

    async def fetch(self, feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        """New and changed files; `not_modified` when there are none. What the disk does comes back as a value."""
        began = perf_counter()
        try:
            fetched = await asyncio.to_thread(self._fetch, feed, state, at)
        except _FolderError as error:
            fetched = Fetched(feed.id, at, url=feed.url, failure=Failure(FailureKind.REFUSED, str(error)))
        except OSError as error:
            message = f"the folder can't be read: {error.strerror or type(error).__name__}"
            fetched = Fetched(feed.id, at, url=feed.url, failure=Failure(FailureKind.CONNECT, message))
        return replace(fetched, elapsed=timedelta(seconds=perf_counter() - began))

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _fetch(self, feed: FeedSpec, state: FeedState, at: datetime) -> Fetched:
        folder = Path(url2pathname(urlsplit(feed.url).path))
        if not folder.is_dir():
            raise _FolderError(f"there is no folder {folder}: make it, or mend the path")
        files = _files(folder, self._most_files)
        known = _marks(state.etag)
        present = {file.mark: file for file in files}
        new = [file for mark, file in present.items() if mark not in known]
        fetched = Fetched(feed.id, at, url=feed.url, etag=state.etag)
        if not new:
            return replace(fetched, not_modified=True)
        body, read = self._packed(new[: self._most_at_once])
        marks = sorted((known & present.keys()) | read)
        return replace(fetched, body=body, content_type="application/x-tar", etag="".join(marks), not_modified=not read)

    def _packed(self, files: list[_File]) -> tuple[bytes, set[str]]:
        """The files as an archive, and the marks of those that are in it."""
        packed, total, read = io.BytesIO(), 0, set[str]()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for file in files:
                info = tarfile.TarInfo(file.path.name.encode("utf-8", "replace").decode())
                info.mtime = file.changed // 10**9
                content, trouble = b"", ""
                if file.size > self._max_bytes:
                    trouble = f"the file is larger than {self._max_bytes / 2**20:.3g} MiB, the limit set here"
                elif total + file.size > self._max_bytes and read:
                    break  # the rest comes with the next poll
                else:
                    found = _read(file)
                    if found is None:  # gone, or still being written: it will have another mark
                        continue
                    content, trouble = found
                if trouble:
                    info.pax_headers = {"comment": trouble}
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
                total += len(content)
                read.add(file.mark)
        return packed.getvalue(), read


def _files(folder: Path, most: int) -> list[_File]:
    """Regular files, oldest first, so that items come in their order."""
    found: list[_File] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if (
                entry.name.startswith(".")
                or entry.name.endswith(_UNFINISHED)
                or not entry.is_file(follow_symlinks=False)
            ):
                continue
            status = entry.stat(follow_symlinks=False)
            found.append(_File(folder / entry.name, status.st_size, status.st_mtime_ns))
            if len(found) > most:
                raise _FolderError(f"the folder holds more than {most:,} files: move the old ones away")
    return sorted(found, key=lambda file: (file.changed, file.path.name))


def _read(file: _File) -> tuple[bytes, str] | None:
    """(content, trouble); None when the file is not, or no longer, the one that was seen."""
    try:
        handle = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        return b"", f"the file can't be read: {error.strerror}"
    with os.fdopen(handle, "rb") as stream:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode) or (before.st_size, before.st_mtime_ns) != (file.size, file.changed):
            return None
        content = stream.read(file.size + 1)
    return (content, "") if len(content) == file.size else None


def _marks(etag: str | None) -> set[str]:
    text = etag or ""
    return {text[at : at + _MARK] for at in range(0, len(text) - len(text) % _MARK, _MARK)}
