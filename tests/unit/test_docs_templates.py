"""docs/templates.md names every field and filter that own templates can use, and its example works."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest
from support import samples

from monitor.adapters.deliver.render import shapes
from monitor.adapters.deliver.render.differences import Run
from monitor.adapters.deliver.render.templating import Templates
from monitor.adapters.deliver.render.view import view
from monitor.core.model import Segment

PAGE = (Path(__file__).parents[2] / "docs" / "templates.md").read_text("utf-8")
SECTIONS = {
    "### d": shapes.DigestView,
    "### A topic": shapes.TopicView,
    "### A story": shapes.StoryView,
    "### A report": shapes.CarrierView,
    "### A reason": shapes.ReasonView,
    "### Found words": shapes.WordsView,
    "### A changed headline": shapes.ChangeView,
    "### A run of text": Segment,
    "### A link": shapes.LinkView,
}


def named(heading: str) -> list[str]:
    """What the table below a heading describes."""
    section = PAGE.split(f"\n{heading}\n")[1].split("\n#")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def fields(shape: type) -> set[str]:
    own = {field.name for field in dataclasses.fields(shape)}
    return own | {name for name, _ in inspect.getmembers(shape, lambda member: isinstance(member, property))}


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_page_names_the_fields_that_there_are_each_once(heading: str) -> None:
    assert sorted(named(heading)) == sorted(fields(SECTIONS[heading]))


def test_no_shape_is_forgotten() -> None:
    defined = {each for _, each in inspect.getmembers(shapes, inspect.isclass) if each.__module__ == shapes.__name__}
    assert defined <= set(SECTIONS.values())
    changed = PAGE.split("### A changed headline")[1].split("###")[0]
    assert all(f"`{field}`" in changed for field in fields(Run))


def test_the_page_names_the_filters_that_there_are() -> None:
    from jinja2.defaults import DEFAULT_FILTERS

    ours = set(Templates()._environment.filters) - set(DEFAULT_FILTERS)
    assert sorted(named("## Filters")) == sorted(ours)


@pytest.mark.parametrize("digest", [samples.digest(), samples.empty()], ids=["news", "none"])
def test_the_example_is_a_template_that_works(tmp_path: Path, digest: samples.Digest) -> None:
    (example,) = re.findall(r"```jinja\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "digest.txt").write_text(example, "utf-8")
    seen = view(digest)
    text = Templates(tmp_path).text(seen)
    assert text.startswith(seen.headline[:20])
    assert text.count("\n\n") == len(digest.stories)
    for story in digest.stories:
        assert story.link in text
        assert all(reason.rule in text for reason in story.reasons)
    assert " ".join(seen.watched).split()[-1] in text
