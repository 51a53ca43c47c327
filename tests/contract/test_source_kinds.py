"""Every kind of source over a real server: pages, sitemaps, channels, GDELT; and what is said when one breaks."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support.http_server import HttpServer, Reply

from monitor.adapters.parse import FeedParser
from monitor.core.model import FeedSpec, FeedState, Fetched, Item, Parsed, Selectors, SourceKind
from monitor.errors import ParseError
from monitor.wiring import load_settings
from monitor.wiring.sources import sources

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SETTINGS = load_settings({"MONITOR_ALLOW_NETWORKS": "loopback", "MONITOR_HOST_SPACING": "0s"})
COURT = Selectors("div.news-item", title="h3", date=".date", summary=".lead")


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


async def fetched(feed: FeedSpec, state: FeedState | None = None) -> Fetched:
    fetcher = sources(SETTINGS)
    try:
        return await fetcher.fetch(feed, state or FeedState(feed.id), AT)
    finally:
        await fetcher.aclose()


async def read(feed: FeedSpec) -> Parsed:
    answer = await fetched(feed)
    assert answer.failure is None, answer.failure
    return FeedParser().parse(answer, feed)


def parsed(text: str, feed: FeedSpec) -> Parsed:
    return FeedParser().parse(Fetched(feed.id, AT, feed.url, 200, text.encode()), feed)


def titles(items: tuple[Item, ...]) -> list[str]:
    return [item.title for item in items]


# --- pages ----------------------------------------------------------------------------------------------------

COURT_PAGE = """<!DOCTYPE html><html lang="ru"><head><meta charset="windows-1251"><title>Новости суда</title></head>
<body><div class="news-item"><span class="date">сегодня, 10:30</span><h3><a href="/news/1?utm_source=m">Суд арестовал
 инженера</a></h3><p class="lead">Инженера обвиняют в передаче чертежей.</p></div>
<div class="news-item"><span class="date">21 ноября, 09:00</span><h3><a href="news/2">Приговор капитану</a></h3></div>
<div class="news-item"><h3><a href="//court.example/news/3">Без даты</a></h3></div>
<div class="news-item"><h3><a href="/news/1">Суд арестовал инженера</a></h3></div>
<div class="news-item"><h3>Объявление без ссылки</h3></div>
</body></html>"""


@pytest.mark.parametrize("content_type", ["text/html", "text/html; charset=utf-8"], ids=["not said", "said wrong"])
async def test_a_page_in_windows_1251_is_read_by_selectors(server: HttpServer, content_type: str) -> None:
    url = server.document("/list/", COURT_PAGE.encode("cp1251"), content_type=content_type)
    feed = FeedSpec("court", url, source=SourceKind.HTML, selectors=COURT, timezone="Asia/Vladivostok")
    found = await read(feed)
    assert titles(found.items) == ["Суд арестовал инженера", "Приговор капитану", "Без даты", "Объявление без ссылки"]
    first, second, undated, announced = found.items
    assert first.link == server.url("/news/1?utm_source=m")
    assert second.link == server.url("/list/news/2")
    assert undated.link == "http://court.example/news/3"
    assert first.summary == "Инженера обвиняют в передаче чертежей."
    assert first.published == datetime(2026, 11, 22, 0, 30, tzinfo=UTC)  # 10:30 in Vladivostok
    assert second.published == datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
    assert undated.published is None
    assert announced.key.startswith("text:")
    assert (found.title, found.language) == ("Новости суда", "ru")


async def test_a_page_in_gbk_is_read_by_selectors(server: HttpServer) -> None:
    page = """<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"><title>法院公告</title>
    </head><body><ul class="list"><li><span>2026-11-21</span><a href="1.html">法院判处一名工程师有期徒刑五年</a></li>
    <li><span>11月20日</span><a href="2.html">图们江大桥建设工程开工</a></li></ul></body></html>"""
    url = server.document("/gg/", page.encode("gbk"), content_type="text/html")
    selectors = Selectors("ul.list > li", date="span")
    feed = FeedSpec("zh", url, source=SourceKind.HTML, selectors=selectors, timezone="Asia/Shanghai", language="zh")
    found = await read(feed)
    assert titles(found.items) == ["法院判处一名工程师有期徒刑五年", "图们江大桥建设工程开工"]
    assert [item.published for item in found.items] == [
        datetime(2026, 11, 20, 16, 0, tzinfo=UTC),
        datetime(2026, 11, 19, 16, 0, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("selectors", "words"),
    [
        (Selectors("div.article"), "the selector for items, `div.article`, finds nothing in the page"),
        (replace(COURT, title="h4"), "the selector for title, `h4`, finds nothing in any of 5 items"),
        (replace(COURT, link="a.more"), "the selector for link, `a.more`, finds nothing in any of 5 items"),
    ],
    ids=["items", "title", "link"],
)
def test_a_changed_layout_is_a_failure_that_names_the_selector(selectors: Selectors, words: str) -> None:
    feed = FeedSpec("court", "https://court.example/", source=SourceKind.HTML, selectors=selectors)
    with pytest.raises(ParseError, match="did it change its layout") as caught:
        parsed(COURT_PAGE, feed)
    assert words in str(caught.value)
    assert "“Новости суда”" in str(caught.value)


def test_a_lost_date_costs_no_item_but_is_said() -> None:
    feed = FeedSpec("c", "https://c.example/", source=SourceKind.HTML, selectors=replace(COURT, date="time"))
    found = parsed(COURT_PAGE, feed)
    assert len(found.items) == 4
    assert any("the selector for date, `time`, finds nothing" in note for note in found.notes)


def test_a_captcha_in_place_of_a_page_is_called_so() -> None:
    feed = FeedSpec("c", "https://c.example/", source=SourceKind.HTML, selectors=COURT)
    with pytest.raises(ParseError, match="proof that a human asks"):
        parsed("<html><title>DDoS-Guard</title><body>Проверка браузера</body></html>", feed)


def test_blocks_that_are_links_themselves_are_read() -> None:
    page = '<body><a class="card" href="/1"><b class="t">Мост открыт</b><i>10:30</i></a></body>'
    feed = FeedSpec(
        "c", "https://c.example/", source=SourceKind.HTML, selectors=Selectors("a.card", title=".t", date="i")
    )
    (item,) = parsed(page, feed).items
    assert (item.title, item.link) == ("Мост открыт", "https://c.example/1")
    assert item.published == datetime(2026, 11, 21, 10, 30, tzinfo=UTC)  # at 8:00 that time was yesterday's


# --- sitemaps -------------------------------------------------------------------------------------------------

NEWS = """<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>https://paper.example/a?x=1&amp;y=2</loc><image:image><image:title>Фото</image:title></image:image>
 <news:news><news:publication><news:name>Газета</news:name><news:language>ru</news:language></news:publication>
 <news:publication_date>2026-11-22T09:00:00+10:00</news:publication_date>
 <news:title><![CDATA[Мост & порт]]></news:title>
 <news:keywords>мост, порт</news:keywords></news:news></url>
