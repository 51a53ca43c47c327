"""What people asked to be quiet about: which silence a hit falls under, and how a digest says so. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.core.model import Silence, SilenceKind, StoredHit


def covers(silence: Silence, stored: StoredHit) -> bool:
    """Whether a silence is about this hit, whatever the time.

    An entity is meant by the id of its term or by its English label, case ignored, among the words that fired the rule
    and in the line of what the item mentions.
    """
    match silence.kind:
        case SilenceKind.STORY:
            return silence.what == str(stored.story_id)
        case SilenceKind.RULE:
            return silence.what == stored.hit.rule
        case SilenceKind.SOURCE:
            return silence.what == stored.item.feed
    wanted = silence.what.casefold()
    found = (name for place in stored.hit.evidence for name in (place.term, place.label))
    return any(name.casefold() == wanted for name in (*stored.hit.gloss, *found))


def sort_out(
    hits: Iterable[StoredHit], silences: Sequence[Silence], now: datetime
) -> tuple[list[StoredHit], dict[Silence, list[int]]]:
    """Hits that are told, and the ids of those that are not, by silence; of several the one that ends last holds."""
    in_force = sorted((one for one in silences if one.until > now), key=lambda one: (one.until, one.id), reverse=True)
    told: list[StoredHit] = []
    silenced: dict[Silence, list[int]] = {}
    for hit in hits:
        silence = next((one for one in in_force if covers(one, hit)), None)
        if silence is None:
            told.append(hit)
        else:
            silenced.setdefault(silence, []).append(hit.id)
    return told, silenced


def in_words(silence: Silence, timezone: str, now: datetime) -> str:
    """Why a hit is left out: "silenced until Fri 08:00: known to the desk"; with the date when it is a week or more."""
    until = silence.until.astimezone(ZoneInfo(timezone))
    soon = (silence.until - now).days < 6
    when = f"{until:%a %H:%M}" if soon else f"{until:%a} {until.day} {until:%b %H:%M}"
    if until.year != now.astimezone(until.tzinfo).year and not soon:
        when = f"{until:%a} {until.day} {until:%b %Y}"
    reason = " ".join(silence.reason.split())
    return f"silenced until {when}" + (f": {reason}" if reason else "")
