"""Chinese names follow from Han or pinyin into the scripts of the press."""

import pytest

from monitor.core.text.forms import FormError
from monitor.core.text.names import name_forms, renderings
from monitor.core.text.pinyin import palladius, palladius_table, syllables, wade_giles


@pytest.mark.parametrize(
    ("pinyin", "cyrillic"),
    [
        ("beijing", "бэйцзин"), ("shanghai", "шанхай"), ("xijinping", "сицзиньпин"), ("changan", "чанъань"),
        ("heilongjiang", "хэйлунцзян"), ("guangzhou", "гуанчжоу"), ("zhujiang", "чжуцзян"), ("xuexi", "сюэси"),
        ("lüshun", "люйшунь"), ("huichun", "хуэйчунь"), ("suifenhe", "суйфэньхэ"), ("tongjiang", "тунцзян"),
        ("ciqikou", "цыцикоу"), ("rizhao", "жичжао"), ("quanzhou", "цюаньчжоу"), ("yunnan", "юньнань"),
    ],
)  # fmt: skip
def test_the_palladius_system(pinyin: str, cyrillic: str) -> None:
    cut = syllables(pinyin)
    assert cut is not None
    assert palladius(cut) == cyrillic


@pytest.mark.parametrize(
    ("syllable", "spelt"),
    [
        ("zhou", "chou"),
        ("qun", "ch'ün"),
        ("xi", "hsi"),
        ("zi", "tzu"),
        ("guo", "kuo"),
        ("duo", "to"),
        ("ri", "jih"),
        ("tian", "t'ien"),
    ],
)
def test_wade_giles(syllable: str, spelt: str) -> None:
    assert wade_giles(syllable) == spelt


def test_every_syllable_has_a_cyrillic_spelling() -> None:
    assert len(palladius_table()) > 400
    assert all(set(spelt) <= set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя") for spelt in palladius_table().values())


def test_a_person_has_a_surname_and_a_given_name() -> None:
    found = renderings("周立群", "person")
    assert {"Zhou Liqun", "Liqun Zhou", "Zhōu Lìqún"} <= set(found.pinyin)
    assert found.cyrillic[0] == "Чжоу Лицюнь"
    assert {"Чжоу Лицюня", "Чжоу Лицюнем"} <= set(found.declined)
    assert "Chou Li-ch'ün" in found.wade_giles


@pytest.mark.parametrize(
    ("han", "surname"), [("单国强", "Shan"), ("曾庆红", "Zeng"), ("欧阳修", "Ouyang"), ("解振华", "Xie")]
)
def test_surnames_have_their_own_readings(han: str, surname: str) -> None:
    assert renderings(han, "person").pinyin[0].split()[0] == surname


def test_pinyin_without_tones_gives_no_han_and_no_tones() -> None:
    found = renderings("Zhou Liqun")
    assert found.han == ()
    assert all(one.isascii() for one in found.pinyin)


def test_umlauts_are_printed_in_four_ways() -> None:
    assert {"Lü Bu", "Lu Bu", "Lv Bu", "Lyu Bu"} <= set(renderings("吕布", "person").pinyin)


@pytest.mark.parametrize(
    ("name", "cases"),
    [
        ("Ван", {"Вана", "Вану", "Ваном", "Ване"}),
        ("Чижэнь", {"Чижэня", "Чижену", "Чижэнем"}),
        ("Ли", set()),
        ("Хайшэньвай", {"Хайшэньвая", "Хайшенваем"}),
    ],
)
def test_a_name_given_in_cyrillic_declines(name: str, cases: set[str]) -> None:
    assert cases <= set(renderings(name, "person").declined)


def test_names_ask_for_a_capital_and_switches_narrow_them() -> None:
    assert all(form.case for form in name_forms("伯力", "place") if form.language != "zh")
    assert not [form for form in name_forms("伯力", "place", cyrillic=False) if form.language == "ru"]
    assert any("Ch'" in form.text for form in name_forms("Qingdao", "place", wade_giles=True))


def test_what_is_neither_han_nor_pinyin_is_refused() -> None:
    with pytest.raises(FormError, match="neither Han nor pinyin"):
        name_forms("Schwarzenegger", "person")