<url><loc>https://paper.example/old</loc><lastmod>2026-10-01</lastmod></url></urlset>"""


async def test_a_news_sitemap_gives_titles_dates_and_language(server: HttpServer) -> None:
    url = server.document("/news.xml", NEWS.encode(), content_type="application/xml")
    found = await read(FeedSpec("paper", url, source=SourceKind.SITEMAP))
    (item,) = found.items
    assert (item.title, item.link) == ("Мост & порт", "https://paper.example/a?x=1&y=2")
    assert item.published == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
    assert item.categories == ("мост", "порт")
    assert (found.title, found.language) == ("Газета", "ru")
    assert "1 addresses without a title left out" in found.notes


def index(*sitemaps: tuple[str, str]) -> bytes:
    named = "".join(f"<sitemap><loc>{url}</loc><lastmod>{at}</lastmod></sitemap>" for url, at in sitemaps)
    return f'<?xml version="1.0"?><sitemapindex xmlns="x">{named}</sitemapindex>'.encode()


async def test_of_an_index_the_newest_sitemap_is_read_packed_or_not(server: HttpServer) -> None:
    old, new = server.url("/2026-10.xml"), server.url("/2026-11.xml.gz")
    server.document("/2026-11.xml.gz", gzip.compress(NEWS.encode()), content_type="application/gzip", etag='"n1"')
    url = server.document("/index.xml", index((new, "2026-11-22"), (old, "2026-10-31")), etag='"i1"')
    feed = FeedSpec("paper", url, source=SourceKind.SITEMAP, headers={"X-Key": "k"})
    first = await fetched(feed)
    assert titles(FeedParser().parse(first, feed).items) == ["Мост & порт"]
    again = await fetched(feed, FeedState("paper", etag=first.etag, body_hash=first.body_hash))
    assert again.not_modified
    assert again.etag == first.etag
    assert not server.asked("/2026-10.xml")
    assert [request.headers.get("if-none-match") for request in server.asked("/2026-11.xml.gz")] == [None, '"n1"']
    assert [request.headers.get("if-none-match") for request in server.asked("/index.xml")] == [None, None]


