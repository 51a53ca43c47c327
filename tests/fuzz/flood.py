"""Any number of damaged feeds through the parser, in processes with a ceiling on memory and on time per document."""

import resource
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from types import FrameType

from fuzz.mutations import Mutator
from fuzz.oracles import check_parse
from fuzz.seeds import documents

CEILING = 1 << 30  # bytes of address space a process may have
SECONDS = 10.0  # of processor time a document may take before it is broken off
BATCH = 1_000
LIFE = 50  # batches until the processes are made anew


@dataclass
class Report:
    """What came of it: outcomes by kind, findings as (number of the case, what was wrong), the largest process."""

    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[int, str]] = field(default_factory=list)
    megabytes: int = 0

    @property
    def cases(self) -> int:
        """How many documents were read or refused."""
        return sum(self.outcomes.values())

    def add(self, other: "Report") -> None:
        """Sum up."""
        self.outcomes += other.outcomes
        self.findings += other.findings
        self.megabytes = max(self.megabytes, other.megabytes)


class TooSlowError(BaseException):
    """A document took longer than any may; no `except Exception` on the way swallows it."""


def run(numbers: range, seed: int, *, corpus: bool = True) -> Report:
    """The cases of these numbers, one after another, in the main thread of this process."""
    report = Report()
    mutator = _mutator(seed, corpus)
    before = signal.signal(signal.SIGPROF, _break_off)
    for number in numbers:
        case = mutator(number)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            report.outcomes[check_parse(case)] += 1
        except (Exception, TooSlowError) as error:
            report.outcomes["WRONG"] += 1
            report.findings.append((number, f"{type(error).__name__}: {error}"[:300]))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)
    report.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return report


def flood(count: int, seed: int, *, first: int = 0, workers: int = 1) -> Iterator[Report]:
    """`count` cases in `workers` processes; a report after each batch. A process that dies is a finding."""
    batches = [range(at, min(at + BATCH, first + count)) for at in range(first, first + count, BATCH)]
    for place in range(0, len(batches), LIFE):
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_confine) as pool:
            for batch, future in [(batch, pool.submit(run, batch, seed)) for batch in batches[place : place + LIFE]]:
                try:
                    yield future.result()
                except BrokenProcessPool:
                    yield Report(Counter({"DIED": len(batch)}), [(batch.start, "a process died near here")])


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (CEILING, CEILING))


def _break_off(number: int, frame: FrameType | None) -> None:
    raise TooSlowError(f"broken off after {SECONDS} s")


_mutators: dict[tuple[int, bool], Mutator] = {}


def _mutator(seed: int, corpus: bool) -> Mutator:
    if (seed, corpus) not in _mutators:
        _mutators[seed, corpus] = Mutator(documents(corpus=corpus), seed)
    return _mutators[seed, corpus]
