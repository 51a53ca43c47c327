"""When a story is told at once, followed up, told again; when many of them become one digest."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.model import Alert, DigestSpec, Rate, Run, Severity, Telling
from monitor.core.schedule import MAX_REPEATS, NO_REPEAT_AFTER, Fold, alert_due, fold_until, runs_since

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


LOW, MEDIUM, HIGH, CRITICAL = Severity


def ago(*minutes: float, gravest: Severity | None = MEDIUM) -> list[Run]:
    return [Run(NOW - one * M, 1, gravest) for one in minutes]


def folded(minutes: float, gravest: Severity | None = MEDIUM) -> Run:
    return Run(NOW - minutes * M, 7, gravest)


@pytest.mark.parametrize(
    ("runs", "waiting", "expected", "why"),
    [
        ([], 0, Fold(together=False), "nothing"),
        ([], 3, Fold(together=False), "just as many as are allowed"),
        ([], 4, Fold(together=True), "too many"),
        (ago(1, 2), 1, Fold(together=False), "the third in ten minutes"),
        (ago(1, 2), 2, Fold(together=True), "the fourth"),
        (ago(1, 2, 11, 12), 1, Fold(together=False), "the others are long ago"),
        (ago(-1, -2, -3), 3, Fold(together=False), "in the future: the clock was set back"),
        ([folded(1)], 3, Fold(together=True, until=NOW + 9 * M, unless=MEDIUM), "one digest a span"),
        ([folded(1)], 2, Fold(together=False), "calm again after the flood"),
        (
            [*ago(6, 9), folded(2)],
            1,
            Fold(together=True, until=NOW + M, unless=MEDIUM),
            "calm as soon as one has gone by",
        ),
        ([*ago(9.5), folded(11)], 40, Fold(together=True), "the next of a flood that goes on"),
        ([*ago(9.5), folded(-3)], 40, Fold(together=True), "folded in the future: the clock was set back"),
        (
            ago(1, 2, 3, 4),
            1,
            Fold(together=True, until=NOW + 7 * M, unless=MEDIUM),
            "one too many is a fold, too: the next when two have gone by",
        ),
        (
            [folded(4), *ago(3, gravest=CRITICAL), *ago(2, gravest=LOW)],
            9,
            Fold(together=True, until=NOW + 6 * M, unless=CRITICAL),
            "the gravest of the span counts",
        ),
        (
            [folded(8), folded(5, CRITICAL)],
            9,
            Fold(together=True, until=NOW + 2 * M, unless=CRITICAL),
            "what went ahead leaves the next digest its time",
        ),
        ([folded(11), folded(5, CRITICAL)], 9, Fold(together=True), "which may come before its own span is over"),
        (
            [folded(8, CRITICAL), folded(5, HIGH)],
            9,
            Fold(together=True, until=NOW + 5 * M, unless=CRITICAL),
            "no graver: it did not go ahead",
        ),
        (
            [*ago(8, 7), folded(5, CRITICAL)],
            9,
            Fold(together=True, until=NOW + 5 * M, unless=CRITICAL),
            "the first digest of a flood went ahead of none",
        ),
        ([folded(5, None)], 9, Fold(together=True, until=NOW + 5 * M), "repeats only: any news is graver"),
    ],
)
def test_too_many_alerts_become_one_digest(runs: list[Run], waiting: int, expected: Fold, why: str) -> None:
    assert fold_until(SPEC, runs, waiting, NOW) == expected, why


@pytest.mark.parametrize(
    ("fold", "passing", "why"),
    [
        (Fold(together=False), [None, LOW, MEDIUM, HIGH, CRITICAL], "nothing is held back"),
        (Fold(together=True), [None, LOW, MEDIUM, HIGH, CRITICAL], "all go together"),
        (Fold(together=True, until=NOW, unless=MEDIUM), [HIGH, CRITICAL], "graver news"),
        (Fold(together=True, until=NOW, unless=CRITICAL), [], "nothing is graver"),
        (Fold(together=True, until=NOW), [LOW, MEDIUM, HIGH, CRITICAL], "only repeats were told: any news"),
    ],
)
def test_only_graver_news_goes_ahead_of_a_fold(fold: Fold, passing: list[Severity | None], why: str) -> None:
    assert [one for one in (None, *Severity) if fold.passes(one)] == passing, why


NEWS = st.tuples(st.integers(0, 40 * 60), st.sampled_from([None, *Severity]))


@given(st.lists(NEWS, max_size=120), st.integers(1, 6), st.integers(60, 900))
def test_whatever_comes_readers_get_few_messages_and_nothing_waits_for_ever(
    arrivals: list[tuple[int, Severity | None]], count: int, span: int
) -> None:
    """Told at their moment, or when what keeps them back is over; None: one that comes again."""
    spec = DigestSpec(id="flash", rules=("*",), to=(), at_most=Rate(count, span * S))
    runs: list[Run] = []
    waiting: list[tuple[datetime, Severity | None]] = []
    pending = sorted(((NOW + second * S, severity) for second, severity in arrivals), key=lambda pair: pair[0])
    now = NOW
    while pending or waiting:
        while pending and pending[0][0] <= now:
            waiting.append(pending.pop(0))
        fold = fold_until(spec, [run for run in runs if run.at > runs_since(spec, now)], len(waiting), now)
        assert fold.until is None or fold.until > now, "what has to wait waits for a moment to come"
        going = [one for one in waiting if fold.passes(one[1])]
        waiting = [one for one in waiting if one not in going]
        assert all(now - at <= span * S for at, _ in [*going, *waiting]), "nothing waits longer than one span"
        heard = [run.gravest for run in runs if run.at > now - span * S]
        assert all(severity is None or severity.rank <= gravest(heard) for _, severity in waiting)
        for group in [going] if fold.together and going else [[one] for one in going]:
            news = [severity for _, severity in group if severity]
            runs.append(Run(now, len(group), max(news, key=lambda one: one.rank, default=None)))
        now = min([*(at for at, _ in pending[:1]), *([fold.until] if fold.until and waiting else [])], default=now)
    for run in runs:
        assert sum(run.at - span * S < other.at <= run.at for other in runs) <= count + 1 + len(Severity)


def gravest(severities: list[Severity | None]) -> int:
    return max((one.rank for one in severities if one), default=-1)
