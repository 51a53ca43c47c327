"""What every channel promises the outbox, whatever is on its other side; the fake is held to it too."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support import samples
from support.channel_rigs import FAULTS, SITUATIONS, TRIALS, Rig, Without, rig, trials
from support.smtp import Certificate, certificate

from monitor.core.model import Delivery
from monitor.errors import DeliveryError, DeliveryFault


@pytest.fixture(scope="session")
def localhost(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
async def channel(request: pytest.FixtureRequest, tmp_path: Path, localhost: Certificate) -> AsyncIterator[Rig]:
    async with rig(request.param, tmp_path, localhost) as made:
        yield made


every_channel = pytest.mark.parametrize("channel", FAULTS, indirect=True)
every_failure = pytest.mark.parametrize(
    ("channel", "situation", "fault"),
    [(name, situation, fault) for name, faults in FAULTS.items() for situation, fault in faults.items()],
    indirect=["channel"],
)


# A stream that was closed stays closed.
again = [one for one in trials("temporary") if one[0] != "console"]


async def until(found: Callable[[], bool]) -> bool:
    """Whether it becomes true within a few seconds."""
    for _ in range(200):
        if found():
            return True
        await asyncio.sleep(0.02)
    return False


async def patient(channel: Rig, delivery: Delivery) -> None:
    """Send, and again as the outbox would, for the waits of these tests are very short on a busy machine."""
    for _ in range(10):
        try:
            await channel.channel.send(delivery, samples.AT)
            return
        except DeliveryError as error:
            if error.fault is not DeliveryFault.TEMPORARY:
                raise
    raise AssertionError("not sent in ten attempts")


@every_channel
async def test_a_digest_arrives_whole_in_every_script(channel: Rig) -> None:
    receipt = await channel.channel.send(channel.delivery(), samples.AT)
    (text,) = channel.arrived()
    for story in samples.digest().stories:
        assert story.headline in text.replace("\n", "")
    assert receipt.key == samples.KEY
    assert receipt.at == samples.AT
    assert receipt.reference


@every_channel
async def test_the_key_reaches_the_other_side(channel: Rig) -> None:
    await channel.channel.send(channel.delivery(), samples.AT)
    assert channel.keys() == [samples.KEY]


@every_channel
async def test_another_attempt_carries_the_same_key(channel: Rig) -> None:
    for minutes in (0, 5):
        await channel.channel.send(channel.delivery(attempts=minutes), samples.AT + timedelta(minutes=minutes))
    assert set(channel.keys()) == {samples.KEY}


@every_failure
async def test_a_failure_says_whether_to_try_again(channel: Rig, situation: str, fault: DeliveryFault) -> None:
    channel.fail(situation)
    with pytest.raises(DeliveryError) as caught:
        await channel.channel.send(channel.delivery(), samples.AT)
    assert caught.value.fault is fault, caught.value


@every_failure
async def test_a_failure_never_shows_a_secret(channel: Rig, situation: str, fault: DeliveryFault) -> None:
    channel.fail(situation)
    with pytest.raises(DeliveryError) as caught:
        await channel.channel.send(channel.delivery(), samples.AT)
    shown = "".join([*traceback.format_exception(caught.value), repr(caught.value), repr(channel.channel)])
    assert not [secret for secret in channel.secrets if secret in shown]


def test_every_channel_answers_for_every_trial() -> None:
    assert set(SITUATIONS) == set(FAULTS)
    for name, situations in SITUATIONS.items():
        assert set(situations) == set(TRIALS), name
        for trial, situation in situations.items():
            if isinstance(situation, Without):
                assert situation.strip(), (name, trial)
            else:
                assert FAULTS[name][situation].value == trial or trial not in set(DeliveryFault), (name, trial)


@pytest.mark.parametrize(("channel", "situation"), again, indirect=["channel"])
async def test_after_a_temporary_failure_the_same_channel_works_again(channel: Rig, situation: str) -> None:
    channel.fail(situation)
    delivery = channel.delivery()
    with pytest.raises(DeliveryError):
        await channel.channel.send(delivery, samples.AT)
    channel.mend()
    await channel.channel.send(delivery, samples.AT + timedelta(minutes=1))
    assert len(channel.arrived()) == 1


@pytest.mark.parametrize(("channel", "situation"), trials("slow down"), indirect=["channel"])
async def test_who_asks_to_wait_is_heard(channel: Rig, situation: str) -> None:
    channel.fail(situation)
    with pytest.raises(DeliveryError) as caught:
        await channel.channel.send(channel.delivery(), samples.AT)
    assert (caught.value.fault, caught.value.retry_after) == (DeliveryFault.TEMPORARY, timedelta(seconds=40))


@pytest.mark.parametrize(("channel", "situation"), trials("taken, then silence"), indirect=["channel"])
async def test_what_was_taken_without_an_answer_comes_again_with_the_same_key(channel: Rig, situation: str) -> None:
    """At least once: the other side has it, we can't know; the key is what tells the repetition."""
    channel.fail(situation)
    delivery = channel.delivery()
    with pytest.raises(DeliveryError) as caught:
        await channel.channel.send(delivery, samples.AT)
    assert caught.value.fault is DeliveryFault.TEMPORARY
    assert await until(lambda: len(channel.keys()) == 1), "the other side took it"
    channel.mend()
    await patient(channel, delivery)
    assert len(channel.keys()) >= 2
    assert set(channel.keys()) == {samples.KEY}


@every_channel
async def test_deliveries_sent_side_by_side_all_arrive(channel: Rig) -> None:
    moments = [samples.AT + timedelta(seconds=n) for n in range(5)]
    deliveries = [replace(channel.delivery(), key=f"key-{n}", created_at=at) for n, at in enumerate(moments)]
    receipts = await asyncio.gather(*(channel.channel.send(delivery, samples.AT) for delivery in deliveries))
    assert [receipt.key for receipt in receipts] == [f"key-{n}" for n in range(5)]
    arrived = "".join(channel.arrived()).count(samples.digest().stories[2].headline)
    assert arrived >= (1 if channel.merges else 5)


@every_channel
async def test_a_huge_digest_arrives_whole_within_the_limits(channel: Rig) -> None:
    """Each other side refuses what is beyond its limits; what has none is read for every story."""
    messages = channel.messages(samples.flood(60, 12))
    for part, message in enumerate(messages, start=1):
        sent = channel.delivery(message=message, key=f"{samples.KEY}-{part}", part=part, parts=len(messages))
        await patient(channel, sent)
    whole = "".join("".join(channel.arrived()).split())
    for number in range(1, 61):
        assert "".join(f"Новость номер {number} о шпионаже".split()) in whole


ODD = ("𠮷野家 ﷽ ё й", "ש\u05c1לום עולם", "👩‍🚀 نبأ عاجل", "ＦＵＬＬ ｗｉｄｔｈ №5 — ½", "a" * 300)


@every_channel
async def test_odd_letters_arrive_as_they_are(channel: Rig) -> None:
    base = replace(samples.tumen(), headline_marks=())
    stories = tuple(replace(base, story_id=number, headline=odd) for number, odd in enumerate(ODD, start=1))
    (message,) = channel.messages(replace(samples.digest(), stories=stories, headline=ODD[2]))
    await channel.channel.send(channel.delivery(message=message), samples.AT)
    arrived = "".join("".join(channel.arrived()).split())
    assert [odd for odd in ODD if "".join(odd.split()) not in arrived] == []
