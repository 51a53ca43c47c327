"""Whether an acknowledgement counts is told alike by the store, of the present, and by hindsight, of the past."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.stored import decided, delivery, digest, hit, hours, item

from monitor.adapters.store import SqliteStore, open_store
from monitor.core.hindsight import seen_to
from monitor.core.model import Ack, Severity, Story

NUMBER = count(1)
# Of each report: how grave, found after so many hours, and told so many hours later; None: it still waits.
REPORTS = st.lists(
    st.tuples(st.sampled_from(Severity), st.integers(0, 9), st.sampled_from([0, 1, 3, None])), min_size=1, max_size=6
)


@pytest.fixture(scope="module")
def store() -> Iterator[SqliteStore]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "monitor.db")
        yield store
        store.close()


@settings(max_examples=80, deadline=None)
@given(REPORTS, st.integers(0, 12))
def test_the_store_and_hindsight_agree_on_what_an_acknowledgement_is_worth(
    store: SqliteStore, reports: list[tuple[Severity, int, int | None]], acknowledged: int
) -> None:
    story, told, waiting = None, {}, []
    for severity, found, wait in sorted(reports, key=lambda report: report[1]):
        key, at = f"k{next(NUMBER)}", hours(found)
        item_id = store.archive.save([decided(item(key))], at)[key]
        story = story or store.archive.save_story(Story(0, frozenset({f"link:{key}"}), key, at, at))
        (hit_id,) = store.archive.save_hits(item_id, story.id, [hit(severity=severity)], at).values()
        store.digests.wait("flash", [hit_id], at)
        if wait is None:
            waiting.append(hit_id)
        else:
            told[hit_id] = hours(found + wait)
    assert story is not None
    for hit_id, at in told.items():
        made = digest("flash", at)
        store.digests.close(made, [hit_id], [replace(delivery(run=f"r{hit_id}"), digest="flash")], at)
    ack = Ack(story.id, hours(acknowledged))
    assert store.people.acknowledge(ack)
    before = [(one, told[one.id]) for one in store.archive.hits(list(told))]
    then = seen_to({story.id: ack}, before, store.archive.hits(waiting), hours(99))
    assert store.people.seen_to([story.id], "flash") == then
    assert store.people.seen_to([story.id]) == then
    assert store.people.seen_to([story.id], "morning") == {story.id}, "it told nothing: nothing graver came to it"
