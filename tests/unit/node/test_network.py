"""The node's addresses."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from embedded.node.errors import NodeError
from embedded.node.network import Network, choose


def test_the_usual_addresses_unless_they_are_taken() -> None:
    """A network that this machine has a route to is left alone, whether it is the pods' or the services'."""
    assert choose([IPv4Network("192.168.1.0/24")]) == Network("10.244.0.0/24", "10.96.0.0/16")
    assert choose([IPv4Network("10.244.0.0/16")]).pods == "10.187.0.0/24"
    assert choose([IPv4Network("10.96.5.0/24")]).pods == "10.187.0.0/24"
    assert choose([IPv4Network("10.0.0.0/8")]).pods == "172.29.64.0/24"
    with pytest.raises(NodeError, match="see `ip route`"):
        choose([IPv4Network("0.0.0.0/1"), IPv4Network("128.0.0.0/1")])


def test_addresses_of_note() -> None:
    """The node has the pods' first address; the API and a name server have theirs among the services'."""
    network = Network("10.244.0.0/24", "10.96.0.0/16")
    assert (network.address, network.api, network.dns) == ("10.244.0.1", "10.96.0.1", "10.96.0.10")


def test_parts_apart_have_addresses_that_no_pod_has() -> None:
    """They are between the node's own and the pods'; there are as many as there are, and no more."""
    network = Network("10.244.0.0/24", "10.96.0.0/16")
    assert (network.apart(1), network.apart(8), network.first_pod) == ("10.244.0.2", "10.244.0.9", "10.244.0.10")
    for number in (0, 9):
        with pytest.raises(ValueError, match="has 8 addresses"):
            network.apart(number)
