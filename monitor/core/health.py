"""How a feed does: which troubles stand after a poll, in words, with what to do.

Each trouble begins once and ends once: what looks better has to look so for a while (`Trouble.better_since`) before it
is over, so that a feed that works every other time is told of once. A poll that shows nothing costs a few comparisons.

Pure. Times are aware; what is shown is in UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from monitor.core import feedstate, language
from monitor.core.model import Failure, FailureKind, FeedSpec, FeedState, Habits, SourceKind, Trouble, TroubleKind

# Broken: so many failures in a row, over at least so long. One bad answer, or a server that restarts, is no news.
BROKEN_AFTER = 3
BROKEN_FOR = timedelta(hours=2)
NEVER_READ_AFTER = 2  # … and for a feed that never worked, so that a wrong address is told before the first digest

# Silent: nothing for so many times its long gaps, and at least so long; and by its hours so many items are missing.
SILENT_GAPS = 3
SILENT_FOR = timedelta(hours=24)
SILENT_MISSING = 3.0  # items; if they came by chance alone, none in this time would be seen once in twenty times
LEAST_GAPS = 8
LEAST_WEEKS = 1.0  # of `Habits.learnt`, which is about ten days of watching

# Volume: the last 24 hours against the same hours of the weeks before.
VOLUME_TIMES = 5
VOLUME_OVER_TIMES = 2.5  # of the usual, or of the part of it, within which it is over
LEAST_MANY = 50  # items a day below which nothing is much
LEAST_USUAL = 20.0  # items a day that are missed

OVERRUN_WINDOW = 5  # items of a document below which it is no wonder that all are new
ACCEPTED_AFTER = timedelta(days=7)  # when a new language is the usual one

# For how long a trouble must look better before it is over.
_HOLD = {
    TroubleKind.BROKEN: timedelta(hours=1),
    TroubleKind.VOLUME: timedelta(hours=6),
    TroubleKind.LANGUAGE: timedelta(hours=6),
    TroubleKind.OVERRUN: timedelta(hours=24),
}
_AT_ONCE = timedelta(0)
_DAY = timedelta(hours=24)
_HOUR = timedelta(hours=1)
_WORST = tuple(TroubleKind)  # the order of their definition is the order of their gravity


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll came to, as far as health needs it."""

    at: datetime
    failure: Failure | None = None
    items: int = 0  # in the document; 0 where nothing was modified
    new: int = 0
    language: str = ""  # see language.guess, of the whole document; "": not looked at or can't be told
    day: int | None = None  # new items of the last 24 hours, this poll's included; None: not counted, see `counts`


def counts(before: FeedState, at: datetime) -> bool:
    """Whether the items of the last day should be counted at this poll: once an hour, of feeds that are known well."""
    last, habits = before.last_poll_at, before.habits
    if last is None or habits.learnt < LEAST_WEEKS or before.failures:
        return False
    return at.hour != last.hour or at - last >= _HOUR


def assess(feed: FeedSpec, before: FeedState, after: FeedState, poll: Poll) -> FeedState:
    """The state after a poll with the troubles that stand and the language that is usual; itself if nothing changed.

    `before` is the state that the poll found, `after` what else it leaves behind.
    """
    idle = poll.failure is None and not poll.items and poll.day is None
    if idle and not after.troubles and not feedstate.has_moved(feed, after):
        return after
    signs = _signs(feed, before, after, poll)
    standing = {trouble.kind: trouble for trouble in after.troubles}
    found: list[Trouble] = []
    for kind in _WORST:
        message, trouble = signs.get(kind), standing.get(kind)
        if trouble is None:
            if message:
                found.append(Trouble(kind, message, poll.at))
        elif message is None:
            found.append(trouble)
        elif message:
            found.append(replace(trouble, message=message, better_since=None))
        elif eased := _eased(trouble, poll.at):
            found.append(eased)
    troubles, habits = tuple(found), _accepted(after, poll)
    if troubles == after.troubles and habits is after.habits:
        return after
    return replace(after, troubles=troubles, habits=habits)


