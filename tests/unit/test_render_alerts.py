"""What alerts look like, what surrounds the stories, what can be clicked, and text from right to left."""

from dataclasses import replace

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import samples

from monitor.adapters.deliver.render import DigestRenderer, render_html, render_text
from monitor.adapters.deliver.render.words import direction
from monitor.core.model import Digest, Target
from monitor.core.tickets import Action

EMAIL, FILE = Target("email", "a@b.example"), Target("file", "out")


def tree(digest: Digest) -> LexborHTMLParser:
    return LexborHTMLParser(render_html(digest))


def seen(form: str, digest: Digest) -> str:
    """What a reader of the HTML or of the text sees, its lines joined."""
    body = tree(digest).body
    assert body is not None
    text = body.text(separator=" ") if form == "html" else render_text(digest)
    return " ".join(text.replace("*", "").split())


# --- alerts and what stands around them -------------------------------------------------------------------


readable = pytest.mark.parametrize("form", ["html", "text"])


@readable
def test_an_alert_is_told_in_short_with_one_line_on_what_was_watched(form: str) -> None:
    text = seen(form, samples.alert())
    assert text.count(samples.alert().headline) == 1, "the story's headline is the alert's"
    assert "61 of 64 feeds read, last at 22:59; 3 unusually quiet; not heard: Образец-Восток, 样例日报." in text
    for absent in ("Last 30 days", "Feeds read by language", "Not heard", "7 reports, at most"):
        assert absent not in text
    page = tree(samples.alert())
    assert [node.tag for node in page.css("h1,h2,h3")] == ["h1", "h2"]
    assert page.css("table") == []


@readable
def test_what_was_sent_by_hand_says_so_and_not_that_it_came_too_thick(form: str) -> None:
    several = replace(samples.fold(), folded=0, by_hand=True)
    together = f"Sent by hand, {len(several.stories)} alerts together."
    assert together in seen(form, several)
    assert "too thick" not in seen(form, several)
    assert "by hand" not in seen(form, replace(samples.alert(), by_hand=True)), "it is what it would have been"


@readable
def test_an_alert_does_not_keep_back_that_something_happened_to_the_feeds(form: str) -> None:
    text = seen(form, replace(samples.alert(), feed_news=samples.feeds().feed_news))
    assert "5 pieces of news of the feeds; `monitor feeds health` says more." in text
    assert "5 pieces of news" not in seen(form, samples.alert())


@readable
@pytest.mark.parametrize(
    ("digest", "said"),
    [
        (samples.update(), "told 2 h ago; more reports"),
        (samples.update(), "7 reports by 6 outlets in 3 languages"),
        (samples.update(), "Told before: 2 reports by Пример-Ъ and The Sample Times"),
        (samples.again(), "not acknowledged, told 2 h ago"),
        (samples.again(), "Second Chinese national held in coastal spy case"),
        (samples.fold(), "14 alerts came too thick to be told one by one: they are in this message together."),
        (samples.held(), "Held back by quiet hours since Mon 22:00."),
        (samples.digest(), "amur-bridges (removed), tumen-passage"),
        (samples.digest(), "Rules edited since Friday"),
        (samples.alert(replace(samples.espionage(), acknowledged=True)), "new story; acknowledged"),
    ],
)
def test_a_reader_is_told_why_a_message_comes_now(form: str, digest: Digest, said: str) -> None:
    # Without spaces: plain text may break a line inside Han.
    assert said.replace(" ", "") in seen(form, digest).replace(" ", "")


@pytest.mark.parametrize(
    ("digest", "begins"),
    [
        (samples.digest(), "Second espionage case"),
        (samples.alert(), "CRITICAL: Суд в Приморске"),
        (samples.update(), "CRITICAL: Суд в Приморске"),
        (samples.alert(samples.tumen()), "MEDIUM: Survey boats"),
        (replace(samples.alert(), headline="Суд в Приморске…"), f"CRITICAL: {samples.alert().headline}"),
        (samples.fold(), "CRITICAL: 14 alerts in 6 min: Суд в Приморске"),
        (samples.held(), "CRITICAL (held back): Суд в Приморске"),
        (replace(samples.alert(), sample=True), "[SAMPLE] CRITICAL: Суд"),
        (replace(samples.held(), headline="One\r\nBcc: x@y.example"), "CRITICAL (held back): One Bcc: x@y.example"),
    ],
)
def test_the_subject_says_the_news_and_how_grave_it_is(digest: Digest, begins: str) -> None:
    subject = str(DigestRenderer().render(digest, EMAIL)[0].body["subject"])
    assert subject.startswith(begins)
    assert subject.endswith(f" · {digest.title}")
    assert subject.isprintable()


