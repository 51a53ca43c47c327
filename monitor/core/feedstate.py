"""What a poll leaves behind in a feed's state. When the next one comes is `polling`'s business: it is given."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core import rhythm
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched, Item, Parsed

# A permanent redirect is believed when it led to the same place at so many polls in a row, over so long a time: a
# server that is set up wrongly, or a network that sends everybody to its own page, is noticed within a day.
MOVED_AFTER_POLLS = 3
MOVED_AFTER = timedelta(hours=24)
# An adopted address that fails so often in a row is given up for the configured one.
BACK_AFTER = 3


def address(feed: FeedSpec, state: FeedState) -> str:
    """Where to ask: the place that a lasting redirect led to, else the configured one."""
    return state.url or feed.url


def has_moved(feed: FeedSpec, state: FeedState) -> bool:
    """Whether another address than the configured one is in use: worth a change of feeds.yaml."""
    return state.url not in ("", feed.url)


def learnt(state: FeedState, parsed: Parsed, new: Sequence[Item], *, at: datetime) -> FeedState:
    """The state before the present poll, its habits changed by the document that was read.

    `new` are the items that were not known before. Not for a 304, which says nothing; the same object when there is
    nothing to learn.
    """
    habits = state.habits
    told = (len(parsed.items), parsed.ttl, parsed.skip_hours, parsed.skip_days)
    if told != (habits.window, habits.ttl, habits.skip_hours, habits.skip_days):
        window, ttl, skip_hours, skip_days = told
        habits = replace(habits, window=window, ttl=ttl, skip_hours=skip_hours, skip_days=skip_days)
    if new:
        dates = [item.published for item in new]
        habits = rhythm.learn(habits, dates, since=state.last_success_at, at=at, window=len(parsed.items))
    return state if habits is state.habits else replace(state, habits=habits)


def succeeded(
    state: FeedState, fetched: Fetched, *, title: str, body_hash: str | None, new_items: int, next_poll_at: datetime
) -> FeedState:
    """The state after a document was read, or the server said that nothing changed.

    Validators move forward only here: a document that could not be read is asked for again in full.
    A 304 may leave out validators; the old ones then stay in force (RFC 9110, 15.4.5).
    """
    after = replace(
        state,
        etag=fetched.etag or (state.etag if fetched.not_modified else None),
        last_modified=fetched.last_modified or (state.last_modified if fetched.not_modified else None),
        body_hash=body_hash or state.body_hash,
        next_poll_at=next_poll_at,
        first_success_at=state.first_success_at or fetched.at,
        last_poll_at=fetched.at,
        last_success_at=fetched.at,
        last_item_at=fetched.at if new_items else state.last_item_at,
        failures=0,
        last_error="",
        failing_since=None,
        title=title or state.title,
    )
    return _moved(after, fetched) if fetched.moved_to or after.moved_to else after


def failed(state: FeedState, failure: Failure, *, at: datetime, next_poll_at: datetime, configured: str) -> FeedState:
    """The state after a poll that brought nothing; only 410 Gone at the `configured` address ends polling.

    An adopted address that is gone, or fails again and again, is left for the configured one, where the feed may have
    a new redirect; what the adopted one said of its document is forgotten then. Being asked too much is no reason.
    """
    after = replace(
        state,
        next_poll_at=next_poll_at,
        last_poll_at=at,
        failures=state.failures + 1,
        last_error=failure.message,
        failing_since=state.failing_since or at,
        gone=failure.kind is FailureKind.GONE,
    )
    if state.url in ("", configured) or failure.kind is FailureKind.THROTTLED:
        return after
    if after.gone or after.failures >= BACK_AFTER:
        return replace(_unmoved(after), url=configured, gone=False, etag=None, last_modified=None, body_hash=None)
    return after


def _moved(state: FeedState, fetched: Fetched) -> FeedState:
    """Count a permanent redirect; adopt it when it has held.

    The validators stay: they came from the address at the end of the redirect.
    """
    place = fetched.moved_to
    if not place or place == state.url:
        return _unmoved(state)
    held = place == state.moved_to and state.moved_since is not None and state.moved_since <= fetched.at
    polls, since = (state.moved_polls + 1, state.moved_since) if held else (1, fetched.at)
    if since is not None and polls >= MOVED_AFTER_POLLS and fetched.at - since >= MOVED_AFTER:
        return replace(_unmoved(state), url=place)
    return replace(state, moved_to=place, moved_polls=polls, moved_since=since)


def _unmoved(state: FeedState) -> FeedState:
    return replace(state, moved_to="", moved_polls=0, moved_since=None)
