"""YAML text → a tree of values that know their line and column.

Scalars follow YAML 1.2: `no`, `on` and `off` are text, so the language code `no` and a user's word survive. Refuses
what hides mistakes: duplicate keys, tabs, tags, merge keys, several documents. Reads libyaml's events one by one
instead of its ready-made nodes: those are built by recursion in C, which deep nesting crashes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NoReturn, Protocol, TypeAlias

import yaml

from monitor.errors import Problem

MAX_DEPTH = 64
MAX_ALIASED = 100_000  # values that aliases repeat

Scalar: TypeAlias = str | int | float | bool | None
Value: TypeAlias = dict[str, "Node"] | list["Node"] | Scalar

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_INT = re.compile(r"[-+]?[0-9]{1,300}")  # longer ones stay text: Python refuses to convert them
_PREFIXED = re.compile(r"0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Mark(Protocol):
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place; `key` is the place of the key it stands under, where it does. Both count from 1."""

    value: Value
    file: str
    place: tuple[int, int]
    key: tuple[int, int] | None = None

    def plain(self) -> object:
        """The value as ordinary dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def child(self, step: str | int) -> "Node | None":
        """The value under a key or an index, if there is one."""
        if isinstance(self.value, dict):
            return self.value.get(str(step))
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]
        return None

    def problem(self, message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A complaint about this value, or about the key it stands under."""
        line, column = self.key if at_key and self.key else self.place
        return Problem((), message, hint, file=self.file, line=line, column=column)


@dataclass(slots=True)
class Reading:
    """What a text holds: `root` is None where it can't be used at all; `problems` may be there beside a root."""

    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)


def read_yaml(text: str, file: str) -> Reading:
    """Read one document. `file` is the name to show in complaints. Never raises for what stands in the text."""
    reader = _Reader(file)
    try:
        return reader.read(yaml.parse(text, Loader=_LOADER))
    except _RefusedError as refused:
        reader.reading.problems.append(refused.problem)
    except yaml.MarkedYAMLError as error:
        reader.reading.problems.append(_explain(error, text, file))
    except yaml.reader.ReaderError as error:
        reader.reading.problems.append(_unacceptable(error, text, file))
    reader.reading.root = None
    return reader.reading


