"""Each broken file under tests/data/config has one fault, which its name says: it is named with its exact place."""

import os
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.config import load_feeds, load_rules
from monitor.adapters.config.source import MAX_BYTES
from monitor.errors import ConfigError, Problem

FAULTS = Path(__file__).parent.parent / "data" / "config"

# file, line:column, words the complaint must hold (what is wrong, and what to do)
FEEDS = [
    ("alias-bomb", "5:36", "aliases repeat more than 100,000 values", "write the values out"),
    ("auth-beside-header", "6:22", "authorization: `auth` says the same", "keep one of them"),
    ("auth-not-a-mapping", "4:11", "auth: must be a mapping", "its keys: username, password"),
    ("auth-two-ways", "4:11", "auth: has a token and a user name or password", "keep `bearer`"),
    ("auth-unset-variable", "5:15", "bearer: the environment variable COAST_SECRET is not set", "set it before"),
    ("auth-user-with-colon", "4:22", "username: a user name can't hold a colon", "`password`"),
    ("auth-without-user", "4:11", "auth: has neither `username` nor `bearer`", "write username and password"),
    ("at-sign", "5:12", "a text can't begin with @", "quotes"),
    ("bad-channel", "3:15", "`coast daily` can't be the name of a channel", "t.me/NAME"),
    ("bad-cookie", "5:16", "session: a cookie can't hold blanks", "copy it as the browser shows it"),
    ("bad-country", "4:14", "`Russia` is no country code", "two letters"),
    ("bad-duration", "4:12", "`ten minutes` is no duration", "10m"),
    ("bad-fulltext", "4:15", "`promissing` is not known here", "did you mean 'promising'"),
    ("bad-header-name", "5:18", "`X Token` can't be the name of an HTTP header", "letters"),
    ("bad-id", "2:9", "`coast daily` can't be an id", "use up to 64 letters"),
    ("bad-indent", "4:4", "this line is neither in the list above nor deeper", "mend the indent"),
    ("bad-proxy", "4:12", "proxy: is no address of a proxy", "socks5://host:1080"),
    ("bad-url", "3:10", "`coast.example/rss` is no web address", "did you mean `https://coast.example/rss`?"),
    ("bad-user-agent", "4:17", "user_agent: must be one line of plain ASCII", "HTTP header"),
    ("ca-file-missing", "4:20", "can't read /no/such/authorities.pem: no such file", "check the path"),
    ("ca-file-relative", "4:20", "`authorities.pem` is no whole path", "begin it with /"),
    ("colon-in-text", "3:16", "a second `:` in this line", "quote"),
    ("country-as-language", "4:15", "`cn` is no language code", "did you mean `zh`?"),
    ("duplicate-id", "6:9", "two feeds have the id `coast-daily`", "give each its own"),
    ("duplicate-key", "5:5", "key `url` is there twice, first in line 3", "keep one"),
    ("duplicate-url", "5:10", "two feeds have the address", "enabled: false"),
    ("duration-without-unit", "4:12", "10 of what?", "10m"),
    ("empty", "1:1", "the file is empty", "monitor init"),
    ("empty-value", "4:10", "name: the value is missing", "remove the line"),
    ("feed-not-a-mapping", "2:5", "must be a mapping", "id: …, url: …"),
    ("feeds-not-a-list", "1:1", "`feeds:` must be a list", "- id: …"),
    ("html-beside-sitemap", "4:5", "`html` belongs to the `url` of a page, not to `sitemap`", "remove it"),
    ("html-without-items", "4:11", "`items` is missing", "add it"),
    ("include-circle", "1:10", "files include one another in a circle", "remove one"),
    ("include-missing-file", "3:5", "no-such-file.yaml: no such file", "paths count from the folder of this file"),
    ("include-not-a-name", "1:10", "include must be a file name or a list", "include: [terms.yaml]"),
    ("list-at-top", "1:1", "the file must hold a mapping", "such as `feeds:`"),
    ("merge-key", "5:5", "merge keys (<<) are not supported", "defaults:"),
    ("missing-id", "4:5", "`id` is missing", "add id"),
    ("missing-url", "2:5", "`url` is missing", "add url"),
    ("number-as-name", "4:11", "must be text, not `2024`", "quotes"),
    ("only-comments", "1:1", "the file is empty", "monitor init"),
    ("password-in-url", "3:10", "the address holds a user name or password", "auth:"),
    ("private-channel", "3:15", "an invitation to a private channel", "only public channels"),
    ("query-two-kinds", "7:7", "a query has `rule` or `text`, not both", "keep one"),
    ("query-without-words", "4:12", "a query asks for a rule's words, or for a text", "add rule:"),
    ("selector-not-css", "4:19", "`div.news[` is no CSS selector", "div.news-item"),
    ("selector-xpath", "5:14", "`//div/a` is XPath", "write CSS"),
    ("tab", "3:1", "a tab indents this line", "replace the tab with spaces"),
    ("tag", "3:10", "the tag !!python/object:os.system is not supported", "remove it"),
    ("tags-not-a-list", "4:11", "tags: must be a list, not `energy`", "write [energy]"),
    ("tls-verify-text", "4:19", "verify: must be true or false, not `never`", ""),
    ("text-after-quote", "3:19", "text follows a closed quote or bracket", "quote the whole value"),
    ("top-keys-askew", "2:1", "this line does not belong to what stands above it", "column 1"),
    ("two-documents", "4:1", "a second document begins here", "include:"),
    ("two-origins", "4:5", "`telegram` stands beside `url`: an entry has one of url, sitemap", "keep one"),
    ("unclosed-bracket", "3:11", "a list in [ ] is not closed", "add `]`"),
    ("unclosed-quote", "3:11", "a quote is opened here and never closed", "add it"),
    ("unknown-alias", "3:10", "*coast refers to nothing", "quote"),
    ("unknown-encoding", "4:15", "`windows1521` is no character encoding", "did you mean 'windows-1251'"),
    ("unknown-engine", "3:21", "`google` is not known here", "google-news, gdelt"),
    ("unknown-key", "4:5", "unknown key `langauge`", "did you mean 'language'"),
    ("unknown-key-of-html", "4:34", "unknown key `titel`, did you mean 'title'?", "known keys: items, title, link"),
    ("unknown-ownership", "4:16", "`stat` is not known here", "did you mean 'state'"),
    ("unknown-timezone", "4:15", "'Europe/Vladivostok' is no time zone", "did you mean 'Asia/Vladivostok'"),
    ("unknown-top-key", "1:1", "unknown key `sources`", "known keys: include, defaults, feeds"),
    ("unset-variable", "6:22", "the environment variable COAST_TOKEN is not set", "set it"),
    ("wrong-default", "2:13", "'Europe/Moskow' is no time zone", "did you mean 'Europe/Moscow'"),
    ("yes-is-text", "4:14", "must be true or false", "`yes`"),
]
RULES = [
    ("bad-cron", "8:9", "this has 4", "0 8 * * 1-5"),
    ("bad-email", "9:9", "`desk at example.org` is no email address", "email:name@host"),
    ("bad-regex", "4:12", "harbou(r", ""),
    ("bad-selector", "7:13", "'urgent' is no severity", "use one of low, medium, high, critical"),
    ("bad-within", "6:15", "40 wrods", "40 words"),
    ("cron-out-of-range", "8:9", "the hour is not valid", "0–23"),
    ("digest-unknown-key", "10:5", "unknown key `when-empty`", "did you mean 'when_empty'"),
    ("digest-unknown-timezone", "9:15", "'Tokyo' is no time zone", "did you mean 'Asia/Tokyo'"),
    ("digest-without-targets", "9:9", "the list is empty", "name at least one"),
    ("digest-without-time", "6:5", "`at` is missing", "0 8 * * 1-5"),
    ("digests-not-a-list", "5:1", "`digests:` must be a list", "- id: …"),
    ("duplicate-digest", "7:10", "two digests have the id `morning`", "rename one"),
    ("duplicate-rule", "5:9", "ports", ""),
    ("hash-without-channel", "9:10", "`#russia-china` is no place to send to", 'did you mean "slack:#russia-china"'),
    ("lone-star", "7:14", "a name must follow *", '"*"'),
    ("rule-without-match", "2:5", "match", ""),
    ("term-defined-twice", "3:3", "`terms.ice` is there already: ../good/terms.yaml:2:3", "rename or remove one"),
    ("unknown-channel", "11:9", "is no place to send to, did you mean 'email'?", "email:name@host"),
    ("unknown-rule-in-digest", "7:13", "no rule has the id 'prots'", "did you mean 'ports'"),
    ("unknown-section", "5:1", "unknown key `digest`", "did you mean 'digests'"),
    ("unknown-severity", "4:15", "urgent", "high"),
    ("unknown-term", "9:11", "harbor", "harbour"),
    ("wait-beside-cron", "9:5", "only a digest `at: once` waits", "remove it"),
    ("when-empty", "10:17", "`never` is not known here", "send or skip"),
]


