"""A configuration file with everything it includes, merged into one document whose values know their place."""

import glob
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from monitor.adapters.config.source import read_text
from monitor.adapters.config.yaml import Node, read_yaml
from monitor.core.oddities import oddity
from monitor.errors import ConfigError, Problem

INCLUDE = "include"
Layers: TypeAlias = Mapping[str, tuple[Node, ...]]  # by key: the values that hold for a file, outermost file first


@dataclass(frozen=True, slots=True)
class Document:
    """Merged content. `own` holds, by file, the keys that stay with their file and the files it includes.

    `files` are those that were read and the folders that patterns looked into: what to watch for changes.
    `problems` are complaints that did not keep the document from being read: report them with the later ones.
    """

    root: Node
    files: tuple[Path, ...]
    own: Mapping[str, Layers]
    problems: tuple[Problem, ...]

    def locate(self, problem: Problem) -> Problem:
        """The same complaint with file, line and column of the value its path leads to, or of what should hold it."""
        if problem.file:
            return problem
        node, at_key = self.root, problem.at_key
        for depth, step in enumerate(problem.path):
            child = node.child(step)
            if child is None:
                at_key = at_key and depth > 0
                break
            node = child
        hint = "; ".join(filter(None, (_oddity(problem.path, node), problem.hint)))
        return replace(node.problem(problem.message, hint, at_key=at_key), path=problem.path)

    def require(self, problems: Iterable[Problem]) -> None:
        """Raise ConfigError with these and the document's own problems, in the order of the files, if there are any."""
        found = {str(located): located for located in map(self.locate, (*self.problems, *problems))}
        if found:
            order = {str(path): number for number, path in enumerate(self.files)}
            placed = sorted(found.values(), key=lambda p: (order.get(p.file, len(order)), p.line, p.column))
            raise ConfigError(placed, self.files)


def _oddity(path: tuple[str | int, ...], node: Node) -> str:
    """What only looks right in a refused key or value. Examples are news, in which most is right."""
    if "examples" in path[:-1]:
        return ""
    words = (path[-1] if path else "", node.value)
    return next((found for word in words if isinstance(word, str) and (found := oddity(word))), "")


def load_document(path: Path, *, per_file: Collection[str] = ()) -> Document:
    """Read a file and what its `include:` names. Raises ConfigError with all complaints if any file can't be read.

    Lists under the same top key are joined, mappings united (a key in both is a complaint). Keys named in `per_file`
    are not merged: they hold for their own file and, less strongly, for the files it includes.
    """
    loader = _Loader(per_file)
    root = loader.load(path, (), {})
    if root is None or loader.unreadable:
        raise ConfigError(loader.problems, loader.files)
    merged = Node(loader.merged, str(path), root.place)
    return Document(merged, tuple(loader.files), loader.own, tuple(loader.problems))


@dataclass(slots=True)
class _Loader:
    per_file: Collection[str]
    files: list[Path] = field(default_factory=list)
    own: dict[str, Layers] = field(default_factory=dict)
    merged: dict[str, Node] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unreadable: bool = False

    def load(self, path: Path, chain: tuple[Path, ...], inherited: Layers) -> Node | None:
        self.files.append(path)
        text = read_text(path)
        if isinstance(text, Problem):
            self.give_up(text)
            return None
        reading = read_yaml(text, str(path))
        root = reading.root
        if root is None:
            self.give_up(*reading.problems)
            return None
        self.problems += reading.problems
        if not isinstance(root.value, dict):
            bare = isinstance(root.value, list)
            hint = "put its key above the list, such as `feeds:`" if bare else "see `monitor init`"
            self.give_up(root.problem("the file must hold a mapping (`key: value`)", hint))
            return None
        own = {key: (*inherited.get(key, ()), node) for key, node in root.value.items() if key in self.per_file}
        own = {**inherited, **own}
        self.own[str(path)] = own
        if INCLUDE in root.value:
            self.include(root.value[INCLUDE], (*chain, path), own)
        for key, node in root.value.items():
            if key != INCLUDE and key not in self.per_file:
                self.merge(key, node)
        return root

    def give_up(self, *problems: Problem) -> None:
        self.problems += problems
        self.unreadable = True

    def include(self, node: Node, chain: tuple[Path, ...], own: Layers) -> None:
        named = node.value if isinstance(node.value, list) else [node]
        for entry in named:
            if not isinstance(entry.value, str):
                self.give_up(
                    entry.problem("include must be a file name or a list of them", "e.g. include: [terms.yaml]")
                )
                continue
            for path in self.resolve(entry, chain[-1].parent):
                self.load_included(path, entry, chain, own)

    def resolve(self, entry: Node, folder: Path) -> list[Path]:
        """The files that one entry means; a pattern such as `packs/*.yaml` may mean several."""
        pattern = os.path.normpath(folder / str(entry.value))
        if not glob.has_magic(str(entry.value)):
            return [Path(pattern)]
        self.files.append(Path(pattern).parent)  # a file may be added there
        found = sorted(map(Path, glob.glob(pattern)))  # noqa: PTH207 - Path.glob refuses absolute patterns
        if not found:
            self.give_up(entry.problem(f"include: no file is named like {entry.value}", "mend or remove the pattern"))
        return found

    def load_included(self, path: Path, entry: Node, chain: tuple[Path, ...], own: Layers) -> None:
        real = path.resolve()
        stations = [station.resolve() for station in chain]
        if real in stations:
            circle = " → ".join(str(p) for p in (*chain[stations.index(real) :], path))
            self.give_up(entry.problem(f"files include one another in a circle: {circle}", "remove one `include:`"))
        elif not path.is_file():
            self.files.append(path)  # it may come
            what = "a folder" if path.is_dir() else "no such file"
            self.give_up(entry.problem(f"can't include {path}: {what}", "paths count from the folder of this file"))
        elif real not in [known.resolve() for known in self.files]:
            self.load(path, chain, own)

    def merge(self, key: str, node: Node) -> None:
        first = self.merged.get(key)
        if first is None:
            self.merged[key] = node
        elif isinstance(first.value, list) and isinstance(node.value, list):
            self.merged[key] = replace(first, value=[*first.value, *node.value])
        elif isinstance(first.value, dict) and isinstance(node.value, dict):
            for name in first.value.keys() & node.value.keys():
                self.clash(f"{key}.{name}", first.value[name], node.value[name])
            self.merged[key] = replace(first, value={**node.value, **first.value})
        elif first.value != node.value:
            self.clash(key, first, node)

    def clash(self, name: str, first: Node, second: Node) -> None:
        line, column = first.key or first.place
        self.problems.append(
            second.problem(
                f"`{name}` is there already: {first.file}:{line}:{column}", "rename or remove one", at_key=True
            )
        )
