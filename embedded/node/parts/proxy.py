"""kube-proxy: services' addresses, by nftables, in tables of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.node.parts.kubelet import own_score
from embedded.node.parts.part import Part, flags, text

if TYPE_CHECKING:
    from embedded.node.parts.part import Setup

_PORT = 10256
TABLE = "kube-proxy"
"""What its tables in nftables are called, always."""


def part(setup: Setup) -> Part:
    """The proxy: it changes nothing else of the machine."""
    config = setup.config("kube-proxy.yaml")
    command = (setup.commands["kube-proxy"], *flags(config=str(config), hostname_override=setup.node))
    return Part("kube-proxy", command, (setup.network.address, _PORT), {config: text(_config(setup))})


def _config(setup: Setup) -> dict[str, Any]:
    address = setup.network.address
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": setup.pki("kube-proxy.kubeconfig")},
        "bindAddress": address,
        "healthzBindAddress": f"{address}:{_PORT}",
        "metricsBindAddress": f"{address}:10249",
        "clusterCIDR": setup.network.pods,
        "detectLocalMode": "ClusterCIDR",
        "mode": "nftables",
        # A service's new pods are to have their traffic at once, however soon after the last change.
        "nftables": {"minSyncPeriod": "100ms"},
        # Node ports on the node's own address, not on the machine's others.
        "nodePortAddresses": ["primary"],
        "oomScoreAdj": own_score(),
        # The machine's connection tracking stays as it is.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
