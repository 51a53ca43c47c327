"""What is told: trays, alerts, and what a digest says."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.core.model.findings import Evidence, Severity
from monitor.core.model.sources import Notice, Ownership, TroubleKind


@dataclass(frozen=True, slots=True)
class Waiting:
    """The tray of a digest: hits that wait to be told. `since` is when the oldest of them was put there."""

    digest: str
    hit_ids: tuple[int, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class Telling:
    """What a digest has told of a story so far."""

    digest: str
    story_id: int
    first_at: datetime
    last_at: datetime
    repeats: int = 0  # times it came again without news, because nobody acknowledged it


@dataclass(frozen=True, slots=True)
class Run:
    """One time that a digest was made for somebody: of how many stories, and how grave the gravest news in it was."""

    at: datetime
    stories: int
    gravest: Severity | None = None  # None: nothing in it was new


@dataclass(frozen=True, slots=True)
class Alert:
    """A story as a digest at once has it before it: what waits to be told of it, and what was told."""

    story_id: int
    hit_ids: tuple[int, ...] = ()  # in the tray
    since: datetime | None = None  # when the oldest of them was put there; None: nothing waits
    severity: Severity | None = None  # the gravest of them
    graver_since: datetime | None = None  # when the oldest was put there that is graver than all that was told
    rules: frozenset[str] = frozenset()  # of the hits in the tray; where none wait, of those told
    told: Telling | None = None
    acknowledged: bool = False
    last_report: datetime | None = None  # when its last report came


class RuleChange(StrEnum):
    NEW = "new"
    EDITED = "edited"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """What became of a rule since the last digest."""

    rule: str
    change: RuleChange
    at: datetime


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text in a snippet; `marked` where a rule's words were found."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Carrier:
    """One report of a story."""

    outlet: str
    title: str
    link: str
    at: datetime
    language: str | None = None
    country: str | None = None
    ownership: Ownership = Ownership.UNKNOWN
    copies: int = 0  # further reports with the same headline, folded into this one
    copies_of: tuple[str, ...] = ()  # the other outlets that carried them, each once, in order of time


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a story is here: a rule with the words that fired it."""

    rule: str
    title: str
    severity: Severity
    evidence: tuple[Evidence, ...]


class StoryStatus(StrEnum):
    NEW = "new"
    MORE = "more"  # told before, further reports
    CHANGED = "changed"  # a headline was edited
    AGAIN = "again"  # nothing new: told again because nobody acknowledged it; `carriers` are those told before


@dataclass(frozen=True, slots=True)
class DigestStory:
    """A story as a digest shows it; `carriers` in order of time, the first is the earliest."""

    story_id: int
    severity: Severity
    status: StoryStatus
    headline: str
    link: str
    language: str | None
    gloss: tuple[str, ...]
    snippet: tuple[Segment, ...]
    headline_marks: tuple[Segment, ...]
    carriers: tuple[Carrier, ...]
    reasons: tuple[Reason, ...]
    changes: tuple[tuple[str, str], ...] = ()  # (old headline, new headline)
    undated: bool = False
    told_at: datetime | None = None  # when this digest last told of it
    told_severity: Severity | None = None  # the gravest that it told of it before
    earlier: tuple[Carrier, ...] = ()  # reports that it told before, in order of time
    acknowledged: bool = False
    hit_ids: tuple[int, ...] = ()  # of its reports, the lead's gravest first: what a reader's mark is laid on


@dataclass(frozen=True, slots=True)
class Topic:
    """A line of the digest's glance: a rule and its last 30 days."""

    rule: str
    title: str
    stories: int
    reports: int
    daily: tuple[int, ...]  # hits a day, oldest first, ending today


@dataclass(frozen=True, slots=True)
class FeedTrouble:
    """A feed the reader should know is not being heard."""

    feed: str
    label: str
    message: str
    since: datetime | None
    told: bool = False  # by a notice, now or before


@dataclass(frozen=True, slots=True)
class FeedNews:
    """What became of some feeds in a digest's period: a trouble that began, or one that is over."""

    kind: TroubleKind
    over: bool
    feeds: tuple[str, ...]  # names, the first few
    count: int  # of all feeds it is about
    message: str = ""  # of a single one: what is the matter, and what to do
    host: str = ""  # where all of them are
    cause: str = ""  # what all of them have in common: the gist of their failure
    everywhere: bool = False  # nearly every feed: the fault is hardly theirs
    began_at: datetime | None = None
    ended_at: datetime | None = None
    brief: bool = False  # began and ended in the period


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was watched in the digest's period: silence is a statement only with this beside it."""

    feeds: int = 0  # enabled
    feeds_read: int = 0  # with a success in the period, or with none due since their last one
    polls: int = 0
    items: int = 0
    last_poll_at: datetime | None = None
    broken: tuple[FeedTrouble, ...] = ()
    by_language: tuple[tuple[str, int, int], ...] = ()  # (language, read, all)
    notices: tuple[Notice, ...] = ()  # troubles that began or ended in the period
    standing: tuple[tuple[TroubleKind, int], ...] = ()  # how many feeds have such a trouble now
    due: int = 0  # feeds whose time came in the period: asked, or overdue at its end
    failed: int = 0  # feeds that were asked, and not once with success
    quiet: tuple[tuple[str, int], ...] = ()  # (language, feeds quiet beyond their own rhythm), most feeds first


@dataclass(frozen=True, slots=True)
class Digest:
    """What one digest says, before any channel gives it a form."""

    spec: str
    title: str
    at: datetime  # UTC
    since: datetime | None
    timezone: str
    headline: str  # the news itself, for the subject line
    topics: tuple[Topic, ...]
    stories: tuple[DigestStory, ...]
    coverage: Coverage
    left_out: tuple[tuple[str, int], ...] = ()  # (reason in words, number of reports)
    notes: tuple[str, ...] = ()  # e.g. a refused reload of rules.yaml
    next_at: datetime | None = None
    sample: bool = False  # made by the demo: every channel must say so
    feed_news: tuple[FeedNews, ...] = ()  # `coverage.notices`, folded
    alert: bool = False  # one of a digest at once: of a single story, unless `folded`, `held_since` or `by_hand`
    folded: int = 0  # alerts that came too thick and stand in this one digest instead; see `DigestSpec.at_most`
    held_since: datetime | None = None  # quiet hours or maintenance held this back from then on
    held_by: str = ""  # in words: "quiet hours", or "maintenance" with its reason
    by_hand: bool = False  # an alert, or several together, that somebody sent before their time
    rule_edits: tuple[RuleEdit, ...] = ()  # since the last digest
    thread: str = ""  # of an alert: names the story to this digest's readers, the same for all that follows of it


@dataclass(frozen=True, slots=True)
class PollSummary:
    """The figures of one cycle, as `monitor once --json` prints them."""

    feeds_due: int = 0
    polled: int = 0
    not_modified: int = 0
    failed: int = 0
    items_new: int = 0
    items_edited: int = 0
    hits: int = 0
    deliveries_sent: int = 0
    deliveries_failed: int = 0
