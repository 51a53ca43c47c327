"""What a mail server's refusal means for the outbox. Pure.

Codes: RFC 5321 4.2; enhanced codes (5.1.1 …): RFC 3463 and the registry of RFC 5248.
"""

import re
import ssl
from datetime import timedelta

import aiosmtplib

from monitor.errors import DeliveryFault

TEMPORARY, PERMANENT, CONFIGURATION = DeliveryFault

Verdict = tuple[DeliveryFault, str, timedelta | None]  # what to do, what to tell, how long the server asked to wait

AUTH_CODES = {530, 534, 535, 538}  # "authentication required", "too weak", "credentials invalid", "encryption required"
_ENHANCED = re.compile(r"\s*[245]\.(\d{1,3}\.\d{1,3})\b")
# "come back in 00:05:00", "retry in 300 seconds", "try again in 5 minutes": how greylisting says when.
_CLOCK = re.compile(r"\bin (\d{1,2}):([0-5]\d):([0-5]\d)\b")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_SPAN = re.compile(r"\bin (\d{1,5}) ?(s|m|h)(?:ec|in|r|econd|inute|our)?s?\b", re.IGNORECASE)

# By enhanced code, for refusals with 5xx of a recipient or a message; by subject where no detail is named.
_MEANING: dict[str, tuple[DeliveryFault, str]] = {
    "1.7": (CONFIGURATION, "check the sender's address"),
    "1.8": (CONFIGURATION, "check the sender's address"),
    "2.2": (TEMPORARY, "the mailbox is full"),
    "3.1": (TEMPORARY, "the mail server is full"),
    "3.4": (PERMANENT, "the message is too large for this server"),
    "6.7": (PERMANENT, "the server knows no addresses with other letters than ASCII"),
    "1": (PERMANENT, "check the address"),
    "7": (CONFIGURATION, "the server's policy forbids it: ask whoever runs it"),
}


def judge(error: Exception) -> Verdict:
    """What an exception of the SMTP library, or of the connection below it, means."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException) and 400 <= error.code < 600:
        return _answered(error)
    fault, what = _unanswered(error)
    return fault, what, None


def _answered(error: aiosmtplib.SMTPResponseException) -> Verdict:
    answer = f"the server answered {error.code} {error.message}"
    if error.code < 500:
        return TEMPORARY, answer, asked_wait(error.message)
    fault, advice = _refused(error)
    return fault, f"{answer}; {advice}" if advice else answer, None


def _refused(error: aiosmtplib.SMTPResponseException) -> tuple[DeliveryFault, str]:
    """A refusal with 5xx: the fault, and what to do about it."""
    found = _ENHANCED.match(error.message)
    detail = found[1] if found else ""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) or error.code in AUTH_CODES:
        return CONFIGURATION, "check the SMTP user name and password"
    if isinstance(error, (aiosmtplib.SMTPConnectResponseError, aiosmtplib.SMTPHeloError)):
        return CONFIGURATION, "it takes no mail from here: check SMTP host and port, and ask whoever runs it"
    if isinstance(error, aiosmtplib.SMTPSenderRefused):
        if error.code == 552 or detail == "3.4":  # announced with the sender: RFC 1870
            return _MEANING["3.4"]
        return CONFIGURATION, "check the sender's address"
    if meant := _MEANING.get(detail) or _MEANING.get(detail.partition(".")[0]):
        return meant
    if not detail and error.code == 552:  # "exceeded storage allocation", which passes: RFC 5321 4.5.3.1.10
        return _MEANING["2.2"]
    return PERMANENT, ""


def asked_wait(text: str) -> timedelta | None:
    """How long an answer asks to wait, where it says so in words; None: it doesn't."""
    if clock := _CLOCK.search(text):
        hours, minutes, seconds = map(int, clock.groups())
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if span := _SPAN.search(text):
        return timedelta(seconds=int(span[1]) * _UNITS[span[2].lower()])
    return None


def _unanswered(error: Exception) -> tuple[DeliveryFault, str]:
    if tls := _tls_trouble(error):
        return CONFIGURATION, f"no trusted encrypted connection: {tls}; check port, security and certificate"
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        if "SMTPUTF8" in error.message:
            return PERMANENT, "the mail server can't send to addresses with other letters than ASCII (SMTPUTF8)"
        return CONFIGURATION, f"{error.message}; check the SMTP security setting and what the server offers"
    if isinstance(error, TimeoutError):
        return TEMPORARY, "the server did not answer in time"
    if isinstance(error, (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected, OSError)):
        return TEMPORARY, f"no connection: {error}"
    if isinstance(error, ValueError):
        return PERMANENT, f"the message can't be sent to this address: {error}"
    return TEMPORARY, str(error)


def _tls_trouble(error: BaseException | None) -> str:
    """What the TLS layer complained about, wherever in the chain of causes it stands; else empty."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, ssl.SSLError):
            return getattr(error, "verify_message", "") or error.reason or str(error)
        if isinstance(error, aiosmtplib.SMTPException) and "STARTTLS" in str(error):
            return str(error)
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return ""
