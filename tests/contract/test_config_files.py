"""Good configuration files mean what they say: YAML 1.2 scalars, includes, defaults, secrets out of sight."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.config import load_feeds, load_rules
from monitor.adapters.config.yaml import Node, read_yaml
from monitor.core.model import Access, Ownership, Target
from monitor.errors import ConfigError

GOOD = Path(__file__).parent.parent / "data" / "config" / "good"
ROOT = Path(__file__).parent.parent.parent


def test_a_feed_has_everything_its_entry_says() -> None:
    feeds = {feed.id: feed for feed in load_feeds(GOOD / "feeds.yaml", environ={"COAST_TOKEN": "s3cret"}).feeds}
    coast = feeds["coast-daily"]
    assert coast.url == "https://coast.example/rss?a=1&b=2"
    assert coast.name == "Coast Daily: the paper"
    assert (coast.language, coast.country) == ("no", "NO"), "`no` is Norwegian, not false"
    assert coast.ownership is Ownership.STATE
    assert coast.tags == ("ports", "2024")
    assert coast.every == timedelta(minutes=90)
    assert (coast.timezone, coast.encoding) == ("Asia/Vladivostok", "cp1251")
    assert coast.headers["Authorization"] == "Bearer s3cret"
    assert feeds["harbour-post"].enabled is False
    assert feeds["harbour-post"].reason == "answers 403"


def test_how_a_feed_is_approached_is_read_with_what_the_environment_holds() -> None:
    feeds = {feed.id: feed for feed in load_feeds(GOOD / "feeds.yaml", environ={"COAST_TOKEN": "s3cret"}).feeds}
    assert feeds["coast-daily"].access == Access(
        user_agent="Coast reader",
        cookies={"session": "s3cret"},
        proxy="socks5://desk:s3cret@proxy.example:1080",
        verify=False,
    )
    assert feeds["harbour-post"].access == Access()


def test_a_group_shares_its_access_by_defaults_and_a_feed_may_differ(tmp_path: Path) -> None:
    lines = [
        "defaults: {proxy: 'http://proxy.example:3128', auth: {username: desk, password: '${COAST_TOKEN}'}}",
        "feeds:",
    ]
    lines += ["- {id: one, url: 'https://one.example/'}"]
    lines += ["- {id: two, url: 'https://two.example/', proxy: '', auth: {bearer: abc}}"]
    lines += ["- {id: three, url: 'https://three.example/', auth: null}"]
    (tmp_path / "feeds.yaml").write_text("\n".join(lines), encoding="utf-8")

    one, two, three = load_feeds(tmp_path / "feeds.yaml", environ={"COAST_TOKEN": "s3cret"}).feeds

    assert one.access == Access(username="desk", password="s3cret", proxy="http://proxy.example:3128")
    assert two.access == Access(bearer="abc")
    assert three.access == Access(proxy="http://proxy.example:3128")


def test_a_secret_in_a_header_does_not_show_when_the_feed_is_printed() -> None:
    feeds = load_feeds(GOOD / "feeds.yaml", environ={"COAST_TOKEN": "s3cret"})
    assert "s3cret" not in repr(feeds)


PAGE = "url: https://court.example/news"
LISTS = [
    ('html: {items: "div.rulings"}', 'html: {items: "div.dates"}', "two lists of one page"),
    ("auth: {bearer: one}", "auth: {bearer: two}", "two logins see two editions"),
    ("auth: {username: a, password: x}", "", "with a login and without"),
    ("cookies: {edition: north}", "cookies: {edition: south}", "cookies choose the edition"),
    ('headers: {Accept-Language: "zh"}', 'headers: {Accept-Language: "en"}', "the server answers by the header"),
]


@pytest.mark.parametrize(("one", "other", "why"), LISTS)
def test_one_address_may_be_read_in_two_ways(tmp_path: Path, one: str, other: str, why: str) -> None:
    path = tmp_path / "feeds.yaml"

    def written(*ways: str) -> Path:
        entries = ["\n    ".join(filter(None, (f"  - id: list-{n}", PAGE, way))) for n, way in enumerate(ways)]
        path.write_text("feeds:\n" + "\n".join(entries) + "\n", encoding="utf-8")
        return path

    assert len(load_feeds(written(one, other), environ={}).feeds) == 2, why
    with pytest.raises(ConfigError, match="two feeds have the address"):
        load_feeds(written(one, one), environ={})


def test_defaults_hold_for_their_own_file_and_less_strongly_for_what_it_includes() -> None:
    feeds = {feed.id: feed for feed in load_feeds(GOOD / "feeds.yaml", environ={"COAST_TOKEN": "x"}).feeds}
    every, private = timedelta(minutes=15), Ownership.PRIVATE
    assert (feeds["bereg"].language, feeds["bereg"].timezone) == ("ru", "Europe/Moscow")
    assert (feeds["bereg"].every, feeds["bereg"].ownership) == (every, private), "from the including file"
    assert (feeds["harbour-post"].language, feeds["harbour-post"].every) == (None, every)
    assert feeds["port-zh"].language == "zh-Hant"


def test_included_files_come_first_and_all_files_are_named_for_watching() -> None:
    found = load_feeds(GOOD / "feeds.yaml", environ={"COAST_TOKEN": "x"})
    assert [feed.id for feed in found.feeds] == ["bereg", "port-zh", "coast-daily", "harbour-post"]
    assert [path.relative_to(GOOD).as_posix() for path in found.files] == [
        "feeds.yaml",
        "defaults-ru.yaml",
        "more",  # a file may be added there
        "more/taiwan.yaml",
    ]


def test_a_file_included_by_two_others_counts_once(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("include: [a.yaml, b.yaml]\nfeeds: []\n")
    (tmp_path / "a.yaml").write_text("include: c.yaml\nfeeds: []\n")
    (tmp_path / "b.yaml").write_text("include: c.yaml\nfeeds: []\n")
    (tmp_path / "c.yaml").write_text("feeds:\n  - {id: c, url: 'https://c.example/'}\n")
    assert [feed.id for feed in load_feeds(tmp_path / "feeds.yaml").feeds] == ["c"]


def test_a_digest_has_everything_its_entry_says() -> None:
    found = load_rules(GOOD / "rules.yaml")
    morning, flash = found.digests
    assert (morning.label, morning.rules) == ("Morning paper", ("*", "not ice-in-port"))
    assert (morning.at, morning.timezone, morning.send_empty) == ("0 8 * * 1-5", "Asia/Tokyo", False)
    assert morning.to == (
        Target("email", "desk@example.org"),
        Target("slack", "#russia-china"),
        Target("file", "out/"),
        Target("console", ""),
    )
    assert flash.immediate
    assert (flash.wait, flash.rules, flash.to) == (
        timedelta(seconds=60),
        ("severity>=high",),
        (Target("slack", "alerts"),),
    )
    assert len(found.files) == 2


@pytest.mark.parametrize(
    ("text", "value", "why"),
    [
        ("no", "no", "Norwegian"),
        ("on", "on", "a word"),
        ("off", "off", "a word"),
        ("Yes", "Yes", "a word"),
        ("true", True, "YAML 1.2"),
        ("False", False, "YAML 1.2"),
        ("~", None, "YAML 1.2"),
        ("", None, "nothing there"),
        ("12:30", "12:30", "no sexagesimal numbers"),
        ("2024-01-02", "2024-01-02", "no dates"),
        ("1_000", "1_000", "no underscores"),
        ("010", 10, "no octals by a leading zero"),
        ("0x1F", 31, "YAML 1.2"),
        ("1e3", 1000.0, "YAML 1.2"),
        ("'7'", "7", "quoted"),
        ("|\n    7\n", "7\n", "a block is text"),
        ("!!str 7", "7", "said to be text"),
        ("\ufeff7", "\ufeff7", "a byte order mark inside is no number"),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object, why: str) -> None:
    root = read_yaml(f"- {text}", "f").root
    assert root is not None
    assert root.plain() == [value], why


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text("abя中- :#'", max_size=5), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_what_a_yaml_writer_wrote_is_read_back_and_every_place_points_at_it(value: object) -> None:

    text = yaml.safe_dump({"root": value}, allow_unicode=True)
    reading = read_yaml(text, "f")
    assert reading.root is not None, reading.problems
    assert reading.root.plain() == {"root": value}
    for key, (line, column) in keys_with_places(reading.root):
        rest = text.split("\n")[line - 1][column - 1 :]
        assert rest.startswith((key or "''", "'", '"')), (key, rest)


def keys_with_places(node: Node) -> Iterator[tuple[str, tuple[int, int]]]:
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            assert child.key
            yield key, child.key
    for child in (
        node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else []
    ):
        yield from keys_with_places(child)


@given(st.text(max_size=200))
def test_any_text_at_all_gives_a_reading_or_a_complaint_with_a_place(text: str) -> None:
    reading = read_yaml(text, "f")
    assert reading.root is not None or reading.problems
    assert all(problem.line >= 1 and problem.column >= 1 for problem in reading.problems)


@pytest.mark.parametrize("name", ["feeds.yaml", "monitor/starter/feeds.yaml"])
def test_the_feeds_that_ship_are_valid(name: str) -> None:
    assert load_feeds(ROOT / name, environ={}).feeds


@pytest.mark.parametrize("name", ["rules.yaml", "monitor/starter/rules.yaml"])
def test_the_rules_that_ship_are_valid(name: str) -> None:
    found = load_rules(ROOT / name)
    assert found.digests
