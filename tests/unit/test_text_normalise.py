"""Folding makes alike what a reader takes for the same, merges no two words, and can be traced back exactly."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.text.chars import changing, fold_char
from monitor.core.text.normalise import align, fold, fold_fast


@pytest.mark.parametrize(
    ("printed", "folded", "why"),
    [
        ("Учёный ЁЖ", "ученый еж", "case, and ё is printed as е"),
        ("йод", "йод", "й is a letter of its own"),
        ("и\u0306од", "йод", "й in two pieces"),
        ("Тума́нная", "туманная", "a stress mark"),
        ("е\u0301хать", "ехать", "a stress mark on a letter that has no composed form"),
        ("«Сила» — 2", " сила 2", "quotation marks and dashes are gaps"),
        ("Лефор\u00adтов\u200bский\ufeff", "лефортовский", "invisible characters"),
        ("на\u00a0этот\u202fсчёт\u3000", "на этот счет ", "kinds of space"),
        ("ＣＮＰＣ ２号", "cnpc 2号", "full width; no gap between a number and Han"),
        ("圖們江", "图们江", "traditional Han"),
        ("AT&amp;T &laquo;x&raquo;", "at t x ", "entities"),
        ("&amp;quot;да&amp;quot;", " да ", "entities escaped twice"),
        ("<b>газ</b> &lt;i&gt;", " газ ", "tags, also escaped"),
        ("котοрый cентябрь", "который сентябрь", "Greek and Latin letters in Cyrillic words"),
        ("СNPC", "cnpc", "a Cyrillic letter in a word that only Latin can spell"),
        ("5 μg", "5 μg", "a Greek letter beside Latin is not a disguise"),
        ("俄聯(lián)邦", "俄联邦", "pinyin in brackets"),
        ("俄气(Gazprom)说", "俄气(gazprom)说", "a name in brackets is kept"),
        ("北·中·露", "北中露", "middle dots between Han"),
        ("x·y", "x y", "middle dots elsewhere"),
        ("“图们江”出海", " 图们江出海", "quotation marks inside Han text"),
        ("中国 俄罗斯", "中国 俄罗斯", "a space in Han text parts clauses"),
        ("#Сила_Сибири", "#сила сибири", "a hashtag"),
        ("кни\u0300га ме\u0300ра", "книга мера", "stress by a grave accent"),
        ("гра\u034fница", "граница", "a joiner that nobody sees"),
        ("Поток №2", "поток 2", "the sign for a number"),
        ("豆満江、仏中関係", "豆满江、佛中关系", "Japanese characters"),
        ("弁護士 浜", "弁护士 浜", "Japanese characters that are other words in Chinese"),
        ("ｶﾞｽ", "ガス", "half-width kana"),
        ("", "", "nothing"),
    ],
)
def test_folding(printed: str, folded: str, why: str) -> None:
    assert fold(printed) == folded, why


@pytest.mark.parametrize("text", ["Plain ASCII text", "Газпром и КНР", "“curly” – and…", "Смесь: Gazprom и ФСБ"])
def test_most_text_is_folded_byte_by_byte(text: str) -> None:
    assert isinstance(fold_fast(text), bytes)


@pytest.mark.parametrize("text", ["图们江", "a &amp; b", "<br>", "CМП", "μ"])
def test_the_rest_takes_the_longer_way(text: str) -> None:
    assert isinstance(fold_fast(text), str)


@pytest.mark.parametrize(
    ("text", "words", "original"),
    [
        ("в «Силе Сибири — 2» есть", "силе сибири 2", "Силе Сибири — 2"),
        ("по реке Тума́нной", "туманной", "Тума́нной"),
        ("на&nbsp;&nbsp;этот счет", "на этот", "на&nbsp;&nbsp;этот"),
        ("「西伯利亞力量」２號", "西伯利亚力量2号", "西伯利亞力量」２號"),
        ("俄聯(lián)邦安全局", "俄联邦安全局", "俄聯(lián)邦安全局"),
        ("до\u00adго\u00adвор", "договор", "до\u00adго\u00adвор"),
        ("五²", "2", "²"),
        ("Сила Сибири № 2", "сибири 2", "Сибири № 2"),
        ("ﬁrst", "fi", "ﬁ"),
    ],
)
def test_places_lead_back_to_the_original(text: str, words: str, original: str) -> None:
    folded = align(text)
    at = folded.text.index(words)
    start, end = folded.origin(at, at + len(words))
    assert text[start:end] == original


TROUBLE = st.sampled_from(
    [
        "а",
        "б",
        "ё",
        "й",
        "и",
        "\u0306",
        "\u0301",
        "\u0308",
        "\u00ad",
        "\u200b",
        "-",
        "—",
        "«",
        "»",
        '"',
        " ",
        "\u00a0",
        "a",
        "c",
        "e",
        "κ",
        "中",
        "俄",
        "聯",
        "２",
        "2",
        "(",
        ")",
        "i",
        "á",
        "&",
        "amp;",
        "lt;",
        "quot;",
        "<",
        "b>",
        "ｶ",
        "ﾞ",
        "한",
        "ᄀ",
        "ᅡ",
        *("·", "ß", "İ", "ﬁ", "™", "№", "…", "\n", "\x00", "👍", ".", "5"),
    ]
)
texts = st.lists(st.characters(exclude_categories=["Cs"]) | TROUBLE, max_size=40).map("".join)


@settings(max_examples=1500, deadline=None)
@given(texts)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@settings(max_examples=1500, deadline=None)
@given(texts)
def test_the_map_belongs_to_the_folded_text(text: str) -> None:
    folded = align(text)
    assert folded.text == fold(text)
    last = 0
    for at in range(len(folded.text)):
        start, end = folded.origin(at, at + 1)
        assert 0 <= start < end <= len(text)
        assert start >= last, "places never run backwards"
        last = start


@pytest.mark.parametrize("marks", ["\u0301\u0323", "\u0323\u200d\u0302", "\uff9e\u0345", "\u1e95\u0331"])
def test_a_pile_of_marks_takes_no_longer_than_other_text(marks: str) -> None:
    text = "шпион e" + marks * 100_000 + " China"  # minutes, if all were sorted
    folded = align(text)
    at = folded.text.index("china")
    assert folded.origin(at, at + 5) == (len(text) - 5, len(text))
    assert fold(fold(text)) == fold(text) == folded.text


@settings(max_examples=500, deadline=None)
@given(st.text("абвгдежзийклмнопрстуфхцчшщъыьэюя", min_size=1))
def test_cyrillic_words_stay_what_they_are(word: str) -> None:
    assert fold(word) == word
    assert fold(word.upper()) == word


def test_every_character_folds_to_what_stays() -> None:
    assigned = [char for char in map(chr, range(0x1F000)) if unicodedata.category(char) not in {"Cn", "Lo", "Co"}]
    assert [char for char in assigned if (once := fold(char)) != fold(once)] == []


def test_what_is_not_looked_up_stays_as_it_is() -> None:
    skipped = [char for char in map(chr, range(0x110000)) if not changing().match(char)]
    assert len(skipped) > 20_000
    assert [char for char in skipped if fold_char.__wrapped__(char) != char] == []
