"""A year of schedules in twelve time zones, simulated with the real writer and database, over every change of clocks.

The daemon looks at random moments, is restarted and switched off at random, and its clock jumps. What should happen is
worked out by another road than the product's: by reading the clocks on the wall, minute by minute.

MONITOR_SCHEDULE_LOOKS says how many random looks a day (6); MONITOR_SCHEDULE_SEED where chance begins.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.stored import saved_hits

from monitor.adapters.store import SqliteStore, open_store
from monitor.app.digests import DigestWriter
from monitor.app.ports import Renderer
from monitor.app.watch import Watch
from monitor.core.model import (
    Digest,
    DigestSpec,
    Hit,
    Item,
    Message,
    QuietHours,
    Rate,
    RuleInfo,
    Severity,
    Target,
    Window,
)

LOOKS = int(os.environ.get("MONITOR_SCHEDULE_LOOKS", "6"))
SEED = int(os.environ.get("MONITOR_SCHEDULE_SEED", "7"))
M, H, D = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 1, 1, 0, 7, tzinfo=UTC)
END = START + 365 * D
STEP = 5 * M  # every change of clocks falls on such a minute
# Zone, cron line, its time of day, its weekdays: in the hour that is skipped or repeated, on the days around a change.
SCHEDULES = [
    ("Europe/Berlin", "30 2 * * *", time(2, 30), range(7)),
    ("America/New_York", "15 2 * * 0,6", time(2, 15), (5, 6)),
    ("America/St_Johns", "45 1 * * 6-7", time(1, 45), (5, 6)),
    ("America/Santiago", "0 0 * * 0,1", time(0, 0), (6, 0)),  # midnight is skipped
    ("Africa/Casablanca", "30 2 * * SUN,MON", time(2, 30), (6, 0)),  # set back for Ramadan
    ("Africa/Cairo", "0 0 * * 4-6", time(0, 0), (3, 4, 5)),  # midnight is skipped, on a Friday
    ("Asia/Beirut", "10 0 * * 0,1", time(0, 10), (6, 0)),  # midnight is skipped
    ("Asia/Kolkata", "0 8 * * 1-5", time(8, 0), range(5)),  # half an hour off, no changes
    ("Asia/Tokyo", "0 8 * * 1", time(8, 0), (0,)),
    ("Australia/Adelaide", "30 2 * * 0,1", time(2, 30), (6, 0)),  # half an hour off, southern summer
    ("Australia/Lord_Howe", "15 2 * * 0,1", time(2, 15), (6, 0)),  # changes by half an hour
    ("Pacific/Chatham", "50 2 * * 0,1", time(2, 50), (6, 0)),  # three quarters of an hour off
]
ZONES = [zone for zone, *_ in SCHEDULES]


class Quiet(Renderer):
    """A matcher with one rule that the tests speak for, and a renderer that says little."""

    rules = (RuleInfo(id="espionage-arrests", title="Espionage", severity=Severity.HIGH),)
    token = "none"

    def match(self, item: Item) -> list[Hit]:
        return []

    def promise(self, item: Item) -> float:
        return 0.0

    def render(self, digest: Digest, target: Target) -> list[Message]:
        return [Message(target.channel, {"subject": digest.headline})]


def specs() -> list[DigestSpec]:
    return [
        DigestSpec(id=zone, rules=("*",), to=(Target("console", ""),), at=cron, timezone=zone)
        for zone, cron, *_ in SCHEDULES
    ]


def wall(zone: str, at: datetime) -> datetime:
    """What the clocks of that zone show."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def hours_of(zone: str, clock: time, days: Sequence[int]) -> list[datetime]:
    """The moments at which that zone's clocks first show this time of day, or for the first time a later one."""
    found: list[datetime] = []
    for number in range(-1, 368):
        wanted = datetime.combine(START.date() + number * D, clock)
        if wanted.weekday() not in days:
            continue
        roughly = wanted.replace(tzinfo=UTC)
        at = roughly - (wall(zone, roughly) - wanted) - 3 * H
        assert wall(zone, at) < wanted
        while wall(zone, at) < wanted:
            at += STEP
        found.append(at)
    return found


@cache
def expected() -> dict[str, list[datetime]]:
    return {zone: hours_of(zone, clock, tuple(days)) for zone, _, clock, days in SCHEDULES}


