"""Feeds as a hostile or broken server would send them: real structure, damaged on purpose."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fuzz.seeds import HOSTILE_DATES, HOSTILE_LINKS, HOSTILE_TEXTS

_TOKEN = re.compile(r"<!\[CDATA\[.*?\]\]>|<!--.*?-->|<[^<>]*>|[^<]+|<", re.DOTALL)
_BLOCK = re.compile(r"<(item|entry)\b.*?</\1\s*>", re.DOTALL)
_NAMES = ("item", "entry", "title", "link", "guid", "id", "pubDate", "updated", "description", "content:encoded",
          "content", "summary", "author", "category", "media:group", "media:content", "dc:date", "image", "textinput",
          "source", "enclosure", "channel", "rss", "feed", "div", "svg", "script", "q:r", "a")  # fmt: skip
_ENCODINGS = ("utf-8", "windows-1251", "koi8-r", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr",
              "iso-8859-1", "utf-16", "utf-16-le", "utf-32", "utf-7", "cp866", "iso-2022-jp", "hz", "no-such",
              "idna", "ascii", "utf-8-sig", "cp037")  # fmt: skip
_HEADERS = ("", "text/xml", "application/json", "text/html; charset=", "text/xml; charset=\x00", 'a; charset="utf-8')
_FRAGMENTS = ("<![CDATA[", "]]>", "<!--", "-->", "<?", "?>", "<!DOCTYPE x [", "<!ENTITY a \"b\">", "]>", "&", "&a;",
              "&nbsp;", "&#0;", "&#xD800;", "&#x110000;", "&#99999999999;", "&amp;amp;", "<", ">", "\x00", "\x1b",
              "\ud800", "\ufffe", "\ufeff", "\u202e", "\u0301" * 40, "<rss>", "</rss>", "</channel>", "<item>",
              "</item>", "<entry>", "xmlns=''", "xml:base='http://[x/'", "{", "}", "[", '"', "\\ud800", "null",
              "1e999", "9" * 400, "-", "\r", "\u2028", "<svg>", "<html>", "<title type='xhtml'>")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One document with what the server says of it and what the feed's settings are."""

    body: bytes
    content_type: str = ""
    encoding: str | None = None
    timezone: str | None = None
    cut_short: bool = False


class Mutator:
    """Case number n of a seed is always the same, whatever was made before it."""

    def __init__(self, documents: Sequence[str], seed: int = 0, largest: int = 1_200) -> None:
        self._documents = documents
        self._seed = seed
        self._largest = largest

    def __call__(self, number: int) -> Case:
        """Case `number`."""
        chance = random.Random(f"{self._seed}:{number}")
        text = chance.choice(self._documents)
        if len(text) > self._largest:
            text = _few_blocks(text, chance, self._largest)
        for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
            text = chance.choice(_CHANGES)(text, chance, self._documents)
        if len(text) > 15 * self._largest:
            text = text[: 15 * self._largest]
        return enveloped(text, chance)


def enveloped(text: str, chance: random.Random) -> Case:
    """The text as bytes: truly or falsely declared, now and then with bytes turned, cut off or in the wrong place."""
    encoding = chance.choice(_ENCODINGS) if chance.random() < 0.3 else "utf-8"
    if chance.random() < 0.3:
        declared = chance.choice(_ENCODINGS)
        text = re.sub(r"""(<\?xml[^>]*encoding=["'])[^"']*""", rf"\g<1>{declared}", text, count=1)
    try:
        body = text.encode(encoding, "replace")
    except (LookupError, UnicodeError):
        body = text.encode("utf-8", "replace")
    if chance.random() < 0.3:
        body = _bytes_changed(body, chance)
    header = chance.choice(_HEADERS) if chance.random() < 0.3 else ""
    return Case(
        body=body,
        content_type=header + (chance.choice(_ENCODINGS) if header.endswith("=") else ""),
        encoding=chance.choice(_ENCODINGS) if chance.random() < 0.05 else None,
        timezone=chance.choice(("Asia/Shanghai", "Europe/Moscow", "No/Where")) if chance.random() < 0.2 else None,
        cut_short=chance.random() < 0.05,
    )


def _few_blocks(text: str, chance: random.Random, largest: int) -> str:
    """A large document with only some of its items."""
    blocks = list(_BLOCK.finditer(text))
    if not blocks:
        return text[:largest]
    head, tail = text[: blocks[0].start()][:largest], text[blocks[-1].end() :][:largest]
    kept = [block[0][:largest] for block in chance.sample(blocks, min(len(blocks), chance.randint(1, 3)))]
    return head + "".join(kept) + tail


