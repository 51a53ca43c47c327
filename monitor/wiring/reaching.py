"""Asks channels whether they could be used, without a message."""

from monitor.adapters.config import Settings
from monitor.adapters.deliver import AppriseChannel, AtomChannel, FileChannel, WebhookChannel
from monitor.core.model import Target
from monitor.wiring.parts import channels


async def reach_named(settings: Settings, target: Target) -> str:
    """What is found of a `webhook:` or `apprise:` target whose address is set, or of a file. Raises DeliveryError."""
    channel = channels(settings, None)[target.channel]
    assert isinstance(channel, WebhookChannel | AppriseChannel | FileChannel | AtomChannel)
    try:
        return await channel.reach(target.address)
    finally:
        await channel.aclose()
