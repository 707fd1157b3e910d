"""Which addresses are public: the first, the last and the ones just outside of every block."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

from media.addresses import PRIVATE_IPV4, PRIVATE_IPV6, is_public

# How IPv6 can carry an IPv4 address; none of these is ever public, whatever it carries.
EMBEDDINGS: dict[str, Callable[[int], IPv6Address]] = {
    "mapped": lambda n: IPv6Address(0xFFFF << 32 | n),
    "compatible": IPv6Address,
    "translated": lambda n: IPv6Address(0xFFFF << 48 | n),
    "nat64": lambda n: IPv6Address(int(IPv6Address("64:ff9b::")) | n),
    "local nat64": lambda n: IPv6Address(int(IPv6Address("64:ff9b:1::")) | n),
    "6to4": lambda n: IPv6Address(0x2002 << 112 | n << 80),
    "teredo": lambda n: IPv6Address(0x20010000 << 96 | (n ^ 0xFFFFFFFF)),
}


def test_every_edge_of_every_ipv4_block() -> None:
    checked = 0
    for block in PRIVATE_IPV4:
        first, last = int(block.network_address), int(block.broadcast_address)
        inside = [first, last]
        outside = [
            edge
            for edge in (first - 1, last + 1)
            if 0 <= edge < 2**32 and not any(IPv4Address(edge) in other for other in PRIVATE_IPV4)
        ]
        for number in inside:
            assert not is_public(str(IPv4Address(number))), IPv4Address(number)
        for number in outside:
            assert is_public(str(IPv4Address(number))), IPv4Address(number)
        for number in inside + outside:
            for name, embed in EMBEDDINGS.items():
                assert not is_public(str(embed(number))), (name, IPv4Address(number))
            checked += 1 + len(EMBEDDINGS)
    assert checked >= 450


def test_every_edge_of_every_ipv6_block() -> None:
    for block in PRIVATE_IPV6:
        first, last = int(block.network_address), int(block.broadcast_address)
        assert not is_public(str(IPv6Address(first)))
        assert not is_public(str(IPv6Address(last)))
    outside = ("2001:200::", "2001:db7:ffff::1", "2001:db9::", "2003::", "2620:4f:7fff::1", "2620:4f:8001::", "3ffe::1")
    for text in (*outside, "2000::", "2606:4700::1111", "2a00:1450:4001::200e"):
        assert is_public(text), text
    for text in (
        "::",
        "::1",
        "1fff::1",
        "4000::",
        "64:ff9c::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ):
        assert not is_public(text), text


def test_what_is_no_plain_address_is_not_public() -> None:
    for text in (
        "",
        "example.com",
        "1.2.3",
        "1.2.3.4.5",
        "0x1.2.3.4",
        "01.2.3.4",
        "1.2.3.4 ",
        "2606:4700::1%eth0",
        "[2606::1]",
    ):
        assert not is_public(text), text
    # Python's own word on these differs between versions or is wrong for us.
    for text in ("192.0.0.192", "192.88.99.1", "224.0.0.251", "168.63.129.16", "3fff::1"):
        assert not is_public(str(ip_address(text))), text
    for text in ("1.1.1.1", "8.8.8.8", "100.63.255.254", "100.128.0.1", "168.63.129.15"):
        assert is_public(text), text
