"""What every channel promises the outbox, whatever is on its other side; the fake is held to it too."""

import asyncio
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support import samples
from support.channel_rigs import FAULTS, Rig, rig
from support.smtp import Certificate, certificate

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


@pytest.mark.parametrize("channel", [name for name in FAULTS if name not in {"console", "file"}], indirect=True)
async def test_after_a_temporary_failure_the_same_channel_works_again(channel: Rig) -> None:
    situations = {"email": "452 after the data", "slack": "503", "memory": "temporary"}
    channel.fail(situations[channel.target.channel])
    delivery = channel.delivery()
    with pytest.raises(DeliveryError):
        await channel.channel.send(delivery, samples.AT)
    await channel.channel.send(delivery, samples.AT + timedelta(minutes=1))
    assert len(channel.arrived()) == 1


@every_channel
async def test_deliveries_sent_side_by_side_all_arrive(channel: Rig) -> None:
    moments = [samples.AT + timedelta(seconds=n) for n in range(5)]
    deliveries = [replace(channel.delivery(), key=f"key-{n}", created_at=at) for n, at in enumerate(moments)]
    receipts = await asyncio.gather(*(channel.channel.send(delivery, samples.AT) for delivery in deliveries))
    assert [receipt.key for receipt in receipts] == [f"key-{n}" for n in range(5)]
    assert "".join(channel.arrived()).count(samples.digest().stories[2].headline) >= 5
