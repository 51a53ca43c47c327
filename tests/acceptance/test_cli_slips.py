"""Slips of a newcomer, each answered with a sentence: never a traceback, and never silence."""

import subprocess
from pathlib import Path

import pytest
from support.command import COMMAND, complaint, environment, monitor, rows

FULL = Path("/dev/full")


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_wrong_usage(tmp_path: Path, name: str) -> None:
    assert "the name is empty" in complaint(monitor("names", name, cwd=tmp_path), status=2)


def test_a_name_without_letters_is_refused(tmp_path: Path) -> None:
    assert "a name needs letters" in complaint(monitor("names", "12", cwd=tmp_path))


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", [("schema", "rules"), ("names", "珲春")])
def test_output_that_nothing_takes_is_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr.decode()) == (
        1,
        "monitor: can't write the output: No space left on device\n",
    )


def test_an_impossible_port_is_named(tmp_path: Path) -> None:
    done = monitor("feeds", "check", "http://127.0.0.1:99999/x", cwd=tmp_path)
    assert "there is no port 99999: ports go from 1 to 65535" in complaint(done)


# --- files that are valid and do nothing --------------------------------------------------------------------------

FEEDS = "feeds:\n  - {id: coast-daily, url: 'https://coast.example/rss'}\n"
RULES = "rules:\n  - {id: ports, title: Ports, match: harbour}\n"


def write(folder: Path, feeds: str = FEEDS, rules: str = RULES) -> None:
    (folder / "feeds.yaml").write_text(feeds, encoding="utf-8")
    (folder / "rules.yaml").write_text(rules, encoding="utf-8")


