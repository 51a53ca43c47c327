"""What a poll leaves behind in a feed's state. Scheduling is `schedule`'s business: `next_poll_at` is given."""

from dataclasses import replace
from datetime import datetime

from monitor.core.model import Failure, FailureKind, FeedState, Fetched


def succeeded(
    state: FeedState, fetched: Fetched, *, title: str, body_hash: str | None, new_items: int, next_poll_at: datetime
) -> FeedState:
    """The state after a document was read, or the server said that nothing changed.

    Validators move forward only here: a document that could not be read is asked for again in full.
    A 304 may leave out validators; the old ones then stay in force (RFC 9110, 15.4.5).
    """
    return replace(
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
        title=title or state.title,
    )


def failed(state: FeedState, failure: Failure, *, at: datetime, next_poll_at: datetime) -> FeedState:
    """The state after a poll that brought nothing; only 410 Gone ends polling."""
    return replace(
        state,
        next_poll_at=next_poll_at,
        last_poll_at=at,
        failures=state.failures + 1,
        last_error=failure.message,
        gone=failure.kind is FailureKind.GONE,
    )