SAMPLES = {"monitor/starter/feeds.yaml", "monitor/starter/rules.yaml"}
DAMAGE = [
    "",
    ":",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    "\n",
    "  ",
    "\t",
    "&a ",
    "*a",
    "!!int ",
    "null",
    "1e9",
    "#",
    "%",
    "@",
]
DAMAGE += [
    "|\n",
    "---\n",
    "...",
    "\x00",
    "中",
    "<<: ",
    "${X}",
    "?",
    "9" * 400,
    "\u2028",
    "\ufeff",
    "true",
    "[]",
    "{}",
    "/(/",
    "$a",
]


def complaints(kind: str, name: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(FAULTS / kind)
    load = partial(load_feeds, environ={}) if kind == "feeds" else load_rules
    with pytest.raises(ConfigError) as caught:
        load(Path(f"{name}.yaml"))
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("kind", "name", "place", "what", "remedy"),
    [("feeds", *case) for case in FEEDS] + [("rules", *case) for case in RULES],
    ids=lambda value: value if isinstance(value, str) and " " not in value and ":" not in value else "",
)
def test_one_fault_is_one_complaint_at_its_place_with_what_to_do(
    kind: str, name: str, place: str, what: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = complaints(kind, name, monkeypatch)
    assert len(found) == 1, found
    file = "include-circle-2" if name == "include-circle" else name
    assert found[0].startswith(f"{file}.yaml:{place}: "), found[0]
    assert what in found[0]
    assert remedy in found[0]
    assert "hunter2" not in found[0], "a complaint must not show a password"


def test_every_broken_file_is_in_the_tables() -> None:
    tables = {"feeds": FEEDS, "rules": RULES}
    for kind, table in tables.items():
        listed = {name for name, *_ in table} | {"many-faults", "include-circle-2"}
        assert {path.stem for path in (FAULTS / kind).glob("*.yaml")} <= listed


def test_many_faults_are_reported_all_at_once_in_the_order_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    feeds = complaints("feeds", "many-faults", monkeypatch)
    assert [one.split(": ")[0] for one in feeds] == [
        f"many-faults.yaml:{place}"
        for place in ("2:3", "5:10", "6:15", "7:5", "9:12", "11:5", "13:16", "14:14", "15:1")
    ]
    rules = complaints("rules", "many-faults", monkeypatch)
    places = [one.split(": ")[0].removeprefix("many-faults.yaml:") for one in rules]
    assert places == sorted(places, key=lambda place: [int(number) for number in place.split(":")])
    for expected in ("4:5", "5:5", "6:12", "9:20", "10:9", "11:10", "12:17", "13:1"):
        assert expected in places, f"{expected} not among {rules}"


@pytest.mark.parametrize(
    ("raw", "place", "what"),
    [
        ("feeds:\n  - name: Пример Ъ, газета\n".encode("cp1251"), "2:11", "byte 0xcf at offset 17"),
        ("feeds:\n  - name: 样例新闻网今日头条\n".encode("gb18030"), "2:11", "byte 0xd1 at offset 17"),
        ("feeds:\n".encode("utf-16"), "1:1", "looks like UTF-16"),
        ("feeds:\n  - name: Обрезано в кон".encode()[:-1], "2:24", "is not UTF-8"),
        (b"feeds: \x00\n", "1:8", "control character U+0000"),
        (b"a: " + b"[" * 50_000, "1:68", "nested deeper than 64 levels"),
    ],
    ids=["windows-1251", "gb18030", "utf-16", "cut in a letter", "null byte", "deep nesting"],
)
def test_bytes_that_are_no_text_are_named_with_their_place(tmp_path: Path, raw: bytes, place: str, what: str) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        load_feeds(file)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{file}:{place}: ")
    assert what in str(problem)


def test_utf_16_without_its_mark_is_named(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    for codec in ("UTF-16LE", "UTF-16BE"):
        file.write_bytes("feeds:\n  - id: a\n".encode(codec))
        with pytest.raises(ConfigError, match=f"looks like {codec} .*iconv -f {codec} -t UTF-8"):
            load_feeds(file)


GUESSES = [
    ("Сегодня в порту Хасан встал лёд, суда ждут", "cp1251", "windows-1251"),
    ("Сегодня в порту Хасан встал лёд, суда ждут", "koi8_r", "KOI8-R"),
    ("Приморский маяк", "cp1251", "windows-1251"),
    ("今天港口结冰，船只在等待破冰船到来", "gb18030", "GB18030"),
    ("港口结冰船只等待", "gb18030", "GB18030"),
]


@pytest.mark.parametrize(("text", "codec", "named"), GUESSES)
def test_a_wrong_encoding_is_guessed_so_that_it_can_be_converted(
    tmp_path: Path, text: str, codec: str, named: str
) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_bytes(f"feeds:\n  - id: a\n    name: {text}\n".encode(codec))
    with pytest.raises(ConfigError, match=f"looks like {named}.*iconv -f {named} -t UTF-8"):
        load_feeds(file)


UNSURE = [
    ("Ядро", "cp1251", "four letters"),
    ("Café Zürich", "cp1252", "single letters among ASCII"),
    ("北海", "gb18030", "two characters"),
    ("港口結冰", "big5", "four characters"),
    ("みなと新聞", "shift_jis", "five characters"),
]


@pytest.mark.parametrize(("text", "codec", "why"), UNSURE, ids=[row[2] for row in UNSURE])
def test_no_encoding_is_guessed_from_too_little(tmp_path: Path, text: str, codec: str, why: str) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_bytes(f"feeds:\n  - id: a\n    name: {text}\n".encode(codec))
    with pytest.raises(ConfigError) as caught:
        load_feeds(file)
    (problem,) = caught.value.problems
    assert "looks like" not in problem.message
    assert problem.hint == "save it as UTF-8"


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    with file.open("wb") as stream:
        os.truncate(stream.fileno(), MAX_BYTES + 1)
    with pytest.raises(ConfigError, match=r"is 8\.0 MiB; the limit is 8 MiB \(split the file\)"):
        load_feeds(file)


@pytest.mark.parametrize(("make", "what"), [("missing", "there is no such file"), ("folder", "is a folder")])
def test_a_path_that_is_no_file_is_named_without_a_line(tmp_path: Path, make: str, what: str) -> None:
    file = tmp_path / "feeds.yaml"
    if make == "folder":
        file.mkdir()
    with pytest.raises(ConfigError) as caught:
        load_feeds(file)
    assert str(caught.value).startswith(f"{file}: {what}")


def test_a_fault_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(
        "include: [ru.yaml, zh.yaml]\nfeeds:\n  - {id: a, url: 'https://a.example/'}\n"
    )
    (tmp_path / "ru.yaml").write_text("feeds:\n  - {id: b, url: 'https://b.example/', languag: ru}\n")
    (tmp_path / "zh.yaml").write_text("feeds:\n  - id: a\n    url: https://c.example/\n")
    with pytest.raises(ConfigError) as caught:
        load_feeds(tmp_path / "feeds.yaml")
    shown = [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]
    assert [one.split(": ")[0] for one in shown] == ["feeds.yaml:3:10", "ru.yaml:2:40"]
    assert "the other: zh.yaml:2:9" in shown[0]


def test_syntax_faults_of_all_included_files_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("include: [ru.yaml, zh.yaml, no.yaml]\nfeeds: []\n")
    (tmp_path / "ru.yaml").write_text("feeds:\n\t- id: b\n")
    (tmp_path / "zh.yaml").write_text("feeds: [\n")
    with pytest.raises(ConfigError) as caught:
        load_feeds(tmp_path / "feeds.yaml")
    assert [Path(problem.file).name for problem in caught.value.problems] == ["ru.yaml", "zh.yaml", "feeds.yaml"]


@given(st.data())
def test_a_file_damaged_anywhere_is_read_or_refused_with_a_place(data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(sorted(SAMPLES)))
    text = (FAULTS.parent.parent.parent / source).read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(1, 4))):
        at, cut = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(st.sampled_from(DAMAGE)) + text[at + cut :]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file.yaml"
        file.write_bytes(text.encode())
        for problem in found_in(file, feeds="feeds" in source):
            assert problem.line >= 1
            assert problem.column >= 1
            assert problem.file == str(file)


def found_in(file: Path, *, feeds: bool) -> tuple[Problem, ...]:
    try:
        load_feeds(file, environ={}) if feeds else load_rules(file)
    except ConfigError as error:
        return error.problems
    return ()
