"""One daemon a database: the lock, and how it is let go."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.adapters.store import hold_lock
from monitor.errors import AlreadyRunningError, StoreError

HOLD = """
import sys
from monitor.adapters.store import hold_lock
with hold_lock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_process_is_refused_and_the_message_names_the_first(tmp_path: Path) -> None:
    path = tmp_path / "m.db"
    with another_process(path) as process, pytest.raises(AlreadyRunningError) as caught:
        hold_lock(path).__enter__()
    assert f"another monitor (process {process.pid}) already uses the database {path}: stop" in str(caught.value)
    with hold_lock(path):
        pass


def test_kill_9_lets_the_lock_go(tmp_path: Path) -> None:
    with another_process(tmp_path / "m.db") as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with hold_lock(tmp_path / "m.db"):
            pass


def test_the_lock_is_held_once_in_one_process_too(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "m.db"):
        with pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"):
            hold_lock(tmp_path / "m.db").__enter__()
        with pytest.raises(AlreadyRunningError), hold_lock(tmp_path / "m.db"):
            pass
    with hold_lock(tmp_path / "m.db"):
        assert (tmp_path / "m.db.lock").read_text() == f"{os.getpid()}\n"


def test_two_databases_have_two_locks(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "a.db"), hold_lock(tmp_path / "b.db"):
        pass


def test_an_error_lets_the_lock_go(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), hold_lock(tmp_path / "m.db"):
        raise RuntimeError
    with hold_lock(tmp_path / "m.db"):
        pass


FORK = HOLD.replace(
    "    print",
    "    from multiprocessing import get_context\n"
    "    fork = get_context('fork')\n"
    "    ready = fork.Event()\n"
    "    work = lambda: (ready.set(), sys.stdin.read())\n"
    "    worker = fork.Process(target=work, daemon=True)\n"
    "    worker.start()\n"
    "    ready.wait()\n"
    "    print(worker.pid)\n"
    "    print",
)


def test_a_worker_that_outlives_its_killed_parent_does_not_keep_the_lock(tmp_path: Path) -> None:
    """A forked worker inherits open files; the lock must end with the daemon, not with its last worker."""
    path = tmp_path / "m.db"
    process = subprocess.Popen([sys.executable, "-c", FORK, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    assert process.stdout.readline() == b"held\n"
    process.kill()
    process.wait()
    try:
        with hold_lock(path):
            os.kill(worker, 0)  # it is alive
    finally:
        os.kill(worker, signal.SIGKILL)
        process.communicate()


def test_a_lock_that_can_not_be_made_says_where(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=re.escape(f"can't make the lock file {tmp_path}/file/m.db.lock")):
        hold_lock(tmp_path / "file" / "m.db").__enter__()
