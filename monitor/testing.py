"""Stand-ins for the outside, for tests of ours and of others: in memory, scriptable, and themselves tested."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from monitor.core.model import Delivery, Receipt
from monitor.errors import DeliveryError


class MemoryChannel:
    """A channel that keeps what it is sent.

    `script` says how the next sends go, one entry each: None is success, an error is raised. After its end all
    sends succeed. `accept_then_fail` keeps the message and raises nevertheless, like a connection lost too late.
    """

    def __init__(self, script: Sequence[DeliveryError | None] = (), *, accept_then_fail: bool = False) -> None:
        self.script = deque(script)
        self.accept_then_fail = accept_then_fail
        self.sent: list[Delivery] = []
        self.attempts: list[tuple[str, datetime]] = []  # (key, when), failed ones included
        self.closed = False

    @property
    def keys(self) -> list[str]:
        """The keys of what arrived, in order; a key twice means that it arrived twice."""
        return [delivery.key for delivery in self.sent]

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        """Keeps the delivery, or raises what the script says."""
        self.attempts.append((delivery.key, at))
        error = self.script.popleft() if self.script else None
        if error is None or self.accept_then_fail:
            self.sent.append(delivery)
        if error is not None:
            raise error
        return Receipt(delivery.key, at, f"memory {len(self.sent)}")

    async def aclose(self) -> None:
        """Remembers that it was closed."""
        self.closed = True
