"""The pages on rules and digests say what the readers know: every key, every default, and examples that are read."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.adapters.config import load_rules
from monitor.adapters.config.digests import DigestEntry, MaintenanceEntry
from monitor.adapters.config.settings import Settings
from monitor.core.model import Rate
from monitor.core.rules.conditions import FORM_KEYS, GROUP_KEYS, NAME_SWITCHES, TERM_KEYS
from monitor.core.rules.syntax import EXAMPLE_KEYS, FIELDS, ONLY_KEYS, RULE_KEYS
from monitor.core.text.names import NAME_KINDS

DOCS = Path(__file__).parents[2] / "docs"
RULES = (DOCS / "rules.md").read_text(encoding="utf-8")
DIGESTS = (DOCS / "digests.md").read_text(encoding="utf-8")
TABLE = ("# Digests", "## Looking at a digest")
SETTINGS = (DOCS / "settings.md").read_text(encoding="utf-8")


def rows(page: str, begin: str, end: str) -> list[list[str]]:
    """The cells of all tables between two stretches of text, without their heads."""
    _, found, rest = page.partition(begin)
    assert found, begin
    part, found, _ = rest.partition(end)
    assert found, end
    lines = [line for line in part.splitlines() if line.startswith("|") and not line.startswith(("|---", "| key |"))]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]


def keys(table: list[list[str]]) -> set[str]:
    return {key for row in table for key in re.findall(r"`(\w+)(?::[^`]*)?`", row[0])}


def test_every_key_of_a_digest_is_described_and_no_other() -> None:
    assert keys(rows(DIGESTS, *TABLE)) == set(DigestEntry.model_fields)


def test_every_key_of_maintenance_is_described() -> None:
    said = DIGESTS.partition("In `maintenance` nothing")[2].partition("\n##")[0]
    assert {key for key in MaintenanceEntry.model_fields if f"`{key}" not in said} == set()


DEFAULTS = [
    ("timezone", "`UTC`", "UTC"),
    ("when_empty", "`send`", True),
    ("wait", "30 seconds", timedelta(seconds=30)),
    ("update_every", "5 minutes", timedelta(minutes=5)),
    ("repeat_after", "never", None),
    ("at_most", "`10 in 10m`", Rate(10, timedelta(minutes=10))),
]


@pytest.mark.parametrize(("key", "said", "default"), DEFAULTS)
def test_defaults_of_a_digest_are_as_described(key: str, said: str, default: object) -> None:
    assert [row[2] for row in rows(DIGESTS, *TABLE) if f"`{key}`" == row[0]] == [said]
    assert DigestEntry.model_fields[key].default == default


def test_every_key_of_a_digest_is_required_where_it_is_said_to_be() -> None:
    required = {name for name, field in DigestEntry.model_fields.items() if field.is_required()}
    assert keys([row for row in rows(DIGESTS, *TABLE) if row[2] == "required"]) == required


@pytest.mark.parametrize(
    ("begin", "end", "known"),
    [
        ("### Terms", "**Forms.**", {*TERM_KEYS, *NAME_KINDS, "en", "ru", "zh", "ko", "ja"}),
        ("### Rules", "### Conditions", RULE_KEYS),
        ("### Conditions", "Conditions nest", GROUP_KEYS),
    ],
    ids=["terms", "rules", "conditions"],
)
def test_every_key_of_a_rule_is_described_and_no_other(begin: str, end: str, known: set[str]) -> None:
    assert keys(rows(RULES, begin, end)) == set(known)


@pytest.mark.parametrize("known", [FORM_KEYS, NAME_SWITCHES, ONLY_KEYS, EXAMPLE_KEYS, FIELDS])
def test_what_stands_within_a_key_is_named(known: set[str]) -> None:
    language = RULES.partition("## Tuning a rule")[0]
    assert {key for key in known if not re.search(rf"\b{key}\b", language)} == set()


def read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    load_rules(path)


def test_the_examples_of_both_pages_are_read_without_complaint(tmp_path: Path) -> None:
    blocks = [block for page in (RULES, DIGESTS) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    whole = [block for block in blocks if "\nrules:" in block or block.startswith("digests:")]
    assert len(whole) >= 2
    for block in whole:
        bare = "rules:\n  - {id: any, title: Any, tags: [sport, border, sanctions], match: x}\n"
        read(tmp_path, block if "\nrules:\n" in block else bare + block)


SETTINGS_SAID = [
    ("MONITOR_POLL_EVERY", "10m", Settings().poll_every == timedelta(minutes=10)),
    ("MONITOR_CONCURRENCY", "64", Settings().concurrency == 64),
    ("MONITOR_FETCH_TIMEOUT", "20s", Settings().fetch_timeout == timedelta(seconds=20)),
    ("MONITOR_FETCH_TOTAL", "60s", Settings().fetch_total == timedelta(seconds=60)),
    ("MONITOR_MAX_BYTES", "24M", Settings().max_bytes == 24 * 2**20),
    ("MONITOR_HOST_SPACING", "200ms", Settings().host_spacing == timedelta(milliseconds=200)),
    ("MONITOR_ALERT_MAX_AGE", "48h", Settings().alert_max_age == timedelta(hours=48)),
    ("MONITOR_RETENTION", "90d", Settings().retention == timedelta(days=90)),
    ("MONITOR_BACKUP_KEEP", "7", Settings().backup_keep == 7),
]


@pytest.mark.parametrize(("name", "said", "is_so"), SETTINGS_SAID, ids=[row[0] for row in SETTINGS_SAID])
def test_defaults_of_settings_are_as_described(name: str, said: str, is_so: bool) -> None:
    (row,) = [line for line in SETTINGS.splitlines() if line.startswith(f"| `{name}` |")]
    assert row.rstrip("| ").endswith(f"| `{said}`")
    assert is_so
