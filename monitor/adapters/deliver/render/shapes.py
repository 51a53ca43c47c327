"""What templates see: a digest in words. Everything in it is cleaned text and safe links.

Lengths are bounded so that any digest can be split into messages; whatever is shortened says so by an ellipsis or by
"and 12 more".
"""

from dataclasses import dataclass, field

from monitor.core.model import Segment

from .differences import Run


@dataclass(frozen=True, slots=True)
class LinkView:
    """Something to click."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class TopicView:
    """A line of the glance. `anchor` is the first story of the rule, empty when it has none here."""

    rule: str
    title: str
    stories: str
    reports: str
    spark: str  # one bar a day, oldest first; empty where there are days too few to compare
    spark_label: str  # the same in words
    anchor: str = ""

    @property
    def counts(self) -> str:
        """`2 stories, 9 reports`."""
        return f"{self.stories}, {self.reports}"


@dataclass(frozen=True, slots=True)
class CarrierView:
    """One report: when, in which language, by whom. `title` is empty where it repeats the story's headline."""

    time: str
    language: str  # code, may be empty
    outlet: str
    standing: str
    title: str
    link: str
    copies: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A headline that was edited, and the language it is in, empty when unknown."""

    runs: tuple[Run, ...]
    language: str = ""


@dataclass(frozen=True, slots=True)
class WordsView:
    """What one term of a rule found: its English label, the forms in the text, the fields they stood in."""

    label: str
    forms: tuple[str, ...]
    more: int
    fields: str


@dataclass(frozen=True, slots=True)
class ReasonView:
    """Why a story is here."""

    rule: str
    title: str
    words: tuple[WordsView, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story. `headline` and `snippet` are runs of text, some marked."""

    number: int
    anchor: str
    severity: str
    status: str  # `new story`, `told Thursday; headline changed`, `not acknowledged, told 2 h ago`
    language: str  # BCP 47, empty when unknown
    link: str
    title: str
    headline: tuple[Segment, ...]
    gloss: str
    meta: tuple[str, ...]
    changes: tuple[ChangeView, ...]
    changes_more: int
    snippet: tuple[Segment, ...]
    carriers: tuple[CarrierView, ...]
    reasons: tuple[ReasonView, ...]
    reasons_more: int = 0
    continued: bool = False  # the rest of a story that began in the message before
    earlier: str = ""  # `Told before: 5 reports by …`
    actions: tuple[LinkView, ...] = ()  # what a reader can do with one click; none without a public address


@dataclass(frozen=True, slots=True)
class DigestView:
    """A digest, or one part of it: the glance stands in the first part, the foot in the last."""

    name: str
    headline: str
    headline_language: str  # BCP 47 where the headline is a story's, else empty
    when: str
    iso: str
    counts: str
    languages: str
    since: str
    preview: str  # what a list of mails shows after the subject
    topics: tuple[TopicView, ...]
    topics_more: int
    bars: str  # how long a time the bars of the topics show: `30 days`; empty where none has bars
    stories: tuple[StoryView, ...]
    empty: tuple[str, ...]  # sentences, when there is no story at all
    watched: tuple[str, ...]  # sentences
    feed_news: tuple[str, ...]  # sentences: troubles of feeds that began or ended
    broken: tuple[str, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    next: str
    sample: str
    part: int = 1
    parts: int = 1
    anchors: frozenset[str] = field(default_factory=frozenset)  # of the stories in this part
    single: bool = False  # an alert of one story, told in the short form: no glance, a line on what was watched
    alarm: str = ""  # of alerts, for the subject line: `CRITICAL`, `CRITICAL (held back)`
    lead: tuple[str, ...] = ()  # sentences under the headline: held back, folded
    edits: str = ""  # rules edited since the last digest: `tumen-passage, old-rule (removed)`
    edits_since: str = ""  # `Friday`
    actions: tuple[LinkView, ...] = ()  # for the foot
    unsubscribe: str = ""  # the address that does it, also for the mail header; empty without a public address
    attached: str = ""  # sentence: what did not fit is in the attached file
