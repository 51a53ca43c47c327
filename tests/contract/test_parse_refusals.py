"""What is no feed is said to be what it is; what is made to do harm is refused or read without any."""

from time import perf_counter

import pytest
from support.documents import read, refused, rss, titles

from monitor.errors import ParseFault

# --- not a feed -------------------------------------------------------------------------------------------------

PAGE = "<!DOCTYPE html>\n<html><head><title>{}</title></head><body>{}</body></html>"


@pytest.mark.parametrize(
    ("document", "fault", "words"),
    [
        ("", ParseFault.EMPTY, "the document is empty"),
        (" \n\t", ParseFault.EMPTY, "the document is empty"),
        ("\ufeff", ParseFault.EMPTY, "the document is empty"),
        (PAGE.format("Вести &mdash; главное", ""), ParseFault.NOT_A_FEED, "an HTML page titled “Вести — главное”"),
        (PAGE.format("Just a moment...", "<script src='/challenge-platform/x'>"), ParseFault.NOT_A_FEED, "captcha"),
        (PAGE.format("安全验证", ""), ParseFault.NOT_A_FEED, "captcha"),
        (PAGE.format("Вход", "<input type='password'>"), ParseFault.NOT_A_FEED, "asks for a login"),
        (PAGE.format("403 Forbidden", ""), ParseFault.NOT_A_FEED, "refuses access"),
        ("<?xml version='1.0'?><!DOCTYPE html><html xmlns='x'/>", ParseFault.NOT_A_FEED, "an HTML page"),
        ("<body>Not found</body>", ParseFault.NOT_A_FEED, "an HTML page"),
        ("<opml version='2.0'><body/></opml>", ParseFault.NOT_A_FEED, "a list of feeds (OPML)"),
        ("<urlset xmlns='x'><url/></urlset>", ParseFault.NOT_A_FEED, "a sitemap"),
        ("<catalog><book/></catalog>", ParseFault.NOT_A_FEED, "an XML document of the kind <catalog>"),
        ('{"error": "not found"}', ParseFault.NOT_A_FEED, "a JSON document in place of a feed"),
        ('Notice: {"html": "<p>"}', ParseFault.NOT_A_FEED, "plain text in place of a feed"),
        ("[1, 2]", ParseFault.NOT_A_FEED, "a JSON document in place of a feed"),
        ('{"items": [', ParseFault.MALFORMED, "broken JSON"),
        ("Service", ParseFault.NOT_A_FEED, "plain text in place of a feed, beginning “Service”"),
        (b"%PDF-1.7\n", ParseFault.NOT_A_FEED, "a PDF file"),
        (PAGE.format("", "Checking your browser before accessing"), ParseFault.NOT_A_FEED, "captcha"),
        (PAGE.format("", "<script>document.cookie='__jsl_clearance=1'</script>"), ParseFault.NOT_A_FEED, "captcha"),
        (PAGE.format("访问验证", ""), ParseFault.NOT_A_FEED, "captcha"),
        ('{"code": 403, "message": "доступ запрещён"}', ParseFault.NOT_A_FEED, "a JSON document in place of a feed"),
        (b"\x89PNG\r\n\x1a\n\0", ParseFault.NOT_A_FEED, "a picture"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", ParseFault.NOT_A_FEED, "a picture"),
        (b"\0\0\0\x20ftypisom", ParseFault.NOT_A_FEED, "a film"),
        (b"\x28\xb5\x2f\xfd\0", ParseFault.NOT_A_FEED, "a zstd file"),
        (b"PK\x03\x04rest", ParseFault.NOT_A_FEED, "a ZIP file"),
        ("<rss version='2.0'><channel><item><title>cut", ParseFault.MALFORMED, "nothing can be read of this feed"),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_named(document: str | bytes, fault: ParseFault, words: str) -> None:
    error = refused(document)

    assert error.fault is fault
    assert words in str(error)


# --- hostile ----------------------------------------------------------------------------------------------------


def bomb() -> str:
    layers = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return rss("<item><title>&l9;</title></item>", prolog=f'<!DOCTYPE x [<!ENTITY l0 "lol">{layers}]>')


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(bomb(), id="billion laughs"),
        pytest.param(
            rss(f"<item><title>{'&a;' * 50_000}</title></item>", prolog=f'<!DOCTYPE x [<!ENTITY a "{"a" * 50_000}">]>'),
            id="quadratic blow-up",
        ),
        pytest.param(
            rss("<item><title>&x;</title></item>", prolog='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]>'),
            id="external entity",
        ),
        pytest.param(
            rss("<item><title>t</title></item>", prolog='<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">'), id="DTD"
        ),
    ],
)
def test_entities_neither_grow_nor_reach_outside(document: str) -> None:
    began = perf_counter()

    parsed = read(document)

    assert sum(len(item.title) for item in parsed.items) < 2_000_000
    assert all(item.title for item in parsed.items)
    assert perf_counter() - began < 10


def test_plain_entities_of_the_document_are_resolved() -> None:
    document = rss("<item><title>&river; &copy2;</title></item>",
                   prolog="<!DOCTYPE x [<!ENTITY river 'Туманная'><!ENTITY copy2 \"&#169;\">]>")  # fmt: skip

    assert titles(read(document)) == ["Туманная ©"]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(rss("<a>" * 10_000 + "</a>" * 10_000), id="10,000 nested tags"),
        pytest.param(rss("<a>" * 100_000), id="never closed"),
        pytest.param(rss("<item " + " ".join(f'a{n}="x"' for n in range(50_000)) + "/>"), id="attributes"),
        pytest.param(
            rss("<item>" + "".join(f"<category>{n}</category>" for n in range(20_000)) + "</item>"), id="tags"
        ),
        pytest.param('{"items":' * 100_000, id="nested JSON"),
        pytest.param("<!DOCTYPE x [<!ENTITY " * 50_000, id="DOCTYPE without end"),
        pytest.param("<?xml " * 200_000, id="declarations"),
        pytest.param("<html><title>" * 100_000, id="titles"),
    ],
)
def test_excess_is_refused_quickly(document: str) -> None:
    began = perf_counter()

    assert refused(document).fault in {ParseFault.MALFORMED, ParseFault.NOT_A_FEED}
    assert perf_counter() - began < 10


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(f"<item><title>t</title><author>{'a' * 200_000}</author></item>", id="an endless author"),
        pytest.param(f"<item><title>t</title><author>{'a.' * 50_000}@{'a.' * 50_000}</author></item>", id="an address"),
        pytest.param(f"<item><title>t</title><pubDate>{'1-' * 200_000}</pubDate></item>", id="an endless date"),
        pytest.param(f"<item><title>t</title><description>{'<![CDATA[' * 100_000}</description></item>", id="CDATA"),
        pytest.param(f"<item><title>t</title><description>{'&lt;div&gt;' * 100_000}</description></item>", id="HTML"),
        pytest.param("".join(f"<q{n}:a/>" for n in range(20_000)) + "<item><title>t</title></item>", id="prefixes"),
    ],
)
def test_an_item_made_to_be_slow_is_read_all_the_same(item: str) -> None:
    began = perf_counter()

    assert titles(read(rss(item))) == ["t"]
    assert perf_counter() - began < 10
