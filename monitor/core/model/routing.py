"""Who hears of what, and when: a digest as rules.yaml describes it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from monitor.core.model.findings import RuleStatus, Severity


@dataclass(frozen=True, slots=True)
class Target:
    """Where a digest goes: `email:desk@example.org`, `slack:#alerts`, `file:out/`, `console:`."""

    channel: str
    address: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.address}"


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What routing and digests need to know of a rule, without its conditions."""

    id: str
    title: str
    severity: Severity
    status: RuleStatus = RuleStatus.LIVE
    tags: tuple[str, ...] = ()
    why: str = ""
    fingerprint: str = ""  # stands for the rule with its terms: another one means that the rule was edited


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A stretch of each of these days in which nobody is disturbed; one that ends before it begins ends the next day.

    By the clock on the wall in the digest's zone. `days`: 0 is Monday, the days on which it begins.
    """

    start: time
    end: time
    days: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Window:
    """A planned stretch of time in which nothing is sent: `start` to `end`, aware."""

    start: datetime
    end: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so much time."""

    count: int
    span: timedelta


@dataclass(frozen=True, slots=True)
class DigestSpec:
    """Who hears of what, and when. `at` is a cron line in `timezone`; None: at once, gathered for `wait`.

    A digest at once tells each story by itself, as an alert: its further reports follow at most every `update_every`,
    and it comes again after `repeat_after` until somebody acknowledges it. More alerts than `at_most` come as one
    digest. What quiet hours and maintenance hold back is told together when they are over.
    """

    id: str
    rules: tuple[str, ...]  # selectors; see core/routes.py
    to: tuple[Target, ...]
    at: str | None = None
    timezone: str = "UTC"
    wait: timedelta = timedelta(seconds=30)
    title: str = ""
    send_empty: bool = True  # `when_empty: send`
    also: tuple[str, ...] = ()  # selectors, one of which must take the rule, too; none: no such condition
    at_once: tuple[str, ...] = ()  # selectors of what a digest of its own tells at once, in place of this one
    languages: tuple[str, ...] = ()  # "ru", "not zh"; like the two below: none takes all
    countries: tuple[str, ...] = ()  # of the outlet's seat: "RU", "not CN"
    sources: tuple[str, ...] = ()  # feed ids, "tag:wire", "ownership:state", each also after "not "
    update_every: timedelta = timedelta(minutes=5)
    repeat_after: timedelta | None = None
    at_most: Rate = Rate(10, timedelta(minutes=10))
    quiet_hours: tuple[QuietHours, ...] = ()
    quiet_unless: tuple[str, ...] = ()  # selectors of what is told in quiet hours all the same
    maintenance: tuple[Window, ...] = ()

    @property
    def immediate(self) -> bool:
        """True for `at: once`."""
        return self.at is None

    @property
    def label(self) -> str:
        """The name to show: the given title, else the id."""
        return self.title or self.id
