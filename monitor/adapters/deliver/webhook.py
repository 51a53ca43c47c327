"""The channel `webhook:NAME`: posts the digest as JSON, signed after the Standard Webhooks specification 1.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import urlsplit

import httpx

from monitor.core.digestjson import encode
from monitor.core.model import Delivery, Receipt
from monitor.errors import AddressRefusedError, DeliveryError, DeliveryFault

from .answers import retry_after
from .secrets import scrub

# httpx writes every address it asks into the log, and a webhook's may be its password.
logging.getLogger("httpx").setLevel(logging.WARNING)

TEMPORARY, PERMANENT, CONFIGURATION = DeliveryFault

# Statuses that pass by themselves, and those that mean this message; of others of 4xx a person has to see to them.
PASSING = {408, 409, 423, 425, 429}  # 409: an attempt with this key is being dealt with
LASTING = {400, 406, 413, 414, 415, 422, 431}
SECRET_MIN = 6  # characters: what is shorter is no secret, and hiding it would garble messages


@dataclass(frozen=True, slots=True, repr=False)
class Receiver:
    """An address to post to, and the secrets that sign what is posted there: `whsec_` and base64."""

    url: str
    secrets: Sequence[str]


class WebhookChannel:
    """Posts digests to receivers by name. `receiver` gives the one for a target's address, or None.

    `timeout` is in seconds. `transport` takes the place of httpx's own and is closed with the channel. Redirects are
    not followed: the address is to be mended instead.
    """

    def __init__(
        self,
        receiver: Callable[[str], Receiver | None],
        *,
        timeout: float = 20.0,
        user_agent: str = "news-monitor",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._receiver = receiver
        self._client = httpx.AsyncClient(
            transport=transport, timeout=timeout, headers={"User-Agent": user_agent}, follow_redirects=False
        )

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        """The receipt holds the status that was answered. `at` is the time that is signed. Raises DeliveryError.

        2xx is success. 429, 5xx, no connection or no answer in time: temporary. A message that is found to be wrong or
        too large: permanent. Anything else: configuration.
        """
        name = delivery.target.address
        receiver = self._known(name)
        body = encode(_digest(delivery))
        headers = signed(delivery.key, at, body, receiver.secrets)
        headers |= {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": delivery.key}
        response = await self._ask(name, receiver, "POST", body, headers)
        if not response.is_success:
            self._refused(name, receiver, response, at)
        return Receipt(delivery.key, at, str(response.status_code))

    async def reach(self, name: str) -> str:
        """Ask whether somebody answers at the address, without a message; what is found. Raises DeliveryError.

        Whether a message would be taken is known only once one was sent: many receivers know nothing but POST.
        """
        response = await self._ask(name, self._known(name), "HEAD", b"", {})
        return f"the server answers ({response.status_code} to a question without a message)"

    async def aclose(self) -> None:
        """Closes connections."""
        await self._client.aclose()

    def _known(self, name: str) -> Receiver:
        found = self._receiver(name)
        if found is None:
            variable = f"MONITOR_WEBHOOK_{name.upper().replace('-', '_')}"
            advice = f"set {variable} and {variable}_SECRET"
            raise DeliveryError(f"webhook:{name}: no address is set; {advice}", CONFIGURATION)
        return found

    async def _ask(
        self, name: str, receiver: Receiver, method: str, body: bytes, headers: dict[str, str]
    ) -> httpx.Response:
        try:
            return await self._client.request(method, receiver.url, content=body, headers=headers)
        # Not chained: the originals hold the request, and with it the address, which may be secret.
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            self._fail(name, receiver, "its address is no URL; copy it again", CONFIGURATION)
        except AddressRefusedError as error:
            self._fail(name, receiver, f"not asked: {error}", CONFIGURATION)
        except httpx.TimeoutException:
            self._fail(name, receiver, "no answer in time", TEMPORARY)
        except (httpx.HTTPError, OSError) as error:
            self._fail(name, receiver, f"no connection: {error}", TEMPORARY)

    def _refused(self, name: str, receiver: Receiver, response: httpx.Response, at: datetime) -> NoReturn:
        status, said = response.status_code, " ".join(response.text[:1000].split())[:150]
        what = f"the receiver answered {status}" + (f": {said}" if said and not said.startswith("<") else "")
        if status in PASSING or status >= 500:
            wait = retry_after(response.headers.get("Retry-After", ""), at)
            self._fail(name, receiver, what, TEMPORARY, wait)
        if status in LASTING:
            self._fail(name, receiver, what, PERMANENT)
        advice = "redirects are not followed; set the address where it leads" if 300 <= status < 400 else "check it"
        self._fail(name, receiver, f"{what}; {advice}", CONFIGURATION)

    def _fail(
        self, name: str, receiver: Receiver, what: str, fault: DeliveryFault, wait: timedelta | None = None
    ) -> NoReturn:
        parts = urlsplit(receiver.url)
        pieces = [piece for piece in (*parts.path.split("/"), parts.query) if len(piece) >= SECRET_MIN]
        secrets = (receiver.url, *pieces, *receiver.secrets, *(s.removeprefix("whsec_") for s in receiver.secrets))
        raise DeliveryError(f"webhook:{name}: {scrub(what, secrets)}", fault, wait) from None


def signed(key: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers that say what a message is, when it was sent, and that it is ours: one signature a secret."""
    moment = str(int(at.timestamp()))
    content = f"{key}.{moment}.".encode() + body
    return {
        "webhook-id": key,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(_signature(secret, content) for secret in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    made = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256)
    return f"v1,{base64.b64encode(made.digest()).decode()}"


def _digest(delivery: Delivery) -> dict[str, object]:
    found = delivery.message.body["digest"]
    assert isinstance(found, dict)
    return found
