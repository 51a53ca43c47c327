"""A week of many feeds at high speed: are they asked evenly, politely, and is every item seen once?

    python benchmarks/week.py [--feeds 300] [--days 7] [--seed 1] [--json]

The whole road (fetch, read, store, plan) runs on its real parts with a simulated clock against a server process on
loopback (benchmarks/newsworld.py), where wires, papers, regional sites and standing searches publish by day and night
and some fail, move, go, are asked too much or flip between mirrors. On the way the program is stopped for six hours.
Exits 1 when a promise is broken; needs Linux, where all of 127.0.0.0/8 is this machine.
"""

import argparse
import asyncio
import http.client
import json
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from time import perf_counter
from typing import Any

from newsworld import SHY, START, THROTTLING, D, H, M, Source, Span, outside, throttled, world

from monitor.core.polling import FLOOR
from monitor.wiring import Configuration, Settings, service

TICK = timedelta(seconds=10)  # the daemon looks every two seconds; so much coarser is this one
PAUSE = 6 * H
LONGEST = 33 * M  # of any wait by rhythm or server's wish: 30 min and a tenth
PER_HOST = 2
SHOWN = 40
RULES = """
terms: {harbour: {label: harbour, en: [harbour]}}
rules: [{id: harbour, title: Harbour, severity: low, match: $harbour, examples: {hit: [The harbour opened]}}]
digests: [{id: morning, rules: ["*"], at: "0 8 * * *", to: ["file:out"]}]
"""


@dataclass
class SimulatedClock:
    present: datetime = START

    def now(self) -> datetime:
        return self.present


@dataclass
class Week:
    """What was simulated, and what came of it."""

    sources: list[Source]
    days: float
    pause: Span
    polls: dict[str, list[datetime]] = field(default_factory=dict)
    seen: dict[str, dict[int, datetime]] = field(default_factory=dict)  # feed → number of item → when it was seen
    stored: Counter[str] = field(default_factory=Counter)
    adopted: dict[str, str] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)  # polls, by feed
    errors: Counter[str] = field(default_factory=Counter)  # that stand at the end
    server: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)

    @property
    def end(self) -> datetime:
        return START + self.days * D


