"""Reports with the same link or the same headline are one story; what is alike by accident is not."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.headline import fold, weight
from monitor.core.model import Item, Story
from monitor.core.stories import assign, story_keys

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
H = timedelta(hours=1)


def item(title: str = "", link: str = "", published: datetime | None = None, seen: datetime = NOW) -> Item:
    return Item("primer", "k", title, link=link, published=published, seen_at=seen)


def title_key(title: str) -> str | None:
    return next((key for key in story_keys(item(title)) if key.startswith("title:")), None)


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Суд арестовал гражданина КНР", "СУД АРЕСТОВАЛ ГРАЖДАНИНА КНР", "case"),
        ("Цена «Силы Сибири – 2» не согласована", "Цена \"Силы Сибири-2\" не согласована!", "quotes, dashes, marks"),
        ("Ещё один арест по делу о шпионаже", "Еще один арест по делу о шпионаже", "ё"),
        ("Суд аресто\u00adвал граж\u200bданина КНР", "Суд арестовал гражданина КНР", "invisible characters"),
        ("Court holds  Chinese\u00a0national in Moscow", "Court holds Chinese national in Moscow", "spaces"),
        ("Ｇａｚｐｒｏｍ签署西伯利亚力量２号协议", "Gazprom签署西伯利亚力量2号协议", "full-width forms"),
        ("中国 船只 驶入 图们江 下游 水域", "中国船只驶入图们江下游水域", "spaces between Han"),
        ("Court holds Chinese national in Moscow - Sample Times", "Court holds Chinese national in Moscow", "outlet"),
        ("Суд арестовал гражданина КНР | Образец", "Суд арестовал гражданина КНР", "outlet after a bar"),
        ("Суд арестовал ещё одного шпиона — Пример-Ъ", "Суд арестовал ещё одного шпиона", "outlet after a dash"),
        ("Talks on Power of Siberia 2 - Sample Times", "Talks on Power of Siberia 2", "a figure before the outlet"),
        ("滨海法院以间谍罪羁押一名中国公民 — 样例新闻网", "滨海法院以间谍罪羁押一名中国公民", "a dash after Han"),
        ("滨海法院以间谍罪羁押一名中国公民_样例网", "滨海法院以间谍罪羁押一名中国公民", "outlet after a low line"),
        ("滨海法院以间谍罪羁押一名中国公民｜样例日报", "滨海法院以间谍罪羁押一名中国公民", "outlet after a wide bar"),
    ],
)  # fmt: skip
def test_headlines_that_are_the_same(one: str, other: str, why: str) -> None:
    assert title_key(one) is not None
    assert title_key(one) == title_key(other), why


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Объём поставок вырос на 1,5 млрд", "Объём поставок вырос на 15 млрд", "another figure"),
        ("Экспорт зерна через Амур вырос на 5%", "Экспорт зерна через Амур вырос на 5", "per cent"),
        ("Труба подорожала до $9 млрд за год", "Труба подорожала до €9 млрд за год", "another currency"),
        ("Газ пойдёт по новой трубе — Сила Сибири – 2", "Газ пойдёт по новой трубе", "a figure is no outlet's name"),
        (
            "Court holds Chinese national - second case",
            "Court holds Chinese national",
            "an outlet begins with a capital",
        ),
        ("Bridge over Amur opens - What Happens Now To Trade", "Bridge over Amur opens", "a sentence is no outlet"),
        ("Подешевели билеты на поезд Москва — Пекин", "Подешевели билеты на поезд Москва", "a dash that joins"),
        ("Суд отказал редактору «Новой газеты — Юг»", "Суд отказал редактору «Новой газеты", "within quotes"),
        ("Rules football, Sample League - Moe v Sale", "Rules football, Sample League", "a match is no outlet"),
        ("Cricket team in Sample Bay - 1st Day", "Cricket team in Sample Bay", "a figure is no outlet's name"),
        ("Сила Сибири - Монголия", "Сила Сибири", "without its end it would name no story"),
    ],
)
def test_headlines_that_are_not_the_same(one: str, other: str, why: str) -> None:
    assert title_key(one) is not None or title_key(other) is not None or weight(fold(one)) < 4
    assert title_key(one) is None or title_key(one) != title_key(other), why


@pytest.mark.parametrize(
    "title",
    [
        "", "???", "Газпром", "Three short words", "图们江", "图们江通航", "Новости",
        "Top news of the hour", "Breaking news: live updates today", "Today's headlines from the region",
        "Главные новости за день в регионе", "Новости к часу дня на востоке", "Что произошло за день в мире",
        "Утренний дайджест нашей редакции сегодня", "今日要闻速览及简评", "每日新闻汇总第一版",
    ],
)  # fmt: skip
def test_a_headline_that_is_short_or_recurs_daily_gives_no_key(title: str) -> None:
    assert title_key(title) is None


@pytest.mark.parametrize(
    "title",
    [
        "Breaking ice on the Amur early",
        "Новости с Тумени пришли поздно",
        "今日中国船只驶入图们江",
        "World news: court holds a coup plotter for life",
    ],
)
def test_a_headline_that_only_resembles_those_keeps_its_key(title: str) -> None:
    assert title_key(title) is not None


@pytest.mark.parametrize(
    ("link", "telling"),
    [
        ("https://primer.example/news/1", True),
        ("https://primer.example/?p=17", True),
        ("https://primer.example/", False),  # the front page is every item's link in some feeds
        ("https://primer.example", False),
        ("", False),
        ("http://[broken", False),
    ],
)
def test_only_a_link_to_an_article_is_a_key(link: str, telling: bool) -> None:
    assert bool(story_keys(item(link=link))) == telling


def test_links_are_compared_without_tracking() -> None:
    one, other = "https://primer.example/a/1?utm_source=rss#top", "https://PRIMER.example/a/1"
    assert story_keys(item(link=one)) == story_keys(item(link=other)) != frozenset()


# --- assigning --------------------------------------------------------------------------------------------

TITLE = "Суд арестовал гражданина КНР"
LINK = "https://primer.example/news/1"


def story(story_id: int, keys: frozenset[str], first: datetime, last: datetime | None = None) -> Story:
    return Story(story_id, keys, f"story {story_id}", first, last or first)


def test_without_a_candidate_a_story_begins() -> None:
    report = item(TITLE, LINK, published=NOW - H)
    assert assign(report, [], NOW) == Story(0, story_keys(report), TITLE, NOW - H, NOW - H)


def test_a_candidate_that_shares_no_key_is_another_story() -> None:
    assert assign(item(TITLE, LINK), [story(4, frozenset({"title:x"}), NOW)], NOW).id == 0


def test_a_report_joins_and_brings_its_keys_and_its_time() -> None:
    old = story(4, story_keys(item(TITLE)), NOW - 5 * H)
    joined = assign(item(TITLE, LINK, published=NOW - H), [old], NOW)
    assert (joined.id, joined.title) == (4, "story 4")
    assert joined.keys == story_keys(item(TITLE, LINK))
    assert (joined.first_at, joined.last_at) == (NOW - 5 * H, NOW - H)


def test_an_earlier_report_that_is_found_later_moves_the_beginning() -> None:
    old = story(4, story_keys(item(TITLE)), NOW - H)
    joined = assign(item(TITLE, published=NOW - 9 * H), [old], NOW)
    assert (joined.first_at, joined.last_at) == (NOW - 9 * H, NOW - H)


def test_an_undated_report_counts_from_when_it_was_seen() -> None:
    assert assign(item(TITLE, seen=NOW - 2 * H), [], NOW).first_at == NOW - 2 * H
    assert assign(Item("f", "k", TITLE), [], NOW).first_at == NOW


def test_a_report_that_belongs_to_two_stories_makes_them_one_under_the_older() -> None:
    by_title = story(9, story_keys(item(TITLE)) | {"link:a"}, NOW - 8 * H, NOW - 7 * H)
    by_link = story(4, story_keys(item(link=LINK)) | {"title:b"}, NOW - 3 * H, NOW - 2 * H)
    joined = assign(item(TITLE, LINK, published=NOW - 5 * H), [by_link, by_title], NOW)
    assert joined.id == 9
    assert joined.keys == by_title.keys | by_link.keys
    assert (joined.first_at, joined.last_at) == (NOW - 8 * H, NOW - 2 * H)


@pytest.mark.parametrize(
    ("text", "words"), [("", 0), ("one two", 2), ("图们江", 2), ("图们江通航", 3), ("与Gazprom签署", 3)]
)
def test_weight_counts_words_and_pairs_of_han_characters(text: str, words: int) -> None:
    assert weight(text) == words
