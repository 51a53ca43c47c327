"""How long the workbench takes over a large archive: `monitor rules backtest`, `near` and `stats` as processes.

    python benchmarks/backtest.py [--items 100000]

Fills a database with items of about 60 words (Han: about 110 characters), a third each in Russian, Chinese and English,
one in twenty built from the examples of the shipped rules, and runs the shipped rules over it.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from match import World

from monitor.adapters.config import load_rules
from monitor.adapters.store import open_store
from monitor.core.model import Decision, Novelty

ROOT = Path(__file__).parent.parent
BATCH = 1000
COMMANDS = (
    ("backtest", "--since", "all", "--limit", "1"),
    ("backtest", "--since", "all", "--limit", "1", "--rules", str(ROOT / "rules.yaml")),
    ("near", "tumen-passage", "--since", "all", "--limit", "1"),
    ("stats", "--since", "all"),
    ("lint",),
)


def fill(database: Path, count: int) -> None:
    """Put invented items into a new database."""
    world = World()
    texts = [one.item.title for rule in load_rules(ROOT / "rules.yaml").book.rules for one in rule.examples]
    now = datetime.now(UTC)
    store = open_store(database)
    for start in range(0, count, BATCH):
        items = [world.item(number, []) for number in range(start, min(start + BATCH, count))]
        made = [
            replace(
                item,
                title=world.rng.choice(texts) if world.rng.random() < 0.05 else item.title,
                published=now - timedelta(minutes=int(item.key) % 40_000),
            )
            for item in items
        ]
        with store.transaction():
            store.archive.save([Decision(item, Novelty.NEW, "", item.key) for item in made], now)
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    count = parser.parse_args().items
    with TemporaryDirectory() as folder:
        database = Path(folder) / "monitor.db"
        fill(database, count)
        print(f"{count:,} items, {database.stat().st_size / 2**20:.0f} MiB")
        for command in COMMANDS:
            begin = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "monitor", "--db", database, "rules", *command], cwd=ROOT, check=False,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
            print(f"{time.perf_counter() - begin:6.1f} s  monitor rules {' '.join(command)}".replace(str(ROOT), "."))


if __name__ == "__main__":
    main()
