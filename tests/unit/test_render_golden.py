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

from monitor.adapters.deliver.render import render_html, render_slack, render_text
from monitor.core.digestjson import digest_to_dict
from monitor.core.model import Digest

GOLDEN = Path(__file__).parent.parent / "data" / "golden"
DIGESTS = {
    "morning": samples.digest(),
    "empty": samples.empty(),
    "feeds": samples.feeds(),
    "sample": replace(samples.digest(), stories=(samples.tumen(),), sample=True),
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
    path = GOLDEN / f"{name}.{form}"
    made = FORMS[form](DIGESTS[name])
    if os.environ.get("MONITOR_UPDATE_GOLDEN"):
        path.write_text(made, "utf-8")
    assert made == path.read_text("utf-8")
