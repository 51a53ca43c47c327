"""Which addresses of the network may be connected to. Pure: resolves no names and opens no connections.

Feeds, redirects and the names behind them are written by others. Whoever can make this program ask an address of
their choice can reach what only this machine or its neighbours should: databases, routers, a cloud's metadata
service. So what is not plainly public is refused, unless the operator allows its network.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


LOOPBACK = _networks("127.0.0.0/8", "::1/128")
PRIVATE = _networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
WORDS = {"loopback": LOOPBACK, "private": PRIVATE}

METADATA = "a cloud's metadata service"  # the reason that nobody should be led to allow

# The first that holds an address gives the reason. Special-purpose registries of IANA (RFC 6890 and later ones), and
# the addresses at which clouds tell a machine its passwords; those lie in larger ranges, so they come first.
_REFUSED: tuple[tuple[str, tuple[Network, ...]], ...] = (
    (METADATA, _networks("169.254.169.254/32", "fd00:ec2::254/128", "100.100.100.200/32")),
    ("this machine itself", LOOPBACK),
    ("a private network", PRIVATE),
    ("the shared network of a provider", _networks("100.64.0.0/10")),
    ("link-local", _networks("169.254.0.0/16", "fe80::/10", "fec0::/10")),
    ("no address at all", _networks("0.0.0.0/8", "::/128")),
    ("a group of machines", _networks("224.0.0.0/4", "ff00::/8")),
    (
        "reserved",
        _networks(
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
            "240.0.0.0/4", "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20",
            "5f00::/16",
        ),
    ),
)  # fmt: skip
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: how networks with IPv6 alone reach IPv4
_GLOBAL_V6 = IPv6Network("2000::/3")  # all that was ever given out (RFC 4291)


def refusal(address: Address, allowed: Sequence[Network] = ()) -> str | None:
    """Why this address may not be connected to, as words that fit after "it is"; None: it may.

    `allowed` are networks that the operator trusts. An IPv4 address within an IPv6 one counts as itself: mapped
    (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056) and Teredo (RFC 4380), whose server counts as well.
    """
    if isinstance(address, IPv6Address):
        # A scope such as %eth0 would keep it from being found in a network.
        address = IPv6Address(int(address))
    if _within(address, allowed):
        return None
    inner = _embedded(address)
    if inner:
        return next((why for one in inner if (why := refusal(one, allowed))), None)
    for reason, networks in _REFUSED:
        if _within(address, networks):
            return reason
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        return "reserved"
    return None


def parse_networks(text: str) -> tuple[Network, ...]:
    """`10.1.0.0/16, 192.0.2.7, loopback, private` → networks. Raises ValueError naming the part that is none."""
    found: list[Network] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        if part.lower() in WORDS:
            found += WORDS[part.lower()]
            continue
        try:
            found.append(ip_network(part))
        except ValueError:
            raise ValueError(part) from None
    return tuple(found)


@lru_cache(maxsize=8192)
def literal(host: str) -> Address | None:
    """The address that a host in a URL is, also as `2130706433`, `0x7f.1` or `0177.0.0.1`; None: it is a name.

    The short, octal and hexadecimal forms are those that `inet_aton` takes, and with it the system's resolver.
    """
    host = host.strip("[]").rstrip(".")
    try:
        return ip_address(host)
    except ValueError:
        return _inet_aton(host)


def _inet_aton(host: str) -> IPv4Address | None:
    parts = host.split(".")
    if not 1 <= len(parts) <= 4 or not all(part.isascii() and part[:1].isdigit() for part in parts):
        return None
    try:
        *heads, last = [_number(part) for part in parts]
    except ValueError:
        return None
    if any(head > 0xFF for head in heads) or last >= 256 ** (4 - len(heads)):
        return None
    value = last
    for place, head in enumerate(heads):
        value += head << (24 - 8 * place)
    return IPv4Address(value)


def _number(text: str) -> int:
    if text[:2] in {"0x", "0X"}:
        return int(text[2:] or "0", 16)
    return int(text, 8) if text.startswith("0") else int(text)


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _embedded(address: Address) -> tuple[IPv4Address, ...]:
    if isinstance(address, IPv4Address):
        return ()
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()
