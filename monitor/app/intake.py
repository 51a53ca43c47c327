"""What becomes of a document's items: archived, matched, grouped, put into the trays that want them.

Runs within the transaction of its feed's poll. Does not fetch, parse or send.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.app.ports import Store
from monitor.app.watch import Watch
from monitor.core import novelty, routes, stories
from monitor.core.fulltext import attached
from monitor.core.model import Decision, DigestSpec, FeedSpec, FeedState, Hit, Item, Novelty, Parsed

STORY_WINDOW = timedelta(days=7)  # a report joins a story that had another within this time


@dataclass(frozen=True, slots=True)
class Haul:
    """What a document brought: new and edited items, and rules that fired for the first time on one of them."""

    new: int = 0
    edited: int = 0
    hits: int = 0

    def __add__(self, other: "Haul") -> "Haul":
        return Haul(self.new + other.new, self.edited + other.edited, self.hits + other.hits)


class Intake:
    """Takes items in; `max_age` is how old news may be and still be told. Blocking: for the store's thread."""

    def __init__(self, store: Store, max_age: timedelta) -> None:
        self._store = store
        self._max_age = max_age

    def decide(self, feed: FeedSpec, parsed: Parsed, *, first_read: bool = False) -> list[Decision]:
        """What is new, edited or seen in a document. Reads the store, less of it for a feed's `first_read`."""
        if not parsed.items:
            return []
        archive = self._store.archive
        document = novelty.Document(parsed.items, parsed.prints)
        document.meet(archive.known(feed.id, document.keys))
        # An unchanged document is decided by now; one with new items takes one more question, one with edits another.
        if not first_read and (marks := document.marks()):
            document.recall(archive.recall(marks))
        doubtful = document.doubtful()
        decisions = document.decide(archive.wordings(doubtful) if doubtful else {})
        return attached(decisions, parsed.articles) if parsed.articles else decisions

    def take_in(self, watch: Watch, decisions: list[Decision], state: FeedState, now: datetime, parsed: Parsed) -> Haul:
        """Archive what is new or edited; find, group and route its hits."""
        ids = self._store.archive.save(decisions, now)
        changed = [replace(d, id=ids[d.item.key]) for d in decisions if d.novelty is not Novelty.SEEN]
        first_read = state.first_success_at is None
        silent = _silent(parsed, watch)
        speaking = [decision for decision in changed if decision.content_hash not in silent]
        hits = sum(self._match(watch, decision, first_read=first_read, now=now) for decision in speaking)
        new = sum(decision.novelty is Novelty.NEW for decision in changed)
        return Haul(new, len(changed) - new, hits)

    def _match(self, watch: Watch, decision: Decision, *, first_read: bool, now: datetime) -> int:
        """Find, group and route the hits of one new or edited item; how many rules fired for the first time."""
        hits = watch.matcher.match(decision.item)
        if not hits or decision.id is None:
            return 0
        archive = self._store.archive
        edited = decision.novelty is Novelty.EDITED
        before = archive.hit_rules(decision.id) if edited else frozenset()
        keys = stories.story_keys(decision.item)
        story = stories.assign(decision.item, archive.find_stories(keys, now - STORY_WINDOW), now)
        story_id = archive.save_story(story).id
        ids = archive.save_hits(decision.id, story_id, hits, now, edited=edited)
        fresh = [hit for hit in hits if hit.rule not in before]
        self._route(watch, decision.item, fresh, ids, first_read=first_read, now=now)
        if decision.retitled:
            self._renew(watch, decision.item, [hit for hit in hits if hit.rule in before], ids, now)
        return len(fresh)

    def _route(
        self, watch: Watch, item: Item, hits: list[Hit], ids: dict[str, int], *, first_read: bool, now: datetime
    ) -> None:
        """Put new hits into the tray of every digest that wants them, or count them as left out, with the reason."""
        max_age = self._max_age
        found = [(watch.rules_by_id[hit.rule], hit) for hit in hits]
        for spec in _wanting(watch, item):
            foremost = routes.foremost(spec, found)
            for rule, hit in found:
                if not routes.selects(spec, rule):
                    continue
                verdict = routes.tellable(
                    spec, hit, item, rule=foremost, first_read=first_read, now=now, max_age=max_age
                )
                if verdict.told:
                    self._store.digests.wait(spec.id, [ids[hit.rule]], now)
                else:
                    self._store.digests.leave_out(spec.id, ids[hit.rule], verdict.reason, now)

    def _renew(self, watch: Watch, item: Item, hits: list[Hit], ids: dict[str, int], now: datetime) -> None:
        """A changed headline is told again, but never wakes anybody: immediate digests stay quiet about it.

        What is not told in the first place, for its age or because its rule is on trial, is not told for this either.
        What was told at once comes in the scheduled digest with its new headline.
        """
        max_age = self._max_age
        for spec in _wanting(watch, item):
            wanted = [
                ids[hit.rule]
                for hit in hits
                if routes.selects(spec, watch.rules_by_id[hit.rule])
                and routes.tellable(spec, hit, item, first_read=False, now=now, max_age=max_age).told
            ]
            if wanted and not spec.immediate:
                self._store.digests.renew(spec.id, wanted, now)


def _wanting(watch: Watch, item: Item) -> list[DigestSpec]:
    """The digests that tell of this item's language, country and source."""
    feed = watch.feeds_by_id.get(item.feed)
    return [spec for spec in watch.digests if routes.wants(spec, item, feed)]


def _silent(parsed: Parsed, watch: Watch) -> frozenset[str]:
    """Content hashes of items that need no matching: the reader did it by the rules in force, without articles."""
    return parsed.silent if parsed.silent_for == watch.matcher.token and not parsed.articles else frozenset()
