"""Which addresses may be connected to: nothing that is not plainly public, in whatever form it is written."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.addresses import LOOPBACK, PRIVATE, literal, parse_networks, refusal


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1", "this machine itself"),
        ("127.255.255.254", "this machine itself"),
        ("::1", "this machine itself"),
        ("10.0.0.1", "a private network"),
        ("172.31.255.255", "a private network"),
        ("192.168.1.1", "a private network"),
        ("fd12:3456::1", "a private network"),
        ("100.64.0.1", "the shared network of a provider"),
        ("100.127.255.255", "the shared network of a provider"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "link-local"),
        ("169.254.169.254", "a cloud's metadata service"),
        ("fd00:ec2::254", "a cloud's metadata service"),
        ("100.100.100.200", "a cloud's metadata service"),
        ("0.0.0.0", "no address at all"),
        ("0.1.2.3", "no address at all"),
        ("::", "no address at all"),
        ("224.0.0.1", "a group of machines"),
        ("ff02::1", "a group of machines"),
        ("255.255.255.255", "reserved"),
        ("240.0.0.1", "reserved"),
        ("198.18.0.1", "reserved"),
        ("192.0.2.1", "reserved"),
        ("203.0.113.9", "reserved"),
        ("2001:db8::1", "reserved"),
        ("4000::1", "reserved"),
        ("::127.0.0.1", "reserved"),
        ("::ffff:127.0.0.1", "this machine itself"),
        ("::ffff:10.1.2.3", "a private network"),
        ("::ffff:169.254.169.254", "a cloud's metadata service"),
        ("2002:7f00:1::", "this machine itself"),
        ("2002:a9fe:a9fe::1", "a cloud's metadata service"),
        ("64:ff9b::10.0.0.1", "a private network"),
        ("64:ff9b:1::10.0.0.1", "reserved"),
        # Teredo: server 65.54.227.120, client 10.0.0.1, which is written with all bits turned
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", "a private network"),
        # Teredo with a private server
        ("2001:0:0a00:1:8000:63bf:3fff:fdd2", "a private network"),
    ],
)
def test_what_is_not_public_is_refused_with_its_reason(address: str, reason: str) -> None:
    assert refusal(ip_address(address)) == reason


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "93.184.216.34",
        "172.15.255.255",
        "172.32.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ],
)
def test_public_addresses_may_be_asked(address: str) -> None:
    assert refusal(ip_address(address)) is None


@given(st.ip_addresses())
def test_whatever_python_knows_to_be_special_is_refused(address: IPv4Address | IPv6Address) -> None:
    special = address.is_private or address.is_loopback or address.is_link_local or address.is_multicast
    if special or address.is_reserved or address.is_unspecified:
        mapped = isinstance(address, IPv6Address) and (address.ipv4_mapped or address.teredo or address.sixtofour)
        nat = address.version == 6 and address in ip_network("64:ff9b::/96")
        assert refusal(address) or mapped or nat or address in ip_network("2001::/23")


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_counts_the_same_within_an_ipv6_one(address: IPv4Address) -> None:
    expected = refusal(address)

    assert refusal(IPv6Address(f"::ffff:{address}")) == expected
    assert refusal(IPv6Address(f"64:ff9b::{address}")) == expected
    assert refusal(IPv6Address((0x2002 << 112) + (int(address) << 80))) == expected


def test_an_allowed_network_is_allowed_in_every_form_and_no_other_is() -> None:
    allowed = parse_networks("127.0.0.0/8, fd12::/16")

    assert refusal(ip_address("127.3.2.1"), allowed) is None
    assert refusal(ip_address("::ffff:127.3.2.1"), allowed) is None
    assert refusal(ip_address("fd12::5"), allowed) is None
    assert refusal(ip_address("10.0.0.1"), allowed)
    assert refusal(ip_address("::1"), allowed)


def test_networks_are_written_as_such_or_as_words() -> None:
    assert parse_networks("") == ()
    assert parse_networks(" loopback , Private") == LOOPBACK + PRIVATE
    assert parse_networks("10.1.0.0/16,192.0.2.7") == (ip_network("10.1.0.0/16"), ip_network("192.0.2.7/32"))


@pytest.mark.parametrize("wrong", ["10.0.0.1/8", "intranet", "10.0.0", "1.2.3.4:80", "10.0.0.0/33"])
def test_what_is_no_network_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong.replace(".", r"\.")):
        parse_networks(f"loopback, {wrong}")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("169.254.43518", "169.254.169.254"),
        ("[::1]", "::1"),
        ("::ffff:7f00:1", "::ffff:127.0.0.1"),
        ("example.org", None),
        ("1.example.org", None),
        ("256.1.1.1", None),
        ("0x", "0.0.0.0"),
        ("08.1.1.1", None),
        ("1.2.3.4.5", None),
        ("4294967296", None),
        ("", None),
    ],
)
def test_an_address_is_known_in_every_form_that_resolvers_take(host: str, address: str | None) -> None:
    assert literal(host) == (ip_address(address) if address else None)


@given(st.ip_addresses(v=4))
def test_every_way_to_write_an_ipv4_address_is_read_alike(address: IPv4Address) -> None:
    value = int(address)
    parts = [value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255]
    ways = [str(address), str(value), hex(value), oct(value).replace("0o", "0"), ".".join(map(hex, parts))]
    ways.append(f"{parts[0]}.{value & 0xFFFFFF}")

    assert {literal(way) for way in ways} == {address}