def began(before: FeedState, after: FeedState) -> tuple[Trouble, ...]:
    """Troubles that stand now and did not before."""
    if after.troubles is before.troubles:
        return ()
    known = {trouble.kind for trouble in before.troubles}
    return tuple(trouble for trouble in after.troubles if trouble.kind not in known)


def ended(before: FeedState, after: FeedState) -> tuple[Trouble, ...]:
    """Troubles that stood before and are over."""
    if after.troubles is before.troubles:
        return ()
    standing = {trouble.kind for trouble in after.troubles}
    return tuple(trouble for trouble in before.troubles if trouble.kind not in standing)


def gravity(state: FeedState) -> int:
    """For an order with the worst first: 0 for the gravest trouble; one that fails comes before those that are well."""
    if state.troubles:
        return min(_WORST.index(trouble.kind) for trouble in state.troubles)
    return len(_WORST) + (0 if state.failures or state.last_success_at is None else 1)


# --- signs ------------------------------------------------------------------------------------------------

# A sign is words where a trouble shows, "" where it does not, None where this poll says nothing about it.
Sign = str | None


def _signs(feed: FeedSpec, before: FeedState, after: FeedState, poll: Poll) -> dict[TroubleKind, Sign]:
    signs: dict[TroubleKind, Sign] = {
        TroubleKind.GONE: _gone(after),
        TroubleKind.BROKEN: _broken(feed, after, poll),
        TroubleKind.MOVED: _moved(feed, after),
    }
    if poll.failure is not None:
        return signs
    signs[TroubleKind.SILENT] = _silent(feed, after, poll)
    signs[TroubleKind.LANGUAGE] = _foreign(after.habits, poll)
    signs[TroubleKind.VOLUME] = _volume(before, after, poll) if not signs[TroubleKind.SILENT] else None
    signs[TroubleKind.OVERRUN] = _overrun(before, poll)
    return signs


def _gone(after: FeedState) -> Sign:
    if not after.gone:
        return ""
    return "the server says that it is gone for good, and it is not asked any more. Give it another url, or take it out"


def _broken(feed: FeedSpec, after: FeedState, poll: Poll) -> Sign:
    if poll.failure is None:
        return ""
    since = after.failing_since or poll.at
    standing = any(trouble.kind is TroubleKind.BROKEN for trouble in after.troubles)
    known = after.first_success_at is not None
    lasts = after.failures >= BROKEN_AFTER and poll.at - since >= BROKEN_FOR
    if after.gone and not standing:
        return None  # that says it all
    if not standing and not lasts and (known or after.failures < NEVER_READ_AFTER):
        return None
    when = f"not read since {moment(after.last_success_at or since)}" if known else "never read so far"
    return f"{when}: {poll.failure.message}. {advice(feed, poll.failure)}"


def _moved(feed: FeedSpec, after: FeedState) -> Sign:
    if not feedstate.has_moved(feed, after):
        return ""
    return f"it has moved for good, and is read there: write `url: {shown(after.url)}` into feeds.yaml"


def _silent(feed: FeedSpec, after: FeedState, poll: Poll) -> Sign:
    last = after.last_item_at
    if poll.new or last is None or poll.at - last <= SILENT_FOR:
        return ""
    if poll.day is None or not _is_known_well(after.habits):  # once an hour is enough
        return None
    if poll.at - last <= max(SILENT_GAPS * _long_gap(after.habits), SILENT_FOR):
        return ""
    if expected(after.habits, last, poll.at) < SILENT_MISSING:
        return None
    return (
        f"nothing new since {moment(last)}, though it usually brings {usual(after.habits)}. "
        f"See whether its site still publishes, and try its address: monitor feeds check {feed.id}"
    )


def _foreign(habits: Habits, poll: Poll) -> Sign:
    if not poll.language or not habits.language:
        return None
    if not language.differ(poll.language, habits.language):
        return ""
    return (
        f"suddenly in {language.name(poll.language)}, usually in {language.name(habits.language)}. "
        "Look whether its address leads to another feed now"
    )


