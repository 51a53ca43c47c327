"""When a story is told at once, followed up, told again; when many of them become one digest."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.model import Alert, DigestSpec, Rate, Telling
from monitor.core.schedule import MAX_REPEATS, NO_REPEAT_AFTER, Fold, alert_due, fold_until

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
S, M, H, D = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
SPEC = DigestSpec(
    id="flash", rules=("*",), to=(), wait=M, update_every=5 * M, repeat_after=2 * H, at_most=Rate(3, 10 * M)
)


def told(ago: timedelta, repeats: int = 0) -> Telling:
    return Telling(digest="flash", story_id=1, first_at=NOW - ago, last_at=NOW - ago, repeats=repeats)


def due(
    since: timedelta | None,
    before: Telling | None = None,
    *,
    acknowledged: bool = False,
    graver: timedelta | None = None,
    report: timedelta | None = H,
    spec: DigestSpec = SPEC,
) -> timedelta | None:
    """How long from now, for a story whose tray was opened `since` ago and whose last report came `report` ago.

    `graver`: how long ago one came that is graver than all that was told.
    """
    alert = Alert(
        story_id=1,
        since=None if since is None else NOW - since,
        graver_since=None if graver is None else NOW - graver,
        told=before,
        acknowledged=acknowledged,
        last_report=None if report is None else NOW - report,
    )
    found = alert_due(spec, alert, NOW)
    return None if found is None else found - NOW


@pytest.mark.parametrize(
    ("since", "before", "expected", "why"),
    [
        (None, None, None, "nothing to tell"),
        (0 * S, None, M, "gathered for its wait"),
        (M, None, 0 * S, "gathered"),
        (3 * H, None, M - 3 * H, "long overdue"),
        (-5 * H, None, 0 * S, "the clock was set back: at once"),
        (10 * S, told(M), 4 * M, "a further report waits for the others"),
        (10 * S, told(D), -10 * S, "but no longer than from its arrival"),
        (9 * M, told(7 * M), -2 * M, "five minutes after the last telling"),
        (10 * S, told(-2 * H), -10 * S, "told in the future: the clock was set back"),
    ],
)
def test_a_story_is_told_and_followed_up(
    since: timedelta | None, before: Telling | None, expected: timedelta | None, why: str
) -> None:
    assert due(since, before) == expected, why


@pytest.mark.parametrize(
    ("before", "more", "expected", "why"),
    [
        (told(H), {}, H, "two hours after it was told"),
        (told(3 * H), {}, -H, "overdue"),
        (told(3 * H, MAX_REPEATS - 1), {}, -H, "the last time"),
        (told(3 * H, MAX_REPEATS), {}, None, "often enough"),
        (told(3 * H), {"acknowledged": True}, None, "somebody has seen to it"),
        (told(3 * H), {"report": NO_REPEAT_AFTER}, None, "no news any more"),
        (told(H), {"report": NO_REPEAT_AFTER - M}, None, "no news any more when its time will have come"),
        (told(3 * H), {"report": None}, None, "its reports are no longer kept"),
        (told(-2 * H), {}, 0 * S, "told in the future: the clock was set back"),
    ],
)
def test_a_story_that_nobody_acknowledges_comes_again(
    before: Telling, more: dict[str, object], expected: timedelta | None, why: str
) -> None:
    assert due(None, before, **more) == expected, why  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("since", "graver", "before", "expected", "why"),
    [
        (10 * S, 10 * S, told(M), 50 * S, "gathered like a new story, not held for its turn"),
        (3 * M, 10 * S, told(4 * M), 50 * S, "from its own arrival, not from that of the others"),
        (270 * S, 10 * S, told(290 * S), 10 * S, "its turn comes sooner"),
        (2 * M, 2 * M, told(3 * M), -M, "overdue"),
        (-H, -H, told(M), 0 * S, "the clock was set back: at once"),
        (10 * S, 10 * S, told(-2 * H), -10 * S, "told in the future: the clock was set back"),
    ],
)
def test_a_graver_report_does_not_wait_for_its_turn(
    since: timedelta, graver: timedelta, before: Telling, expected: timedelta, why: str
) -> None:
    assert due(since, before, graver=graver) == expected, why


def test_without_repeat_after_nothing_comes_again() -> None:
    assert due(None, told(D), spec=DigestSpec(id="flash", rules=("*",), to=())) is None


def test_an_acknowledged_story_is_still_followed_up() -> None:
    assert due(M, told(D), acknowledged=True) == -M


def ago(*minutes: float) -> list[datetime]:
    return [NOW - one * M for one in minutes]


@pytest.mark.parametrize(
    ("runs", "waiting", "folded", "expected", "why"),
    [
        ([], 0, None, Fold(together=False), "nothing"),
        ([], 3, None, Fold(together=False), "just as many as are allowed"),
        ([], 4, None, Fold(together=True), "too many"),
        (ago(1, 2), 1, None, Fold(together=False), "the third in ten minutes"),
        (ago(1, 2), 2, None, Fold(together=True), "the fourth"),
        (ago(1, 2, 11, 12), 1, None, Fold(together=False), "the others are long ago"),
        (ago(-1, -2, -3), 3, None, Fold(together=False), "in the future: the clock was set back"),
        (ago(1), 3, 1, Fold(together=True, until=NOW + 9 * M), "one digest a span"),
        (ago(1), 2, 1, Fold(together=False), "calm again after the flood"),
        (ago(2, 6, 9), 1, 2, Fold(together=True, until=NOW + M), "calm as soon as one has gone by"),
        (ago(9.5), 40, 11, Fold(together=True), "the next of a flood that goes on"),
        (ago(9.5), 40, -3, Fold(together=True), "folded in the future: the clock was set back"),
    ],
)
def test_too_many_alerts_become_one_digest(
    runs: list[datetime], waiting: int, folded: float | None, expected: Fold, why: str
) -> None:
    folded_at = None if folded is None else NOW - folded * M
    assert fold_until(SPEC, runs, waiting, NOW, folded_at=folded_at) == expected, why


@given(
    st.lists(st.integers(0, 40 * 60), max_size=120),
    st.integers(1, 6),
    st.integers(60, 900),
)
def test_whatever_comes_readers_get_few_messages_and_nothing_waits_for_ever(
    arrivals: list[int], count: int, span: int
) -> None:
    spec = DigestSpec(id="flash", rules=("*",), to=(), at_most=Rate(count, span * S))
    runs: list[datetime] = []
    folded_at: datetime | None = None
    waiting: list[datetime] = []
    pending = sorted(NOW + second * S for second in arrivals)
    now = NOW
    while pending or waiting:
        while pending and pending[0] <= now:
            waiting.append(pending.pop(0))
        fold = fold_until(spec, runs, len(waiting), now, folded_at=folded_at)
        assert fold.until is None or fold.until > now, "what has to wait waits for a moment to come"
        if waiting and fold.until is None:
            assert now - waiting[0] <= span * S, "nothing waits longer than one span"
            runs += [now] if fold.together else [now] * len(waiting)
            folded_at = now if fold.together else folded_at
            waiting.clear()
        now = min([*pending[:1], *([fold.until] if fold.until else [])], default=now)
    for run in runs:
        assert sum(run - span * S < other <= run for other in runs) <= count + 1
