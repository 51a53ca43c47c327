"""Kinds of source on the whole road, in this process: addresses tried, searches of a rule, articles of new items."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.http_server import HttpServer

from monitor.adapters.config import Settings
from monitor.errors import ConfigError
from monitor.wiring import Configuration, Tried, check_files, load_settings, service, try_address, watched_feeds

RSS = """<rss version="2.0"><channel><title>Амурская газета</title><language>ru</language>
<item><title>Мост закрыт</title><link>https://amur.example/1</link></item></channel></rss>"""
SITEMAP = """<urlset xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://amur.example/2</loc>
<n:news><n:title>Судно прошло устье</n:title></n:news></url></urlset>"""
RULES = """terms:
  bridge: {ru: [мост]}
  court: {ru: [приговор]}
  engineer: {ru: [инженер]}
rules:
  - {id: bridges, title: Bridges, match: $bridge}
  - {id: cases, title: Cases, match: {all: [$engineer, $court]}}
  - {id: local, title: Local, match: $bridge, only: {feeds: [gn]}}
"""
ARTICLE = (
    "<html><body><article>" + "<p>Инженера судили полгода; приговор обжалуют.</p>" * 8 + "</article></body></html>"
)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    files = {f"MONITOR_{name.upper()}": str(tmp_path / f"{name}.yaml") for name in ("feeds", "rules")}
    quick = {"MONITOR_ALLOW_NETWORKS": "loopback", "MONITOR_HOST_SPACING": "0s"}
    return load_settings({**files, **quick, "MONITOR_DB": str(tmp_path / "monitor.db")})


def write(path: Path, text: str) -> None:
    later = path.stat().st_mtime_ns + 10**9 if path.exists() else None
    path.write_text(text, encoding="utf-8")
    if later:
        os.utime(path, ns=(later, later))  # whatever the file system's clock can tell apart


# --- trying an address ----------------------------------------------------------------------------------------


def ways(tried: Tried) -> list[tuple[str, str, str]]:
    return [(way.feed.source.value, way.found, way.feed.url) for way in tried.ways]


async def test_a_feed_is_called_one_with_its_entry(server: HttpServer, settings: Settings) -> None:
    url = server.document("/rss.xml", RSS.encode())
    tried = await try_address(settings, url)
    assert ways(tried) == [("feed", "the address itself", url)]
    assert f"  name: Амурская газета\n  url: {url}\n  language: ru\n" in tried.ways[0].entry


async def test_a_home_page_leads_to_the_feed_that_it_names(server: HttpServer, settings: Settings) -> None:
    server.document("/rss.xml", RSS.encode())
    head = '<link rel="alternate" type="application/rss+xml" href="/rss.xml">'
    url = server.document("/", f"<html><head>{head}</head><body>x</body></html>".encode(), content_type="text/html")
    assert ways(await try_address(settings, url)) == [("feed", "named by the page", server.url("/rss.xml"))]
    assert len(server.requests) == 2


async def test_usual_places_and_robots_are_looked_at_few_and_once(server: HttpServer, settings: Settings) -> None:
    url = server.document("/", b"<html><body>nothing here</body></html>", content_type="text/html")
    server.document("/robots.txt", f"Sitemap: {server.url('/map-news.xml')}".encode(), content_type="text/plain")
    server.document("/map-news.xml", SITEMAP.encode(), content_type="application/xml")
    tried = await try_address(settings, url)
    assert ways(tried) == [("sitemap", "named by robots.txt", server.url("/map-news.xml"))]
    assert f"  sitemap: {server.url('/map-news.xml')}\n" in tried.ways[0].entry
    paths = [request.path for request in server.requests]
    assert len(paths) == len(set(paths)) <= 12


async def test_of_a_section_its_own_list_is_suggested_beside_the_feed_of_its_site(
    server: HttpServer, settings: Settings
) -> None:
    news = "".join(
        f'<div class="news"><i>{n} ноября 2025</i><a href="/n/{n}">Суд вынес решение по делу номер {n}</a></div>'
        for n in range(1, 9)
    )
    url = server.document("/court", f"<html><body>{news}</body></html>".encode(), content_type="text/html")
    server.document("/rss", RSS.encode())
    tried = await try_address(settings, url)
    assert ways(tried) == [("feed", "at a usual place", server.url("/rss")), ("html", "selectors", url)]
    assert tried.failure is not None, "it says why the address itself is no feed"


async def test_a_mirror_of_a_channels_page_is_known_by_its_messages(server: HttpServer, settings: Settings) -> None:
    message = """<div class="tgme_widget_message" data-post="coast/7"><div class="tgme_widget_message_text">Ships</div>
<a class="tgme_widget_message_date" href="https://t.me/coast/7"><time datetime="2026-11-22T08:00:00+00:00">8</time></a>
</div>"""
    url = server.document("/mirror", f"<html><body>{message}</body></html>".encode(), content_type="text/html")
    tried = await try_address(settings, url)
    assert ways(tried) == [("telegram", "the address itself", url)]
    assert f"  telegram: {url}\n" in tried.ways[0].entry