@dataclass
class Room:
    """The writer over its database, both closed and opened again at each restart."""

    path: Path
    watch: Watch
    store: SqliteStore = field(init=False)
    writer: DigestWriter = field(init=False)
    written: list[tuple[datetime, Digest]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = open_store(self.path)
        self.restart()

    def restart(self) -> None:
        self.store.close()
        self.store = open_store(self.path)
        self.writer = DigestWriter(store=self.store, renderer=Quiet())

    def look(self, now: datetime) -> None:
        self.written += [(now, digest) for digest in self.writer.write_due(self.watch, now)]

    def times(self, spec: str) -> list[datetime]:
        return [at for at, digest in self.written if digest.spec == spec]


@pytest.fixture
def chance() -> random.Random:
    return random.Random(SEED)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Callable[[Sequence[DigestSpec]], Room]]:
    rooms: list[Room] = []

    def make(digests: Sequence[DigestSpec]) -> Room:
        rooms.append(Room(tmp_path / "monitor.db", Watch((), Quiet(), tuple(digests))))
        return rooms[-1]

    yield make
    for one in rooms:
        one.store.close()


def looks(chance: random.Random, *, outages: bool = True) -> list[datetime]:
    """When the daemon looks: now and then, at each expected hour, and not at all while it is switched off."""
    slot = 86_400 // LOOKS
    moments = {START + timedelta(seconds=n * slot + chance.randrange(slot)) for n in range(LOOKS * 365)}
    moments |= {at for times in expected().values() for at in times if START <= at <= END}
    off = [START + chance.random() * 365 * D for _ in range(40 * outages)]
    stretches = [(at, at + chance.choice([5 * M, 2 * H, 9 * H, 30 * H, 5 * D]) * chance.random()) for at in off]
    return [START, *(at for at in sorted(moments) if not any(begin <= at < end for begin, end in stretches))]


def due_at(looks: Sequence[datetime], hours: Sequence[datetime]) -> list[datetime]:
    """At which looks a digest is to be written: at the first one from each of its hours on, after it was known."""
    found: list[datetime] = []
    hours = [at for at in hours if at > looks[0]]
    for at in looks:
        if hours and hours[0] <= at:
            found.append(at)
            hours = [hour for hour in hours if hour > at]
    return found


def test_the_year_has_what_it_is_meant_to_try() -> None:
    skipped, repeated = set(), set()
    for zone, _, clock, _ in SCHEDULES:
        shown = [at.astimezone(ZoneInfo(zone)) for at in expected()[zone]]
        skipped |= {zone for one in shown if one.time() != clock}
        repeated |= {zone for one in shown if one.replace(fold=1).utcoffset() != one.utcoffset()}
        assert len({one.utcoffset() for one in shown}) == (1 if zone in {"Asia/Kolkata", "Asia/Tokyo"} else 2)
    assert skipped == set(ZONES) - {"America/St_Johns", "Asia/Kolkata", "Asia/Tokyo"}
    assert repeated >= {"Europe/Berlin", "America/St_Johns", "Africa/Casablanca", "Australia/Adelaide"}


def test_each_digest_comes_once_at_its_hour_with_everything_that_waited(
    chance: random.Random, room: Callable[[Sequence[DigestSpec]], Room]
) -> None:
    here = room(specs())
    moments = looks(chance)
    arrivals = {moments[chance.randrange(len(moments) - LOOKS * 8)] for _ in range(120)}
    put: dict[str, list[int]] = {zone: [] for zone in ZONES}
    for at in moments:
        if chance.random() < 0.01:
            here.restart()
        here.look(at)
        if at in arrivals:
            zone = chance.choice(ZONES)
            ids = saved_hits(here.store, f"{at:%j-%H%M%S}", at=at, published=at, title=f"{at:%c}", seen_at=at)
            here.store.digests.wait(zone, ids, at)
            put[zone] += ids
    for zone in ZONES:
        wanted = due_at(moments, expected()[zone])
        assert here.times(zone) == wanted, zone
        assert len(wanted) > 45
        told = [
            hit for _, digest in here.written if digest.spec == zone for one in digest.stories for hit in one.hit_ids
        ]
        assert sorted(told) == sorted(put[zone]), zone


