"""Ids in filters: one that nobody knows is a slip, and must not look like an answer."""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

from typer import BadParameter, Option

from monitor.cli.session import Session
from monitor.core.suggest import suggestion
from monitor.errors import ConfigError, MonitorError

if TYPE_CHECKING:
    from monitor.app.ports import Store

CHANNELS = ("apprise", "atom", "console", "email", "file", "slack", "webhook")


def _language(code: str | None) -> str | None:
    if code is not None and not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", code):
        raise BadParameter(f"{code!r} is no code of a language, such as ru, zh or zh-Hant")
    return code


Language = Annotated[
    str | None, Option("--language", "-l", help="Only this language: ru, zh, en …", callback=_language)
]


def require_feed(session: Session, store: "Store", feed: str | None) -> None:
    """Raises MonitorError for a feed that neither the database nor feeds.yaml has."""
    if feed is not None and feed not in (states := store.feeds.states()):
        _require("feed", feed, {*states, *_feeds(session)})


def require_rule(session: Session, store: "Store", rule: str | None) -> None:
    """Raises MonitorError for a rule that neither fired nor stands in rules.yaml."""
    if rule is not None and not _any(store.query_hits(limit=1, rule=rule)):
        _require("rule", rule, _rules(session)[0])


def require_story(store: "Store", story: int | None) -> None:
    """Raises MonitorError for a story that there is not, or not any more."""
    if story is not None and store.people.story(story) is None:
        raise MonitorError(f"there is no story {story}; monitor hits shows their numbers")


def require_digest(session: Session, store: "Store", digest: str | None) -> None:
    """Raises MonitorError for a digest that neither was written nor stands in rules.yaml."""
    if digest is not None and not _any(store.query_outbox(limit=1, digest=digest)):
        _require("digest", digest, _rules(session)[1])


def require_channel(channel: str | None) -> None:
    """Raises BadParameter for a channel that there is not."""
    if channel is not None and channel not in CHANNELS:
        meant = suggestion(channel, CHANNELS) or f": there are {', '.join(CHANNELS)}"
        raise BadParameter(f"there is no channel {channel!r}{meant}")


def _require(what: str, given: str, known: Collection[str]) -> None:
    if given not in known:
        raise MonitorError(f"no {what} has the id {given!r}{suggestion(given, known)}")


def _any(rows: Iterator[object]) -> bool:
    return next(rows, None) is not None


def _feeds(session: Session) -> set[str]:
    from monitor.wiring import watched_feeds

    with suppress(ConfigError):
        return {feed.id for feed in watched_feeds(session.settings)}
    return set()


def _rules(session: Session) -> tuple[set[str], set[str]]:
    """The ids of rules and of digests; none where the file can't be used, which is not what was asked about."""
    from monitor.wiring import load_rules

    with suppress(ConfigError):
        file = load_rules(session.settings.rules)
        return {rule.id for rule in file.book.rules}, {digest.id for digest in file.digests}
    return set(), set()
