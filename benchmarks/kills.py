"""Kills the dispatcher at random moments while it sends mail, Slack messages and files to servers on loopback.

    python benchmarks/kills.py [--kills 500] [--seed 1] [--json]

Reported: kills, outboxes sent under them, deliveries, how many were lost (must be none), how many came again (only
what was in flight at a kill, under the same key), and the time. Exits 1 when anything was lost, came again without
having been in flight, or parts of a digest came in another order.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.dispatch_kills import dispatch_under_fire


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args()
    began = time.monotonic()
    found = dispatch_under_fire(options.kills, options.seed)
    figures = {name: len(value) if isinstance(value, list) else value for name, value in asdict(found).items()}
    figures["seconds"] = round(time.monotonic() - began, 1)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:12} {value:>8,}")
    return 1 if found.lost or found.unexplained or found.disorder else 0


if __name__ == "__main__":
    sys.exit(main())
