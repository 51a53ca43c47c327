"""Twelve traps of the press in three scripts: each once missed or mistaken by a plain keyword list."""

import pytest
from support.rulebooks import found, item, term_matcher

from monitor.core.rules import Matcher

POS2 = term_matcher(
    """{label: Power of Siberia 2,
       en: [Power of Siberia 2, PoS-2], ru: [Сила Сибири 2],
       zh: [西伯利亚力量2, 西伯利亚力量2号, 西伯利亚之力2号], ja: [シベリアの力2], ko: [시베리아의 힘 2],
       not: [Сила Сибири 2 (января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря),
             Сила Сибири 2 (млн|млрд|трлн)]}"""
)
TUMEN = term_matcher(
    """{label: Tumen River, entity: place, en: [Tumen River, the Tumen],
       ru: [(река|устье) Туманная, Туманган, {form: Туманная, case: true, needs: [Хасан, КНДР, Китай]}],
       zh: [图们江, 图门江], ko: [두만강], ja: [豆満江, 図們江], not: [Тюмень, Tyumen, 图们市]}"""
)
ARTICLE = term_matcher("{label: Article 276, ru: [ст. 276, статья 276, ст. 275], zh: [第276条], en: [Article 276]}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('подписали меморандум о строительстве газопровода "Силы Сибири — 2"', "Силы Сибири — 2"),
        ("переговоры по «Силе Сибири – 2» идут", "Силе Сибири – 2"),
        ("начато проектирование «Силы Сибири-2»", "Силы Сибири-2"),
        ("о „Силу Сибири — 2“ спорят", "Силу Сибири — 2"),
        ("газ пойдёт СИЛОЙ СИБИРИ 2", "СИЛОЙ СИБИРИ 2"),
        ("в Силе Сибири - 2 уверены", "Силе Сибири - 2"),
    ],
)
def test_1_a_quoted_title_declines(text: str, words: str) -> None:
    assert found(POS2, text) == [words]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("поставки по «Силе Сибири» с 38 до 44 млрд кубометров", "the first pipeline, and another number"),
        ("по «Силе Сибири» 2 сентября прошёл газ", "a date"),
        ("«Сила Сибири» 2,5 года назад", "a decimal number"),
        ("сила Сибири 20 лет спустя", "another number"),
        ("Сила Сибири, 2 вопроса", "a comma ends the name"),
    ],
)
def test_1_the_first_pipeline_and_a_date_are_not_the_second(text: str, why: str) -> None:
    assert found(POS2, text) == [], why


@pytest.mark.parametrize("dash", list("-‐‑‒–—―−"))
@pytest.mark.parametrize("space", ["", " ", "\u00a0", "\u202f", "\u2009", "\u3000"])
def test_2_every_dash_and_every_space_is_one_gap(dash: str, space: str) -> None:
    printed = f"Сила{space or ' '}Сибири{space}{dash}{space}2"
    assert found(POS2, f"Газопровод «{printed}» построят") == [printed]


@pytest.mark.parametrize(
    "printed",
    ["Джалинда – Мохэ", "Джалинда-Мохэ", "Джалинду — Мохэ", "Мохэ-Джалинда", "Мохэ — Джалинды", "Джалинда Мохэ"],
)
def test_2_halves_may_be_swapped(printed: str) -> None:
    rules = term_matcher("{label: bridge, ru: [Джалинда Мохэ, Мохэ Джалинда]}")
    assert found(rules, f"Мост «{printed}» откроют") == [printed]


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("«Союз Восток»", "Союз Восток"),
        ('"Союз Восток"', "Союз Восток"),
        ("„Союз — Восток“", "Союз — Восток"),
        ("«газопровод „Союз Восток“»", "Союз Восток"),
        ("“Союз Восток”", "Союз Восток"),
        ("Союза Восток", "Союза Восток"),
        ("&laquo;Союз&nbsp;Восток&raquo;", "Союз&nbsp;Восток"),
        ("&amp;quot;Союз Восток&amp;quot;", "Союз Восток"),
        ("«Союз» «Восток»", "Союз» «Восток"),
    ],
)
def test_3_quotation_marks_of_all_kinds(printed: str, words: str) -> None:
    assert found(term_matcher("{label: pipeline, ru: [Союз Восток]}"), f"Участок {printed} готов") == [words]


def test_3_the_closing_mark_may_fall_before_the_number() -> None:
    assert found(POS2, "проект «Сила Сибири»-2 обсудили") == ["Сила Сибири»-2"]


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        ("учёный", "ученых"),
        ("ученый", "учёного"),
        ("заключённый под стражу", "заключенного под стражу"),
        ("Чёрный медведь", "Черного медведя"),
    ],
)
def test_4_yo_and_ye_are_one_letter(form: str, printed: str) -> None:
    assert found(term_matcher(f"{{label: x, ru: [{form}]}}"), f"Дело {printed} передано") == [printed]


