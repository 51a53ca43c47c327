"""Two readings of an item are the same item, whatever the feed does to guid and link on the way."""

from datetime import UTC, datetime

import pytest

from monitor.core.identity import item_key, normalise_link

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("http://example.org/a", "https://example.org/a", "a site moved to https"),
        ("https://EXAMPLE.org/a", "https://example.org/a", "hosts have no case"),
        ("https://www.example.org/a", "https://example.org/a", "www."),
        ("https://example.org:443/a", "https://example.org/a", "default port"),
        ("http://example.org:80/a", "https://example.org/a", "default port of http"),
        ("https://example.org./a", "https://example.org/a", "dot at the end of the host"),
        ("https://example.org/a/", "https://example.org/a", "trailing slash"),
        ("https://example.org", "https://example.org/", "no path"),
        ("https://example.org/a#comments", "https://example.org/a", "fragment"),
        ("https://example.org/a?utm_source=rss&utm_medium=feed", "https://example.org/a", "campaign"),
        ("https://example.org/a?id=7&fbclid=x&yclid=y", "https://example.org/a?id=7", "click ids"),
        ("https://example.org/a?from=rss", "https://example.org/a", "Russian feeds mark their readers"),
        ("https://example.org/a?b=2&a=1", "https://example.org/a?a=1&b=2", "order of parameters"),
        ("https://user:pw@example.org/a", "https://example.org/a", "user"),
        ("https://пример.рф/a", "https://xn--e1afmkfd.xn--p1ai/a", "international name"),
        ("https://example.org/новость", "https://example.org/%d0%bd%d0%be%d0%b2%d0%be%d1%81%d1%82%d1%8c", "escapes"),
        ("https://example.org/a?ref=rss&partner=rss", "https://example.org/a", "other words for the same"),
        ("https://example.org/a?id=7&amp;utm_source=rss", "https://example.org/a?id=7", "escaped once too often"),
        ("https://example.org/a?_gl=1*x&yadclid=2&mtm_kwd=3", "https://example.org/a", "more click ids"),
        ("https://example.org/a?from=timeline&isappinstalled=0", "https://example.org/a", "shared in WeChat"),
        ("https://example.org/a?hmsr=x&hmpl=y", "https://example.org/a", "Baidu's statistics"),
        ("https://www.google.com/url?q=https%3A%2F%2Fexample.org%2Fa&sa=U", "https://example.org/a", "a counter"),
        ("  https://example.org/a\n", "https://example.org/a", "white space around"),
    ],
    ids=lambda value: value if " " in value else None,
)
def test_spellings_of_one_page_are_one(one: str, other: str, why: str) -> None:
    assert normalise_link(one) == normalise_link(other), why


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("https://example.org/a", "https://example.org/b", "path"),
        ("https://example.org/A", "https://example.org/a", "paths have case"),
        ("https://example.org/?p=1", "https://example.org/?p=2", "the parameter is the page"),
        ("https://example.org/?from=moscow", "https://example.org/", "from= is tracking only with rss"),
        ("https://example.org/?ref=7", "https://example.org/?ref=8", "ref= is tracking only with rss"),
        ("https://example.org/?source=tass", "https://example.org/", "source= is tracking only with rss"),
        ("https://example.org:8080/a", "https://example.org/a", "another port"),
        ("https://ru.example.org/a", "https://example.org/a", "another host"),
        ("https://example.org/#/news/1", "https://example.org/#/news/2", "a client-side route is the page"),
        ("https://example.org/%2Fa", "https://example.org//a", "an escaped slash is no slash"),
        ("https://www.com/a", "https://com/a", "www. that is the name itself"),
    ],
    ids=lambda value: value if " " in value else None,
)
def test_different_pages_stay_different(one: str, other: str, why: str) -> None:
    assert normalise_link(one) != normalise_link(other), why


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tag:example.org,2026:1",
        "urn:uuid:7",
        "12345",
        "http://[broken",
        "http://x\x0c\n/",
        "http://a b/",
        "mailto:a@b.c",
    ],
)
def test_what_is_no_web_address_is_left_as_it_is(text: str) -> None:
    assert normalise_link(f" {text} ") == text


def test_the_guid_is_the_identity_before_the_link_and_the_title() -> None:
    one = item_key(guid="7", link="https://example.org/a", title="Старый заголовок", published=AT)
    other = item_key(guid=" 7\n", link="https://example.org/b", title="Новый заголовок", published=None)

    assert one == other


def test_the_link_is_the_identity_where_there_is_no_guid() -> None:
    one = item_key(guid="", link="https://example.org/a?utm_source=x", title="Старый", published=AT)
    other = item_key(guid=" ", link="http://example.org/a", title="Новый", published=None)

    assert one == other
    assert one != item_key(guid="", link="https://example.org/b", title="Старый", published=AT)


def test_title_and_date_are_the_identity_where_there_is_nothing_else() -> None:
    def key(title: str, published: datetime | None) -> str:
        return item_key(guid="", link="", title=title, published=published)

    assert key("Две  новости ", AT) == key("две новости", AT)
    assert key("Две новости", AT) != key("Две новости", None)
    assert key("Две новости", AT) != key("Три новости", AT)


def test_a_link_is_never_taken_for_a_guid() -> None:
    address = "https://example.org/a"

    assert item_key(guid=address, link="", title="", published=None) != item_key(
        guid="", link=address, title="", published=None
    )


def test_a_key_stays_short_whatever_the_feed_sends() -> None:
    keys = {item_key(guid="g" * 100_000 + str(n), link="", title="", published=None) for n in range(2)}

    assert len(keys) == 2
    assert max(map(len, keys)) < 320


@pytest.mark.parametrize(
    "link", ["https://primer.example/", "http://www.primer.example", "https://primer.example/?utm_source=rss"]
)
def test_a_link_to_the_front_page_tells_no_articles_apart(link: str) -> None:
    one = item_key(guid="", link=link, title="Суд в Образцовске", published=None)
    assert one != item_key(guid="", link=link, title="Пожар на верфи", published=None)
    assert one == item_key(guid="", link="", title="Суд в Образцовске", published=None)
    assert item_key(guid="", link=link, title="", published=None).startswith("link:"), "better than nothing"
