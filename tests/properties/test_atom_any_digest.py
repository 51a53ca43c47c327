"""Any digest becomes an Atom feed that feedparser finds sound, with an entry for each of its stories."""

import feedparser
from hypothesis import given
from support.any_digest import DIGEST, any_digest

from monitor.core.atom import AtomFeed, feed_id, feed_xml, merged, story_entry
from monitor.core.digestjson import digest_to_dict
from monitor.core.model import Digest

FEED = feed_id("any")


@any_digest
@given(DIGEST)
def test_every_story_is_one_sound_entry(digest: Digest) -> None:
    stories = digest_to_dict(digest)["stories"]
    told = [story_entry(story, feed=FEED, at=digest.at) for story in stories]
    entries = merged((), told, 200)
    feed = feedparser.parse(feed_xml(AtomFeed(FEED, digest.title, digest.at, entries)).encode())
    assert not feed.bozo, feed.bozo_exception
    assert feed.version == "atom10"
    assert {entry.id for entry in feed.entries} == {entry.id for entry in told}
    assert len(feed.entries) == len({story["id"] for story in stories})
    for entry in feed.entries:
        assert "<script" not in entry.content[0].value
        assert all(link.href.lower().startswith(("http://", "https://")) for link in entry.get("links", ()))
