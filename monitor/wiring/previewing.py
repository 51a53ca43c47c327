"""Digests in every form in which they can be looked at, as they would be sent and as they were."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from monitor.adapters.config import Settings
from monitor.adapters.deliver.letter import build, sender_address
from monitor.adapters.deliver.render import DigestRenderer, shipped
from monitor.app.previewing import Hindsights
from monitor.core.digestjson import digest_to_dict
from monitor.core.model import Delivery, Digest, DigestSpec, Message, Target
from monitor.wiring.looking import opened
from monitor.wiring.place import reader_links

_SENDER = "News monitor <monitor@example.org>"  # where no mail server is set
_READER = Target("email", "reader@example.org")


@contextmanager
def hindsights(settings: Settings) -> Iterator[Hindsights]:
    """What digests would have been, over the database. Raises StoreError, also when there is none."""
    with opened(settings) as store:
        yield Hindsights(store, settings.alert_max_age)


def previewed(digest: Digest, spec: DigestSpec, form: str, settings: Settings) -> list[str]:
    """The digest as `text`, `html`, `slack`, `json` or `email`: one document, or several where it goes in parts.

    As email it is the whole message with its headers, to the first email recipient of `spec`; the others get the same.
    """
    if form == "json":
        return [_json(digest_to_dict(digest))]
    renderer = DigestRenderer(settings.templates, reader_links(settings))
    if form != "email":
        (whole,) = renderer.render(digest, Target("console", ""))
        return _in_form(whole, form)
    target = next((target for target in spec.to if target.channel == "email"), _READER)
    messages = renderer.render(digest, target)
    return [
        _letter(
            Delivery(
                key=f"{digest.thread or spec.id}@{digest.at:%Y%m%dT%H%M%S.%fZ}:{target}:{part}",
                digest=spec.id,
                target=target,
                message=message,
                created_at=digest.at,
                part=part,
                parts=len(messages),
                thread=digest.thread,
            ),
            settings,
        )
        for part, message in enumerate(messages, start=1)
    ]


def shipped_templates() -> dict[str, str]:
    """The templates of digests that come with the monitor, by name."""
    return shipped()


def as_sent(deliveries: Sequence[Delivery], form: str, settings: Settings) -> list[str]:
    """What was sent, each message once however many got it, as far as its channel has that form; maybe nothing."""
    once: dict[str, Delivery] = {}
    for delivery in deliveries:
        once.setdefault(_json(delivery.message.body), delivery)
    if form == "email":
        return [_letter(each, settings) for each in once.values() if each.target.channel == "email"]
    return [text for each in once.values() for text in _in_form(each.message, form)]


def _in_form(message: Message, form: str) -> list[str]:
    """A message's body in this form; nothing where its channel has none."""
    body: Mapping[str, object] = message.body
    if form == "slack" and message.channel == "slack":
        return [_json(body)]
    found = body.get("digest" if form == "json" else form)
    if found is None or (message.channel == "slack" and form == "text"):
        return []
    return [found if isinstance(found, str) else _json(found)]


def _letter(delivery: Delivery, settings: Settings) -> str:
    sender = sender_address(settings.smtp.sender if settings.smtp else _SENDER)
    return build(delivery, delivery.created_at, sender).as_bytes().decode("utf-8", "surrogateescape")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
