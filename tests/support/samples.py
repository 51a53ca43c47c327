"""Invented news in three languages for tests of whatever tells it. No outlet, person or event in it exists."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.core import feednews
from monitor.core.model import (
    Carrier,
    Coverage,
    Delivery,
    Digest,
    DigestStory,
    Evidence,
    FeedSpec,
    FeedTrouble,
    Message,
    Notice,
    Ownership,
    Reason,
    RuleChange,
    RuleEdit,
    Segment,
    Severity,
    StoryStatus,
    Target,
    Topic,
    TroubleKind,
)
from monitor.core.tickets import Links

DAILY = (
    (0, 0, 1, 0, 0, 2, 0, 0, 0, 3, *[0] * 15, 1, 0, 0, 2, 5),
    (2, 3, 2, 2, 5, 2, 1, 2, 3, 2, 2, 2, 1, 2, 8, 2, 1, 0, 0, 3, 2, 4, 2, 2, 1, 3, 2, 3, 5, 4),
    (*[0] * 29, 1),
)
AT = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # Tuesday 08:00 in Tokyo
LINKS = Links("https://monitor.newsroom.example", b"only for samples, of 32 bytes or so")
KEY = "morning@20261123T230000.000000Z:email:reader@newsroom.example:1"  # as the outbox makes them


def marked(text: str) -> tuple[Segment, ...]:
    """Segments of a text in which the marked runs stand in braces."""
    runs = re.findall(r"\{([^}]*)\}|([^{]+)", text)
    return tuple(Segment(mark or plain, bool(mark)) for mark, plain in runs)


def plain(text: str) -> str:
    """The same text without the braces."""
    return text.replace("{", "").replace("}", "")


def evidence(term: str, label: str, field: str, text: str, start: int = 0) -> Evidence:
    """A place where a term was found."""
    return Evidence(term, label, None, text, field, start, start + len(text))


def _hours(hours: float) -> datetime:
    return AT - timedelta(hours=hours)


def espionage() -> DigestStory:
    """A critical story of seven reports in three languages."""
    title = "Суд в Приморске {арестовал} второго за осень {гражданина КНР} по делу о {шпионаже}"
    ru = {"language": "ru", "country": "RU"}
    return DigestStory(
        story_id=41,
        severity=Severity.CRITICAL,
        status=StoryStatus.NEW,
        headline=plain(title),
        headline_marks=marked(title),
        link="https://primer.example/news/2026/11/22/sud?id=1&from=rss",
        language="ru",
        gloss=("espionage", "arrest", "citizen of China", "FSB"),
        snippet=marked(
            "…Приморский суд {заключил под стражу} {гражданина Китая}, которого следствие обвиняет в {шпионаже}; "
            "материалы дела засекречены, заседание прошло без журналистов & публики…"
        ),
        carriers=(
            Carrier(
                "Пример-Ъ",
                plain(title),
                "https://primer.example/1",
                _hours(34.8),
                **ru,
                ownership=Ownership.INDEPENDENT,
            ),
            Carrier(
                "The Sample Times",
                "Second Chinese national held in coastal spy case",
                "https://sample.example/2",
                _hours(33.1),
                "en",
                "GB",
                Ownership.PRIVATE,
            ),
            Carrier(
                "Образец.ру",
                "Второй китаец за осень арестован по делу о шпионаже",
                "https://obrazec.example/3",
                _hours(31),
                **ru,
                ownership=Ownership.PRIVATE,
                copies=3,
                copies_of=("Лента-Образец", "Вестник-Пример"),
            ),
            Carrier(
                "样例新闻网",
                "滨海法院以间谍罪羁押一名中国公民",
                "https://yangli.example/4",
                _hours(25.7),
                "zh",
                "CN",
                Ownership.PRIVATE,
            ),
        ),
        reasons=(
            Reason(
                "espionage-arrests",
                "Arrests for espionage",
                Severity.CRITICAL,
                (
                    evidence("arrest", "arrest", "title", "арестовал"),
                    evidence("prc-citizen", "citizen of China", "title", "гражданина КНР"),
                    evidence("espionage", "espionage", "title", "шпионаже"),
                    evidence("arrest", "arrest", "summary", "заключил под стражу"),
                    evidence("prc-citizen", "citizen of China", "summary", "гражданина Китая"),
                ),
            ),
        ),
        hit_ids=(310, 314, 317, 322),
    )


def pipeline() -> DigestStory:
    """A story told before, with a headline whose figure was changed."""
    title = "{西伯利亚力量2号}：双方就年输气量{40}亿立方米的{价格公式}仍存分歧"
    return DigestStory(
        story_id=17,
        severity=Severity.HIGH,
        status=StoryStatus.CHANGED,
        told_at=_hours(96),
        headline=plain(title),
        headline_marks=marked(title),
        link="https://caijing.example/a/7",
        language="zh",
        gloss=("Power of Siberia 2", "Gazprom", "CNPC", "gas price"),
        snippet=marked(
            "……{俄气}与{中石油}代表上周在滨城继续磋商，{西伯利亚力量2号}的{价格公式}尚未敲定，下一轮会谈日期也未公布……"
        ),
        carriers=(
            Carrier(
                "样例财经", plain(title), "https://caijing.example/a/7", _hours(68.5), "zh", "CN", Ownership.PRIVATE
            ),
            Carrier(
                "Образец-ТЭК",
                "«Сила Сибири – 2»: стороны не сошлись в формуле цены",
                "https://tek.example/8",
                _hours(66),
                "ru",
                "RU",
                Ownership.STATE,
            ),
            Carrier(
                "Пример-Ъ",
                "Формула цены для «Силы Сибири – 2» снова отложена",
                "https://primer.example/9",
                _hours(41),
                "ru",
                "RU",
                Ownership.INDEPENDENT,
            ),
        ),
        reasons=(
            Reason(
                "power-of-siberia-2",
                "Power of Siberia 2",
                Severity.HIGH,
                (
                    evidence("ps2", "Power of Siberia 2", "title", "西伯利亚力量2号"),
                    evidence("gas-price", "gas price", "title", "价格公式"),
                    evidence("gazprom", "Gazprom", "summary", "俄气"),
                    evidence("cnpc", "CNPC", "summary", "中石油"),
                ),
            ),
        ),
        changes=(
            ("西伯利亚力量2号：双方就年输气量50亿立方米的价格公式仍存分歧", plain(title)),
            (
                "«Сила Сибири – 2»: стороны сошлись в формуле цены",
                "«Сила Сибири – 2»: стороны не сошлись в формуле цены",
            ),
        ),
    )


def tumen() -> DigestStory:
    """A story of a single report, in English, fired by two rules."""
    title = "Survey boats seen below the {Tumen} rail bridge, residents say"
    return DigestStory(
        story_id=52,
        severity=Severity.MEDIUM,
        status=StoryStatus.NEW,
        headline=plain(title),
        headline_marks=marked(title),
        link="https://coast.example/tumen",
        language="en",
        gloss=("Tumen River", "passage to the sea"),
        snippet=marked(
            "…small craft sounding the channel of the {lower Tumen}, the stretch that Chinese {ships} would need "
            "for {access to the sea}; the port office of Sample Bay would not say who sent them…"
        ),
        carriers=(
            Carrier(
                "Sample Coast Daily",
                plain(title),
                "https://coast.example/tumen",
                _hours(2.25),
                "en",
                "KR",
                Ownership.PRIVATE,
            ),
        ),
        reasons=(
            Reason(
                "tumen-passage",
                "Chinese passage through the lower Tumen",
                Severity.MEDIUM,
                (
                    evidence("tumen-river", "Tumen River", "title", "Tumen"),
                    evidence("tumen-river", "Tumen River", "summary", "lower Tumen"),
                    evidence("sea-passage", "passage to the sea", "summary", "access to the sea"),
                ),
            ),
            Reason(
                "cross-border-bridges",
                "Bridges over the border rivers",
                Severity.LOW,
                (evidence("bridge", "bridge", "title", "bridge"),),
            ),
        ),
    )


def coverage() -> Coverage:
    """61 of 64 feeds read, two broken."""
    return Coverage(
        feeds=64,
        feeds_read=61,
        polls=1204,
        items=8912,
        last_poll_at=AT - timedelta(minutes=2),
        broken=(
            FeedTrouble("obrazec-vostok", "Образец-Восток", "certificate expired", _hours(60)),
            FeedTrouble("yangli-ribao", "样例日报", "answered 503 five times in a row", _hours(9)),
        ),
        by_language=(("ru", 26, 29), ("zh", 18, 18), ("en", 17, 17)),
        due=63,
        failed=2,
        quiet=(("ru", 2), ("zh", 1)),
    )


def digest() -> Digest:
    """A morning digest of three stories."""
    return Digest(
        spec="morning",
        title="Russia–China desk, morning digest",
        at=AT,
        since=AT - timedelta(days=4),
        timezone="Asia/Tokyo",
        headline="Second espionage case opened on the coast; pipeline price formula still disputed",
        topics=(
            Topic("espionage-arrests", "Arrests for espionage", 1, 7, DAILY[0]),
            Topic("power-of-siberia-2", "Power of Siberia 2", 1, 3, DAILY[1]),
            Topic("tumen-passage", "Chinese passage through the lower Tumen", 1, 1, DAILY[2]),
        ),
        stories=(espionage(), pipeline(), tumen()),
        coverage=coverage(),
        left_out=(("below medium", 6), ("older than 48 h", 1)),
        notes=(
            "rules.yaml was edited at 06:12 and refused (line 41: unknown term $amur); the one before is in force.",
        ),
        next_at=AT + timedelta(days=1),
        rule_edits=(
            RuleEdit("tumen-passage", RuleChange.EDITED, _hours(20)),
            RuleEdit("amur-bridges", RuleChange.REMOVED, _hours(19)),
        ),
    )


def empty() -> Digest:
    """The same morning without any news."""
    return replace(digest(), headline="Nothing new", stories=(), topics=(), left_out=(), notes=())


def alert(*stories: DigestStory) -> Digest:
    """An alert, as a digest at once sends it, of the espionage story if no other is given."""
    stories = stories or (espionage(),)
    return Digest(
        spec="flash",
        title="Russia–China desk, alerts",
        at=AT - timedelta(hours=9),
        since=AT - timedelta(hours=20),
        timezone="Asia/Tokyo",
        headline=stories[0].headline,
        topics=digest().topics[:1],
        stories=stories,
        coverage=replace(coverage(), last_poll_at=AT - timedelta(hours=9, minutes=1)),
        alert=True,
        thread=f"flash/{stories[0].story_id}",
    )


def update() -> Digest:
    """What follows an alert: two more reports, two told before."""
    story = espionage()
    more = replace(
        story, status=StoryStatus.MORE, told_at=_hours(11), earlier=story.carriers[:2], carriers=story.carriers[2:]
    )
    return alert(more)


def again() -> Digest:
    """An alert that nobody acknowledged."""
    story = espionage()
    return alert(replace(story, status=StoryStatus.AGAIN, told_at=_hours(11)))


def fold() -> Digest:
    """Fourteen alerts in one."""
    cities = "Приморск Лесогорск Речной Озёрск Степной Горный Светлый Северный Южный Береговой Заречный Новый Старый"
    more = tuple(
        replace(
            espionage(), story_id=60 + n, headline=f"В городе {city} задержан гражданин КНР",
            headline_marks=marked(f"В городе {city} {{задержан}} {{гражданин КНР}}"), carriers=espionage().carriers[:1],
            severity=Severity.CRITICAL if n < 4 else Severity.HIGH,
        )
        for n, city in enumerate(cities.split())
    )  # fmt: skip
    together = alert(espionage(), *more)
    headline = f"14 alerts in 6 min: {together.stories[0].headline}; {more[0].headline}; 12 more stories"
    return replace(together, headline=headline, folded=14, thread="")


def held() -> Digest:
    """What quiet hours held back, told in the morning."""
    night = alert(espionage(), tumen())
    return replace(
        night, at=AT, coverage=coverage(), thread="", held_since=_hours(10), held_by="quiet hours",
        headline=f"{espionage().headline}; {tumen().headline}",
    )  # fmt: skip


def leftward() -> Digest:
    """Headlines in Arabic and Hebrew beside one in Chinese, and an Arabic one that begins in Latin letters."""
    arabic = marked("محكمة ساحلية {تعتقل} مواطنا {صينيا} ثانيا بتهمة {التجسس} هذا الخريف")
    hebrew = marked("בית המשפט {עצר} אזרח {סין} שני בחשד {לריגול}")
    mixed = marked("Sample Times: اعتقال {مواطن صيني} في الميناء")
    stories = []
    for number, (language, title) in enumerate((("ar", arabic), ("he", hebrew), ("ar", mixed)), 70):
        text = "".join(segment.text for segment in title)
        carriers = (
            Carrier("صحيفة المثال", text, "https://mithal.example/1", _hours(9), "ar", "AE", Ownership.PRIVATE),
            Carrier("עיתון הדוגמה", "אזרח סין נעצר בנמל", "https://dugma.example/2", _hours(7), "he", "IL"),
        )
        stories.append(
            replace(
                espionage(), story_id=number, headline=text, headline_marks=title, language=language, snippet=title,
                carriers=carriers, changes=((text.replace("اعتقال", "توقيف"), text),) if number == 72 else (),
            )
        )  # fmt: skip
    return replace(digest(), headline=stories[0].headline, stories=(*stories, pipeline()))


FEEDS = {
    feed.id: feed
    for feed in (
        FeedSpec("vostok", "https://vostok.example/rss", "Образец-Восток"),
        FeedSpec("ribao", "https://yangli.example/rss", "样例日报"),
        FeedSpec("coast", "https://coast.example/rss", "Sample Coast"),
        *(FeedSpec(f"kray-{n}", f"https://kray.example/{n}", f"Пример-Край {n}") for n in range(1, 6)),
    )
}


def notices() -> tuple[Notice, ...]:
    """What happened to the feeds of `FEEDS` in the period: one of each that can, and a host with five feeds."""
    kind, since = TroubleKind, "not read since 2026-11-18 11:00 UTC"
    return (
        *(Notice(f"kray-{n}", kind.BROKEN, f"{since}: no answer within 20 s", _hours(8)) for n in range(1, 6)),
        Notice(
            "vostok", kind.BROKEN,
            f"{since}: the server answered 403 Forbidden. Its server refuses this program "
            "or network: try another user agent or a proxy",
            _hours(30),
        ),
        Notice("ribao", kind.BROKEN, f"{since}: the server answered 403 Forbidden", _hours(90), _hours(20)),
        Notice("coast", kind.MOVED, "it has moved for good: write `url: https://coast.example/feed`", _hours(12)),
        Notice("ribao", kind.SILENT, "nothing new since 2026-11-17, though it brings about 12 a day", _hours(5)),
    )  # fmt: skip


def feeds() -> Digest:
    """A quiet morning on which much happened to the feeds."""
    found = notices()
    watched = replace(
        coverage(),
        broken=(
            FeedTrouble("vostok", "Образец-Восток", "answered 403", _hours(44), told=True),
            FeedTrouble("stary", "Старый Пример", "answered 503", _hours(400), told=True),
            FeedTrouble("nove", "Nové Príklady", "no connection", None),
        ),
        notices=found,
        standing=((TroubleKind.BROKEN, 7), (TroubleKind.SILENT, 3), (TroubleKind.MOVED, 1)),
    )
    news = feednews.fold(found, FEEDS, AT - timedelta(days=4), watched.feeds)
    return replace(empty(), coverage=watched, feed_news=news)


def flood(stories: int = 60, carriers: int = 12) -> Digest:
    """A digest far beyond what one message can hold; every story and report can be told by its number."""

    def report(n: int, m: int) -> Carrier:
        link = f"https://primer.example/{n}/{m}"
        return Carrier(f"Пример-{n}-{m}", f"Сообщение {n}-{m} о том же", link, _hours(10 - m / 10), "ru", "RU")

    base = espionage()
    many = tuple(
        replace(
            base, story_id=n, headline=f"Новость номер {n} о шпионаже", headline_marks=(),
            carriers=tuple(report(n, m) for m in range(carriers)),
        )
        for n in range(1, stories + 1)
    )  # fmt: skip
    return replace(digest(), stories=many)


def delivery(target: Target, message: Message, *, key: str = KEY, **more: object) -> Delivery:
    """A delivery of a message, its key as the outbox makes them."""
    fields: dict[str, object] = {
        "key": key,
        "digest": "morning",
        "target": target,
        "message": message,
        "created_at": AT,
        **more,
    }
    return Delivery(**fields)  # type: ignore[arg-type]