def test_a_clock_that_jumps_doubles_nothing_within_an_hour_and_silences_nothing_beyond(
    chance: random.Random, room: Callable[[Sequence[DigestSpec]], Room]
) -> None:
    """Small jumps all the year, as a time server makes them; large ones in three stretches, as a dead battery does.

    Two small ones in a row, there and back to the other side, stay below the hour that counts as set back.
    """
    here = room(specs())
    wild = [(START + day * D, START + (day + 12) * D) for day in (70, 180, 300)]
    moments = looks(chance, outages=False)
    shift, returns_at, jumps = timedelta(0), START, Counter[str]()
    for at in moments:
        if shift and at >= returns_at:
            shift = timedelta(0)
        elif not shift and chance.random() < 0.05:
            large = any(begin <= at < end for begin, end in wild)
            jumps["large" if large else "small"] += 1
            shift = chance.choice([-1, 1]) * (chance.uniform(2, 48) * H if large else chance.uniform(1, 29) * M)
            returns_at = at + chance.uniform(0.5, 30) * H
        before = len(here.written)
        here.look(at + shift)
        here.written[before:] = [(at, digest) for _, digest in here.written[before:]]  # by the true clock
    assert min(jumps["small"], jumps["large"] * 10) > 50, jumps
    for zone in ZONES:
        times, hours = here.times(zone), [at for at in expected()[zone] if START + D < at < END - D]
        calm = [at for at in hours if not any(begin - 3 * D < at < end + 5 * D for begin, end in wild)]
        for hour in calm:
            end = next(at for at in moments if at >= hour + H)
            assert sum(hour - H < at <= end for at in times) == 1, f"{zone} {hour}"
        usual = max(b - a for a, b in pairwise(hours))
        assert max(b - a for a, b in pairwise(times)) <= usual + 4 * D, f"{zone} fell silent"
        assert len(times) <= len(hours) + 3 + 2 * jumps["large"], f"{zone} came too often"


def changes(zone: str) -> list[datetime]:
    """The moments of the year at which that zone's clocks change, within an hour."""
    hours = (START + number * H for number in range(365 * 24))
    shown = [(at, wall(zone, at) - at.replace(tzinfo=None)) for at in hours]
    return [at for (_, before), (at, after) in pairwise(shown) if before != after]


def test_around_each_change_of_clocks_alerts_keep_to_quiet_hours_on_the_wall_and_to_maintenance(
    chance: random.Random, room: Callable[[Sequence[DigestSpec]], Room]
) -> None:
    """Told at the first look at which the wall shows no hour from 22:00 to 07:00 and nothing is under repair."""
    night = QuietHours(time(22), time(7))
    turns = [(zone, at) for zone in ZONES for at in changes(zone)]
    assert len(turns) > 18
    repairs = [Window(at + chance.uniform(-16, 12) * H, at + chance.uniform(12, 16) * H, "repairs") for _, at in turns]
    specs = [
        DigestSpec(
            id=f"{zone}-{number}", rules=("*",), to=(Target("console", ""),), timezone=zone, wait=timedelta(0),
            quiet_hours=(night,), maintenance=(repairs[number],) * (number % 3 == 0), at_most=Rate(1000, H),
        )
        for number, (zone, _) in enumerate(turns)
    ]  # fmt: skip
    here = room(specs)
    held = 0
    for spec, (zone, turn) in zip(specs, turns, strict=True):
        here.watch, here.written = Watch((), Quiet(), (spec,)), []
        wanted: dict[int, datetime | None] = {}

        def silent(at: datetime, spec: DigestSpec = spec) -> bool:
            return not 7 <= wall(spec.timezone, at).hour < 22 or any(
                one.start <= at < one.end for one in spec.maintenance
            )

        for step in range(60):
            at = turn + (step - 30) * H + chance.uniform(0, 59) * M
            if step % 5 == 0 and step < 36:
                name = f"{spec.id}-{step}"
                (hit,) = saved_hits(here.store, name, at=at, published=at, seen_at=at, title=name)
                here.store.digests.wait(spec.id, [hit], at)
                wanted[hit] = None
            if not silent(at):
                wanted |= {hit: at for hit, told in wanted.items() if told is None}
            here.look(at)
        told = {hit: at for at, one in here.written for story in one.stories for hit in story.hit_ids}
        assert told == wanted, f"{zone} {turn}"
        held += sum(bool(one.held_since) for _, one in here.written)
    assert held > len(turns)
