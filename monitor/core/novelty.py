"""New, edited or seen: compares a document's items with what the archive remembers, and says why.

An item is known by its key. Where the key is unknown, or is that of quite another article, what the archive holds under
the same headline or link is looked at (see likeness.py): feeds rewrite guids, use one for many articles, and put times
into links. It does not decide what is told of an edit; it only names what changed.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from monitor.core import furniture, likeness
from monitor.core.headline import fold
from monitor.core.identity import normalise_link
from monitor.core.likeness import Proof, Reading
from monitor.core.model import Decision, Item, Known, Marks, Novelty, Print, Wording

SETTLED = 2  # editions from which on a wording that was there before is a flip between the two, and no edit
COUNTING = 5  # editions from which on a change of mere figures in the text is a counter
_FIELDS = ("title", "summary", "content")
_NO_WORDING = Wording()


@dataclass(frozen=True, slots=True)
class _Sight:
    """An entry of a document under the key that the archive has or will have for it. `how`: see `Proof.reason`."""

    item: Item
    source: str  # the key in the document
    content_hash: str
    known: Known | None = None
    how: str = ""


def content_hash(item: Item) -> str:
    """One digest for title, summary and content each, joined by colons; empty where the field is.

    White space and Unicode composition do not count, so a reflowed text is the same text. Three digests in
    place of one, because the archive then needs no old text to tell *what* was edited.
    """
    return ":".join(_digest(getattr(item, name)) for name in _FIELDS)


def print_of(item: Item) -> Print:
    """What `Document` has to compute of an item, which may be done beforehand."""
    return content_hash(item), likeness.marks(item.feed, item.title, item.link)


def distinct(items: Sequence[Item]) -> list[Item]:
    """The same items, with keys of their own for articles to which a feed gave one key by mistake.

    Some feeds put the same guid on everything. Two items with one key are different articles if they have
    neither headline nor link in common; all of them are then told apart by link or headline. To be used before
    the archive is asked what it knows, and stable from one poll to the next.
    """
    by_key = _by_key(items)
    mistaken = {key for key, same in by_key.items() if any(_differ(same[0], other) for other in same[1:])}
    return [_apart(item) if item.key in mistaken else item for item in items]


class Document:
    """One document's items on their way to decisions.

    It is told what the archive knows in three steps, each of which may be left out: `meet` the items of the same
    keys, `recall` those that share a headline or link with what is unknown, then `decide` with the present texts of
    those that `doubtful` names. An unchanged document needs the first only.
    """

    def __init__(self, items: Sequence[Item], prints: Mapping[str, Print] | None = None) -> None:
        self._copies = _by_key(distinct(items))
        self._items = [_merged(copies) for copies in self._copies.values()]
        # What was computed for an item holds unless it was joined with copies; one set apart has another key.
        made = {key: made for key, made in (prints or {}).items() if len(self._copies.get(key, ())) == 1}
        self._hashes = {item.key: made[item.key][0] if item.key in made else content_hash(item) for item in self._items}
        self._marks: dict[str, Marks] = {key: marks for key, (_, marks) in made.items()}
        self._known: dict[str, Known] = {}
        self._candidates: dict[int, list[Known]] = {}
        self._links: Counter[int | None] | None = None  # how many items have each link; counted when it matters

    @property
    def keys(self) -> frozenset[str]:
        """What to ask the archive for."""
        return frozenset(self._hashes)

    def meet(self, known: Mapping[str, Known]) -> None:
        """Take in what the archive holds under the `keys`."""
        self._known = dict(known)

    def marks(self) -> frozenset[int]:
        """By which to look in the archive for items that may be known under another key; empty: for none."""
        return frozenset(
            mark
            for item in self._items
            if item.key not in self._known or self._stranger(item)
            for mark in self._marks_of(item)
            if mark is not None
        )

    def recall(self, candidates: Mapping[int, Sequence[Known]]) -> None:
        """Take in what was found by the `marks`."""
        self._candidates = {mark: list(found) for mark, found in candidates.items()}

    def doubtful(self) -> frozenset[int]:
        """Ids of archived items whose present text has to be seen before it can be decided."""
        found: set[int] = set()
        for item in self._items:
            before = self._known.get(item.key)
            if before is not None and not self._unchanged(item, before):
                found.add(before.id)
            if before is None or self._stranger(item):
                near = self._near(item)
                if not any(self._unchanged(item, known) and self._proof(item, known, {}) for known in near):
                    found.update(known.id for known in near)
        return frozenset(found)

    def decide(self, wordings: Mapping[int, Wording] | None = None) -> list[Decision]:
        """Judge each item, in the document's order. An item known under another key gets the archive's.

        A feed that only stops carrying a summary or content has edited nothing: the item counts as seen, and its text
        coming back is no edit either. What several entries say of one article is joined and judged once.
        """
        texts = wordings or {}
        sights: dict[str, list[_Sight]] = {}
        for sight in self._sights(texts):
            sights.setdefault(sight.item.key, []).append(sight)
        return [self._judged(each, texts) for each in sights.values()]

    # --- who is who ---------------------------------------------------------------------------------------

    def _sights(self, texts: Mapping[int, Wording]) -> list["_Sight"]:
        """Each item with what the archive knows it as, and why if not by its key."""
        met: dict[str, Known] = {}
        lost: list[Item] = []
        for item in self._items:
            known = self._known.get(item.key)
            if known is None or self._mistaken(item, known, texts):
                lost.append(item)
            else:
                met[item.key] = known
        found = self._recognised(lost, {known.id for known in met.values()}, texts)
        firsts = _joined([item for item in lost if item.key not in found], self._marks_of)
        sights: list[_Sight] = []
        for item in self._items:
            now = self._hashes[item.key]
            if item.key in met:
                sights.append(_Sight(item, item.key, now, met[item.key]))
            elif item.key in found:
                known, proof = found[item.key]
                sights.append(_Sight(replace(item, key=known.key), item.key, now, known, proof.reason))
            else:
                first = firsts[item.key]
                key = _apart(first).key if first.key in self._known else first.key
                sights.append(_Sight(replace(item, key=key) if key != item.key else item, item.key, now))
        return sights

    def _recognised(
        self, lost: Sequence[Item], claimed: set[int], texts: Mapping[int, Wording]
    ) -> dict[str, tuple[Known, Proof]]:
        """By key, which archived items those of unknown key are; the strongest proofs are served first.

        An archived item that stands in the document under its own key, or was claimed by a stronger proof, can be
        claimed again only by an entry that says the same.
        """
        found: dict[str, tuple[Known, Proof]] = {}
        pairs = [(item, known) for item in lost for known in self._near(item)]
        for together in (False, True):
            proofs = [
                (proof, known.id, item.key, known)
                for item, known in pairs
                if item.key not in found and (known.id in claimed) is together
                for proof in [self._proof(item, known, texts, together=together)]
                if proof is not None
            ]
            for proof, _, key, known in sorted(proofs, key=lambda each: each[:3]):
                if key not in found and (known.id in claimed) is together:
                    found[key] = (known, proof)
                    claimed.add(known.id)
        return found

    def _near(self, item: Item) -> list[Known]:
        """What the archive holds under the headline or the link of this item, each once."""
        marks = [mark for mark in self._marks_of(item) if mark is not None]
        return list({known.id: known for mark in marks for known in self._candidates.get(mark, ())}.values())

    def _proof(self, item: Item, known: Known, texts: Mapping[int, Wording], *, together: bool = False) -> Proof | None:
        strict = together or self._shares_its_link(item)
        return likeness.proof(_reading(item), self._remembered(item, known, texts), together=strict)

    def _shares_its_link(self, item: Item) -> bool:
        """Whether several articles have its link, as where all lead to one list: then the link is no evidence."""
        link = self._marks_of(item)[1]
        if link is None:
            return False
        if self._links is None:
            self._links = Counter(self._marks_of(each)[1] for each in self._items)
        return self._links[link] > 1 or len(self._candidates.get(link, ())) > 1

    def _stranger(self, item: Item) -> bool:
        """Whether its key may be that of quite another article; the texts will tell."""
        known = self._known.get(item.key)
        if known is None or known.title == item.title:  # nearly always, and then nothing has to be compared
            return False
        return likeness.unlike(_reading(item), Reading(known.title, known.link, known.published))

    def _mistaken(self, item: Item, known: Known, texts: Mapping[int, Wording]) -> bool:
        return self._stranger(item) and likeness.estranged(_reading(item), self._remembered(item, known, texts))

    def _remembered(self, item: Item, known: Known, texts: Mapping[int, Wording]) -> Reading:
        """The archived item for a comparison with this one; its text is known without looking if it is the same."""
        if self._unchanged(item, known):
            return replace(_reading(item), title=known.title, link=known.link, published=known.published)
        wording = texts.get(known.id)
        text = f"{wording.summary} {wording.content}".strip() if wording else None
        return Reading(known.title, known.link, known.published, text)

    def _unchanged(self, item: Item, known: Known) -> bool:
        return _kept(self._hashes[item.key], known.content_hash) == known.content_hash

    def _marks_of(self, item: Item) -> Marks:
        if item.key not in self._marks:
            self._marks[item.key] = likeness.marks(item.feed, item.title, item.link)
        return self._marks[item.key]

    # --- what became of it --------------------------------------------------------------------------------

    def _judged(self, sights: Sequence["_Sight"], texts: Mapping[int, Wording]) -> Decision:
        """One verdict on all that a document says of one article."""
        first = sights[0]
        item, now = first.item, first.content_hash
        if len(sights) > 1:
            item = _merged([sight.item for sight in sights])
            now = content_hash(item)
        if first.known is None:
            marks = self._marks_of(item) if item is first.item else likeness.marks(item.feed, item.title, item.link)
            return Decision(item, Novelty.NEW, "not in the archive", now, marks=marks)
        how = next((sight.how for sight in sights if sight.how), "")
        copies = [copy for sight in sights for copy in self._copies.get(sight.source, ())]
        if len(copies) > 1 and _says(copies, first.known.content_hash):
            now = first.known.content_hash
        return _judge(item, now, first.known, texts.get(first.known.id, _NO_WORDING), how)


def decide(items: Sequence[Item], known: Mapping[str, Known]) -> list[Decision]:
    """Judge the items of one document against what is `known` by key, and nothing else; see `Document.decide`."""
    document = Document(items)
    document.meet(known)
    return document.decide()


# --- one document -----------------------------------------------------------------------------------------


def _differ(one: Item, other: Item) -> bool:
    links, titles = (normalise_link(one.link), normalise_link(other.link)), (fold(one.title), fold(other.title))
    if all(links) and all(titles) and links[0] != links[1] and titles[0] != titles[1]:
        return True
    return titles[0] != titles[1] and likeness.estranged(_reading(one), _reading(other))


def _apart(item: Item) -> Item:
    """The item with a key of its own, beside those that share its guid."""
    return replace(item, key=f"{item.key}#{_digest(likeness.page(item.link) or fold(item.title))}")


def _joined(items: Sequence[Item], marks_of: Callable[[Item], Marks]) -> dict[str, Item]:
    """By key, the first of a document's new entries that says the same as this one, or itself."""
    firsts: dict[int, list[Item]] = {}
    stands: dict[str, Item] = {}
    for item in items:
        marks = [mark for mark in marks_of(item) if mark is not None]
        near = {other.key: other for mark in marks for other in firsts.get(mark, ())}
        proofs = ((other, likeness.proof(_reading(item), _reading(other), together=True)) for other in near.values())
        stands[item.key] = next((other for other, proof in proofs if proof), item)
        if stands[item.key] is item:
            for mark in marks:
                firsts.setdefault(mark, []).append(item)
    return stands


