"""Stored hits as an Atom feed: one entry a report, with every rule that fired on it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from monitor.core.atom import AtomEntry, AtomFeed, entry_id, feed_id
from monitor.core.model import FeedSpec, RuleInfo, StoredHit
from monitor.core.snippet import snippet

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_TITLE = 500  # characters


def hits_feed(
    hits: Sequence[StoredHit],
    *,
    feeds: Mapping[str, FeedSpec],
    rules: Mapping[str, RuleInfo],
    title: str,
    address: str,
    own_link: str,
) -> AtomFeed:
    """The feed of these hits, what was found last standing first.

    `address` stands for the monitor whose hits they are: entries get their lasting ids from it and from the report, so
    that one report is one entry in all feeds of this monitor. `own_link` is where this very feed is read.
    """
    monitor = feed_id(address)
    groups: dict[int, list[StoredHit]] = {}
    for hit in hits:
        groups.setdefault(hit.item_id, []).append(hit)
    entries = [_entry(group, monitor, feeds, rules) for group in groups.values()]
    entries.sort(key=lambda entry: entry.updated, reverse=True)
    updated = entries[0].updated if entries else _NEVER
    return AtomFeed(feed_id(own_link), title, updated, tuple(entries), own_link)


def _entry(
    group: Sequence[StoredHit], monitor: str, feeds: Mapping[str, FeedSpec], rules: Mapping[str, RuleInfo]
) -> AtomEntry:
    item = group[0].item
    gravest = max(group, key=lambda one: one.hit.severity.rank).hit
    spec = feeds.get(item.feed)
    runs = snippet(item, gravest.evidence)
    shown = "".join(f"<b>{escape(run.text)}</b>" if run.marked else escape(run.text) for run in runs)
    named = [(one.hit.rule, _title(one.hit.rule, rules)) for one in group]
    reasons = "".join(
        f"<p>{escape(one.hit.severity)}: {escape(_title(one.hit.rule, rules))}{_words(one)}</p>" for one in group
    )
    return AtomEntry(
        id=entry_id(monitor, "item", group[0].item_id),
        title=item.title[:_TITLE] or "(no headline)",
        updated=max(one.at for one in group),
        published=item.published or item.seen_at,
        link=item.link if item.link.startswith(("http://", "https://")) else None,
        author=(spec.name if spec else "") or item.feed,
        language=item.language,
        rules=tuple(named),
        severity=gravest.severity,
        summary="".join(run.text for run in runs),
        content=(f"<p>{shown}</p>" if shown else "") + reasons,
    )


def _title(rule: str, rules: Mapping[str, RuleInfo]) -> str:
    return (rules[rule].title if rule in rules else "") or rule


def _words(hit: StoredHit) -> str:
    words = ", ".join(dict.fromkeys(escape(one.text) for one in hit.hit.evidence[:12]))
    return f" ({words})" if words else ""
