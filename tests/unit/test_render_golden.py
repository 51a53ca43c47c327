"""Digests in all their forms against files that were looked at and found good.

After a wanted change: `MONITOR_UPDATE_GOLDEN=1 pytest tests/unit/test_render_golden.py`, then read the difference.
"""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support import samples

from monitor.adapters.deliver.render import DigestRenderer, render_html, render_slack, render_text
from monitor.core.digestjson import digest_to_dict
from monitor.core.model import Digest, Target

GOLDEN = Path(__file__).parent.parent / "data" / "golden"
DIGESTS = {
    "morning": samples.digest(),
    "empty": samples.empty(),
    "feeds": samples.feeds(),
    "sample": replace(samples.digest(), stories=(samples.tumen(),), sample=True),
    "alert": samples.alert(),
    "update": samples.update(),
    "again": samples.again(),
    "fold": samples.fold(),
    "held": samples.held(),
    "leftward": samples.leftward(),
}
FORMS: dict[str, Callable[[Digest], str]] = {
    "html": render_html,
    "txt": render_text,
    "slack.json": lambda digest: json.dumps(render_slack(digest), ensure_ascii=False, indent=1) + "\n",
    "json": lambda digest: json.dumps(digest_to_dict(digest), ensure_ascii=False, indent=1) + "\n",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", DIGESTS)
def test_a_digest_looks_as_it_did(name: str, form: str) -> None:
    _compare(f"{name}.{form}", FORMS[form](DIGESTS[name]))


@pytest.mark.parametrize("name", ["morning", "alert"])
def test_a_digest_with_links_looks_as_it_did(name: str) -> None:
    (message,) = DigestRenderer(links=samples.LINKS).render(DIGESTS[name], Target("email", "desk@newsroom.example"))
    _compare(f"{name}-links.html", str(message.body["html"]))
    _compare(f"{name}-links.txt", str(message.body["text"]))


def _compare(file: str, made: str) -> None:
    path = GOLDEN / file
    if os.environ.get("MONITOR_UPDATE_GOLDEN"):
        path.write_text(made, "utf-8")
    assert made == path.read_text("utf-8")
