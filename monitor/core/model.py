"""The nouns of the road, one frozen type a stage.

FeedSpec → Fetched → Parsed(Item) → Decision → Hit → Story → Digest → Message, Delivery → Receipt

All datetimes are aware; stored and compared in UTC, shown in the reader's zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

# --- what is read -----------------------------------------------------------------------------------------


class Ownership(StrEnum):
    """Who stands behind a source; shown beside every headline."""

    STATE = "state"
    PUBLIC = "public"  # publicly funded with editorial independence
    PRIVATE = "private"
    INDEPENDENT = "independent"  # independent or exiled press
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """One source as `feeds.yaml` describes it. `id` is unique and stable; everything else may change."""

    id: str
    url: str
    name: str = ""
    language: str | None = None  # BCP 47, e.g. "ru", "zh-Hant"; None: several or unknown
    country: str | None = None  # ISO 3166-1 alpha-2
    kind: str = ""  # wire, paper, regional, courts, official, …: free words for grouping and selection
    ownership: Ownership = Ownership.UNKNOWN
    tags: tuple[str, ...] = ()
    enabled: bool = True
    reason: str = ""  # why it is disabled, or what to know about it
    every: timedelta | None = None  # fixed polling interval; None: the daemon's default
    timezone: str | None = None  # zone of dates that name none
    encoding: str | None = None  # overrides what server and document claim
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name to show: the given one, else the id."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is remembered of a feed between two polls (one row of table `feeds`)."""

    feed: str
    url: str = ""
    etag: str | None = None  # verbatim, quotes included
    last_modified: str | None = None  # verbatim
    body_hash: str | None = None  # of the last body read, hex
    next_poll_at: datetime | None = None  # None: due now
    first_success_at: datetime | None = None  # None: never read yet, so its backlog is not news
    last_poll_at: datetime | None = None
    last_success_at: datetime | None = None
    last_item_at: datetime | None = None  # when it last brought a new item
    failures: int = 0  # in a row
    last_error: str = ""
    gone: bool = False  # answered 410; polled no more until its URL changes
    title: str = ""  # what the feed calls itself


class FailureKind(StrEnum):
    """Reasons for a failed poll that a person can act on."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    HTTP = "http"  # status other than 2xx and 304
    GONE = "gone"  # 410
    THROTTLED = "throttled"  # 429, 503 with Retry-After
    REDIRECT = "redirect"
    TOO_LARGE = "too-large"
    REFUSED = "refused"  # not allowed by our own settings
    PROTOCOL = "protocol"
    NOT_A_FEED = "not-a-feed"
    EMPTY = "empty"
    MALFORMED = "malformed"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a poll failed: a value, never the end of the batch. `message` is for the operator."""

    kind: FailureKind
    message: str
    status: int | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A server's answer. Exactly one of three: `failure`, `not_modified`, or a `body`."""

    feed: str
    at: datetime
    url: str = ""  # the address that answered, after redirects
    status: int | None = None
    body: bytes = b""
    body_hash: str | None = None  # hex, to be remembered once the body was parsed; None: nothing to remember
    cut_short: bool = False  # the connection broke in mid-body: whole items in it are still good
    content_type: str = ""  # header, verbatim
    etag: str | None = None  # what to remember: the server's, or on not_modified the one we had
    last_modified: str | None = None
    not_modified: bool = False
    failure: Failure | None = None
    max_age: timedelta | None = None  # Cache-Control or Expires
    elapsed: timedelta = timedelta(0)


