"""What a digest may say of its audience and its moments: read as meant, refused with its place and what to do."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from monitor.adapters.config import load_feeds, load_rules, schemas
from monitor.adapters.config.checkup import Checkup, check_files
from monitor.adapters.config.document import load_document
from monitor.adapters.config.settings import load_settings
from monitor.core.model import DigestSpec, QuietHours, Rate, Target, Window
from monitor.errors import ConfigError

RULES = """\
rules:
  - {id: ports, title: Ports, severity: critical, match: harbour}
  - {id: ice, title: Ice, tags: [winter], match: ice}
digests:
  - id: desk
    rules: "*"
    to: "console:"
"""
CRON, ONCE = "    at: 0 8 * * *\n", "    at: once\n"
SCHEMA = Draft7Validator(json.loads(schemas()["rules.schema.json"]))
EVERY_DAY = frozenset(range(7))


def read(tmp_path: Path, text: str) -> tuple[DigestSpec, ...]:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES + text, encoding="utf-8")
    found = load_rules(path).digests
    assert not list(SCHEMA.iter_errors(load_document(path).root.plain())), "an editor takes it, too"
    return found


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("[ru, not zh]", "another one is left out"),
        ("[zh, not zh-Hant]", "the other script is left"),
        ("[not ru]", "all others are left"),
        ("[ru, zh, not ru]", "one of two is left"),
    ],
)
def test_a_list_that_leaves_something_is_fine(tmp_path: Path, written: str, why: str) -> None:
    (spec,) = read(tmp_path, f"{CRON}    languages: {written}\n")
    assert len(spec.languages) == written.count(",") + 1, why


def test_an_id_that_begins_like_another_is_another(tmp_path: Path) -> None:
    (spec,) = read(tmp_path, CRON + "    sources: [coast-daily, not coast]\n")
    assert spec.sources == ("coast-daily", "not coast")


def test_a_path_in_a_list_may_hold_a_comma(tmp_path: Path) -> None:
    text = RULES.replace('to: "console:"', 'to: ["file:ice, harbours/"]') + CRON
    (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
    (spec,) = load_rules(tmp_path / "rules.yaml").digests
    assert spec.to == (Target("file", "ice, harbours/"),)


def complaints(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    return [f"{one.line}:{one.column}: {one.message} | {one.hint}" for one in caught.value.problems]


# --- what is meant -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "hours", "why"),
    [
        ("22:00-07:00", [(22, 7, EVERY_DAY)], "over midnight"),
        ("22:00–07:00 mon–fri", [(22, 7, {0, 1, 2, 3, 4})], "dashes as people type them"),
        ("22:00 to 07:00, monday to friday", [(22, 7, {0, 1, 2, 3, 4})], "in words"),
        ("22-7 weekdays", [(22, 7, {0, 1, 2, 3, 4})], "whole hours"),
        ("sat-sun", [(0, 0, {5, 6})], "whole days"),
        ("sat and sun", [(0, 0, {5, 6})], "whole days, named"),
        ("fri-mon", [(0, 0, {4, 5, 6, 0})], "over the end of the week"),
        ("00:00-24:00 wed", [(0, 0, {2})], "a day by its hours"),
        ("[22:00-07:00 mon-fri, sat-sun]", [(22, 7, {0, 1, 2, 3, 4}), (0, 0, {5, 6})], "a list"),
    ],
)
def test_quiet_hours_are_read(
    tmp_path: Path, written: str, hours: Sequence[tuple[int, int, set[int]]], why: str
) -> None:
    (spec,) = read(tmp_path, f"{ONCE}    quiet_hours: {written}\n")
    assert list(spec.quiet_hours) == [QuietHours(time(a), time(b), frozenset(days)) for a, b, days in hours], why


def test_everything_about_alerts_is_read(tmp_path: Path) -> None:
    (spec,) = read(
        tmp_path,
        ONCE + "    wait: 0s\n    update_every: 15m\n    repeat_after: 2h\n    at_most: 5 in 1h30m\n"
        "    quiet_hours: 22-7\n    quiet_unless: [severity=critical, not ice]\n",
    )
    assert (spec.wait, spec.update_every, spec.repeat_after) == (
        timedelta(0),
        timedelta(minutes=15),
        timedelta(hours=2),
    )
    assert spec.at_most == Rate(5, timedelta(minutes=90))
    assert spec.quiet_unless == ("severity=critical", "not ice")


def test_an_audience_is_read_in_one_spelling(tmp_path: Path) -> None:
    (spec,) = read(
        tmp_path,
        CRON + "    languages: [RU, not zh_hant]\n    countries: not cn\n"
        "    sources: [coast-daily, 'tag: wire', not Ownership:State, -tag:sport]\n",
    )
    assert spec.languages == ("ru", "not zh-Hant")
    assert spec.countries == ("not CN",)
    assert spec.sources == ("coast-daily", "tag:wire", "not ownership:state", "not tag:sport")


def test_what_cannot_wait_becomes_a_digest_at_once_of_its_own(tmp_path: Path) -> None:
    desk, alerts = read(
        tmp_path,
        CRON + "    title: Desk\n    timezone: Asia/Tokyo\n    languages: ru\n    at_once: severity=critical\n"
        "    wait: 1m\n    repeat_after: 1h\n    quiet_hours: 22-7\n    quiet_unless: ports\n",
    )
    assert (desk.at_once, desk.also, desk.quiet_hours) == (("severity=critical",), (), ())
    name = (alerts.id, alerts.at, alerts.title, alerts.timezone)
    assert name == ("desk-at-once", None, "Desk · at once", "Asia/Tokyo")
    assert (alerts.rules, alerts.also, alerts.at_once) == (("*",), ("severity=critical",), ())
    assert (alerts.languages, alerts.to) == (("ru",), (Target("console", ""),))
    assert (alerts.wait, alerts.repeat_after) == (timedelta(minutes=1), timedelta(hours=1))
    assert alerts.quiet_hours
    assert alerts.quiet_unless == ("ports",)


@pytest.mark.parametrize(
    ("digests", "held", "why"),
    [
        ("", {"desk", "desk-at-once", "flash"}, "left out: all"),
        ("    digests: desk\n", {"desk", "desk-at-once"}, "with what it tells at once"),
        ("    digests: [desk-at-once]\n", {"desk-at-once"}, "only that"),
        ("    digests: [flash, desk]\n", {"desk", "desk-at-once", "flash"}, "several"),
    ],
)
def test_maintenance_holds_back_the_digests_it_names(tmp_path: Path, digests: str, held: set[str], why: str) -> None:
    specs = read(
        tmp_path,
        CRON + "    at_once: ports\n  - {id: flash, rules: ice, to: 'console:', at: once}\n"
        "maintenance:\n  - from: 2026-12-01 02:00\n    until: 2026-12-01 06:00\n    timezone: Asia/Tokyo\n"
        f"    reason: new mail server\n{digests}",
    )
    window = Window(datetime(2026, 11, 30, 17, tzinfo=UTC), datetime(2026, 11, 30, 21, tzinfo=UTC), "new mail server")
    assert {spec.id: spec.maintenance for spec in specs if spec.maintenance} == dict.fromkeys(held, (window,)), why


@pytest.mark.parametrize(
    ("begin", "until", "hours", "why"),
    [
        ("2026-12-01", "2026-12-02", 24, "dates alone are midnights"),
        ("2026-12-01T02:00Z", "2026-12-01 06:00+03:00", 1, "offsets of their own"),
        ("2026-10-25 00:00", "2026-10-25 02:30", 3.5, "repeated by the clocks: the last one"),
        ("2027-03-28 02:30", "2027-03-28 04:00", 1, "skipped by the clocks: from the change on"),
    ],
)
def test_moments_of_maintenance_go_by_the_wall(tmp_path: Path, begin: str, until: str, hours: float, why: str) -> None:
    (spec,) = read(
        tmp_path,
        f"{CRON}maintenance:\n  - from: {begin}\n    until: {until}\n    timezone: Europe/Berlin\n",
    )
    (window,) = spec.maintenance
    assert window.end - window.start == timedelta(hours=hours), why


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "complaint", "hint"),
    [
        (CRON + "    languages: russian\n", "9:16: `russian` is no language code", "`ru`"),
        (CRON + "    languages: [ru, not cn]\n", "9:21: `cn` is no language code", "did you mean `zh`?"),
        (CRON + "    languages: [not]\n", "9:17: the value is missing", "write one"),
        (CRON + "    languages: []\n", "9:16: languages: the list is empty", "name at least one"),
        (CRON + "    countries: [RU, UK]\n", "9:21: `UK` is no country code", "did you mean `GB`?"),
        (CRON + "    sources: [tags:wire]\n", "9:15: `tags:wire` names no source, did you mean 'tag'?", "tag:wire"),
        (CRON + "    sources: ownership:stat\n", "9:14: `stat` is not known here, did you mean 'state'?", "one of"),
        (CRON + '    sources: "*"\n', "9:14: `*`: every source is taken anyway", "leave `sources:` out"),
        (CRON + "    at_once: severity=urgent\n", "9:14: 'urgent' is no severity", ""),
        (CRON + "    at_once: prots\n", "9:14: no rule has the id 'prots', did you mean 'ports'?", ""),
        (CRON + "    update_every: 5m\n", "9:5: update_every: only a digest `at: once` takes", "at_once"),
        (CRON + "    repeat_after: 1h\n", "9:5: repeat_after: only a digest `at: once` takes", "at_once"),
        (CRON + "    at_most: 5 in 10m\n", "9:5: at_most: only a digest `at: once` takes", "at_once"),
        (CRON + "    quiet_hours: 22-7\n", "9:5: quiet_hours: only a digest `at: once` takes", "at_once"),
        (ONCE + "    at_once: ports\n", "9:5: at_once: this digest tells everything at once already", "write a time"),
        (ONCE + "    when_empty: send\n", "9:5: when_empty: a digest `at: once` with nothing to tell", "remove"),
        (ONCE + "    quiet_unless: ports\n", "9:5: quiet_unless: there are no quiet hours", "add quiet_hours:"),
        (ONCE + "    quiet_hours: 22:00\n", "9:18: `22:00` is no stretch of the day", "22:00-07:00"),
        (ONCE + "    quiet_hours: 22-25\n", "9:18: `25` is no time of day", "00:00 to 24:00"),
        (ONCE + "    quiet_hours: 7-7\n", "9:18: `7-7` begins and ends at the same time", "sat-sun"),
        (ONCE + "    quiet_hours: 22-7 mnday\n", "9:18: `mnday` is no day of the week, did you mean 'monday'?", "mon"),
        (ONCE + "    quiet_hours: mon-sun\n", "9:5: quiet_hours: they never end", "leave some hour"),
        (ONCE + "    quiet_hours: [7-22, 22-7]\n", "9:5: quiet_hours: they never end", "leave some hour"),
        (ONCE + "    at_most: ten\n", "9:14: at_most: `ten` does not say how many in what time", "10 in 10m"),
        (ONCE + "    at_most: 0 in 1m\n", "9:14: at_most: at least 1 must be allowed", ""),
        (ONCE + "    at_most: 5 in 2d\n", "9:14: at_most: `2d` is too long", "up to 1d"),
        (ONCE + "    repeat_after: 10s\n", "9:19: repeat_after: `10s` is too short", "1m or more"),
        (ONCE + "    update_every: 5\n", "9:19: update_every: 5 of what?", "5m"),
        (ONCE + "    quite_hours: 22-7\n", "9:5: unknown key `quite_hours`, did you mean 'quiet_hours'?", "known keys"),
        (CRON + "    languages: ru, zh\n", "9:16: `ru, zh` is one text with commas", "write a list: [ru, zh]"),
        (CRON + "    languages: ru，zh\n", "9:16: `ru，zh` is one text with commas", "write a list: [ru, zh]"),
        (
            CRON + "    languages: [en, 'ru, zh']\n",
            "9:21: `ru, zh` is one text with commas",
            "write them apart: ru, zh",
        ),
        (CRON + "    countries: RU; CN\n", "9:16: `RU; CN` is one text", "write a list: [RU, CN]"),
        (CRON + "    sources: tag:wire, a\n", "9:14: `tag:wire, a` is one text", "write a list: [tag:wire, a]"),
        (CRON + "    at_once: ports, ice\n", "9:14: `ports, ice` is one text", "write a list: [ports, ice]"),
        (CRON + "    at_once: true\n", "9:14: true does not say what can't wait", "at_once: [severity=critical]"),
        (CRON + "    at_once: yes\n", "9:14: `yes` does not say what can't wait", "at_once: [severity=critical]"),
        (CRON + "    languages: [ru, not ru]\n", "9:21: languages: all that it takes is left out", "remove one"),
        (CRON + "    languages: [zh-Hant, -zh]\n", "9:26: languages: all that it takes is left out", "remove one"),
        (CRON + "    countries: [RU, not ru]\n", "9:21: countries: all that it takes is left out", "remove one"),
        (CRON + "    sources: [tag:a, not tag:a]\n", "9:22: sources: all that it takes is left out", "remove one"),
        (CRON + "    at_once: [ports, -ports]\n", "9:22: at_once: all that it takes is left out", "remove one"),
        (CRON + "    at_once: not *\n", "9:14: at_once: all that it takes is left out", "remove one"),
        (CRON + "    languages: rus\n", "9:16: `rus` is no language code", "did you mean `ru`?"),
        (CRON + "    languages: [chi, not zho]\n", "9:17: `chi` is no language code", "did you mean `zh`?"),
        (CRON + "    languages: Russian\n", "9:16: `Russian` is no language code", "did you mean `ru`?"),
        (ONCE + "    at_most: 10\n", "9:14: at_most: 10 in what time?", "write it like `10 in 10m`"),
        (ONCE + "    at_most: '25'\n", "9:14: at_most: 25 in what time?", "write it like `25 in 10m`"),
        (
            CRON + "    at_once: ports\n  - {id: desk-at-once, rules: '*', at: once, to: 'console:'}\n",
            "10:10: the id `desk-at-once` is taken",
            "rename this one",
        ),
        (CRON + "maintenance: soon\n", "9:1: `maintenance:` must be a list", "- from: …"),
        (CRON + "maintenance:\n  - from: 2026-12-01\n", "10:5: `until` is missing", "date and time"),
        (
            CRON + "maintenance:\n  - {from: 2026-12-01 06:00, until: 2026-12-01 02:00}\n",
            "10:37: until: the end is not after the beginning",
            "mend",
        ),
        (
            CRON + "maintenance:\n  - {from: tomorrow, until: 2026-13-01}\n",
            "10:12: `tomorrow` is no moment",
            "2026-12-01 02:00",
        ),
        (
            CRON + "maintenance:\n  - {from: 2026-12-01, until: 2026-12-02, digests: dsek}\n",
            "10:52: no digest has the id 'dsek', did you mean 'desk'?",
            "leave `digests:` out",
        ),
        (
            CRON + "maintenance:\n  - {from: 2026-12-01, until: 2026-12-02, timezone: Tokyo}\n",
            "10:53: timezone: 'Tokyo' is no time zone, did you mean 'Asia/Tokyo'",
            "",
        ),
    ],
)
def test_a_slip_is_named_with_its_place(tmp_path: Path, text: str, complaint: str, hint: str) -> None:
    said = complaints(tmp_path, text)
    assert said[0].startswith(complaint), said
    assert hint in said[0].rpartition(" | ")[2], said


@pytest.mark.parametrize(
    ("to", "complaint", "hint"),
    [
        ("email:a@x.example, b@x.example", "is one text with commas", "[email:a@x.example, email:b@x.example]"),
        ("'slack:#ice, console:'", "is one text with commas", 'write a list: [slack:#ice, "console:"]'),
        ("atom:out/", "`atom:out/` is a folder", "name a file in it: atom:out/hits.xml"),
        ("atom:.", "`atom:.` is a folder", "name a file in it: atom:./hits.xml"),
        ("file:out/desk.html", "`file:out/desk.html` is a file, where a folder is needed", "write file:out/;"),
        ("file:desk.JSON", "is a file, where a folder is needed", "write file:out/;"),
    ],
)
def test_a_target_of_the_wrong_form_gets_the_right_one(tmp_path: Path, to: str, complaint: str, hint: str) -> None:
    (said,) = complaints(tmp_path, f"{CRON}  - id: flash\n    rules: ice\n    at: once\n    to: {to}\n")
    assert said.startswith("12:9: ")
    assert complaint in said
    assert hint in said


def test_a_faulty_digest_is_not_also_a_missing_one(tmp_path: Path) -> None:
    text = CRON + "    wiat: 1m\nmaintenance:\n  - {from: 2026-12-01, until: 2026-12-02, digests: desk}\n"
    assert [one.partition(" (")[0][:24] for one in complaints(tmp_path, text)] == ["9:5: unknown key `wiat`,"]


# --- what only both files together show --------------------------------------------------------------------------

FEEDS = """\
feeds:
  - {id: coast-daily, url: 'https://coast.example/rss', language: ru, country: RU, ownership: state, tags: [wire]}
  - {id: harbour-post, url: 'https://harbour.example/rss', language: en, country: GB}
