"""kube-controller-manager: Deployments, Jobs, EndpointSlices and all that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.node.parts.part import Part, flags

if TYPE_CHECKING:
    from embedded.node.parts.part import Setup

_PORT = 10257


def part(setup: Setup) -> Part:
    """All of Kubernetes' own controllers, each with an account of its own."""
    pki, kubeconfig = setup.pki, setup.pki("kube-controller-manager.kubeconfig")
    command = [
        setup.commands["kube-controller-manager"],
        *flags(kubeconfig=kubeconfig, authentication_kubeconfig=kubeconfig, authorization_kubeconfig=kubeconfig),
        *flags(bind_address=setup.network.address, secure_port=_PORT, leader_elect=False, profiling=False),
        # Each controller gets its account and token at the start: by the usual rate that takes five seconds.
        *flags(kube_api_qps=200, kube_api_burst=300),
        *flags(tls_cert_file=pki("node.crt"), tls_private_key_file=pki("node.key"), client_ca_file=pki("ca.crt")),
        *flags(requestheader_client_ca_file=pki("front-ca.crt"), root_ca_file=pki("ca.crt")),
        *flags(use_service_account_credentials=True, service_account_private_key_file=pki("accounts.key")),
        *flags(cluster_signing_cert_file=pki("ca.crt"), cluster_signing_key_file=pki("ca.key")),
    ]
    return Part("kube-controller-manager", tuple(command), (setup.network.address, _PORT))
