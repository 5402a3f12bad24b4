"""Add-ons: which there are, which a node has, and what each is made from."""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embedded.node import identity
from embedded.node.add_ons import catalog, definitions, discovery, gateway
from embedded.node.api import path
from embedded.node.building import PARTS, Module, Program
from embedded.node.clusters import Given, InDocker
from embedded.node.errors import NodeError
from embedded.node.folder import Folder
from embedded.node.network import Network
from embedded.node.parts.part import Part, Setup

if TYPE_CHECKING:
    from embedded.node.clusters import Cluster

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a node of our own runs on Linux only")

_CACHE = Path("/cache")


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """A node's setup with all add-ons, and nothing behind it."""
    commands = {name: f"/bin/{name}" for name in PARTS}
    for one in catalog.ALL.values():
        commands |= {name: f"/bin/{name}" for name in one.commands}
        for made in one.made:
            commands |= made.commands(_CACHE)
    doors = {part: port for one in catalog.ALL.values() for part, port in one.doors.items()}
    network = Network("10.244.0.0/24", "10.96.0.0/16")
    return Setup(Folder(tmp_path, "a"), network, commands, Path("/cni"), "tidegate-a", "overlayfs", "pause:1", doors)


def test_a_list_names_add_ons() -> None:
    """Those that are named, all, or none; the order in which they are named is nobody's matter."""
    assert catalog.named("gateway, dns") == ("dns", "gateway")
    assert catalog.named("all") == tuple(catalog.ALL)
    assert catalog.named("none") == ()
    assert set(catalog.DEFAULT) == {"dns", "storage", "metrics", "gateway"}
    with pytest.raises(NodeError, match="no add-on 'mesh': there are dns, storage"):
        catalog.named("dns,mesh")


def test_what_was_chosen_stays(tmp_path: Path) -> None:
    """Later ones are added to it; nothing chosen is nothing written."""
    folder = Folder(tmp_path, "a")
    assert catalog.choose(folder, (), ()) == catalog.Chosen()
    assert [*tmp_path.iterdir()] == []
    catalog.choose(folder, ["gateway"], ())
    catalog.choose(folder, ["dns"], ())
    assert catalog.choose(folder, (), ()).names == catalog.read(folder).names == ("dns", "gateway")
    (tmp_path / "add-ons.json").write_text("{")
    with pytest.raises(NodeError, match=r"add-ons.json can't be read"):
        catalog.read(folder)


def test_a_port_that_is_taken_is_another_one(tmp_path: Path) -> None:
    """A part that runs keeps its port; one that doesn't gets another when somebody has its own."""
    folder = Folder(tmp_path, "a")
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        (tmp_path / "add-ons.json").write_text(json.dumps({"names": ["gateway"], "doors": {"envoy": taken}}))
        assert catalog.choose(folder, (), ["envoy"]).doors == {"envoy": taken}
        now = catalog.choose(folder, (), ()).doors["envoy"]
        assert now != taken
    assert catalog.choose(folder, (), ()).doors == {"envoy": now}


@pytest.mark.parametrize("cluster", [Given(Folder(Path("/x"), "a"), Path("/k")), InDocker(Folder(Path("/x"), "a"))])
def test_others_clusters_are_left_as_they_are(cluster: Cluster) -> None:
    """Add-ons are refused by name, and why is said."""
    with pytest.raises(NodeError, match="can't get dns, gateway"):
        cluster.up(pytest.fail, ("dns", "gateway"))


def test_parts_are_as_their_add_ons_say(setup: Setup) -> None:
    """They have the names that `status` and `logs` know; each listens on the node, for this machine alone, or apart from it."""
    for one in catalog.ALL.values():
        parts = one.parts(setup)
        assert tuple(part.name for part in parts) == one.names
        for part in parts:
            host = part.answers[0] if isinstance(part.answers, tuple) else part.answers
            own = part.apart.address if part.apart else setup.network.address
            assert host in {own, "127.0.0.1"} or (isinstance(host, Path) and host.is_relative_to(setup.folder.path))
            assert "0.0.0.0:" not in " ".join([*part.command, *part.files.values()])
            assert "insecure" not in " ".join(part.command)
    assert {*one.doors} <= {*one.names}


def test_objects_can_be_applied(setup: Setup, tmp_path: Path) -> None:
    """Each says what it is, and all have different places."""
    identity.make(setup)
    for kinds in (one for add_on in catalog.ALL.values() for one in add_on.made if isinstance(one, definitions.Definitions)):
        kinds.module.home(tmp_path).mkdir()
        name = {"name": kinds.module.source.name}
        kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": name}
        (kinds.module.home(tmp_path) / "definitions.json").write_text(json.dumps([kind]))
        [one] = kinds.read(tmp_path)
        assert one["metadata"]["annotations"] == {"tidegate.dev/version": kinds.module.version()}
    made = [one for add_on in catalog.ALL.values() for one in (*add_on.objects(setup, tmp_path), *add_on.afterwards(setup))]
    paths = [path(one) for one in made]
    assert len(set(paths)) == len(paths)
    assert "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io" in paths
    assert "/api/v1/namespaces/kube-system/services/kube-dns" in paths
    assert "/apis/gateway.envoyproxy.io/v1alpha1/namespaces/gateways/envoypatchpolicies/loopback" in paths