def _by_key(items: Iterable[Item]) -> dict[str, list[Item]]:
    copies: dict[str, list[Item]] = {}
    for item in items:
        copies.setdefault(item.key, []).append(item)
    return copies


def _merged(copies: Sequence[Item]) -> Item:
    """One item of its copies: the newest and fullest, its gaps filled from the others; their order doesn't matter."""
    if len(copies) == 1:
        return copies[0]
    first, *rest = sorted(copies, key=_standing, reverse=True)
    for copy in rest:
        first = _filled(first, copy)
    return first


def _says(copies: Sequence[Item], before: str) -> bool:
    """Whether each field that these copies have still says in one of them what the archive does.

    Copies that differ are no edit as long as this stays: which one comes first, or at all, is chance.
    """
    said = [_parts(content_hash(copy)) for copy in copies]
    fields = zip(_parts(before), *said, strict=True)
    return all(not any(now) or old in now for old, *now in fields)


def _standing(item: Item) -> tuple[float, int, str, str, str, str, str]:
    date = item.published.timestamp() if item.published else 0.0
    size = len(item.title) + len(item.summary) + len(item.content)
    return date, size, item.title, item.summary, item.content, item.link, item.guid


def _filled(item: Item, copy: Item) -> Item:
    return replace(
        item,
        title=item.title or copy.title,
        summary=item.summary or copy.summary,
        content=item.content or copy.content,
        link=item.link or copy.link,
        guid=item.guid or copy.guid,
        author=item.author or copy.author,
        language=item.language or copy.language,
        published=item.published or copy.published,
        categories=tuple(dict.fromkeys((*item.categories, *copy.categories))),
    )


