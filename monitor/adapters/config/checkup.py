"""Everything that can be known about a configuration without running it: `monitor check`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from monitor.adapters.config.feeds import FeedFile, load_feeds
from monitor.adapters.config.receivers import plain_name
from monitor.adapters.config.rules import RuleFile, load_rules
from monitor.adapters.config.settings import Settings
from monitor.core.audience import absent_sources, doubts
from monitor.core.model import FeedSpec, RuleStatus, SourceKind, Target, Window
from monitor.core.polling import FLOOR
from monitor.core.queries import expand
from monitor.core.rules.sources import absent
from monitor.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class Checkup:
    """What `check_files` found at a moment; `feeds` and `rules` are None where the file can't be used."""

    problems: tuple[Problem, ...]
    feeds: FeedFile | None
    rules: RuleFile | None
    at: datetime | None = None  # aware; None: nothing that depends on the time is looked at

    @property
    def summary(self) -> str:
        """What the files hold, in a line."""
        parts: list[str] = []
        if self.feeds:
            enabled = [feed for feed in self.feeds.feeds if feed.enabled]
            languages = Counter((feed.language or "no language given").partition("-")[0] for feed in enabled)
            spoken = ", ".join(f"{count} {language}" for language, count in languages.most_common())
            parts.append(
                f"feeds: {len(self.feeds.feeds)}, enabled: {len(enabled)}" + (f" ({spoken})" if spoken else "")
            )
        if self.rules:
            examples = sum(len(rule.examples) for rule in self.rules.book.rules)
            parts.append(f"rules: {len(self.rules.book.rules)} with {examples} examples")
            parts.append(f"digests: {len(self.rules.digests)}")
        return "; ".join(parts)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes valid files, or a feed in them, do nothing or harm. Looks for the folders that are named."""
        found: list[str] = []
        if self.feeds and not any(feed.enabled for feed in self.feeds.feeds):
            found.append("nothing will be read: no feed is enabled")
        if self.feeds:
            found += [
                f"feed {feed.id}: {doubt}" for feed in self.feeds.feeds if feed.enabled for doubt in _doubts(feed)
            ]
        if self.rules and not any(rule.info.status is not RuleStatus.OFF for rule in self.rules.book.rules):
            found.append("nothing is looked for: there is no rule" + " that is on" * bool(self.rules.book.rules))
        if self.rules:
            infos = [rule.info for rule in self.rules.book.rules if rule.info.status is not RuleStatus.OFF]
            feeds = self.feeds.feeds if self.feeds else ()
            found += [doubt for spec in self.rules.digests for doubt in doubts(spec, infos, feeds)]
            targets = {target: spec.id for spec in reversed(self.rules.digests) for target in spec.to}
            found += [f"digest {spec}: {doubt}" for target, spec in targets.items() if (doubt := _misplaced(target))]
            windows = [window for spec in self.rules.digests for window in spec.maintenance]
            found += [over for window in dict.fromkeys(windows) if self.at and (over := _is_over(window, self.at))]
        return tuple(found)


def _doubts(feed: FeedSpec) -> Iterator[str]:
    if feed.every and feed.every < FLOOR and feed.source is not SourceKind.FOLDER:
        seconds, least = feed.every.total_seconds(), FLOOR.total_seconds()
        yield f"`every` of {seconds:g} s may annoy its server, which may shut us out; {least:g} s and more are polite"
    if feed.source is SourceKind.FOLDER:
        folder = Path(url2pathname(urlsplit(feed.url).path))
        if not folder.exists():
            yield f"there is no folder {folder}: make it, or mend the path"
        elif not folder.is_dir():
            yield f"{folder} is no folder: name the folder that holds the files"


def _misplaced(target: Target) -> str:
    """A word on a file where a folder is needed, or the other way round."""
    path = Path(target.address)
    if target.channel == "atom" and path.is_dir():
        return f"{target} is a folder: name a file in it, such as atom:{path / 'hits.xml'}"
    if target.channel == "file" and path.is_file():
        return f"{target} is a file: name a folder"
    return ""


def _is_over(window: Window, at: datetime) -> str:
    """A word on maintenance that holds nothing back any more: a slip in its date, or a leftover."""
    if window.end > at:
        return ""
    reason = f" ({window.reason})" if window.reason else ""
    return f"maintenance from {window.start:%Y-%m-%d %H:%M}{reason} is over: mend its date, or remove it"


def check_files(settings: Settings, at: datetime | None = None, *, targets: bool = True) -> Checkup:
    """Read both files and see whether the settings let every digest reach its targets. Raises nothing.

    `at`: the moment, aware, by which to warn of what is over; None: of nothing. Without `targets`, only the files are
    looked at: for settings of which not all could be read.
    """
    problems: list[Problem] = []
    feeds: FeedFile | None = None
    rules: RuleFile | None = None
    try:
        feeds = load_feeds(settings.feeds)
    except ConfigError as error:
        problems += error.problems
    try:
        rules = load_rules(settings.rules, obstacle=partial(obstacle, settings) if targets else None)
    except ConfigError as error:
        problems += error.problems
        with suppress(ConfigError):  # where only a target is out of reach, the rest can still be looked at
            rules = load_rules(settings.rules)
    if feeds and rules:
        hint = "mend it, or remove it with the feed"
        named = [Problem(one.path, one.message, hint) for one in absent(rules.book, feeds.feeds) if one.what == "feeds"]
        problems += map(rules.locate, named)
        problems += map(rules.locate, _unknown_sources(rules, feeds.feeds))
        problems += map(feeds.locate, expand(feeds.feeds, rules.book).problems)
    return Checkup(tuple(problems), feeds, rules, at)


def _unknown_sources(rules: RuleFile, feeds: Sequence[FeedSpec]) -> Iterator[Problem]:
    """Feeds and tags that digests name and that are not there."""
    specs = [spec for spec in rules.digests if not spec.also]  # one an entry of the file
    for number, spec in enumerate(specs):
        for position, message in absent_sources(spec, feeds):
            yield Problem(("digests", number, "sources", position), message, "mend it, or remove it with the feed")


def obstacle(settings: Settings, target: Target) -> tuple[str, str] | None:
    """Why nothing can be sent to a target under these settings, and what to set; None when it can."""
    if target.channel == "email" and settings.smtp is None:
        return f"`{target}` can't be reached: no mail server is set", "set MONITOR_SMTP_HOST and MONITOR_SMTP_FROM"
    if target.channel == "slack" and not settings.slack.reaches(target.address):
        named = f"MONITOR_SLACK_WEBHOOK_{target.address.lstrip('#').upper().replace('-', '_')}"
        return f"`{target}` can't be reached: no access to Slack is set", f"set {named} or MONITOR_SLACK_TOKEN"
    known = {"webhook": settings.webhooks, "apprise": settings.apprise}.get(target.channel)
    if known is not None and plain_name(target.address) not in known:
        named = f"MONITOR_{target.channel.upper()}_{plain_name(target.address).upper()}"
        more = f" and {named}_SECRET" if target.channel == "webhook" else ""
        return f"`{target}` can't be reached: its address is not set", f"set {named}{more}"
    return None
