"""A Slack-shaped endpoint on loopback: incoming webhooks and chat.postMessage, with the limits Slack documents.

    with SlackServer(token="xoxb-…") as slack:
        slack.webhook, slack.api                     # where to post
        slack.next(Reply(429, headers={"Retry-After": "7"}))   # answer this once instead
        slack.messages                               # what was accepted, in order

`complaints(payload)` alone says what Slack would refuse, so renderers can be checked without a server.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from support.http_server import HttpServer, Reply, Request

TEXT_MAX, SECTION_MAX, HEADER_MAX, BLOCKS_MAX, PAYLOAD_MAX = 4_000, 3_000, 150, 50, 12_000
WEBHOOK_PATH = "/services/T000/B000/webhook-secret"
# Fields a block may have beside type and block_id; the first group is required.
BLOCKS: dict[str, tuple[set[str], set[str]]] = {
    "header": ({"text"}, set()),
    "section": (set(), {"text", "fields", "accessory", "expand"}),
    "context": ({"elements"}, set()),
    "divider": (set(), set()),
    "rich_text": ({"elements"}, set()),
}
RICH_PARTS = {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}
STYLES = {"bold", "italic", "strike", "code"}
# A bare & that begins no entity; a < that begins neither link nor mention; a > that ends none.
_UNESCAPED = re.compile(r"&(?!(?:amp|lt|gt);)|<(?!https?://|mailto:)|(?<!\S)>")


@dataclass(frozen=True)
class Accepted:
    """A message Slack took: `channel` and `metadata` are empty for a webhook."""

    text: str
    blocks: list[dict[str, Any]]
    channel: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    payload: dict[str, Any] = field(default_factory=dict)


def complaints(payload: dict[str, Any]) -> list[str]:
    """Everything Slack would refuse or show wrongly in this payload; empty when all is well."""
    return list(_complaints(payload))


def _complaints(payload: dict[str, Any]) -> Iterator[str]:
    text, blocks = payload.get("text", ""), payload.get("blocks", [])
    if not text:
        yield "no fallback text"
    if len(text) > TEXT_MAX:
        yield f"text of {len(text)} characters"
    if _UNESCAPED.search(text):
        yield f"unescaped text {text!r}"
    if not 1 <= len(blocks) <= BLOCKS_MAX:
        yield f"{len(blocks)} blocks"
    size = len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))
    if size > PAYLOAD_MAX:
        yield f"blocks of {size} characters"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) != len(ids) or any(not 1 <= len(name) <= 255 for name in ids):
        yield "block ids not unique, or too long"
    for number, block in enumerate(blocks):
        for complaint in _block(block):
            yield f"blocks[{number}]: {complaint}"


def _block(block: dict[str, Any]) -> Iterator[str]:
    kind = block.get("type")
    if kind not in BLOCKS:
        yield f"unknown type {kind!r}"
        return
    required, optional = BLOCKS[kind]
    fields = set(block) - {"type", "block_id"}
    if not required <= fields or fields - required - optional:
        yield f"{kind} with fields {sorted(fields)}"
        return
    if kind == "header":
        yield from _text(block["text"], {"plain_text"}, HEADER_MAX)
    elif kind == "section":
        if "text" not in block and "fields" not in block:
            yield "section without text or fields"
        if "text" in block:
            yield from _text(block["text"], {"plain_text", "mrkdwn"}, SECTION_MAX)
    elif kind == "context":
        if not 1 <= len(block["elements"]) <= 10:
            yield f"context of {len(block['elements'])} elements"
        for element in block["elements"]:
            yield from _text(element, {"plain_text", "mrkdwn"}, SECTION_MAX)
    elif kind == "rich_text":
        if not block["elements"]:
            yield "rich_text without elements"
        for part in block["elements"]:
            yield from _rich_part(part)


def _text(text: dict[str, Any], kinds: set[str], limit: int) -> Iterator[str]:
    if text.get("type") not in kinds or set(text) - {"type", "text", "emoji", "verbatim"}:
        yield f"text object {text}"
        return
    if "emoji" in text and text["type"] != "plain_text":
        yield "emoji is for plain_text only"
    if not 1 <= len(text["text"]) <= limit:
        yield f"text of {len(text['text'])} characters, at most {limit}"
    if text["type"] == "mrkdwn" and _UNESCAPED.search(text["text"]):
        yield f"unescaped {text['text']!r}"


def _rich_part(part: dict[str, Any], inside: bool = False) -> Iterator[str]:
    kind = part.get("type")
    if kind not in RICH_PARTS or (inside and kind != "rich_text_section"):
        yield f"rich text part {kind!r}"
        return
    extra = {"style", "indent", "offset", "border"} if kind == "rich_text_list" else {"border"}
    if set(part) - {"type", "elements"} - extra or not part.get("elements"):
        yield f"{kind} with fields {sorted(part)}, or empty"
        return
    for element in part["elements"]:
        yield from _rich_part(element, inside=True) if kind == "rich_text_list" else _rich_element(element)


def _rich_element(element: dict[str, Any]) -> Iterator[str]:
    allowed = {"text": {"text"}, "link": {"url", "text"}, "emoji": {"name"}}.get(element.get("type", ""))
    if allowed is None or set(element) - allowed - {"type", "style"}:
        yield f"rich text element {element}"
        return
    if set(element.get("style", {})) - STYLES:
        yield f"style {element['style']}"
    if element["type"] in {"text", "link"} and not element.get("text"):
        yield "empty text"
    if element["type"] == "link" and not re.match(r"https?://[^\s]+$", element.get("url", "")):
        yield f"link to {element.get('url')!r}"


class SlackServer:
    """The endpoint; a context manager."""

    def __init__(self, *, token: str = "xoxb-test-token") -> None:
        self.token = token
        self.messages: list[Accepted] = []
        self.channels: set[str] | None = None  # those that exist; None: any
        self._scripted: list[Reply] = []
        self._http = HttpServer()

    def __enter__(self) -> Self:
        self._http.__enter__()
        self._http.script("/api/chat.postMessage", self._post_message)
        self._http.script("/api/auth.test", self._auth_test)
        self._http.script(WEBHOOK_PATH, self._post_webhook)
        return self

    def __exit__(self, *error: Any) -> None:
        self._http.__exit__(*error)

    @property
    def api(self) -> str:
        """What stands for https://slack.com/api."""
        return self._http.url("/api")

    @property
    def webhook(self) -> str:
        """An incoming webhook's address; its last part is secret."""
        return self._http.url(WEBHOOK_PATH)

    @property
    def requests(self) -> list[Request]:
        """Everything that was asked."""
        return self._http.requests

    def next(self, *replies: Reply) -> None:
        """Answer with these, one a request, before behaving again. A reply with latency takes the message first."""
        self._scripted += replies

    def _post_webhook(self, request: Request) -> Reply:
        payload = json.loads(request.body)
        if self._scripted:
            return self._scripted_reply(payload)
        if not payload.get("text") and not payload.get("blocks"):
            return Reply(400, b"no_text")
        if complaints(payload):
            return Reply(400, b"invalid_blocks")
        self._take(payload)
        return Reply(200, b"ok", {"Content-Type": "text/html"})  # as Slack does

    def _post_message(self, request: Request) -> Reply:
        payload = json.loads(request.body)
        if self._scripted:
            return self._scripted_reply(payload)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return answer({"ok": False, "error": "invalid_auth"})
        if not payload.get("channel") or (self.channels is not None and payload["channel"] not in self.channels):
            return answer({"ok": False, "error": "channel_not_found"})
        found = complaints(payload)
        if found:
            return answer({"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": found}})
        self._take(payload)
        return answer({"ok": True, "channel": "C024BE91L", "ts": f"1503435956.{len(self.messages):06}"})

    def _auth_test(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return answer({"ok": False, "error": "invalid_auth"})
        return answer({"ok": True, "user": "monitor", "team": "Newsroom"})

    def _scripted_reply(self, payload: dict[str, Any]) -> Reply:
        reply = self._scripted.pop(0)
        if reply.latency:
            self._take(payload)
        return reply

    def _take(self, payload: dict[str, Any]) -> None:
        self.messages.append(
            Accepted(
                payload["text"], payload["blocks"], payload.get("channel", ""), payload.get("metadata", {}), payload
            )
        )


def answer(content: dict[str, Any], status: int = 200, **headers: str) -> Reply:
    """An answer of Slack's web API; header names with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(content).encode(), {"Content-Type": "application/json; charset=utf-8"} | named)
