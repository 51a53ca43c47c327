"""A digest as Slack messages: few, each within Slack's limits, and nothing left out that is not counted. Pure.

What a reader can do with one click are links and not buttons: Slack reports every press of a button to the app, also
of one that only opens an address, and warns the reader when nobody answers. A webhook's app has nobody who could.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from monitor.core.model import Digest, DigestStory, Segment, Severity, StoryStatus
from monitor.core.tickets import Links

from . import blocks as kit
from .blocks import Block, Element
from .differences import Run
from .shapes import CarrierView, DigestView, LinkView, StoryView, TopicView
from .stories import in_brief
from .templating import because
from .view import view
from .words import clip, count

Body = dict[str, object]

MESSAGES_MAX = 6  # that one digest becomes: what would need more is told in brief, then counted
FULL_MIN = 5  # stories told in full even so
BRIEF_MAX = 2_200  # characters as JSON of a block of stories in brief: five of them fill a message
CARRIERS_SHOWN = 5
TITLE_MAX, OUTLETS_MAX = 300, 1_500  # characters of a report's headline, of the names of those not shown

MARKS = {"critical": "red_circle", "high": "large_orange_circle", "medium": "large_blue_circle"}
LOW = "white_circle"
NEW = "new story"  # the status that needs no word in a line
WHERE = "`monitor hits` lists them."


def messages(digest: Digest, links: Links | None = None) -> list[Body]:
    """Bodies `{text, blocks, root?, broadcast?}` in order; at most MESSAGES_MAX of them for any number of stories.

    `root`: `{text, blocks}` for the first message of a story's thread, so that it shows the story as it is now.
    `broadcast`: true for what must be seen in the channel, too, though it belongs into a thread.
    """
    seen = view(digest, links)
    if not seen.single:
        return _bodies(seen, _pages(seen), _fallback(seen))
    story = digest.stories[0]
    bodies = _bodies(seen, _alert(seen, seen.stories[0]), _alert_fallback(seen))
    if digest.thread and (story.earlier or story.told_at):
        bodies[0]["root"] = _root(digest, links)
        if story.status is StoryStatus.AGAIN or _gravest(story) is not (story.told_severity or story.severity):
            bodies[0]["broadcast"] = True
    return bodies


def _bodies(seen: DigestView, pages: Sequence[list[Block]], fallback: str) -> list[Body]:
    found: list[Body] = []
    for number, page in enumerate(pages, 1):
        part = f", part {number} of {len(pages)}" if len(pages) > 1 else ""
        title = f"{seen.name}{part}" + (f" · {seen.sample}" if seen.sample else "")
        top = [kit.context(kit.plain(title))] if number > 1 else []
        found.append({"text": kit.escaped(fallback, kit.TEXT_MAX - len(part)) + part, "blocks": [*top, *page]})
    return found


# --- an alert: one story ----------------------------------------------------------------------------------


def _alert(seen: DigestView, story: StoryView, status: str = "") -> list[list[Block]]:
    """The story, what can be done, and in one line whose alert it is and what was watched; on one page or, rarely, two.

    `status` stands in place of the story's own.
    """
    head = [_sample(seen)] if seen.sample else []
    about = kit.small_print([f"{seen.name} · {seen.when}"])
    return kit.pack([kit.group([*head, *_story(story, status)[1:]]), kit.group([*about, *_foot(seen)])])


def _alert_fallback(seen: DigestView) -> str:
    """What a notification shows: how grave it is, the headline, who says so."""
    story = seen.stories[0]
    status = "" if story.status == NEW else f" ({story.status})"
    told = " · ".join([story.title, *story.meta[:1]])
    return f"{_sampled(seen)}{seen.alarm or story.severity.upper()}{status}: {told}"


def _gravest(story: DigestStory) -> Severity:
    """Of what is told now and what was told before."""
    return max(story.severity, story.told_severity or story.severity, key=lambda severity: severity.rank)


def _root(digest: Digest, links: Links | None) -> Body:
    """The story with all its reports in one message; the least important goes first where there is no room."""
    told = digest.stories[0]
    reports = tuple(sorted((*told.earlier, *told.carriers), key=lambda carrier: carrier.at))
    now = replace(told, severity=_gravest(told), carriers=reports, earlier=())
    whole = view(replace(digest, stories=(now,)), links)
    story = whole.stories[0]
    status = "updated, what is new is in the thread" + ("; acknowledged" if told.acknowledged else "")
    short = replace(whole, left_out=(), edits="", notes=())
    lean = replace(story, changes=(), changes_more=0, snippet=())
    forms = (
        (whole, story),
        (short, replace(story, changes=(), changes_more=0)),
        (short, lean),
        (short, replace(lean, reasons=(), reasons_more=0)),
        (short, in_brief(story)),
    )
    pages = next(found for seen, form in forms if len(found := _alert(seen, form, status)) == 1)
    return {"text": kit.escaped(_alert_fallback(whole), kit.TEXT_MAX), "blocks": pages[0]}


# --- a digest ---------------------------------------------------------------------------------------------


def _fallback(seen: DigestView) -> str:
    alarm = f"{seen.alarm}: " if seen.alarm else ""
    return f"{_sampled(seen)}{alarm}{seen.headline} ({seen.counts})"


def _sampled(seen: DigestView) -> str:
    return f"{seen.sample} " if seen.sample else ""


def _pages(seen: DigestView) -> list[list[Block]]:
    """As many stories in full as leave room for all others in brief; if there is none even so, the last are counted."""
    head, full = kit.group(_head(seen)), [kit.group(_story(story)) for story in seen.stories]
    lines = [_line(story) for story in seen.stories]
    total = len(full)

    def pages(in_full: int, told: int) -> list[list[Block]]:
        untold = Counter(story.severity for story in seen.stories[told:])
        return kit.pack([head, *full[:in_full], *_brief(lines[in_full:told]), kit.group(_foot(seen, untold))])

    if len(whole := pages(total, total)) <= MESSAGES_MAX:
        return whole
    least = min(FULL_MIN, total)
    if in_full := _most(least, total, lambda n: len(pages(n, total)) <= MESSAGES_MAX):
        return pages(in_full, total)
    if told := _most(least, total, lambda n: len(pages(least, n)) <= MESSAGES_MAX):
        return pages(least, told)
    return pages(0, _most(0, total, lambda n: len(pages(0, n)) <= MESSAGES_MAX))


def _most(low: int, high: int, fits: Callable[[int], bool]) -> int:
    """The largest number that fits, of those from `low` to `high`; 0 if none does."""
    return max(0, bisect_left(range(low, high + 1), True, key=lambda n: not fits(n)) + low - 1) if fits(low) else 0


def _head(seen: DigestView) -> list[Block]:
    title = clip(seen.headline, kit.HEADER_MAX) or seen.name
    found = [_sample(seen)] if seen.sample else []
    found.append(kit.header(title))
    rest = [seen.headline] if title != seen.headline else []
    found += kit.rich(kit.line([kit.text(sentence)]) for sentence in (*rest, *seen.lead))
    since = f" · since {seen.since}" if seen.since else ""
    languages = f" · {seen.languages}" if seen.languages else ""
    found += kit.small_print([f"{seen.name} · {seen.when}", f"{seen.counts}{languages}{since}"])
    found += kit.rich(kit.line([kit.text(sentence)]) for sentence in seen.empty)
    topics = [kit.line(_topic(topic)) for topic in seen.topics]
    if seen.topics_more:
        topics.append(kit.line([kit.text(f"and {seen.topics_more} more rules")]))
    found += kit.rich(topics)
    if seen.bars:
        found.append(kit.context(kit.plain(f"Bars: reports a day, last {seen.bars}")))
    return found


def _sample(seen: DigestView) -> Block:
    return kit.context(kit.mrkdwn(f":test_tube: *{kit.escape(seen.sample)}*"))


def _topic(topic: TopicView) -> Iterator[Element]:
    if topic.spark:
        yield kit.text(topic.spark, code=True)
        yield kit.text(" ")
    yield kit.text(topic.title, bold=True)
    yield kit.text(f" · {topic.counts}" + ("" if topic.spark else f" · {topic.spark_label}"))


# --- a story ----------------------------------------------------------------------------------------------


def _story(story: StoryView, status: str = "") -> list[Block]:
    """A line across the message, then the story. `status` stands in place of its own."""
    kind = [kit.emoji(MARKS.get(story.severity, LOW)), kit.text(f" {story.severity}", bold=True)]
    kind.append(kit.text(f" · {status or story.status}\n"))
    gloss = [kit.text("\n" + story.gloss, italic=True)] if story.gloss else []
    parts = [kit.line([*kind, kit.link(story.link, story.title, bold=True), *gloss])]
    parts += [_change(change.runs) for change in story.changes if change.runs]
    if story.changes_more:
        parts.append(kit.line([kit.text(f"and {story.changes_more} more changed headlines")]))
    if story.snippet:
        parts.append(kit.quote(_marked(story.snippet), "".join(s.text for s in story.snippet)))
    parts += kit.bullets(_reports(story.carriers))
    why = [" · ".join(story.meta)] if story.meta else []
    why += [story.earlier] if story.earlier else []
    why += [f"Rule {because(reason)}" for reason in story.reasons]
    why += [f"and {story.reasons_more} more rules"] if story.reasons_more else []
    return [kit.divider(), *kit.rich(parts), *kit.small_print(why), *_actions(story.actions)]


def _marked(segments: Iterable[Segment]) -> list[Element]:
    return [kit.text(s.text, bold=True) if s.marked else kit.text(s.text) for s in segments]


def _change(runs: Sequence[Run]) -> Element:
    style = {"del": {"strike": True}, "ins": {"bold": True}, "same": {}}
    old, new = ("".join(run.text for run in runs if run.kind != kind) for kind in ("ins", "del"))
    return kit.quote((kit.text(run.text, **style[run.kind]) for run in runs), f"{old} → {new}")


def _reports(carriers: Sequence[CarrierView]) -> Iterator[Element]:
    """The first reports in full, the outlets of the rest by name."""
    shown, rest = carriers[:CARRIERS_SHOWN], carriers[CARRIERS_SHOWN:]
    for carrier in shown:
        standing = f" ({carrier.standing})" if carrier.standing else ""
        title = f": {clip(carrier.title, TITLE_MAX)}" if carrier.title else ""
        copies = f"; {carrier.copies}" if carrier.copies else ""
        when = kit.text(f"{carrier.time} {carrier.language} ".replace("  ", " "))
        yield kit.line([when, kit.link(carrier.link, carrier.outlet), kit.text(f"{standing}{title}{copies}")])
    if rest:
        outlets = dict.fromkeys(carrier.outlet + (f" ({carrier.copies})" if carrier.copies else "") for carrier in rest)
        yield kit.line([kit.text(f"and {len(rest)} more: {clip(', '.join(outlets), OUTLETS_MAX)}")])


def _actions(actions: Sequence[LinkView]) -> Iterator[Block]:
    links = [f"<{kit.escape(a.url).replace('|', '%7C')}|{kit.escape(a.label)}>" for a in actions]
    fit = [link for link in links if len(link) <= kit.CONTEXT_TEXT_MAX]
    yield from (kit.context(kit.mrkdwn(text)) for text in kit.paragraphs(fit, kit.CONTEXT_TEXT_MAX, " · "))


@dataclass(frozen=True, slots=True)
class _Line:
    """A story in brief: its headline and first report."""

    severity: str
    elements: tuple[Element, ...]
    weight: int


def _line(story: StoryView) -> _Line:
    told = ([] if story.status == NEW else [story.status]) + list(story.meta[:1])
    elements = (kit.text("\n• "), kit.link(story.link, story.title), kit.text("".join(f" · {each}" for each in told)))
    return _Line(story.severity, elements, kit.size(elements))


def _brief(lines: Sequence[_Line]) -> Iterator[kit.Group]:
    """Many stories to a block, each block of one severity."""
    if lines:
        yield kit.group([kit.context(kit.plain(f"{count(len(lines), 'more story', 'more stories')}, in brief"))])
    block: list[_Line] = []
    for line in lines:
        if block and (line.severity != block[0].severity or sum(one.weight for one in block) + line.weight > BRIEF_MAX):
            yield _brief_block(block)
            block = []
        block.append(line)
    if block:
        yield _brief_block(block)


def _brief_block(lines: Sequence[_Line]) -> kit.Group:
    severity = lines[0].severity
    title = [kit.emoji(MARKS.get(severity, LOW)), kit.text(f" {severity}", bold=True)]
    return kit.group(kit.rich([kit.line([*title, *(element for line in lines for element in line.elements)])]))


# --- the foot ---------------------------------------------------------------------------------------------


def _foot(seen: DigestView, untold: Counter[str] | None = None) -> list[Block]:
    """What was watched and what was not told. `untold`: stories for which there was no room, by severity."""
    found = [] if seen.single else [kit.divider()]
    found += kit.small_print([" ".join(seen.watched)], "What was watched.")
    found += kit.small_print((f"• {line}" for line in seen.broken), "Not heard")
    found += kit.small_print((f"• {line}" for line in seen.feed_news), "News of the feeds")
    if left_out := [*_untold(untold or Counter()), *seen.left_out]:
        found += kit.small_print([f"{', '.join(left_out)}. {WHERE}"], "Left out.")
    if seen.edits:
        since = f" since {seen.edits_since}" if seen.edits_since else ""
        found += kit.small_print([seen.edits], f"Rules edited{since}.")
    found += kit.small_print((f"• {note}" for note in seen.notes), "To mend")
    if seen.next:
        found += kit.small_print([seen.next], "Next digest.")
    return [*found, *_actions(seen.actions)]


def _untold(untold: Counter[str]) -> Iterator[str]:
    if untold:
        by_severity = ", ".join(f"{n} {severity}" for severity, n in untold.items())
        yield f"{count(untold.total(), 'more story', 'more stories')} ({by_severity})"