class _RefusedError(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _Reader:
    """One pass over the events of one text."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.reading = Reading()
        self.anchors: dict[str, Node | None] = {}  # None: still being read
        self.sizes: dict[str, int] = {}
        self.nodes = self.aliased = 0

    def read(self, events: Iterator[yaml.Event]) -> Reading:
        self.events = events
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if self.reading.root is not None:
                    self.refuse(event, "a second document begins here", "keep one a file, and `include:` the others")
                self.reading.root = self.node(next(events), 0)
        if self.reading.root is None:
            self.reading.problems.append(
                Problem((), "the file is empty", "`monitor init DIR` writes a sample to start from", self.file, 1, 1)
            )
        return self.reading

    def node(self, event: yaml.Event, depth: int) -> Node:
        self.nodes += 1
        if depth > MAX_DEPTH:
            self.refuse(event, f"values are nested deeper than {MAX_DEPTH} levels", "flatten the file")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        anchor, first = getattr(event, "anchor", None), self.nodes
        if anchor:
            self.anchors[anchor] = None
        place = _place(event.start_mark)
        self.check_tag(event)
        value: Value
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self.sequence(depth)
        else:
            value = self.mapping(depth)
        node = Node(value, self.file, place)
        if anchor:
            self.anchors[anchor], self.sizes[anchor] = node, self.nodes - first + 1
        return node

    def sequence(self, depth: int) -> list[Node]:
        values: list[Node] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            values.append(self.node(event, depth + 1))
        return values

    def mapping(self, depth: int) -> dict[str, Node]:
        values: dict[str, Node] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                self.refuse(event, "a key must be a plain word", "quote a key that begins with [, {, * or &")
            key, place = event.value, _place(event.start_mark)
            if key == "<<" and not event.style:
                self.refuse(event, "merge keys (<<) are not supported", "write the keys out, or use `defaults:`")
            node = replace(self.node(next(self.events), depth + 1), key=place)
            if key in values:
                first = values[key].key or values[key].place
                self.complain(place, f"key `{key}` is there twice, first in line {first[0]}", "keep one of them")
            else:
                values[key] = node
        return values

    def alias(self, event: yaml.AliasEvent) -> Node:
        if event.anchor not in self.anchors:
            self.refuse(
                event, f"*{event.anchor} refers to nothing", "define it before, or quote a text beginning with *"
            )
        node = self.anchors[event.anchor]
        if node is None:
            self.refuse(event, f"*{event.anchor} refers to what it stands in", "write the value out")
        size = self.sizes[event.anchor]
        self.nodes += size  # so that an anchor around this alias counts it, too
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            self.refuse(event, f"aliases repeat more than {MAX_ALIASED:,} values", "write the values out")
        return node

    def check_tag(self, event: yaml.Event) -> None:
        tag = getattr(event, "tag", None)
        if tag and tag not in {"!", "tag:yaml.org,2002:str"}:
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            self.refuse(event, f"the tag {shown} is not supported", "remove it, or quote a text beginning with !")

    def complain(self, place: tuple[int, int], message: str, hint: str) -> None:
        self.reading.problems.append(Problem((), message, hint, self.file, *place))

    def refuse(self, event: yaml.Event, message: str, hint: str) -> NoReturn:
        raise _RefusedError(Problem((), message, hint, self.file, *_place(event.start_mark)))


def _place(mark: _Mark | None) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _scalar(event: yaml.ScalarEvent) -> Scalar:
    if event.style or event.tag:  # quoted, block, or tagged as text
        return event.value
    return plain_scalar(event.value)


def plain_scalar(text: str) -> Scalar:
    """What an unquoted word means."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        return int(text)
    if _PREFIXED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


# What libyaml says → what a person should do. Matched against its problem, then its context.
_ADVICE = (
    ("violates indentation", "a tab indents this line", "YAML takes spaces only: replace the tab with spaces"),
    (
        "mapping values are not allowed",
        "a second `:` in this line, or a line indented too far",
        "quote a text with `: `",
    ),
    ("block sequence entries", "a list begins in the line of its key", "put each `- ` on a line of its own"),
    ("expected ',' or ']'", "a list in [ ] is not closed", "add `]`, or a comma between two values"),
    (
        "expected ',' or '}'",
        "a mapping in { } is not closed",
        "add `}`, or a comma between two entries, or quote a text with `: `",
    ),
    (
        "alphabetic or numeric",
        "a name must follow * or & outside quotes",
        'put the whole text in quotes, such as "*" or "*/5 * * * *"',
    ),
    ("expected whitespace or line break", "a text can't begin with ! or &", "put the text in quotes"),
    ("unknown escape", "an unknown escape after \\ in double quotes", "use single quotes, or write \\\\"),
    ("could not find expected ':'", "a key without `:`", "add `: ` after the key, or indent it with the text above"),
    (
        "expected '-' indicator",
        "this line is neither in the list above nor deeper",
        "begin it with `- `, or mend the indent",
    ),
    (
        "<document start>",
        "this line does not belong to what stands above it",
        "mend its indent: top keys begin in column 1",
    ),
    ("expected node content", "a value is expected here", "quote a text that begins with , ] or }"),
    ("mapping keys are not allowed", "a key can't begin here", "quote a text that begins with ?"),
    ("directive name", "a line can't begin with %", "put the text in quotes"),
    ("comment or line break", "nothing may follow > or | in its line", "quote a text that begins with > or |"),
    ("unexpected ':'", "a colon can't stand here", "quote a text with a colon inside { } or [ ]"),
    ("expected key", "this line does not line up with the keys above", "mend its indent"),
)


def _explain(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    problem, context = error.problem or "", error.context or ""
    place = _place(mark)
    lines = text.splitlines()
    line = lines[place[0] - 1] if place[0] <= len(lines) else ""
    if odd := _odd_line(lines, {place[0], _place(error.context_mark)[0]}, file):
        return odd
    if "quoted scalar" in context and "end of stream" in problem and error.context_mark:
        return Problem((), "a quote is opened here and never closed", "add it", file, *_place(error.context_mark))
    indent = line[: len(line) - len(line.lstrip(" \t-"))]
    if "\t" in indent:
        return _advise(_ADVICE[0], file, place[0], indent.index("\t") + 1)
    if problem.endswith(("expected key", "'-' indicator")) and line[: place[1] - 1].strip():
        return Problem(
            (), "text follows a closed quote or bracket", "quote the whole value, as in '\"ice\" in port'", file, *place
        )
    for advice in _ADVICE:
        if advice[0] in problem:
            # These are found missing further down: the line to mend is the one where they begin.
            opened = error.context_mark if "not closed" in advice[1] or "without" in advice[1] else None
            return _advise(advice, file, *(_place(opened) if opened else place))
    found = line[place[1] - 1 : place[1]]
    if "cannot start any token" in problem and found:
        return Problem((), f"a text can't begin with {found}", "put the text in quotes", file, *place)
    return Problem((), f"not valid YAML: {problem or context}", "check quotes and indents around here", file, *place)


# What begins a line and only looks as YAML wants it → what to do. Typed on a Chinese keyboard, or pasted.
_ODD_LINES = (
    (
        re.compile(r"[ \t]*([\u00a0\u2000-\u200b\u202f\u3000\ufeff])"),
        "indents this line",
        "replace it with ordinary blanks",
    ),
    (re.compile(r"\s*([–—－−‐])\s"), "is no hyphen", "begin an entry of a list with `- `"),
    (re.compile(r"(?:\s*|.*[{,]\s*)(?:-\s+)*[a-z0-9_-]+\s*(：)"), "is no colon", "write `: ` after a key"),
    (re.compile(r".*[\]}\"']\s*(，)"), "is no comma to YAML", "write `, ` between two values"),
    (re.compile(r"\s*(?:-\s+)*[a-z0-9_-]+:([\u00a0\u3000])"), "is no blank", "write an ordinary blank after the `:`"),
)


def _odd_line(lines: list[str], suspects: set[int], file: str) -> Problem | None:
    """A complaint about a character that only looks right, in one of these lines (from 1) or the one before it."""
    filled = [number for number, line in enumerate(lines, 1) if line.strip()]
    before = {max((one for one in filled if one < number), default=number) for number in suspects}
    for number in sorted(suspects | before):
        for pattern, fault, remedy in _ODD_LINES:
            if number <= len(lines) and (match := pattern.match(lines[number - 1])):
                char = match[1]
                name = f"`{char}`" if char.strip() else f"a blank of another kind (U+{ord(char):04X})"
                return Problem((), f"{name} {fault}", remedy, file, number, match.start(1) + 1)
    return None


def _advise(advice: tuple[str, str, str], file: str, line: int, column: int) -> Problem:
    return Problem((), advice[1], advice[2], file, line, column)


def _unacceptable(error: yaml.reader.ReaderError, text: str, file: str) -> Problem:
    before = text[: error.position]
    character = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")
    return Problem(
        (),
        f"control character U+{character:04X}",
        "remove it: YAML allows none",
        file,
        before.count("\n") + 1,
        len(before) - before.rfind("\n"),
    )
