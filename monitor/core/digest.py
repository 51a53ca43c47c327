"""Hits → digest: groups them into stories, orders these, and says of each why it is here.

It drops nothing: every hit it is given is in exactly one story. Cutting to a channel's limits is the
channels' work, what was left out before is given to it counted, and wording and layout are the templates'.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from monitor.core import feednews
from monitor.core.headline import fold
from monitor.core.model import (
    Carrier,
    Coverage,
    Digest,
    DigestSpec,
    DigestStory,
    Evidence,
    FeedSpec,
    Hit,
    Item,
    Ownership,
    Reason,
    RuleEdit,
    RuleInfo,
    Severity,
    StoredHit,
    StoryStatus,
    Telling,
    Topic,
)
from monitor.core.routes import in_words
from monitor.core.snippet import clip, mark, snippet

GLOSS_LIMIT = 8  # labels in the line under a headline
EVIDENCE_LIMIT = 12  # distinct words shown for a rule and story
SUBJECT_STORIES = 2  # headlines in the digest's own headline
SUBJECT_COLUMNS = 70  # of each of them; a Han character takes two

_NEWS_FIRST = {StoryStatus.NEW: 0, StoryStatus.CHANGED: 1, StoryStatus.MORE: 2, StoryStatus.AGAIN: 3}


@dataclass(frozen=True, slots=True)
class Past:
    """What a digest told before of the stories that it tells of now.

    `hits`: those that it told. `again`: stories that come again without news, made of these. `acknowledged`: stories
    that somebody has seen to.
    """

    tellings: Mapping[int, Telling] = field(default_factory=dict)
    hits: Sequence[StoredHit] = ()
    again: frozenset[int] = frozenset()
    acknowledged: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a digest is made for, other than its hour; see the fields of these names in `Digest`."""

    alert: bool = False
    folded: int = 0
    held_since: datetime | None = None
    held_by: str = ""
    by_hand: bool = False
    thread: str = ""


_NOTHING_TOLD = Past()
_ITS_HOUR = Occasion()


def compose(
    spec: DigestSpec,
    hits: Sequence[StoredHit],
    *,
    feeds: Mapping[str, FeedSpec],
    rules: Mapping[str, RuleInfo],
    told: frozenset[int],
    daily: Mapping[str, tuple[int, ...]],
    coverage: Coverage,
    since: datetime | None,
    now: datetime,
    next_at: datetime | None,
    left_out: Sequence[tuple[str, int]] = (),
    notes: Sequence[str] = (),
    sample: bool = False,
    past: Past = _NOTHING_TOLD,
    occasion: Occasion = _ITS_HOUR,
    rule_edits: Sequence[RuleEdit] = (),
) -> Digest:
    """One digest of these hits; their order doesn't matter, and one given twice counts once.

    `feeds` and `rules` may lack what was removed from the files since: ids then stand in for names.
    `told`: ids of stories that this digest told before. `daily`: hits a day for each rule, oldest first.
    `since` and `now` bound the period; both and `next_at` aware. `left_out`, `notes`, `coverage`, `rule_edits` pass
    through. A story of `past.again` is made of what was told of it: its reports stand in `carriers`, not `earlier`.
    """
    fresh = _reports(hits)
    before = _by_story(past.hits)
    with_news = {report.story_id for report in fresh}
    repeated = [_reports(before[story]) for story in sorted(past.again - with_news) if story in before]
    reports = [*fresh, *(report for story in repeated for report in story)]
    known = _Known(feeds, rules, told | past.tellings.keys(), past, before)
    groups = (list(group) for _, group in groupby(fresh, key=lambda report: report.story_id))
    ranked = [_ranked(group, _story(group, known), feeds) for group in groups]
    ranked += [_ranked(group, _again(group, known), feeds) for group in repeated]
    stories = tuple(story for _, story in sorted(ranked, key=lambda pair: pair[0]))
    return Digest(
        spec=spec.id,
        title=spec.label,
        at=now,
        since=since,
        timezone=spec.timezone,
        headline=_occasion_in_words(occasion, hits, len(repeated), now) + _headline(stories, coverage),
        topics=_topics(reports, stories, rules, daily),
        stories=stories,
        coverage=coverage,
        left_out=tuple(left_out),
        notes=tuple(notes),
        next_at=next_at,
        sample=sample,
        feed_news=feednews.fold(coverage.notices, feeds, since, coverage.feeds),
        alert=occasion.alert,
        folded=occasion.folded,
        held_since=occasion.held_since,
        held_by=occasion.held_by,
        by_hand=occasion.by_hand,
        rule_edits=tuple(rule_edits),
        thread=occasion.thread,
    )


# --- one report: an item with all its hits ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Report:
    """One item with its hits, the loudest rule first. It belongs to the story of its newest hit."""

    item_id: int
    story_id: int
    item: Item
    at: datetime
    hits: tuple[StoredHit, ...]

    @property
    def severity(self) -> Severity:
        return self.hits[0].hit.severity

    @property
    def old_title(self) -> str | None:
        """The headline before the last edit, where that said something else."""
        titles = (hit.previous_title for hit in self.hits if hit.previous_title)
        return next((title for title in titles if fold(title) != fold(self.item.title)), None)


