"""What a mail server and a mail program get to see of a message."""

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import samples
from support.letters import SENDER, delivery, digest_message, received, with_body
from support.smtp import SmtpServer

from monitor.adapters.deliver import EmailChannel
from monitor.adapters.deliver.letter import build, sender_address
from monitor.adapters.deliver.mime import transfer
from monitor.core.model import Message, Target
from monitor.errors import ConfigError, DeliveryError, DeliveryFault

# --- the message ------------------------------------------------------------------------------------------


async def test_a_message_offers_text_first_and_html_second() -> None:
    message = (await received(delivery())).message
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert [part.get_content_charset() for part in message.iter_parts()] == ["utf-8", "utf-8"]


async def test_both_bodies_survive_the_journey() -> None:
    sent = delivery()
    text, html = (await received(sent)).message.iter_parts()
    assert text.get_content().replace("\r\n", "\n") == sent.message.body["text"]
    assert html.get_content().replace("\r\n", "\n").strip() == str(sent.message.body["html"]).strip()


async def test_headers_say_who_when_and_that_a_machine_wrote() -> None:
    message = (await received(delivery(), datetime(2026, 11, 23, 23, 0, 5, tzinfo=UTC))).message
    assert message["From"] == SENDER
    assert message["To"] == "reader@newsroom.example"
    assert message["Date"] == "Mon, 23 Nov 2026 23:00:05 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<morning.news-monitor.monitor.example>"
    assert message["X-Monitor-Key"] == samples.KEY
    assert message["Subject"] == delivery().message.body["subject"]


async def test_the_envelope_names_one_recipient_and_the_bare_sender() -> None:
    message = await received(delivery())
    assert (message.sender, message.recipients) == ("desk@monitor.example", ("reader@newsroom.example",))


async def test_a_second_attempt_has_the_same_message_id_and_a_new_date() -> None:
    first = (await received(delivery())).message
    second = (await received(delivery(attempts=1), samples.AT + timedelta(hours=1))).message
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] != second["Date"]


async def test_parts_of_one_digest_hang_together_and_other_digests_do_not() -> None:
    one = (await received(delivery(key="k1", part=1, parts=2))).message
    two = (await received(delivery(key="k2", part=2, parts=2))).message
    other = (await received(delivery(key="k3", parts=2, created_at=samples.AT + timedelta(days=1)))).message
    assert one["References"] == two["References"]
    assert one["Message-ID"] != two["Message-ID"]
    assert other["References"] != one["References"]
    assert (await received(delivery())).message["References"] is None


async def test_only_ascii_lines_of_modest_length_travel() -> None:
    data = (await received(delivery())).data
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert b"\n" not in data.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Plain English, mostly.\n" * 20, "quoted-printable"),
        ("Почти всё по-русски, и много.\n" * 20, "base64"),
        ("样例新闻：仍存分歧。\n" * 20, "base64"),
    ],
)
async def test_a_body_travels_in_the_lighter_encoding_and_weighs_what_was_counted(text: str, encoding: str) -> None:
    sent = await received(with_body(text=text))
    part = next(iter(sent.message.iter_parts()))
    raw = sent.data.split(b"\r\n\r\n", 2)[2].split(b"\r\n--")[0]
    assert part["Content-Transfer-Encoding"] == encoding
    assert transfer(text)[0] == encoding
    assert abs(transfer(text)[1] - len(raw)) <= 4


WHOLE_MIME = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(subject=WHOLE_MIME)
def test_any_subject_becomes_one_header_that_reads_the_same(subject: str) -> None:
    message = build(with_body(subject=subject), samples.AT, sender_address(SENDER))
    read = email.message_from_bytes(message.as_bytes(), policy=email.policy.SMTP)
    assert isinstance(read, EmailMessage)
    assert len(read.get_all("Subject") or []) == 1
    assert [name for name in read if name.lower() in {"bcc", "cc"}] == []
    assert squeeze(str(read["Subject"])) == squeeze(subject)


def squeeze(text: str) -> str:
    """Without white space and controls, which a header may not hold."""
    return "".join(c for c in text if c.isprintable() and not c.isspace() and c not in "\x85\u2028\u2029")


async def test_a_subject_in_three_scripts_is_readable() -> None:
    subject = "Суд арестовал гражданина КНР · 西伯利亚力量2号 · price formula disputed, " * 4
    assert (await received(with_body(subject=subject))).message["Subject"] == subject.strip()


@pytest.mark.parametrize(
    "text", ["News\r\nBcc: everyone@example.org", "News\nX-Evil: 1\n\nbody", "News\x0b\x85\u2028end"]
)
async def test_a_headline_can_not_add_headers(text: str) -> None:
    message = (await received(with_body(subject=text))).message
    assert {"Bcc", "X-Evil"}.isdisjoint(message.keys())
    assert str(message["Subject"]).startswith("News ")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "reader",
        "reader@",
        "@example.org",
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example, c@d.example",
        "a b@c.example",
    ],
)
async def test_what_is_no_address_is_a_permanent_failure(address: str) -> None:
    channel = EmailChannel("localhost", 9, sender=SENDER)
    with pytest.raises(DeliveryError, match="not an address") as caught:
        await channel.send(delivery(target=Target("email", address)), samples.AT)
    assert caught.value.fault is DeliveryFault.PERMANENT


