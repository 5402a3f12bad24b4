"""kube-apiserver: the API, on the node's own address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.node.parts import etcd
from embedded.node.parts.part import Part, flags

if TYPE_CHECKING:
    from embedded.node.parts.part import Setup

PORT = 6443


def url(setup: Setup) -> str:
    """Where the API is."""
    return f"https://{setup.network.address}:{PORT}"


def part(setup: Setup) -> Part:
    """The API with roles, admission and room for API extensions, as on any cluster."""
    address, pki = setup.network.address, setup.pki
    command = [
        setup.commands["kube-apiserver"],
        *flags(bind_address=address, advertise_address=address, secure_port=PORT, service_cluster_ip_range=setup.network.services),
        *flags(tls_cert_file=pki("node.crt"), tls_private_key_file=pki("node.key"), client_ca_file=pki("ca.crt")),
        *flags(token_auth_file=pki("tokens.csv"), anonymous_auth=False, authorization_mode="Node,RBAC"),
        *flags(etcd_servers=f"https://{address}:{etcd.PORT}", etcd_cafile=pki("etcd-ca.crt")),
        *flags(etcd_certfile=pki("etcd-client.crt"), etcd_keyfile=pki("etcd-client.key")),
        *flags(service_account_issuer="https://kubernetes.default.svc.cluster.local"),
        *flags(service_account_key_file=pki("accounts.pub"), service_account_signing_key_file=pki("accounts.key")),
        *flags(kubelet_client_certificate=pki("apiserver.crt"), kubelet_client_key=pki("apiserver.key")),
        *flags(kubelet_certificate_authority=pki("ca.crt"), kubelet_preferred_address_types="InternalIP"),
        *flags(requestheader_client_ca_file=pki("front-ca.crt"), requestheader_allowed_names="front"),
        *flags(requestheader_username_headers="X-Remote-User", requestheader_group_headers="X-Remote-Group"),
        *flags(requestheader_extra_headers_prefix="X-Remote-Extra-", enable_aggregator_routing=True),
        *flags(proxy_client_cert_file=pki("front.crt"), proxy_client_key_file=pki("front.key")),
        *flags(enable_admission_plugins="NodeRestriction", allow_privileged=True, profiling=False),
    ]
    return Part("kube-apiserver", tuple(command), (address, PORT))
