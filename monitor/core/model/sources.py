"""What is read: the sources, how they do, and what their servers answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Ownership(StrEnum):
    """Who stands behind a source; shown beside every headline."""

    STATE = "state"
    PUBLIC = "public"  # publicly funded with editorial independence
    PRIVATE = "private"
    INDEPENDENT = "independent"  # independent or exiled press
    UNKNOWN = "unknown"


class SourceKind(StrEnum):
    """What stands at a source's address."""

    FEED = "feed"  # RSS, RDF, Atom, JSON Feed
    HTML = "html"  # a page without a feed, read by CSS selectors
    SITEMAP = "sitemap"  # a news sitemap
    TELEGRAM = "telegram"  # the public page of a channel
    GDELT = "gdelt"  # GDELT's list of articles, JSON
    FOLDER = "folder"  # documents in a directory of this machine
    ARTICLE = "article"  # the page of one article, fetched for its text


class Fulltext(StrEnum):
    """Whether an item's article is fetched and matched, too."""

    NO = "no"
    PROMISING = "promising"  # where headline and lead hold some, but not all, that a rule asks for
    ALWAYS = "always"


class Engine(StrEnum):
    """Services that search the news of others."""

    GOOGLE_NEWS = "google-news"
    GDELT = "gdelt"


@dataclass(frozen=True, slots=True)
class Selectors:
    """How a page is read: `items` finds the blocks, the others find their parts within a block (CSS)."""

    items: str
    title: str = ""  # "": the text of the link
    link: str = "a"  # the block itself counts, too
    date: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A search at a news service in place of a feed: the words of a rule, or words of its own."""

    engine: Engine
    rule: str = ""  # id of the rule whose terms are asked for
    text: str = ""  # the service's own query language; used when `rule` is empty
    url: str = ""  # another address of the service, such as a mirror; "": its own


@dataclass(frozen=True, slots=True)
class Access:
    """How a source's server is approached. Whatever may be secret stays out of `repr`."""

    user_agent: str = ""  # "": the daemon's own
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    username: str = field(default="", repr=False)  # basic authentication
    password: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)  # http://…, https://…, socks5://…
    verify: bool = True  # False: take any certificate
    ca_file: str = ""  # further authorities to trust, PEM


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
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    source: SourceKind = SourceKind.FEED
    selectors: Selectors | None = None  # of an HTML page
    query: Query | None = None  # what `url` is made from; "" until the rules are known
    made_from: str = ""  # id of the entry in the file that this is one of several searches of
    fulltext: Fulltext = Fulltext.NO
    access: Access = field(default_factory=Access)

    @property
    def label(self) -> str:
        """The name to show: the given one, else the id."""
        return self.name or self.id


class TroubleKind(StrEnum):
    """What can be the matter with a source, beyond one failed poll."""

    BROKEN = "broken"  # failing again and again
    GONE = "gone"  # 410
    SILENT = "silent"  # nothing new for much longer than is usual for it
    MOVED = "moved"  # a permanent redirect holds
    LANGUAGE = "language"  # suddenly in another language
    VOLUME = "volume"  # suddenly much more, or much less
    OVERRUN = "overrun"  # everything in it was new: items may have come and gone between two polls


@dataclass(frozen=True, slots=True)
class Trouble:
    """A standing trouble of one feed: what it is, what to do, and since when.

    `since` is when it was noticed; the message says since when something is missing. `better_since`: from when on it
    looks as if it were over, which has to last for a while.
    """

    kind: TroubleKind
    message: str
    since: datetime
    better_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the log of troubles: told once when it begins and once when it ends."""

    feed: str
    kind: TroubleKind
    message: str
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Habits:
    """What a feed is used to do, learnt from what it brought; decides when it is asked and when silence is odd.

    `hours` are the items an hour of the week (Monday 00:00 UTC first, 168 numbers, decayed; empty: nothing learnt
    yet), `learnt` how many weeks stand behind them (decayed alike).
    """

    hours: tuple[float, ...] = ()
    learnt: float = 0.0
    learnt_until: datetime | None = None
    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()  # 0 … 23, UTC
    skip_days: frozenset[int] = frozenset()  # 0 Monday … 6 Sunday
    window: int = 0  # items its document held last
    language: str = ""  # what most of its items are written in
    gaps: tuple[float, ...] = ()  # hours between the last new items, oldest first


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is remembered of a feed between two polls (one row of table `feeds`)."""

    feed: str
    url: str = ""  # where it is asked: the configured address, or the one a lasting redirect led to
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
    failing_since: datetime | None = None  # the first of the failures in a row
    moved_to: str = ""  # where its permanent redirect led at the last polls
    moved_polls: int = 0  # in a row
    moved_since: datetime | None = None
    habits: Habits = field(default_factory=Habits)
    troubles: tuple[Trouble, ...] = ()


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
    moved_to: str = ""  # where it is for good, if every redirect on the way was permanent (301, 308)
