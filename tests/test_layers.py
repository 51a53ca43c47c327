"""The house stands as docs/design.md draws it: imports run only along the allowed arrows."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "monitor"

# room → rooms it may import; `errors` is open to all. What is not listed is refused.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "core": set(),
    "app": {"core"},
    "adapters": {"core"},
    "testing": {"core", "app"},
    "wiring": {"app", "adapters", "core"},
    "demo": {"wiring", "app", "core"},
    "cli": {"wiring", "app", "core", "demo", "web"},
    "web": {"wiring", "app", "core"},
    "__main__": {"cli"},
    "__init__": set(),
}
# Names whose presence in `core` would mean I/O, a clock or chance.
IMPURE = {"asyncio", "httpx", "sqlite3", "sqlite_utils", "socket", "subprocess", "random", "time", "os", "logging"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> list[str]:
    found: list[str] = []
    package = ["monitor", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, node.module] if node.module else base)
            found.append(module)
            if module == "monitor":
                found += [f"monitor.{alias.name}" for alias in node.names]
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_follow_the_arrows(path: Path) -> None:
    here = room(path)
    assert here in ALLOWED, f"{here} is a new room: draw it in docs/design.md and here"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "monitor" or len(parts) == 1:
            continue
        there = parts[1]
        assert there == here or there in ALLOWED[here] | {"errors", "__version__"}, f"{path}: {here} imports {name}"


@pytest.mark.parametrize(
    "path", [p for p in modules() if room(p) == "adapters"], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_adapters_never_import_one_another(path: Path) -> None:
    here = path.relative_to(PACKAGE).parts[1].removesuffix(".py")
    for name in imports(path):
        parts = name.split(".")
        if parts[:2] == ["monitor", "adapters"] and len(parts) > 2:
            assert parts[2] == here, f"{path} imports {name}"


@pytest.mark.parametrize("path", [p for p in modules() if room(p) == "core"], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_core_is_pure(path: Path) -> None:
    for name in imports(path):
        assert name.split(".")[0] not in IMPURE, f"{path} imports {name}"
    calls = {ast.unparse(n.func) for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)}
    assert not calls & {"datetime.now", "datetime.utcnow", "date.today", "open", "print", "input"}, path


def test_only_wiring_reads_the_clock() -> None:
    for path in modules():
        if room(path) in {"wiring", "cli", "demo"}:
            continue
        calls = {ast.unparse(n.func) for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)}
        assert not calls & {"datetime.now", "datetime.utcnow", "time.time"}, path
