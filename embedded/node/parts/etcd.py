"""etcd: the API's store. A node is thrown away as a whole, so nothing waits for the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.node.parts.part import Part, flags

if TYPE_CHECKING:
    from embedded.node.parts.part import Setup

PORT = 2379
_PEERS = 2380


def part(setup: Setup) -> Part:
    """The store, for holders of a certificate of its own authority only."""
    address = setup.network.address
    client, peer = f"https://{address}:{PORT}", f"https://{address}:{_PEERS}"
    files = {"cert_file": setup.pki("etcd.crt"), "key_file": setup.pki("etcd.key"), "trusted_ca_file": setup.pki("etcd-ca.crt")}
    command = [
        setup.commands["etcd"],
        *flags(name="node", data_dir=str(setup.folder.path / "etcd"), log_level="warn", enable_grpc_gateway=False),
        "--unsafe-no-fsync",
        *flags(listen_client_urls=client, advertise_client_urls=client, client_cert_auth=True, **files),
        *flags(listen_peer_urls=peer, initial_advertise_peer_urls=peer, initial_cluster=f"node={peer}", peer_client_cert_auth=True),
        *flags(**{f"peer_{name}": path for name, path in files.items()}),
    ]
    # Debian's etcd asks for this where it wasn't tried by its makers, and heeds it nowhere else.
    return Part("etcd", tuple(command), (address, PORT), environment={"ETCD_UNSUPPORTED_ARCH": "arm64"})
