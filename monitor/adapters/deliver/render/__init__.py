"""Gives a digest the form each channel needs: HTML, plain text, Slack blocks. Does no I/O but reading templates."""

import re
from dataclasses import replace
from datetime import UTC
from functools import cache
from pathlib import Path

from monitor.core.digestjson import digest_parts, digest_to_dict
from monitor.core.model import Digest, Message, Target
from monitor.core.tickets import Links
from monitor.errors import ConfigError

from ..mime import transfer
from . import slack
from .apart import Apart
from .chat import chat_text
from .parts import opening, split
from .shapes import DigestView
from .templating import Templates, shipped, strange_templates
from .view import view
from .words import clip, count

__all__ = [
    "HTML_MAX",
    "PARTS_MAX",
    "DigestRenderer",
    "render_html",
    "render_slack",
    "render_text",
    "shipped",
    "strange_templates",
]

HTML_MAX = 80_000  # bytes of the HTML part as transferred; Gmail hides what comes after some 102 kB
PARTS_MAX = 3  # emails that one digest may become; a heavier one is one email with the whole digest attached
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_UNTEMPLATED = frozenset(("apprise", "atom", "slack", "webhook"))
SUBJECT_MAX = 160  # characters of the headline in a subject: what comes after it must not be lost


class DigestRenderer:
    """The port `Renderer`. `override_dir` may hold a user's digest.html, digest.css, media.css or digest.txt.

    With `links` a reader can acknowledge, quiet, mark and unsubscribe with one click; without, nothing offers that.
    A user's templates run in a sandbox, in a process of their own (see apart.py). When one can't be used, the digest
    goes out by the shipped ones and says so at its end: no news is lost to a typing error. Slack has no template: its
    limits leave no room for one; nor have chats, and what is sent as data.
    """

    def __init__(self, override_dir: Path | None = None, links: Links | None = None) -> None:
        self._links = links
        self._shipped = Templates()
        self._own = Apart(override_dir) if override_dir else None

    def render(self, digest: Digest, target: Target) -> list[Message]:
        """Messages in the form of the target's channel, in order. An unknown channel gets all forms at once."""
        if self._own and target.channel not in _UNTEMPLATED:
            try:
                return self._own.messages(digest, target, self._links)
            except ConfigError as error:
                note = f"Your templates could not be used: {error}. The shipped ones stood in."
                digest = replace(digest, notes=(*digest.notes, note))
        return fill(self._shipped, digest, target, self._links)

    def check(self, *digests: Digest) -> None:
        """Raises ConfigError with the places in the user's templates that fail on these digests."""
        if self._own and (problems := self._own.problems(digests)):
            raise ConfigError(problems)


def fill(templates: Templates, digest: Digest, target: Target, links: Links | None) -> list[Message]:
    """The messages of `DigestRenderer.render`, by these templates. Raises ConfigError."""
    if target.channel == "slack":
        return [Message("slack", body) for body in slack.messages(digest, links)]
    if target.channel == "email":
        return [Message("email", body) for body in _emails(templates, digest, view(digest, links, target))]
    if target.channel == "webhook":
        return [Message("webhook", {"digest": part}) for part in digest_parts(digest)]
    if target.channel == "atom":
        return [Message("atom", {"digest": digest_to_dict(digest)})]
    whole = view(digest, links)
    if target.channel == "apprise":
        return [Message("apprise", {"subject": _subject(whole), "text": chat_text(digest)})]
    data = {"slack": slack.messages(digest, links), "digest": digest_to_dict(digest)}
    return [Message(target.channel, _email(templates, whole) | data)]


def _emails(templates: Templates, digest: Digest, whole: DigestView) -> list[dict[str, object]]:
    """Few emails that can be read whole: one, up to three parts, or the opening with all of it attached.

    The text part of an email with an attachment is the whole digest, too: no mail program cuts that one short.
    """

    def weigh(part: DigestView) -> int:
        return transfer(templates.html(part))[1]

    parts = split(whole, HTML_MAX, weigh, PARTS_MAX)
    if parts:
        return [_email(templates, part) for part in parts]
    name = f"{_PLAIN.sub('-', digest.spec)}-{digest.at.astimezone(UTC):%Y%m%d-%H%MZ}.html"
    stories = count(len(whole.stories), "story", "stories")
    note = f"This email is the beginning of the digest: all of it ({stories}) is in the attached file {name}."
    first = opening(replace(whole, attached=note), HTML_MAX, weigh)
    attachment = {"name": name, "html": templates.html(whole)}
    return [_email(templates, first) | {"text": templates.text(whole), "attachment": attachment}]


def _email(templates: Templates, part: DigestView) -> dict[str, object]:
    body: dict[str, object] = {"subject": _subject(part), "text": templates.text(part), "html": templates.html(part)}
    if part.unsubscribe:
        body["unsubscribe"] = part.unsubscribe
    return body


def _subject(part: DigestView) -> str:
    """The news itself, of an alert with how grave it is; then whose digest it is, in case two arrive at once."""
    alarm = f"{part.alarm}: " if part.alarm else ""
    count = f" ({part.part}/{part.parts})" if part.parts > 1 else ""
    sample = "[SAMPLE] " if part.sample else ""
    return f"{sample}{alarm}{clip(part.headline, SUBJECT_MAX)}{count} · {part.name}"


@cache
def _shipped() -> Templates:
    return Templates()


def render_html(digest: Digest) -> str:
    """The whole digest as one HTML document, however long, by the shipped templates."""
    return _shipped().html(view(digest))


def render_text(digest: Digest) -> str:
    """The whole digest as plain text, by the shipped templates."""
    return _shipped().text(view(digest))


def render_slack(digest: Digest) -> list[dict[str, object]]:
    """The digest as Slack message bodies, in order, each within Slack's limits; see render/slack.py."""
    return slack.messages(digest)
