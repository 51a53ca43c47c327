"""What readers answer by the links in a digest: seen to it, be quiet about it, relevant, noise, no more of this.

Everything here blocks on the store; call it on the store's thread.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.app.ports import Store
from monitor.app.watch import Watch
from monitor.core import routes
from monitor.core.model import Ack, Relevance, Severity, Silence, SilenceKind, Target
from monitor.core.tickets import Action, Ticket

REASON = "by a link in a digest"
_MARKS = {Action.RELEVANT: Relevance.RELEVANT, Action.NOISE: Relevance.NOISE}
_REPORTS = 50  # of a story, read for the names of its rules


@dataclass(frozen=True, slots=True)
class Matter:
    """What a link is about, and how it stands now.

    `headline` is the story's or the report's, of `UNSUBSCRIBE` the digest's name; `rules` are the titles of those that
    fired. `settled`: what the link does is done already; `until` says for how long, of a silence. `partner` is the
    id of the digest's other half (see routes.halves): what one of them tells, the other leaves out.
    """

    action: Action
    headline: str
    rules: tuple[str, ...] = ()
    recipient: Target | None = None
    settled: bool = False
    until: datetime | None = None
    partner: str = ""
    partner_left: bool = False  # by the same recipient
    urgent: bool = False  # of the two, this is the one that tells at once what can't wait


class Answers:
    """Tickets as deeds. Whether a ticket is genuine was decided before: see core/tickets.py."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def look(self, ticket: Ticket, watch: Watch, now: datetime) -> Matter | None:
        """What the ticket is about; None when that is no longer in the archive. Changes nothing."""
        match ticket.action, ticket.subject:
            case ((Action.ACK | Action.SILENCE), (story_id,)):
                return self._story(ticket.action, int(story_id), watch, now)
            case ((Action.RELEVANT | Action.NOISE), (hit_id,)):
                return self._hit(ticket.action, int(hit_id), watch)
            case Action.UNSUBSCRIBE, (digest, channel, address):
                return self._seat(digest, Target(channel, address), watch)
        return None

    def do(self, ticket: Ticket, now: datetime, span: timedelta, partner: str = "") -> None:
        """Do what the ticket says; `span` is how long a silence lasts. Doing it twice is as good as once.

        Who leaves a digest also leaves its `partner`, if given.
        """
        people = self._store.people
        match ticket.action, ticket.subject:
            case Action.ACK, (story_id,):
                people.acknowledge(Ack(int(story_id), now, REASON))
            case Action.SILENCE, (story_id,):
                people.silence(Silence(0, SilenceKind.STORY, story_id, now + span, REASON, now))
            case ((Action.RELEVANT | Action.NOISE), (hit_id,)):
                self._store.bench.mark(int(hit_id), _MARKS[ticket.action], REASON, now)
            case Action.UNSUBSCRIBE, (digest, channel, address):
                with self._store.transaction():
                    for each in filter(None, (digest, partner)):
                        people.leave(each, Target(channel, address), now)

    def undo(self, ticket: Ticket, now: datetime, partner: str = "") -> None:
        """Take back an acknowledgement, a silence or a departure (also that from `partner`).

        A mark is replaced by the other one.
        """
        match ticket.action, ticket.subject:
            case Action.ACK, (story_id,):
                self._store.people.forget_ack(int(story_id))
            case Action.SILENCE, (story_id,):
                if silence := self._silence(story_id, now):
                    self._store.people.end_silence(silence.id)
            case Action.UNSUBSCRIBE, (digest, channel, address):
                with self._store.transaction():
                    for each in filter(None, (digest, partner)):
                        self._store.people.rejoin(each, Target(channel, address))

    def _seat(self, digest: str, recipient: Target, watch: Watch) -> Matter:
        names, people = {spec.id: spec.label for spec in watch.digests}, self._store.people
        matter = Matter(
            Action.UNSUBSCRIBE,
            names.get(digest, digest),
            recipient=recipient,
            settled=recipient in people.left(digest),
        )
        pair = routes.halves(digest, watch.digests)
        if pair is None:
            return matter
        partner, urgent = (pair[0], True) if digest == pair[1] else (pair[1], False)
        return replace(matter, partner=partner, partner_left=recipient in people.left(partner), urgent=urgent)

    def _story(self, action: Action, story_id: int, watch: Watch, now: datetime) -> Matter | None:
        story = self._store.people.story(story_id)
        if story is None:
            return None
        rows = self._store.query_hits(limit=_REPORTS, story=str(story_id))
        gravest_first = sorted(rows, key=lambda row: -Severity(str(row["severity"])).rank)
        rules = _titles(watch, [str(row["rule"]) for row in gravest_first])
        if action is Action.ACK:
            return Matter(action, story.title, rules, settled=bool(self._store.people.seen_to([story_id])))
        silence = self._silence(str(story_id), now)
        until = silence.until if silence else None
        return Matter(action, story.title, rules, settled=silence is not None, until=until)

    def _hit(self, action: Action, hit_id: int, watch: Watch) -> Matter | None:
        for stored in self._store.archive.hits([hit_id]):
            return Matter(action, stored.item.title, _titles(watch, [stored.hit.rule]))
        return None

    def _silence(self, story_id: str, now: datetime) -> Silence | None:
        wanted = (SilenceKind.STORY, story_id)
        return next((one for one in self._store.people.silences(now) if (one.kind, one.what) == wanted), None)


def _titles(watch: Watch, rules: list[str]) -> tuple[str, ...]:
    """Each rule once, by its title where it has one."""
    known = watch.rules_by_id
    return tuple((known[rule].title if rule in known else "") or rule for rule in dict.fromkeys(rules))
