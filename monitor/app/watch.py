"""What is in force: the feeds that are read, the rules that are looked for, the digests that tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.app.ports import Matcher
from monitor.core.model import DigestSpec, FeedSpec, RuleInfo


@dataclass(frozen=True, slots=True)
class Watch:
    """One consistent reading of `feeds.yaml` and `rules.yaml`; an edit makes a new one.

    `notes` are sentences for whoever has to mend something, such as a refused edit; scheduled digests tell them.
    `remarks` are sentences on the very digest that is written, such as stories that it lacks; alerts tell them, too.
    """

    feeds: tuple[FeedSpec, ...]
    matcher: Matcher
    digests: tuple[DigestSpec, ...]
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    feeds_by_id: Mapping[str, FeedSpec] = field(init=False)
    rules_by_id: Mapping[str, RuleInfo] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "feeds_by_id", {feed.id: feed for feed in self.feeds})
        object.__setattr__(self, "rules_by_id", {rule.id: rule for rule in self.matcher.rules})

    @property
    def enabled(self) -> tuple[FeedSpec, ...]:
        """The feeds that are polled."""
        return tuple(feed for feed in self.feeds if feed.enabled)

    def alike(self, other: "Watch") -> bool:
        """Whether both tell the same, whatever their notes."""
        return (self.feeds, self.digests, self.rules_by_id) == (other.feeds, other.digests, other.rules_by_id)
