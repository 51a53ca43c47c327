"""The channel `slack:#channel`: incoming webhooks, or a bot token with chat.postMessage and chat.update.

With a token, what follows on an alert goes into the thread of the story's first message, and that message is edited
to show the story as it is now: first the edit, which does no harm if it is made twice, then the news. Nothing that
goes wrong with the edit costs the news.
"""

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
LITERAL = {"parse": "none", "link_names": False}  # the fallback text is not searched for names and channels
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
GONE = {"message_not_found", "channel_not_found"}  # answers to an edit: the thread's first message is not there
THREADLESS = {
    "thread_not_found",
    "invalid_thread_ts",
    "cannot_reply_to_message",
    "restricted_action_thread_locked",
} | GONE  # answers to a reply: it can't stand in that thread
LIMITED = {"ratelimited", "rate_limited"}
EDIT_TRIES = 3  # so often is a delivery put off because its edit does not work; then the news goes without


class SlackChannel:
    """Posts to Slack. `webhook` gives the webhook URL for a target's address, or None: then the bot token is used.

    `pace` is the least time in seconds between two messages to one channel: Slack allows one a second. `timeout` is
    in seconds, and also the longest time for which a message waits here because Slack asked to slow down; what would
    have to wait longer is refused as temporary. `transport` takes the place of httpx's own and is closed with the
    channel. Raises ConfigError for a token that can't be one.
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
        self._patience = timeout
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._next: dict[str, float] = {}  # by address: when the next message may go, on the loop's clock

    def __repr__(self) -> str:
        return f"<SlackChannel {'with' if self._token else 'without'} token>"

    async def send(self, delivery: Delivery, at: datetime) -> Receipt:
        """The receipt holds Slack's channel and timestamp of the message where Slack tells them. Raises DeliveryError.

        429, 5xx, no connection or no answer in time: temporary. A message that Slack finds invalid: permanent.
        Token, webhook or channel not accepted: configuration.
        """
        address = delivery.target.address
        async with self._turns[address]:
            await self._wait(address)
            try:
                reference = await self._deliver(delivery, at)
            finally:
                pause = asyncio.get_running_loop().time() + self._pace
                self._next[address] = max(pause, self._next.get(address, 0.0))
        return Receipt(delivery.key, at, reference)

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

    async def _deliver(self, delivery: Delivery, at: datetime) -> str:
        address, body = delivery.target.address, delivery.message.body
        payload: dict[str, Any] = {
            "text": body["text"],
            "blocks": _keyed(body["blocks"], delivery.key),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        webhook = self._webhook(address)
        if webhook:
            return await self._ask(address, webhook, payload, at)
        if not self._token:
            raise self._error(address, "neither a webhook of this name nor a bot token is set", CONFIGURATION)
        payload |= LITERAL | {"metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": delivery.key}}}
        place = await self._place(delivery, at)
        try:
            return await self._call("chat.postMessage", address, payload | place, at)
        except _RefusedError as error:
            if "thread_ts" not in place or error.code not in THREADLESS:
                raise
            return await self._call("chat.postMessage", address, payload | {"channel": address}, at)

    async def _place(self, delivery: Delivery, at: datetime) -> dict[str, Any]:
        """Where the message goes: into its story's thread, whose first message is edited here, or into the channel."""
        ordinary = {"channel": delivery.target.address}
        channel, _, ts = delivery.root.partition(" ")
        if not ts:
            return ordinary
        thread: dict[str, Any] = {"channel": channel, "thread_ts": ts}
        if delivery.message.body.get("broadcast"):
            thread["reply_broadcast"] = True
        root = delivery.message.body.get("root")
        if not isinstance(root, Mapping):
            return thread
        try:
            edit = {"channel": channel, "ts": ts, "text": root["text"], "blocks": root["blocks"]}
            await self._call("chat.update", delivery.target.address, edit | LITERAL, at)
        except DeliveryError as error:
            code = error.code if isinstance(error, _RefusedError) else ""
            if error.fault is TEMPORARY and (code in LIMITED or delivery.attempts < EDIT_TRIES):
                raise
            # A first message that does not change draws nobody's eye to its thread: the channel must see the news.
            return ordinary if code in GONE else thread | {"reply_broadcast": True}
        return thread

    async def _call(self, method: str, address: str, payload: Mapping[str, object], at: datetime) -> str:
        return await self._ask(address, f"{self._api}/{method}", payload, at, Authorization=f"Bearer {self._token}")

    async def _ask(self, address: str, url: str, payload: Mapping[str, object], at: datetime, **headers: str) -> str:
        headers["Content-Type"] = "application/json; charset=utf-8"
        response = await self._post(address, url, _json(payload), headers)
        try:
            return self._reference(address, response, at)
        except DeliveryError as error:
            if error.retry_after:
                self._next[address] = asyncio.get_running_loop().time() + error.retry_after.total_seconds()
            raise

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
        """Until the next message may go to this address. Raises DeliveryError where that is too long to wait here."""
        left = self._next.get(address, 0.0) - asyncio.get_running_loop().time()
        if left > max(self._patience, self._pace):
            raise self._error(address, "Slack asked to slow down (429)", TEMPORARY, timedelta(seconds=left))
        await asyncio.sleep(max(0.0, left))

    # --- what is answered ---------------------------------------------------------------------------------

    def _reference(self, address: str, response: httpx.Response, at: datetime) -> str:
        """Where to find the message again; raises DeliveryError for anything but success."""
        status, said = response.status_code, response.text
        answer = _object(said)
        refusal = str(answer.get("error", "")) if answer.get("ok") is False else ""
        if status == 429 or refusal in LIMITED:
            wait = retry_after(response.headers.get("Retry-After", ""), at)
            error = self._error(address, "Slack asks to slow down (429)", TEMPORARY, wait)
            raise _RefusedError(str(error), TEMPORARY, wait, code="ratelimited")
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
        fault, advice = CONFIGURATION, "; check the token or webhook, the channel's name and that the bot is in it"
        if code in PASSING or code in LASTING:
            fault, advice = (TEMPORARY if code in PASSING else PERMANENT), ""
        return _RefusedError(str(self._error(address, f"Slack {what}{advice}", fault)), fault, code=code)

    def _error(
        self, address: str, what: str, fault: DeliveryFault, retry_after: timedelta | None = None
    ) -> DeliveryError:
        webhook = self._webhook(address) or ""
        end = webhook.rstrip("/").rsplit("/", 1)[-1]  # what alone would let anybody post
        secrets = (self._token, webhook, end if len(end) >= SECRET_MIN else "")
        return DeliveryError(f"slack:{address}: {scrub(what, secrets)}", fault, retry_after)


class _RefusedError(DeliveryError):
    """Slack's answer was no; `code` is its word for why."""

    def __init__(self, message: str, fault: DeliveryFault, retry_after: timedelta | None = None, *, code: str) -> None:
        super().__init__(message, fault, retry_after)
        self.code = code


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
