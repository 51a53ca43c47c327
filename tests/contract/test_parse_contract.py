"""The parser's promises: any format, broken or not, gives whole items; what is no feed is said to be what it is."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from support.documents import AT, read, refused, rss, titles

from monitor.errors import ParseFault

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Вести &amp;amp; мнения</title><link>https://vesti.example/</link><language>ru-ru</language><ttl>15</ttl>
<item><guid isPermaLink="false">101</guid><title>Суда на реке Туманной</title>
  <link>/news/101?utm_source=rss</link><pubDate>Sat, 21 Nov 2026 10:30:00 +0300</pubDate>
  <dc:creator>И. Петрова</dc:creator><category>Порты</category><category>Китай</category>
  <description>&lt;p&gt;Китайские &lt;b&gt;суда&lt;/b&gt;&lt;/p&gt;&lt;p&gt;Проход&lt;/p&gt;</description>
  <content:encoded><![CDATA[<p>Полный текст &mdash; о проходе.</p>]]></content:encoded></item>
<item><guid>https://vesti.example/news/102</guid><title>Без даты</title></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh-cn" xml:base="https://news.example/zh/">
<title type="text">新闻</title><link href="/"/><updated>2026-11-21T00:00:00Z</updated>
<entry><id>tag:news.example,2026:1</id><title type="html">与&lt;b&gt;Gazprom&lt;/b&gt;签署</title>
  <link rel="alternate" href="a/1.html"/><link rel="enclosure" href="a/1.mp3"/>
  <published>2026-11-21T08:00:00+08:00</published><updated>2026-11-22T08:00:00+08:00</updated>
  <author><name>王</name></author><category term="能源"/>
  <summary>摘要 &lt; 正文</summary>
  <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>第一段</p><p>第二段</p></div></content></entry>
</feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://old.example/"><title>Old news</title><link>https://old.example/</link></channel>
<item rdf:about="https://old.example/1"><title>Bridge opens</title><link>https://old.example/1</link>
<dc:date>2026-11-21T09:00:00+03:00</dc:date></item></rdf:RDF>"""

JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Port news",
    "home_page_url": "https://ports.example/",
    "language": "en",
    "items": [
        {
            "id": 7,
            "url": "/7",
            "title": "Vessel passes",
            "content_html": "<p>One</p><p>Two</p>",
            "summary": "Short",
            "date_published": "2026-11-21T10:00:00Z",
            "authors": [{"name": "A"}, {"name": "B"}],
            "tags": ["ports"],
        },
        {"id": "8", "external_url": "https://else.example/8", "content_text": "a < b", "author": {"name": "C"}},
    ],
}


# --- formats ----------------------------------------------------------------------------------------------------


def test_rss_gives_every_field_as_plain_text() -> None:
    parsed = read(RSS)
    first, second = parsed.items

    assert (parsed.title, parsed.language, parsed.ttl) == ("Вести & мнения", "ru-RU", timedelta(minutes=15))
    assert parsed.notes == ()
    assert (first.feed, first.guid, first.title) == ("vesti", "101", "Суда на реке Туманной")
    assert first.link == "https://vesti.example/news/101?utm_source=rss"
    assert first.published == datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
    assert (first.author, first.categories) == ("И. Петрова", ("Порты", "Китай"))
    assert first.summary == "Китайские суда\nПроход"
    assert first.content == "Полный текст — о проходе."
    assert (first.language, first.seen_at) == ("ru-RU", AT)
    assert (second.link, second.published, second.dated) == ("https://vesti.example/news/102", None, AT)


def test_atom_gives_every_field_as_plain_text() -> None:
    parsed = read(ATOM)
    (item,) = parsed.items

    assert (parsed.title, parsed.language) == ("新闻", "zh-CN")
    assert (item.title, item.link) == ("与Gazprom签署", "https://news.example/zh/a/1.html")
    assert (item.summary, item.content) == ("摘要 < 正文", "第一段\n第二段")
    assert item.published == datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
    assert (item.author, item.categories, item.guid) == ("王", ("能源",), "tag:news.example,2026:1")


