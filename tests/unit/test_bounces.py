"""Reports of mail servers about what they could not deliver: found by the key, whatever else the report holds."""

import pytest

from monitor.adapters.deliver.bounces import Bounce, read_bounces

KEY = "morning@20261123T230000.000000Z:email:reader@newsroom.example:1"


def report(*blocks: str, returned: str = "text/rfc822-headers", key: str = KEY) -> bytes:
    """Of the form of RFC 3464, with a block of headers for each recipient."""
    named = f"X-Monitor-Key: {key}\n" if key else ""
    return (
        "From: Mail Delivery System <mailer-daemon@mx.example>\nTo: desk@monitor.example\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=BB\n\n"
        "--BB\nContent-Type: text/plain; charset=utf-8\n\nNot delivered.\n"
        "--BB\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        + "\n".join(blocks)
        + f"\n--BB\nContent-Type: {returned}\n\nFrom: desk@monitor.example\nSubject: News\n{named}\n"
        "--BB--\n"
    ).encode()


GONE = (
    "Final-Recipient: rfc822; reader@newsroom.example\nAction: failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550 5.1.1 no\n such user\n"
)
SLOW = "Final-Recipient: rfc822; reader@newsroom.example\nAction: delayed\nStatus: 4.4.1\n"
MOVED = "Original-Recipient: rfc822;reader@newsroom.example\nFinal-Recipient: rfc822;r@moved.example\nAction: Failed\n"


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
def test_a_failure_names_the_delivery_the_reader_and_the_reason(returned: str) -> None:
    (bounce,) = read_bounces(report(GONE, returned=returned))
    assert bounce == Bounce(KEY, "reader@newsroom.example", "5.1.1 smtp; 550 5.1.1 no such user")


@pytest.mark.parametrize(
    ("data", "found", "reason"),
    [
        (report(SLOW), [], "only late: it may still arrive"),
        (report(SLOW, GONE), ["reader@newsroom.example"], "one of two failed"),
        (report(MOVED), ["reader@newsroom.example"], "as we addressed it, not where it was sent on"),
        (b"Subject: Out of office\nAuto-Submitted: auto-replied\n\nBack on Monday.", [], "no report"),
        (b"", [], "nothing"),
        (b"\xff\x00" * 500, [], "no mail"),
        (report().replace(b"--BB--", b""), [], "cut off, and nobody named"),
        (report(GONE)[:-60], ["reader@newsroom.example"], "cut off in the returned message"),
    ],
)
def test_only_a_failure_counts(data: bytes, found: list[str], reason: str) -> None:
    assert [bounce.recipient for bounce in read_bounces(data)] == found, reason


def test_without_the_returned_message_the_reader_is_named_at_least() -> None:
    (bounce,) = read_bounces(report(GONE, key=""))
    assert (bounce.key, bounce.recipient) == ("", "reader@newsroom.example")


def test_a_long_answer_of_a_server_is_cut() -> None:
    (bounce,) = read_bounces(report(GONE.replace("no\n such user", "x" * 900)))
    assert len(bounce.reason) <= 300
