"""Lists of feeds from and for other readers."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.config import load_feeds, read_opml, write_entries, write_opml
from monitor.core.model import FeedSpec
from monitor.errors import MonitorError

OPML = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>mine</title></head><body>
  <outline text="Порты">
    <outline type="rss" text="Пример" xmlUrl="https://primer.example/rss" language="ru" category="/energy,ports"/>
    <outline text="Deeper"><outline text="Coast Daily" title="Coast: daily" xmlUrl="http://coast.example/rss"/></outline>
  </outline>
  <outline text="no feed, only a link" htmlUrl="https://x.example/"/>
  <outline text="Gopher" xmlUrl="gopher://old.example/"/>
  <outline text="Пример again" xmlUrl="https://primer.example/rss"/>
  <outline xmlUrl="https://www.untitled.example:8080/feed.xml" language="cn"/>
  <outline text="Secret" xmlUrl="https://me:hunter2@locked.example/rss"/>
</body></opml>
"""


def test_folders_titles_languages_and_categories_are_taken_over() -> None:
    feeds, left_out = read_opml(OPML.encode())
    assert feeds == [
        FeedSpec(
            id="primer-example", url="https://primer.example/rss", name="Пример", language="ru", kind="Порты",
            tags=("energy", "ports"),
        ),
        FeedSpec(id="coast-daily", url="http://coast.example/rss", name="Coast: daily", kind="Deeper"),
        FeedSpec(id="untitled-example", url="https://www.untitled.example:8080/feed.xml"),
    ]  # fmt: skip
    assert [entry.partition(":")[0] for entry in left_out] == ["Gopher", "Пример again", "Secret"]
    assert "hunter2" not in "".join(left_out)


def test_ids_stay_clear_of_those_in_use() -> None:
    feeds, _ = read_opml(OPML.encode(), taken={"coast-daily", "coast-daily-2"})
    assert "coast-daily-3" in [feed.id for feed in feeds]


def test_a_list_in_another_encoding_is_read_as_it_declares(tmp_path: Path) -> None:
    document = OPML.replace("UTF-8", "windows-1251").encode("windows-1251")
    assert read_opml(document)[0][0].name == "Пример"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "empty"),
        (b"<html><body>no</body></html>", "another kind of document"),
        (b"<opml><head/></opml>", "no body"),
        (b"<opml><body><outline xmlUrl='x'</body></opml>", "broken XML"),
        (b'<!DOCTYPE o [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><opml><body>&b;</body></opml>', "entities"),
        (b'<!DOCTYPE o SYSTEM "file:///etc/passwd"><opml><body/></opml>', "an outside document type"),
    ],
)
def test_what_is_no_list_is_refused(document: bytes, why: str) -> None:
    with pytest.raises(MonitorError, match="not an OPML file"):
        read_opml(document)


def test_a_very_deep_list_is_read_without_recursion() -> None:
    depth = 3000
    inner = '<outline text="x" xmlUrl="https://x.example/rss"/>'
    document = "<opml><body>" + "<outline text='d'>" * depth + inner + "</outline>" * depth + "</body></opml>"
    feeds, _ = read_opml(document.encode())
    assert [feed.url for feed in feeds] == ["https://x.example/rss"]


text = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20).map(
    str.strip
)


@given(
    st.lists(
        st.tuples(text, text, st.lists(text.filter(lambda t: t and "," not in t and "/" not in t), max_size=2)),
        max_size=4,
    )
)
def test_a_list_written_is_the_list_read(entries: list[tuple[str, str, list[str]]]) -> None:
    feeds = [
        FeedSpec(id=f"f{n}", url=f"https://x.example/{n}", name=name, kind=kind, tags=tuple(dict.fromkeys(tags)))
        for n, (name, kind, tags) in enumerate(entries)
    ]
    again, left_out = read_opml(write_opml(feeds).encode())
    assert left_out == []
    shape = {(feed.url, feed.label if feed.name else "", feed.kind, feed.tags) for feed in feeds}
    assert {
        (f.url, "" if f.name.startswith("f") and f.name[1:].isdigit() else f.name, f.kind, f.tags) for f in again
    } == shape


def test_entries_written_for_feeds_yaml_are_read_back_alike(tmp_path: Path) -> None:
    feeds = [
        FeedSpec(id="no", url="https://x.example/1", name="no", language="no", kind="on", tags=("yes", "12:30", "1e3")),
        FeedSpec(
            id="a", url="https://x.example/2", name="# not: a comment", kind="2024-01-01", tags=("~", "0x1F", "null")
        ),
    ]
    file = tmp_path / "feeds.yaml"
    file.write_text(write_entries(feeds), encoding="utf-8")
    assert load_feeds(file).feeds == tuple(feeds)
