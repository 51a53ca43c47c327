"""What a mail server's answer means: try again, give up on the address, or a person has to mend something."""

from datetime import timedelta

import aiosmtplib
import pytest

from monitor.adapters.deliver.smtp_answers import asked_wait, judge
from monitor.errors import DeliveryFault

TEMPORARY, PERMANENT, CONFIGURATION = DeliveryFault


def at_rcpt(code: int, text: str) -> Exception:
    return aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(code, text, "reader@example.org")])


def at_mail(code: int, text: str) -> Exception:
    return aiosmtplib.SMTPSenderRefused(code, text, "desk@example.org")


at_connect, at_helo = aiosmtplib.SMTPConnectResponseError, aiosmtplib.SMTPHeloError
at_auth, at_data, at_rset = (
    aiosmtplib.SMTPAuthenticationError,
    aiosmtplib.SMTPDataError,
    aiosmtplib.SMTPResponseException,
)


@pytest.mark.parametrize(
    ("error", "fault", "why"),
    [
        (at_connect(421, "4.3.2 too many connections"), TEMPORARY, "4xx, whatever the stage"),
        (at_connect(554, "5.7.1 no service for this host"), CONFIGURATION, "refuses all mail from here, not this one"),
        (at_connect(521, "server does not accept mail"), CONFIGURATION, "RFC 7504: the wrong server"),
        (at_helo(550, "bad name"), CONFIGURATION, "it knows neither recipient nor message yet"),
        (at_auth(454, "4.7.0 temporary failure of authentication"), TEMPORARY, "4xx"),
        (at_auth(535, "5.7.8 bad credentials"), CONFIGURATION, "password"),
        (at_mail(530, "5.7.0 authentication required"), CONFIGURATION, "login missing"),
        (at_mail(451, "4.3.0 later"), TEMPORARY, "4xx"),
        (at_mail(553, "5.1.8 domain of sender does not resolve"), CONFIGURATION, "our address"),
        (at_mail(552, "5.3.4 message size exceeds limit"), PERMANENT, "announced by SIZE with the sender"),
        (at_rcpt(450, "4.2.0 greylisted"), TEMPORARY, "4xx"),
        (at_rcpt(450, "4.7.1 greylisted"), TEMPORARY, "4xx, though its subject is policy"),
        (at_rcpt(550, "5.1.1 user unknown"), PERMANENT, "the address"),
        (at_rcpt(550, "no such user"), PERMANENT, "5xx without more"),
        (at_rcpt(556, "5.1.10 recipient has null MX"), PERMANENT, "the address, RFC 7505"),
        (at_rcpt(550, "5.2.1 mailbox disabled"), PERMANENT, "5xx"),
        (at_rcpt(552, "5.2.2 mailbox full"), TEMPORARY, "passes, although the code says permanent"),
        (at_rcpt(554, "5.2.2 quota exceeded"), TEMPORARY, "the enhanced code tells more than the other"),
        (at_rcpt(552, "too much mail data"), TEMPORARY, "RFC 5321 4.5.3.1.10"),
        (at_rcpt(554, "5.7.1 relay access denied"), CONFIGURATION, "the server would have to allow it"),
        (at_rcpt(550, "5.7.25 no reverse DNS"), CONFIGURATION, "policy about our server"),
        (at_rcpt(550, "5.1.7 bad sender address"), CONFIGURATION, "told at RCPT, about the sender"),
        (at_rcpt(530, "5.7.0 must issue STARTTLS first"), CONFIGURATION, "security"),
        (at_data(452, "4.3.1 insufficient storage"), TEMPORARY, "4xx"),
        (at_data(552, "5.3.4 message too big"), PERMANENT, "this message will not shrink"),
        (at_data(552, "storage exceeded"), TEMPORARY, "passes"),
        (at_data(554, "5.3.1 mail system full"), TEMPORARY, "passes"),
        (at_data(554, "transaction failed"), PERMANENT, "5xx without more"),
        (at_data(550, "5.7.26 unauthenticated mail is refused (DMARC)"), CONFIGURATION, "SPF, DKIM or DMARC"),
        (at_data(550, "5.71.1 not an enhanced code for policy"), PERMANENT, "the whole number counts"),
        (at_rset(421, "4.4.2 timeout, closing"), TEMPORARY, "4xx"),
        (aiosmtplib.SMTPServerDisconnected("lost"), TEMPORARY, "no answer"),
        (aiosmtplib.SMTPReadTimeoutError("slow"), TEMPORARY, "no answer in time"),
        (aiosmtplib.SMTPNotSupported("SMTPUTF8 is not supported"), PERMANENT, "this address, with this server"),
        (aiosmtplib.SMTPNotSupported("AUTH is not supported"), CONFIGURATION, "security setting"),
        (ValueError("bad address"), PERMANENT, "can't be written on the line"),
    ],
)  # fmt: skip
def test_an_answer_means(error: Exception, fault: DeliveryFault, why: str) -> None:
    assert judge(error)[0] is fault, why


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (at_rcpt(550, "5.1.1 user unknown"), "check the address"),
        (at_rcpt(552, "5.2.2 over quota"), "the mailbox is full"),
        (at_rcpt(554, "5.7.1 relay access denied"), "ask whoever runs it"),
        (at_data(550, "5.7.26 DMARC"), "ask whoever runs it"),
        (at_auth(535, "5.7.8 no"), "user name and password"),
        (at_mail(550, "5.1.8 unknown"), "sender's address"),
        (at_connect(554, "go away"), "SMTP host and port"),
    ],
)
def test_a_refusal_quotes_the_answer_and_says_what_to_do(error: Exception, advice: str) -> None:
    told = judge(error)[1]
    assert told.startswith("the server answered 5")
    assert advice in told


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("4.7.1 Greylisting in action, please come back in 00:05:00", timedelta(minutes=5)),
        ("4.7.1 Greylisted, please try again in 300 seconds", timedelta(minutes=5)),
        ("4.2.0 retry in 5 minutes", timedelta(minutes=5)),
        ("Try again in 10 min.", timedelta(minutes=10)),
        ("come back in 2 hours", timedelta(hours=2)),
        ("deferred, try in 90s", timedelta(seconds=90)),
        ("4.7.1 Greylisted, see the postmaster's page", None),
        ("listed in 3 minor lists", None),
        ("in 127:00:01 of nothing", None),
        ("", None),
    ],
)
def test_greylisting_may_say_when_to_come_back(text: str, wait: timedelta | None) -> None:
    assert asked_wait(text) == wait
    assert judge(at_rcpt(450, text))[2] == wait
