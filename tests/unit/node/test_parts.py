"""The parts' command lines and files."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from cryptography import x509

from embedded.node import identity
from embedded.node.building import PARTS
from embedded.node.folder import Folder
from embedded.node.network import Network
from embedded.node.node import MODULES, NAMES
from embedded.node.parts import containerd, kubelet, proxy
from embedded.node.parts.part import Setup

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a node of our own runs on Linux only")


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """A node's setup, with nothing behind it."""
    commands = {name: f"/bin/{name}" for name in ("etcd", "containerd", "runc", *PARTS)}
    network = Network("10.244.0.0/24", "10.96.0.0/16")
    return Setup(Folder(tmp_path, "a"), network, commands, Path("/cni"), "tidegate-a", "overlayfs", "pause:1")


def test_every_part_has_its_name_and_command(setup: Setup) -> None:
    """The names are those that `logs` and `status` know."""
    parts = [module.part(setup) for module in MODULES]
    assert {part.name for part in parts} == set(NAMES)
    assert all(part.command[0] == f"/bin/{part.name}" for part in parts)
    assert {part.name for part in parts if part.mounts} == {"containerd", "kubelet"}


def test_nothing_listens_beyond_the_node(setup: Setup) -> None:
    """Each part answers on the node's own address or on a socket below its folder; no file or flag has an address of all interfaces."""
    for module in MODULES:
        part = module.part(setup)
        host = setup.folder.path if isinstance(part.answers, Path) else part.answers[0]
        assert host in {setup.network.address, setup.folder.path}
        assert "0.0.0.0:" not in " ".join([*part.command, *part.files.values()])


def test_files_are_read_as_they_are_meant(setup: Setup) -> None:
    """TOML, JSON and YAML by hand are what their readers take."""
    files = {path.name: text for module in (containerd, kubelet, proxy) for path, text in module.part(setup).files.items()}
    cri = tomllib.loads(files["containerd.toml"])["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri["sandbox_image"] == "pause:1"
    assert cri["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is False
    [plugin] = json.loads(files["10-node.conflist"])["plugins"]
    assert (plugin["type"], plugin["ipam"]["ranges"]) == ("ptp", [[{"subnet": "10.244.0.0/24", "rangeStart": "10.244.0.10"}]])
    assert yaml.safe_load(files["kubelet.yaml"])["cgroupRoot"] == "/tidegate-a"
    assert yaml.safe_load(files["kube-proxy.yaml"])["mode"] == "nftables"


def test_identities_are_made_once(setup: Setup) -> None:
    """Each part has its own name and groups; the store trusts another authority than the API; a second time nothing changes."""
    identity.make(setup)
    before = {path: path.read_bytes() for path in setup.folder.pki.iterdir()}
    node, store = (x509.load_pem_x509_certificate(before[setup.folder.pki / name]) for name in ("node.crt", "etcd-client.crt"))
    authorities = [x509.load_pem_x509_certificate(before[setup.folder.pki / name]) for name in ("ca.crt", "etcd-ca.crt")]
    node.verify_directly_issued_by(authorities[0])
    store.verify_directly_issued_by(authorities[1])
    names = node.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "10.96.0.1" in map(str, names.get_values_for_type(x509.IPAddress))
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in before)
    identity.make(setup)
    assert {path: path.read_bytes() for path in setup.folder.pki.iterdir()} == before
