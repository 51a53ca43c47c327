"""Other feed readers for `poll.py`: how they are got without changing this machine, and how they are run.

`reader` and `rss2email` go into a virtual environment by pip, with the parser of the bare loop; newsboat is taken as
installed, else unpacked from its Debian packages (`apt-get download`), which needs no root. What can't be had is left
out, with the reason.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

PYTHON_PACKAGES = ("reader", "sgmllib3k", "rss2email", "fastfeedparser")
DEBIAN_PACKAGES = ("newsboat", "libstfl0", "libjson-c5")

READER = """
import json, sys, time
from reader import make_reader
job = json.load(sys.stdin)
reader = make_reader(job["folder"] + "/reader.db")
for url in job["urls"]:
    reader.add_feed(url)
cycles = []
for _ in range(job["rounds"]):
    began = time.perf_counter()
    reader.update_feeds(workers=8, scheduled=False)
    cycles.append(time.perf_counter() - began)
print(json.dumps({"cycles": cycles, "items": reader.get_entry_counts().total}))
"""


class UnavailableError(Exception):
    """A reader can't be had here; says why."""


@dataclass(frozen=True)
class Tools:
    """Where the other readers are."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "venv" / "bin" / "python"

    @property
    def path(self) -> str:
        """For PYTHONPATH: the environment's packages."""
        found = sorted((self.folder / "venv").glob("lib/python*/site-packages"))
        return str(found[0]) if found else ""

    def install_python(self) -> None:
        """The environment with all packages, made once. Raises UnavailableError."""
        if (self.folder / "venv" / "complete").exists():
            return
        _run([sys.executable, "-m", "venv", str(self.folder / "venv")], "no virtual environment")
        pip = [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, *PYTHON_PACKAGES], "pip can't install it")
        (self.folder / "venv" / "complete").touch()

    def newsboat(self) -> tuple[list[str], dict[str, str]]:
        """(command, environment). Raises UnavailableError."""
        if installed := shutil.which("newsboat"):
            return [installed], {}
        unpacked = self.folder / "debian"
        if not (unpacked / "usr/bin/newsboat").exists():
            if not shutil.which("apt-get") or not shutil.which("dpkg"):
                raise UnavailableError("not installed, and there is no apt-get to get it with")
            unpacked.mkdir(parents=True, exist_ok=True)
            _run(["apt-get", "download", *DEBIAN_PACKAGES], "apt-get can't download it", cwd=unpacked)
            for package in unpacked.glob("*.deb"):
                _run(["dpkg", "-x", str(package), str(unpacked)], "its package can't be unpacked")
        libraries = ":".join(sorted({str(path.parent) for path in unpacked.rglob("*.so.*")}))
        return [str(unpacked / "usr/bin/newsboat")], {"LD_LIBRARY_PATH": libraries}


def _run(command: list[str], trouble: str, **options: object) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, **options)  # type: ignore[call-overload]
    if done.returncode:
        raise UnavailableError(f"{trouble}: {(done.stderr.strip().splitlines() or ['no reason given'])[-1][:200]}")


def run_newsboat(tools: Tools, urls: list[str], folder: Path, rounds: int) -> list[float]:
    """Seconds of each reload with 64 threads, the start of the program included."""
    command, more = tools.newsboat()
    (folder / "urls").write_text("".join(f"{url}\n" for url in urls))
    (folder / "config").write_text("reload-threads 64\nauto-reload no\nproxy-type http\nshow-read-feeds no\n")
    command += [
        "-u",
        str(folder / "urls"),
        "-c",
        str(folder / "cache.db"),
        "-C",
        str(folder / "config"),
        "-x",
        "reload",
    ]
    return [_clocked(command, folder, more) for _ in range(rounds)]


def run_rss2email(tools: Tools, urls: list[str], folder: Path, rounds: int) -> list[float]:
    """Seconds of each `r2e run --no-send`."""
    tools.install_python()
    feeds = "".join(f"[feed.f{number}]\nurl = {url}\n\n" for number, url in enumerate(urls))
    (folder / "r2e.cfg").write_text(
        f"[DEFAULT]\nfrom = a@example.org\nto = b@example.org\nsame-server-fetch-interval = 0\n\n{feeds}"
    )
    program = tools.python.with_name("r2e")
    command = [str(program), "-c", str(folder / "r2e.cfg"), "-d", str(folder / "r2e.json"), "run", "--no-send"]
    return [_clocked(command, folder, {}) for _ in range(rounds)]


def _clocked(command: list[str], folder: Path, more: dict[str, str]) -> float:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "NO_PROXY": "*"} | more
    began = perf_counter()
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=1800, check=True)
    return perf_counter() - began
