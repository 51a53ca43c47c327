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
    "bad-cron", "bad-email", "bad-regex", "bad-selector", "bad-within", "colon-in-text", "cron-out-of-range",
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
