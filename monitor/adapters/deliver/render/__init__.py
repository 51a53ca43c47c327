"""Gives a digest the form each channel needs: HTML, plain text, Slack blocks. Does no I/O but reading templates."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from monitor.core.model import Digest, Message, Target

from ..mime import transfer
from . import slack
from .parts import split
from .templating import Templates
from .view import DigestView, view

__all__ = ["HTML_MAX", "DigestRenderer", "render_html", "render_slack", "render_text"]

HTML_MAX = 80_000  # bytes of the HTML part as transferred; Gmail hides what comes after some 102 kB


class DigestRenderer:
    """The port `Renderer`. `override_dir` may hold a user's digest.html, digest.css, media.css or digest.txt.

    Templates run in a sandbox. Slack messages have no template: their limits leave no room for one.
    """

    def __init__(self, override_dir: Path | None = None) -> None:
        self._templates = Templates(override_dir)

    def render(self, digest: Digest, target: Target) -> list[Message]:
        """Messages in the form of the target's channel, in order. An unknown channel gets all forms at once.

        Raises ConfigError when a user's template can't be used.
        """
        whole = view(digest)
        if target.channel == "email":
            return [Message("email", self._email(part)) for part in self._parts(whole)]
        if target.channel == "slack":
            return [Message("slack", body) for body in slack.messages(whole)]
        return [Message(target.channel, self._email(whole) | {"slack": slack.messages(whole)})]

    def html(self, digest: Digest) -> str:
        """The whole digest as one HTML document, however long."""
        return self._templates.html(view(digest))

    def text(self, digest: Digest) -> str:
        """The whole digest as plain text."""
        return self._templates.text(view(digest))

    def _parts(self, whole: DigestView) -> list[DigestView]:
        return split(whole, HTML_MAX, lambda part: transfer(self._templates.html(part))[1])

    def _email(self, part: DigestView) -> dict[str, object]:
        return {"subject": _subject(part), "text": self._templates.text(part), "html": self._templates.html(part)}


def _subject(part: DigestView) -> str:
    """The news itself; then whose digest it is, in case two arrive at once."""
    count = f" ({part.part}/{part.parts})" if part.parts > 1 else ""
    return f"{'[SAMPLE] ' if part.sample else ''}{part.headline}{count} · {part.name}"


@cache
def _shipped() -> DigestRenderer:
    return DigestRenderer()


def render_html(digest: Digest) -> str:
    """The whole digest as one HTML document, by the shipped templates."""
    return _shipped().html(digest)


def render_text(digest: Digest) -> str:
    """The whole digest as plain text, by the shipped templates."""
    return _shipped().text(digest)


def render_slack(digest: Digest) -> list[Mapping[str, object]]:
    """The digest as Slack message bodies `{text, blocks}`, in order, each within Slack's limits."""
    return list(slack.messages(view(digest)))
