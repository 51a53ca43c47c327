"""The Slack channel over a local Slack; see support.channel_rigs."""

import contextlib
import json
from collections.abc import AsyncIterator

from support.http_server import Reply
from support.rig import CONFIGURATION, PATIENCE, PERMANENT, TEMPORARY, Rig
from support.slack_server import SlackServer, answer

from monitor.adapters.deliver import SlackChannel
from monitor.core.model import Target

TOKEN = "xoxb-1234-secret"

SLACK_FAULTS = {
    "429": TEMPORARY,
    "500": TEMPORARY,
    "503": TEMPORARY,
    "302": CONFIGURATION,
    "web page": CONFIGURATION,
    "silence": TEMPORARY,
}
WEBHOOK_FAULTS = {
    "400 invalid_payload": PERMANENT,
    "400 invalid_blocks": PERMANENT,
    "403 action_prohibited": CONFIGURATION,
    "404 no_service": CONFIGURATION,
    "404 channel_not_found": CONFIGURATION,
    "410 channel_is_archived": CONFIGURATION,
}
TOKEN_FAULTS = {
    "200 ratelimited": TEMPORARY,
    "200 internal_error": TEMPORARY,
    "200 invalid_blocks": PERMANENT,
    "200 msg_too_long": PERMANENT,
    "200 invalid_auth": CONFIGURATION,
    "200 token_revoked": CONFIGURATION,
    "200 not_in_channel": CONFIGURATION,
    "200 an_error_of_next_year": CONFIGURATION,
}


@contextlib.asynccontextmanager
async def slack(mode: str) -> AsyncIterator[Rig]:
    """The Slack channel over a local Slack; `mode` is webhook or token."""
    with SlackServer(token=TOKEN) as server:
        channel = SlackChannel(
            token=TOKEN,
            webhook=lambda address: server.webhook if mode == "webhook" else None,
            api_url=server.api,
            timeout=PATIENCE,
            pace=0,
        )

        def fail(situation: str) -> None:
            code, _, error = situation.partition(" ")
            if situation == "silence":
                server.next(Reply(200, b"ok", latency=PATIENCE * 3))
            elif situation == "web page":
                server.next(Reply(200, b"<!doctype html><title>Log in</title>", {"Content-Type": "text/html"}))
            elif situation == "302":
                server.next(Reply(302, headers={"Location": server.webhook}))
            elif code == "200":
                server.next(answer({"ok": False, "error": error}))
            else:
                server.next(
                    Reply(
                        int(code),
                        error.encode() or f"{server.webhook} {TOKEN}".encode(),
                        {"Retry-After": "40"} if code == "429" else {},
                    )
                )

        yield Rig(
            channel,
            Target("slack", "#russia-china"),
            arrived=lambda: [json.dumps(m.blocks, ensure_ascii=False) for m in server.messages],
            keys=lambda: [m.blocks[0]["block_id"] for m in server.messages],
            fail=fail,
            secrets=(TOKEN, server.webhook, "webhook-secret"),
        )
        await channel.aclose()
