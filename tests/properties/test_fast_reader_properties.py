"""For any well-formed feed, the fast reader gives the items that feedparser gives."""

from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from monitor.adapters.parse.entries import Document, items_of
from monitor.adapters.parse.feeds.fast import UnsureError, read_fast
from monitor.adapters.parse.feeds.xmlfeed import read_by_referee, read_xml
from monitor.adapters.parse.text.encoding import decode
from monitor.core.model import FeedSpec, Item

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SPEC = FeedSpec("f", "https://v.example/feed.xml")
NAMESPACES = (
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:a="http://www.w3.org/2005/Atom" xmlns:q="urn:odd"'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:yandex="http://news.yandex.ru"'
)
WORDS = st.sampled_from(
    ["Суда", "图们江通航", "Gazprom & CNPC", "a < b", "<b>Газ</b>пром", "<p>Один</p><p>Два</p>", "&nbsp;", "“выход”",
     "AT&amp;T", "x\ny", "münchen", "<img src='a'/>", "¡", "5 > 3"]
)  # fmt: skip
TEXTS = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


def cdata(text: str) -> str:
    return f"<![CDATA[{text}]]>"


WRITTEN = st.builds(lambda write, text: write(text), st.sampled_from([escape, cdata]), TEXTS)
LINKS = st.sampled_from(
    ["https://v.example/1?a=1&b=2", "/news/2", "3.html", "//else.example/4", "urn:5", "mailto:a@b.c"]
)
DATES = st.sampled_from(["Sat, 21 Nov 2026 10:00:00 +0300", "2026-11-21T10:00:00Z", "21.11.2026", "вчера"])
TAGS = st.sampled_from(
    ["title", "description", "content:encoded", "dc:creator", "author", "category", "dc:subject", "media:title",
     "media:description", "itunes:summary", "itunes:author", "dc:title", "summary", "dc:description", "q:odd",
     "yandex:full-text", "media:keywords", "comments"]
)  # fmt: skip


def elements(name: str, text: str) -> str:
    return f"<{name}>{text}</{name}>"


CHILDREN = st.one_of(
    st.builds(elements, TAGS, WRITTEN),
    st.builds(elements, st.sampled_from(["pubDate", "dc:date", "dcterms:created", "a:updated", "published"]), DATES),
    st.builds(lambda link: elements("link", escape(link)), LINKS),
    st.builds(lambda link, rel: f"<a:link href={quoteattr(link)} rel={quoteattr(rel)}/>", LINKS,
              st.sampled_from(["alternate", "self", "enclosure", "via", "related"])),
    st.builds(lambda link: f"<enclosure url={quoteattr(link)} type='audio/mpeg'/>", LINKS),
    st.builds(lambda link, is_link: f"<guid isPermaLink='{is_link}'>{escape(link)}</guid>", LINKS,
              st.sampled_from(["true", "false"])),
    st.builds(lambda text: f"<source url='https://s.example/'>{escape(text)}</source>", TEXTS),
    st.builds(lambda text: f"<media:group><media:title>{escape(text)}</media:title></media:group>",
              TEXTS),
    st.builds(lambda term: f"<category domain='d'>{escape(term)}</category>", TEXTS),
)  # fmt: skip
PEOPLE = st.builds(
    lambda name, mail: f"<author><name>{escape(name)}</name><email>{mail}</email></author>",
    WORDS,
    st.just("a@b.example"),
)
ATOM_CHILDREN = st.one_of(
    st.builds(lambda name, kind, text: f"<{name} type='{kind}'>{text}</{name}>",
              st.sampled_from(["title", "summary", "content"]), st.sampled_from(["text", "html"]), WRITTEN),
    st.builds(lambda name, text: f"<{name} type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>{escape(text)}</p>"
              f"<p>Два</p></div></{name}>", st.sampled_from(["title", "summary", "content"]), TEXTS),
    st.builds(elements, st.sampled_from(["published", "updated", "issued", "created"]), DATES),
    st.builds(lambda link, rel: f"<link href={quoteattr(link)} rel='{rel}'/>", LINKS,
              st.sampled_from(["alternate", "enclosure", "replies", "via"])),
    st.builds(lambda link: elements("id", escape(link)), LINKS),
    st.builds(lambda term, label: f"<category term={quoteattr(term)} label={quoteattr(label)}/>", WORDS, WORDS),
    PEOPLE,
)  # fmt: skip


