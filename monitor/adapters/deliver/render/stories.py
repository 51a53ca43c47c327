"""A story in words: its place in time, who carried it, what changed, and why it is here. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from monitor.core.model import Carrier, Digest, DigestStory, Ownership, Reason, Segment, StoryStatus
from monitor.core.tickets import Action, Links

from . import words
from .differences import differences
from .shapes import CarrierView, ChangeView, LinkView, ReasonView, StoryView, WordsView

HEADLINE_MAX, SNIPPET_MAX, NAME_MAX = 400, 1_200, 100  # characters
WHY_MAX = 800  # characters of found words for each rule
MARKS_MAX = 40  # marked runs of a text; the words after them stand unmarked
COPIES_MAX, COPY_NAME_MAX = 6, 60  # outlets named that copied a headline, and characters of each
EARLIER_MAX = 6  # outlets named whose reports were told before
GLOSS_MAX, FORMS_MAX, CHANGES_MAX, REASONS_MAX = 16, 6, 4, 6  # how many are listed before "and n more"
SILENT_AFTER = timedelta(hours=6)  # from when on it is worth saying that nobody wrote of it in English


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the wording of a story depends on beside the story."""

    digest: Digest
    times: words.Times
    english: bool  # whether English feeds were read, so that their silence means something
    links: Links | None = None


def story_view(number: int, story: DigestStory, around: Circumstances) -> StoryView:
    """The story in words; `number` is its place in the digest, from 1."""
    title = words.clip(story.headline, HEADLINE_MAX) or "(no headline)"
    glosses = [words.clip(label, NAME_MAX) for label in story.gloss]
    changes = story.changes[:CHANGES_MAX]
    return StoryView(
        number=number,
        anchor=f"s{number}",
        severity=story.severity.value,
        status=_status(story, around),
        language=words.clean(story.language or ""),
        link=words.safe_link(story.link),
        title=title,
        headline=segments(story.headline_marks, HEADLINE_MAX) or (Segment(title),),
        gloss=" · ".join(words.capped(glosses, GLOSS_MAX, "terms")),
        meta=tuple(_meta(story, around)),
        changes=tuple(_change(old, new, story) for old, new in changes),
        changes_more=len(story.changes) - len(changes),
        snippet=segments(story.snippet, SNIPPET_MAX),
        carriers=_carriers(story, around.times),
        reasons=tuple(_reason(reason) for reason in story.reasons[:REASONS_MAX]),
        reasons_more=max(0, len(story.reasons) - REASONS_MAX),
        earlier=_earlier(story),
        actions=tuple(_actions(story, around)),
    )


def lean(story: DigestStory) -> DigestStory:
    """Without what `in_brief` leaves out and what takes long to put into words."""
    return replace(story, gloss=(), snippet=(), changes=(), reasons=())


def in_brief(story: StoryView) -> StoryView:
    """In a flood: severity, headline, and who told it first."""
    return replace(
        story, gloss="", meta=story.meta[:2], changes=(), changes_more=0, snippet=(), carriers=(), reasons=(),
        reasons_more=0, earlier="", actions=(),
    )  # fmt: skip


def reports(carriers: Iterable[Carrier]) -> int:
    """How many reports these are, the folded ones included."""
    return sum(1 + carrier.copies for carrier in carriers)


def _status(story: DigestStory, around: Circumstances) -> str:
    """In the order in which a reader asks: told before? what is new about it? has somebody seen to it?"""
    ago = around.times.ago(story.told_at) if story.told_at else "before"
    text = {
        StoryStatus.NEW: "new story",
        StoryStatus.MORE: f"told {ago}; more reports",
        StoryStatus.CHANGED: f"told {ago}; headline changed",
        StoryStatus.AGAIN: f"not acknowledged, told {ago}",
    }[story.status]
    return f"{text}; acknowledged" if story.acknowledged else text


def _actions(story: DigestStory, around: Circumstances) -> Iterable[LinkView]:
    """What can be done with one click. A mark is laid on the gravest hit of the report the story speaks through."""
    links = around.links
    if not links:
        return
    if around.digest.alert and not story.acknowledged:
        yield LinkView("acknowledge", links.story(Action.ACK, story.story_id))
    if story.hit_ids:
        yield LinkView("relevant", links.hit(Action.RELEVANT, story.hit_ids[0]))
        yield LinkView("noise", links.hit(Action.NOISE, story.hit_ids[0]))
    yield LinkView("quiet this story", links.story(Action.SILENCE, story.story_id))


def _change(old: str, new: str, story: DigestStory) -> ChangeView:
    runs = differences(words.clip(old, HEADLINE_MAX), words.clip(new, HEADLINE_MAX))
    carriers = (*story.carriers, *story.earlier)
    return ChangeView(runs, next((words.clean(c.language or "") for c in carriers if c.title == new), ""))


def segments(parts: Sequence[Segment], limit: int) -> tuple[Segment, ...]:
    """Cleaned runs of at most `limit` characters in all, the cut shown by an ellipsis; empty ones left out."""
    found: list[Segment] = []
    left, marks = limit, MARKS_MAX
    for part in parts:
        text = words.clean(part.text)
        marked = part.marked and marks > 0
        marks -= marked
        if len(text) > left:
            found.append(Segment(text[:left] + "…", marked))
            break
        left -= len(text)
        if found and found[-1].marked == marked:  # two marks side by side are one to the eye
            found[-1] = Segment(found[-1].text + text, marked)
        elif text:
            found.append(Segment(text, marked))
    return tuple(found) if any(part.text.strip() for part in found) else ()


