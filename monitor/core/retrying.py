"""When a delivery that failed is tried again, or the writing of a digest; what is said of recipients that refuse.

Pure arithmetic: the clock's time and chance (`jitter`, 0 ≤ jitter ≤ 1) come in as arguments. All datetimes
that come in are aware; all that go out are in UTC.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.core.model import Refusal, Target
from monitor.core.polling import CEILING, SPREAD, doubled, later
from monitor.errors import DeliveryFault

FIRST_RETRY = timedelta(seconds=30)
RETRY_CEILING = timedelta(hours=1)
CONFIGURATION_RETRY = timedelta(minutes=15)
CONFIGURATION_CEILING = timedelta(hours=4)
GIVE_UP_AFTER = timedelta(days=3)
MIN_ATTEMPTS = 5  # a message that outlived GIVE_UP_AFTER while the daemon was down still gets this many


def next_attempt(
    fault: DeliveryFault,
    *,
    attempts: int,
    retry_after: timedelta | None,
    created_at: datetime,
    now: datetime,
    jitter: float,
) -> datetime | None:
    """When to try a failed delivery again; None: park it for a person to see.

    `attempts` counts the one that just failed. Temporary faults wait 30 s, doubled each time up to 1 h, or as
    long as the server asked (up to 24 h); faults of configuration wait 15 min, doubled up to 4 h, so that a mended
    setting is noticed, and a policy not defied all the time. After three days (and at least MIN_ATTEMPTS) both are
    parked; permanent ones at once.
    """
    if fault is DeliveryFault.PERMANENT:
        return None
    if now - created_at >= GIVE_UP_AFTER and attempts >= MIN_ATTEMPTS:
        return None
    if fault is DeliveryFault.CONFIGURATION:
        wait = doubled(CONFIGURATION_RETRY, attempts - 1, CONFIGURATION_CEILING)
    else:
        wait = doubled(FIRST_RETRY, attempts - 1, RETRY_CEILING)
    wait = wait * (1 - 2 * SPREAD * jitter)
    if retry_after is not None:
        wait = max(wait, min(retry_after, CEILING))
    return later(now, wait)


FIRST_REWRITE = timedelta(seconds=2)
REWRITE_CEILING = timedelta(minutes=1)  # an editor is to hear within a minute of what is well again


def rewrite_due(*, failed_at: datetime, times: int, now: datetime) -> bool:
    """Whether to try again to write a digest or an alert that failed so many times, last at `failed_at`.

    After 2 s, twice as long each time up to a minute; at once when the clock was set back.
    """
    return not failed_at <= now < later(failed_at, doubled(FIRST_REWRITE, times - 1, REWRITE_CEILING))


NAMED = 3  # refusals that a digest names; the others are counted


def refusal_notes(refusals: Sequence[Refusal], targets: Collection[Target], timezone: str) -> tuple[str, ...]:
    """What a digest says of those of its targets that refuse, in the order given; days are those of the zone."""
    ours = [refusal for refusal in refusals if refusal.target in targets]
    notes = [
        f"{refusal.target} has refused everything since {refusal.since.astimezone(ZoneInfo(timezone)):%-d %b} "
        f"({refusal.times}): {refusal.reason.removeprefix(f'{refusal.target} through ')}"
        for refusal in ours[:NAMED]
    ]
    if len(ours) > NAMED:
        notes.append(f"{len(ours) - NAMED} more of this digest's recipients refuse: monitor outbox --refused")
    return tuple(notes)