@pytest.mark.parametrize(
    ("given", "kind", "printed"),
    [
        ("Чижэнь", "person", ["Чижен", "Чижена", "Чижэнь", "Чижэня", "Чижень", "Чиженю"]),
        ("Haishenwai", "place", ["Хайшэньвай", "Хайшенвай", "Хайшенваем", "Хайшеньвай", "Хайшэньвае"]),
        ("Haishenwei", "place", ["Хайшэньвэй", "Хайшеньвей", "Хайшэньвэя"]),
        ("Shuangchengzi", "place", ["Шуанчэнцзы", "Шуанченцзы"]),
        ("Kuyedao", "place", ["Куедао"]),
        (
            "周立群",
            "person",
            ["Чжоу Лицюнь", "Чжоу Лицюня", "Zhou Liqun", "Zhou Li-qun", "Zhōu Lìqún", "周立群"],
        ),
        ("Xiang Yue Su Hang", "place", ["Xiang yue su hang", "XIANG YUE SU HANG", "Сянъюэ Сухан"]),
        ("图们江", "place", ["圖們江", "Tumen Jiang", "Túmén Jiāng", "Тумэньцзян", "Тумэньцзяна", "Туменьцзян"]),
        ("抚远", "place", ["撫遠", "Fuyuan", "Фуюань", "Фуюаня", "Фуюане"]),
    ],
)
def test_4_chinese_names_as_the_press_spells_them(given: str, kind: str, printed: list[str]) -> None:
    rules = term_matcher(f"{{label: x, {kind}: ['{given}']}}")
    missed = [one for one in printed if found(rules, f"Новости: {one} снова") != [one]]
    assert not missed


def test_4_a_name_is_not_the_common_word() -> None:
    rules = term_matcher("{label: Chizhen, person: [Чижэнь]}")
    assert found(rules, "чижи и чижены поют") == []


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("по реке Тума́нной", "реке Тума́нной"),
        ("по реке Туман\u00adной", "реке Туман\u00adной"),
        ("по ре\u200bке Туманной", "ре\u200bке Туманной"),
        ("по\ufeff реке\u00a0Туманной", "реке\u00a0Туманной"),
        ("по&nbsp;реке&nbsp;Туманной", "реке&nbsp;Туманной"),
        ("по реке\n Туманной", "реке\n Туманной"),
    ],
)
def test_5_invisible_characters(printed: str, words: str) -> None:
    assert found(TUMEN, f"Суда идут {printed} к морю") == [words]


def test_5_short_i_is_a_letter_of_its_own() -> None:
    rules = term_matcher("{label: x, ru: [=мой]}")
    assert found(rules, "мои слова") == []
    assert found(rules, "мо\u0438\u0306 дом") == ["мо\u0438\u0306"], "decomposed й"


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        ("Миклушевский", "Миκлушевский"),
        ("который", "котοрый"),
        ("сентябрь", "cентябре"),
        ("CNPC", "СNPC"),
        ("СМП", "CМП"),
        ("СМП", "СMП"),
        ("КНР", "КHP"),
    ],
)
def test_6_look_alike_letters_inside_a_word(form: str, printed: str) -> None:
    assert found(
        term_matcher(f"{{label: x, en: [{form}]}}" if form == "CNPC" else f"{{label: x, ru: [{form}]}}"),
        f"а {printed} б",
    ) == [printed]


def test_6_words_of_one_alphabet_are_left_alone() -> None:
    rules = term_matcher("{label: x, ru: [=СМР]}")
    assert found(rules, "CMP") == [], "all Latin"


@pytest.mark.parametrize(
    ("rules", "hit", "miss"),
    [
        (
            term_matcher("{label: Boli, ru: [{form: Боли, exact: true, case: true, needs: [Хабаровск, карта]}]}"),
            "Хабаровск на карте назвали Боли",
            "Боли в спине лечат теплом",
        ),
        (TUMEN, "Мост через реку Туманная", "Туманная погода в Тюмени"),
        (TUMEN, "Через Туманную в КНДР ходят поезда", "туманная погода в Китае"),
        (
            term_matcher("{label: NSR, ru: [{form: СМП, needs: [ледокол, судно, Арктика]}]}"),
            "Ледоколы вышли на СМП",
            "Бригада СМП приехала к больному",
        ),
        (
            term_matcher("{label: Zarubino, ru: [{form: Зарубино, exact: true, case: true}]}"),
            "порт Зарубино принял зерно",
            "журналисту Зарубину ответил президент",
        ),
        (
            term_matcher("{label: Nikolayevsk, ru: [Николаевск-на-Амуре]}"),
            "в Николаевске-на-Амуре построят порт",
            "Айсен Николаев выступил",
        ),
    ],
)
def test_7_names_that_are_common_words_need_context_and_a_capital(rules: Matcher, hit: str, miss: str) -> None:
    assert found(rules, hit)
    assert found(rules, miss) == []


