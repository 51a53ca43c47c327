"""The ports of telling: digests, what people said of them, deliveries and channels. Part of `ports.py`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from monitor.core.model import (
    Ack,
    Alert,
    Delivery,
    DeliveryState,
    Digest,
    Message,
    Receipt,
    Refusal,
    RuleEdit,
    RuleInfo,
    Run,
    Silence,
    Story,
    Target,
    Telling,
    Waiting,
)


class DigestDesk(Protocol):
    """What waits to be told, and what was told when."""

    def wait(self, digest: str, hit_ids: Collection[int], now: datetime) -> None:
        """Put hits into a digest's tray; one that already waits, or that this digest told, stays as it is."""
        ...

    def renew(self, digest: str, hit_ids: Collection[int], now: datetime) -> None:
        """Put hits into the tray although told before: the item was edited in a way worth telling."""
        ...

    def leave_out(self, digest: str, hit_id: int, reason: str, now: datetime) -> None:
        """Count a hit that this digest would have taken but does not tell, with the reason in words."""
        ...

    def left_out(self, digest: str) -> tuple[tuple[str, int], ...]:
        """(reason, number of reports) since the digest last went to somebody, most first."""
        ...

    def set_aside(self, digest: str, hit_ids: Collection[int], reason: str, now: datetime) -> None:
        """Take hits out of the tray without telling them, and count them as left out for this reason."""
        ...

    def waiting(self) -> dict[str, Waiting]:
        """Trays that are not empty, by digest."""
        ...

    def alerts(
        self,
        digest: str,
        now: datetime,
        *,
        told_before: datetime,
        report_after: datetime,
        most: int,
        rules: Collection[str] | None = None,
    ) -> list[Alert]:
        """Stories with something in the tray, the longest waiting first.

        Also those that may have to come again: told last before `told_before` (or in the future, by a clock that was
        set back), fewer than `most` times without news, reported on since `report_after`, not acknowledged
        (see People.seen_to). With `rules`, only those of which something waits, or was told, that one of these found.
        """
        ...

    def tellings(self, digest: str, story_ids: Collection[int]) -> dict[int, Telling]:
        """By story, what this digest told of it; those never told are absent."""
        ...

    def told(self, digest: str, story_ids: Collection[int]) -> list[int]:
        """The hits of these stories that this digest has told."""
        ...

    def last_sent(self, digest: str) -> datetime | None:
        """When this digest was last made, or None."""
        ...

    def last_heard(self, digest: str) -> datetime | None:
        """When this digest was last made and queued for somebody, or None: an empty one may be made for nobody."""
        ...

    def runs(self, digest: str, since: datetime) -> list[Run]:
        """When this digest was made and queued for somebody, after `since`, in order."""
        ...

    def start(self, digest: str, now: datetime) -> datetime:
        """When this digest was first known (recorded now if never): cron times before it are not made up for."""
        ...

    def close(self, digest: Digest, hit_ids: Collection[int], deliveries: Sequence[Delivery], now: datetime) -> None:
        """Empty the tray of these hits, mark them and the digest's stories told, record the digest, queue deliveries.

        What was left out is forgotten when there are deliveries to tell it.
        """
        ...

    def note_rules(self, rules: Sequence[RuleInfo], now: datetime) -> None:
        """Log the rules in force that differ from those in force before, and those that are gone."""
        ...

    def rule_edits(self, since: datetime, until: datetime) -> tuple[RuleEdit, ...]:
        """What became of rules after `since`, up to `until`, each once; never the first that were known."""
        ...


class People(Protocol):
    """What people said: of what to be quiet, which story somebody has seen to, who left a digest."""

    def story(self, story_id: int) -> Story | None:
        """The story with this number."""
        ...

    def silence(self, silence: Silence) -> Silence:
        """Keep a silence, in place of an earlier one of the same thing; gives it back with its number."""
        ...

    def silences(self, now: datetime) -> list[Silence]:
        """Those in force, the one that ends first standing first."""
        ...

    def end_silence(self, silence_id: int) -> bool:
        """Forget a silence; False where there is none with this number."""
        ...

    def acknowledge(self, ack: Ack) -> bool:
        """Record that somebody has seen to a story, in place of an earlier word; False where there is no such story."""
        ...

    def forget_ack(self, story_id: int) -> bool:
        """Take the word back; False where there was none."""
        ...

    def acks(self, story_ids: Collection[int]) -> dict[int, Ack]:
        """By story, what was said last of those of these that somebody has seen to, whatever came since."""
        ...

    def seen_to(self, story_ids: Collection[int], digest: str | None = None) -> frozenset[int]:
        """Those of these whose acknowledgement counts: nothing graver came since, to this digest (None: to any).

        Graver than all that had been told of the story when it was acknowledged; where nothing had been, than all that
        had been found. What came is what was told since or waits.
        """
        ...

    def leave(self, digest: str, target: Target, now: datetime) -> None:
        """This recipient wants this digest no more: what is queued for it is parked, with the fault LEFT."""
        ...

    def rejoin(self, digest: str, target: Target) -> bool:
        """This recipient wants it again; False where it had not left. What was parked because it left stays so."""
        ...

    def left(self, digest: str) -> dict[Target, datetime]:
        """Who left a digest, and when."""
        ...

    def departed(self) -> dict[str, frozenset[Target]]:
        """By digest, who left it; those that nobody left are absent."""
        ...


class Outbox(Protocol):
    """Deliveries on their way."""

    def due(self, now: datetime, limit: int) -> list[Delivery]:
        """Of each target the oldest queued one whose time has come, oldest first.

        A part is due only after its earlier parts are SENT or PARKED, one of a thread after the thread's earlier ones
        to the same target. `root` is the receipt of the first of these that was sent.
        """
        ...

    def attempt(self, key: str, now: datetime) -> None:
        """Record, before sending, that an attempt begins."""
        ...

    def sent(self, receipt: Receipt) -> None:
        """Record success."""
        ...

    def failed(self, key: str, error: str, retry_at: datetime | None, now: datetime, fault: str = "") -> None:
        """Record failure: queued again for `retry_at`, or parked when None; `fault` is the value of a DeliveryFault.

        Parked, too, when its recipient has left the digest meanwhile.
        """
        ...

    def recover(self, now: datetime) -> list[str]:
        """Queue again what a crash left in SENDING; gives their keys. Call once, before the first dispatch.

        What was on its way to somebody who left the digest meanwhile is parked.
        """
        ...

    def retry(self, keys: Collection[str], now: datetime) -> int:
        """Queue parked ones again, and have waiting ones tried now, at a person's wish; how many there were.

        Never those of recipients who have left the digest.
        """
        ...

    def bounced(self, key: str, reason: str, now: datetime) -> bool:
        """One that was sent came back: parked for good; False where none with this key was sent."""
        ...

    def refusals(self) -> list[Refusal]:
        """Recipients that refuse, the latest first: see there."""
        ...

    def count(self) -> Mapping[DeliveryState, int]:
        """How many stand in each state."""
        ...


class Renderer(Protocol):
    """Gives a digest the form that a target's channel needs."""

    def render(self, digest: Digest, target: Target) -> list[Message]:
        """One message, or several parts in order where limits ask for it; never drops anything silently."""
        ...

    def render_all(self, digest: Digest, targets: Sequence[Target]) -> list[list[Message]]:
        """The same for each target, in order; for a form that costs less for all at once."""
        return [self.render(digest, target) for target in targets]


class Channel(Protocol):
    """Sends one message to one recipient."""

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        """Raises DeliveryError, whose `fault` says whether to try again. Carries `delivery.key` to the other side."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
