"""Hits → digest: groups them into stories, orders these, and says of each why it is here.

It drops nothing: every hit it is given is in exactly one story. Cutting to a channel's limits is the
channels' work, what was left out before is given to it counted, and wording and layout are the templates'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    RuleInfo,
    Severity,
    StoredHit,
    StoryStatus,
    Topic,
)
from monitor.core.snippet import clip, mark, snippet

GLOSS_LIMIT = 8  # labels in the line under a headline
EVIDENCE_LIMIT = 12  # distinct words shown for a rule and story
SUBJECT_STORIES = 2  # headlines in the digest's own headline
SUBJECT_COLUMNS = 70  # of each of them; a Han character takes two

_NEWS_FIRST = {StoryStatus.NEW: 0, StoryStatus.CHANGED: 1, StoryStatus.MORE: 2}


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
) -> Digest:
    """One digest of these hits; their order doesn't matter, and one given twice counts once.

    `feeds` and `rules` may lack what was removed from the files since: ids then stand in for names.
    `told`: ids of stories that this digest told before. `daily`: hits a day for each rule, oldest first.
    `since` and `now` bound the period; both and `next_at` aware. `left_out`, `notes`, `coverage` pass through.
    """
    reports = _reports(hits)
    by_story = groupby(reports, key=lambda report: report.story_id)
    ranked = sorted((_ranked(list(group), feeds, rules, told) for _, group in by_story), key=lambda pair: pair[0])
    stories = tuple(story for _, story in ranked)
    return Digest(
        spec=spec.id,
        title=spec.label,
        at=now,
        since=since,
        timezone=spec.timezone,
        headline=_headline(stories, coverage),
        topics=_topics(reports, stories, rules, daily),
        stories=stories,
        coverage=coverage,
        left_out=tuple(left_out),
        notes=tuple(notes),
        next_at=next_at,
        sample=sample,
        feed_news=feednews.fold(coverage.notices, feeds, since, coverage.feeds),
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


def _report(hits: list[StoredHit]) -> _Report:
    newest = hits[-1]
    loudest = sorted(hits, key=lambda hit: (-hit.hit.severity.rank, -hit.hit.score, hit.hit.rule, hit.id))
    at = newest.item.dated or min(hit.at for hit in hits)
    return _Report(newest.item_id, newest.story_id, newest.item, at, tuple(loudest))


# --- one story --------------------------------------------------------------------------------------------

_Rank = tuple[int, int, int, int, float, int]


def _ranked(
    reports: list[_Report], feeds: Mapping[str, FeedSpec], rules: Mapping[str, RuleInfo], told: frozenset[int]
) -> tuple[_Rank, DigestStory]:
    """The story with its place: severity, then novelty, then breadth, then the newest report; never a tie."""
    story = _story(reports, feeds, rules, told)
    outlets = {_label(feeds, report.item.feed) for report in reports}
    languages = {_language(report.item, feeds) for report in reports} - {None}
    latest = max(report.at for report in reports).timestamp()
    novelty = _NEWS_FIRST[story.status]
    return (-story.severity.rank, novelty, -len(outlets), -len(languages), -latest, story.story_id), story


def _story(
    reports: list[_Report], feeds: Mapping[str, FeedSpec], rules: Mapping[str, RuleInfo], told: frozenset[int]
) -> DigestStory:
    severity = max((report.severity for report in reports), key=lambda severity: severity.rank)
    # The story speaks through the earliest report that is as grave as the story.
    lead = next(report for report in reports if report.severity is severity)
    ordered = [lead, *(report for report in reports if report is not lead)]
    item, evidence = lead.item, [place for hit in lead.hits for place in hit.hit.evidence]
    changes = [(report.old_title, report.item.title) for report in reports if report.old_title]
    status = StoryStatus.NEW
    if lead.story_id in told:
        status = StoryStatus.CHANGED if changes else StoryStatus.MORE
    return DigestStory(
        story_id=lead.story_id,
        severity=severity,
        status=status,
        headline=item.title,
        link=item.link,
        language=_language(item, feeds),
        gloss=_gloss(ordered),
        snippet=snippet(item, evidence),
        headline_marks=mark(item, "title", evidence),
        carriers=_carriers(reports, feeds),
        reasons=_reasons(ordered, rules),
        changes=tuple(dict.fromkeys((old or "", new) for old, new in changes)),
        undated=item.published is None or item.dated != item.published,
        hit_ids=tuple(hit.id for report in ordered for hit in report.hits),
    )


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
