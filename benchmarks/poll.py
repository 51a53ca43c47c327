"""How fast feeds are polled: fetch, parse, match with the shipped rules, store and commit, beside other readers.

    python benchmarks/poll.py [--feeds 2000] [--rounds 2] [--only monitor,bare,…] [--json]
    python benchmarks/poll.py --idle [--feeds 5000] [--seconds 60]

Everything is on loopback: a server process of its own with feeds of 20 items in Russian, Chinese and English on 250
addresses answers after 20 ms. The first poll gets every document (200), the second finds nothing changed (304). All
read the same feeds in the same run; the quick ones take turns, and of each the fastest turn counts. `reader` and
`rss2email` get the first feeds only (--few), since a rate is all that is asked of them. The others are fetched once
into --tools (pip, apt) and left out, with the reason, where they can't be had. Ratios count; absolute figures drift
with the machine. Not all do the same work: the other readers match no rules.

`--idle` polls once, then measures the daemon while no feed is due.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from poll_rivals import READER, Tools, UnavailableError, run_newsboat, run_rss2email

HERE = Path(__file__).resolve().parent
# (what, poll, what it is held against, least ratio)
TARGETS = (("reader", 0, 20), ("newsboat", 0, 1.5), ("bare loop", 0, 0.6), ("newsboat", 1, 1.3))
LAG_LIMIT = 50  # ms, p99 during the first poll
IDLE_LIMITS = (0.03, 200)  # share of a core; MB


@contextmanager
def served(feeds: int, items: int) -> Iterator[list[str]]:
    """The addresses of the feeds, while their server runs."""
    command = [sys.executable, str(HERE / "poll_server.py"), "--feeds", str(feeds), "--items", str(items)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        ready = json.loads(server.stdout.readline())
        print(f"{feeds} feeds, {ready['bytes'] / feeds / 1000:.0f} kB each", file=sys.stderr)
        try:
            yield ready["urls"]
        finally:
            server.stdin.close()


def child(program: list[str], job: dict, **environment: str) -> dict:
    """Run a program that takes a job and gives a result, both JSON."""
    done = subprocess.run(
        program,
        input=json.dumps(job),
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
        timeout=3600,
        check=True,
    )
    return json.loads(done.stdout)


def run_monitor(urls: list[str], folder: Path) -> dict:
    return child([sys.executable, str(HERE / "poll_monitor.py")], {"urls": urls, "folder": str(folder), "rounds": 2})


def run_bare(tools: Tools, urls: list[str], folder: Path) -> dict:
    tools.install_python()
    job = {"urls": urls, "folder": str(folder), "rounds": 2}
    return child([sys.executable, str(HERE / "poll_bare.py")], job, PYTHONPATH=tools.path)


def run_reader(tools: Tools, urls: list[str], folder: Path) -> dict:
    tools.install_python()
    job = {"urls": urls, "folder": str(folder), "rounds": 2}
    result = child([str(tools.python), "-c", READER], job)
    return {"cycles": [{"feeds_per_second": len(urls) / took} for took in result["cycles"]]}


def timed(run: Callable[..., list[float]], tools: Tools, urls: list[str], folder: Path) -> dict:
    return {"cycles": [{"feeds_per_second": len(urls) / took} for took in run(tools, urls, folder, 2)]}


def compare(urls: list[str], tools: Tools, rounds: int, few: int, only: set[str]) -> dict:
    """Each contender's best figures, or why it did not run."""
    contenders: dict[str, tuple[Callable[[list[str], Path], dict], list[str], int]] = {
        "monitor": (run_monitor, urls, rounds),
        "bare loop": (partial(run_bare, tools), urls, rounds),
        "newsboat": (partial(timed, run_newsboat, tools), urls, rounds),
        "reader": (partial(run_reader, tools), urls[:few], 1),
        "rss2email": (partial(timed, run_rss2email, tools), urls[: few // 4], 1),
    }
    runs: dict[str, list[dict]] = {}
    missing: dict[str, str] = {}
    for turn in range(rounds):
        for name, (run, feeds, turns) in contenders.items():
            if turn >= turns or name in missing or (only and name.split()[0] not in only):
                continue
            print(f"turn {turn + 1}: {name}, {len(feeds)} feeds", file=sys.stderr)
            try:
                with tempfile.TemporaryDirectory(prefix="bench-poll-") as folder:
                    runs.setdefault(name, []).append(run(feeds, Path(folder)))
            except UnavailableError as error:
                missing[name] = str(error)
            except (subprocess.SubprocessError, OSError, ValueError) as error:
                missing[name] = f"{type(error).__name__}: {error}"[:300]
    best = {
        name: [
            max((found["cycles"][poll] for found in turns), key=lambda figures: figures["feeds_per_second"])
            for poll in (0, 1)
        ]
        for name, turns in runs.items()
        if turns
    }
    return {"contenders": best, "missing": missing}


def judged(result: dict) -> list[dict]:
    """Each target beside what was measured."""
    best = result["contenders"]
    rates = {name: [cycle["feeds_per_second"] for cycle in cycles] for name, cycles in best.items()}
    found = [
        {
            "target": f"{('first', 'second')[poll]} poll against {name}",
            "wanted": f"≥ {least}",
            "measured": round(rates["monitor"][poll] / rates[name][poll], 2),
            "met": rates["monitor"][poll] >= least * rates[name][poll],
        }
        for name, poll, least in TARGETS
        if name in rates and "monitor" in rates
    ]
    if "monitor" in best:
        lag = min(cycle["lag_p99_ms"] for cycle in best["monitor"][:1])
        found.append(_limited("lag of the event loop, first poll, p99 (ms)", lag, LAG_LIMIT))
    return found


def _limited(what: str, measured: float, limit: float) -> dict:
    return {"target": what, "wanted": f"< {limit}", "measured": measured, "met": measured < limit}


def idle(urls: list[str], seconds: int) -> dict:
    """The daemon between polls."""
    with tempfile.TemporaryDirectory(prefix="bench-poll-") as folder:
        job = {"urls": urls, "folder": folder, "rounds": 1, "idle": seconds}
        found = child([sys.executable, str(HERE / "poll_monitor.py")], job)["idle"]
    targets = [
        _limited("share of a core while no feed is due", found["share_of_a_core"], IDLE_LIMITS[0]),
        _limited("memory of all processes (MB)", found["memory_mb"], IDLE_LIMITS[1]),
    ]
    return {"idle": found, "targets": targets}


def show(result: dict) -> None:
    """The figures as a table, then the targets."""
    if contenders := result.get("contenders"):
        print(f"\n{'feeds a second':28}{'first poll':>12}{'second poll':>13}")
        for name, cycles in contenders.items():
            print(f"  {name:26}" + "".join(f"{cycle['feeds_per_second']:>12.0f} " for cycle in cycles))
        if bare := contenders.get("bare loop"):
            print(
                f"  {'bare loop, processor seconds':33}" + "".join(f"{each['processor_seconds']:>7} " for each in bare)
            )
        if monitor := contenders.get("monitor"):
            for name in (
                "processor_seconds",
                "processor_seconds_of_workers",
                "memory_mb",
                "lag_p50_ms",
                "lag_p99_ms",
                "lag_max_ms",
                "hits",
            ):
                print(f"  monitor, {name.replace('_', ' '):24}" + "".join(f"{cycle[name]:>9} " for cycle in monitor))
    for name, reason in result.get("missing", {}).items():
        print(f"  {name} left out: {reason}")
    print()
    for target in result["targets"]:
        print(
            f"  {'met ' if target['met'] else 'MISSED':7}{target['target']}: {target['measured']} ({target['wanted']})"
        )


def main() -> int:
    """Measure and print; 0 also where a target is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--feeds", type=int, help="2,000; with --idle 5,000")
    options.add_argument("--items", type=int, default=20)
    options.add_argument("--rounds", type=int, default=2, help="turns of monitor, bare loop and newsboat")
    options.add_argument("--few", type=int, default=400, help="feeds for reader; a quarter of them for rss2email")
    options.add_argument("--only", default="", help="contenders, by commas: monitor,bare,newsboat,reader,rss2email")
    options.add_argument("--tools", type=Path, default=Path(tempfile.gettempdir()) / "bench-poll-tools")
    options.add_argument("--idle", action="store_true")
    options.add_argument("--seconds", type=int, default=60, help="how long to measure with --idle")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with served(chosen.feeds or (5000 if chosen.idle else 2000), chosen.items) as urls:
        if chosen.idle:
            result = idle(urls, chosen.seconds)
        else:
            only = set(filter(None, chosen.only.split(",")))
            result = compare(urls, Tools(chosen.tools), chosen.rounds, min(chosen.few, len(urls)), only)
            result["targets"] = judged(result)
    if chosen.json:
        print(json.dumps(result, ensure_ascii=False, indent=2))
    else:
        show(result)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
