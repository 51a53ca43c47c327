"""Looks at HTML in headless Chromium. See tests/node/look.js for what is measured."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from support import node

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTHS = (320, 600, 1200)


def look(pages: Mapping[str, str], widths: Sequence[int] = WIDTHS, shots: Path | None = None) -> list[dict[str, Any]]:
    """What each page looks like at each width, light and dark. Skips the test where no browser or node is."""
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        pytest.skip("no Chromium is installed")
    given = {"browser": browser, "pages": pages, "widths": widths, "shots": str(shots) if shots else None}
    found: list[dict[str, Any]] = node.run("look.js", package="playwright-core", given=given)
    return found
