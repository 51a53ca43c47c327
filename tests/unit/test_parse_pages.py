"""Pages: dates as they print them, trees that are refused before they are built, and selectors that are suggested."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.parse import FeedParser, suggestions
from monitor.adapters.parse.dates.spoken import spoken_date
from monitor.adapters.parse.pages.discovery import feeds_named, sitemaps_named
from monitor.adapters.parse.pages.tree import DEEPEST, MOST_ATTRIBUTES, tree_of
from monitor.core.model import FeedSpec, Fetched, Selectors, SourceKind
from monitor.errors import ParseError

NOW = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("сегодня, 10:30", "2026-01-02T07:30"),
        ("Вчера в 23:10", "2026-01-01T20:10"),
        ("昨天 08:15", "2026-01-01T05:15"),
        ("2 января, 09:00", "2026-01-02T06:00"),
        ("31 декабря, 09:00", "2025-12-31T06:00"),  # of last year: this one's is to come
        ("31 дек. 09:00", "2025-12-31T06:00"),
        ("12月31日 09:00", "2025-12-31T06:00"),
        ("31.12 09:00", "2025-12-31T06:00"),
        ("10:30", "2026-01-02T07:30"),
        ("14:30", "2026-01-01T11:30"),  # not yet today
        ("5 минут назад", "2026-01-02T07:55"),
        ("3 часа назад", "2026-01-02T05:00"),
        ("2 hours ago", "2026-01-02T06:00"),
        ("3天前", "2025-12-30T08:00"),
        ("21.11.2025 12:00", "2025-11-21T09:00"),
        ("2025-11-21T12:00:00+10:00", "2025-11-21T02:00"),
        ("Опубликовано", ""),
        ("", ""),
    ],
)
def test_dates_are_read_as_pages_print_them(text: str, moment: str) -> None:
    found = spoken_date(text, NOW, MOSCOW)
    assert (found.strftime("%Y-%m-%dT%H:%M") if found else "") == moment


@given(st.text(max_size=60))
def test_any_words_give_a_date_or_none(text: str) -> None:
    found = spoken_date(text, NOW, MOSCOW)
    assert found is None or found.tzinfo is not None


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("<div>" * 200_000, "nested blocks"),
        ("<b>" * 100_000, "formatting that is never closed"),
        ("<p><i id=1>" * 50_000, "formatting that is opened again in each paragraph"),
        ("<div/>" * 100_000, "a slash that closes nothing"),
        ("<ul><li>" * 50_000, "nested lists"),
        ("<table><tr><td>" * 50_000, "nested tables"),
        ("<br>" + "<p>x</p>" * 200_000, "too many tags"),
        ("<p " + " ".join(f"a{n}=1" for n in range(MOST_ATTRIBUTES + 1)) + " " * 2_000 + ">", "too many attributes"),
        ("<a <b " * 100_000, "tags within tags"),
    ],
)
def test_what_no_real_page_is_like_is_refused_before_a_tree_is_built(html: str, why: str) -> None:
    with pytest.raises(ParseError):
        tree_of(html)


@pytest.mark.parametrize(
    "html",
    [
        "<ul>" + "<li>x" * 5_000,
        "<dl>" + "<dt>a<dd>b" * 2_000,
        "<table>" + "<tr><td><font>x" * 3_000,
        "<select>" + "<option>x" * 3_000,
        "<p>x" * 5_000,
        "<a href=x>y" * 2_000,
        "<svg>" + '<path d="m0 0"/>' * 3_000 + "</svg>",
        "<script>" + "document.write('<div>');" * 3_000 + "</script>",
        "<!-- " + "<div>" * 3_000 + " -->",
        "<div>" * (DEEPEST - 5) + "x",
    ],
)
def test_sloppy_pages_are_not_taken_for_absurd_ones(html: str) -> None:
    assert tree_of(html).body is not None


@given(st.text(alphabet="<>/ =\"'abdiv!-tr", max_size=400))
def test_any_markup_gives_a_tree_or_is_refused(html: str) -> None:
    with suppress(ParseError):
        tree_of(html)


# --- feeds and sitemaps that are named -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ('<link rel="alternate" type="application/rss+xml" href="/rss">', ["https://p.example/rss"]),
        ("<LINK REL=Alternate TYPE=application/atom+xml HREF=atom.xml>", ["https://p.example/a/atom.xml"]),
        ('<base href="/b/"><link rel="feed" href="f">', ["https://p.example/b/f"]),
        ('<link rel="alternate" type="text/html" hreflang="en" href="/en">', []),
        ('<link rel="stylesheet" type="application/rss+xml" href="/rss">', []),
        ('<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">', []),
        ('<link rel="alternate" type="application/rss+xml" href="https://u:p@p.example/">', []),
        ('<link rel="alternate" type="application/rss+xml" href="//[bad">', []),
    ],
)
def test_feeds_that_a_page_names_are_found(link: str, found: list[str]) -> None:
    assert feeds_named(f"<html><head>{link}</head></html>", "https://p.example/a/") == found


def test_sitemaps_of_robots_are_found_those_of_news_first() -> None:
    robots = "User-agent: *\nDisallow: /x\nSitemap: https://p.example/map.xml\nsitemap: /news-map.xml\n"
    assert sitemaps_named(robots, "https://p.example/robots.txt") == [
        "https://p.example/news-map.xml",
        "https://p.example/map.xml",
    ]


# --- suggestions ----------------------------------------------------------------------------------------------

NAV = (
    '<ul class="menu">' + "".join(f'<li class="item"><a href="/r{n}">Раздел {n}</a></li>' for n in range(20)) + "</ul>"
)
SIDE = "".join(f'<div class="popular"><a href="/p{n}">Популярная статья о погоде {n}</a></div>' for n in range(6))
TITLE = "Заголовок номер {0} о суде над инженером"


def cards(n: int) -> str:
    return (
        f'<div class="news-item item-{n}"><a class="pic" href="/n/{n}"><img src="{n}.jpg"></a>'
        f'<span class="date">{n + 1} ноября 2025</span><h3><a class="ttl" href="/n/{n}">{TITLE.format(n)}</a></h3>'
        f'<p class="lead">Краткое изложение новости номер {n}, в котором довольно много слов о деле.</p></div>'
    )


def rows(n: int) -> str:
    link = f'<a href="/d?id={n}">{TITLE.format(n)}</a>'
    return f'<table class="doc"><tr><td>{n + 1}.11.2025</td><td>{link}</td></tr></table>'


def han(n: int) -> str:
    return f'<li><span>2025-11-{n + 1:02d}</span><a href="/a/{n}.html">法院判处一名工程师有期徒刑{n}年</a></li>'


def articles(n: int) -> str:
    time = f'<time datetime="2025-11-{n + 1:02d}T10:00:00+03:00">недавно</time>'
    return f'<article>{time}<a href="/x/{n}"><h2>{TITLE.format(n)}</h2></a></article>'


def links(n: int) -> str:
    return (
        f'<a class="card" href="/x/{n}"><b class="t">{TITLE.format(n)}</b><span class="d">вчера, 10:{n + 10}</span></a>'
    )


@pytest.mark.parametrize(
    ("block", "selectors"),
    [
        (cards, Selectors("div.news-item", link="a.ttl", date=".date", summary=".lead")),
        (rows, Selectors("table.doc", date="td")),
        (han, Selectors("div.list > li", date="span")),
        (articles, Selectors("div.list > article", date="time")),
        (links, Selectors("a.card", title=".t", date=".d")),
    ],
)
def test_the_list_of_a_page_is_found_before_its_menus(block: Callable[[int], str], selectors: Selectors) -> None:
    listed = "".join(map(block, range(15)))
    page = f'<html><body>{NAV}<div class="list">{listed}</div><div class="side">{SIDE}</div></body></html>'
    feed = FeedSpec("x", "https://x.example/", source=SourceKind.HTML)
    best = suggestions(page, feed, NOW)[0]
    assert (best.selectors, best.items, best.dated) == (selectors, 15, 15)
    fetched = Fetched("x", NOW, "https://x.example/", 200, page.encode())
    items = FeedParser().parse(fetched, FeedSpec("x", "", source=SourceKind.HTML, selectors=best.selectors)).items
    assert len(items) == 15
    assert all(item.published and item.link for item in items)
    assert items[3].title in {TITLE.format(3), "法院判处一名工程师有期徒刑3年"}


def test_a_page_without_a_list_gets_no_suggestion() -> None:
    text = "<p>Просто текст с <a href='/1'>одной длинной ссылкой в нём</a>.</p>"
    assert suggestions(f"<html><body>{NAV}{text}</body></html>", FeedSpec("x", "https://x.example/"), NOW) == []
