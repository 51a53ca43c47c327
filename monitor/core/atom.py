"""Atom (RFC 4287) as text, and what a story says as an entry of it. Pure.

The text is made by hand, for its few elements need no library, and in the order people read them. What sources wrote
is escaped; characters that XML can't hold are left out.
"""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from typing import Any

from monitor.core.model import Severity

SEVERITY = "urn:x-news-monitor:severity"  # the scheme of the category that tells it
DIGEST = "urn:x-news-monitor:digest"  # … of the categories that name the digests that told it
_BEYOND_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2


@dataclass(frozen=True, slots=True)
class AtomEntry:
    """One entry. `id` never changes; `updated` says when it last had something new. Times are aware.

    `content` is HTML that is safe to show; all else is plain text. `rules`: (id, title) of the rules behind it;
    `digests`: (id, title) of those that told it.
    """

    id: str
    title: str
    updated: datetime
    published: datetime | None = None  # when it was first told
    link: str | None = None  # http or https
    author: str = ""  # the outlet
    language: str | None = None  # of title and summary, BCP 47
    rules: tuple[tuple[str, str], ...] = ()
    severity: str = ""
    digests: tuple[tuple[str, str], ...] = ()
    summary: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class AtomFeed:
    """A feed. `own_link` is where it can be read, where that is known; entries stand as they are given."""

    id: str
    title: str
    updated: datetime
    entries: tuple[AtomEntry, ...] = ()
    own_link: str = ""


def feed_id(name: str) -> str:
    """A lasting id for the feed of this name, such as its address (RFC 9562, version 5)."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"news-monitor:{name}").urn


def entry_id(feed: str, what: str, number: int) -> str:
    """A lasting id for a "story" or a "hit" in the feed of this id."""
    return uuid.uuid5(uuid.UUID(feed), f"{what}/{number}").urn


def feed_xml(feed: AtomFeed) -> str:
    """The feed as an XML document, to be written in UTF-8."""
    own = [f'  <link rel="self" type="application/atom+xml" href="{_text(feed.own_link)}"/>'] if feed.own_link else []
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">',
        f"  <id>{_text(feed.id)}</id>",
        f"  <title>{_text(feed.title)}</title>",
        f"  <updated>{_time(feed.updated)}</updated>",
        "  <generator>news-monitor</generator>",
        "  <author><name>news-monitor</name></author>",  # of entries whose outlet has no name
        *own,
        *(line for entry in feed.entries for line in _entry(entry)),
        "</feed>",
    ]
    return "\n".join(lines) + "\n"


def story_entry(
    story: Mapping[str, Any], *, feed: str, at: datetime, digest: tuple[str, str] | None = None
) -> AtomEntry:
    """A story of a digest (id, title), as core/digestjson.py gives it, told `at` in the feed of this id."""
    reports: Sequence[Mapping[str, Any]] = (*story["earlier"], *story["reports"])
    lead = next((one for one in reports if one["link"] == story["link"]), reports[0] if reports else {})
    return AtomEntry(
        id=entry_id(feed, "story", story["id"]),
        title=story["headline"] or "(no headline)",
        updated=at,
        published=at,
        link=story["link"],
        author=lead.get("outlet", ""),
        language=story["language"],
        rules=tuple((reason["rule"], reason["title"]) for reason in story["reasons"]),
        severity=story["severity"],
        digests=(digest,) if digest else (),
        summary="".join(run["text"] for run in story["snippet"]),
        content=_story_html(story, reports),
    )


def merged(known: Iterable[AtomEntry], told: Iterable[AtomEntry], keep: int) -> tuple[AtomEntry, ...]:
    """Entries with what is told now, the newest first, at most `keep`.

    An entry that was there keeps the time it was first told, its rules, its digests and, where that is graver, its
    severity: another digest knows of fewer. One that is told late takes no newer one's place.
    """
    found = {entry.id: entry for entry in known}
    for entry in told:
        before = found.get(entry.id)
        found[entry.id] = entry if before is None else _together(before, entry)
    return tuple(sorted(found.values(), key=lambda entry: entry.updated, reverse=True)[:keep])


def _together(before: AtomEntry, told: AtomEntry) -> AtomEntry:
    newer, older = (told, before) if told.updated >= before.updated else (before, told)
    return replace(
        newer,
        published=before.published or told.published,
        rules=_union(newer.rules, older.rules),
        digests=_union(newer.digests, older.digests),
        severity=max(newer.severity, older.severity, key=_rank),
    )


def _union(first: tuple[tuple[str, str], ...], others: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Both without repetition; an id has the title that it has first."""
    return tuple({**dict(others), **dict(first)}.items())


