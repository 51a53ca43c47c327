"""Documents made to hang, bloat or crash are read or refused in time, in a process that may not take 1 GiB."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from support.pathological import CASES, confine, measured

# Of processor time, so that a busy machine accuses nobody; five times what the slowest case takes.
SECONDS, SECONDS_A_MEGABYTE = 10.0, 1.0
PATIENCE = 120  # seconds by the clock until a process counts as hung


@pytest.fixture(scope="module")
def process() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=confine) as pool:
        yield pool


@pytest.mark.parametrize("name", CASES)
def test_a_document_made_to_do_harm_does_none(process: ProcessPoolExecutor, name: str) -> None:
    items, seconds, megabytes = process.submit(measured, name).result(PATIENCE)

    assert items == CASES[name][0]
    assert seconds < SECONDS + SECONDS_A_MEGABYTE * megabytes


def test_nothing_outside_is_touched_by_what_a_document_names(tmp_path: os.PathLike[str]) -> None:
    from pathlib import Path

    from support.pathological import AT, URL, rss

    from monitor.adapters.parse import FeedParser
    from monitor.core.model import FeedSpec, Fetched

    secret = Path(tmp_path) / "secret"
    secret.write_text("hidden", encoding="utf-8")
    prolog = f'<!DOCTYPE x [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    body = rss("<item><title>t &x;</title></item>", prolog=prolog).encode()

    parsed = FeedParser().parse(Fetched("f", AT, URL, 200, body), FeedSpec("f", URL))

    assert "hidden" not in repr(parsed)
