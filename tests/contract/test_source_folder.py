"""A folder as a source: every file read once, none missed, nothing outside of it ever opened."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.memory import Memory

from monitor.adapters.folder import FolderFetcher
from monitor.adapters.parse import FeedParser
from monitor.app.ports import Fetcher
from monitor.core.model import FailureKind, FeedSpec, FeedState, Fetched, Parsed, SourceKind
from monitor.errors import ParseError

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
RSS = '<rss version="2.0"><channel><item><title>{0}</title><link>https://p.example/{0}</link></item></channel></rss>'


@pytest.fixture
def feed(tmp_path: Path) -> FeedSpec:
    inbox = tmp_path / "входящие"
    inbox.mkdir()
    return FeedSpec("inbox", inbox.as_uri(), language="ru", source=SourceKind.FOLDER)


def put(tmp_path: Path, name: str, text: str | bytes, at: float = 1_700_000_000) -> Path:
    path = tmp_path / "входящие" / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, (at, at))
    return path


class Reader:
    """Polls the folder like the daemon: what was read is remembered when it could be parsed."""

    def __init__(self, feed: FeedSpec, **limits: int) -> None:
        self.feed = feed
        self.state = FeedState(feed.id)
        self.fetcher: Fetcher = FolderFetcher(**limits)

    async def ask(self) -> Fetched:
        return await self.fetcher.fetch(self.feed, self.state, AT)

    async def poll(self) -> Parsed:
        fetched = await self.ask()
        assert fetched.failure is None, fetched.failure
        parsed = Parsed() if fetched.not_modified else FeedParser().parse(fetched, self.feed)
        self.state = replace(self.state, etag=fetched.etag)
        return parsed

    async def titles(self) -> list[str]:
        return [item.title for item in (await self.poll()).items]


async def test_each_file_is_read_once_and_again_when_it_changes(feed: FeedSpec, tmp_path: Path) -> None:
    reader = Reader(feed)
    put(tmp_path, "b.xml", RSS.format("two"), at=2_000)
    put(tmp_path, "a.xml", RSS.format("three"), at=3_000)
    assert await reader.titles() == ["two", "three"]
    assert (await reader.ask()).not_modified
    put(tmp_path, "late.xml", RSS.format("one"), at=1_000)  # copied in with an older time than what was read
    assert await reader.titles() == ["one"]
    put(tmp_path, "b.xml", RSS.format("six"), at=2_000)  # same time, another size? no: same size, so another time
    put(tmp_path, "b.xml", RSS.format("six"), at=2_001)
    assert await reader.titles() == ["six"]
    (tmp_path / "входящие" / "a.xml").unlink()
    assert (await reader.ask()).not_modified


async def test_many_files_come_over_several_polls_none_twice(feed: FeedSpec, tmp_path: Path) -> None:
    reader = Reader(feed, most_at_once=7)
    for number in range(20):
        put(tmp_path, f"{number:02d}.xml", RSS.format(f"n{number:02d}"), at=1_000 + number)
    polls = [await reader.titles() for _ in range(4)]
    assert [len(poll) for poll in polls] == [7, 7, 6, 0]
    assert [title for poll in polls for title in poll] == [f"n{number:02d}" for number in range(20)]


async def test_a_poll_takes_no_more_than_its_bytes_and_says_what_never_fits(feed: FeedSpec, tmp_path: Path) -> None:
    reader = Reader(feed, max_bytes=1_000)
    put(tmp_path, "1.txt", "Первый\n" + "a" * 700, at=1)
    put(tmp_path, "2.txt", "Второй\n" + "b" * 700, at=2)
    put(tmp_path, "3.txt", "x" * 5_000, at=3)
    assert await reader.titles() == ["Первый"]
    second = await reader.poll()
    assert [item.title for item in second.items] == ["Второй"]
    assert any("3.txt: the file is larger than" in note for note in second.notes)
    assert (await reader.ask()).not_modified


async def test_what_several_files_say_under_one_guid_is_not_lost(feed: FeedSpec, tmp_path: Path) -> None:
    def rss(title: str, link: str, text: str) -> str:
        item = f"<guid isPermaLink='false'>7</guid><title>{title}</title><link>{link}</link>"
        date = "<pubDate>Sun, 22 Nov 2026 07:00:00 GMT</pubDate>"
        return f"<rss version='2.0'><channel><item>{item}<description>{text}</description>{date}</item></channel></rss>"

    reader, memory = Reader(feed), Memory()
    first = "Суд в Образцовске отправил под стражу инженера верфи по делу о передаче чертежей ледокола знакомому"
    put(tmp_path, "one.xml", rss("Инженера арестовали", "https://p.example/1", first), at=1_000)
    put(tmp_path, "two.xml", rss("Инженера арестовали", "https://p.example/1", f"{first}; защита обжалует."), at=2_000)
    put(tmp_path, "other.xml", rss("Пошлины на древесину", "https://q.example/a", "О другом."), at=3_000)
    kept = [decision.item for decision in memory.read((await reader.poll()).items)]
    assert [item.title for item in kept] == ["Инженера арестовали", "Пошлины на древесину"]
    assert "обжалует" in kept[0].summary, "the fuller reading"


async def test_pages_and_texts_are_items_with_the_time_of_their_file(feed: FeedSpec, tmp_path: Path) -> None:
    body = "<p>Суд отправил инженера под стражу на два месяца; адвокат обжалует решение.</p>" * 5
    page = f'<html lang="ru"><head><title>Суд над инженером</title></head><body><article>{body}</article></body></html>'
    put(tmp_path, "saved.html", page.encode("cp1251"), at=1_700_000_000)
    put(tmp_path, "note.txt", "Судно прошло устье\n\nПодробности позже.", at=1_700_000_100)
    saved, note = (await Reader(feed).poll()).items
    assert (saved.title, saved.published) == ("Суд над инженером", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))
    assert "адвокат обжалует решение" in saved.content
    assert (note.title, note.content, note.language) == ("Судно прошло устье", "Подробности позже.", "ru")
    assert saved.key == "guid:file:saved.html"


async def test_one_bad_file_keeps_back_only_itself(feed: FeedSpec, tmp_path: Path) -> None:
    reader = Reader(feed)
    put(tmp_path, "bad.pdf", b"%PDF-1.7 ...", at=1)
    put(tmp_path, "good.xml", RSS.format("good"), at=2)
    found = await reader.poll()
    assert [item.title for item in found.items] == ["good"]
    assert any(note.startswith("bad.pdf: a PDF file") for note in found.notes)


async def test_only_bad_files_are_a_failure_and_are_asked_for_again(feed: FeedSpec, tmp_path: Path) -> None:
    put(tmp_path, "bad.json", "{broken")
    reader = Reader(feed)
    with pytest.raises(ParseError, match=r"bad\.json"):
        await reader.poll()
    assert not (await reader.ask()).not_modified


async def test_nothing_outside_of_the_folder_is_read(feed: FeedSpec, tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text(RSS.format("secret"))
    inbox = tmp_path / "входящие"
    (inbox / "link.xml").symlink_to(secret)
    (inbox / "below").mkdir()
    (inbox / "below" / "deep.xml").write_text(RSS.format("deep"))
    (inbox / ".hidden.xml").write_text(RSS.format("hidden"))
    (inbox / "half.xml.part").write_text(RSS.format("half"))
    os.mkfifo(inbox / "pipe.xml")
    assert (await Reader(feed).ask()).not_modified


async def test_a_missing_folder_is_a_failure_that_names_it(feed: FeedSpec, tmp_path: Path) -> None:
    gone = replace(feed, url=(tmp_path / "gone").as_uri())
    answer = await Reader(gone).ask()
    assert answer.failure is not None
    assert answer.failure.kind is FailureKind.REFUSED
    assert f"there is no folder {tmp_path / 'gone'}" in answer.failure.message


async def test_a_folder_that_is_never_emptied_says_so(feed: FeedSpec, tmp_path: Path) -> None:
    inbox = tmp_path / "входящие"
    for number in range(11):
        (inbox / f"{number}.txt").touch()
    answer = await Reader(feed, most_files=10).ask()
    assert answer.failure is not None
    assert "move the old ones away" in answer.failure.message
