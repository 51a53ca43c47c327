"""A digest in the reader's words, before it is HTML, text or Slack blocks. Pure; what it makes is in shapes.py."""

from collections import Counter
from collections.abc import Iterable, Sequence

from monitor.core.model import Coverage, Digest, DigestStory, RuleChange, Target, Topic
from monitor.core.tickets import Links

from . import feeds, words
from .shapes import CarrierView, DigestView, LinkView, ReasonView, StoryView, TopicView
from .stories import HEADLINE_MAX, NAME_MAX, Circumstances, in_brief, lean, reports, story_view

__all__ = ["CarrierView", "DigestView", "ReasonView", "StoryView", "TopicView", "view"]

MESSAGE_MAX, NOTE_MAX, PREVIEW_MAX = 200, 400, 160  # characters
TOPICS_MAX, NOTES_MAX, EDITS_MAX, ALERT_NAMES_MAX = 30, 10, 20, 3
FULL_MAX, STORIES_MAX = 60, 300  # stories told in full, stories told at all; the rest is counted
FIRST_REPORTS = "first reports"
SAMPLE = "Sample digest. All news, outlets and people in it are invented."


def view(digest: Digest, links: Links | None = None, target: Target | None = None) -> DigestView:
    """The whole digest in one part. With `links` its stories and its foot get what can be done with one click.

    `target`: the recipient who may unsubscribe, where that can be said of one.
    """
    times = words.Times(digest.at, digest.timezone)
    english = any(code == "en" and read for code, read, _ in digest.coverage.by_language)
    around = Circumstances(digest, times, english, links)
    told = list(enumerate(digest.stories[:STORIES_MAX], 1))
    full = tuple(story_view(n, story, around) for n, story in told[:FULL_MAX])
    stories = (*full, *(in_brief(story_view(n, lean(story), around)) for n, story in told[FULL_MAX:]))
    single = digest.alert and len(stories) == 1 and not digest.folded and digest.held_since is None
    since = times.long(digest.since) if digest.since else ""
    unsubscribe = links.unsubscribe(digest.spec, target) if links and target else ""
    return DigestView(
        name=words.clip(digest.title, NAME_MAX) or digest.spec,
        headline=stories[0].title if single else words.clip(digest.headline, HEADLINE_MAX) or "News",
        headline_language=_headline_language(digest),
        when=times.full(digest.at),
        iso=times.iso(digest.at),
        counts=_counts(digest.stories),
        languages=_languages(digest.stories),
        since=times.recent(digest.since) if digest.since else "",
        preview=_preview(digest, stories, single=single),
        topics=() if single else _topics(digest),
        topics_more=0 if single else max(0, len(digest.topics) - TOPICS_MAX),
        bars="" if single else _bars(digest.topics),
        stories=stories,
        empty=() if stories else _empty(digest, since),
        watched=_watched_in_short(digest, times) if single else _watched(digest.coverage, times),
        feed_news=() if single else feeds.news(digest.feed_news, digest.coverage, times),
        broken=() if single else feeds.not_heard(digest.coverage, times),
        left_out=tuple(_left_out(digest)),
        notes=words.capped([words.clip(note, NOTE_MAX) for note in digest.notes], NOTES_MAX, "notes"),
        next=times.long(digest.next_at) if digest.next_at else "",
        sample=SAMPLE if digest.sample else "",
        anchors=frozenset(s.anchor for s in stories),
        single=single,
        alarm=_alarm(digest),
        lead=tuple(_lead(digest, times)),
        edits=_edits(digest),
        edits_since=times.day(digest.since) if digest.since else "",
        actions=tuple(_actions(digest, links, unsubscribe)),
        unsubscribe=unsubscribe,
    )


# --- head and foot ----------------------------------------------------------------------------------------


def _headline_language(digest: Digest) -> str:
    """A digest's headline usually begins with its first story's: then a screen reader should read it as such."""
    first = digest.stories[0] if digest.stories else None
    same = first and digest.headline[:20] == " ".join(first.headline.split())[:20]
    return words.clean(first.language or "") if first and same else ""


