"""What fuzzing starts from: the bundled sample feeds, a few documents of every format, and texts with a history."""

import json
from pathlib import Path

from support.corpus import FOLDER

SAMPLES = Path(__file__).resolve().parents[2] / "monitor" / "demo" / "samples"

FORMATS = (
    '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Вести'
    "</title><link>https://v.example/</link><language>ru</language><ttl>15</ttl><item><guid>1</guid>"
    "<title>Суда &amp;amp; порты</title><link>/1?a=1&amp;b=2</link><pubDate>Сб, 21 ноября 2026 10:00</pubDate>"
    "<dc:creator>И. П.</dc:creator><media:content url='https://v.example/1.jpg'><media:title>Фото</media:title>"
    "</media:content><description>&lt;p&gt;Текст&lt;/p&gt;</description><content:encoded><![CDATA[<b>Газ</b>пром]]>"
    "</content:encoded></item><item><title>Второе</title><category>Китай</category><author>a@b.example (И.)</author>"
    "<enclosure url='https://v.example/1.mp3' length='1' type='audio/mpeg'/></item></channel></rss>",
    '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://v.example/x/" xml:lang="zh"><title>新</title><entry>'
    '<id>tag:1</id><title type="html">图们江&lt;b&gt;通航</title><link href="a"/><updated>2026年11月2日 14:05</updated>'
    '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>文</p></div></content><summary>摘要</summary>'
    '<source><title>S</title></source></entry><entry><content type="text/html">x</content></entry></feed>',
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://o.example/"><title>Old</title></channel>'
    '<item rdf:about="https://o.example/1"><title>Bridge</title><dc:date>2026-11-21T09:00:00+03:00</dc:date></item>'
    "</rdf:RDF>",
    '<rss version="0.91"><channel><item><title>두만강</title><link>https://news.google.com/rss/articles/'
    "CBMiGmh0dHBzOi8vdmVzdGkuZXhhbXBsZS9uZXdz0gEA?oc=5</link></item></channel></rss>",
    json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "J",
            "items": [
                {"id": 1, "url": "/1", "title": "x", "content_html": "<p>a</p>", "date_published": "2026-11-21"},
                {"id": "2", "content_text": "т", "authors": [{"name": "A"}], "tags": ["t"]},
            ],
        }
    ),
    "<html><head><title>Just a moment...</title></head><body>captcha</body></html>",
)

HOSTILE_TEXTS = (
    "", " ", "\x00", "\ud800", "\u202eabc\u202c", "e" + "\u0301" * 300, "\u200b" * 50, "中" * 2_100, "шпион " * 60,
    "<p>" * 300, "&lt;div&gt;" * 200, "<![CDATA[<b>x</b>", "]]>", "&amp;amp;amp;lt;", "&nbsp;&nbsp", "Ð¨Ð¿Ð¸Ð¾Ð½Ð°Ð¶",
    "<script>alert(1)</script>текст", "<a href='javascript:1'>x</a>", "<img src=x onerror=1>", "ﷺ" * 40, "İi̇ßﬁ",
    "<!-- -->", "a" * 2_100, "((((" * 200, "Газпром-" * 200, "\u2028\u2029\x85", "</title></item></channel></rss>",
    "１２３第二百七十六條", "한" * 500, "ᄀ" * 300, "ﾊﾟ" * 300, "\uffff", "\U0010ffff", "=?utf-8?B?0Y8=?=", "%00%ff%",
)  # fmt: skip
HOSTILE_DATES = (
    "Sun, 22 Nov 2026 24:00:00 GMT", "сегодня, 14:05", "вчера в 23:59", "2026年11月22日 14:05", "11月31日",
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-11-22T25:61:61Z", "1e10", "99999999999999999999",
    "+262026-01-01", "-1", "29 февраля 2027", "2026-W47-7", "22 Nov 26 10:00 CST", "22.11.26", "오늘 14:05",
    "1795341600", "1795341600000", "22 Nov 2026 10:00:00 +9999", "²²/¹¹/²⁰²⁶", "٢٢/١١/٢٠٢٦", "5 минут назад", "1-" * 99,
)  # fmt: skip
HOSTILE_LINKS = (
    "http://[", "http://[::1]:99999/", "//", "javascript:alert(1)", "http://a:b@c:d/", "http://\u2100.example/",
    "https://news.google.com/rss/articles/CBMi", "https://www.google.com/url?q=https://www.google.com/url?q=x",
    "https://vk.com/away.php?to=%68%74%74%70://v.example", "http://%00/", "http://x/" + "%" * 300, "HTTP://X/\n/../",
    "data:text/html,x", "http://xn--/", "http://" + "a." * 200 + "b/", "http://пример.рф/" + "я" * 300, "mailto:a@b",
    "https://www.google.com/url?url=//v.example&q=javascript:1", "https://t.me/iv?url=" + "https://t.me/iv?url=" * 50,
)  # fmt: skip


def documents(*, corpus: bool = True) -> list[str]:
    """Texts of feeds to damage, always in the same order; the corpus where it lies beside the repository."""
    own = [path.read_bytes().decode("utf-8", "replace") for path in sorted(SAMPLES.iterdir()) if path.is_file()]
    found = [*FORMATS, *own]
    if corpus and FOLDER.is_dir():
        paths = (path for path in sorted(FOLDER.rglob("*")) if path.is_file() and path.suffix != ".tsv")
        found += [path.read_bytes()[:60_000].decode("utf-8", "replace") for path in paths]
    return found
