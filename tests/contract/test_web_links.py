"""What the links in a digest lead to: pages that say what a button does, and deeds that only a POST does."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from support.site import Rig, open_site
from support.stored import ALERTS, DESK, NOW, count, saved_hits, tables

from monitor.core.model import Relevance, SilenceKind
from monitor.core.tickets import Action, Links

YES, UNDO = {"do": "yes"}, {"do": "undo"}
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_site(tmp_path) as rig:
        yield rig


def address(site: Rig, action: Action) -> str:
    """A link for this action on a story with one report, on which two rules fired."""
    (first, _) = saved_hits(site.store, "a", rules=("espionage-arrests", "court"))
    story = site.store.archive.hits([first])[0].story_id
    if action is Action.UNSUBSCRIBE:
        return site.links.unsubscribe("morning", DESK)
    return site.links.story(action, story) if action in {Action.ACK, Action.SILENCE} else site.links.hit(action, first)


DEEDS = [action for action in Action if action is not Action.HITS]


@pytest.mark.parametrize("action", DEEDS)
async def test_looking_changes_nothing_however_often(site: Rig, action: Action) -> None:
    link = address(site, action)
    before = tables(site.store)
    for method in ("GET", "HEAD", "GET"):
        assert (await site.ask(method, link)).status_code == 200
    assert tables(site.store) == before


@pytest.mark.parametrize(
    ("action", "says"),
    [
        (Action.ACK, ["Acknowledge this story?", "Задержан житель", "court, Arrests for espionage", "everybody"]),
        (Action.SILENCE, ["Be quiet about this story?", "Задержан житель", "1 day", "3 days", "1 week"]),
        (Action.RELEVANT, ["relevant?", "Задержан житель", "Rule</dt>", "Arrests for espionage"]),
        (Action.NOISE, ["noise?", "Задержан житель", "Arrests for espionage"]),
        (Action.UNSUBSCRIBE, ["Unsubscribe from this digest?", "Morning desk", "desk@example.org"]),
    ],
)
async def test_the_page_says_what_the_button_will_do(site: Rig, action: Action, says: list[str]) -> None:
    page = (await site.get(address(site, action))).text
    for words in says:
        assert words in page
    assert page.count("<button") == 1
    assert '<form method="post">' in page  # to its own address, wherever a proxy puts that


async def test_an_acknowledgement_is_recorded_and_shown_from_then_on(site: Rig) -> None:
    link = address(site, Action.ACK)
    done = await site.post(link, data=YES)
    assert (done.status_code, "<h1>Acknowledged</h1>" in done.text) == (200, True)
    story = int(site.links.read(link.rpartition("/")[2]).subject[0])  # type: ignore[union-attr]
    assert site.store.people.acks([story])[story].at == NOW
    assert "<h1>Acknowledged</h1>" in (await site.get(link)).text
    assert "Acknowledged no more" in (await site.post(link, data=UNDO)).text
    assert site.store.people.acks([story]) == {}


async def test_a_mark_is_not_taken_back_but_replaced(site: Rig) -> None:
    link = address(site, Action.NOISE)
    await site.post(link, data=YES)
    assert (await site.post(link, data=UNDO)).status_code == 400
    assert len(site.store.bench.marked()) == 1


@pytest.mark.parametrize("days", [1, 3, 7])
async def test_a_story_is_silenced_for_as_long_as_chosen_and_told_again_when_asked(site: Rig, days: int) -> None:
    link = address(site, Action.SILENCE)
    done = await site.post(link, data=YES | {"days": str(days)})
    (silence,) = site.store.people.silences(NOW)
    assert (silence.kind, silence.until) == (SilenceKind.STORY, NOW + timedelta(days=days))
    assert f"Quiet until {silence.until:%A %d %B %Y, %H:%M} UTC" in done.text
    assert "Tell it again" in (await site.get(link)).text
    assert "It will be told again" in (await site.post(link, data=UNDO)).text
    assert site.store.people.silences(NOW) == []


async def test_a_silence_that_is_over_may_be_begun_again(site: Rig) -> None:
    link = address(site, Action.SILENCE)
    await site.post(link, data=YES)
    site.clock.present = NOW + timedelta(days=2)
    assert "Be quiet about this story?" in (await site.get(link)).text


@pytest.mark.parametrize("action", [Action.RELEVANT, Action.NOISE])
async def test_a_mark_is_recorded_and_the_second_takes_the_place_of_the_first(site: Rig, action: Action) -> None:
    link = address(site, action)
    other = site.links.hit(Action.NOISE if action is Action.RELEVANT else Action.RELEVANT, 1)
    await site.post(other, data=YES)
    assert f"Marked as {action}" in (await site.post(link, data=YES)).text
    (marked,) = site.store.bench.marked()
    assert (marked.stored.id, marked.relevance) == (1, Relevance(action.value))


BOUNDARY = "=_b"
MULTIPART = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--{BOUNDARY}--\r\n'
)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (ONE_CLICK, FORM),
        (ONE_CLICK, {}),  # some programs leave the type out
        (MULTIPART, {"Content-Type": f'multipart/form-data; boundary="{BOUNDARY}"'}),
    ],
)
async def test_one_click_leaves_the_digest_without_page_cookie_or_redirect(
    site: Rig, body: str, headers: dict[str, str]
) -> None:
    """RFC 8058, section 3.2: nothing but this request is sent, by a program that has no cookies."""
    done = await site.post(site.links.unsubscribe("morning", DESK), content=body, headers=headers)
    assert done.status_code == 200
    assert "Set-Cookie" not in done.headers
    assert site.store.people.left("morning") == {DESK: NOW}
    assert site.store.people.left("evening") == {}


async def test_who_left_may_come_back_and_the_others_never_left(site: Rig) -> None:
    link = site.links.unsubscribe("morning", DESK)
    await site.post(site.links.unsubscribe("morning", ALERTS), data=YES)
    assert "Subscribe again" in (await site.post(link, data=YES)).text
    assert "Unsubscribed" in (await site.get(link)).text
    assert "Subscribed again" in (await site.post(link, data=UNDO)).text
    assert set(site.store.people.left("morning")) == {ALERTS}


EVENING, AT_ONCE = "evening", "evening-at-once"
WISHES = [
    (AT_ONCE, "yes", {AT_ONCE}),
    (AT_ONCE, "both", {EVENING, AT_ONCE}),
    (EVENING, "yes", {EVENING}),
    (EVENING, "both", {EVENING, AT_ONCE}),
    ("morning", "both", {"morning"}),  # its other half was taken out of the file meanwhile
]


@pytest.mark.parametrize(("digest", "wish", "expected"), WISHES)
async def test_a_digest_and_what_is_told_at_once_for_it_are_left_one_by_one_or_together(
    site: Rig, digest: str, wish: str, expected: set[str]
) -> None:
    assert (await site.post(site.links.unsubscribe(digest, DESK), data={"do": wish})).status_code == 200
    assert site.store.people.departed() == dict.fromkeys(expected, frozenset({DESK}))


async def test_who_leaves_only_what_is_told_at_once_is_told_what_that_means_before_and_after(site: Rig) -> None:
    link = site.links.unsubscribe(AT_ONCE, DESK)
    asked = (await site.get(link)).text
    assert "Who leaves this one alone does not hear of it any more." in asked
    assert [f'value="{wish}"' in asked for wish in ("yes", "both", "undo")] == [True, True, False]
    done = (await site.post(link, data=YES)).text
    assert "do not hear of what can&#39;t wait any more" in done
    assert "Leave the scheduled one, too" in done
    assert "You left both" in (await site.post(link, data={"do": "both"})).text
    assert "you left as well" not in (await site.post(link, data={"do": "back"})).text
    assert site.store.people.departed() == {}


async def test_who_comes_back_to_the_scheduled_digest_only_is_told_what_it_leaves_out(site: Rig) -> None:
    link = site.links.unsubscribe(EVENING, DESK)
    await site.post(link, data={"do": "both"})
    assert "you left as well: this one leaves it out" in (await site.post(link, data=UNDO)).text
    assert set(site.store.people.departed()) == {AT_ONCE}


async def test_one_click_leaves_only_the_digest_that_the_mail_belongs_to(site: Rig) -> None:
    await site.post(site.links.unsubscribe(AT_ONCE, DESK), content=ONE_CLICK, headers=FORM)
    assert set(site.store.people.departed()) == {AT_ONCE}


async def test_a_story_has_no_other_half_to_be_quiet_about(site: Rig) -> None:
    link = address(site, Action.SILENCE)
    for wish in ("both", "back"):
        assert (await site.post(link, data={"do": wish})).status_code == 400


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", ""),  # what looks for weak places posts nothing in particular
        (b"do=maybe", ""),
        (b"do=yes&days=4000", ""),
        (b"do=yes&days=-1", ""),
        (b"do=\xff", ""),
        (b"&" * 4000, ""),
        (b"--x\r\n", "multipart/form-data"),
        (b"--x\r\n", "multipart/form-data; boundary=" + "x" * 300),
        (b'{"do": "yes"}', "application/json"),
    ],
)
@pytest.mark.parametrize("action", [Action.SILENCE, Action.UNSUBSCRIBE])
async def test_a_post_that_is_not_our_form_changes_nothing(
    site: Rig, action: Action, content: bytes, kind: str
) -> None:
    link = address(site, action)
    before = tables(site.store)
    done = await site.post(link, content=content, headers={"Content-Type": kind} if kind else {})
    assert (done.status_code, tables(site.store)) == (400, before)


async def test_a_packed_body_is_refused_unopened(site: Rig) -> None:
    link = site.links.unsubscribe("morning", DESK)
    done = await site.post(link, content=b"\x1f\x8b", headers=FORM | {"Content-Encoding": "gzip"})
    assert (done.status_code, count(site.store, "unsubscribed")) == (400, 0)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_we_did_not_sign_leads_nowhere(site: Rig, method: str) -> None:
    link = address(site, Action.ACK)
    before = tables(site.store)
    stranger = Links(site.links.base, b"the secret of another")
    ticket = link.rpartition("/")[2]
    key = site.links.hits().rpartition("=")[2]
    for forged in (
        stranger.story(Action.ACK, 1),
        link + "x",
        link.replace("ack", "silence"),
        f"/do/{ticket.partition('.')[2]}",
        f"/do/hits.WyIiXQ.{key}",  # the key of a feed, which opens no deed
        "/do/",
        "/do/%00",
    ):
        assert (await site.ask(method, forged, data=YES if method == "POST" else None)).status_code == 404
    assert tables(site.store) == before


@pytest.mark.parametrize("action", [action for action in DEEDS if action is not Action.UNSUBSCRIBE])
async def test_what_the_archive_no_longer_holds_is_said_to_be_gone(site: Rig, action: Action) -> None:
    link = address(site, action).rpartition("/")[0] + "/"
    gone = site.links.story(action, 999) if action in {Action.ACK, Action.SILENCE} else site.links.hit(action, 999)
    assert gone.startswith("https://news.example.org/do/")
    assert link.endswith("/do/")
    for answer in (await site.get(gone), await site.post(gone, data=YES)):
        assert (answer.status_code, "no longer kept" in answer.text) == (404, True)


async def test_a_headline_can_put_nothing_into_the_page(site: Rig) -> None:
    saved_hits(site.store, "a", title="<script>alert(1)</script> & \u202egnol\u202c \"'")
    page = (await site.get(site.links.hit(Action.NOISE, 1))).text
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in page
    assert '<bdi dir="auto">' in page


@pytest.mark.parametrize("path", ["/", "/nowhere", "/do/x", "DEED"])
async def test_every_page_asks_for_nothing_and_tells_nobody(site: Rig, path: str) -> None:
    answer = await site.get(address(site, Action.SILENCE) if path == "DEED" else path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    expected = {
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Content-Type": "text/html; charset=utf-8",
        "Server": "news-monitor",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    assert "Set-Cookie" not in answer.headers
    for asking in ("<script", "src=", "href=", "url(", "@import"):
        assert asking not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 200, None),
        ("HEAD", "/", 200, None),
        ("POST", "/", 405, "GET, HEAD"),
        ("DELETE", "/health", 405, "GET, HEAD"),
        ("PUT", "TICKET", 405, "GET, HEAD, POST"),
        ("OPTIONS", "/hits.atom", 405, "GET, HEAD"),
        ("GET", "/admin", 404, None),
        ("GET", "//", 404, None),
        ("GET", "/do", 404, None),
        ("BREW", "/coffee", 400, None),
    ],
)
async def test_other_paths_and_methods_are_refused(
    site: Rig, method: str, path: str, status: int, allow: str | None
) -> None:
    path = site.links.unsubscribe("morning", DESK) if path == "TICKET" else path
    answer = await site.ask(method, path)
    assert (answer.status_code, answer.headers.get("Allow")) == (status, allow)
    assert bool(answer.content) == (method != "HEAD")


async def test_the_path_of_the_public_address_may_be_taken_off_by_the_proxy_or_not(tmp_path: Path) -> None:
    async with open_site(tmp_path, public="https://news.example.org/monitor") as site:
        link = site.links.unsubscribe("morning", DESK)
        assert link.startswith("https://news.example.org/monitor/do/unsubscribe.")
        for path in (link, link.replace("/monitor/", "/")):
            assert "Unsubscribe from this digest?" in (await site.get(path)).text
        assert (await site.get("/monitor/")).status_code == 200
        assert (await site.get("/monitor")).status_code == 200
        assert (await site.get("/monitors/health")).status_code == 404
