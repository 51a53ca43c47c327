"""The Atom feed of hits and /health: what anybody may read, what needs a key, and when nothing need be sent again."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest
from support.site import Rig, open_site
from support.stored import NOW, hit, queued, saved_hits

from monitor.core.model import RuleStatus, Severity
from monitor.core.tickets import Links
from monitor.web.handler import NEWEST


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_site(tmp_path) as rig:
        yield rig


async def entries(site: Rig, address: str) -> list[feedparser.FeedParserDict]:
    """The feed's entries, of a document that is sound XML."""
    answer = await site.get(address)
    assert answer.status_code == 200
    ElementTree.fromstring(answer.content)
    read = feedparser.parse(answer.content, response_headers={"content-type": answer.headers["Content-Type"]})
    assert not read.bozo
    return list(read.entries)


@pytest.mark.parametrize(
    "address",
    [
        "/hits.atom",
        "/hits.atom?key=",
        "/hits.atom?digest=morning",
        "/hits.atom?digest=morning&key=AAAAAAAAAAAAAAAAAAAAAA",
        "ALL&digest=morning",  # the key of one feed for another
        "STRANGER",
    ],
)
async def test_hits_are_shown_to_nobody_without_the_key_of_that_very_feed(site: Rig, address: str) -> None:
    saved_hits(site.store, "a")
    known = {"STRANGER": Links(site.links.base, b"the secret of another").hits(), "ALL": site.links.hits()}
    for word, link in known.items():
        address = address.replace(word, link)
    answer = await site.get(address)
    assert (answer.status_code, "Задержан" in answer.text) == (403, False)


async def test_a_report_is_one_entry_with_every_rule_that_fired_on_it(site: Rig) -> None:
    saved_hits(site.store, "a", rules=("espionage-arrests", "court"))
    (entry,) = await entries(site, site.links.hits())
    assert entry.title == "Задержан житель Образцовска"
    assert entry.link == "https://primer.example/a"
    assert entry.author == "Пример"
    assert {tag.term: tag.label for tag in entry.tags if tag.label} == {
        "espionage-arrests": "Arrests for espionage",
        "court": "court",
    }
    assert "<b>间谍</b>" in entry.content[0].value
    assert "high: Arrests for espionage (Задержан, 间谍)" in entry.content[0].value


async def test_a_report_keeps_its_id_whatever_feed_it_is_read_in(site: Rig) -> None:
    saved_hits(site.store, "a", rules=("espionage-arrests", "court"))
    (whole,) = await entries(site, site.links.hits())
    (narrowed,) = await entries(site, site.links.hits() + "&rule=court")
    assert narrowed.id == whole.id
    assert [tag.term for tag in narrowed.tags if tag.get("label")] == ["court"]


async def test_the_feed_of_a_digest_has_what_it_told_and_no_more(site: Rig) -> None:
    told, _ = saved_hits(site.store, "told", "waits")
    queued(site.store, hit_ids=[told])
    (entry,) = await entries(site, site.links.hits("morning"))
    assert entry.link == "https://primer.example/told"
    assert await entries(site, site.links.hits("evening")) == []


@pytest.mark.parametrize(
    ("narrower", "links"),
    [
        ("", ["b", "a"]),
        ("&rule=court", ["b"]),
        ("&severity=high", ["b", "a"]),
        ("&severity=critical", []),
        ("&language=ru", ["b", "a"]),
        ("&rule=", ["b", "a"]),
    ],
)
async def test_a_feed_may_be_narrowed(site: Rig, narrower: str, links: list[str]) -> None:
    saved_hits(site.store, "a")
    saved_hits(site.store, "b", rules=("court",), at=NOW + timedelta(hours=1))
    found = await entries(site, site.links.hits() + narrower)
    assert [entry.link.rpartition("/")[2] for entry in found] == links


@pytest.mark.parametrize(
    ("narrower", "complaint"),
    [
        ("&severity=crit", "severity is one of low, medium, high, critical, not 'crit'"),
        ("&rule=nix", "no rule has the id 'nix'; there are "),
        ("&rule=' OR 1=1 --", 'no rule has the id "\' OR 1=1 --"; there are '),
        ("&rule=espionage-arrest", "no rule has the id 'espionage-arrest', did you mean 'espionage-arrests'?"),
        ("&feed=another", "no feed has the id 'another'"),
        ("&language=russian", "language is a code such as ru or zh-Hant, not 'russian'"),
        ("&foo=1", "'foo' is nothing to ask for; there are key, digest, rule, severity, language, feed"),
        ("&rule=court&rule=nix", "rule is asked for more than once; name it once"),
        ("&" + "x" * 500 + "=1", "'" + "x" * 40 + "…' is nothing to ask for"),
    ],
)
async def test_what_the_feed_does_not_have_is_refused_with_what_it_has(
    site: Rig, narrower: str, complaint: str
) -> None:
    saved_hits(site.store, "a", rules=("court",))
    answer = await site.get(site.links.hits() + narrower)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert answer.text.startswith(complaint)