def simulate(feeds: int, days: float, seed: int) -> Week:
    """Live through it."""
    middle = START + 0.55 * days * D
    week = Week(world(feeds, days, seed), days, (middle, middle + PAUSE))
    began = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        program = Path(__file__).with_name("newsworld.py")
        with subprocess.Popen(
            [sys.executable, str(program), str(feeds), str(days), str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as server:  # fmt: skip
            assert server.stdin
            assert server.stdout
            try:
                port = int(server.stdout.readline())
                control = http.client.HTTPConnection("127.0.0.1", port)
                _configure(home, week.sources, port)
                asyncio.run(_live(home, week, control))
                control.request("GET", "/stats")
                week.server = json.loads(control.getresponse().read())
                control.close()
            finally:
                server.stdin.close()
                server.wait(10)
        _read(week, home / "monitor.db")
    week.seconds = perf_counter() - began
    return week


def _configure(home: Path, sources: list[Source], port: int) -> None:
    lines = ["feeds:"]
    for source in sources:
        every = f", every: {source.every}" if source.every else ""
        lines.append(f"  - {{id: {source.id}, url: 'http://{source.host}:{port}{source.path}'{every}}}")
    (home / "feeds.yaml").write_text("\n".join(lines) + "\n")
    (home / "rules.yaml").write_text(RULES)


async def _live(home: Path, week: Week, control: http.client.HTTPConnection) -> None:
    settings = Settings(feeds=home / "feeds.yaml", rules=home / "rules.yaml", db=home / "monitor.db")
    settings = replace(settings, host_spacing=timedelta(0), allow_networks=(ip_network("127.0.0.0/8"),))
    watch = Configuration(settings).load()
    clock = SimulatedClock()
    for until in (week.pause[0], week.end):
        async with service(settings, clock=clock) as built:
            await built.desk.open(watch)
            while True:
                due_at = await built.desk.next_due(watch)
                if due_at is None or due_at >= until:
                    break
                late = max(due_at - clock.present, timedelta(0))
                clock.present += -(-late // TICK) * TICK or TICK
                control.request("PUT", "/clock", clock.present.isoformat())
                control.getresponse().read()
                due = await built.desk.due(watch)
                await asyncio.gather(*(built.desk.poll(feed, state, lambda: watch) for feed, state in due))
        clock.present = max(clock.present, week.pause[1])


def _read(week: Week, path: Path) -> None:
    """What the database says at the end."""
    polls, seen = defaultdict(list), defaultdict(dict)
    with sqlite3.connect(path) as db:
        for feed, at, outcome in db.execute("SELECT feed, at, outcome FROM polls ORDER BY at"):
            polls[feed].append(datetime.fromisoformat(at))
            week.outcomes[outcome] += 1
            week.failed[feed] += outcome not in ("ok", "not-modified")
        for feed, key, at in db.execute("SELECT feed, guid, seen_at FROM items ORDER BY id"):
            week.stored[key] += 1
            seen[feed][int(key.rpartition("/")[2])] = datetime.fromisoformat(at)
        week.errors = Counter(error for (error,) in db.execute("SELECT last_error FROM feeds WHERE last_error <> ''"))
        week.adopted = dict(db.execute("SELECT id, url FROM feeds WHERE url <> configured_url"))
    db.close()
    week.polls, week.seen = dict(polls), dict(seen)


# --- what is promised -------------------------------------------------------------------------------------


def judge(week: Week) -> dict[str, Any]:
    """The figures; what is broken goes to `week.broken`."""
    found = _items(week) | _asking(week) | _load(week)
    return {
        "feeds": len(week.sources),
        "days": week.days,
        "seconds": round(week.seconds, 1),
        **found,
        "outcomes": dict(week.outcomes.most_common()),
        "errors_at_the_end": dict(week.errors.most_common(5)),
        "promises_broken": len(week.broken),
        "broken": week.broken[:SHOWN],
    }


def _blind(week: Week, source: Source) -> list[Span]:
    """When a feed can't be read through no fault of the plan, with the time to notice that it can again."""
    spans = [week.pause]
    # A pause of a failing feed is at most as long as its failing lasted (it doubles), and a quarter.
    spans += [(start, end + 1.25 * min(end - start + H, 6 * H)) for start, end in source.down]
    if source.host in (THROTTLING, SHY):
        spans += [(start, end + (2 if source.host == SHY else 0) * H + 12 * M)
                  for start, end in throttled(source.host, week.days)]  # fmt: skip
    if source.gone_at:
        spans.append((source.gone_at, week.end + D))
    return spans


def _longest(source: Source) -> timedelta:
    """The longest wait that a feed may have while nothing is wrong."""
    if source.every:
        return 5.5 * M
    return 8 * H + LONGEST if "skipHours" in source.channel else LONGEST


def _items(week: Week) -> dict[str, Any]:
    """Every item that could be seen is there, once; what turned over too fast is counted."""
    published = seen = fixed_seen = 0
    unseen: list[timedelta] = []
    delays, fixed_delays = [], []
    chance = random.Random(5)
    for source in week.sources:
        mine, phase = week.seen.get(source.id, {}), chance.random() * 10 * M
        for number, span in source.stands():
            if not START <= span[0] < week.end or (source.gone_at and span[0] >= source.gone_at):
                continue
            published += 1
            reachable = outside((span[0], min(span[1], week.end)), _blind(week, source))
            longest = max((end - start for start, end in reachable), default=timedelta(0))
            step = START + phase + -(-(span[0] - START - phase) // (10 * M)) * 10 * M  # a fixed poll every ten minutes
            if not _within(step, [week.pause]):
                fixed_seen += step < span[1]
                fixed_delays.append((step - span[0]) / M)
            if number in mine:
                seen += 1
                if not any(_within(span[0], [blind]) for blind in _blind(week, source)):
                    delays.append((mine[number] - span[0]) / M)
            elif longest > _longest(source) + 2 * TICK:
                week.broken.append(f"{source.id}: item {number} stood {longest / M:.0f} min and was not seen")
            elif longest:
                unseen.append(longest)
        for number in mine:
            if number >= len(source.published) or source.published[number] > mine[number]:
                week.broken.append(f"{source.id}: item {number} was seen before it was published")
    twice = [key for key, count in week.stored.items() if count > 1]
    week.broken += [f"{key}: stored more than once" for key in twice]
    return {
        "items_published": published,
        "items_seen": seen,
        "items_stored_twice": len(twice),
        "items_turned_over_unseen": len(unseen),
        "items_turned_over_below_floor": sum(stood < FLOOR for stood in unseen),
        "longest_stood_unseen_min": round(max(unseen, default=timedelta(0)) / M, 1),
        "items_unseen_at_fixed_10_min": len(fixed_delays) - fixed_seen,
        "delay_mean_min": round(statistics.mean(delays), 2),
        "delay_p95_min": round(statistics.quantiles(delays, n=20)[-1], 2),
        "delay_mean_at_fixed_10_min": round(statistics.mean(fixed_delays), 2),
    }


def _within(moment: datetime, spans: list[Span]) -> bool:
    return any(start <= moment < end for start, end in spans)


def _asking(week: Week) -> dict[str, Any]:
    """Nobody is starved, nobody is pestered, hosts are obeyed."""
    largest = timedelta(0)
    for source in week.sources:
        polls = week.polls.get(source.id, [])
        blind = _blind(week, source)
        for a, b in zip(polls, [*polls[1:], week.end], strict=True):
            waited = max((y - x for x, y in outside((a, b), blind)), default=timedelta(0))
            if "skipHours" not in source.channel:
                largest = max(largest, waited)
            if waited > _longest(source) + 2 * TICK:
                week.broken.append(f"{source.id}: not asked for {waited / M:.0f} min after {a:%a %H:%M}")
            if b < week.end and b - a < (0.9 if source.every else 1.9) * M:
                week.broken.append(f"{source.id}: asked again after {(b - a).total_seconds():.0f} s at {a:%a %H:%M}")
        troubled = source.down or source.gone_at or source.moved_at or source.host in (THROTTLING, SHY)
        if week.failed[source.id] and not troubled:
            week.broken.append(f"{source.id}: {week.failed[source.id]} polls failed, though nothing was wrong")
        if source.moved_at and source.moved_at + 26 * H < week.end and "/new" not in week.adopted.get(source.id, ""):
            week.broken.append(f"{source.id}: its move was not adopted")
    for id_ in set(week.adopted) - {source.id for source in week.sources if source.moved_at}:
        week.broken.append(f"{id_}: adopted {week.adopted[id_]}")
    hosts = week.server["hosts"]
    for host, (_, most, _, too_soon) in hosts.items():
        if most > PER_HOST:
            week.broken.append(f"{host}: {most} requests at one time")
        if too_soon:
            week.broken.append(f"{host}: asked {too_soon} times while it wanted to be left alone")
    week.broken += [f"{f}: asked {n} times after 410" for f, n in week.server["after_gone"].items() if n > 1]
    windows = sum(start < week.end for start, _ in throttled(THROTTLING, week.days))
    told = {host: hosts.get(host, [0, 0, 0, 0])[2] for host in (THROTTLING, SHY)}
    if told[THROTTLING] > windows * PER_HOST:
        week.broken.append(f"{told[THROTTLING]} answers of 429 in {windows} holds")
    polls_made = sum(map(len, week.polls.values()))
    fixed = len(week.sources) * (week.days * D - PAUSE) / (10 * M)
    return {
        "polls": polls_made,
        "polls_at_fixed_10_min": round(fixed),
        "polls_ratio": round(polls_made / fixed, 3),
        "largest_gap_min": round(largest / M, 1),
        "most_requests_at_one_host": max(most for _, most, _, _ in hosts.values()),
        "requests_while_held": sum(too_soon for *_, too_soon in hosts.values()),
        "answers_429": sum(told.values()),
        "moves_adopted": len(week.adopted),
    }


def _load(week: Week) -> dict[str, Any]:
    """Polls a minute beside the mean of the two hours around; after a start everything is due at once."""
    moments = sorted(at for polls in week.polls.values() for at in polls)
    calm = [(START, START + 2 * M), (week.pause[0] - M, week.pause[1] + 2 * M)]
    worst, peak, minute, counts = 0.0, 0, START, []
    while minute < week.end:
        if not _within(minute, calm):
            count = bisect_left(moments, minute + M) - bisect_left(moments, minute)
            around = [max(minute - H, START + 2 * M), min(minute + H, week.end)]
            around = [max(around[0], week.pause[1] + 2 * M) if minute >= week.pause[1] else around[0],
                      min(around[1], week.pause[0]) if minute < week.pause[0] else around[1]]  # fmt: skip
            near = bisect_right(moments, around[1]) - bisect_left(moments, around[0])
            mean = near / max((around[1] - around[0]) / M, 1)
            counts.append(count)
            peak = max(peak, count)
            worst = max(worst, count / mean if mean >= 1 else 0)
            if count > mean + 5 * mean**0.5 + 5:
                week.broken.append(f"{count} polls in the minute {minute:%a %H:%M}, around it {mean:.0f}")
        minute += M
    return {
        "polls_a_minute_mean": round(statistics.mean(counts), 1),
        "polls_a_minute_most": peak,
        "most_beside_mean_around": round(worst, 2),
    }


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--feeds", type=int, default=300)
    options.add_argument("--days", type=float, default=7)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    if given.days < 0.75:
        options.error("such a world is over before its pause of six hours is: --days 0.75 or more")
    week = simulate(given.feeds, given.days, given.seed)
    figures = judge(week)
    if given.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name.replace('_', ' '):34} {value}" for name, value in figures.items() if name != "broken"))
        print("\n".join(f"BROKEN: {line}" for line in week.broken[:SHOWN]) or "every promise kept")
    return int(bool(week.broken))


if __name__ == "__main__":
    raise SystemExit(main())