"""


def checked(tmp_path: Path, text: str) -> Checkup:
    (tmp_path / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES + text, encoding="utf-8")
    names = ("FEEDS", "RULES")
    settings = load_settings({f"MONITOR_{name}": str(tmp_path / f"{name.lower()}.yaml") for name in names})
    return check_files(settings, datetime(2026, 12, 1, 6, tzinfo=UTC))


@pytest.mark.parametrize(
    ("sources", "place", "complaint"),
    [
        ("[coast-dayly]", "9:15", "there is no feed 'coast-dayly', did you mean 'coast-daily'?"),
        ("not harbor-post", "9:14", "there is no feed 'harbor-post', did you mean 'harbour-post'?"),
        ("[coast-daily, tag:wires]", "9:28", "no feed has the tag 'wires', did you mean 'wire'?"),
        ("wire", "9:14", "there is no feed 'wire': for the tag write 'tag:wire'"),
    ],
)
def test_a_source_that_is_not_there_is_a_complaint(tmp_path: Path, sources: str, place: str, complaint: str) -> None:
    (problem,) = checked(tmp_path, f"{CRON}    sources: {sources}\n    at_once: ports\n").problems
    assert (f"{problem.line}:{problem.column}", problem.message) == (place, complaint)


@pytest.mark.parametrize(
    ("text", "doubt", "why"),
    [
        (CRON + "    countries: [RU, CN]\n", "no feed that is read has the country 'CN'", "nobody there"),
        (CRON + "    languages: [ru, not zh]\n", "no feed that is read has the language 'zh'", "nothing to leave out"),
        (CRON + "    sources: ownership:independent\n", "no feed that is read is among its sources", "none such"),
        (CRON + "    at_once: '*'\n", "`at_once` takes all of its rules", "nothing is left"),
        (CRON + "    at_once: severity=low\n", "`at_once` takes none of the rules", "there is none of that severity"),
        (ONCE + "    quiet_hours: 22-7\n    quiet_unless: severity=low\n", "`quiet_unless` takes none", "none such"),
        (
            CRON + "maintenance:\n  - {from: 2025-12-01, until: 2025-12-02, reason: new server}\n",
            "maintenance from 2025-12-01 00:00 (new server) is over: mend its date, or remove it",
            "a slip in the year",
        ),
        (CRON + "maintenance:\n  - {from: 2026-12-01, until: 2026-12-01 06:00}\n", "is over", "just now"),
        (CRON + "maintenance:\n  - {from: 2026-12-01, until: 2026-12-01 06:01}\n", "", "under way"),
        (CRON + "    countries: RU\n    languages: [ru, not en]\n    at_once: ports\n", "", "all as it should be"),
    ],
)
def test_what_is_valid_and_hardly_meant_is_doubted(tmp_path: Path, text: str, doubt: str, why: str) -> None:
    found = checked(tmp_path, text)
    assert not found.problems
    assert [doubt in warning for warning in found.warnings] == [True] * bool(doubt), (found.warnings, why)


@pytest.mark.parametrize(
    ("target", "doubt", "why"),
    [
        ("atom:hits", "digest flash: atom:hits is a folder: name a file in it, such as atom:hits/hits.xml", "a folder"),
        ("file:notes", "digest flash: file:notes is a file: name a folder", "a file"),
        ("file:hits", "", "a folder, as it should be"),
        ("atom:notes", "", "a file, as it should be"),
        ("file:none", "", "it will be made"),
    ],
)
def test_a_target_that_is_there_and_of_the_wrong_kind_is_doubted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, doubt: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hits").mkdir()
    (tmp_path / "notes").write_text("", encoding="utf-8")
    found = checked(tmp_path, f"{CRON}  - {{id: flash, rules: ice, at: once, to: '{target}'}}\n")
    assert list(found.warnings) == [doubt] * bool(doubt), why


def test_files_without_these_keys_have_no_new_doubts(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(FEEDS, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES + CRON, encoding="utf-8")
    rules = load_rules(tmp_path / "rules.yaml")
    assert Checkup((), load_feeds(tmp_path / "feeds.yaml"), rules).warnings == ()
