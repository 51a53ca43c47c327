"""Gives a digest the form each channel needs: HTML, plain text, Slack blocks. Does no I/O but reading templates."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from monitor.core.model import Digest, Message, Target
from monitor.errors import ConfigError

from ..mime import transfer
from . import slack
from .parts import split
from .templating import Templates
from .view import DigestView, view

__all__ = ["HTML_MAX", "DigestRenderer", "render_html", "render_slack", "render_text"]

HTML_MAX = 80_000  # bytes of the HTML part as transferred; Gmail hides what comes after some 102 kB


class DigestRenderer:
    """The port `Renderer`. `override_dir` may hold a user's digest.html, digest.css, media.css or digest.txt.

    Templates run in a sandbox. When a user's template can't be used, the digest goes out by the shipped ones and says
    so at its end: no news is lost to a typing error. Slack has no template: its limits leave no room for one.
    """

    def __init__(self, override_dir: Path | None = None) -> None:
        self._shipped = Templates()
        self._own = Templates(override_dir) if override_dir else None

    def render(self, digest: Digest, target: Target) -> list[Message]:
        """Messages in the form of the target's channel, in order. An unknown channel gets all forms at once."""
        if self._own:
            try:
                return _messages(self._own, digest, target)
            except ConfigError as error:
                note = f"Your templates could not be used: {error}. The shipped ones stood in."
                digest = replace(digest, notes=(*digest.notes, note))
        return _messages(self._shipped, digest, target)

    def check(self, digest: Digest) -> None:
        """Raises ConfigError with the place in the user's template that fails on this digest."""
        if self._own:
            self._own.html(view(digest))
            self._own.text(view(digest))


def _messages(templates: Templates, digest: Digest, target: Target) -> list[Message]:
    whole = view(digest)
    if target.channel == "slack":
        return [Message("slack", body) for body in slack.messages(whole)]
    if target.channel == "email":
        parts = split(whole, HTML_MAX, lambda part: transfer(templates.html(part))[1])
        return [Message("email", _email(templates, part)) for part in parts]
    return [Message(target.channel, _email(templates, whole) | {"slack": slack.messages(whole)})]


def _email(templates: Templates, part: DigestView) -> dict[str, object]:
    return {"subject": _subject(part), "text": templates.text(part), "html": templates.html(part)}


def _subject(part: DigestView) -> str:
    """The news itself; then whose digest it is, in case two arrive at once."""
    count = f" ({part.part}/{part.parts})" if part.parts > 1 else ""
    return f"{'[SAMPLE] ' if part.sample else ''}{part.headline}{count} · {part.name}"


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
    """The digest as Slack message bodies `{text, blocks}`, in order, each within Slack's limits."""
    return slack.messages(view(digest))
