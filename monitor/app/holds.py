"""Hosts that asked to be left alone: remembered over restarts, and kept to for every feed of theirs.

What decides is in core/holding.py. All calls are blocking and for the store's thread.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.app.ports import Store
from monitor.core import holding
from monitor.core.model import Failure, FailureKind, Hold


def not_asked(failure: Failure) -> bool:
    """Whether the fetcher kept to a hold and asked nobody: that is no failure of the feed."""
    return failure.kind is FailureKind.THROTTLED and failure.status is None


@dataclass(slots=True)
class Holds:
    """What hosts asked for. `spread` is the time over which a host's feeds come back after a hold."""

    store: Store
    chance: Callable[[], float]
    spread: timedelta
    _known: dict[str, Hold] = field(default_factory=dict)

    def load(self, now: datetime) -> None:
        """Take up what the store remembers, for feeds that were registered since, too."""
        self._known = self.store.feeds.holds()
        for hold in self._known.values():
            if holding.holds(hold, now):
                self.store.feeds.hold(hold, self.spread)

    def of(self, url: str) -> Hold | None:
        """The hold of this address's host, in force or the last one."""
        return self._known.get(holding.host_of(url)) if self._known else None

    def not_before(self, url: str, planned: datetime) -> datetime:
        """The planned time, or one after its host's hold."""
        hold = self.of(url)
        return holding.not_before(hold, planned, spread=self.spread, jitter=self.chance()) if hold else planned

    def throttled(self, url: str, failure: Failure, at: datetime) -> None:
        """Take note of a failure, which may concern the whole host."""
        host = holding.host_of(url)
        hold = holding.throttled(self._known.get(host), failure, host, at, jitter=self.chance())
        if hold is not None:
            self._known[host] = hold
            self.store.feeds.hold(hold, self.spread)

    def answered(self, url: str, at: datetime) -> None:
        """Take note that the host answers as it should."""
        hold = self.of(url)
        if hold is not None and holding.is_over(hold, at):
            del self._known[hold.host]
            self.store.feeds.release(hold.host)
