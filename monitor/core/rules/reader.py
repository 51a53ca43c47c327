"""Reads plain data (what YAML gives) and collects every complaint instead of stopping at the first."""

import re
from collections.abc import Collection, Mapping, Set
from datetime import timedelta
from difflib import get_close_matches

from monitor.core.languagetags import meant_language
from monitor.errors import Problem

Path = tuple[str | int, ...]

_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([smhdw])\s*")
_DURATION = re.compile(rf"({_PART.pattern})+")
_KEY = re.compile(r"[A-Za-z_-]+")  # what may have been meant as one
_COMMAS = re.compile("[,;\uff0c\u3001\uff1b]")  # also the Chinese ones
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def suggestion(word: str, known: Collection[str]) -> str:
    """`did you mean …?`, or the empty string."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else ""


class Reader:
    """Collects problems; each method gives a usable value even where it has complained."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def complain(self, path: Path, message: str, hint: str = "") -> None:
        """Add a problem."""
        self.problems.append(Problem(path, message, hint))

    def mapping(self, value: object, path: Path, what: str) -> dict[str, object]:
        """A mapping with string keys."""
        if not isinstance(value, Mapping):
            hint = "write `: ` after a key, not `：`" if "：" in str(value) else ""
            self.complain(path, f"{what} must be a mapping, not {kind_of(value)}", hint)
            return {}
        # YAML 1.1 reads `no:` (Norwegian) as false.
        return {"no" if key is False else str(key): inner for key, inner in value.items()}

    def keys(self, found: Mapping[str, object], known: Set[str], path: Path, what: str) -> None:
        """Complain of keys that nobody reads."""
        for key in found:
            if key not in known:
                code = meant_language(key) or ""
                # A condition takes languages, too, but doesn't name them among its keys.
                meant = f"did you mean {code}?" if code and known & {code, "form"} else suggestion(key, known)
                if not meant and not _KEY.fullmatch(key):
                    meant = "a text with `: ` must stand in quotes"
                hint = meant or f"known here: {', '.join(sorted(known))}"
                self.problems.append(Problem((*path, key), f"{what} has no key “{key}”", hint, at_key=True))

    def text(self, value: object, path: Path, what: str, default: str = "") -> str:
        """A string; numbers are taken as written, anything else is refused."""
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        if value is None:
            self.complain(path, f"{what} must be text, not empty", "a text that begins with # needs quotes")
        elif isinstance(value, bool):
            self.complain(path, f"{what} must be text, not {kind_of(value)}", "put it in quotes")
        else:
            self.complain(path, f"{what} must be text, not {kind_of(value)}")
        return default

    def texts(self, value: object, path: Path, what: str) -> tuple[str, ...]:
        """A string or a list of strings."""
        if isinstance(value, list):
            for i, one in enumerate(value):
                self._refuse_commas(one, (*path, i), "write them apart: {}")
            return tuple(self.text(one, (*path, i), what) for i, one in enumerate(value))
        self._refuse_commas(value, path, "write a list: [{}]")
        return (self.text(value, path, what),)

    def _refuse_commas(self, value: object, path: Path, advice: str) -> None:
        if isinstance(value, str) and len(parts := [part for one in _COMMAS.split(value) if (part := one.strip())]) > 1:
            message = f"“{value.strip()}” is one text with commas"
            self.complain(path, message, advice.format(", ".join(parts)))

    def items(self, value: object, path: Path) -> list[tuple[object, Path]]:
        """The entries of a list with their paths; a single value counts as a list of one."""
        if isinstance(value, list):
            if not value:
                self.complain(path, "this list is empty")
            return [(one, (*path, i)) for i, one in enumerate(value)]
        return [(value, path)]

    def choice(self, value: object, known: Collection[str], path: Path, what: str, default: str) -> str:
        """One of the known words."""
        word = self.text(value, path, what, default)
        if word in known:
            return word
        self.complain(path, f"{what} “{word}” is unknown", suggestion(word, known) or f"one of: {', '.join(known)}")
        return default

    def flag(self, value: object, path: Path, what: str) -> bool | None:
        """True or false; None after a complaint."""
        if isinstance(value, bool):
            return value
        self.complain(path, f"{what} must be true or false, not {kind_of(value)}")
        return None

    def number(self, value: object, path: Path, what: str, default: float) -> float:
        """A number."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        self.complain(path, f"{what} must be a number, not {kind_of(value)}")
        return default

    def duration(self, value: object, path: Path, what: str) -> timedelta | None:
        """`30m`, `6h`, `1h30m`, `2d`."""
        found = value.strip().lower() if isinstance(value, str) else ""
        if not _DURATION.fullmatch(found):
            self.complain(path, f"{what} must be a duration, not {value!r}", "for example 30m, 6h or 2d")
            return None
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(found))
        if seconds > timedelta.max.days * _SECONDS["d"]:
            self.complain(path, f"{what} is longer than anybody can wait", "for example 30m, 6h or 2d")
            return None
        return timedelta(seconds=seconds)


def kind_of(value: object) -> str:
    """What a user would call a value."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, Mapping) else type(value).__name__
