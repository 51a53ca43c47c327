"""The demo's acts: read the samples, read them again after an edit, write the digest. Real parts throughout."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from monitor.app.cycle import summarise
from monitor.app.pipeline import Outcome
from monitor.app.watch import Watch
from monitor.core.addresses import LOOPBACK
from monitor.core.model import Digest, DigestSpec, PollSummary, Target
from monitor.demo.server import SAMPLES, serve_samples
from monitor.errors import MonitorError
from monitor.wiring import Service, Settings, SystemClock, compiled, load_settings, service, shipped

FORMS = (".html", ".txt", ".json", ".slack.json")  # in which the digest is written
Progress = Callable[[str, int, int, Outcome], None]  # act, number done, number in all, what came of it


@dataclass(frozen=True, slots=True)
class Showing:
    """What the demo did: the figures of both readings, the outcomes of the second, the digest, where it lies."""

    first: PollSummary
    second: PollSummary
    failures: tuple[Outcome, ...]
    digest: Digest
    files: tuple[Path, ...]


async def demonstrate(out: Path, screen: TextIO, progress: Progress) -> Showing:
    """Run the demo with the shipped rules into folder `out`; the digest's text goes to `screen`.

    Needs nothing and leaves nothing but the digest. Raises MonitorError when that could not be delivered, and before
    anything is read where the folder can't be made.
    """
    _make(out)
    with TemporaryDirectory(prefix="monitor-demo-") as folder:
        settings = replace(
            load_settings({}), db=Path(folder) / "demo.db", allow_networks=LOOPBACK, host_spacing=timedelta(0)
        )
        return await _show(settings, out, screen, progress)


def _make(folder: Path) -> None:
    advice = "name another folder: --out DIR"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MonitorError(f"can't write to {folder}: {error.strerror}; {advice}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise MonitorError(f"can't write to {folder}: this user may not; {advice}")


async def _show(settings: Settings, out: Path, screen: TextIO, progress: Progress) -> Showing:
    clock = SystemClock()
    with serve_samples(clock.now()) as server:
        feeds = tuple(sample.spec(server.url) for sample in SAMPLES)
        digest_spec = DigestSpec(
            id="demo",
            title="Russia–China desk · demo digest",
            rules=("*",),
            at="0 8 * * *",
            to=(Target("file", str(out)), Target("console", "")),
        )
        watch = Watch(feeds, compiled(settings, shipped("rules.yaml")), (digest_spec,))
        async with service(settings, console=screen, sample=True) as built:
            await built.desk.open(watch)
            first = await _read(built, watch, "first reading", progress)
            server.later = True
            second = await _read(built, watch, "second reading, after an edit", progress)
            digest = await built.desk.at_store(built.writer.write, watch, digest_spec, clock.now())
            attempts = await built.desk.dispatcher.send_due()
    errors = [attempt.error for attempt in attempts if attempt.error]
    if errors:
        raise MonitorError("the demo's digest could not be delivered: " + "; ".join(errors))
    return Showing(
        summarise(first, [], feeds_due=len(feeds)),
        summarise(second, attempts, feeds_due=len(feeds)),
        tuple(outcome for outcome in second if outcome.failure),
        digest,
        tuple(out / f"demo-{digest.at:%Y%m%d-%H%M%S}Z{suffix}" for suffix in FORMS),
    )


async def _read(built: Service, watch: Watch, act: str, progress: Progress) -> list[Outcome]:
    """Poll every sample now, due or not."""
    states = await built.desk.at_store(built.store.feeds.states)
    outcomes: list[Outcome] = []
    for number, feed in enumerate(watch.feeds, start=1):
        outcome = await built.desk.poll(feed, states[feed.id], lambda: watch)
        outcomes.append(outcome)
        progress(act, number, len(watch.feeds), outcome)
    return outcomes
