"""The workbench as a user meets it, beyond what the tutorial shows: JSON, exit statuses, watching, the web.

The archive is the tutorial's, read once over real HTTP; each test gets a copy of the folder.
"""

import os
import pty
import shutil
import signal
import subprocess
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.command import COMMAND, complaint, environment, monitor, rows, said
from support.http_server import HttpServer, Reply
from typer.main import get_command
from typer.testing import CliRunner

from monitor.adapters.store import open_store

EXAMPLES = Path(__file__).parents[2] / "examples" / "tuning"
RULE = "icebreaker-in-port"
HITS, ITEMS = 13, 26
COMMANDS = {
    *("mark", "names", "schema"),
    *(f"rules {name}" for name in ("test", "explain", "backtest", "near", "stats", "suggest", "lint")),
}
PATIENCE = 30.0


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tutorial's folder after its first reading."""
    folder = tmp_path_factory.mktemp("archive") / "tuning"
    shutil.copytree(EXAMPLES, folder)
    with HttpServer() as http:
        for news in (folder / "news").iterdir():
            http.script(f"/{news.name}", Reply(body=news.read_bytes(), headers={"Content-Type": "application/xml"}))
        for name in ("vestnik", "harbour-times", "haigang"):
            path = folder / "feeds" / f"{name}.yaml"
            path.write_text(path.read_text("utf-8").replace("http://127.0.0.1:8765/", http.url("/")), "utf-8")
            said(monitor("--feeds", path, "once", cwd=folder))
    return folder


@pytest.fixture
def home(archive: Path, tmp_path: Path) -> Path:
    return shutil.copytree(archive, tmp_path / "tuning")


def edit(home: Path, before: str, after: str) -> None:
    path = home / "rules.yaml"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")


def mark_film(home: Path) -> None:
    for hits, relevance in (((1, 2, 3, 7, 8), "relevant"), ((4, 5, 6, 9, 10), "noise")):
        for hit in hits:
            said(monitor("mark", str(hit), relevance, cwd=home))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_of_every_command_says_what_it_does_and_shows_an_example(name: str) -> None:
    from monitor.cli.app import app

    group, _, inner = name.rpartition(" ")
    known = get_command(app).commands  # type: ignore[attr-defined]
    assert inner in (known[group].commands if group else known)
    shown = CliRunner().invoke(app, [*name.split(), "--help"], prog_name="monitor")
    assert shown.exit_code == 0
    assert f"monitor {name}" in shown.output.partition("Examples")[2]


# --- rules test ---------------------------------------------------------------------------------------------


def test_junit_names_every_example_with_its_place(home: Path) -> None:
    edit(
        home,
        "        - Ледокол назвали «Портвейн»\n",
        "        - Ледокол в порту\n      todo: {hit: [Ледокол у причала]}\n",
    )
    done = monitor("rules", "test", "--junit", "report.xml", cwd=home)
    assert done.returncode == 1
    root = ElementTree.parse(home / "report.xml").getroot()
    (suite,) = root
    assert (suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("skipped")) == (RULE, "5", "1", "1")
    failed = [case for case in suite if case.find("failure") is not None]
    assert [case.get("name") for case in failed] == ["miss: Ледокол в порту"]
    assert failed[0].get("file") == "rules.yaml"
    assert (home / "rules.yaml").read_text("utf-8").splitlines()[int(failed[0].get("line", 0)) - 1].endswith("в порту")
    assert [case.get("name") for case in suite if case.find("skipped") is not None] == ["hit: Ледокол у причала"]


def test_a_known_failure_that_is_mended_is_told_and_does_not_fail(home: Path) -> None:
    edit(home, "      miss:\n", "      todo: {hit: [Ледокол в порту]}\n      miss:\n")
    assert "comes out right now: move it out of todo" in said(monitor("rules", "test", cwd=home))


def test_examples_as_json(home: Path) -> None:
    found = rows(monitor("rules", "test", RULE, "--json", cwd=home).stdout)
    assert [one["outcome"] for one in found] == ["passed"] * 4
    assert found[0]["words"] == ["Ледоколы", "портов"]
    assert found[0]["place"].startswith("rules.yaml:")


