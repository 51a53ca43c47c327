"""The site's pages in words: what a link is about to do, what it did, what is not to be had."""

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from monitor.app.answers import Matter
from monitor.core.tickets import Action

SPANS = {"1": "1 day", "3": "3 days", "7": "1 week"}  # days of a silence

_FOR_ALL = "This holds for everybody who gets the digests of this monitor."
_ONLY_HERE = "What can't wait is told here, and the scheduled digest of this name leaves it out."
_UNHEARD = "What can't wait, told at once by a digest of its own, you left as well: this one leaves it out."
_TUNING = "Marks help whoever tunes the rule; they take nothing out of a digest."


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `headline` is a source's or a digest's name, `facts` are (name, value); all is plain text.

    With a `button` there is a form that posts to the page's own address: `do=yes`, or `do=undo` where it `undoes`;
    `others` are further buttons, each with its value of `do` and its words.
    """

    title: str
    lines: tuple[str, ...] = ()
    headline: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    button: str = ""
    undoes: bool = False
    others: tuple[tuple[str, str], ...] = ()
    note: str = ""


def asking(matter: Matter) -> Page:
    """What the button will do; where it is done already, that."""
    if matter.settled:
        return told(matter)
    page = Page("", headline=matter.headline, facts=_facts(matter))
    match matter.action:
        case Action.ACK:
            lines = ("It is not repeated any more once somebody has seen to it. New reports of it still come.",)
            return replace(page, title="Acknowledge this story?", lines=lines, button="Acknowledge", note=_FOR_ALL)
        case Action.SILENCE:
            lines = ("No digest tells it meanwhile; what is left out is counted.",)
            choices = tuple(SPANS.items())
            page = replace(page, title="Be quiet about this story?", lines=lines, choices=choices)
            return replace(page, button="Be quiet", note=_FOR_ALL)
        case Action.RELEVANT:
            return replace(page, title="Mark this report as relevant?", button="Relevant", note=_TUNING)
        case Action.NOISE:
            return replace(page, title="Mark this report as noise?", button="Noise", note=_TUNING)
        case _:
            return _leaving(page, matter)


def told(matter: Matter) -> Page:
    """What was done, now or before, and how to take it back where that can be."""
    page = Page("", headline=matter.headline, facts=_facts(matter))
    match matter.action:
        case Action.ACK:
            lines = ("Somebody has seen to this story: it is not repeated. New reports of it still come.",)
            return replace(page, title="Acknowledged", lines=lines, button="Take it back", undoes=True)
        case Action.SILENCE:
            until = _moment(matter.until) if matter.until else "then"
            page = replace(page, title=f"Quiet until {until}", button="Tell it again", undoes=True)
            return replace(page, lines=("What digests leave out meanwhile is counted in them.",), note=_FOR_ALL)
        case Action.RELEVANT:
            return replace(page, title="Marked as relevant", note=_TUNING)
        case Action.NOISE:
            return replace(page, title="Marked as noise", note=_TUNING)
        case _:
            return _left(page, matter)


def _leaving(page: Page, matter: Matter) -> Page:
    title = f"Unsubscribe from {'what is told at once' if matter.urgent else 'this digest'}?"
    if not matter.partner or matter.partner_left:
        lines = ("The next ones go to the others only.",)
        return replace(page, title=title, lines=lines, button="Unsubscribe")
    line = (
        f"{_ONLY_HERE} Who leaves this one alone does not hear of it any more."
        if matter.urgent
        else "What can't wait is told at once, by a digest of its own. Who leaves this one alone still gets that."
    )
    return replace(page, title=title, lines=(line,), button="Leave only this one", others=(("both", "Leave both"),))


def _left(page: Page, matter: Matter) -> Page:
    page = replace(page, title="Unsubscribed", button="Subscribe again", undoes=True)
    if not matter.partner:
        return replace(page, lines=("The next digests go to the others only.",))
    if matter.partner_left:
        lines = ("You left both the scheduled digest and what is told at once.",)
        return replace(page, lines=lines, button="Only to this one again", others=(("back", "To both again"),))
    line = (
        f"{_ONLY_HERE} You still get that one, but do not hear of what can't wait any more."
        if matter.urgent
        else "What can't wait is still told to you at once, by a digest of its own."
    )
    that = "the scheduled one" if matter.urgent else "that"
    return replace(page, lines=(line,), others=(("both", f"Leave {that}, too"),))


def undone(matter: Matter) -> Page:
    """What was taken back."""
    titles = {Action.ACK: "Acknowledged no more", Action.SILENCE: "It will be told again"}
    title = titles.get(matter.action, "Subscribed again")
    lines = (_UNHEARD,) if matter.partner_left and not matter.urgent else ()
    return Page(title, lines, headline=matter.headline, facts=_facts(matter))


def html(page: Page) -> str:
    """The page as a whole document that asks for nothing else."""
    return _template().render(p=page, css=Markup(_css()))  # noqa: S704 (our own file)


@cache
def policy() -> str:
    """The Content-Security-Policy of these pages: no script, nothing from anywhere, this one style sheet."""
    style = base64.b64encode(hashlib.sha256(_css().encode()).digest()).decode()
    parts = ("default-src 'none'", f"style-src 'sha256-{style}'", "form-action 'self'", "base-uri 'none'")
    return "; ".join((*parts, "frame-ancestors 'none'"))


def _facts(matter: Matter) -> tuple[tuple[str, str], ...]:
    rules = (("Rule" if len(matter.rules) == 1 else "Rules", ", ".join(matter.rules)),) if matter.rules else ()
    return (*rules, *((("Recipient", matter.recipient.address or str(matter.recipient)),) if matter.recipient else ()))


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%A %d %B %Y, %H:%M} UTC"


@cache
def _css() -> str:
    return files("monitor.web").joinpath("templates/page.css").read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("monitor.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")
