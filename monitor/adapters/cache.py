"""A folder of small files as a mapping: what is slow to compute and cheap to lose, such as compiled rules."""

import contextlib
import hashlib
import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path


class FileCache(MutableMapping[str, bytes]):
    """Keys are any text, values bytes. A folder that can't be written makes a cache that forgets, never an error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except OSError:
            raise KeyError(key) from None

    def __setitem__(self, key: str, value: bytes) -> None:
        path = self._path(key)
        part = path.with_suffix(f".{os.getpid()}.part")
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(value)
            part.replace(path)

    def __delitem__(self, key: str) -> None:
        try:
            self._path(key).unlink()
        except OSError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[str]:
        raise TypeError("a FileCache keeps hashes of its keys, not the keys")

    def __len__(self) -> int:
        return len(list(self._folder.glob("*.bin")))

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.bin"
