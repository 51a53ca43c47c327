"""Which reports tell the same story: for now, those with the same link or the same headline.

It only decides; finding candidates and saving the outcome is the store's work. A story is never split again,
so a key is given only where two owners of it are as good as surely the same report.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from monitor.core.headline import fold, weight
from monitor.core.identity import normalise_link
from monitor.core.model import Item, Story

MIN_WEIGHT = 4  # words (or pairs of Han characters) below which a headline is too short to name a story
_MAX_OUTLET_WORDS = 3
_MAX_OUTLET_LENGTH = 30

# " | РБК", " - Reuters", " — 样例新闻网", "_样例网" at the end of a headline
_SUFFIX = re.compile(r"(?P<head>.+)(?:\s+[-–—|·•»]\s+|\s*[|｜]\s*|(?<=\w)_(?=\w))(?P<tail>[^|｜]+)", re.DOTALL)

# Headlines that come back every day with other news under them, folded.
_GENERIC = re.compile(
    r"(?:(?:the )?(?:latest|breaking|top|morning|evening|daily|weekly|world|today s) (?:news|headlines|stories|"
    r"briefing|digest|roundup)\b.*"
    r"|(?:news|morning|evening|daily|weekly) (?:in brief|briefing|digest|roundup|summary)\b.*"
    r"|(?:главные |важные |последние |утренние |вечерние )?(?:новости|события|итоги) "
    r"(?:к |за |этого |на )?(?:часу?|дня|день|недели|неделю|сутки|утро|вечер)\b.*"
    r"|(?:главное|что произошло|что известно) (?:к|за|на) (?:час|день|неделю|сутки|утро|вечер|этот час|данный час)\b.*"
    r"|(?:утренний|вечерний|ежедневный|еженедельный) (?:дайджест|обзор|выпуск)\b.*"
    r"|(?:今日|每日|一周|本周|昨日)?(?:要闻|新闻|热点|头条)(?:速览|回顾|汇总|摘要|一览|早知道|精选).*)"
)


def story_keys(item: Item) -> frozenset[str]:
    """The keys by which other reports of the same story are found: "link:…" and "title:…", each if it is telling.

    A link to a site's front page and a headline that is short or recurs daily tell nothing; the set may be empty.
    """
    keys = {f"link:{link}" for link in [_telling_link(item.link)] if link}
    return frozenset(keys | {f"title:{title}" for title in [_telling_title(item.title)] if title})


def assign(item: Item, candidates: Sequence[Story], now: datetime) -> Story:
    """The story this item belongs to: the oldest candidate that shares a key, else a new one with id 0.

    Where the item joins several candidates, the oldest takes over their keys, so that the next report finds
    only it. Times are the reports' own (`item.dated`, else `now`), aware.
    """
    keys, when = story_keys(item), item.dated or now
    same = sorted((s for s in candidates if s.keys & keys), key=lambda s: (s.first_at, s.id))
    if not same:
        return Story(id=0, keys=keys, title=item.title, first_at=when, last_at=when)
    return replace(
        same[0],
        keys=keys.union(*(story.keys for story in same)),
        title=same[0].title or item.title,
        first_at=min(when, *(story.first_at for story in same)),
        last_at=max(when, *(story.last_at for story in same)),
    )


def _telling_link(link: str) -> str:
    url = normalise_link(link) if link else ""
    try:
        parts = urlsplit(url)
    except ValueError:  # e.g. a broken IPv6 address: no link that two reports could share in earnest
        return ""
    return url if parts.path.strip("/") or parts.query or parts.fragment else ""


def _telling_title(title: str) -> str:
    folded = fold(_without_outlet(title))
    return "" if weight(folded) < MIN_WEIGHT or _GENERIC.fullmatch(folded) else folded


def _without_outlet(title: str) -> str:
    """The headline without the outlet's name at its end, where that is what the end looks like.

    The rest must still name a story, and the end must be short, begin as a name does and hold no figure:
    "Second arrest in spy case — in pictures" and "Сила Сибири – 2" stay whole.
    """
    match = _SUFFIX.fullmatch(title.strip())
    if match is None:
        return title
    head, tail = match["head"], match["tail"].strip()
    named = not tail[:1].islower() and not any(char.isdigit() or char in "?!:;" for char in tail)
    short = len(tail) <= _MAX_OUTLET_LENGTH and len(tail.split()) <= _MAX_OUTLET_WORDS
    return head if named and short and weight(fold(head)) >= MIN_WEIGHT else title