def _counts(stories: Sequence[DigestStory]) -> str:
    told = sum(reports(story.carriers) for story in stories)
    if not stories:
        return "no stories"
    return f"{words.count(len(stories), 'story', 'stories')} from {words.count(told, 'report')}"


def _preview(digest: Digest, stories: Sequence[StoryView], *, single: bool) -> str:
    """What the subject does not say: of an alert its standing and who told it, of others what they are about."""
    if not stories:
        return words.clip(" ".join(_empty(digest, "")), PREVIEW_MAX)
    if single:
        story = stories[0]
        text = "; ".join(filter(None, [story.status, story.gloss, *story.meta[:2]]))
        return words.clip(text[:1].upper() + text[1:], PREVIEW_MAX)
    about = "; ".join(story.gloss or story.title for story in stories)
    return words.clip(f"{_counts(digest.stories)}: {about}", PREVIEW_MAX)


def _alarm(digest: Digest) -> str:
    """For the subject line of alerts: how grave they are, and whether they are late."""
    if not digest.alert or not digest.stories:
        return ""
    gravest = max(digest.stories, key=lambda story: story.severity.rank).severity.value.upper()
    return f"{gravest} (held back)" if digest.held_since else gravest


def _lead(digest: Digest, times: words.Times) -> Iterable[str]:
    """Why this message is not as alerts usually are."""
    if digest.folded:
        alerts = words.count(digest.folded, "alert")
        yield f"{alerts} came too thick to be told one by one: they are in this message together."
    if digest.by_hand and len(digest.stories) > 1:
        yield f"Sent by hand, {len(digest.stories):,} alerts together."
    if digest.held_since:
        by = words.clip(digest.held_by, MESSAGE_MAX) or "quiet hours"
        yield f"Held back by {by} since {times.short(digest.held_since)}."


_CHANGES = {RuleChange.NEW: " (new)", RuleChange.EDITED: "", RuleChange.REMOVED: " (removed)"}


def _edits(digest: Digest) -> str:
    """Each rule once, with its last change."""
    last = {edit.rule: edit for edit in sorted(digest.rule_edits, key=lambda edit: edit.at)}
    names = [f"{words.clip(rule, NAME_MAX)}{_CHANGES[edit.change]}" for rule, edit in sorted(last.items())]
    return ", ".join(words.capped(names, EDITS_MAX, "rules"))


def _actions(digest: Digest, links: Links | None, unsubscribe: str) -> Iterable[LinkView]:
    if links:
        yield LinkView("all hits", links.hits(digest.spec))  # no key to what other digests tell
    if unsubscribe:
        yield LinkView("unsubscribe", unsubscribe)


def _languages(stories: Sequence[DigestStory]) -> str:
    tally: Counter[str] = Counter()
    for story in stories:
        for carrier in story.carriers:
            tally[words.language(carrier.language)] += 1 + carrier.copies
    return ", ".join(f"{name} {n:,}" for name, n in sorted(tally.items(), key=lambda pair: (-pair[1], pair[0])))


def _topics(digest: Digest) -> tuple[TopicView, ...]:
    first: dict[str, str] = {}
    for number, story in enumerate(digest.stories, 1):
        for reason in story.reasons:
            first.setdefault(reason.rule, f"s{number}")
    return tuple(
        TopicView(
            rule=topic.rule,
            title=words.clip(topic.title, NAME_MAX),
            stories=words.count(topic.stories, "story", "stories"),
            reports=words.count(topic.reports, "report"),
            spark="" if _is_first(topic) else words.sparkline(topic.daily),
            spark_label=FIRST_REPORTS
            if _is_first(topic)
            else f"Last {words.count(len(topic.daily), 'day')}: {words.count(sum(topic.daily), 'report')}, "
            f"at most {max(topic.daily, default=0)} in a day",
            anchor=first.get(topic.rule, ""),
        )
        for topic in digest.topics[:TOPICS_MAX]
    )


def _is_first(topic: Topic) -> bool:
    """Whether all reports of its history came on one day: then there is nothing to compare."""
    return sum(n > 0 for n in topic.daily) == 1


def _bars(topics: Sequence[Topic]) -> str:
    """What the bars of the glance stand for; empty where it has none."""
    days = max((len(topic.daily) for topic in topics[:TOPICS_MAX] if not _is_first(topic)), default=0)
    return f"{days} days" if days else ""


