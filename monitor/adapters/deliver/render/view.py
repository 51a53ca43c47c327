"""A digest in the reader's words, before it is HTML, text or Slack blocks: what templates see. Pure.

Everything here is cleaned text and safe links. Lengths are bounded so that any digest can be split into messages;
whatever is shortened says so by an ellipsis or by "and 12 more".
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from monitor.core.model import (
    Carrier,
    Coverage,
    Digest,
    DigestStory,
    Ownership,
    Reason,
    Segment,
    StoryStatus,
    Topic,
)

from . import feeds, words
from .differences import Run, differences

HEADLINE_MAX, SNIPPET_MAX, NAME_MAX, MESSAGE_MAX, NOTE_MAX = 400, 1_200, 100, 200, 400  # characters
WHY_MAX = 800  # characters of found words for each rule
MARKS_MAX = 40  # marked runs of a text; the words after them stand unmarked
COPIES_MAX, COPY_NAME_MAX = 6, 60  # outlets named that copied a headline, and characters of each
GLOSS_MAX, FORMS_MAX, CHANGES_MAX, REASONS_MAX = 16, 6, 4, 6  # how many are listed before "and n more"
TOPICS_MAX, NOTES_MAX = 30, 10
FULL_MAX, STORIES_MAX = 60, 300  # stories told in full, stories told at all; the rest is counted
SILENT_AFTER = timedelta(hours=6)  # from when on it is worth saying that nobody wrote of it in English

STATUS = {
    StoryStatus.NEW: "new story",
    StoryStatus.MORE: "told before, more reports",
    StoryStatus.CHANGED: "told before, headline changed",
}
FIRST_REPORTS = "first reports"
SAMPLE = "Sample digest. All news, outlets and people in it are invented."


@dataclass(frozen=True, slots=True)
class TopicView:
    """A line of the glance. `anchor` is the first story of the rule, empty when it has none here."""

    rule: str
    title: str
    stories: str
    reports: str
    spark: str  # one bar a day, oldest first; empty where there are days too few to compare
    spark_label: str  # the same in words
    anchor: str = ""

    @property
    def counts(self) -> str:
        """`2 stories, 9 reports`."""
        return f"{self.stories}, {self.reports}"


@dataclass(frozen=True, slots=True)
class CarrierView:
    """One report: when, in which language, by whom. `title` is empty where it repeats the story's headline."""

    time: str
    language: str  # code, may be empty
    outlet: str
    standing: str
    title: str
    link: str
    copies: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A headline that was edited, and the language it is in, empty when unknown."""

    runs: tuple[Run, ...]
    language: str = ""


@dataclass(frozen=True, slots=True)
class WordsView:
    """What one term of a rule found: its English label, the forms in the text, the fields they stood in."""

    label: str
    forms: tuple[str, ...]
    more: int
    fields: str


@dataclass(frozen=True, slots=True)
class ReasonView:
    """Why a story is here."""

    rule: str
    title: str
    words: tuple[WordsView, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story. `headline` and `snippet` are runs of text, some marked."""

    number: int
    anchor: str
    severity: str
    status: str
    language: str  # BCP 47, empty when unknown
    link: str
    title: str
    headline: tuple[Segment, ...]
    gloss: str
    meta: tuple[str, ...]
    changes: tuple[ChangeView, ...]
    changes_more: int
    snippet: tuple[Segment, ...]
    carriers: tuple[CarrierView, ...]
    reasons: tuple[ReasonView, ...]
    reasons_more: int = 0
    continued: bool = False  # the rest of a story that began in the message before