def with_one_guid(children: list[str]) -> list[str]:
    """Of two, each reader may choose its own."""
    guids = [child for child in children if child.startswith(("<guid", "<id"))]
    return [child for child in children if child not in guids[1:]]


def rss(items: list[list[str]], said: str) -> str:
    inside = "".join(elements("item", "".join(children)) for children in items)
    return f'<rss version="2.0"{NAMESPACES}><channel><title>Вести</title>{said}{inside}</channel></rss>'


def rdf(items: list[list[str]], said: str) -> str:
    inside = "".join(f"<item rdf:about='urn:{n}'>{''.join(children)}</item>" for n, children in enumerate(items))
    return f'<rdf:RDF xmlns="http://purl.org/rss/1.0/"{NAMESPACES}><channel>{said}</channel>{inside}</rdf:RDF>'


def atom(items: list[list[str]], said: str) -> str:
    inside = "".join(elements("entry", "".join(children)) for children in items)
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"{NAMESPACES} xml:base="https://b.example/x/">{said}{inside}</feed>'
    )


SAID = st.sampled_from(["", "<language>ru</language>", "<ttl>5</ttl>", "<dc:language>zh-CN</dc:language>",
                        "<skipHours><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>",
                        "<image><title>Рисунок</title><link>https://i.example/</link></image>"])  # fmt: skip
ITEMS = st.lists(st.lists(CHILDREN, max_size=6).map(with_one_guid), min_size=1, max_size=3)
ENTRIES = st.lists(st.lists(ATOM_CHILDREN, max_size=6).map(with_one_guid), min_size=1, max_size=3)
FEEDS = st.one_of(
    st.builds(rss, ITEMS, SAID),
    st.builds(rdf, ITEMS, SAID),
    st.builds(atom, ENTRIES, st.just("<title>新闻</title>")),
)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "gb18030"])


def items(document: Document) -> list[Item]:
    return items_of(document, SPEC, SPEC.url, AT)[0]


def gist(item: Item) -> tuple[object, ...]:
    """All that a reader or a rule sees."""
    return (item.title, item.link, item.published, item.guid, item.author, item.categories, item.language,
            {*f"{item.summary} {item.content}".split()})  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FEEDS, ENCODINGS)
def test_the_fast_reader_gives_what_feedparser_gives(feed: str, encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>{feed}'
    text = decode(declared.encode(encoding, "xmlcharrefreplace")).text
    quick = read_xml(text)
    assume(quick.reader == "fast")
    slow = read_by_referee(text)

    assert list(map(gist, items(quick))) == list(map(gist, items(slow)))
    assert (quick.language, quick.ttl, quick.skip_hours, quick.skip_days) == (
        slow.language, slow.ttl, slow.skip_hours, slow.skip_days
    )  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(FEEDS)
def test_nearly_every_sound_feed_is_read_fast(feed: str) -> None:
    assert read_xml(feed).reader == "fast"


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("<item><content mode='base64'>0KLQtdC60YHRgg==</content></item>", "base64"),
        ("<item><title>a</title><item><title>b</title></item></item>", "an item within an item"),
        ("<item><title>a</title><source><item/></source></item>", "an item where none belongs"),
        ("<item><content type='application/xml'><x/></content></item>", "XML as content"),
        ("<item><content type='image/png'>iVBORw0KGgo=</content></item>", "content of another type, perhaps base64"),
        ("<item lastmod='2026-11-21T10:00Z'><title>a</title></item>", "CDF"),
        ("<item><link HREF='https://v.example/1'/></item>", "a link in capitals"),
    ],
)
def test_what_feedparser_may_read_otherwise_is_left_to_it(inside: str, why: str) -> None:
    document = f"<rss version='2.0'><channel>{inside}</channel></rss>"

    with pytest.raises(UnsureError, match=why):
        read_fast(document)
    assert read_xml(document).reader == "feedparser"


def test_a_doctype_is_taken_off_before_anything_is_read() -> None:
    document = "<!DOCTYPE rss [<!ENTITY r 'Туманная'>]><rss><channel><item><title>&r;</title></item></channel></rss>"

    with pytest.raises(UnsureError, match="a DOCTYPE"):
        read_fast(document)
    read = read_xml(document)
    assert (read.reader, read.entries[0].title) == ("fast", "Туманная")
