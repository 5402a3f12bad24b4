"""An update that was killed while it created objects: the next one takes over what is there, and makes what isn't."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.cluster import Cluster
from tests.local.kubernetes.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def program() -> None:
    """A namespace, a ConfigMap whose name is made up, and a Deployment that has one."""
    from pulumi_kubernetes.apps.v1 import Deployment
    from pulumi_kubernetes.core.v1 import ConfigMap, Namespace

    space = Namespace("space", metadata={"name": "shop"}).metadata["name"]
    ConfigMap("settings", metadata={"namespace": space}, data={"a": "b"})
    Deployment(
        "web",
        metadata={"name": "web", "namespace": space},
        spec={
            "replicas": 1,
            "selector": {"match_labels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "web:v1"}]}},
        },
    )


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster whose pods are ready in a moment."""
    with Cluster(rate=20) as cluster:
        yield cluster


def killed(stack: Stack, names: set[str]) -> dict[str, str]:
    """Make the state what a kill leaves while these resources are created; their ids so far."""
    file = stack.folder / "backend" / ".pulumi" / "stacks" / "shop" / "dev.json"
    state = json.loads(file.read_text())
    latest = state["checkpoint"]["latest"]
    under_way: list[dict[str, Any]] = [r for r in latest["resources"] if r["urn"].rpartition("::")[2] in names]
    latest["resources"] = [r for r in latest["resources"] if r not in under_way]
    keys = ("urn", "custom", "type", "inputs", "parent", "provider", "propertyDependencies")
    latest["pending_operations"] = [{"resource": {k: r[k] for k in keys if k in r}, "type": "creating"} for r in under_way]
    file.write_text(json.dumps(state))
    return {r["urn"].rpartition("::")[2]: r["outputs"]["metadata"]["uid"] for r in under_way}


@pytest.mark.parametrize("names", [{"settings"}, {"web"}, {"settings", "web"}, {"space", "settings", "web"}], ids=len)
def test_what_was_being_created_is_taken_over(cluster: Cluster, tmp_path: Path, names: set[str]) -> None:
    """Nothing twice, nothing forgotten, and nothing pending when all is settled."""
    stack = Stack(tmp_path / "stack", cluster.kubeconfig_file(tmp_path / "kubeconfig"))
    stack.up(program).well()
    uids = killed(stack, names)
    again = stack.up(program).well()
    assert again.changes == {"create": len(names)}
    found = stack.resources()
    assert {name: found[name].outputs["metadata"]["uid"] for name in names} == uids
    assert stack.preview(program).well().changes == {}
    assert not [m for m in stack.up(program).well().messages if "pending operations" in m]
    assert len([o for o in cluster.store.all("/configmaps", "shop") if o["metadata"]["name"].startswith("settings-")]) == 1


def test_a_replacement_is_gone_on_with(cluster: Cluster, tmp_path: Path) -> None:
    """The new object was there and the state didn't know yet: it is taken over, and the old one goes."""
    stack = Stack(tmp_path / "stack", cluster.kubeconfig_file(tmp_path / "kubeconfig"))
    file = stack.folder / "backend" / ".pulumi" / "stacks" / "shop" / "dev.json"

    def release(version: str) -> Callable[[], None]:
        def program() -> None:
            from pulumi_kubernetes.core.v1 import ConfigMap

            ConfigMap("settings", metadata={"namespace": "default"}, data={"version": version})

        return program

    stack.up(release("1")).well()
    before = json.loads(file.read_text())
    old = stack.resources()["settings"].outputs["metadata"]["name"]
    stack.up(release("2")).well()
    new = stack.resources()["settings"].outputs["metadata"]
    (uid,) = killed(stack, {"settings"}).values()
    before["checkpoint"]["latest"]["pending_operations"] = json.loads(file.read_text())["checkpoint"]["latest"]["pending_operations"]
    file.write_text(json.dumps(before))
    stack.up(release("2")).well()
    assert stack.resources()["settings"].outputs["metadata"]["uid"] == uid
    names = [o["metadata"]["name"] for o in cluster.store.all("/configmaps", "default")]
    assert [name for name in names if name.startswith("settings-")] == [new["name"]]
    assert old != new["name"]


def test_what_was_not_created_yet_is_created(cluster: Cluster, tmp_path: Path) -> None:
    """The kill came before the request: the object gets the name that it was to have."""
    stack = Stack(tmp_path / "stack", cluster.kubeconfig_file(tmp_path / "kubeconfig"))
    stack.up(program).well()
    name = stack.resources()["settings"].outputs["metadata"]["name"]
    (uid,) = killed(stack, {"settings"}).values()
    cluster.call(lambda: cluster.store.remove("/configmaps", "shop", name))
    stack.up(program).well()
    made = stack.resources()["settings"].outputs["metadata"]
    assert made["name"] == name
    assert made["uid"] != uid