@pytest.mark.parametrize("rules", ["rules:\n", "rules: []\n", "terms:\n  ship: {en: [ship]}\n", ""])
def test_a_file_without_rules_is_said_to_look_for_nothing(tmp_path: Path, rules: str) -> None:
    write(tmp_path, rules=rules or "digests: []\n")
    done = monitor("check", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.decode() == "warning: nothing is looked for: there is no rule\n"


def test_a_list_without_an_enabled_feed_is_said_to_read_nothing(tmp_path: Path) -> None:
    write(tmp_path, FEEDS.replace("}", ", enabled: false}"))
    said = "nothing will be read: no feed is enabled"
    assert said in monitor("check", cwd=tmp_path).stderr.decode()
    assert said in monitor("once", cwd=tmp_path).stderr.decode()
    assert f"! files: {said}" in monitor("doctor", cwd=tmp_path).stdout.decode()
    assert rows(monitor("check", "--json", cwd=tmp_path).stdout) == [{"ok": True, "warnings": [said]}]


def test_a_rule_for_a_feed_that_is_not_there_does_not_pass(tmp_path: Path) -> None:
    write(tmp_path, rules=RULES.replace("}", ", only: {feeds: [coast-daly]}}"))
    text = complaint(monitor("check", cwd=tmp_path))
    assert "rules.yaml:2:62: there is no feed 'coast-daly', did you mean 'coast-daily'?" in text
    assert "no-such-source" in monitor("rules", "lint", cwd=tmp_path).stdout.decode()


# --- where digests go ---------------------------------------------------------------------------------------------


def test_the_doctor_says_what_to_set_for_a_digest_that_goes_by_mail(tmp_path: Path) -> None:
    digest = "digests:\n  - {id: morning, at: once, rules: ['*'], to: ['email:desk@example.org', 'slack:#desk']}\n"
    write(tmp_path, FEEDS.replace("}", ", enabled: false}"), RULES + digest)
    done = monitor("doctor", cwd=tmp_path)
    assert done.returncode == 1
    text = done.stdout.decode()
    assert "✗ email:desk@example.org: can't be reached: no mail server is set" in text
    assert "→ set MONITOR_SMTP_HOST and MONITOR_SMTP_FROM" in text
    assert "✗ slack:#desk" in text
    assert "no digest goes" not in text


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the doctor says of a webhook without a secret, of folders, and of a template that breaks."""
    home = tmp_path_factory.mktemp("examined")
    (home / "taken").write_text("a file", encoding="utf-8")
    (home / "other.xml").write_text("<rss/>", encoding="utf-8")
    (home / "templates").mkdir()
    (home / "templates" / "digest.txt").write_text("{{ d.nothing.of_the_kind }}", encoding="utf-8")
    to = "['webhook:desk', 'file:out', 'file:taken/out', 'atom:out/hits.xml', 'atom:other.xml', 'atom:taken/hits.xml']"
    digest = f"digests:\n  - {{id: morning, at: once, rules: ['*'], to: {to}}}\n"
    write(home, FEEDS.replace("}", ", enabled: false}"), RULES + digest)
    done = monitor("doctor", cwd=home, env=environment(MONITOR_WEBHOOK_DESK="https://desk.example/hook"))
    assert done.returncode == 1
    assert not (home / "out").exists(), "nothing is made"
    return done.stdout.decode()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("✗ environment: MONITOR_WEBHOOK_DESK_SECRET: is missing", "the fault itself"),
        (
            "– webhook:desk: how it is reached stands in the environment, which has to be mended first",
            "no second fault",
        ),
        ("✓ files: feeds: 1", "the files are well"),
        ("✓ file:out: will be made, in ", "a folder that is not there yet"),
        ("✗ file:taken/out: Not a directory; choose another directory", "a file where a folder should be"),
        ("✓ atom:out/hits.xml: its folder will be made, in ", "likewise"),
        ("✗ atom:other.xml: the file that stands there is no feed of ours", "somebody else's file"),
        ("✗ atom:taken/hits.xml: Not a directory; choose another path", "no folder"),
        ("✗ templates: ", "a template that breaks"),
    ],
)
def test_the_doctor_tries_what_it_can_and_names_each_fault_once(examined: str, line: str, why: str) -> None:
    assert f"\n{line}" in f"\n{examined}", why
    assert "address is not set" not in examined


def test_without_rules_the_doctor_does_not_know_where_digests_go(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "rules.yaml").unlink()
    text = monitor("doctor", cwd=tmp_path).stdout.decode()
    assert "no digest goes" not in text
    assert "– mail and Slack: who is to be told stands in the rules, which can't be used" in text


def test_init_writes_what_the_first_lines_of_its_files_refer_to(tmp_path: Path) -> None:
    monitor("init", cwd=tmp_path)
    for name in ("feeds.yaml", "rules.yaml"):
        first = (tmp_path / name).read_text(encoding="utf-8").splitlines()[0]
        assert (tmp_path / first.partition("$schema=")[2]).is_file()


# --- ids that nobody knows ----------------------------------------------------------------------------------------

UNKNOWN = [
    (("hits", "--rule", "prots"), "monitor: no rule has the id 'prots', did you mean 'ports'?\n"),
    (("hits", "--feed", "nope"), "monitor: no feed has the id 'nope'\n"),
    (("items", "--feed", "coast-daly"), "monitor: no feed has the id 'coast-daly', did you mean 'coast-daily'?\n"),
    (("outbox", "--digest", "mornin"), "monitor: no digest has the id 'mornin', did you mean 'morning'?\n"),
]
DIGEST = "digests:\n  - {id: morning, at: once, rules: ['*'], to: ['console:']}\n"


def test_an_id_that_nobody_knows_is_no_empty_answer(tmp_path: Path) -> None:
    write(tmp_path, FEEDS.replace("}", ", enabled: false}"), RULES + DIGEST)
    assert monitor("once", cwd=tmp_path).returncode == 0
    for arguments, message in UNKNOWN:
        assert complaint(monitor(*arguments, cwd=tmp_path)) == message
    for arguments in (("hits", "--rule", "ports"), ("items", "--feed", "coast-daily"), ("outbox", "--digest=morning")):
        assert monitor(*arguments, cwd=tmp_path).returncode == 0, "known, but nothing is there yet"
    (tmp_path / "rules.yaml").unlink()
    assert complaint(monitor("hits", "--rule", "nope", cwd=tmp_path)) == "monitor: no rule has the id 'nope'\n"


def test_the_demo_looks_at_its_folder_first(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = monitor("demo", "--out", "file/x", cwd=tmp_path)
    assert complaint(done) == "monitor: can't write to file/x: Not a directory; name another folder: --out DIR\n"
    assert not done.stdout


def test_a_list_of_feeds_with_nothing_in_it_asks_for_a_feed(tmp_path: Path) -> None:
    write(tmp_path, "feeds:\n")
    text = complaint(monitor("check", cwd=tmp_path))
    assert "must be a list with at least one feed (write one `- id: …` and `url: …` a feed below it)" in text