async def test_what_one_sitemap_said_does_not_count_for_the_next(server: HttpServer) -> None:
    october, november = server.url("/10.xml"), server.url("/11.xml")
    for path in ("/10.xml", "/11.xml"):
        server.document(path, NEWS.encode(), etag='"same"')
    url = server.document("/index.xml", index((october, "2026-10-31")))
    feed = FeedSpec("paper", url, source=SourceKind.SITEMAP)
    first = await fetched(feed)
    server.document("/index.xml", index((october, "2026-10-31"), (november, "2026-11-01")))
    second = await fetched(feed, FeedState("paper", etag=first.etag, body_hash=first.body_hash))
    assert second.body, "the same ETag at another address is no sign that nothing is new"


async def test_headers_of_a_sitemap_do_not_follow_it_to_another_site(server: HttpServer) -> None:
    with HttpServer() as other:
        other.document("/news.xml", NEWS.encode())
        url = server.document("/index.xml", index((other.url("/news.xml"), "2026-11-22")))
        await fetched(FeedSpec("paper", url, source=SourceKind.SITEMAP, headers={"X-Key": "secret"}))
        assert "x-key" not in other.asked("/news.xml")[0].headers
    assert server.asked("/index.xml")[0].headers["x-key"] == "secret"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<rss><channel/></rss>", "no sitemap"),
        ("<urlset><url><loc>https://a.example/1</loc></url></urlset>", "without titles"),
        ("<sitemapindex><sitemap><loc>https://a.example/</loc></sitemap></sitemapindex>", "below another one"),
        ("<urlset><url><lastmod>2026</lastmod></url></urlset>", "without a single address"),
    ],
)
def test_what_is_no_news_sitemap_is_said(text: str, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        parsed(text, FeedSpec("s", "https://a.example/s.xml", source=SourceKind.SITEMAP))


def test_an_empty_news_sitemap_is_a_quiet_paper_and_entities_stay_unresolved() -> None:
    feed = FeedSpec("s", "https://a.example/s.xml", source=SourceKind.SITEMAP)
    assert parsed('<urlset xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"></urlset>', feed).items == ()
    bomb = '<!DOCTYPE urlset [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    block = "<url><loc>https://a.example/1</loc><n:news><n:title>T &b;&f;</n:title></n:news></url>"
    (item,) = parsed(f"{bomb}<urlset>{block}</urlset>", feed).items
    assert item.title == "T &b;&f;"


# --- Telegram -------------------------------------------------------------------------------------------------


def message(number: int, inside: str, classes: str = "") -> str:
    return f"""<div class="tgme_widget_message_wrap js-widget_message_wrap">
    <div class="tgme_widget_message {classes}" data-post="amurnews/{number}"><div class="tgme_widget_message_bubble">
    {inside}<div class="tgme_widget_message_footer"><span class="tgme_widget_message_views">1.2K</span>
    <a class="tgme_widget_message_date" href="https://t.me/amurnews/{number}">
    <time datetime="2026-11-22T0{number}:15:00+00:00">x</time></a></div></div></div></div>"""


def said(text: str) -> str:
    return f'<div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div>'


FORWARDED = """<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from
<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/port/7">Порт</a></div>
<a class="tgme_widget_message_reply"><div class="tgme_widget_message_text js-message_reply_text">Старое</div></a>
<a class="tgme_widget_message_photo_wrap"></a>"""
BRIDGE = said('<b>Мост закрыт.</b><br/>Движение по мосту <a href="https://amur.example/1">остановлено</a>.')
POLL = '<div class="tgme_widget_message_poll"><div class="tgme_widget_message_poll_question">Нужен ли мост?</div></div>'
MESSAGES = (
    message(1, BRIDGE),
    message(2, FORWARDED + said("Судно прошло устье")),
    message(3, '<a class="tgme_widget_message_photo_wrap" style="background-image:url(x)"></a>'),
    message(4, said("Название канала изменено"), "service_message"),
    message(5, POLL),
)
CHANNEL = f"""<html><head><title>Амурские новости – Telegram</title></head><body class="tgme_page">
<div class="tgme_channel_info"><div class="tgme_channel_info_header_title"><span>Амурские новости</span></div></div>
{"".join(MESSAGES)}</body></html>"""


async def test_each_message_of_a_channel_is_an_item_newest_first(server: HttpServer) -> None:
    url = server.document("/s/amurnews", CHANNEL.encode(), content_type="text/html; charset=utf-8")
    found = await read(FeedSpec("amur", url, source=SourceKind.TELEGRAM))
    assert found.title == "Амурские новости"
    assert titles(found.items) == ["Нужен ли мост?", "[photo]", "Судно прошло устье", "Мост закрыт."]
    bridge, forwarded = found.items[3], found.items[2]
    assert bridge.link == "https://t.me/amurnews/1"
    assert bridge.summary == "Мост закрыт.\nДвижение по мосту остановлено.\nhttps://amur.example/1"
    assert bridge.published == datetime(2026, 11, 22, 1, 15, tzinfo=UTC)
    assert forwarded.summary == "Forwarded from Порт"


def test_a_message_is_the_same_whatever_its_views_and_at_a_mirror() -> None:
    feed = FeedSpec("amur", "https://mirror.example/s/amurnews", source=SourceKind.TELEGRAM)
    one, other = parsed(CHANNEL, feed), parsed(CHANNEL.replace("1.2K", "9.9K"), replace(feed, url="https://t.me/s/a"))
    assert one.items == other.items


def test_a_long_first_line_is_cut_at_its_first_sentence() -> None:
    text = "Суд вынес приговор бывшему инженеру завода. " + "Подробности дела не раскрываются. " * 10
    page = f"<body>{message(1, said(text))}</body>"
    (item,) = parsed(page, FeedSpec("a", "https://t.me/s/a", source=SourceKind.TELEGRAM)).items
    assert item.title == "Суд вынес приговор бывшему инженеру завода."
    assert "Подробности дела" in item.summary


async def test_a_name_without_a_public_page_says_so(server: HttpServer) -> None:
    # Telegram sends people, groups, private and missing channels from /s/NAME to the page that says “contact”.
    page = (
        b'<html><title>Telegram: Contact @nobody</title><body><div class="tgme_page_wrap">Contact</div></body></html>'
    )
    server.script("/s/nobody", Reply(302, headers={"Location": "/nobody"}))
    server.document("/nobody", page, content_type="text/html")
    with pytest.raises(ParseError, match="no public page of messages"):
        await read(FeedSpec("n", server.url("/s/nobody"), source=SourceKind.TELEGRAM))


# --- GDELT ----------------------------------------------------------------------------------------------------


async def test_gdelts_list_of_articles_is_read(server: HttpServer) -> None:
    article = {
        "url": "https://paper.example/1",
        "title": "Суд арестовал инженера",
        "seendate": "20261122T071500Z",
        "domain": "paper.example",
        "language": "Russian",
    }
    body = json.dumps({"articles": [article, "damaged", {"url": "https://paper.example/2", "title": None}]}).encode()
    url = server.document("/api", body, content_type="application/json")
    found = await read(FeedSpec("g", url, source=SourceKind.GDELT, language="ru"))
    assert titles(found.items) == ["Суд арестовал инженера", ""]
    assert found.items[0].published == datetime(2026, 11, 22, 7, 15, tzinfo=UTC)
    assert found.items[0].link == "https://paper.example/1"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Your query was too short or too long.", "too short or too long"),
        ("Please limit requests to one every 5 seconds", "one every 5 seconds"),
        ("<html>Error</html>", "its answer is no JSON"),
        ('{"articles": [', "broken JSON"),
    ],
)
def test_gdelts_complaints_are_failures_in_words(body: str, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        parsed(body, FeedSpec("g", "https://g.example/", source=SourceKind.GDELT))


def test_no_article_found_is_no_failure() -> None:
    assert parsed("{}", FeedSpec("g", "https://g.example/", source=SourceKind.GDELT)).items == ()


# --- a page in place of a feed --------------------------------------------------------------------------------


def test_a_home_page_in_place_of_a_feed_says_what_to_write() -> None:
    page = """<html><head><title>Газета</title><link rel="alternate" type="application/rss+xml" title="Комментарии"
    href="/comments/feed"><link rel='alternate' type='application/rss+xml' href='/rss?a=1&amp;b=2'></head></html>"""
    with pytest.raises(ParseError) as caught:
        parsed(page, FeedSpec("p", "https://paper.example/"))
    assert "write url: https://paper.example/rss?a=1&b=2" in str(caught.value)


def test_a_sitemap_in_place_of_a_feed_says_what_to_write() -> None:
    with pytest.raises(ParseError, match="write sitemap: in place of url:"):
        parsed(NEWS, FeedSpec("p", "https://paper.example/news.xml"))
