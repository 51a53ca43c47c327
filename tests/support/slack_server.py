"""A Slack-shaped endpoint on loopback: incoming webhooks, chat.postMessage and chat.update, with Slack's limits.

    with SlackServer(token="xoxb-…") as slack:
        slack.webhook, slack.api                     # where to post
        slack.next(Reply(429, headers={"Retry-After": "7"}))   # answer this once instead
        slack.messages                               # what was accepted, in order
    slack.shown(ts)                              # what such a message says now, after edits
    slack.update_error = "cant_update_message"   # refuse edits
    slack.remove(ts)                             # somebody deletes a message

`complaints(payload)` alone says what Slack would refuse, so renderers can be checked without a server, and
`calls(payload)` whom a message would call.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from support.http_server import HttpServer, Reply, Request

TEXT_MAX, SECTION_MAX, FIELD_MAX, HEADER_MAX, BLOCKS_MAX, PAYLOAD_MAX = 4_000, 3_000, 2_000, 150, 50, 12_000
URL_MAX, CONTEXT_MAX, FIELDS_MAX, METADATA_MAX = 3_000, 10, 10, 8_000
CHANNEL = "C024BE91L"  # the id of whatever channel was named
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
# Elements of rich text: what each must have, what it may have beside its type and style.
RICH_ELEMENTS: dict[str, tuple[set[str], set[str]]] = {
    "text": ({"text"}, set()),
    "link": ({"url"}, {"text", "unsafe"}),
    "emoji": ({"name"}, {"unicode", "url"}),
    "date": ({"timestamp", "format"}, {"url", "fallback"}),
    "color": ({"value"}, set()),
    "user": ({"user_id"}, set()),
    "usergroup": ({"usergroup_id"}, set()),
    "channel": ({"channel_id"}, set()),
    "team": ({"team_id"}, set()),
    "broadcast": ({"range"}, set()),
}
CALLING = {"user", "usergroup", "team", "broadcast"}
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
    ts: str = ""
    thread: str = ""  # the timestamp of the message under which it stands

    @property
    def in_channel(self) -> bool:
        """Whether it can be seen without opening a thread."""
        return not self.thread or bool(self.payload.get("reply_broadcast"))


def complaints(payload: dict[str, Any]) -> list[str]:
    """Everything Slack would refuse or show wrongly in this payload; empty when all is well."""
    return list(_complaints(payload))


def calls(payload: dict[str, Any]) -> list[str]:
    """Whatever in a payload would call people together, or might be read as doing so."""
    found = [text for text in [payload.get("text", "")] if re.search(r"<[!@#]", text)]

    def look(node: Any) -> None:
        for child in node.values() if isinstance(node, dict) else node:
            if isinstance(child, dict | list):
                look(child)
        if isinstance(node, dict):
            loud = node.get("type") == "mrkdwn" and (not node.get("verbatim") or re.search(r"<[!@#]|@", node["text"]))
            if loud or node.get("type") in CALLING:
                found.append(json.dumps(node))

    look(payload.get("blocks", []))
    return found


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
        if len(block.get("fields", [])) > FIELDS_MAX:
            yield f"section of {len(block['fields'])} fields"
        for text in block.get("fields", []):
            yield from _text(text, {"plain_text", "mrkdwn"}, FIELD_MAX)
    elif kind == "context":
        if not 1 <= len(block["elements"]) <= CONTEXT_MAX:
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
    if "verbatim" in text and text["type"] != "mrkdwn":
        yield "verbatim is for mrkdwn only"
    if not 1 <= len(text["text"]) <= limit:
        yield f"text of {len(text['text'])} characters, at most {limit}"
    if text["type"] == "mrkdwn" and _UNESCAPED.search(text["text"]):
        yield f"unescaped {text['text']!r}"


def _rich_part(part: dict[str, Any], inside: bool = False) -> Iterator[str]:
    kind = part.get("type")
    if kind not in RICH_PARTS or (inside and kind != "rich_text_section"):
        yield f"rich text part {kind!r}"
        return
    extra = {"style", "indent", "border"} if kind == "rich_text_list" else {"border"}
    if kind == "rich_text_section":
        extra = set()
    if set(part) - {"type", "elements"} - extra or not part.get("elements"):
        yield f"{kind} with fields {sorted(part)}, or empty"
        return
    if kind == "rich_text_list" and part.get("style") not in {"bullet", "ordered"}:
        yield f"list of style {part.get('style')!r}"
    for element in part["elements"]:
        yield from _rich_part(element, inside=True) if kind == "rich_text_list" else _rich_element(element)


def _rich_element(element: dict[str, Any]) -> Iterator[str]:
    kind = element.get("type", "")
    required, optional = RICH_ELEMENTS.get(kind, (set(), set()))
    if kind not in RICH_ELEMENTS or not required <= set(element) <= required | optional | {"type", "style"}:
        yield f"rich text element {element}"
        return
    style = element.get("style", {})
    if set(style) - STYLES or not all(isinstance(value, bool) for value in style.values()):
        yield f"style {style}"
    if kind in {"text", "link"} and not element.get("text"):
        yield "empty text"
    if kind == "emoji" and not re.fullmatch(r"[a-z0-9_+'-]+", element["name"]):
        yield f"emoji {element['name']!r}"
    if kind == "link" and not (re.match(r"https?://[^\s]+$", element["url"]) and len(element["url"]) <= URL_MAX):
        yield f"link to {element.get('url')!r}"


class SlackServer:
    """The endpoint; a context manager."""

    def __init__(self, *, token: str = "xoxb-test-token") -> None:
        self.token = token
        self.messages: list[Accepted] = []
        self.channels: set[str] | None = None  # those that exist; None: any
        self.edits: list[Accepted] = []  # in order
        self.update_error = ""  # what every edit is refused with
        self.reply_error = ""  # what every reply in a thread is refused with
        self._removed: set[str] = set()
        self._scripted: list[Reply] = []
        self._http = HttpServer()

    def __enter__(self) -> Self:
        self._http.__enter__()
        self._http.script("/api/chat.postMessage", self._post_message)
        self._http.script("/api/chat.update", self._update)
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

    def shown(self, ts: str) -> Accepted:
        """A message as it is after its edits."""
        return [one for one in [*self.messages, *self.edits] if one.ts == ts][-1]

    def remove(self, ts: str) -> None:
        """Somebody deletes a message."""
        self._removed.add(ts)

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
        if payload.get("thread_ts") and self.reply_error:
            return answer({"ok": False, "error": self.reply_error})
        if found := self._complaints(payload):
            return answer({"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": found}})
        # As Slack does: a reply to a message that is not there any more silently goes into the channel.
        thread = payload.get("thread_ts", "")
        taken = self._take(payload, "" if thread in self._removed else thread)
        return answer({"ok": True, "channel": CHANNEL, "ts": taken.ts})

    def _update(self, request: Request) -> Reply:
        payload = json.loads(request.body)
        ts = payload.get("ts", "")
        if self._scripted:
            reply = self._scripted.pop(0)
            if reply.latency:
                self._edit(ts, payload)
            return reply
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return answer({"ok": False, "error": "invalid_auth"})
        if self.update_error:
            return answer({"ok": False, "error": self.update_error})
        if payload.get("channel") != CHANNEL:
            return answer({"ok": False, "error": "channel_not_found"})
        if ts in self._removed or ts not in {message.ts for message in self.messages}:
            return answer({"ok": False, "error": "message_not_found"})
        if found := self._complaints(payload):
            return answer({"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": found}})
        self._edit(ts, payload)
        return answer({"ok": True, "channel": CHANNEL, "ts": ts})

    def _complaints(self, payload: dict[str, Any]) -> list[str]:
        metadata = len(json.dumps(payload.get("metadata", {})))
        return complaints(payload) + ([f"metadata of {metadata}"] if metadata > METADATA_MAX else [])

    def _auth_test(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return answer({"ok": False, "error": "invalid_auth"})
        return answer({"ok": True, "user": "monitor", "team": "Newsroom"})

    def _scripted_reply(self, payload: dict[str, Any]) -> Reply:
        reply = self._scripted.pop(0)
        if reply.latency:
            self._take(payload)
        return reply

    def _edit(self, ts: str, payload: dict[str, Any]) -> None:
        self.edits.append(Accepted(payload["text"], payload["blocks"], payload["channel"], {}, payload, ts))

    def _take(self, payload: dict[str, Any], thread: str = "") -> Accepted:
        ts = f"1503435956.{len(self.messages) + 1:06}"
        channel, metadata = payload.get("channel", ""), payload.get("metadata", {})
        self.messages.append(Accepted(payload["text"], payload["blocks"], channel, metadata, payload, ts, thread))
        return self.messages[-1]


def answer(content: dict[str, Any], status: int = 200, **headers: str) -> Reply:
    """An answer of Slack's web API; header names with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(content).encode(), {"Content-Type": "application/json; charset=utf-8"} | named)
