"""What is planned: which feed is asked when in the next hours, why then, and how that spreads over the minutes.

Pure. A feed's first time is the one that is planned; the later ones follow from its rhythm and may come otherwise.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.core import feedstate, holding, polling
from monitor.core.model import FeedSpec, FeedState, Hold

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One feed's next poll."""

    feed: FeedSpec
    host: str
    at: datetime
    reason: str
    polls: int  # within the time looked at


@dataclass(frozen=True, slots=True)
class Foresight:
    """The time from `since` to `until`, cut into minutes."""

    since: datetime
    until: datetime
    minutes: tuple[int, ...]  # polls in each
    hosts: tuple[tuple[str, int], ...]  # host and polls, most first
    feeds: tuple[Foreseen, ...]  # in order of time; those planned for later are not among them
    later: int  # feeds that come after `until`
    gone: int  # feeds that are not asked any more

    @property
    def polls(self) -> int:
        """How many there are in all."""
        return sum(self.minutes)


def foresee(
    pairs: Sequence[tuple[FeedSpec, FeedState]],
    holds: Mapping[str, Hold],
    *,
    now: datetime,
    span: timedelta,
    default: timedelta,
) -> Foresight:
    """The polls of these feeds within `span` from now; what is overdue counts as now.

    `holds` are by host, `default` is the usual interval.
    """
    until = now + span
    minutes = [0] * max(1, -(-span // _MINUTE))
    hosts: Counter[str] = Counter()
    found: list[Foreseen] = []
    later = 0
    for feed, state in pairs:
        if state.gone:
            continue
        host = holding.host_of(feedstate.address(feed, state))
        hold = holds.get(host)
        first = max(state.next_poll_at or now, now, hold.until if hold else now)
        times = _times(feed, state, first, until, default)
        if not times:
            later += 1
            continue
        for at in times:
            minutes[(at - now) // _MINUTE] += 1
        hosts[host] += len(times)
        reason = polling.why(feed, state, now=now, default=default, hold=hold)
        found.append(Foreseen(feed, host, first, reason, len(times)))
    found.sort(key=lambda one: (one.at, one.feed.id))
    gone = sum(state.gone for _, state in pairs)
    return Foresight(now, until, tuple(minutes), tuple(hosts.most_common()), tuple(found), later, gone)


def _times(
    feed: FeedSpec, state: FeedState, first: datetime, until: datetime, default: timedelta
) -> list[datetime]:  # fmt: skip
    """When the feed is asked from `first` on, if nothing special happens; a failing one fails on."""
    times, at = [], first
    while at < until:
        times.append(at)
        wait = polling.expected_wait(feed, state, at, default=default)
        if state.failures:
            wait = polling.doubled(wait, state.failures, polling.REFUSAL_CEILING)
        at += max(wait, timedelta(seconds=1))
    return times
