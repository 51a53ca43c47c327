"""Invented digests in which every field has something to say: what templates are tried on. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.core.model import (
    Carrier,
    Coverage,
    Digest,
    DigestStory,
    Evidence,
    FeedNews,
    FeedTrouble,
    Notice,
    Ownership,
    Reason,
    RuleChange,
    RuleEdit,
    Segment,
    Severity,
    StoryStatus,
    Topic,
    TroubleKind,
)

_AT = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # Tuesday 08:00 in Tokyo


def specimens() -> tuple[Digest, ...]:
    """A full digest, an empty one, an alert, its update, alerts folded into one, and what quiet hours held back."""
    full, (first, *_, last) = _full(), _stories()
    alert = replace(
        full,
        alert=True,
        headline=first.headline,
        stories=(first,),
        topics=full.topics[:1],
        thread="alerts/1",
        next_at=None,
    )
    return (
        full,
        replace(full, stories=(), topics=(), headline="Nothing to report; 2 of 3 feeds read", notes=(), feed_news=()),
        alert,
        replace(alert, stories=(last,), headline=last.headline, thread="alerts/4"),
        replace(full, alert=True, folded=len(full.stories), next_at=None),
        replace(full, alert=True, held_since=_AT - timedelta(hours=9), held_by="quiet hours", next_at=None),
        replace(full, since=None, sample=True),
    )


def _full() -> Digest:
    stories = _stories()
    return Digest(
        spec="specimen",
        title="Sample desk, morning",
        at=_AT,
        since=_AT - timedelta(days=1),
        timezone="Asia/Tokyo",
        headline=f"{stories[0].headline}; {stories[1].headline}; 2 more stories",
        topics=(
            Topic("harbours", "Harbours & bridges", 3, 5, tuple(number % 7 for number in range(30))),
            Topic("quiet", "", 1, 1, (0,) * 30),
            Topic("young", "A topic of one day", 1, 1, (1,)),
        ),
        stories=stories,
        coverage=_coverage(),
        left_out=(("from rules on trial", 6), ("silenced until Fri 08:00: known to the desk", 1)),
        notes=("rules.yaml was edited and is refused: rules.yaml:3:5: unknown key.",),
        next_at=_AT + timedelta(days=1),
        feed_news=(
            FeedNews(TroubleKind.BROKEN, False, ("Sample Times",), 1, "the server answers 500", began_at=_AT),
            FeedNews(TroubleKind.SILENT, True, ("Образец", "样例"), 2, host="news.example", began_at=_AT, ended_at=_AT),
            FeedNews(
                TroubleKind.BROKEN, True, ("A", "B"), 3, cause="no answer", everywhere=True, began_at=_AT, ended_at=_AT
            ),
        ),
        rule_edits=tuple(RuleEdit("harbours", change, _AT) for change in RuleChange),
    )


def _coverage() -> Coverage:
    return Coverage(
        feeds=3,
        feeds_read=2,
        polls=1_234,
        items=567,
        last_poll_at=_AT - timedelta(minutes=2),
        broken=(
            FeedTrouble("times", "Sample Times", "the server answers 500", _AT - timedelta(days=2), told=True),
            FeedTrouble("never", "Never Read", "no such host", None),
        ),
        by_language=(("ru", 1, 2), ("zh", 1, 1), ("und", 0, 0)),
        notices=(Notice("times", TroubleKind.BROKEN, "the server answers 500", _AT - timedelta(days=2)),),
        standing=((TroubleKind.BROKEN, 1), (TroubleKind.SILENT, 2)),
    )


def _stories() -> tuple[DigestStory, ...]:
    """Of every severity and status, in Cyrillic, Han, Latin and an alphabet that runs from right to left."""
    first = DigestStory(
        story_id=1,
        severity=Severity.CRITICAL,
        status=StoryStatus.NEW,
        headline="В порту <Образцовска> задержан «сухогруз» & два катера",
        link="https://primer.example/news?id=1&from=rss",
        language="ru",
        gloss=("harbour", "vessel detained"),
        snippet=(Segment("…в порту "), Segment("задержан", marked=True), Segment(" сухогруз…")),
        headline_marks=(
            Segment("В порту <Образцовска> "),
            Segment("задержан", marked=True),
            Segment(" «сухогруз» & два катера"),
        ),
        carriers=tuple(
            Carrier(
                outlet, title, f"https://{number}.example/", _AT - timedelta(hours=number), language, country, owner
            )
            for number, (outlet, title, language, country, owner) in enumerate(
                (
                    ("Пример", "В порту задержан сухогруз", "ru", "RU", Ownership.STATE),
                    ("样例新闻网", "一艘货船在港口被扣留", "zh", "CN", Ownership.PRIVATE),
                    ("Sample Times", "Freighter held in harbour", None, None, Ownership.UNKNOWN),
                )
            )
        ),
        reasons=_reasons(Severity.CRITICAL),
        undated=True,
        hit_ids=(1, 2, 3),
    )
    copied = replace(first.carriers[0], copies=2, copies_of=("Вестник", "Лента"))
    second = replace(
        first, story_id=2, severity=Severity.HIGH, status=StoryStatus.CHANGED, language="zh", carriers=(copied,),
        headline="一艘货船在港口被扣留", headline_marks=(Segment("一艘货船在港口被扣留"),),
        changes=(("货船驶入港口", "一艘货船在港口被扣留"),), earlier=first.carriers[1:], acknowledged=True,
        told_at=_AT - timedelta(days=1), undated=False,
    )  # fmt: skip
    third = replace(
        second, story_id=3, severity=Severity.MEDIUM, status=StoryStatus.MORE, language="he", changes=(), gloss=(),
        headline="ספינה נעצרה בנמל", headline_marks=(Segment("ספינה נעצרה בנמל"),), snippet=(), acknowledged=False,
    )  # fmt: skip
    fourth = replace(
        third, story_id=4, severity=Severity.LOW, status=StoryStatus.AGAIN, language=None, link="", hit_ids=(),
        headline="", headline_marks=(), reasons=(), earlier=(),
    )  # fmt: skip
    return first, second, third, fourth


def _reasons(severity: Severity) -> tuple[Reason, ...]:
    words: Sequence[tuple[str, str, str | None, str, str]] = (
        ("harbour", "harbour", "place", "порту", "title"),
        ("detained", "vessel detained", None, "задержан", "summary"),
        ("detained", "vessel detained", None, "задержали", "content"),
    )
    evidence = tuple(Evidence(term, label, kind, text, place, 0, len(text)) for term, label, kind, text, place in words)
    return (Reason("harbours", "Harbours & bridges", severity, evidence), Reason("untitled", "", Severity.LOW, ()))
