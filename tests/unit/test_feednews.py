"""What a digest says of its feeds: each change once, many of a kind as one, an outage as one sentence."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.adapters.deliver.render.feeds import news, not_heard
from monitor.adapters.deliver.render.words import Times
from monitor.core.feednews import fold
from monitor.core.model import Coverage, FeedNews, FeedSpec, FeedTrouble, Notice, TroubleKind

SINCE = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
NOW = SINCE + timedelta(days=1)
TIMES = Times(NOW, "UTC")
BROKEN, SILENT = TroubleKind.BROKEN, TroubleKind.SILENT


def feeds(count: int, host: str = "") -> dict[str, FeedSpec]:
    return {f"f{n}": FeedSpec(f"f{n}", f"https://{host or f'h{n}.example'}/rss", f"Образец {n}") for n in range(count)}


REFUSED = "not read since 2026-02-28 09:00 UTC: the server answered 403 Forbidden: it refuses this program"


def notice(
    feed: str, kind: TroubleKind = BROKEN, began: float = 2, ended: float | None = None, message: str = ""
) -> Notice:
    def at(hours: float) -> datetime:
        return SINCE + timedelta(hours=hours)

    return Notice(feed, kind, message or f"reason of {feed}", at(began), None if ended is None else at(ended))


def told(notices: list[Notice], known: dict[str, FeedSpec], enabled: int = 300) -> list[str]:
    return list(news(fold(notices, known, SINCE, enabled), Coverage(feeds=enabled), TIMES))


def test_a_few_feeds_are_told_one_by_one_with_reason() -> None:
    lines = told([notice("f0"), notice("f1", SILENT)], feeds(2))
    assert lines == ["Образец 0: reason of f0.", "Образец 1: reason of f1."]


def test_many_of_a_kind_are_one_line_with_some_names_and_the_number_of_the_rest() -> None:
    (line,) = told([notice(f"f{n}", message=REFUSED) for n in range(7)], feeds(7))
    assert "7 feeds can't be read (the server answered 403 Forbidden): Образец 0, Образец 1, Образец 2 and 4" in line
    assert "monitor feeds health" in line
    (line,) = told([notice(f"f{n}") for n in range(9)], feeds(9))
    assert "9 feeds can't be read: Образец 0, Образец 1, Образец 2 and 6 more" in line


def test_unlike_failures_of_one_host_are_told_one_by_one_and_like_ones_together() -> None:
    causes = [REFUSED, "never read so far: the server answered 401 Unauthorized: it asks for a login", "a captcha. Do"]
    alike = [REFUSED.replace("02-28 09:00", f"02-1{n} 10:00") for n in range(3)]
    notices = [
        notice(f"f{n}", message=message) for n, message in enumerate([*alike, *causes[1:], "no list", "private"])
    ]
    lines = told(notices, feeds(7, "kray.example"))
    assert lines[0].startswith("3 feeds of kray.example can't be read (the server answered 403 Forbidden): Образец 0")
    assert [line.split(":")[0] for line in lines[1:]] == ["Образец 3", "Образец 4", "Образец 5", "Образец 6"]


def test_feeds_of_one_host_are_told_as_the_host() -> None:
    known = feeds(4, "kray.example") | {"x": FeedSpec("x", "https://other.example/", "Другой")}
    lines = told([notice(f"f{n}", message=REFUSED) for n in range(4)] + [notice("x")], known)
    assert lines[0].startswith("4 feeds of kray.example can't be read")
    assert lines[1] == "Другой: reason of x."


def test_an_outage_of_nearly_everything_is_one_sentence_that_looks_for_the_fault_here() -> None:
    (line,) = told([notice(f"f{n}") for n in range(280)], feeds(300))
    assert "Nearly all feeds failed at once (280 of 300)" in line
    assert "network" in line
    (over,) = told([notice(f"f{n}", ended=5) for n in range(280)], feeds(300))
    assert "read again" in over


def test_a_handful_of_feeds_is_never_nearly_everything() -> None:
    assert all("Nearly" not in line for line in told([notice("f0"), notice("f1")], feeds(2), enabled=2))


def test_what_came_and_went_or_came_twice_is_told_once_as_it_stands_at_the_end() -> None:
    brief = "Read again: Образец 0, after it was broken for a while (Sun 09:00)."
    assert told([notice("f0", began=1, ended=2)], feeds(1)) == [brief]
    flapping = [notice("f0", began=1, ended=2), notice("f0", began=3, ended=4), notice("f0", began=5)]
    assert told(flapping, feeds(1)) == ["Образец 0: reason of f0."]
    assert told([notice("f0", began=-30, ended=2)], feeds(1)) == ["Read again: Образец 0."]


def test_a_feed_that_was_taken_out_is_named_by_its_id() -> None:
    assert told([notice("gone-feed")], {}) == ["gone-feed: reason of gone-feed."]


@pytest.mark.parametrize("kind", list(TroubleKind))
@pytest.mark.parametrize("over", [False, True])
def test_every_kind_of_trouble_has_its_words(kind: TroubleKind, over: bool) -> None:
    (line,) = news([FeedNews(kind, over, ("A", "B"), 9)], Coverage(feeds=20), TIMES)
    assert "A, B and 7 more" in line
    (last,) = news([FeedNews(kind, over, ("A",), 1, began_at=NOW)], Coverage(), TIMES)
    assert "A" in last


def test_what_stands_is_a_line_of_counts_and_only_beside_something_new() -> None:
    coverage = Coverage(feeds=300, standing=((BROKEN, 4), (SILENT, 2)))
    lines = news(fold([notice("f0")], feeds(1), SINCE, 300), coverage, TIMES)
    assert lines[-1] == "In all: 4 broken, 2 silent; `monitor feeds health` says more."
    assert news((), coverage, TIMES) == ()


def test_feeds_not_heard_are_named_until_a_notice_told_of_them_and_counted_from_then_on() -> None:
    def trouble(feed: str, *, is_told: bool) -> FeedTrouble:
        return FeedTrouble(feed, feed.upper(), "no answer", None, is_told)

    coverage = Coverage(
        broken=(trouble("a", is_told=False), trouble("b", is_told=True), trouble("c", is_told=True)),
        notices=(notice("b"),),
    )
    assert not_heard(coverage, TIMES) == (
        "A (no answer)",
        "1 feed of which an earlier digest told; `monitor feeds health` says more",
    )
