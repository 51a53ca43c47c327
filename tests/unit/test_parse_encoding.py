"""A document is read in the encoding it is really in, whoever claims what."""

import pytest

from monitor.adapters.parse.text.encoding import codec_of, decode

RU = "В Хабаровске задержан сотрудник института: следствие подозревает его в передаче сведений иностранной разведке."
RU_SHORT = "Шпионаж в Якутии"
UK = "Їхній уряд обговорив енергетику та співпрацю з сусідами"
ZH = "中国公民因涉嫌间谍活动在俄罗斯远东地区被捕，外交部发言人对此表示关注"
ZH_TRADITIONAL = "中國公民因涉嫌間諜活動在俄羅斯遠東地區被捕，外交部發言人對此表示關注"
JA = "ロシア極東で中国人がスパイ容疑で逮捕された。外務省は事実関係を確認中と発表した"
KO = "러시아 극동에서 중국인이 간첩 혐의로 체포됐다고 현지 언론이 보도했다"
FR = "Le président a été réélu à la majorité; la frontière reste fermée jusqu’à l’été"
DE = "Über die Brücke fährt künftig täglich ein Güterzug"


def feed(text: str, declared: str | None = None) -> str:
    said = f' encoding="{declared}"' if declared else ""
    return f'<?xml version="1.0"{said}?><rss version="2.0"><channel><title>{text}</title></channel></rss>'


@pytest.mark.parametrize(
    ("text", "codec", "declared"),
    [
        (RU, "windows-1251", "windows-1251"),
        (RU, "koi8-r", "KOI8-R"),
        (RU, "windows-1251", "Windows-1251"),
        (RU, "cp866", "ibm866"),
        (RU, "iso8859-5", "ISO-8859-5"),
        (ZH, "gb18030", "gb18030"),
        (ZH + "𠮷", "gb18030", "gb2312"),
        (ZH, "gbk", "GBK"),
        (ZH_TRADITIONAL, "big5", "Big5"),
        (JA, "shift_jis", "Shift_JIS"),
        (JA + "①", "cp932", "shift_jis"),
        (JA, "euc_jp", "EUC-JP"),
        (JA, "iso2022_jp", "ISO-2022-JP"),
        (KO, "euc_kr", "EUC-KR"),
        (KO + "됬", "cp949", "ks_c_5601-1987"),
        (FR, "cp1252", "iso-8859-1"),
        (DE, "iso8859-1", "ISO-8859-1"),
        (RU, "utf-8", "UTF-8"),
    ],
)
@pytest.mark.parametrize("where", ["header", "document"])
def test_a_true_claim_is_believed_without_a_word(text: str, codec: str, declared: str, where: str) -> None:
    body = feed(text, declared if where == "document" else None).encode(codec)
    header = f"text/xml; charset={declared}" if where == "header" else "text/xml"

    decoded = decode(body, header)

    assert text in decoded.text
    assert decoded.notes == ()


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (RU, "windows-1251"),
        (RU, "koi8-r"),
        (RU_SHORT, "windows-1251"),
        (RU_SHORT, "koi8-r"),
        (UK, "windows-1251"),
        (UK, "koi8-u"),
        (RU, "cp866"),
        (ZH, "gb18030"),
        (ZH_TRADITIONAL, "big5"),
        (JA, "cp932"),
        (JA, "euc_jp"),
        (KO, "euc_kr"),
        (FR, "cp1252"),
        (DE, "cp1252"),
        (RU, "utf-8"),
        (ZH, "utf-8"),
    ],
)
@pytest.mark.parametrize("claimed", [None, "utf-8", "iso-8859-1", "no-such-charset", "utf-7"])
def test_without_a_true_claim_the_content_decides(text: str, codec: str, claimed: str | None) -> None:
    decoded = decode(feed(text, claimed).encode(codec), "application/rss+xml")

    assert text in decoded.text


