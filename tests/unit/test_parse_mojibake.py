"""Text garbled before it came into the feed is made whole where that is certain, and only there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.parse.text.mojibake import unmangle

RU = "Суд в Хабаровске продлил арест сотруднику института"
TITLE = "«Газпром» и CNPC: переговоры о «Силе Сибири — 2»"
ZH = "俄罗斯总统与外交部长会见中国代表团"


def read_as(text: str, codec: str, true: str = "utf-8") -> str:
    """The text in its `true` encoding, read as another; undefined bytes as browsers have them."""
    raw = text.encode(true)
    return "".join(bytes([byte]).decode(codec, "ignore") or chr(byte) for byte in raw)


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "cp1251", "koi8-r"])
@pytest.mark.parametrize("text", [RU, TITLE, ZH, "图们江", "И", "Größe und Führung", "№ 5 — «да»"])
def test_utf8_that_was_read_as_something_else_is_made_whole(text: str, codec: str) -> None:
    mangled = read_as(text, codec)

    assert mangled != text
    if codec in {"cp1251", "koi8-r"} and len(text.encode()) - len(text) < 3:
        assert unmangle(mangled) == mangled  # too little to be certain
    else:
        assert unmangle(mangled) == text


@pytest.mark.parametrize(("text", "true"), [(RU, "cp1251"), (TITLE.replace("CNPC", "КННК"), "cp1251"), (ZH, "gb18030")])
def test_text_that_was_read_as_latin_letters_is_made_whole(text: str, true: str) -> None:
    mangled = read_as(text, "cp1252", true)

    assert mangled != text
    assert unmangle(mangled) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (RU, "plain Russian"),
        (TITLE, "with quotation marks"),
        ("США и РФ: что дальше? С «Газпромом»", "capital С and Р before signs"),
        ("Р° и С… — так бывает", "one pair may be meant"),
        ("Р", "a letter"),
        ("Н. С. Петров, Р. Р. Иванов", "initials"),
        (ZH, "plain Chinese"),
        ("图们江", "a few characters"),
        ("Ça déjà vu à l’été — “où ça ?”", "French"),
        ("Größe, Übermaß, Ärger", "German"),
        ("Þór og Ægir á Ísafirði", "Icelandic"),
        ("Đặng Tiểu Bình", "Vietnamese"),
        ("Íñigo Ñúñez", "Spanish"),
        ("ÀÁÂÃÄÅÆÇÈÉ: a table of letters", "no word of Russian comes out"),
        ("ÄÖÜ", "too little"),
        ("naïve café", "a word or two"),
        ("Ð Москва", "half of it is right"),
        (RU + " " + read_as(RU, "cp1252"), "half of it is right"),
        (read_as(RU, "cp1252").replace("\u00d0", "?"), "damaged beyond certainty"),
        ("┌──┐ рамка └──┘", "box drawing"),
        ("러시아 극동", "Korean"),
        ("", "nothing"),
        ("ascii only", "nothing to mend"),
    ],
)
def test_what_is_not_certain_is_left_alone(text: str, why: str) -> None:
    assert unmangle(text) == text, why


@given(st.text(alphabet="абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕРСТ «»—№.,- 12ёЁ", max_size=60))
def test_no_cyrillic_text_is_ever_changed(text: str) -> None:
    assert unmangle(text) == text


@given(st.text(alphabet="абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕРСТ «»—№.,- 12ёЁ", min_size=8, max_size=60))
def test_mending_twice_is_mending_once(text: str) -> None:
    for codec in ("cp1251", "cp1252", "koi8-r"):
        once = unmangle(read_as(text, codec))

        assert unmangle(once) == once
