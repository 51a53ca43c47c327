"""What each poll says of its feed's health: troubles that begin and end are logged with it, in its transaction."""

from datetime import timedelta

from monitor.app.ports import Store
from monitor.core import health, language
from monitor.core.health import Poll
from monitor.core.model import Failure, FeedSpec, FeedState, Fetched, Parsed

_DAY = timedelta(hours=24)
_TITLES = 60  # headlines by which a document's language is told


class Noticing:
    """Keeps the log of troubles. Blocking: for the store's thread, within the transaction of a poll."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(
        self, feed: FeedSpec, before: FeedState, after: FeedState, fetched: Fetched, read: Parsed | Failure, new: int
    ) -> FeedState:
        """The state after the poll with its troubles; what began and what ended is in the log then.

        `before` is the state that the poll found, `read` what it brought, with `new` new items.
        """
        at = fetched.at
        if isinstance(read, Failure):
            poll = Poll(at, read, new=new)
        else:
            day = self._store.feeds.brought(feed.id, at - _DAY) + new if health.counts(before, at) else None
            poll = Poll(at, None, len(read.items), new, _language(before, read, new), day)
        noted = health.assess(feed, before, after, poll)
        if noted.troubles is not after.troubles:
            for trouble in health.began(before, noted):
                self._store.feeds.begin(feed.id, trouble)
            for trouble in health.ended(before, noted):
                self._store.feeds.end(feed.id, trouble.kind, at)
        return noted


def _language(before: FeedState, parsed: Parsed, new: int) -> str:
    """Only where there is something new, and something to compare it with."""
    if not new or before.last_success_at is None:
        return ""
    return language.guess(" ".join(item.title for item in parsed.items[:_TITLES]))
