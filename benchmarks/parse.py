"""How fast feeds are parsed, bytes to items, and whether the items are the ones that feedparser means.

    python benchmarks/parse.py [--feeds DIR] [--rounds 3] [--table] [--json]

Reads every feed below DIR (by default the corpus beside the repository; without it, feeds made up on the spot) and
prints feeds and items a second on one core and on all, with feedparser beside them in the same run: as anyone calls it,
`feedparser.parse(bytes)`, and with its sanitising and URI resolution off. Ours includes finding out the encoding, HTML
to text, dates, links and keys. One core is measured in processor time, all cores by the wall clock and only worth
something on an idle machine. Ratios count; absolute figures drift. `--table` prints instead where
the readings differ, by reason; the exit status is 1 if a difference has none.
"""

import argparse
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from os import cpu_count
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import feedparser
from parse_differences import AT, SPEC, UNEXPLAINED, Difference, against_feedparser, against_referee, table

from monitor.adapters.parse import FeedParser
from monitor.core.model import Fetched
from monitor.errors import ParseError

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "feeds"
HEADERS = {"content-type": "application/xml"}
Clock = Callable[[], float]
Feed = tuple[str, bytes, str | None]  # name, body, Content-Type if its index tells one
_SERVED = re.compile(
    r"meant to be served with HTTP Content-Type: ([^\n]*?)(?:; feedparser|; bytes|; non-|; declares|$)"
)


def feeds_below(folder: Path) -> list[Feed]:
    """Every file but the index, in order of name."""
    served: dict[str, str] = {}
    if (index := folder / "INDEX.tsv").exists():
        with index.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if header := _SERVED.search(row["note"] or ""):
                    served[row["file"]] = header[1].strip()
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path != index]
    names = [str(path.relative_to(folder)) for path in paths]
    return [(name, path.read_bytes(), served.get(name)) for name, path in zip(names, paths, strict=True)]


def made_up(number: int) -> list[Feed]:
    """Feeds of 40 items in Russian, Chinese and English, when there are no real ones."""
    words = ("Суда прошли по реке Туманной к морю", "中国船只沿图们江出海", "Vessels passed down the Tumen to the sea")
    feeds = []
    for feed in range(number):
        text = words[feed % len(words)]
        items = "".join(
            f"<item><guid>https://n{feed}.example/{item}</guid><title>{text} {item}</title>"
            f"<link>https://n{feed}.example/{item}?utm_source=rss</link><category>{text[:6]}</category>"
            f"<pubDate>Sat, 21 Nov 2026 10:{item:02}:00 +0300</pubDate><description><![CDATA["
            + f"<p>{text}. <a href='https://n{feed}.example/'>{text}</a>&nbsp;&mdash; {text}</p>" * 12
            + "]]></description></item>"
            for item in range(40)
        )
        body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>{text}</title>{items}</channel></rss>'
        feeds.append((f"made up {feed}", body.encode(), None))
    return feeds


def ours(feed: Feed) -> int:
    """Items found; 0 for a document that is no feed."""
    _, body, content_type = feed
    try:
        fetched = Fetched("bench", AT, SPEC.url, 200, body, content_type=content_type or "")
        return len(FeedParser().parse(fetched, SPEC).items)
    except ParseError:
        return 0


def plain(feed: Feed) -> int:
    """Entries that `feedparser.parse(bytes)` finds."""
    return len(feedparser.parse(feed[1]).entries)


def bare(feed: Feed) -> int:
    """The same with its two expensive switches off."""
    found = feedparser.parse(
        BytesIO(feed[1]), response_headers=HEADERS, sanitize_html=False, resolve_relative_uris=False
    )
    return len(found.entries)


def clocked(feeds: list[Feed], rounds: int, parse: Callable[[list[Feed]], int], clock: Clock) -> dict[str, float]:
    """Feeds and items a second, of the best round."""
    best, items = float("inf"), 0
    for _ in range(rounds):
        began = clock()
        items = parse(feeds)
        best = min(best, clock() - began)
    return {"feeds_per_second": round(len(feeds) / best, 1), "items_per_second": round(items / best), "items": items}


def each(parse: Callable[[Feed], int]) -> Callable[[list[Feed]], int]:
    """One after another."""
    return lambda feeds: sum(map(parse, feeds))


def batch(feeds: list[Feed]) -> int:
    """What one process is given at a time."""
    return sum(map(ours, feeds))


