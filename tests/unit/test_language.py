"""The language of a stretch of text, coarsely, and when two guesses differ."""

import pytest

from monitor.core.language import differ, guess, name

TEXTS = {
    "ru": "Суд отправил под стражу инженера верфи, передававшего чертежи ледокола; защита обжалует решение, это ясно. ",
    "uk": "Суд відправив під варту інженера верфі, який передавав креслення криголама; захист оскаржить, їх двоє. ",
    "bg": "Съдът задържа инженер от корабостроителницата, който е предавал чертежи; защитата ще обжалва в съда. ",
    "kk": "Сот кеме жасау зауытының инженерін қамауға алды, ол мұзжарғыштың сызбаларын берген деп күдіктелуде. ",
    "zh": "法院下令羁押一名造船厂工程师，据称他向邻国熟人提供了破冰船的图纸，辩护律师将提起上诉。",
    "ja": "裁判所は造船所の技術者を拘束するよう命じた。砕氷船の図面を隣国の知人に渡した疑いが持たれている。",
    "ko": "법원은 쇄빙선 도면을 이웃 나라의 지인에게 넘긴 혐의로 조선소 기술자를 구속했다고 밝혔다. ",
    "en": "The court has remanded an engineer of the shipyard who is said to have passed drawings to a friend abroad. ",
    "de": "Das Gericht hat einen Ingenieur der Werft in Haft genommen, der die Pläne an einen Bekannten gegeben hat. ",
    "fr": "Le tribunal a placé en détention un ingénieur du chantier qui a transmis les plans à une relation. ",
    "fa": "دادگاه یک مهندس کشتی‌سازی را که نقشه‌های یخ‌شکن را به یک آشنا داده بود بازداشت کرد و پرونده گشوده شد. ",
}


@pytest.mark.parametrize("code", TEXTS)
def test_each_language_is_told_from_its_neighbours(code: str) -> None:
    assert guess(TEXTS[code] * 2) == code


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing"),
        ("Суд арестовал", "too short"),
        ("12.03.2026 — 15:00 | 1 234 567 " * 20, "no letters"),
        ("Court суд Court суд The of суд арест " * 20, "two scripts in equal parts"),
    ],
)
def test_where_it_can_not_be_told_nothing_is_said(text: str, why: str) -> None:
    assert guess(text) == "", why


def test_a_few_foreign_names_do_not_change_the_language() -> None:
    assert guess(TEXTS["ru"] + " Gazprom, Rosneft, Power of Siberia " + TEXTS["ru"]) == "ru"
    assert guess(TEXTS["zh"] * 3 + " Gazprom Rosneft ") == "zh"


def test_an_unknown_language_is_known_by_its_script() -> None:
    assert guess("Sąmpłe wørds qwx zzyv brrk plonk tremf " * 6) == "und-Latn"


@pytest.mark.parametrize(
    ("one", "other", "different"),
    [
        ("ru", "zh", True),
        ("ru", "ru", False),
        ("", "zh", False),
        ("ru", "und-Cyrl", False),
        ("und-Cyrl", "uk", False),
        ("und-Latn", "ru", True),
        ("en", "und-Latn", False),
        ("en", "de", True),
        ("fa", "und-Arab", False),
        ("bg", "und-Cyrl", False),
    ],
)
def test_a_script_alone_differs_only_from_other_scripts(one: str, other: str, different: bool) -> None:
    assert differ(one, other) is differ(other, one) is different


def test_languages_have_names_and_unknown_codes_name_themselves() -> None:
    assert (name("ru"), name("xx")) == ("Russian", "xx")
