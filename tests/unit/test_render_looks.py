"""How the email looks: in a real browser from a phone to a wide window, light and dark; and in mail programs."""

from dataclasses import replace
from itertools import pairwise

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import browser, mail_programs, samples

from monitor.adapters.deliver.render import DigestRenderer
from monitor.core.model import Digest, Target

READER = Target("email", "desk@newsroom.example")
LONG = "https://primer.example/" + "ochen-dlinnyy-adres-" * 12


def html(digest: Digest) -> str:
    """The first email as a reader gets it, with all that can be clicked."""
    return str(DigestRenderer(links=samples.LINKS).render(digest, READER)[0].body["html"])


def unruly() -> Digest:
    """What sources write when nobody looks: words without end, an address as a headline."""
    story = replace(
        samples.espionage(), headline=LONG, headline_marks=samples.marked(f"{{{LONG}}}"),
        gloss=("Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",) * 3,
        snippet=samples.marked("西伯利亚" * 60 + "{" + "ы" * 90 + "}"), changes=((LONG, LONG + "2"),),
    )  # fmt: skip
    topics = (replace(samples.digest().topics[0], title="Q" * 90),)
    return replace(samples.digest(), title="Т" * 70, headline=LONG, topics=topics, stories=(story,))


PAGES = {
    "morning": samples.digest(),
    "alert": samples.alert(),
    "leftward": samples.leftward(),
    "unruly": unruly(),
}


def test_the_email_can_be_read_at_every_width_in_light_and_dark_by_everybody() -> None:
    found = browser.look({name: html(digest) for name, digest in PAGES.items()})
    assert len(found) == len(PAGES) * 6
    for look in found:
        where = f"{look['page']} at {look['width']} px, {look['scheme']}"
        assert look["overflow"] <= 0, f"{where}: must be scrolled sideways"
        assert look["cut"] == [], f"{where}: reaches out of the window"
        assert look["hidden"] == [], f"{where}: nobody can see this"
        assert look["tiny"] == [], f"{where}: too small to read"
        assert look["axe"] == [], f"{where}: not accessible"
        assert look["loads"] == [], f"{where}: loads something"


def test_the_browser_notices_what_is_wrong_with_a_page() -> None:
    bad = (
        '<!doctype html><html lang="en"><title>x</title><main><h1>Title</h1><p style="width:900px">wide</p>'
        '<p style="color:#ddd;background:#fff">pale</p><p style="opacity:0">unseen</p><p style="font-size:8px">tiny</p>'
        '<img src="http://127.0.0.1:9/pixel.gif"></main></html>'
    )
    (light, _) = browser.look({"bad": bad}, widths=[320])
    assert light["overflow"] > 500
    assert light["cut"] == ["p.: wide"]
    assert light["hidden"] == ["p.: unseen"]
    assert light["tiny"] == ["p.: tiny"]
    assert {finding["id"] for finding in light["axe"]} >= {"color-contrast", "image-alt"}
    assert light["loads"] == ["http://127.0.0.1:9/pixel.gif"]


# What some mail programs do not know, and why the email is as good without it.
EXTRAS = {
    "css-at-media": "smaller margins on phones: the page is fluid without",
    "css-at-media-prefers-color-scheme": "dark colours: the light ones are complete, or are inverted by the program",
    "css-border-radius": "round corners",
    "css-display-none": "hides the preview, which is also of no height; seen, it is a line that says the news",
    "css-list-style": "reports then have dots before them",
    "css-max-height": "see css-display-none",
    "css-overflow": "see css-display-none",
    "css-overflow-wrap": "with `word-wrap` beside it, which is its older name",
    "css-text-decoration": "links are underlined or not",
    "css-white-space": "figures of the glance may wrap",
    "css-word-break": "takes back what Apple Mail sets",
    "css-word-wrap": "breaks endless words only; Outlook breaks them by itself",
    "html-anchor-links": "from the glance to the story below it",
    "html-aria-hidden": "the preview is then read aloud: it says the news",
    "html-aria-label": "the bars are then read as characters, the figures stand beside them",
    "html-body": "becomes another element: fonts and colours are set on .page",
    "html-role": "the page is then a plain one",
    "html-style": "all styles but those of phones and of the dark are in the elements",
}
# Of these caniemail has no data. Text elements: what is not known is shown as text.
UNLISTED = {
    "html-a", "html-br", "html-ins", "html-mark", "html-time", "html-datetime", "html-scope", "html-link-address",
    "css-color", "css--webkit-text-size-adjust", "css-mso-hide",
}  # fmt: skip


def test_nothing_that_matters_is_unknown_to_mail_programs() -> None:
    pages = [html(digest) for digest in (*PAGES.values(), samples.fold(), samples.feeds(), samples.empty())]
    found: dict[str, set[str]] = {}
    for page in pages:
        for feature, programs in mail_programs.unsupported(page).items():
            found.setdefault(feature, set()).update(programs)
        assert mail_programs.unlisted(page) <= UNLISTED
    assert {feature: programs for feature, programs in found.items() if feature not in EXTRAS} == {}
    assert set(EXTRAS) <= set(found), "of these everything is known by now"


def test_the_checker_notices_what_mail_programs_do_not_know() -> None:
    bad = '<body><video src="x"></video><p style="display:grid;position:sticky;color:red">x</p><form></form></body>'
    found = mail_programs.unsupported(bad)
    assert "gmail.desktop-webmail" in found["html-video"]
    assert "outlook.windows" in found["css-position"]
    assert "html-form" in found


@pytest.mark.parametrize("digest", [*PAGES.values(), samples.fold()], ids=[*PAGES, "fold"])
def test_the_page_is_well_formed(digest: Digest) -> None:
    text = html(digest)
    page = LexborHTMLParser(text)
    ids = [node.attributes["id"] for node in page.css("[id]")]
    assert len(ids) == len(set(ids))
    targets = {f"#{name}" for name in ids}
    assert {node.attributes["href"] for node in page.css("a[href^='#']")} <= targets
    for tag in ("div", "p", "ul", "li", "a", "span", "mark", "table", "tr", "td", "th", "h1", "h2", "body", "html"):
        opened = text.count(f"<{tag}>") + text.count(f"<{tag} ")
        assert opened == text.count(f"</{tag}>"), tag
    levels = [int(str(node.tag)[1]) for node in page.css("h1,h2,h3,h4,h5,h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert [link for link in page.css("a") if not link.text().strip()] == []
