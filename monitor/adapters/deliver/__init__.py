"""Channels: each sends one delivery to one recipient, and says of a failure whether to try again."""

from .apprise import AppriseChannel
from .atom import AtomChannel
from .console import ConsoleChannel
from .email import EmailChannel, Security
from .file import FileChannel
from .slack import SlackChannel
from .webhook import Receiver, WebhookChannel

__all__ = [
    "AppriseChannel",
    "AtomChannel",
    "ConsoleChannel",
    "EmailChannel",
    "FileChannel",
    "Receiver",
    "Security",
    "SlackChannel",
    "WebhookChannel",
]
