"""What all rigs have in common; see support.channel_rigs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support import samples

from monitor.adapters.deliver.render import DigestRenderer
from monitor.app.ports import Channel
from monitor.core.model import Delivery, Digest, Message, Target
from monitor.errors import DeliveryFault

TEMPORARY, PERMANENT, CONFIGURATION = DeliveryFault
PATIENCE = 0.3  # seconds a channel waits for an answer in tests of silence


@dataclass
class Rig:
    """A channel and what arrived at its other side. `fail(situation)` arranges the next failure, `mend` ends it."""

    channel: Channel
    target: Target
    arrived: Callable[[], list[str]]  # the texts that a reader can see
    keys: Callable[[], list[str]]  # the keys as the other side can see them
    fail: Callable[[str], None]
    secrets: tuple[str, ...] = ()
    mend: Callable[[], None] = lambda: None
    merges: bool = False  # what is told again stands in the place of what was told before

    def messages(self, digest: Digest) -> list[Message]:
        """The digest in this channel's form."""
        return DigestRenderer().render(digest, self.target)

    def delivery(self, **changes: Any) -> Delivery:
        """A delivery of the sample digest."""
        message = changes.pop("message", None) or self.messages(samples.digest())[0]
        return samples.delivery(self.target, message, **changes)
