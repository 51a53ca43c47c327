"""What Slack gets to see, when it asks to wait, and what must never leave for anybody else."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from support import samples
from support.http_server import Reply
from support.slack_server import SlackServer, answer

from monitor.adapters.deliver import SlackChannel
from monitor.adapters.deliver.render import DigestRenderer
from monitor.core.model import Delivery, Message, Target
from monitor.errors import ConfigError, DeliveryError, DeliveryFault

TOKEN = "xoxb-1234-secret"
ALERTS = Target("slack", "#alerts")


def delivery(message: Message | None = None, **changes: Any) -> Delivery:
    found = message or DigestRenderer().render(samples.digest(), ALERTS)[0]
    return replace(samples.delivery(ALERTS, found), **changes)


@asynccontextmanager
async def posting(server: SlackServer, *, webhook: str | None = None, **options: Any) -> AsyncIterator[SlackChannel]:
    settings = {"token": TOKEN, "api_url": server.api, "timeout": 2.0, "pace": 0.0} | options
    channel = SlackChannel(webhook=lambda address: webhook, **settings)
    yield channel
    await channel.aclose()


@pytest.fixture
def slack() -> Any:
    with SlackServer(token=TOKEN) as server:
        yield server


async def failure(channel: SlackChannel) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await channel.send(delivery(), samples.AT)
    return caught.value


async def test_a_bot_posts_to_the_channel_with_the_key_as_metadata(slack: SlackServer) -> None:
    async with posting(slack) as channel:
        receipt = await channel.send(delivery(), samples.AT)
    (message,) = slack.messages
    assert message.channel == "#alerts"
    assert message.metadata == {"event_type": "monitor_delivery", "event_payload": {"key": samples.KEY}}
    assert receipt.reference == "C024BE91L 1503435956.000001"


async def test_a_webhook_carries_the_key_in_its_first_block_and_no_token(slack: SlackServer) -> None:
    async with posting(slack, webhook=slack.webhook) as channel:
        await channel.send(delivery(), samples.AT)
    (message,) = slack.messages
    assert message.blocks[0]["block_id"] == samples.KEY
    assert message.metadata == {}
    assert "authorization" not in slack.requests[0].headers


async def test_links_in_a_digest_do_not_unfold_into_previews(slack: SlackServer) -> None:
    async with posting(slack) as channel:
        await channel.send(delivery(), samples.AT)
    assert slack.messages[0].payload["unfurl_links"] is slack.messages[0].payload["unfurl_media"] is False


async def test_sending_leaves_the_message_as_it_was(slack: SlackServer) -> None:
    sent = delivery()
    before = repr(sent.message.body)
    async with posting(slack) as channel:
        await channel.send(sent, samples.AT)
    assert repr(sent.message.body) == before


async def test_every_part_of_a_flood_is_taken(slack: SlackServer) -> None:
    messages = DigestRenderer().render(samples.flood(), ALERTS)
    async with posting(slack) as channel:
        for part, message in enumerate(messages, 1):
            await channel.send(delivery(message, key=f"k{part}", part=part, parts=len(messages)), samples.AT)
    assert len(slack.messages) == len(messages) > 1


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", timedelta(seconds=7)),
        (format_datetime(samples.AT + timedelta(minutes=2), usegmt=True), timedelta(minutes=2)),
        (format_datetime(samples.AT - timedelta(minutes=2), usegmt=True), timedelta(0)),
        ("soon", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_how_long_to_wait_is_passed_on(
    slack: SlackServer, status: int, header: str, wait: timedelta | None
) -> None:
    slack.next(Reply(status, headers={"Retry-After": header}))
    async with posting(slack) as channel:
        error = await failure(channel)
    assert (error.fault, error.retry_after) == (DeliveryFault.TEMPORARY, wait)


async def test_a_limit_told_in_the_answer_counts_like_a_429(slack: SlackServer) -> None:
    slack.next(answer({"ok": False, "error": "ratelimited"}, Retry_After="30"))
    async with posting(slack) as channel:
        assert (await failure(channel)).retry_after == timedelta(seconds=30)


async def test_a_refused_block_is_named(slack: SlackServer) -> None:
    broken = Message("slack", {"text": "News", "blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]})
    async with posting(slack) as channel:
        with pytest.raises(DeliveryError, match=r"invalid_blocks .*blocks\[0\]") as caught:
            await channel.send(delivery(broken), samples.AT)
    assert caught.value.fault is DeliveryFault.PERMANENT


async def test_an_unknown_channel_needs_a_person(slack: SlackServer) -> None:
    slack.channels = {"#general"}
    async with posting(slack) as channel:
        error = await failure(channel)
    assert error.fault is DeliveryFault.CONFIGURATION
    assert "#alerts" in str(error)
    assert "channel_not_found" in str(error)


async def test_a_wrong_token_needs_a_person(slack: SlackServer) -> None:
    async with posting(slack, token="xoxb-other") as channel:
        assert (await failure(channel)).fault is DeliveryFault.CONFIGURATION


async def test_without_token_and_webhook_the_error_says_what_to_set(slack: SlackServer) -> None:
    async with posting(slack, token=None) as channel:
        error = await failure(channel)
    assert error.fault is DeliveryFault.CONFIGURATION
    assert "webhook" in str(error)
    assert slack.requests == []


async def test_a_redirect_never_takes_the_token_elsewhere(slack: SlackServer) -> None:
    with SlackServer() as elsewhere:
        slack.next(Reply(307, headers={"Location": f"{elsewhere.api}/chat.postMessage"}))
        async with posting(slack) as channel:
            await failure(channel)
        assert elsewhere.requests == []


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    with socket.socket() as taken:  # bound, not listening: refuses
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/services/T/B/webhook-secret"
        channel = SlackChannel(webhook=lambda address: url, pace=0)
        error = await failure(channel)
        await channel.aclose()
    assert error.fault is DeliveryFault.TEMPORARY
    assert "webhook-secret" not in str(error)


@pytest.mark.parametrize(
    "webhook", ["https://hooks.example:port/services/webhook-secret", "hooks.example/webhook-secret"]
)
async def test_an_address_that_is_none_is_not_shown(webhook: str) -> None:
    channel = SlackChannel(webhook=lambda address: webhook, pace=0)
    error = await failure(channel)
    await channel.aclose()
    assert error.fault is DeliveryFault.CONFIGURATION
    assert "webhook-secret" not in str(error)


@pytest.mark.parametrize("token", ["xoxb-secret\nX: y", "xoxb-sécret", "xoxb secret"])
def test_a_token_that_can_not_be_one_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SlackChannel(token=token)
    assert token not in str(caught.value)


async def test_an_answer_that_quotes_secrets_is_not_passed_on(slack: SlackServer) -> None:
    slack.next(Reply(418, f"teapot {TOKEN} {slack.webhook}".encode()))
    async with posting(slack, webhook=slack.webhook) as channel:
        error = await failure(channel)
    assert "teapot" in str(error)
    assert TOKEN not in str(error)
    assert "webhook-secret" not in str(error)


async def test_the_webhook_never_stands_in_the_log(slack: SlackServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with posting(slack, webhook=slack.webhook) as channel:
        await channel.send(delivery(), samples.AT)
    assert "webhook-secret" not in caplog.text


async def test_messages_to_one_channel_keep_their_distance_and_others_do_not_wait(slack: SlackServer) -> None:
    async with posting(slack, pace=0.2) as channel:
        other = replace(delivery(), target=Target("slack", "#other"))
        await asyncio.gather(*(channel.send(sent, samples.AT) for sent in (delivery(), delivery(), other)))
    times = {"#alerts": [], "#other": []}  # type: dict[str, list[float]]
    for request, message in zip(slack.requests, slack.messages, strict=True):
        times[message.channel].append(request.at)
    assert times["#alerts"][1] - times["#alerts"][0] >= 0.2
    assert times["#other"][0] < times["#alerts"][1]


@pytest.mark.parametrize("mode", ["webhook", "token"])
async def test_reaching_slack_posts_nothing(slack: SlackServer, mode: str) -> None:
    async with posting(slack, webhook=slack.webhook if mode == "webhook" else None) as channel:
        assert "answers" in await channel.reach("#alerts", samples.AT)
    assert slack.messages == []


@pytest.mark.parametrize(
    ("setting", "reason"),
    [({"token": "xoxb-other"}, "a wrong token"), ({"webhook_end": "/nowhere"}, "a webhook that was removed")],
)
async def test_reaching_with_a_wrong_secret_says_so(slack: SlackServer, setting: dict[str, str], reason: str) -> None:
    webhook = slack.webhook + setting.pop("webhook_end", "") if "webhook_end" in setting else None
    async with posting(slack, webhook=webhook, **setting) as channel:
        with pytest.raises(DeliveryError) as caught:
            await channel.reach("#alerts", samples.AT)
    assert caught.value.fault is DeliveryFault.CONFIGURATION, reason
