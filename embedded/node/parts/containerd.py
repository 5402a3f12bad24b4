"""containerd: containers, images and the pods' network. It has its own root, state and socket, apart from any other on the machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embedded.node.parts.part import Part

if TYPE_CHECKING:
    from embedded.node.parts.part import Setup

SOCKET = "/run/containerd/containerd.sock"
"""Where it listens, for those in its mount namespace. The kubelet's metrics look for it there, and nowhere else."""

_CRI = 'plugins."io.containerd.grpc.v1.cri"'
# Snapshotters that nobody asks for here, which complain of what they lack at each start.
_DISABLED = [
    "io.containerd.internal.v1.opt",
    *(f"io.containerd.snapshotter.v1.{name}" for name in ("aufs", "btrfs", "devmapper", "zfs")),
]


def part(setup: Setup) -> Part:
    """The container runtime, with the pods' network: each pod has a line of its own to the node, and the node routes."""
    folder, config = setup.folder.path, setup.config("containerd.toml")
    network = setup.config("cni") / "10-node.conflist"
    files = {config: _toml(setup), network: json.dumps(_network(setup), indent=2) + "\n"}
    command = (setup.commands["containerd"], "--config", str(config), "--log-level", "warn")
    # A shim's temporary files go with the rest.
    return Part("containerd", command, setup.folder.containerd, files, {"TMPDIR": str(folder / "run")}, mounts=True)


def _toml(setup: Setup) -> str:
    folder = setup.folder.path
    tables: dict[str, dict[str, Any]] = {
        "grpc": {"address": SOCKET},
        _CRI: {
            "sandbox_image": setup.pause,
            "stream_server_address": setup.network.address,
            "netns_mounts_under_state_dir": True,
            # Where the machine may not lower oom scores, runc fails without this; where it may, nothing is lost.
            "restrict_oom_score_adj": True,
            "disable_hugetlb_controller": True,
            "tolerate_missing_hugetlb_controller": True,
        },
        f"{_CRI}.cni": {"bin_dir": str(setup.plugins), "conf_dir": str(setup.config("cni"))},
        f"{_CRI}.containerd": {"snapshotter": setup.snapshotter, "default_runtime_name": "runc"},
        f"{_CRI}.containerd.runtimes.runc": {"runtime_type": "io.containerd.runc.v2"},
        f"{_CRI}.containerd.runtimes.runc.options": {"SystemdCgroup": False, "BinaryName": setup.commands["runc"]},
    }
    top = {"version": 2, "root": str(folder / "containerd"), "state": str(folder / "run" / "containerd"), "disabled_plugins": _DISABLED}
    lines = [_pairs(top)]
    lines += [f"[{name}]\n{_pairs(values)}" for name, values in tables.items()]
    return "\n".join(lines)


def _pairs(values: dict[str, Any]) -> str:
    # JSON's strings, numbers, booleans and lists of strings are TOML's too.
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())


def _network(setup: Setup) -> dict[str, Any]:
    leases = str(setup.folder.path / "run" / "leases")
    pods = {"subnet": setup.network.pods, "rangeStart": setup.network.first_pod}
    addresses = {"type": "host-local", "dataDir": leases, "ranges": [[pods]], "routes": [{"dst": "0.0.0.0/0"}]}
    # No masquerading, no port mapping: so nothing touches iptables. A pod reaches pods, services and the node, and nothing beyond.
    return {"cniVersion": "0.4.0", "name": setup.node, "plugins": [{"type": "ptp", "ipMasq": False, "ipam": addresses}]}
