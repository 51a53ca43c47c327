"""HTML becomes what a reader sees of it: words stay whole, blocks stay apart."""

from time import perf_counter

import pytest

from monitor.adapters.parse.text.mojibake import unmangle
from monitor.adapters.parse.text.plain import html_to_text, plain_title, tidy


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<b>Газ</b>пром", "Газпром", id="inline tags leave no trace"),
        pytest.param("与<a href='x'>Gazprom</a>签署", "与Gazprom签署", id="within Han text"),
        pytest.param("<p>Один</p><p>Два</p>", "Один\nДва", id="paragraphs"),
        pytest.param("Один<br>Два<br/>Три", "Один\nДва\nТри", id="line breaks"),
        pytest.param("<ul><li>Один<li>Два</ul>", "Один\nДва", id="list without end tags"),
        pytest.param("<table><tr><td>1</td><td>2</td></tr></table>", "1\n2", id="cells"),
        pytest.param("<div>Один<div>Два</div></div>", "Один\nДва", id="nested blocks"),
        pytest.param("Один\n  Два", "Один\nДва", id="lines of plain text"),
        pytest.param("<p>Один\n  Два</p>", "Один Два", id="lines of the source are space"),
        pytest.param("река&nbsp;Туманная &mdash; &quot;выход&quot;", 'река Туманная — "выход"', id="entities"),
        pytest.param("&#1042;&#x41E;", "ВО", id="references"),
        pytest.param("&amp;lt;b&amp;gt;", "&lt;b&gt;", id="resolved once only"),
        pytest.param("AT&T &copy2026 R&D", "AT&T &copy2026 R&D", id="no semicolon, no entity"),
        pytest.param("a < b и 3<4", "a < b и 3<4", id="less-than is no tag"),
        pytest.param('<img alt="a > b" src="x">Текст', "Текст", id="greater-than in an attribute"),
        pytest.param("<img alt='it's' src=x>Текст", "Текст", id="quotes that do not pair"),
        pytest.param("Текст <a href=", "Текст <a href=", id="a tag that does not end"),
        pytest.param("A<!-- <p>нет</p> -->Б", "AБ", id="comment"),
        pytest.param("А<script>var x = '<p>'</script>Б", "А Б", id="script"),
        pytest.param("А<style>p {}</style >Б<script>нет", "А Б", id="style, and a script without end"),
        pytest.param("<![CDATA[Текст <b>тут</b>]]>", "Текст тут", id="CDATA within"),
        pytest.param("А\x00Б\x1fВ\ud800Г\ufffe", "АБВГ", id="what no text holds"),
        pytest.param("soft\u00adhyphen", "soft\u00adhyphen", id="soft hyphens are left to the matcher"),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Газпром &amp; CNPC", "Газпром & CNPC"),
        ("Газпром &amp;amp; CNPC", "Газпром & CNPC"),
        ("Газпром &amp;amp;amp; CNPC", "Газпром &amp; CNPC"),
        ("&amp;quot;Сила Сибири&amp;quot;", '"Сила Сибири"'),
        ("&lt;b&gt;Газ&lt;/b&gt;пром", "Газпром"),
        ("<em>Газ</em>пром", "Газпром"),
        ("Как работает <template>", "Как работает <template>"),
        ("5 < 7 > 3", "5 < 7 > 3"),
        ("Один\n\t Два\u00a0Три", "Один Два Три"),
        ("R&D; AT&T", "R&D; AT&T"),
        ("", ""),
    ],
)
def test_titles_are_unescaped_at_most_twice(raw: str, title: str) -> None:
    assert plain_title(raw) == title


@pytest.mark.parametrize("text", ["Москва", "“выход”", "münchen", "図們江"])
def test_text_that_was_encoded_twice_is_made_whole(text: str) -> None:
    bytes_read_wrongly = [bytes([byte]) for byte in text.encode()]
    mangled = "".join(byte.decode("cp1252", "ignore") or byte.decode("latin-1") for byte in bytes_read_wrongly)

    assert mangled != text
    assert unmangle(mangled) == text


@pytest.mark.parametrize("text", ["Ça déjà vu", "Größe", "naïve café — “quoted”", "Â", "Москва", "Ð Москва", "ÂÇ", ""])
def test_ordinary_text_is_never_taken_for_mangled(text: str) -> None:
    assert unmangle(text) == text


def test_tidy_keeps_lines_and_drops_empty_ones() -> None:
    assert tidy("  один  два \r\n \n\n три\t") == "один два\nтри"


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("<div>" * 200_000, id="nested"),
        pytest.param("<a " * 300_000, id="tags never closed"),
        pytest.param('<a "' * 300_000, id="quotes never closed"),
        pytest.param("<a '\"" * 200_000, id="both quotes"),
        pytest.param("<!--" * 200_000, id="comments never closed"),
        pytest.param("<script>" * 200_000, id="scripts never closed"),
        pytest.param("<![CDATA[" * 100_000, id="CDATA never closed"),
        pytest.param("&" * 1_000_000, id="ampersands"),
        pytest.param("&#" * 500_000, id="references without end"),
        pytest.param("<" * 1_000_000, id="less-thans"),
        pytest.param(" \n" * 500_000 + "<b>", id="white space"),
        pytest.param("</" * 500_000, id="end tags without names"),
    ],
)
def test_time_grows_with_length_only(hostile: str) -> None:
    began = perf_counter()

    html_to_text(hostile)
    plain_title(hostile)

    assert perf_counter() - began < 10
