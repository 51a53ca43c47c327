"""When a feed is asked again, and why then.

Pure arithmetic: the clock's time and chance (`jitter`, 0 ≤ jitter ≤ 1) come in as arguments. All datetimes
that come in are aware; all that go out are in UTC.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.core import rhythm
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Fetched, Hold

FLOOR = timedelta(minutes=2)  # no feed is asked more often, unless its own `every` says so
CEILING = timedelta(hours=24)  # no feed is asked more rarely, unless its own `every` says so
FRESHNESS_CAP = timedelta(minutes=30)  # a server's "no need to ask before" is honoured up to here: alerts are timely
OUTAGE_CEILING = timedelta(hours=1)  # when nothing answered: often our own network's fault, so soon heard again
REFUSAL_CEILING = timedelta(hours=6)  # when something answered, but no feed
SPREAD = 0.1  # polls are moved by up to this share of the interval, so that feeds don't march in step
SPREAD_FAILING = 0.25  # feeds that fail together, as when a network goes down, need more
_LONGEST = timedelta(days=366)  # keeps a mistyped duration within the calendar
_SOONEST_SHARE = 1 / 5  # of a fixed interval: so soon it may come again after a first poll, or a late one

_OUTAGES = {FailureKind.DNS, FailureKind.CONNECT, FailureKind.TIMEOUT, FailureKind.INTERNAL}


@dataclass(frozen=True, slots=True)
class NextPoll:
    """When to ask a feed again, and the reason in words for the operator."""

    at: datetime
    reason: str


def next_poll(
    feed: FeedSpec,
    state: FeedState,
    fetched: Fetched,
    *,
    new: int = 0,
    now: datetime,
    default: timedelta,
    jitter: float,
) -> NextPoll:
    """When to ask this feed again.

    `state` is as before this poll (`failures` doesn't count it), but for its habits, which have learnt from it; `new`
    is how many new items it brought. `feed.every` is taken at its word. Else the feed's rhythm decides, around
    `default`; what document and server ask for stretches that up to FRESHNESS_CAP, unless the document would turn
    over meanwhile. Failures in a row double the wait; Retry-After is kept, up to CEILING. Never gives up: a feed
    that is gone (410) gets CEILING too, and not asking it is for the caller to decide.

    A first poll, and one that comes late, is drawn from all of the wait before it, so that feeds that were asked
    together, after a start or a pause, part.
    """
    if feed.every and fetched.failure is None:
        return NextPoll(later(now, _drawn(state, feed.every, feed.every * _SOONEST_SHARE, now, jitter)), _fixed(feed))
    usual = min(max(default, FLOOR), CEILING)
    burst = _burst(state, new=new, now=now)
    look = rhythm.next_look(state.habits, now, usual=usual, floor=FLOOR, ceiling=CEILING, burst=burst)
    if fetched.failure is not None:
        base = feed.every or min(usual, look.wait)
        return _after_failure(feed, state, fetched.failure, base, now, jitter)
    asked = min(max(state.habits.ttl or timedelta(0), fetched.max_age or timedelta(0)), max(FRESHNESS_CAP, usual))
    wait, reason = look.wait, look.reason
    if (asked := min(asked, look.turnover)) > wait:
        wait, reason = asked, f"its server asks to wait {in_words(asked)}"
    # The silence that its publisher names is no matter of chance: only the rest of the wait is.
    awake = max(wait - look.asleep, FLOOR)
    return NextPoll(later(now, look.asleep + _drawn(state, awake, FLOOR, now, jitter)), reason)


def hastened(feed: FeedSpec, state: FeedState, *, default: timedelta, hold: Hold | None = None) -> datetime | None:
    """When to ask a feed whose poll is planned for later than its interval in force allows; None: the plan holds.

    So a shortened interval counts from the last poll, not from the end of the old plan. The wait of a failing feed
    stays as it is, and so does what its host asked for (`hold`). With `default` in force, the longest wait that its
    rhythm or its server may ask for is allowed.
    """
    if state.next_poll_at is None or state.last_poll_at is None or state.failures:
        return None
    longest = feed.every or _longest_wait(state, default)
    if state.next_poll_at <= later(state.last_poll_at, longest * (1 + SPREAD)):
        return None
    sooner = later(state.last_poll_at, longest)
    if hold is not None and sooner < hold.until:
        return None
    return sooner


def poll_due(state: FeedState, now: datetime) -> bool:
    """Whether to ask a feed now; one that is gone never is.

    One that was asked in the future is due: the clock was set back, and its next time could be years away.
    """
    if state.gone:
        return False
    set_back = state.last_poll_at is not None and state.last_poll_at > now
    return set_back or state.next_poll_at is None or state.next_poll_at <= now


def why(feed: FeedSpec, state: FeedState, *, now: datetime, default: timedelta, hold: Hold | None = None) -> str:
    """The reason for the time at which a feed is planned, in words for the operator."""
    if state.gone:
        return "gone for good, said its server: not asked any more"
    if hold is not None and hold.until > now:
        return f"{hold.host} asked to be left alone until {hold.until:%H:%M} UTC"
    if state.last_poll_at is None or state.next_poll_at is None:
        return "never asked yet" if state.last_poll_at is None else "to be asked at its new address"
    if state.failures:
        return f"backing off: {state.failures} {'failure' if state.failures == 1 else 'failures in a row'}"
    if feed.every:
        return _fixed(feed)
    usual = min(max(default, FLOOR), CEILING)
    look = rhythm.next_look(state.habits, state.last_poll_at, usual=usual, floor=FLOOR, ceiling=CEILING)
    planned = state.next_poll_at - state.last_poll_at
    if planned > look.wait * (1 + 2 * SPREAD) and planned > FLOOR * (1 + SPREAD):
        return f"its server asks to wait {in_words(planned)}"
    return look.reason


def expected_wait(feed: FeedSpec, state: FeedState, at: datetime, *, default: timedelta) -> timedelta:
    """The wait after a poll `at` that finds nothing special: for looking ahead."""
    if feed.every:
        return feed.every
    usual = min(max(default, FLOOR), CEILING)
    look = rhythm.next_look(state.habits, at, usual=usual, floor=FLOOR, ceiling=CEILING)
    return max(look.wait, min(state.habits.ttl or timedelta(0), max(FRESHNESS_CAP, usual), look.turnover))


def in_words(span: timedelta) -> str:
    """A wait for a person: `40 s`, `10 min`, `2.5 h`."""
    seconds = span.total_seconds()
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.3g} h"


def doubled(first: timedelta, times: int, ceiling: timedelta) -> timedelta:
    """`first` doubled that many times, at most `ceiling`; the exponent is bounded so that nothing overflows."""
    return min(first * (1 << min(max(times, 0), 20)), ceiling)


def later(now: datetime, wait: timedelta) -> datetime:
    """So much after `now`, in UTC; at most a year, so that it stays within the calendar."""
    return now.astimezone(UTC) + min(wait, _LONGEST)


def _burst(state: FeedState, *, new: int, now: datetime) -> rhythm.Burst:
    before = state.last_success_at
    within = now - before if before and before < now else timedelta(0)
    return rhythm.Burst(new, within, state.habits.window) if within else rhythm.Burst()


def _after_failure(
    feed: FeedSpec, state: FeedState, failure: Failure, base: timedelta, now: datetime, jitter: float
) -> NextPoll:
    if failure.kind is FailureKind.GONE:
        if state.url in ("", feed.url):
            return NextPoll(later(now, CEILING), "gone for good, says its server")
        return NextPoll(later(now, base), "gone from the place it moved to: back to the configured one")
    ceiling = max(base, OUTAGE_CEILING if failure.kind in _OUTAGES else REFUSAL_CEILING)
    wait = doubled(min(base, _LONGEST), state.failures, ceiling) * (1 + SPREAD_FAILING * (2 * jitter - 1))
    reason = f"failure {state.failures + 1} in a row"
    if failure.retry_after is not None and failure.retry_after > wait:
        # Never before the time the server named, so chance only adds to it.
        wait = min(failure.retry_after * (1 + SPREAD * jitter), CEILING)
        reason += ", its server asked to wait"
    return NextPoll(later(now, wait), reason)


def _drawn(state: FeedState, wait: timedelta, soonest: timedelta, now: datetime, jitter: float) -> timedelta:
    """The wait moved by chance: a little after a poll in time; anywhere within it after a first or a very late one."""
    wait = min(wait, _LONGEST)
    late = (now - state.next_poll_at) / wait if state.next_poll_at and wait else 1.0
    least = max(wait * (1 - min(max(late, SPREAD), 1.0)), min(soonest, wait))
    return least + (wait * (1 + SPREAD) - least) * jitter


def _longest_wait(state: FeedState, default: timedelta) -> timedelta:
    if state.habits.skip_days or state.habits.skip_hours:
        return CEILING
    usual = min(max(default, FLOOR), CEILING)
    return max(min(usual * rhythm.REST, CEILING), FRESHNESS_CAP)


def _fixed(feed: FeedSpec) -> str:
    return f"every {in_words(feed.every)}, as feeds.yaml says" if feed.every else "the usual interval"
