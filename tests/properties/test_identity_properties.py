"""Identity holds for any text that a feed may send."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from monitor.core.identity import item_key, normalise_link

TEXT = st.text(max_size=60)
HOSTS = st.sampled_from(
    [
        "example.org",
        "www.google.com",
        "vk.com",
        "www.example.org",
        "www.www.example.org",
        "пример.рф",
        "10.0.0.1",
        "[::1]",
        "com",
    ]
)
PIECES = st.text(alphabet="abcЖ7-_.~%/?#&=+;:@ !'()*,[]", max_size=20)
LINKS = st.builds(
    "{}://{}{}/{}".format,
    st.sampled_from(["http", "https"]),
    HOSTS,
    st.sampled_from(["", ":80", ":443", ":8080"]),
    PIECES
    | st.builds(
        "{}{}".format, st.sampled_from(["url?q=", "url?url=http://www.google.com/url?q=", "away.php?to="]), PIECES
    ),
)
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))


@given(LINKS | TEXT)
@example("http://example.org/?%25")
def test_normalising_twice_is_normalising_once(link: str) -> None:
    once = normalise_link(link)

    assert normalise_link(once) == once


@given(LINKS, st.sampled_from(["utm_source=rss", "fbclid=1", "yclid=2", "utm_campaign="]))
def test_tracking_parameters_never_count(link: str, tracking: str) -> None:
    link = link.strip()
    page, _, fragment = link.partition("#")
    tracked = page + ("&" if "?" in page else "?") + tracking + ("#" + fragment if fragment else "")

    assert normalise_link(tracked) == normalise_link(link)


@given(TEXT, TEXT, TEXT, MOMENTS)
def test_a_key_is_never_empty_never_long_and_always_the_same(
    guid: str, link: str, title: str, published: datetime | None
) -> None:
    key = item_key(guid=guid, link=link, title=title, published=published)

    assert 0 < len(key) < 320
    assert key == item_key(guid=guid, link=link, title=title, published=published)
    assert key == item_key(guid=f" {guid}\n", link=f"\t{link} ", title=title, published=published)


@given(TEXT, TEXT, TEXT, MOMENTS, MOMENTS)
def test_with_a_guid_nothing_else_counts(
    guid: str, one: str, other: str, first: datetime | None, second: datetime | None
) -> None:
    guid = f"g{guid}"

    assert item_key(guid=guid, link=one, title=one, published=first) == item_key(
        guid=guid, link=other, title=other, published=second
    )
