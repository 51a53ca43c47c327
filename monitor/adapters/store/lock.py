"""One daemon a database: an advisory lock on `<database>.lock`, let go by the system however the process ends."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from monitor.errors import AlreadyRunningError, StoreError

_held: set[int] = set()


@contextmanager
def hold_lock(path: Path | str) -> Generator[None]:
    """Hold the lock of the database at `path` while the block runs.

    Raises AlreadyRunningError, which names the process that holds it, and StoreError when the lock file can't be
    made. The file itself stays behind: removing it would let two processes each hold a lock on a different file.
    """
    lock = Path(f"{path}.lock")
    descriptor = _open(lock)
    _held.add(descriptor)
    try:
        _acquire(descriptor, lock, path)
        yield
    finally:
        if descriptor in _held:  # not in a forked child, which has let go already
            _held.remove(descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


def _open(lock: Path) -> int:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(
            f"can't make the lock file {lock}: {error.strerror}; let this user write in its folder, or give another "
            "path for the database"
        ) from error


def _acquire(descriptor: int, lock: Path, path: Path | str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        raise AlreadyRunningError(
            f"another monitor (process {holder}) already uses the database {path}: stop that one first, "
            "or give this one a database of its own"
        ) from error
    except OSError as error:
        raise StoreError(f"can't lock {lock}: {error.strerror}; the database must be on a local file system") from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)


def _let_go_in_child() -> None:
    # A forked worker inherits the descriptor and would keep the lock alive after its parent was killed.
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
