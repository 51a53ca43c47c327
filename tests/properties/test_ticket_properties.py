"""Signed links: what was signed comes back whole, and nothing else does, whatever is sent."""

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.model import Target
from monitor.core.tickets import Action, Links, Ticket

LINKS = Links("https://news.example.org/m", b"sixteen characters and more")
OTHER = Links("https://news.example.org/m", b"another secret of some length")
ANY = st.text(st.characters(codec=None), max_size=60)  # lone surrogates, too
NEWS = st.sampled_from([Action.ACK, Action.SILENCE])


def ticket(address: str) -> str:
    return urlsplit(address).path.removeprefix("/m/do/")


@given(digest=ANY, channel=ANY, address=ANY)
def test_a_link_gives_back_what_was_put_in_in_whatever_script(digest: str, channel: str, address: str) -> None:
    link = LINKS.unsubscribe(digest, Target(channel, address))
    assert link.isascii()
    assert LINKS.read(ticket(link)) == Ticket(Action.UNSUBSCRIBE, (digest, channel, address))
    assert OTHER.read(ticket(link)) is None


@given(action=NEWS, story=st.integers(0, 2**63), place=st.integers(0), put=st.characters(codec=None))
def test_one_changed_character_makes_it_void(action: Action, story: int, place: int, put: str) -> None:
    whole = ticket(LINKS.story(action, story))
    place %= len(whole)
    changed = whole[:place] + put + whole[place + 1 :]
    assert LINKS.read(changed) == (Ticket(action, (str(story),)) if changed == whole else None)


@given(action=NEWS, story=st.integers(0, 2**63), put=st.text(st.characters(codec=None), min_size=1, max_size=8))
def test_nothing_may_be_put_in_before_within_or_behind(action: Action, story: int, put: str) -> None:
    whole = ticket(LINKS.story(action, story))
    for place in (0, whole.index("."), whole.rindex(".") + 1, len(whole)):
        assert LINKS.read(whole[:place] + put + whole[place:]) is None


@given(st.one_of(ANY, st.from_regex(r"(ack|silence|hits|noise)\.[\w-]{0,40}\.[\w-]{0,30}")))
def test_what_we_did_not_write_is_nothing_and_raises_nothing(text: str) -> None:
    assert LINKS.read(text) is None
    assert not LINKS.may_read(text, text)


@given(digest=st.one_of(st.just(""), ANY), other=ANY)
def test_the_key_of_a_feed_opens_that_feed_and_no_other(digest: str, other: str) -> None:
    key = LINKS._key(digest)
    assert LINKS.may_read(digest, key)
    assert LINKS.may_read(other, key) == (other == digest)
    assert not OTHER.may_read(digest, key)


def test_the_address_of_a_feed_names_its_digest_and_carries_its_key() -> None:
    found = parse_qs(urlsplit(LINKS.hits("morning")).query)
    assert found["digest"] == ["morning"]
    assert LINKS.may_read("morning", found["key"][0])
    assert not LINKS.may_read("", found["key"][0])


def test_the_key_of_a_feed_is_no_ticket_for_a_deed_nor_the_other_way_round() -> None:
    signature = ticket(LINKS.story(Action.ACK, 7)).rpartition(".")[2]
    assert not LINKS.may_read("7", signature)
    assert not LINKS.may_read("", signature)


def test_a_ticket_that_is_longer_than_any_of_ours_is_not_even_computed() -> None:
    assert LINKS.read("ack." + "A" * 10_000_000 + ".x") is None


def test_the_secret_does_not_show_where_links_are_printed() -> None:
    assert "sixteen" not in repr(LINKS)
