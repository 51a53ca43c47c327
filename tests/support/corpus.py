"""Real feeds that nobody on this project wrote, kept beside the repository; tests that need them skip without."""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "feeds"
_HEADER = re.compile(
    r"meant to be served with HTTP Content-Type: ([^\n]*?)(?:; feedparser|; bytes|; non-|; declares|$)"
)


@dataclass(frozen=True)
class RealFeed:
    """One file with what its index says of it. `entries` is what feedparser found in the bare bytes."""

    name: str
    body: bytes
    content_type: str | None
    entries: int
    note: str


needs_corpus = pytest.mark.skipif(not (FOLDER / "INDEX.tsv").exists(), reason="the corpus of real feeds is not here")


@cache
def real_feeds() -> tuple[RealFeed, ...]:
    """All of them; none without the corpus."""
    index = FOLDER / "INDEX.tsv"
    if not index.exists():
        return ()
    with index.open(encoding="utf-8", newline="") as file:
        return tuple(_feed(row) for row in csv.DictReader(file, delimiter="\t"))


def _feed(row: dict[str, str]) -> RealFeed:
    header = _HEADER.search(row["note"] or "")
    return RealFeed(
        name=row["file"],
        body=(FOLDER / row["file"]).read_bytes(),
        content_type=header[1].strip() if header else None,
        entries=int(row["feedparser_entries"]),
        note=row["note"] or "",
    )
