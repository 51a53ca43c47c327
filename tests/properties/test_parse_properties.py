"""Whatever bytes come, the parser gives items or a ParseError, nothing else, and its items can be stored and shown."""

import json
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.adapters.parse import FeedParser
from monitor.adapters.parse.dates.written import parse_date
from monitor.adapters.parse.text.encoding import decode
from monitor.adapters.parse.text.mojibake import unmangle
from monitor.adapters.parse.text.plain import html_to_text, plain_title, tidy
from monitor.core.itemjson import item_from_dict, item_to_dict
from monitor.core.model import FeedSpec, Fetched, Item, Parsed
from monitor.errors import ParseError

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SAMPLE = (
    '<?xml version="1.0" encoding="{}"?><!DOCTYPE rss [<!ENTITY x "y">]><rss version="2.0" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Вести</title><language>ru</language>'
    "<item><guid>1</guid><title>Суда &amp;amp; порты</title><link>/1?a=1&amp;b=2</link>"
    "<pubDate>Sat, 21 Nov 2026 10:00:00 +0300</pubDate><description>&lt;p&gt;Текст&lt;/p&gt;</description>"
    "<content:encoded><![CDATA[<b>Газ</b>пром]]></content:encoded></item>"
    "<item><title>Второе</title><category>Китай</category><author>a@b.example (И.)</author></item></channel></rss>"
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://v.example/x/" xml:lang="zh"><title>新闻</title><entry>'
    '<id>tag:1</id><title type="html">图们江&lt;b&gt;通航</title><link href="a"/>'
    '<updated>2026-11-21T00:00:00Z</updated><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>文</p></div></content></entry></feed>'
)
JSON = json.dumps(
    {"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "x", "content_html": "<p>"}]}
)
BODIES = [SAMPLE.format("windows-1251").encode("cp1251"), SAMPLE.format("utf-8").encode(), ATOM.encode("gb18030"),
          ATOM.encode("utf-16"), JSON.encode()]  # fmt: skip
CHUNKS = st.sampled_from(
    [b"<", b">", b"&", b"&#", b"&#0;", b"]]>", b"<![CDATA[", b"<!--", b"<item>", b"</item>", b"<entry>", b"</rss>",
     b"\x00", b"\xff", b"&nbsp;", b"<?xml ", b"xmlns:q='", b"q:", b"<!DOCTYPE ", b'"', b"{", b"[", b"\\ud800", b"\xd0",
     b"<html>", b"<source>", b"<image>", b"<textinput>", b"<svg>", b"base64"]
)  # fmt: skip


def read(body: bytes) -> Parsed | None:
    try:
        return FeedParser().parse(
            Fetched("f", AT, "https://v.example/feed", 200, body), FeedSpec("f", "https://v.example/feed")
        )
    except ParseError:
        return None


def check(item: Item) -> None:
    json.dumps(item_to_dict(item), ensure_ascii=False).encode()
    assert item.key
    assert item.title == " ".join(item.title.split())
    assert not {"\x00", "\x1b"} & {*item.title, *item.summary, *item.content, *item.link}
    assert item.link == "" or item.link.startswith(("http://", "https://", "HTTP"))
    assert item.published is None or item.published.tzinfo is UTC


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    body = bytearray(draw(st.sampled_from(BODIES)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(body)))
        length = draw(st.integers(0, 30))
        body[place : place + length] = draw(CHUNKS | st.binary(max_size=6))
    return bytes(body[: draw(st.integers(0, len(body)))] if draw(st.booleans()) else body)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_damaged_feeds_give_clean_items_or_a_parse_error(body: bytes) -> None:
    parsed = read(body)

    for item in parsed.items if parsed else ():
        check(item)
    if parsed:
        assert len({item.key for item in parsed.items}) == len(parsed.items)


@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_and_refused_or_read(body: bytes) -> None:
    decode(body, "text/xml; charset=gb2312")
    read(body)


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=60)), max_size=5))
def test_every_item_with_a_title_arrives_with_its_words(items: list[tuple[str, str]]) -> None:
    entries = [
        f"<item><guid>{number}</guid><title>{escape(tidy(title))}</title><description>{escape(tidy(text))}</description></item>"
        for number, (title, text) in enumerate(items)
    ]
    parsed = read(f'<rss version="2.0"><channel>{"".join(entries)}</channel></rss>'.encode())

    assert parsed is not None
    assert len(parsed.items) == len(items)


@given(st.text(alphabet="аbЖ图<>&;#x1/!-[]\"' \n", max_size=60))
def test_text_comes_out_tidy(markup: str) -> None:
    for text in (html_to_text(markup), tidy(markup)):
        assert tidy(text) == text
    assert "\n" not in plain_title(markup)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30).filter(lambda text: not text.isascii()))
def test_text_encoded_twice_is_made_whole(text: str) -> None:
    mangled = text.encode().decode("latin-1")

    assert unmangle(mangled) == text


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{1,4}[-/. :年月日]{1,2}[0-9]{1,2}[-/. :T]{1,2}[0-9]{1,4}.{0,8}"))
def test_any_text_is_a_date_in_utc_or_none(text: str) -> None:
    moment = parse_date(text)

    assert moment is None or moment.utcoffset() == AT.utcoffset()


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
ITEMS = st.builds(
    Item, feed=TEXTS, key=TEXTS, title=TEXTS, summary=TEXTS, content=TEXTS, link=TEXTS, guid=TEXTS, author=TEXTS,
    language=st.none() | st.just("ru"), published=MOMENTS, seen_at=MOMENTS, categories=st.lists(TEXTS).map(tuple),
)  # fmt: skip


@given(ITEMS)
def test_an_item_survives_the_way_through_json(item: Item) -> None:
    assert item_from_dict(json.loads(json.dumps(item_to_dict(item)))) == item