def _rank(severity: str) -> int:
    """Of what stands in a file, which anything may have written."""
    return Severity(severity).rank if severity in set(Severity) else -1


def _entry(entry: AtomEntry) -> list[str]:
    language = f' xml:lang="{_text(entry.language)}"' if entry.language else ""
    lines = [
        "  <entry>",
        f"    <id>{_text(entry.id)}</id>",
        f"    <title{language}>{_text(entry.title)}</title>",
        f"    <updated>{_time(entry.updated)}</updated>",
    ]
    if entry.published:
        lines.append(f"    <published>{_time(entry.published)}</published>")
    if entry.author.strip():
        lines.append(f"    <author><name>{_text(entry.author)}</name></author>")
    if entry.link:
        lines.append(f'    <link href="{_text(entry.link)}"/>')
    if entry.severity:
        lines.append(f'    <category scheme="{SEVERITY}" term="{_text(entry.severity)}"/>')
    lines += [f'    <category term="{_text(rule)}" label="{_text(title)}"/>' for rule, title in entry.rules]
    lines += [
        f'    <category scheme="{DIGEST}" term="{_text(digest)}" label="{_text(title)}"/>'
        for digest, title in entry.digests
    ]
    if entry.summary:
        lines.append(f"    <summary{language}>{_text(entry.summary)}</summary>")
    # An entry without a link must have content (RFC 4287, section 4.1.1.1).
    lines.append(f'    <content type="html">{_text(entry.content or escape(entry.title))}</content>')
    return [*lines, "  </entry>"]


def _story_html(story: Mapping[str, Any], reports: Sequence[Mapping[str, Any]]) -> str:
    language = f' lang="{escape(story["language"])}"' if story["language"] else ""
    runs = "".join(f"<b>{escape(r['text'])}</b>" if r["marked"] else escape(r["text"]) for r in story["snippet"])
    parts = [f"<p{language}>{runs}</p>"] if runs else []
    if story["gloss"]:
        parts.append(f"<p>{escape(', '.join(story['gloss']))}</p>")
    if story["changes"]:
        changed = (f"<li><s>{escape(one['before'])}</s> {escape(one['after'])}</li>" for one in story["changes"])
        parts.append(f"<p>The headline was changed:</p><ul>{''.join(changed)}</ul>")
    parts.append(f"<ul>{''.join(map(_report_html, reports))}</ul>")
    parts += [f"<p>{_reason_html(reason)}</p>" for reason in story["reasons"]]
    return "".join(parts)


def _report_html(report: Mapping[str, Any]) -> str:
    title = escape(report["title"] or report["link"] or "(no headline)")
    linked = f'<a href="{escape(report["link"])}">{title}</a>' if report["link"] else title
    ownership = report["ownership"] if report["ownership"] != "unknown" else ""
    about = ", ".join(filter(None, (report["country"], ownership, report["at"][:16].replace("T", " ") + " UTC")))
    copies = f", and {report['copies']} more with this headline" if report["copies"] else ""
    return f"<li>{escape(report['outlet'])} ({escape(about)}): {linked}{copies}</li>"


def _reason_html(reason: Mapping[str, Any]) -> str:
    words = ", ".join(dict.fromkeys(escape(one["text"]) for one in reason["evidence"]))
    return f"{escape(reason['severity'])}: {escape(reason['title'])}" + (f" ({words})" if words else "")


def _text(text: str) -> str:
    return escape(_BEYOND_XML.sub("", text)).replace("\r", "&#13;")


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
