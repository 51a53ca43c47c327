"""Channels: each sends one delivery to one recipient, and says of a failure whether to try again."""

from .console import ConsoleChannel
from .email import EmailChannel, Security
from .file import FileChannel
from .slack import SlackChannel

__all__ = ["ConsoleChannel", "EmailChannel", "FileChannel", "Security", "SlackChannel"]