def _volume(before: FeedState, after: FeedState, poll: Poll) -> Sign:
    """Judged where the last day was watched without a break."""
    watched = before.last_success_at is not None and poll.at - before.last_success_at <= 2 * _HOUR
    if poll.day is None or not watched or not _is_known_well(after.habits):
        return None
    usually = expected(before.habits, poll.at - _DAY, poll.at)
    stands = any(trouble.kind is TroubleKind.VOLUME for trouble in after.troubles)
    times = VOLUME_OVER_TIMES if stands else VOLUME_TIMES
    much = poll.day >= LEAST_MANY and poll.day > times * max(usually, 1.0)
    little = usually >= LEAST_USUAL and poll.day * times < usually
    if not much and not little:
        return ""
    advised = "Look whether it brings something else now" if much else "Look whether a part of it is missing"
    return f"{poll.day} new items in 24 hours, usually about {usually:.0f} in these hours of the week. {advised}"


def _overrun(before: FeedState, poll: Poll) -> Sign:
    last = before.last_success_at
    if not poll.items:
        return ""
    if poll.new < poll.items or poll.items < OVERRUN_WINDOW:
        return ""
    # Of a first reading, and at another address, everything is new.
    if last is None or before.body_hash is None:
        return None
    return (
        f"all its {poll.items} items were new after {span(poll.at - last)}: others may have come and gone unread. "
        "Ask it more often, with a shorter `every`"
    )


def _eased(trouble: Trouble, at: datetime) -> Trouble | None:
    """A trouble that looks better; None when it has for long enough."""
    hold = _HOLD.get(trouble.kind, _AT_ONCE)
    since = trouble.better_since
    if since is None or since > at:
        return replace(trouble, better_since=at) if hold else None
    return trouble if at - since < hold else None


def _accepted(after: FeedState, poll: Poll) -> Habits:
    """What was learnt of the language: the first one that can be told, or another that has stayed."""
    habits = after.habits
    if not poll.language or poll.language == habits.language:
        return habits
    stands = next((trouble for trouble in after.troubles if trouble.kind is TroubleKind.LANGUAGE), None)
    stayed = stands is not None and stands.better_since is None and poll.at - stands.since >= ACCEPTED_AFTER
    vague = habits.language.startswith("und-") and not language.differ(habits.language, poll.language)
    if not habits.language or vague or stayed:
        return replace(habits, language=poll.language)
    return habits


# --- rhythm -----------------------------------------------------------------------------------------------


def expected(habits: Habits, since: datetime, until: datetime) -> float:
    """Items that usually come in this time, by the hours of the week that it holds; 0 where nothing is known."""
    if not habits.hours or habits.learnt <= 0 or until <= since:
        return 0.0
    start = since.astimezone(UTC)
    hours = round((until - since) / _HOUR)
    weeks, rest = divmod(hours, len(habits.hours))
    place = start.weekday() * 24 + start.hour
    partly = sum(habits.hours[(place + n) % len(habits.hours)] for n in range(rest))
    return (weeks * sum(habits.hours) + partly) / habits.learnt


def usual(habits: Habits) -> str:
    """Its rhythm for a person: "about 12 a day, on weekdays", "one every 3 days"; "" where too little is known."""
    if not habits.hours or habits.learnt < LEAST_WEEKS / 2:
        return ""
    days = [sum(habits.hours[24 * day : 24 * day + 24]) / habits.learnt for day in range(7)]
    week = sum(days)
    if week <= 0:
        return ""
    weekdays = week >= 5 and sum(days[5:]) < 0.03 * week
    a_day = week / (5 if weekdays else 7)
    if a_day >= 1.5:
        return f"about {_rounded(a_day)} a day{', on weekdays' * weekdays}"
    if a_day >= 0.7:
        return f"about one a {'weekday' if weekdays else 'day'}"
    apart = round(1 / a_day)
    return "about one a week" if 6 <= apart <= 8 else f"about one every {apart} days"


def _is_known_well(habits: Habits) -> bool:
    return habits.learnt >= LEAST_WEEKS and len(habits.gaps) >= LEAST_GAPS


def _long_gap(habits: Habits) -> timedelta:
    """The gap that only one in twenty exceeds."""
    gaps = sorted(habits.gaps)
    return gaps[min(len(gaps) - 1, int(0.95 * len(gaps)))] * _HOUR


