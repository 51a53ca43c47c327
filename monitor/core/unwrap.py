"""Links that lead through a counter or a warning page to another address that stands in them: what that address is.

Only where the target is in the link itself. What hides it (t.co, feedproxy, Baidu's own links, today's form of Google
News) stays as it is: to find out, one would have to ask the server.
"""

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

_LONGEST = 4_096  # of a link that is looked into
_DEEPEST = 20  # links within links

# Host without www. and m. → start of the path, and the parameters that may hold the target, the likelier first.
_COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "news.google.com": ("/news/url", ("url",)),
    "translate.google.com": ("/translate", ("u",)),
    "l.facebook.com": ("/l.php", ("u",)),
    "lm.facebook.com": ("/l.php", ("u",)),
    "facebook.com": ("/l.php", ("u",)),
    "l.instagram.com": ("/", ("u",)),
    "youtube.com": ("/redirect", ("q",)),
    "duckduckgo.com": ("/l/", ("uddg",)),
    "bing.com": ("/news/apiclick.aspx", ("url",)),
    "vk.com": ("/away.php", ("to",)),
    "ok.ru": ("/dk", ("st.link",)),
    "t.me": ("/iv", ("url",)),
    "dzen.ru": ("/away", ("to",)),
    "zen.yandex.ru": ("/away", ("to",)),
    "sba.yandex.net": ("/redirect", ("url",)),
    "baidu.com": ("/", ("url", "src")),
    "gate.baidu.com": ("/", ("src", "url")),
    "weibo.cn": ("/sinaurl", ("u", "toasturl")),
    "weibo.com": ("/sinaurl", ("u",)),
    "link.zhihu.com": ("/", ("target",)),
    "link.csdn.net": ("/", ("target",)),
    "link.juejin.cn": ("/", ("target",)),
    "links.jianshu.com": ("/go", ("to",)),
    "douban.com": ("/link2", ("url",)),
    "c.pc.qq.com": ("/", ("pfurl", "url")),
}
_GOOGLE = re.compile(r"google\.(?:[a-z]{2,3}|com?\.[a-z]{2})")
_GOOGLE_AMP = re.compile(r"/amp/s/([^/]+\.[^/]+/.*)")
_GOOGLE_NEWS = re.compile(r"(?:/rss|/__i/rss/rd)?/(?:articles|read)/([\w-]{20,2000}={0,2})")
_YANDEX_COUNTER = re.compile(r"/redir/[^*]*\*(?:data=[^*]*\*)?(https?(?:://|%3a%2f%2f).+)", re.IGNORECASE)
_PLAIN_SITE = re.compile(r"https?://([a-z0-9-]{1,60}(?:\.[a-z0-9-]{1,60}){1,5})[/?#]")
_NEWS_HEAD = b'\x08\x13"'  # field 1: 19, field 4: text; protocol buffers
_NEWS_LINK = re.compile(rb"https?://[\x21-\x7e\x80-\xff]+")


def unwrapped(url: str) -> str:
    """The address that a link leads to in the end, where it stands in the link; any other link as it is.

    `url` must be whole. The target is given as written, percent-escapes of the wrapping resolved; it is always a web
    address. Wrappings may be within one another.
    """
    for _ in range(_DEEPEST):
        inner = _target(url) if len(url) <= _LONGEST else ""
        if not inner:
            break
        url = inner
    return url


def _target(url: str) -> str:
    """The address within; "" where there is none."""
    if (site := _PLAIN_SITE.match(url)) and not _may_count(site[1]):
        return ""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").removeprefix("www.").removeprefix("m.")
    except ValueError:
        return ""
    find = _FINDERS.get(host) or (_google if _GOOGLE.fullmatch(host) else None)
    found = find(parts) if find else ""
    if not found and host in _COUNTERS:
        start, names = _COUNTERS[host]
        found = _parameter(parts, names) if f"{parts.path}/".startswith(start) else ""
    return found if _is_web(found) else ""


def _google(parts: SplitResult) -> str:
    if amp := _GOOGLE_AMP.fullmatch(parts.path):
        return f"https://{amp[1]}" + (f"?{parts.query}" if parts.query else "")
    return _parameter(parts, ("url", "q")) if parts.path == "/url" else ""


def _google_news(parts: SplitResult) -> str:
    """The form used until 2024: base64 of a protocol buffer with the address in clear."""
    match = _GOOGLE_NEWS.fullmatch(parts.path)
    if match is None:
        return ""
    try:
        raw = urlsafe_b64decode(match[1].rstrip("=") + "=" * (-len(match[1].rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return ""
    if not raw.startswith(_NEWS_HEAD) or len(raw) < 6:
        return ""
    size, start = raw[3], 4  # a length below 128 takes one byte, a longer one two
    if size >= 0x80:
        size, start = (size & 0x7F) | raw[4] << 7, 5
    link = raw[start : start + size]
    return link.decode("utf-8", "replace") if len(link) == size and _NEWS_LINK.fullmatch(link) else ""


def _yandex_counter(parts: SplitResult) -> str:
    match = _YANDEX_COUNTER.fullmatch(parts.path + (f"?{parts.query}" if parts.query else ""))
    if match is None:
        return ""
    return match[1] if "://" in match[1][:10] else unquote(match[1])


def _yandex(parts: SplitResult) -> str:
    if parts.path.startswith("/turbo"):
        return _parameter(parts, ("text",))
    return _parameter(parts, ("url",)) if parts.path.startswith("/clck/") else ""


_FINDERS: dict[str, Callable[[SplitResult], str]] = {
    "news.google.com": _google_news,
    "clck.yandex.ru": _yandex_counter,
    "yandex.ru": _yandex,
    "yandex.com": _yandex,
}


@lru_cache(maxsize=4096)
def _may_count(host: str) -> bool:
    host = host.removeprefix("www.").removeprefix("m.")
    return host in _FINDERS or host in _COUNTERS or _GOOGLE.fullmatch(host) is not None


def _parameter(parts: SplitResult, names: tuple[str, ...]) -> str:
    try:
        found = parse_qs(parts.query, max_num_fields=100)
    except ValueError:
        return ""
    return next((value for name in names for value in found.get(name, ())[:1] if _is_web(value)), "")


def _is_web(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and text.isprintable()
    except ValueError:
        return False
