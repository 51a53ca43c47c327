"""Receivers that the environment names: webhooks with what signs their messages, addresses of Apprise's services."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from monitor.adapters.config import values
from monitor.adapters.config.environment import Environment, Secret, secret_address

PREFIX = "whsec_"  # as the Standard Webhooks specification writes secrets
_LEAST, _MOST = 24, 64  # bytes of a secret, by the same
_MAKE_ONE = 'make one: echo "whsec_$(openssl rand -base64 32)"'


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where digests are posted, and what signs them: several while an old secret gives way to a new one."""

    url: Secret
    secrets: tuple[Secret, ...]


def plain_name(address: str) -> str:
    """`#Russia-China` → `russia_china`: how a variable names a target, in lower case."""
    return re.sub(r"\W", "_", address.lstrip("#")).lower()


def webhooks(env: Environment) -> Mapping[str, Webhook]:
    """`MONITOR_WEBHOOK_NAME` with `MONITOR_WEBHOOK_NAME_SECRET`, by name."""
    found: dict[str, Webhook] = {}
    given = env.names("MONITOR_WEBHOOK")
    for name in given:
        if name == "MONITOR_WEBHOOK":
            env.complain(name, "lacks a name", "e.g. MONITOR_WEBHOOK_DESK for webhook:desk")
        elif name.endswith("_SECRET"):
            address = name.removesuffix("_SECRET")
            if address not in given:
                env.complain(address, f"is missing, while {name} is set", "set the webhook's address")
        else:
            url = env.get(name, secret_address, None)
            none: tuple[Secret, ...] = ()
            secrets = env.get(f"{name}_SECRET", _signing, none)
            if not env.has(f"{name}_SECRET"):
                env.complain(f"{name}_SECRET", "is missing: it signs what is sent", _MAKE_ONE)
            if url and secrets:
                found[plain_name(name.removeprefix("MONITOR_WEBHOOK_"))] = Webhook(url, secrets)
    return found


def apprise(env: Environment) -> Mapping[str, Secret]:
    """`MONITOR_APPRISE_NAME`, by name."""
    found: dict[str, Secret] = {}
    for name in env.names("MONITOR_APPRISE"):
        if name == "MONITOR_APPRISE":
            env.complain(name, "lacks a name", "e.g. MONITOR_APPRISE_DESK for apprise:desk")
        elif url := env.get(name, _service, None):
            found[plain_name(name.removeprefix("MONITOR_APPRISE_"))] = url
    return found


def _signing(value: object) -> tuple[Secret, ...]:
    """One secret, or several with blanks between. No complaint quotes them."""
    found = values.text(value).split()
    for one in found:
        try:
            size = len(base64.b64decode(one.removeprefix(PREFIX), validate=True))
        except (ValueError, binascii.Error):
            size = 0
        if not one.startswith(PREFIX) or not _LEAST <= size <= _MOST:
            raise values.ComplaintError(f"is not whsec_ and {_LEAST} to {_MOST} bytes in base64", _MAKE_ONE)
    return tuple(map(Secret, found))


def _service(value: object) -> Secret:
    """An address of a service's; whether Apprise knows it, only `monitor doctor` asks."""
    found = values.text(value)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://\S+", found):
        raise values.ComplaintError("is no address of Apprise's", "e.g. tgram://TOKEN/CHAT or ntfys://HOST/TOPIC")
    return Secret(found)
