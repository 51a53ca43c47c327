"""What is told: digests, the messages they become, and their way to the reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from monitor.core.model.findings import Evidence, RuleStatus, Severity
from monitor.core.model.sources import Notice, Ownership, TroubleKind


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


class SilenceKind(StrEnum):
    """What a silence is about."""

    STORY = "story"  # by its number
    RULE = "rule"
    SOURCE = "source"  # a feed, by id
    ENTITY = "entity"  # a term, by id or by its English label


@dataclass(frozen=True, slots=True)
class Silence:
    """A person's wish not to be told of something for a while. It is counted in digests all the same."""

    id: int  # 0 until it is stored
    kind: SilenceKind
    what: str
    until: datetime
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody has seen to a story: it is not repeated."""

    story_id: int
    at: datetime
    reason: str = ""


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
class Message:
    """A digest in the form of one kind of channel, ready to be sent any number of times, alike each time.

    `body` is JSON-ready: email `{subject, text, html, attachment?, unsubscribe?}`, slack
    `{text, blocks, root?, broadcast?}` (`root`: what the thread's first message shall say now; `broadcast`: to be seen
    in the channel, too), webhook and atom `{digest}` (see core/digestjson.py),
    apprise `{subject, text}`, console and file `{subject, text, html, slack, digest}`.
    """

    channel: str
    body: Mapping[str, object]


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"  # recorded before the attempt; found after a crash, it is tried again with its key
    SENT = "sent"
    PARKED = "parked"  # will not be tried again by itself; `error` says why


LEFT = "left"  # the fault of a delivery that is not sent because its recipient left the digest


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one recipient. `key` is unique and the same at every attempt."""

    key: str
    digest: str
    target: Target
    message: Message
    created_at: datetime
    part: int = 1  # parts of one digest to one target are sent in order
    parts: int = 1
    state: DeliveryState = DeliveryState.QUEUED
    attempts: int = 0
    next_attempt_at: datetime | None = None
    error: str = ""
    receipt: str = ""
    thread: str = ""  # what belongs together for a reader; sent in order
    root: str = ""  # receipt of the thread's first message to this target, once there is one
    fault: str = ""  # of the last failure: temporary, permanent or configuration; LEFT


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the channel answered: enough to find the message again on the other side."""

    key: str
    at: datetime
    reference: str = ""  # SMTP answer, Slack timestamp, file path


@dataclass(frozen=True, slots=True)
class Refusal:
    """A recipient that refuses: what was sent to it was not accepted, or came back, and nothing has arrived since."""

    target: Target
    digests: tuple[str, ...]
    since: datetime
    last_at: datetime
    times: int  # deliveries
    reason: str  # of the last one


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
