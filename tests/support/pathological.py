"""Documents made to hang, bloat or crash whoever reads them, and a process with a ceiling to read them in."""

import json
import resource
from collections.abc import Callable
from datetime import UTC, datetime
from time import process_time

from monitor.adapters.parse import FeedParser
from monitor.core.model import FeedSpec, Fetched
from monitor.errors import ParseError

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
URL = "https://v.example/feed"
CEILING = 1 << 30  # bytes of address space
KB, MB = 1_000, 1_000_000
_OPEN = '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>t</title>'
_CLOSE = "</channel></rss>"
_GOOD = "<item><guid>good</guid><title>Суда</title></item>"
_ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>t</title>{}</entry></feed>'


def rss(*items: str, prolog: str = "") -> str:
    """RSS with these items."""
    return f"{prolog}{_OPEN}{''.join(items)}{_CLOSE}"


def item(markup: str) -> str:
    """One item with a text of unescaped markup."""
    return rss(f"<item><guid>1</guid><title>t</title><description><![CDATA[{markup}]]></description></item>")


def with_fields(fields: str) -> str:
    """One item with these elements."""
    return rss(f"<item><title>t</title>{fields}</item>")


def many(number: int, pattern: str) -> str:
    """The pattern, its {n} replaced by 0, 1, 2 …"""
    return "".join(pattern.replace("{n}", str(n)) for n in range(number))


def _laughs() -> str:
    layers = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return rss("<item><title>&l9;</title></item>", prolog=f'<!DOCTYPE x [<!ENTITY l0 "lol">{layers}]>')


