"""A link that only counts readers is the link that stands in it; everything else stays as it is."""

from base64 import urlsafe_b64encode
from urllib.parse import quote

import pytest

from monitor.core.identity import normalise_link
from monitor.core.unwrap import unwrapped

PAGE = "https://vesti.example/news/101?id=7&x=%D1%8F"
WRAPPED = quote(PAGE, safe="")


def google_news(link: str, accelerated: str = "") -> str:
    """The number of an article as Google News made it until 2024."""
    tail = b"\xd2\x01" + bytes([len(accelerated)]) + accelerated.encode()
    size = len(link.encode())
    length = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
    return urlsafe_b64encode(b'\x08\x13"' + length + link.encode() + tail).decode().rstrip("=")


@pytest.mark.parametrize(
    "link",
    [
        f"https://news.google.com/rss/articles/{google_news(PAGE)}?oc=5",
        f"https://news.google.com/rss/articles/{google_news(PAGE, 'https://vesti.example/amp/101')}",
        f"https://news.google.com/__i/rss/rd/articles/{google_news(PAGE)}?oc=5",
        f"https://news.google.com/articles/{google_news(PAGE)}?hl=ru&gl=RU&ceid=RU:ru",
        f"https://news.google.com/read/{google_news(PAGE)}",
        f"http://news.google.com/news/url?sa=t&fd=R&ct2=us&usg=AFQ&url={WRAPPED}",
        f"https://www.google.com/url?rct=j&sa=t&url={WRAPPED}&ct=ga&cd=CAIyGj&usg=AOv",
        f"https://www.google.co.jp/url?q={WRAPPED}&sa=U",
        f"https://google.ru/url?url={WRAPPED}",
        f"https://l.facebook.com/l.php?u={WRAPPED}&h=AT0",
        f"https://lm.facebook.com/l.php?u={WRAPPED}",
        f"https://vk.com/away.php?to={WRAPPED}&cc_key=",
        f"https://m.vk.com/away.php?to={WRAPPED}",
        f"https://t.me/iv?url={WRAPPED}&rhash=1",
        f"https://dzen.ru/away?to={WRAPPED}",
        f"https://yandex.ru/clck/jsredir?from=yandex.ru;search&text=&url={WRAPPED}",
        f"https://yandex.ru/turbo?text={WRAPPED}",
        f"https://sba.yandex.net/redirect?url={WRAPPED}&client=x",
        f"http://clck.yandex.ru/redir/dv/*data=url%3D1*{WRAPPED}",
        f"https://www.baidu.com/link?url={WRAPPED}",
        f"http://gate.baidu.com/?src={WRAPPED}",
        f"https://weibo.cn/sinaurl?u={WRAPPED}",
        f"https://link.zhihu.com/?target={WRAPPED}",
        f"https://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&tid=6&url={WRAPPED}&c=1&mkt=en-us",
        f"https://www.youtube.com/redirect?event=x&q={WRAPPED}",
        f"https://duckduckgo.com/l/?uddg={WRAPPED}&rut=1",
        f"https://t.me/iv?url={quote(f'https://vk.com/away.php?to={WRAPPED}', safe='')}",
    ],
)
def test_the_target_in_a_link_is_what_it_leads_to(link: str) -> None:
    assert unwrapped(link) in {PAGE, PAGE.replace("%D1%8F", "я")}
    assert normalise_link(link) == normalise_link(PAGE)


def test_an_accelerated_page_is_its_original() -> None:
    assert unwrapped("https://www.google.com/amp/s/vesti.example/news/1?id=7") == "https://vesti.example/news/1?id=7"


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (PAGE, "no wrapping"),
        ("https://t.co/abc", "the target is not in it"),
        ("http://feedproxy.google.com/~r/vesti/~3/abc/", "the target is not in it"),
        ("https://www.baidu.com/link?url=k3Zx_hQ8yqf", "Baidu hides the target"),
        (
            "https://news.google.com/rss/articles/CBMiXkFVX3lxTFBfYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo?oc=5",
            "today's form",
        ),
        (f"https://news.google.com/rss/articles/{google_news(PAGE)[:40]}", "cut off"),
        (f"https://news.google.com/rss/articles/{google_news('javascript:alert(1)//aaaaaaaa')}", "not of the web"),
        (f"https://news.google.com/rss/articles/{google_news('https://a.example/ b' + ' ' * 9)}", "no address"),
        ("https://www.google.com/search?q=https://vesti.example/", "a search"),
        ("https://yandex.ru/search/?text=https://vesti.example/", "a search"),
        ("https://www.google.com/url?q=javascript:alert(1)", "not of the web"),
        ("https://www.google.com/url?q=//vesti.example/", "not whole"),
        ("https://www.google.com/url?q=https://localhost/", "no host of the web"),
        ("https://vk.com/wall-1_2?to=https://vesti.example/", "a page, not the counter"),
        ("https://google.evil.example/url?q=https://vesti.example/", "another host"),
        ("https://evil.example/l.php?u=https://vesti.example/", "another host"),
        ("https://share.example/?url=https://vesti.example/", "unknown hosts may mean anything by it"),
        ("https://www.google.com/url?q=https%3A%2F%2Fa.example%2F%00", "control characters"),
        ("http://[broken/url?q=https://vesti.example/", "no address at all"),
        ("https://www.google.com/url?q=https://vesti.example/" + "a" * 5_000, "longer than any real one"),
    ],
    ids=lambda value: value[:60],
)
def test_any_other_link_stays_as_it_is(link: str, why: str) -> None:
    assert unwrapped(link) == link, why


def test_links_wrapped_without_end_come_to_an_end() -> None:
    assert unwrapped("https://t.me/iv?url=" * 180 + "https://vesti.example/").startswith("https://t.me/iv?url=")
