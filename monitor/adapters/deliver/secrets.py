"""Keeps credentials out of what people read. Pure."""

import base64
from collections.abc import Iterable

HIDDEN = "[hidden]"
LINE_MAX = 300  # characters of a server's answer that are worth quoting


def scrub(text: str, secrets: Iterable[str]) -> str:
    """The text on one line, with every secret hidden, also where a server echoes it in base64."""
    text = " ".join(text.split())
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        encoded = base64.b64encode(secret.encode()).decode()
        for form in (secret, encoded, encoded.rstrip("=")):
            text = text.replace(form, HIDDEN)
    return text if len(text) <= LINE_MAX else text[: LINE_MAX - 1] + "…"
