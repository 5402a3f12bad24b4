"""The node's addresses: its own, its pods' and its services', apart from all that this machine can reach."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING, Final

from embedded.node.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Iterable

INTERFACE: Final = "tidegate0"
# Pods and services of each: the usual ones first.
_CANDIDATES: Final = (("10.244.0.0/24", "10.96.0.0/16"), ("10.187.0.0/24", "10.188.0.0/16"), ("172.29.64.0/24", "172.28.0.0/16"))
_TIMEOUT: Final = 10
# So many of the pods' addresses, from the second on, are for parts that run apart.
_APART: Final = 8


@dataclass(frozen=True, slots=True)
class Network:
    """Where pods and services live. The node itself has the pods' first address: it is their gateway, and its servers listen there."""

    pods: str
    services: str

    @property
    def address(self) -> str:
        """The node's own, on which its servers listen."""
        return str(ip_network(self.pods)[1])

    def apart(self, number: int) -> str:
        """The address of a part that runs apart; they are numbered from 1 on."""
        if not 1 <= number <= _APART:
            raise ValueError(f"a node has {_APART} addresses for parts that run apart, and {number} is none of them")
        return str(ip_network(self.pods)[1 + number])

    @property
    def first_pod(self) -> str:
        """The first address that is a pod's."""
        return str(ip_network(self.pods)[2 + _APART])

    @property
    def api(self) -> str:
        """The Service `kubernetes`."""
        return str(ip_network(self.services)[1])

    @property
    def dns(self) -> str:
        """The Service of a name server, if one is added."""
        return str(ip_network(self.services)[10])


def choose(taken: Iterable[IPv4Network]) -> Network:
    """The first addresses that nobody else has."""
    others = list(taken)
    for pods, services in _CANDIDATES:
        if not any(ip_network(mine).overlaps(other) for mine in (pods, services) for other in others):
            return Network(pods, services)
    tried = ", ".join(network for pair in _CANDIDATES for network in pair)
    raise NodeError(f"this machine has routes to all networks that a node could take ({tried}); see `ip route`")


def taken() -> list[IPv4Network]:
    """The networks that this machine has routes to; the default route leads to no network in particular."""
    rows = json.loads(run("ip", "-json", "-4", "route", "show", "table", "all") or "[]")
    found = (row["dst"] for row in rows if row["dst"] != "default" and row.get("type", "unicast") in {"unicast", "local"})
    return [IPv4Network(destination, strict=False) for destination in found]


def set_up(network: Network) -> None:
    """Give the node its address, on a bridge that leads nowhere, and services a way from this machine."""
    if INTERFACE not in run("ip", "-brief", "link"):
        run("ip", "link", "add", INTERFACE, "type", "bridge")
    run("ip", "link", "set", INTERFACE, "up")
    run("ip", "address", "replace", f"{network.address}/32", "dev", INTERFACE)
    run("ip", "route", "replace", network.services, "dev", INTERFACE, "src", network.address)


def run(*command: str) -> str:
    """What a command of the system says."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT)
    if done.returncode:
        raise NodeError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
    return done.stdout