# name → (how many items it gives; None: it is refused, the document). Built when asked for: together they are large.
CASES: dict[str, tuple[int | None, Callable[[], str | bytes]]] = {
    "10,000 nested tags in XML": (None, lambda: with_fields("<a>" * 10_000 + "</a>" * 10_000)),
    "10,000 nested tags in HTML": (1, lambda: item("<div>" * 10_000 + "x" + "</div>" * 10_000)),
    "10,000 nested tags in XHTML": (
        None,
        lambda: _ATOM.format(f'<content type="xhtml">{"<div>" * 10_000}{"</div>" * 10_000}</content>'),
    ),
    "tags never closed": (None, lambda: rss("<a>" * 100_000)),
    "items never closed": (None, lambda: rss("<item><title>a" * 50_000)),
    "billion laughs": (1, _laughs),
    "quadratic blow-up": (
        1,
        lambda: rss(
            f"<item><title>{'&a;' * 50_000}</title></item>", prolog=f'<!DOCTYPE x [<!ENTITY a "{"a" * 50_000}">]>'
        ),
    ),
    "a short entity a million times": (
        1,
        lambda: rss(f"<item><title>{'&a;' * MB}</title></item>", prolog=f'<!DOCTYPE x [<!ENTITY a "{"a" * 99}">]>'),
    ),
    "external entity": (
        1,
        lambda: rss("<item><title>t&x;</title></item>", prolog='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///dev/zero">]>'),
    ),
    "parameter entities": (
        1,
        lambda: rss(
            _GOOD, prolog='<!DOCTYPE x [<!ENTITY % a SYSTEM "http://127.0.0.1:1/x"> %a; <!ENTITY % b "%a;%a;">]>'
        ),
    ),
    "200,000 declarations of entities": (
        1,
        lambda: rss(_GOOD, prolog="<!DOCTYPE x [" + '<!ENTITY a "b">' * 200_000 + "]>"),
    ),
    "100,000 attributes": (None, lambda: rss("<item " + many(100_000, ' a{n}="x"') + "/>")),
    "100,000 times one attribute": (None, lambda: rss("<item " + ' a="x"' * 100_000 + "/>")),
    "100,000 attributes in HTML": (1, lambda: item("<a " + many(100_000, ' a{n}="x"') + ">x</a>")),
    "100,000 namespaces": (1, lambda: rss(_GOOD).replace("<rss ", "<rss " + many(100_000, ' xmlns:n{n}="u"'))),
    "20,000 undeclared prefixes": (1, lambda: rss(many(20_000, "<n{n}:a/>"), _GOOD)),
    "100,000 tiny items": (100_000, lambda: rss(many(100_000, "<item><guid>{n}</guid><title>a</title></item>"))),
    "20,000 copies of an item": (1, lambda: rss("<item><title>a</title></item>" * 20_000)),
    "20,000 items with one guid": (
        20_000,
        lambda: rss(many(20_000, "<item><guid>1</guid><title>a{n}</title><link>https://v.example/</link></item>")),
    ),
    "5,000 dates that are none": (
        5_000,
        lambda: rss(many(5_000, "<item><guid>{n}</guid><title>a</title><pubDate>Вт, {n} мая 20 года</pubDate></item>")),
    ),
    "20,000 items for the loose reader": (
        20_000,
        lambda: rss(many(20_000, "<item><guid>{n}</guid><title>a & b</title></item>")),
    ),
    "100,000 categories": (None, lambda: with_fields(many(100_000, "<category>{n}</category>"))),
    "100,000 texts": (1, lambda: with_fields(many(100_000, "<content:encoded>a{n}</content:encoded>"))),
    "100,000 links": (1, lambda: _ATOM.format(many(100_000, '<link rel="enclosure" href="/{n}"/>'))),
    "100,000 authors": (1, lambda: _ATOM.format(many(100_000, "<author><name>n{n}</name></author>"))),
    "a text of 15 MB": (1, lambda: item("слово " * (15 * MB // 11))),
    "a text of one Han character": (1, lambda: item("中" * (5 * MB))),
    "a title of 1 MB": (1, lambda: with_fields("<title>" + "я" * (MB // 2) + "</title>")),
    "a title of tags that don't end": (1, lambda: rss(f"<item><title><![CDATA[{'<b ' * (MB // 3)}]]></title></item>")),
    "a link of 1 MB": (1, lambda: with_fields(f"<link>https://v.example/{'a' * MB}</link>")),
    "a guid of 1 MB": (1, lambda: with_fields(f"<guid>{'a/' * (MB // 2)}</guid>")),
    "a date of 1 MB": (1, lambda: with_fields(f"<pubDate>{'1-' * (MB // 2)}</pubDate>")),
    "a date with a pile of marks": (1, lambda: with_fields("<pubDate>1" + "\u0301\u0323" * 200_000 + "</pubDate>")),
    "an author of 1 MB": (1, lambda: with_fields(f"<author>{'a@b.c ' * (MB // 6)}</author>")),
    "a pile of a million marks": (1, lambda: item("e" + "\u0301\u0323" * (MB // 2))),
    "CDATA of less-thans": (1, lambda: item("<" * (5 * MB))),
    "CDATA of tags that don't end": (1, lambda: item("<a" * (2 * MB))),
    "CDATA of quotes that don't pair": (1, lambda: item("<a b='\"x\"' c=\"'" * (MB // 8))),
    "scripts that don't end": (1, lambda: item("<style><script>" * (MB // 8))),
    "comments that don't end": (1, lambda: item("<!--a" * (MB // 4))),
    "ampersands escaped for ever": (1, lambda: item("&amp;" * (MB // 4))),
    "bare ampersands": (2, lambda: rss(_GOOD, f"<item><guid>2</guid><title>{'a & b < c ' * (MB // 5)}</title></item>")),
    "a comment that doesn't end": (1, lambda: rss(_GOOD) + "<!--" + "-" * (2 * MB)),
    "CDATA that doesn't end": (1, lambda: _OPEN + _GOOD + "<item><title><![CDATA[" + "x" * (5 * MB)),
    "an instruction that doesn't end": (1, lambda: rss(_GOOD + "<?x " + "y" * (2 * MB))),
    "a million instructions": (1, lambda: rss(_GOOD + "<?x ?>" * (MB // 2))),
    "a DOCTYPE that doesn't end": (None, lambda: "<!DOCTYPE " + "[" * MB + rss(_GOOD)),
    "a million comments before the root": (None, lambda: "<!-- -->" * (MB // 4) + rss(_GOOD)),
    "50,000 roots": (None, lambda: "<rss " * 50_000),
    "NUL bytes behind": (1, lambda: rss(_GOOD) + "\0" * (5 * MB)),
    "NUL bytes within": (1, lambda: rss("<item><title>a" + "\0" * MB + "b</title></item>")),
    "NUL bytes before": (None, lambda: "\0" * MB + rss(_GOOD)),
    "white space behind": (1, lambda: rss(_GOOD) + " \n" * (2 * MB)),
    "bytes of no encoding": (None, lambda: b"<rss>" + bytes(range(128, 256)) * (MB // 128)),
    "UTF-8 cut short everywhere": (None, lambda: b"<rss>" + b"\xd0" * MB),
    "headers without end": (None, lambda: "HTTP/1.1 200 OK\n" + "a: b\n" * (MB // 5)),
    "HTML without end": (None, lambda: "<html><title>" + "<p>x" * (MB // 4)),
    "nested JSON": (None, lambda: '{"items":' * 100_000),
    "an item with nested JSON": (1, lambda: '{"items": [{"id": "1", "title": "t"}, ' + "[" * 100_000),
    "JSON with a huge number": (None, lambda: '{"items": [{"id": ' + "9" * MB + ', "title": "t"}]}'),
    "JSON with infinite numbers": (2, lambda: '{"items": [{"id": "1", "title": "t", "x": 1e999999}, {"id": -1E400}]}'),
    "20,000 items in JSON": (
        20_000,
        lambda: json.dumps({"items": [{"id": n, "title": "t"} for n in range(20_000)]}),
    ),
    "JSON that doesn't close": (1, lambda: '{"items": [' + '{"id": "1", "title": "t"}, ' * 10_000),
}


def confine() -> None:
    """Gives this process a ceiling; for the start of a process."""
    resource.setrlimit(resource.RLIMIT_AS, (CEILING, CEILING))


def measured(name: str) -> tuple[int | None, float, float]:
    """(items, None for a ParseError; seconds of processor time; megabytes of the document)."""
    made = CASES[name][1]()
    body = made if isinstance(made, bytes) else made.encode("utf-8", "replace")
    began = process_time()
    try:
        items = len(FeedParser().parse(Fetched("f", AT, URL, 200, body), FeedSpec("f", URL)).items)
    except ParseError:
        return None, process_time() - began, len(body) / MB
    return items, process_time() - began, len(body) / MB
