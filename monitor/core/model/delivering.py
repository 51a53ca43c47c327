"""The messages that a digest becomes, and their way to the reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.core.model.routing import Target


@dataclass(frozen=True, slots=True)
class Message:
    """A digest in the form of one kind of channel, ready to be sent any number of times, alike each time.

    `body` is JSON-ready: email `{subject, text, html, attachment?, unsubscribe?}`, slack
    `{text, blocks, root?, broadcast?}` (`root`: what the thread's first message shall say now; `broadcast`: to be seen
    in the channel, too), webhook and atom `{digest}` (see core/digestjson.py),
    apprise `{subject, text}`, console and file `{subject, text, html, slack, digest}`.
    """

    channel: str
    body: Mapping[str, object]


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"  # recorded before the attempt; found after a crash, it is tried again with its key
    SENT = "sent"
    PARKED = "parked"  # will not be tried again by itself; `error` says why


LEFT = "left"  # the fault of a delivery that is not sent because its recipient left the digest


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one recipient. `key` is unique and the same at every attempt."""

    key: str
    digest: str
    target: Target
    message: Message
    created_at: datetime
    part: int = 1  # parts of one digest to one target are sent in order
    parts: int = 1
    state: DeliveryState = DeliveryState.QUEUED
    attempts: int = 0
    next_attempt_at: datetime | None = None
    error: str = ""
    receipt: str = ""
    thread: str = ""  # what belongs together for a reader; sent in order
    root: str = ""  # receipt of the thread's first message to this target, once there is one
    fault: str = ""  # of the last failure: temporary, permanent or configuration; LEFT


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the channel answered: enough to find the message again on the other side."""

    key: str
    at: datetime
    reference: str = ""  # SMTP answer, Slack timestamp, file path


@dataclass(frozen=True, slots=True)
class Refusal:
    """A recipient that refuses: what was sent to it was not accepted, or came back, and nothing has arrived since."""

    target: Target
    digests: tuple[str, ...]
    since: datetime
    last_at: datetime
    times: int  # deliveries
    reason: str  # of the last one
