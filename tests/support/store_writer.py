"""Writes to a store in forked children that kill themselves with SIGKILL in the middle of it.

Started as a program with the database's path: reads one number a line, forks a child that does one day's work (a poll,
a digest, its dispatch) and dies at that step; answers with the child's exit status (-9: killed). A step is an SQL
statement about to run, or 200 instructions of SQLite's machine within one. 0 never kills.
"""

import os
import signal
import sys

from support.stored import ALERTS, DESK, NOW, decided, delivery, digest, hit, hours, item

from monitor.adapters.store import SqliteStore, open_store
from monitor.core.model import FeedState, Receipt, Story

ITEMS = 4


def poll(store: SqliteStore, number: int) -> None:
    """One transaction: new items with a story and a hit each, in the tray, and the feed's state."""
    items = [item(f"{number}-{each}", content="текст " * 200) for each in range(ITEMS)]
    with store.transaction():
        ids = store.archive.save([decided(each) for each in items], NOW)
        for each in items:
            story = store.archive.save_story(Story(0, frozenset({f"link:{each.link}"}), each.title, NOW, NOW))
            hits = store.archive.save_hits(ids[each.key], story.id, [hit()], NOW)
            store.digests.wait("morning", hits.values(), NOW)
        store.feeds.save(FeedState("sample-ru", url="u", etag=str(number)))
        store.feeds.record_poll("sample-ru", NOW, "ok", new=ITEMS, hits=ITEMS)


def tell(store: SqliteStore, number: int) -> None:
    """Empty the tray into two deliveries."""
    tray = store.digests.waiting().get("morning")
    deliveries = [delivery(target, run=f"run-{number}", created_at=hours(number)) for target in (DESK, ALERTS)]
    if tray:
        with store.transaction():
            store.digests.close(digest(at=hours(number)), tray.hit_ids, deliveries, hours(number))


def dispatch(store: SqliteStore, number: int) -> None:
    """Send what is due, after queueing again what a crash left behind."""
    store.outbox.recover(hours(number))
    while due := store.outbox.due(hours(number), 99):
        for each in due:
            store.outbox.attempt(each.key, hours(number))
            store.outbox.sent(Receipt(each.key, hours(number), "250 ok"))


def work(path: str, deadly: int) -> None:
    steps = 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    store = open_store(path)
    state = store.feeds.states().get("sample-ru")
    number = int(state.etag or 0) + 1 if state else 1
    store.connection.set_trace_callback(step)
    store.connection.set_progress_handler(step, 200)
    for part in (poll, tell, dispatch):
        part(store, number)
    store.close()


def main() -> None:
    path = sys.argv[1]
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                work(path, int(line))
                status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