def test_rdf_gives_its_items() -> None:
    (item,) = read(RDF).items

    assert (item.title, item.link) == ("Bridge opens", "https://old.example/1")
    assert item.published == datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("version", ["https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1", ""])
def test_json_feed_gives_every_field_as_plain_text(version: str) -> None:
    parsed = read(json.dumps(JSON_FEED | {"version": version}))
    first, second = parsed.items

    assert (parsed.title, parsed.language) == ("Port news", "en")
    assert (first.guid, first.link) == ("7", "https://ports.example/7")
    assert (first.title, first.summary, first.content) == ("Vessel passes", "Short", "One\nTwo")
    assert first.published == datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    assert (first.author, first.categories, first.language) == ("A, B", ("ports",), "en")
    assert (second.link, second.summary, second.author) == ("https://else.example/8", "a < b", "C")


def test_text_given_twice_is_kept_once() -> None:
    (item,) = read(
        rss("<item><title>Суда</title><description>Текст</description><content>Текст</content></item>")
    ).items

    assert (item.summary, item.content) == ("Текст", "")


def test_an_empty_feed_is_a_feed() -> None:
    assert read(rss()).items == ()
    assert read('<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title></feed>').items == ()
    assert read('{"version": "https://jsonfeed.org/version/1.1", "items": []}').items == ()


# --- what feeds.yaml says ---------------------------------------------------------------------------------------


def test_the_feeds_own_settings_come_before_what_the_document_says() -> None:
    body = rss("<item><title>Суда</title><pubDate>21.11.2026 10:00</pubDate></item>").encode("koi8-r")

    (item,) = read(body, "text/xml; charset=utf-8", language="uk", timezone="Asia/Vladivostok", encoding="koi8-r").items

    assert (item.title, item.language) == ("Суда", "uk")
    assert item.published == datetime(2026, 11, 21, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "language"),
    [("ru", "ru"), ("ru_RU", "ru-RU"), ("zh-hant-tw", "zh-Hant-TW"), ("Russian language", None), ("", None)],
)
def test_a_language_tag_is_believed_if_it_is_one(said: str, language: str | None) -> None:
    document = rss("<item><title>t</title></item>").replace("<title>t", f"<language>{said}</language><title>t", 1)

    assert read(document).items[0].language == language


@pytest.mark.parametrize(
    ("extra", "ttl"),
    [
        ("<ttl>60</ttl>", timedelta(hours=1)),
        ("<ttl>0</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<ttl>-5</ttl>", None),
        (
            '<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">daily</sy:updatePeriod>'
            '<sy:updateFrequency xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">4</sy:updateFrequency>',
            timedelta(hours=6),
        ),
        *(
            (
                '<sy:updatePeriod xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">daily</sy:updatePeriod>'
                f'<sy:updateFrequency xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">{n}</sy:updateFrequency>',
                timedelta(days=1),
            )
            for n in ("9" * 20, "9" * 400, "0", "-3", "often")
        ),
    ],
)
def test_how_often_a_feed_changes_is_passed_on(extra: str, ttl: timedelta | None) -> None:
    assert read(rss(extra)).ttl == ttl


@pytest.mark.parametrize(
    ("said", "hours", "days"),
    [
        ("<skipHours><hour>0</hour><hour> 23 </hour></skipHours>", {0, 23}, set()),
        ("<skipHours><hour>24</hour><hour>25</hour><hour>-1</hour><hour>noon</hour></skipHours>", {0}, set()),
        (f"<skipHours>{''.join(f'<hour>{hour}</hour>' for hour in range(1, 25))}</skipHours>", set(), set()),
        ("<skipDays><day>Saturday</day><day>sun</day><day>Holiday</day></skipDays>", set(), {5, 6}),
        ("", set(), set()),
    ],
)
@pytest.mark.parametrize("prolog", ["", "Warning: mysql_connect()\n"])
def test_when_a_feed_asks_not_to_be_read_is_passed_on(said: str, hours: set[int], days: set[int], prolog: str) -> None:
    parsed = read(rss(said, "<item><title>t</title></item>", prolog=prolog))

    assert (parsed.skip_hours, parsed.skip_days) == (hours, days)


