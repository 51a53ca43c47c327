"""What follows from a reader's link: alerts repeat no more, stories are counted and not told, recipients left alone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.alerting import FLASH, Newsdesk
from support.site import Rig, open_site

from monitor.core.model import StoryStatus, Target
from monitor.core.tickets import Action

HERE, THERE = Target("email", "here@example.org"), Target("email", "there@example.org")


@dataclass
class Room:
    """A site and a digest at once over one store and one time."""

    site: Rig
    desk: Newsdesk

    async def press(self, address: str) -> None:
        self.site.clock.present = self.desk.now
        (await self.site.post(address, data={"do": "yes"})).raise_for_status()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    spec = replace(FLASH, to=(HERE, THERE), repeat_after=timedelta(minutes=30))
    async with open_site(tmp_path) as site:
        yield Room(site, Newsdesk(site.store, spec))


async def test_an_alert_repeats_until_the_link_is_used_and_then_no_more(room: Room) -> None:
    story = room.desk.report("a")
    room.desk.tick(minutes=1)
    (again,) = room.desk.tick(minutes=30)
    assert again.stories[0].status is StoryStatus.AGAIN
    await room.press(room.site.links.story(Action.ACK, story))
    assert room.desk.tick(minutes=30) == []
    assert room.desk.tick(hours=5) == []


async def test_a_silenced_story_is_not_told_but_counted_in_the_next_that_is(room: Room) -> None:
    story = room.desk.report("a")
    room.desk.tick(minutes=1)
    await room.press(room.site.links.story(Action.SILENCE, story))
    room.desk.report("b", story=story)
    assert all(not digest.stories for digest in room.desk.tick(minutes=6))
    before = len(room.desk.subjects())
    room.desk.report("other")
    (told,) = [digest for digest in room.desk.tick(minutes=1) if digest.stories]
    assert [one.story_id for one in told.stories] != [story]
    assert any("silenced until" in reason and "by a link in a digest" in reason for reason, _ in told.left_out)
    assert len(room.desk.subjects()) == before + 2


async def test_who_left_is_not_written_to_and_the_others_are(room: Room) -> None:
    await room.press(room.site.links.unsubscribe("flash", HERE))
    room.desk.report("a")
    room.desk.tick(minutes=1)
    assert [row["address"] for row in room.site.store.query_outbox()] == [THERE.address]
