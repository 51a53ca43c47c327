"""The two YAML files as what is in force: read, compiled, read again when they change."""

from collections.abc import Collection, Iterable, Mapping, MutableMapping
from dataclasses import replace
from pathlib import Path

from monitor.adapters import config
from monitor.adapters.cache import FileCache
from monitor.adapters.config import Checkup, RuleFile, Settings, load_feeds, load_rules
from monitor.app.watch import Watch
from monitor.core.model import (
    FeedSpec,
)
from monitor.core.queries import expand
from monitor.core.rules import Matcher as CompiledRules
from monitor.core.rules import Rulebook, compile_rules
from monitor.core.rules.edits import edited_rules
from monitor.core.rules.examples import Outcome, run_examples
from monitor.core.suggest import suggestion
from monitor.errors import ConfigError, MonitorError, Problem
from monitor.wiring.parts import SystemClock


class Configuration:
    """The two YAML files as a Watch, read again when they change. Blocking; made for one thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen: Mapping[Path, tuple[int, int]] = {}
        self._rules: RuleFile | None = None  # the last that was good
        self._matcher: CompiledRules | None = None

    def load(self) -> Watch:
        """Read both files and compile the rules. Raises ConfigError with every problem of both.

        After the first time, also runs the examples of rules that were edited; one that fails is a problem.
        """
        settings = self._settings
        # Taken before reading, so that an edit made meanwhile counts as a later one.
        before = _fingerprint({*self._seen, settings.feeds, settings.rules})
        self._seen = before
        errors: list[ConfigError] = []
        feeds = rules = None
        try:
            feeds = load_feeds(settings.feeds)
        except ConfigError as error:
            errors.append(error)
        try:
            rules = load_rules(settings.rules)
        except ConfigError as error:
            errors.append(error)
        if feeds is None or rules is None:
            # Mending any of their files must be noticed, also of one that was never read well.
            self._seen = {**_fingerprint(path for error in errors for path in error.files), **before}
            raise ConfigError([problem for error in errors for problem in error.problems])
        files = {*feeds.files, *rules.files}
        self._seen = {**_fingerprint(files), **{path: stamp for path, stamp in before.items() if path in files}}
        expansion = expand(feeds.feeds, rules.book)
        if expansion.problems:
            raise ConfigError([feeds.locate(problem) for problem in expansion.problems])
        matcher = compile_rules(rules.book, cache=_cache(settings), feeds=expansion.feeds)
        if self._rules and (failing := _failing(rules, matcher, edited_rules(self._rules.book, rules.book))):
            raise ConfigError(failing)
        self._rules, self._matcher = rules, matcher
        return Watch(expansion.feeds, matcher, rules.digests)

    def failing(self) -> list[Problem]:
        """The examples that fail in the rules in force: worth a warning, not a refusal to start."""
        if self._rules is None or self._matcher is None:
            return []
        return _failing(self._rules, self._matcher, {rule.id for rule in self._rules.book.rules})

    def reload(self) -> Watch | None:
        """A new Watch when a file changed since the last reading, good or bad, else None. Raises ConfigError."""
        return None if _fingerprint(self._seen) == self._seen else self.load()


def check_files(settings: Settings, *, targets: bool = True) -> Checkup:
    """Everything that can be known about both files now, without running anything. Raises nothing.

    Without `targets` not whether digests reach them, which only settings without a fault tell.
    """
    return config.check_files(settings, SystemClock().now(), targets=targets)


def compiled(settings: Settings, rules: Path | None = None) -> CompiledRules:
    """Only the rules, compiled, with forms from the cache where it has them. Raises ConfigError."""
    return rules_to_try(settings, rules)[1]


def watched_feeds(settings: Settings) -> tuple[FeedSpec, ...]:
    """The feeds of feeds.yaml, with searches in place of queries as far as the rules are there. Raises ConfigError."""
    feeds = load_feeds(settings.feeds)
    asks = any(feed.query and feed.query.rule for feed in feeds.feeds)
    book = load_rules(settings.rules).book if asks and settings.rules.exists() else None
    expansion = expand(feeds.feeds, book)
    if expansion.problems:
        raise ConfigError([feeds.locate(problem) for problem in expansion.problems])
    return expansion.feeds


def shipped(name: str) -> Path:
    """A file that comes with the program, `feeds.yaml` or `rules.yaml`: from the package, else from the checkout."""
    package = Path(__file__).parent.parent
    packaged = package / "shipped" / name
    return packaged if packaged.exists() else package.parent / name


def rules_to_try(
    settings: Settings, path: Path | None = None, only: Collection[str] = ()
) -> tuple[RuleFile, CompiledRules]:
    """The rules with their file and compiled, to try them out. Raises ConfigError.

    `path`: another file than the settings name. `only`: compile these rules alone, and at work even where they are
    off; raises MonitorError for an id that no rule has.
    """
    found = load_rules(path or settings.rules)
    known = {rule.id for rule in found.book.rules}
    if unknown := [one for one in only if one not in known]:
        raise MonitorError(f"no rule has the id {unknown[0]!r}{suggestion(unknown[0], known)}")
    book = found.book.only(only) if only else found.book
    return found, compile_rules(book, cache=_cache(settings), feeds=_feeds_for(settings, book))


def _feeds_for(settings: Settings, book: Rulebook) -> tuple[FeedSpec, ...]:
    """The feeds, where a rule asks for their tags, country or language. Raises ConfigError if they are faulty."""
    asked = any(one.tags or one.countries or one.languages for rule in book.rules for one in (rule.only, rule.exclude))
    return expand(load_feeds(settings.feeds).feeds, book).feeds if asked and settings.feeds.exists() else ()


def _failing(rules: RuleFile, matcher: CompiledRules, ids: Collection[str]) -> list[Problem]:
    chosen = replace(rules.book, rules=tuple(rule for rule in rules.book.rules if rule.id in ids))
    return [
        rules.locate(Problem(result.example.path, f"rule {result.rule}: {result.complaint}"))
        for result in run_examples(chosen, matcher)
        if result.outcome is Outcome.FAILED
    ]


def _fingerprint(files: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Size and time of change (ns) of each file; zeros where there is none."""
    found: dict[Path, tuple[int, int]] = {}
    for path in files:
        try:
            stat = path.stat()
            found[path] = (stat.st_size, stat.st_mtime_ns)
        except OSError:
            found[path] = (0, 0)
    return found


def _cache(settings: Settings) -> MutableMapping[str, bytes]:
    return FileCache(settings.db.parent / "cache")
