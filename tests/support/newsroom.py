"""A folder with feeds.yaml and rules.yaml, the installed command in it, and what its database says afterwards."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.command import COMMAND, environment, monitor, rows

RULES = """
terms:
  harbour: {label: harbour, en: [harbour]}
rules:
  - {id: harbour, title: Harbour, severity: high, match: $harbour, examples: {hit: [The harbour opened]}}
digests:
  - {id: flash, rules: ["*"], at: once, wait: 1s, to: [TARGETS]}
"""
PATIENCE = 60.0  # seconds that anything may take on a busy machine


def slug(name: str) -> str:
    """A feed's id from words."""
    return re.sub(r"\W+", "-", name.lower()).strip("-")


@dataclass
class Newsroom:
    """`settings` are the command's environment; daemons still at work are ended by `close`."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def watch(self, feeds: Mapping[str, str], *, targets: str = '"file:out"', **every: str) -> None:
        """Write both files: feeds by id and address; `every` names the interval of some of them, `default` of all."""
        entries = [
            {"id": feed, "url": url, **({"every": every[feed]} if feed in every else {})} for feed, url in feeds.items()
        ]
        defaults = {"every": every["default"]} if "default" in every else {}
        text = json.dumps({"defaults": defaults, "feeds": entries} if defaults else {"feeds": entries})
        (self.home / "feeds.yaml").write_text(text, encoding="utf-8")
        (self.home / "rules.yaml").write_text(RULES.replace("TARGETS", targets), encoding="utf-8")

    def once(self) -> tuple[dict[str, Any], int]:
        """`monitor once --json`: its figures, and the most memory it took at a time, in KiB."""
        with (self.home / "once.out").open("w+b") as out, (self.home / "once.err").open("w+b") as err:
            env = environment(**self.settings)
            process = subprocess.Popen([*COMMAND, "once", "--json"], cwd=self.home, env=env, stdout=out, stderr=err)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, (self.home / "once.err").read_text()
        return json.loads((self.home / "once.out").read_text()), usage.ru_maxrss

    def health(self) -> dict[str, dict[str, Any]]:
        """`monitor feeds health --json` by feed."""
        done = monitor("feeds", "health", "--json", cwd=self.home, env=self.settings)
        assert done.returncode == 0, done.stderr.decode()
        return {row["id"]: row for row in rows(done.stdout)}

    def start(self) -> subprocess.Popen[bytes]:
        """`monitor run`; its log goes to `log-N`."""
        with (self.home / f"log-{len(self.daemons)}").open("wb") as log:
            daemon = subprocess.Popen(
                [*COMMAND, "run"], cwd=self.home, env=environment(**self.settings), stderr=log, stdout=log
            )
        self.daemons.append(daemon)
        return daemon

    def stop(self, daemon: subprocess.Popen[bytes]) -> float:
        """SIGTERM; gives the seconds until it ended, in an orderly way."""
        began = time.monotonic()
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(timeout=PATIENCE) == 0, self.log(self.daemons.index(daemon))
        return time.monotonic() - began

    def wait_for(self, what: Callable[[], object], why: str) -> None:
        """Until it is true, while the last daemon lives."""
        deadline = time.monotonic() + PATIENCE
        while not what():
            assert self.daemons[-1].poll() is None, f"it died: {self.log(-1)[-2000:]}"
            assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {why}"
            time.sleep(0.05)

    def log(self, number: int = -1) -> str:
        """What a daemon said so far."""
        return (self.home / f"log-{number % len(self.daemons)}").read_text(encoding="utf-8")

    def told(self, folder: str = "out") -> str:
        """All digests that went to files."""
        return "\n".join(path.read_text(encoding="utf-8") for path in (self.home / folder).glob("*.txt"))

    def select(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        with closing(sqlite3.connect(f"file:{self.home / 'data/monitor.db'}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    def close(self) -> None:
        """End what still runs."""
        for daemon in self.daemons:
            if daemon.poll() is None:
                daemon.kill()
                daemon.wait()
