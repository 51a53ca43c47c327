"""What could not be written lately, so that it is not tried at every look. Kept in memory: a restart tries at once."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.app.watch import Watch
from monitor.core import retrying

_FORGOTTEN_AFTER = timedelta(hours=1)  # without another try: it is told, silenced or gone


@dataclass(frozen=True, slots=True)
class _Failure:
    error: Exception
    times: int
    at: datetime


class Patience:
    """Failures by what they are of; after an edit of feeds, rules or digests everything is tried at once."""

    def __init__(self) -> None:
        self._failures: dict[Hashable, _Failure] = {}
        self._watch: Watch | None = None

    def heed(self, watch: Watch) -> None:
        """What is in force now."""
        if self._failures and self._watch is not None and not watch.alike(self._watch):
            self._failures.clear()
        self._watch = watch

    def failed(self, keys: Iterable[Hashable], error: Exception, now: datetime) -> None:
        """Note that these could not be written, once more."""
        self._failures = {
            key: failure for key, failure in self._failures.items() if abs(now - failure.at) < _FORGOTTEN_AFTER
        }
        for key in keys:
            before = self._failures.get(key)
            self._failures[key] = _Failure(error, before.times + 1 if before else 1, now)

    def written(self, key: Hashable) -> None:
        """Note that it is well again."""
        self._failures.pop(key, None)

    def resting(self, key: Hashable, now: datetime) -> Exception | None:
        """Why this could not be written, while it is not to be tried again; None: it may be tried."""
        failure = self._failures.get(key)
        if failure is None or retrying.rewrite_due(failed_at=failure.at, times=failure.times, now=now):
            return None
        return failure.error
