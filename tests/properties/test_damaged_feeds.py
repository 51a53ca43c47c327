"""A few thousand of the damaged feeds of `make flood`, and texts that have broken programs before, do no harm."""

import os
import resource

import pytest
from fuzz.flood import run
from fuzz.mutations import Mutator
from fuzz.oracles import check_date, check_fold, check_link, check_match
from fuzz.seeds import HOSTILE_DATES, HOSTILE_LINKS, HOSTILE_TEXTS, documents

COUNT = int(os.environ.get("MONITOR_TEST_DAMAGED_FEEDS", "2000"))
MOST_MEGABYTES = 300  # that the test process may grow by; a document may not need more than some tens


@pytest.mark.parametrize("part", range(4))
def test_damaged_feeds_give_clean_items_or_a_parse_error_in_time(part: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    report = run(range(part * COUNT // 4, (part + 1) * COUNT // 4), seed=1, corpus=False)

    assert report.findings == []
    assert report.cases == COUNT // 4
    assert len(report.outcomes) >= 4, "mutations that always lead to the same are none"
    assert report.megabytes - before < MOST_MEGABYTES


def test_the_same_seed_makes_the_same_feeds() -> None:
    texts = documents(corpus=False)
    one, other = Mutator(texts, seed=7), Mutator(texts, seed=7)

    assert [one(number) for number in range(50)] == [other(number) for number in reversed(range(50))][::-1]
    assert one(3) != Mutator(texts, seed=8)(3)


@pytest.mark.parametrize("text", [*HOSTILE_TEXTS, *HOSTILE_DATES, *HOSTILE_LINKS])
def test_texts_with_a_history_do_no_harm(text: str) -> None:
    check_fold(text)
    check_date(text)
    check_link(text)
    check_match(text)
