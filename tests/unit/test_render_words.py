"""How times, spans, counts, places and foreign text are put into words, and how text is set in columns."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from monitor.adapters.deliver.render import words
from monitor.adapters.deliver.render.columns import fit, wrap
from monitor.adapters.deliver.render.differences import differences
from monitor.core.model import Carrier, Ownership

AT = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
TOKYO = words.Times(AT, "Asia/Tokyo")


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


@pytest.mark.parametrize(
    ("moment", "told", "reason"),
    [
        (AT, "08:00", "today, although yesterday in UTC"),
        (AT - timedelta(hours=8, minutes=1), "Mon 23:59", "yesterday there"),
        (AT - timedelta(days=6), "Wed 08:00", "within a week, the day is enough"),
        (AT - timedelta(days=7), "17 Nov 08:00", "the same weekday a week ago would mislead"),
        (AT - timedelta(days=400), "20 Oct 2025", "another year"),
        (AT + timedelta(days=1), "25 Nov 08:00", "in the future"),
    ],
)
def test_moments_are_told_as_briefly_as_is_clear(moment: datetime, told: str, reason: str) -> None:
    assert plain(TOKYO.short(moment)) == told, reason


@pytest.mark.parametrize(
    ("moment", "day", "ago", "recent", "reason"),
    [
        (AT - timedelta(minutes=40), "today", "40 min ago", "today 07:20", "just now"),
        (AT - timedelta(hours=11), "yesterday", "11 h ago", "yesterday 21:00", "hours say more than the day"),
        (AT - timedelta(hours=20), "yesterday", "yesterday", "yesterday 12:00", "hours are too many"),
        (AT - timedelta(days=5), "Thursday", "Thursday", "Thursday 08:00", "within a week"),
        (AT - timedelta(days=7), "17 November", "17 November", "17 November 08:00", "the same weekday would mislead"),
        (AT - timedelta(days=400), "20 October 2025", "20 October 2025", "20 October 2025 08:00", "another year"),
        (AT + timedelta(minutes=5), "today", "0 min ago", "today 08:05", "clocks differ"),
    ],
)
def test_what_was_told_before_is_dated_as_people_say_it(
    moment: datetime, day: str, ago: str, recent: str, reason: str
) -> None:
    assert (TOKYO.day(moment), plain(TOKYO.ago(moment)), plain(TOKYO.recent(moment))) == (day, ago, recent), reason


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Asia/Tokyo", "Tuesday 24 November 2026, 08:00 Tokyo (UTC+9)"),
        ("Asia/Kolkata", "Tuesday 24 November 2026, 04:30 Kolkata (UTC+5:30)"),
        ("America/St_Johns", "Monday 23 November 2026, 19:30 St Johns (UTC−3:30)"),
        ("America/Argentina/Buenos_Aires", "Monday 23 November 2026, 20:00 Buenos Aires (UTC−3)"),
        ("UTC", "Monday 23 November 2026, 23:00 UTC"),
        ("Etc/GMT-3", "Tuesday 24 November 2026, 02:00 Etc/GMT-3 (UTC+3)"),
    ],
)
def test_the_date_names_the_readers_zone(zone: str, told: str) -> None:
    assert words.Times(AT, zone).full(AT) == told


@pytest.mark.parametrize(
    ("minutes", "told"),
    [(0, "0 min"), (45, "45 min"), (60, "1 h"), (100, "1 h 40 min"), (540, "9 h"), (571, "10 h"), (2880, "2 days")],
)
def test_spans_are_as_exact_as_a_reader_cares_for(minutes: int, told: str) -> None:
    assert plain(words.span(timedelta(minutes=minutes))) == told


@pytest.mark.parametrize(
    ("code", "name"),
    [("RU", "Russia"), ("cn", "China"), ("KR", "South Korea"), ("GB", "United Kingdom"), ("XX", "XX"), (None, "")],
)
def test_countries_have_names(code: str | None, name: str) -> None:
    assert words.country(code) == name


@pytest.mark.parametrize(
    ("code", "name"),
    [("ru", "Russian"), ("zh-Hant", "Chinese"), ("tlh", "tlh"), (None, "other"), ("und", "other"), ("", "other")],
)
def test_languages_have_names(code: str | None, name: str) -> None:
    assert words.language(code) == name


@pytest.mark.parametrize(
    ("country", "ownership", "told"),
    [
        ("RU", Ownership.STATE, "Russia, state"),
        (None, Ownership.INDEPENDENT, "independent"),
        ("CN", Ownership.UNKNOWN, "China"),
        (None, Ownership.UNKNOWN, ""),
    ],
)
def test_an_outlets_standing_says_what_is_known(country: str | None, ownership: Ownership, told: str) -> None:
    assert words.standing(Carrier("x", "", "", AT, None, country, ownership)) == told


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 stories"), (1, "1 story"), (2, "2 stories"), (1204, "1,204 stories")]
)
def test_counts_agree_with_their_noun(number: int, told: str) -> None:
    assert words.count(number, "story", "stories") == told


@pytest.mark.parametrize(
    ("url", "link", "reason"),
    [
        ("https://a.example/x?y=1&z=2#f", "https://a.example/x?y=1&z=2#f", "an ordinary address"),
        ("http://a.example", "http://a.example", "http is allowed"),
        ("HTTPS://A.example/", "HTTPS://A.example/", "case does not matter"),
        ("  https://a.example/ ", "https://a.example/", "blanks around"),
        ("https://пример.рф/новость", "https://пример.рф/новость", "another script"),
        (
            'https://a.example/a b|c>d"e',
            "https://a.example/a%20b%7Cc%3Ed%22e",
            "characters that end a link in Slack or HTML",
        ),
        ("https://a.example/a\nb", "https://a.example/a%20b", "a line end"),
        ("javascript:alert(1)", "", "a script"),
        ("java\x00script:alert(1)", "", "a script in disguise"),
        ("data:text/html,x", "", "no web address"),
        ("//a.example/x", "", "no scheme"),
        ("/relative", "", "relative"),
        ("https://", "", "no host"),
        ("https://[broken", "", "no address at all"),
        ("https://a.example/" + "x" * 2000, "", "absurdly long"),
        ("", "", "none"),
    ],
)
def test_only_web_addresses_become_links(url: str, link: str, reason: str) -> None:
    assert words.safe_link(url) == link, reason


@pytest.mark.parametrize(
    ("daily", "bars"),
    [((), ""), ((0, 0), "▁▁"), ((0, 1), "▁█"), ((1, 100), "▂█"), ((4, 8), "▅█"), ((0, 5, 10), "▁▅█")],
)
def test_a_bar_stands_for_a_day_and_one_hit_is_never_flat(daily: tuple[int, ...], bars: str) -> None:
    assert words.sparkline(daily) == bars


@pytest.mark.parametrize(
    ("text", "limit", "clipped"),
    [
        ("short", 10, "short"),
        ("exactly10!", 10, "exactly10!"),
        ("several words, cut at a word's end", 16, "several words…"),
        ("西伯利亚力量2号价格公式", 6, "西伯利亚力…"),
        ("a\n\tb\u2028c", 10, "a b c"),
        ("safe\u202egnp.exe", 20, "safegnp.exe"),
        ("lone \ud83d surrogate", 20, "lone surrogate"),
    ],
)
def test_what_is_cut_shows_that_it_was(text: str, limit: int, clipped: str) -> None:
    assert words.clip(text, limit) == clipped


@given(st.text(max_size=300), st.integers(10, 80))
def test_clipped_text_keeps_to_its_limit_and_can_be_encoded(text: str, limit: int) -> None:
    clipped = words.clip(text, limit)
    assert len(clipped) <= limit
    assert "\n" not in clipped
    assert clipped.encode().decode() == clipped


# --- columns ----------------------------------------------------------------------------------------------

PROSE = st.text(st.sampled_from("abcабв中文字。，「」 \xa0-…한국어"), max_size=200)


@given(PROSE, st.integers(12, 40))
def test_no_line_is_wider_than_asked_unless_it_is_one_word(text: str, width: int) -> None:
    for line in wrap(text, "  - ", width=width).split("\n"):
        assert cell_len(line) <= width or " " not in line.strip(" -") or "\xa0" in text


@given(PROSE)
def test_wrapping_loses_nothing_but_blanks(text: str) -> None:
    blanks = str.maketrans("", "", " \n\xa0")
    assert wrap(text, width=20).translate(blanks) == text.translate(blanks)


@pytest.mark.parametrize(
    ("text", "lines", "reason"),
    [
        ("one two three", ["one two", "three"], "at a blank"),
        ("中文字中文字", ["中文字中", "文字"], "between any two Han characters"),
        ("中文字中。文", ["中文字", "中。文"], "a full stop never begins a line"),
        ("中文「字」中", ["中文", "「字」中"], "an opening quote never ends a line"),
        ("China (中国; x", ["China", "(中国; x"], "neither does a bracket, nor does a semicolon begin one"),
        ("中文字中, x", ["中文字", "中, x"], "a Latin comma sticks to its Han character"),
        ("한국어 뉴스", ["한국어", "뉴스"], "Korean at blanks"),
        ("5\xa0h 40\xa0min", ["5 h", "40 min"], "never at a no-break space"),
        ("https://a.example/long", ["https://a.example/long"], "an address stays whole"),
    ],
)
def test_lines_break_as_the_script_asks(text: str, lines: list[str], reason: str) -> None:
    assert wrap(text, width=8).split("\n") == lines, reason


@given(st.text(st.sampled_from("ab中文한 "), max_size=40), st.integers(2, 30))
def test_a_column_has_exactly_its_width(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width


# --- differences ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("50 млрд кубометров газа", "40 млрд кубометров газа", "[-50][+40] млрд кубометров газа"),
        ("输气量50亿立方米", "输气量40亿立方米", "输气量[-50][+40]亿立方米"),
        ("цена 1,5 за куб", "цена 1,7 за куб", "цена [-1,5][+1,7] за куб"),
        ("стороны сошлись в цене", "стороны не сошлись в цене", "стороны[+ не] сошлись в цене"),
        ("one thing", "quite another matter", "[-one thing][+quite another matter]"),
        ("", "new", "[+new]"),
        ("same", "same", "same"),
    ],
)
def test_only_what_changed_is_struck_out(old: str, new: str, told: str) -> None:
    form = {"same": "{}", "del": "[-{}]", "ins": "[+{}]"}
    assert "".join(form[run.kind].format(run.text) for run in differences(old, new)) == told


@given(st.text(max_size=80), st.text(max_size=80))
def test_both_headlines_can_be_read_from_the_difference(old: str, new: str) -> None:
    runs = differences(old, new)
    assert "".join(run.text for run in runs if run.kind != "ins") == old
    assert "".join(run.text for run in runs if run.kind != "del") == new