def test_watching_runs_the_examples_again_on_every_save(home: Path) -> None:
    log = home / "log"
    with log.open("wb") as out:
        watching = subprocess.Popen(
            [*COMMAND, "rules", "test", "--watch"], cwd=home, env=environment(), stdout=out, stderr=out
        )
    try:
        wait_for(log, "4 passed, 0 failed", 1)
        edit(home, "ru: [порт]", "ru: [гавань]")
        wait_for(log, "3 passed, 1 failed", 1)
        edit(home, "ru: [гавань]", "ru: [$гавань")
        wait_for(log, "problem in the configuration", 1)
        edit(home, "ru: [$гавань", "ru: [порт]")
        wait_for(log, "4 passed, 0 failed", 2)
    finally:
        watching.send_signal(signal.SIGINT)
        assert watching.wait(timeout=PATIENCE) == 130


def wait_for(log: Path, text: str, times: int) -> None:
    end = time.monotonic() + PATIENCE
    # The line that says it watches comes after the files were looked at: only then may they be edited.
    while (said := log.read_text("utf-8")).count(text) < times or not said.rstrip().endswith("Ctrl-C ends it"):
        assert time.monotonic() < end, f"not {times} times {text!r} in:\n{log.read_text('utf-8')}"
        time.sleep(0.05)


# --- explain ------------------------------------------------------------------------------------------------


def test_an_explanation_as_json_has_the_tree_and_the_places(home: Path) -> None:
    (found,) = rows(monitor("rules", "explain", RULE, "--text", "Ледокол в порту", "--json", cwd=home).stdout)
    assert (found["fired"], found["failed"]) == (True, [])
    assert [child["condition"] for child in found["tree"]["children"]] == ["$icebreaker", "$port"]
    assert found["evidence"][1] == {"term": "port", "text": "порту", "field": "title", "start": 10, "end": 15}


def test_a_rule_that_is_off_can_be_tried(home: Path) -> None:
    edit(home, "severity: medium", "status: off")
    assert " fires, score 2" in said(monitor("rules", "explain", RULE, "-t", "Ледокол в порту", cwd=home))


def test_an_article_is_taken_from_the_archive_or_read_from_the_web(home: Path) -> None:
    link = next(row["link"] for row in rows(monitor("items", "--json", "-n", "0", cwd=home).stdout) if row["id"] == 1)
    text = said(monitor("rules", "explain", RULE, "--url", link, cwd=home))
    assert "title: *Ледокол* «Пример» вернулся в *порт*" in text
    page = (
        "<html lang=ru><head><meta charset=windows-1251><title>Ледокол &laquo;Пример&raquo;</title>"
        '<meta name="description" content="Он в порту."></head><body><nav><p>Порт</nav>'
        "<p class=lead>Ледокол стоит в <b>порту</b>.</p><p>Конец.</p></body></html>"
    ).encode("cp1251")
    with HttpServer() as http:
        http.script("/page", Reply(body=page, headers={"Content-Type": "text/html; charset=windows-1251"}))
        done = monitor("rules", "explain", RULE, "--url", http.url("/page"), cwd=home)
        assert "content: " in said(done)
        assert "*Ледокол* стоит в *порту*." in said(done)
        assert "title: Ледокол «Пример»" in said(done)
        assert "is not in the archive: reading the page" in done.stderr.decode()
        gone = complaint(monitor("rules", "explain", RULE, "--url", http.url("/none"), cwd=home))
        assert f"can't read {http.url('/none')}" in gone


