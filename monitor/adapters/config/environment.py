"""The variables of the environment, read with every complaint about them; secrets that do not show themselves."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from monitor.adapters.config import values
from monitor.core.suggest import suggestion
from monitor.errors import Problem

T = TypeVar("T")

# Set by Kubernetes for every service that happens to be called "monitor"; none of ours begins so.
_FOREIGN = re.compile(r"MONITOR_(SERVICE_(HOST|PORT)|PORT)(_.*)?")
NAMED = ("MONITOR_SLACK_WEBHOOK_", "MONITOR_WEBHOOK_", "MONITOR_APPRISE_")  # what follows is a name of the user's


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A password, token or secret address: shows itself only when asked."""

    _value: str

    def reveal(self) -> str:
        """The secret itself; not for logs, messages or errors."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> str:
        return "…"


def secret_address(value: object) -> Secret:
    """A web address that nobody else must know; its complaint does not quote it."""
    try:
        return Secret(values.web_address(value))
    except values.ComplaintError:  # whose text would quote the secret
        raise values.ComplaintError("is no web address", "copy the whole address, https://… included") from None


class Environment:
    """The environment with every complaint about it; remembers what was asked for, so that the rest is unknown."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self.known: set[str] = set()
        self.environ = {name: value for name, value in environ.items() if name.startswith("MONITOR_")}
        self.given = sorted({name.removesuffix("_FILE") for name, value in self.environ.items() if value.strip()})

    def complain(self, name: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem((name,), message, hint))

    def has(self, name: str) -> bool:
        return name in self.given

    def names(self, prefix: str) -> list[str]:
        """The variables given that begin so; they count as known."""
        self.known.add(prefix)
        return [name for name in self.given if name == prefix or name.startswith(f"{prefix}_")]

    def text(self, name: str) -> str:
        """The value, from the variable or its file; empty where neither is set."""
        self.known.add(name)
        direct, file = self.environ.get(name, "").strip(), self.environ.get(f"{name}_FILE", "").strip()
        if direct and file:
            self.complain(name, f"is set, and {name}_FILE too", "keep one of them")
        if direct or not file:
            return direct
        try:
            found = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            self.complain(f"{name}_FILE", f"can't read {file}: {reason}", "check the path and its permissions")
            return ""
        if not found:
            self.complain(f"{name}_FILE", f"{file} is empty", "write the value into it")
        return found

    def get(self, name: str, read: Callable[[object], T], default: T) -> T:
        """The value as `read` understands it, else the default."""
        found = self.text(name)
        if not found:
            return default
        try:
            return read(found)
        except values.ComplaintError as complaint:
            self.complain(name, str(complaint), complaint.hint)
            return default

    def path(self, name: str) -> Path | None:
        found = self.text(name)
        return Path(found).expanduser() if found else None

    def secret(self, name: str) -> Secret | None:
        found = self.text(name)
        return Secret(found) if found else None

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        def read(value: object) -> int:
            found = str(value)
            if not re.fullmatch(r"[0-9]{1,18}", found) or not least <= int(found) <= most:
                raise values.ComplaintError(f"{values.shown(value)} must be a number from {least} to {most}")
            return int(found)

        return self.get(name, read, default)

    def meant(self, name: str) -> str:
        known = {one.removeprefix("MONITOR_"): one for one in self.known}
        close = suggestion(name.removeprefix("MONITOR_"), known)  # the common beginning says nothing
        return close.replace("did you mean '", "did you mean 'MONITOR_")

    def refuse_unknown(self) -> None:
        """Complain of every variable that was not asked for."""
        for name in self.given:
            if name in self.known or name.startswith(NAMED) or _FOREIGN.fullmatch(name):
                continue
            self.complain(name, f"is no setting{self.meant(name)}", "see docs/settings.md; or remove it")
