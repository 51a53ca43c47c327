"""What a digest says of its feeds: which are not heard, and what changed, in sentences. Pure."""

from collections.abc import Sequence

from monitor.core import feednews
from monitor.core.model import Coverage, FeedNews, TroubleKind

from . import words

NAME_MAX, MESSAGE_MAX, NEWS_MAX, CAUSE_MAX = 100, 200, 390, 80  # characters
BROKEN_LINES, NEWS_LINES = 20, 20
WHERE = "`monitor feeds health` says more"

# What is said of several feeds: when it begins, and when it is over.
_BEGAN = {
    TroubleKind.BROKEN: "can't be read",
    TroubleKind.GONE: "are gone for good",
    TroubleKind.SILENT: "have fallen silent",
    TroubleKind.MOVED: "have moved for good",
    TroubleKind.LANGUAGE: "are suddenly in another language",
    TroubleKind.VOLUME: "bring much more or much less than usual",
    TroubleKind.OVERRUN: "held nothing but new items: others may have come and gone between two polls",
}
_OVER = {
    TroubleKind.BROKEN: "read again",
    TroubleKind.GONE: "asked again",
    TroubleKind.SILENT: "no longer silent",
    TroubleKind.MOVED: "at the address in feeds.yaml again",
    TroubleKind.LANGUAGE: "in the usual language again",
    TroubleKind.VOLUME: "with as much as usual again",
    TroubleKind.OVERRUN: "read before its items are gone again",
}
_STANDING = {
    TroubleKind.BROKEN: "broken",
    TroubleKind.GONE: "gone",
    TroubleKind.SILENT: "silent",
    TroubleKind.MOVED: "moved",
    TroubleKind.LANGUAGE: "in another language",
    TroubleKind.VOLUME: "with an odd volume",
    TroubleKind.OVERRUN: "overrun",
}


def news(news: Sequence[FeedNews], coverage: Coverage, times: words.Times) -> tuple[str, ...]:
    """What began and what ended, a sentence each; then, if anything did, how many troubles stand in all."""
    lines = [words.clip(_sentence(each, coverage.feeds, times), NEWS_MAX) for each in news]
    lines = list(words.capped(lines, NEWS_LINES, f"changes; {WHERE}"))
    if lines and coverage.standing:
        standing = ", ".join(f"{count:,} {_STANDING[kind]}" for kind, count in coverage.standing)
        lines.append(f"In all: {standing}; {WHERE}.")
    return tuple(lines)


def not_heard(coverage: Coverage, times: words.Times) -> tuple[str, ...]:
    """The feeds that brought nothing, by name if no notice told of them; those told of before are only counted."""
    fresh = feednews.feeds_of(coverage.notices, TroubleKind.BROKEN, TroubleKind.GONE)
    told = sum(trouble.told and trouble.feed not in fresh for trouble in coverage.broken)
    lines = [
        f"{words.clip(trouble.label, NAME_MAX)} ({words.clip(trouble.message, MESSAGE_MAX)}"
        + (f", since {times.short(trouble.since)})" if trouble.since else ")")
        for trouble in coverage.broken
        if not trouble.told and trouble.feed not in fresh
    ]
    lines = list(words.capped(lines, BROKEN_LINES, "feeds; `monitor feeds health` lists them all"))
    if told:
        lines.append(f"{words.count(told, 'feed')} of which an earlier digest told; {WHERE}")
    return tuple(lines)


def _sentence(news: FeedNews, enabled: int, times: words.Times) -> str:
    began = times.short(news.began_at) if news.began_at else ""
    ended = times.short(news.ended_at) if news.ended_at else ""
    if news.everywhere:
        outage = f"Nearly all feeds failed at once ({news.count:,} of {enabled:,}), noticed at {began}"
        until = f"; they are read again, the last since {ended}" if news.over else ""
        return f"{outage}{until}. The fault lies hardly with them: see to this machine's network."
    if news.message:
        return f"{_names(news)}: {news.message}."
    who = f"{news.count:,} feeds of {words.clip(news.host, NAME_MAX)}" if news.host else ""
    if not news.over:
        why = f" ({words.clip(news.cause, CAUSE_MAX)})" if news.cause else ""
        return f"{who or words.count(news.count, 'feed')} {_BEGAN[news.kind]}{why}: {_names(news)}; {WHERE}."
    was = f", after it was {_STANDING[news.kind]} for a while ({began})" if news.brief and news.count == 1 else ""
    return f"{_OVER[news.kind].capitalize()}: {f'{who}: ' if who else ''}{_names(news)}{was}."


def _names(news: FeedNews) -> str:
    more = news.count - len(news.feeds)
    names = ", ".join(words.clip(name, NAME_MAX) for name in news.feeds)
    return f"{names} and {more:,} more" if more else names
