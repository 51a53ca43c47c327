"""When the digest was due that is looked back at, and which edits count as another headline."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.hindsight import Period, day_of, retitled, scheduled
from monitor.core.model import DigestSpec, Edition, Hit, Item, Severity, StoredHit, Window


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def spec(cron: str, timezone: str = "UTC", *maintenance: tuple[str, str]) -> DigestSpec:
    windows = tuple(Window(start=at(start), end=at(end)) for start, end in maintenance)
    return DigestSpec("d", rules=("*",), to=(), at=cron, timezone=timezone, maintenance=windows)


@pytest.mark.parametrize(
    ("digest", "moment", "since", "until", "why"),
    [
        (spec("0 8 * * *"), "2026-03-02 08:00", "2026-03-01 08:00", "2026-03-02 08:00", "just due"),
        (spec("0 8 * * *"), "2026-03-02 07:59", "2026-02-28 08:00", "2026-03-01 08:00", "the one before"),
        (spec("0 8 * * 1-5"), "2026-03-02 09:00", "2026-02-27 08:00", "2026-03-02 08:00", "over a weekend"),
        (spec("0 8 * * *", "Europe/Berlin"), "2026-03-29 12:00", "2026-03-28 07:00", "2026-03-29 06:00", "in spring"),
        (spec("30 2 * * *", "Europe/Berlin"), "2026-03-29 12:00", "2026-03-28 01:30", "2026-03-29 01:00", "skipped"),
        (spec("*/5 * * * *"), "2026-03-02 08:03", "2026-03-02 07:55", "2026-03-02 08:00", "often"),
        (spec("0 0 29 2 *"), "2026-03-02 08:00", "2020-02-29 00:00", "2024-02-29 00:00", "seldom"),
        (
            spec("0 * * * *", "UTC", ("2026-03-02 05:30", "2026-03-02 07:30")),
            "2026-03-02 07:45",
            "2026-03-02 05:00",
            "2026-03-02 07:30",
            "what fell into maintenance came at its end, in one",
        ),
        (
            spec("0 * * * *", "UTC", ("2026-03-02 05:30", "2026-03-02 07:30")),
            "2026-03-02 07:00",
            "2026-03-02 04:00",
            "2026-03-02 05:00",
            "and not before",
        ),
    ],
)
def test_a_scheduled_digest_is_looked_back_at_with_its_period(
    digest: DigestSpec, moment: str, since: str, until: str, why: str
) -> None:
    assert scheduled(digest, at(moment)) == Period(at(since), at(until)), why


def test_the_periods_of_a_year_follow_one_another_without_gap_over_changes_of_clocks() -> None:
    digest = spec("30 2 * * *", "America/Santiago")
    moment, seen = at("2027-01-01 00:00"), 0
    while moment > at("2026-01-01 00:00"):
        period = scheduled(digest, moment)
        assert period is not None
        assert period.since < period.until <= moment
        moment, seen = period.since, seen + 1
    assert seen == 365


def test_a_day_is_that_of_the_zone() -> None:
    noon = at("2026-03-02 20:00")  # the 3rd in Tokyo

    assert day_of(noon, "Asia/Tokyo") == Period(at("2026-03-02 15:00") - timedelta(microseconds=1), noon)


FOUND = at("2026-03-02 00:00")


def hours(number: int) -> datetime:
    return FOUND + timedelta(hours=number)


@pytest.mark.parametrize(
    ("titles", "edits", "why"),
    [
        (("Snow falls",), [], "never edited"),
        (("Snow falls", "Rain falls"), [1], "another headline"),
        (("Snow falls", "Snow falls"), [], "only its text was edited"),
        (("Snow falls", "SNOW falls!"), [], "as a reader compares, it is the same"),
        (("Snow falls", "Rain falls", "Snow falls"), [1], "back to what it was"),
        (("Snow falls", "Rain falls", "Hail falls"), [1, 2], "twice"),
        (("Snow falls", "Rain falls", "Hail falls", "Fog lies"), [1, 2], "what came after the period is not known"),
    ],
)
def test_only_a_headline_that_never_stood_there_is_told_again(
    titles: tuple[str, ...], edits: list[int], why: str
) -> None:
    """Edited once an hour; looked at after two hours and a half."""
    editions = [Edition(hours(number), title) for number, title in enumerate(titles[:-1], start=1)]
    shown = titles[min(2, len(titles) - 1)]
    hit = StoredHit(1, 1, 1, Hit("r", Severity.LOW, 1.0, ()), Item("f", "k", shown), FOUND, edited=True)

    assert retitled(hit, editions, Period(FOUND, FOUND + timedelta(hours=2.5))) == [
        hours(number) for number in edits
    ], why
