"""`monitor feeds try` and what it prints, with the installed command against a real server."""

from pathlib import Path

from support.command import complaint, monitor, rows, said
from support.http_server import HttpServer, redirect

ITEM = """<div class="news"><span class="date">{n} ноября 2025</span>
<a class="ttl" href="/n/{n}">Суд вынес решение по делу номер {n}</a></div>"""
LIST = f"<html><head><title>Суд</title></head><body>{''.join(ITEM.format(n=n) for n in range(1, 9))}</body></html>"


def test_of_a_page_without_a_feed_selectors_are_suggested_and_work_as_they_stand(tmp_path: Path) -> None:
    with HttpServer() as server:
        url = server.document("/news", LIST.encode("cp1251"), content_type="text/html; charset=windows-1251")
        text = said(monitor("feeds", "try", url, cwd=tmp_path))
        assert text.startswith(f"a page read by selectors: {url} “Суд”, 8 items, 8 of them dated\n")
        assert "2025-11-01 00:00 UTC  Суд вынес решение по делу номер 1\n" in text
        entry = text[text.index("- id:") :]
        (tmp_path / "feeds.yaml").write_text("feeds:\n" + entry, encoding="utf-8")
        checked = rows(monitor("feeds", "check", "127-0-0-1", "--json", cwd=tmp_path).stdout)
        assert checked[0]["items"] == 8


def test_where_there_is_no_way_the_reason_is_said(tmp_path: Path) -> None:
    with HttpServer() as server:
        url = server.document("/", b"<html><title>Qrator</title><body>captcha</body></html>", content_type="text/html")
        text = complaint(monitor("feeds", "try", url, cwd=tmp_path))
    assert "no way to read it was found: an HTML page titled “Qrator” in place of a feed: the server wants" in text


FEED = b"""<rss version="2.0"><channel><title>Port</title>
<item><title>Ships</title><link>http://port.example/1</link></item></channel></rss>"""


def test_a_check_names_the_place_to_which_a_feed_has_moved(tmp_path: Path) -> None:
    with HttpServer() as server:
        new = server.document("/new", FEED)
        old = server.script("/old", redirect("/new", 301))
        assert f"moved for good (a permanent redirect): write `url: {new}`\n" in said(
            monitor("feeds", "check", old, cwd=tmp_path)
        )


def test_a_check_of_an_empty_folder_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "feeds.yaml").write_text("feeds: [{id: inbox, folder: inbox}]\n", encoding="utf-8")
    assert "the folder holds no file to read" in said(monitor("feeds", "check", "inbox", cwd=tmp_path))


def test_where_nothing_was_asked_no_figures_are_shown(tmp_path: Path) -> None:
    done = monitor("feeds", "check", "http://127.0.0.1:9/", cwd=tmp_path, env={"MONITOR_ALLOW_NETWORKS": "10.0.0.0/8"})
    assert "refused: not asked: 127.0.0.1" in complaint(done)
    assert done.stdout == b""