# --- what was published -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """One article of one feed. Text fields are plain text (HTML already taken out).

    `key` is the identity within the feed: from the guid, else the normalised link, else title and date.
    `published` is what the source claims (None: undated); `seen_at` is when we first read it.
    """

    feed: str
    key: str
    title: str
    summary: str = ""
    content: str = ""
    link: str = ""
    guid: str = ""
    author: str = ""
    language: str | None = None
    published: datetime | None = None
    seen_at: datetime | None = None
    categories: tuple[str, ...] = ()

    @property
    def dated(self) -> datetime | None:
        """The time to sort and age by: a claimed date in the future of its first sight does not count."""
        if self.published is None or (self.seen_at is not None and self.published > self.seen_at):
            return self.seen_at
        return self.published


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document read as a feed. `notes` are oddities worth telling (wrong encoding, recovered XML, …)."""

    items: tuple[Item, ...] = ()
    title: str = ""
    language: str | None = None
    ttl: timedelta | None = None
    notes: tuple[str, ...] = ()


class Novelty(StrEnum):
    NEW = "new"
    EDITED = "edited"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Known:
    """What the archive remembers of an item, enough to decide about novelty."""

    id: int
    key: str
    content_hash: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """An item with the verdict on its novelty and the reason in words. `id` is the archive's, once known."""

    item: Item
    novelty: Novelty
    reason: str
    content_hash: str
    id: int | None = None
    retitled: bool = False  # the edit touched the headline


# --- what was found ---------------------------------------------------------------------------------------


class Severity(StrEnum):
    """How loudly a rule speaks; ordered by `rank`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low … 3 for critical."""
        return list(Severity).index(self)


class RuleStatus(StrEnum):
    LIVE = "live"
    SHADOW = "shadow"  # counted and shown, never told
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place in the item that made a rule fire: `getattr(item, field)[start:end] == text`."""

    term: str  # term id, or the phrase itself
    label: str  # English
    entity: str | None  # person, place, …; None for ideas and plain phrases
    text: str
    field: str  # title | summary | content
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule fired on an item. `evidence` is sorted by field order (title, summary, content) and start."""

    rule: str
    severity: Severity
    score: float
    evidence: tuple[Evidence, ...]
    status: RuleStatus = RuleStatus.LIVE
    gloss: tuple[str, ...] = ()  # labels of what the item mentions, for a reader of English: named things, then ideas


@dataclass(frozen=True, slots=True)
class StoredHit:
    """A hit with the archive's ids and everything a digest shows of it."""

    id: int
    item_id: int
    story_id: int
    hit: Hit
    item: Item
    at: datetime  # when it was found
    edited: bool = False  # found in, or changed by, a later edition of the item
    previous_title: str | None = None  # the title before the last edit, where that differs


class Relevance(StrEnum):
    """A person's verdict on a hit."""

    RELEVANT = "relevant"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class MarkedHit:
    """A hit with a person's verdict on it: what rules are tuned by."""

    stored: StoredHit
    relevance: Relevance
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """Reports that tell the same: for now, the same link or the same headline."""

    id: int
    keys: frozenset[str]
    title: str
    first_at: datetime
    last_at: datetime


# --- what is told -----------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class DigestSpec:
    """Who hears of what, and when. `at` is a cron line in `timezone`; None: at once, gathered for `wait`."""

    id: str
    rules: tuple[str, ...]  # selectors; see core/routes.py
    to: tuple[Target, ...]
    at: str | None = None
    timezone: str = "UTC"
    wait: timedelta = timedelta(seconds=30)
    title: str = ""
    send_empty: bool = True  # `when_empty: send`

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


@dataclass(frozen=True, slots=True)
class Message:
    """A digest in the form of one kind of channel, ready to be sent any number of times, alike each time.

    `body` is JSON-ready: email `{subject, text, html}`, slack `{text, blocks}`, console and file
    `{subject, text, html, slack}`.
    """

    channel: str
    body: Mapping[str, object]


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"  # recorded before the attempt; found after a crash, it is tried again with its key
    SENT = "sent"
    PARKED = "parked"  # will not be tried again by itself; `error` says why


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


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the channel answered: enough to find the message again on the other side."""

    key: str
    at: datetime
    reference: str = ""  # SMTP answer, Slack timestamp, file path


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
