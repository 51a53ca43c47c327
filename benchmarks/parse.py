"""How fast real feeds are parsed, and what becomes of them, on one core.

    python benchmarks/parse.py [--feeds DIR] [--rounds 3] [--json]

Reads every feed below DIR (by default the corpus beside the repository) and prints files, items, failures by reason,
oddities, and feeds and items a second, with plain feedparser beside it in the same run: as it comes, and with its
sanitising and URI resolution off. Ratios count; absolute figures drift with the machine.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from time import perf_counter

import feedparser

from monitor.adapters.parse import FeedParser
from monitor.core.model import FeedSpec, Fetched
from monitor.errors import ParseError

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "feeds"
HEADERS = {"content-type": "application/xml"}
SPEC = FeedSpec("bench", "https://bench.example/feed")
AT = datetime(2026, 11, 22, tzinfo=UTC)


def documents(folder: Path) -> list[bytes]:
    """Every file but the index, in order of name."""
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "INDEX.tsv"]


def ours(body: bytes) -> int:
    """Items found; -1 for a document that is no feed."""
    try:
        return len(FeedParser().parse(Fetched("bench", AT, SPEC.url, 200, body), SPEC).items)
    except ParseError:
        return -1


def plain(body: bytes, *, bare: bool) -> int:
    """Entries that feedparser finds."""
    result = feedparser.parse(
        BytesIO(body), response_headers=HEADERS, sanitize_html=not bare, resolve_relative_uris=not bare
    )
    return len(result.entries)


def clocked(bodies: list[bytes], rounds: int, parse: Callable[[bytes], int]) -> dict[str, float]:
    """Feeds and items a second, of the best round."""
    best, items = float("inf"), 0
    for _ in range(rounds):
        began = perf_counter()
        items = sum(max(parse(body), 0) for body in bodies)
        best = min(best, perf_counter() - began)
    return {"feeds_per_second": round(len(bodies) / best, 1), "items_per_second": round(items / best), "items": items}


def outcomes(bodies: list[bytes]) -> tuple[Counter[str], Counter[str]]:
    """(failures by reason, notes by kind); numbers and quotations in them are left out to count like with like."""
    failures: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    for body in bodies:
        try:
            parsed = FeedParser().parse(Fetched("bench", AT, SPEC.url, 200, body), SPEC)
        except ParseError as error:
            failures[f"{error.fault}: {re.sub('“.*?”', '“…”', str(error))}"] += 1
        else:
            notes.update({re.sub(r" in line \d+|^\d+ ", "", note) for note in parsed.notes})
    return failures, notes


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--feeds", type=Path, default=CORPUS)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    bodies = documents(chosen.feeds) if chosen.feeds.is_dir() else []
    if not bodies:
        print(f"no feeds below {chosen.feeds}: give a folder with --feeds", file=sys.stderr)
        return 1
    failures, notes = outcomes(bodies)
    speed = {
        "monitor": clocked(bodies, chosen.rounds, ours),
        "feedparser, switches off": clocked(bodies, chosen.rounds, lambda body: plain(body, bare=True)),
        "feedparser": clocked(bodies, chosen.rounds, lambda body: plain(body, bare=False)),
    }
    result = {
        "files": len(bodies),
        "bytes": sum(map(len, bodies)),
        "failures": failures,
        "notes": notes,
        "speed": speed,
    }
    if chosen.json:
        print(json.dumps(result, ensure_ascii=False, indent=2))
        return 0
    print(f"{len(bodies)} files, {result['bytes'] / 2**20:.1f} MiB, {sum(failures.values())} not read")
    for title, counts in (("not read", failures), ("read, but odd", notes)):
        print(f"\n{title}")
        for words, number in counts.most_common():
            print(f"  {number:4}  {words}")
    print(f"\n{'':26}{'feeds/s':>9}{'items/s':>9}{'items':>8}")
    for name, figures in speed.items():
        print(f"  {name:24}{figures['feeds_per_second']:9}{figures['items_per_second']:9}{figures['items']:8}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