def _bytes_changed(body: bytes, chance: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        place = chance.randint(0, len(changed))
        match chance.randint(0, 3):
            case 0:
                changed[place : place + 1] = bytes([chance.randint(0, 255)])
            case 1:
                del changed[place : place + chance.randint(1, 40)]
            case 2:
                changed[place:place] = chance.randbytes(chance.randint(1, 6))
            case _:
                changed[place:place] = changed[place : place + chance.randint(1, 200)]
    return bytes(changed)


Change = Callable[[str, random.Random, Sequence[str]], str]


def _cut(text: str, chance: random.Random, _: Sequence[str]) -> str:
    return text[: chance.randint(0, len(text))]


def _insert(text: str, chance: random.Random, _: Sequence[str]) -> str:
    place = chance.randint(0, len(text))
    return text[:place] + chance.choice(_FRAGMENTS) * chance.choice((1, 1, 1, 1, 1, 2, 30)) + text[place:]


def _drop(text: str, chance: random.Random, _: Sequence[str]) -> str:
    tokens = _TOKEN.findall(text)
    for _n in range(chance.randint(1, 4)):
        if tokens:
            del tokens[chance.randrange(len(tokens))]
    return "".join(tokens)


def _swap(text: str, chance: random.Random, _: Sequence[str]) -> str:
    tokens = _TOKEN.findall(text)
    if not tokens:
        return text
    one, other = chance.randrange(len(tokens)), chance.randrange(len(tokens))
    tokens[one], tokens[other] = tokens[other], tokens[one]
    return "".join(tokens)


def _repeat(text: str, chance: random.Random, _: Sequence[str]) -> str:
    tokens = _TOKEN.findall(text)
    start = chance.randint(0, len(tokens))
    end = start + chance.randint(1, 30)
    return "".join(tokens[:start] + tokens[start:end] * chance.choice((2, 2, 2, 2, 3, 3, 3, 50)) + tokens[end:])


def _splice(text: str, chance: random.Random, documents: Sequence[str]) -> str:
    other = _TOKEN.findall(chance.choice(documents)[:20_000])
    start = chance.randint(0, len(other))
    tokens = _TOKEN.findall(text)
    place = chance.randint(0, len(tokens))
    return "".join(tokens[:place] + other[start : start + chance.randint(1, 40)] + tokens[place:])


def _rename(text: str, chance: random.Random, _: Sequence[str]) -> str:
    old, new = chance.choice(_NAMES), chance.choice(_NAMES)
    pattern = rf"(</?){re.escape(old)}(?=[\s/>])"
    return re.sub(pattern, lambda match: match[1] + new, text, count=chance.choice((0, 1, 2)))


def _nest(text: str, chance: random.Random, _: Sequence[str]) -> str:
    name, depth = chance.choice(_NAMES), chance.choice((2, 2, 10, 10, 150, 1_000))
    place = chance.choice([match.end() for match in re.finditer(">", text)] or [0])
    closing = f"</{name}>" * chance.choice((depth, depth, 0))
    return text[:place] + f"<{name}>" * depth + closing + text[place:]


def _attributes(text: str, chance: random.Random, _: Sequence[str]) -> str:
    starts = [match.end() for match in re.finditer(r"<[A-Za-z:]+", text)] or [0]
    place, number = chance.choice(starts), chance.choice((1, 1, 1, 3, 3, 3, 100, 1_000))
    name = chance.choice(("a", "type", "xmlns:x", "href", "xml:base", "rel", "isPermaLink", "q:"))
    value = chance.choice(("", "x", "text/html", "xhtml", "base64", "false", "http://[", "&a;", "javascript:1"))
    same = chance.random() < 0.3
    added = "".join(f' {name}{"" if same or number == 1 else n}="{value}"' for n in range(number))
    return text[:place] + added + text[place:]


def _entities(text: str, chance: random.Random, _: Sequence[str]) -> str:
    layers, times = chance.choice((1, 3, 9)), chance.choice((1, 10))
    declared = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * times}">' for n in range(1, layers + 1))
    outside = chance.choice(('<!ENTITY l0 "ha">', '<!ENTITY l0 SYSTEM "file:///dev/zero">', '<!ENTITY % l0 "x"> %l0;'))
    place = text.find(">", text.find("<title")) + 1
    used = text[:place] + f"&l{layers};" * chance.choice((1, 50)) + text[place:]
    end = used.find("?>") + 2 if used.startswith("<?xml") else 0
    return used[:end] + f"<!DOCTYPE x [{outside}{declared}]>" + used[end:]


def _content(text: str, chance: random.Random, _: Sequence[str]) -> str:
    """Replaces what an element holds by a text, a date or a link that has broken readers before."""
    spots = list(re.finditer(r">([^<>]+)<|<!\[CDATA\[(.*?)\]\]>|\"([^\"<>]+)\"", text))
    for spot in chance.sample(spots, min(len(spots), chance.randint(1, 4))):
        pool = chance.choice((HOSTILE_TEXTS, HOSTILE_TEXTS, HOSTILE_DATES, HOSTILE_LINKS))
        old = spot[1] or spot[2] or spot[3]
        if old:
            text = text.replace(old, chance.choice(pool), 1)
    return text


_CHANGES: tuple[Change, ...] = (_cut, _insert, _insert, _drop, _swap, _repeat, _splice, _rename, _nest, _attributes,
                                _entities, _content, _content, _content)  # fmt: skip