@pytest.mark.parametrize(
    ("text", "codec", "header", "declared"),
    [
        pytest.param(RU, "windows-1251", "iso-8859-1", "windows-1251", id="the server's default charset is wrong"),
        pytest.param(RU, "utf-8", "windows-1251", "utf-8", id="converted, header forgotten"),
        pytest.param(RU, "utf-8", "utf-8", "windows-1251", id="converted, declaration forgotten"),
        pytest.param(RU, "koi8-r", "koi8-r", "windows-1251", id="the header is right"),
        pytest.param(RU, "windows-1251", "koi8-r", "windows-1251", id="the document is right"),
        pytest.param(RU, "koi8-r", "windows-1251", "windows-1251", id="both are wrong"),
        pytest.param(ZH, "gb18030", "utf-8", "gb2312", id="GB under a UTF-8 header"),
        pytest.param(ZH, "gb18030", "big5", "big5", id="GB called Big5"),
        pytest.param(ZH_TRADITIONAL, "big5", "gb2312", "gb2312", id="Big5 called GB"),
        pytest.param(JA, "cp932", "euc-jp", "shift_jis", id="two Japanese claims"),
        pytest.param(KO, "euc_kr", "gb2312", "euc-kr", id="Korean called Chinese"),
        pytest.param(ZH, "gb18030", "euc-kr", "euc-kr", id="Chinese called Korean"),
    ],
)
def test_where_claims_disagree_the_legible_one_wins_and_is_told(
    text: str, codec: str, header: str, declared: str
) -> None:
    decoded = decode(feed(text, declared).encode(codec), f"text/xml; charset={header}")

    assert text in decoded.text
    assert len(decoded.notes) == 1
    assert "but it" in decoded.notes[0]


CLAIMS = [None, "utf-8", "windows-1251", "koi8-r", "gb2312", "big5", "shift_jis", "euc-jp", "euc-kr", "iso-8859-1",
          "utf-16", "us-ascii"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "codecs"),
    [
        (RU, ["utf-8", "cp1251", "koi8-r", "cp866", "iso8859-5"]),
        (RU_SHORT, ["utf-8", "cp1251", "koi8-r"]),
        ("Шпион", ["utf-8", "cp1251", "koi8-r"]),
        (UK, ["utf-8", "cp1251", "koi8-u"]),
        (ZH, ["utf-8", "gb18030"]),
        ("图们江通航", ["utf-8", "gb18030"]),
        (ZH_TRADITIONAL, ["utf-8", "big5"]),
        (JA, ["utf-8", "cp932", "euc_jp"]),
        (KO, ["utf-8", "euc_kr"]),
        ("두만강", ["utf-8", "euc_kr"]),
        (FR, ["utf-8", "cp1252"]),
        (DE, ["utf-8", "cp1252"]),
    ],
)
def test_no_pair_of_claims_however_false_makes_a_text_unreadable(text: str, codecs: list[str]) -> None:
    misread = [
        (codec, header, declared)
        for codec in codecs
        for header in CLAIMS
        for declared in CLAIMS
        if text not in decode(feed(text, declared).encode(codec), f"text/xml; charset={header}" if header else "").text
    ]

    assert misread == []


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize("declared", ["utf-8", "utf-16", "windows-1251", None])
def test_marks_and_zero_bytes_tell_unicode_of_any_width(codec: str, declared: str | None) -> None:
    decoded = decode(feed(RU, declared).encode(codec), "text/xml; charset=windows-1251")

    assert RU in decoded.text
    assert decoded.text.startswith("<?xml")


def test_one_cut_character_does_not_make_a_utf8_document_something_else() -> None:
    body = feed(RU * 3).encode().replace("разведке".encode(), "разведк".encode() + b"\xd0", 1)

    decoded = decode(body)

    assert decoded.text.count("\ufffd") == 1
    assert RU in decoded.text
    assert decoded.notes == ("UTF-8 with 1 broken characters",)


def test_the_users_word_is_final() -> None:
    body = feed(RU, "utf-8").encode("koi8-r")

    assert RU in decode(body, "text/xml; charset=utf-8", override="KOI8-R").text
    assert "�" in decode(body, override="utf-8").text


def test_all_capitals_are_no_reason_to_doubt_a_claim() -> None:
    text = "ЗАДЕРЖАН СОТРУДНИК ИНСТИТУТА"

    assert text in decode(feed(text, "windows-1251").encode("cp1251")).text


@pytest.mark.parametrize("body", [b"", b"\xff", b"\xfe\xff", b"\x00", b"\x80" * 99, bytes(range(256)) * 9])
def test_any_bytes_become_some_text(body: bytes) -> None:
    assert isinstance(decode(body, "text/xml; charset=utf-8").text, str)


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("Windows-1251", "cp1251"),
        ("win-1251", "cp1251"),
        ("GB2312", "gb18030"),
        ("x-sjis", "cp932"),
        ("latin1", "cp1252"),
        ("utf8", "utf-8"),
        ("utf-7", None),
        ("rot13", None),
        ("base64", None),
        ("unicode_escape", None),
        ("no-such", None),
        ("", None),
        ("\x00", None),
    ],
)
def test_labels_mean_what_they_mean_on_the_web(label: str, codec: str | None) -> None:
    assert codec_of(label) == codec