def test_each_listener_has_its_address(setup: Setup) -> None:
    """The control plane would have Envoy listen on all addresses: what it says is put right, at whatever port the door is."""
    moved = replace(setup, doors={**setup.doors, "envoy": 41000})
    policies = [one for one in gateway.around(moved) if one["kind"] == "EnvoyPatchPolicy"]
    patches = {patch["name"]: patch["operation"] for one in policies for patch in reversed(one["spec"]["jsonPatches"])}
    wanted = {"tcp-80": "10.244.0.1", "tcp-443": "10.244.0.1", "tcp-41000": "127.0.0.1"}
    assert {name: patches[name]["value"] for name in wanted} == wanted
    [policy] = [one for one in gateway.around(moved) if one["kind"] == "ValidatingAdmissionPolicy"]
    assert "one.port in [80, 443, 41000]" in policy["spec"]["validations"][0]["expression"]
    [envoy] = [part for part in gateway.ADD_ON.parts(moved) if part.name == "envoy"]
    assert {*envoy.takes} == {("10.244.0.1", 80), ("10.244.0.1", 443), ("127.0.0.1", 41000)}


@pytest.mark.parametrize(
    ("version", "kind", "where"),
    [
        ("v1", "Namespace", "/api/v1/namespaces/x"),
        ("storage.k8s.io/v1", "StorageClass", "/apis/storage.k8s.io/v1/storageclasses/x"),
        ("gateway.networking.k8s.io/v1", "Gateway", "/apis/gateway.networking.k8s.io/v1/gateways/x"),
        ("networking.k8s.io/v1", "NetworkPolicy", "/apis/networking.k8s.io/v1/networkpolicies/x"),
    ],
)
def test_where_an_object_is(version: str, kind: str, where: str) -> None:
    """Kinds become plurals as English has it."""
    assert path({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}}) == where


def test_accounts_are_made_once(setup: Setup) -> None:
    """An add-on's keys are made when it is first wanted, signed by the node's own authority, and kept."""
    identity.make(setup)
    identity.add(setup, ("dns",), {"server": ("server.kube-system.svc",)})
    before = {file: file.read_bytes() for file in setup.folder.pki.iterdir()}
    assert {setup.folder.pki / name for name in ("dns.kubeconfig", "dns.key", "server.crt", "server.key")} <= {*before}
    identity.add(setup, ("dns",), {"server": ("server.kube-system.svc",)})
    assert {file: file.read_bytes() for file in setup.folder.pki.iterdir()} == before


def test_programs_are_known_by_their_sources(tmp_path: Path) -> None:
    """Each add-on's program has a module of its own with checksums, and other sources are another folder in the cache."""
    programs = [made for one in catalog.ALL.values() for made in one.made if isinstance(made, Program)]
    assert {program.module.source.name for program in programs} == {"coredns", "provisioner", "metrics_server", "envoy_gateway"}
    for program in programs:
        assert program.module.version().startswith("v")
        assert (program.module.source / "go.sum").exists()
    source = tmp_path / "source"
    source.mkdir()
    (source / "go.mod").write_text("module a\nrequire example.com/b v1.0.0\n")
    module = Module("b", source, "example.com/b")
    before = module.home(_CACHE)
    (source / "main.go").write_text("package main\n")
    assert module.home(_CACHE) != before


def test_definitions_are_those_of_kinds(tmp_path: Path) -> None:
    """Other objects beside them are left out, and what a chart has around them; none at all is a mistake."""
    (tmp_path / "a.yaml").write_text("kind: CustomResourceDefinition\n---\nkind: ValidatingAdmissionPolicy\n---\n")
    assert definitions.read_folder(tmp_path) == [{"kind": "CustomResourceDefinition"}]
    (tmp_path / "b.yaml").write_text("{{- if .Values.a }}\n---\nkind: CustomResourceDefinition\na: 1\n{{- end }}\n")
    assert definitions.read_folder(tmp_path, "b*") == [{"kind": "CustomResourceDefinition", "a": 1}]
    (tmp_path / "b.yaml").unlink()
    (tmp_path / "a.yaml").write_text("kind: Other\n")
    with pytest.raises(NodeError, match="no CustomResourceDefinitions"):
        definitions.read_folder(tmp_path)


def test_a_part_is_ready_when_it_says_so(tmp_path: Path) -> None:
    """A path that fails, and a server that hangs up, are no readiness; a file that is there is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = ("127.0.0.1", server.getsockname()[1])
        assert Part("a", (), address).is_ready()
    assert not Part("a", (), address, healthy="/ready").is_ready()
    file = tmp_path / "file"
    assert not Part("a", (), file).is_ready()
    file.touch()
    assert Part("a", (), file).is_ready()


def _pod(name: str, annotations: dict[str, str], phase: str = "Running", **status: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "shop", "tidegate.dev/slot": "blue", "app.kubernetes.io/version": "v1", "app": "x"}
    return {
        "metadata": {"name": name, "namespace": "default", "annotations": annotations, "labels": labels},
        "spec": {"nodeName": "here", "containers": [{"ports": [{"containerPort": 3000}]}]},
        "status": {"phase": phase, "podIP": "10.0.0.1", **status},
    }


def test_pods_that_say_so_are_asked_for_metrics() -> None:
    """By their address, port and path, with the labels that a stack's rules speak of; those that don't run aren't asked."""
    said = {"prometheus.io/scrape": "true", "prometheus.io/port": "9000", "prometheus.io/path": "/m"}
    labels = {"pod": "a", "node": "here", "namespace": "default", "service": "shop", "slot": "blue", "version": "v1"}
    pods = [
        _pod("silent", {}),
        _pod("ended", said, "Succeeded"),
        _pod("begun", said, podIP=""),
        _pod("plain", {"prometheus.io/scrape": "true"}),
        _pod("a", said),
    ]
    first, second = discovery.targets(pods)
    assert first == {"targets": ["10.0.0.1:9000"], "labels": {"__metrics_path__": "/m", **labels}}
    assert second["targets"] == ["10.0.0.1:3000"]
    assert second["labels"]["__metrics_path__"] == "/metrics"
