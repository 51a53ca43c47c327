"""Files and the console: what is written, under which name, and what happens at the second attempt."""

import io
import json
import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support import samples

from monitor.adapters.deliver import ConsoleChannel, FileChannel
from monitor.adapters.deliver.render import DigestRenderer
from monitor.core.model import Delivery, Target
from monitor.errors import DeliveryError, DeliveryFault


def delivery(channel: str, address: str, **changes: Any) -> Delivery:
    target = Target(channel, address)
    return samples.delivery(target, DigestRenderer().render(samples.digest(), target)[0], **changes)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


async def test_a_digest_becomes_four_files_named_by_digest_and_time(tmp_path: Path) -> None:
    receipt = await FileChannel().send(delivery("file", str(tmp_path)), samples.AT)
    stem = "morning-20261123-230000Z"
    assert names(tmp_path) == [f"{stem}.html", f"{stem}.json", f"{stem}.slack.json", f"{stem}.txt"]
    assert receipt.reference == str(tmp_path / f"{stem}.html")


async def test_the_files_hold_the_message(tmp_path: Path) -> None:
    sent = delivery("file", str(tmp_path))
    await FileChannel().send(sent, samples.AT)
    html, data, slack, text = (tmp_path / name for name in names(tmp_path))
    assert html.read_text("utf-8") == sent.message.body["html"]
    assert text.read_text("utf-8") == sent.message.body["text"]
    assert json.loads(slack.read_text("utf-8")) == sent.message.body["slack"]
    assert json.loads(data.read_text("utf-8")) == sent.message.body["digest"]


async def test_another_attempt_replaces_the_same_files(tmp_path: Path) -> None:
    for minutes in (0, 5):
        await FileChannel().send(delivery("file", str(tmp_path)), samples.AT + timedelta(minutes=minutes))
    assert len(names(tmp_path)) == 4


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"digest": "evening"}, "another digest of the same second"),
        ({"created_at": samples.AT + timedelta(seconds=1)}, "the same digest a second later"),
        ({"part": 2, "parts": 2}, "another part"),
        ({"thread": "morning/41"}, "an alert of the same second"),
        ({"digest": "mor/ning"}, "an id that is no file name"),
        ({"digest": "../morning"}, "an id that leads elsewhere"),
        ({"digest": "утро"}, "an id in another script"),
    ],
)
async def test_different_deliveries_never_share_a_file(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    for sent in (delivery("file", "out"), delivery("file", "out", **change)):
        await FileChannel(tmp_path).send(sent, samples.AT)
    assert len(names(tmp_path / "out")) == 8, reason
    assert names(tmp_path) == ["out"], reason


async def test_two_ids_that_look_alike_once_made_safe_stay_apart(tmp_path: Path) -> None:
    for digest in ("a/b", "a b", "a-b"):
        await FileChannel(tmp_path).send(delivery("file", "out", digest=digest), samples.AT)
    assert len(names(tmp_path / "out")) == 12


async def test_a_missing_directory_is_made_and_others_may_read_the_files(tmp_path: Path) -> None:
    receipt = await FileChannel(tmp_path).send(delivery("file", "a/b/c"), samples.AT)
    assert stat.S_IMODE(os.stat(receipt.reference).st_mode) == 0o644  # noqa: PTH116


async def test_a_full_disk_is_tried_again_and_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DeliveryError, match="No space") as caught:
        await FileChannel().send(delivery("file", str(tmp_path)), samples.AT)
    assert caught.value.fault is DeliveryFault.TEMPORARY
    assert names(tmp_path) == []


async def test_the_console_gets_the_text() -> None:
    stream = io.StringIO()
    sent = delivery("console", "")
    await ConsoleChannel(stream).send(sent, samples.AT)
    assert stream.getvalue() == f"{sent.message.body['text']}\n"


async def test_a_terminal_without_cyrillic_still_gets_the_digest() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    await ConsoleChannel(stream).send(delivery("console", ""), samples.AT)
    assert b"Survey boats seen below the Tumen rail bridge" in raw.getvalue()


async def test_without_a_stream_the_console_is_what_it_is_when_sending(capsys: pytest.CaptureFixture[str]) -> None:
    await ConsoleChannel().send(delivery("console", ""), samples.AT)
    assert "Survey boats" in capsys.readouterr().out
