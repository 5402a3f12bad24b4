"""lightkube, synchronous and asynchronous."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest
from lightkube import ApiError, AsyncClient, Client, KubeConfig, codecs
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.core_v1 import NodeSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Namespace, Node, Pod
from lightkube.types import CascadeType, PatchType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cluster.cluster import Cluster

_TIMEOUT = 30


@pytest.fixture
def client(cluster: Cluster) -> Iterator[Client]:
    """Lightkube's own client, from the kubeconfig."""
    made = Client(config=KubeConfig.from_dict(cluster.kubeconfig), field_manager="tests")
    yield made
    made._client._client.close()


def config_map(name: str = "a", **data: str) -> ConfigMap:
    """A ConfigMap."""
    return ConfigMap(metadata=ObjectMeta(name=name, namespace="default"), data=data)


def deployment(replicas: int = 1) -> Deployment:
    """A Deployment."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "web:1"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"}, "spec": spec}
    return cast("Deployment", codecs.from_dict(body))


def test_create_get_replace_patch_delete(client: Client) -> None:
    """An object's life."""
    made = client.create(config_map(x="1"))
    assert made.metadata is not None
    made.data = {"x": "2"}
    assert client.replace(made).data == {"x": "2"}
    with pytest.raises(ApiError) as stale:
        client.replace(made)
    assert stale.value.status.reason == "Conflict"
    assert client.patch(ConfigMap, "a", {"data": {"y": "3"}}).data == {"x": "2", "y": "3"}
    assert client.patch(ConfigMap, "a", {"data": {"y": None}}, patch_type=PatchType.MERGE).data == {"x": "2"}
    added = [{"op": "add", "path": "/data/z", "value": "4"}]
    assert client.patch(ConfigMap, "a", added, patch_type=PatchType.JSON).data == {"x": "2", "z": "4"}
    client.delete(ConfigMap, "a")
    with pytest.raises(ApiError) as gone:
        client.get(ConfigMap, "a")
    assert gone.value.status.code == 404


def test_lists_in_chunks_by_label_and_field(client: Client) -> None:
    """Of one namespace, or of all."""
    for name in ("a", "b", "c"):
        client.create(ConfigMap(metadata=ObjectMeta(name=name, namespace="default", labels={"odd": str(name != "b")})))
    names = [o.metadata.name for o in client.list(ConfigMap, labels={"odd": "True"}) if o.metadata]
    assert names == ["a", "c"]
    assert len(list(client.list(ConfigMap, namespace="*", chunk_size=2))) == 7
    [one] = client.list(ConfigMap, fields={"metadata.name": "b"})
    assert one.metadata is not None
    assert one.metadata.name == "b"
    client.deletecollection(ConfigMap)
    assert {o.metadata.name for o in client.list(ConfigMap) if o.metadata} <= {"kube-root-ca.crt"}


def test_apply_and_its_conflicts(client: Client) -> None:
    """A manager's field is another's only by force."""
    client.apply(config_map(x="1"), field_manager="one")
    with pytest.raises(ApiError, match=r'conflict with "one": \.data\.x'):
        client.apply(config_map(x="2"), field_manager="two")
    assert client.apply(config_map(x="2"), field_manager="two", force=True).data == {"x": "2"}
    labelled = client.set(ConfigMap, "a", labels={"l": "1"}, field_manager="two")
    assert labelled.metadata is not None
    assert labelled.metadata.labels == {"l": "1"}


def test_subresources(client: Client) -> None:
    """Status and scale."""
    client.create(deployment())
    scale = client.get(Deployment.Scale, "web")
    assert scale.spec is not None
    scale.spec.replicas = 2
    client.replace(scale, "web")
    found = client.get(Deployment, "web")
    assert found.spec is not None
    assert found.spec.replicas == 2
    status = {"status": {"collisionCount": 1}}
    after = client.patch(Deployment.Status, "web", status, patch_type=PatchType.MERGE)
    assert after.status is not None
    assert after.status.collisionCount == 1


def test_wait_and_cascade(client: Client) -> None:
    """For what controllers bring about."""
    client.create(deployment(replicas=2))
    ready = client.wait(Deployment, "web", for_conditions=["Available"])
    assert ready.status is not None
    assert len(list(client.list(Pod, labels={"app": "web"}))) == 2
    client.delete(Deployment, "web", cascade=CascadeType.FOREGROUND)


def test_custom_resources(client: Client) -> None:
    """Without a model of their own."""
    routes = create_namespaced_resource("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes")
    route = routes(metadata=ObjectMeta(name="r", namespace="default"), spec={"rules": [{"backendRefs": [{"name": "web", "port": 80}]}]})
    client.create(route)
    assert client.get(routes, "r").spec["rules"][0]["backendRefs"][0]["weight"] == 1


def test_nodes_are_cordoned(client: Client) -> None:
    """A cluster's own objects are changed like all others."""
    after = client.patch(Node, "node-1", Node(spec=NodeSpec(unschedulable=True)))
    assert after.spec is not None
    assert after.spec.unschedulable


def test_watch(client: Client) -> None:
    """From nothing, and from a version on."""
    client.create(Namespace(metadata=ObjectMeta(name="shop")))
    seen = []
    for change, obj in client.watch(Namespace, server_timeout=5):
        assert obj.metadata is not None
        seen.append((change, obj.metadata.name))
        if obj.metadata.name == "shop":
            break
    assert seen == [("ADDED", n) for n in ("default", "kube-node-lease", "kube-public", "kube-system", "shop")]


def test_asynchronously(cluster: Cluster) -> None:
    """The same, with changes that are told while others are made."""

    async def run() -> list[tuple[str, str | None]]:
        client = AsyncClient(config=KubeConfig.from_dict(cluster.kubeconfig), field_manager="tests")
        seen: list[tuple[str, str | None]] = []
        started = asyncio.Event()

        async def watch() -> None:
            async for change, obj in client.watch(ConfigMap, namespace="default"):
                assert obj.metadata is not None
                seen.append((change, obj.metadata.name))
                started.set()
                if change == "DELETED":
                    return

        watching = asyncio.create_task(watch())
        await asyncio.wait_for(started.wait(), _TIMEOUT)
        await client.create(config_map("b", x="1"))
        await client.patch(ConfigMap, "b", {"data": {"x": "2"}})
        await client.delete(ConfigMap, "b")
        await asyncio.wait_for(watching, _TIMEOUT)
        await client.close()
        return seen

    assert asyncio.run(run()) == [("ADDED", "kube-root-ca.crt"), ("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "b")]
