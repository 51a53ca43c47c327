"""Articles are known again when the feed changes their guids, links or order, and told apart when it mixes them up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.memory import Memory

from monitor.core import furniture, likeness
from monitor.core.likeness import Proof, Reading
from monitor.core.model import Item, Novelty

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 2, 12, 7, 31, tzinfo=UTC)
TWO = "https://primer.example/news/2"
LEAD = (
    "Суд в Образцовске отправил под стражу инженера верфи, который передавал чертежи ледокола "
    "знакомому из соседней страны; защита намерена обжаловать решение."
)
OTHER = (
    "Министерство торговли сообщило о новых пошлинах на ввоз древесины, которые вступят в силу "
    "с начала следующего квартала и затронут десятки предприятий края."
)


def article(
    title: str = "Инженера верфи арестовали по делу о шпионаже",
    *,
    key: str = "guid:1",
    link: str = "https://primer.example/news/1",
    summary: str = LEAD,
    content: str = "",
    published: datetime | None = NOON,
) -> Item:
    return Item("primer", key, title, summary, content, link, published=published)


NEW, EDITED, SEEN = Novelty.NEW, Novelty.EDITED, Novelty.SEEN


# --- known again ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("again", "why"),
    [
        (article(key="guid:2"), "another guid"),
        (article(key="guid:2", link="https://primer.example/news/1?utm_source=rss"), "another guid and tracking"),
        (article(key="guid:2", link="http://www.primer.example/news/1/"), "another guid and spelling of the link"),
        (article("Инженера верфи арестовали по делу о шпионаже: подробности", key="guid:2"), "a longer headline"),
        (
            article("Подробности из зала суда в Образцовске сегодня", key="guid:2"),
            "another headline, link and text stay",
        ),
        (article(key="link:x", link="https://primer.example/news/1?sid=9f8a7c"), "a session in the link"),
        (article(key="link:x", link="https://primer.example/news/1?v=1772453251"), "a time in the link"),
        (article(key="link:x", link="https://primer.example/news/1;jsessionid=AB12"), "a session in the path"),
        (article(key="guid:2", link="https://primer.example/region/77"), "under another section's link"),
        (article(key="guid:2", link="https://primer.example/region/77", summary=""), "the same, told by its date"),
    ],
)
def test_an_article_is_known_again(again: Item, why: str) -> None:
    memory = Memory()
    memory.read([article()])
    (decision,) = memory.read([again])
    assert decision.novelty is not NEW, why
    assert decision.item.key == "guid:1", "it goes on under the archive's key"
    assert decision.id == 1
    assert "known under another guid or link" in decision.reason


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (article("Древесину обложили пошлиной", link=TWO, summary=OTHER), "one guid, all else differs"),
        (article("Древесину обложили пошлиной", link=TWO, summary=""), "one guid, nothing else to tell by"),
        (article("Древесину обложили пошлиной", key="guid:2", summary=OTHER), "one link, all else differs"),
        (article(key="guid:2", link=TWO, published=NOON + timedelta(days=1)), "the next day's column"),
        (article(key="guid:2", link=TWO, published=None, summary=""), "one headline, nothing else to tell by"),
        (article(key="guid:2", link=TWO, summary=OTHER), "another text"),
        (article(key="guid:2", link=TWO, summary="", published=NOON.replace(minute=0, second=0)), "a day, no time"),
        (article("Приговор", key="guid:2", link="https://primer.example/case?t=2"), "short headline"),
        (article(key="guid:2", link="https://primer.example/news/1?t=5", summary=OTHER), "a topic in the link"),
    ],
)  # fmt: skip
def test_in_doubt_it_is_another_article(other: Item, why: str) -> None:
    memory = Memory()
    memory.read([article(), article("Приговор", key="guid:9", link="https://primer.example/case?t=1", summary="")])
    (decision,) = memory.read([other])
    assert decision.novelty is NEW, why
    assert decision.item.key not in {"guid:1", "guid:9"}


LIST = "https://sud.primer.example/zasedania"


@pytest.mark.parametrize(
    ("polls", "why"),
    [
        ([[1], [2]], "a list of one place"),
        ([[1, 2, 3], [4, 5, 6]], "all others at once"),
        ([[1, 2, 3], [2, 3, 4], [5]], "one after another"),
    ],
)
def test_cases_that_all_lead_to_one_list_are_told_apart_by_their_guids(polls: list[list[int]], why: str) -> None:
    def case(number: int) -> Item:
        title = f"Заседание по делу № 1-{number} перенесено на будущую неделю"
        return article(title, key=f"guid:{number}", link=LIST, summary="", published=None)

    memory, read = Memory(), set[int]()
    for numbers in polls:
        verdicts = memory.verdicts(*map(case, numbers))
        assert verdicts == [SEEN if number in read else NEW for number in numbers], why
        read |= set(numbers)


def test_notes_from_one_mould_on_one_list_are_told_apart_by_their_guids() -> None:
    def quake(number: int) -> Item:
        text = f"Глубина очага {number} км, толчки ощущались в нескольких районах, о разрушениях и жертвах сведений нет"
        title = f"Землетрясение силой 5,{number} у берегов Образцовского края"
        return article(title, key=f"guid:{number}", link=LIST, summary=text)

    memory = Memory()
    assert memory.verdicts(quake(1), quake(2)) == [NEW, NEW]
    assert memory.verdicts(quake(3), quake(4)) == [NEW, NEW]
    assert memory.verdicts(quake(5)) == [NEW]


def test_an_article_with_new_headline_and_link_under_its_guid_is_an_edition_because_its_text_is_the_same() -> None:
    memory = Memory()
    memory.read([article()])
    moved = article(
        "Защита обжалует арест: что известно", link="https://primer.example/obzor/5", summary=LEAD + " Новое."
    )
    (decision,) = memory.read([moved])
    assert (decision.novelty, decision.retitled) == (EDITED, True)


def test_one_guid_for_whatever_is_newest_stores_each_article_once() -> None:
    memory = Memory()
    first = article()
    second = article("Древесину обложили пошлиной", link="https://primer.example/news/2", summary=OTHER)
    assert memory.verdicts(first) == [NEW]
    assert memory.verdicts(second) == [NEW]
    assert memory.verdicts(second) == [SEEN]
    assert memory.verdicts(first) == [SEEN]
    assert memory.verdicts(first, second) == [SEEN, SEEN], "and told apart where they stand together"
    assert len(memory.items) == 2


def test_a_feed_that_rewrites_every_guid_at_each_poll_brings_nothing_twice() -> None:
    memory = Memory()
    titles = [f"Заголовок номер {n} о делах порта" for n in range(12)]
    for poll in range(4):
        document = [
            article(title, key=f"guid:{poll}-{n}", link=f"https://primer.example/{n}", summary="")
            for n, title in enumerate(titles)
        ]
        assert set(memory.verdicts(*document)) == {SEEN if poll else NEW}


def test_a_guid_that_flips_between_two_links_settles_as_one_item_without_edits() -> None:
    memory = Memory()
    one = article(key="guid:a", link="https://primer.example/news/1")
    two = article(key="guid:b", link="https://primer.example/politics/1")
    assert memory.verdicts(one) == [NEW]
    for document in ([two], [one], [two], [one, two], [two, one]):
        assert set(memory.verdicts(*document)) == {SEEN}
    assert len(memory.items) == 1


def test_two_entries_of_one_document_that_say_the_same_are_one_item() -> None:
    memory = Memory()
    again = article(key="guid:2", link="https://primer.example/region/77")
    assert memory.verdicts(article(), again) == [NEW]
    assert memory.verdicts(again, article()) == [SEEN]


def test_two_cases_with_one_headline_in_one_document_stay_two() -> None:
    memory = Memory()
    cases = [
        article("Заседание по уголовному делу о шпионаже", key=f"guid:{n}", link=f"https://sud.example/{n}", summary="")
        for n in range(3)
    ]
    assert memory.verdicts(*cases) == [NEW] * 3
    assert memory.verdicts(*reversed(cases)) == [SEEN] * 3


def test_articles_with_one_guid_and_the_front_page_as_link_are_told_apart_by_their_texts() -> None:
    memory = Memory()
    first = article(link="https://primer.example/")
    second = article("Древесину обложили пошлиной", link="https://primer.example/", summary=OTHER)
    assert memory.verdicts(first, second) == [NEW, NEW]
    assert memory.verdicts(second, first) == [SEEN, SEEN]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (article(), article(key="guid:2", link=TWO, summary=f"{LEAD} Согласен с этим."), "an answer that quotes"),
        (article(summary=LEAD + " № 1-123"), article(key="guid:2", link=TWO, summary=LEAD + " № 1-124"), "a number"),
        (article(), article("Спасибо нашему партнёру, верфи Образец", key="guid:2"), "one page behind two entries"),
        (article(), article(key="guid:2", summary=OTHER), "two verdicts under one headline on one list"),
        (article(summary="Иванов"), article(key="guid:2", summary="Петров"), "two names on one list"),
    ],
)  # fmt: skip
def test_entries_that_share_much_but_not_all_stay_two(one: Item, other: Item, why: str) -> None:
    for document in ([one, other], [other, one]):
        assert Memory().verdicts(*document) == [NEW, NEW], why
    memory = Memory()
    memory.read([one])
    assert memory.verdicts(one, other) == [SEEN, NEW], why


def test_a_verdict_under_the_headline_and_link_of_the_last_one_is_new() -> None:
    memory = Memory()
    memory.read([article()])
    assert memory.verdicts(article(key="guid:2", summary=OTHER, published=NOON + timedelta(minutes=30))) == [NEW]
    assert memory.verdicts(article(key="guid:3", summary=f"{LEAD} Решение не вступило в силу.")) == [EDITED]


def test_dates_on_one_list_are_told_apart_where_nothing_else_is_said() -> None:
    dates = [article("Заседание суда", key=f"guid:{n}", summary="", published=NOON + n * DAY) for n in range(3)]
    assert Memory().verdicts(*dates) == [NEW, NEW, NEW]


def test_a_column_that_keeps_headline_and_link_is_another_article_every_day() -> None:
    memory = Memory()
    for day in range(3):
        today = article(key=f"guid:{day}", summary=f"{LEAD} Итоги дня {day}.", published=NOON + timedelta(days=day))
        assert memory.verdicts(today) == [NEW]


def test_a_feed_that_dates_everything_by_the_present_brings_nothing_twice() -> None:
    memory = Memory()
    for day in range(3):
        stamped = article(key=f"guid:{day}", published=NOON + timedelta(days=day))
        assert memory.verdicts(stamped) == [SEEN if day else NEW]


# --- what is no edit --------------------------------------------------------------------------------------


def test_a_text_that_flips_between_two_wordings_settles_after_two_edits() -> None:
    memory = Memory()
    one, two = article(content="Реклама: зимние шины."), article(content="Реклама: летний отдых.")
    verdicts = [memory.verdicts(item)[0] for item in (one, two, one, two, one, two, one)]
    assert verdicts == [NEW, EDITED, EDITED, SEEN, SEEN, SEEN, SEEN]


def test_a_headline_that_is_tried_in_two_wordings_is_told_no_more_once_both_were() -> None:
    memory = Memory()
    one, two = article(), article("Чертежи ледокола: инженер под стражей")
    told = []
    for n in range(6):
        item = replace((one, two)[n % 2], content=f"Версия {'аб'[n % 2]}, правка {'вгдежз'[n]}")
        told.append(memory.read([item])[0].retitled)
    assert told == [False, True, True, False, False, False]


def test_a_real_correction_is_an_edit_also_when_it_takes_back_an_earlier_one() -> None:
    memory = Memory()
    one, two = article(), article("Инженера верфи отпустили")
    assert [memory.verdicts(item)[0] for item in (one, two, one)] == [NEW, EDITED, EDITED]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("Text. Updated 5 minutes ago", "Text. Updated 2 hours ago"),
        ("Text. Last updated at 12:05", "Text. Last updated at 14:30"),
        ("Text. 12 comments", "Text. 1,204 comments"),
        ("Text. Views: 10", "Text. Views: 11"),
        ("Текст. Обновлено в 12:05", "Текст. Обновлено в 13:40"),
        ("Текст. Обновлено: 02.03.2026 12:05 МСК", "Текст. Обновлено: 02.03.2026 14:10 МСК"),
        ("Текст. 5 минут назад", "Текст. 2 часа назад"),
        ("Текст. 17 просмотров", "Текст. 1 840 просмотров"),
        ("正文。更新时间：2026-03-02 12:05", "正文。更新时间：2026-03-02 13:10"),
        ("正文。5分钟前", "正文。2小时前"),
        ("正文。阅读 100", "正文。阅读 2.3万"),
    ],
)
def test_the_furniture_of_a_page_is_no_edit(was: str, now: str) -> None:
    memory = Memory()
    memory.read([article(summary=was)])
    (decision,) = memory.read([article(summary=now)])
    assert (decision.novelty, decision.reason) == (SEEN, "only a time or counter of the page changed")


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("Погибли 3 человека", "Погибли 26 человек"),
        ("Заседание начнётся в 12:05", "Заседание начнётся в 15:00"),
        ("The court gave him 5 years", "The court gave him 15 years"),
        ("产量为100万吨", "产量为300万吨"),
        ("Text. 5 comments", "Text that was changed. 6 comments"),
    ],
)
def test_figures_that_may_be_the_news_are_an_edit(was: str, now: str) -> None:
    assert furniture.without(was) != furniture.without(now)
    memory = Memory()
    memory.read([article(summary=was)])
    assert memory.verdicts(article(summary=now)) == [EDITED]


def test_figures_that_change_again_and_again_are_a_counter_in_the_end() -> None:
    memory = Memory()
    verdicts = [memory.verdicts(article(summary=f"Курс {n},{n}5"))[0] for n in range(10, 20)]
    assert verdicts == [NEW, *[EDITED] * 5, *[SEEN] * 4]
    assert memory.verdicts(article("Курс упал: подробности с биржи сегодня", summary="Курс 21,5")) == [EDITED]


def test_a_counter_in_the_headline_is_no_changed_headline() -> None:
    memory = Memory()
    memory.read([article("Live: court hearing (12 comments)")])
    (decision,) = memory.read([article("Live: court hearing (15 comments)", summary=LEAD + " Ещё одно предложение.")])
    assert (decision.novelty, decision.retitled) == (EDITED, False)


# --- likeness ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Суд арестовал инженера верфи", "Арест инженера верфи судом", 0.4, 0.9),
        ("法院逮捕造船厂工程师", "造船厂工程师被法院逮捕", 0.6, 0.95),
        ("Court jails shipyard engineer", "Timber tariffs come into force", 0.0, 0.0),
        ("Погибли 3", "Погибли 26", 0.4, 0.6),
        ("", "Что-то", 0.0, 0.0),
    ],
)
def test_headlines_are_compared_by_words_whatever_their_endings(
    one: str, other: str, least: float, most: float
) -> None:
    assert least <= likeness.likeness(one, other) <= most
    assert likeness.likeness(one, other) == likeness.likeness(other, one)


def test_entries_of_a_live_page_differ_by_what_stands_behind_the_hash() -> None:
    one = Reading("Прямой эфир из зала суда: начало", "https://primer.example/live#post-1", NOON)
    other = Reading("Прямой эфир из зала суда: начало", "https://primer.example/live#post-2", None)
    assert likeness.proof(one, other, together=True) is None
    assert (
        likeness.proof(one, replace(other, link="https://primer.example/live"), together=True) is Proof.LINK_AND_TITLE
    )
