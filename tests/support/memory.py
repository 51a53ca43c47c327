"""An archive as decisions need it: what the store remembers, without a database."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.core.model import Decision, Item, Known, Novelty, Wording
from monitor.core.novelty import Document


@dataclass
class Memory:
    """Reads documents one poll after another and keeps what they bring, like the store."""

    items: dict[str, tuple[Known, Item, tuple[str, ...], frozenset[int]]] = field(default_factory=dict)

    def read(self, items: Sequence[Item]) -> list[Decision]:
        """One poll."""
        document = Document(items)
        document.meet({key: self.items[key][0] for key in document.keys if key in self.items})
        wanted = document.marks()
        document.recall(
            {mark: [known for known, _, _, marks in self.items.values() if mark in marks][-4:] for mark in wanted}
        )
        doubtful = document.doubtful()
        texts = {
            known.id: Wording(item.summary, item.content, editions)
            for known, item, editions, _ in self.items.values()
            if known.id in doubtful
        }
        decisions = document.decide(texts)
        for decision in decisions:
            self._keep(decision)
        return decisions

    def _keep(self, decision: Decision) -> None:
        item = decision.item
        before = self.items.get(item.key)
        if decision.novelty is Novelty.SEEN or (decision.novelty is Novelty.NEW and before):
            return
        editions = (*before[2], before[0].content_hash) if before else ()
        number = before[0].id if before else len(self.items) + 1
        known = Known(number, item.key, decision.content_hash, item.title, item.link, item.published)
        marks = frozenset(mark for mark in decision.marks if mark is not None)
        self.items[item.key] = (known, item, editions, marks)

    def verdicts(self, *items: Item) -> list[Novelty]:
        return [decision.novelty for decision in self.read(items)]
