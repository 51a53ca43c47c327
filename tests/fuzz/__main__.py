"""Fuzzing from the command line, from the root of the repository:

PYTHONPATH=tests python -m fuzz guided parse --seconds 600
PYTHONPATH=tests python -m fuzz flood --count 1000000 --workers 2
PYTHONPATH=tests python -m fuzz show 4711
"""

import argparse
import sys
from pathlib import Path
from time import monotonic


def main() -> int:
    """Status 0: nothing found."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = options.add_subparsers(dest="command", required=True)
    guided = commands.add_parser("guided", help="coverage-guided, with atheris")
    guided.add_argument("target", choices=["parse", "normalise", "dates", "links", "match"])
    guided.add_argument("--seconds", type=int, default=600)
    guided.add_argument("--corpus", type=Path, default=Path(".fuzz"), help="where inputs worth keeping are kept")
    many = commands.add_parser("flood", help="damaged feeds by the million")
    many.add_argument("--count", type=int, default=100_000)
    many.add_argument("--first", type=int, default=0)
    many.add_argument("--workers", type=int, default=1)
    show = commands.add_parser("show", help="write one damaged feed to the screen")
    show.add_argument("number", type=int)
    for command in (many, show):
        command.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    match chosen.command:
        case "guided":
            from fuzz.guided import fuzz  # only now: what is imported before it is not instrumented

            fuzz(chosen.target, chosen.seconds, chosen.corpus / chosen.target)
            return 0
        case "show":
            from fuzz.mutations import Mutator
            from fuzz.seeds import documents

            case = Mutator(documents(), chosen.seed)(chosen.number)
            sys.stdout.buffer.write(case.body + f"\n{case.content_type=} {case.encoding=} {case.cut_short=}\n".encode())
            return 0
    return _flood(chosen.count, chosen.seed, chosen.first, chosen.workers)


def _flood(count: int, seed: int, first: int, workers: int) -> int:
    from fuzz import flood

    total, began, told = flood.Report(), monotonic(), 0
    for report in flood.flood(count, seed, first=first, workers=workers):
        total.add(report)
        for number, words in report.findings:
            print(f"case {number}: {words}", flush=True)
        if total.cases - told >= 20_000 or total.cases == count:
            told = total.cases
            rate = told / (monotonic() - began)
            print(f"{told} read, {rate:.0f}/s, {total.megabytes} MB, {dict(total.outcomes)}", flush=True)
    return 1 if total.findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
