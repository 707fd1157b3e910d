"""Tell public internet addresses from all others, by our own table.

`ipaddress.is_global` differs between Python versions and calls some special blocks global, so the table of the
IANA special-purpose registries is kept here. IPv6 is an allow-list: global unicast minus the blocks that carry
an IPv4 address or are not routed. https://www.iana.org/assignments/iana-ipv4-special-registry/
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

PRIVATE_IPV4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "255.255.255.255/32",
        "168.63.129.16/32",  # public space, but Azure's host agent answers there
    )
)
GLOBAL_IPV6 = IPv6Network("2000::/3")
PRIVATE_IPV6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # Teredo, ORCHID and other protocol assignments
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)


def is_public(address: str) -> bool:
    """Say whether an address, in the text form a resolver or a socket gives, is on the public internet.

    Mapped, translated and tunnelled forms of IPv4 are never public, whatever they carry, and neither are scoped ones.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in block for block in PRIVATE_IPV4)
    if parsed.scope_id is not None:
        return False
    return parsed in GLOBAL_IPV6 and not any(parsed in block for block in PRIVATE_IPV6)