def _rounded(number: float) -> str:
    whole = round(number)
    return f"{whole:,}" if whole < 100 else f"{round(whole, 1 - len(str(whole)) + 1):,}"


# --- words ------------------------------------------------------------------------------------------------


def moment(at: datetime) -> str:
    """A time in a message: `2026-03-01 08:00 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(length: timedelta) -> str:
    """A stretch of time in a message: `25 min`, `3 h`, `2 d`."""
    seconds = max(length.total_seconds(), 60.0)
    size, unit = next(((n, u) for n, u in ((86_400, "d"), (3_600, "h")) if seconds >= 1.5 * n), (60, "min"))
    return f"{seconds / size:.0f} {unit}"


def shown(url: str) -> str:
    """An address fit for a message: without credentials, query values that may be secret stay out by its length."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(an address that can't be read)"
    clean = "".join(char for char in parts._replace(netloc=f"{host}{port}").geturl() if char.isprintable())
    return clean if len(clean) <= 200 else clean[:199] + "…"


_CHECK = "Try it: monitor feeds check {feed}"
_ADVICE: dict[FailureKind, str] = {
    FailureKind.DNS: "See whether the name is spelled right, and where the site is now",
    FailureKind.CONNECT: "If other feeds are read, its server is down or refuses this network: a proxy may help",
    FailureKind.TLS: "If it stays so, see whether the site has another address; `tls` names an authority to trust",
    FailureKind.TIMEOUT: "If it stays so, raise MONITOR_FETCH_TIMEOUT, or reach it through a proxy",
    FailureKind.HTTP: _CHECK,
    FailureKind.GONE: "Give it another url, or take it out",
    FailureKind.THROTTLED: "Ask it more rarely, with a longer `every`",
    FailureKind.REDIRECT: "Open its address in a browser, and write down where it leads",
    FailureKind.TOO_LARGE: "If it is wanted all the same, raise MONITOR_MAX_BYTES",
    FailureKind.REFUSED: "Mend its entry in feeds.yaml",
    FailureKind.PROTOCOL: _CHECK,
    FailureKind.NOT_A_FEED: "Open its address in a browser: a captcha, or a page that names the feed's new place",
    FailureKind.EMPTY: _CHECK,
    FailureKind.MALFORMED: _CHECK,
    FailureKind.INTERNAL: "This is a fault of the monitor: please report it with this message",
}
_OTHER_PAGES: dict[SourceKind, str] = {  # of what is no feed by intention
    SourceKind.HTML: "Compare its selectors with the page in a browser",
    SourceKind.SITEMAP: "Try the site's home page for another way: monitor feeds try URL",
    SourceKind.TELEGRAM: "Open https://t.me/s/NAME in a browser: only a public channel shows its messages there",
}
_STATUS_ADVICE: tuple[tuple[Callable[[int], bool], str], ...] = (
    (lambda status: status == 401, "Give the feed its `auth`: a user name and password, or a token"),
    (
        lambda status: status == 407,
        "Write the login that the proxy wants into `proxy`: http://${PROXY_LOGIN}@host:port",
    ),
    (lambda status: status in (403, 451), "Another `user_agent` or a `proxy` may help"),
    (lambda status: status == 404, "Try the site's home page: monitor feeds try URL"),
    (lambda status: status >= 500, "That is for its server to mend; it is asked again by itself"),
)


def advice(feed: FeedSpec, failure: Failure) -> str:
    """What to do about a feed that keeps failing like this; a sentence without a full stop."""
    if failure.kind is FailureKind.HTTP and failure.status is not None:
        if failure.status == 401 and (feed.access.username or feed.access.bearer):
            return "See whether the login in its `auth` still holds"
        special = next((words for fits, words in _STATUS_ADVICE if fits(failure.status)), None)
        if special:
            return special
    if failure.kind is FailureKind.NOT_A_FEED and feed.source in _OTHER_PAGES:
        return _OTHER_PAGES[feed.source]
    return _ADVICE[failure.kind].format(feed=feed.id)