async def test_an_address_in_another_script_is_reached() -> None:
    with SmtpServer() as server:
        channel = EmailChannel("localhost", server.port, sender=SENDER, security="none")
        await channel.send(delivery(target=Target("email", "редакция@example.org")), samples.AT)
        assert server.messages[0].recipients == ("редакция@example.org",)


@pytest.mark.parametrize("sender", ["", "desk", "News desk", "desk@"])
def test_a_sender_that_is_no_address_is_refused_at_the_start(sender: str) -> None:
    with pytest.raises(ConfigError, match="sender"):
        EmailChannel("localhost", sender=sender)


async def test_letters_of_another_script_in_a_domain_need_nothing_of_the_server() -> None:
    with SmtpServer() as server:
        server.smtputf8 = False
        channel = EmailChannel("localhost", server.port, sender="desk@новости.example", security="none")
        await channel.send(delivery(target=Target("email", "reader@редакция.example")), samples.AT)
        (message,) = server.messages
        assert (message.sender, *message.recipients) == (
            "desk@xn--b1amnebsh.example",
            "reader@xn--80ahcoj6a9b5d.example",
        )
        assert message.data.isascii()
        with pytest.raises(DeliveryError, match="SMTPUTF8") as caught:
            await channel.send(delivery(target=Target("email", "редакция@example.org")), samples.AT)
        assert caught.value.fault is DeliveryFault.PERMANENT


# --- what machines read -----------------------------------------------------------------------------------

LINK = "https://news.example.org/unsubscribe/morning/" + "Zm9vYmFyLXNpZ25lZC1saW5r" * 8


async def test_one_click_unsubscribes_where_there_is_a_protected_page() -> None:
    sent = await received(with_body(unsubscribe=LINK))
    assert sent.message["List-Unsubscribe"] == f"<{LINK}>"
    assert sent.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"List-Unsubscribe: <{LINK}>\r\n".encode() in sent.data, "in one line, as it is"


@pytest.mark.parametrize(
    ("link", "header", "reason"),
    [
        ("http://news.example.org/u/1", "<http://news.example.org/u/1>", "RFC 8058 wants https for one click"),
        ("", None, "no page"),
        ("javascript:alert(1)", None, "no web address"),
        ("https://news.example.org/>,<mailto:all@example.org", None, "would be two addresses"),
        ("https://news.example.org/\r\nBcc: all@example.org", None, "would be two headers"),
        ("https://news.example.org/" + "a" * 1000, None, "no line is so long"),
    ],
)
async def test_without_one_there_is_no_one_click(link: str, header: str | None, reason: str) -> None:
    message = (await received(with_body(unsubscribe=link))).message
    assert message["List-Unsubscribe"] == header, reason
    assert message["List-Unsubscribe-Post"] is None
    assert message["Bcc"] is None


async def test_what_follows_of_a_story_stands_in_one_thread_also_in_parts_and_on_another_day() -> None:
    first = (await received(delivery(key="k1", thread="flash/7"))).message
    later = (
        await received(delivery(key="k2", thread="flash/7", created_at=samples.AT + timedelta(days=1), part=1, parts=2))
    ).message
    other = (await received(delivery(key="k3", thread="flash/70"))).message
    assert first["References"] == first["In-Reply-To"] == later["References"] == later["In-Reply-To"]
    assert first["References"] not in {None, other["References"], first["Message-ID"]}
    assert first["References"].startswith("<")
    assert first["References"].endswith(".thread@monitor.example>")


@pytest.mark.parametrize(
    ("domain", "name"), [("d" * 60 + ".example.org", "n" * 110), ("monitor.example", "alarm/ёж"), ("a.example", "x..y")]
)
async def test_ids_are_never_broken_or_encoded(domain: str, name: str) -> None:
    with SmtpServer() as server:
        channel = EmailChannel("localhost", server.port, sender=f"desk@{domain}", security="none")
        await channel.send(delivery(key=name, digest=name, thread=name), samples.AT)
        (sent,) = server.messages
    for header in ("Message-ID", "References", "In-Reply-To", "List-Id"):
        assert re.search(rf"^{header}: <[!-;=?-~]+>\r$".encode(), sent.data, re.MULTILINE), header


@pytest.mark.parametrize("name", ["morning-20261124.html", "утро 24 ноября.html", "晨报.html"])
async def test_what_is_too_long_for_the_message_is_attached_whole(name: str) -> None:
    whole = "<!doctype html><p>Полный дайджест, 完整摘要</p>" + "<p>report</p>" * 9000
    body = {**digest_message().body, "attachment": {"name": name, "html": whole}}
    message = (await received(delivery(message=Message("email", body)))).message
    assert message.get_content_type() == "multipart/mixed"
    alternative, attached = message.iter_parts()
    assert [part.get_content_type() for part in alternative.iter_parts()] == ["text/plain", "text/html"]
    assert (attached.get_filename(), attached.get_content_disposition()) == (name, "attachment")
    assert attached.get_content_type() == "text/html"
    assert attached.get_content().rstrip() == whole
    assert str(message["X-Monitor-Key"]) == samples.KEY, "the headers stay on the outside"
