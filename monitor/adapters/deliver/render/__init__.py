"""Gives a digest the form each channel needs: HTML, plain text, Slack blocks. Does no I/O but reading templates."""

import re
from collections.abc import Iterator, Mapping, Sequence
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
        return self.render_all(digest, (target,))[0]

    def render_all(self, digest: Digest, targets: Sequence[Target]) -> list[list[Message]]:
        """What `render` gives, for each target in order; a user's templates are asked once for all of them."""
        own = [target for target in targets if self._own and target.channel not in _UNTEMPLATED]
        plain = [target for target in targets if target not in own]
        made = dict(zip(plain, fill(self._shipped, digest, plain, self._links), strict=True))
        if self._own and own:
            try:
                made |= zip(own, self._own.messages(digest, own, self._links), strict=True)
            except ConfigError as error:
                note = f"Your templates could not be used: {error}. The shipped ones stood in."
                digest = replace(digest, notes=(*digest.notes, note))
                made |= zip(own, fill(self._shipped, digest, own, self._links), strict=True)
        return [made[target] for target in targets]

    def check(self, *digests: Digest) -> None:
        """Raises ConfigError with the places in the user's templates that fail on these digests."""
        if self._own and (problems := self._own.problems(digests)):
            raise ConfigError(problems)


def fill(
    templates: Templates, digest: Digest, targets: Sequence[Target], links: Links | None
) -> Iterator[list[Message]]:
    """The messages of `DigestRenderer.render` for each target, by these templates. Raises ConfigError.

    Made one after another, as they are taken; what does not depend on who reads it is made once.
    """
    mailed = [target for target in targets if target.channel == "email"]
    emails = _emails(templates, digest, mailed, links)
    others: dict[str, list[Message]] = {}
    for target in targets:
        if target.channel == "email":
            yield next(emails)
            continue
        if target.channel not in others:
            others[target.channel] = _messages(templates, digest, target.channel, links)
        yield others[target.channel]


def _messages(templates: Templates, digest: Digest, channel: str, links: Links | None) -> list[Message]:
    """Those of every channel but email: the same for all who read it."""
    if channel == "slack":
        return [Message("slack", body) for body in slack.messages(digest, links)]
    if channel == "webhook":
        return [Message("webhook", {"digest": part}) for part in digest_parts(digest)]
    if channel == "atom":
        return [Message("atom", {"digest": digest_to_dict(digest)})]
    whole = view(digest, links)
    if channel == "apprise":
        return [Message("apprise", {"subject": _subject(whole), "text": chat_text(digest)})]
    data = {"slack": slack.messages(digest, links), "digest": digest_to_dict(digest)}
    return [Message(channel, _email(templates, whole) | data)]


def _emails(
    templates: Templates, digest: Digest, targets: Sequence[Target], links: Links | None
) -> Iterator[list[Message]]:
    """Few emails for each, that can be read whole: one, up to three parts, or the opening with all of it attached.

    Only the link to unsubscribe tells readers apart, so the digest is divided once, by the longest of them.
    The text part of an email with an attachment is the whole digest, too: no mail program cuts that one short.
    """

    def weigh(part: DigestView) -> int:
        return transfer(templates.html(part))[1]

    if not targets:
        return
    leaving = [links.unsubscribe(digest.spec, target) if links else "" for target in targets]
    whole = view(digest, links, max(zip(leaving, targets, strict=True), key=lambda pair: len(pair[0]))[1])
    parts = split(whole, HTML_MAX, weigh, PARTS_MAX)
    name = f"{_PLAIN.sub('-', digest.spec)}-{digest.at.astimezone(UTC):%Y%m%d-%H%MZ}.html"
    if not parts:
        stories = count(len(whole.stories), "story", "stories")
        note = f"This email is the beginning of the digest: all of it ({stories}) is in the attached file {name}."
        first = opening(replace(whole, attached=note), HTML_MAX, weigh)

    def written(link: str) -> list[dict[str, object]]:
        bodies = [_email(templates, _for_reader(part, link)) for part in parts]
        if parts:
            return bodies
        full = _for_reader(whole, link)
        attachment = {"name": name, "html": templates.html(full)}
        return [_email(templates, _for_reader(first, link)) | {"text": templates.text(full), "attachment": attachment}]

    model, bodies = leaving[0], written(leaving[0])
    for link in leaving:
        # Only a user's template may do more with the link than print it: the shipped ones are filled once for all.
        if link != model and templates.own:
            model, bodies = link, written(link)
        yield [Message("email", _readdressed(body, model, link)) for body in bodies]


def _readdressed(body: Mapping[str, object], old: str, new: str) -> dict[str, object]:
    """The same with another reader's link to unsubscribe, wherever it stands."""

    def one(value: object) -> object:
        if isinstance(value, dict):
            return _readdressed(value, old, new)
        return value.replace(old, new) if isinstance(value, str) else value

    return {name: one(value) for name, value in body.items()} if old != new else dict(body)


def _for_reader(part: DigestView, link: str) -> DigestView:
    """The same with another reader's link to unsubscribe."""
    actions = (replace(each, url=link) if each.url == part.unsubscribe else each for each in part.actions)
    return replace(part, unsubscribe=link, actions=tuple(actions))


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
