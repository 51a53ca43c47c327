"""The errors a person may see. Each names what failed, where, and what to do about it.

Foreign exceptions are wrapped into one of these at the adapter (`raise … from`). No message ever holds a
secret: adapters are responsible for leaving credentials out of what they put here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path


class MonitorError(Exception):
    """Base of all errors that are shown to a user without a traceback."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint about a file that a user wrote.

    `path` leads from the document's root to the value, keys and list indices, e.g. `("rules", 3, "match")`;
    the configuration adapter turns it into `file`, `line` and `column` (both from 1; 0 where a file as a whole is
    meant). `at_key` points at the key instead of its value: right for "unknown key".
    """

    path: tuple[str | int, ...]
    message: str
    hint: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    at_key: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: " if self.file else ""
        where = "" if self.file or not self.path else f"{'.'.join(map(str, self.path))}: "
        return f"{place}{where}{self.message}" + (f" ({self.hint})" if self.hint else "")


class ConfigError(MonitorError):
    """A configuration file or the environment can't be used; holds every problem found, not only the first.

    `files`: what was read or looked for; a change in any of them may mend it.
    """

    def __init__(self, problems: Sequence[Problem], files: Sequence[Path] = ()) -> None:
        self.problems = tuple(problems)
        self.files = tuple(files)
        super().__init__("\n".join(map(str, self.problems)))


class StoreError(MonitorError):
    """The database can't be opened, read or written: names the file and what to do."""


class AlreadyRunningError(StoreError):
    """Another daemon holds this database."""


class ParseFault(StrEnum):
    """Why a document could not be read as a feed; the values are those of `FailureKind`."""

    NOT_A_FEED = "not-a-feed"
    EMPTY = "empty"
    MALFORMED = "malformed"


class ParseError(MonitorError):
    """A document is not a feed; says what it is instead. Travels as a `Failure`, never ends a batch."""

    def __init__(self, message: str, fault: ParseFault = ParseFault.NOT_A_FEED) -> None:
        super().__init__(message)
        self.fault = fault


class AddressRefusedError(MonitorError):
    """An address that must not be connected to: `reason` says what it is, e.g. "a private network".

    `address` is as resolved; `host` what was asked for, a name or the address itself. `never`: nothing good is to be
    had there, so that no way to allow it is told. `proxy`: it is not the server's, but that of the proxy to it.
    """

    def __init__(self, host: str, address: str, reason: str, *, never: bool = False, proxy: bool = False) -> None:
        whose = "its proxy " if proxy else ""
        leads = "" if host == address else f"{host} leads to "
        advice = "" if never else "; if that is meant, allow its network in MONITOR_ALLOW_NETWORKS"
        super().__init__(f"{whose}{leads}{address}, which is {reason}{advice}")
        self.never = never
        self.host = host
        self.address = address
        self.reason = reason


class WorkError(MonitorError):
    """Work in a process of its own came to nothing: it took too long or too much memory, or the process ended."""


class DeliveryFault(StrEnum):
    """Why a send failed, in terms of what to do next."""

    TEMPORARY = "temporary"  # try the same message again later
    PERMANENT = "permanent"  # this recipient or message will never be accepted
    CONFIGURATION = "configuration"  # a person has to mend a setting first; kept, tried again slowly


class DeliveryError(MonitorError):
    """A channel did not take a message. `retry_after` is what the server asked for, if it did."""

    def __init__(self, message: str, fault: DeliveryFault, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.fault = fault
        self.retry_after = retry_after