@pytest.mark.parametrize(
    ("term", "hit", "misses"),
    [
        (
            "{label: Sakha, zh: [萨哈], not: [萨哈林]}",
            "萨哈共和国总统",
            ["萨哈林天然气", "「薩哈林—哈巴羅夫斯克—符拉迪沃斯托克」"],
        ),
        ("{label: Rason, zh: [罗先], not: [罗先生]}", "羅先市开放", ["罗先生说", "羅先生說"]),
        ("{label: Gazprom, zh: [俄气], not: [俄气候]}", "俄气宣布", ["俄气候专家"]),
        ("{label: China-Russia, zh: [中俄], not: [其中, 集中]}", "中俄关系", ["其中俄罗斯最多", "集中俄军兵力"]),
        ("{label: Tumen, zh: [图们], not: [图们市]}", "图们口岸", ["图们市新闻", "圖們市新聞"]),
    ],
)
def test_8_han_look_alikes_are_taken_out_first(term: str, hit: str, misses: list[str]) -> None:
    rules = term_matcher(term)
    assert found(rules, hit)
    for miss in misses:
        assert found(rules, miss) == [], miss
    assert found(rules, f"{misses[0]}，{hit}"), "a look-alike elsewhere hides nothing"


@pytest.mark.parametrize(
    "printed",
    [
        "西伯利亚力量2号",
        "「西伯利亞力量2號」",
        "西伯利亞之力2號",
        "西伯利亞力量二號",
        "西伯利亞力量-2號",
        "『西伯利亞力量 - 2』",
        "「西伯利亞力量」2號",
        "西伯利亚力量２号",
        "西伯利亚力量Ⅱ",
        "西伯利亚力量II号",
        "“西伯利亚力量-2”",
        "シベリアの力2",
        "「シベリアの力2」",
        "シベリアの力・2",
    ],
)
def test_9_and_10_regions_quotes_and_numerals(printed: str) -> None:
    assert found(POS2, f"据报道，{printed}天然气管道开工"), printed


def test_9_pinyin_in_brackets_is_a_gloss() -> None:
    rules = term_matcher("{label: FSB, zh: [俄联邦安全局]}")
    assert found(rules, "据「俄聯(lián)邦安全局」消息") == ["俄聯(lián)邦安全局"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("обвинён по ст. 276 УК", ["ст. 276"]),
        ("по статье 276 Уголовного кодекса", ["статье 276"]),
        ("по ст.276", ["ст.276"]),
        ("по ст. 275.1 УК", []),
        ("на 276 км трассы", []),
        ("刑法第二百七十六条", ["第二百七十六条"]),
        ("刑法第２７６條", ["第２７６條"]),
        ("under Article 276 of the code", ["Article 276"]),
        ("under Article 2761", []),
        ("ст. 2760", []),
    ],
)
def test_10_numbers_are_whole(text: str, words: list[str]) -> None:
    assert found(ARTICLE, text) == words


def test_11_an_alias_in_brackets_counts_once() -> None:
    rules = term_matcher("{label: Vladivostok, zh: [符拉迪沃斯托克, 海参崴]}")
    hits = rules.match(item("符拉迪沃斯托克（海参崴）港"))
    assert hits[0].score == 1.0
    assert hits[0].gloss == ("Vladivostok",)


@pytest.mark.parametrize("printed", ["豆満江", "図們江", "圖們江", "두만강을", "두만강에서", "두만강"])
def test_11_and_12_one_river_in_four_scripts(printed: str) -> None:
    assert found(TUMEN, f"뉴스 {printed} 国境")


@pytest.mark.parametrize("printed", ["北·中·露", "북·중·러", "북중러", "북‧중‧러"])
def test_12_middle_dots_vary(printed: str) -> None:
    rules = term_matcher("{label: three states, ko: [북중러], ja: [北中露]}")
    assert found(rules, f"정상 {printed} 회담") == [printed]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Power of Siberia 2's route", ["Power of Siberia 2"]),
        ("Power of Siberia 2’s route", ["Power of Siberia 2"]),
        ("the Power-of-Siberia II line", ["Power-of-Siberia II"]),
        ("PoS-2 beside PoS-1", ["PoS-2"]),
        ("PoS2", ["PoS2"]),
        ("the PoS-20 terminal", []),
    ],
)
def test_12_possessives_and_hyphens(text: str, words: list[str]) -> None:
    assert found(POS2, text) == words


@pytest.mark.parametrize("text", ["Tyumen oil", "Tuman fog", "Tumens of horsemen", "a Tumenbank loan"])
def test_12_tumen_is_not_tyumen(text: str) -> None:
    assert found(TUMEN, text) == []


@pytest.mark.parametrize("text", ["与Gazprom签署协议", "與GAZPROM簽署", "（俄氣/Gazprom）", "与《Gazprom》"])
def test_latin_words_are_found_inside_han_text(text: str) -> None:
    assert found(term_matcher("{label: Gazprom, en: [Gazprom]}"), text)


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        ("FSB detains two", True),
        ("F.S.B. detains two", True),
        ("fsb.ru", False),
        ("FSBO homes", False),
        ("俄FSB称", True),
    ],
)
def test_short_acronyms_are_whole_words_in_capitals(text: str, *, fires: bool) -> None:
    assert bool(found(term_matcher("{label: FSB, en: [FSB]}"), text)) is fires