def _reports(hits: Sequence[StoredHit]) -> list[_Report]:
    """Every item once, by story and time."""
    unique = sorted({hit.id: hit for hit in hits}.values(), key=lambda hit: (hit.item_id, hit.id))
    reports = [_report(list(group)) for _, group in groupby(unique, key=lambda hit: hit.item_id)]
    return sorted(reports, key=lambda report: (report.story_id, report.at, report.item_id))


def _by_story(hits: Iterable[StoredHit]) -> dict[int, list[StoredHit]]:
    found: dict[int, list[StoredHit]] = {}
    for hit in hits:
        found.setdefault(hit.story_id, []).append(hit)
    return found


def _report(hits: list[StoredHit]) -> _Report:
    newest = hits[-1]
    loudest = sorted(hits, key=lambda hit: (-hit.hit.severity.rank, -hit.hit.score, hit.hit.rule, hit.id))
    at = newest.item.dated or min(hit.at for hit in hits)
    return _Report(newest.item_id, newest.story_id, newest.item, at, tuple(loudest))


# --- one story --------------------------------------------------------------------------------------------

_Rank = tuple[int, int, int, int, float, int]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of all stories; `before`: hits that were told, by story."""

    feeds: Mapping[str, FeedSpec]
    rules: Mapping[str, RuleInfo]
    told: frozenset[int]
    past: Past
    before: Mapping[int, Sequence[StoredHit]]


def _ranked(reports: list[_Report], story: DigestStory, feeds: Mapping[str, FeedSpec]) -> tuple[_Rank, DigestStory]:
    """The story with its place: severity, then novelty, then breadth, then the newest report; never a tie."""
    outlets = {_label(feeds, report.item.feed) for report in reports}
    languages = {_language(report.item, feeds) for report in reports} - {None}
    latest = max(report.at for report in reports).timestamp()
    novelty = _NEWS_FIRST[story.status]
    return (-story.severity.rank, novelty, -len(outlets), -len(languages), -latest, story.story_id), story


def _story(reports: list[_Report], known: _Known) -> DigestStory:
    severity = max((report.severity for report in reports), key=lambda severity: severity.rank)
    # The story speaks through the earliest report that is as grave as the story.
    lead = next(report for report in reports if report.severity is severity)
    ordered = [lead, *(report for report in reports if report is not lead)]
    item, evidence, story_id = lead.item, [place for hit in lead.hits for place in hit.hit.evidence], lead.story_id
    changes = [(report.old_title, report.item.title) for report in reports if report.old_title]
    status = StoryStatus.NEW
    if story_id in known.told:
        status = StoryStatus.CHANGED if changes else StoryStatus.MORE
    telling = known.past.tellings.get(story_id)
    items = {report.item_id for report in reports}
    before = known.before.get(story_id, ())
    earlier = [hit for hit in before if hit.item_id not in items]
    return DigestStory(
        story_id=story_id,
        severity=severity,
        status=status,
        headline=item.title,
        link=item.link,
        language=_language(item, known.feeds),
        gloss=_gloss(ordered),
        snippet=snippet(item, evidence),
        headline_marks=mark(item, "title", evidence),
        carriers=_carriers(reports, known.feeds),
        reasons=_reasons(ordered, known.rules),
        changes=tuple(dict.fromkeys((old or "", new) for old, new in changes)),
        undated=item.published is None or item.dated != item.published,
        told_at=telling.last_at if telling else None,
        told_severity=max((hit.hit.severity for hit in before), key=lambda severity: severity.rank, default=None),
        earlier=_carriers(_reports(earlier), known.feeds),
        acknowledged=story_id in known.past.acknowledged,
        hit_ids=tuple(hit.id for report in ordered for hit in report.hits),
    )


def _again(reports: list[_Report], known: _Known) -> DigestStory:
    """A story without news; what its headline said before was told then."""
    return replace(_story(reports, known), status=StoryStatus.AGAIN, changes=())


def _gloss(ordered: Sequence[_Report]) -> tuple[str, ...]:
    """What the story mentions, named things first; a label that is part of another one says nothing more."""
    hits = [stored.hit for report in ordered for stored in report.hits]
    glosses = [hit.gloss or tuple(place.label for place in hit.evidence) for hit in hits]
    found = tuple(dict.fromkeys(label for gloss in glosses for label in gloss if label))
    things = _things(hits, glosses)
    labels = [label for label in found if not any(_is_part(label, other) for other in found)]
    return tuple(sorted(labels, key=lambda label: label not in things))[:GLOSS_LIMIT]


def _things(hits: Sequence[Hit], glosses: Sequence[tuple[str, ...]]) -> set[str]:
    """Labels of named things: a hit's gloss begins with them, and its evidence tells some of them for sure."""
    sure = {place.label for hit in hits for place in hit.evidence if place.entity}
    things = set(sure)
    for gloss in glosses:
        last = max((at for at, label in enumerate(gloss, 1) if label in sure), default=0)
        things.update(gloss[:last])
    return things


