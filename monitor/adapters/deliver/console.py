"""The channel `console:`: prints a digest's text."""

import sys
from datetime import datetime
from typing import TextIO

from monitor.core.model import Delivery, Receipt
from monitor.errors import DeliveryError, DeliveryFault


class ConsoleChannel:
    """Writes the text part to a stream (default: standard output as it is when sending)."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        """Prints and flushes. Raises DeliveryError when the stream is closed, or nobody reads it any more."""
        stream = self._stream or sys.stdout
        text = str(delivery.message.body["text"])
        encoding = getattr(stream, "encoding", None) or "utf-8"
        try:
            # A terminal of another encoding gets question marks rather than no digest.
            stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
            stream.flush()
        except (OSError, ValueError) as error:
            raise DeliveryError(
                f"console: can't print the digest {delivery.digest}: {error}; is its reader still there?",
                DeliveryFault.TEMPORARY,
            ) from error
        return Receipt(delivery.key, at, "console")

    async def aclose(self) -> None:
        """Leaves the stream open: it is not ours."""
