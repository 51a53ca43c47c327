"""Puts words under a rule's `none:` in the user's own file, leaving everything else as it is written.

Only text is inserted (or a condition indented one level deeper). The result is read again and must say exactly what
was meant: where it does not, nothing is suggested but what to write by hand.
"""

import difflib
import json
import re
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from monitor.adapters.config.rules import RuleFile
from monitor.adapters.config.yaml import Node, read_yaml
from monitor.errors import MonitorError

_PLAIN = re.compile(r"[^\W\d_]([\w \-]*\w)?")
_SCALAR = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s,\]}#](?:[^,\]}#]|(?<!\s)#)*""")
_WORDS_OF_YAML = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def forbid_words(rules: RuleFile, rule: str, words: Sequence[str], *, nested: bool) -> tuple[Path, str, str]:
    """The file in which a rule stands, its text, and its text with the words under `none:`.

    `nested` puts the present condition under `all:` and `none:` beside it. Raises MonitorError where the file is
    written in a way that this does not understand; the message says what to write.
    """
    node = _find(rules, rule)
    path = Path(node.file)
    text = path.read_text(encoding="utf-8-sig")
    listed = ", ".join(map(_quoted, words))
    edited = _edit(text, node, list(words), listed, nested=nested)
    if edited is None or not _says(edited, text, path, rule, list(words), nested=nested):
        raise MonitorError(f"{rules.place(_path(rules, rule))}: add to this rule's match by hand: none: [{listed}]")
    return path, text, edited


def unified(path: Path, before: str, after: str) -> str:
    """The difference as `patch -p0` and `git apply -p0` take it."""
    name = str(path)
    return "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), name, name))


def _path(rules: RuleFile, rule: str) -> tuple[str | int, ...]:
    found = rules.document.root.child("rules")
    entries = found.value if found and isinstance(found.value, list) else []
    for number, entry in enumerate(entries):
        name = entry.child("id")
        if name and name.value == rule:
            return "rules", number, "match"
    raise KeyError(rule)


def _find(rules: RuleFile, rule: str) -> Node:
    node: Node | None = rules.document.root
    for step in _path(rules, rule):
        node = node.child(step) if node else None
    assert node is not None, "a rule that was read has a match"
    return node


def _quoted(word: str) -> str:
    if _PLAIN.fullmatch(word) and word.lower() not in _WORDS_OF_YAML:
        return word
    return json.dumps(word, ensure_ascii=False)


def _edit(text: str, node: Node, words: list[str], listed: str, *, nested: bool) -> str | None:
    at = _offset(text, node.place)
    if not isinstance(node.value, dict):
        scalar = _SCALAR.match(text, at)
        if scalar is None:
            return None
        kept = scalar[0].rstrip()
        return f"{text[:at]}{{all: [{kept}], none: [{listed}]}}{text[at + len(kept) :]}"
    if nested:
        return _nest(text, node, at, listed)
    none = node.child("none")
    if none is not None:
        return _extend(text, none, words, listed)
    if text[at] == "{":
        return f"{text[: at + 1]}none: [{listed}], {text[at + 1 :]}"
    return f"{text[:at]}none: [{listed}]\n{' ' * (node.place[1] - 1)}{text[at:]}"


def _extend(text: str, none: Node, words: list[str], listed: str) -> str | None:
    at = _offset(text, none.place)
    if not isinstance(none.value, list):
        scalar = _SCALAR.match(text, at)
        if scalar is None or isinstance(none.value, dict):
            return None
        kept = scalar[0].rstrip()
        return f"{text[:at]}[{kept}, {listed}]{text[at + len(kept) :]}"
    if text[at] == "[":
        return f"{text[: at + 1]}{listed}, {text[at + 1 :]}"
    lines = "".join(f"- {_quoted(word)}\n{' ' * (none.place[1] - 1)}" for word in words)
    return f"{text[:at]}{lines}{text[at:]}"


def _nest(text: str, node: Node, at: int, listed: str) -> str | None:
    """The mapping as the only entry of `all:`, `none:` after it."""
    if text[at] == "{":
        end = _closing(text, at)
        return None if end is None else f"{text[:at]}{{all: [{text[at:end]}], none: [{listed}]}}{text[end:]}"
    indent = " " * (node.place[1] - 1)
    head, body = text[:at], text[at:]
    if head[head.rfind("\n") + 1 :].strip():
        return None  # begins behind something else in its line
    lines = body.splitlines(keepends=True)
    size = 1
    while size < len(lines) and (not lines[size].strip() or lines[size].startswith(indent)):
        size += 1
    while not lines[size - 1].strip() or lines[size - 1].lstrip().startswith("#"):
        size -= 1  # blank lines and comments at the end belong to what follows
    deeper = "".join(f"    {line}" if line.strip() else line for line in lines[1:size])
    tail = "" if (lines[0] + deeper).endswith("\n") else "\n"
    return f"{head}all:\n{indent}  - {lines[0]}{deeper}{tail}{indent}none: [{listed}]\n{''.join(lines[size:])}"


def _closing(text: str, at: int) -> int | None:
    """Behind the brace that closes the one at `at`."""
    depth = 0
    for match in re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|#[^\n]*|[{}]""").finditer(text, at):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0 and match[0] == "}":
            return match.end()
    return None


def _offset(text: str, place: tuple[int, int]) -> int:
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: place[0] - 1])) + place[1] - 1


def _says(edited: str, text: str, path: Path, rule: str, words: list[str], *, nested: bool) -> bool:
    """Whether the edited text means what was wanted, and nothing else changed."""
    before, after = read_yaml(text, str(path)).root, read_yaml(edited, str(path)).root
    if before is None or after is None:
        return False
    wanted: Any = deepcopy(before.plain())
    for entry in wanted["rules"]:
        if entry["id"] == rule:
            entry["match"] = _meant(entry["match"], words, nested=nested)
    return bool(after.plain() == wanted)


def _meant(match: Any, words: list[str], *, nested: bool) -> Any:
    if not isinstance(match, dict) or nested:
        return {"all": [match], "none": words}
    none = match.get("none", [])
    none = none if isinstance(none, list) else [none]
    return {**match, "none": [*none, *words] if _is_scalar(match.get("none")) else [*words, *none]}


def _is_scalar(none: object) -> bool:
    return none is not None and not isinstance(none, list)