async def test_a_rule_that_is_no_more_but_fired_once_still_has_its_feed(site: Rig) -> None:
    told, _ = saved_hits(site.store, "told", "waits", rules=("of-old",))
    assert len(await entries(site, site.links.hits() + "&rule=of-old")) == 2
    assert (await site.get(site.links.hits("morning") + "&rule=of-old")).status_code == 400, "it was not told there"
    queued(site.store, hit_ids=[told])
    assert len(await entries(site, site.links.hits("morning") + "&rule=of-old")) == 1


async def test_rules_on_trial_are_not_told_here_either(site: Rig) -> None:
    (first,) = saved_hits(site.store, "a")
    stored = site.store.archive.hits([first])[0]
    trial = hit("on-trial", status=RuleStatus.SHADOW, severity=Severity.LOW)
    with site.store.transaction():
        site.store.archive.save_hits(stored.item_id, stored.story_id, [trial], NOW)
    (entry,) = await entries(site, site.links.hits())
    assert "on-trial" not in entry.content[0].value


async def test_the_newest_come_first_and_no_more_than_a_bounded_number(site: Rig) -> None:
    saved_hits(site.store, *(f"old-{number}" for number in range(NEWEST)))
    saved_hits(site.store, "new", at=NOW + timedelta(hours=1))
    found = await entries(site, site.links.hits())
    assert len(found) == NEWEST
    assert found[0].link.endswith("/new")


async def test_what_sources_write_can_not_break_the_feed(site: Rig) -> None:
    nasty = "]]><script>alert(1)</script>&amp; \x0b\ufffe\x00 间谍"
    saved_hits(site.store, "a", title=nasty, content=nasty, summary=nasty, link="javascript:alert(1)")
    (entry,) = await entries(site, site.links.hits())
    assert "]]><script>alert(1)</script>&amp; " in entry.title
    raw = (await site.get(site.links.hits())).text
    assert "<script" not in raw
    assert "javascript:" not in raw


async def test_who_has_the_newest_is_sent_nothing_again(site: Rig) -> None:
    saved_hits(site.store, "a")
    first = await site.get(site.links.hits())
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert modified == "Mon, 02 Mar 2026 08:00:00 GMT"
    for unchanged in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"other", W/{tag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
    ):
        again = await site.get(site.links.hits(), headers=unchanged)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    for stale in (
        {"If-None-Match": '"other"', "If-Modified-Since": modified},  # the tag decides alone
        {"If-Modified-Since": "Sun, 01 Mar 2026 08:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
        {"If-Modified-Since": "Mon, 99 Mar 999999 08:00:00 GMT"},
    ):
        assert (await site.get(site.links.hits(), headers=stale)).status_code == 200


async def test_a_new_hit_or_a_new_title_is_another_document(site: Rig) -> None:
    saved_hits(site.store, "a")
    first = (await site.get(site.links.hits())).headers["ETag"]
    saved_hits(site.store, "b")
    assert (await site.get(site.links.hits(), headers={"If-None-Match": first})).status_code == 200


async def test_a_feed_without_entries_is_a_feed_all_the_same(site: Rig) -> None:
    assert await entries(site, site.links.hits()) == []


# --- health -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "age", "code"),
    [
        ({"notes": []}, 10, 200),
        ({"notes": []}, 91, 503),  # six beats are missing
        ({"stopped": True}, 1, 503),
        (None, 0, 503),  # never beaten on this database
    ],
)
async def test_health_says_by_its_status_whether_the_daemon_lives(
    site: Rig, status: dict[str, object] | None, age: int, code: int
) -> None:
    if status is not None:
        site.store.upkeep.beat(NOW, status)
    site.clock.present = NOW + timedelta(seconds=age)
    answer = await site.get("/health")
    assert (answer.status_code, answer.json()["alive"]) == (code, code == 200)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await site.ask("HEAD", "/health")).status_code == code


async def test_health_gives_strangers_counts_but_no_name_and_no_sentence(site: Rig) -> None:
    saved_hits(site.store, "a")
    queued(site.store)
    site.store.upkeep.beat(NOW, {"notes": ["An edit was refused: rules.yaml:5: `secret-operation`"], "feeds": 1})
    answer = (await site.get("/health")).json()
    assert answer["notes"] == 1
    assert answer["deliveries"] == {"queued": 0, "sending": 0, "sent": 0, "parked": 0}
    assert answer["last_beat_at"] == NOW.isoformat()
    assert "secret-operation" not in str(answer)
    assert "espionage" not in str(answer)