def speeds(feeds: list[Feed], rounds: int) -> dict[str, dict[str, float]]:
    """Ours on one core and on all, feedparser on one."""
    cores = cpu_count() or 1
    with ProcessPoolExecutor(cores) as pool:

        def side_by_side(chosen: list[Feed]) -> int:
            return sum(pool.map(batch, [chosen[start :: 4 * cores] for start in range(4 * cores)]))

        side_by_side(feeds)
        wide = clocked(feeds, rounds, side_by_side, perf_counter)
        wall = clocked(feeds, 1, each(plain), perf_counter)
    batch(feeds)
    found = {
        "monitor": clocked(feeds, rounds, each(ours), process_time),
        "feedparser, switches off": clocked(feeds, min(rounds, 2), each(bare), process_time),
        "feedparser": clocked(feeds, min(rounds, 2), each(plain), process_time),
    }
    for figures in found.values():
        figures["times_feedparser"] = _ratio(figures, found["feedparser"])
    found[f"monitor, {cores} cores"] = {**wide, "times_feedparser": _ratio(wide, wall)}
    return found


def _ratio(figures: dict[str, float], beside: dict[str, float]) -> float:
    return round(figures["feeds_per_second"] / beside["feeds_per_second"], 1)


def comparisons(feeds: list[Feed]) -> dict[str, Any]:
    """Where the readings differ, and the share of feeds on which none does."""
    referee: list[Difference] = []
    others: list[Difference] = []
    fast = 0
    for feed in feeds:
        if (found := against_referee(*feed)) is not None:
            fast += 1
            referee += found
        others += against_feedparser(*feed)
    differing = {one.feed for one in referee}
    return {
        "feeds": len(feeds),
        "read_fast": fast,
        "agree_with_referee": round(1 - len(differing) / max(fast, 1), 4),
        "against_referee": table(referee),
        "against_feedparser": table(others),
        "unexplained": [
            [one.feed, one.field, str(one.ours)[:200], str(one.theirs)[:200]]
            for one in referee + others
            if one.reason == UNEXPLAINED
        ],
    }


def outcomes(feeds: list[Feed]) -> tuple[Counter[str], Counter[str]]:
    """(failures by reason, notes by kind); numbers and quotations in them are left out to count like with like."""
    failures: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    for _, body, content_type in feeds:
        fetched = Fetched("bench", AT, SPEC.url, 200, body, content_type=content_type or "")
        try:
            parsed = FeedParser().parse(fetched, SPEC)
        except ParseError as error:
            failures[f"{error.fault}: {re.sub('“.*?”', '“…”', str(error))}"] += 1
        else:
            notes.update({re.sub(r" in line \d+|^\d+ ", "", note) for note in parsed.notes})
    return failures, notes


def print_table(compared: dict[str, Any]) -> None:
    """The differences, by reason."""
    print(f"{compared['feeds']} files; {compared['read_fast']} read fast, "
          f"{compared['agree_with_referee']:.1%} of them exactly as the referee reads them")  # fmt: skip
    for title, rows in (
        ("fast reader | feedparser as referee", compared["against_referee"]),
        ("monitor | plain feedparser", compared["against_feedparser"]),
    ):
        print(f"\n{title}\n  {'field':10}{'items':>6}{'feeds':>6}  reason; we follow")
        for row in rows:
            print(f"  {row['field']:10}{row['items']:6}{row['feeds']:6}  {row['reason']}; {row['followed']}")
    for feed, field, one, other in compared["unexplained"]:
        print(f"\nunexplained: {feed}: {field}\n  {one}\n  {other}")


def print_speeds(result: dict[str, Any]) -> None:
    """Files, oddities and speeds."""
    failures, notes = result["failures"], result["notes"]
    print(f"{result['files']} {result['source']}, {result['bytes'] / 2**20:.1f} MiB, {sum(failures.values())} not read")
    for title, counts in (("not read", failures), ("read, but odd", notes)):
        print(f"\n{title}")
        for words, number in counts.most_common():
            print(f"  {number:4}  {words}")
    print(f"\n{'':26}{'feeds/s':>9}{'items/s':>9}{'items':>8}{'× feedparser':>14}")
    for name, figures in result["speed"].items():
        print(f"  {name:24}{figures['feeds_per_second']:9}{figures['items_per_second']:9}{figures['items']:8}"
              f"{figures['times_feedparser']:14}")  # fmt: skip


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--feeds", type=Path, default=CORPUS)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--table", action="store_true", help="print where the readings differ, and why")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    feeds = feeds_below(chosen.feeds) if chosen.feeds.is_dir() else []
    source = "real feeds" if feeds else "feeds made up"
    feeds = feeds or made_up(60)
    if chosen.table:
        compared = comparisons(feeds)
        print(json.dumps(compared, ensure_ascii=False, indent=2)) if chosen.json else print_table(compared)
        return 1 if compared["unexplained"] else 0
    failures, notes = outcomes(feeds)
    result = {
        "files": len(feeds),
        "source": source,
        "bytes": sum(len(feed[1]) for feed in feeds),
        "failures": failures,
        "notes": notes,
        "speed": speeds(feeds, chosen.rounds),
    }
    print(json.dumps(result, ensure_ascii=False, indent=2)) if chosen.json else print_speeds(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
