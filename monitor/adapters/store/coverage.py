"""Figures over a period: what was watched, and how many hits each day had."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from monitor.adapters.store import codec
from monitor.adapters.store.codec import moment_or_none, stamp, to_json
from monitor.adapters.store.database import Database
from monitor.core.model import Coverage, FeedSpec, FeedState, FeedTrouble, TroubleKind

UNKNOWN_LANGUAGE = "und"  # BCP 47's word for feeds of several languages or of none that is known
OVERDUE_AFTER = timedelta(minutes=15)  # of a poll that should have been: a cycle takes its time
FAILURES_THAT_COUNT = 3  # in a row, for a feed that was heard before: one bad answer is not yet trouble

_POLLS = """
SELECT feed, count(*) AS polls, sum(new) AS items, max(at) AS last_at,
    max(outcome IN ('ok', 'not-modified')) AS success
FROM polls WHERE at BETWEEN ? AND ? GROUP BY feed
"""

_DAILY = """
WITH days AS MATERIALIZED (
    SELECT key AS day, json_extract(value, '$[0]') AS begins, json_extract(value, '$[1]') AS ends FROM json_each(:days)
)
SELECT hits.rule, days.day, count(*) AS hits
FROM json_each(:rules) AS asked CROSS JOIN days
JOIN hits ON hits.rule = asked.value AND hits.at >= days.begins AND hits.at < days.ends
GROUP BY hits.rule, days.day
"""


def coverage(database: Database, specs: Sequence[FeedSpec], since: datetime, until: datetime) -> Coverage:
    """What was watched from `since` to `until`, both included, over the enabled ones of `specs`; without notices.

    A feed counts as read when it had a success in the period, or when none was due: its last poll was a success and
    its next one is not overdue at `until`. It is broken when it is gone, or when it had no success in the period and
    either failed at least three times in a row or was never read at all. Languages count by their main subtag, the
    one with most feeds first.
    """
    enabled = [spec for spec in specs if spec.enabled]
    polls = asked(database, since, until)
    states = {row["id"]: codec.feed_state(row) for row in database.rows("SELECT * FROM feeds")}
    read = {feed for feed, row in polls.items() if row["success"]}
    read |= {feed for feed, state in states.items() if _up_to_date(state, until)}
    troubles = (_trouble(spec, states.get(spec.id), spec.id in read) for spec in enabled)
    return Coverage(
        feeds=len(enabled),
        feeds_read=sum(spec.id in read for spec in enabled),
        polls=sum(row["polls"] for row in polls.values()),
        items=sum(row["items"] for row in polls.values()),
        last_poll_at=moment_or_none(max((row["last_at"] for row in polls.values()), default=None)),
        broken=tuple(trouble for trouble in troubles if trouble),
        standing=_standing([states[spec.id] for spec in enabled if spec.id in states]),
        by_language=by_language(enabled, read),
        due=sum(spec.id in polls or _overdue(states.get(spec.id), until) for spec in enabled),
        failed=failed(enabled, polls),
        quiet=quiet(enabled, {feed for feed, state in states.items() if _is_silent(state)}),
    )


def asked(database: Database, since: datetime, until: datetime) -> dict[str, sqlite3.Row]:
    """The polls of each feed that was asked in the period: `polls`, `items`, `last_at`, `success`."""
    return {row["feed"]: row for row in database.rows(_POLLS, (stamp(since), stamp(until)))}


def failed(specs: Sequence[FeedSpec], polls: Mapping[str, sqlite3.Row]) -> int:
    """How many of these feeds were asked, and not once with success."""
    return sum(spec.id in polls and not polls[spec.id]["success"] for spec in specs)


def quiet(specs: Sequence[FeedSpec], silent: Collection[str]) -> tuple[tuple[str, int], ...]:
    """(language, silent feeds) by main subtag, the one with most of them first."""
    counts = Counter(_language(spec) for spec in specs if spec.id in silent)
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _is_silent(state: FeedState) -> bool:
    return any(trouble.kind is TroubleKind.SILENT for trouble in state.troubles)


def _overdue(state: FeedState | None, until: datetime) -> bool:
    if state is None or state.gone or state.next_poll_at is None:
        return False
    return state.next_poll_at + OVERDUE_AFTER < until


def _up_to_date(state: FeedState, until: datetime) -> bool:
    """Whether all that was due of a feed was read, though nothing may have been due for long."""
    if state.gone or state.failures or state.last_success_at is None or state.next_poll_at is None:
        return False
    return state.last_success_at <= until <= state.next_poll_at + OVERDUE_AFTER


def _trouble(spec: FeedSpec, state: FeedState | None, read: bool) -> FeedTrouble | None:
    if state is None:
        return None
    enough = FAILURES_THAT_COUNT if state.last_success_at else 1
    if not state.gone and (read or state.failures < enough):
        return None
    message = state.last_error or ("the server says that it is gone for good" if state.gone else "no answer")
    told = any(trouble.kind in (TroubleKind.BROKEN, TroubleKind.GONE) for trouble in state.troubles)
    return FeedTrouble(spec.id, spec.label, message, state.last_success_at, told)


def _standing(states: Sequence[FeedState]) -> tuple[tuple[TroubleKind, int], ...]:
    counts = Counter(trouble.kind for state in states for trouble in state.troubles)
    return tuple((kind, counts[kind]) for kind in TroubleKind if counts[kind])


def by_language(specs: Sequence[FeedSpec], read: Collection[str]) -> tuple[tuple[str, int, int], ...]:
    """(language, feeds read, all feeds) by main subtag, the one with most feeds first."""
    counts: dict[str, tuple[int, int]] = {}
    for spec in specs:
        language = _language(spec)
        heard, everything = counts.get(language, (0, 0))
        counts[language] = (heard + (spec.id in read), everything + 1)
    order = sorted(counts, key=lambda language: (-counts[language][1], language))
    return tuple((language, *counts[language]) for language in order)


def _language(spec: FeedSpec) -> str:
    return (spec.language or UNKNOWN_LANGUAGE).replace("_", "-").split("-")[0].lower()


def daily_hits(
    database: Database, rules: Collection[str], days: int, now: datetime, timezone: str
) -> dict[str, tuple[int, ...]]:
    """Hits found on each of the last `days` calendar days in `timezone` (IANA name), oldest first, ending today.

    What was found after `now` does not count.
    """
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    # Midnights are computed one by one: a day of changing clocks has 23 or 25 hours.
    midnights = [_midnight(first + timedelta(days=n), zone) for n in range(days + 1)]
    spans = list(pairwise([*midnights[:-1], min(midnights[-1], stamp(now + timedelta(microseconds=1)))]))
    counts = {rule: [0] * days for rule in rules}
    for row in database.rows(_DAILY, {"days": to_json(spans), "rules": to_json(sorted(counts))}):
        counts[row["rule"]][row["day"]] = row["hits"]
    return {rule: tuple(each) for rule, each in counts.items()}


def _midnight(day: date, zone: ZoneInfo) -> str:
    return stamp(datetime.combine(day, time(), zone).astimezone(UTC))