async def test_a_server_that_does_not_answer_is_asked_once(server: HttpServer, settings: Settings) -> None:
    tried = await try_address(settings, server.url("/none"))
    assert tried.ways == ()
    assert tried.failure is not None
    assert "404" in tried.failure.message
    assert len(server.requests) == 1


# --- searches -------------------------------------------------------------------------------------------------


async def test_searches_of_a_rule_are_polled_and_made_again_with_the_rules(
    server: HttpServer, settings: Settings
) -> None:
    server.document("/search", RSS.encode())
    query = f"{{engine: google-news, rule: bridges, url: '{server.url('/search')}'}}"
    write(settings.feeds, f"feeds:\n  - id: gn\n    language: ru\n    query: {query}\n")
    write(settings.rules, RULES)
    configuration = Configuration(settings)
    watch = configuration.load()
    (feed,) = watch.enabled
    assert "q=%D0%BC%D0%BE%D1%81%D1%82%20when%3A2d&hl=ru&gl=RU" in feed.url
    async with service(settings) as built:
        assert (await built.desk.once(watch)).items_new == 1
        assert {row["rule"] for row in built.store.query_hits()} == {"bridges", "local"}
    words = ", ".join(f"переправа{n}" for n in range(40))
    write(settings.rules, RULES.replace("[мост]", f"[мост, {words}]"))
    again = configuration.reload()
    assert again is not None
    assert [feed.id for feed in again.enabled] == ["gn", "gn.2"]
    assert watched_feeds(settings) == again.feeds
    write(settings.rules, RULES.replace("id: bridges", "id: spans"))
    with pytest.raises(ConfigError, match=r"feeds\.yaml:4:40: no rule has the id `bridges`"):
        configuration.reload()
    assert any("no rule has the id `bridges`" in str(problem) for problem in check_files(settings).problems)


# --- articles -------------------------------------------------------------------------------------------------


async def test_the_article_of_a_promising_item_makes_the_hit_that_its_headline_does_not(
    server: HttpServer, settings: Settings
) -> None:
    article = server.document("/a", ARTICLE.encode(), content_type="text/html; charset=utf-8")
    other = server.document("/b", ARTICLE.encode(), content_type="text/html; charset=utf-8")
    items = f"<item><title>Дело инженера</title><link>{article}</link></item>"
    items += f"<item><title>Погода</title><link>{other}</link></item>"
    url = server.document("/rss", f"<rss version='2.0'><channel>{items}</channel></rss>".encode())
    write(settings.feeds, f"feeds:\n  - {{id: p, url: '{url}', fulltext: promising}}\n")
    write(settings.rules, RULES)
    watch = Configuration(settings).load()
    async with service(settings) as built:
        first = await built.desk.once(watch)
        assert (first.items_new, first.hits) == (2, 1)
        assert (len(server.asked("/a")), len(server.asked("/b"))) == (1, 0)
        (hit,) = built.store.query_hits()
        assert hit["rule"] == "cases"
        # Another document with the same items: nothing is new or edited, and no article is asked for again.
        server.document("/rss", f"<rss version='2.0'><channel><ttl>5</ttl>{items}</channel></rss>".encode())
        state = built.store.feeds.states()["p"]
        outcome = await built.desk.poll(watch.feeds_by_id["p"], state, lambda: watch)
        assert (outcome.new, outcome.edited, outcome.failure) == (0, 0, None)
        assert len(server.asked("/a")) == 1
        # An edited headline is an edit, and the article is read again.
        edited = items.replace("Дело инженера", "Дело инженера завода передано")
        server.document("/rss", f"<rss version='2.0'><channel>{edited}</channel></rss>".encode())
        state = built.store.feeds.states()["p"]
        outcome = await built.desk.poll(watch.feeds_by_id["p"], state, lambda: watch)
        assert (outcome.new, outcome.edited) == (0, 1)
        assert len(server.asked("/a")) == 2


# --- folders --------------------------------------------------------------------------------------------------


async def test_a_folder_is_polled_like_any_feed_and_each_file_is_taken_in_once(
    settings: Settings, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "one.xml").write_text(RSS, encoding="utf-8")
    write(settings.feeds, "feeds:\n  - {id: inbox, folder: inbox}\n")
    write(settings.rules, RULES)
    watch = Configuration(settings).load()
    async with service(settings) as built:
        assert (await built.desk.once(watch)).items_new == 1
        (inbox / "two.txt").write_text("Мост открыт\nПодробности позже.", encoding="utf-8")
        found = []
        for _ in range(2):
            state = built.store.feeds.states()["inbox"]
            found.append(await built.desk.poll(watch.feeds_by_id["inbox"], state, lambda: watch))
        assert [(outcome.new, outcome.not_modified, outcome.failure) for outcome in found] == [
            (1, False, None),
            (0, True, None),
        ]
        assert {row["rule"] for row in built.store.query_hits()} == {"bridges"}
        inbox.rename(tmp_path / "elsewhere")
        state = built.store.feeds.states()["inbox"]
        outcome = await built.desk.poll(watch.feeds_by_id["inbox"], state, lambda: watch)
        assert outcome.failure is not None
        assert "there is no folder" in outcome.failure.message
