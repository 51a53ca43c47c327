"""`monitor silence` and `monitor ack`: of what nobody wants to hear for a while, and what somebody has seen to."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import filters, output
from monitor.cli.session import Json, Session, command, group
from monitor.core.model import Silence, SilenceKind, Target
from monitor.core.moments import moment_after, span_of
from monitor.core.routes import halves
from monitor.core.suggest import suggestion
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.app.ports import Store
    from monitor.core.model import DigestSpec

PANEL = "What is told"
_NOWHERE = "what can't wait reaches them nowhere"

app = group("Be quiet about a story, rule, source or entity for a while; digests count what that leaves out.")

Until = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="By this machine's clock: 'tomorrow 8:00', 'fri', 18:00, 2026-11-27."),
]
For = Annotated[str | None, typer.Option("--for", metavar="SPAN", help="Instead of --until: 45m, 12h, 3d, 2w.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why, in a few words; digests show it.")]
Why = Annotated[str, typer.Option("--reason", "-r", help="In a few words, for others who look.")]
Story = Annotated[int, typer.Argument(metavar="STORY", help="The story's number; see monitor hits.")]


def register(root: typer.Typer, digests: typer.Typer) -> None:
    """Add the commands to `monitor` and to `monitor digest`."""
    root.add_typer(app, name="silence", rich_help_panel=PANEL)
    command(
        root,
        "ack",
        "monitor ack 12",
        "monitor ack 12 --reason 'the desk has called them'",
        "monitor ack 12 --undo",
        paths=("db",),
        panel=PANEL,
    )(ack)
    command(
        digests,
        "subscribers",
        "monitor digest subscribers morning",
        "monitor digest subscribers morning --back email:anna@example.org",
    )(subscribers)


# --- silences -----------------------------------------------------------------------------------------------


def silence_story(
    session: Session, story: Story, until: Until = None, span: For = None, reason: Reason = "", as_json: Json = False
) -> None:
    """Be quiet about a story: its further reports are counted, not told."""
    _silence(session, SilenceKind.STORY, str(story), until, span, reason, as_json=as_json)


def silence_rule(
    session: Session,
    rule: Annotated[str, typer.Argument(metavar="RULE", help="The rule's id.")],
    until: Until = None,
    span: For = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Be quiet about what a rule finds."""
    _silence(session, SilenceKind.RULE, rule, until, span, reason, as_json=as_json)


