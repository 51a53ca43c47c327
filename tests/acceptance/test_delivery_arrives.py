"""What arrives: the installed command, a real mail server with TLS and AUTH, and an endpoint with Slack's limits."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import pytest
from support.command import environment
from support.http_server import HttpServer
from support.slack_server import SlackServer, complaints
from support.smtp import Certificate, SmtpServer, certificate

PASSWORD = "correct horse battery"  # nothing it opens exists
RULES = """
terms:
  harbour: {label: harbour, entity: place, en: [harbour], ru: [гавань], zh: [港口]}
rules:
  - id: harbour
    title: Harbour
    severity: high
    match: $harbour
    examples: {hit: [The harbour opened]}
digests:
  - id: desk
    title: Harbour desk
    rules: ["*"]
    at: "0 8 * * *"
    timezone: Asia/Tokyo
    to: ["email:one@example.org", "email:два@пример.example", "email:gone@example.org", TARGET]
"""
TITLES = ("Гавань «Северная» & порт открылись", "港口今日恢复通航", "The harbour <opens> to foreign ships")


def rss() -> bytes:
    date = format_datetime(datetime.now(UTC))
    items = "".join(
        f"<item><title><![CDATA[{title.replace('<', '&lt;').replace(' & ', ' &amp; ')}]]></title><guid>{number}</guid>"
        f"<link>http://gazette.example/{number}</link><pubDate>{date}</pubDate></item>"
        for number, title in enumerate(TITLES)
    )
    return f"<rss version='2.0'><channel><title>Gazette</title>{items}</channel></rss>".encode()


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def http() -> Iterator[HttpServer]:
    with HttpServer() as server:
        server.document("/feed", rss())
        yield server


def monitor(home: Path, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    env = environment(**environ)
    command = [sys.executable, "-m", "monitor", *arguments]
    return subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=60, check=False)


def tell(home: Path, http: HttpServer, target: str, **environ: str) -> str:
    """Poll and send the digest; everything the command printed."""
    (home / "feeds.yaml").write_text(f"feeds:\n  - {{id: gazette, url: '{http.url('/feed')}', name: Gazette}}\n")
    (home / "rules.yaml").write_text(RULES.replace("TARGET", f'"{target}"'), encoding="utf-8")
    read = monitor(home, "once", **environ)
    assert read.returncode == 0, read.stderr
    sent = monitor(home, "digest", "send", "desk", **environ)
    shown = monitor(home, "outbox", "--json", **environ)
    return read.stdout + read.stderr + sent.stdout + sent.stderr + shown.stdout


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return part.get_content()  # type: ignore[no-any-return]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_arrives_whole_at_everyone_but_the_refused(
    tmp_path: Path, http: HttpServer, trusted: Certificate, security: str
) -> None:
    with SmtpServer(security=security, user="desk", password=PASSWORD, certificate=trusted) as smtp:
        smtp.refuse["gone@example.org"] = "550 5.1.1 no such user"
        printed = tell(
            tmp_path,
            http,
            "file:out",
            MONITOR_SMTP_HOST="localhost",
            MONITOR_SMTP_PORT=str(smtp.port),
            MONITOR_SMTP_SECURITY=security,
            MONITOR_SMTP_USER="desk",
            MONITOR_SMTP_PASSWORD=PASSWORD,
            MONITOR_SMTP_FROM="Harbour desk <monitor@example.org>",
            SSL_CERT_FILE=str(trusted.certificate),
        )
        mails = {mail.recipients[0]: mail for mail in smtp.messages}
    assert set(mails) == {"one@example.org", "два@пример.example"}, printed
    assert PASSWORD not in printed
    assert "550 5.1.1" in printed
    for mail in mails.values():
        assert mail.encrypted
        assert mail.user == "desk"
        message = mail.message
        assert message.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["List-Id"]
        assert parsedate_to_datetime(message["Date"]).tzinfo is not None
        for title in TITLES:
            assert title in " ".join(body(message, "plain").split())
        assert "&lt;opens&gt;" in body(message, "html").replace("<mark", "")
        assert "<opens>" not in body(message, "html")
    keys = {str(mail.message["Message-ID"]) for mail in mails.values()}
    assert len(keys) == 2


@pytest.mark.parametrize("mode", ["webhook", "token"])
def test_slack_takes_the_blocks(tmp_path: Path, http: HttpServer, mode: str) -> None:
    with SlackServer() as slack:
        access = (
            {"MONITOR_SLACK_WEBHOOK": slack.webhook}
            if mode == "webhook"
            else {"MONITOR_SLACK_TOKEN": slack.token, "MONITOR_SLACK_API_URL": slack.api}
        )
        printed = tell(tmp_path, http, "slack:#desk", **access)
        messages = list(slack.messages)
    assert messages, printed
    assert slack.token not in printed
    assert slack.webhook not in printed
    everything = str([message.payload for message in messages])
    for message in messages:
        assert complaints(message.payload) == []
        if mode == "token":
            assert message.channel == "#desk"
            assert message.metadata["event_payload"]
    for title in ("Гавань", "港口", "to foreign ships"):
        assert title in everything, everything
