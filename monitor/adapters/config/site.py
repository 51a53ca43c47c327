"""What the settings of the small site mean: where it listens, how it is reached from outside, what signs its links."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from monitor.adapters.config import values
from monitor.core.tickets import SECRET_LEAST

_HINT = "e.g. 127.0.0.1:8080, behind a proxy on this machine, or [::]:8080 for all addresses"


@dataclass(frozen=True, slots=True)
class Listen:
    """An address of this machine and a port; port 0 takes any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def listen(value: object) -> Listen:
    """`127.0.0.1:8080`, `localhost:8080`, `[::]:8080`. Names are not looked up: it must be plain who can come in."""
    found = values.text(value)
    match = re.fullmatch(r"(?:\[(?P<six>[^\]]*)\]|(?P<four>[^:]*)):(?P<port>[0-9]{1,5})", found)
    if not match or int(match["port"]) > 65535:
        raise values.ComplaintError(f"{values.shown(found)} is no address with a port from 0 to 65535", _HINT)
    host = match["six"] or match["four"] or ""
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise values.ComplaintError(f"{values.shown(host)} is no IP address", _HINT) from None
    if (address.version == 6) != bool(match["six"]):
        raise values.ComplaintError(f"{values.shown(found)} mixes the ways in which addresses are written", _HINT)
    return Listen(str(address), int(match["port"]))


def public_url(value: object) -> str:
    """Where readers reach the site: an https address, perhaps with a path, given back without a slash at its end.

    http is for networks of one's own: mail programs take a link for one click only over https (RFC 8058, section 3.1).
    """
    found = values.web_address(value)
    parts = urlsplit(found)
    if parts.query or parts.fragment or "?" in found or "#" in found:
        raise values.ComplaintError("must end with the host or a path", "e.g. https://news.example.org/monitor")
    if not found.isascii() or len(found) > 200 or re.search(r"[\"'<>\\^`{|}]|//.*//", found):
        hint = "write a name in other letters as its xn-- form"
        raise values.ComplaintError(f"{values.shown(found)} can't stand in a link", hint)
    return found.rstrip("/")


def link_secret(value: object) -> str:
    """Text that nobody guesses; its complaint does not quote it."""
    found = values.text(value)
    if len(found) < SECRET_LEAST:
        hint = "e.g. the output of `openssl rand -hex 24`; or leave it out, and one is made"
        raise values.ComplaintError(f"is too short: {SECRET_LEAST} characters at least", hint)
    return found
