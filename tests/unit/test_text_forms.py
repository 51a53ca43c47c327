"""A form written once stands for all its inflections, in Russian, English, Chinese; and for no other word."""

import pytest

from monitor.core.text.forms import FormError, expand, language_of, read_form


def texts(form: str, language: str = "", **switches: bool) -> set[str]:
    return {variant.text for one in read_form(form, language, **switches) for variant in expand(one)}


@pytest.mark.parametrize(
    ("form", "has", "lacks"),
    [
        ("шпионаж", "шпионажа шпионажу шпионажем шпионаже", "шпион"),
        ("задержать", "задержал задержали задержан задержана задержанного задержат", "задержка задержек"),
        ("задержан", "задержана задержаны задержанного", "задержка"),
        ("учёный", "ученого ученым ученых", "учение"),
        ("китаец", "китайца китайцами китайцев", "китайка китайский"),
        ("Туманган", "тумангана тумангану туманганом", "туман"),
        ("Севморпуть", "севморпути севморпутем", "морпех"),
        ("Чижэнь", "чижэня чижэню чижэнем чижэнью", "чиж"),
        ("БАМ", "бам бама баму бамом баме", "бамы"),
        ("КНР", "кнр", "кнра"),
        ("переговоры", "переговоров переговорам", "переговорщик"),
    ],
)
def test_russian_words(form: str, has: str, lacks: str) -> None:
    found = texts(form)
    assert set(has.split()) <= found
    assert not set(lacks.split()) & found


@pytest.mark.parametrize(
    ("form", "has"),
    [
        ("Сила Сибири 2", ["силы сибири 2", "силе сибири 2", "силу сибири 2", "силой сибири 2", "сила сибири ii"]),
        ("река Туманная", ["реки туманной", "реку туманную", "реку туманная", "рекой туманной"]),
        ("Лефортовский районный суд", ["лефортовского районного суда", "лефортовским районным судом"]),
        ("гражданин КНР", ["гражданина кнр", "граждане кнр", "гражданам кнр"]),
        ("выход к морю", ["выхода к морю", "выходом к морю"]),
        ("китайское судно", ["китайские суда", "китайских судов", "китайского судна"]),
        ("порт Зарубино", ["порта зарубино", "порту зарубино"]),
        ("Москва и Пекин", ["москвы и пекина", "москве и пекину"]),
        ("Айсен Николаев", ["айсена николаева", "айсеном николаевым"]),
        ("обвиняется в шпионаже", ["обвиняются в шпионаже", "обвинялся в шпионаже"]),
        ("подписать меморандум", ["подписали меморандум", "подпишут меморандум"]),
        ("Союз китайских предпринимателей", ["союза китайских предпринимателей"]),
        ("Дэн Сяопин", ["дэн сяопина", "дэн сяопином"]),
        ("Лю Ган", ["лю гана", "лю гану"]),
        ("Чжоу Лицюнь", ["чжоу лицюня", "чжоу лицюнем"]),
        ("Ким Чен Ын", ["ким чен ына", "ким чен ыном"]),
        ("МИД Китая", ["мида китая", "мидом китая"]),
        ("ст. 276", ["ст. 276", "ст.276"]),
        ("Николаевск-на-Амуре", ["николаевске на амуре", "николаевска на амуре"]),
    ],
)
def test_russian_phrases_agree(form: str, has: list[str]) -> None:
    assert set(has) <= texts(form)


@pytest.mark.parametrize(
    ("form", "has", "lacks"),
    [
        ("spy", "spy spies spied spying", "spyed spys"),
        ("ship", "ship ships shipped shipping", "shiped"),
        ("arrest", "arrest arrests arrested arresting", "arrestes"),
        ("seize", "seize seizes seized seizing", "seizeing"),
        ("deal", "deal deals dealt dealing", "dealed"),
        ("memorandum", "memorandum memoranda memorandums", "memorandumed"),
        ("citizen", "citizen citizens", "citizenes"),
        ("fisherman", "fisherman fishermen", "fishermans"),
        ("country", "country countries", "countrys"),
        ("cancel", "cancelled canceled cancelling", "cancell"),
        ("wiretap", "wiretapped wiretapping", "wiretapt"),
        ("bug", "bugs bugged bugging", "buged"),
        ("refer", "referred referring", ""),
        ("car", "car cars", "cared caring"),
        ("acquit", "acquitted acquitting", ""),
        ("commit", "committed committing", ""),
        ("patrol", "patrolled patrolling", ""),
        ("plan", "planned", "planed"),
        ("reveal", "revealed revealing", "revealled"),
        ("traffic", "traffics trafficked trafficking", ""),
        ("oversee", "oversees oversaw overseen overseeing", ""),
        ("relay", "relays relayed relaid", ""),
        ("freeze", "froze frozen freezing", "freezed"),
        ("go", "go goes went gone", ""),
        ("proceed", "proceeds proceeded", ""),
        ("bed", "beds", ""),
        ("gas", "gases", ""),
        ("wife", "wives", "wifes"),
        ("embargo", "embargoes embargos", ""),
        ("veto", "vetoes vetoed", ""),
        ("hypothesis", "hypotheses", "hypothesises"),
        ("thief", "thieves", ""),
    ],
)
def test_english_words(form: str, has: str, lacks: str) -> None:
    found = texts(form)
    assert set(has.split()) <= found
    assert not set(lacks.split()) & found