def _empty(digest: Digest, since: str) -> tuple[str, ...]:
    coverage, lines = digest.coverage, []
    when = f" since {since}" if since else ""
    if digest.left_out:
        lines.append(f"Nothing to tell{when}; what was left out is counted below.")
    else:
        lines.append(f"Nothing was found{when}.")
    if coverage.feeds_read and not coverage.polls:
        total = words.count(coverage.feeds, "feed")
        lines.append(f"No feed was asked in this time; {coverage.feeds_read:,} of {total} had nothing due.")
    elif coverage.feeds:
        lines.append(
            f"{words.count(coverage.items, 'item')} from {coverage.feeds_read:,} of "
            f"{words.count(coverage.feeds, 'feed')} were read and compared with the rules."
        )
    unread = coverage.feeds - coverage.feeds_read
    if unread > 0:
        verb = "was" if unread == 1 else "were"
        unnamed = coverage.notices and not feeds.not_heard(coverage, words.Times(digest.at, digest.timezone))
        section = "News of the feeds" if unnamed else "Not heard"
        below = f"; see “{section}” below" if coverage.broken else ""
        lines.append(f"This says nothing of the {words.count(unread, 'feed')} that {verb} not read{below}.")
    return tuple(lines)


def _left_out(digest: Digest) -> Iterable[str]:
    more = len(digest.stories) - STORIES_MAX
    if more > 0:
        yield f"{words.count(more, 'story', 'stories')} beyond the first {STORIES_MAX}"
    for why, n in digest.left_out:
        yield f"{words.count(n, 'report')} {words.clip(why, MESSAGE_MAX)}"


def _watched_in_short(digest: Digest, times: words.Times) -> tuple[str, ...]:
    """One line, for an alert: how many feeds were read, and the names of a few that were not."""
    coverage = digest.coverage
    if not coverage.feeds:
        return _watched(coverage, times)
    last = f", last at {times.short(coverage.last_poll_at)}" if coverage.last_poll_at else ""
    names = [words.clip(trouble.label, NAME_MAX) for trouble in coverage.broken]
    names = list(words.capped(names, ALERT_NAMES_MAX, "feeds"))
    missing = f"; not heard: {', '.join(names)}" if names else ""
    quiet = sum(count for _, count in coverage.quiet)
    silent = f"; {quiet:,} unusually quiet" if quiet else ""
    lines = [f"{coverage.feeds_read:,} of {words.count(coverage.feeds, 'feed')} read{last}{silent}{missing}."]
    if digest.feed_news:
        lines.append(f"{words.count(len(digest.feed_news), 'piece')} of news of the feeds; {feeds.WHERE}.")
    return tuple(lines)


def _state_of_feeds(coverage: Coverage) -> str:
    """`63 feeds were due, 2 failed; unusually quiet: 2 Russian, 1 Chinese.`"""
    due = (
        f"{words.count(coverage.due, 'feed')} {'was' if coverage.due == 1 else 'were'} due, {coverage.failed:,} failed"
    )
    quiet = ", ".join(f"{count:,} {_named(code)}" for code, count in coverage.quiet)
    return f"{due}; unusually quiet: {quiet}." if quiet else f"{due}."


def _named(code: str) -> str:
    return "no language given" if code == "und" else words.language(code)


def _watched(coverage: Coverage, times: words.Times) -> tuple[str, ...]:
    if not coverage.feeds:
        return ("No feed is enabled, so nothing was watched.",)
    last = f", last at {times.short(coverage.last_poll_at)}" if coverage.last_poll_at else ""
    lines = [
        f"{coverage.feeds_read:,} of {words.count(coverage.feeds, 'feed')} read, "
        f"{words.count(coverage.polls, 'poll')}, {words.count(coverage.items, 'item')}{last}."
    ]
    if coverage.due or coverage.quiet:
        lines.append(_state_of_feeds(coverage))
    if coverage.by_language:
        shares = [f"{_named(code)} {read:,} of {total:,}" for code, read, total in coverage.by_language]
        lines.append(f"Feeds read by language: {', '.join(shares)}.")
    return tuple(lines)
