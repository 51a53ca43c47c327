"""Which reports tell the same story: for now, those with the same link or the same headline.

It only decides; finding candidates and saving the outcome is the store's work. A story is never split again,
so a key is given only where two owners of it are as good as surely the same report.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from monitor.core.headline import fold, is_dense, weight
from monitor.core.identity import normalise_link
from monitor.core.model import Item, Story

MIN_WEIGHT = 4  # words (or pairs of Han characters) below which a headline is too short to name a story
_MAX_OUTLET_WORDS = 3
_MAX_OUTLET_LENGTH = 30

# " | Образец", " - Sample Times", " — Пример-Ъ", "_样例网" at the end of a headline
_SUFFIX = re.compile(r"(?P<head>.+)(?P<sign>\s+[-–—|·•»]\s+|\s*[|｜]\s*|(?<=\w)_(?=\w))(?P<tail>[^|｜]+)", re.DOTALL)

_NAME = re.compile(r"(?:[^\W\d]|[.,&'’ -])+")
_SMALL_WORDS = {"of", "the", "and", "de", "la", "и", "на"}

# Headlines that come back every day with other news under them, folded.
_GENERIC = re.compile(
    r"(?:(?:the )?(?:latest|breaking|top|morning|evening|daily|weekly|world|today s) (?:news|headlines|stories|"
    r"briefing|digest|roundup)\b.{0,30}"
    r"|(?:news|morning|evening|daily|weekly) (?:in brief|briefing|digest|roundup|summary)\b.{0,30}"
    r"|(?:главные |важные |последние |утренние |вечерние )?(?:новости|события|итоги) "
    r"(?:к |за |этого |на )?(?:часу?|дня|день|недели|неделю|сутки|утро|вечер)\b.{0,30}"
    r"|(?:главное|что произошло|что известно) (?:к|за|на) (?:час|день|неделю|сутки|утро|вечер)\b.{0,30}"
    r"|(?:утренний|вечерний|ежедневный|еженедельный) (?:дайджест|обзор|выпуск)\b.{0,30}"
    r"|(?:今日|每日|一周|本周|昨日)?(?:要闻|新闻|热点|头条)(?:速览|回顾|汇总|摘要|一览|早知道|精选).{0,15})"
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

    The rest must still name a story, and the end must be short and look like a name without figures:
    "Second arrest in spy case — in pictures" and "Сила Сибири – 2" stay whole. So does "Поезд Москва — Пекин",
    where the longer dash joins two names.
    """
    match = _SUFFIX.fullmatch(title.strip())
    if match is None:
        return title
    head, sign, tail = match["head"].rstrip(), match["sign"].strip(), match["tail"].strip()
    words = tail.split()
    named = _NAME.fullmatch(tail) and not any(word[0].islower() and word not in _SMALL_WORDS for word in words)
    short = len(tail) <= _MAX_OUTLET_LENGTH and len(words) <= _MAX_OUTLET_WORDS
    joins = sign in {"–", "—"} and not head.split()[-1][0].islower() and not is_dense(head)
    return head if named and short and not joins and weight(fold(head)) >= MIN_WEIGHT else title
