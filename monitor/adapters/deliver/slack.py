"""The channel `slack:#channel`: incoming webhooks, or a bot token and chat.postMessage. One request a message."""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from monitor.core.model import Delivery, Receipt
from monitor.errors import AddressRefusedError, ConfigError, DeliveryError, DeliveryFault, Problem

from .answers import retry_after
from .secrets import scrub

# httpx writes every address it asks into the log, and a webhook's address is its password.
logging.getLogger("httpx").setLevel(logging.WARNING)

TEMPORARY, PERMANENT, CONFIGURATION = DeliveryFault

API = "https://slack.com/api"
BLOCK_ID_MAX = 255  # characters
EVENT_TYPE = "monitor_delivery"
SECRET_MIN = 6  # characters: what is shorter is no secret, and hiding it would garble messages
# Answers of Slack's that pass by themselves, and those that mean this message; all others need a person to look.
PASSING = {
    "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
    "message_limit_exceeded", "rollup_error", "accesslimited", "team_added_to_org",
}  # fmt: skip
LASTING = {
    "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text", "invalid_payload",
    "invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large", "duplicate_message_not_found",
    "attachment_payload_limit_exceeded", "too_many_attachments",
}  # fmt: skip


class SlackChannel:
    """Posts to Slack. `webhook` gives the webhook URL for a target's address, or None: then the bot token is used.

    `pace` is the least time in seconds between two messages to one channel: Slack allows one a second. `timeout` is
    in seconds. `transport` takes the place of httpx's own and is closed with the channel. Raises ConfigError for a
    token that can't be one.
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        webhook: Callable[[str], str | None] = lambda address: None,
        api_url: str = API,
        timeout: float = 20.0,
        pace: float = 1.0,
        user_agent: str = "news-monitor",
        client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._token = token or ""
        if not (self._token.isascii() and self._token.isprintable()) or " " in self._token:
            raise ConfigError([Problem((), "the Slack token holds characters that no token has", "copy it again")])
        self._webhook = webhook
        self._api = api_url.rstrip("/")
        self._pace = pace
        self._client = client or httpx.AsyncClient(
            transport=transport, timeout=timeout, headers={"User-Agent": user_agent}
        )
        self._owned = client is None
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._last: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"<SlackChannel {'with' if self._token else 'without'} token>"

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        """The receipt holds Slack's timestamp of the message where Slack tells it. Raises DeliveryError.

        429, 5xx, no connection or no answer in time: temporary. A message that Slack finds invalid: permanent.
        Token, webhook or channel not accepted: configuration.
        """
        address = delivery.target.address
        url, payload, headers = self._request(delivery)
        async with self._turns[address]:
            await self._wait(address)
            try:
                response = await self._post(address, url, payload, headers)
            finally:
                self._last[address] = asyncio.get_running_loop().time()
        return Receipt(delivery.key, at, self._reference(address, response, at))

    async def reach(self, address: str, at: datetime) -> str:
        """Ask whether Slack would take a message for this address, send none; the answer. Raises DeliveryError.

        A webhook is sent an empty message, which a working one refuses with "no_text"; a token is asked who it is.
        """
        webhook = self._webhook(address)
        url = webhook or f"{self._api}/auth.test"
        headers = {} if webhook else {"Authorization": f"Bearer {self._token}"}
        response = await self._post(address, url, b"{}", {"Content-Type": "application/json", **headers})
        if webhook and response.status_code == 400 and response.text.strip() in LASTING:
            return "the webhook answers"
        self._reference(address, response, at)
        return f"the bot {_object(response.text).get('user', '')} answers".replace("  ", " ")

    async def aclose(self) -> None:
        """Closes connections, unless the HTTP client was given."""
        if self._owned:
            await self._client.aclose()

    # --- what is asked ------------------------------------------------------------------------------------

    def _request(self, delivery: Delivery) -> tuple[str, bytes, dict[str, str]]:
        address, body = delivery.target.address, delivery.message.body
        payload: dict[str, Any] = {
            "text": body["text"],
            "blocks": _keyed(body["blocks"], delivery.key),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        headers = {"Content-Type": "application/json; charset=utf-8"}
        webhook = self._webhook(address)
        if webhook:
            return webhook, _json(payload), headers
        if not self._token:
            raise self._error(address, "neither a webhook of this name nor a bot token is set", CONFIGURATION)
        payload["channel"] = address
        payload["metadata"] = {"event_type": EVENT_TYPE, "event_payload": {"key": delivery.key}}
        return f"{self._api}/chat.postMessage", _json(payload), headers | {"Authorization": f"Bearer {self._token}"}

    async def _post(self, address: str, url: str, content: bytes, headers: Mapping[str, str]) -> httpx.Response:
        try:
            return await self._client.post(url, content=content, headers=headers)
        # Not chained: the originals hold the request, and with it the webhook's secret address.
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise self._error(address, "the webhook is not a URL; copy it again", CONFIGURATION) from None
        except AddressRefusedError as error:
            raise self._error(address, f"Slack was not asked: {error}", CONFIGURATION) from None
        except httpx.TimeoutException:
            raise self._error(address, "Slack did not answer in time", TEMPORARY) from None
        except (httpx.HTTPError, OSError) as error:
            raise self._error(address, f"no connection to Slack: {error}", TEMPORARY) from None

    async def _wait(self, address: str) -> None:
        last = self._last.get(address)
        if last is not None:
            await asyncio.sleep(max(0.0, last + self._pace - asyncio.get_running_loop().time()))

    # --- what is answered ---------------------------------------------------------------------------------

    def _reference(self, address: str, response: httpx.Response, at: datetime) -> str:
        """Where to find the message again; raises DeliveryError for anything but success."""
        status, said = response.status_code, response.text
        answer = _object(said)
        refusal = str(answer.get("error", "")) if answer.get("ok") is False else ""
        if status == 429 or refusal in {"ratelimited", "rate_limited"}:
            wait = retry_after(response.headers.get("Retry-After", ""), at)
            raise self._error(address, "Slack asks to slow down (429)", TEMPORARY, wait)
        if status >= 500:
            wait = retry_after(response.headers.get("Retry-After", ""), at)
            raise self._error(address, f"Slack answered {status}", TEMPORARY, wait)
        if not 200 <= status < 300:
            raise self._refused(address, f"answered {status}: {said}", said.strip())
        if refusal:
            detail = "; ".join(map(str, answer.get("response_metadata", {}).get("messages", [])))
            raise self._refused(address, f"refused: {refusal}" + (f" ({detail})" if detail else ""), refusal)
        if said.lstrip().startswith("<"):
            raise self._refused(address, "answered with a web page: something stands between us and Slack", "")
        return f"{answer['channel']} {answer['ts']}" if "ts" in answer and "channel" in answer else "ok"

    def _refused(self, address: str, what: str, code: str) -> DeliveryError:
        if code in PASSING:
            return self._error(address, f"Slack {what}", TEMPORARY)
        if code in LASTING:
            return self._error(address, f"Slack {what}", PERMANENT)
        advice = "check the token or webhook, the channel's name and that the bot is in it"
        return self._error(address, f"Slack {what}; {advice}", CONFIGURATION)

    def _error(
        self, address: str, what: str, fault: DeliveryFault, retry_after: timedelta | None = None
    ) -> DeliveryError:
        webhook = self._webhook(address) or ""
        end = webhook.rstrip("/").rsplit("/", 1)[-1]  # what alone would let anybody post
        secrets = (self._token, webhook, end if len(end) >= SECRET_MIN else "")
        return DeliveryError(f"slack:{address}: {scrub(what, secrets)}", fault, retry_after)


def _keyed(blocks: object, key: str) -> list[dict[str, object]]:
    """The blocks with the delivery's key as the first one's id: a webhook has no other place to carry it."""
    assert isinstance(blocks, list)
    found = [dict(block) for block in blocks]
    if found and len(key) <= BLOCK_ID_MAX:
        found[0]["block_id"] = key
    return found


def _json(payload: Mapping[str, object]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