def silence_source(
    session: Session,
    source: Annotated[str, typer.Argument(metavar="FEED", help="The feed's id.")],
    until: Until = None,
    span: For = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Be quiet about what a feed brings; other sources of the same story are told."""
    _silence(session, SilenceKind.SOURCE, source, until, span, reason, as_json=as_json)


def silence_entity(
    session: Session,
    entity: Annotated[str, typer.Argument(metavar="TERM", help="The id or the English label of a term.")],
    until: Until = None,
    span: For = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Be quiet about what mentions a person, place or anything else that the rules have a term for."""
    _silence(session, SilenceKind.ENTITY, entity, until, span, reason, as_json=as_json)


def list_silences(session: Session, as_json: Json = False) -> None:
    """List the silences in force, the one that ends first standing first."""
    from monitor.wiring import SystemClock, opened

    now = SystemClock().now()
    with opened(session.settings) as store:
        found = store.people.silences(now)
        named = {one.id: _named(store, one) for one in found}
    if as_json:
        output.lines(map(_record, found))
        return
    output.table(
        ("silence", "about", "until", "ends", "reason", "since"),
        (
            (one.id, named[one.id], _local(one.until), output.when(one.until, now), one.reason, _local(one.at))
            for one in found
        ),
        empty="nothing is silenced",
    )


def end_silence(
    session: Session,
    number: Annotated[int, typer.Argument(metavar="SILENCE", help="Its number; see monitor silence list.")],
) -> None:
    """End a silence before its time. What it kept from being told stays untold; monitor hits lists it."""
    from monitor.wiring import opened

    with opened(session.settings) as store:
        if not store.people.end_silence(number):
            raise MonitorError(f"there is no silence {number}; monitor silence list shows their numbers")
    output.say(f"silence {number} is over")


def _silence(
    session: Session,
    kind: SilenceKind,
    what: str,
    until: str | None,
    span: str | None,
    reason: str,
    *,
    as_json: bool,
) -> None:
    from monitor.wiring import SystemClock, opened

    now = SystemClock().now()
    end = _end(until, span, now)
    with opened(session.settings) as store:
        what = _known(session, store, kind, what)
        kept = store.people.silence(Silence(id=0, kind=kind, what=what, until=end, reason=reason.strip(), at=now))
        named = _named(store, kept)
    if as_json:
        output.line(_record(kept))
        return
    output.say(f"silence {kept.id}: {named}, until {_local(kept.until)} ({output.when(kept.until, now)})")


def _end(until: str | None, span: str | None, now: datetime) -> datetime:
    """When it ends, in UTC; raises BadParameter for what is no moment to come."""
    if (until is None) == (span is None):
        raise typer.BadParameter("say how long, in one way: --for 3d, or --until 'tomorrow 8:00'")
    if span is not None:
        if not (length := span_of(span)):
            raise typer.BadParameter(f"{span!r} is no length of time: write 45m, 12h, 3d or 2w", param_hint="--for")
        return now + length
    # A naive datetime is by the machine's clock, whose zone and its changes `astimezone` knows.
    found = moment_after(until or "", now.astimezone().replace(tzinfo=None))
    if found is None:
        raise typer.BadParameter(
            f"{until!r} is no time to come: write 'tomorrow 8:00', 'fri 17:30', 18:00, 2026-11-27 or 2026-11-27T08:00",
            param_hint="--until",
        )
    return found.astimezone(UTC)


def _known(session: Session, store: "Store", kind: SilenceKind, what: str) -> str:
    """What is meant, as it is stored; raises MonitorError for what nobody knows."""
    match kind:
        case SilenceKind.STORY:
            if store.people.story(int(what)) is None:
                raise MonitorError(_no_story(int(what)))
        case SilenceKind.RULE:
            filters.require_rule(session, store, what)
        case SilenceKind.SOURCE:
            filters.require_feed(session, store, what)
        case SilenceKind.ENTITY:
            return _term(session, what)
    return what


def _term(session: Session, given: str) -> str:
    """The id or label of a term as rules.yaml writes it."""
    from monitor.wiring import load_rules

    terms = load_rules(session.settings.rules).book.terms.values()
    known = {name.casefold(): name for term in terms for name in (term.label, term.id)}
    if given.casefold() not in known:
        raise MonitorError(f"no term has the id or label {given!r}{suggestion(given, known.values())}")
    return known[given.casefold()]


def _named(store: "Store", silence: Silence) -> str:
    if silence.kind is not SilenceKind.STORY:
        return f"{silence.kind} {silence.what}"
    story = store.people.story(int(silence.what))
    return f"story {silence.what}" + (f": {story.title}" if story else "")


def _record(silence: Silence) -> dict[str, object]:
    return {
        "silence": silence.id,
        "kind": silence.kind,
        "what": silence.what,
        "until": silence.until,
        "reason": silence.reason,
        "at": silence.at,
    }


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%a %Y-%m-%d %H:%M %Z}"


def _no_story(number: int) -> str:
    return f"there is no story {number}; monitor hits shows their numbers"


# --- acknowledgements and subscribers -----------------------------------------------------------------------


