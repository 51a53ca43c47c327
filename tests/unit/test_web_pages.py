"""How the site's pages look in a real browser, and that the one style sheet they have is the one they allow."""

import base64
import hashlib
import re
from datetime import UTC, datetime

import pytest
from support import browser

from monitor.app.answers import Matter
from monitor.core.model import Target
from monitor.core.tickets import Action
from monitor.web import pages

HEADLINE = "Задержан житель Образцовска, который передавал сведения о порте на реке 图们江"
UNRULY = "https://primer.example/" + "ochen-dlinnyy-adres-" * 12
READER = Target("email", "a-name-of-many-parts.in.one@subdomain.department.newsroom.example")
UNTIL = datetime(2026, 11, 25, 8, tzinfo=UTC)
PAGES = {
    "silence": pages.asking(Matter(Action.SILENCE, HEADLINE, ("Arrests for espionage", "Tumen passage"))),
    "silenced": pages.told(Matter(Action.SILENCE, UNRULY, (UNRULY,), settled=True, until=UNTIL)),
    "unsubscribe": pages.asking(Matter(Action.UNSUBSCRIBE, "Russia–China desk, morning", recipient=READER)),
    "half": pages.asking(
        Matter(Action.UNSUBSCRIBE, "Russia–China desk, morning", recipient=READER, partner="morning", urgent=True)
    ),
    "left half": pages.told(
        Matter(Action.UNSUBSCRIBE, UNRULY, recipient=READER, settled=True, partner="morning", urgent=True)
    ),
    "noise": pages.asking(Matter(Action.NOISE, "وصول أول سفينة إلى الميناء", ("Harbour",))),
    "gone": pages.Page("Nothing here", ("This address leads nowhere.",)),
}


def test_the_pages_can_be_read_and_pressed_at_every_width_in_light_and_dark_by_everybody() -> None:
    found = browser.look({name: pages.html(page) for name, page in PAGES.items()}, widths=(320, 1200))
    assert len(found) == len(PAGES) * 4
    for look in found:
        where = f"{look['page']} at {look['width']} px, {look['scheme']}"
        assert look["overflow"] <= 0, f"{where}: must be scrolled sideways"
        assert look["cut"] == [], f"{where}: reaches out of the window"
        assert look["hidden"] == [], f"{where}: nobody can see this"
        assert look["tiny"] == [], f"{where}: too small to read"
        assert look["axe"] == [], f"{where}: not accessible"
        assert look["loads"] == [], f"{where}: loads something"


def test_the_policy_allows_the_style_sheet_of_the_page_and_nothing_else() -> None:
    """A browser hashes what stands between the tags, to the byte (CSP level 3, section 6.7.3.3)."""
    found = re.search(r"<style>(.*?)</style>", pages.html(PAGES["gone"]), re.DOTALL)
    assert found
    digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in pages.policy()
    assert "unsafe" not in pages.policy()
    assert " style=" not in pages.html(PAGES["silence"])  # such an attribute would not be heeded


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.HITS])
def test_every_action_has_a_page_before_it_and_after_it(action: Action) -> None:
    before, after = pages.asking(Matter(action, HEADLINE)), pages.told(Matter(action, HEADLINE))
    assert before.title.endswith("?")
    assert before.button
    assert not before.undoes
    assert not after.title.endswith("?")
    assert after.undoes == (after.button != "")
    for page in (before, after):
        assert pages.html(page).count("<h1>") == 1


def test_what_is_done_already_is_not_asked_again() -> None:
    done = Matter(Action.UNSUBSCRIBE, "Morning", recipient=READER, settled=True)
    assert pages.asking(done) == pages.told(done)
