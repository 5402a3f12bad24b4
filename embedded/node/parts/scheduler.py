"""kube-scheduler: gives pods their node, or says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.node.parts.part import Part, flags

if TYPE_CHECKING:
    from embedded.node.parts.part import Setup

_PORT = 10259


def part(setup: Setup) -> Part:
    """The scheduler as it is on any cluster."""
    pki, kubeconfig = setup.pki, setup.pki("kube-scheduler.kubeconfig")
    command = [
        setup.commands["kube-scheduler"],
        *flags(kubeconfig=kubeconfig, authentication_kubeconfig=kubeconfig, authorization_kubeconfig=kubeconfig),
        *flags(bind_address=setup.network.address, secure_port=_PORT, leader_elect=False, profiling=False),
        *flags(tls_cert_file=pki("node.crt"), tls_private_key_file=pki("node.key"), client_ca_file=pki("ca.crt")),
        *flags(requestheader_client_ca_file=pki("front-ca.crt")),
    ]
    return Part("kube-scheduler", tuple(command), (setup.network.address, _PORT))
