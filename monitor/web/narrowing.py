"""What a reader may ask of the feed of hits. What it does not have is an error, for it must not look like an answer."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from monitor.app.ports import Store
from monitor.app.watch import Watch
from monitor.core.model import Severity
from monitor.core.routes import selects
from monitor.core.suggest import suggestion

NARROWING = ("rule", "severity", "language", "feed")
_KNOWN = ("key", "digest", *NARROWING)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_LISTED = 20  # rules that a complaint names
_QUOTED = 40  # characters of what was asked that a complaint repeats


class UnknownWishError(Exception):
    """Something was asked for that the feed does not have; says what there is."""


def wishes(query: Sequence[tuple[str, str]]) -> dict[str, str]:
    """By what the feed shall be narrowed: those of `NARROWING` that are given. Raises UnknownWishError.

    Whether there is such a rule or feed, `require_known` tells.
    """
    for name, times in Counter(name for name, _ in query).items():
        if name not in _KNOWN:
            raise UnknownWishError(f"{_quoted(name)} is nothing to ask for; there are {_listed(_KNOWN)}")
        if times > 1:
            raise UnknownWishError(f"{name} is asked for more than once; name it once")
    found = {name: value for name, value in query if name in NARROWING and value}
    severities = [severity.value for severity in Severity]
    if found.get("severity", severities[0]) not in severities:
        raise UnknownWishError(f"severity is one of {_listed(severities)}, not {_quoted(found['severity'])}")
    if not _LANGUAGE.fullmatch(found.get("language", "en")):
        raise UnknownWishError(f"language is a code such as ru or zh-Hant, not {_quoted(found['language'])}")
    return found


def require_known(wanted: Mapping[str, str], store: Store, watch: Watch, digest: str) -> None:
    """Raises UnknownWishError for a rule or feed that neither the files nor the archive has.

    Who reads the feed of a digest is told of its rules only. Blocks on the store.
    """
    spec = next((one for one in watch.digests if one.id == digest), None)
    rules = [rule.id for rule in watch.rules_by_id.values() if not digest or (spec and selects(spec, rule))]
    known: dict[str, Collection[str]] = {"rule": rules, "feed": watch.feeds_by_id}
    for name, ids in known.items():
        given = wanted.get(name)
        if given is None or given in ids:
            continue
        filters = {name: given, "digest": digest or None}
        if next(store.query_hits(limit=1, **filters), None) is None:
            raise UnknownWishError(f"no {name} has the id {_quoted(given)}{_meant(given, ids, name)}")


def _meant(given: str, ids: Collection[str], name: str) -> str:
    if meant := suggestion(given, ids):
        return meant
    return f"; there are {_listed(sorted(ids))}" if ids and name == "rule" else ""


def _listed(words: Collection[str]) -> str:
    shown = [*words][:_LISTED]
    more = len(words) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…")
