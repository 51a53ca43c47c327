"""The project's own papers hold together: links in the docs lead somewhere, both lock files agree."""

import re
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from monitor.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """GitHub's anchor for every heading of a page."""
    headings = re.findall(r"^#{1,6} +(.+?) *$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_in_the_docs_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in LINK.findall(text):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}, which is not there"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{page.name} links to {link}: no such heading"


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([a-z0-9._-]+==[^\s;]+)( ?;.*?)?( \\)?$", line) for line in lines)
    return {match[1] + (match[2] or ""): "" for match in found if match}


def test_the_container_runs_the_versions_that_were_tested() -> None:
    everything, running = pins("requirements.lock"), pins("requirements-run.lock")
    assert len(running) > 20
    assert {pin.split(" ;")[0] for pin in running} <= {pin.split(" ;")[0] for pin in everything}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-run.lock"])
def test_locks_hold_hashes_and_name_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert text.count("--hash=sha256:") >= text.count("==")


SETTING = re.compile(r"MONITOR_[A-Z_]*[A-Z]")
NAMED = ("MONITOR_SLACK_WEBHOOK", "MONITOR_WEBHOOK_", "MONITOR_APPRISE_")  # what follows is a name of the user's


def settings_read() -> set[str]:
    source = (ROOT / "monitor/adapters/config/settings.py").read_text(encoding="utf-8")
    return set(re.findall(rf'"({SETTING.pattern})"', source))


@pytest.mark.parametrize("page", [*PAGES, ROOT / ".env.example", ROOT / "Dockerfile"], ids=lambda page: page.name)
def test_every_setting_that_is_named_somewhere_is_read(page: Path) -> None:
    named = {name.removesuffix("_FILE") for name in SETTING.findall(page.read_text(encoding="utf-8"))}
    unknown = {name for name in named if not name.startswith(NAMED)} - settings_read()
    assert not unknown


def test_every_setting_that_is_read_is_documented() -> None:
    documented = set(SETTING.findall((ROOT / "docs/settings.md").read_text(encoding="utf-8")))
    assert settings_read() <= documented


def commands(group: TyperGroup, before: str = "") -> set[str]:
    """Every command with its group, such as "feeds check"."""
    found = set()
    for name, command in group.commands.items():
        found |= {f"{before}{name}"} | (commands(command, f"{name} ") if isinstance(command, TyperGroup) else set())
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_docs_exists(page: Path) -> None:
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    known = commands(command)
    groups = {name.split()[0] for name in known if " " in name}
    text = page.read_text(encoding="utf-8")
    typed = re.findall(r"(?:`|^\$ |^)monitor ((?:--\w+ \S+ )*)([a-z]+)(?: ([a-z]+)\b)?", text, re.MULTILINE)
    for _, first, second in typed:
        wanted = f"{first} {second}" if first in groups and second else first
        assert wanted in known, f"{page.name} names `monitor {wanted}`, which is no command"