# --- dates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "published"),
    [
        ("сегодня, 10:05", datetime(2026, 11, 22, 7, 5, tzinfo=UTC)),
        ("вчера в 23:59", datetime(2026, 11, 21, 20, 59, tzinfo=UTC)),
        ("22 ноября, 10:00", datetime(2026, 11, 22, 7, 0, tzinfo=UTC)),
        ("31 декабря, 10:00", datetime(2025, 12, 31, 7, 0, tzinfo=UTC)),
        ("11月22日 10:00", datetime(2026, 11, 22, 7, 0, tzinfo=UTC)),
        ("昨天 10:00", datetime(2026, 11, 21, 7, 0, tzinfo=UTC)),
        ("어제 10:00", datetime(2026, 11, 21, 7, 0, tzinfo=UTC)),
        ("30 минут назад", datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
        ("3 часа назад", datetime(2026, 11, 22, 5, 0, tzinfo=UTC)),
        ("2 hours ago", datetime(2026, 11, 22, 6, 0, tzinfo=UTC)),
        ("5分钟前", datetime(2026, 11, 22, 7, 55, tzinfo=UTC)),
        ("soon", None),
    ],
)
def test_a_date_in_words_is_understood_by_when_it_was_read(said: str, published: datetime | None) -> None:
    document = rss(f"<item><title>t</title><pubDate>{said}</pubDate></item>")

    assert read(document, timezone="Europe/Moscow").items[0].published == published


def test_a_date_in_words_is_no_part_of_the_identity() -> None:
    one, other = (
        read(rss(f"<item><title>t</title><pubDate>{said}</pubDate></item>")).items[0]
        for said in ("5 минут назад", "6 минут назад")
    )

    assert one.key == other.key
    assert one.published != other.published


def test_dates_in_the_future_are_told_and_do_not_count() -> None:
    dates = ("2026-11-22T08:30:00Z", "2026-11-23T08:30:00Z", "2036-11-22T08:30:00Z")
    items = [f"<item><guid>{date}</guid><title>t</title><pubDate>{date}</pubDate></item>" for date in dates]
    parsed = read(rss(*items))

    assert parsed.notes == ("2 items are dated in the future: what counts is when first seen",)
    assert {item.dated for item in parsed.items} == {AT}


# --- links and identity -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "whole"),
    [
        ("https://else.example/a", "https://else.example/a"),
        ("/news/1", "https://vesti.example/news/1"),
        ("1.html", "https://vesti.example/rss/1.html"),
        ("//cdn.example/1", "https://cdn.example/1"),
        ("?id=1&amp;x=2", "https://vesti.example/rss/all.xml?id=1&x=2"),
        (" \n https://else.example/\n a ", "https://else.example/a"),
        ("<![CDATA[https://else.example/?a=1&b=2]]>", "https://else.example/?a=1&b=2"),
        (
            "https://www.google.com/url?url=https://else.example/a%3Futm_source%3Drss&amp;sa=t",
            "https://else.example/a?utm_source=rss",
        ),
        ("javascript:alert(1)", ""),
        ("mailto:desk@vesti.example", ""),
        ("http://[broken/", ""),
        ("", ""),
    ],
)
def test_links_are_whole_web_addresses_or_nothing(link: str, whole: str) -> None:
    assert read(rss(f"<item><title>t</title><link>{link}</link></item>")).items[0].link == whole


