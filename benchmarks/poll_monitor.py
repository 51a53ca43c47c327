"""This monitor over the feeds of `poll.py`: the service as wired, in a process of its own.

    python benchmarks/poll_monitor.py < job.json

The job: `{"urls": […], "folder": "…", "rounds": 2, "idle": 0}`. Prints one JSON object: a figure for each cycle, and
with `idle` what the process costs in so many seconds in which no feed is due.
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from time import perf_counter

from monitor.app.daemon import Daemon, Rhythm
from monitor.app.watch import Watch
from monitor.core.model import DigestSpec, FeedSpec, Target
from monitor.wiring import SystemClock, compiled, load_settings, service, shipped
from monitor.wiring.memory import giving_back

LANGUAGES = ("ru", "zh", "en")


class Clock:
    """The real time, and as much later as is said: so that all feeds are due again."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


class Lag:
    """By how much the event loop wakes later than asked, every 5 ms."""

    def __init__(self) -> None:
        self.late: list[float] = []

    async def watch(self) -> None:
        while True:
            asked = perf_counter() + 0.005
            await asyncio.sleep(0.005)
            self.late.append(perf_counter() - asked)

    def quantile(self, share: float) -> float:
        found = sorted(self.late)
        return round(1000 * found[min(len(found) - 1, int(share * len(found)))], 1) if found else 0.0


def children() -> list[str]:
    """The ids of the processes that this one started."""
    return [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]


def processor() -> tuple[float, float]:
    """Seconds of processor time: of this process, and of those it started."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    others = ended.ru_utime + ended.ru_stime
    for pid in children():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        others += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return time.process_time(), others


def memory() -> int:
    """Bytes held by this process and those it started; pages that they share count once."""
    found = (Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() for pid in ["self", *children()])
    return sum(int(line.split()[1]) * 1024 for lines in found for line in lines if line.startswith("Pss:"))


@contextmanager
def profiled(path: str) -> Iterator[None]:
    """Write a profile of the event loop's thread there, if wanted."""
    if not path:
        yield
        return
    import cProfile

    profile = cProfile.Profile()
    with profile:
        yield
    profile.dump_stats(path)


async def measure(job: dict) -> dict:
    settings = replace(
        load_settings({}),
        db=Path(job["folder"]) / "monitor.db",
        allow_networks=(ip_network("127.0.0.0/8"),),
        host_spacing=timedelta(0),
        **({"poll_every": timedelta(hours=20)} if job.get("idle") else {}),
    )
    began = perf_counter()
    matcher = compiled(settings, shipped("rules.yaml"))
    ready = perf_counter() - began
    feeds = tuple(
        FeedSpec(f"feed-{number}", url, language=LANGUAGES[number % 3]) for number, url in enumerate(job["urls"])
    )
    digest = DigestSpec("morning", rules=("*",), to=(Target("file", job["folder"]),), at="0 8 * * *")
    watch, clock = Watch(feeds, matcher, (digest,)), Clock()
    result: dict = {"compiled_in": round(ready, 2), "rules": len(watch.rules_by_id), "cycles": []}
    async with service(settings, clock=clock) as built:
        for number in range(job["rounds"]):
            lag, cpu = Lag(), processor()
            ticker = asyncio.create_task(lag.watch())
            began = perf_counter()
            with profiled(job.get("profile", "") and f"{job['profile']}.{number}"):
                summary = await built.desk.once(watch)
            took = perf_counter() - began
            ticker.cancel()
            figures = {
                "seconds": round(took, 3),
                "feeds_per_second": round(len(feeds) / took, 1),
                "lag_p50_ms": lag.quantile(0.5),
                "lag_p99_ms": lag.quantile(0.99),
                "lag_max_ms": lag.quantile(1),
                "processor_seconds": round(processor()[0] - cpu[0], 2),
                "processor_seconds_of_workers": round(processor()[1] - cpu[1], 2),
                "memory_mb": round(memory() / 1e6),
            }
            result["cycles"].append(figures | asdict(summary))
            clock.ahead += timedelta(hours=25)
        if job.get("idle"):
            clock.ahead -= timedelta(hours=25)
            result["idle"] = await idle(built, watch, job["idle"])
    return result


async def idle(built, watch: Watch, seconds: float) -> dict:
    """What the daemon costs while no feed is due."""
    daemon = Daemon(built.desk, watch, Rhythm(), lambda: None)
    async with giving_back():  # as `monitor run` does
        running = asyncio.create_task(daemon.run())
        await asyncio.sleep(30)  # worker processes have ended by then
        cpu, began = processor(), perf_counter()
        await asyncio.sleep(seconds)
        spent, took, held = sum(processor()) - sum(cpu), perf_counter() - began, memory()
        daemon.stop()
        await running
    return {
        "seconds": round(took),
        "share_of_a_core": round(spent / took, 4),
        "memory_mb": round(held / 1e6),
    }


if __name__ == "__main__":
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    print(json.dumps(asyncio.run(measure(json.load(sys.stdin)))))
