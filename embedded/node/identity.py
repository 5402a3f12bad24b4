"""Who the node's parts are to each other: all keys, certificates and kubeconfigs, made once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import ec

from embedded.node import certificates
from embedded.node.folder import write
from embedded.node.parts import apiserver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embedded.node.parts.part import Setup

_NAMES: Final = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")


def make(setup: Setup) -> None:
    """Make all of it, unless it is there."""
    if setup.folder.kubeconfig.exists():
        return
    pki, url, network = setup.folder.make("pki"), apiserver.url(setup), setup.network
    authority, store, front = (certificates.authority(f"{setup.node} {name}") for name in ("cluster", "store", "front"))
    for name, one in (("ca", authority), ("etcd-ca", store), ("front-ca", front)):
        certificates.save(pki, name, one.pair)
    certificates.save(pki, "node", authority.sign(setup.node, (), [network.address, network.api, "127.0.0.1"], [setup.node, *_NAMES]))
    certificates.save(pki, "etcd", store.sign("etcd", (), [network.address], ["localhost"]))
    certificates.save(pki, "etcd-client", store.sign("kube-apiserver"))
    certificates.save(pki, "front", front.sign("front"))
    certificates.save(pki, "apiserver", authority.sign("kube-apiserver", ["system:masters"]))
    key = ec.generate_private_key(ec.SECP256R1())
    write(pki / "accounts.key", certificates.secret(key))
    write(pki / "accounts.pub", certificates.public(key))
    parts = {
        "kube-controller-manager": authority.sign("system:kube-controller-manager"),
        "kube-scheduler": authority.sign("system:kube-scheduler"),
        "kube-proxy": authority.sign("system:kube-proxy"),
        "kubelet": authority.sign(f"system:node:{setup.node}", ["system:nodes"]),
    }
    for name, pair in parts.items():
        content = certificates.kubeconfig(name, url, authority.pair.certificate, certificates.by_certificate(pair))
        write(pki / f"{name}.kubeconfig", content)
    token = secrets.token_hex(24)
    write(pki / "tokens.csv", f'{token},admin,admin,"system:masters"\n')
    # Last of all: where it is, the rest is too.
    write(setup.folder.kubeconfig, certificates.kubeconfig(setup.node, url, authority.pair.certificate, {"token": token}))


def add(setup: Setup, accounts: Iterable[str], servers: Mapping[str, Sequence[str]]) -> None:
    """Make what add-ons need, unless it is there: each account's certificate and kubeconfig, and each server's certificate."""
    pki, authority = setup.folder.pki, certificates.load(setup.folder.pki, "ca")
    for name, names in servers.items():
        if not (pki / f"{name}.key").exists():
            certificates.save(pki, name, authority.sign(name, (), [setup.network.address], names))
    for name in accounts:
        if not (file := pki / f"{name}.kubeconfig").exists():
            pair = authority.sign(f"tidegate:{name}")
            certificates.save(pki, name, pair)
            write(file, certificates.kubeconfig(name, apiserver.url(setup), authority.pair.certificate, certificates.by_certificate(pair)))
