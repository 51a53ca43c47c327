"""The subject of a mail arrives as it was written, whatever mixture of scripts it is, for old readers and new ones."""

import email
import email.policy
import re
from dataclasses import replace
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import samples

from monitor.adapters.deliver.letter import build, sender_address
from monitor.core.model import Message, Target

SENDER = sender_address("Desk <desk@monitor.example>")
WORDS = st.sampled_from(
    ["Газпром", "и", "ледокол:", "waits", "·", "Morning", "desk", "西伯利亚力量2号", "«…»", "50", "=?x?="]
)
SUBJECTS = st.one_of(st.lists(WORDS, min_size=1, max_size=40).map(" ".join), st.text(min_size=1, max_size=300))
ENCODED = re.compile(rb"=\?utf-8\?[bq]\?(.*?)\?=", re.IGNORECASE)


def sent(subject: str) -> bytes:
    body = {"subject": subject, "text": "x", "html": "<p>x</p>"}
    delivery = samples.delivery(Target("email", "reader@newsroom.example"), Message("email", body))
    return build(replace(delivery, thread=""), samples.AT, SENDER).as_bytes()


def check(subject: str) -> None:
    data = sent(subject)
    wanted = str(
        build(
            samples.delivery(
                Target("email", "a@b.example"), Message("email", {"subject": subject, "text": "", "html": ""})
            ),
            samples.AT,
            SENDER,
        )["Subject"]
    )
    assert email.message_from_bytes(data, policy=email.policy.default)["Subject"] == wanted
    raw = email.message_from_bytes(data)["Subject"] or ""
    if not wanted.isascii():
        assert str(make_header(decode_header(re.sub(r"\r?\n", "", raw)))) == wanted
    head = data.split(b"\r\n\r\n" if b"\r\n\r\n" in data else b"\n\n")[0]
    assert all(ENCODED.findall(head)) or not ENCODED.search(head), "no empty encoded word"
    lines = re.search(rb"^Subject:.*?(?=\r?\n\S)", head, re.DOTALL | re.MULTILINE)
    assert lines
    if not wanted.isascii():
        assert all(len(line) <= 78 for line in lines[0].splitlines())


@pytest.mark.parametrize(
    "subject",
    [
        "Газпром и ледокол: мемуары · Morning desk",
        "CRITICAL: Газпром и ледокол: мемуары капитана вышли в порту Образцовска · Morning desk",
        "Icebreaker waits and waits and waits and waits and waits and waits waits · Morning desk",
    ],
)
def test_subjects_that_mix_scripts_keep_their_blanks(subject: str) -> None:
    check(subject)
    assert email.message_from_bytes(sent(subject), policy=email.policy.default)["Subject"] == subject


@given(SUBJECTS)
def test_any_subject_arrives_as_it_was_written(subject: str) -> None:
    check(subject)
