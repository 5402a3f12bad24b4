"""kubelet: runs the pods that the scheduler gives to this node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded.node.parts import containerd
from embedded.node.parts.part import Part, flags, text

if TYPE_CHECKING:
    from embedded.node.parts.part import Setup

_PORT = 10250
_ROOT = "/var/lib/kubelet"


def part(setup: Setup) -> Part:
    """The kubelet. Its usual folder is the node's, in the mount namespace that it runs in."""
    config = setup.config("kubelet.yaml")
    command = [
        setup.commands["kubelet"],
        *flags(config=str(config), kubeconfig=setup.pki("kubelet.kubeconfig"), root_dir=_ROOT),
        *flags(hostname_override=setup.node, node_ip=setup.network.address, node_labels="topology.kubernetes.io/zone=here"),
    ]
    return Part("kubelet", tuple(command), (setup.network.address, _PORT), {config: text(_config(setup))}, mounts=True)


def own_score() -> int:
    """How readily the kernel ends this process when memory runs out: not every machine lets a process lower it."""
    return int(Path("/proc/self/oom_score_adj").read_text())


def _config(setup: Setup) -> dict[str, Any]:
    endpoint = f"unix://{containerd.SOCKET}"
    resolver = Path("/etc/resolv.conf")
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": setup.network.address,
        "port": _PORT,
        "healthzBindAddress": setup.network.address,
        "containerRuntimeEndpoint": endpoint,
        "imageServiceEndpoint": endpoint,
        "tlsCertFile": setup.pki("node.crt"),
        "tlsPrivateKeyFile": setup.pki("node.key"),
        "authentication": {"x509": {"clientCAFile": setup.pki("ca.crt")}, "anonymous": {"enabled": False}},
        "clusterDomain": "cluster.local",
        "clusterDNS": [setup.network.dns],
        "resolvConf": str(resolver) if resolver.exists() else "",
        "podLogsDir": str(setup.folder.logs / "pods"),
        "volumePluginDir": f"{_ROOT}/plugins-volume",
        # A cgroup tree of the node's own, by either version of cgroups, with or without systemd.
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{setup.cgroup}",
        "failCgroupV1": False,
        "enforceNodeAllocatable": [],
        "oomScoreAdj": own_score(),
        "failSwapOn": False,
        # The machine's disk is no matter of the tests, and images can't be pulled again.
        "localStorageCapacityIsolation": False,
        "evictionHard": {},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "makeIPTablesUtilChains": False,
    }
