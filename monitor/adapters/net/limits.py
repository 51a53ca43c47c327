"""What both transports hold to."""

from collections.abc import Iterable

import httpx

KEEP_ALIVE = 15.0  # seconds that an idle connection is kept: for the next feed of the same host, not the next poll
HEAD = 64 * 1024  # bytes in all lines of an answer's head; servers themselves rarely send, or take, more than 8 KiB


def check_head(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raises httpx.RemoteProtocolError for a head that is larger than any honest server's."""
    size = sum(len(name) + len(value) for name, value in headers)
    if size > HEAD:
        raise httpx.RemoteProtocolError("the head of the answer is too large")
