"""Coverage-guided fuzzing with atheris where it is installed, else plain mutation for the same time.

atheris is not in the lock files: it has no wheels for every platform the project runs on.
"""

import random
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

try:
    import atheris
except ImportError:
    atheris = None

if atheris is not None:
    with atheris.instrument_imports(include=["monitor", "feedparser"]):
        from fuzz import oracles
else:
    from fuzz import oracles

from fuzz.mutations import Case, Mutator
from fuzz.seeds import HOSTILE_DATES, HOSTILE_LINKS, HOSTILE_TEXTS, documents

CONTENT_TYPES = ("", "text/xml", "text/xml; charset=utf-8", "text/xml; charset=windows-1251", "a; charset=gb2312",
                 "a; charset=utf-16", "application/json", "text/html; charset=iso-8859-1")  # fmt: skip
ENCODINGS = (None, None, None, None, None, "koi8-r", "shift_jis", "utf-16")
LARGEST_DOCUMENT, LARGEST_TEXT = 16_384, 4_096  # bytes


def parse(data: bytes) -> None:
    """The last byte chooses the header and the settings, the rest is the document."""
    choice = data[-1] if data else 0
    oracles.check_parse(
        Case(data[:-1], CONTENT_TYPES[choice % 8], ENCODINGS[choice // 8 % 8], cut_short=choice >= 0xF0)
    )


def normalise(data: bytes) -> None:
    """UTF-8 with lone surrogates let through, or cp1251, which goes the fast way."""
    oracles.check_fold(_text(data))


def dates(data: bytes) -> None:
    oracles.check_date(_text(data))


def links(data: bytes) -> None:
    oracles.check_link(_text(data))


def match(data: bytes) -> None:
    oracles.check_match(_text(data))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "parse": parse, "normalise": normalise, "dates": dates, "links": links, "match": match,
}  # fmt: skip


def seeds(target: str) -> list[bytes]:
    """What a target begins with."""
    match target:
        case "parse":
            return [text.encode("utf-8", "replace")[: LARGEST_DOCUMENT - 1] + b"\0" for text in documents()]
        case "dates":
            return [text.encode("utf-8", "surrogatepass") + b"\0" for text in HOSTILE_DATES]
        case "links":
            return [text.encode("utf-8", "surrogatepass") + b"\0" for text in HOSTILE_LINKS]
    texts = [*HOSTILE_TEXTS, *(text[:2_000] for text in documents())]
    return [text.encode("utf-8", "surrogatepass")[: LARGEST_TEXT - 1] + b"\0" for text in texts] + [
        text.encode("cp1251", "ignore")[: LARGEST_TEXT - 1] + b"\1" for text in texts
    ]


def fuzz(target: str, seconds: int, corpus: Path) -> None:
    """Ends the process: with status 0 after `seconds`, otherwise at the first finding, whose input it leaves behind."""
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (corpus / f"seed-{number}").write_bytes(seed)
    if atheris is None:
        print("atheris is not installed (pip install atheris): mutating without coverage", file=sys.stderr)
        _unguided(target, seconds, corpus)
        return
    TARGETS[target](b"\0")  # what is built once (the shipped rules) counts against no input
    largest = _largest(target)
    limits = [f"-max_total_time={seconds}", f"-max_len={largest}", "-timeout=20", "-rss_limit_mb=2048"]
    options = {"custom_mutator": _mutated} if target == "parse" else {}
    atheris.Setup(["fuzz", *limits, f"-artifact_prefix={corpus}/../{target}-", str(corpus)], TARGETS[target], **options)
    atheris.Fuzz()


def _largest(target: str) -> int:
    return LARGEST_DOCUMENT if target == "parse" else LARGEST_TEXT


def _mutated(data: bytes, largest: int, seed: int) -> bytes:
    """Half of the time by the bytes, half of the time by the structure of a feed."""
    chance = random.Random(seed)
    if chance.random() < 0.5:
        mutated: bytes = atheris.Mutate(data, largest)
        return mutated
    case = Mutator([data[:-1].decode("utf-8", "replace"), *_donors()], seed, largest // 2)(0)
    return case.body[: largest - 1] + bytes([chance.randint(0, 255)])


_donated: list[str] = []


def _donors() -> list[str]:
    if not _donated:
        _donated.extend(documents(corpus=False))
    return _donated


def _unguided(target: str, seconds: int, corpus: Path) -> None:
    chance, runs, began = random.Random(0), 0, monotonic()
    pool = [path.read_bytes() for path in sorted(corpus.iterdir())]
    while monotonic() - began < seconds:
        data = bytearray(chance.choice(pool))
        for _ in range(chance.randint(1, 6)):
            place = chance.randint(0, len(data))
            other = chance.choice(pool)
            start = chance.randint(0, len(other))
            data[place : place + chance.randint(0, 20)] = other[start : start + chance.randint(0, 40)]
        try:
            TARGETS[target](bytes(data[: _largest(target)]))
        except BaseException:
            (corpus.parent / f"{target}-crash").write_bytes(data)
            raise
        runs += 1
    print(f"{target}: {runs} runs, nothing found")


def _text(data: bytes) -> str:
    body, narrow = data[:-1], bool(data) and data[-1] % 2 == 1
    return (
        body.decode("cp1251", "replace")
        if narrow
        else body.decode("utf-8", "surrogatepass" if _whole(body) else "replace")
    )


def _whole(body: bytes) -> bool:
    try:
        body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True