def _meta(story: DigestStory, around: Circumstances) -> Iterable[str]:
    """Who was first, how far it has spread, and who is silent; reports told before count, too."""
    carriers = sorted((*story.earlier, *story.carriers), key=lambda carrier: carrier.at)
    if not carriers:
        return
    first, times = carriers[0], around.times
    standing = words.standing(first)
    verb = "No usable date, first read:" if story.undated else "First:"
    yield f"{verb} {_outlet(first)}{f' ({standing})' if standing else ''} {times.short(first.at)}"
    outlets = {name for carrier in carriers for name in (carrier.outlet, *carrier.copies_of)}
    spoken = {words.language(c.language): c.at for c in reversed(carriers)}  # language → its first report
    if (total := reports(carriers)) > 1:
        yield _breadth(carriers, total, len(outlets), len(spoken))
    later = sorted((at, name) for name, at in spoken.items() if name != words.language(first.language))
    if later:
        yield ", ".join(f"{name} after {words.span(at - first.at)}" for at, name in later)
    # Of a story in one language nothing can be said: its English telling may stand as a story of its own.
    age = around.digest.at - first.at
    if around.english and later and "English" not in spoken and age >= SILENT_AFTER:
        yield f"nothing in English for {words.span(age)}"
    if not any(carrier.copies for carrier in carriers):  # the ownership of those who copied is not known here
        yield from _ownership(carriers, len(outlets))


def _breadth(carriers: Sequence[Carrier], total: int, outlets: int, languages: int) -> str:
    """`7 reports by 6 outlets in 3 languages`."""
    several = f" in {words.count(languages, 'language')}" if languages > 1 else ""
    named = all(carrier.copies_of for carrier in carriers if carrier.copies)
    by = f" by {words.count(outlets, 'outlet')}" if named else ""
    return f"{words.count(total, 'report')}{by}{several}"


def _ownership(carriers: Sequence[Carrier], outlets: int) -> Iterable[str]:
    """Who is silent is news too, but only when every outlet's ownership is known."""
    owners = {carrier.ownership for carrier in carriers}
    if Ownership.UNKNOWN in owners:
        return
    if outlets >= 3 and Ownership.STATE not in owners:
        yield "no state outlet yet"
    if outlets >= 2 and owners == {Ownership.STATE}:
        yield "state outlets only"


def _outlet(carrier: Carrier) -> str:
    return words.clip(carrier.outlet, NAME_MAX) or "unnamed outlet"


def _carriers(story: DigestStory, times: words.Times) -> tuple[CarrierView, ...]:
    """Every report that is new here; none when the story's own lines already say it all."""
    if reports(story.carriers) < 2 and not story.earlier:
        return ()
    return tuple(
        CarrierView(
            time=times.short(carrier.at),
            language=words.clean(carrier.language or ""),
            outlet=_outlet(carrier),
            standing=words.standing(carrier),
            title="" if carrier.title == story.headline else words.clip(carrier.title, HEADLINE_MAX),
            link=words.safe_link(carrier.link),
            copies=_copies(carrier),
        )
        for carrier in story.carriers
    )


def _earlier(story: DigestStory) -> str:
    """The reports that this digest told before, counted, their outlets named."""
    if not story.earlier:
        return ""
    outlets = dict.fromkeys(_outlet(carrier) for carrier in story.earlier)
    named = [words.clip(outlet, COPY_NAME_MAX) for outlet in outlets]
    names = words.listed([*named[:EARLIER_MAX], *([f"{len(named) - EARLIER_MAX} more"] if named[EARLIER_MAX:] else [])])
    return f"Told before: {words.count(reports(story.earlier), 'report')} by {names}"


def _copies(carrier: Carrier) -> str:
    """Who else carried the headline; reports whose outlet goes unnamed are counted."""
    if not carrier.copies:
        return ""
    if not carrier.copies_of:
        return f"and {carrier.copies} more with the same headline"
    named = [words.clip(outlet, COPY_NAME_MAX) or "unnamed outlet" for outlet in carrier.copies_of[:COPIES_MAX]]
    more = carrier.copies - len(named)
    return f"also: {', '.join(named)}" + (f" and {more} more" if more > 0 else "")


def _reason(reason: Reason) -> ReasonView:
    forms: dict[str, dict[str, str]] = {}
    fields: dict[str, dict[str, None]] = {}
    for evidence in reason.evidence:
        label = words.clip(evidence.label or evidence.term, NAME_MAX)
        text = words.clip(evidence.text, NAME_MAX)
        forms.setdefault(label, {}).setdefault(text.casefold(), text)
        fields.setdefault(label, {})[evidence.field] = None
    found: list[WordsView] = []
    left = WHY_MAX
    for label, texts in forms.items():
        shown = tuple(texts.values())[:FORMS_MAX]
        left -= len(label) + sum(map(len, shown))
        if found and left < 0:
            break
        found.append(WordsView(label, shown, len(texts) - len(shown), words.listed(list(fields[label]))))
    return ReasonView(
        rule=words.clip(reason.rule, NAME_MAX),
        title=words.clip(reason.title, NAME_MAX),
        words=tuple(found),
        more=len(forms) - len(found),
    )