@dataclass(frozen=True, slots=True)
class DigestView:
    """A digest, or one part of it: the glance stands in the first part, the foot in the last."""

    name: str
    headline: str
    headline_language: str  # BCP 47 where the headline is a story's, else empty
    when: str
    iso: str
    counts: str
    languages: str
    since: str
    preview: str
    topics: tuple[TopicView, ...]
    topics_more: int
    bars: str  # how long a time the bars of the topics show: `30 days`; empty where none has bars
    stories: tuple[StoryView, ...]
    empty: tuple[str, ...]  # sentences, when there is no story at all
    watched: tuple[str, ...]  # sentences
    feed_news: tuple[str, ...]  # sentences: troubles of feeds that began or ended
    broken: tuple[str, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    next: str
    sample: str
    part: int = 1
    parts: int = 1
    anchors: frozenset[str] = field(default_factory=frozenset)  # of the stories in this part


def view(digest: Digest) -> DigestView:
    """The whole digest in one part."""
    times = words.Times(digest.at, digest.timezone)
    english = any(code == "en" and read for code, read, _ in digest.coverage.by_language)
    told = enumerate(digest.stories[:STORIES_MAX], 1)
    stories = tuple(_story(n, story, digest, times, english) for n, story in told)
    stories = (*stories[:FULL_MAX], *map(_in_brief, stories[FULL_MAX:]))
    since = times.long(digest.since) if digest.since else ""
    return DigestView(
        name=words.clip(digest.title, NAME_MAX) or digest.spec,
        headline=words.clip(digest.headline, HEADLINE_MAX) or "News",
        headline_language=_headline_language(digest),
        when=times.full(digest.at),
        iso=times.iso(digest.at),
        counts=_counts(digest.stories),
        languages=_languages(digest.stories),
        since=since,
        preview=words.clip("; ".join(s.gloss or s.title for s in stories), 160),
        topics=_topics(digest),
        topics_more=max(0, len(digest.topics) - TOPICS_MAX),
        bars=_bars(digest.topics),
        stories=stories,
        empty=() if stories else _empty(digest, since),
        watched=_watched(digest.coverage, times),
        feed_news=feeds.news(digest.feed_news, digest.coverage, times),
        broken=feeds.not_heard(digest.coverage, times),
        left_out=tuple(_left_out(digest)),
        notes=words.capped([words.clip(note, NOTE_MAX) for note in digest.notes], NOTES_MAX, "notes"),
        next=times.long(digest.next_at) if digest.next_at else "",
        sample=SAMPLE if digest.sample else "",
        anchors=frozenset(s.anchor for s in stories),
    )


# --- head and foot ----------------------------------------------------------------------------------------


def _reports(carriers: Iterable[Carrier]) -> int:
    return sum(1 + carrier.copies for carrier in carriers)


def _headline_language(digest: Digest) -> str:
    """A digest's headline usually begins with its first story's: then a screen reader should read it as such."""
    first = digest.stories[0] if digest.stories else None
    same = first and digest.headline[:20] == " ".join(first.headline.split())[:20]
    return words.clean(first.language or "") if first and same else ""


def _counts(stories: Sequence[DigestStory]) -> str:
    reports = sum(_reports(story.carriers) for story in stories)
    if not stories:
        return "no stories"
    return f"{words.count(len(stories), 'story', 'stories')} from {words.count(reports, 'report')}"


def _languages(stories: Sequence[DigestStory]) -> str:
    tally: Counter[str] = Counter()
    for story in stories:
        for carrier in story.carriers:
            tally[words.language(carrier.language)] += 1 + carrier.copies
    return ", ".join(f"{name} {n}" for name, n in sorted(tally.items(), key=lambda pair: (-pair[1], pair[0])))


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


def _watched(coverage: Coverage, times: words.Times) -> tuple[str, ...]:
    if not coverage.feeds:
        return ("No feed is enabled, so nothing was watched.",)
    last = f", last at {times.short(coverage.last_poll_at)}" if coverage.last_poll_at else ""
    lines = [
        f"{coverage.feeds_read:,} of {words.count(coverage.feeds, 'feed')} read, "
        f"{words.count(coverage.polls, 'poll')}, {words.count(coverage.items, 'item')}{last}."
    ]
    if coverage.by_language:
        shares = [
            f"{'no language given' if code == 'und' else words.language(code)} {read:,} of {total:,}"
            for code, read, total in coverage.by_language
        ]
        lines.append(f"Feeds read by language: {', '.join(shares)}.")
    return tuple(lines)


# --- a story ----------------------------------------------------------------------------------------------


def _story(number: int, story: DigestStory, digest: Digest, times: words.Times, english: bool) -> StoryView:
    title = words.clip(story.headline, HEADLINE_MAX) or "(no headline)"
    glosses = [words.clip(label, NAME_MAX) for label in story.gloss]
    changes = story.changes[:CHANGES_MAX]
    return StoryView(
        number=number,
        anchor=f"s{number}",
        severity=story.severity.value,
        status=STATUS[story.status],
        language=words.clean(story.language or ""),
        link=words.safe_link(story.link),
        title=title,
        headline=segments(story.headline_marks, HEADLINE_MAX) or (Segment(title),),
        gloss=" · ".join(words.capped(glosses, GLOSS_MAX, "terms")),
        meta=tuple(_meta(story, digest, times, english)),
        changes=tuple(_change(old, new, story) for old, new in changes),
        changes_more=len(story.changes) - len(changes),
        snippet=segments(story.snippet, SNIPPET_MAX),
        carriers=_carriers(story, times),
        reasons=tuple(_reason(reason) for reason in story.reasons[:REASONS_MAX]),
        reasons_more=max(0, len(story.reasons) - REASONS_MAX),
    )


def _change(old: str, new: str, story: DigestStory) -> ChangeView:
    runs = differences(words.clip(old, HEADLINE_MAX), words.clip(new, HEADLINE_MAX))
    return ChangeView(runs, next((words.clean(c.language or "") for c in story.carriers if c.title == new), ""))


def _in_brief(story: StoryView) -> StoryView:
    """In a flood: severity, headline, and who told it first."""
    return replace(
        story, gloss="", meta=story.meta[:2], changes=(), changes_more=0, snippet=(), carriers=(), reasons=()
    )


def segments(parts: Sequence[Segment], limit: int) -> tuple[Segment, ...]:
    """Cleaned runs of at most `limit` characters in all, the cut shown by an ellipsis; empty ones left out."""
    found: list[Segment] = []
    left, marks = limit, MARKS_MAX
    for part in parts:
        text = words.clean(part.text)
        marked = part.marked and marks > 0
        marks -= marked
        if len(text) > left:
            found.append(Segment(text[:left] + "…", marked))
            break
        left -= len(text)
        if found and found[-1].marked == marked:  # two marks side by side are one to the eye
            found[-1] = Segment(found[-1].text + text, marked)
        elif text:
            found.append(Segment(text, marked))
    return tuple(found) if any(part.text.strip() for part in found) else ()


def _meta(story: DigestStory, digest: Digest, times: words.Times, english: bool) -> Iterable[str]:
    if not story.carriers:
        return
    first = story.carriers[0]
    standing = words.standing(first)
    verb = "No usable date, first read:" if story.undated else "First:"
    yield f"{verb} {_outlet(first)}{f' ({standing})' if standing else ''} {times.short(first.at)}"
    outlets = {name for carrier in story.carriers for name in (carrier.outlet, *carrier.copies_of)}
    reports, copied = _reports(story.carriers), any(carrier.copies for carrier in story.carriers)
    spoken = {words.language(c.language): c.at for c in reversed(story.carriers)}  # language → its first report
    if reports > 1:
        several = f" in {words.count(len(spoken), 'language')}" if len(spoken) > 1 else ""
        named = all(carrier.copies_of for carrier in story.carriers if carrier.copies)
        by = f" by {words.count(len(outlets), 'outlet')}" if named else ""
        yield f"{words.count(reports, 'report')}{by}{several}"
    later = sorted((at, name) for name, at in spoken.items() if name != words.language(first.language))
    if later:
        yield ", ".join(f"{name} after {words.span(at - first.at)}" for at, name in later)
    # Of a story in one language nothing can be said: its English telling may stand as a story of its own.
    if english and later and "English" not in spoken and digest.at - first.at >= SILENT_AFTER:
        yield f"nothing in English for {words.span(digest.at - first.at)}"
    if not copied:  # the ownership of those who copied is not known here
        yield from _ownership(story.carriers, len(outlets))


def _ownership(carriers: Sequence[Carrier], outlets: int) -> Iterable[str]:
    """Who is silent is news too, but only when every outlet's ownership is known."""
    owners = {carrier.ownership for carrier in carriers}
    if Ownership.UNKNOWN in owners:
        return
    if outlets >= 3 and Ownership.STATE not in owners:
        yield "no state outlet yet"
    if outlets >= 2 and owners == {Ownership.STATE}:
        yield "state outlets only"


def _outlet(carrier: Carrier) -> str:
    return words.clip(carrier.outlet, NAME_MAX) or "unnamed outlet"


def _carriers(story: DigestStory, times: words.Times) -> tuple[CarrierView, ...]:
    """Every report; none when the story's own lines already say it all."""
    if _reports(story.carriers) < 2:
        return ()
    return tuple(
        CarrierView(
            time=times.short(carrier.at),
            language=words.clean(carrier.language or ""),
            outlet=_outlet(carrier),
            standing=words.standing(carrier),
            title="" if carrier.title == story.headline else words.clip(carrier.title, HEADLINE_MAX),
            link=words.safe_link(carrier.link),
            copies=_copies(carrier),
        )
        for carrier in story.carriers
    )


def _copies(carrier: Carrier) -> str:
    """Who else carried the headline; reports whose outlet goes unnamed are counted."""
    if not carrier.copies:
        return ""
    if not carrier.copies_of:
        return f"and {carrier.copies} more with the same headline"
    named = [words.clip(outlet, COPY_NAME_MAX) or "unnamed outlet" for outlet in carrier.copies_of[:COPIES_MAX]]
    more = carrier.copies - len(named)
    return f"also: {', '.join(named)}" + (f" and {more} more" if more > 0 else "")


def _reason(reason: Reason) -> ReasonView:
    forms: dict[str, dict[str, str]] = {}
    fields: dict[str, dict[str, None]] = {}
    for evidence in reason.evidence:
        label = words.clip(evidence.label or evidence.term, NAME_MAX)
        text = words.clip(evidence.text, NAME_MAX)
        forms.setdefault(label, {}).setdefault(text.casefold(), text)
        fields.setdefault(label, {})[evidence.field] = None
    found: list[WordsView] = []
    left = WHY_MAX
    for label, texts in forms.items():
        shown = tuple(texts.values())[:FORMS_MAX]
        left -= len(label) + sum(map(len, shown))
        if found and left < 0:
            break
        found.append(WordsView(label, shown, len(texts) - len(shown), words.listed(list(fields[label]))))
    return ReasonView(
        rule=words.clip(reason.rule, NAME_MAX),
        title=words.clip(reason.title, NAME_MAX),
        words=tuple(found),
        more=len(forms) - len(found),
    )