def test_where_another_host_keeps_the_feed_links_are_relative_to_the_site() -> None:
    document = rss("<link>https://site.example/ru/</link><item><title>t</title><link>news/1</link></item>")

    assert read(document, url="https://feeds.keeper.example/site").items[0].link == "https://site.example/ru/news/1"
    assert read(document, url="").items[0].link == "https://site.example/ru/news/1"


def test_a_number_as_guid_is_no_link() -> None:
    (item,) = read(rss("<item><guid>12345</guid><title>t</title></item>")).items

    assert (item.guid, item.link) == ("12345", "")


def test_repeated_items_are_kept_once_and_told() -> None:
    item = "<item><guid>1</guid><title>Суда</title></item>"

    parsed = read(rss(item, item, item))

    assert titles(parsed) == ["Суда"]
    assert parsed.notes == ("2 repeated items left out",)


def test_different_items_under_one_guid_are_all_kept() -> None:
    items = [f"<item><guid>same</guid><title>{t}</title><link>/{t}</link></item>" for t in ("a", "b", "c")]

    parsed = read(rss(*items))

    assert titles(parsed) == ["a", "b", "c"]
    assert len({item.key for item in parsed.items}) == 3
    assert [item.key for item in read(rss(*reversed(items))).items] == [item.key for item in reversed(parsed.items)]
    assert parsed.notes == ("3 different items share an identity with others",)


def test_items_on_one_page_without_guids_are_all_kept() -> None:
    items = [f"<item><title>{t}</title><link>/page#{t}</link></item>" for t in ("a", "b")]

    assert len({item.key for item in read(rss(*items)).items}) == 2


def test_items_with_nothing_in_them_are_left_out_and_told() -> None:
    parsed = read(rss("<item></item>", "<item><title>Суда</title></item>", "<item><title> </title></item>"))

    assert titles(parsed) == ["Суда"]
    assert parsed.notes == ("2 empty items left out",)


# --- damage -----------------------------------------------------------------------------------------------------

ITEM = "<item><guid>1</guid><title>Суда на Туманной</title><link>https://vesti.example/1</link></item>"
LAST = "<item><guid>2</guid><title>Второе</title></item>"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param("\n\n  " + RSS, id="white space before the declaration"),
        pytest.param("<!-- сгенерировано --><?xml version='1.0'?>" + rss(ITEM, LAST), id="comment before it"),
        pytest.param("Warning: mysql_connect()\n<br/>" + rss(ITEM, LAST), id="a program's complaint before it"),
        pytest.param("HTTP/1.1 200 OK\nServer: x\n\n" + rss(ITEM, LAST), id="headers in the body"),
        pytest.param(rss(ITEM, LAST) + "<script>counter()</script>", id="a counter behind it"),
        pytest.param(f"<html><body>{rss(ITEM, LAST)}</body></html>", id="wrapped in HTML"),
        pytest.param(rss(ITEM.replace("на", "на&nbsp;реке&nbsp;"), LAST), id="undeclared entities"),
        pytest.param(rss(ITEM.replace("на", "& на"), LAST), id="bare ampersand"),
        pytest.param(rss(ITEM.replace("https://vesti.example/1", "https://v.example/?a=1&b=2"), LAST), id="in a link"),
        pytest.param(rss(ITEM.replace("на", "< на"), LAST), id="bare less-than"),
        pytest.param(rss(ITEM.replace("на", "на\x0b\x00"), LAST), id="control characters"),
        pytest.param(rss(ITEM.replace("на", "на&#0;&#xFFFF;"), LAST), id="references to no character"),
        pytest.param(rss(ITEM.replace("</item>", "<media:x>1</media:x></item>"), LAST), id="undeclared prefix"),
        pytest.param(rss(ITEM.replace("</item>", "<b>x</i></item>"), LAST), id="crossed tags"),
        pytest.param(rss(ITEM, LAST).replace("</channel></rss>", ""), id="the end is missing"),
        pytest.param(rss(ITEM, LAST, "<item><title>Тре"), id="cut off in a title"),
        pytest.param(rss(ITEM, LAST, "<item><description><![CDATA[<p>Тре")[:-16], id="cut off in CDATA"),
    ],
)
def test_damage_costs_no_whole_item_and_is_told(document: str) -> None:
    parsed = read(document)

    assert len(parsed.items) >= 2
    assert "Туманной" in parsed.items[0].title
    if not document.startswith(("\n\n  ", "HTTP/")):
        assert parsed.notes