# --- one item ---------------------------------------------------------------------------------------------


def _judge(item: Item, now: str, before: Known, wording: Wording, how: str) -> Decision:
    known_as = f" (known under another guid or link: {how})" if how else ""
    kept = _kept(now, before.content_hash)
    if kept == before.content_hash:
        reason = "unchanged" if now == kept else "unchanged, though the feed carries less of it"
        return Decision(item, Novelty.SEEN, reason + known_as, kept, before.id)
    old_parts, new_parts = _parts(before.content_hash), _parts(now)
    changes = {
        name: "changed" if old else "added"
        for name, old, new in zip(_FIELDS, old_parts, new_parts, strict=True)
        if new and new != old
    }
    if quiet := _no_edit(item, kept, changes, before, wording):
        return Decision(item, Novelty.SEEN, quiet + known_as, before.content_hash, before.id)
    reason = ", ".join(f"{name} {change}" for name, change in changes.items()) + known_as
    marks = likeness.marks(item.feed, item.title, item.link)
    retitled = _retitled(item, new_parts[0], before, wording)
    return Decision(item, Novelty.EDITED, reason, kept, before.id, retitled, marks)


def _no_edit(item: Item, kept: str, changes: Mapping[str, str], before: Known, wording: Wording) -> str:
    """Why a difference is none that anybody edited; "": it is an edit."""
    editions = wording.editions
    if kept in editions and len(editions) >= SETTLED:
        return "back to a wording that it had before: it flips between the two"
    old = {"title": before.title, "summary": wording.summary, "content": wording.content}
    texts = [(old[name], getattr(item, name)) for name in changes]
    if "added" in changes.values() or not all(was for was, _ in texts):
        return ""
    if all(furniture.without(was) == furniture.without(now) for was, now in texts):
        return "only a time or counter of the page changed"
    counts = len(editions) >= COUNTING and "title" not in changes
    if counts and all(furniture.without_figures(was) == furniture.without_figures(now) for was, now in texts):
        return "only figures changed, as they do again and again"
    return ""


def _retitled(item: Item, title_digest: str, before: Known, wording: Wording) -> bool:
    """Another comma, capital or counter in the headline is an edition to keep, but no changed headline to tell."""
    if not item.title or not before.title or fold(item.title) == fold(before.title):
        return False
    if len(wording.editions) >= SETTLED and any(_parts(old)[0] == title_digest for old in wording.editions):
        return False  # told before
    return fold(furniture.without(item.title)) != fold(furniture.without(before.title))


def _kept(now: str, before: str) -> str:
    """The digest to remember: a field that fell empty keeps its old one, see `Document.decide`."""
    if now == before:
        return before
    return ":".join(new or old for old, new in zip(_parts(before), _parts(now), strict=True))


def _reading(item: Item) -> Reading:
    return Reading(item.title, item.link, item.published, f"{item.summary} {item.content}".strip())


def _digest(text: str) -> str:
    folded = " ".join(unicodedata.normalize("NFC", text).split())
    return blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest() if folded else ""


def _parts(digest: str) -> tuple[str, str, str]:
    title, summary, content, *_ = (*digest.split(":"), "", "", "")
    return title, summary, content
