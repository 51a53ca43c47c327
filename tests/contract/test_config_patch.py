"""Words put under a rule's `none:` in the user's own file, whatever way it is written; or a word what to write."""

from pathlib import Path

import pytest

from monitor.adapters.config import forbid_words, load_rules, unified
from monitor.errors import MonitorError

HEAD = "# A file of ours.\nterms:\n  ship: {en: [ship]}\nrules:\n"
TAIL = "\n  # the next rule\n  - id: other\n    title: Other\n    match: $ship   # untouched\n"

FLAT = [
    ("    match: $ship\n", "    match: {all: [$ship], none: [film, 电影]}\n", "a scalar"),
    ("    match: $ship # why\n", "    match: {all: [$ship], none: [film, 电影]} # why\n", "a scalar and a comment"),
    ('    match: "a ship"\n', '    match: {all: ["a ship"], none: [film, 电影]}\n', "a quoted scalar"),
    ("    match: {all: [$ship]}\n", "    match: {none: [film, 电影], all: [$ship]}\n", "a flow mapping"),
    ("    match:\n      all: [$ship]\n", "    match:\n      none: [film, 电影]\n      all: [$ship]\n", "a block"),
    ("    match:\n      all: [$ship]\n      none: [x y]\n",
     "    match:\n      all: [$ship]\n      none: [film, 电影, x y]\n",
     "a none that is there"),
    ("    match:\n      all: [$ship]\n      none: x y # old\n",
     "    match:\n      all: [$ship]\n      none: [x y, film, 电影] # old\n", "a none of one word"),
    ("    match:\n      none:\n        - x y\n      all: [$ship]\n",
     "    match:\n      none:\n        - film\n        - 电影\n        - x y\n      all: [$ship]\n",
     "a none in a block"),
    ("    match:\n      all: [$ship]\n      none: {form: =X}\n", None, "a none that is a mapping"),
]  # fmt: skip
NESTED = [
    ("    match:\n      all: [$ship]\n      within: title\n",
     "    match:\n      all:\n        - all: [$ship]\n          within: title\n      none: [film, 电影]\n", "a block"),
    ("    match: {all: [$ship], within: title}\n",
     "    match: {all: [{all: [$ship], within: title}], none: [film, 电影]}\n", "a flow mapping"),
    ("    match:\n      # both\n      all:\n        - $ship # one\n\n        - port\n"
     "      within: title\n    tags: [x]\n",
     "    match:\n      # both\n      all:\n        - all:\n            - $ship # one\n\n            - port\n"
     "          within: title\n      none: [film, 电影]\n    tags: [x]\n", "a block with comments and blank lines"),
]  # fmt: skip


def write(folder: Path, match: str) -> Path:
    path = folder / "rules.yaml"
    path.write_text(f"{HEAD}  - id: it\n    title: It\n{match}{TAIL}", encoding="utf-8")
    return path


@pytest.mark.parametrize(("before", "after", "reason"), FLAT, ids=[row[2] for row in FLAT])
def test_words_beside_the_conditions(tmp_path: Path, before: str, after: str | None, reason: str) -> None:
    check(tmp_path, before, after, nested=False)


@pytest.mark.parametrize(("before", "after", "reason"), NESTED, ids=[row[2] for row in NESTED])
def test_words_around_conditions_that_stand_together(tmp_path: Path, before: str, after: str, reason: str) -> None:
    check(tmp_path, before, after, nested=True)


def check(folder: Path, before: str, after: str | None, *, nested: bool) -> None:
    path = write(folder, before)
    rules = load_rules(path)
    if after is None:
        with pytest.raises(MonitorError, match=r"rules\.yaml:\d+:\d+: add .* by hand: none: \[film, 电影\]"):
            forbid_words(rules, "it", ["film", "电影"], nested=nested)
        return
    where, old, new = forbid_words(rules, "it", ["film", "电影"], nested=nested)
    assert (where, old) == (path, path.read_text(encoding="utf-8"))
    assert new == old.replace(before, after)
    path.write_text(new, encoding="utf-8")
    load_rules(path)


def test_the_file_that_an_include_names_is_the_one_to_edit(tmp_path: Path) -> None:
    inner = tmp_path / "pack.yaml"
    inner.write_text("rules:\n  - {id: it, title: It, match: ship}\n")
    outer = tmp_path / "rules.yaml"
    outer.write_text("include: pack.yaml\nrules:\n  - {id: own, title: Own, match: boat}\n")
    where, _, after = forbid_words(load_rules(outer), "it", ["film"], nested=False)
    assert where == inner
    assert "match: {all: [ship], none: [film]}}" in after


@pytest.mark.parametrize("word", ["no", "true", "a: b", "x, y", "#tag", "it's", "-5", "[x]"])
def test_words_that_yaml_would_read_otherwise_are_quoted(tmp_path: Path, word: str) -> None:
    path = write(tmp_path, "    match: {all: [$ship]}\n")
    _, _, after = forbid_words(load_rules(path), "it", [word], nested=False)
    assert f'none: ["{word}"]' in after


def test_the_difference_is_a_patch(tmp_path: Path) -> None:
    path = write(tmp_path, "    match: $ship\n")
    found = unified(*forbid_words(load_rules(path), "it", ["film"], nested=False))
    assert found.startswith(f"--- {path}\n+++ {path}\n@@ ")
    assert "-    match: $ship\n+    match: {all: [$ship], none: [film]}\n" in found
