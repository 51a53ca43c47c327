"""What must hold whatever comes in. Each check raises AssertionError (or whatever slipped out) when it does not."""

import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from time import process_time
from zoneinfo import ZoneInfo

from fuzz.mutations import Case

from monitor.adapters.parse import FeedParser
from monitor.adapters.parse.dates.spoken import spoken_date
from monitor.adapters.parse.dates.written import parse_date
from monitor.core.identity import item_key, normalise_link
from monitor.core.itemjson import item_from_dict, item_to_dict
from monitor.core.model import FeedSpec, Fetched, Item, Parsed
from monitor.core.text.normalise import align, fold, fold_fast
from monitor.errors import ParseError

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
URL = "https://v.example/rss/feed.xml"
SECONDS, SECONDS_A_MEGABYTE = 2.0, 4.0  # of processor time, so that a busy machine accuses nobody
_FOREIGN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_PARSER = FeedParser()


def check_parse(case: Case) -> str:
    """Reads a document; the outcome in a word. Only ParseError may come out, and only clean items."""
    feed = FeedSpec("f", URL, encoding=case.encoding, timezone=case.timezone)
    fetched = Fetched("f", AT, URL, 200, case.body, content_type=case.content_type, cut_short=case.cut_short)
    began = process_time()
    try:
        parsed = _PARSER.parse(fetched, feed)
    except ParseError as error:
        return _refused(error)
    finally:
        _in_time(began, len(case.body), "parsing")
    check_parsed(parsed)
    return "read with notes" if parsed.notes else "read"


def _refused(error: ParseError) -> str:
    assert 0 < len(str(error)) < 400, "an error that says too little or too much"
    assert not _FOREIGN.search(str(error)), "an error that can't be printed"
    return str(error.fault)


def check_parsed(parsed: Parsed) -> None:
    """Items that can be stored, shown and told apart."""
    assert len({item.key for item in parsed.items}) == len(parsed.items), "two items with one key"
    assert all(0 < len(note) < 400 and not _FOREIGN.search(note) for note in parsed.notes), parsed.notes
    assert not _FOREIGN.search(parsed.title), "the title of the feed"
    assert parsed.ttl is None or timedelta(0) < parsed.ttl < timedelta(days=40_000)
    for item in parsed.items:
        check_item(item)


def check_item(item: Item) -> None:
    """One item: no empty key, no control characters, one line where one is meant, dates in UTC, links of the web."""
    assert item.key, "an empty key"
    assert item.seen_at == AT
    for name in ("title", "summary", "content", "link", "guid", "author", "key"):
        text = getattr(item, name)
        assert not _FOREIGN.search(text), f"{name} holds what no text holds"
    for text in (item.title, item.author, item.guid, *item.categories):
        assert not _FOREIGN.search(text), "what no text holds"
        assert "\n" not in text, "not one line"
    assert item.link == "" or re.match("https?://", item.link, re.IGNORECASE), "no link of the web"
    assert item.published is None or item.published.tzinfo is UTC
    assert item.dated is not None
    assert item.dated <= AT, "dated in the future"
    written = json.dumps(item_to_dict(item), ensure_ascii=False).encode()
    assert item_from_dict(json.loads(written)) == item
    check_link(item.link)


def check_fold(text: str) -> None:
    """Folding is stable and quick, and every place in the folded text leads back into the original, in order."""
    began = process_time()
    folded = align(text)
    assert fold(text) == folded.text, "the fast way folds otherwise"
    _in_time(began, 4 * len(text), "folding")
    assert fold(folded.text) == folded.text, "folding twice is not folding once"
    fast = fold_fast(text)
    assert (fast if isinstance(fast, str) else fast.decode("cp1251")) == folded.text
    last = 0
    size = len(folded.text)
    for at in range(size) if size < 2_000 else (*range(1_000), *range(size - 1_000, size)):
        start, end = folded.origin(at, at + 1)
        assert 0 <= start < end <= len(text), "a place outside of the text"
        assert start >= last or at == size - 1_000, "places run backwards"
        last = start


def check_date(text: str) -> None:
    """A moment in UTC within bounds, or none."""
    began = process_time()
    for zone in (UTC, ZoneInfo("Europe/Moscow"), ZoneInfo("America/St_Johns")):
        moment = parse_date(text, zone)
        assert moment is None or (moment.tzinfo is UTC and 1970 < moment.year <= 2201)
        spoken = spoken_date(text, AT, zone)
        assert spoken is None or spoken.utcoffset() == timedelta(0)
    _in_time(began, len(text), "reading dates")


def check_link(link: str) -> None:
    """One spelling, stable; a key that is neither empty nor long."""
    once = normalise_link(link)
    assert normalise_link(once) == once, "normalising a link twice is not normalising it once"
    for guid in (link, ""):
        assert 0 < len(item_key(guid=guid, link=link, title="", published=None)) < 320


def check_match(text: str) -> None:
    """The shipped rules on a text: evidence points at itself, in time."""
    matcher = _shipped()
    item = Item("f", "k", title=text[:300], summary=text, seen_at=AT)
    began = process_time()
    hits = matcher.match(item)
    _in_time(began, 4 * len(text), "matching")
    for hit in hits:
        for found in hit.evidence:
            assert getattr(item, found.field)[found.start : found.end] == found.text, "evidence that points elsewhere"


@cache
def _shipped():  # type: ignore[no-untyped-def]
    from pathlib import Path

    from monitor.adapters.config import load_rules
    from monitor.core.rules import compile_rules

    return compile_rules(load_rules(Path(__file__).resolve().parents[2] / "rules.yaml").book)


def _in_time(began: float, size: int, what: str) -> None:
    spent = process_time() - began
    allowed = SECONDS + SECONDS_A_MEGABYTE * size / 2**20
    assert spent < allowed, f"{what} {size} bytes took {spent:.1f} s of processor time"