@pytest.mark.parametrize(
    ("form", "has"),
    [
        ("Chinese national", {"chinese national", "chinese nationals"}),
        ("access to the sea", {"access to the sea", "accesses to the sea"}),
        ("sign a memorandum", {"signed a memorandum", "signing a memorandum", "signs a memorandum"}),
        ("PoS-2", {"pos 2", "pos2", "pos ii"}),
        ("PoS2", {"pos 2", "pos2"}),
        ("Trans-Arctic corridor", {"trans arctic corridor", "transarctic corridors"}),
        ("CNPC", {"cnpc", "c.n.p.c"}),
    ],
)
def test_english_phrases(form: str, has: set[str]) -> None:
    assert has <= texts(form)


def test_a_form_of_many_numbers_is_not_written_in_every_mixture() -> None:
    assert "1号二号3号四号" in texts("1号2号3号4号")
    assert len(texts("、".join(f"{n}号" for n in range(1, 40)))) <= 2
    assert len(texts("9" * 5000 + "号")) <= 2


def test_korean_leaves_spaces_out() -> None:
    assert texts("시베리아의 힘 2") >= {"시베리아의 힘 2", "시베리아의힘 2", "시베리아의힘2"}


def test_a_proper_name_gets_no_verb_endings() -> None:
    assert texts("Tumen", "en") == {"tumen", "tumens"}


@pytest.mark.parametrize(
    ("form", "has"),
    [
        ("西伯利亚力量2号", {"西伯利亚力量2号", "西伯利亚力量二号"}),
        ("西伯利亞力量二號", {"西伯利亚力量2号", "西伯利亚力量二号"}),
        ("第276条", {"第276条", "第二百七十六条", "第二七六条"}),
        ("第二百七十六條", {"第276条", "第二百七十六条"}),
        ("第12届", {"第12届", "第十二届"}),
        ("第105条", {"第105条", "第一百零五条"}),
        ("漠河—加林达大桥", {"漠河 加林达大桥", "漠河加林达大桥"}),
    ],
)
def test_han_numbers_and_gaps(form: str, has: set[str]) -> None:
    assert has <= texts(form)


@pytest.mark.parametrize("form", ["三一重工", "二人转"])
def test_han_numerals_that_count_nothing_stay(form: str) -> None:
    assert texts(form) == {form}


@pytest.mark.parametrize(
    ("form", "has"),
    [
        ("(река|устье) Туманная", {"реки туманной", "устье туманная"}),
        ("Chinese (national|citizen)", {"chinese nationals", "chinese citizens"}),
        ("(automobile|) bridge", {"automobile bridge", "bridges"}),
        ("Республика Саха (Якутия)", {"республика саха (якутия"}),
    ],
)
def test_choices_and_plain_brackets(form: str, has: set[str]) -> None:
    assert has <= texts(form)


def test_marks() -> None:
    (exact,) = read_form("=Entente-4")
    assert (exact.exact, exact.case, exact.text) == (True, True, "Entente-4")
    (opened,) = read_form("Tumen*")
    assert (opened.open_right, opened.open_left, opened.text) == (True, False, "Tumen")
    (acronym,) = read_form("FSB")
    assert acronym.exact
    assert acronym.case
    (loose,) = read_form("FSB", case=False)
    assert not loose.case
    assert texts("=мост") == {"мост"}


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("fo*o", "asterisk"),
        ("«»", "no letters"),
        ("(ice|breaker", "a bracket is not closed"),
        ("ice|breaker)", "a bracket is not closed"),
        ("ice|breaker", "choices stand in brackets"),
        ("a*", "two letters"),
        ("|".join(["(a", *"bcdefgh", "i)"]) + "".join(["(a|b|c|d|e|f|g|h)"] * 3), "variants"),
    ],
)
def test_a_form_that_cannot_be_understood_says_why(form: str, message: str) -> None:
    with pytest.raises(FormError, match=message):
        read_form(form)


@pytest.mark.parametrize(
    ("text", "language"),
    [("мост", "ru"), ("bridge", "en"), ("大桥", "zh"), ("다리", "ko"), ("サハリン", "ja"), ("日本の橋", "ja")],
)
def test_a_language_is_told_by_its_script(text: str, language: str) -> None:
    assert language_of(text) == language
