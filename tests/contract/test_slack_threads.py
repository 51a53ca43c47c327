"""Follow-ups of a story in Slack: into the thread of its first message, which is edited; and never lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support import samples
from support.http_server import Reply
from support.slack_server import Accepted, SlackServer, answer

from monitor.adapters.deliver import SlackChannel
from monitor.adapters.deliver.render import DigestRenderer
from monitor.core.model import Delivery, Digest, Target
from monitor.errors import DeliveryError, DeliveryFault

TOKEN = "xoxb-1234-secret"
ALERTS = Target("slack", "#alerts")
PATIENCE = 0.3  # seconds in which the channel gives up on an answer


@pytest.fixture
def slack() -> Any:
    with SlackServer(token=TOKEN) as server:
        yield server


@asynccontextmanager
async def posting(server: SlackServer, *, webhook: bool = False) -> AsyncIterator[SlackChannel]:
    channel = SlackChannel(
        token=TOKEN,
        webhook=lambda address: server.webhook if webhook else None,
        api_url=server.api,
        timeout=PATIENCE,
        pace=0.0,
    )
    yield channel
    await channel.aclose()


def delivery(digest: Digest, key: str, root: str = "", **more: object) -> Delivery:
    message = DigestRenderer().render(digest, ALERTS)[0]
    return samples.delivery(ALERTS, message, key=key, thread="flash/41", root=root, **more)


async def begun(channel: SlackChannel) -> str:
    """Tells of a story; where its first message stands."""
    return (await channel.send(delivery(samples.alert(), "k1"), samples.AT)).reference


def said(message: Accepted) -> str:
    return str(message.blocks)


async def test_a_follow_up_stands_in_the_thread_and_the_first_message_shows_the_story_as_it_is(
    slack: SlackServer,
) -> None:
    async with posting(slack) as channel:
        root = await begun(channel)
        receipt = await channel.send(delivery(samples.update(), "k2", root), samples.AT)
    first, second = slack.messages
    assert (second.thread, second.in_channel) == (first.ts, False)
    assert (second.channel, receipt.reference) == ("C024BE91L", f"C024BE91L {second.ts}")
    assert second.metadata["event_payload"] == {"key": "k2"}
    assert second.blocks[0]["block_id"] == "k2"
    assert [edit.ts for edit in slack.edits] == [first.ts]
    assert "what is new is in the thread" in said(slack.shown(first.ts))


async def test_what_comes_again_is_seen_in_the_channel_too(slack: SlackServer) -> None:
    async with posting(slack) as channel:
        root = await begun(channel)
        await channel.send(delivery(samples.again(), "k2", root), samples.AT)
    assert (slack.messages[1].thread, slack.messages[1].in_channel) == (slack.messages[0].ts, True)


async def test_further_parts_go_into_the_thread_and_edit_nothing(slack: SlackServer) -> None:
    async with posting(slack) as channel:
        root = await begun(channel)
        await channel.send(delivery(samples.alert(), "k1b", root, part=2, parts=2), samples.AT)
    assert slack.messages[1].thread == slack.messages[0].ts
    assert slack.edits == []


@pytest.mark.parametrize("root", ["", "ok"])
async def test_without_a_first_message_that_can_be_named_the_news_is_an_ordinary_message(
    slack: SlackServer, root: str
) -> None:
    async with posting(slack) as channel:
        await channel.send(delivery(samples.update(), "k2", root), samples.AT)
    (message,) = slack.messages
    assert (message.channel, message.thread) == ("#alerts", "")
    assert slack.edits == []


async def test_a_webhook_knows_no_threads_and_tells_the_news_in_an_ordinary_message(slack: SlackServer) -> None:
    async with posting(slack, webhook=True) as channel:
        root = await begun(channel)
        await channel.send(delivery(samples.update(), "k2", root), samples.AT)
    assert root == "ok"
    assert [set(message.payload) for message in slack.messages] == [
        {"text", "blocks", "unfurl_links", "unfurl_media"}
    ] * 2


# --- the edit is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", ["cant_update_message", "edit_window_closed", "block_mismatch", "invalid_blocks", "an_error_of_next_year"]
)
async def test_a_refused_edit_costs_no_news_and_the_channel_sees_it(slack: SlackServer, error: str) -> None:
    async with posting(slack) as channel:
        root = await begun(channel)
        slack.update_error = error
        await channel.send(delivery(samples.update(), "k2", root), samples.AT)
    first, second = slack.messages
    assert (second.thread, second.in_channel) == (first.ts, True)


async def test_when_somebody_deleted_the_first_message_the_news_is_an_ordinary_message(slack: SlackServer) -> None:
    async with posting(slack) as channel:
        root = await begun(channel)
        slack.remove(slack.messages[0].ts)
        receipt = await channel.send(delivery(samples.update(), "k2", root), samples.AT)
    second = slack.messages[1]
    assert ("thread_ts" in second.payload, second.channel, second.in_channel) == (False, "#alerts", True)
    assert receipt.reference == f"C024BE91L {second.ts}"


@pytest.mark.parametrize("error", ["thread_not_found", "cannot_reply_to_message", "restricted_action_thread_locked"])
async def test_a_thread_that_takes_no_replies_costs_no_news(slack: SlackServer, error: str) -> None:
    async with posting(slack) as channel:
        root = await begun(channel)
        slack.reply_error = error
        await channel.send(delivery(samples.update(), "k2", root), samples.AT)
    assert (slack.messages[1].thread, slack.messages[1].channel) == ("", "#alerts")


@pytest.mark.parametrize(
    "trouble", [Reply(503), answer({"ok": False, "error": "internal_error"}), Reply(200, b"ok", latency=PATIENCE * 3)]
)
async def test_an_edit_that_fails_for_now_is_tried_again_before_the_news_goes_out(
    slack: SlackServer, trouble: Reply
) -> None:
    async with posting(slack) as channel:
        root = await begun(channel)
        follow_up = delivery(samples.update(), "k2", root)
        slack.next(trouble)
        with pytest.raises(DeliveryError) as caught:
            await channel.send(follow_up, samples.AT)
        assert caught.value.fault is DeliveryFault.TEMPORARY
        assert len(slack.messages) == 1
        await channel.send(replace(follow_up, attempts=1), samples.AT + timedelta(minutes=1))
    assert [message.metadata["event_payload"]["key"] for message in slack.messages] == ["k1", "k2"]
    assert "what is new is in the thread" in said(slack.shown(slack.messages[0].ts))


async def test_an_edit_that_goes_on_failing_does_not_hold_up_the_news_for_ever(slack: SlackServer) -> None:
    async with posting(slack) as channel:
        root = await begun(channel)
        slack.next(Reply(503))
        await channel.send(delivery(samples.update(), "k2", root, attempts=3), samples.AT)
    assert (len(slack.messages), slack.messages[1].in_channel) == (2, True)


async def test_a_repeated_follow_up_edits_to_the_same_and_carries_the_same_key(slack: SlackServer) -> None:
    """After a crash between sending and recording: the one in flight comes twice, and can be known by its key."""
    async with posting(slack) as channel:
        root = await begun(channel)
        for attempts in (0, 1):
            await channel.send(delivery(samples.update(), "k2", root, attempts=attempts), samples.AT)
    assert slack.edits[0].payload == slack.edits[1].payload
    assert slack.messages[1].payload == slack.messages[2].payload


# --- pace -------------------------------------------------------------------------------------------------


async def test_a_429_sets_the_pace_for_its_channel_and_for_no_other(slack: SlackServer) -> None:
    async with posting(slack) as channel:
        slack.next(Reply(429, headers={"Retry-After": "600"}))
        for key in ("k1", "k2"):
            with pytest.raises(DeliveryError) as caught:
                await channel.send(delivery(samples.alert(), key), samples.AT)
            assert caught.value.fault is DeliveryFault.TEMPORARY
            assert caught.value.retry_after is not None
            assert timedelta(seconds=500) < caught.value.retry_after <= timedelta(seconds=600)
        assert len(slack.requests) == 1  # the second was not even asked
        await channel.send(replace(delivery(samples.alert(), "k3"), target=Target("slack", "#other")), samples.AT)
    assert [message.channel for message in slack.messages] == ["#other"]


async def test_a_429_on_the_edit_is_honoured_however_often_it_comes(slack: SlackServer) -> None:
    async with posting(slack) as channel:
        root = await begun(channel)
        slack.next(Reply(429, headers={"Retry-After": "600"}))
        with pytest.raises(DeliveryError):
            await channel.send(delivery(samples.update(), "k2", root, attempts=9), samples.AT)
    assert len(slack.messages) == 1


async def test_a_short_wait_that_slack_asks_for_is_waited_here(slack: SlackServer) -> None:
    channel = SlackChannel(token=TOKEN, api_url=slack.api, timeout=5.0, pace=0.0)
    slack.next(Reply(429, headers={"Retry-After": "1"}))
    with pytest.raises(DeliveryError):
        await channel.send(delivery(samples.alert(), "k1"), samples.AT)
    began = asyncio.get_running_loop().time()
    await channel.send(delivery(samples.alert(), "k1"), samples.AT)
    await channel.aclose()
    assert asyncio.get_running_loop().time() - began > 0.5
    assert len(slack.messages) == 1


async def test_a_channel_that_does_not_answer_holds_up_no_other(slack: SlackServer) -> None:
    ended: list[bool] = []

    async def send(channel: SlackChannel, name: str) -> None:
        one = replace(delivery(samples.alert(), name), target=Target("slack", name))
        try:
            await channel.send(one, samples.AT)
            ended.append(True)
        except DeliveryError:
            ended.append(False)

    async with posting(slack) as channel:
        slack.next(Reply(200, b"ok", latency=PATIENCE * 3))  # whichever comes first
        await asyncio.gather(*(send(channel, name) for name in ("#alerts", "#other", "#third")))
    assert ended == [True, True, False]
