"""What a node changes on its machine, written down before it is changed, and how it is all taken back.

Mounts aren't among it: what mounts does so in a mount namespace of its own. There the folders that containerd, kubelet and network plugins
insist on are the node's own; outside they are but empty folders.
"""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedded.node import cgroups, processes
from embedded.node.errors import NodeError
from embedded.node.folder import write
from embedded.node.network import INTERFACE, Network, choose, run, taken
from embedded.node.parts.proxy import TABLE

if TYPE_CHECKING:
    from embedded.node.folder import Folder

HIDDEN: Final = {
    "/run/containerd": "containerd",
    "/var/lib/cni": "cni",
    "/var/lib/kubelet": "kubelet",
    "/var/log/containers": "containers",
}
"""Folders that can't be told to be elsewhere, and what stands in for each, below the node's `private`."""

SETTINGS: Final = (
    "net/ipv4/ip_forward",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
"""What kubelet and network plugins set."""

_SYS: Final = Path("/proc/sys")
_TIMEOUT: Final = 10.0
_POLL: Final = 0.05


@dataclass(frozen=True, slots=True)
class Machine:
    """What the node takes of the machine, and how the machine was before."""

    network: Network
    cgroup: str
    settings: dict[str, str]
    made: list[str]
    """Folders that weren't there."""


def read(folder: Folder) -> Machine | None:
    """What the node has taken."""
    try:
        raw = json.loads(folder.machine.read_text())
        return Machine(Network(**raw["network"]), raw["cgroup"], raw["settings"], raw["made"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise NodeError(f"{folder.machine} can't be read ({error}): nobody knows what the node has changed; see docs/node.md") from error


def take(folder: Folder) -> Machine:
    """What the node has taken, or is to take from now on."""
    if (known := read(folder)) is not None:
        return known
    if _tables():
        raise NodeError(f"another Kubernetes runs on this machine: nftables has tables called {TABLE}; a node would spoil its services")
    if _interface_is_there():
        raise NodeError(
            f"the interface {INTERFACE} is there already, and not this node's: take the other node down first, "
            f"or if there is none: ip link delete {INTERFACE}"
        )
    settings = {name: (_SYS / name).read_text().strip() for name in SETTINGS if (_SYS / name).exists()}
    made = _not_there()
    machine = Machine(choose(taken()), f"tidegate-{folder.name}", settings, made)
    write(folder.machine, json.dumps(asdict(machine), indent=2))
    return machine


def make_hidden(folder: Folder) -> list[tuple[Path, Path]]:
    """The folders to be hidden by others, and those others."""
    pairs = []
    for hidden, name in HIDDEN.items():
        Path(hidden).mkdir(mode=0o755, parents=True, exist_ok=True)
        pairs.append((folder.make("private", name), Path(hidden)))
    return pairs


def end(folder: Folder, machine: Machine, grace: float) -> None:
    """End every process of the node."""
    processes.stop(processes.marked(folder), grace)
    cgroups.thaw(machine.cgroup)
    if not processes.kill(lambda: [*processes.marked(folder), *cgroups.inside(machine.cgroup)]):
        left = ", ".join(str(process.pid) for process in (*processes.marked(folder), *cgroups.inside(machine.cgroup)))
        raise NodeError(f"processes of the node {folder.name} can't be ended: {left}; see what they wait for: cat /proc/PID/stack")


def give_back(machine: Machine) -> None:
    """Take back all that the node has changed; its processes have ended."""
    _remove_interfaces(machine.network)
    for family in _tables():
        run("nft", "delete", "table", family, TABLE)
    cgroups.remove(machine.cgroup)
    for name, value in machine.settings.items():
        if (_SYS / name).read_text().strip() != value:
            (_SYS / name).write_text(value)
    for made in machine.made:
        with suppress(OSError):  # somebody else uses it now
            Path(made).rmdir()


def _not_there() -> list[str]:
    """The hidden folders that have to be made, and those above them, the lowest first."""
    found: list[str] = []
    for hidden in map(Path, HIDDEN):
        found += [str(path) for path in (hidden, *hidden.parents) if not path.exists() and str(path) not in found]
    return found


def _remove_interfaces(network: Network) -> None:
    # Pods' lines go with their namespaces, but the kernel takes its time; each has the node's address at this end.
    deadline = time.monotonic() + _TIMEOUT
    while mine := _interfaces(network):
        for name in mine:
            with suppress(NodeError):  # gone meanwhile
                run("ip", "link", "delete", name)
        if time.monotonic() >= deadline:
            raise NodeError(f"can't remove the interfaces {', '.join(mine)}; see `ip link`")
        time.sleep(_POLL)


def _interfaces(network: Network) -> list[str]:
    rows: list[dict[str, Any]] = json.loads(run("ip", "-json", "address") or "[]")
    pods = ip_network(network.pods)
    mine = {row["ifname"] for row in rows for entry in row.get("addr_info", ()) if ip_address(entry["local"]) in pods}
    return sorted(mine | ({INTERFACE} if _interface_is_there() else set()))


def _interface_is_there() -> bool:
    # Not by /sys, which may show the interfaces of another network namespace than ours.
    return any(name == INTERFACE for _, name in socket.if_nameindex())


def _tables() -> list[str]:
    """The families in which kube-proxy has tables."""
    listed = json.loads(run("nft", "--json", "list", "tables") or "{}").get("nftables", [])
    return [row["table"]["family"] for row in listed if row.get("table", {}).get("name") == TABLE]
