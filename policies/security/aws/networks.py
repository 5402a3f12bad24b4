"""Networks by their addresses: which are the world, or so much of it that it is the same."""

from ipaddress import IPv4Network, IPv6Network, ip_network

_MOST_4, _MOST_6 = 8, 16
"""Prefixes so short, or shorter, are nobody's in particular."""
_PRIVATE_4 = (IPv4Network("10.0.0.0/8"), IPv4Network("127.0.0.0/8"))
_PRIVATE_6 = (IPv6Network("fc00::/7"), IPv6Network("fe80::/10"))


def is_world(cidr: str) -> bool:
    """Whether that is everybody, or a great part of everybody. Private networks are not, however great."""
    try:
        network = ip_network(cidr.strip(), strict=False)
    except ValueError:
        return False
    if isinstance(network, IPv4Network):
        return network.prefixlen <= _MOST_4 and not any(network.subnet_of(one) for one in _PRIVATE_4)
    return network.prefixlen <= _MOST_6 and not any(network.subnet_of(one) for one in _PRIVATE_6)
