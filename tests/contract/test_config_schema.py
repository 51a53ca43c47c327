"""The JSON Schemas that editors check by: current, and of one mind with the reader."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from monitor.adapters.config import load_feeds, load_rules, schemas
from monitor.adapters.config.document import load_document
from monitor.adapters.config.yaml import read_yaml
from monitor.errors import ConfigError

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "config"
SHIPPED = [ROOT, ROOT / "monitor" / "starter", ROOT / "examples" / "tuning"]
KINDS = ("feeds", "rules")
# What a schema can't say: files, references between values, what only a list of zones or a parser of cron lines knows.
BEYOND = {
    "bad-email", "bad-regex", "bad-selector", "bad-within", "colon-in-text", "cron-out-of-range",
    "digest-unknown-timezone", "duplicate-digest", "duplicate-id", "duplicate-key", "duplicate-rule", "duplicate-url",
    "hash-without-channel", "lone-star", "password-in-url", "term-defined-twice", "unknown-channel",
    "unknown-encoding", "unknown-rule-in-digest", "unknown-term", "unknown-timezone", "unset-variable",
    "wait-beside-cron", "wrong-default", "bad-id", "digest-without-time", "country-as-language", "bad-header-name",
    "auth-beside-header", "auth-unset-variable", "bad-cookie", "ca-file-missing",
}  # fmt: skip


def validator(kind: str) -> Draft7Validator:
    schema = json.loads(schemas()[f"{kind}.schema.json"])
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def plain(path: Path) -> Any:
    return load_document(path, per_file=("defaults",)).root.plain()


@pytest.mark.parametrize("kind", [*KINDS, "digest"])
def test_the_published_schemas_are_current(kind: str) -> None:
    name = f"{kind}.schema.json"
    published = (ROOT / "docs" / "schema" / name).read_text(encoding="utf-8")
    assert published == schemas()[name], f"make it again: monitor schema {kind} > docs/schema/{name}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_files_of_ours_are_valid_and_name_their_schema(folder: Path, kind: str) -> None:
    path = folder / f"{kind}.yaml"
    errors = [f"{error.json_path}: {error.message}" for error in validator(kind).iter_errors(plain(path))]
    assert not errors
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text(encoding="utf-8"))
    assert named, f"{path} does not name its schema in the first line"
    if folder.name != "starter":  # `monitor init` writes what the starter files name
        assert (folder / named[1]).resolve() == ROOT / "docs" / "schema" / f"{kind}.schema.json"


@pytest.mark.parametrize("kind", KINDS)
def test_good_files_are_valid(kind: str) -> None:
    assert not list(validator(kind).iter_errors(plain(DATA / "good" / f"{kind}.yaml")))


def faulty() -> list[tuple[str, Path]]:
    """Files with a fault that the reader finds in what they say, not in how the YAML is written."""
    found = []
    for kind in KINDS:
        for path in sorted((DATA / kind).glob("*.yaml")):
            root = read_yaml(path.read_text(encoding="utf-8", errors="replace"), path.name)
            if root.root and not root.problems and path.stem not in BEYOND and "include" not in path.stem:
                found.append((kind, path))
    return found


@pytest.mark.parametrize(("kind", "path"), faulty(), ids=lambda one: getattr(one, "stem", one))
def test_what_the_reader_refuses_the_schema_refuses_too(kind: str, path: Path) -> None:
    with pytest.raises(ConfigError):
        (load_feeds if kind == "feeds" else load_rules)(path)
    root = read_yaml(path.read_text(encoding="utf-8"), path.name).root
    assert root is not None
    assert list(validator(kind).iter_errors(root.plain())), path.read_text(encoding="utf-8")


RULES = [
    ("{all: [$a, b], within: 3 words}", True, "a group"),
    ("{at_least: 2, of: [a, b, c]}", True, "some of several"),
    ("{en: [deal], ru: [сделка]}", True, "forms by language"),
    ("{form: Ван, case: true, needs: [$a]}", True, "a form with switches"),
    ("{all: [a, {any: [b, {none: [c], all: [d]}]}]}", True, "conditions nest"),
    ("[a, b]", False, "a list says nothing by itself"),
    ("{alle: [a]}", False, "an unknown key"),
    ("{all: [a], within: 3 lines}", False, "an unknown unit"),
    ("{all: [a, {any: [b], with: sentence}]}", False, "an unknown key deep down"),
]


@pytest.mark.parametrize(("match", "valid", "reason"), RULES, ids=[row[2] for row in RULES])
def test_conditions_are_checked_in_depth(match: str, valid: bool, reason: str) -> None:
    text = f"terms:\n  a: {{en: [x]}}\nrules:\n  - {{id: r, title: R, match: {match}}}\n"
    root = read_yaml(text, "rules.yaml").root
    assert root is not None
    assert (not list(validator("rules").iter_errors(root.plain()))) is valid, reason


def digest(line: str, at: str = "once") -> str:
    return (
        "rules:\n  - {id: ports, title: Ports, tags: [sea], match: ice}\ndigests:\n  - id: desk\n    rules: ports\n"
        f"    at: {at}\n    to: 'console:'\n    {line}\n"
    )


def rule(line: str) -> str:
    return f"terms: {{ice: {{en: [ice]}}}}\nrules:\n  - id: ports\n    title: Ports\n    match: ice\n    {line}\n"


def term(line: str) -> str:
    return f"terms:\n  ice: {{en: ice, {line}}}\nrules:\n  - {{id: ports, title: Ports, match: $ice}}\n"


def feed(line: str) -> str:
    return f"feeds:\n  - id: coast\n    {line}\n" + "    url: https://coast.example/rss\n" * ("url" not in line)


WRITTEN = [
    ("rules", digest("wait: 0s"), True, "none at all"),
    ("rules", digest("update_every: 1h 30m"), True, "two units"),
    ("rules", digest("update_every: 1.5h"), False, "a fraction"),
    ("rules", digest("repeat_after: 90"), False, "no unit"),
    ("rules", digest("at_most: 5 PER hour"), True, "in words"),
    ("rules", digest("at_most: 10"), False, "in what time?"),
    ("rules", digest("languages: [NOT ru, -zh_Hant]"), True, "any case"),
    ("rules", digest("languages: russian"), False, "a name"),
    ("rules", digest("countries: [ru, not cn]"), True, "any case"),
    ("rules", digest("when_empty: Skip", "0 8 * * *"), True, "any case"),
    ("rules", digest("when_empty: yes", "0 8 * * *"), False, "not a word for it"),
    ("rules", digest("title: Desk", "08:00"), False, "a clock is no cron line"),
    ("rules", digest("title: Desk", "Once"), True, "any case"),
    ("rules", digest("title: 2024"), False, "a number"),
    ("rules", digest("quiet_hours: 22.00 until 7, mon-fri"), True, "in words"),
    ("rules", digest("quiet_hours: 22:00"), False, "no end"),
    ("rules", digest("title: x").replace("'console:'", "[slack:#a, Email:a@b.example]"), True, "any case"),
    ("rules", digest("title: x").replace("'console:'", "a@b.example"), False, "no channel"),
    ("rules", digest("title: x").replace("id: desk", "id: Desk.1"), True, "capitals and dots"),
    ("rules", digest("title: x").replace("id: desk", "id: стол"), False, "letters beyond a-z"),
    ("rules", rule("cooldown: 1h30m"), True, "two units"),
    ("rules", rule("cooldown: 6H"), True, "any case"),
    ("rules", rule("cooldown: 6"), False, "no unit"),
    ("rules", rule("why: 5"), True, "a number is a text here"),
    ("rules", rule("tags: []"), True, "none yet"),
    ("rules", rule("examples: {hit: [], miss: }"), True, "none yet"),
    ("rules", rule("status: off"), True, "the word itself"),
    ("rules", rule("threshold: 2"), False, "of what?"),
    ("rules", rule("only: {countries: [ru], languages: ru}"), True, "any case"),
    ("rules", rule("only: {countries: Russia}"), False, "a name"),
    ("rules", rule("note: x").replace("match: ice", "match: {of: [a, b]}"), False, "how many of them?"),
    ("rules", rule("note: x").replace("match: ice", "match: {any: [a], within: 0 words}"), False, "nothing is within"),
    ("rules", term("not: {ru: [лёд]}"), True, "look-alikes by language"),
    ("rules", term("label: 5"), True, "a number is a text here"),
    ("rules", term("gloss: no"), False, "no truth value"),
    ("feeds", feed("every: 1h30m"), True, "two units"),
    ("feeds", feed("tags: [5]"), False, "a number"),
    ("feeds", feed("headers: {A: 5}"), False, "a number"),
    ("feeds", feed("fulltext: Promising"), True, "any case"),
    ("feeds", feed("proxy: HTTP://proxy.example:3128"), True, "any case"),
    ("feeds", feed("url: HTTPS://coast.example/rss"), True, "any case"),
    (
        "feeds",
        feed("query: {engine: GDELT, text: ice}").replace("    url: https://coast.example/rss\n", ""),
        True,
        "any case",
    ),
]


@pytest.mark.parametrize(("kind", "text", "valid", "why"), WRITTEN)
def test_an_editor_and_the_reader_say_the_same(tmp_path: Path, kind: str, text: str, valid: bool, why: str) -> None:
    path = tmp_path / f"{kind}.yaml"
    path.write_text(text, encoding="utf-8")
    assert (not list(validator(kind).iter_errors(plain(path)))) is valid, (why, "the schema")
    assert refused(kind, path) == (not valid), (why, "the reader")


def refused(kind: str, path: Path) -> bool:
    try:
        load_feeds(path) if kind == "feeds" else load_rules(path)
    except ConfigError:
        return True
    return False