def test_an_item_that_can_not_be_understood_costs_neither_itself_nor_the_others() -> None:
    place = '<gml:pos xmlns:gml="http://www.opengis.net/gml">48.5 135.1</gml:pos>'
    sound = rss("<language>ru</language>", ITEM.replace("</item>", f"{place}</item>"), LAST)
    # What is in base64 goes to feedparser, which stumbles over the place.
    coded = sound.replace("</item>", '<content mode="base64" type="image/png">0KLQtdC60YHRgg==</content></item>', 1)

    assert read(sound).notes == ()
    parsed = read(coded)

    for one in (read(sound), parsed):
        assert titles(one) == ["Суда на Туманной", "Второе"]
        assert one.language == "ru"
    assert parsed.items[0].summary == "Текст"
    assert parsed.notes == ("read item by item: something in it can't be understood (KeyError)",)


def test_a_cut_off_item_is_not_taken_for_a_whole_one() -> None:
    parsed = read(rss(ITEM, LAST) + "\n")
    cut = read(rss(ITEM, LAST).partition("Второе")[0])

    assert titles(parsed) == ["Суда на Туманной", "Второе"]
    assert titles(cut) == ["Суда на Туманной"]
    assert cut.notes == ("the document is cut off; what is whole of it was read",)


def test_of_a_cut_off_json_feed_the_whole_items_are_kept() -> None:
    text = json.dumps(JSON_FEED)

    parsed = read(text[: text.index("else.example")])

    assert titles(parsed) == ["Vessel passes"]
    assert parsed.notes == ("the document is cut off or broken; what is whole of it was read",)


def test_a_broken_connection_is_told_with_the_items_that_came() -> None:
    parsed = read(rss(ITEM, LAST).partition("Второе")[0], cut_short=True)

    assert titles(parsed) == ["Суда на Туманной"]
    assert parsed.notes[0] == "the connection broke in mid-document"
    assert refused("<rss><channel><title>t</title>", cut_short=True).fault is ParseFault.MALFORMED  # type: ignore[arg-type]


def test_a_bare_ampersand_in_a_link_stays_one_ampersand() -> None:
    document = rss("<item><title>t</title><link>https://v.example/?a=1&b=2&copy=3</link></item>")

    assert read(document).items[0].link == "https://v.example/?a=1&b=2&copy=3"


def test_a_wrong_encoding_claim_is_told() -> None:
    parsed = read(RSS.encode("cp1251"))

    assert parsed.items[0].title == "Суда на реке Туманной"
    assert parsed.notes == ("the document says UTF-8, but it reads as cp1251",)


def test_what_is_told_of_a_document_is_short_and_can_be_printed() -> None:
    endless = f'<?xml version="1.0" encoding="{"x-" * 90}"?>' + "<rss" + "б" * 900 + "\x01>" + rss(ITEM) + "</rss>"

    notes = read(endless.encode("cp1251")).notes

    assert len(notes) >= 2
    assert all(len(note) < 200 and note.isprintable() for note in notes)


def test_a_base_with_control_characters_leaves_none_in_the_links() -> None:
    document = rss("<link>https://si\x00te.example/ru/\x1b</link>", "<item><title>t</title><link>1</link></item>")

    assert (
        read(json.dumps({"items": [{"url": "1"}], "home_page_url": "https://site.example/\x1bru/"})).items[0].link
        == "https://site.example/ru/1"
    )
    assert read(document).items[0].link.isprintable()
