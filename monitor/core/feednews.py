"""Notices → what a digest says of the feeds: folded, so that an outage of three hundred feeds is one sentence."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from monitor.core.holding import host_of
from monitor.core.model import FeedNews, FeedSpec, Notice, TroubleKind

NAMED = 3  # feeds that are named where there are more
ALONE = 3  # up to so many feeds of a kind have a line of their own, with the reason
UNLIKE = 8  # … and up to so many where each has a reason of its own
SAME_HOST = 3  # feeds of one host, with one cause, whose common fate is the host's
LEAST_EVERYWHERE, EVERYWHERE = 5, 0.6  # feeds, and share of all feeds, that fail together by no fault of their own


def fold(
    notices: Sequence[Notice], feeds: Mapping[str, FeedSpec], since: datetime | None, enabled: int
) -> tuple[FeedNews, ...]:
    """What began and what ended after `since`, gravest first, what began before what ended.

    A feed is told of once for each kind of trouble: as it stands at the end, whatever came and went in between.
    `enabled` is the number of all feeds.
    """
    last: dict[tuple[TroubleKind, str], Notice] = {}
    for notice in notices:
        earlier = last.get((notice.kind, notice.feed))
        if earlier is None or notice.began_at >= earlier.began_at:
            last[notice.kind, notice.feed] = notice
    news: list[FeedNews] = []
    for kind in TroubleKind:
        for over in (False, True):
            of_kind = [n for n in last.values() if n.kind is kind and (n.ended_at is not None) is over]
            news += _grouped(sorted(of_kind, key=lambda n: n.began_at), kind, over, feeds, since, enabled)
    return tuple(news)


def _grouped(
    notices: Sequence[Notice],
    kind: TroubleKind,
    over: bool,
    feeds: Mapping[str, FeedSpec],
    since: datetime | None,
    enabled: int,
) -> list[FeedNews]:
    if not notices:
        return []
    if kind is TroubleKind.BROKEN and len(notices) >= max(LEAST_EVERYWHERE, EVERYWHERE * enabled):
        return [_news(notices, kind, over, feeds, since, everywhere=True)]
    groups: list[FeedNews] = []
    by_host: dict[tuple[str, str], list[Notice]] = {}
    for notice in notices:
        feed = feeds.get(notice.feed)
        by_host.setdefault((host_of(feed.url) if feed else "", _cause(notice)), []).append(notice)
    by_cause: dict[str, list[Notice]] = {}
    for (host, cause), same in by_host.items():
        if host and len(same) >= SAME_HOST:
            groups.append(_news(same, kind, over, feeds, since, host=host, cause=cause))
        else:
            by_cause.setdefault(cause, []).extend(same)
    rest: list[Notice] = []
    for cause, same in by_cause.items():
        if over or len(same) > ALONE:
            groups.append(_news(same, kind, over, feeds, since, cause=cause))
        else:
            rest += same
    if len(rest) > UNLIKE:
        groups.append(_news(rest, kind, over, feeds, since))
    else:
        groups += [_news([notice], kind, over, feeds, since) for notice in rest]
    return groups


def _cause(notice: Notice) -> str:
    """What several broken feeds may have in common: the gist of the failure. "" where the kind of trouble is all."""
    if notice.kind is not TroubleKind.BROKEN or notice.ended_at is not None:
        return ""
    # "not read since …: the server answered 403 Forbidden: it refuses …": neither the time nor the advice counts.
    message = re.sub(r"^(not read since [^:]*:\d\d UTC|never read so far): ", "", notice.message)
    return re.split(r"[:;.](?: |$)", message, maxsplit=1)[0]


def _news(
    notices: Sequence[Notice],
    kind: TroubleKind,
    over: bool,
    feeds: Mapping[str, FeedSpec],
    since: datetime | None,
    *,
    host: str = "",
    cause: str = "",
    everywhere: bool = False,
) -> FeedNews:
    labels = [feeds[n.feed].label if n.feed in feeds else n.feed for n in notices]
    return FeedNews(
        kind=kind,
        over=over,
        feeds=tuple(labels[:NAMED]),
        count=len(notices),
        message=notices[0].message if len(notices) == 1 and not over else "",
        host=host,
        cause=cause if len(notices) > 1 else "",
        everywhere=everywhere,
        began_at=min(n.began_at for n in notices),
        ended_at=max((n.ended_at for n in notices if n.ended_at), default=None),
        brief=over and since is not None and all(n.began_at > since for n in notices),
    )


def feeds_of(notices: Collection[Notice], *kinds: TroubleKind) -> frozenset[str]:
    """The feeds of which these notices tell such a trouble that lasts."""
    return frozenset(notice.feed for notice in notices if notice.kind in kinds and notice.ended_at is None)
