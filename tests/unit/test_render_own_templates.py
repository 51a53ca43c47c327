"""A user's own templates: what wins, and what happens to those that fail."""

from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import samples
from support.seen import EMAIL

from monitor.adapters.deliver.render import DigestRenderer, render_html
from monitor.errors import ConfigError


def render_with(directory: Path, **files: str) -> str:
    for name, content in files.items():
        (directory / name.replace("_", ".")).write_text(content, "utf-8")
    return str(DigestRenderer(directory).render(samples.digest(), EMAIL)[0].body["text"])


def test_a_template_beside_the_yaml_wins(tmp_path: Path) -> None:
    text = render_with(tmp_path, digest_txt="{{ d.name }}: {{ d.stories | length }} & more")
    assert text == "Russia–China desk, morning digest: 3 & more\n"


def test_templates_that_are_not_overridden_stay_the_shipped_ones(tmp_path: Path) -> None:
    render_with(tmp_path, digest_txt="mine")
    html = str(DigestRenderer(tmp_path).render(samples.digest(), EMAIL)[0].body["html"])
    assert html == render_html(samples.digest())


def test_an_own_style_sheet_is_inlined(tmp_path: Path) -> None:
    (tmp_path / "digest.css").write_text("h1{color:#123456}", "utf-8")
    html = str(DigestRenderer(tmp_path).render(samples.digest(), EMAIL)[0].body["html"])
    assert "color:#123456" in str(LexborHTMLParser(html).css_first("h1").attributes["style"])


@pytest.mark.parametrize(
    ("template", "line", "reason"),
    [
        ("fine\n{{ d.name", 2, "not closed"),
        ("fine\nfine\n{{ d.nonsense }}", 3, "a field that does not exist"),
        ("{{ d.__class__.__mro__ }}", 1, "a way out of the sandbox"),
        ("{{ ''.__class__ }}", 1, "another one"),
        ("{% for x in d.stories %}{{ x.carriers.append(1) }}{% endfor %}", 1, "not a list"),
        ("{% include '../secret' %}", 1, "a file elsewhere"),
        ("{% include '/etc/hostname' %}", 1, "a file of the system"),
        ("{{ 1/0 }}", 1, "a fault of arithmetic"),
        ("{{ d.name + 1 }}", 1, "a fault of types"),
        ("{{ range(99999999) | list }}", 1, "too much"),
    ],
)
def test_a_template_that_can_not_be_used_is_named_with_its_line(
    tmp_path: Path, template: str, line: int, reason: str
) -> None:
    (tmp_path / "digest.txt").write_text(template, "utf-8")
    with pytest.raises(ConfigError) as caught:
        DigestRenderer(tmp_path).check(samples.digest())
    (problem,) = caught.value.problems
    assert problem.file.endswith("digest.txt"), reason
    assert problem.line == line, reason


def test_a_digest_goes_out_by_the_shipped_templates_when_the_users_own_fail(tmp_path: Path) -> None:
    text = " ".join(render_with(tmp_path, digest_txt="{{ d.nonsense }}").split())
    assert samples.digest().stories[0].headline in text
    assert "Your templates could not be used" in text
    assert "digest.txt:1" in text


def test_templates_without_fault_pass_the_check(tmp_path: Path) -> None:
    (tmp_path / "digest.txt").write_text("{{ d.name }}", "utf-8")
    DigestRenderer(tmp_path).check(samples.digest())
    DigestRenderer().check(samples.digest())
