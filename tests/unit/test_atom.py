"""Stories as an Atom feed: what other programs read there is what was told."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import samples

from monitor.adapters.deliver.atom import AtomChannel
from monitor.adapters.parse import FeedParser
from monitor.core.atom import AtomEntry, AtomFeed, entry_id, feed_id, feed_xml, merged, story_entry
from monitor.core.digestjson import digest_to_dict
from monitor.core.model import Delivery, Digest, FeedSpec, Fetched, Message, Severity, Target
from monitor.errors import DeliveryError, DeliveryFault

FEED = feed_id("out/hits.xml")
ATOM = "{http://www.w3.org/2005/Atom}"


MORNING = samples.digest()


def entries(digest: Digest = MORNING) -> tuple[AtomEntry, ...]:
    return tuple(story_entry(story, feed=FEED, at=digest.at) for story in digest_to_dict(digest)["stories"])


def document(*found: AtomEntry) -> str:
    return feed_xml(AtomFeed(FEED, "Morning & <more>", samples.AT, found, own_link="https://m.example/a?b=1&c=2"))


def test_feedparser_reads_all_of_it() -> None:
    feed = feedparser.parse(document(*entries()))
    assert not feed.bozo
    assert (feed.version, feed.feed.title, feed.feed.id) == ("atom10", "Morning & <more>", FEED)
    assert feed.feed.links[0] == {
        "rel": "self", "type": "application/atom+xml", "href": "https://m.example/a?b=1&c=2",
    }  # fmt: skip
    for entry, story in zip(feed.entries, samples.digest().stories, strict=True):
        assert entry.title == story.headline
        assert entry.link == story.link
        assert entry.title_detail.language == story.language
        assert entry.author == story.carriers[0].outlet
        assert [tag.term for tag in entry.tags] == [story.severity.value, *(reason.rule for reason in story.reasons)]
        assert entry.summary == "".join(run.text for run in story.snippet)
        for carrier in story.carriers:
            assert carrier.link in entry.content[0].value


def test_our_own_reader_reads_all_of_it() -> None:
    fetched = Fetched("f", samples.AT, status=200, body=document(*entries()).encode(), content_type="application/xml")
    items = FeedParser().parse(fetched, FeedSpec(id="f", url="https://m.example/hits.atom")).items
    assert [item.title for item in items] == [story.headline for story in samples.digest().stories]
    assert {item.published for item in items} == {samples.AT}


def test_every_element_that_the_standard_demands_is_there_once() -> None:
    """RFC 4287, 4.1.1 and 4.1.2, for entries that lack all that may be missing."""
    bare = AtomEntry(entry_id(FEED, "story", 1), "", samples.AT)
    root = ElementTree.fromstring(document(bare, *entries()))
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
    assert root.find(f"{ATOM}author/{ATOM}name") is not None, "the entry without an author has the feed's"
    for element in root.findall(f"{ATOM}entry"):
        assert len(element.findall(f"{ATOM}content")) == 1
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated") or "").tzinfo
        assert (element.findtext(f"{ATOM}id") or "").startswith("urn:uuid:")


def test_ids_last_and_differ_by_feed_and_story() -> None:
    assert entry_id(FEED, "story", 41) == entry_id(feed_id("out/hits.xml"), "story", 41)
    made = {entry_id(feed_id(name), what, n) for name in ("a", "b") for what in ("story", "hit") for n in (1, 2)}
    assert len(made) == 8


HOSTILE = st.text() | st.sampled_from(
    ["]]>", "<script>", '"><x y="', "&amp;", "\x00\x0b", "\ud800", "\ufffe", "]]&gt;"]
)


@given(title=HOSTILE, summary=HOSTILE, author=HOSTILE, rule=HOSTILE, link=HOSTILE, language=HOSTILE)
def test_whatever_sources_write_the_document_stays_whole(
    title: str, summary: str, author: str, rule: str, link: str, language: str
) -> None:
    entry = AtomEntry(
        FEED, title, samples.AT, link=link, author=author, language=language, rules=((rule, rule),), summary=summary
    )
    root = ElementTree.fromstring(document(entry).encode("utf-8"))
    (found,) = root.findall(f"{ATOM}entry")
    assert {child.tag.removeprefix(ATOM) for child in found} <= {
        "id", "title", "updated", "published", "author", "link", "category", "summary", "content",
    }  # fmt: skip


def test_what_sources_write_is_text_in_the_content_too() -> None:
    story = replace(
        samples.tumen(),
        snippet=samples.marked("<script>{alert(1)}</script>"),
        carriers=(replace(samples.tumen().carriers[0], title="<img src=x>", link="javascript:alert(1)"),),
    )
    (entry,) = entries(replace(samples.digest(), stories=(story,)))
    assert "<script" not in entry.content
    assert "<img" not in entry.content
    assert "javascript" not in entry.content


def test_a_story_told_again_stays_one_entry_and_keeps_its_first_time() -> None:
    later = tuple(replace(one, updated=samples.AT + timedelta(hours=1), title="newer") for one in entries()[1:2])
    found = merged(entries(), later, 200)
    assert len(found) == 3
    assert (found[0].title, found[0].published) == ("newer", samples.AT)
    assert merged(found, entries(), 200) == found, "a late telling takes no newer one's place"


@pytest.mark.parametrize(
    ("first", "second"), [("critical", "low"), ("low", "critical"), ("critical", ""), ("odd", "critical")]
)
@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_a_story_that_two_digests_told_has_the_rules_of_both_and_the_graver_severity(
    first: str, second: str, minutes: int
) -> None:
    base = entries()[0]
    night = replace(base, rules=(("a", "A"), ("b", "B")), severity=first, digests=(("night", "Night"),))
    desk = replace(
        base,
        rules=(("b", "B, renamed"), ("c", "C")),
        severity=second,
        digests=(("desk", "Desk"),),
        updated=base.updated + timedelta(minutes=minutes),
        content="<p>desk</p>",
    )
    (found,) = merged((night,), (desk,), 200)
    assert {rule for rule, _ in found.rules} == {"a", "b", "c"}
    assert dict(found.rules)["b"] == ("B, renamed" if minutes >= 0 else "B"), "the newer title"
    assert set(found.digests) == {("night", "Night"), ("desk", "Desk")}
    assert found.severity == "critical"
    assert (found.content, found.updated) == (
        (desk.content, desk.updated) if minutes >= 0 else (night.content, night.updated)
    )
    assert merged((found,), (desk,), 200) == (found,), "another attempt adds nothing"


def test_the_newest_entries_stay() -> None:
    base = entries()[0]
    many = [replace(base, id=entry_id(FEED, "story", n), updated=samples.AT + timedelta(minutes=n)) for n in range(250)]
    assert [entry.updated for entry in merged((), many, 200)] == [one.updated for one in reversed(many[50:])]


# --- the file -----------------------------------------------------------------------------------------------


def delivery(digest: Digest = MORNING) -> Delivery:
    return samples.delivery(Target("atom", "out/hits.xml"), Message("atom", {"digest": digest_to_dict(digest)}))


async def test_the_file_gathers_what_is_told_to_it(tmp_path: Path) -> None:
    channel, path = AtomChannel(tmp_path, keep=4), tmp_path / "out" / "hits.xml"
    later = replace(samples.tumen(), story_id=60, headline="Later")
    await channel.send(delivery(), samples.AT)
    once = path.read_bytes()
    await channel.send(delivery(), samples.AT + timedelta(minutes=5))
    assert path.read_bytes() == once, "another attempt changes nothing"
    for n in (1, 2):
        told = replace(later, story_id=60 + n)
        digest = replace(samples.digest(), at=samples.AT + timedelta(hours=n), stories=(told,))
        await channel.send(delivery(digest), samples.AT)
    feed = feedparser.parse(path.read_bytes())
    assert [entry.title for entry in feed.entries[:2]] == ["Later", "Later"]
    assert len(feed.entries) == 4
    assert feed.feed.updated == "2026-11-24T01:00:00Z"


async def test_a_file_of_two_digests_names_both(tmp_path: Path) -> None:
    night = replace(samples.digest(), spec="night", title="Night", stories=samples.digest().stories[:1])
    (story,) = night.stories
    mild = replace(story, severity=Severity.LOW, reasons=())
    desk = replace(night, spec="desk", title="Desk", at=night.at + timedelta(hours=1), stories=(mild,))
    for digest in (night, desk):
        await AtomChannel(tmp_path).send(delivery(digest), samples.AT)
    (entry,) = feedparser.parse((tmp_path / "out" / "hits.xml").read_bytes()).entries
    tags = {(tag.scheme or "").rpartition(":")[2]: set() for tag in entry.tags}
    for tag in entry.tags:
        tags[(tag.scheme or "").rpartition(":")[2]].add(tag.term)
    assert tags == {
        "severity": {story.severity.value},
        "digest": {"night", "desk"},
        "": {reason.rule for reason in story.reasons},
    }


async def test_everything_of_an_entry_survives_the_next_digest(tmp_path: Path) -> None:
    path = tmp_path / "out" / "hits.xml"
    await AtomChannel(tmp_path).send(delivery(), samples.AT)
    before = path.read_text("utf-8")
    await AtomChannel(tmp_path).send(delivery(samples.empty()), samples.AT)
    assert path.read_text("utf-8") == before


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (b"notes of mine", "no XML"),
        (b"<rss/>", "another feed"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "Atom without a time"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><feed xmlns="http://www.w3.org/2005/Atom">&b;</feed>', "entities"),
    ],
)
async def test_a_file_of_somebody_elses_is_left_alone(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "out" / "hits.xml"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(DeliveryError, match="move it away") as caught:
        await AtomChannel(tmp_path).send(delivery(), samples.AT)
    assert caught.value.fault is DeliveryFault.CONFIGURATION
    assert path.read_bytes() == content, reason
