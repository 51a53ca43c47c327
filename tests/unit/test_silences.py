"""Which silence a hit falls under, and how a digest says so."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.model import Evidence, Hit, Item, Severity, Silence, SilenceKind, StoredHit
from monitor.core.silences import covers, in_words, sort_out

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)  # a Tuesday
STORY, RULE, SOURCE, ENTITY = SilenceKind


def silence(kind: SilenceKind = RULE, what: str = "spies", hours: float = 1, number: int = 1, why: str = "") -> Silence:
    return Silence(id=number, kind=kind, what=what, until=NOW + timedelta(hours=hours), reason=why, at=NOW)


def hit(number: int = 1, rule: str = "spies", feed: str = "primer", story: int = 7) -> StoredHit:
    item = Item(feed, f"k{number}", "Суд в Приморске")
    evidence = (Evidence("primorsk-city", "Primorsk", "place", "Приморске", "title", 6, 15),)
    found = Hit(rule, Severity.HIGH, 1.0, evidence, gloss=("Primorsk", "Amur Bridge"))
    return StoredHit(number, number, story, found, item, NOW)


CASES: list[tuple[str, SilenceKind, str, bool]] = [
    ("the story by its number", STORY, "7", True),
    ("another story", STORY, "77", False),
    ("the rule", RULE, "spies", True),
    ("a rule whose name only begins alike", RULE, "spie", False),
    ("the source", SOURCE, "primer", True),
    ("another source", SOURCE, "obrazec", False),
    ("the entity by the id of its term", ENTITY, "primorsk-city", True),
    ("the entity by its label, case ignored", ENTITY, "PRIMORSK", True),
    ("an entity that is mentioned, though no rule asks for it", ENTITY, "Amur bridge", True),
    ("a word within a label is not the entity", ENTITY, "bridge", False),
    ("what is named alike is not of another kind", RULE, "primer", False),
]


@pytest.mark.parametrize(("why", "kind", "what", "expected"), CASES, ids=[why for why, *_ in CASES])
def test_a_silence_is_about(why: str, kind: SilenceKind, what: str, expected: bool) -> None:
    assert covers(silence(kind, what), hit()) is expected, why


def test_every_hit_is_told_or_stands_under_the_silence_that_ends_last() -> None:
    short, long = silence(hours=1, number=1), silence(SOURCE, "primer", hours=5, number=2)
    hits = [hit(1), hit(2, feed="obrazec"), hit(3, rule="tumen", feed="obrazec")]
    told, silenced = sort_out(hits, [short, long], NOW)
    assert ([one.id for one in told], silenced) == ([3], {long: [1], short: [2]})


def test_a_silence_that_is_over_silences_nothing() -> None:
    one = silence(hours=1)
    assert sort_out([hit()], [one], one.until) == ([hit()], {})


WORDS: list[tuple[str, float, str, str]] = [
    ("within days, the day of the week", 24 * 3, "known to the desk", "silenced until Fri 17:00: known to the desk"),
    ("a week or more, the date, too", 24 * 7, "", "silenced until Tue 1 Dec 17:00"),
    ("another year, the year", 24 * 60, "court case", "silenced until Sat 23 Jan 2027: court case"),
    ("several lines become one", 24, "a\n  b", "silenced until Wed 17:00: a b"),
]


@pytest.mark.parametrize(("case", "hours", "why", "expected"), WORDS, ids=[case for case, *_ in WORDS])
def test_the_reason_is_told_in_the_readers_zone(case: str, hours: float, why: str, expected: str) -> None:
    assert in_words(silence(hours=hours, why=why), "Asia/Tokyo", NOW) == expected, case