def _is_part(label: str, other: str) -> bool:
    return label != other and f" {label.casefold()} " in f" {other.casefold()} "


def _carriers(reports: Sequence[_Report], feeds: Mapping[str, FeedSpec]) -> tuple[Carrier, ...]:
    """The reports in order of time; those with the headline of an earlier one are its copies."""
    firsts: dict[str, _Report] = {}
    copies: dict[str, list[str]] = {}  # headline → outlets
    for report in reports:
        headline = fold(report.item.title) or f"#{report.item_id}"  # without a headline, nothing is a copy
        if headline in firsts:
            copies.setdefault(headline, []).append(_label(feeds, report.item.feed))
        firsts.setdefault(headline, report)
    return tuple(_carrier(report, copies.get(headline, []), feeds) for headline, report in firsts.items())


def _carrier(report: _Report, copies: Sequence[str], feeds: Mapping[str, FeedSpec]) -> Carrier:
    feed = feeds.get(report.item.feed)
    outlet = _label(feeds, report.item.feed)
    return Carrier(
        outlet=outlet,
        title=report.item.title,
        link=report.item.link,
        at=report.at,
        language=_language(report.item, feeds),
        country=feed.country if feed else None,
        ownership=feed.ownership if feed else Ownership.UNKNOWN,
        copies=len(copies),
        copies_of=tuple(other for other in dict.fromkeys(copies) if other != outlet),
    )


def _reasons(ordered: Sequence[_Report], rules: Mapping[str, RuleInfo]) -> tuple[Reason, ...]:
    """Each rule once, the gravest first, with the distinct words that fired it, those of the lead first."""
    severities: dict[str, Severity] = {}
    places: dict[str, dict[tuple[str, str, str], Evidence]] = {}
    for hit in (stored.hit for report in ordered for stored in report.hits):
        severities[hit.rule] = max(severities.get(hit.rule, hit.severity), hit.severity, key=lambda s: s.rank)
        distinct = places.setdefault(hit.rule, {})
        for place in hit.evidence:
            distinct.setdefault((place.term, place.text.casefold(), place.field), place)
    return tuple(
        Reason(rule, _rule_title(rules, rule), severities[rule], tuple(places[rule].values())[:EVIDENCE_LIMIT])
        for rule in sorted(severities, key=lambda rule: (-severities[rule].rank, rule))
    )


# --- the whole --------------------------------------------------------------------------------------------


def _topics(
    reports: Sequence[_Report],
    stories: Sequence[DigestStory],
    rules: Mapping[str, RuleInfo],
    daily: Mapping[str, tuple[int, ...]],
) -> tuple[Topic, ...]:
    """One line for each rule that has a story here, in the order in which the stories bring them up."""
    named = dict.fromkeys(reason.rule for story in stories for reason in story.reasons)
    return tuple(
        Topic(
            rule=rule,
            title=_rule_title(rules, rule),
            stories=sum(any(reason.rule == rule for reason in story.reasons) for story in stories),
            reports=sum(any(stored.hit.rule == rule for stored in report.hits) for report in reports),
            daily=tuple(daily.get(rule, ())),
        )
        for rule in named
    )


def _occasion_in_words(occasion: Occasion, hits: Sequence[StoredHit], again: int, now: datetime) -> str:
    """What stands before the headlines of alerts that came too thick: how many, in how long, how many `again`."""
    if not occasion.folded:
        return ""
    minutes = -(-max((now - min((hit.at for hit in hits), default=now)).total_seconds(), 1) // 60)
    span = timedelta(minutes=minutes) if minutes < 120 else timedelta(hours=-(-minutes // 60))
    fresh = occasion.folded - again
    noun = "alert" if (fresh or again) == 1 else "alerts"
    if not fresh:
        return f"{again:,} {noun} again: "
    repeats = f", {again:,} again" if again else ""
    return f"{fresh:,} {noun}{f' in {in_words(span)}' if hits else ''}{repeats}: "


def _headline(stories: Sequence[DigestStory], coverage: Coverage) -> str:
    """The news for a subject line: the first headlines, and how many stories more."""
    if not stories:
        return f"Nothing to report; {coverage.feeds_read} of {coverage.feeds} feed{'s' * (coverage.feeds != 1)} read"
    titles = [clip(" ".join(story.headline.split()) or "(no headline)", SUBJECT_COLUMNS) for story in stories]
    more = len(titles) - SUBJECT_STORIES
    rest = f"; {more} more {'story' if more == 1 else 'stories'}" if more > 0 else ""
    return "; ".join(titles[:SUBJECT_STORIES]) + rest


def _label(feeds: Mapping[str, FeedSpec], feed: str) -> str:
    return feeds[feed].label if feed in feeds else feed


def _language(item: Item, feeds: Mapping[str, FeedSpec]) -> str | None:
    return item.language or (feeds[item.feed].language if item.feed in feeds else None)


def _rule_title(rules: Mapping[str, RuleInfo], rule: str) -> str:
    return rules[rule].title or rule if rule in rules else rule