def ack(
    session: Session,
    story: Story,
    reason: Why = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the word back: it may come again.")] = False,
    as_json: Json = False,
) -> None:
    """Say that somebody has seen to a story: alerts do not repeat it, unless something graver of it comes.

    Further reports are told all the same.
    """
    from monitor.core.model import Ack
    from monitor.wiring import SystemClock, opened

    now = SystemClock().now()
    with opened(session.settings) as store:
        found = store.people.story(story)
        if found is None:
            raise MonitorError(_no_story(story))
        if not undo:
            store.people.acknowledge(Ack(story, now, reason.strip()))
        elif not store.people.forget_ack(story):
            raise MonitorError(f"nobody has acknowledged story {story}: {found.title}")
    if as_json:
        output.line({"story": story, "title": found.title, "acknowledged": not undo, "reason": reason, "at": now})
        return
    output.say(f"story {story} is {'open again' if undo else 'acknowledged'}: {found.title}")


def subscribers(
    session: Session,
    digest: Annotated[str, typer.Argument(metavar="ID", help="The digest, as rules.yaml calls it.")],
    back: Annotated[
        str | None, typer.Option("--back", metavar="TARGET", help="This one left and wants the digest again.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List whom a digest is for, and who left it by the link in their mail.

    With what can't wait told at once by a digest of its own, also who left that one only: they hear of it nowhere.
    """
    from monitor.wiring import SystemClock, load_rules, opened

    specs = {spec.id: spec for spec in load_rules(session.settings.rules).digests}
    if digest not in specs:
        raise MonitorError(f"no digest has the id {digest!r}{suggestion(digest, specs)}")
    now = SystemClock().now()
    with opened(session.settings) as store:
        left = store.people.left(digest)
        if back is not None:
            _take_back(store, digest, back, specs.values())
            return
        unheard, twin = _unheard(store, digest, specs.values())
    everybody = dict.fromkeys((*specs[digest].to, *left))
    if as_json:
        output.lines(
            {"target": str(one), "left_at": left.get(one), "misses_at_once": one in unheard} for one in everybody
        )
        return

    def gets(one: Target) -> str:
        if one in left:
            return f"no, left {output.when(left[one], now)}" + (f"; {_NOWHERE}" if one in unheard else "")
        return f"yes, but left {twin}: {_NOWHERE}" if one in unheard else "yes"

    output.table(("target", "gets it"), ((one, gets(one)) for one in everybody), empty=f"{digest} is for nobody")


def _take_back(store: "Store", digest: str, who: str, specs: "Iterable[DigestSpec]") -> None:
    target = Target(*who.partition(":")[::2])
    if not store.people.rejoin(digest, target):
        raise MonitorError(f"{who} has not left {digest}{suggestion(who, map(str, store.people.left(digest)))}")
    output.say(f"{target} gets {digest} again")
    unheard, twin = _unheard(store, digest, specs)
    if target in unheard:
        output.note(f"but left {twin}: {_NOWHERE}; monitor digest subscribers {twin} --back {target}")


def _unheard(store: "Store", digest: str, specs: "Iterable[DigestSpec]") -> tuple[frozenset[Target], str]:
    """Who gets a digest but left the one that tells at once what it leaves out; and the id of that one."""
    pair = halves(digest, specs)
    if pair is None:
        return frozenset(), ""
    gone = store.people.departed()
    scheduled, twin = (gone.get(half, frozenset()) for half in pair)
    return twin - scheduled, pair[1]


SILENCES = (
    ("story", silence_story, "monitor silence story 12 --until 'tomorrow 8:00' --reason 'known to the desk'"),
    ("rule", silence_rule, "monitor silence rule espionage-arrests --for 12h"),
    ("source", silence_source, "monitor silence source tass-ru --for 3d --reason 'its feed repeats itself'"),
    ("entity", silence_entity, "monitor silence entity Gazprom --until fri"),
)
for name, function, example in SILENCES:
    command(app, name, example)(function)
command(app, "list", "monitor silence list", "monitor silence list --json", paths=("db",))(list_silences)
command(app, "end", "monitor silence end 3", paths=("db",))(end_silence)
