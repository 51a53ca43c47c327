"""A digest as short plain text for chats and telephones: no columns, links by themselves, one block a story. Pure."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.core.digestjson import Json, digest_to_dict
from monitor.core.model import Digest

from .words import clip, count, listed

HEADLINE_MAX = 400  # characters, as in the other forms
SNIPPET_MAX = 300
# Stories told in full, and told at all: on a telephone more would bury the news. Those between have two lines each, the
# rest is counted.
FULL_MAX, STORIES_MAX = 15, 60
REPORTS_MAX = 5  # of a story shown with their links, as in Slack; the others are counted and their outlets named
STATUS = {"new": "", "more": "further reports", "changed": "headline changed", "again": "not acknowledged yet"}
_BELLS = re.compile(r"https?://\S+|@|<(?=!)")  # an address stays as it is
MARKS = {"critical": "🔴", "high": "🟠", "medium": "🟡", "low": "⚪"}


def chat_text(digest: Digest) -> str:
    """The whole digest: its story blocks, then what stands around them, with blank lines between.

    Whatever could call people together in a chat ("@everyone") is taken apart.
    """
    data = digest_to_dict(digest)
    zone = ZoneInfo(data["timezone"])
    stories = data["stories"]
    told = [*(_story(story, zone) for story in stories[:FULL_MAX]), *map(_brief, stories[FULL_MAX:STORIES_MAX])]
    if left := len(stories) - STORIES_MAX:
        told += [f"and {count(left, 'more story', 'more stories')}, which `monitor hits` lists"] if left > 0 else []
    blocks = [_head(data, zone), *told, _foot(data, zone)]
    return _calm("\n\n".join(filter(None, blocks)))


def _head(data: Json, zone: ZoneInfo) -> str:
    lines = ["SAMPLE: everything in it is invented"] if data["sample"] else []
    lines.append(f"{clip(data['title'], HEADLINE_MAX)} · {_when(data['at'], zone)} {zone.key}")
    if data["folded"]:
        lines.append(f"{count(data['folded'], 'alert')} came too close together and stand here in one")
    if data["by_hand"] and len(stories := data["stories"]) > 1:
        lines.append(f"Sent by hand, {len(stories):,} alerts together")
    if data["held_since"]:
        lines.append(f"Held back since {_when(data['held_since'], zone)}: {clip(data['held_by'] or '', SNIPPET_MAX)}")
    reports = sum(len(story["reports"]) for story in data["stories"])
    if data["stories"]:
        lines.append(f"{count(len(data['stories']), 'story', 'stories')}, {count(reports, 'report')}")
    elif not data["feed_news"]:
        lines.append("Nothing new")
    return "\n".join(lines)


def _story(story: Json, zone: ZoneInfo) -> str:
    status = f" · {STATUS[story['status']]}" if STATUS.get(story["status"]) else ""
    lines = [
        f"{MARKS[story['severity']]} {story['severity']}{status}",
        clip(story["headline"], HEADLINE_MAX) or "(no headline)",
    ]
    if gloss := [clip(word, 80) for word in story["gloss"]]:
        lines.append(f"[{', '.join(gloss)}]")
    if snippet := clip("".join(run["text"] for run in story["snippet"]), SNIPPET_MAX):
        lines.append(snippet)
    lines += [f"Before: {clip(change['before'], HEADLINE_MAX)}" for change in story["changes"]]
    reports = story["reports"]
    for report in reports[:REPORTS_MAX]:
        place = f", {report['country']}" if report["country"] else ""
        lines.append(f"{clip(report['outlet'], 80)}{place}, {_when(report['at'], zone)}: {_link(report)}")
    if more := reports[REPORTS_MAX:]:
        outlets = listed(list(dict.fromkeys(clip(one["outlet"], 80) for one in more)))
        lines.append(f"and {count(len(more), 'more report')}: {clip(outlets, HEADLINE_MAX)}")
    if reasons := [clip(reason["title"], 120) for reason in story["reasons"]]:
        lines.append(f"Why: {'; '.join(reasons)}")
    return "\n".join(lines)


def _brief(story: Json) -> str:
    """Headline and first report; the others are counted."""
    headline = clip(story["headline"], HEADLINE_MAX) or "(no headline)"
    reports = story["reports"]
    more = f" and {count(len(reports) - 1, 'more report')}" if len(reports) > 1 else ""
    first = f"{clip(reports[0]['outlet'], 80)}: {_link(reports[0])}{more}" if reports else story["link"] or "(no link)"
    return f"{MARKS[story['severity']]} {headline}\n{first}"


def _link(report: Json) -> str:
    return report["link"] or clip(report["title"], HEADLINE_MAX) or "(no link)"


def _foot(data: Json, zone: ZoneInfo) -> str:
    watched = data["coverage"]
    lines = [
        f"Feeds: {clip(', '.join(news['feeds']), SNIPPET_MAX)} {'well again' if news['over'] else news['trouble']}"
        + (f" ({clip(news['message'], SNIPPET_MAX)})" if news["message"] else "")
        for news in data["feed_news"]
    ]
    lines += [f"Rule {edit['rule']}: {edit['change']}" for edit in data["rule_edits"]]
    if data["left_out"]:
        left = "; ".join(f"{one['reports']} {clip(one['reason'], 120)}" for one in data["left_out"])
        lines.append(f"Left out: {left}")
    lines += [clip(note, HEADLINE_MAX) for note in data["notes"]]
    if watched["feeds"]:
        lines.append(f"Watched: {watched['feeds_read']} of {count(watched['feeds'], 'feed')} read")
    if data["next_at"]:
        lines.append(f"Next: {_when(data['next_at'], zone)}")
    return "\n".join(lines)


def _when(moment: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(zone):%a %d %b %H:%M}"


def _calm(text: str) -> str:
    """`@everyone`, `<!channel>` and the like with an invisible joint, so that no headline rings a bell."""
    return _BELLS.sub(lambda found: found[0] if found[0].startswith("http") else f"{found[0]}\u2060", text)
