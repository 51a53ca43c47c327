"""What a reader of each form sees of a digest."""

from dataclasses import replace
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import samples

from monitor.adapters.deliver.render import render_html, render_slack, render_text
from monitor.core.model import Digest, DigestStory, Target

EMAIL, SLACK, FILE = Target("email", "a@b.example"), Target("slack", "#x"), Target("file", "out")


def tree(digest: Digest) -> LexborHTMLParser:
    return LexborHTMLParser(render_html(digest))


def slack_text(digest: Digest) -> str:
    """Everything a reader of Slack sees."""

    def texts(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["text"]] if isinstance(node.get("text"), str) else []
            return own + [text for key, value in node.items() if key != "text" or not own for text in texts(value)]
        return [text for value in node for text in texts(value)] if isinstance(node, list) else []

    text = "\n".join("".join(texts(block)) for message in render_slack(digest) for block in message["blocks"])  # type: ignore[attr-defined]
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def html_text(digest: Digest) -> str:
    body = tree(digest).body
    assert body is not None
    return " ".join(body.text(separator=" ").split())


def text_text(digest: Digest) -> str:
    return " ".join(render_text(digest).split())


FORMS = {"html": html_text, "text": text_text, "slack": slack_text}
every_form = pytest.mark.parametrize("form", FORMS)


def seen(form: str, digest: Digest) -> str:
    return FORMS[form](digest).replace("\xa0", " ").replace("*", "")


def one(story: DigestStory) -> Digest:
    return replace(samples.digest(), stories=(story,))