@pytest.mark.parametrize(
    ("arguments", "status", "what"),
    [
        (["explain", RULE], 2, "give one of --text, --item and --url"),
        (["explain", RULE, "--text", "a", "--item", "1"], 2, "give one of --text, --item and --url"),
        (["explain", RULE, "--item", "999"], 1, "the archive has no item 999"),
        (["explain", "icebreaker", "--text", "a"], 1, "no rule has the id 'icebreaker', did you mean"),
        (["near", "icebreaker"], 1, "no rule has the id"),
        (["backtest", "nothing"], 1, "no rule has the id"),
        (["backtest", "--rules", "none.yaml"], 1, "none.yaml: there is no such file"),
        (["backtest", "--since", "yesterday"], 2, "write 12h, 7d"),
        (["suggest", RULE], 1, "mark at least two hits as noise first"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_line(home: Path, arguments: list[str], status: int, what: str) -> None:
    assert what in complaint(monitor("rules", *arguments, cwd=home, env={"COLUMNS": "200"}), status=status)


# --- backtest, near misses ----------------------------------------------------------------------------------


def test_a_backtest_as_json(home: Path) -> None:
    mark_film(home)
    shutil.copy(home / "rules.yaml", home / "new.yaml")
    edit(home, "ru: [порт]", "ru: [гавань]")
    done = monitor("--rules", "new.yaml", "rules", "backtest", "--rules", "rules.yaml", "--json", cwd=home)
    assert done.returncode == 1, "hits marked relevant would be lost"
    (found,) = rows(done.stdout)
    assert (found["edited"], found["against"], found["items"]) == ("rules.yaml", "new.yaml", ITEMS)
    assert {"rule": RULE, "language": "ru", "kept": 0, "gained": 1, "lost": 6} in found["rules"]
    assert [one["words"] for one in found["gained"]] == [["Ледокол", "гавани"]]
    assert {one["mark"] for one in found["lost"]} == {"relevant", "noise"}
    assert {one["reason"] for one in found["lost"]} == {"$port not found"}
    assert found["lost_relevant"] == 3
    assert "3 hits marked relevant would be lost" in done.stderr.decode()


def test_losing_noise_is_fine(home: Path) -> None:
    mark_film(home)
    edit(home, "      within: sentence\n", "      within: sentence\n      none: [фильм]\n")
    assert "3 lost, 3 of them marked noise, 0 marked relevant" in said(monitor("rules", "backtest", cwd=home))


def test_only_what_is_dated_since_then_is_replayed(home: Path) -> None:
    assert said(monitor("rules", "backtest", "--since", "2100-01-01", cwd=home)).startswith("0 items since 2100-01-01")
    assert said(monitor("rules", "backtest", "--since", "all", cwd=home)).startswith(f"{ITEMS} items: rules.yaml")


def test_near_misses_as_json(home: Path) -> None:
    found = rows(monitor("rules", "near", RULE, "--json", "-n", "1", cwd=home).stdout)
    assert [(one["missing"].split(":")[0], one["count"], len(one["newest"])) for one in found] == [
        ("all, within sentence", 1, 1), ("$port not found", 4, 1), ("$icebreaker not found", 5, 1),
    ]  # fmt: skip


def test_found_words_are_coloured_on_a_terminal_and_a_bar_shows_progress(home: Path) -> None:
    leader, follower = pty.openpty()
    env = {name: value for name, value in environment(TERM="xterm").items() if name != "NO_COLOR"}
    shown = subprocess.Popen([*COMMAND, "rules", "near", RULE], cwd=home, env=env, stdout=follower, stderr=follower)
    os.close(follower)
    output = b""
    try:
        while piece := os.read(leader, 65536):
            output += piece
    except OSError:
        pass  # the terminal is closed: the command has ended
    os.close(leader)
    assert shown.wait(timeout=PATIENCE) == 0
    assert "\x1b[33m\x1b[1mЛедоколы\x1b[0m" in output.decode()
    assert "replaying" in output.decode()


# --- marks, figures, suggestions ----------------------------------------------------------------------------


def test_figures_as_json(home: Path) -> None:
    mark_film(home)
    (found,) = rows(monitor("rules", "stats", "--json", cwd=home).stdout)
    assert (found["rule"], found["hits"], found["precision"], found["alone"]) == (RULE, HITS, 0.5, 1.0)
    assert found["languages"] == {"ru": 6, "en": 4, "zh": 3}
    assert found["microseconds_per_item"] > 0


def test_a_mark_is_kept_with_its_reason_and_can_be_changed(home: Path) -> None:
    said(monitor("mark", "4", "relevant", cwd=home))
    said(monitor("mark", "4", "noise", "--why", "a film", cwd=home))
    store = open_store(home / "data" / "monitor.db")
    (marked,) = store.bench.marked()
    store.close()
    assert (marked.stored.id, marked.relevance, marked.why) == (4, "noise", "a film")
    assert "there is no hit 99" in complaint(monitor("mark", "99", "noise", cwd=home))
    assert "'maybe' is not one of" in complaint(monitor("mark", "4", "maybe", cwd=home, env={"COLUMNS": "200"}), 2)


def test_a_suggestion_is_a_patch_that_applies(home: Path) -> None:
    mark_film(home)
    before = (home / "rules.yaml").read_text("utf-8")
    done = monitor("rules", "suggest", RULE, cwd=home)
    assert (home / "rules.yaml").read_text("utf-8") == before, "without --apply nothing is written"
    if shutil.which("patch"):
        subprocess.run(["patch", "-p0", "-s"], input=done.stdout, cwd=home, check=True)
    else:
        said(monitor("rules", "suggest", RULE, "--apply", cwd=home))
    assert "none: [фильм, film]" in (home / "rules.yaml").read_text("utf-8")
    assert "5 lost, 5 of them marked noise, 0 marked relevant" in said(monitor("rules", "backtest", cwd=home))
    again = complaint(monitor("rules", "suggest", RULE, cwd=home))
    assert "5 relevant and 0 noise" in again, "the noise is gone: nothing more to suggest"


def test_a_suggestion_as_json(home: Path) -> None:
    mark_film(home)
    (found,) = rows(monitor("rules", "suggest", RULE, "--json", cwd=home).stdout)
    assert found["forbid"] == [{"word": "фильм", "removes": 3}, {"word": "film", "removes": 2}]
    assert (found["relevant"], found["noise"], found["whole_item"]) == (5, 5, True)


# --- lint, names, schema ------------------------------------------------------------------------------------


def test_lint_fails_for_what_can_not_work_and_if_asked_for_doubts(home: Path) -> None:
    assert "0 errors, 0 warnings" in said(monitor("rules", "lint", "--strict", cwd=home))
    edit(home, "\nrules:\n", "  quay: {en: [quay]}\n\nrules:\n")
    assert "[unused-term]" in said(monitor("rules", "lint", cwd=home))
    assert monitor("rules", "lint", "--strict", cwd=home).returncode == 1
    edit(home, "      within: sentence\n", "      within: sentence\n      none: [$port]\n")
    done = monitor("rules", "lint", "--json", cwd=home)
    assert done.returncode == 1
    (error,) = [one for one in rows(done.stdout) if one["level"] == "error"]
    assert (error["check"], error["place"]) == ("never-fires", "rules.yaml:23:7")


def test_lint_needs_no_archive(home: Path) -> None:
    shutil.rmtree(home / "data")
    assert "archived" not in said(monitor("rules", "lint", cwd=home))
    assert not (home / "data" / "monitor.db").exists(), "looking makes no database"


def test_names_as_json_and_for_places(tmp_path: Path) -> None:
    (found,) = rows(monitor("names", "Xiang", "Yue", "Su", "Hang", "--kind", "place", "--json", cwd=tmp_path).stdout)
    assert "Xiangyue suhang" in found["pinyin"]
    assert "Сянъюэсухан" in found["cyrillic"]
    assert "Сянъюэсухана" in found["declined"]
    assert "neither Han nor pinyin" in complaint(monitor("names", "Smith", cwd=tmp_path))


def test_init_writes_the_schemas_that_its_files_name(tmp_path: Path) -> None:
    said(monitor("init", cwd=tmp_path))
    for kind in ("feeds", "rules"):
        first = (tmp_path / f"{kind}.yaml").read_text("utf-8").splitlines()[0]
        named = tmp_path / first.partition("$schema=")[2]
        assert named.read_text("utf-8") == said(monitor("schema", kind, cwd=tmp_path))