def test_a_long_headline_leaves_room_in_the_subject_for_what_follows_it() -> None:
    subject = str(
        DigestRenderer().render(replace(samples.digest(), headline="и снова " * 80), EMAIL)[0].body["subject"]
    )
    assert len(subject) < 220
    assert subject.endswith("… · Russia–China desk, morning digest")


@pytest.mark.parametrize(
    ("digest", "shown"),
    [
        (samples.digest(), "3 stories from 11 reports: espionage · arrest"),
        (samples.alert(), "New story; espionage · arrest · citizen of China · FSB; First: Пример-Ъ"),
        (samples.again(), "Not acknowledged, told 2 h ago; espionage"),
        (samples.empty(), "Nothing was found. 8,912 items"),
    ],
)
def test_the_preview_says_what_the_subject_does_not(digest: Digest, shown: str) -> None:
    assert tree(digest).css_first(".preview").text().startswith(shown)


@readable
def test_nothing_can_be_clicked_without_a_public_address(form: str) -> None:
    text = seen(form, samples.alert())
    for absent in ("acknowledge", "noise", "quiet this story", "unsubscribe", "all hits"):
        assert absent not in text


def clickable(digest: Digest, target: Target = EMAIL) -> dict[str, list[str]]:
    """The addresses under each label, the reports' left out."""
    (message,) = DigestRenderer(links=samples.LINKS).render(digest, target)
    found: dict[str, list[str]] = {}
    for node in LexborHTMLParser(str(message.body["html"])).css(".act a"):
        found.setdefault(node.text(), []).append(str(node.attributes["href"]))
    return found


def test_with_a_public_address_a_reader_acts_with_one_click() -> None:
    links, told = samples.LINKS, clickable(samples.alert())
    assert told == {
        "acknowledge": [links.story(Action.ACK, 41)],
        "relevant": [links.hit(Action.RELEVANT, 310)],
        "noise": [links.hit(Action.NOISE, 310)],
        "quiet this story": [links.story(Action.SILENCE, 41)],
        "all hits": [links.hits(samples.alert().spec)],
        "unsubscribe": [links.unsubscribe("flash", EMAIL)],
    }


@pytest.mark.parametrize(
    ("digest", "target", "absent", "reason"),
    [
        (samples.digest(), EMAIL, "acknowledge", "what is not repeated need not be acknowledged"),
        (samples.alert(replace(samples.espionage(), acknowledged=True)), EMAIL, "acknowledge", "somebody has"),
        (samples.alert(samples.tumen()), EMAIL, "noise", "no hit is known to lay the mark on"),
        (samples.digest(), FILE, "unsubscribe", "a file has no reader of its own"),
    ],
)
def test_only_what_makes_sense_can_be_clicked(digest: Digest, target: Target, absent: str, reason: str) -> None:
    told = clickable(digest, target)
    assert absent not in told, reason
    assert "quiet this story" in told


def test_each_reader_unsubscribes_only_themselves() -> None:
    renderer = DigestRenderer(links=samples.LINKS)
    addresses = set()
    for target in (EMAIL, Target("email", "other@b.example")):
        (message,) = renderer.render(samples.digest(), target)
        url = message.body["unsubscribe"]
        assert url == samples.LINKS.unsubscribe("morning", target)
        assert str(url) in str(message.body["text"])
        addresses.add(url)
    assert len(addresses) == 2
    assert "unsubscribe" not in DigestRenderer().render(samples.digest(), EMAIL)[0].body


# --- scripts ----------------------------------------------------------------------------------------------


def test_headlines_from_right_to_left_say_so_wherever_they_stand() -> None:
    page = tree(samples.leftward())
    assert [node.attributes.get("dir") for node in page.css("h1,.story h2")] == ["rtl", "rtl", "rtl", "rtl", None]
    assert [node.attributes.get("dir") for node in page.css(".snip")] == ["rtl", "rtl", "rtl", None]
    assert page.css_first("html").attributes["dir"] == "ltr"
    assert page.css_first(".chg").attributes["dir"] == "rtl"


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("", "ltr"),
        ("2026", "ltr"),
        ("محكمة ساحلية", "rtl"),
        ("בית המשפט", "rtl"),
        ("BBC: محكمة ساحلية تعتقل", "rtl"),
        ("Court holds مواطن in port", "ltr"),
        ("西伯利亚力量2号", "ltr"),
        ("Суд арестовал", "ltr"),
    ],
)
def test_the_direction_of_a_text_is_that_of_most_of_its_letters(text: str, way: str) -> None:
    assert direction(text) == way
